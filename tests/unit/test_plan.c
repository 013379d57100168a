#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* needs the ones above */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/hash.h"
#include "worker/blocking_defaults.h"
#include "worker/pattern.h"
#include "worker/plan.h"

static const char head[] =
    "version: 1\n"
    "sources:\n"
    "  - id: a\n"
    "    files: a.csv\n"
    "    map: {n: 客户姓名, p: 手机号码, i: 身份证号, b: 出生日期, a: 地址, c: 公司名称, s: 性别, "
    "r: 备注}\n";

static void make(const char *more, struct job *job, struct plan *plan) {
  char yaml[4096];
  struct failure failure = {0};
  snprintf(yaml, sizeof yaml, "%s%s", head, more);
  if (job_parse(bytes_from_string(yaml), "job.yaml", job, &failure))
    fail_msg("%s", failure.message);
  if (plan_make(job, plan, &failure)) fail_msg("%s", failure.message);
}

/* "..." stands for the levels of a type, which its own tests know. */
static void expect_mistake(const char *more, const char *expected) {
  struct job job;
  struct plan plan;
  char yaml[4096];
  struct failure failure = {0};
  snprintf(yaml, sizeof yaml, "%s%s", head, more);
  if (job_parse(bytes_from_string(yaml), "job.yaml", &job, &failure))
    fail_msg("%s", failure.message);
  assert_int_equal(plan_make(&job, &plan, &failure), ERR_CONFIG);
  const char *dots = strstr(expected, "...");
  size_t begin = dots ? (size_t)(dots - expected) : strlen(expected);
  const char *end = dots ? dots + 3 : "";
  size_t size = strlen(failure.message);
  if (strncmp(failure.message, expected, begin) != 0 || size < begin + strlen(end) ||
      (dots ? strcmp(failure.message + size - strlen(end), end) != 0 : size != begin))
    fail_msg("found: %s\nexpected: %s", failure.message, expected);
  job_release(&job);
}

static unsigned comparison_of(const struct plan *plan, const char *name) {
  int field = job_field_find(plan->job, bytes_from_string(name));
  assert_true(field >= 0);
  assert_true(plan->comparison_of_field[field] >= 0);
  return (unsigned)plan->comparison_of_field[field];
}

static void features_are_laid_out_without_overlap(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  make("", &job, &plan);
  assert_int_equal(plan.comparison_count, 7); /* remarks are not compared */
  uint32_t at = sizeof(struct feature_row);
  for (unsigned c = 0; c < plan.comparison_count; c++) {
    assert_int_equal(plan.comparisons[c].offset, at);
    at += plan.comparisons[c].type->feature_size;
  }
  assert_int_equal(plan.marks_offset, at);
  assert_true(plan.row_bytes >= at + sizeof(struct row_marks) + plan.blocking_count * 4);
  assert_int_equal(plan.row_bytes % 8, 0);
  assert_int_equal(plan.name_comparison, comparison_of(&plan, "客户姓名"));
  assert_int_equal(plan.comparison_of_field[job_field_find(&job, BYTES("备注"))], -1);
  job_release(&job);
}

static void the_least_useful_of_many_fields_are_left_out(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  char more[2048] = "  - id: b\n    files: b.csv\n    map:\n";
  for (int i = 0; i < 14; i++)
    snprintf(more + strlen(more), 100, "      x%d: {to: 文本%d, type: text}\n", i, i);
  strcat(more, "fields: {}\n");
  char yaml[4096];
  struct failure failure = {0};
  snprintf(yaml, sizeof yaml, "%s%s", head, more);
  assert_int_equal(job_parse(bytes_from_string(yaml), "job.yaml", &job, &failure), ERR_OK);
  for (uint32_t f = 0; f < job.field_count; f++) job.fields[f].use = USE_MATCH;
  assert_int_equal(plan_make(&job, &plan, &failure), ERR_OK);
  assert_int_equal(plan.comparison_count, JOB_COMPARISONS_MAX);
  assert_int_equal(plan.left_out_count, job.field_count - JOB_COMPARISONS_MAX);
  for (uint32_t i = 0; i < plan.left_out_count; i++)
    assert_int_equal(job.fields[plan.left_out[i]].type, FIELD_TYPE_TEXT);
  comparison_of(&plan, "身份证号");
  comparison_of(&plan, "性别");
  job_release(&job);
}

