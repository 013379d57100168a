#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/number_read.h"
#include "common/number_write.h"

static void what_is_written_is_read_back(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 1000; i++) {
    char text[NUMBER_HEX128_BYTES];
    struct hash128 value = {hash_mix(i), hash_mix(i + 1)}, again;
    size_t size = (size_t)(number_put_hex128(text, value) - text);
    assert_true(number_read_hex128(bytes_of(text, size), &again));
    assert_true(again.low == value.low && again.high == value.high);
    uint64_t number = hash_mix(i) >> (i % 59 + 5), read;
    size = (size_t)(number_put_u64(text, number) - text);
    assert_true(number_read_u64(bytes_of(text, size), &read));
    assert_int_equal(read, number);
  }
}

static void other_forms_are_refused(void **state) {
  (void)state;
  static const char *const numbers[] = {
      "", "01", "-1", "+1", " 1", "1 ", "0x1", "1.0", "1234567890123456789"};
  uint64_t value;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    assert_false(number_read_u64(bytes_from_string(numbers[i]), &value));
  struct hash128 hash;
  assert_true(number_read_hex64(BYTES("0123456789abcdef"), &value));
  assert_true(value == 0x0123456789abcdefULL);
  assert_false(number_read_hex64(BYTES("0123456789ABCDEF"), &value));
  assert_false(number_read_hex64(BYTES("0123456789abcde"), &value));
  assert_false(number_read_hex64(BYTES("0123456789abcdeg"), &value));
  assert_false(number_read_hex128(BYTES("0123456789abcdef0123456789abcde "), &hash));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read_back),
      cmocka_unit_test(other_forms_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
