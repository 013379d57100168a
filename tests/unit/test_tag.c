#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "tests/harness/golden_fixture.h"
#include "worker/stages/merge.h"
#include "worker/stages/tag.h"

enum { AS_OF = 20000, DAY_MS = 86400000 };

static struct tag_facts no_facts(void) {
  return (struct tag_facts){.last_order_days = TAG_DAYS_UNKNOWN,
                            .last_login_days = TAG_DAYS_UNKNOWN,
                            .last_order_member = GOLDEN_NO_MEMBER};
}

/* ---- the score rows of the vectors ---- */

static int score_of_row(const char *input, const char **tier) {
  long spend, orders, recency, login, consults;
  char refer[8];
  int read =
      sscanf(input, "spend=%ld orders12m=%ld recency_d=%ld login_d=%ld consult90=%ld refer=%7s",
             &spend, &orders, &recency, &login, &consults, refer);
  assert_int_equal(read, 6);
  struct tag_facts facts = no_facts();
  facts.spend_year_fen = spend * 100;
  facts.orders = facts.orders_year = (uint32_t)orders;
  facts.last_order_days = (int32_t)recency;
  facts.last_login_days = (int32_t)login;
  facts.consults_recent = (uint32_t)consults;
  facts.ordered_after_consult = orders > 0;
  facts.referrals = strcmp(refer, "True") == 0;
  struct tag_score score;
  tag_score(&job_tag_defaults, &facts, tag_evaluate(&job_tag_defaults, &facts), &score);
  *tier = tag_tier(&job_tag_defaults, score.score);
  return score.score;
}

static void the_score_rows_of_the_vectors(void **state) {
  (void)state;
  FILE *file = fopen(GUIYI_SOURCE_DIR "/tests/golden/vectors.tsv", "r");
  assert_non_null(file);
  char line[1024];
  int rows = 0;
  while (fgets(line, sizeof line, file)) {
    char *kind = strtok(line, "\t\n"), *input = strtok(NULL, "\t\n");
    if (!kind || strcmp(kind, "score") != 0) continue;
    char *score = strtok(NULL, "\t\n"), *tier = strtok(NULL, "\t\n");
    const char *found_tier;
    assert_int_equal(score_of_row(input, &found_tier), atoi(score));
    assert_string_equal(found_tier, tier);
    rows++;
  }
  fclose(file);
  assert_int_equal(rows, 6);
}

/* I1: 高价值 ⇒ score ≥ 80. I2: 潜力 and not 高价值 ⇒ 50 ≤ score ≤ 79. And every part within its
 * bounds. */
static void invariants_hold_for_random_customers(void **state) {
  (void)state;
  uint64_t seed = 11;
  uint32_t high = 0, potential = 0;
  for (int i = 0; i < 100000; i++) {
    struct tag_facts facts = no_facts();
    facts.spend_year_fen = (int64_t)fixture_random(&seed, 3000000) - 100000;
    facts.orders_year = fixture_random(&seed, 30);
    facts.orders = facts.orders_year + fixture_random(&seed, 3);
    if (fixture_random(&seed, 4)) facts.last_order_days = (int32_t)fixture_random(&seed, 800);
    if (fixture_random(&seed, 4)) facts.last_login_days = (int32_t)fixture_random(&seed, 400);
    facts.consults_recent = fixture_random(&seed, 6);
    facts.ordered_after_consult = fixture_random(&seed, 2);
    facts.views_recent = fixture_random(&seed, 5);
    facts.views_before = fixture_random(&seed, 5);
    facts.referrals = fixture_random(&seed, 2);
    uint32_t bits = tag_evaluate(&job_tag_defaults, &facts);
    struct tag_score score;
    tag_score(&job_tag_defaults, &facts, bits, &score);
    assert_in_range(score.score, 0, 100);
    assert_in_range(score.raw, 0, 100);
    assert_in_range(score.money, 0, 1000);
    assert_in_range(score.recency, 0, 1000);
    assert_in_range(score.active, 0, 1000);
    if (bits & 1u << TAG_HIGH_VALUE) {
      high++;
      assert_true(score.score >= 80);
      assert_string_equal(tag_tier(&job_tag_defaults, score.score), "高价值");
    } else if (bits & 1u << TAG_POTENTIAL) {
      potential++;
      assert_in_range(score.score, 50, 79);
      assert_string_equal(tag_tier(&job_tag_defaults, score.score), "潜力");
    } else {
      assert_int_equal(score.score, score.raw);
    }
  }
  assert_true(high > 10000 && potential > 5000);
}

