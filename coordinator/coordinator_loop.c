#include "coordinator/coordinator_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/memory.h"
#include "proto/link.h"

enum { POLL_MS = 100, DISMISS_MS = 3000 };

static void send_to_worker(void *context, uint32_t worker, const struct message *message) {
  struct coordinator_loop *loop = context;
  struct failure failure;
  /* A peer that does not take messages is found by its silence; the task goes back then. */
  if (link_send(loop->socket, &loop->peers[worker], message, &failure) == ERR_LOST)
    loop->gone[worker] = loop->is_any_gone = true;
}

static void note_gone(struct coordinator_loop *loop) {
  while (loop->is_any_gone) { /* telling of one may find another */
    loop->is_any_gone = false;
    for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++) {
      if (!loop->gone[w]) continue;
      loop->gone[w] = false;
      coordinator_worker_lost(loop->coordinator, w, clock_monotonic_ms());
    }
  }
}

static void keep_entry(void *context, uint64_t sequence, const struct journal_entry *entry) {
  struct coordinator_loop *loop = context;
  election_agent_journal(loop->agent, sequence, entry);
}

/* With an agent it is first asked whether this coordinator still rules. */
static void begin_publishing(void *context, const struct publication *publication) {
  struct coordinator_loop *loop = context;
  buffer_clear(&loop->publication);
  buffer_append_bytes(&loop->publication, publication->result);
  if (loop->agent)
    election_agent_publish(loop->agent, publication->result);
  else
    loop->is_publishing = true;
}

static void take_news(struct coordinator_loop *loop) {
  struct coordinator *c = loop->coordinator;
  for (struct election_news news; election_agent_take(loop->agent, &news);) {
    uint64_t now_ms = clock_monotonic_ms();
    switch (news.kind) {
      case ELECTION_JOURNALED:
        coordinator_journaled(c, news.sequence, now_ms);
        break;
      case ELECTION_PUBLISHED:
        if (news.failure.code)
          coordinator_published(c, news.failure.code, now_ms);
        else
          loop->is_publishing = true;
        break;
      case ELECTION_DEPOSED:
        if (news.failure.code == ERR_STALE || news.failure.code == ERR_PEER)
          coordinator_depose(c);
        else
          coordinator_fail(c, news.failure.code, news.failure.message);
        break;
    }
  }
}

static void publish(struct coordinator_loop *loop) {
  struct failure failure = {0};
  loop->is_publishing = false;
  enum err err = ERR_OK;
  if (loop->publisher)
    err = loop->publisher(loop->publisher_context, loop->coordinator,
                          buffer_bytes(&loop->publication), &failure);
  if (err && err_class_of(err) != ERR_CLASS_RETRY)
    coordinator_fail(loop->coordinator, err, failure.message);
  else
    coordinator_published(loop->coordinator, err, clock_monotonic_ms());
}

enum err coordinator_loop_open(struct coordinator_loop *loop, void *zmq_context,
                               const char *endpoint, const struct link_security *security,
                               const struct coordinator_options *options, bool has_journal,
                               struct failure *failure) {
  *loop = (struct coordinator_loop){.zmq_context = zmq_context};
  enum err err = link_open(zmq_context, ZMQ_ROUTER, endpoint, 0, security, &loop->socket, failure);
  if (err) return err;
  loop->peers = memory_new_zeroed(COORDINATOR_WORKERS_MAX, sizeof *loop->peers);
  loop->gone = memory_new_zeroed(COORDINATOR_WORKERS_MAX, sizeof *loop->gone);
  struct coordinator_effects effects = {.context = loop,
                                        .send = send_to_worker,
                                        .journal = has_journal ? keep_entry : NULL,
                                        .publish = begin_publishing};
  loop->coordinator = coordinator_new(options, &effects);
  return ERR_OK;
}

void coordinator_loop_close(struct coordinator_loop *loop) {
  link_close(&loop->socket);
  coordinator_free(loop->coordinator);
  free(loop->peers);
  free(loop->gone);
  buffer_release(&loop->publication);
  *loop = (struct coordinator_loop){0};
}

