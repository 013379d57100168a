#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/text.h"
#include "worker/fields/tables.h"

static uint32_t character(const char *text) { return text_decode(&text, text + strlen(text)); }

static const char *reading(const char *text) { return pinyin_texts[han_pinyin(character(text))]; }

static void folding_is_idempotent(void **state) {
  (void)state;
  for (uint32_t c = 0; c < 0x110000; c++) {
    uint32_t fold = han_fold(c);
    assert_int_equal(han_fold(fold), fold);
    if (fold != c) assert_true(text_is_han(c) && text_is_han(fold));
    assert_int_equal(han_fold(han_confusion(fold)), han_confusion(fold));
    assert_int_equal(han_confusion(han_confusion(fold)), han_confusion(fold));
  }
}

static void forms_of_one_character_fold_together(void **state) {
  (void)state;
  const char *const classes[][4] = {
      {"张", "張"}, {"伟", "偉"}, {"单", "單"},       {"钟", "鍾", "鐘", "锺"}, {"干", "乾", "幹"},
      {"于", "於"}, {"征", "徵"}, {"沈", "瀋", "渖"}, {"余", "餘", "馀"},       {"峰", "峯"},
      {"龙", "龍"}, {"群", "羣"}, {"㑮", "𫝈"},       {"泽", "澤", "沢"},       {"曾", "曽"},
  };
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
    for (int j = 1; j < 4 && classes[i][j]; j++) {
      assert_int_equal(han_fold(character(classes[i][j])), character(classes[i][0]));
    }
  }
  assert_int_not_equal(han_fold(character("肖")), han_fold(character("萧")));
  assert_int_equal(han_confusion(character("肖")), han_confusion(character("萧")));
  assert_int_not_equal(han_fold(character("辨")), han_fold(character("辩")));
}

static void readings_are_tone_free(void **state) {
  (void)state;
  assert_string_equal(reading("伟"), "wei");
  assert_string_equal(reading("張"), "zhang");
  assert_string_equal(reading("绿"), "lv");
  assert_string_equal(reading("a"), "");
  for (unsigned i = 1; i <= pinyin_syllable_count; i++) {
    assert_int_equal(pinyin_find(pinyin_texts[i], (unsigned)strlen(pinyin_texts[i])), i);
    assert_true(pinyin_fuzzy_class(i) > 0);
  }
  assert_int_equal(pinyin_find("zhx", 3), 0);
  assert_int_equal(pinyin_fuzzy_class(pinyin_find("zhang", 5)),
                   pinyin_fuzzy_class(pinyin_find("zan", 3)));
  assert_int_not_equal(pinyin_fuzzy_class(pinyin_find("wei", 3)),
                       pinyin_fuzzy_class(pinyin_find("wen", 3)));
}

static void every_surname_has_a_reading(void **state) {
  (void)state;
  unsigned singles = 0;
  for (uint32_t c = HAN_FIRST; c < HAN_END; c++) {
    if (!surname_is_single(c)) continue;
    singles += han_fold(c) == c;
    assert_int_not_equal(surname_pinyin(c), 0);
  }
  assert_in_range(singles, 900, 1100);
  assert_string_equal(pinyin_texts[surname_pinyin(character("单"))], "shan");
  assert_string_equal(pinyin_texts[surname_pinyin(character("單"))], "shan");
  assert_string_equal(pinyin_texts[surname_pinyin(character("曾"))], "zeng");
  assert_string_equal(pinyin_texts[surname_pinyin(character("王"))], "wang");
}

static void compound_surnames_are_known(void **state) {
  (void)state;
  assert_true(surname_is_compound(character("欧"), character("阳")));
  assert_true(surname_is_compound(character("歐"), character("陽")));
  assert_false(surname_is_compound(character("欧"), character("洋")));
  assert_false(surname_is_compound('a', 'b'));
  uint16_t syllables[2];
  surname_pinyin_compound(character("尉"), character("遲"), syllables);
  assert_string_equal(pinyin_texts[syllables[0]], "yu");
  assert_string_equal(pinyin_texts[syllables[1]], "chi");
  surname_pinyin_compound(character("欧"), character("阳"), syllables);
  assert_string_equal(pinyin_texts[syllables[0]], "ou");
}

