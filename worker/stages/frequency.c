#include "worker/stages/frequency.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/memory.h"

static bool needs_table(const struct plan_comparison *comparison) {
  return comparison->identifier_rule < 0;
}

uint64_t frequency_value(const struct plan_comparison *comparison, const void *feature) {
  return comparison->type->frequency_key ? comparison->type->frequency_key(feature)
                                         : comparison->type->key_part(feature, 0);
}

/* Mixed once more: a type's hash may have few bits that differ at the top. */
static uint32_t cell_of(uint64_t hash) { return hash_mix(hash) >> 44; }
_Static_assert(FREQUENCY_CELLS == 1 << (64 - 44), "cell_of spans the table");

enum { BATCH = 32 };

/* The cells of a batch of rows under one comparison: all are asked for before the first is used.
 * found[i] is the row's number in the batch. */
static uint32_t find_cells(const struct plan *plan, const uint32_t *cells, uint32_t c,
                           const uint8_t *rows, uint32_t count, uint32_t cell[BATCH],
                           uint8_t found[BATCH]) {
  uint32_t found_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct feature_row *row =
        (const struct feature_row *)(rows + (size_t)i * plan->row_bytes);
    if (!(row->flags & ROW_PRESENT) || !(plan_marks(plan, row)->filled >> c & 1)) continue;
    uint64_t hash = frequency_value(&plan->comparisons[c], plan_feature(plan, row, c));
    if (hash == 0) continue;
    cell[found_count] = cell_of(hash);
    found[found_count] = (uint8_t)i;
    __builtin_prefetch(&cells[cell[found_count++]], 1);
  }
  return found_count;
}

static void count_batch(struct frequency_tables *tables, const struct plan *plan, uint32_t c,
                        const uint8_t *rows, uint32_t count) {
  uint32_t cell[BATCH];
  uint8_t found[BATCH];
  if (!tables->cells[c]) tables->cells[c] = memory_map(FREQUENCY_CELLS * sizeof(uint32_t));
  uint32_t found_count = find_cells(plan, tables->cells[c], c, rows, count, cell, found);
  for (uint32_t i = 0; i < found_count; i++) tables->cells[c][cell[i]]++;
  tables->filled[c] += found_count;
}

void frequency_count(struct frequency_tables *tables, const struct plan *plan, const uint8_t *rows,
                     uint32_t first, uint32_t count) {
  for (uint32_t done = 0; done < count; done += BATCH) {
    uint32_t batch = count - done < BATCH ? count - done : BATCH;
    const uint8_t *start = rows + (size_t)(first + done) * plan->row_bytes;
    for (uint32_t i = 0; i < batch; i++)
      tables->rows += (((const struct feature_row *)(start + (size_t)i * plan->row_bytes))->flags &
                       ROW_PRESENT) != 0;
    for (uint32_t c = 0; c < plan->comparison_count; c++)
      if (needs_table(&plan->comparisons[c])) count_batch(tables, plan, c, start, batch);
  }
}

void frequency_tables_add(struct frequency_tables *into, const struct frequency_tables *from) {
  into->rows += from->rows;
  for (int c = 0; c < JOB_COMPARISONS_MAX; c++) {
    into->filled[c] += from->filled[c];
    if (!from->filled[c]) continue;
    if (!into->cells[c]) into->cells[c] = memory_map(FREQUENCY_CELLS * sizeof(uint32_t));
    for (uint32_t i = 0; i < FREQUENCY_CELLS; i++) into->cells[c][i] += from->cells[c][i];
  }
}

void frequency_tables_release(struct frequency_tables *tables) {
  for (int c = 0; c < JOB_COMPARISONS_MAX; c++)
    memory_unmap(tables->cells[c], FREQUENCY_CELLS * sizeof(uint32_t));
  *tables = (struct frequency_tables){0};
}

/* How rare a value with so many of the filled rows is: share > 2^-3 is bucket 0, then each bucket
 * ends at a quarter of the one before. */
static unsigned bucket_of(uint64_t count, uint64_t filled) {
  unsigned bucket = 0;
  while (bucket + 1 < PATTERN_BUCKETS && count << (2 * bucket + 3) <= filled) bucket++;
  return bucket;
}

static void set_nibble(struct feature_row *row, uint32_t comparison, unsigned value) {
  unsigned shift = comparison % 2 * 4;
  uint8_t *byte = &row->frequency[comparison / 2];
  *byte = (uint8_t)((*byte & ~(15u << shift)) | value << shift);
}

static void apply_batch(const struct plan *plan, const struct frequency_tables *tables, uint32_t c,
                        uint8_t *rows, uint32_t count) {
  uint32_t cell[BATCH];
  uint8_t found[BATCH];
  uint32_t found_count = find_cells(plan, tables->cells[c], c, rows, count, cell, found);
  for (uint32_t i = 0; i < found_count; i++)
    set_nibble((struct feature_row *)(rows + (size_t)found[i] * plan->row_bytes), c,
               bucket_of(tables->cells[c][cell[i]], tables->filled[c]));
}

void frequency_apply(const struct plan *plan, const struct frequency_tables *tables, uint8_t *rows,
                     uint32_t first, uint32_t count) {
  for (uint32_t done = 0; done < count; done += BATCH) {
    uint32_t batch = count - done < BATCH ? count - done : BATCH;
    uint8_t *start = rows + (size_t)(first + done) * plan->row_bytes;
    for (uint32_t c = 0; c < plan->comparison_count; c++)
      if (tables->filled[c]) apply_batch(plan, tables, c, start, batch);
  }
}

/* Pairs that fall into one cell by chance of the hash: with n records spread over the cells that
 * rare values have, n²/2 over so many cells. Without this, u of rare values would grow with the
 * table's load. */
static uint64_t chance_pairs(uint64_t records, uint64_t cells) {
  return cells ? (uint64_t)((double)records * (double)records / (2.0 * (double)cells)) : 0;
}

void frequency_training(const struct plan *plan, const struct frequency_tables *tables,
                        struct training_counts *counts) {
  counts->record_count += tables->rows;
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    if (!tables->filled[c]) continue;
    struct frequency_sum sums[PATTERN_BUCKETS] = {{0, 0}};
    for (uint32_t i = 0; i < FREQUENCY_CELLS; i++) {
      uint64_t f = tables->cells[c][i];
      if (f == 0) continue;
      struct frequency_sum *sum = &sums[bucket_of(f, tables->filled[c])];
      sum->records += f;
      sum->pairs += f * (f - 1) / 2;
    }
    struct frequency_sum *rarest = &sums[PATTERN_BUCKETS - 1];
    uint64_t chance = chance_pairs(rarest->records, FREQUENCY_CELLS);
    rarest->pairs -= chance < rarest->pairs ? chance : rarest->pairs;
    for (int b = 0; b < PATTERN_BUCKETS; b++) {
      counts->frequency[c][b].records += sums[b].records;
      counts->frequency[c][b].pairs += sums[b].pairs;
    }
  }
}
