#include "worker/sources/scan_columns.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "worker/sources/column_names.h"
#include "worker/sources/csv_row.h"
#include "worker/sources/gb18030.h"
#include "worker/sources/json_rows.h"
#include "worker/sources/source_reader.h"
#include "worker/sources/source_text.h"
#include "worker/sources/source_warning.h"

enum { SAMPLE_CELLS_MAX = 1 << 20 };

/* Records of one file as rows, outside the reader: the header and the sample. */
struct row_parser {
  const struct source_file *file;
  struct arena *arena; /* holds text and cells */
  bool must_decode;
  struct buffer decoded;
  struct csv_ends ends;
};

static struct row_parser parser_of(const struct source_file *file, struct arena *arena,
                                   bool is_decoded) {
  return (struct row_parser){
      .file = file,
      .arena = arena,
      .must_decode = file->encoding == SOURCE_ENCODING_GB18030 && !is_decoded,
  };
}

static void row_parser_release(struct row_parser *p) {
  buffer_release(&p->decoded);
  csv_ends_release(&p->ends);
}

/* The record as UTF-8 in the arena, with a line end behind it. *problem is a reject's code, or
 * NULL. */
static enum err decode_record(struct row_parser *p, struct bytes record, struct bytes *out,
                              const char **problem, struct failure *f) {
  buffer_clear(&p->decoded);
  if (!p->must_decode)
    buffer_append_bytes(&p->decoded, record);
  else if (!gb18030_to_utf8(record, &p->decoded))
    return failure_set(f, ERR_IO, "%s is GB18030, and the system has no converter for it",
                       p->file->path);
  buffer_append_char(&p->decoded, '\n');
  *out = arena_copy(p->arena, buffer_bytes(&p->decoded));
  out->size--;
  *problem =
      text_facts_problem(source_kernels()->text_check(out->data, out->size), p->file->encoding);
  return ERR_OK;
}

/* Cells of one record of CSV; their number is left in p->ends.count. */
static const char *all_cells(struct row_parser *p, struct bytes text, struct bytes **cells) {
  csv_find_ends(&p->ends, text, p->file->delimiter, p->file->quote);
  *cells = arena_alloc(p->arena, p->ends.count * sizeof **cells);
  uint32_t column;
  return csv_row_cells(text.data, 0, text.size, &p->ends, p->file->quote, p->ends.count, p->arena,
                       *cells, &column);
}

static enum err name_by_header(struct source_file *file, struct bytes first_record, bool is_decoded,
                               struct failure *f) {
  struct arena arena = {0};
  struct row_parser parser = parser_of(file, &arena, is_decoded);
  struct bytes text, *cells = NULL;
  const char *problem;
  enum err err = decode_record(&parser, first_record, &text, &problem, f);
  if (err == ERR_OK && !problem) problem = all_cells(&parser, text, &cells);
  if (err == ERR_OK && problem)
    err = failure_set(f, ERR_INPUT, "%s: the header cannot be used: %s", file->path,
                      source_reject_sentence(problem));
  if (err == ERR_OK) err = column_names_set(file, cells, parser.ends.count, f);
  row_parser_release(&parser);
  arena_release(&arena);
  return err;
}

static int compare_counts(const void *a, const void *b) {
  uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
  return (left > right) - (left < right);
}

/* The number of cells that most rows have; the larger of two that are equally common. The first
 * row's where none could be sampled. */
static uint32_t common_cell_count(const struct source_file *file, struct bytes first_record,
                                  const struct row_sample *sample) {
  uint32_t *counts = memory_new((sample->row_count + 1) * sizeof *counts);
  struct csv_ends ends = {0};
  csv_find_ends(&ends, first_record, file->delimiter, file->quote);
  uint32_t best = ends.count, best_times = 0;
  for (uint32_t i = 0; i < sample->row_count; i++) {
    struct bytes record = bytes_of(sample->text.data + sample->rows[i].at, sample->rows[i].size);
    csv_find_ends(&ends, record, file->delimiter, file->quote);
    counts[i] = ends.count;
  }
  csv_ends_release(&ends);
  qsort(counts, sample->row_count, sizeof *counts, compare_counts);
  for (uint32_t first = 0, next; first < sample->row_count; first = next) {
    for (next = first + 1; next < sample->row_count && counts[next] == counts[first]; next++) {
    }
    if (next - first >= best_times) best = counts[first], best_times = next - first;
  }
  free(counts);
  return best;
}

enum err scan_columns_csv(struct source_file *file, const struct source_file_options *options,
                          struct bytes first_record, const struct row_sample *sample,
                          bool is_decoded, struct failure *f) {
  uint32_t warning_count = file->warning_count;
  enum err err =
      file->has_header
          ? name_by_header(file, first_record, is_decoded, f)
          : column_names_set(file, NULL, common_cell_count(file, first_record, sample), f);
  if (err != ERR_OK || options->column_count == 0) return err;
  if (options->column_count != file->column_count)
    return failure_set(f, ERR_INPUT, "%s has %u columns, but %u names are given for them",
                       file->path, file->column_count, options->column_count);
  file->warning_count = warning_count; /* without those about names that are not used */
  return column_names_set(file, options->columns, options->column_count, f);
}

