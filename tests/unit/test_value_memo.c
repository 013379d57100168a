/* Remembered values against those that the type makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/hash.h"
#include "worker/fields/category.h"
#include "worker/stages/value_memo.h"

static const char *const texts[] = {
    "男",      "女",   " M ",  "F",   "未知",
    "vip",     "VIP ", "金卡", "a;b", "",
    "unknown", "上海", "1",    "2",   "a text that is too long to be kept in the table"};
enum { TEXTS = sizeof texts / sizeof texts[0], ROUNDS = 5000 };

static void assert_same(const struct standard_value *a, const struct standard_value *b) {
  assert_true(bytes_equal(a->value, b->value));
  assert_int_equal(a->state, b->state);
  assert_int_equal(a->kind, b->kind);
  assert_int_equal(a->flags, b->flags);
}

/* Two columns, one coded, over many rows, against the type itself. */
static void what_is_remembered_is_what_was_made(void **state) {
  (void)state;
  static struct value_memo memo;
  static const struct field_options columns[2] = {{.code_table = CODE_GENDER}, {0}};
  struct arena arena = {0};
  uint64_t plain[8], remembered[8];
  for (uint32_t i = 0; i < ROUNDS; i++) {
    uint64_t draw = hash_mix(i + 1);
    struct bytes raw = bytes_from_string(texts[draw % TEXTS]);
    const struct field_options *options = &columns[draw >> 32 & 1];
    bool wants_feature = draw >> 40 & 1;
    struct standard_value expected = {0}, found = {0};
    memset(plain, 0, sizeof plain);
    memset(remembered, 0, sizeof remembered);
    category_type.standardise(options, raw, &arena, &expected, plain);
    value_memo_standardise(&memo, &category_type, options, raw, &arena, &found,
                           wants_feature ? remembered : NULL);
    assert_same(&expected, &found);
    if (wants_feature) assert_memory_equal(plain, remembered, category_type.feature_size);
    if (i % 100 == 0) arena_reset(&arena);
  }
  arena_release(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_remembered_is_what_was_made)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
