/* source_file — what one file of a source is: how it is written, which columns it has, and where it
 * can be cut so that several threads read it at once.
 *
 * source_file_scan reads the whole file once and only counts; source_reader.h gives the cells. Both
 * follow the same rules of CSV and JSON Lines, which README.md of this folder lists. A scanned file
 * is constant: any number of threads may read from it. */
#ifndef GUIYI_WORKER_SOURCES_SOURCE_FILE_H
#define GUIYI_WORKER_SOURCES_SOURCE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/err.h"
#include "worker/sources/source_sample.h"

enum {
  SOURCE_ROW_BYTES_MAX = 16 << 20,  /* of one record as UTF-8, without its line end */
  SOURCE_FIELD_BYTES_MAX = 8 << 20, /* of one cell as UTF-8 */
  SOURCE_COLUMNS_MAX = 4096,
  SOURCE_COLUMN_NAME_BYTES_MAX = 256,
  SOURCE_JSON_DEPTH_MAX = 32,
  SOURCE_UNCLOSED_MAX = 16, /* records with a quote that is never closed; more: not CSV */
  SOURCE_WARNINGS_MAX = 16, /* further ones are not kept */
};

enum source_format { SOURCE_FORMAT_AUTO, SOURCE_FORMAT_CSV, SOURCE_FORMAT_JSONL };
enum source_encoding { SOURCE_ENCODING_AUTO, SOURCE_ENCODING_UTF8, SOURCE_ENCODING_GB18030 };
enum source_compression { SOURCE_PLAIN, SOURCE_GZIP, SOURCE_ZSTD };

/* What the caller knows already; all zero = recognise everything. */
struct source_file_options {
  enum source_format format;
  enum source_encoding encoding;
  char delimiter; /* 0 = recognise: one of , ; tab | */
  char quote;     /* 0 = recognise: " or ' */
  int header;     /* 0 = recognise, 1 the first row names the columns, -1 it does not */
  /* CSV: names for the columns, in place of a header's; a file with another number is refused.
   * JSON Lines: keys, flattened (a.b), in column order; other keys are not read. Empty: the union
   * of the keys of all lines, in byte order. */
  const struct bytes *columns;
  uint32_t column_count;
};

/* A run of whole records. */
struct source_split {
  uint64_t offset, size; /* bytes of the file; of the decoded text where `is_stream` */
  uint64_t first_line;   /* physical line of the first byte, from 1 */
  uint64_t first_row; /* number of the first record in the file, from 0, the header not counted */
  uint64_t row_count; /* records in it: those a reader accepts and those it rejects. Blank lines
                         are lines, but no records. */
};

/* Which bytes were scanned: a reader refuses a file that is another by now. */
struct source_identity {
  uint64_t device, inode, size;
  int64_t modified_ns;
};

struct source_file {
  char *path;
  enum source_format format;     /* never AUTO */
  enum source_encoding encoding; /* never AUTO */
  enum source_compression compression;
  bool is_stream;        /* read from the front only (compressed …): there is one split */
  char delimiter;        /* CSV */
  char quote;            /* CSV */
  bool has_header;       /* CSV */
  bool has_cr_line_ends; /* lines end with CR alone, as the old Macintosh wrote them */
  struct bytes *columns; /* names: UTF-8, trimmed, not empty, no two the same */
  uint32_t column_count;
  bool keys_are_given; /* JSON Lines: columns came from the options */
  struct source_identity identity;
  uint64_t unclosed_offsets[SOURCE_UNCLOSED_MAX]; /* CSV: where the records start whose quote is
                                                     never closed; ascending */
  uint32_t unclosed_count;
  struct source_split *splits;
  uint32_t split_count; /* 0 when there are no rows */
  uint64_t row_count;
  uint64_t content_hash; /* sum of the XXH3 of all records: the same for any order of the rows */
  struct source_sample sample;
  const char *warnings[SOURCE_WARNINGS_MAX]; /* sentences for people, without values of rows */
  uint32_t warning_count;
  struct arena arena; /* holds what the pointers above point to */
};

/* Reads the file at path once; JSON Lines without given columns twice. Splits are about
 * split_bytes long, 0 = as few as can be. `out` is overwritten, and to be released whatever is
 * returned. ERR_INPUT when the file as a whole cannot be used; ERR_CONFIG when the delimiter and
 * quote of the options are not two different ASCII characters; ERR_IO when the system fails. A
 * file with a header and no row is no error: row_count is 0. Blocks on the disk; safe for several
 * threads at once. */
enum err source_file_scan(const char *path, const struct source_file_options *options,
                          uint64_t split_bytes, struct source_file *out, struct failure *f);
void source_file_release(struct source_file *file);

/* "CSV", "GB18030", "gzip": for people. */
const char *source_format_name(enum source_format format);
const char *source_encoding_name(enum source_encoding encoding);
const char *source_compression_name(enum source_compression compression);

#endif
