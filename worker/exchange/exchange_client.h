/* exchange_client — fetches from other workers, several at once, with a bounded number of batches
 * under way. Blocks until all is here or one is lost. For one thread: its sockets are its own. */
#ifndef GUIYI_WORKER_EXCHANGE_EXCHANGE_CLIENT_H
#define GUIYI_WORKER_EXCHANGE_EXCHANGE_CLIENT_H

#include "proto/task_places.h"
#include "worker/compute_pool.h"
#include "worker/exchange/exchange_source.h"

enum {
  EXCHANGE_SILENCE_MS_MAX = 10000,  /* no batch for so long: the holder is lost */
  EXCHANGE_WINDOW_BYTES = 32 << 20, /* under way to one client, over all holders; 1 batch each at
                                       least */
};

struct exchange_client_options {
  void *zmq_context;
  uint64_t job;
  struct data_key key;
  /* Where others fetch from this worker and what it holds: that is had without a socket. NULL:
   * nothing. Workers are known by where they listen, because their numbers change with the
   * coordinator. */
  const char *endpoint;
  const struct exchange_source *source;
};

struct exchange_client;

struct exchange_client *exchange_client_new(const struct exchange_client_options *options);
void exchange_client_free(struct exchange_client *client); /* NULL is allowed */

struct exchange_request {
  uint32_t worker; /* who holds it */
  enum fetch_what what;
  uint32_t stage, part;
  const uint32_t *items; /* borrowed for the call; at most FETCH_ITEMS_MAX */
  uint32_t item_count;
  struct buffer answer; /* the payloads one behind the other; the caller releases it */
};

/* places must know the workers. On ERR_LOST *loss says who and what. */
enum err exchange_fetch(struct exchange_client *client, const struct task_places *places,
                        struct exchange_request *requests, uint32_t count, struct worker_loss *loss,
                        struct failure *failure);
/* Payload bytes that came over sockets. */
uint64_t exchange_client_bytes(const struct exchange_client *client);

#endif
