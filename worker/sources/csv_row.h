/* csv_row — from the ends of one record's cells to the cells: quotes taken off, columns counted.
 * Pure; needs no more of a file than its delimiter and quote. */
#ifndef GUIYI_WORKER_SOURCES_CSV_ROW_H
#define GUIYI_WORKER_SOURCES_CSV_ROW_H

#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"

/* A cell that starts with the quote loses its quotes, and doubled ones become one: then it is
 * copied into the arena. False when text follows the closing quote. Other cells stay as they are.
 */
bool csv_unquote(struct bytes *cell, char quote, struct arena *arena);

/* Where the cells of one record end: positions of delimiters, and of the record's line end. */
struct csv_ends {
  uint32_t *ends;
  uint32_t count, capacity;
};

/* Finds them byte by byte; record has no line end. Keeps its memory for the next record. */
void csv_find_ends(struct csv_ends *ends, struct bytes record, char delimiter, char quote);
void csv_ends_release(struct csv_ends *ends);

/* The cells of the record [start, end) of text. Exactly column_count are written; further ones must
 * be empty. Returns NULL, or the code of source_reader.h's SOURCE_REJECT_TABLE and the column it is
 * about. */
const char *csv_row_cells(const char *text, size_t start, size_t end, const struct csv_ends *ends,
                          char quote, uint32_t column_count, struct arena *arena,
                          struct bytes *cells, uint32_t *column);

#endif
