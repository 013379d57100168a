#include "worker/exchange/file_codec.h"

#include <errno.h>
#include <sys/stat.h>

#include "common/byte_reader.h"

static void append_text(struct buffer *out, const char *text) {
  buffer_append_counted(out, bytes_from_string(text));
}

void file_encode(const struct source_file *file, struct buffer *out) {
  append_text(out, file->path);
  const uint8_t small[] = {
      (uint8_t)file->format, (uint8_t)file->encoding,  (uint8_t)file->compression,
      file->is_stream,       (uint8_t)file->delimiter, (uint8_t)file->quote,
      file->has_header,      file->has_cr_line_ends,   file->keys_are_given};
  buffer_append(out, small, sizeof small);
  buffer_append(out, &file->identity, sizeof file->identity);
  buffer_append_u64(out, file->row_count);
  buffer_append_u64(out, file->content_hash);
  buffer_append_u32(out, file->column_count);
  for (uint32_t c = 0; c < file->column_count; c++) buffer_append_counted(out, file->columns[c]);
  buffer_append_u32(out, file->unclosed_count);
  buffer_append(out, file->unclosed_offsets, file->unclosed_count * sizeof(uint64_t));
  buffer_append_u32(out, file->warning_count);
  for (uint32_t w = 0; w < file->warning_count; w++) append_text(out, file->warnings[w]);
  buffer_append_u32(out, file->split_count);
  buffer_append(out, file->splits, file->split_count * sizeof *file->splits);
}

static bool take_flags(struct byte_reader *r, struct source_file *out) {
  uint8_t small[9];
  byte_reader_copy(r, small, sizeof small);
  out->format = small[0];
  out->encoding = small[1];
  out->compression = small[2];
  out->is_stream = small[3];
  out->delimiter = (char)small[4];
  out->quote = (char)small[5];
  out->has_header = small[6];
  out->has_cr_line_ends = small[7];
  out->keys_are_given = small[8];
  for (size_t i = 6; i < sizeof small; i++)
    if (small[i] > 1) return false;
  return small[0] <= SOURCE_FORMAT_JSONL && small[0] != SOURCE_FORMAT_AUTO &&
         small[1] <= SOURCE_ENCODING_GB18030 && small[1] != SOURCE_ENCODING_AUTO &&
         small[2] <= SOURCE_ZSTD && small[3] <= 1;
}

static bool take_lists(struct byte_reader *r, struct source_file *out) {
  out->column_count = byte_reader_u32(r);
  if (out->column_count > SOURCE_COLUMNS_MAX) return false;
  out->columns = arena_alloc(&out->arena, out->column_count * sizeof *out->columns);
  for (uint32_t c = 0; c < out->column_count; c++)
    out->columns[c] = arena_copy(&out->arena, byte_reader_counted(r));
  out->unclosed_count = byte_reader_u32(r);
  if (out->unclosed_count > SOURCE_UNCLOSED_MAX) return false;
  byte_reader_copy(r, out->unclosed_offsets, out->unclosed_count * sizeof(uint64_t));
  out->warning_count = byte_reader_u32(r);
  if (out->warning_count > SOURCE_WARNINGS_MAX) return false;
  for (uint32_t w = 0; w < out->warning_count; w++)
    out->warnings[w] = arena_copy(&out->arena, byte_reader_counted(r)).data;
  return r->ok;
}

/* Splits lie one behind the other and hold all rows. */
static bool take_splits(struct byte_reader *r, struct source_file *out) {
  out->split_count = byte_reader_u32(r);
  struct bytes splits = byte_reader_take(r, (size_t)out->split_count * sizeof *out->splits);
  if (!r->ok) return false;
  out->splits = arena_alloc(&out->arena, splits.size);
  if (splits.size) memcpy(out->splits, splits.data, splits.size);
  uint64_t rows = 0;
  for (uint32_t s = 0; s < out->split_count; s++) {
    if (out->splits[s].first_row != rows || out->splits[s].row_count > UINT32_MAX) return false;
    rows += out->splits[s].row_count;
  }
  return rows == out->row_count;
}

enum err file_decode(struct bytes data, struct source_file *out, struct failure *failure) {
  *out = (struct source_file){0};
  struct byte_reader r = byte_reader_of(data);
  out->path = (char *)arena_copy(&out->arena, byte_reader_counted(&r)).data;
  bool ok = take_flags(&r, out);
  byte_reader_copy(&r, &out->identity, sizeof out->identity);
  out->row_count = byte_reader_u64(&r);
  out->content_hash = byte_reader_u64(&r);
  if (!ok || !take_lists(&r, out) || !take_splits(&r, out) || !byte_reader_is_done(&r)) {
    out->split_count = 0;
    return failure_set(failure, ERR_MALFORMED, "the description of a file (%zu bytes) is malformed",
                       data.size);
  }
  return ERR_OK;
}

enum err file_find_here(struct source_file *file, struct failure *failure) {
  struct stat status;
  if (stat(file->path, &status) != 0)
    return failure_set(failure, ERR_INPUT,
                       "%s: %s on this worker. Workers read the files themselves: keep them on "
                       "storage that all of them see under the same path.",
                       file->path, strerror(errno));
  int64_t modified_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
  if ((uint64_t)status.st_size != file->identity.size || modified_ns != file->identity.modified_ns)
    return failure_set(failure, ERR_INPUT,
                       "%s has another size or time of change on this worker than on the one that "
                       "scanned it. All workers must see the same file, and nobody may write to it "
                       "during a run.",
                       file->path);
  file->identity.device = status.st_dev;
  file->identity.inode = status.st_ino;
  return ERR_OK;
}
