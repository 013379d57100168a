/* source_file_scan: one pass over the text that counts records, cuts splits, samples rows and
 * judges the encoding; for JSON Lines a second pass that gathers the keys.
 *
 * The pass assumes what the first megabyte told and is repeated when the whole file tells
 * otherwise: when a quote is never closed (the record's first line becomes one reject, and reading
 * goes on after it), and when the text turns out to be GB18030 that cannot be cut before it is
 * decoded. */
#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/memory.h"
#include "worker/sources/csv_row.h"
#include "worker/sources/gb18030.h"
#include "worker/sources/record_chunk.h"
#include "worker/sources/row_sample.h"
#include "worker/sources/scan_columns.h"
#include "worker/sources/source_dialect.h"
#include "worker/sources/source_file.h"
#include "worker/sources/source_stream.h"
#include "worker/sources/source_warning.h"

struct scan {
  struct source_file *file;
  bool is_decoded; /* the stream gives UTF-8; otherwise the bytes as they are */
  const struct source_file_options *options;
  const struct source_kernels *kernels;
  uint64_t split_bytes;
  struct source_stream stream;
  struct source_dialect dialect;
  struct buffer head;
  uint64_t start_offset, start_line; /* of the first row */

  /* Of one pass. */
  bool judges_encoding;
  struct row_sample sample;
  struct source_split *splits;
  uint32_t split_count, split_capacity;
  uint64_t row_count, content_hash;
  uint64_t high_count,
      wrong_high_count; /* bytes from 0x80: all, and in records that are not UTF-8 */
  uint64_t wrong_row_count;
  struct gb18030_shape shape; /* of those records */
};

static void begin_split(struct scan *s, uint64_t offset, uint64_t line) {
  if (s->split_count == s->split_capacity) {
    s->split_capacity = s->split_capacity ? s->split_capacity * 2 : 64;
    s->splits = memory_resize(s->splits, s->split_capacity * sizeof *s->splits);
  }
  s->splits[s->split_count++] = (struct source_split){offset, 0, line, s->row_count, 0};
}

static void end_split(struct scan *s, uint64_t offset) {
  if (s->split_count == 0) return;
  struct source_split *split = &s->splits[s->split_count - 1];
  split->size = offset - split->offset;
  split->row_count = s->row_count - split->first_row;
}

static void judge_record(struct scan *s, struct bytes record) {
  struct text_facts facts = s->kernels->text_check(record.data, record.size);
  if (facts.is_utf8) return;
  s->wrong_high_count += facts.high_count;
  s->wrong_row_count++;
  gb18030_look(record, &s->shape);
}

static void take_record(struct scan *s, struct bytes record) {
  uint64_t hash = hash_bytes(record);
  s->content_hash += hash;
  row_sample_offer(&s->sample, hash, record);
}

/* A split starts at the record at start of the chunk's text. */
static void start_split_at(struct scan *s, const struct record_chunk *c, size_t start) {
  end_split(s, c->offset + start);
  if (s->splits[s->split_count - 1].row_count == 0) s->split_count--;
  begin_split(s, c->offset + start, c->line + count_line_ends(c->text, start));
}

/* Where the next split is due. */
static uint64_t split_due(const struct scan *s) {
  if (s->split_bytes == 0 || s->file->is_stream) return UINT64_MAX;
  return s->splits[s->split_count - 1].offset + s->split_bytes;
}

