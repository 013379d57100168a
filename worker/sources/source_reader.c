#include "worker/sources/source_reader.h"

#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/sources/csv_row.h"
#include "worker/sources/json_rows.h"
#include "worker/sources/source_text.h"

struct source_reader {
  const struct source_file *file;
  const struct source_split *split;
  struct source_text text;
  struct json_rows *json; /* JSON Lines */
  struct arena arena;     /* cells that are not in the text as they are; of one batch */

  /* Where the next record of the chunk is. */
  uint32_t record, end; /* number of the record; of its first end */
  size_t start;
  uint64_t line;
  uint64_t row; /* in the file */

  uint32_t row_capacity, reject_capacity;
  struct bytes *cells;
  uint64_t *lines, *rows;
  uint32_t row_count, reject_count;
  struct source_reject *rejects;
};

const char *source_reject_sentence(const char *reason) {
  static const struct {
    const char *code, *sentence;
  } table[] = {
#define X(code, sentence) {#code, sentence},
      SOURCE_REJECT_TABLE(X)
#undef X
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (strcmp(table[i].code, reason) == 0) return table[i].sentence;
  return NULL;
}

static uint32_t smaller(uint32_t limit, uint64_t count) {
  return count < limit ? (uint32_t)count : limit;
}

static void reserve_batch(struct source_reader *r) {
  uint32_t width = r->file->column_count;
  r->row_capacity = smaller(SOURCE_BATCH_ROWS_MAX, SOURCE_BATCH_CELLS_MAX / width);
  r->row_capacity = smaller(r->row_capacity, r->split->row_count);
  r->reject_capacity = smaller(SOURCE_BATCH_REJECTS_MAX, r->split->row_count);
  r->cells = memory_new((size_t)r->row_capacity * width * sizeof *r->cells);
  r->lines = memory_new(r->row_capacity * sizeof *r->lines);
  r->rows = memory_new(r->row_capacity * sizeof *r->rows);
  r->rejects = memory_new(r->reject_capacity * sizeof *r->rejects);
}

enum err source_reader_open(const struct source_file *file, uint32_t split,
                            struct source_reader **out, struct failure *f) {
  check(split < file->split_count);
  struct source_reader *r = memory_new_zeroed(1, sizeof *r);
  r->file = file;
  r->split = &file->splits[split];
  r->row = r->split->first_row;
  reserve_batch(r);
  if (file->format == SOURCE_FORMAT_JSONL)
    r->json = json_rows_new(file->columns, file->column_count,
                            file->keys_are_given ? JSON_KEYS_IGNORE : JSON_KEYS_REPORT);
  enum err err = source_text_open(&r->text, file, split, f);
  if (err != ERR_OK) source_reader_close(&r);
  *out = r;
  return err;
}

void source_reader_close(struct source_reader **reader) {
  struct source_reader *r = *reader;
  if (!r) return;
  source_text_close(&r->text);
  json_rows_free(&r->json);
  arena_release(&r->arena);
  free(r->cells);
  free(r->lines);
  free(r->rows);
  free(r->rejects);
  free(r);
  *reader = NULL;
}

const struct source_reject *source_reader_rejects(struct source_reader *r, uint32_t *count) {
  *count = r->reject_count;
  return r->rejects;
}

static void reject(struct source_reader *r, const char *reason, uint32_t column) {
  r->rejects[r->reject_count++] = (struct source_reject){r->line, r->row++, reason, column};
}

static void accept(struct source_reader *r) {
  r->lines[r->row_count] = r->line;
  r->rows[r->row_count++] = r->row++;
}

/* Steps over blank lines to the next record, and says where that ends. */
static size_t enter_record(struct source_reader *r, size_t line_end) {
  const struct record_chunk *c = &r->text.chunk;
  size_t start = record_start(c->text, r->start);
  r->line += count_line_ends(c->text + r->start, start - r->start);
  r->start = start;
  return record_end(c->text, start, line_end);
}

static void leave_record(struct source_reader *r, size_t line_end) {
  const struct record_chunk *c = &r->text.chunk;
  r->line += 1;
  if (!c->lines_are_records) r->line += count_line_ends(c->text + r->start, line_end - r->start);
  r->start = line_end + 1;
  r->record++;
}

static struct bytes *next_cells(struct source_reader *r) {
  return r->cells + (size_t)r->row_count * r->file->column_count;
}

/* One record of CSV, with every check. */
static void read_csv_record(struct source_reader *r) {
  const struct record_chunk *c = &r->text.chunk;
  struct csv_ends ends = {.ends = c->index.ends + r->end,
                          .count = c->index.row_ends[r->record] - r->end};
  size_t line_end = ends.ends[ends.count - 1], end = enter_record(r, line_end);
  const char *problem = NULL;
  uint32_t column = SOURCE_REJECT_NO_COLUMN;
  if (!r->text.is_clean)
    problem = source_text_problem(&r->text, bytes_of(c->text + r->start, end - r->start));
  if (!problem)
    problem = csv_row_cells(c->text, r->start, end, &ends, r->file->quote, r->file->column_count,
                            &r->arena, next_cells(r), &column);
  if (problem)
    reject(r, problem, column);
  else
    accept(r);
  r->end += ends.count;
  leave_record(r, line_end);
}

/* How many of the next records have the right number of cells, nothing to be checked and nothing to
 * be taken off: one of several lines, with quotes, too long or not UTF-8 ends such a run. */
static uint32_t plain_run(const struct source_reader *r) {
  const struct record_chunk *c = &r->text.chunk;
  if (!r->text.is_clean || c->quote_seen || !c->lines_are_records ||
      c->used > SOURCE_FIELD_BYTES_MAX)
    return 0;
  uint32_t left = c->count - r->record, room = r->row_capacity - r->row_count;
  uint32_t limit = left < room ? left : room, width = r->file->column_count, run = 0;
  const uint32_t *row_ends = c->index.row_ends + r->record;
  while (run < limit && row_ends[run] - r->end == (run + 1) * width) run++;
  return run;
}

/* The cells of a whole run lie one behind the other: a cell starts one byte after the end before
 * it. */
static void read_plain_run(struct source_reader *r, uint32_t run) {
  const struct record_chunk *c = &r->text.chunk;
  uint32_t width = r->file->column_count, cell_count = run * width;
  const uint32_t *ends = c->index.ends + r->end;
  struct bytes *cells = next_cells(r);
  cells[0] = bytes_of(c->text + r->start, ends[0] - r->start);
  for (uint32_t i = 1; i < cell_count; i++)
    cells[i] = bytes_of(c->text + ends[i - 1] + 1, ends[i] - ends[i - 1] - 1);
  for (uint32_t row = 0; row < run; row++) {
    struct bytes *last = cells + (size_t)row * width + width - 1;
    last->size -= last->size && last->data[last->size - 1] == '\r';
    r->lines[r->row_count + row] = r->line + row;
    r->rows[r->row_count + row] = r->row + row;
  }
  r->row_count += run;
  r->record += run;
  r->end += cell_count;
  r->line += run;
  r->row += run;
  r->start = ends[cell_count - 1] + (size_t)1;
}

static enum err read_json_record(struct source_reader *r, struct failure *f) {
  const struct record_chunk *c = &r->text.chunk;
  size_t line_end = c->index.ends[r->record], end = enter_record(r, line_end);
  struct bytes line = bytes_of(c->text + r->start, end - r->start);
  const char *problem = NULL;
  uint32_t column = SOURCE_REJECT_NO_COLUMN;
  if (!r->text.is_clean) problem = source_text_problem(&r->text, line);
  if (!problem) problem = json_rows_parse(r->json, line, &r->arena, next_cells(r), &column);
  if (problem == JSON_UNKNOWN_KEY)
    return failure_set(
        f, ERR_INPUT,
        "%s, line %llu: a key was not there before; the file was changed while it was "
        "read: run again when nothing writes to it",
        r->file->path, (unsigned long long)r->line);
  if (problem)
    reject(r, problem, column);
  else
    accept(r);
  leave_record(r, line_end);
  return ERR_OK;
}

static enum err read_chunk(struct source_reader *r, struct failure *f) {
  const struct record_chunk *c = &r->text.chunk;
  if (c->kind != RECORDS_WHOLE) {
    reject(r, c->kind == RECORD_TOO_LONG ? "row_too_long" : "unclosed_quote",
           SOURCE_REJECT_NO_COLUMN);
    r->record++;
    return ERR_OK;
  }
  while (r->record < c->count && r->row_count < r->row_capacity &&
         r->reject_count < r->reject_capacity) {
    if (r->json) {
      enum err err = read_json_record(r, f);
      if (err != ERR_OK) return err;
      continue;
    }
    uint32_t run = plain_run(r);
    if (run)
      read_plain_run(r, run);
    else
      read_csv_record(r);
  }
  return ERR_OK;
}

static enum err check_end(struct source_reader *r, struct failure *f) {
  uint64_t found = r->row - r->split->first_row;
  enum err err = source_text_check_identity(&r->text, f);
  if (err != ERR_OK || found == r->split->row_count) return err;
  return failure_set(
      f, ERR_INPUT,
      "%s was changed while it was read: %llu rows were counted from line %llu on, and "
      "now there are %llu; run again when nothing writes to it",
      r->file->path, (unsigned long long)r->split->row_count,
      (unsigned long long)r->split->first_line, (unsigned long long)found);
}

enum err source_reader_next(struct source_reader *r, struct source_batch *batch,
                            struct failure *f) {
  r->row_count = r->reject_count = 0;
  arena_reset(&r->arena);
  enum err err = ERR_OK;
  if (r->record == r->text.chunk.count) {
    err = source_text_next(&r->text, f);
    r->record = r->end = 0;
    r->start = 0;
    r->line = r->text.chunk.line;
  }
  if (err == ERR_OK && r->text.chunk.count) err = read_chunk(r, f);
  if (err == ERR_OK && r->text.chunk.count == 0) err = check_end(r, f);
  *batch = (struct source_batch){r->row_count, r->file->column_count, r->cells, r->lines, r->rows};
  return err;
}
