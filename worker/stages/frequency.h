/* frequency — how common each value is: counts by hash of the value, so that agreeing on a rare
 * name weighs more than agreeing on a common one.
 *
 * A table of FREQUENCY_CELLS counts per comparison that needs one. Values that fall into one cell
 * are counted together: with 2^20 cells that blurs only what is rarer than the rarest bucket.
 * Tables of several workers add up, in any order. Identifiers with a blocking rule of their own
 * need no table: the block stage knows who shares them. */
#ifndef GUIYI_WORKER_STAGES_FREQUENCY_H
#define GUIYI_WORKER_STAGES_FREQUENCY_H

#include "common/err.h"
#include "common/training_counts.h"
#include "worker/plan.h"

enum { FREQUENCY_CELLS = 1 << 20 };

struct frequency_tables {
  uint32_t *cells[JOB_COMPARISONS_MAX];  /* owned; NULL until rows were counted (or where none is
                                            needed) */
  uint64_t filled[JOB_COMPARISONS_MAX];  /* rows with a value: what shares are of */
  uint64_t rows;                         /* rows that are present */
  uint8_t *buckets[JOB_COMPARISONS_MAX]; /* owned; instead of cells where only they are known: how
                                            rare the values of a cell are, 0..7 */
};

/* What is counted of a value: equal for values that agree, 0 for none. */
uint64_t frequency_value(const struct plan_comparison *comparison, const void *feature);

/* Adds rows first … first+count-1; rows that are not present are ignored. Marks must be filled
 * (block_emit). tables starts zeroed. Not for two threads. */
void frequency_count(struct frequency_tables *tables, const struct plan *plan, const uint8_t *rows,
                     uint32_t first, uint32_t count);
void frequency_tables_add(struct frequency_tables *into, const struct frequency_tables *from);
void frequency_tables_release(struct frequency_tables *tables);

/* Writes the nibbles of rows first … first+count-1. Threads may share tables and take different
 * rows. */
void frequency_apply(const struct plan *plan, const struct frequency_tables *tables, uint8_t *rows,
                     uint32_t first, uint32_t count);
/* The counts of rows first … first+count-1 for another worker, which adds them to its tables.
 * Appends. ERR_MALFORMED when they are not such counts; tables then hold a part of them. */
void frequency_rows_encode(const struct plan *plan, const uint8_t *rows, uint32_t first,
                           uint32_t count, struct buffer *out);
enum err frequency_tables_add_encoded(struct frequency_tables *tables, struct bytes data);
/* How rare each cell's values are, for workers that only apply them: a nibble a cell. Appends; the
 * decoder overwrites tables. */
void frequency_buckets_encode(const struct frequency_tables *tables, struct buffer *out);
enum err frequency_buckets_decode(struct bytes data, struct frequency_tables *tables);

/* What training needs of the tables, added to counts (with record_count). Call it once, on the sum.
 */
void frequency_training(const struct plan *plan, const struct frequency_tables *tables,
                        struct training_counts *counts);

#endif
