#include "worker/exchange/exchange_server.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/check.h"
#include "common/handover.h"
#include "common/memory.h"

enum { POLL_MS = 200 };

struct server_stream {
  struct link_peer peer;
  struct exchange_stream stream;
  uint32_t credit, sequence;
};

struct exchange_server {
  void *socket;
  char endpoint[ENDPOINT_BYTES_MAX + 1];
  pthread_t thread;
  pthread_mutex_t lock;
  const struct exchange_source *source; /* under lock, as is what follows */
  uint64_t job;
  struct sealer
      *sealer; /* used by the thread alone; under lock, too, because serve replaces them */
  struct opener *opener;
  bool closing;
  struct exchange_figures figures;
  struct server_stream *streams[EXCHANGE_STREAMS_MAX]; /* the thread's, as is what follows */
  uint32_t stream_count;
};

/* ---- sending ---- */

static void release_batch(void *data, void *hint) {
  (void)hint;
  free(data);
}

/* Gives the batch away. false when the peer is gone or its queue is full. */
static bool send_batch(struct exchange_server *server, const struct link_peer *peer,
                       struct buffer *take_batch) {
  zmq_msg_t message;
  size_t size = take_batch->size;
  check(zmq_msg_init_data(&message, take_batch->data, size, release_batch, NULL) == 0);
  *take_batch = (struct buffer){0};
  handover_give(server);
  bool sent = zmq_send(server->socket, peer->id, peer->size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
              zmq_msg_send(&message, server->socket, ZMQ_DONTWAIT) >= 0;
  if (!sent) zmq_msg_close(&message);
  if (!sent) return false;
  server->figures.batches++;
  server->figures.bytes += size;
  return true;
}

/* One batch of a stream. false when the stream is over. Under lock. */
static bool advance(struct exchange_server *server, struct server_stream *s) {
  struct buffer batch = {0};
  buffer_reserve(&batch, BATCH_BYTES + BATCH_BYTES / 8);
  batch_begin(&batch);
  struct exchange_lost lost = {UINT32_MAX, UINT32_MAX};
  bool last = false;
  enum err err = exchange_produce(server->source, &s->stream, &batch, &last, &lost);
  struct batch_head head = {.job = s->stream.head.job,
                            .fetch = s->stream.head.fetch,
                            .sequence = s->sequence++,
                            .stage = lost.stage,
                            .task = lost.task,
                            .flags = err    ? BATCH_LAST | BATCH_LOST
                                     : last ? BATCH_LAST
                                            : 0};
  if (err) batch.size = SEAL_HEAD_BYTES + sizeof head;
  batch_seal(&batch, &head);
  sealer_seal(server->sealer, &batch);
  s->credit--;
  return send_batch(server, &s->peer, &batch) && !(head.flags & BATCH_LAST);
}

static void drop(struct exchange_server *server, uint32_t at) {
  exchange_stream_release(&server->streams[at]->stream);
  free(server->streams[at]);
  server->streams[at] = server->streams[--server->stream_count];
}

/* A batch of every stream that has credit; true when there may be more to send. */
static bool advance_all(struct exchange_server *server) {
  bool more = false;
  for (uint32_t i = 0; i < server->stream_count;) {
    struct server_stream *s = server->streams[i];
    pthread_mutex_lock(&server->lock);
    bool stale = !server->source || s->stream.head.job != server->job;
    bool goes_on = !stale && (s->credit == 0 || advance(server, s));
    pthread_mutex_unlock(&server->lock);
    if (!goes_on) {
      drop(server, i);
      continue;
    }
    more |= s->credit > 0;
    i++;
  }
  return more;
}

/* ---- receiving ---- */

static struct server_stream *find_stream(struct exchange_server *server,
                                         const struct link_peer *peer, uint64_t fetch,
                                         uint32_t *at) {
  for (uint32_t i = 0; i < server->stream_count; i++) {
    struct server_stream *s = server->streams[i];
    if (s->stream.head.fetch != fetch || s->peer.size != peer->size ||
        memcmp(s->peer.id, peer->id, peer->size) != 0)
      continue;
    *at = i;
    return s;
  }
  return NULL;
}

/* Opens what came; false when nobody of the job sealed it, or no job is served. */
static bool open_fetch(struct exchange_server *server, struct buffer *wire, struct fetch *fetch) {
  struct bytes plain;
  pthread_mutex_lock(&server->lock);
  bool ok = server->opener && !opener_open(server->opener, wire->data, wire->size, &plain);
  pthread_mutex_unlock(&server->lock);
  return ok && !fetch_decode(plain, fetch, NULL);
}

/* false when it is refused. */
static bool take_fetch(struct exchange_server *server, const struct link_peer *peer,
                       const struct fetch *fetch) {
  uint32_t at;
  struct server_stream *s = find_stream(server, peer, fetch->head.fetch, &at);
  switch ((enum fetch_verb)fetch->head.verb) {
    case FETCH_BEGIN: {
      pthread_mutex_lock(&server->lock);
      bool served = server->source && fetch->head.job == server->job && !s &&
                    server->stream_count < EXCHANGE_STREAMS_MAX;
      server->figures.fetches += served;
      pthread_mutex_unlock(&server->lock);
      if (!served) return false;
      s = memory_new_zeroed(1, sizeof *s);
      s->peer = *peer;
      exchange_stream_begin(&s->stream, fetch);
      server->streams[server->stream_count++] = s;
      break;
    }
    case FETCH_END:
      if (s) drop(server, at);
      return true;
    case FETCH_CREDIT:
    case FETCH_VERB_END:
      break;
  }
  if (!s) return true; /* credit for what ended already */
  uint64_t credit = (uint64_t)s->credit + fetch->head.credit;
  s->credit = credit < FETCH_CREDIT_MAX ? (uint32_t)credit : FETCH_CREDIT_MAX;
  return true;
}

static void receive_all(struct exchange_server *server, struct buffer *wire) {
  for (;;) {
    struct link_peer peer;
    struct fetch fetch;
    bool got;
    enum err err = link_receive_bytes(server->socket, &peer, wire, &got, NULL);
    if (!err && !got) return;
    if (err && err != ERR_MALFORMED) return;
    handover_take(server);
    if (err || !open_fetch(server, wire, &fetch) || !take_fetch(server, &peer, &fetch)) {
      pthread_mutex_lock(&server->lock);
      server->figures.refused++;
      pthread_mutex_unlock(&server->lock);
    }
  }
}

static bool is_closing(struct exchange_server *server) {
  pthread_mutex_lock(&server->lock);
  bool closing = server->closing;
  pthread_mutex_unlock(&server->lock);
  return closing;
}

static void *thread_main(void *argument) {
  struct exchange_server *server = argument;
  struct buffer wire = {0};
  bool more = false;
  while (!is_closing(server)) {
    zmq_pollitem_t item = {server->socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, more ? 0 : POLL_MS) < 0 && zmq_errno() != EINTR) break;
    receive_all(server, &wire);
    more = advance_all(server);
  }
  while (server->stream_count) drop(server, 0);
  buffer_release(&wire);
  link_close(&server->socket);
  return NULL;
}

