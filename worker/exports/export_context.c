#include "worker/exports/export_context.h"

#include <math.h>
#include <stdlib.h>

#include "common/calendar.h"
#include "common/check.h"
#include "common/csv_write.h"
#include "common/memory.h"
#include "common/number_write.h"
#include "worker/field_mask.h"

enum { WEIGHT_SHIFT = 10, WEIGHT_DECIMALS = 3, PROBABILITY_DECIMALS = 6 };

/* ---- records that have the same content and no id ---- */

struct keyed_row {
  uint64_t key;
  uint32_t row;
};

static int compare_keyed_rows(const void *a, const void *b) {
  const struct keyed_row *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static int compare_repeats(const void *a, const void *b) {
  const struct export_repeat *x = a, *y = b;
  return (x->row > y->row) - (x->row < y->row);
}

static bool has_no_id(const struct feature_row *row) {
  return (row->flags & (ROW_PRESENT | ROW_HAS_ID)) == ROW_PRESENT;
}

/* A table of seen keys, one slot in two used, tells which keys come twice; only their rows are
 * sorted: in a file without ids most rows are different. */
static uint32_t rows_with_repeated_keys(const struct run_state *run, uint32_t count,
                                        struct keyed_row **out) {
  size_t size = 1024;
  while (size < 2 * (size_t)count) size *= 2;
  uint64_t *seen = memory_map(size * sizeof *seen);
  uint8_t *again = memory_map(size);
  uint32_t found = 0;
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1) *out = memory_new((found ? found : 1) * sizeof **out);
    uint32_t kept = 0;
    for (uint32_t r = 0; r < run->row_count; r++) {
      const struct feature_row *row = run_state_row(run, r);
      if (!has_no_id(row)) continue;
      uint64_t key = row->record_key ? row->record_key : 1; /* 0 = a free slot */
      size_t at = hash_mix(key) & (size - 1);
      while (seen[at] && seen[at] != key) at = (at + 1) & (size - 1);
      if (pass == 0 && !seen[at]) {
        seen[at] = key;
      } else if (pass == 0) {
        found += again[at] ? 1 : 2;
        again[at] = 1;
      } else if (again[at]) {
        (*out)[kept++] = (struct keyed_row){key, r};
      }
    }
  }
  memory_unmap(seen, size * sizeof *seen);
  memory_unmap(again, size);
  return found;
}

static void find_repeats(struct export_context *context) {
  const struct run_state *run = context->run;
  uint32_t without_id = 0;
  for (uint32_t r = 0; r < run->row_count; r++) without_id += has_no_id(run_state_row(run, r));
  if (without_id == 0) return;
  struct keyed_row *rows;
  uint32_t count = rows_with_repeated_keys(run, without_id, &rows);
  qsort(rows, count, sizeof *rows, compare_keyed_rows);
  context->repeats = arena_alloc(&context->arena, count * sizeof *context->repeats);
  uint32_t occurrence = 1;
  for (uint32_t i = 1; i < count; i++) {
    occurrence = rows[i].key == rows[i - 1].key ? occurrence + 1 : 1;
    if (occurrence == 1) continue;
    context->repeats[context->repeat_count++] = (struct export_repeat){rows[i].row, occurrence};
  }
  free(rows);
  qsort(context->repeats, context->repeat_count, sizeof *context->repeats, compare_repeats);
}

static uint32_t occurrence_of(const struct export_context *context, uint32_t row) {
  if (context->repeat_count == 0) return 1;
  struct export_repeat wanted = {.row = row};
  const struct export_repeat *found =
      bsearch(&wanted, context->repeats, context->repeat_count, sizeof wanted, compare_repeats);
  return found ? found->occurrence : 1;
}

/* ---- context ---- */

