/* embedded_run — a coordinator and workers as threads of this process over inproc sockets: the same
 * state machines and messages as a cluster. */
#ifndef GUIYI_CLI_EMBEDDED_RUN_H
#define GUIYI_CLI_EMBEDDED_RUN_H

#include "coordinator/coordinator_loop.h"
#include "worker/pipeline.h"

enum { EMBEDDED_WORKERS_MAX = 64 };

/* What a finished run leaves for its report. */
struct embedded_result {
  uint64_t stage_ms[STAGE_COUNT], stage_units[STAGE_COUNT], stage_cpu_us[STAGE_COUNT];
  struct training_report training;
};

/* Runs the pipeline to its end on this thread and worker_count others. facts: what people decided,
 * encoded (common/pair_fact.h). model: decides instead of one that is trained; NULL = train.
 * observe is called a few times a second. */
enum err embedded_run(struct pipeline *pipeline, uint32_t file_count, uint32_t shard_count,
                      uint32_t worker_count, struct bytes facts, const struct model *model,
                      coordinator_observer *observe, void *context, struct embedded_result *result,
                      struct failure *failure);

#endif