/* ---- lifetime ---- */

enum err exchange_server_open(struct exchange_server **out, void *zmq_context, const char *endpoint,
                              struct failure *failure) {
  struct exchange_server *server = memory_new_zeroed(1, sizeof *server);
  enum err err = link_open(zmq_context, ZMQ_ROUTER, endpoint, 0, NULL, &server->socket, failure);
  if (!err) err = link_endpoint(server->socket, server->endpoint, sizeof server->endpoint, failure);
  if (err) {
    link_close(&server->socket);
    free(server);
    return err;
  }
  pthread_mutex_init(&server->lock, NULL);
  check(pthread_create(&server->thread, NULL, thread_main, server) == 0);
  *out = server;
  return ERR_OK;
}

const char *exchange_server_endpoint(const struct exchange_server *server) {
  return server->endpoint;
}

void exchange_server_serve(struct exchange_server *server, const struct exchange_source *source,
                           uint64_t job, const struct data_key *key) {
  pthread_mutex_lock(&server->lock);
  sealer_free(server->sealer);
  opener_free(server->opener);
  server->sealer = source ? sealer_new(key) : NULL;
  server->opener = source ? opener_new(key) : NULL;
  server->source = source;
  server->job = job;
  pthread_mutex_unlock(&server->lock);
}

void exchange_server_figures(struct exchange_server *server, struct exchange_figures *out) {
  pthread_mutex_lock(&server->lock);
  *out = server->figures;
  pthread_mutex_unlock(&server->lock);
}

void exchange_server_close(struct exchange_server **pointer) {
  struct exchange_server *server = *pointer;
  if (!server) return;
  pthread_mutex_lock(&server->lock);
  server->closing = true;
  pthread_mutex_unlock(&server->lock);
  pthread_join(server->thread, NULL);
  pthread_mutex_destroy(&server->lock);
  sealer_free(server->sealer);
  opener_free(server->opener);
  free(server);
  *pointer = NULL;
}
