/* toy_job — a job whose outputs are hashes of their inputs, behind the real table of stages: a
 * lost, doubled, stale or misplaced output shows in the digest at the end.
 *
 * Records are bits: split s has records 8s … 8s+7, some of which are rejected. CLASSIFY carries the
 * accepted ones on, MERGE takes those of its shard, PUBLISH puts the shards together. */
#ifndef GUIYI_TESTS_SIMULATION_TOY_JOB_H
#define GUIYI_TESTS_SIMULATION_TOY_JOB_H

#include "common/bytes.h"
#include "common/model.h"
#include "proto/stage.h"

enum { TOY_TASKS_MAX = 8, TOY_RECORDS_PER_SPLIT = 8 };

struct toy_job {
  uint64_t job;
  uint32_t files, splits, partitions, ranges, shards;
  struct model_spec spec;
  uint64_t accepted; /* records */
  uint64_t digest;   /* of PUBLISH, undisturbed */
};

struct toy_output {
  uint64_t digest;
  uint64_t records;
};

/* The output that another worker (or this one) holds; false: it could not be had. */
typedef bool toy_fetch(void *context, enum stage stage, uint32_t task, struct toy_output *out);

void toy_job_make(struct toy_job *job, uint64_t number, uint64_t seed);
uint32_t toy_task_count(const struct toy_job *job, enum stage stage);
/* false: fetch said no. */
bool toy_compute(const struct toy_job *job, enum stage stage, uint32_t task, struct bytes input,
                 toy_fetch *fetch, void *context, struct toy_output *out);
/* What TASK_DONE returns to the coordinator; appended. */
void toy_result(const struct toy_job *job, enum stage stage, uint32_t task,
                const struct toy_output *output, struct buffer *out);

#endif