void export_context_init(struct export_context *context, const struct plan *plan,
                         const struct run_state *run, bool unmask) {
  *context = (struct export_context){.plan = plan, .run = run, .unmask = unmask};
  const struct job *job = plan->job;
  context->source_cells =
      arena_alloc(&context->arena, job->source_count * sizeof *context->source_cells);
  for (uint32_t s = 0; s < job->source_count; s++) {
    struct bytes id = job->sources[s].id;
    char *cell = arena_alloc(&context->arena, CSV_FIELD_BYTES_MAX(id.size));
    context->source_cells[s] = bytes_of(cell, (size_t)(csv_put_field(cell, id) - cell));
  }
  if (run) find_repeats(context);
}

void export_context_release(struct export_context *context) { arena_release(&context->arena); }

/* ---- parts of rows ---- */

struct bytes export_record_id(const struct export_context *context,
                              const struct record_view *record, char room[EXPORT_RECORD_ID_BYTES]) {
  if (!(record->header->flags & RECORD_HAS_NO_ID)) return record->id;
  char *at = number_put_hex128(room, record->header->key);
  uint32_t occurrence = occurrence_of(context, record->header->row);
  if (occurrence > 1) {
    *at++ = '-';
    at = number_put_u64(at, occurrence);
  }
  return bytes_of(room, (size_t)(at - room));
}

struct bytes export_value(const struct export_context *context, uint32_t field, struct bytes value,
                          struct arena *arena) {
  return context->unmask ? value : field_mask(context->plan, field, value, arena);
}

void export_append_value(struct bytes value, struct arena *arena, struct buffer *out) {
  if (value.size && memchr(value.data, RECORD_VALUE_SEPARATOR, value.size)) {
    char *text = arena_alloc(arena, value.size);
    for (size_t i = 0; i < value.size; i++)
      text[i] = value.data[i] == RECORD_VALUE_SEPARATOR ? ';' : value.data[i];
    value.data = text;
  }
  csv_append(out, value);
}

void export_append_time(const struct export_context *context, int64_t time_ms, struct buffer *out) {
  if (time_ms == INT64_MIN) {
    csv_append(out, BYTES_EMPTY);
    return;
  }
  int64_t local = time_ms + (int64_t)context->plan->job->timezone_minutes * 60000;
  int64_t seconds = local / 1000 - (local % 1000 < 0);
  int64_t day = seconds / CALENDAR_SECONDS_PER_DAY - (seconds % CALENDAR_SECONDS_PER_DAY < 0);
  uint64_t of_day = (uint64_t)(seconds - day * CALENDAR_SECONDS_PER_DAY);
  struct calendar_date date = calendar_date_of((int32_t)day);
  char text[32], *at = number_put_padded(text, (uint64_t)date.year, 4);
  *at++ = '-';
  at = number_put_padded(at, (uint64_t)date.month, 2);
  *at++ = '-';
  at = number_put_padded(at, (uint64_t)date.day, 2);
  if (of_day) {
    *at++ = ' ';
    at = number_put_padded(at, of_day / 3600, 2);
    *at++ = ':';
    at = number_put_padded(at, of_day / 60 % 60, 2);
    *at++ = ':';
    at = number_put_padded(at, of_day % 60, 2);
  }
  csv_append(out, bytes_of(text, (size_t)(at - text)));
}

char *export_put_weight(char *at, int32_t weight) {
  if (weight == INT32_MIN) return at;
  return number_put_binary(at, weight, WEIGHT_SHIFT, WEIGHT_DECIMALS);
}

char *export_put_probability(char *at, int32_t weight) {
  double odds = exp2((double)weight / WEIGHT_BIT);
  double share = weight > 64 * WEIGHT_BIT ? 1 : odds / (1 + odds);
  return number_put_decimal(at, llround(share * 1e6), PROBABILITY_DECIMALS);
}

char *export_put_pattern(char *at, uint64_t pattern, uint32_t comparison_count) {
  for (uint32_t c = 0; c < comparison_count; c++)
    *at++ = "0123456789abcdef"[pattern_level(pattern, c)];
  return at;
}

void export_row_view(const struct export_context *context, uint32_t row, struct record_view *view) {
  record_view_of(run_state_record(context->run, row), context->plan->job->field_count, view);
}
