/* source_stream — the text of a file from front to back: unpacked, and turned into UTF-8 when
 * asked.
 *
 * Memory is bounded whatever is in the file. Reads with pread: a file that shrinks is an error
 * here, not a signal. Belongs to one thread. */
#ifndef GUIYI_WORKER_SOURCES_SOURCE_STREAM_H
#define GUIYI_WORKER_SOURCES_SOURCE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "worker/sources/source_file.h"

enum { SOURCE_STREAM_READ_MIN = 64 };

struct stream_decoder;
struct gb18030_decoder;

struct source_stream {
  const char *path; /* borrowed */
  int file;         /* descriptor */
  struct source_identity identity;
  enum source_compression compression; /* told by the first bytes */
  uint64_t file_at;                    /* next byte of the file to read */
  uint64_t left;                       /* bytes of unpacked text still to be given */
  bool reads_to_end;                   /* `left` ends where the text ends */
  bool turns_cr;                       /* each CR is given as LF; set by the caller */
  struct stream_decoder *unpack;       /* NULL while plain */
  struct gb18030_decoder *decode;      /* NULL unless source_stream_decode_gb18030 was called */
};

/* Opens, looks at the kind of the file and stands at the first byte of the text. ERR_INPUT: there
 * is none, or it is a folder, a device, an archive … `stream` is to be closed whatever is returned.
 */
enum err source_stream_open(struct source_stream *stream, const char *path, struct failure *f);
/* Goes to [offset, offset + size) of the text, not decoding it; size UINT64_MAX = to the end. A
 * packed file is only read from the front: offset is 0. */
void source_stream_seek(struct source_stream *stream, uint64_t offset, uint64_t size);
/* From here on the text is given as UTF-8; each byte that is not GB18030 becomes the byte 0xFF,
 * which no UTF-8 holds. Until the next seek. */
enum err source_stream_decode_gb18030(struct source_stream *stream, struct failure *f);
/* Passes over the next size bytes as they would be read. */
enum err source_stream_skip(struct source_stream *stream, uint64_t size, struct failure *f);
/* Gives what fits into out; size is at least SOURCE_STREAM_READ_MIN. *got is 0 only at the end. */
enum err source_stream_read(struct source_stream *stream, char *out, size_t size, size_t *got,
                            struct failure *f);
/* ERR_INPUT when the file is no longer the one that `identity` describes. */
enum err source_stream_check_identity(const struct source_stream *stream,
                                      const struct source_identity *identity, struct failure *f);
void source_stream_close(struct source_stream *stream);

/* Whether text, the start of a file, has lines that end with CR alone; and such lines made usual.
 */
bool cr_ends_lines(struct bytes text);
void turn_cr(char *text, size_t size);

#endif
