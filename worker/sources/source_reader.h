/* source_reader — the rows of one split as batches of UTF-8 cells, and a reject for every row that
 * cannot be used.
 *
 *   struct source_reader *reader = NULL;
 *   err = source_reader_open(&file, split, &reader, f);
 *   do {
 *     err = source_reader_next(reader, &batch, f);            // stop on an error
 *     rejects = source_reader_rejects(reader, &reject_count); // of this call
 *   } while (batch.row_count || reject_count);
 *   source_reader_close(&reader);
 *
 * Accepted and rejected rows together are exactly split.row_count, each with its own row number;
 * when the file turns out to be another than the scanned one, an error comes instead of the end. A
 * reader belongs to one thread; several readers may read one source_file. */
#ifndef GUIYI_WORKER_SOURCES_SOURCE_READER_H
#define GUIYI_WORKER_SOURCES_SOURCE_READER_H

#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"
#include "worker/sources/source_file.h"

enum {
  SOURCE_BATCH_ROWS_MAX = 4096,
  SOURCE_BATCH_CELLS_MAX = 64 << 10, /* fewer rows where there are many columns, but at least one */
  SOURCE_BATCH_REJECTS_MAX = 4096,
};

struct source_batch {
  uint32_t row_count, column_count;
  const struct bytes *cells; /* row-major; valid UTF-8 without NUL; empty = data may be anything */
  const uint64_t *lines;     /* physical line where the row starts, from 1 */
  const uint64_t *rows;      /* number of the row in the file, from 0 */
};

/* Why a row was not used. The code is a static string and stays the same over versions. */
#define SOURCE_REJECT_TABLE(X)                                                                     \
  X(too_few_columns, "the row has fewer columns than the header")                                  \
  X(too_many_columns, "the row has more columns than the header, and they are not empty")          \
  X(invalid_utf8, "the row has bytes that are not UTF-8")                                          \
  X(invalid_gb18030, "the row has bytes that are not GB18030")                                     \
  X(nul_byte, "the row has a NUL byte")                                                            \
  X(row_too_long, "the row is longer than 16 MiB")                                                 \
  X(field_too_long, "a cell is longer than 8 MiB")                                                 \
  X(unclosed_quote, "a quoted cell is never closed; reading went on with the next line")           \
  X(text_after_quote, "text follows the quote that closes a cell; a quote inside must be doubled") \
  X(malformed_json, "the line is not JSON")                                                        \
  X(not_an_object, "the line is JSON, but not an object")                                          \
  X(duplicate_key, "the object has a key twice, as it is or flattened")                            \
  X(key_too_long, "a key is longer than 256 bytes")                                                \
  X(too_deep, "objects or arrays are nested deeper than 32 levels")                                \
  X(invalid_escape, "a \\u escape is half of a surrogate pair")

enum { SOURCE_REJECT_NO_COLUMN = UINT32_MAX };

struct source_reject {
  uint64_t line, row;
  const char *reason; /* a code of SOURCE_REJECT_TABLE */
  uint32_t column;    /* from 0; SOURCE_REJECT_NO_COLUMN when it is about the whole row */
};

/* The sentence of a code; NULL for an unknown one. */
const char *source_reject_sentence(const char *reason);

struct source_reader;

/* *out is NULL when an error is returned. */
enum err source_reader_open(const struct source_file *file, uint32_t split,
                            struct source_reader **out, struct failure *f);
/* Cells, lines and rows live until the next call. The end is a call that gives neither rows nor
 * rejects: a call may give rejects alone where thousands of rows in a row cannot be used. */
enum err source_reader_next(struct source_reader *reader, struct source_batch *batch,
                            struct failure *f);
/* The rejects that the last call of source_reader_next found, in the order of their rows. */
const struct source_reject *source_reader_rejects(struct source_reader *reader, uint32_t *count);
void source_reader_close(struct source_reader **reader);

#endif
