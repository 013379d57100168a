/* cluster_worker — a worker that shares no memory with others: its state machine and compute
 * threads (worker_loop.h), what it serves to other workers (exchange/exchange_server.h) and, once
 * the coordinator told the job, its pipeline. */
#ifndef GUIYI_WORKER_CLUSTER_WORKER_H
#define GUIYI_WORKER_CLUSTER_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct cluster_worker;
struct key_file;

struct cluster_worker_options {
  void *zmq_context;
  const char *coordinator_endpoint;
  /* As in worker_loop.h; NULL: it is always at coordinator_endpoint. */
  bool (*find_coordinator)(void *context, char endpoint[256]);
  void *find_context;
  const struct key_file *key; /* this worker's */
  const char *listen;         /* for other workers: "tcp://10.0.0.5:*" takes a free port */
  const char *advertise;      /* how others reach it, without port; NULL = as it listens */
  uint64_t incarnation;
  uint32_t compute_threads;
};

/* One run: begins to greet the coordinator. The strings are borrowed until the join. */
enum err cluster_worker_start(struct cluster_worker **out,
                              const struct cluster_worker_options *options,
                              struct failure *failure);
/* What it did for others. */
struct cluster_worker_figures {
  uint64_t fetches, batches, bytes; /* that it answered and sent */
  uint64_t refused;                 /* fetches that were malformed or of another run */
};

/* What it did so far; from any thread, until the join. */
void cluster_worker_figures_now(struct cluster_worker *worker, struct cluster_worker_figures *out);
/* Waits as the join does, and leaves the rest to it. */
void cluster_worker_wait(struct cluster_worker *worker);
/* Waits until the coordinator says that the run is over. The error is why this worker could not go
 * on; ERR_OK when it was told to stop. NULL inside is allowed. */
enum err cluster_worker_join(struct cluster_worker **worker, struct cluster_worker_figures *figures,
                             struct failure *failure);

#endif
