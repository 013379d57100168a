/* run_state — what the stages of one run hand to each other inside a process: each stage writes its
 * own part once and the later ones only read it (worker/pipeline.c is the order).
 *
 * With embedded workers all of them share one run_state: a task's output is published to the others
 * by the TASK_DONE message that follows it, so there is no lock here; tasks of one stage write to
 * different elements. */
#ifndef GUIYI_WORKER_RUN_STATE_H
#define GUIYI_WORKER_RUN_STATE_H

#include "common/check.h"
#include "common/model.h"
#include "common/record.h"
#include "worker/pattern.h"
#include "worker/plan.h"
#include "worker/sources/source_file.h"

/* A row under a blocking key. The key's low 4 bits are the rule, its top 8 the partition. */
struct __attribute__((packed)) key_entry {
  uint64_t key;
  uint32_t row;
};

struct field_quality {
  uint64_t filled, valid, fixed, attribute,
      invalid; /* cells by value_state; filled = not missing */
};

struct reject_entry {
  uint64_t line;
  uint32_t file;
  uint16_t source;
  uint8_t quarantined; /* 0 = rejected */
  int16_t field;       /* -1 = the row as a whole */
  struct bytes reason; /* a code or the quality rule's id; constant or in the output's arena */
  struct bytes value_masked;
};

/* A linked row that a quality rule wants a person to look at. */
struct quality_review {
  uint32_t row;
  uint16_t rule; /* index in job.quality_rules */
};

/* What ingesting one split gave. Written by its one task; keys lie in its thread's memory, as do
 * the packed records. */
struct split_output {
  uint32_t source, file, split; /* indices; first_row is its first slot in run_state.rows */
  uint32_t first_row, row_slots;
  struct key_entry *keys; /* sorted by partition */
  uint32_t key_start[PLAN_PARTITIONS + 1];
  uint32_t accepted, rejected, quarantined;
  struct reject_entry *rejects;
  uint32_t reject_count;
  struct quality_review *quality_reviews; /* in input order */
  uint32_t quality_review_count;
  struct field_quality quality[JOB_FIELDS_MAX];
  uint64_t flags[32]; /* by field flag: how many cells carry it */
  uint32_t field_flags[JOB_FIELDS_MAX][FIELD_FLAG_COUNT]; /* the same by field */
  uint64_t *quality_hits; /* by quality rule of the job: rows that hit it; in the arena */
  struct arena arena;
};

struct candidate_pair {
  uint32_t a, b;    /* rows, record_key of a below b's (then a < b) */
  uint32_t pattern; /* index in the compare output's patterns */
};

/* A block that was cut or left out: for the report. */
struct block_note {
  uint64_t key;
  uint32_t records;
  uint8_t rule;
  uint8_t outcome; /* enum block_outcome */
  uint64_t pairs_skipped;
  uint32_t row;    /* its first in canonical order */
  uint32_t people; /* BLOCK_HUB: different ones that carry the value (stages/sharing.h) */
};
enum block_outcome { BLOCK_REFINED, BLOCK_WINDOWED, BLOCK_HUB };

/* One of PLAN_PARTITIONS: filled by its block task, then read by its compare task. */
struct partition_blocks {
  struct key_entry *entries; /* sorted by (key, record order) */
  uint64_t entry_count;
  struct block_note *notes; /* the largest, at most BLOCK_NOTES_MAX */
  uint32_t note_count;
  uint64_t blocks[JOB_BLOCKING_RULES_MAX], records[JOB_BLOCKING_RULES_MAX];
  uint32_t largest[JOB_BLOCKING_RULES_MAX];
  uint64_t refined, windowed, hubs, pairs_skipped;
  /* Sum over identifier blocks of f(f-1)/2, f = records with the value: u of identifiers. */
  uint64_t agreeing_pairs[JOB_BLOCKING_RULES_MAX];
};
enum { BLOCK_NOTES_MAX = 32 };

struct compare_output {
  struct candidate_pair *pairs;
  uint64_t pair_count;
  struct pattern_count
      *patterns; /* what pairs[].pattern names; canonical order not required here */
  uint32_t pattern_count;
  uint64_t compared[JOB_BLOCKING_RULES_MAX]; /* pairs emitted by each rule */
};