/* The worker behind a routing id; a new one gets a seat. -1 = no seat is free. */
static int worker_of_peer(struct coordinator_loop *loop, const struct link_peer *peer) {
  for (int w = 0; w < COORDINATOR_WORKERS_MAX; w++)
    if (loop->peers[w].size == peer->size && memcmp(loop->peers[w].id, peer->id, peer->size) == 0)
      /* A routing id can be claimed by anyone; the key cannot. */
      return strcmp(loop->peers[w].user, peer->user) == 0 ? w : -1;
  int w = coordinator_worker_join(loop->coordinator, clock_monotonic_ms());
  if (w >= 0) loop->peers[w] = *peer;
  return w;
}

static enum err receive_all(struct coordinator_loop *loop, struct buffer *wire,
                            struct failure *failure) {
  for (;;) {
    struct link_peer peer;
    struct message message;
    bool got;
    enum err err = link_receive(loop->socket, &peer, wire, &message, &got, failure);
    if (err == ERR_MALFORMED) continue; /* dropped; its sender's task goes back by its silence */
    if (err || !got) return err;
    int worker = worker_of_peer(loop, &peer);
    if (worker >= 0)
      coordinator_receive(loop->coordinator, (uint32_t)worker, &message, clock_monotonic_ms());
  }
}

enum err coordinator_loop_run(struct coordinator_loop *loop, coordinator_observer *observe,
                              void *context, struct failure *failure) {
  struct buffer wire = {0};
  struct coordinator_progress progress;
  enum stage seen = STAGE_SCAN;
  uint64_t observed_ms = 0;
  enum err err = ERR_OK;
  for (;;) {
    zmq_pollitem_t items[] = {{loop->socket, 0, ZMQ_POLLIN, 0}, {0}};
    if (loop->agent)
      items[1] = (zmq_pollitem_t){election_agent_socket(loop->agent), 0, ZMQ_POLLIN, 0};
    if (zmq_poll(items, loop->agent ? 2 : 1, POLL_MS) < 0 && zmq_errno() != EINTR) {
      err = failure_set(failure, ERR_IO, "waiting for messages: %s", zmq_strerror(zmq_errno()));
      break;
    }
    if ((err = receive_all(loop, &wire, failure))) break;
    if (loop->agent) take_news(loop);
    uint64_t now_ms = clock_monotonic_ms();
    coordinator_tick(loop->coordinator, now_ms);
    note_gone(loop);
    if (loop->is_publishing) publish(loop);
    coordinator_progress(loop->coordinator, &progress);
    if (progress.phase >= COORDINATOR_DONE) break;
    if (progress.stage != seen || now_ms >= observed_ms + POLL_MS) {
      seen = progress.stage;
      observed_ms = now_ms;
      if (!observe(context, &progress))
        coordinator_fail(loop->coordinator, ERR_LIMIT,
                         "the run was interrupted: nothing was published");
    }
  }
  buffer_release(&wire);
  if (!err && progress.phase == COORDINATOR_FAILED) {
    *failure = *coordinator_failure(loop->coordinator);
    err = failure->code;
  }
  if (!err && progress.phase == COORDINATOR_DEPOSED)
    err =
        failure_set(failure, ERR_STALE, "another coordinator was elected and goes on with the job");
  return err;
}

void coordinator_loop_dismiss(struct coordinator_loop *loop) {
  struct buffer wire = {0};
  struct failure unheard;
  struct coordinator_progress progress;
  uint64_t until_ms = clock_monotonic_ms() + DISMISS_MS;
  do {
    zmq_pollitem_t item = {loop->socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, POLL_MS) < 0 && zmq_errno() != EINTR) break;
    if (receive_all(loop, &wire, &unheard)) break;
    coordinator_progress(loop->coordinator, &progress);
  } while (progress.workers && clock_monotonic_ms() < until_ms);
  buffer_release(&wire);
}
