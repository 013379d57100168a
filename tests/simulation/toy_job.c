#include "tests/simulation/toy_job.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/hash.h"
#include "common/training_counts.h"
#include "coordinator/model_training.h"
#include "proto/task_result.h"

uint32_t toy_task_count(const struct toy_job *job, enum stage stage) {
  switch (stage_tasks_of(stage)) {
    case STAGE_TASKS_FILE:
      return job->files;
    case STAGE_TASKS_SPLIT:
      return job->splits;
    case STAGE_TASKS_PARTITION:
      return job->partitions;
    case STAGE_TASKS_RANGE:
      return job->ranges;
    case STAGE_TASKS_SHARD:
      return job->shards;
    case STAGE_TASKS_ONE:
      return 1;
    case STAGE_TASKS_COORDINATOR:
      return 0;
  }
  return 0;
}

static uint64_t accepted_of_split(const struct toy_job *job, uint32_t split) {
  uint64_t records = 0;
  for (uint32_t r = split * TOY_RECORDS_PER_SPLIT; r < (split + 1) * TOY_RECORDS_PER_SPLIT; r++)
    if (hash_join(job->job, r) % 8) records |= 1ull << r;
  return records;
}

static uint64_t records_of_shard(const struct toy_job *job, uint32_t shard) {
  uint64_t records = 0;
  for (uint32_t r = 0; r < 64; r++)
    if (hash_join(job->job + 77, r) % job->shards == shard) records |= 1ull << r;
  return records;
}

static uint64_t records_left(const struct toy_job *job, enum stage stage, uint32_t task,
                             uint64_t fetched) {
  if (stage == STAGE_INGEST || stage == STAGE_CLASSIFY) return accepted_of_split(job, task);
  if (stage == STAGE_MERGE) return fetched & records_of_shard(job, task);
  return stage == STAGE_PUBLISH ? fetched : 0;
}

static bool add_input(uint64_t *digest, uint64_t *records, toy_fetch *fetch, void *context,
                      enum stage stage, uint32_t task) {
  struct toy_output input;
  if (!fetch(context, stage, task, &input)) return false;
  *digest = hash_join(*digest, input.digest);
  if (*records & input.records) *digest = hash_join(*digest, 0xd0b1ed); /* a record twice */
  *records |= input.records;
  return true;
}

bool toy_compute(const struct toy_job *job, enum stage stage, uint32_t task, struct bytes input,
                 toy_fetch *fetch, void *context, struct toy_output *out) {
  uint64_t digest = hash_join(job->job, hash_join(stage, task)), records = 0, ignored = 0;
  digest = hash_join(digest, hash_bytes(input));
  enum stage anchor = stage_at(stage);
  for (enum stage s = 0; anchor != STAGE_ANY && s < stage; s++)
    if ((s == anchor || stage_at(s) == anchor) &&
        !add_input(&digest, &ignored, fetch, context, s, task))
      return false;
  for (enum stage s = 0; s < stage; s++)
    for (uint32_t t = 0; stage_needs(stage) >> s & 1 && t < toy_task_count(job, s); t++)
      if (!add_input(&digest, s == STAGE_CLASSIFY || s == STAGE_MERGE ? &records : &ignored, fetch,
                     context, s, t))
        return false;
  *out = (struct toy_output){digest, records_left(job, stage, task, records)};
  return true;
}

static void toy_counts(const struct toy_job *job, enum stage stage, uint32_t task,
                       struct training_counts *counts) {
  struct pattern_count item = {0};
  uint64_t h = hash_join(job->job, hash_join(stage, task));
  switch (stage) {
    case STAGE_TALLY:
      counts->record_count = 1000;
      break;
    case STAGE_BLOCK:
      counts->agreeing_pairs[0] = 1 + h % 50;
      break;
    default:
      for (unsigned i = 0; i < 3; i++, h = hash_mix(h)) {
        item.pattern = 1 + h % 8;
        item.mask = stage == STAGE_COMPARE;
        item.count = 1 + (h >> 32) % 1000;
        pattern_counts_add(stage == STAGE_COMPARE ? &counts->candidates : &counts->random, &item,
                           1);
      }
  }
}

static bool has_counts(enum stage stage) {
  return stage == STAGE_TALLY || stage == STAGE_BLOCK || stage == STAGE_SAMPLE ||
         stage == STAGE_COMPARE;
}

void toy_result(const struct toy_job *job, enum stage stage, uint32_t task,
                const struct toy_output *output, struct buffer *out) {
  if (stage == STAGE_LAYOUT) {
    struct layout_result layout = {job->splits, job->splits * TOY_RECORDS_PER_SPLIT};
    buffer_append(out, &layout, sizeof layout);
  } else if (has_counts(stage)) {
    struct training_counts counts = {0};
    toy_counts(job, stage, task, &counts);
    training_counts_encode(&counts, out);
    training_counts_release(&counts);
  } else if (stage == STAGE_PUBLISH) {
    buffer_append(out, output, sizeof *output);
  }
}

/* The undisturbed run: every output computed once, in order. */
struct undisturbed {
  struct toy_output outputs[STAGE_COUNT][TOY_TASKS_MAX];
};

static bool fetch_undisturbed(void *context, enum stage stage, uint32_t task,
                              struct toy_output *out) {
  *out = ((struct undisturbed *)context)->outputs[stage][task];
  return true;
}

static struct bytes input_of(enum stage stage, const struct model *model) {
  bool has_model = stage == STAGE_SCORE || stage == STAGE_LINK || stage == STAGE_REPAIR ||
                   stage == STAGE_PUBLISH;
  return has_model ? bytes_of((const char *)model, sizeof *model) : BYTES_EMPTY;
}

void toy_job_make(struct toy_job *job, uint64_t number, uint64_t seed) {
  *job = (struct toy_job){.job = number};
  job->files = 1 + (uint32_t)(hash_join(seed, 1) % 3);
  job->splits = 1 + (uint32_t)(hash_join(seed, 2) % 5);
  job->partitions = 1 + (uint32_t)(hash_join(seed, 3) % 5);
  job->ranges = 1 + (uint32_t)(hash_join(seed, 4) % 3);
  job->shards = 1 + (uint32_t)(hash_join(seed, 5) % 5);
  job->spec = (struct model_spec){.comparison_count = 1, .rule_count = 1, .name_comparison = -1};
  struct model_comparison *c = &job->spec.comparisons[0];
  c->identifier_rule = -1;
  c->m[1] = 0.1, c->m[8] = 0.9, c->u[1] = 0.99, c->u[8] = 0.01;
  struct undisturbed all;
  struct model model = {0};
  struct training_counts training = {0};
  for (enum stage s = 0; s < STAGE_COUNT; s++) {
    if (s == STAGE_TRAIN) {
      struct training_report report;
      model_train(&job->spec, &training, &model, &report);
    }
    for (uint32_t t = 0; t < toy_task_count(job, s); t++) {
      check(
          toy_compute(job, s, t, input_of(s, &model), fetch_undisturbed, &all, &all.outputs[s][t]));
      if (!has_counts(s)) continue;
      struct training_counts counts = {0};
      toy_counts(job, s, t, &counts);
      training_counts_add(&training, &counts);
      training_counts_release(&counts);
    }
  }
  training_counts_release(&training);
  for (uint32_t s = 0; s < job->splits; s++) job->accepted |= accepted_of_split(job, s);
  check(all.outputs[STAGE_PUBLISH][0].records == job->accepted);
  job->digest = all.outputs[STAGE_PUBLISH][0].digest;
}
