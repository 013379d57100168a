/* pattern_table — interns comparison patterns: (pattern, mask) to a small number, with a count
 * each. Open addressing; a zeroed struct is empty. One thread. */
#ifndef GUIYI_WORKER_STAGES_PATTERN_TABLE_H
#define GUIYI_WORKER_STAGES_PATTERN_TABLE_H

#include "worker/pattern.h"

struct pattern_table {
  struct pattern_count *items; /* owned, in order of first sight */
  uint32_t count, capacity;
  uint32_t *slots; /* owned: index + 1, 0 = free */
  uint32_t slot_mask;
};

/* The number of this kind of pair; counts it once. */
uint32_t pattern_table_add(struct pattern_table *table, uint64_t pattern, uint32_t mask);
/* Gives the items away and releases the rest. */
struct pattern_count *pattern_table_finish(struct pattern_table *table, uint32_t *count);

#endif