static void each_tag_at_its_limit(void **state) {
  (void)state;
  const struct job_tags *t = &job_tag_defaults;
  struct tag_facts facts = no_facts();
  assert_int_equal(tag_evaluate(t, &facts), 0);
  facts.spend_year_fen = 999999;
  assert_int_equal(tag_evaluate(t, &facts), 0);
  facts.spend_year_fen = 1000000;
  assert_int_equal(tag_evaluate(t, &facts), 1u << TAG_HIGH_VALUE);
  facts = no_facts();
  facts.consults_recent = 1;
  assert_int_equal(tag_evaluate(t, &facts), 0);
  facts.consults_recent = 2;
  assert_int_equal(tag_evaluate(t, &facts), 1u << TAG_POTENTIAL);
  facts.ordered_after_consult = true;
  assert_int_equal(tag_evaluate(t, &facts), 0);
  facts = no_facts();
  facts.last_login_days = 30;
  assert_int_equal(tag_evaluate(t, &facts), 0);
  facts.last_login_days = 31;
  assert_int_equal(tag_evaluate(t, &facts), 1u << TAG_CHURN_LOGIN);
  facts = no_facts();
  facts.orders = 1;
  facts.last_order_days = 90;
  assert_int_equal(tag_evaluate(t, &facts), 0);
  facts.last_order_days = 91;
  assert_int_equal(tag_evaluate(t, &facts), 1u << TAG_CHURN_ORDER);
  facts.last_order_days = 181;
  facts.views_recent = facts.views_before = 2;
  assert_int_equal(tag_evaluate(t, &facts), 1u << TAG_CHURN_ORDER);
  facts.views_before = 3;
  assert_int_equal(tag_evaluate(t, &facts), 1u << TAG_CHURN_ORDER | 1u << TAG_CHURN_ASLEEP);
}

/* ---- from records ---- */

enum { CRM, SHOP, REFUNDS, CALLS, LOGINS, VIEWS, SOURCES };
enum { TIME, ORDER, AMOUNT, LOGIN, CUSTOMER_STATE };

static void start_shop(struct golden_fixture *x, bool has_tags) {
  fixture_start(x);
  fixture_source(x, "crm", 50, EVENT_NONE);
  fixture_source(x, "shop", 50, EVENT_ORDER);
  fixture_source(x, "refunds", 50, EVENT_REFUND);
  fixture_source(x, "calls", 50, EVENT_CONSULTATION);
  fixture_source(x, "logins", 50, EVENT_LOGIN);
  fixture_source(x, "views", 50, EVENT_VIEW);
  static const struct {
    const char *name;
    enum field_type_id type;
    enum field_role role;
  } fields[] = {{"事件时间", FIELD_TYPE_DATE, ROLE_EVENT_TIME},
                {"订单编号", FIELD_TYPE_TEXT, ROLE_ORDER_ID},
                {"订单金额", FIELD_TYPE_AMOUNT, ROLE_ORDER_AMOUNT},
                {"最近登录时间", FIELD_TYPE_DATE, ROLE_LAST_LOGIN},
                {"客户状态", FIELD_TYPE_CATEGORY, ROLE_CUSTOMER_STATE}};
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    uint16_t f = fixture_field(x, fields[i].name, fields[i].type, SURVIVE_DEFAULT);
    x->fields[f].role = fields[i].role;
  }
  x->fields[CUSTOMER_STATE].required = true;
  x->job.has_tags = has_tags;
  x->job.tags = job_tag_defaults;
  fixture_plan(x, AS_OF);
}

