#include "worker/sources/delimiter_index.h"
#include "worker/sources/text_check.h"

static void end_cell(struct delimiter_index *x, size_t at, enum index_what what) {
  if (what == INDEX_CELLS) x->ends[x->end_count++] = (uint32_t)at;
  x->state = INDEX_CELL_START;
}

static void end_record(struct delimiter_index *x, size_t at, enum index_what what) {
  bool is_blank = x->state == INDEX_RECORD_START;
  x->state = INDEX_RECORD_START;
  if (is_blank) return;
  x->ends[x->end_count++] = (uint32_t)at;
  if (what == INDEX_CELLS) x->row_ends[x->row_count] = x->end_count;
  x->row_count++;
}

static void step(struct delimiter_index *x, char byte, size_t at, enum index_what what) {
  bool is_lf_of_cr = byte == '\n' && x->after_cr;
  bool ends_line = (byte == '\n' || byte == '\r') && !is_lf_of_cr;
  x->after_cr = byte == '\r';
  x->line_count += ends_line;
  bool is_quote = what != INDEX_LINES && byte == x->quote;
  x->quote_seen |= is_quote;
  if (x->state == INDEX_QUOTED) {
    if (is_quote) x->state = INDEX_QUOTE_IN_QUOTED;
  } else if (is_quote && x->state != INDEX_UNQUOTED) {
    x->state = INDEX_QUOTED;
  } else if (ends_line) {
    end_record(x, at, what);
  } else if (is_lf_of_cr) {
    x->state = INDEX_RECORD_START;
  } else if (what != INDEX_LINES && byte == x->delimiter) {
    end_cell(x, at, what);
  } else {
    x->state = INDEX_UNQUOTED;
  }
}

void delimiter_index_walk(struct delimiter_index *x, const char *text, size_t from, size_t to,
                          enum index_what what) {
  for (size_t i = from; i < to; i++) step(x, text[i], i, what);
}

static void index_cells(struct delimiter_index *x, const char *text, size_t size) {
  delimiter_index_walk(x, text, 0, size, INDEX_CELLS);
}

static void index_records(struct delimiter_index *x, const char *text, size_t size) {
  delimiter_index_walk(x, text, 0, size, INDEX_RECORDS);
}

static void index_lines(struct delimiter_index *x, const char *text, size_t size) {
  delimiter_index_walk(x, text, 0, size, INDEX_LINES);
}

const struct source_kernels source_kernels_scalar = {"scalar", index_cells, index_records,
                                                     index_lines, text_check_scalar};
