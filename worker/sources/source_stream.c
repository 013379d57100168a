#include "worker/sources/source_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/check.h"
#include "worker/sources/gb18030.h"
#include "worker/sources/stream_decoder.h"

static void read_identity(const struct stat *status, struct source_identity *identity) {
  *identity = (struct source_identity){
      .device = status->st_dev,
      .inode = status->st_ino,
      .size = (uint64_t)status->st_size,
      .modified_ns = status->st_mtim.tv_sec * INT64_C(1000000000) + status->st_mtim.tv_nsec,
  };
}

static enum err open_file(struct source_stream *s, struct failure *f) {
  /* Non-blocking: opening a pipe without a writer would wait for ever. */
  s->file = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (s->file < 0 && errno == ENOENT)
    return failure_set(f, ERR_INPUT, "%s does not exist; check the path", s->path);
  if (s->file < 0)
    return failure_set(f, ERR_INPUT, "%s cannot be read: %s", s->path, strerror(errno));
  struct stat status;
  if (fstat(s->file, &status) != 0)
    return failure_set(f, ERR_IO, "%s cannot be read: %s", s->path, strerror(errno));
  if (S_ISDIR(status.st_mode))
    return failure_set(f, ERR_INPUT,
                       "%s is a folder; name the files in it, for example \"%s/*.csv\"", s->path,
                       s->path);
  if (!S_ISREG(status.st_mode))
    return failure_set(f, ERR_INPUT,
                       "%s is not a regular file; files are read twice and from several places, "
                       "so save its content to a file first",
                       s->path);
  read_identity(&status, &s->identity);
  (void)posix_fadvise(s->file, 0, 0, POSIX_FADV_SEQUENTIAL);
  return ERR_OK;
}

/* What is no text, by its first bytes, and what to do about it. */
static const struct {
  const char *bytes;
  size_t size;
  const char *what;
} foreign_formats[] = {
    {"PK\3\4", 4,
     "a ZIP archive or an Excel workbook (.xlsx); unpack it, or save the sheet as CSV"},
    {"\xD0\xCF\x11\xE0", 4, "an old Excel or Word document (.xls, .doc); save the sheet as CSV"},
    {"BZh", 3, "packed with bzip2; unpack it with bunzip2, or pack it with gzip or zstd"},
    {"\xFD\x37zXZ", 5, "packed with xz; unpack it with unxz, or pack it with gzip or zstd"},
    {"PAR1", 4, "a Parquet file; export it as CSV or JSON Lines"},
    {"SQLite format 3", 15, "an SQLite database; export its table as CSV"},
    {"%PDF", 4, "a PDF document; export the table as CSV"},
    {"\x7F"
     "ELF",
     4, "a program"},
};

static enum err recognise_compression(struct source_stream *s, struct failure *f) {
  char head[16] = {0};
  ssize_t got;
  do got = pread(s->file, head, sizeof head, 0);
  while (got < 0 && errno == EINTR);
  if (got < 0) return failure_set(f, ERR_IO, "%s cannot be read: %s", s->path, strerror(errno));
  if (got >= 2 && memcmp(head, "\x1F\x8B", 2) == 0) s->compression = SOURCE_GZIP;
  if (got >= 4 && memcmp(head, "\x28\xB5\x2F\xFD", 4) == 0) s->compression = SOURCE_ZSTD;
  for (size_t i = 0; i < sizeof foreign_formats / sizeof foreign_formats[0]; i++)
    if ((size_t)got >= foreign_formats[i].size &&
        memcmp(head, foreign_formats[i].bytes, foreign_formats[i].size) == 0)
      return failure_set(f, ERR_INPUT, "%s is %s", s->path, foreign_formats[i].what);
  return ERR_OK;
}

enum err source_stream_open(struct source_stream *s, const char *path, struct failure *f) {
  *s = (struct source_stream){.path = path, .file = -1};
  enum err err = open_file(s, f);
  if (err == ERR_OK) err = recognise_compression(s, f);
  source_stream_seek(s, 0, UINT64_MAX);
  return err;
}

/* The bytes of the file as they are; *got < size only at its end. */
static enum err read_file(struct source_stream *s, char *out, size_t size, size_t *got,
                          struct failure *f) {
  *got = 0;
  while (*got < size && s->file_at < s->identity.size) {
    uint64_t left = s->identity.size - s->file_at;
    size_t want = size - *got < left ? size - *got : (size_t)left;
    ssize_t read = pread(s->file, out + *got, want, (off_t)s->file_at);
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return failure_set(f, ERR_IO, "%s cannot be read: %s", s->path, strerror(errno));
    if (read == 0)
      return failure_set(f, ERR_INPUT,
                         "%s became shorter while it was read: %llu bytes are left of %llu; run "
                         "again when nothing writes to it",
                         s->path, (unsigned long long)s->file_at,
                         (unsigned long long)s->identity.size);
    *got += (size_t)read;
    s->file_at += (size_t)read;
  }
  return ERR_OK;
}

static enum err refill_decoder(struct source_stream *s, struct failure *f) {
  size_t got;
  enum err err = read_file(s, stream_decoder_space(s->unpack), STREAM_DECODER_INPUT_BYTES, &got, f);
  if (err == ERR_OK) stream_decoder_fill(s->unpack, got);
  return err;
}

