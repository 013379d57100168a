/* training_counts — everything the model is trained from: integers that add up over tasks and
 * workers in any order. Workers fill parts, the coordinator adds them
 * (coordinator/model_training.h).
 *
 * A zeroed struct is empty and ready to use. One thread at a time. */
#ifndef GUIYI_COMMON_TRAINING_COUNTS_H
#define GUIYI_COMMON_TRAINING_COUNTS_H

#include "common/bytes.h"
#include "common/err.h"
#include "common/job.h"
#include "common/pattern.h"

/* Of the values of one comparison that fall into one frequency bucket. */
struct frequency_sum {
  uint64_t records; /* that carry them: Σ f */
  uint64_t pairs;   /* of records that agree on one of them: Σ f(f-1)/2 */
};

struct pattern_counts {
  struct pattern_count
      *items; /* owned; distinct and in canonical order after pattern_counts_sort */
  uint64_t count, capacity;
};

struct training_counts {
  struct pattern_counts candidates; /* of candidate pairs */
  /* Of random pairs, with 0 as their mask; and of random pairs among those that agree in comparison
   * c, with bit c. */
  struct pattern_counts random;
  uint64_t record_count; /* records that take part in matching */
  /* By blocking rule, identifiers only: pairs of records that agree on a value, hubs included. */
  uint64_t agreeing_pairs[JOB_BLOCKING_RULES_MAX];
  struct frequency_sum frequency[JOB_COMPARISONS_MAX][PATTERN_BUCKETS];
};

void training_counts_add(struct training_counts *into, const struct training_counts *from);
void training_counts_release(struct training_counts *counts);

/* The portable form; what decode gives is released with training_counts_release. ERR_MALFORMED when
 * it is not one; nothing to release then. */
void training_counts_encode(const struct training_counts *counts, struct buffer *out);
enum err training_counts_decode(struct bytes data, struct training_counts *counts);

void pattern_counts_add(struct pattern_counts *into, const struct pattern_count *items,
                        uint64_t count);
/* Canonical order (mask, then pattern), equal ones added up. */
void pattern_counts_sort(struct pattern_counts *counts);
void pattern_counts_release(struct pattern_counts *counts);

#endif
