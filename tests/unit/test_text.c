#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/text.h"

static struct arena arena;

static void assert_bytes(struct bytes got, const char *want) {
  if (!bytes_equal(got, bytes_from_string(want))) {
    fail_msg("got \"%.*s\", want \"%s\"", (int)got.size, got.data ? got.data : "", want);
  }
}

static void code_points_come_back(void **state) {
  (void)state;
  for (uint32_t c = 0; c < 0x110000; c++) {
    if (c >= 0xD800 && c < 0xE000) continue;
    char out[TEXT_CHARACTER_BYTES_MAX];
    unsigned size = text_encode(c, out);
    const char *p = out;
    assert_int_equal(text_decode(&p, out + size), c);
    assert_ptr_equal(p, out + size);
    assert_true(text_valid(bytes_of(out, size)));
  }
}

static void malformed_bytes_are_replaced_one_by_one(void **state) {
  (void)state;
  const char *const bad[] = {"\x80",
                             "\xC0\xAF",
                             "\xE0\x80\xAF",
                             "\xED\xA0\x80",
                             "\xF4\x90\x80\x80",
                             "\xF8\x88\x80\x80\x80",
                             "\xE5\xBC",
                             "\xFF"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct bytes text = bytes_from_string(bad[i]);
    assert_int_equal(text_valid_size(text), 0);
    const char *p = text.data;
    assert_int_equal(text_decode(&p, text.data + text.size), TEXT_REPLACEMENT);
    assert_ptr_equal(p, text.data + 1);
  }
  assert_int_equal(text_valid_size(BYTES("0123456789张\xFF")), 13);
}

static void characters_are_counted_and_cut(void **state) {
  (void)state;
  assert_int_equal(text_count(BYTES("张a𠮷é")), 4);
  assert_bytes(text_first(BYTES("张a𠮷é"), 3), "张a𠮷");
  assert_bytes(text_first(BYTES("ab"), 3), "ab");
  assert_bytes(text_cut(BYTES("张伟"), 5), "张");
  assert_bytes(text_cut(BYTES("张伟"), 6), "张伟");
  assert_bytes(text_cut(BYTES("𠮷"), 3), "");
}

static void han_is_recognised(void **state) {
  (void)state;
  assert_true(text_is_han(0x5F20) && text_is_han(0x20BB7) && text_is_han(0x3007));
  assert_false(text_is_han('a') || text_is_han(0x3042) || text_is_han(0xB7) || text_is_han(0xAC00));
  assert_true(text_has_han(BYTES("a张")));
  assert_false(text_has_han(BYTES("aé")));
  assert_true(text_is_ascii(BYTES("0123456789")) && text_is_ascii(BYTES_EMPTY));
  assert_false(text_is_ascii(BYTES("01234567\xC3\xA9")));
}

static void cells_are_cleaned(void **state) {
  (void)state;
  const char *const rows[][2] = {
      {"张伟", "张伟"},
      {"  张　伟\t", "张 伟"},
      {"张\u200B伟\uFEFF", "张伟"},
      {"１３８００１３８１２３", "13800138123"},
      {"ＡＢＣ（公司）", "ABC(公司)"},
      {"a\u00A0 \u2003b", "a b"},
      {"ﾃｽﾄ", "テスト"},
      {"Jose\u0301", "José"},
      {"㎡", "m2"},
      {"\uF900", "豈"},
      {"a\x01\x02z", "a z"},
      {"\u3164", ""},
      {"", ""},
      {"   ", ""},
      {"买买提·艾山", "买买提·艾山"},
      {"\uFDFA", "صلى الله عليه وسلم"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct bytes once = text_clean(bytes_from_string(rows[i][0]), &arena);
    assert_bytes(once, rows[i][1]);
    assert_bytes(text_clean(once, &arena), rows[i][1]);
  }
  arena_reset(&arena);
}

static void clean_text_is_not_copied(void **state) {
  (void)state;
  struct bytes raw = BYTES(" 上海市 Pudong ");
  struct bytes clean = text_clean(raw, &arena);
  assert_ptr_equal(clean.data, raw.data + 1);
  assert_int_equal(arena.bytes_used, 0);
}

static void case_is_folded(void **state) {
  (void)state;
  const char *const rows[][2] = {
      {"Zhang WEI", "zhang wei"}, {"ＡＢc", "abc"}, {"Straße", "strasse"},
      {"ÉMILE", "émile"},         {"張A", "張a"},   {"Łukasz", "łukasz"},
      {"İ", "i\u0307"},           {"ΣΑΣ", "σασ"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_bytes(text_fold(bytes_from_string(rows[i][0]), &arena), rows[i][1]);
  }
  arena_reset(&arena);
}

/* The fast paths against ICU for every character that they claim to know. A combining mark at the
 * end forces ICU for the whole text and joins with nothing before a space. */
static void fast_paths_agree_with_icu(void **state) {
  (void)state;
  for (uint32_t c = 1; c < 0x30000; c++) {
    if (c >= 0xD800 && c < 0xE000) continue;
    char alone[16], forced[24];
    unsigned size = text_encode(c, alone);
    memcpy(forced, alone, size);
    memcpy(forced + size, " \xE2\x91\xA0", 4); /* " ①" */
    for (int fold = 0; fold < 2; fold++) {
      struct bytes (*f)(struct bytes, struct arena *) = fold ? text_fold : text_clean;
      struct bytes fast = f(bytes_of(alone, size), &arena);
      struct bytes slow = f(bytes_of(forced, size + 4), &arena);
      if (fast.size == 0) {
        assert_bytes(slow, "1");
      } else {
        assert_int_equal(slow.size, fast.size + 2);
        assert_memory_equal(slow.data, fast.data, fast.size);
      }
    }
    arena_reset(&arena);
  }
}

static void pinyin_in_brackets_goes(void **state) {
  (void)state;
  const char *const rows[][2] = {
      {"内(nèi)容", "内容"},
      {"张(zhāng)伟(wěi)", "张伟"},
      {"内(nei4)容", "内容"},
      {"李(li)明", "李明"},
      {"张伟(VIP)", "张伟(VIP)"},
      {"张伟(li)", "张伟(li)"},
      {"张伟(老客户)", "张伟(老客户)"},
      {"a(nèi)b", "a(nèi)b"},
      {"张()伟", "张()伟"},
      {"张(", "张("},
      {"张(nè", "张(nè"},
      {"吕(lǚ)", "吕"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_bytes(text_strip_pinyin(bytes_from_string(rows[i][0]), &arena), rows[i][1]);
  }
  arena_reset(&arena);
}

static int release(void **state) {
  (void)state;
  arena_release(&arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(code_points_come_back),
      cmocka_unit_test(malformed_bytes_are_replaced_one_by_one),
      cmocka_unit_test(characters_are_counted_and_cut),
      cmocka_unit_test(han_is_recognised),
      cmocka_unit_test(cells_are_cleaned),
      cmocka_unit_test(clean_text_is_not_copied),
      cmocka_unit_test(case_is_folded),
      cmocka_unit_test(fast_paths_agree_with_icu),
      cmocka_unit_test(pinyin_in_brackets_goes),
  };
  return cmocka_run_group_tests(tests, NULL, release);
}
