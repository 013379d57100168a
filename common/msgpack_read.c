#include "common/msgpack_read.h"

/* Lead bytes (github.com/msgpack/msgpack/blob/master/spec.md). */
enum {
  FIX_ARRAY = 0x90,
  FIX_STRING = 0xa0,
  NIL = 0xc0,
  BIN_8 = 0xc4,
  BIN_16,
  BIN_32,
  UINT_8 = 0xcc,
  UINT_16,
  UINT_32,
  UINT_64,
  INT_8,
  INT_16,
  INT_32,
  INT_64,
  STRING_8 = 0xd9,
  STRING_16,
  STRING_32,
  ARRAY_16,
  ARRAY_32,
};

static size_t left(const struct msgpack_reader *r) { return (size_t)(r->end - r->at); }

static uint64_t fail(struct msgpack_reader *r) {
  r->failed = true;
  r->at = r->end;
  return 0;
}

/* The next byte; 0xc1, which msgpack never uses, at the end. */
static uint8_t lead_byte(struct msgpack_reader *r) {
  if (left(r)) return *r->at++;
  fail(r);
  return 0xc1;
}

static uint64_t big_endian(struct msgpack_reader *r, size_t size) {
  if (left(r) < size) return fail(r);
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++) value = value << 8 | *r->at++;
  return value;
}

uint32_t msgpack_read_array(struct msgpack_reader *r) {
  uint8_t lead = lead_byte(r);
  uint64_t count;
  if ((lead & 0xf0) == FIX_ARRAY)
    count = lead & 0x0f;
  else if (lead == ARRAY_16 || lead == ARRAY_32)
    count = big_endian(r, lead == ARRAY_16 ? 2 : 4);
  else
    count = fail(r);
  return (uint32_t)(count <= left(r) ? count : fail(r));
}

uint64_t msgpack_read_u64(struct msgpack_reader *r) {
  uint8_t lead = lead_byte(r);
  if (lead < 0x80) return lead;
  if (lead < UINT_8 || lead > UINT_64) return fail(r);
  return big_endian(r, (size_t)1 << (lead - UINT_8));
}

uint32_t msgpack_read_u32(struct msgpack_reader *r, uint32_t most) {
  uint64_t value = msgpack_read_u64(r);
  return (uint32_t)(value <= most ? value : fail(r));
}

int64_t msgpack_read_i64(struct msgpack_reader *r) {
  uint8_t lead = lead_byte(r);
  if (lead < 0x80) return lead;
  if (lead >= 0xe0) return (int8_t)lead;
  if (lead >= UINT_8 && lead <= UINT_64) {
    uint64_t value = big_endian(r, (size_t)1 << (lead - UINT_8));
    return (int64_t)(value <= INT64_MAX ? value : fail(r));
  }
  if (lead < INT_8 || lead > INT_64) return (int64_t)fail(r);
  unsigned bits = 8u << (lead - INT_8);
  uint64_t value = big_endian(r, bits / 8);
  return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

static struct bytes run_of(struct msgpack_reader *r, uint64_t size) {
  if (r->failed || size > left(r)) {
    fail(r);
    return BYTES_EMPTY;
  }
  struct bytes run = bytes_of((const char *)r->at, (size_t)size);
  r->at += size;
  return run;
}

struct bytes msgpack_read_string(struct msgpack_reader *r) {
  uint8_t lead = lead_byte(r);
  if ((lead & 0xe0) == FIX_STRING) return run_of(r, lead & 0x1f);
  if (lead < STRING_8 || lead > STRING_32) return run_of(r, fail(r));
  return run_of(r, big_endian(r, (size_t)1 << (lead - STRING_8)));
}

struct bytes msgpack_read_binary(struct msgpack_reader *r) {
  uint8_t lead = lead_byte(r);
  if (lead < BIN_8 || lead > BIN_32) return run_of(r, fail(r));
  return run_of(r, big_endian(r, (size_t)1 << (lead - BIN_8)));
}

bool msgpack_read_nil(struct msgpack_reader *r) {
  if (left(r) == 0 || *r->at != NIL) return false;
  r->at++;
  return true;
}

bool msgpack_read_ended(const struct msgpack_reader *r) { return !r->failed && r->at == r->end; }
