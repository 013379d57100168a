/* delimiter_index — where cells and records end in CSV text, and whether text is UTF-8.
 *
 * The rules, byte by byte (delimiter_index_scalar.c is their plain form; the vector kernels give
 * the same result for every input):
 *   - a quote as the first byte of a cell opens it; in it, two quotes stand for one, one closes it;
 *   - everywhere else a quote is a byte like any other;
 *   - outside quotes, LF ends a record; a record without bytes, or with a CR alone, is a blank line
 * and is not reported. (The CR of a CR LF is the caller's to take off; files with CR alone reach us
 * with LF in its place, see source_stream.h.)
 *
 * The vector kernels classify 64 bytes at a time and find what lies between quotes by a prefix XOR
 * over the quote bits (Langdale, Lemire: Parsing Gigabytes of JSON per Second, 2019). That is right
 * as long as every quote opens, closes or doubles where the rules allow it; a block where one does
 * not is walked byte by byte. Pure functions, safe for threads. */
#ifndef GUIYI_WORKER_SOURCES_DELIMITER_INDEX_H
#define GUIYI_WORKER_SOURCES_DELIMITER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  INDEX_TEXT_BYTES_MAX = 1 << 30,
  INDEX_SLACK = 80, /* elements an array needs beyond one per byte of text */
};

enum index_state {
  INDEX_RECORD_START,
  INDEX_RECORD_CR, /* after a CR that is the record's first byte */
  INDEX_CELL_START,
  INDEX_UNQUOTED,
  INDEX_QUOTED,
  INDEX_QUOTE_IN_QUOTED, /* the next byte says whether it closed the cell */
};

/* Zeroed but for the first two and the arrays, it stands at the start of a record. A call goes on
 * where the call before stopped and appends. */
struct delimiter_index {
  char delimiter, quote; /* two different ASCII bytes, neither NUL, CR nor LF */
  enum index_state state;
  bool quote_seen;
  uint32_t *ends;     /* positions of the delimiters and line ends that end a cell or record */
  uint32_t *row_ends; /* only index_cells: how many ends there are up to the end of each record */
  uint32_t end_count, row_count;
  uint64_t line_count; /* all LF, those in quotes and of blank lines too */
};

struct text_facts {
  uint64_t high_count; /* bytes from 0x80 */
  bool is_utf8;        /* valid, and complete at the end */
  bool has_nul;
};

typedef void delimiter_index_function(struct delimiter_index *index, const char *text, size_t size);

struct source_kernels {
  const char *name;
  delimiter_index_function *index_cells;   /* ends of cells and records */
  delimiter_index_function *index_records; /* ends of records; row_ends may be NULL */
  delimiter_index_function *index_lines;   /* the same where no byte is a quote (JSON Lines) */
  struct text_facts (*text_check)(const char *text, size_t size);
};

extern const struct source_kernels source_kernels_scalar, source_kernels_avx2,
    source_kernels_avx512;

/* The fastest that this processor runs, or the one that the environment variable GUIYI_SIMD names
 * (scalar, avx2, avx512) when it runs that. */
const struct source_kernels *source_kernels(void);
/* NULL when there is none of that name or the processor lacks it. */
const struct source_kernels *source_kernels_named(const char *name);

/* Goes on byte by byte; what the vector kernels fall back to. */
enum index_what { INDEX_CELLS, INDEX_RECORDS, INDEX_LINES };
void delimiter_index_walk(struct delimiter_index *index, const char *text, size_t from, size_t to,
                          enum index_what what);

#endif
