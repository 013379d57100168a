#include "coordinator/election_agent.h"

#include <pthread.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/handover.h"
#include "common/memory.h"
#include "coordinator/journal.h"

enum {
  RENEW_MS = ELECTION_TTL_S * 1000 / 4,
  /* A quarter of the time is left for clocks that disagree. */
  TRUST_MS = ELECTION_TTL_S * 1000 * 3 / 4,
  RETRY_MS = 500,
};

/* What the loop asks for, in the order it asks. */
struct request {
  struct request *next;
  bool is_publication;
  uint64_t sequence;
  struct journal_entry entry; /* its result is in bytes */
  struct buffer bytes;
};

struct election_agent {
  struct election *election;
  void *news; /* PULL, the loop's */
  void *zmq_context;
  char endpoint[64];
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct request *first, **last; /* under lock */
  bool closing;                  /* under lock */
};

static void tell(void *socket, const struct election_news *news) {
  struct election_news *copy = memory_new(sizeof *copy);
  *copy = *news;
  handover_give(copy);
  if (zmq_send(socket, &copy, sizeof copy, 0) != sizeof copy) free(copy);
}

static void request_free(struct request *r) {
  buffer_release(&r->bytes);
  free(r);
}

/* All requests there are; waits until there is one, the agent closes, or the deadline. */
static struct request *take_requests(struct election_agent *a, uint64_t deadline_ms,
                                     bool *closing) {
  struct timespec until;
  uint64_t now_ms = clock_monotonic_ms();
  uint64_t wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += (time_t)(wait_ms / 1000);
  until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_mutex_lock(&a->lock);
  int code = 0;
  while (!a->first && !a->closing && code == 0)
    code = pthread_cond_timedwait(&a->changed, &a->lock, &until);
  struct request *all = a->first;
  a->first = NULL;
  a->last = &a->first;
  *closing = a->closing;
  pthread_mutex_unlock(&a->lock);
  return all;
}

/* ERR_PEER is tried again until the lease is no longer to be trusted. */
struct ruling {
  struct election_agent *agent;
  void *socket;
  uint64_t trusted_until_ms, renew_ms;
  bool deposed;
};

static void depose(struct ruling *r, const struct failure *failure) {
  if (r->deposed) return;
  r->deposed = true;
  struct election_news news = {.kind = ELECTION_DEPOSED, .failure = *failure};
  tell(r->socket, &news);
}

static void renew(struct ruling *r) {
  struct failure failure = {0};
  uint64_t asked_ms = clock_monotonic_ms();
  enum err err = election_renew(r->agent->election, &failure);
  if (!err) {
    r->trusted_until_ms = asked_ms + TRUST_MS;
    r->renew_ms = asked_ms + RENEW_MS;
  } else if (err == ERR_STALE || clock_monotonic_ms() >= r->trusted_until_ms) {
    depose(r, &failure);
  } else {
    r->renew_ms = clock_monotonic_ms() + RETRY_MS;
  }
}

static enum err write_entries(struct ruling *r, struct request *first, uint32_t count,
                              struct failure *failure) {
  struct journal_entry *entries = memory_new(count * sizeof *entries);
  struct request *request = first;
  for (uint32_t i = 0; i < count; i++, request = request->next) entries[i] = request->entry;
  enum err err = journal_write(r->agent->election, entries, count, failure);
  free(entries);
  return err;
}

static enum err publish(struct ruling *r, const struct request *request, struct failure *failure) {
  struct election_write write = {.key = BYTES("current"), .value = buffer_bytes(&request->bytes)};
  return election_fence(r->agent->election, &write, 1, failure);
}

/* Entries that follow each other in one go; the next request is returned. */
static struct request *carry_out(struct ruling *r, struct request *first) {
  struct request *end = first;
  uint32_t count = 0;
  struct election_news news = {.kind =
                                   first->is_publication ? ELECTION_PUBLISHED : ELECTION_JOURNALED};
  if (first->is_publication) {
    end = first->next;
  } else {
    for (; end && !end->is_publication; end = end->next, count++) news.sequence = end->sequence;
  }
  for (enum err err = ERR_PEER; !r->deposed && err;) {
    if (clock_monotonic_ms() >= r->renew_ms) renew(r);
    if (r->deposed) break;
    news.failure = (struct failure){0};
    err = first->is_publication ? publish(r, first, &news.failure)
                                : write_entries(r, first, count, &news.failure);
    if (err == ERR_STALE) depose(r, &news.failure);
    if (!err || first->is_publication) {
      if (!r->deposed) tell(r->socket, &news);
      break;
    }
    if (err != ERR_PEER && err != ERR_STALE) depose(r, &news.failure); /* its disk, say */
    if (!r->deposed) nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000l}, NULL);
  }
  while (first != end) {
    struct request *next = first->next;
    request_free(first);
    first = next;
  }
  return end;
}

