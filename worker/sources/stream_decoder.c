#include "worker/sources/stream_decoder.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "common/check.h"
#include "common/memory.h"

struct stream_decoder {
  enum source_compression compression;
  bool at_file_end;
  bool between_parts; /* a member or frame has ended and the next has not begun */
  z_stream gzip;
  ZSTD_DStream *zstd;
  size_t input_at, input_size;
  char input[STREAM_DECODER_INPUT_BYTES];
};

struct stream_decoder *stream_decoder_new(enum source_compression compression) {
  struct stream_decoder *d = memory_new(sizeof *d);
  d->compression = compression;
  d->at_file_end = d->between_parts = false;
  d->input_at = d->input_size = 0;
  d->gzip = (z_stream){0};
  d->zstd = NULL;
  if (compression == SOURCE_GZIP) {
    check(inflateInit2(&d->gzip, 15 + 16) == Z_OK);
  } else {
    d->zstd = ZSTD_createDStream();
    check(d->zstd);
  }
  return d;
}

char *stream_decoder_space(struct stream_decoder *d) { return d->input; }

void stream_decoder_fill(struct stream_decoder *d, size_t size) {
  d->input_at = 0;
  d->input_size = size;
  d->at_file_end = size == 0;
}

static enum decode_state damaged(const char **problem, const char *what) {
  *problem = what;
  return DECODE_DAMAGED;
}

/* After a member: zeros are padding (tapes, block devices), a magic number begins the next one. */
static bool begin_next_member(struct stream_decoder *d) {
  while (d->input_at < d->input_size && d->input[d->input_at] == 0) d->input_at++;
  if (d->input_at == d->input_size) return false;
  check(inflateReset(&d->gzip) == Z_OK);
  d->between_parts = false;
  return true;
}

static enum decode_state run_gzip(struct stream_decoder *d, char *out, size_t size, size_t *got,
                                  const char **problem) {
  if (d->between_parts && !begin_next_member(d))
    return d->at_file_end ? DECODE_AT_END : DECODE_NEEDS_INPUT;
  z_stream *z = &d->gzip;
  z->next_in = (Bytef *)d->input + d->input_at;
  z->avail_in = (uInt)(d->input_size - d->input_at);
  z->next_out = (Bytef *)out;
  uInt room = size < (1u << 30) ? (uInt)size : 1u << 30;
  z->avail_out = room;
  int code = inflate(z, Z_NO_FLUSH);
  d->input_at = d->input_size - z->avail_in;
  *got = room - z->avail_out;
  if (code == Z_STREAM_END) d->between_parts = true;
  if (code == Z_OK || code == Z_STREAM_END || *got) return DECODE_MORE;
  if (code != Z_BUF_ERROR) return damaged(problem, z->msg ? z->msg : "unknown error");
  return d->at_file_end ? damaged(problem, "the file ends in the middle") : DECODE_NEEDS_INPUT;
}

static enum decode_state run_zstd(struct stream_decoder *d, char *out, size_t size, size_t *got,
                                  const char **problem) {
  ZSTD_inBuffer input = {d->input, d->input_size, d->input_at};
  ZSTD_outBuffer output = {out, size, 0};
  if (d->at_file_end && d->between_parts) return DECODE_AT_END;
  size_t code = ZSTD_decompressStream(d->zstd, &output, &input);
  *got = output.pos;
  if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
    return DECODE_WINDOW_TOO_LARGE;
  if (ZSTD_isError(code)) return damaged(problem, ZSTD_getErrorName(code));
  bool moved = input.pos != d->input_at || output.pos;
  d->input_at = input.pos;
  if (moved) d->between_parts = code == 0;
  if (moved) return DECODE_MORE;
  return d->at_file_end ? damaged(problem, "the file ends in the middle") : DECODE_NEEDS_INPUT;
}

enum decode_state stream_decoder_run(struct stream_decoder *d, char *out, size_t size, size_t *got,
                                     const char **problem) {
  *got = 0;
  return d->compression == SOURCE_GZIP ? run_gzip(d, out, size, got, problem)
                                       : run_zstd(d, out, size, got, problem);
}

void stream_decoder_free(struct stream_decoder **decoder) {
  struct stream_decoder *d = *decoder;
  if (!d) return;
  if (d->compression == SOURCE_GZIP) (void)inflateEnd(&d->gzip);
  ZSTD_freeDStream(d->zstd);
  free(d);
  *decoder = NULL;
}
