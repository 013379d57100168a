#include "proto/auth.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/check.h"
#include "common/memory.h"
#include "proto/key_file.h"

enum { POLL_MS = 200, FRAMES_MAX = 8, FRAME_BYTES_MAX = 256 };

struct auth {
  const char *key_folder;
  void *zmq_context;
  void *socket;
  void *events; /* PAIR: what auth_watch watches; NULL = nothing */
  pthread_t thread;
  bool is_running;
  pthread_mutex_t lock;
  bool closing; /* under lock, as is what follows */
  uint64_t refused;
};

/* A request of RFC 27: version, id, domain, address, identity, mechanism, credentials. */
struct question {
  char frames[FRAMES_MAX][FRAME_BYTES_MAX];
  size_t sizes[FRAMES_MAX];
  unsigned count;
};

static bool receive(void *socket, struct question *q) {
  q->count = 0;
  bool more = true, ok = true;
  while (more) {
    zmq_msg_t frame;
    check(zmq_msg_init(&frame) == 0);
    if (zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(&frame);
      return false;
    }
    size_t size = zmq_msg_size(&frame);
    if (q->count == FRAMES_MAX || size >= FRAME_BYTES_MAX) {
      ok = false;
    } else {
      memcpy(q->frames[q->count], zmq_msg_data(&frame), size);
      q->frames[q->count][size] = '\0';
      q->sizes[q->count++] = size;
    }
    more = zmq_msg_more(&frame);
    zmq_msg_close(&frame);
  }
  if (!ok) q->count = 0;
  return true;
}

static void answer(void *socket, const struct question *q, bool welcome, const char *user) {
  const char *frames[] = {"1.0",
                          q->count > 1 ? q->frames[1] : "",
                          welcome ? "200" : "400",
                          welcome ? "" : "this key is not a member's",
                          user,
                          ""};
  for (size_t i = 0; i < 6; i++) {
    size_t size = i == 1 && q->count > 1 ? q->sizes[1] : strlen(frames[i]);
    zmq_send(socket, frames[i], size, i < 5 ? ZMQ_SNDMORE : 0);
  }
}

/* A storm must not fill a disk with lines: the first, then one in so many. */
static void note_refusal(struct auth *a, const char *why, const char *address, const char *key) {
  enum { LINES = 100, ONE_IN = 1000 };
  pthread_mutex_lock(&a->lock);
  uint64_t count = ++a->refused;
  pthread_mutex_unlock(&a->lock);
  if (count > LINES && count % ONE_IN) return;
  fprintf(stderr,
          "{\"event\":\"connection_refused\",\"why\":\"%s\",\"address\":\"%.64s\",\"key\":\"%.8s\","
          "\"refused\":%llu}\n",
          why, address, key, (unsigned long long)count);
}

static void decide(struct auth *a, const struct question *q) {
  char key[KEY_TEXT_BYTES] = "", name[KEY_NAME_BYTES_MAX + 1];
  bool is_curve = q->count == 7 && strcmp(q->frames[5], "CURVE") == 0 && q->sizes[6] == 32;
  if (is_curve) check(zmq_z85_encode(key, (const uint8_t *)q->frames[6], 32));
  bool welcome = is_curve && key_folder_has_member(a->key_folder, key, name);
  if (!welcome)
    note_refusal(a, is_curve ? "unknown key" : "no CURVE", q->count > 3 ? q->frames[3] : "", key);
  answer(a->socket, q, welcome, key);
}

/* Event number and address come in two frames. */
static void take_events(struct auth *a) {
  struct question q;
  while (a->events && receive(a->events, &q)) {
    uint16_t event = 0;
    if (q.count == 2 && q.sizes[0] >= sizeof event) memcpy(&event, q.frames[0], sizeof event);
    /* What ZAP refused was noted there. */
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ||
        event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
      note_refusal(a, "handshake failed", q.frames[1], "");
  }
}

static void *thread_main(void *argument) {
  struct auth *a = argument;
  for (;;) {
    pthread_mutex_lock(&a->lock);
    bool closing = a->closing;
    pthread_mutex_unlock(&a->lock);
    if (closing) break;
    zmq_pollitem_t items[] = {{a->socket, 0, ZMQ_POLLIN, 0}, {a->events, 0, ZMQ_POLLIN, 0}};
    if (zmq_poll(items, a->events ? 2 : 1, POLL_MS) < 0) break;
    struct question q;
    while (receive(a->socket, &q)) decide(a, &q);
    take_events(a);
  }
  return NULL;
}

enum err auth_open(struct auth **out, void *zmq_context, const char *key_folder,
                   struct failure *failure) {
  struct auth *a = memory_new_zeroed(1, sizeof *a);
  a->key_folder = key_folder;
  a->zmq_context = zmq_context;
  a->socket = zmq_socket(zmq_context, ZMQ_REP);
  if (!a->socket || zmq_bind(a->socket, "inproc://zeromq.zap.01") != 0) {
    enum err err =
        failure_set(failure, ERR_IO, "opening the door for keys: %s", zmq_strerror(zmq_errno()));
    if (a->socket) zmq_close(a->socket);
    free(a);
    return err;
  }
  pthread_mutex_init(&a->lock, NULL);
  *out = a;
  return ERR_OK;
}

enum err auth_watch(struct auth *a, void *socket, struct failure *failure) {
  static const char endpoint[] = "inproc://handshakes";
  check(!a->is_running);
  int events = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
  a->events = zmq_socket(a->zmq_context, ZMQ_PAIR);
  if (!a->events || zmq_socket_monitor(socket, endpoint, events) != 0 ||
      zmq_connect(a->events, endpoint) != 0)
    return failure_set(failure, ERR_IO, "watching a socket: %s", zmq_strerror(zmq_errno()));
  return ERR_OK;
}

void auth_start(struct auth *a) {
  a->is_running = true;
  check(pthread_create(&a->thread, NULL, thread_main, a) == 0);
}

uint64_t auth_refused(struct auth *a) {
  pthread_mutex_lock(&a->lock);
  uint64_t refused = a->refused;
  pthread_mutex_unlock(&a->lock);
  return refused;
}

void auth_close(struct auth **pointer) {
  struct auth *a = *pointer;
  if (!a) return;
  pthread_mutex_lock(&a->lock);
  a->closing = true;
  pthread_mutex_unlock(&a->lock);
  if (a->is_running) pthread_join(a->thread, NULL);
  if (a->events) zmq_close(a->events);
  zmq_close(a->socket);
  pthread_mutex_destroy(&a->lock);
  free(a);
  *pointer = NULL;
}
