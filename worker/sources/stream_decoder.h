/* stream_decoder — unpacks gzip (RFC 1952, several members) and Zstandard (RFC 8878, several
 * frames) piece by piece. Does no I/O: the caller puts packed bytes into its space. */
#ifndef GUIYI_WORKER_SOURCES_STREAM_DECODER_H
#define GUIYI_WORKER_SOURCES_STREAM_DECODER_H

#include <stddef.h>

#include "worker/sources/source_file.h"

enum { STREAM_DECODER_INPUT_BYTES = 256 << 10 };

enum decode_state {
  DECODE_MORE,        /* out is full, or some of it was */
  DECODE_NEEDS_INPUT, /* call stream_decoder_fill, with 0 bytes at the end of the file */
  DECODE_AT_END,
  DECODE_DAMAGED,
  DECODE_WINDOW_TOO_LARGE, /* zstd --long above 27: more memory than a reader may take */
};

struct stream_decoder;

/* Never NULL. compression is not SOURCE_PLAIN. */
struct stream_decoder *stream_decoder_new(enum source_compression compression);
/* STREAM_DECODER_INPUT_BYTES to write packed bytes into, after DECODE_NEEDS_INPUT. */
char *stream_decoder_space(struct stream_decoder *decoder);
void stream_decoder_fill(struct stream_decoder *decoder, size_t size);
/* *problem is set, to a static string, when it is damaged. */
enum decode_state stream_decoder_run(struct stream_decoder *decoder, char *out, size_t size,
                                     size_t *got, const char **problem);
void stream_decoder_free(struct stream_decoder **decoder);

#endif