static void scan_chunk(struct scan *s, const struct record_chunk *c) {
  if (c->kind == RECORD_TOO_LONG) {
    s->content_hash += hash_mix(SOURCE_ROW_BYTES_MAX); /* its bytes were not kept */
    s->row_count++;
    return;
  }
  bool is_suspect = false;
  if (s->judges_encoding) {
    struct text_facts facts = s->kernels->text_check(c->text, c->used);
    s->high_count += facts.high_count;
    is_suspect = !facts.is_utf8;
  }
  size_t start = 0;
  /* A reader must know where an unclosed record is: it finds it at the start of a split. */
  uint64_t due = c->kind == RECORD_UNCLOSED && !s->file->is_stream ? 0 : split_due(s);
  for (uint32_t i = 0; i < c->count; i++) {
    start = record_start(c->text, start);
    if (__builtin_expect(c->offset + start >= due, 0)) {
      start_split_at(s, c, start);
      due = split_due(s);
    }
    size_t end = c->index.ends[i];
    struct bytes record = bytes_of(c->text + start, record_end(c->text, start, end) - start);
    take_record(s, record);
    if (__builtin_expect(is_suspect, 0)) judge_record(s, record);
    s->row_count++;
    start = end + 1;
  }
}

static void begin_pass(struct scan *s) {
  row_sample_release(&s->sample);
  row_sample_open(&s->sample);
  s->split_count = 0;
  s->row_count = s->content_hash = 0;
  s->high_count = s->wrong_high_count = s->wrong_row_count = 0;
  s->shape = (struct gb18030_shape){0};
  begin_split(s, s->start_offset, s->start_line);
}

/* Stands at the first byte of the first row, or of the text. */
static enum err go_to(struct scan *s, uint64_t offset, struct failure *f) {
  if (!s->file->is_stream) {
    source_stream_seek(&s->stream, offset, UINT64_MAX);
    return ERR_OK;
  }
  source_stream_seek(&s->stream, 0, UINT64_MAX);
  enum err err = s->is_decoded ? source_stream_decode_gb18030(&s->stream, f) : ERR_OK;
  return err == ERR_OK ? source_stream_skip(&s->stream, offset, f) : err;
}

static enum err run_pass(struct scan *s, uint64_t *open_offset, uint64_t *open_line,
                         struct failure *f) {
  begin_pass(s);
  enum err err = go_to(s, s->start_offset, f);
  if (err != ERR_OK) return err;
  struct source_file *file = s->file;
  bool is_csv = file->format == SOURCE_FORMAT_CSV;
  struct record_chunk chunk;
  record_chunk_open(&chunk, &s->stream, s->kernels, is_csv ? INDEX_RECORDS : INDEX_LINES,
                    file->delimiter, file->quote, s->start_offset, s->start_line);
  if (!file->is_stream && file->identity.size < RECORD_CHUNK_BYTES)
    chunk.chunk_bytes = file->identity.size + 1;
  chunk.unclosed = file->unclosed_offsets;
  chunk.unclosed_count = file->unclosed_count;
  while ((err = record_chunk_next(&chunk, f)) == ERR_OK && chunk.count) scan_chunk(s, &chunk);
  end_split(s, chunk.data_offset + chunk.size);
  *open_offset = chunk.open_offset;
  *open_line = chunk.open_line;
  record_chunk_release(&chunk);
  return err;
}

/* Passes until every record is closed: one that is not is cut down to its first line. */
static enum err run_passes(struct scan *s, struct failure *f) {
  struct source_file *file = s->file;
  file->unclosed_count = 0;
  for (;;) {
    uint64_t open_offset, open_line;
    enum err err = run_pass(s, &open_offset, &open_line, f);
    if (err != ERR_OK || open_offset == UINT64_MAX) return err;
    if (file->unclosed_count == SOURCE_UNCLOSED_MAX)
      return failure_set(
          f, ERR_INPUT,
          "%s, line %llu: a quoted cell is never closed, and neither are %d before it; "
          "double the quotes inside cells, or name another quote",
          file->path, (unsigned long long)open_line, SOURCE_UNCLOSED_MAX);
    file->unclosed_offsets[file->unclosed_count++] = open_offset;
    source_warn(file,
                "line %llu opens a quoted cell that is never closed; that line is rejected, and "
                "reading goes on after it",
                (unsigned long long)open_line);
  }
}

