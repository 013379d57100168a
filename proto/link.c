#include "proto/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "common/check.h"
#include "common/handover.h"

static void set_option(void *socket, int option, int value) {
  check(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

static void set_key(void *socket, int option, const char *key) {
  check(zmq_setsockopt(socket, option, key, strlen(key) + 1) == 0);
}

static void secure(void *socket, const struct link_security *security) {
  static const char domain[] = "guiyi"; /* a socket of no domain is not asked about */
  set_key(socket, ZMQ_CURVE_PUBLICKEY, security->public_key);
  set_key(socket, ZMQ_CURVE_SECRETKEY, security->secret_key);
  if (security->server_key) {
    set_key(socket, ZMQ_CURVE_SERVERKEY, security->server_key);
    return;
  }
  set_option(socket, ZMQ_CURVE_SERVER, 1);
  check(zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, sizeof domain - 1) == 0);
}

enum err link_open(void *zmq_context, int type, const char *endpoint, uint64_t identity,
                   const struct link_security *security, void **socket, struct failure *failure) {
  check(type == ZMQ_ROUTER || type == ZMQ_DEALER);
  void *s = zmq_socket(zmq_context, type);
  if (!s) return failure_set(failure, ERR_IO, "opening a socket: %s", zmq_strerror(zmq_errno()));
  set_option(s, ZMQ_LINGER, LINK_LINGER_MS);
  set_option(s, ZMQ_SNDTIMEO, LINK_SEND_TIMEOUT_MS);
  set_option(s, ZMQ_SNDHWM, LINK_QUEUE_MAX);
  set_option(s, ZMQ_RCVHWM, LINK_QUEUE_MAX);
  set_option(s, ZMQ_HEARTBEAT_IVL, LINK_HEARTBEAT_MS);
  set_option(s, ZMQ_HEARTBEAT_TIMEOUT,
             type == ZMQ_ROUTER ? LINK_LISTENER_TIMEOUT_MS : LINK_HEARTBEAT_TIMEOUT_MS);
  set_option(s, ZMQ_HANDSHAKE_IVL, LINK_HANDSHAKE_MS);
  set_option(s, ZMQ_RECONNECT_IVL_MAX, LINK_RECONNECT_MS_MAX);
  int64_t frame_bytes_max = LINK_FRAME_BYTES_MAX;
  check(zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &frame_bytes_max, sizeof frame_bytes_max) == 0);
  if (type == ZMQ_ROUTER) set_option(s, ZMQ_ROUTER_MANDATORY, 1);
  if (type == ZMQ_ROUTER) set_option(s, ZMQ_ROUTER_HANDOVER, 1);
  char id[1 + sizeof identity] = "w"; /* the first byte may not be zero */
  memcpy(id + 1, &identity, sizeof identity);
  if (identity) check(zmq_setsockopt(s, ZMQ_ROUTING_ID, id, sizeof id) == 0);
  if (type == ZMQ_DEALER) set_option(s, ZMQ_IMMEDIATE, identity != 0);
  if (security) secure(s, security);
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
  if (peer) sent = zmq_send(socket, peer->id, peer->size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
  if (sent >= 0) sent = zmq_send(socket, wire.data, wire.size, ZMQ_DONTWAIT);
  enum err err = ERR_OK;
  if (sent < 0)
    err = failure_set(failure, zmq_errno() == EHOSTUNREACH ? ERR_LOST : ERR_PEER, "sending %s: %s",
                      message_kind_name(message->kind), zmq_strerror(zmq_errno()));
  buffer_release(&wire);
  return err;
}

/* One frame into out; more says whether another follows. -1 = none is waiting. */
static int receive_frame(void *socket, struct buffer *out, bool *more, struct link_peer *peer) {
  zmq_msg_t frame;
  check(zmq_msg_init(&frame) == 0);
  int size = zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT);
  if (size >= 0) {
    buffer_clear(out);
    buffer_append(out, zmq_msg_data(&frame), (size_t)size);
    *more = zmq_msg_more(&frame);
    const char *user = peer ? zmq_msg_gets(&frame, "User-Id") : NULL;
    if (peer) snprintf(peer->user, sizeof peer->user, "%s", user ? user : "");
  }
  zmq_msg_close(&frame);
  return size;
}

enum err link_receive_bytes(void *socket, struct link_peer *peer, struct buffer *wire, bool *got,
                            struct failure *failure) {
  bool more = false;
  *got = false;
  if (receive_frame(socket, wire, &more, NULL) < 0) {
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
      usable = receive_frame(socket, wire, &more, peer) >= 0;
      frames = 2;
    }
    if (!usable) frames = 0;
  }
  struct buffer surplus = {0};
  while (more && receive_frame(socket, &surplus, &more, NULL) >= 0) frames = 0;
  buffer_release(&surplus);
  if (frames == 0)
    return failure_set(failure, ERR_MALFORMED, "a message has the wrong number of frames");
  return ERR_OK;
}

enum err link_receive(void *socket, struct link_peer *peer, struct buffer *wire,
                      struct message *message, bool *got, struct failure *failure) {
  enum err err = link_receive_bytes(socket, peer, wire, got, failure);
  return err || !*got ? err : message_decode(buffer_bytes(wire), message, failure);
}

enum err link_send_bytes(void *socket, struct bytes frame, struct failure *failure) {
  handover_give(&to_coordinator);
  if (zmq_send(socket, frame.data, frame.size, 0) < 0)
    return failure_set(failure, ERR_PEER, "sending %zu bytes: %s", frame.size,
                       zmq_strerror(zmq_errno()));
  return ERR_OK;
}

enum err link_endpoint(void *socket, char *out, size_t size, struct failure *failure) {
  if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, out, &size) != 0)
    return failure_set(failure, ERR_IO, "asking where a socket listens: %s",
                       zmq_strerror(zmq_errno()));
  return ERR_OK;
}