static unsigned split(const char *letters, char *out) {
  uint16_t syllables[8];
  unsigned count = pinyin_split(letters, (unsigned)strlen(letters), syllables, 8);
  out[0] = '\0';
  for (unsigned i = 0; i < count; i++) {
    if (i) strcat(out, " ");
    strcat(out, pinyin_texts[syllables[i]]);
  }
  return count;
}

static void letters_are_split_into_syllables(void **state) {
  (void)state;
  char out[64];
  assert_int_equal(split("xiaoming", out), 2);
  assert_string_equal(out, "xiao ming");
  split("zhangwei", out);
  assert_string_equal(out, "zhang wei");
  split("guangai", out); /* guang ai: the longest first syllable that leaves pinyin */
  assert_string_equal(out, "guang ai");
  split("fangren", out);
  assert_string_equal(out, "fang ren");
  assert_int_equal(split("john", out), 0);
  assert_int_equal(split("smith", out), 0);
  assert_int_equal(split("", out), 0);
  /* Nothing in it is a whole split; the work stays bounded. */
  assert_int_equal(split("anananananananananananananananananananananananananananananananx", out),
                   0);
}

static void marks_are_taken_off_latin_letters(void **state) {
  (void)state;
  const char *const letters[][2] = {{"É", "e"}, {"ø", "o"}, {"ß", "ss"}, {"Æ", "ae"}, {"ł", "l"},
                                    {"ễ", "e"}, {"Z", "z"}, {"ž", "z"},  {"đ", "d"},  {"ñ", "n"}};
  for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
    char out[3] = {0};
    assert_int_equal(latin_plain(character(letters[i][0]), out), strlen(letters[i][1]));
    assert_string_equal(out, letters[i][1]);
  }
  char out[2];
  assert_int_equal(latin_plain('5', out), 0);
  assert_int_equal(latin_plain('@', out), 0);
  assert_int_equal(latin_plain(0xD7, out), 0);
  assert_int_equal(latin_plain(0x5F20, out), 0);
}

static bool same(const char *a, const char *b) {
  int x = nickname_find(a, (unsigned)strlen(a)), y = nickname_find(b, (unsigned)strlen(b));
  bool equal = nickname_equal(x, y);
  assert_int_equal(equal, nickname_equal(y, x));
  return equal;
}

static void short_forms_of_one_name_agree(void **state) {
  (void)state;
  assert_true(same("william", "bill"));
  assert_true(same("bill", "billy"));
  assert_true(same("liz", "beth"));
  assert_false(same("william", "john"));
  assert_false(same("", "bill"));
}

static void places_are_found_by_code(void **state) {
  (void)state;
  const struct division *d = division_find(110105);
  assert_non_null(d);
  assert_true(bytes_equal(division_name(d), BYTES("朝阳区")));
  assert_true(d->current && d->level == 3);
  d = division_find(110103);
  assert_true(d && !d->current && bytes_equal(division_name(d), BYTES("崇文区")));
  d = division_find(440300);
  assert_true(d && d->level == 2 && d->parent == 440000);
  assert_null(division_find(160000));
  assert_null(division_find(999999));
  for (uint32_t code = 100000; code < 1000000; code++) {
    d = division_find(code);
    if (d && d->parent) assert_non_null(division_find(d->parent));
  }
  assert_true(area_code_known(10) && area_code_known(755));
  assert_false(area_code_known(0) || area_code_known(1000) || area_code_known(26));
}

static void industries_are_found_by_name(void **state) {
  (void)state;
  assert_true(bytes_equal(industry_find(BYTES("制造业")), BYTES("C")));
  assert_true(bytes_equal(industry_find(BYTES("互联网平台")), BYTES("643")));
  assert_true(bytes_equal(industry_find(BYTES("应用软件开发")), BYTES("6513")));
  assert_int_equal(industry_find(BYTES("没有")).size, 0);
  assert_int_equal(industry_find(BYTES_EMPTY).size, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(folding_is_idempotent),
      cmocka_unit_test(forms_of_one_character_fold_together),
      cmocka_unit_test(readings_are_tone_free),
      cmocka_unit_test(every_surname_has_a_reading),
      cmocka_unit_test(compound_surnames_are_known),
      cmocka_unit_test(letters_are_split_into_syllables),
      cmocka_unit_test(marks_are_taken_off_latin_letters),
      cmocka_unit_test(short_forms_of_one_name_agree),
      cmocka_unit_test(places_are_found_by_code),
      cmocka_unit_test(industries_are_found_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
