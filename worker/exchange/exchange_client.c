#include "worker/exchange/exchange_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <zmq.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/handover.h"
#include "common/memory.h"
#include "proto/link.h"

struct peer_link {
  uint32_t worker;
  char *endpoint; /* owned */
  void *socket;
  void *events; /* PAIR: tells when the connection broke or could not be made */
};

struct exchange_client {
  struct exchange_client_options options;
  struct peer_link *links;
  uint32_t link_count;
  struct sealer *sealer;
  struct opener *opener;
  uint64_t
      next_fetch; /* begins anywhere: a late answer to another client fits no fetch of this one */
  uint64_t bytes;
};

struct exchange_client *exchange_client_new(const struct exchange_client_options *options) {
  struct exchange_client *client = memory_new_zeroed(1, sizeof *client);
  client->options = *options;
  client->sealer = sealer_new(&options->key);
  client->opener = opener_new(&options->key);
  check(getrandom(&client->next_fetch, sizeof client->next_fetch, 0) == sizeof client->next_fetch);
  return client;
}

static void close_link(struct peer_link *link) {
  if (link->socket) zmq_socket_monitor(link->socket, NULL, 0);
  link_close(&link->events);
  link_close(&link->socket);
  free(link->endpoint);
  link->endpoint = NULL;
}

void exchange_client_free(struct exchange_client *client) {
  if (!client) return;
  for (uint32_t l = 0; l < client->link_count; l++) close_link(&client->links[l]);
  free(client->links);
  sealer_free(client->sealer);
  opener_free(client->opener);
  free(client);
}

uint64_t exchange_client_bytes(const struct exchange_client *client) { return client->bytes; }

/* ---- one call ---- */

/* A request on its way. */
struct transfer {
  struct exchange_request *request;
  void *socket, *events; /* of its link; socket is NULL when it is over */
  uint64_t fetch;
  uint32_t sequence; /* of the next batch */
  uint64_t heard_ms;
};

struct call {
  struct exchange_client *client;
  struct transfer *transfers;
  uint32_t count, open;
  uint32_t window; /* credits of a transfer */
  struct worker_loss *loss;
  struct failure *failure;
};

/* Did the connection break, or can it not be made? */
static bool is_broken(void *events) {
  bool broken = false;
  for (;;) {
    zmq_msg_t frame;
    check(zmq_msg_init(&frame) == 0);
    bool got = zmq_msg_recv(&frame, events, ZMQ_DONTWAIT) >= 0;
    broken |= got;
    zmq_msg_close(&frame);
    if (!got) return broken;
  }
}

static enum err watch(struct exchange_client *client, struct peer_link *link,
                      struct failure *failure) {
  char endpoint[64];
  int events = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED;
  snprintf(endpoint, sizeof endpoint, "inproc://link-%p", link->socket);
  link->events = zmq_socket(client->options.zmq_context, ZMQ_PAIR);
  if (!link->events || zmq_socket_monitor(link->socket, endpoint, events) != 0 ||
      zmq_connect(link->events, endpoint) != 0)
    return failure_set(failure, ERR_PEER, "watching a link: %s", zmq_strerror(zmq_errno()));
  return ERR_OK;
}

/* The link to a worker; a new one when it listens elsewhere by now. */
static enum err find_link(struct exchange_client *client, const struct task_place_worker *worker,
                          struct transfer *t, struct failure *failure) {
  struct peer_link *link = NULL;
  for (uint32_t l = 0; l < client->link_count && !link; l++)
    if (client->links[l].worker == worker->number) link = &client->links[l];
  bool is_old = link && link->endpoint &&
                (strcmp(link->endpoint, worker->endpoint.data) != 0 || is_broken(link->events));
  if (is_old) close_link(link);
  if (!link) {
    client->links = memory_resize(client->links, (client->link_count + 1) * sizeof *client->links);
    link = &client->links[client->link_count++];
    *link = (struct peer_link){.worker = worker->number};
  }
  if (!link->endpoint) {
    enum err err = link_open(client->options.zmq_context, ZMQ_DEALER, worker->endpoint.data, 0,
                             NULL, &link->socket, failure);
    if (err) return err;
    link->endpoint = memory_copy_string(worker->endpoint.data);
    if ((err = watch(client, link, failure))) return err;
  }
  t->socket = link->socket;
  t->events = link->events;
  return ERR_OK;
}

