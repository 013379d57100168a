#include "worker/sources/csv_row.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "worker/sources/delimiter_index.h"
#include "worker/sources/source_file.h"
#include "worker/sources/source_reader.h"

/* text lies between the quotes and has doubled quotes; false when it has a single one. */
static bool copy_without_doubles(struct bytes text, char quote, struct arena *arena,
                                 struct bytes *out) {
  char *copy = arena_alloc(arena, text.size);
  size_t size = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == quote) {
      if (++i == text.size || text.data[i] != quote) return false;
    }
    copy[size++] = text.data[i];
  }
  *out = bytes_of(copy, size);
  return true;
}

bool csv_unquote(struct bytes *cell, char quote, struct arena *arena) {
  if (cell->size == 0 || cell->data[0] != quote) return true;
  if (cell->size == 1 || cell->data[cell->size - 1] != quote) return false;
  struct bytes inside = bytes_of(cell->data + 1, cell->size - 2);
  if (inside.size && memchr(inside.data, quote, inside.size))
    return copy_without_doubles(inside, quote, arena, cell);
  *cell = inside;
  return true;
}

void csv_find_ends(struct csv_ends *e, struct bytes record, char delimiter, char quote) {
  if (e->capacity < record.size + 1) {
    e->capacity = (uint32_t)record.size + 1;
    e->ends = memory_resize(e->ends, e->capacity * sizeof *e->ends);
  }
  uint32_t row_end = 0;
  struct delimiter_index index = {
      .delimiter = delimiter, .quote = quote, .ends = e->ends, .row_ends = &row_end};
  delimiter_index_walk(&index, record.data, 0, record.size, INDEX_CELLS);
  e->ends[index.end_count] = (uint32_t)record.size; /* the last cell ends with the record */
  e->count = index.end_count + 1;
}

void csv_ends_release(struct csv_ends *e) {
  free(e->ends);
  *e = (struct csv_ends){0};
}

static bool is_empty_cell(struct bytes cell, char quote) {
  return cell.size == 0 || (cell.size == 2 && cell.data[0] == quote && cell.data[1] == quote);
}

const char *csv_row_cells(const char *text, size_t start, size_t end, const struct csv_ends *ends,
                          char quote, uint32_t column_count, struct arena *arena,
                          struct bytes *cells, uint32_t *column) {
  *column = SOURCE_REJECT_NO_COLUMN;
  if (end - start > SOURCE_ROW_BYTES_MAX) return "row_too_long";
  if (ends->count < column_count) {
    *column = ends->count;
    return "too_few_columns";
  }
  for (uint32_t i = 0; i < ends->count; i++) {
    size_t cell_end = i + 1 < ends->count ? ends->ends[i] : end;
    struct bytes cell = bytes_of(text + start, cell_end - start);
    start = cell_end + 1;
    *column = i;
    if (i >= column_count) {
      if (!is_empty_cell(cell, quote)) return "too_many_columns";
      continue;
    }
    if (!csv_unquote(&cell, quote, arena)) return "text_after_quote";
    if (cell.size > SOURCE_FIELD_BYTES_MAX) return "field_too_long";
    cells[i] = cell;
  }
  *column = SOURCE_REJECT_NO_COLUMN;
  return NULL;
}
