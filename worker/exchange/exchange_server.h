/* exchange_server — answers what other workers fetch, on a thread of its own with a ROUTER socket.
 * Batches of different fetches take turns. */
#ifndef GUIYI_WORKER_EXCHANGE_EXCHANGE_SERVER_H
#define GUIYI_WORKER_EXCHANGE_EXCHANGE_SERVER_H

#include "proto/link.h"
#include "proto/task_places.h"
#include "worker/exchange/exchange_source.h"

enum { EXCHANGE_STREAMS_MAX = 4096 }; /* fetches at once; more are dropped and time out */

struct exchange_server;

/* Binds endpoint ("tcp://10.0.0.1:*" takes a free port). Fetches are refused until
 * exchange_server_serve. */
enum err exchange_server_open(struct exchange_server **out, void *zmq_context, const char *endpoint,
                              struct failure *failure);
/* The endpoint that was bound, with its port. */
const char *exchange_server_endpoint(const struct exchange_server *server);
/* From now on answers fetches of this job, sealed under its key, from the source, which outlives
 * the server or the next call; NULL: from nothing, and what is under way has ended when the call
 * returns. */
void exchange_server_serve(struct exchange_server *server, const struct exchange_source *source,
                           uint64_t job, const struct data_key *key);
void exchange_server_close(struct exchange_server **server);

struct exchange_figures {
  uint64_t fetches, batches, bytes; /* sent */
  uint64_t refused;                 /* not sealed by the job, malformed, or too many at once */
};
void exchange_server_figures(struct exchange_server *server, struct exchange_figures *out);

#endif