static void every_identifier_gets_a_rule_of_its_own(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  make("", &job, &plan);
  assert_true(plan.blocking_count >= 4 && plan.blocking_count <= JOB_BLOCKING_RULES_MAX);
  unsigned identifiers = 0;
  for (unsigned r = 0; r < plan.blocking_count; r++) {
    const struct plan_blocking_rule *rule = &plan.blocking[r];
    identifiers += rule->is_identifier;
    assert_int_equal(rule->is_identifier, r < 2); /* phone and ID card, before all others */
    assert_true(rule->cap > 0);
    assert_true(rule->refine_count > 0);
    uint16_t used = 0;
    for (unsigned i = 0; i < rule->part_count; i++) used |= 1u << rule->parts[i].comparison;
    assert_int_equal(rule->comparisons, used);
    for (unsigned i = 0; i < rule->refine_count; i++) {
      unsigned c = rule->refine[i].comparison;
      assert_false(used >> c & 1);
      assert_false(plan.comparisons[c].type->is_identifier);
    }
  }
  assert_int_equal(identifiers, 2);
  int phone_rule = plan.comparisons[comparison_of(&plan, "手机号码")].identifier_rule;
  assert_true(phone_rule >= 0 && plan.blocking[phone_rule].is_identifier);
  assert_int_equal(plan.comparisons[comparison_of(&plan, "客户姓名")].identifier_rule, -1);
  job_release(&job);
}

static void set_value(const struct plan *plan, struct feature_row *row, const char *field,
                      const char *text, struct arena *arena) {
  unsigned c = comparison_of(plan, field);
  struct standard_value value = {0};
  plan->comparisons[c].type->standardise(&plan->job->fields[plan->comparisons[c].field].options,
                                         bytes_from_string(text), arena, &value,
                                         (uint8_t *)row + plan->comparisons[c].offset);
}

static void keys_carry_their_rule_and_need_every_part(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  make(
      "blocking: {rules: [[客户姓名, 出生日期.year], [手机号码], {keys: [性别], refine: "
      "[出生日期]}]}\n",
      &job, &plan);
  struct arena arena = {0};
  struct feature_row *a = calloc(1, plan.row_bytes), *b = calloc(1, plan.row_bytes);
  assert_int_equal(plan.blocking_count, 3);
  assert_true(plan.blocking[0].is_identifier); /* moved to the front */
  for (unsigned r = 0; r < 3; r++) assert_int_equal(plan_key(&plan, r, a), 0);
  set_value(&plan, a, "客户姓名", "张伟", &arena);
  assert_int_equal(plan_key(&plan, 1, a), 0);
  set_value(&plan, a, "出生日期", "1990-05-01", &arena);
  set_value(&plan, a, "手机号码", "13800138123", &arena);
  set_value(&plan, a, "性别", "男", &arena);
  set_value(&plan, b, "客户姓名", "张 伟", &arena);
  set_value(&plan, b, "出生日期", "1990-12-31", &arena);
  set_value(&plan, b, "手机号码", "+86 138 0013 8123", &arena);
  set_value(&plan, b, "性别", "M", &arena);
  for (unsigned r = 0; r < 3; r++) {
    assert_int_not_equal(plan_key(&plan, r, a), 0);
    assert_int_equal(plan_key(&plan, r, a) & 15, r);
    assert_int_equal(plan_key(&plan, r, a), plan_key(&plan, r, b));
    for (unsigned k = 0; k < r; k++)
      assert_int_not_equal(plan_key(&plan, r, a) >> 4, plan_key(&plan, k, a) >> 4);
  }
  assert_int_not_equal(plan_refine_part(&plan, 2, 0, a), 0);
  assert_int_not_equal(plan_refine_part(&plan, 2, 0, a), plan_refine_part(&plan, 2, 0, b));
  arena_release(&arena);
  free(a);
  free(b);
  job_release(&job);
}

static void levels_become_nibbles(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  make(
      "match:\n  rules:\n"
      "    - {id: R1, when: {手机号码: [recycled, missing], 客户姓名: differ}, then: separate}\n"
      "    - {id: R2, when: {客户姓名: at least similar, 性别: exact}, then: review}\n",
      &job, &plan);
  assert_int_equal(plan.match_rule_count, 2);
  const struct plan_match_rule *rule = &plan.match_rules[0];
  unsigned phone = comparison_of(&plan, "手机号码"), name = comparison_of(&plan, "客户姓名");
  assert_int_equal(rule->action, MATCH_SEPARATE);
  assert_int_equal(rule->accepted[phone], 1u << (8 + PATTERN_BUCKET_RECYCLED) | 1u);
  assert_int_equal(rule->accepted[name], 1u << FIELD_LEVEL_DIFFER);
  assert_int_equal(rule->accepted[comparison_of(&plan, "地址")], 0xFFFF);
  rule = &plan.match_rules[1];
  unsigned similar = 0;
  while (!plan.comparisons[name].type->levels[similar].name ||
         strcmp(plan.comparisons[name].type->levels[similar].name, "similar") != 0)
    similar++;
  assert_int_equal(rule->accepted[name], 0xFFFF & ~((1u << similar) - 1));
  assert_int_equal(rule->accepted[comparison_of(&plan, "性别")], 0xFF00);
  job_release(&job);
}

