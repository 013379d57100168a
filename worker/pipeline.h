/* pipeline — the stages of a run on this process's data, as one ordered table: what each task of
 * proto/stages.def does. The embedded workers of a run share one pipeline; every stage's tasks
 * write to different places, and a stage begins only when the one before is done. */
#ifndef GUIYI_WORKER_PIPELINE_H
#define GUIYI_WORKER_PIPELINE_H

#include "proto/seal.h"
#include "proto/stage.h"
#include "worker/compute_pool.h"
#include "worker/run_state.h"

struct exchange_source;
struct generation_writer;
struct quality_counts;

enum {
  SPLIT_BYTES = 4 << 20,     /* of a file: a split's keys and features stay in the caches */
  REPAIR_RANGES = 16,        /* of workers that share memory */
  REPAIR_RANGES_APART = 256, /* of those that do not */
  RANDOM_SEED_DEFAULT = 1,
};

struct pipeline_input {
  const char *path;
  uint32_t source;                  /* index in job.sources */
  struct source_file *take_scanned; /* NULL, or what source_file_scan gave already: moved */
};

/* For workers that do not share memory (worker/apart/README.md); a zeroed one: they do. */
struct pipeline_apart {
  void *zmq_context;    /* for fetching from others */
  const char *endpoint; /* where others fetch from this worker; outlives the pipeline */
  uint64_t job;
  struct data_key key;
};

struct pipeline_options {
  struct job *job; /* outlives the pipeline */
  struct pipeline_input *inputs;
  uint32_t input_count;
  uint32_t threads_max; /* compute threads that will ever call */
  const char *data_dir; /* NULL: no generation is stored */
  const char *out_dir;  /* exists */
  bool write_lineage, write_pairs, write_duplicates, unmask;
  uint64_t decisions_length; /* of the log of decisions that the run's facts are from */
  struct pipeline_apart apart;
};

struct pipeline;

/* Resolves the job; takes the data folder's lock, so that two runs cannot meet. */
enum err pipeline_open(const struct pipeline_options *options, struct pipeline **out,
                       struct failure *failure);
/* A compute_function for each worker: context is made by pipeline_thread_base. */
struct pipeline_worker {
  struct pipeline *pipeline;
  uint32_t thread_base; /* its compute threads are thread_base + thread */
};
enum err pipeline_compute(void *pipeline_worker, uint32_t thread,
                          const struct compute_request *request, struct compute_outcome *outcome);
/* What others may fetch from this one; NULL when workers share memory. */
const struct exchange_source *pipeline_exchange(const struct pipeline *pipeline);
/* A run that was not published leaves no generation behind. */
void pipeline_close(struct pipeline **pipeline);

/* For the report, once the run is over. */
const struct run_state *pipeline_run_state(const struct pipeline *pipeline);
struct pipeline_totals {
  uint64_t rows, linked, quarantined, rejected, customers, generation;
  uint64_t flags[32];
  struct hash128 digest;
};
void pipeline_totals(const struct pipeline *pipeline, struct pipeline_totals *out);
/* What quality.json says. */
const struct quality_counts *pipeline_quality(const struct pipeline *pipeline);
/* Processor time of the stage's tasks here, all threads. */
uint64_t pipeline_stage_cpu_us(const struct pipeline *pipeline, enum stage stage);
const struct model_spec *pipeline_model_spec(const struct pipeline *pipeline);

#endif
