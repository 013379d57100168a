/* block — which records are compared at all: keys of a row, blocks of a partition of the key space.
 *
 * A block of an identifier (phone, id card …) is judged by who shares the value: incompatible
 * people are counted after households are recognised, not records, for a loyal customer has many. A
 * block over its cap is split by the rule's refine parts and what is still over it is compared in a
 * window over a deterministic order. Nothing is left out uncounted. */
#ifndef GUIYI_WORKER_STAGES_BLOCK_H
#define GUIYI_WORKER_STAGES_BLOCK_H

#include "common/training_counts.h"
#include "worker/plan.h"
#include "worker/run_state.h"

enum {
  BLOCK_PARTITION_SHIFT = 56, /* a key's partition is its top bits: key >> BLOCK_PARTITION_SHIFT */
  BLOCK_WINDOW = 16, /* neighbours that a record of a windowed block is compared with, each way */
  BLOCK_FAMILY_PEOPLE_MAX =
      8,                /* more people of one household than this share a value as others do */
  BLOCK_HUB_FACTOR = 3, /* hub_names times this many incompatible people make a hub */
};

/* The keys of one row, in rule order; returns how many. A row that is not present has none. Fills
 * the row's marks. */
unsigned block_emit(const struct plan *plan, struct feature_row *row, uint32_t row_number,
                    struct key_entry out[JOB_BLOCKING_RULES_MAX]);

/* Forms the blocks of one partition. Takes the entries (from memory_new; sorted and shrunk in
 * place). Writes only rule_class[] and marks' keys[] of rows under these keys, so partitions run in
 * parallel. out is overwritten: entries that stay belong to blocks of at least two records that are
 * compared; the key of a refined block is replaced by one of its own (rule and partition bits
 * stay). */
void block_partition_run(const struct plan *plan, uint8_t *rows, struct key_entry *take_entries,
                         uint64_t count, struct partition_blocks *out);
void partition_blocks_release(struct partition_blocks *blocks);
/* Adds agreeing_pairs. */
void block_training(const struct partition_blocks *blocks, struct training_counts *counts);

/* The key of the block that a row is compared in under a rule, after refinement; 0 = in none (no
 * key, or its value is a hub's). Valid after the block stage. */
uint64_t block_live_key(const struct plan *plan, unsigned rule, const struct feature_row *row);

#endif
