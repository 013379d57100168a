/* byte_reader — takes little-endian numbers and runs of bytes off the front of data that came from
 * outside, never beyond its end; and the same appended to a buffer.
 *
 * After a take beyond the end ok is false and everything taken is zero or empty: check ok once, at
 * the end, before what was taken is used as a size. */
#ifndef GUIYI_COMMON_BYTE_READER_H
#define GUIYI_COMMON_BYTE_READER_H

#include "common/bytes.h"

struct byte_reader {
  struct bytes left;
  bool ok;
};

static inline struct byte_reader byte_reader_of(struct bytes data) {
  return (struct byte_reader){data, true};
}

static inline struct bytes byte_reader_take(struct byte_reader *r, size_t size) {
  if (!r->ok || size > r->left.size) {
    r->ok = false;
    return BYTES_EMPTY;
  }
  struct bytes taken = bytes_of(r->left.data, size);
  r->left = bytes_of(r->left.data + size, r->left.size - size);
  return taken;
}

/* Copies size bytes to out; zeroes when there are fewer. */
static inline void byte_reader_copy(struct byte_reader *r, void *out, size_t size) {
  struct bytes taken = byte_reader_take(r, size);
  memset(out, 0, size);
  if (taken.size) memcpy(out, taken.data, size);
}

static inline uint8_t byte_reader_u8(struct byte_reader *r) {
  uint8_t value;
  byte_reader_copy(r, &value, sizeof value);
  return value;
}
static inline uint32_t byte_reader_u32(struct byte_reader *r) {
  uint32_t value;
  byte_reader_copy(r, &value, sizeof value);
  return value;
}
static inline uint64_t byte_reader_u64(struct byte_reader *r) {
  uint64_t value;
  byte_reader_copy(r, &value, sizeof value);
  return value;
}
/* As buffer_append_counted wrote it. */
static inline struct bytes byte_reader_counted(struct byte_reader *r) {
  uint32_t size = byte_reader_u32(r);
  return byte_reader_take(r, size);
}
/* Everything was taken, and nothing more. */
static inline bool byte_reader_is_done(const struct byte_reader *r) {
  return r->ok && r->left.size == 0;
}

static inline void buffer_append_u8(struct buffer *b, uint8_t value) {
  buffer_append(b, &value, sizeof value);
}
static inline void buffer_append_u32(struct buffer *b, uint32_t value) {
  buffer_append(b, &value, sizeof value);
}
static inline void buffer_append_u64(struct buffer *b, uint64_t value) {
  buffer_append(b, &value, sizeof value);
}
static inline void buffer_append_counted(struct buffer *b, struct bytes text) {
  buffer_append_u32(b, (uint32_t)text.size);
  buffer_append_bytes(b, text);
}

#endif
