#include "worker/stages/frequency.h"

#include <stdlib.h>

#include "common/byte_reader.h"
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
 * table: of entry_bytes a cell. found[i] is the row's number in the batch. */
static uint32_t find_cells(const struct plan *plan, const void *table, size_t entry_bytes,
                           uint32_t c, const uint8_t *rows, uint32_t count, uint32_t cell[BATCH],
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
    __builtin_prefetch((const char *)table + cell[found_count++] * entry_bytes, 1);
  }
  return found_count;
}

static void count_batch(struct frequency_tables *tables, const struct plan *plan, uint32_t c,
                        const uint8_t *rows, uint32_t count) {
  uint32_t cell[BATCH];
  uint8_t found[BATCH];
  if (!tables->cells[c]) tables->cells[c] = memory_map(FREQUENCY_CELLS * sizeof(uint32_t));
  uint32_t found_count =
      find_cells(plan, tables->cells[c], sizeof **tables->cells, c, rows, count, cell, found);
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
  for (int c = 0; c < JOB_COMPARISONS_MAX; c++) memory_unmap(tables->buckets[c], FREQUENCY_CELLS);
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
  const uint8_t *buckets = tables->buckets[c];
  uint32_t found_count =
      buckets
          ? find_cells(plan, buckets, sizeof *buckets, c, rows, count, cell, found)
          : find_cells(plan, tables->cells[c], sizeof **tables->cells, c, rows, count, cell, found);
  for (uint32_t i = 0; i < found_count; i++)
    set_nibble(
        (struct feature_row *)(rows + (size_t)found[i] * plan->row_bytes), c,
        buckets ? buckets[cell[i]] : bucket_of(tables->cells[c][cell[i]], tables->filled[c]));
}

void frequency_apply(const struct plan *plan, const struct frequency_tables *tables, uint8_t *rows,
                     uint32_t first, uint32_t count) {
  for (uint32_t done = 0; done < count; done += BATCH) {
    uint32_t batch = count - done < BATCH ? count - done : BATCH;
    uint8_t *start = rows + (size_t)(first + done) * plan->row_bytes;
    for (uint32_t c = 0; c < plan->comparison_count; c++)
      if (tables->filled[c] || tables->buckets[c]) apply_batch(plan, tables, c, start, batch);
  }
}

/* ---- between workers ---- */

static void append_varint(struct buffer *out, uint32_t value) {
  for (; value >= 0x80; value >>= 7) buffer_append_u8(out, (uint8_t)(value | 0x80));
  buffer_append_u8(out, (uint8_t)value);
}

