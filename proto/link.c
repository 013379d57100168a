#include "proto/link.h"

#include <errno.h>
#include <zmq.h>

#include "common/check.h"
#include "common/handover.h"

static void set_option(void *socket, int option, int value) {
  check(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

enum err link_open(void *zmq_context, int type, const char *endpoint, void **socket,
                   struct failure *failure) {
  check(type == ZMQ_ROUTER || type == ZMQ_DEALER);
  void *s = zmq_socket(zmq_context, type);
  if (!s) return failure_set(failure, ERR_IO, "opening a socket: %s", zmq_strerror(zmq_errno()));
  set_option(s, ZMQ_LINGER, LINK_LINGER_MS);
  set_option(s, ZMQ_SNDTIMEO, LINK_SEND_TIMEOUT_MS);
  set_option(s, ZMQ_SNDHWM, LINK_QUEUE_MAX);
  set_option(s, ZMQ_RCVHWM, LINK_QUEUE_MAX);
  if (type == ZMQ_ROUTER) set_option(s, ZMQ_ROUTER_MANDATORY, 1);
  if (type == ZMQ_DEALER) set_option(s, ZMQ_IMMEDIATE, 1);
  int result = type == ZMQ_ROUTER ? zmq_bind(s, endpoint) : zmq_connect(s, endpoint);
  if (result != 0) {
    enum err err = failure_set(failure, ERR_IO, "%s %s: %s",
                               type == ZMQ_ROUTER ? "listening on" : "connecting to", endpoint,
                               zmq_strerror(zmq_errno()));
    zmq_close(s);
    return err;
  }
  *socket = s;
  return ERR_OK;
}

void link_close(void **socket) {
  if (*socket) check(zmq_close(*socket) == 0);
  *socket = NULL;
}

/* One for each direction: what was sent that way happened before what is received. */
static char to_worker, to_coordinator;

enum err link_send(void *socket, const struct link_peer *peer, const struct message *message,
                   struct failure *failure) {
  struct buffer wire = {0};
  message_encode(message, &wire);
  int sent = 0;
  handover_give(peer ? &to_worker : &to_coordinator);
  if (peer) sent = zmq_send(socket, peer->id, peer->size, ZMQ_SNDMORE);
  if (sent >= 0) sent = zmq_send(socket, wire.data, wire.size, 0);
  enum err err = ERR_OK;
  if (sent < 0)
    err = failure_set(failure, ERR_PEER, "sending %s: %s", message_kind_name(message->kind),
                      zmq_strerror(zmq_errno()));
  buffer_release(&wire);
  return err;
}

/* One frame into out; more says whether another follows. -1 = none is waiting. */
static int receive_frame(void *socket, struct buffer *out, bool *more) {
  zmq_msg_t frame;
  check(zmq_msg_init(&frame) == 0);
  int size = zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT);
  if (size >= 0) {
    buffer_clear(out);
    buffer_append(out, zmq_msg_data(&frame), (size_t)size);
    *more = zmq_msg_more(&frame);
  }
  zmq_msg_close(&frame);
  return size;
}

enum err link_receive(void *socket, struct link_peer *peer, struct buffer *wire,
                      struct message *message, bool *got, struct failure *failure) {
  bool more = false;
  *got = false;
  if (receive_frame(socket, wire, &more) < 0) {
    int number = zmq_errno();
    if (number == EAGAIN || number == EINTR) return ERR_OK;
    return failure_set(failure, ERR_IO, "receiving: %s", zmq_strerror(number));
  }
  *got = true;
  handover_take(peer ? &to_coordinator : &to_worker);
  size_t frames = 1;
  if (peer) {
    bool usable = more && wire->size <= sizeof peer->id;
    if (usable) {
      memcpy(peer->id, wire->data, wire->size);
      peer->size = wire->size;
      usable = receive_frame(socket, wire, &more) >= 0;
      frames = 2;
    }
    if (!usable) frames = 0;
  }
  struct buffer surplus = {0};
  while (more && receive_frame(socket, &surplus, &more) >= 0) frames = 0;
  buffer_release(&surplus);
  if (frames == 0)
    return failure_set(failure, ERR_MALFORMED, "a message has the wrong number of frames");
  return message_decode(buffer_bytes(wire), message, failure);
}
