/* worker_loop — a worker on a thread of its own: its socket, its compute threads and the time
 * around the state machine of worker.h. */
#ifndef GUIYI_WORKER_WORKER_LOOP_H
#define GUIYI_WORKER_WORKER_LOOP_H

#include "proto/link.h"
#include "worker/compute_pool.h"

enum { WORKER_ENDPOINT_BYTES = 256 };

struct worker_loop;

struct worker_loop_options {
  void *zmq_context;
  const char *coordinator_endpoint; /* unless find_coordinator is set */
  /* Who leads now, where several coordinators may: false when it cannot be said. Called again and
   * again on a thread of its own; may block. */
  bool (*find_coordinator)(void *context, char endpoint[WORKER_ENDPOINT_BYTES]);
  void *find_context;
  const struct link_security *security; /* of the link to the coordinator; NULL = inproc */
  const char *endpoint; /* where others fetch from this worker; NULL when memory is shared */
  uint64_t incarnation;
  uint32_t compute_threads;
  compute_function *compute; /* worker/pipeline.h has the one of the product */
  void *compute_context;
  /* The job, when the coordinator sends one: on the loop's thread, before the first task. */
  enum err (*begin_job)(void *context, uint64_t job, struct bytes order, struct failure *failure);
  void *context; /* begin_job's */
};

enum err worker_loop_start(struct worker_loop **out, const struct worker_loop_options *options,
                           struct failure *failure);
/* Waits until the coordinator stopped the worker or its ZeroMQ context was shut down. NULL inside
 * is allowed. Why the run ended is the coordinator's to say; the error is why this worker left it,
 * ERR_OK when it was told to stop. failure may be NULL. */
enum err worker_loop_join(struct worker_loop **loop, struct failure *failure);

#endif
