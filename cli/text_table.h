/* text_table — rows of text in aligned columns. Han and other wide characters take two columns on a
 * terminal, combining ones none. */
#ifndef GUIYI_CLI_TEXT_TABLE_H
#define GUIYI_CLI_TEXT_TABLE_H

#include "common/arena.h"
#include "common/bytes.h"

enum { TEXT_TABLE_COLUMNS_MAX = 16, TEXT_TABLE_CELL_COLUMNS_MAX = 60 };

struct text_table {
  uint32_t column_count;
  struct bytes *cells; /* row by row; copied */
  size_t cell_count, cell_capacity;
  uint32_t widths[TEXT_TABLE_COLUMNS_MAX];
  struct arena arena;
};

/* Zero a table, set column_count, add cells; the first row may be headings. */
void text_table_add(struct text_table *table, struct bytes cell);
void text_table_add_string(struct text_table *table, const char *cell);
__attribute__((format(printf, 2, 3))) void text_table_printf(struct text_table *table,
                                                             const char *format, ...);
/* Appends all rows, each line begun with indent spaces; no space at a line's end. Longer cells are
 * cut with "…", control characters shown as spaces. */
void text_table_print(const struct text_table *table, uint32_t indent, struct buffer *out);
void text_table_release(struct text_table *table);

/* Terminal columns that the text takes. */
uint32_t text_columns(struct bytes text);

#endif
