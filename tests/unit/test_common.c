#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/err.h"

static void bytes_are_ordered_as_unsigned(void **state) {
  (void)state;
  assert_true(bytes_compare(BYTES("a"), BYTES("ab")) < 0);
  assert_true(bytes_compare(BYTES("\xff"), BYTES("a")) > 0);
  assert_int_equal(bytes_compare(BYTES_EMPTY, BYTES_EMPTY), 0);
  assert_int_equal(bytes_find(BYTES("hello"), BYTES("lo")), 3);
  assert_int_equal(bytes_find(BYTES("hello"), BYTES("xx")), 5);
  assert_true(bytes_equal(bytes_trim(BYTES(" \t a b\r\n")), BYTES("a b")));
}

static void a_buffer_grows(void **state) {
  (void)state;
  struct buffer b = {0};
  for (int i = 0; i < 1000; i++) buffer_printf(&b, "%d,", i);
  assert_int_equal(b.size, 10 * 2 + 90 * 3 + 900 * 4);
  assert_int_equal(strlen(buffer_string(&b)), b.size);
  buffer_release(&b);
}

static void an_arena_keeps_what_it_gave_until_reset(void **state) {
  (void)state;
  struct arena a = {0};
  char *first = arena_copy_string(&a, "kept");
  for (int i = 0; i < 100; i++) memset(arena_alloc(&a, 10000), i, 10000);
  assert_string_equal(first, "kept");
  assert_true(a.bytes_used >= 1000000);
  arena_reset(&a);
  assert_int_equal(a.bytes_used, 0);
  assert_int_equal((uintptr_t)arena_alloc(&a, 3) % 8, 0);
  arena_release(&a);
}

static void a_failure_is_wrapped_and_cut_on_a_character(void **state) {
  (void)state;
  struct failure f = {0};
  assert_int_equal(failure_set(&f, ERR_INPUT, "line %d is too short", 7), ERR_INPUT);
  assert_int_equal(failure_wrap(&f, "reading %s", "a.csv"), ERR_INPUT);
  assert_string_equal(f.message, "reading a.csv: line 7 is too short");
  assert_int_equal(err_exit_code(ERR_INPUT), 3);
  char longer[2000];
  for (size_t i = 0; i + 3 < sizeof longer; i += 3) memcpy(longer + i, "张", 3);
  longer[1998] = '\0';
  failure_set(&f, ERR_INPUT, "a%s", longer);
  assert_int_equal(strlen(f.message) % 3, 1);
  assert_true(strlen(f.message) < sizeof f.message);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_are_ordered_as_unsigned),
      cmocka_unit_test(a_buffer_grows),
      cmocka_unit_test(an_arena_keeps_what_it_gave_until_reset),
      cmocka_unit_test(a_failure_is_wrapped_and_cut_on_a_character),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
