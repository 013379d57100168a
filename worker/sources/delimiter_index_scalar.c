#include "worker/sources/delimiter_index.h"
#include "worker/sources/text_check.h"

static void end_cell(struct delimiter_index *x, size_t at, enum index_what what) {
  if (what == INDEX_CELLS) x->ends[x->end_count++] = (uint32_t)at;
  x->state = INDEX_CELL_START;
}

static void end_record(struct delimiter_index *x, size_t at, enum index_what what) {
  bool is_blank = x->state == INDEX_RECORD_START || x->state == INDEX_RECORD_CR;
  x->state = INDEX_RECORD_START;
  if (is_blank) return;
  x->ends[x->end_count++] = (uint32_t)at;
  if (what == INDEX_CELLS) x->row_ends[x->row_count] = x->end_count;
  x->row_count++;
}

static void step(struct delimiter_index *x, char byte, size_t at, enum index_what what) {
  x->line_count += byte == '\n';
  bool is_quote = what != INDEX_LINES && byte == x->quote;
  x->quote_seen |= is_quote;
  bool may_open = x->state == INDEX_RECORD_START || x->state == INDEX_CELL_START;
  if (x->state == INDEX_QUOTED) {
    if (is_quote) x->state = INDEX_QUOTE_IN_QUOTED;
  } else if (is_quote && (may_open || x->state == INDEX_QUOTE_IN_QUOTED)) {
    x->state = INDEX_QUOTED;
  } else if (byte == '\n') {
    end_record(x, at, what);
  } else if (what != INDEX_LINES && byte == x->delimiter) {
    end_cell(x, at, what);
  } else {
    bool is_first_cr = byte == '\r' && x->state == INDEX_RECORD_START;
    x->state = is_first_cr ? INDEX_RECORD_CR : INDEX_UNQUOTED;
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
