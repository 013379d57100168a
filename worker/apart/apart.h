/* apart — what the stages of workers that do not share memory have in common; README.md tells how
 * they fit together. Private to worker/apart/. */
#ifndef GUIYI_WORKER_APART_APART_H
#define GUIYI_WORKER_APART_APART_H

#include <pthread.h>

#include "worker/apart/output_parts.h"
#include "worker/exchange/gather.h"
#include "worker/pipeline_parts.h"

/* Rows of a partition's keys that are not alone under one. */
struct apart_visiting {
  uint8_t *rows;    /* count rows, in order of their numbers */
  uint32_t *number; /* by row: its number in the run, ascending */
  uint32_t count;
  bool *joins;              /* by pattern, as SCORE decided: do its pairs join? */
  struct apart_edge *edges; /* local numbers, as SCORE found them */
  uint32_t edge_count;
};

struct apart {
  struct output_shelves shelves;
  struct exchange_source source;
  pthread_mutex_t lock; /* over what follows until it is there; then it is constant */
  bool has_layout, has_tally, has_model;
  struct apart_visiting visiting[PLAN_PARTITIONS];
  uint64_t *record_keys;   /* by row of the run, from SAMPLE on, where it ran */
  uint8_t *record_flags;   /* ROW_* */
  struct key_entry *order; /* from LINK on: linked rows by (record key, row) */
  uint32_t order_count;
};

/* One compute thread's. */
struct apart_thread {
  struct exchange_client *client;
  struct arena arena; /* of one task */
  struct task_places places;
  struct gather gather;
};

/* Begins a task: where its inputs are. */
enum err apart_begin(struct task_context *t, struct gather **gather);
/* The task's output is there for others. */
void apart_put(struct task_context *t, enum stage stage, struct task_output *take_output);
/* What every worker must have got before the stages that need it; fetched once. */
enum err apart_need_layout(struct task_context *t, struct gather *g);
enum err apart_need_tally(struct task_context *t, struct gather *g);
/* The model, from the input of the first task that brings it. */
enum err apart_need_model(struct task_context *t);
/* ERR_LOST: what the task was to add to is not here. */
enum err apart_lose_own(struct task_context *t, enum stage stage, uint32_t task);
/* The task's own split, which this worker ingested. */
enum err apart_home_split(struct task_context *t, const struct split_output **split);
enum err apart_malformed(struct failure *failure, enum stage stage, struct bytes piece);

/* Gives numbers 0, 1, … to rows of the run, in their order. items: row << 32 | whatever; sorted
 * here, and the row replaced by its new number. */
struct apart_numbering {
  uint32_t *number; /* by new number: the row; free() it */
  uint32_t count;
};
void apart_number_rows(uint64_t *items, uint64_t count, struct apart_numbering *out);
/* Feature rows of ascending numbers from where `stage` ran; memory_unmap them, also on an error. */
enum err apart_fetch_rows(struct task_context *t, struct gather *g, enum stage stage, uint32_t part,
                          const uint32_t *numbers, uint32_t count, uint8_t **rows);

stage_function apart_scan, apart_layout, apart_ingest, apart_tally, apart_frequency;
stage_function apart_block, apart_classify, apart_sample, apart_compare, apart_score, apart_route;
stage_function apart_link, apart_repair, apart_settle, apart_identify;
stage_function apart_merge, apart_export, apart_publish;

#endif