static const struct plan_blocking_rule *blocking_of(const struct plan *plan, const char *name) {
  for (uint32_t r = 0; r < plan->blocking_count; r++)
    if (bytes_equal(plan->blocking[r].name, bytes_from_string(name))) return &plan->blocking[r];
  return NULL;
}

/* Its pairs agree in name and company alone: no other rule need bring them together. */
static const char same_name_and_company[] =
    "match:\n  rules:\n"
    "    - {id: R9, when: {客户姓名: exact, 公司名称: exact, 手机号码: differ}, then: review}\n";

static void a_match_rule_gets_its_blocks(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  make(same_name_and_company, &job, &plan);
  const struct plan_blocking_rule *rule = blocking_of(&plan, "客户姓名 + 公司名称");
  assert_non_null(rule);
  assert_true(rule->refine_count > 0 && rule->cap > 0);
  assert_int_equal(rule->comparisons,
                   1u << comparison_of(&plan, "客户姓名") | 1u << comparison_of(&plan, "公司名称"));
  assert_true(plan.match_rules[0].has_block);
  assert_true(plan.blocking_count <= JOB_BLOCKING_RULES_MAX);
  job_release(&job);

  /* Beside the job's own rules too; and one that the job has serves. */
  char more[1024];
  snprintf(more, sizeof more, "blocking: {rules: [[手机号码]]}\n%s", same_name_and_company);
  make(more, &job, &plan);
  assert_int_equal(plan.blocking_count, 2);
  assert_true(blocking_of(&plan, "客户姓名 + 公司名称")->for_match_rule);
  assert_true(plan.match_rules[0].has_block);
  job_release(&job);
  snprintf(more, sizeof more, "blocking: {rules: [[公司名称, 客户姓名]]}\n%s",
           same_name_and_company);
  make(more, &job, &plan);
  assert_int_equal(plan.blocking_count, 1);
  assert_true(plan.match_rules[0].has_block);
  job_release(&job);
}

static void an_identifier_is_block_enough(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  make(
      "blocking: {rules: [[客户姓名, 出生日期]]}\n"
      "match:\n  rules:\n"
      "    - {id: R1, when: {手机号码: [exclusive, recycled], 客户姓名: exact}, then: merge}\n"
      "    - {id: R2, when: {手机号码: exact, 客户姓名: differ}, then: household}\n"
      "    - {id: R3, when: {公司名称: differ}, then: separate}\n",
      &job, &plan);
  assert_int_equal(plan.blocking_count, 2);
  assert_true(plan.blocking[0].is_identifier && plan.blocking[0].for_match_rule);
  for (int m = 0; m < 3; m++) assert_true(plan.match_rules[m].has_block);
  job_release(&job);
}

/* Half of the base in one block, or nothing that agrees exactly: the user is told. */
static void what_can_have_no_block_is_known(void **state) {
  (void)state;
  struct job job;
  struct plan plan;
  make(
      "expected_records: 50000\n"
      "match:\n  rules:\n"
      "    - {id: R1, when: {性别: exact, 出生日期: differ}, then: review}\n"
      "    - {id: R2, when: {客户姓名: at least similar, 公司名称: exact}, then: merge}\n"
      "    - {id: R3, when: {客户姓名: at least similar, 地址: exact}, then: merge}\n",
      &job, &plan);
  assert_false(plan.match_rules[0].has_block);
  assert_true(plan.match_rules[1].has_block);
  assert_false(plan.match_rules[2].has_block);
  struct buffer keys = {0};
  blocking_defaults_suggest(&plan, &plan.match_rules[2], &keys);
  assert_string_equal(buffer_string(&keys), "[客户姓名.given, 地址.road_number]");
  buffer_release(&keys);
  job_release(&job);
}