static void *thread_main(void *argument) {
  struct election_agent *a = argument;
  struct ruling r = {.agent = a, .socket = zmq_socket(a->zmq_context, ZMQ_PUSH)};
  if (!r.socket || zmq_connect(r.socket, a->endpoint) != 0) {
    if (r.socket) zmq_close(r.socket);
    return NULL;
  }
  r.trusted_until_ms = clock_monotonic_ms() + TRUST_MS;
  for (bool closing = false; !closing;) {
    struct request *requests = take_requests(a, r.renew_ms, &closing);
    if (!r.deposed && clock_monotonic_ms() >= r.renew_ms) renew(&r);
    while (requests) requests = carry_out(&r, requests);
    if (r.deposed) r.renew_ms = UINT64_MAX / 2;
  }
  if (!r.deposed) election_resign(a->election);
  zmq_close(r.socket);
  return NULL;
}

enum err election_agent_open(void *zmq_context, struct election *election,
                             struct election_agent **out, struct failure *failure) {
  struct election_agent *a = memory_new_zeroed(1, sizeof *a);
  a->zmq_context = zmq_context;
  a->election = election;
  a->last = &a->first;
  snprintf(a->endpoint, sizeof a->endpoint, "inproc://election-%p", (void *)a);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&a->lock, NULL);
  pthread_cond_init(&a->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  a->news = zmq_socket(zmq_context, ZMQ_PULL);
  if (!a->news || zmq_bind(a->news, a->endpoint) != 0) {
    enum err err = failure_set(failure, ERR_IO, "opening the election's socket: %s",
                               zmq_strerror(zmq_errno()));
    if (a->news) zmq_close(a->news);
    free(a);
    return err;
  }
  check(pthread_create(&a->thread, NULL, thread_main, a) == 0);
  *out = a;
  return ERR_OK;
}

void *election_agent_socket(struct election_agent *a) { return a->news; }

bool election_agent_take(struct election_agent *a, struct election_news *news) {
  struct election_news *told;
  if (zmq_recv(a->news, &told, sizeof told, ZMQ_DONTWAIT) != sizeof told) return false;
  handover_take(told);
  *news = *told;
  free(told);
  return true;
}

static void ask(struct election_agent *a, struct request *request) {
  pthread_mutex_lock(&a->lock);
  *a->last = request;
  a->last = &request->next;
  pthread_cond_signal(&a->changed);
  pthread_mutex_unlock(&a->lock);
}

void election_agent_journal(struct election_agent *a, uint64_t sequence,
                            const struct journal_entry *entry) {
  struct request *request = memory_new_zeroed(1, sizeof *request);
  request->sequence = sequence;
  request->entry = *entry;
  buffer_append_bytes(&request->bytes, entry->result);
  request->entry.result = buffer_bytes(&request->bytes);
  ask(a, request);
}

void election_agent_publish(struct election_agent *a, struct bytes value) {
  struct request *request = memory_new_zeroed(1, sizeof *request);
  request->is_publication = true;
  buffer_append_bytes(&request->bytes, value);
  ask(a, request);
}

void election_agent_close(struct election_agent **pointer) {
  struct election_agent *a = *pointer;
  if (!a) return;
  pthread_mutex_lock(&a->lock);
  a->closing = true;
  pthread_cond_signal(&a->changed);
  pthread_mutex_unlock(&a->lock);
  pthread_join(a->thread, NULL);
  struct election_news news;
  while (election_agent_take(a, &news)) continue;
  zmq_close(a->news);
  pthread_mutex_destroy(&a->lock);
  pthread_cond_destroy(&a->changed);
  free(a);
  *pointer = NULL;
}
