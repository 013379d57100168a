/* csv_write, json_write, number_write */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/csv_write.h"
#include "common/json_write.h"
#include "common/number_write.h"

static const char *decimal(int64_t value, unsigned decimals) {
  static char text[NUMBER_DECIMAL_BYTES_MAX + 1];
  *number_put_decimal(text, value, decimals) = '\0';
  return text;
}

static const char *binary(int64_t value, unsigned shift, unsigned decimals) {
  static char text[NUMBER_DECIMAL_BYTES_MAX + 1];
  *number_put_binary(text, value, shift, decimals) = '\0';
  return text;
}

static void numbers_are_written_like_printf(void **state) {
  (void)state;
  uint64_t x = 1;
  for (int i = 0; i < 200000; i++) {
    x = x * 6364136223846793005ULL + 1442695040888963407ULL;
    uint64_t value = x >> (x & 63);
    char expected[32], text[32];
    snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
    *number_put_u64(text, value) = '\0';
    assert_string_equal(text, expected);
    snprintf(expected, sizeof expected, "%lld", (long long)value);
    *number_put_i64(text, (int64_t)value) = '\0';
    assert_string_equal(text, expected);
  }
  char text[32];
  *number_put_i64(text, INT64_MIN) = '\0';
  assert_string_equal(text, "-9223372036854775808");
  *number_put_padded(text, 42, 5) = '\0';
  assert_string_equal(text, "00042");
}

static void decimals_keep_sign_and_zeros(void **state) {
  (void)state;
  assert_string_equal(decimal(-1205, 2), "-12.05");
  assert_string_equal(decimal(5, 3), "0.005");
  assert_string_equal(decimal(-5, 3), "-0.005");
  assert_string_equal(decimal(7, 0), "7");
  assert_string_equal(decimal(INT64_MIN, 18), "-9.223372036854775808");
  assert_string_equal(binary(1024, 10, 3), "1.000");
  assert_string_equal(binary(-1536, 10, 1), "-1.5");
  assert_string_equal(binary(1, 10, 3), "0.001");
  assert_string_equal(binary(-1, 10, 2), "0.00");
  assert_string_equal(binary(512, 10, 0), "1");
}

static void hexadecimal_starts_with_the_high_half(void **state) {
  (void)state;
  char text[NUMBER_HEX128_BYTES + 1];
  *number_put_hex128(text, (struct hash128){.low = 0x0123456789abcdefULL, .high = 0xf0}) = '\0';
  assert_string_equal(text, "00000000000000f00123456789abcdef");
}

static void csv_is_quoted_only_where_it_must_be(void **state) {
  (void)state;
  struct buffer b = {0};
  csv_append_string(&b, "");
  csv_append_string(&b, "plain 张三");
  csv_append_string(&b, "a,b");
  csv_append_string(&b, "say \"no\"");
  csv_end_row(&b);
  csv_append_string(&b, " led");
  csv_append_string(&b, "two\nlines");
  csv_append_string(&b, "=1+1");
  csv_append_u64(&b, 18446744073709551615ULL);
  csv_append_i64(&b, -3);
  csv_append_string(&b, "");
  csv_end_row(&b);
  assert_string_equal(buffer_string(&b),
                      "\"\",plain 张三,\"a,b\",\"say \"\"no\"\"\"\n"
                      "\" led\",\"two\nlines\",=1+1,18446744073709551615,-3,\n");
  buffer_release(&b);
}

static void csv_reads_back_as_it_was(void **state) {
  (void)state;
  static const char alphabet[] = "a,\"\n\r \t1";
  uint64_t x = 7;
  for (int i = 0; i < 20000; i++) {
    char text[8], out[CSV_FIELD_BYTES_MAX(8)], back[8];
    size_t size = (x >> 40) % 8;
    for (size_t k = 0; k < size; k++) {
      x = x * 6364136223846793005ULL + 1;
      text[k] = alphabet[(x >> 33) % (sizeof alphabet - 1)];
    }
    x = x * 6364136223846793005ULL + 1;
    char *end = csv_put_field(out, bytes_of(text, size));
    size_t n = 0;
    bool quoted = end > out && *out == '"';
    for (char *at = out + quoted; at < end - quoted; at++) {
      if (quoted && *at == '"') at++;
      back[n++] = *at;
    }
    assert_int_equal(n, size);
    assert_memory_equal(back, text, size);
    if (!quoted) assert_null(memchr(text, ',', size));
  }
}

static void json_is_well_formed(void **state) {
  (void)state;
  struct buffer b = {0};
  struct json_writer w = json_writer(&b, false);
  json_object_begin(&w);
  json_key(&w, "名");
  json_bytes(&w, BYTES("a\"b\\c\n\x1f</x>\x7f"));
  json_key(&w, "list");
  json_array_begin(&w);
  json_u64(&w, 1);
  json_i64(&w, -2);
  json_decimal(&w, 1234, 2);
  json_real(&w, 0.12345678, 5);
  json_real(&w, 1e300 * 1e300, 5);
  json_bool(&w, true);
  json_null(&w);
  json_string(&w, NULL);
  json_array_end(&w);
  json_key(&w, "empty");
  json_object_begin(&w);
  json_object_end(&w);
  json_object_end(&w);
  assert_string_equal(
      buffer_string(&b),
      "{\"名\":\"a\\\"b\\\\c\\n\\u001f\\u003c/x>\\u007f\",\"list\":[1,-2,12.34,0.12346,"
      "null,true,null,null],\"empty\":{}}");
  buffer_release(&b);
}

static void pretty_json_has_one_item_a_line(void **state) {
  (void)state;
  struct buffer b = {0};
  struct json_writer w = json_writer(&b, true);
  json_object_begin(&w);
  json_key(&w, "a");
  json_array_begin(&w);
  json_u64(&w, 1);
  json_u64(&w, 2);
  json_array_end(&w);
  json_key(&w, "b");
  json_array_begin(&w);
  json_array_end(&w);
  json_object_end(&w);
  assert_string_equal(buffer_string(&b), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}\n");
  buffer_release(&b);
}

static void what_is_not_utf8_is_replaced(void **state) {
  (void)state;
  static const struct {
    const char *text, *expected;
  } cases[] = {
      {"a\xff"
       "b",
       "\"a\xEF\xBF\xBD"
       "b\""},
      {"\xe5\xbc", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xc0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xed\xa0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"\xf0\xa0\xae\xb7", "\"\xf0\xa0\xae\xb7\""},
      {"", "\"\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct buffer b = {0};
    json_append_quoted(&b, bytes_from_string(cases[i].text));
    assert_string_equal(buffer_string(&b), cases[i].expected);
    buffer_release(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_are_written_like_printf),
      cmocka_unit_test(decimals_keep_sign_and_zeros),
      cmocka_unit_test(hexadecimal_starts_with_the_high_half),
      cmocka_unit_test(csv_is_quoted_only_where_it_must_be),
      cmocka_unit_test(csv_reads_back_as_it_was),
      cmocka_unit_test(json_is_well_formed),
      cmocka_unit_test(pretty_json_has_one_item_a_line),
      cmocka_unit_test(what_is_not_utf8_is_replaced),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