/* A day of the past as text; the fixture's dates are local. */
static const char *days_before(int days, char text[16]) {
  time_t when = (time_t)(AS_OF - days) * 86400;
  struct tm parts;
  strftime(text, 16, "%Y-%m-%d", gmtime_r(&when, &parts));
  return text;
}

static void event(struct golden_fixture *x, uint16_t source, const char *id, int days,
                  const char *order, const char *amount) {
  char text[16];
  struct record_value values[] = {ok(days_before(days, text)), ok(order), ok(amount), ok(""),
                                  ok("")};
  fixture_member(x, source, id, INT64_MIN, values);
}

static void facts_of(struct golden_fixture *x, struct tag_facts *facts) {
  arena_reset(&x->arena);
  tag_facts_collect(&x->golden, x->members, x->member_count, &x->arena, facts);
}

static void orders_are_counted_once(void **state) {
  (void)state;
  static struct golden_fixture x;
  struct tag_facts facts;
  start_shop(&x, true);
  event(&x, SHOP, "1", 10, "A1", "100.50");
  event(&x, SHOP, "2", 10, "A1", "100.50"); /* the same order in another export */
  event(&x, SHOP, "3", 365, "A2", "20.00");
  event(&x, SHOP, "4", 366, "A3", "1000.00");
  event(&x, SHOP, "5", 5, "", "7.00");
  event(&x, SHOP, "6", -1, "A4", "5000.00"); /* after as_of */
  event(&x, SHOP, "7", 3, "A1", "-0.50");    /* money back */
  event(&x, REFUNDS, "8", 3, "A1", "1.00");
  facts_of(&x, &facts);
  assert_int_equal(facts.orders, 4);
  assert_int_equal(facts.orders_year, 3);
  assert_int_equal(facts.spend_year_fen, 10050 + 2000 + 700 - 50 - 100);
  assert_int_equal(facts.last_order_days, 5);
  assert_int_equal(facts.last_order_member, 4);
  fixture_release(&x);
}

static void consultations_without_an_order_after_them(void **state) {
  (void)state;
  static struct golden_fixture x;
  struct tag_facts facts;
  start_shop(&x, true);
  event(&x, CALLS, "1", 90, "", "");
  event(&x, CALLS, "2", 20, "", "");
  event(&x, CALLS, "3", 91, "", "");
  event(&x, SHOP, "4", 100, "A", "1.00");
  facts_of(&x, &facts);
  assert_int_equal(facts.consults_recent, 2);
  assert_false(facts.ordered_after_consult);
  event(&x, SHOP, "5", 30, "B", "1.00");
  facts_of(&x, &facts);
  assert_true(facts.ordered_after_consult);
  fixture_release(&x);
}

static void logins_and_views(void **state) {
  (void)state;
  static struct golden_fixture x;
  struct tag_facts facts;
  start_shop(&x, true);
  facts_of(&x, &facts);
  assert_int_equal(facts.last_login_days, TAG_DAYS_UNKNOWN);
  event(&x, LOGINS, "1", 50, "", "");
  event(&x, VIEWS, "2", 90, "", "");
  event(&x, VIEWS, "3", 91, "", "");
  event(&x, VIEWS, "4", 180, "", "");
  event(&x, VIEWS, "5", 181, "", "");
  char text[16];
  struct record_value crm[] = {ok(""), ok(""), ok(""), ok(days_before(31, text)), ok("")};
  fixture_member(&x, CRM, "c", INT64_MIN, crm);
  facts_of(&x, &facts);
  assert_int_equal(facts.last_login_days, 31);
  assert_int_equal(facts.views_recent, 1);
  assert_int_equal(facts.views_before, 2);
  fixture_release(&x);
}

