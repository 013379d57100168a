/* category, amount and text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/field_checks.h"
#include "worker/fields/amount.h"

static void codes_are_looked_up(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.code_table = CODE_GENDER;
  const struct value_case genders[] = {
      {"男", "男", VALUE_OK, 0},      {"M", "男", VALUE_FIXED, 0},
      {"女士", "女", VALUE_FIXED, 0}, {"FEMALE", "女", VALUE_FIXED, 0},
      {"2", "女", VALUE_FIXED, 0},    {"0", "", VALUE_MISSING, 0},
      {"保密", "", VALUE_MISSING, 0}, {"7", "未知", VALUE_INVALID, FIELD_W_UNKNOWN_CODE}};
  CHECK_VALUES("category", &options, genders);
  options.code_table = CODE_CHANNEL;
  const struct value_case channels[] = {{"PC官网", "官网注册", VALUE_FIXED, 0},
                                        {"App", "APP", VALUE_FIXED, 0},
                                        {"天猫", "电商平台", VALUE_FIXED, 0},
                                        {"老客戶介紹", "转介绍", VALUE_FIXED, 0},
                                        {"飞鸽传书", "未知", VALUE_INVALID, FIELD_W_UNKNOWN_CODE}};
  CHECK_VALUES("category", &options, channels);
  options.code_table = CODE_INDUSTRY;
  const struct value_case industries[] = {{"软件和信息技术服务业", "I65", VALUE_FIXED, 0},
                                          {"IT", "I65", VALUE_FIXED, 0},
                                          {"65", "I65", VALUE_FIXED, 0},
                                          {"I6513", "I6513", VALUE_OK, 0},
                                          {"应用软件开发", "I6513", VALUE_FIXED, 0},
                                          {"A65", "待完善", VALUE_INVALID, FIELD_W_UNKNOWN_CODE},
                                          {"98", "待完善", VALUE_INVALID, FIELD_W_UNKNOWN_CODE}};
  CHECK_VALUES("category", &options, industries);
  options.code_table = CODE_CUSTOMER_STATE;
  const struct value_case states[] = {{"成交", "成交客户", VALUE_FIXED, 0},
                                      {"lead", "潜在客户", VALUE_FIXED, 0}};
  CHECK_VALUES("category", &options, states);
}

static void a_source_has_codes_of_its_own(void **state) {
  (void)state;
  const struct code_alias aliases[] = {{BYTES("0"), BYTES("女")}, {BYTES("Herr"), BYTES("男")}};
  struct field_options options = plain_options;
  options.code_table = CODE_GENDER;
  options.aliases = aliases;
  options.alias_count = 2;
  const struct value_case cases[] = {{"0", "女", VALUE_FIXED, 0}, {"HERR", "男", VALUE_FIXED, 0}};
  CHECK_VALUES("category", &options, cases);
}

static void free_categories_agree_by_levels(void **state) {
  (void)state;
  check_level("category", "London", "LONDON", "same value");
  check_level("category", "Zürich", "zurich", "same value");
  check_level("category", "臺北", "台北", "same value");
  check_level("category", "London", "Londno", "one character off");
  check_level("category", "上海市浦东", "上海市浦西", "one character off");
  check_level("category", "Manchester", "Mancehsterr", "similar");
  check_level("category", "Sony", "Sony Corporation", "one begins with the other");
  check_level("category", "nsw", "nsv", "differ");
  check_level("category", "London", "Paris", "differ");
  check_level("category", "a value of more than twenty-three bytes",
              "a value of more than 23 bytes", "similar");
  assert_int_equal(key_of("category", "London", "phonetic"),
                   key_of("category", "Lundun", "phonetic"));
  check_mask("category", "北京", "**");
}

static void amounts_are_kept_in_fen(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"123.45", "123.45", VALUE_OK, 0},
      {"¥1,234.5 元", "1234.50", VALUE_FIXED, 0},
      {"€ 55,-", "55.00", VALUE_FIXED, 0},
      {"1.234,00", "1234.00", VALUE_FIXED, 0},
      {"1,234", "1234.00", VALUE_FIXED, 0},
      {"12,34", "12.34", VALUE_FIXED, 0},
      {"1.234", "1.23", VALUE_FIXED, 0},
      {"1.235", "1.24", VALUE_FIXED, 0},
      {"-0.005", "-0.01", VALUE_FIXED, 0},
      {"(12.00)", "-12.00", VALUE_FIXED, 0},
      {"-12", "-12.00", VALUE_FIXED, 0},
      {"1.5万元", "15000.00", VALUE_FIXED, 0},
      {"2亿", "200000000.00", VALUE_FIXED, 0},
      {"CAD, $3,412.00", "3412.00", VALUE_FIXED, 0},
      {"USD 389.95", "389.95", VALUE_FIXED, 0},
      {"1'234'567.8", "1234567.80", VALUE_FIXED, 0},
      {".5", "0.50", VALUE_FIXED, 0},
      {"0", "0.00", VALUE_FIXED, 0},
      {"92233720368547758.07", "92233720368547758.07", VALUE_OK, 0},
      {"92233720368547758.08", NULL, VALUE_INVALID, FIELD_E_RANGE},
      {"99999999999999999999999999999999999999999999", NULL, VALUE_INVALID, FIELD_E_RANGE},
      {"10-20", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"1.2E+05", NULL, VALUE_INVALID, FIELD_E_SCI},
      {"free", NULL, VALUE_INVALID, FIELD_E_CHARS},
      {"", "", VALUE_MISSING, 0},
  };
  CHECK_VALUES("amount", &plain_options, cases);
  struct field_options fen = plain_options;
  fen.amount_unit = AMOUNT_FEN;
  const struct value_case in_fen[] = {{"12345", "123.45", VALUE_FIXED, 0}};
  CHECK_VALUES("amount", &fen, in_fen);
  check_level("amount", "100", "100.00", "same amount");
  check_level("amount", "100", "99", "within one in a hundred");
  check_level("amount", "100", "91", "within one in ten");
  check_level("amount", "100", "50", "differ");
  check_level("amount", "100", "-100", "differ");
  check_level("amount", "92233720368547758.07", "-92233720368547758.07", "differ");
  int64_t number;
  assert_true(amount_value_fen(BYTES("-123.45"), &number));
  assert_int_equal(number, -12345);
  assert_false(amount_value_fen(BYTES("123.4"), &number));
  assert_false(amount_value_fen(BYTES("92233720368547758.08"), &number));
}

static void texts_agree_by_their_words(void **state) {
  (void)state;
  check_level("text", "Sony Walkman, black", "SONY  walkman black", "same words");
  check_level("text", "black Sony Walkman", "Sony Walkman black", "nearly all words");
  check_level("text", "the red fox jumps", "the red fox jumps over the lazy dog", "most words");
  check_level("text", "Panasonic KX-TG4500B phone", "cordless handset kxtg4500b", "same code");
  check_level("text", "Samsung S2 Green 1GB Flash MP3 Player YPS2ZG",
              "Samsung S2 White 1GB Flash MP3 Player YPS2ZW", "differ");
  check_level("text", "Samsung S2 Green 1GB Flash MP3 Player YPS2ZG",
              "Samsung S2 Green 1GB Flash MP3 Player", "nearly all words");
  check_level("text", "A61L**B60H**A47J", "A61L**B60H**A47J**B23P", "most words");
  check_level("text", "optimizing queries using materialized views",
              "optimizing queries using an index", "many words");
  check_level("text", "深度学习方法研究", "深度学习方法综述", "many words");
  check_level("text", "alpha beta", "gamma delta", "differ");
  check_level("text", "...", "gamma delta", "missing");
  assert_int_equal(key_of("text", "The lazy dog", "first"),
                   key_of("text", "the quick fox", "first"));
  assert_int_equal(key_of("text", "a lazy dog", "last"), key_of("text", "the hot DOG!", "last"));
  assert_int_equal(key_of("text", "dog lazy the", "band_1"),
                   key_of("text", "the lazy dog", "band_1"));
  assert_int_equal(key_of("text", "x KX-TG4500B", "code"), key_of("text", "kxtg4500b", "code"));
  check_mask("text", "电话13800138123，身份证11010519491231002X",
             "电话***********，身份证******************");
  check_mask("text", "写信给 zhang@x.com 或 １３８００１３８１２３",
             "写信给 *****@x.com 或 ***********");
  check_mask("text", "3 items at 12:30", "3 items at 12:30");
}

/* The sketch of a long text estimates what counting all words gives. */
static void long_texts_are_estimated(void **state) {
  (void)state;
  struct arena arena = {0};
  struct buffer a = {0}, b = {0};
  for (int i = 0; i < 300; i++) {
    buffer_printf(&a, "w%d ", i);
    buffer_printf(&b, "w%d ", i + (i < 15 ? 1000 : 0)); /* 285 shared of 315 */
  }
  struct result x = standardise_with(&plain_options, "text", buffer_bytes(&a), &arena);
  struct result y = standardise_with(&plain_options, "text", buffer_bytes(&b), &arena);
  assert_true(type_of("text")->compare(x.feature, y.feature) >= 6);
  buffer_release(&a);
  buffer_release(&b);
  arena_release(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_are_looked_up),
      cmocka_unit_test(a_source_has_codes_of_its_own),
      cmocka_unit_test(free_categories_agree_by_levels),
      cmocka_unit_test(amounts_are_kept_in_fen),
      cmocka_unit_test(texts_agree_by_their_words),
      cmocka_unit_test(long_texts_are_estimated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
