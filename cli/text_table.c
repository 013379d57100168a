#include "cli/text_table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unicode/uchar.h>

#include "common/check.h"
#include "common/memory.h"
#include "common/text.h"

static uint32_t columns_of(uint32_t c) {
  if (c < 0x300) return 1;
  int type = u_charType((UChar32)c);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) return 0;
  int width = u_getIntPropertyValue((UChar32)c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

uint32_t text_columns(struct bytes text) {
  uint32_t columns = 0;
  for (const char *at = text.data, *end = at + text.size; at < end;)
    columns += columns_of(text_decode(&at, end));
  return columns;
}

/* As many characters as fit into so many columns. */
static struct bytes first_columns(struct bytes text, uint32_t columns_max) {
  uint32_t columns = 0;
  const char *at = text.data, *end = at + text.size;
  while (at < end) {
    const char *next = at;
    columns += columns_of(text_decode(&next, end));
    if (columns > columns_max) break;
    at = next;
  }
  return bytes_of(text.data, (size_t)(at - text.data));
}

void text_table_add(struct text_table *t, struct bytes cell) {
  check(t->column_count >= 1 && t->column_count <= TEXT_TABLE_COLUMNS_MAX);
  if (t->cell_count == t->cell_capacity) {
    t->cell_capacity = t->cell_capacity ? t->cell_capacity * 2 : 64;
    t->cells = memory_resize(t->cells, t->cell_capacity * sizeof *t->cells);
  }
  struct bytes kept = arena_copy(&t->arena, cell);
  for (size_t i = 0; i < kept.size; i++)
    if ((unsigned char)kept.data[i] < ' ' || kept.data[i] == 0x7f) ((char *)kept.data)[i] = ' ';
  if (text_columns(kept) > TEXT_TABLE_CELL_COLUMNS_MAX) {
    struct bytes cut = first_columns(kept, TEXT_TABLE_CELL_COLUMNS_MAX - 1);
    kept = bytes_from_string(arena_printf(&t->arena, "%.*s…", (int)cut.size, cut.data));
  }
  uint32_t *width = &t->widths[t->cell_count % t->column_count];
  uint32_t columns = text_columns(kept);
  if (columns > *width) *width = columns;
  t->cells[t->cell_count++] = kept;
}

void text_table_add_string(struct text_table *t, const char *cell) {
  text_table_add(t, bytes_from_string(cell));
}

void text_table_printf(struct text_table *t, const char *format, ...) {
  struct buffer text = {0};
  va_list arguments;
  va_start(arguments, format);
  buffer_vprintf(&text, format, arguments);
  va_end(arguments);
  text_table_add(t, buffer_bytes(&text));
  buffer_release(&text);
}

static void append_spaces(struct buffer *out, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) buffer_append_char(out, ' ');
}

void text_table_print(const struct text_table *t, uint32_t indent, struct buffer *out) {
  for (size_t i = 0; i < t->cell_count; i += t->column_count) {
    uint32_t spaces = indent;
    for (uint32_t c = 0; c < t->column_count && i + c < t->cell_count; c++) {
      struct bytes cell = t->cells[i + c];
      if (cell.size) {
        append_spaces(out, spaces);
        buffer_append_bytes(out, cell);
        spaces = 0;
      }
      spaces += t->widths[c] - text_columns(cell) + 2;
    }
    buffer_append_char(out, '\n');
  }
}

void text_table_release(struct text_table *t) {
  free(t->cells);
  arena_release(&t->arena);
  *t = (struct text_table){0};
}
