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

/* Where the record's cells end, found byte by byte. record has no line end outside quotes. */
struct csv_ends {
  uint32_t *ends;
  uint32_t count, capacity;
};
void csv_find_ends(struct csv_ends *ends, struct bytes record, char delimiter, char quote);
void csv_ends_release(struct csv_ends *ends);

/* The record's cells: cells[i] reaches to ends[i] of text, the first from start. Exactly
 * column_count are written; further ones must be empty. Returns NULL, or the code of
 * source_reader.h's SOURCE_REJECT_TABLE and the column it is about. */
const char *csv_row_cells(const char *text, size_t start, const uint32_t *ends, uint32_t end_count,
                          char quote, uint32_t column_count, struct arena *arena,
                          struct bytes *cells, uint32_t *column);

#endif