static enum err send_fetch(const struct call *call, const struct transfer *t, enum fetch_verb verb,
                           uint32_t credit) {
  const struct exchange_request *r = t->request;
  struct fetch fetch = {.head = {.verb = verb,
                                 .what = r->what,
                                 .job = call->client->options.job,
                                 .fetch = t->fetch,
                                 .stage = r->stage,
                                 .part = r->part,
                                 .credit = credit}};
  if (verb == FETCH_BEGIN) {
    fetch.items = r->items;
    fetch.head.item_count = r->item_count;
  }
  struct buffer wire = {0};
  fetch_encode(&fetch, &wire);
  sealer_seal(call->client->sealer, &wire);
  enum err err = link_send_bytes(t->socket, buffer_bytes(&wire), call->failure);
  buffer_release(&wire);
  return err;
}

static enum err lose(const struct call *call, const struct transfer *t, uint32_t stage,
                     uint32_t task, const char *how) {
  *call->loss = (struct worker_loss){t->request->worker, stage, task};
  return failure_set(call->failure, ERR_LOST, "worker %u %s", t->request->worker, how);
}

static enum err take_own(const struct exchange_client *client, struct exchange_request *request,
                         struct worker_loss *loss, struct failure *failure) {
  struct fetch fetch = {.head = {.what = request->what,
                                 .stage = request->stage,
                                 .part = request->part,
                                 .item_count = request->item_count},
                        .items = request->items};
  struct exchange_stream stream;
  struct exchange_lost lost = {UINT32_MAX, UINT32_MAX};
  exchange_stream_begin(&stream, &fetch);
  enum err err = ERR_OK;
  struct buffer batch = {0};
  for (bool last = false; !last && !err;) {
    buffer_clear(&batch);
    err = exchange_produce(client->options.source, &stream, &batch, &last, &lost);
    buffer_append_bytes(&request->answer, buffer_bytes(&batch));
  }
  buffer_release(&batch);
  exchange_stream_release(&stream);
  if (!err) return ERR_OK;
  *loss = (struct worker_loss){request->worker, lost.stage, lost.task};
  return failure_set(failure, ERR_LOST, "this worker does not hold what it should");
}

static void finish(struct call *call, struct transfer *t) {
  t->socket = NULL;
  call->open--;
}

static enum err take_batch(struct call *call, zmq_msg_t *frame, uint64_t now_ms) {
  struct batch_head head;
  struct bytes wire, payload;
  if (opener_open(call->client->opener, zmq_msg_data(frame), zmq_msg_size(frame), &wire))
    return ERR_OK;
  /* What is damaged is dropped; the gap in the sequence or the silence tells. */
  if (batch_decode(wire, &head, &payload, NULL)) return ERR_OK;
  struct transfer *t = NULL;
  for (uint32_t i = 0; i < call->count && !t; i++)
    if (call->transfers[i].socket && call->transfers[i].fetch == head.fetch)
      t = &call->transfers[i];
  if (!t || head.job != call->client->options.job) return ERR_OK; /* of a call that is over */
  if (head.sequence < t->sequence) return ERR_OK;
  if (head.flags & BATCH_LOST)
    return lose(call, t, head.stage, head.task, "does not hold what it should");
  if (head.sequence != t->sequence)
    return lose(call, t, UINT32_MAX, UINT32_MAX, "sent a batch that was lost on the way");
  t->sequence++;
  t->heard_ms = now_ms;
  buffer_append_bytes(&t->request->answer, payload);
  call->client->bytes += payload.size;
  if (head.flags & BATCH_LAST) {
    finish(call, t);
    return ERR_OK;
  }
  /* Half a window at a time: fewer messages. */
  uint32_t half = (call->window + 1) / 2;
  return t->sequence % half == 0 ? send_fetch(call, t, FETCH_CREDIT, half) : ERR_OK;
}

static enum err receive_all(struct call *call, void *socket) {
  for (;;) {
    zmq_msg_t frame;
    check(zmq_msg_init(&frame) == 0);
    int size = zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT);
    if (size < 0) {
      int number = zmq_errno();
      zmq_msg_close(&frame);
      if (number == EAGAIN || number == EINTR) return ERR_OK;
      return failure_set(call->failure, ERR_PEER, "receiving: %s", zmq_strerror(number));
    }
    enum err err = take_batch(call, &frame, clock_monotonic_ms());
    zmq_msg_close(&frame);
    if (err) return err;
  }
}

static bool is_own(const struct exchange_client *client, const struct task_place_worker *worker) {
  return client->options.endpoint && strcmp(client->options.endpoint, worker->endpoint.data) == 0;
}

