/* source_dialect — how a file is written, told from its first megabyte.
 *
 * What decides is the first line; the lines after it only say whether a delimiter is used the same
 * way throughout. So the order of the rows does not matter where there is a header. */
#ifndef GUIYI_WORKER_SOURCES_SOURCE_DIALECT_H
#define GUIYI_WORKER_SOURCES_SOURCE_DIALECT_H

#include "common/bytes.h"
#include "common/err.h"
#include "worker/sources/source_file.h"

enum { SOURCE_HEAD_BYTES = 1 << 20 }; /* the first record must fit */

struct source_dialect {
  enum source_format format;
  enum source_encoding encoding; /* AUTO where only the whole file can tell */
  char delimiter, quote;
  size_t first_offset;       /* of the first record; what stands before is a mark, a hint, blank */
  struct bytes first_record; /* part of head, without its line end */
  size_t first_record_end;   /* where the next line starts */
};

/* head: the first bytes of the text, all of it when is_all. ERR_INPUT when this is no text file
 * with records. path is only named in messages. */
enum err source_dialect_recognise(struct bytes head, bool is_all, const char *path,
                                  const struct source_file_options *options,
                                  struct source_dialect *out, struct failure *f);

/* Do the cells of a first row name columns? Numbers, dates, phones and mail addresses do not. */
bool cells_look_like_header(const struct bytes *cells, uint32_t count);

#endif
