#include "worker/sources/record_chunk.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

void record_chunk_open(struct record_chunk *c, struct source_stream *stream,
                       const struct source_kernels *kernels, enum index_what what, char delimiter,
                       char quote, uint64_t offset, uint64_t line) {
  *c = (struct record_chunk){.stream = stream,
                             .kernels = kernels,
                             .what = what,
                             .delimiter = delimiter,
                             .quote = quote,
                             .chunk_bytes = RECORD_CHUNK_BYTES,
                             .data_offset = offset,
                             .data_line = line,
                             .open_offset = UINT64_MAX};
}

void record_chunk_release(struct record_chunk *c) {
  free(c->data);
  free(c->index.ends);
  free(c->index.row_ends);
  *c = (struct record_chunk){0};
}

uint64_t count_line_ends(const char *text, size_t size) {
  uint64_t count = 0;
  for (size_t i = 0; i < size; i++) count += text[i] == '\n';
  return count;
}

/* Drops the first bytes of what is buffered; lines says how many line ends they hold. */
static void drop(struct record_chunk *c, size_t size, uint64_t lines) {
  if (size == 0) return;
  memmove(c->data, c->data + size, c->size - size);
  c->size -= size;
  c->data_offset += size;
  c->data_line += lines;
}

static void drop_counted(struct record_chunk *c, size_t size) {
  drop(c, size, count_line_ends(c->data, size));
}

static enum err fill(struct record_chunk *c, size_t target, struct failure *f) {
  if (c->capacity < target + SOURCE_STREAM_READ_MIN) {
    c->capacity = target + SOURCE_STREAM_READ_MIN;
    c->data = memory_resize(c->data, c->capacity + 1); /* one for a missing last line end */
  }
  while (!c->at_end && c->size < target) {
    size_t got;
    enum err err = source_stream_read(c->stream, c->data + c->size,
                                      target + SOURCE_STREAM_READ_MIN - c->size, &got, f);
    if (err != ERR_OK) return err;
    c->size += got;
    c->at_end = got == 0;
  }
  return ERR_OK;
}

static void reserve_index(struct record_chunk *c, size_t size) {
  if (c->index_capacity >= size) return;
  c->index_capacity = size;
  free(c->index.ends);
  free(c->index.row_ends);
  c->index.ends = memory_new((size + INDEX_SLACK) * sizeof *c->index.ends);
  c->index.row_ends =
      c->what == INDEX_CELLS ? memory_new((size + INDEX_SLACK) * sizeof *c->index.row_ends) : NULL;
}

static void reset_index(struct record_chunk *c) {
  uint32_t *ends = c->index.ends, *row_ends = c->index.row_ends;
  c->index = (struct delimiter_index){
      .delimiter = c->delimiter, .quote = c->quote, .ends = ends, .row_ends = row_ends};
}

/* Appends to the index what size bytes of data hold. In an unclosed record quotes mean nothing. */
static void run_index(struct record_chunk *c, size_t size, bool is_unclosed) {
  delimiter_index_function *function = c->what == INDEX_LINES || is_unclosed
                                           ? c->kernels->index_lines
                                       : c->what == INDEX_CELLS ? c->kernels->index_cells
                                                                : c->kernels->index_records;
  function(&c->index, c->data, size);
}

/* How far the text may be indexed at once: a record that is known to be unclosed starts a run of
 * its own. */
static size_t run_size(const struct record_chunk *c, bool *is_unclosed) {
  *is_unclosed = false;
  for (uint32_t i = 0; i < c->unclosed_count; i++) {
    if (c->unclosed[i] == c->data_offset) *is_unclosed = true;
    if (c->unclosed[i] > c->data_offset && c->unclosed[i] - c->data_offset < c->size)
      return (size_t)(c->unclosed[i] - c->data_offset);
  }
  return c->size;
}

