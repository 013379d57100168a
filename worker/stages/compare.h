/* compare — candidate pairs of a partition's blocks to comparison patterns, each pair once.
 *
 * A pair that shares several blocks is emitted by the first rule, in order, whose block emits it:
 * every row's marks tell which whole blocks it is in, so no partition asks another. What a
 * window emits is emitted there only if no whole block does; two windows may emit the same pair
 * twice (the cluster stage drops the second), and such pairs carry no rule in their mask, so no
 * rule trains on a part of its pairs. */
#ifndef GUIYI_WORKER_STAGES_COMPARE_H
#define GUIYI_WORKER_STAGES_COMPARE_H

#include "common/training_counts.h"
#include "worker/plan.h"
#include "worker/run_state.h"

enum { RANDOM_PAIRS_DEFAULT = 1 << 20 };

void compare_partition_run(const struct plan *plan, const uint8_t *rows,
                           const struct partition_blocks *blocks, struct compare_output *out);
/* About pairs_target pairs of records drawn by hash(record_key, seed); all pairs where there are no
 * more. And of each comparison without an identifier's rule, c, pairs of the same records that
 * agree in it, with bit c as their mask. population: slots of the run; rows holds at least the rows
 * of those that are drawn (random_pairs_draw). out->pairs is NULL, only patterns are counted. */
void random_pairs_run(const struct plan *plan, const uint8_t *rows, uint32_t row_count,
                      uint32_t population, uint64_t seed, uint64_t pairs_target,
                      struct compare_output *out);
/* Is the record of this key among those that are drawn? */
bool random_pairs_draw(uint64_t record_key, uint32_t population, uint64_t seed,
                       uint64_t pairs_target);
void compare_output_release(struct compare_output *out);
/* Add the patterns to counts.candidates or counts.random. */
void compare_training(const struct compare_output *out, struct training_counts *counts);
void random_pairs_training(const struct compare_output *out, struct training_counts *counts);

/* The pattern of one pair, whether or not any block holds it. The rows have been through the block
 * and frequency stages. */
uint64_t compare_pattern(const struct plan *plan, const struct feature_row *a,
                         const struct feature_row *b);
/* The same, and the mask of rules that both share. The rows have been through the
 * block and frequency stages. */
uint64_t compare_pair(const struct plan *plan, const struct feature_row *a,
                      const struct feature_row *b, uint32_t *mask);

#endif
