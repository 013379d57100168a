/* pipeline_parts — what the files that make up the pipeline know of it beyond pipeline.h: its
 * state, and what a task is given. */
#ifndef GUIYI_WORKER_PIPELINE_PARTS_H
#define GUIYI_WORKER_PIPELINE_PARTS_H

#include "common/training_counts.h"
#include "worker/entity_links.h"
#include "worker/golden_plan.h"
#include "worker/model_spec.h"
#include "worker/pipeline.h"
#include "worker/run_exports.h"
#include "worker/stages/cluster.h"
#include "worker/stages/frequency.h"
#include "worker/stages/ingest.h"
#include "worker/store/generation.h"

struct apart;
struct apart_thread;

/* What one compute thread keeps between tasks. */
struct thread_work {
  struct ingest_work ingest;
  struct arena scratch;
  struct buffer text;
  uint64_t stage_cpu_us[STAGE_COUNT];
  struct apart_thread *apart; /* NULL when workers share memory */
};

struct pipeline {
  struct pipeline_options options;
  struct run_state run;
  struct model_spec spec;
  struct arena arena;
  struct ingest_binding *bindings; /* by file */
  struct quality_rules *rules;
  struct thread_work *threads;
  struct frequency_tables tables; /* the sum */
  struct pair_facts facts;        /* what people decided; from LINK on */
  struct cluster_work *cluster;
  struct golden_plan golden_plan;
  struct generation_writer *writer;
  struct generation_order order;
  struct entity_links links; /* reviews and relations by entity */
  struct run_exports *exports;
  struct hash128 *shard_digests;
  uint64_t generation;
  struct apart *apart; /* NULL when workers share memory */
};

struct task_context {
  struct pipeline *p;
  struct thread_work *thread;
  uint32_t task;
  struct bytes input, places;
  struct buffer *result;
  uint64_t *units;
  struct failure *failure;
  struct worker_loss *loss;
};

typedef enum err stage_function(struct task_context *t);

/* Steps that both ways of running share (pipeline.c). */
enum err pipeline_scan_file(struct pipeline *p, uint32_t file, struct source_file *out,
                            struct failure *failure);
/* After all files are described: numbers splits and rows, makes room for rows, binds columns. */
enum err pipeline_lay_out(struct pipeline *p, struct failure *failure);
enum err pipeline_return_counts(struct task_context *t, struct training_counts *take_counts);
/* The model from a task's input. */
enum err pipeline_take_model(struct task_context *t);
/* The run's day when the newest of the data is known. */
int32_t pipeline_as_of_day(const struct job *job, int32_t newest_day);

/* The stages where workers do not share memory (worker/apart/), by stage. */
extern stage_function *const apart_stages[STAGE_COUNT];
enum err apart_open(struct pipeline *p, struct failure *failure);
void apart_close(struct pipeline *p);

#endif