static enum err read_head(struct scan *s, bool *is_all, struct failure *f) {
  buffer_clear(&s->head);
  buffer_reserve(&s->head, SOURCE_HEAD_BYTES);
  *is_all = false;
  enum err err = go_to(s, 0, f);
  while (err == ERR_OK && !*is_all && s->head.size + SOURCE_STREAM_READ_MIN <= SOURCE_HEAD_BYTES) {
    size_t got = 0;
    err = source_stream_read(&s->stream, s->head.data + s->head.size,
                             SOURCE_HEAD_BYTES - s->head.size, &got, f);
    s->head.size += got;
    *is_all = got == 0;
  }
  return err;
}

static bool first_record_is_header(const struct source_dialect *d) {
  struct arena arena = {0};
  struct csv_ends ends = {0};
  csv_find_ends(&ends, d->first_record, d->delimiter, d->quote);
  struct bytes *cells = arena_alloc(&arena, ends.count * sizeof *cells);
  uint32_t column;
  const char *problem = csv_row_cells(d->first_record.data, 0, d->first_record.size, &ends,
                                      d->quote, ends.count, &arena, cells, &column);
  bool is_header = problem || cells_look_like_header(cells, ends.count);
  csv_ends_release(&ends);
  arena_release(&arena);
  return is_header;
}

static enum err recognise(struct scan *s, struct failure *f) {
  struct source_file *file = s->file;
  bool is_all;
  file->has_cr_line_ends = s->stream.turns_cr = false;
  enum err err = read_head(s, &is_all, f);
  if (err != ERR_OK) return err;
  struct bytes head = buffer_bytes(&s->head);
  file->has_cr_line_ends = s->stream.turns_cr = cr_ends_lines(head);
  if (s->stream.turns_cr) turn_cr(s->head.data, s->head.size);
  struct source_dialect *d = &s->dialect;
  err = source_dialect_recognise(head, is_all, file->path, s->options, d, f);
  if (err != ERR_OK) return err;
  file->format = d->format;
  file->delimiter = d->delimiter;
  file->quote = d->quote;
  if (!s->is_decoded) file->encoding = d->encoding;
  file->has_header = d->format == SOURCE_FORMAT_CSV &&
                     (s->options->header ? s->options->header > 0 : first_record_is_header(d));
  s->start_offset = file->has_header ? d->first_record_end : d->first_offset;
  s->start_line = 1 + count_line_ends(head.data, (size_t)s->start_offset);
  s->judges_encoding = file->encoding == SOURCE_ENCODING_AUTO;
  return ERR_OK;
}

/* The whole file has been seen. Most bytes from 0x80 in records that are no UTF-8, and those read
 * like Chinese in GB18030: then it is that. */
static enum err decide_encoding(struct scan *s, struct failure *f) {
  struct source_file *file = s->file;
  if (!s->judges_encoding) return ERR_OK;
  file->encoding = SOURCE_ENCODING_UTF8;
  uint64_t record_count = s->row_count;
  if (file->has_header) {
    struct bytes header = s->dialect.first_record;
    s->high_count += s->kernels->text_check(header.data, header.size).high_count;
    judge_record(s, header);
    record_count++;
  }
  if (s->wrong_row_count == 0) return ERR_OK;
  const struct gb18030_shape *shape = &s->shape;
  uint64_t characters = shape->common + shape->rare;
  /* One wrong byte is always allowed: a file may be cut in the middle of a character. */
  bool is_chinese =
      shape->common > 0 && shape->rare * 5 <= characters && shape->wrong <= 1 + characters / 20;
  if (s->wrong_high_count * 2 > s->high_count && is_chinese) {
    file->encoding = SOURCE_ENCODING_GB18030;
  } else if (s->wrong_row_count * 2 > record_count) {
    return failure_set(
        f, ERR_INPUT,
        "%s is neither UTF-8 nor, by its looks, GB18030 (%llu of %llu records are not "
        "UTF-8); find out its encoding and convert it with iconv -f ENCODING -t UTF-8",
        file->path, (unsigned long long)s->wrong_row_count, (unsigned long long)record_count);
  } else {
    source_warn(file, "%llu of %llu records are not UTF-8 and will be rejected",
                (unsigned long long)s->wrong_row_count, (unsigned long long)record_count);
  }
  return ERR_OK;
}