static void tag_of(struct golden_fixture *x, struct golden_record *golden) {
  arena_reset(&x->arena);
  golden_merge(&x->golden, x->members, x->member_count, x->weights, &x->arena, golden);
  golden_tag(&x->golden, &x->arena, golden);
}

static void a_customer_is_told_why(void **state) {
  (void)state;
  static struct golden_fixture x;
  static struct golden_record golden;
  start_shop(&x, true);
  event(&x, SHOP, "1", 200, "A1", "12000.00");
  event(&x, LOGINS, "2", 60, "", "");
  tag_of(&x, &golden);
  assert_int_equal(golden.tag_count, 3);
  assert_string_equal(golden.tags[0].name, "高价值");
  assert_true(bytes_equal(golden.tags[0].reason, BYTES("365 天消费 12000.00 元 ≥ 10000.00 元")));
  assert_string_equal(golden.tags[1].name, "流失风险-未登录30天");
  assert_true(bytes_equal(golden.tags[1].reason, BYTES("最近登录在 60 天前 > 30 天")));
  assert_string_equal(golden.tags[2].name, "流失风险-未消费90天");
  assert_int_equal(golden.score, 80);
  assert_string_equal(golden.tier, "高价值");
  assert_true(bytes_equal(golden.score_reason,
                          BYTES("消费 920‰×35 + 频次 83‰×20 + 最近 493‰×20 + 活跃 362‰×10 + "
                                "咨询 0‰×10 + 推荐 0‰×5 = 47，标签保底 80")));
  fixture_clear_members(&x);

  x.job.tags.churn_login_days = 45;
  event(&x, LOGINS, "2", 60, "", "");
  tag_of(&x, &golden);
  assert_int_equal(golden.tag_count, 1);
  assert_string_equal(golden.tags[0].name, "流失风险-未登录45天");
  fixture_release(&x);
}

static void the_state_follows_from_the_orders(void **state) {
  (void)state;
  static struct golden_fixture x;
  static struct golden_record golden;
  struct failure failure;
  static const struct {
    int days; /* of the order; -1 = none */
    const char *expected;
  } cases[] = {{-1, "潜在客户"}, {0, "成交客户"}, {180, "成交客户"}, {181, "流失客户"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    start_shop(&x, i % 2);
    struct record_value crm[] = {ok(""), ok(""), ok(""), ok(""), ok("成交客户")};
    fixture_member(&x, CRM, "c", 0, crm);
    if (cases[i].days >= 0) event(&x, SHOP, "1", cases[i].days, "A1", "5.00");
    tag_of(&x, &golden);
    const struct golden_value *value = &golden.values[CUSTOMER_STATE];
    assert_true(bytes_equal(value->text, bytes_from_string(cases[i].expected)));
    assert_int_equal(value->origin, GOLDEN_DERIVED);
    assert_true(value->member == (cases[i].days < 0 ? GOLDEN_NO_MEMBER : 1));
    assert_int_equal(golden.missing_fields, 0);
    assert_int_equal(golden.score == -1, i % 2 == 0);
    assert_int_equal(golden_verify_value(&x.golden, &golden, CUSTOMER_STATE, &x.arena, &failure),
                     ERR_OK);
    golden.values[CUSTOMER_STATE].text = BYTES("other");
    assert_int_equal(golden_verify_value(&x.golden, &golden, CUSTOMER_STATE, &x.arena, &failure),
                     ERR_MISMATCH);
    fixture_release(&x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_score_rows_of_the_vectors),
      cmocka_unit_test(invariants_hold_for_random_customers),
      cmocka_unit_test(each_tag_at_its_limit),
      cmocka_unit_test(orders_are_counted_once),
      cmocka_unit_test(consultations_without_an_order_after_them),
      cmocka_unit_test(logins_and_views),
      cmocka_unit_test(a_customer_is_told_why),
      cmocka_unit_test(the_state_follows_from_the_orders),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
