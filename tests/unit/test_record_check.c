#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "worker/fields/field_type.h"
#include "worker/stages/record_check.h"

static const char yaml[] =
    "version: 1\n"
    "fields: {备注: text, 身份证号: id_card, 性别: category, 注册时间: date, 出生日期: date}\n"
    "sources: [{id: a, files: a.csv, map: {a: 备注, b: 身份证号, c: 性别, d: 注册时间, e: "
    "出生日期}}]\n";
enum { NOTE, ID_CARD, SEX, REGISTERED, BIRTH, FIELDS };

static struct record_check check;

static int set_up(void **state) {
  static struct job job;
  struct failure failure = {0};
  assert_int_equal(job_parse(bytes_from_string(yaml), "a.yaml", &job, &failure), ERR_OK);
  record_check_init(&job, &check);
  *state = &job;
  return 0;
}

static int tear_down(void **state) {
  job_release(*state);
  return 0;
}

static uint64_t contradicting(const char *id_card, const char *sex, const char *birth) {
  struct record_value values[FIELDS] = {
      [ID_CARD] = {bytes_from_string(id_card), VALUE_OK, 0},
      [SEX] = {bytes_from_string(sex), *sex ? VALUE_OK : VALUE_MISSING, 0},
      [BIRTH] = {bytes_from_string(birth), *birth ? VALUE_FIXED : VALUE_MISSING, 0}};
  return record_check_contradicting(&check, values);
}

static void test_fields_are_found(void **state) {
  (void)state;
  assert_int_equal(check.id_card, ID_CARD);
  assert_int_equal(check.sex, SEX);
  assert_int_equal(check.birth_date, BIRTH);
}

static void test_what_differs_is_named(void **state) {
  (void)state;
  const char *man = "34052419800101001X", *woman = "11010519491231002X";
  assert_int_equal(contradicting(man, "男", "1980-01-01"), 0);
  assert_int_equal(contradicting(woman, "女", "1949-12-31"), 0);
  assert_int_equal(contradicting(man, "女", "1980-01-01"), 1 << SEX);
  assert_int_equal(contradicting(woman, "男", "1949-12-31"), 1 << SEX);
  assert_int_equal(contradicting(man, "男", "1980-01-02"), 1 << BIRTH);
  assert_int_equal(contradicting(man, "女", "1981-01-01"), 1 << SEX | 1 << BIRTH);
}

static void test_what_is_missing_or_invalid_says_nothing(void **state) {
  (void)state;
  const char *man = "34052419800101001X";
  assert_int_equal(contradicting(man, "", ""), 0);
  assert_int_equal(contradicting(man, "", "1981"), 0);
  assert_int_equal(contradicting("340524198001010011", "女", "1981-01-01"), 0);
  struct record_value values[FIELDS] = {
      [ID_CARD] = {bytes_from_string(man), VALUE_INVALID, 0}, [SEX] = {BYTES("女"), VALUE_OK, 0}};
  assert_int_equal(record_check_contradicting(&check, values), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fields_are_found), cmocka_unit_test(test_what_differs_is_named),
      cmocka_unit_test(test_what_is_missing_or_invalid_says_nothing)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
