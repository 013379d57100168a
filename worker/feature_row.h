/* feature_row — what is compared of a record: a fixed number of bytes, the same for all records of
 * a job. Rows lie in one array in input order, so a record is named by its number in the run.
 *
 * A header, then the features of the compared fields at offsets that worker/plan.h lays out. Rows
 * of input rows that were rejected or quarantined stay zero (ROW_PRESENT is not set). */
#ifndef GUIYI_WORKER_FEATURE_ROW_H
#define GUIYI_WORKER_FEATURE_ROW_H

#include <stdint.h>

#include "common/job.h"

enum {
  ROW_PRESENT = 1,
  ROW_HAS_ID = 2, /* record_key is of the source's own id: two rows with one key are one record */
};

/* What the block stage found out about the value behind a blocking rule's key (row.rule_class). */
enum {
  RULE_CLASS_EXCLUSIVE = 0, /* one person's, as far as can be seen */
  RULE_CLASS_FAMILY = 1,    /* a few people of one surname or household */
  RULE_CLASS_SHARED = 2,    /* several people */
  RULE_CLASS_HUB = 3,       /* many people: no evidence, and its block is not compared */
  RULE_CLASS_MASK = 3,
  /* Above those two bits: how deep the block was refined (0 = not), and whether what was left over
   * the cap was compared in a window only. A pair shares a rule when the keys agree and so do the
   * parts down to the deeper of both depths. */
  RULE_DEPTH_SHIFT = 2,
  RULE_DEPTH_MASK = 7 << RULE_DEPTH_SHIFT,
  RULE_WINDOWED = 1 << 5,
  /* The value was given out again: its owners follow each other after a long gap. */
  RULE_REISSUED = 1 << 6,
};

struct feature_row {
  uint64_t record_key; /* low half of the record's key: the canonical order of records */
  int32_t day;         /* of the record's time, days since 1970-01-01; INT32_MIN = unknown */
  uint16_t source;
  uint16_t flags;                             /* ROW_* */
  uint8_t rule_class[JOB_BLOCKING_RULES_MAX]; /* written by the block stage, one writer per byte */
  uint8_t
      frequency[JOB_COMPARISONS_MAX / 2]; /* a nibble per comparison: 0..7, how rare the value is,
                                             written after the counts of all rows are known */
  /* features follow, then struct row_marks */
};

/* What the block and compare stages ask of every row again and again, worked out once by
 * block_emit. At plan.marks_offset, behind the features. */
struct row_marks {
  uint32_t filled; /* bit c: comparison c's feature is not all zero */
  uint32_t keys[]; /* by blocking rule: stands for the key of the whole block that the row is in
                      (32 of its bits); 0 = in none. One writer per element, as rule_class */
};

_Static_assert(sizeof(struct feature_row) == 40, "features start aligned to 8");

static inline unsigned feature_row_frequency(const struct feature_row *row, unsigned comparison) {
  return row->frequency[comparison / 2] >> (comparison % 2 * 4) & 15;
}

#endif
