/* record_chunk — the text of a file as runs of whole records, with the places where they end.
 *
 * Scan and reader both stand on it, so both cut a file into the same records. A buffer is reused;
 * it grows only for a record that does not fit, up to SOURCE_ROW_BYTES_MAX. Belongs to one thread.
 */
#ifndef GUIYI_WORKER_SOURCES_RECORD_CHUNK_H
#define GUIYI_WORKER_SOURCES_RECORD_CHUNK_H

#include "worker/sources/delimiter_index.h"
#include "worker/sources/source_stream.h"

enum { RECORD_CHUNK_BYTES = 1 << 20 };

enum record_kind {
  RECORDS_WHOLE,
  RECORD_TOO_LONG, /* one record over SOURCE_ROW_BYTES_MAX; its text is not kept */
  RECORD_UNCLOSED, /* one line whose quote is never closed */
};

struct record_chunk {
  /* Set by record_chunk_open; may be changed before the first record_chunk_next. */
  struct source_stream *stream;
  const struct source_kernels *kernels;
  enum index_what what;
  char delimiter, quote;
  size_t chunk_bytes;       /* RECORD_CHUNK_BYTES */
  const uint64_t *unclosed; /* offsets of records of kind RECORD_UNCLOSED, ascending */
  uint32_t unclosed_count;

  /* The records at hand. Record i ends at index.ends[i]; with INDEX_CELLS (and RECORDS_WHOLE) its
   * cells end at ends[row_ends[i - 1]] … ends[row_ends[i] - 1]. It starts after the end before it
   * and the CR and LF that follow there. */
  enum record_kind kind;
  uint32_t count;         /* 0 = the end of the text */
  const char *text;       /* whole records, `used` bytes; one byte more may be read */
  size_t used;            /* 0 when RECORD_TOO_LONG */
  uint64_t offset, line;  /* of text[0]; where the record starts when RECORD_TOO_LONG */
  bool lines_are_records; /* each record stands in one line and no line is blank */
  bool quote_seen;
  struct delimiter_index index;

  /* At the end: where the record starts that has a quote still open; or UINT64_MAX. */
  uint64_t open_offset, open_line;

  char *data;
  size_t size, capacity, index_capacity;
  uint64_t data_offset, data_line;
  bool at_end;
};

/* The stream stands where the first record starts, at this offset and line. `chunk` may be released
 * whatever happens later. */
void record_chunk_open(struct record_chunk *chunk, struct source_stream *stream,
                       const struct source_kernels *kernels, enum index_what what, char delimiter,
                       char quote, uint64_t offset, uint64_t line);
/* Forgets the records at hand and finds the next ones. */
enum err record_chunk_next(struct record_chunk *chunk, struct failure *f);
void record_chunk_release(struct record_chunk *chunk);

/* The first byte of the record behind the blank lines at start. */
static inline size_t record_start(const char *text, size_t start) {
  while (text[start] == '\n' || (text[start] == '\r' && text[start + 1] == '\n')) start++;
  return start;
}

/* Where a record that ends with the line end at `end` ends without the CR of a CR LF. */
static inline size_t record_end(const char *text, size_t start, size_t end) {
  return end - (end > start && text[end - 1] == '\r');
}

uint64_t count_line_ends(const char *text, size_t size);

#endif