static void wrong_names_are_told_with_the_nearest(void **state) {
  (void)state;
  expect_mistake(
      "blocking: {rules: [[手机号码], [客户姓名.pinyn]]}\n",
      "job.yaml:6: blocking rule 客户姓名.pinyn: unknown key part 'pinyn' of 客户姓名 (type "
      "person_name), expected one of exact, pinyin, surname, phonetic, initials, given; did "
      "you mean 'pinyin'?");
  expect_mistake(
      "blocking: {rules: [[备注]]}\n",
      "job.yaml:6: blocking rule 备注: field '备注' is not compared: its use is attribute; "
      "say use: match");
  expect_mistake(
      "match:\n  rules:\n    - {id: R1, when: {性别: recycled}, then: merge}\n",
      "job.yaml:8: match rule R1: unknown level 'recycled' of 性别, expected one of missing, "
      "differ, exact, ...");
  expect_mistake(
      "match:\n  rules:\n    - {id: R1, when: {身份证号: recycled}, then: merge}\n",
      "job.yaml:8: match rule R1: unknown level 'recycled' of 身份证号, expected one of missing, "
      "differ, exact, ..., exclusive, family, shared, hub");
  expect_mistake(
      "match:\n  weights:\n    手机号码: {exat: 3}\n",
      "job.yaml:8: match.weights.手机号码: unknown level 'exat' of 手机号码, expected one of "
      "missing, differ, exact, ..., exclusive, family, shared, hub, recycled; did you mean "
      "'exact'?");
}

/* The rules are chosen by what they find: where a record has a mistake in one field, another rule
 * must still find it. */
static void one_corrupted_field_never_hides_a_record(void **state) {
  (void)state;
  static const char *const fields[] = {"given_name", "surname",       "postcode",
                                       "suburb",     "date_of_birth", "address_1"};
  static const char *const values[] = {"samantha",   "white",    "3304",
                                       "launceston", "19790126", "11 macgregor street"};
  static const char *const others[] = {"robert", "miller",   "9911",
                                       "darwin", "19520714", "4 ahmatt place"};
  char yaml[2048] = "version: 1\nexpected_records: 10000\nfields: {";
  for (int i = 0; i < 6; i++) snprintf(yaml + strlen(yaml), 64, "%s: , ", fields[i]);
  strcat(yaml, "}\nsources:\n  - {id: a, files: a.csv, map: {");
  for (int i = 0; i < 6; i++) snprintf(yaml + strlen(yaml), 64, "%s: %s, ", fields[i], fields[i]);
  strcat(yaml, "}}\n");
  struct job job;
  struct plan plan;
  struct failure failure = {0};
  if (job_parse(bytes_from_string(yaml), "f.yaml", &job, &failure)) fail_msg("%s", failure.message);
  assert_int_equal(plan_make(&job, &plan, &failure), ERR_OK);
  struct arena arena = {0};
  struct feature_row *whole = calloc(1, plan.row_bytes), *worse = calloc(1, plan.row_bytes);
  for (int i = 0; i < 6; i++) set_value(&plan, whole, fields[i], values[i], &arena);
  for (int wrong = 0; wrong < 6; wrong++) {
    for (int also = 0; also < 6; also++) {
      memset(worse, 0, plan.row_bytes);
      for (int i = 0; i < 6; i++)
        set_value(&plan, worse, fields[i], i == wrong || i == also ? others[i] : values[i], &arena);
      unsigned shared = 0;
      for (unsigned r = 0; r < plan.blocking_count; r++)
        shared +=
            plan_key(&plan, r, whole) && plan_key(&plan, r, whole) == plan_key(&plan, r, worse);
      if (shared == 0) fail_msg("no rule is left without %s and %s", fields[wrong], fields[also]);
    }
  }
  free(whole);
  free(worse);
  arena_release(&arena);
  job_release(&job);
}

static void the_plan_depends_on_the_job_alone(void **state) {
  (void)state;
  struct job jobs[2];
  struct plan plans[2];
  make("expected_records: 300000\n", &jobs[0], &plans[0]);
  make("expected_records: 300000\n", &jobs[1], &plans[1]);
  assert_int_equal(plans[0].blocking_count, plans[1].blocking_count);
  for (unsigned r = 0; r < plans[0].blocking_count; r++) {
    assert_true(bytes_equal(plans[0].blocking[r].name, plans[1].blocking[r].name));
    assert_memory_equal(plans[0].blocking[r].parts, plans[1].blocking[r].parts,
                        sizeof plans[0].blocking[r].parts);
  }
  job_release(&jobs[0]);
  job_release(&jobs[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(features_are_laid_out_without_overlap),
      cmocka_unit_test(the_least_useful_of_many_fields_are_left_out),
      cmocka_unit_test(every_identifier_gets_a_rule_of_its_own),
      cmocka_unit_test(keys_carry_their_rule_and_need_every_part),
      cmocka_unit_test(levels_become_nibbles),
      cmocka_unit_test(a_match_rule_gets_its_blocks),
      cmocka_unit_test(an_identifier_is_block_enough),
      cmocka_unit_test(what_can_have_no_block_is_known),
      cmocka_unit_test(wrong_names_are_told_with_the_nearest),
      cmocka_unit_test(one_corrupted_field_never_hides_a_record),
      cmocka_unit_test(the_plan_depends_on_the_job_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