/* Recognises and scans; a second time on decoded text where GB18030 can't be cut as it is. */
static enum err scan_text(struct scan *s, struct failure *f) {
  struct source_file *file = s->file;
  file->is_stream = file->compression != SOURCE_PLAIN;
  for (;;) {
    enum err err = recognise(s, f);
    if (err == ERR_OK) err = run_passes(s, f);
    if (err == ERR_OK) err = decide_encoding(s, f);
    if (err != ERR_OK) return err;
    bool hides_csv = file->format == SOURCE_FORMAT_CSV &&
                     (gb18030_may_hide(file->delimiter) || gb18030_may_hide(file->quote));
    bool must_decode = file->encoding == SOURCE_ENCODING_GB18030 && (file->is_stream || hides_csv);
    if (!must_decode || s->is_decoded) return ERR_OK;
    s->is_decoded = file->is_stream = true;
    file->warning_count = 0;
  }
}

static enum err finish(struct scan *s, struct failure *f) {
  struct source_file *file = s->file;
  row_sample_finish(&s->sample);
  file->row_count = s->row_count;
  file->content_hash = s->content_hash;
  file->split_count = s->row_count ? s->split_count : 0;
  size_t split_bytes = file->split_count * sizeof *file->splits;
  file->splits = arena_alloc(&file->arena, split_bytes);
  memcpy(file->splits, s->splits, split_bytes);
  enum err err = file->format == SOURCE_FORMAT_CSV
                     ? scan_columns_csv(file, s->options, s->dialect.first_record, &s->sample,
                                        s->is_decoded, f)
                     : scan_columns_jsonl(file, s->options, f);
  if (err == ERR_OK) err = scan_sample_cells(file, &s->sample, s->is_decoded, f);
  if (err == ERR_OK) err = source_stream_check_identity(&s->stream, &file->identity, f);
  if (err == ERR_OK && file->row_count == 0) source_warn(file, "the file has a header and no rows");
  return err;
}

static bool is_usable_sign(char c) { return c == 0 || c == '\t' || (c >= ' ' && c < 0x7F); }

static enum err check_signs(const struct source_file_options *o, const char *path,
                            struct failure *f) {
  bool are_same = o->delimiter && o->delimiter == (o->quote ? o->quote : '"');
  if (is_usable_sign(o->delimiter) && is_usable_sign(o->quote) && !are_same) return ERR_OK;
  return failure_set(
      f, ERR_CONFIG,
      "%s: delimiter and quote must be two different ASCII characters; use for example "
      ", and \"",
      path);
}

enum err source_file_scan(const char *path, const struct source_file_options *options,
                          uint64_t split_bytes, struct source_file *out, struct failure *f) {
  *out = (struct source_file){0};
  out->path = arena_copy_string(&out->arena, path);
  struct scan s = {
      .file = out, .options = options, .kernels = source_kernels(), .split_bytes = split_bytes};
  s.stream.file = -1;
  enum err err = check_signs(options, path, f);
  if (err == ERR_OK) err = source_stream_open(&s.stream, out->path, f);
  if (err == ERR_OK) {
    out->identity = s.stream.identity;
    out->compression = s.stream.compression;
    err = scan_text(&s, f);
  }
  if (err == ERR_OK) err = finish(&s, f);
  source_stream_close(&s.stream);
  row_sample_release(&s.sample);
  buffer_release(&s.head);
  free(s.splits);
  return err;
}
