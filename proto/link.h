/* link — a message over a ZeroMQ socket, with the settings that keep ZeroMQ from losing any in
 * silence (design: ROUTER/DEALER only, finite linger, bounded queues, bounded frames).
 *
 * A socket belongs to one thread. */
#ifndef GUIYI_PROTO_LINK_H
#define GUIYI_PROTO_LINK_H

#include <stdbool.h>

#include "common/err.h"
#include "proto/message.h"

enum {
  LINK_LINGER_MS = 1000,
  LINK_SEND_TIMEOUT_MS = 10000,
  LINK_QUEUE_MAX = 4096, /* messages */
  LINK_ROUTING_ID_BYTES_MAX = 64,
  LINK_HEARTBEAT_MS = 500,
  LINK_HEARTBEAT_TIMEOUT_MS = 2000,
  /* A listening end lets a peer that stands still be: what it holds is not lost yet, and who is
   * behind the link judges its silence. A process that ended closes its connection. */
  LINK_LISTENER_TIMEOUT_MS = 15000,
  LINK_HANDSHAKE_MS = 5000,
  LINK_RECONNECT_MS_MAX = 5000,
  LINK_FRAME_BYTES_MAX = 8 << 20,
};

/* CURVE: who we are (Z85), and for a connecting socket whom we expect; for a listening one, which
 * asks about the other's key (auth.h), server_key is NULL. Without it only inproc may be used. */
struct link_security {
  const char *public_key, *secret_key, *server_key;
};

struct link_peer {
  uint8_t id[LINK_ROUTING_ID_BYTES_MAX];
  size_t size;
  char user[64]; /* the key it proved to have, Z85; empty without CURVE. What it claims in messages,
                    and its routing id, prove nothing */
};

/* type: ZMQ_ROUTER (binds) or ZMQ_DEALER (connects). identity: for a DEALER that a ROUTER is to
 * know again after the connection broke, and that blocks while there is none; 0 = a new one each
 * time, for what is asked again when it got lost: never blocks. security: NULL = none. */
enum err link_open(void *zmq_context, int type, const char *endpoint, uint64_t identity,
                   const struct link_security *security, void **socket, struct failure *failure);
void link_close(void **socket);
/* Does not wait: what cannot be taken now is dropped, and whoever must be heard says it again. peer
 * only on a ROUTER. ERR_LOST when its connection is gone, ERR_PEER when it does not take
 * messages. */
enum err link_send(void *socket, const struct link_peer *peer, const struct message *message,
                   struct failure *failure);
/* One message, without waiting; *got is false when there is none. What is malformed is dropped:
 * ERR_MALFORMED with the sentence. message borrows from wire, which the caller releases. */
enum err link_receive(void *socket, struct link_peer *peer, struct buffer *wire,
                      struct message *message, bool *got, struct failure *failure);
/* The same for a frame that is no message: bulk data, in wire. */
enum err link_receive_bytes(void *socket, struct link_peer *peer, struct buffer *wire, bool *got,
                            struct failure *failure);
/* Sends one frame from a DEALER. ERR_PEER when nobody takes it. */
enum err link_send_bytes(void *socket, struct bytes frame, struct failure *failure);
/* Where the socket listens, with the port that was taken. */
enum err link_endpoint(void *socket, char *out, size_t size, struct failure *failure);

#endif