static int compare_bytes(const void *a, const void *b) {
  return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void copy_columns(struct source_file *file, const struct bytes *names, uint32_t count) {
  file->column_count = count;
  file->columns = arena_alloc(&file->arena, (count ? count : 1) * sizeof *file->columns);
  for (uint32_t i = 0; i < count; i++) file->columns[i] = arena_copy(&file->arena, names[i]);
}

static enum err collect_chunk(struct source_text *text, struct json_rows *json, struct arena *arena,
                              struct failure *f) {
  const struct record_chunk *c = &text->chunk;
  if (c->kind == RECORD_TOO_LONG) return ERR_OK;
  size_t start = 0;
  for (uint32_t i = 0; i < c->count; i++) {
    size_t end = c->index.ends[i];
    start = record_start(c->text, start);
    struct bytes line = bytes_of(c->text + start, record_end(c->text, start, end) - start);
    start = end + 1;
    if (!text->is_clean && source_text_problem(text, line)) continue;
    uint32_t column;
    arena_reset(arena);
    if (json_rows_parse(json, line, arena, NULL, &column) == JSON_TOO_MANY_KEYS)
      return failure_set(f, ERR_INPUT,
                         "%s has more than %d different keys; name those that are to be read, or "
                         "write lists as arrays",
                         text->file->path, SOURCE_COLUMNS_MAX);
  }
  return ERR_OK;
}

static enum err collect_split(struct source_file *file, uint32_t split, struct json_rows *json,
                              struct failure *f) {
  struct arena arena = {0};
  struct source_text text;
  enum err err = source_text_open(&text, file, split, f);
  while (err == ERR_OK) {
    err = source_text_next(&text, f);
    if (err != ERR_OK || text.chunk.count == 0) break;
    err = collect_chunk(&text, json, &arena, f);
  }
  source_text_close(&text);
  arena_release(&arena);
  return err;
}

enum err scan_columns_jsonl(struct source_file *file, const struct source_file_options *options,
                            struct failure *f) {
  if (options->column_count) {
    if (options->column_count > SOURCE_COLUMNS_MAX)
      return failure_set(f, ERR_INPUT, "%u keys are to be read from %s; at most %d can be",
                         options->column_count, file->path, SOURCE_COLUMNS_MAX);
    file->keys_are_given = true;
    copy_columns(file, options->columns, options->column_count);
    return ERR_OK;
  }
  struct json_rows *json = json_rows_new(NULL, 0, JSON_KEYS_COLLECT);
  enum err err = ERR_OK;
  for (uint32_t i = 0; i < file->split_count && err == ERR_OK; i++)
    err = collect_split(file, i, json, f);
  uint32_t count;
  const struct bytes *keys = json_rows_keys(json, &count);
  if (err == ERR_OK && count == 0)
    err = failure_set(f, ERR_INPUT, "%s has no line with a JSON object that has a key", file->path);
  copy_columns(file, keys, count);
  qsort(file->columns, count, sizeof *file->columns, compare_bytes);
  json_rows_free(&json);
  return err;
}

/* One sampled record to a row of cells; *problem says why it is none. */
static enum err sample_row(struct row_parser *p, struct json_rows *json, struct bytes record,
                           struct bytes *cells, const char **problem, struct failure *f) {
  struct bytes text;
  uint32_t column;
  enum err err = decode_record(p, record, &text, problem, f);
  if (err != ERR_OK || *problem) return err;
  if (json) {
    *problem = json_rows_parse(json, text, p->arena, cells, &column);
    return ERR_OK;
  }
  csv_find_ends(&p->ends, text, p->file->delimiter, p->file->quote);
  *problem = csv_row_cells(text.data, 0, text.size, &p->ends, p->file->quote, p->file->column_count,
                           p->arena, cells, &column);
  return ERR_OK;
}

enum err scan_sample_cells(struct source_file *file, const struct row_sample *sample,
                           bool is_decoded, struct failure *f) {
  uint32_t width = file->column_count, rows_max = SAMPLE_CELLS_MAX / width, count = 0;
  if (rows_max > sample->row_count) rows_max = sample->row_count;
  struct bytes *cells = arena_alloc(&file->arena, (size_t)rows_max * width * sizeof *cells);
  struct row_parser parser = parser_of(file, &file->arena, is_decoded);
  struct json_rows *json = NULL;
  if (file->format == SOURCE_FORMAT_JSONL)
    json = json_rows_new(file->columns, width,
                         file->keys_are_given ? JSON_KEYS_IGNORE : JSON_KEYS_REPORT);
  const char *last_problem = NULL;
  uint32_t problem_count = 0;
  enum err err = ERR_OK;
  for (uint32_t i = 0; i < sample->row_count && count < rows_max && err == ERR_OK; i++) {
    struct bytes record = bytes_of(sample->text.data + sample->rows[i].at, sample->rows[i].size);
    const char *problem = NULL;
    err = sample_row(&parser, json, record, cells + (size_t)count * width, &problem, f);
    if (problem)
      last_problem = problem, problem_count++;
    else
      count++;
  }
  if (problem_count > count)
    source_warn(file, "most rows cannot be used, for example because %s",
                source_reject_sentence(last_problem));
  file->sample = (struct source_sample){count, width, cells};
  row_parser_release(&parser);
  json_rows_free(&json);
  return err;
}
