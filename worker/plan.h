/* plan — a job resolved for the stages: which fields are compared and where their features lie in
 * the row, which blocking rules there are, which nibbles a match rule accepts. Derived from the job
 * alone; constant and shared by all threads. */
#ifndef GUIYI_WORKER_PLAN_H
#define GUIYI_WORKER_PLAN_H

#include "common/job.h"
#include "worker/feature_row.h"
#include "worker/fields/field_type.h"

enum { PLAN_SLOTS = 16384, PLAN_PARTITIONS = 256 };

struct plan_comparison {
  const struct field_type *type;
  uint16_t field;         /* index in job.fields */
  uint16_t offset;        /* of the feature in the row, bytes */
  int8_t identifier_rule; /* blocking rule made of exactly this field's exact part; -1 = none. Its
                             class tells exact agreement apart */
};

struct plan_key_part {
  uint8_t comparison;
  uint8_t part;
};

struct plan_blocking_rule {
  struct bytes name;
  struct plan_key_part parts[JOB_KEY_PARTS_MAX];
  struct plan_key_part refine[JOB_KEY_PARTS_MAX];
  uint8_t part_count, refine_count;
  bool is_identifier;  /* one identifier's exact part: sharing is analysed, and its block may be as
                          large as one customer's records get */
  bool for_match_rule; /* made because a match rule's pairs had none */
  uint32_t cap;
  uint16_t
      comparisons; /* bit set: comparisons whose fields the rule uses; held out when it trains */
};

struct plan_match_rule {
  struct bytes id;
  uint16_t accepted[JOB_COMPARISONS_MAX]; /* bit n: nibble n is accepted; 0xFFFF where not named */
  enum match_action action;
  bool has_block; /* some blocking rule brings together every pair that it decides about (of one
                     that separates: nothing is to be brought together) */
};

struct plan {
  const struct job *job;
  const struct field_type *types[JOB_FIELDS_MAX]; /* by field */
  bool is_personal[JOB_FIELDS_MAX];           /* by field: masked unless the job says otherwise */
  int8_t comparison_of_field[JOB_FIELDS_MAX]; /* -1 = not compared */
  struct plan_comparison comparisons[JOB_COMPARISONS_MAX];
  uint32_t comparison_count;
  struct plan_blocking_rule blocking[JOB_BLOCKING_RULES_MAX];
  uint32_t blocking_count;
  struct plan_match_rule *match_rules; /* in the job's arena */
  uint32_t match_rule_count;
  uint32_t marks_offset; /* of struct row_marks in a row: the end of the features */
  uint32_t row_bytes;    /* of a feature row with its marks, a multiple of 8 */
  uint16_t
      left_out[JOB_FIELDS_MAX]; /* fields that would be compared, were there not more useful ones */
  uint32_t left_out_count;
  bool has_name_parts; /* given and family name are fields of their own, one each: */
  uint8_t given_comparison, family_comparison;
  int name_comparison; /* the person's (or company's) name: what sharing is judged by; -1 */
};

/* The nibbles that a level's name stands for ("same pinyin", "missing", "exact", an identifier's
 * "exclusive" …); 0 = the type has no such level. */
uint16_t plan_level_nibbles(const struct field_type *type, struct bytes name);

/* ERR_CONFIG with file, line and the nearest valid name when the job names a part or level that the
 * type does not have, or a field that is not compared. Level names are those of the type,
 * "missing", "differ", "exact", for identifiers also "exclusive", "family", "shared", "hub",
 * for those that are given out again "recycled"; "at least same pinyin" accepts that level and all
 * above. Of more than JOB_COMPARISONS_MAX fields the least useful are left out, never one that a
 * rule names. Uses the job's arena. */
enum err plan_make(struct job *job, struct plan *plan, struct failure *failure);

static inline const void *plan_feature(const struct plan *plan, const struct feature_row *row,
                                       unsigned comparison) {
  return (const uint8_t *)row + plan->comparisons[comparison].offset;
}

static inline struct row_marks *plan_marks(const struct plan *plan, const struct feature_row *row) {
  return (struct row_marks *)((uint8_t *)row + plan->marks_offset);
}
/* Lays out the marks, once comparisons and blocking rules are known. */
void plan_lay_out_marks(struct plan *plan);

/* The key of a row under a rule: 0 = it has none (a part is missing). The low 4 bits are the rule's
 * number; the slot is key >> 50. */
uint64_t plan_key(const struct plan *plan, unsigned rule, const struct feature_row *row);
/* A refinement part of the rule, 0 = missing. */
uint64_t plan_refine_part(const struct plan *plan, unsigned rule, unsigned depth,
                          const struct feature_row *row);

#endif