static void take_records(struct record_chunk *c, bool is_unclosed) {
  c->kind = is_unclosed ? RECORD_UNCLOSED : RECORDS_WHOLE;
  c->count = is_unclosed ? 1 : c->index.row_count;
  uint32_t last =
      c->what == INDEX_CELLS && !is_unclosed ? c->index.row_ends[c->count - 1] : c->count;
  size_t end = c->index.ends[last - 1];
  c->used = end < c->size ? end + 1 : c->size; /* the last line end may be ours */
  c->text = c->data;
  c->offset = c->data_offset;
  c->line = c->data_line;
  c->lines_are_records = c->index.line_count == c->count;
  c->quote_seen = c->index.quote_seen;
}

/* The buffer holds the start of one record and nothing else, and it is over the limit: reads on to
 * where it ends, keeping nothing. */
static enum err skip_long_record(struct record_chunk *c, bool is_unclosed, struct failure *f) {
  c->offset = c->data_offset;
  c->line = c->data_line;
  uint32_t end_count = 0;
  while (end_count == 0) {
    drop_counted(c, c->size);
    enum err err = fill(c, c->chunk_bytes, f);
    if (err != ERR_OK) return err;
    if (c->size == 0) break;
    reserve_index(c, c->capacity);
    c->index.end_count = c->index.row_count = 0;
    run_index(c, c->size, is_unclosed);
    end_count = c->what == INDEX_CELLS && !is_unclosed ? c->index.row_count : c->index.end_count;
  }
  if (end_count == 0 && c->index.state == INDEX_QUOTED) {
    c->open_offset = c->offset;
    c->open_line = c->line;
    return ERR_OK;
  }
  if (end_count) {
    uint32_t ends = c->what == INDEX_CELLS && !is_unclosed ? c->index.row_ends[0] : 1;
    drop_counted(c, c->index.ends[ends - 1] + (size_t)1);
  }
  c->kind = is_unclosed ? RECORD_UNCLOSED : RECORD_TOO_LONG;
  c->count = 1;
  c->used = 0;
  c->text = c->data;
  c->lines_are_records = false;
  return ERR_OK;
}

/* The text ends in the middle of a record that starts at data[0]. */
static void take_last_record(struct record_chunk *c, bool is_unclosed) {
  if (c->index.state == INDEX_QUOTED) {
    c->open_offset = c->data_offset;
    c->open_line = c->data_line;
    return;
  }
  if (c->index.state == INDEX_RECORD_CR) return; /* a blank line */
  c->data[c->size] = '\n';
  reset_index(c);
  run_index(c, c->size + 1, is_unclosed);
  take_records(c, is_unclosed);
}

/* Bytes of the blank lines that data starts with; a CR at its very end may belong to one. */
static size_t blank_lines(const struct record_chunk *c) {
  size_t size = 0;
  for (;;) {
    if (size < c->size && c->data[size] == '\n')
      size++;
    else if (size + 1 < c->size && c->data[size] == '\r' && c->data[size + 1] == '\n')
      size += 2;
    else
      return size;
  }
}

enum err record_chunk_next(struct record_chunk *c, struct failure *f) {
  drop(c, c->used, c->lines_are_records ? c->count : count_line_ends(c->data, c->used));
  c->count = 0;
  c->used = 0;
  size_t target = c->chunk_bytes;
  for (;;) {
    enum err err = fill(c, target, f);
    if (err != ERR_OK || c->size == 0) return err;
    reserve_index(c, c->capacity);
    reset_index(c);
    bool is_unclosed;
    size_t size = run_size(c, &is_unclosed);
    run_index(c, size, is_unclosed);
    if (c->index.row_count) {
      take_records(c, is_unclosed);
      return ERR_OK;
    }
    if (c->index.state == INDEX_RECORD_START || size < c->size) {
      drop_counted(c, size); /* blank lines alone */
    } else if (blank_lines(c)) {
      drop_counted(c, blank_lines(c));
    } else if (c->at_end) {
      take_last_record(c, is_unclosed);
      return ERR_OK;
    } else if (c->size > SOURCE_ROW_BYTES_MAX) {
      return skip_long_record(c, is_unclosed, f);
    } else {
      target = c->size * 2 <= SOURCE_ROW_BYTES_MAX ? c->size * 2 : SOURCE_ROW_BYTES_MAX + 1;
    }
  }
}
