/* auth — who may talk to a coordinator: answers ZeroMQ's questions about CURVE keys (ZAP, RFC 27)
 * on a thread of its own. A key that is not in the folder's members is refused and logged; without
 * an answer ZeroMQ would let everybody in. */
#ifndef GUIYI_PROTO_AUTH_H
#define GUIYI_PROTO_AUTH_H

#include <stdint.h>

#include "common/err.h"

struct auth;

/* One per ZeroMQ context, before a socket of it listens. folder is borrowed. */
enum err auth_open(struct auth **out, void *zmq_context, const char *key_folder,
                   struct failure *failure);
/* Also counts and logs connections to a listening socket that fail before their key is asked about:
 * no CURVE at all, or a wrong key of ours. Before the socket is given to another thread. */
enum err auth_watch(struct auth *auth, void *socket, struct failure *failure);
/* Answers from now on. */
void auth_start(struct auth *auth);
uint64_t auth_refused(struct auth *auth);
/* After the sockets that it answers for. */
void auth_close(struct auth **auth);

#endif