static enum err begin(struct call *call, const struct task_places *places,
                      struct exchange_request *requests, uint32_t count) {
  uint64_t now_ms = clock_monotonic_ms();
  for (uint32_t i = 0; i < count; i++) {
    struct exchange_request *r = &requests[i];
    check(r->item_count <= FETCH_ITEMS_MAX);
    enum err err = ERR_OK;
    if (r->item_count == 0) continue;
    const struct task_place_worker *worker = task_places_find(places, r->worker);
    if (worker && is_own(call->client, worker)) {
      if ((err = take_own(call->client, r, call->loss, call->failure))) return err;
      continue;
    }
    struct transfer *t = &call->transfers[call->count];
    *t = (struct transfer){.request = r, .fetch = ++call->client->next_fetch, .heard_ms = now_ms};
    if (!worker) return lose(call, t, UINT32_MAX, UINT32_MAX, "is not among the workers");
    if ((err = find_link(call->client, worker, t, call->failure))) return err;
    call->count++;
    call->open++;
  }
  uint32_t window = EXCHANGE_WINDOW_BYTES / BATCH_BYTES / (call->count ? call->count : 1);
  call->window = window < 1 ? 1 : window > FETCH_CREDIT_MAX ? FETCH_CREDIT_MAX : window;
  for (uint32_t i = 0; i < call->count; i++)
    if (send_fetch(call, &call->transfers[i], FETCH_BEGIN, call->window))
      return lose(call, &call->transfers[i], UINT32_MAX, UINT32_MAX, "is not there");
  return ERR_OK;
}

/* A link that broke is made anew the next time, without the pause before ZeroMQ tries again. */
static enum err give_up(struct call *call, struct transfer *t) {
  enum err err = lose(call, t, UINT32_MAX, UINT32_MAX, "closed the connection, or is not there");
  for (uint32_t l = 0; l < call->client->link_count; l++)
    if (call->client->links[l].socket == t->socket) {
      for (uint32_t i = 0; i < call->count; i++)
        if (&call->transfers[i] != t && call->transfers[i].socket == t->socket)
          finish(call, &call->transfers[i]);
      finish(call, t);
      close_link(&call->client->links[l]);
      break;
    }
  return err;
}

static enum err wait_for_batches(struct call *call) {
  zmq_pollitem_t *items = memory_new_zeroed(2 * (size_t)call->count, sizeof *items);
  enum err err = ERR_OK;
  while (call->open && !err) {
    int sockets = 0;
    for (uint32_t i = 0; i < call->count; i++) {
      if (!call->transfers[i].socket) continue;
      items[sockets++] = (zmq_pollitem_t){call->transfers[i].socket, 0, ZMQ_POLLIN, 0};
      items[sockets++] = (zmq_pollitem_t){call->transfers[i].events, 0, ZMQ_POLLIN, 0};
    }
    if (zmq_poll(items, sockets, EXCHANGE_SILENCE_MS_MAX / 4) < 0 && zmq_errno() != EINTR) {
      err = failure_set(call->failure, ERR_PEER, "waiting for batches: %s",
                        zmq_strerror(zmq_errno()));
      break;
    }
    for (int s = 0; s < sockets && !err; s += 2)
      if (items[s].revents & ZMQ_POLLIN) err = receive_all(call, items[s].socket);
    for (uint32_t i = 0; i < call->count && !err; i++)
      if (call->transfers[i].socket && is_broken(call->transfers[i].events))
        err = give_up(call, &call->transfers[i]);
    uint64_t now_ms = clock_monotonic_ms();
    for (uint32_t i = 0; i < call->count && !err; i++)
      if (call->transfers[i].socket &&
          now_ms > call->transfers[i].heard_ms + EXCHANGE_SILENCE_MS_MAX)
        err = lose(call, &call->transfers[i], UINT32_MAX, UINT32_MAX, "does not answer");
  }
  free(items);
  return err;
}

enum err exchange_fetch(struct exchange_client *client, const struct task_places *places,
                        struct exchange_request *requests, uint32_t count, struct worker_loss *loss,
                        struct failure *failure) {
  struct call call = {.client = client,
                      .transfers = memory_new_zeroed(count, sizeof *call.transfers),
                      .loss = loss,
                      .failure = failure};
  enum err err = begin(&call, places, requests, count);
  if (!err) err = wait_for_batches(&call);
  for (uint32_t i = 0; i < call.count; i++)
    if (err && call.transfers[i].socket) {
      struct failure unheard;
      call.failure = &unheard;
      (void)send_fetch(&call, &call.transfers[i], FETCH_END, 0);
    }
  free(call.transfers);
  return err;
}
