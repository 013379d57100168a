#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* needs the ones above */
#include <cmocka.h>

#include <stdio.h>

#include "common/json_write.h"
#include "worker/quality_rules.h"

/* One rule over a row of a fixed job: 手机号码 and the others as in row_of. */
struct fixture {
  struct job job;
  struct plan plan;
  struct quality_rules *rules;
  struct failure failure;
};

static enum err compile(struct fixture *f, const char *when, const char *rest) {
  struct buffer yaml = {0};
  buffer_append_string(
      &yaml,
      "version: 1\n"
      "fields: {会员等级: category, 备注1: {type: text}, 'Site name': text}\n"
      "sources:\n"
      "  - id: a\n"
      "    files: a.csv\n"
      "    map: {p: 手机号码, i: 身份证号, f: 首次跟进时间, z: 展会日期, k: 订单金额,\n"
      "          q: 来源渠道, g: 会员等级, o: 关联订单号, s: Site name, n: 客户姓名}\n"
      "quality:\n"
      "  rules:\n"
      "    - id: DQ1\n"
      "      when: ");
  json_append_quoted(&yaml, bytes_from_string(when)); /* a JSON string is a YAML one */
  buffer_printf(&yaml, "\n%s", rest);
  f->failure = (struct failure){0};
  f->rules = NULL;
  if (job_parse(buffer_bytes(&yaml), "job.yaml", &f->job, &f->failure))
    fail_msg("%s", f->failure.message);
  buffer_release(&yaml);
  if (plan_make(&f->job, &f->plan, &f->failure)) fail_msg("%s", f->failure.message);
  return quality_rules_compile(&f->job, &f->plan, &f->rules, &f->failure);
}

static void release(struct fixture *f) {
  quality_rules_free(f->rules);
  job_release(&f->job);
}

struct cell {
  const char *field, *text;
  enum value_state state;
  unsigned kind;
  uint32_t flags;
};

static const struct cell row[] = {
    {"手机号码", "13800000000", VALUE_ATTRIBUTE, 1, FIELD_W_DUMMY},
    {"首次跟进时间", "2026-05-01 09:30:00", VALUE_OK, 0, 0},
    {"展会日期", "2026-05-02", VALUE_OK, 0, 0},
    {"订单金额", "-12.50", VALUE_OK, 0, 0},
    {"来源渠道", "展会", VALUE_OK, 0, 0},
    {"会员等级", "金卡", VALUE_FIXED, 0, 0},
    {"关联订单号",
     "A1\x1f"
     "B2",
     VALUE_OK, 0, 0},
    {"Site name", "North", VALUE_OK, 0, 0},
};

static bool hits(const char *when) {
  struct fixture f;
  if (compile(&f, when, "")) fail_msg("%s: %s", when, f.failure.message);
  struct record_value values[JOB_FIELDS_MAX] = {0};
  uint32_t flags[JOB_FIELDS_MAX] = {0};
  for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
    int field = job_field_find(&f.job, bytes_from_string(row[i].field));
    assert_true(field >= 0);
    values[field] = (struct record_value){bytes_from_string(row[i].text), (uint8_t)row[i].state,
                                          (uint8_t)row[i].kind};
    flags[field] = row[i].flags;
  }
  struct quality_hit found[JOB_QUALITY_RULES_MAX];
  uint32_t count = quality_rules_evaluate(f.rules, values, flags, found);
  assert_true(count <= 1);
  release(&f);
  return count == 1;
}

