/* csv_reference — the rules of CSV as a slow, plain reader: what worker/sources must give. */
#ifndef GUIYI_TESTS_HARNESS_CSV_REFERENCE_H
#define GUIYI_TESTS_HARNESS_CSV_REFERENCE_H

#include "common/bytes.h"
#include "tests/harness/source_rows.h"

struct csv_reference {
  const char *text;
  size_t size, at;
  uint64_t line;
  char delimiter, quote;
  uint32_t column_count;
};

static inline bool at_line_end(const struct csv_reference *r) {
  bool is_crlf = r->at + 1 < r->size && r->text[r->at] == '\r' && r->text[r->at + 1] == '\n';
  bool is_last_cr = r->at + 1 == r->size && r->text[r->at] == '\r';
  return is_crlf || is_last_cr || (r->at < r->size && r->text[r->at] == '\n');
}

static inline void take_line_end(struct csv_reference *r) {
  if (r->text[r->at] == '\r') r->at++;
  if (r->at < r->size) r->at++;
  r->line++;
}

/* One cell, without its quotes; is_odd: text after the closing quote. False: the quote is open. */
static inline bool take_cell(struct csv_reference *r, struct buffer *cell, bool *is_odd) {
  *is_odd = false;
  bool is_quoted = r->at < r->size && r->text[r->at] == r->quote;
  if (is_quoted) {
    r->at++;
    for (;;) {
      if (r->at == r->size) return false;
      if (r->text[r->at] == r->quote) {
        r->at++;
        if (r->at == r->size || r->text[r->at] != r->quote) break;
      }
      r->line += r->text[r->at] == '\n';
      buffer_append_char(cell, r->text[r->at++]);
    }
  }
  size_t from = r->at;
  while (r->at < r->size && r->text[r->at] != r->delimiter && !at_line_end(r)) r->at++;
  *is_odd = is_quoted && r->at > from;
  buffer_append(cell, r->text + from, r->at - from);
  return true;
}

/* Text of a file without its header, to rows. */
static inline void csv_reference_read(struct csv_reference r, struct read_rows *all) {
  *all = (struct read_rows){0};
  for (;;) {
    while (at_line_end(&r)) take_line_end(&r); /* blank lines */
    if (r.at == r.size) return;
    struct csv_reference start = r;
    struct read_row row = {.row = all->count, .line = r.line};
    row.cells = arena_alloc(&all->arena, r.column_count * sizeof *row.cells);
    const char *odd_reason = NULL, *surplus_reason = NULL;
    uint32_t count = 0;
    bool is_open = false;
    for (;;) {
      struct buffer cell = {0};
      bool starts_quoted = r.at < r.size && r.text[r.at] == r.quote, is_odd;
      size_t from = r.at;
      is_open = !take_cell(&r, &cell, &is_odd);
      bool is_empty = r.at == from || (r.at == from + 2 && starts_quoted && !is_odd);
      if (count < r.column_count) {
        row.cells[count] = arena_copy(&all->arena, buffer_bytes(&cell));
        if (is_odd) odd_reason = "text_after_quote";
      } else if (!is_empty) {
        surplus_reason = "too_many_columns";
      }
      buffer_release(&cell);
      count++;
      if (is_open || r.at == r.size || at_line_end(&r)) break;
      r.at++; /* the delimiter */
    }
    if (is_open) {
      r = start;
      while (r.at < r.size && r.text[r.at] != '\n') r.at++;
      row.reason = "unclosed_quote";
    } else {
      row.reason = count < r.column_count ? "too_few_columns"
                   : odd_reason           ? odd_reason
                                          : surplus_reason;
    }
    *read_rows_add(all) = row;
  }
}

#endif