/* The entity of every row, and what a person should see. Written by the cluster stage. */
struct review_item {
  uint32_t a, b;
  int32_t weight;
  uint64_t pattern;
  uint32_t mask;
  uint8_t reason; /* enum review_reason */
};
enum review_reason {
  REVIEW_UNCERTAIN,
  REVIEW_CONSTRAINT,
  REVIEW_COHESION,
  REVIEW_SIZE,
  REVIEW_RULE,
  REVIEW_HOUSEHOLD,
  REVIEW_DECISION, /* a person keeps them apart: never listed */
  REVIEW_REASON_COUNT
};

/* Two customers who are not one but have to do with each other. */
enum relation_kind {
  RELATION_HOUSEHOLD, /* they live together */
  RELATION_EMPLOYER,  /* they work for the same firm */
  RELATION_KIND_COUNT
};
struct relation_item {
  uint32_t a, b;     /* rows that show it, record_key of a below b's */
  int32_t weight;    /* the model's; INT32_MIN = a person said so */
  int16_t rule;      /* index in plan.match_rules; -1 = recognised, or decided */
  uint8_t kind;      /* enum relation_kind */
  uint64_t decision; /* its number; 0 = nobody decided */
};

struct cluster_output {
  uint32_t *entity; /* by row: entity number; UINT32_MAX where the row is not present */
  uint32_t entity_count;
  uint32_t *members;      /* rows, grouped by entity, canonical order inside */
  uint32_t *member_start; /* entity_count + 1 */
  int32_t *link_weight;   /* by row: strongest accepted link inside its entity; INT32_MIN = alone */
  struct review_item *reviews; /* canonical order */
  uint64_t review_count;
  struct relation_item *relations; /* one of a kind for two entities; canonical order */
  uint64_t relation_count;
  uint64_t accepted_edges, constraint_cuts, cohesion_cuts, size_cuts, decision_cuts;
  uint32_t facts_applied, facts_gone; /* what people decided; gone: a record is not in the run */
  uint64_t *entity_key; /* by entity: smallest record_key of its members: its canonical name */
};

struct run_state {
  struct plan plan;
  struct source_file *files; /* all of the run */
  uint32_t *file_source;     /* by file: index in job.sources */
  uint32_t file_count;
  uint8_t *rows;        /* row_count feature rows of plan.row_bytes */
  uint32_t row_count;   /* slots: accepted, rejected and quarantined rows */
  const char **records; /* by row: the packed record (common/record.h); NULL = not linked */
  struct split_output *splits;
  uint32_t split_count;
  struct partition_blocks partitions[PLAN_PARTITIONS];
  struct compare_output compared[PLAN_PARTITIONS];
  struct compare_output random_pairs; /* for u; pairs is NULL */
  struct model model;
  struct cluster_output clusters;
  uint64_t *customer_ids; /* by entity */
  int32_t as_of_day;
};

static inline struct feature_row *run_state_row(const struct run_state *run, uint32_t row) {
  return (struct feature_row *)(run->rows + (size_t)row * run->plan.row_bytes);
}

/* The split that a slot belongs to: the last whose first row is not behind it. */
static inline uint32_t run_state_split_of(const struct run_state *run, uint32_t row) {
  check(row < run->row_count && run->split_count);
  uint32_t low = 0, high = run->split_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (run->splits[middle].first_row <= row)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* The packed record of a row that is present. */
static inline const char *run_state_record(const struct run_state *run, uint32_t row) {
  check(row < run->row_count && run->records[row]);
  return run->records[row];
}
/* A record will be read in a moment: asks memory for where it lies and its feature row, and, called
 * again later with place_is_near, for its first 256 bytes. */
static inline void run_state_record_soon(const struct run_state *run, uint32_t row,
                                         bool place_is_near) {
  if (!place_is_near) {
    __builtin_prefetch(&run->records[row]);
    const char *features = (const char *)run_state_row(run, row);
    for (uint32_t at = 0; at < run->plan.row_bytes; at += 64) __builtin_prefetch(features + at);
  } else if (run->records[row]) {
    for (unsigned line = 0; line < 4; line++) __builtin_prefetch(run->records[row] + line * 64);
  }
}

#endif