static void expressions_say_what_they_mean(void **state) {
  (void)state;
  static const struct {
    const char *when;
    bool hit;
  } cases[] = {
      {"missing(身份证号)", true},
      {"present(身份证号)", false},
      {"missing(手机号码)", false},
      {"手机号码.flag == W_DUMMY", true},
      {"手机号码.flag != W_DUMMY", false},
      {"手机号码.flag in [W_MASKED, W_DUMMY]", true},
      {"手机号码.kind in [mobile, landline]", true},
      {"手机号码.kind not in [mobile, landline]", false},
      {"手机号码.state == attribute", true},
      {"身份证号.state == missing", true},
      {"手机号码.length == 11", true},
      {"手机号码.length > 11", false},
      {"会员等级 == '金卡'", true},
      {"会员等级 != '金卡'", false},
      {"会员等级 in ['银卡', \"金卡\"]", true},
      {"会员等级 not in ['银卡']", true},
      {"会员等级 contains '金'", true},
      {"会员等级 contains '银'", false},
      {"'金卡' == 会员等级", true},
      {"`Site name` == 'North'", true},
      /* the field's own standardiser reads the literal */
      {"来源渠道 == ' 展会 '", true},
      /* numbers */
      {"订单金额 < 0", true},
      {"订单金额 < 0 or 订单金额 > 10000000", true},
      {"订单金额 <= -12.5", true},
      {"订单金额 < -12.5", false},
      {"-13 < 订单金额", true},
      {"订单金额 in [1, -12.50]", true},
      /* dates: a day with a day */
      {"首次跟进时间 < 展会日期", true},
      {"首次跟进时间 >= 展会日期", false},
      {"首次跟进时间 == 2026-05-01", true},
      {"首次跟进时间 >= '2026-05-01'", true},
      {"首次跟进时间 > 2026-05", false},
      {"展会日期 ≥ 2026-05-02", true},
      {"来源渠道 == '展会' and 首次跟进时间 < 展会日期", true},
      /* what must hold where something else does */
      {"来源渠道 == '展会' -> 首次跟进时间 >= 展会日期", true},
      {"来源渠道 == '展会' → 首次跟进时间 < 展会日期", false},
      {"来源渠道 == 'APP' -> 首次跟进时间 >= 展会日期", false},
      {"来源渠道 == '展会' -> present(身份证号)", true},
      {"来源渠道 == '展会' -> 身份证号 == '1'", false}, /* unknown is no hit */
      /* Kleene's logic */
      {"身份证号 == 'x'", false},
      {"身份证号 != 'x'", false},
      {"not 身份证号 == 'x'", false},
      {"身份证号 == 'x' or 订单金额 < 0", true},
      {"身份证号 == 'x' and 订单金额 < 0", false},
      {"not (身份证号 == 'x' and 订单金额 > 0)", true},
      {"身份证号 not in ['x']", false},
      /* one of several values is enough */
      {"关联订单号 == 'B2'", true},
      {"关联订单号 in ['C3', 'A1']", true},
      {"关联订单号 == 'C3'", false},
      {"not (missing(手机号码) or missing(展会日期)) and 订单金额 < 0", true},
      {"missing(手机号码) or missing(身份证号) and missing(展会日期)", false},
      {"（missing(身份证号)）", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (hits(cases[i].when) != cases[i].hit)
      fail_msg("%s is %s", cases[i].when, cases[i].hit ? "not hit" : "hit");
  }
}

static void mistakes_are_told_at_their_column(void **state) {
  (void)state;
  static const struct {
    const char *when, *expected;
  } cases[] = {
      {"missing(手机)", "column 9: unknown field '手机', expected one of "},
      {"手机号码 = '1'", "column 6: '=' is written =="},
      {"手机号码.kindd == mobile",
       "column 6: unknown property 'kindd', expected one of kind, state, flag, "
       "length; did you mean 'kind'?"},
      {"手机号码.kind == moblie", "column 14: unknown kind 'moblie', expected one of "},
      {"手机号码.flag == W_DUMY", "column 14: unknown flag 'W_DUMY', expected one of "},
      {"手机号码.state == gone",
       "column 15: unknown state 'gone', expected one of missing, ok, fixed, "
       "attribute, invalid"},
      {"手机号码.kind < mobile",
       "column 11: kinds, states and flags are compared with ==, != or in"},
      {"手机号码 < 'a'", "column 6: texts have no order; compare with ==, !=, in or contains"},
      {"订单金额 contains '1'", "column 6: only a text contains something; this is a number"},
      {"订单金额 > '多'", "column 8: expected a number"},
      {"展会日期 > 5", "column 8: expected a date like 2026-11-22"},
      {"展会日期 > 2026-13-01", "column 8: expected a date like 2026-11-22"},
      {"展会日期 > 订单金额", "column 8: one side is a date, the other is not"},
      {"会员等级 in [金卡]", "column 10: a text stands in quotes: '金卡'"},
      {"1 == 2", "column 1: expected a field on one side of the comparison"},
      {"手机号码", "column 5: found the end, expected a comparison: == != < <= > >= in contains"},
      {"手机号码 not == '1'", "column 10: found '==', expected in"},
      {"missing 手机号码", "column 9: found '手机号码', expected '('"},
      {"(missing(手机号码)", "column 15: found the end, expected ')'"},
      {"missing(手机号码) missing(手机号码)",
       "column 15: found 'missing', expected and, or, -> or the end"},
      {"missing(手机号码) and", "column 18: found the end, expected a field, a number or a 'text'"},
      {"会员等级 == '金卡", "column 9: the quote is never closed"},
      {"会员等级 == 金卡", "column 9: unknown field '金卡', expected one of "},
      {"missing(手机号码.kind)", "column 9: expected a field alone"},
      {"；", "column 1: this character has no meaning here"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct fixture f;
    if (compile(&f, cases[i].when, "") != ERR_CONFIG) fail_msg("%s is accepted", cases[i].when);
    char expected[512];
    snprintf(expected, sizeof expected, "job.yaml:10: quality rule DQ1: when, %s",
             cases[i].expected);
    if (strncmp(f.failure.message, expected, strlen(expected)) != 0)
      fail_msg("%s\n  found: %s\n  expected: %s", cases[i].when, f.failure.message, expected);
    assert_null(f.rules);
    release(&f);
  }
}

static void an_action_finds_its_field(void **state) {
  (void)state;
  struct fixture f;
  assert_int_equal(compile(&f, "手机号码.state == invalid", "      action: drop_value\n"), ERR_OK);
  release(&f);
  assert_int_equal(compile(&f, "订单金额 < 0 and missing(手机号码)",
                           "      action: drop_value\n      field: 订单金额\n"),
                   ERR_OK);
  struct record_value values[JOB_FIELDS_MAX] = {0};
  uint32_t flags[JOB_FIELDS_MAX] = {0};
  int amount = job_field_find(&f.job, BYTES("订单金额"));
  values[amount] = (struct record_value){BYTES("-1"), VALUE_OK, 0};
  struct quality_hit hit;
  assert_int_equal(quality_rules_evaluate(f.rules, values, flags, &hit), 1);
  assert_int_equal(hit.rule, 0);
  assert_int_equal(hit.field, amount);
  release(&f);
  assert_int_equal(compile(&f, "订单金额 < 0 and missing(手机号码)", "      action: drop_value\n"),
                   ERR_CONFIG);
  assert_string_equal(
      f.failure.message,
      "job.yaml:10: quality rule DQ1: the action is about one field, and the expression "
      "names several; say field: …");
  release(&f);
}

static void long_rules_are_fine_and_deep_ones_refused(void **state) {
  (void)state;
  struct buffer when = {0};
  struct fixture f;
  for (int i = 0; i < 150; i++) buffer_append_string(&when, "missing(手机号码) or ");
  buffer_append_string(&when, "missing(手机号码)");
  assert_int_equal(compile(&f, buffer_string(&when), ""), ERR_OK);
  release(&f);
  buffer_clear(&when);
  for (int i = 0; i < 1000; i++) buffer_append_char(&when, '(');
  assert_int_equal(compile(&f, buffer_string(&when), ""), ERR_CONFIG);
  assert_non_null(strstr(f.failure.message, "nested deeper than 32 levels"));
  release(&f);
  buffer_clear(&when);
  for (int i = 0; i < 900; i++) buffer_append_string(&when, "not ");
  assert_int_equal(compile(&f, buffer_string(&when), ""), ERR_CONFIG);
  assert_non_null(strstr(f.failure.message, "nested deeper than 32 levels"));
  release(&f);
  buffer_release(&when);
}

static void a_job_without_rules_has_none(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  struct failure failure = {0};
  struct quality_rules *rules = NULL;
  assert_int_equal(
      job_parse(BYTES("version: 1\nsources: [{id: a, files: a, map: {p: 手机号码}}]\n"), "job.yaml",
                &job, &failure),
      ERR_OK);
  assert_int_equal(plan_make(&job, &plan, &failure), ERR_OK);
  assert_int_equal(quality_rules_compile(&job, &plan, &rules, &failure), ERR_OK);
  assert_null(rules);
  assert_int_equal(quality_rules_evaluate(NULL, NULL, NULL, NULL), 0);
  quality_rules_free(NULL);
  job_release(&job);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(expressions_say_what_they_mean),
      cmocka_unit_test(mistakes_are_told_at_their_column),
      cmocka_unit_test(an_action_finds_its_field),
      cmocka_unit_test(long_rules_are_fine_and_deep_ones_refused),
      cmocka_unit_test(a_job_without_rules_has_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