static uint32_t take_varint(struct byte_reader *r) {
  uint32_t value = 0;
  for (unsigned shift = 0; shift < 32; shift += 7) {
    uint8_t byte = byte_reader_u8(r);
    value |= (uint32_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  r->ok = false;
  return 0;
}

enum { CELL_DIGIT = 10, CELL_DIGITS = 1 << CELL_DIGIT };
_Static_assert(FREQUENCY_CELLS == CELL_DIGITS * CELL_DIGITS, "cells are sorted in two passes");

static void sort_cells(uint32_t *cells, uint32_t *spare, uint32_t count) {
  for (unsigned shift = 0; shift <= CELL_DIGIT; shift += CELL_DIGIT) {
    uint32_t start[CELL_DIGITS + 1] = {0};
    for (uint32_t i = 0; i < count; i++) start[(cells[i] >> shift & (CELL_DIGITS - 1)) + 1]++;
    for (uint32_t d = 0; d < CELL_DIGITS; d++) start[d + 1] += start[d];
    for (uint32_t i = 0; i < count; i++)
      spare[start[cells[i] >> shift & (CELL_DIGITS - 1)]++] = cells[i];
    uint32_t *sorted = spare;
    spare = cells;
    cells = sorted;
  }
}

static void append_counts(const uint32_t *cells, uint32_t count, uint32_t c, struct buffer *out) {
  uint32_t distinct = 0, last = 0;
  for (uint32_t i = 0; i < count; i++) distinct += i == 0 || cells[i] != cells[i - 1];
  buffer_append_u32(out, c);
  buffer_append_u32(out, distinct);
  for (uint32_t i = 0, end; i < count; i = end) {
    for (end = i + 1; end < count && cells[end] == cells[i]; end++) {
    }
    append_varint(out, cells[i] - last);
    append_varint(out, end - i);
    last = cells[i];
  }
}

/* Wire form: u64 present rows; then for each comparison its u32 number, u32 cells that have any
 * value, and of each of those its distance to the one before and its count, as varints. */
void frequency_rows_encode(const struct plan *plan, const uint8_t *rows, uint32_t first,
                           uint32_t count, struct buffer *out) {
  uint32_t *cells = memory_new((2 * (size_t)count + BATCH) * sizeof *cells);
  uint32_t *spare = cells + count + BATCH;
  uint8_t numbers[BATCH];
  uint64_t present = 0;
  const uint8_t *start = rows + (size_t)first * plan->row_bytes;
  for (uint32_t i = 0; i < count; i++)
    present += (((const struct feature_row *)(start + (size_t)i * plan->row_bytes))->flags &
                ROW_PRESENT) != 0;
  buffer_append_u64(out, present);
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    uint32_t found = 0;
    for (uint32_t done = 0; done < count && needs_table(&plan->comparisons[c]); done += BATCH)
      found += find_cells(plan, cells, 0, c, start + (size_t)done * plan->row_bytes,
                          count - done < BATCH ? count - done : BATCH, cells + found, numbers);
    sort_cells(cells, spare, found);
    append_counts(cells, found, c, out);
  }
  free(cells);
}

enum err frequency_tables_add_encoded(struct frequency_tables *tables, struct bytes data) {
  struct byte_reader r = byte_reader_of(data);
  tables->rows += byte_reader_u64(&r);
  while (r.ok && r.left.size) {
    uint32_t c = byte_reader_u32(&r), distinct = byte_reader_u32(&r);
    if (c >= JOB_COMPARISONS_MAX || distinct > FREQUENCY_CELLS) return ERR_MALFORMED;
    if (distinct && !tables->cells[c])
      tables->cells[c] = memory_map(FREQUENCY_CELLS * sizeof(uint32_t));
    uint64_t cell = 0;
    for (uint32_t i = 0; i < distinct && r.ok; i++) {
      cell += take_varint(&r);
      uint32_t count = take_varint(&r);
      if (cell >= FREQUENCY_CELLS) return ERR_MALFORMED;
      tables->cells[c][cell] += count;
      tables->filled[c] += count;
    }
  }
  return r.ok ? ERR_OK : ERR_MALFORMED;
}

void frequency_buckets_encode(const struct frequency_tables *tables, struct buffer *out) {
  for (uint32_t c = 0; c < JOB_COMPARISONS_MAX; c++) {
    if (!tables->cells[c]) continue;
    buffer_append_u32(out, c);
    buffer_reserve(out, FREQUENCY_CELLS / 2);
    uint8_t *at = (uint8_t *)out->data + out->size;
    for (uint32_t i = 0; i < FREQUENCY_CELLS; i += 2) {
      unsigned low = bucket_of(tables->cells[c][i], tables->filled[c]);
      unsigned high = bucket_of(tables->cells[c][i + 1], tables->filled[c]);
      at[i / 2] = (uint8_t)(low | high << 4);
    }
    out->size += FREQUENCY_CELLS / 2;
  }
}

enum err frequency_buckets_decode(struct bytes data, struct frequency_tables *tables) {
  *tables = (struct frequency_tables){0};
  struct byte_reader r = byte_reader_of(data);
  while (r.ok && r.left.size) {
    uint32_t c = byte_reader_u32(&r);
    struct bytes nibbles = byte_reader_take(&r, FREQUENCY_CELLS / 2);
    if (!r.ok || c >= JOB_COMPARISONS_MAX || tables->buckets[c]) return ERR_MALFORMED;
    tables->buckets[c] = memory_map(FREQUENCY_CELLS);
    for (uint32_t i = 0; i < FREQUENCY_CELLS; i++) {
      unsigned bucket = (uint8_t)nibbles.data[i / 2] >> (i % 2 * 4) & 15;
      if (bucket >= PATTERN_BUCKETS) return ERR_MALFORMED;
      tables->buckets[c][i] = (uint8_t)bucket;
    }
  }
  return r.ok ? ERR_OK : ERR_MALFORMED;
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