static enum err read_unpacked(struct source_stream *s, char *out, size_t size, size_t *got,
                              struct failure *f) {
  *got = 0;
  while (*got < size) {
    const char *problem = NULL;
    size_t more = 0;
    enum decode_state state =
        stream_decoder_run(s->unpack, out + *got, size - *got, &more, &problem);
    *got += more;
    if (state == DECODE_DAMAGED)
      return failure_set(f, ERR_INPUT,
                         "%s is damaged: its %s data cannot be unpacked near byte %llu (%s); fetch "
                         "or export it again",
                         s->path, source_compression_name(s->compression),
                         (unsigned long long)s->file_at, problem);
    if (state == DECODE_WINDOW_TOO_LARGE)
      return failure_set(f, ERR_INPUT,
                         "%s cannot be unpacked: it was packed with a window of more than 128 MiB; "
                         "pack it again without --long",
                         s->path);
    if (state == DECODE_AT_END) break;
    if (state == DECODE_NEEDS_INPUT) {
      enum err err = refill_decoder(s, f);
      if (err != ERR_OK) return err;
    }
  }
  return ERR_OK;
}

/* Unpacked, not yet decoded, and inside the limits of the last seek. */
static enum err read_text(struct source_stream *s, char *out, size_t size, size_t *got,
                          struct failure *f) {
  size_t want = size < s->left ? size : (size_t)s->left;
  enum err err = s->unpack ? read_unpacked(s, out, want, got, f) : read_file(s, out, want, got, f);
  if (err != ERR_OK) return err;
  s->left -= *got;
  if (*got < want && !s->reads_to_end)
    return failure_set(f, ERR_INPUT,
                       "%s became shorter while it was read; run again when nothing writes to it",
                       s->path);
  return ERR_OK;
}

void source_stream_seek(struct source_stream *s, uint64_t offset, uint64_t size) {
  check(offset == 0 || s->compression == SOURCE_PLAIN);
  gb18030_decoder_free(&s->decode);
  stream_decoder_free(&s->unpack);
  if (s->compression != SOURCE_PLAIN) s->unpack = stream_decoder_new(s->compression);
  s->file_at = offset;
  s->left = size;
  s->reads_to_end = size == UINT64_MAX;
}

enum err source_stream_decode_gb18030(struct source_stream *s, struct failure *f) {
  gb18030_decoder_free(&s->decode);
  s->decode = gb18030_decoder_new();
  if (!s->decode)
    return failure_set(f, ERR_IO,
                       "%s is GB18030, and the system has no converter for it; install the C "
                       "library's gconv modules, or save the file as UTF-8",
                       s->path);
  return ERR_OK;
}

static enum err read_decoded(struct source_stream *s, char *out, size_t size, size_t *got,
                             struct failure *f) {
  *got = 0;
  for (;;) {
    *got += gb18030_decoder_run(s->decode, out + *got, size - *got);
    if (!gb18030_decoder_needs_input(s->decode)) return ERR_OK;
    size_t space_size, more;
    char *space = gb18030_decoder_space(s->decode, &space_size);
    enum err err = read_text(s, space, space_size, &more, f);
    if (err != ERR_OK) return err;
    gb18030_decoder_fill(s->decode, more, more < space_size);
  }
}

enum err source_stream_read(struct source_stream *s, char *out, size_t size, size_t *got,
                            struct failure *f) {
  enum err err = s->decode ? read_decoded(s, out, size, got, f) : read_text(s, out, size, got, f);
  if (s->turns_cr && err == ERR_OK) turn_cr(out, *got);
  return err;
}

bool cr_ends_lines(struct bytes text) {
  return text.size && memchr(text.data, '\r', text.size) && !memchr(text.data, '\n', text.size);
}

void turn_cr(char *text, size_t size) {
  for (size_t i = 0; i < size; i++) text[i] = text[i] == '\r' ? '\n' : text[i];
}

enum err source_stream_skip(struct source_stream *s, uint64_t size, struct failure *f) {
  char skipped[16 << 10];
  while (size) {
    size_t want = size < sizeof skipped ? (size_t)size : sizeof skipped, got;
    enum err err = source_stream_read(s, skipped, want, &got, f);
    if (err != ERR_OK) return err;
    if (got == 0)
      return failure_set(f, ERR_INPUT,
                         "%s became shorter while it was read; run again when nothing writes to it",
                         s->path);
    size -= got;
  }
  return ERR_OK;
}

enum err source_stream_check_identity(const struct source_stream *s,
                                      const struct source_identity *expected, struct failure *f) {
  struct stat status;
  if (fstat(s->file, &status) != 0)
    return failure_set(f, ERR_IO, "%s cannot be read: %s", s->path, strerror(errno));
  struct source_identity now;
  read_identity(&status, &now);
  if (now.device == expected->device && now.inode == expected->inode &&
      now.size == expected->size && now.modified_ns == expected->modified_ns)
    return ERR_OK;
  return failure_set(
      f, ERR_INPUT,
      "%s was changed while it was read (%llu bytes before, %llu now); run again when "
      "nothing writes to it",
      s->path, (unsigned long long)expected->size, (unsigned long long)now.size);
}

void source_stream_close(struct source_stream *s) {
  gb18030_decoder_free(&s->decode);
  stream_decoder_free(&s->unpack);
  if (s->file >= 0) close(s->file);
  s->file = -1;
}
