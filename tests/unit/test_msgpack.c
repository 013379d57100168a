#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <msgpack/pack.h>

#include "common/msgpack_read.h"
#include "common/msgpack_write.h"

static int append_to_buffer(void *data, const char *text, size_t size) {
  buffer_append(data, text, size);
  return 0;
}

static void what_msgpack_packs_is_read_back(void **state) {
  (void)state;
  static const int64_t numbers[] = {
      0,  1,   127, 128,  255,  256,    65535,  65536,         4294967295,    4294967296, INT64_MAX,
      -1, -32, -33, -128, -129, -32768, -32769, -2147483648LL, -2147483649LL, INT64_MIN};
  enum { COUNT = sizeof numbers / sizeof numbers[0] };
  char longer[70000];
  memset(longer, 'x', sizeof longer);
  static const size_t sizes[] = {0, 1, 31, 32, 255, 256, 65535, 65536};
  struct buffer b = {0};
  msgpack_packer p;
  msgpack_packer_init(&p, &b, append_to_buffer);
  msgpack_pack_array(&p, COUNT);
  for (size_t i = 0; i < COUNT; i++) msgpack_pack_int64(&p, numbers[i]);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    msgpack_pack_str(&p, sizes[i]);
    msgpack_pack_str_body(&p, longer, sizes[i]);
    msgpack_pack_bin(&p, sizes[i]);
    msgpack_pack_bin_body(&p, longer, sizes[i]);
  }
  msgpack_pack_nil(&p);
  msgpack_pack_uint64(&p, UINT64_MAX);
  struct msgpack_reader r = msgpack_reader(buffer_bytes(&b));
  assert_int_equal(msgpack_read_array(&r), COUNT);
  for (size_t i = 0; i < COUNT; i++) assert_true(msgpack_read_i64(&r) == numbers[i]);
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    assert_int_equal(msgpack_read_string(&r).size, sizes[i]);
    assert_int_equal(msgpack_read_binary(&r).size, sizes[i]);
  }
  assert_true(msgpack_read_nil(&r));
  assert_false(msgpack_read_nil(&r));
  assert_true(msgpack_read_u64(&r) == UINT64_MAX);
  assert_true(msgpack_read_ended(&r));
  /* Every beginning of it fails somewhere, and nothing beyond it is read. */
  for (size_t size = 0; size < 200; size++) {
    r = msgpack_reader(bytes_of(b.data, size));
    uint32_t count = msgpack_read_array(&r);
    for (size_t i = 0; i < COUNT; i++) msgpack_read_i64(&r);
    for (size_t i = 0; i < 5; i++) msgpack_read_string(&r), msgpack_read_binary(&r);
    assert_true(r.failed);
    assert_true(count <= size);
    assert_false(msgpack_read_ended(&r));
  }
  buffer_release(&b);
}

static void what_is_written_is_what_msgpack_packs(void **state) {
  (void)state;
  static char room[200000], text[70000];
  struct buffer b = {0};
  msgpack_packer p;
  msgpack_packer_init(&p, &b, append_to_buffer);
  char *at = room;
  for (int shift = 0; shift < 64; shift++)
    for (int64_t more = -2; more <= 2; more++) {
      int64_t number = (int64_t)((1ULL << shift) + (uint64_t)more);
      msgpack_pack_int64(&p, number);
      at = msgpack_put_i64(at, number);
      msgpack_pack_int64(&p, number == INT64_MIN ? number : -number);
      at = msgpack_put_i64(at, number == INT64_MIN ? number : -number);
      msgpack_pack_uint64(&p, (uint64_t)number);
      at = msgpack_put_u64(at, (uint64_t)number);
    }
  static const uint32_t sizes[] = {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    msgpack_pack_array(&p, sizes[i]);
    at = msgpack_put_array(at, sizes[i]);
    msgpack_pack_bin(&p, sizes[i]);
    at = msgpack_put_binary_head(at, sizes[i]);
    msgpack_pack_str(&p, sizes[i]);
    msgpack_pack_str_body(&p, text, sizes[i]);
    at = msgpack_put_string(at, bytes_of(text, sizes[i]));
  }
  msgpack_pack_nil(&p);
  at = msgpack_put_nil(at);
  assert_int_equal(at - room, b.size);
  assert_memory_equal(room, b.data, b.size);
  buffer_release(&b);
}

static void counts_beyond_the_bytes_are_refused(void **state) {
  (void)state;
  static const char array[] = "\xdd\xff\xff\xff\xff\x00";
  struct msgpack_reader r = msgpack_reader(bytes_of(array, sizeof array - 1));
  assert_int_equal(msgpack_read_array(&r), 0);
  assert_true(r.failed);
  static const char string[] = "\xdb\xff\xff\xff\xffxx";
  r = msgpack_reader(bytes_of(string, sizeof string - 1));
  assert_int_equal(msgpack_read_string(&r).size, 0);
  assert_true(r.failed);
}

static void a_wrong_type_or_range_fails_for_good(void **state) {
  (void)state;
  struct msgpack_reader r = msgpack_reader(BYTES("\xa1x\x01"));
  assert_int_equal(msgpack_read_u64(&r), 0);
  assert_int_equal(msgpack_read_u64(&r), 0);
  assert_false(msgpack_read_ended(&r));
  r = msgpack_reader(BYTES("\xff"));
  assert_int_equal(msgpack_read_u64(&r), 0);
  assert_true(r.failed);
  r = msgpack_reader(BYTES("\x05"));
  assert_int_equal(msgpack_read_u32(&r, 4), 0);
  assert_true(r.failed);
  r = msgpack_reader(BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));
  assert_true(msgpack_read_i64(&r) == 0);
  assert_true(r.failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_msgpack_packs_is_read_back),
      cmocka_unit_test(what_is_written_is_what_msgpack_packs),
      cmocka_unit_test(counts_beyond_the_bytes_are_refused),
      cmocka_unit_test(a_wrong_type_or_range_fails_for_good),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
