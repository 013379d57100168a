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
};

struct link_peer {
  uint8_t id[LINK_ROUTING_ID_BYTES_MAX];
  size_t size;
};

/* type: ZMQ_ROUTER (binds) or ZMQ_DEALER (connects). */
enum err link_open(void *zmq_context, int type, const char *endpoint, void **socket,
                   struct failure *failure);
void link_close(void **socket);
/* peer only on a ROUTER. ERR_PEER when the peer is gone or does not take messages. */
enum err link_send(void *socket, const struct link_peer *peer, const struct message *message,
                   struct failure *failure);
/* One message, without waiting; *got is false when there is none. What is malformed is dropped:
 * ERR_MALFORMED with the sentence. message borrows from wire, which the caller releases. */
enum err link_receive(void *socket, struct link_peer *peer, struct buffer *wire,
                      struct message *message, bool *got, struct failure *failure);

#endif
