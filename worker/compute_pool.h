/* compute_pool — threads that compute tasks, so that the loop that owns sockets never waits.
 *
 * A task is copied in and its outcome handed back as a pointer over an inproc socket: the loop
 * polls compute_pool_socket() beside its own sockets and takes outcomes from it. */
#ifndef GUIYI_WORKER_COMPUTE_POOL_H
#define GUIYI_WORKER_COMPUTE_POOL_H

#include "common/bytes.h"
#include "common/err.h"
#include "worker/worker.h"

struct compute_pool;

struct compute_outcome {
  struct worker_task task;
  uint64_t units;
  struct buffer result;
  bool failed;
  struct failure failure;
  struct worker_loss loss; /* when the failure is ERR_LOST */
};

/* What one call computes. */
struct compute_request {
  uint32_t stage, task;
  struct bytes input, places; /* borrowed for the call */
};

/* One thread's call for one task; thread is its number in the pool. Fills outcome's units, result
 * and failure; the return value says whether it failed. */
typedef enum err compute_function(void *context, uint32_t thread,
                                  const struct compute_request *request,
                                  struct compute_outcome *outcome);

enum err compute_pool_open(struct compute_pool **out, void *zmq_context, uint32_t threads,
                           compute_function *compute, void *context, struct failure *failure);
/* Does not block. */
void compute_pool_submit(struct compute_pool *pool, const struct worker_task *task,
                         struct bytes input, struct bytes places);
void *compute_pool_socket(struct compute_pool *pool);
/* NULL when none is waiting. The caller releases it with compute_outcome_free. */
struct compute_outcome *compute_pool_take(struct compute_pool *pool);
void compute_outcome_free(struct compute_outcome *outcome);
/* Waits for running tasks; queued ones are dropped. */
void compute_pool_close(struct compute_pool **pool);

#endif
