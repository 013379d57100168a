#include "cli/embedded_run.h"

#include <zmq.h>

#include "common/check.h"
#include "proto/task_result.h"
#include "worker/worker_loop.h"

static const char endpoint[] = "inproc://coordinator";

static enum err start_workers(void *zmq_context, struct pipeline_worker *workers,
                              struct worker_loop **loops, uint32_t count, struct failure *failure) {
  for (uint32_t w = 0; w < count; w++) {
    struct worker_loop_options options = {.zmq_context = zmq_context,
                                          .coordinator_endpoint = endpoint,
                                          .incarnation = w + 1,
                                          .compute_threads = 1,
                                          .compute = pipeline_compute,
                                          .compute_context = &workers[w]};
    enum err err = worker_loop_start(&loops[w], &options, failure);
    if (err) return err;
  }
  return ERR_OK;
}

enum err embedded_run(struct pipeline *pipeline, uint32_t file_count, uint32_t shard_count,
                      uint32_t worker_count, struct bytes facts, const struct model *model,
                      coordinator_observer *observe, void *context, struct embedded_result *result,
                      struct failure *failure) {
  check(worker_count >= 1 && worker_count <= EMBEDDED_WORKERS_MAX);
  struct coordinator_options options = {.file_count = file_count,
                                        .shard_count = shard_count,
                                        .range_count = REPAIR_RANGES,
                                        .spec = pipeline_model_spec(pipeline),
                                        .model = model,
                                        .partition_count = KEY_PARTITIONS,
                                        .epoch = 1,
                                        .job = 1,
                                        .shared_memory = true,
                                        .facts = facts};
  void *zmq_context = zmq_ctx_new();
  check(zmq_context);
  struct coordinator_loop loop;
  struct pipeline_worker workers[EMBEDDED_WORKERS_MAX];
  struct worker_loop *loops[EMBEDDED_WORKERS_MAX] = {0};
  for (uint32_t w = 0; w < worker_count; w++)
    workers[w] = (struct pipeline_worker){.pipeline = pipeline, .thread_base = w};
  enum err err =
      coordinator_loop_open(&loop, zmq_context, endpoint, NULL, &options, false, failure);
  if (err) goto out;
  err = start_workers(zmq_context, workers, loops, worker_count, failure);
  if (!err) err = coordinator_loop_run(&loop, observe, context, failure);
  /* A worker that greeted too late to be told STOP, or started in vain, ends with its sockets. */
  zmq_ctx_shutdown(zmq_context);
  for (uint32_t w = 0; w < worker_count; w++) (void)worker_loop_join(&loops[w], NULL);
  for (unsigned s = 0; s < STAGE_COUNT; s++) {
    result->stage_ms[s] = coordinator_stage_ms(loop.coordinator, s);
    result->stage_units[s] = coordinator_stage_units(loop.coordinator, s);
    result->stage_cpu_us[s] = pipeline_stage_cpu_us(pipeline, s);
  }
  result->training = *coordinator_training(loop.coordinator);
  coordinator_loop_close(&loop);
out:
  zmq_ctx_term(zmq_context);
  return err;
}
