#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/text.h"
#include "worker/fields/company.h"
#include "worker/fields/company_name.h"

static struct arena arena;
static const struct field_options options;

struct company {
  struct standard_value value;
  uint64_t feature[FIELD_FEATURE_BYTES_MAX / 8];
};

static struct company company(const char *raw) {
  struct company c = {0};
  company_type.standardise(&options, bytes_from_string(raw), &arena, &c.value, c.feature);
  return c;
}

static unsigned level(const char *a, const char *b) {
  struct company left = company(a), right = company(b);
  unsigned forth = company_type.compare(left.feature, right.feature);
  assert_int_equal(forth, company_type.compare(right.feature, left.feature));
  return forth;
}

static const char *level_name(const char *a, const char *b) {
  unsigned l = level(a, b);
  return l == FIELD_LEVEL_MISSING ? "missing" : company_type.levels[l].name;
}

static const char *parsed(const char *raw) {
  struct place_text text;
  struct company_name name;
  place_text_read(text_clean(bytes_from_string(raw), &arena), &text);
  company_name_parse(&text, &name);
  struct bytes written = company_name_write(&name, &arena);
  return arena_copy(&arena, written).data;
}

static void every_vector_is_taken_apart_as_required(void **state) {
  (void)state;
  FILE *file = fopen(GUIYI_SOURCE_DIR "/tests/golden/vectors.tsv", "r");
  assert_non_null(file);
  char line[1024];
  int count = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, "company\t", 8) != 0) continue;
    char *input = line + 8, *expected = strchr(input, '\t');
    assert_non_null(expected);
    *expected++ = '\0';
    assert_string_equal(parsed(input), expected);
    count++;
  }
  fclose(file);
  assert_int_equal(count, 11);
}

static void a_name_is_taken_apart(void **state) {
  (void)state;
  assert_string_equal(parsed("广东省深圳市明远科技有限公司"), "明远科技|深圳|LTD");
  assert_string_equal(parsed("微软（中国）有限公司"), "微软|中国|LTD");
  assert_string_equal(parsed("杭州明远投资合伙企业（有限合伙）"), "明远投资|杭州|PARTNERSHIP");
  assert_string_equal(parsed("中国工商银行股份有限公司上海分行"),
                      "中国工商银行||SHARES|BR:上海分行");
  assert_string_equal(parsed("襄樊市宏达机械厂"), "宏达机械|襄阳|FACTORY");
  assert_string_equal(parsed("株式会社日立制作所"), "日立制作所||SHARES");
  assert_string_equal(parsed("日立制作所(株)"), "日立制作所||SHARES");
  assert_string_equal(parsed("*ST康美"), "康美||");
  assert_string_equal(parsed("Philips Electronics N.V."), "philips electronics||SHARES");
  assert_string_equal(parsed("China Baowu Steel Group Corporation Limited"),
                      "china baowu steel||LTD+GROUP");
  assert_string_equal(parsed("The Procter & Gamble Co."), "procter gamble||COMPANY");
  assert_string_equal(parsed("Limited"), "limited||");
}

static void two_names_agree_as_far_as_they_should(void **state) {
  (void)state;
  assert_int_equal(level("上海明远科技有限公司", "明远（上海）科技有限责任公司"),
                   FIELD_LEVEL_EXACT);
  assert_int_equal(level("上海明远科技有限公司", "上海明遠科技有限公司"), FIELD_LEVEL_EXACT);
  assert_int_equal(level("深圳明远科技有限公司", "广东省深圳市明远科技有限公司"),
                   FIELD_LEVEL_EXACT);
  assert_string_equal(level_name("上海明远科技有限公司", "明远科技有限公司"),
                      "same firm, one without region");
  assert_string_equal(level_name("上海明远科技有限公司", "北京明远科技有限公司"),
                      "same name, other region");
  assert_string_equal(level_name("明远科技有限公司", "明远科技股份有限公司"),
                      "same name, other or no legal form");
  assert_string_equal(level_name("上海明远科技有限公司", "上海明远科技有限公司浦东分公司"),
                      "branch of the same firm");
  assert_string_equal(level_name("上海明远科技有限公司", "明远"),
                      "short form or one character differs");
  assert_string_equal(level_name("上海明远科技有限公司", "上海朋远科技有限公司"), "similar name");
  assert_string_equal(level_name("上海明远信息科技有限公司", "上海朋远信息科技有限公司"),
                      "short form or one character differs");
  assert_string_equal(level_name("OAO Gazprom", "Open Joint Stock Company Gazprom"), "same firm");
  assert_string_equal(level_name("Eindhoven Electronics Philips", "philips electronics"),
                      "short form or one character differs");
  assert_string_equal(level_name("Agriculture Bank of China", "Agricultural Bank of China"),
                      "similar name");
  assert_string_equal(level_name("中石油", "中国石油天然气股份有限公司"), "similar name");
  assert_string_equal(level_name("上海明远科技有限公司", "上海大众汽车有限公司"), "differ");
  assert_int_equal(level("上海明远科技有限公司", ""), FIELD_LEVEL_MISSING);
  assert_string_equal(level_name("Electronics Philips", "philips electronics nv"),
                      "short form or one character differs");
  assert_string_equal(level_name("Philips Electronics", "PHILIPS Electronics BV"),
                      "same name, other or no legal form");
}

static void placeholders_are_missing(void **state) {
  (void)state;
  static const char *const words[] = {"", "  ", "无", "N/A", "个人", "-", "null", "暂无"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    struct company c = company(words[i]);
    assert_int_equal(c.value.state, VALUE_MISSING);
    assert_int_equal(company_type.key_part(c.feature, 0), 0);
  }
}

static void keys_meet_where_names_agree(void **state) {
  (void)state;
  struct company a = company("上海明远科技有限公司"), b = company("明远科技(上海市)有限责任公司"),
                 c = company("北京明远科技股份有限公司"), d = company("明远");
  assert_true(company_type.key_part(a.feature, 0) == company_type.key_part(b.feature, 0));
  assert_true(company_type.key_part(a.feature, 0) != company_type.key_part(c.feature, 0));
  assert_true(company_type.key_part(a.feature, 1) == company_type.key_part(c.feature, 1));
  assert_true(company_type.key_part(a.feature, 2) == company_type.key_part(d.feature, 2));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_vector_is_taken_apart_as_required),
      cmocka_unit_test(a_name_is_taken_apart),
      cmocka_unit_test(two_names_agree_as_far_as_they_should),
      cmocka_unit_test(placeholders_are_missing),
      cmocka_unit_test(keys_meet_where_names_agree),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_release(&arena);
  return failed;
}
