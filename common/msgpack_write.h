/* msgpack_write — msgpack at a pointer, for stored values written by the million.
 *
 * Each writes at `at` and returns the end; the caller has reserved the room that is named. What
 * msgpack-c packs is the same, byte for byte (tests/unit/test_msgpack.c); its call-back for every
 * item made encoding a golden record six times slower. */
#ifndef GUIYI_COMMON_MSGPACK_WRITE_H
#define GUIYI_COMMON_MSGPACK_WRITE_H

#include "common/bytes.h"
#include "common/check.h"

enum {
  MSGPACK_NUMBER_BYTES_MAX = 9,
  MSGPACK_HEAD_BYTES_MAX = 5, /* before the bytes of a string or binary, or the items of an array */
};

static inline char *msgpack_put_big_endian(char *at, unsigned lead, uint64_t value, unsigned size) {
  *at++ = (char)lead;
  for (unsigned i = size; i > 0; i--) *at++ = (char)(value >> (8 * (i - 1)));
  return at;
}

static inline char *msgpack_put_nil(char *at) {
  *at = (char)0xc0;
  return at + 1;
}

static inline char *msgpack_put_u64(char *at, uint64_t value) {
  if (value < 0x80) {
    *at = (char)value;
    return at + 1;
  }
  if (value <= UINT8_MAX) return msgpack_put_big_endian(at, 0xcc, value, 1);
  if (value <= UINT16_MAX) return msgpack_put_big_endian(at, 0xcd, value, 2);
  if (value <= UINT32_MAX) return msgpack_put_big_endian(at, 0xce, value, 4);
  return msgpack_put_big_endian(at, 0xcf, value, 8);
}

static inline char *msgpack_put_i64(char *at, int64_t value) {
  if (value >= 0) return msgpack_put_u64(at, (uint64_t)value);
  uint64_t bits = (uint64_t)value;
  if (value >= -32) {
    *at = (char)value;
    return at + 1;
  }
  if (value >= INT8_MIN) return msgpack_put_big_endian(at, 0xd0, bits, 1);
  if (value >= INT16_MIN) return msgpack_put_big_endian(at, 0xd1, bits, 2);
  if (value >= INT32_MIN) return msgpack_put_big_endian(at, 0xd2, bits, 4);
  return msgpack_put_big_endian(at, 0xd3, bits, 8);
}

static inline char *msgpack_put_array(char *at, uint32_t count) {
  if (count < 16) {
    *at = (char)(0x90 | count);
    return at + 1;
  }
  if (count <= UINT16_MAX) return msgpack_put_big_endian(at, 0xdc, count, 2);
  return msgpack_put_big_endian(at, 0xdd, count, 4);
}

static inline char *msgpack_put_run(char *at, struct bytes run) {
  if (run.size) memcpy(at, run.data, run.size);
  return at + run.size;
}

static inline char *msgpack_put_string(char *at, struct bytes text) {
  check(text.size <= UINT32_MAX);
  if (text.size < 32)
    *at++ = (char)(0xa0 | text.size);
  else if (text.size <= UINT8_MAX)
    at = msgpack_put_big_endian(at, 0xd9, text.size, 1);
  else if (text.size <= UINT16_MAX)
    at = msgpack_put_big_endian(at, 0xda, text.size, 2);
  else
    at = msgpack_put_big_endian(at, 0xdb, text.size, 4);
  return msgpack_put_run(at, text);
}

/* Only the head; so many bytes follow. */
static inline char *msgpack_put_binary_head(char *at, size_t size) {
  check(size <= UINT32_MAX);
  if (size <= UINT8_MAX) return msgpack_put_big_endian(at, 0xc4, size, 1);
  if (size <= UINT16_MAX) return msgpack_put_big_endian(at, 0xc5, size, 2);
  return msgpack_put_big_endian(at, 0xc6, size, 4);
}

#endif
