/* worker_loop — a worker on a thread of its own: its socket, its compute threads and the time
 * around the state machine of worker.h. */
#ifndef GUIYI_WORKER_WORKER_LOOP_H
#define GUIYI_WORKER_WORKER_LOOP_H

#include "worker/compute_pool.h"

struct worker_loop;

struct worker_loop_options {
  void *zmq_context;
  const char *coordinator_endpoint;
  uint64_t incarnation;
  uint32_t compute_threads;
  compute_function *compute; /* worker/pipeline.h has the one of the product */
  void *compute_context;
};

enum err worker_loop_start(struct worker_loop **out, const struct worker_loop_options *options,
                           struct failure *failure);
/* Waits until the coordinator stopped the worker or its ZeroMQ context was shut down. NULL inside
 * is allowed. Why the run ended is the coordinator's to say. */
void worker_loop_join(struct worker_loop **loop);

#endif
