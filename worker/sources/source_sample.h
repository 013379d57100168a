/* source_sample — some rows of a file, chosen by their content and not by their position.
 *
 * The rows with the smallest hashes (bottom-k of XXH3 over the record's bytes; equal rows count
 * once), in the order of their hashes: shuffling the rows of a file does not change its sample.
 * What is recognised from it is therefore the same for every order of the rows. */
#ifndef GUIYI_WORKER_SOURCES_SOURCE_SAMPLE_H
#define GUIYI_WORKER_SOURCES_SOURCE_SAMPLE_H

#include <stdint.h>

#include "common/bytes.h"

enum {
  SOURCE_SAMPLE_ROWS = 2000,              /* all different rows when the file has fewer */
  SOURCE_SAMPLE_ROW_BYTES_MAX = 64 << 10, /* longer rows are never chosen */
  SOURCE_SAMPLE_BYTES_MAX = 32 << 20,     /* fewer rows when they are long */
};

/* Part of a struct source_file (source_file.h) and lives as long. Rows that a reader would reject
 * are not in it. */
struct source_sample {
  uint32_t row_count, column_count;
  const struct bytes *cells; /* row-major, UTF-8 */
};

#endif
