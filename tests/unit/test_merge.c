#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/golden_fixture.h"
#include "worker/golden_codec.h"
#include "worker/stages/merge.h"

enum { DAY_MS = 86400000 };

/* What a rule must choose among cells of one field, in any order of the members. Equal to the order
 * of preference "usable, rule, trust, latest, source, key" written in the plainest way. */
struct cell {
  const char *source; /* A (trust 50), B (trust 70), C (trust 50) */
  int day;            /* of the record's time; -1 = unknown */
  const char *text;
  enum value_state state;
  uint8_t kind;
};

struct rule_case {
  const char *what;
  enum field_type_id type;
  enum survivorship rule;
  bool multi;
  struct cell cells[6];
  const char *expected;   /* parts joined by | */
  const char *runners_up; /* best first, joined by | */
  uint32_t distinct;
};

#define OK_CELL VALUE_OK, 0
static const struct rule_case rule_cases[] = {
    {"most trusted: the source's trust decides",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_TRUSTED,
     false,
     {{"A", 9, "a", OK_CELL}, {"B", 1, "b", OK_CELL}, {"C", 5, "c", OK_CELL}},
     "b",
     "a|c",
     3},
    {"most trusted: the latest of equals",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_TRUSTED,
     false,
     {{"A", 1, "old", OK_CELL}, {"A", 2, "new", OK_CELL}},
     "new",
     "old",
     2},
    {"most recent",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_RECENT,
     false,
     {{"A", 9, "a", OK_CELL}, {"B", 1, "b", OK_CELL}, {"C", 5, "c", OK_CELL}},
     "a",
     "c|b",
     3},
    {"most recent: unknown time comes last",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_RECENT,
     false,
     {{"B", -1, "b", OK_CELL}, {"A", 1, "a", OK_CELL}},
     "a",
     "b",
     2},
    {"most recent: trust breaks the tie",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_RECENT,
     false,
     {{"A", 3, "a", OK_CELL}, {"B", 3, "b", OK_CELL}},
     "b",
     "a",
     2},
    {"most recent: then the source id",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_RECENT,
     false,
     {{"C", 3, "c", OK_CELL}, {"A", 3, "a", OK_CELL}},
     "a",
     "c",
     2},
    {"most frequent",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_FREQUENT,
     false,
     {{"A", 1, "x", OK_CELL}, {"B", 9, "y", OK_CELL}, {"C", 2, "x", OK_CELL}},
     "x",
     "y",
     2},
    {"most frequent: trust breaks the tie",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_FREQUENT,
     false,
     {{"A", 9, "x", OK_CELL}, {"B", 1, "y", OK_CELL}},
     "y",
     "x",
     2},
    {"most complete name: full before surname before nickname",
     FIELD_TYPE_PERSON_NAME,
     SURVIVE_MOST_COMPLETE,
     false,
     {{"B", 9, "张", VALUE_OK, 1}, {"B", 9, "阿伟", VALUE_OK, 2}, {"A", 1, "张伟", VALUE_OK, 0}},
     "张伟",
     "张|阿伟",
     3},
    {"most complete name: of equal kinds the trusted",
     FIELD_TYPE_PERSON_NAME,
     SURVIVE_MOST_COMPLETE,
     false,
     {{"A", 1, "张伟", OK_CELL}, {"C", 1, "张伟", OK_CELL}, {"B", 1, "张玮", OK_CELL}},
     "张玮",
     "张伟",
     2},
    {"most complete name: of equal trust the frequent",
     FIELD_TYPE_PERSON_NAME,
     SURVIVE_MOST_COMPLETE,
     false,
     {{"A", 1, "张伟", OK_CELL}, {"C", 1, "张伟", OK_CELL}, {"A", 9, "张玮", OK_CELL}},
     "张伟",
     "张玮",
     2},
    {"most complete address: to the room",
     FIELD_TYPE_ADDRESS,
     SURVIVE_MOST_COMPLETE,
     false,
     {{"A", 9, "浙江省", VALUE_OK, 0}, {"A", 1, "浙江省杭州市西湖区1栋101室", VALUE_OK, 2}},
     "浙江省杭州市西湖区1栋101室",
     "浙江省",
     2},
    {"most complete address: of equal depth the newest",
     FIELD_TYPE_ADDRESS,
     SURVIVE_MOST_COMPLETE,
     false,
     {{"B", 1, "old room", VALUE_OK, 2}, {"A", 9, "new room", VALUE_OK, 2}},
     "new room",
     "old room",
     2},
    {"most complete text: the longest in characters",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_COMPLETE,
     false,
     {{"A", 1, "abcd", OK_CELL}, {"B", 9, "张张张", OK_CELL}},
     "abcd",
     "张张张",
     2},
    {"earliest: of the record that came first",
     FIELD_TYPE_TEXT,
     SURVIVE_EARLIEST,
     false,
     {{"B", 9, "late", OK_CELL}, {"A", 1, "early", OK_CELL}},
     "early",
     "late",
     2},
    {"earliest: unknown time comes last",
     FIELD_TYPE_TEXT,
     SURVIVE_EARLIEST,
     false,
     {{"B", -1, "b", OK_CELL}, {"A", 8, "a", OK_CELL}},
     "a",
     "b",
     2},
    {"earliest value",
     FIELD_TYPE_DATE,
     SURVIVE_EARLIEST_VALUE,
     false,
     {{"B", 9, "2024-05-02", OK_CELL}, {"A", 1, "2023-12-31", OK_CELL}},
     "2023-12-31",
     "2024-05-02",
     2},
    {"latest value",
     FIELD_TYPE_DATE,
     SURVIVE_LATEST_VALUE,
     false,
     {{"A", 1, "2023-12-31", OK_CELL}, {"B", 9, "2024-05-02", OK_CELL}},
     "2024-05-02",
     "2023-12-31",
     2},
    {"latest value of amounts compares numbers",
     FIELD_TYPE_AMOUNT,
     SURVIVE_LATEST_VALUE,
     false,
     {{"A", 1, "99.50", OK_CELL}, {"B", 9, "100.00", OK_CELL}, {"C", 2, "-300.00", OK_CELL}},
     "100.00",
     "99.50|-300.00",
     3},
    {"union: sorted, each once, parts split",
     FIELD_TYPE_TEXT,
     SURVIVE_UNION,
     false,
     {{"A", 1, "o3\x1fo1", OK_CELL}, {"B", 2, "o2", OK_CELL}, {"C", 3, "o1", OK_CELL}},
     "o1|o2|o3",
     "",
     3},
    {"union: invalid parts only where there are no others",
     FIELD_TYPE_TEXT,
     SURVIVE_UNION,
     false,
     {{"A", 1, "bad", VALUE_INVALID, 0},
      {"B", 2, "good", OK_CELL},
      {"C", 3, "shown", VALUE_ATTRIBUTE, 0}},
     "good|shown",
     "",
     2},
    {"concatenation: by time",
     FIELD_TYPE_TEXT,
     SURVIVE_CONCATENATION,
     false,
     {{"B", 5, "second", OK_CELL}, {"A", 1, "first", OK_CELL}, {"C", 9, "a third", OK_CELL}},
     "first|second|a third",
     "",
     3},
    {"a multi field with a rule: the preferred part first",
     FIELD_TYPE_PHONE,
     SURVIVE_MOST_RECENT,
     true,
     {{"B", 1, "13800000001", OK_CELL}, {"A", 5, "13800000002", OK_CELL}},
     "13800000002|13800000001",
     "",
     2},
    {"of several phones the latest comes first",
     FIELD_TYPE_PHONE,
     SURVIVE_DEFAULT,
     true,
     {{"B", 9, "4008", VALUE_ATTRIBUTE, 0}, {"B", 1, "1380", OK_CELL}, {"A", 5, "1390", OK_CELL}},
     "1390|1380|4008",
     "",
     3},
    {"a multi field without a rule is united",
     FIELD_TYPE_TEXT,
     SURVIVE_DEFAULT,
     true,
     {{"B", 1, "b", OK_CELL}, {"A", 5, "a", OK_CELL}},
     "a|b",
     "",
     2},
    {"usable before attribute before invalid, whatever the rule",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_RECENT,
     false,
     {{"B", 9, "invalid", VALUE_INVALID, 0},
      {"B", 8, "attribute", VALUE_ATTRIBUTE, 0},
      {"A", 1, "fixed", VALUE_FIXED, 0}},
     "fixed",
     "attribute|invalid",
     1},
    {"an invalid value stands where there is no other",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_RECENT,
     false,
     {{"B", 9, "invalid", VALUE_INVALID, 0}},
     "invalid",
     "",
     0},
    {"the same text is usable when one record says so",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_RECENT,
     false,
     {{"B", 9, "x", VALUE_ATTRIBUTE, 0}, {"A", 1, "x", OK_CELL}, {"A", 5, "y", OK_CELL}},
     "y",
     "x",
     2},
    {"empty cells don't count",
     FIELD_TYPE_TEXT,
     SURVIVE_MOST_RECENT,
     false,
     {{"B", 9, "", VALUE_MISSING, 0}, {"A", 1, "x", OK_CELL}},
     "x",
     "",
     1},
};

static void start_abc(struct golden_fixture *x) {
  fixture_start(x);
  fixture_source(x, "A", 50, EVENT_NONE);
  fixture_source(x, "B", 70, EVENT_NONE);
  fixture_source(x, "C", 50, EVENT_NONE);
}

static const char *joined(struct bytes text) {
  static char out[512];
  size_t size = text.size < sizeof out - 1 ? text.size : sizeof out - 1;
  memcpy(out, text.data, size);
  out[size] = '\0';
  for (size_t i = 0; i < size; i++)
    if (out[i] == RECORD_VALUE_SEPARATOR) out[i] = '|';
  return out;
}

static const char *joined_runners_up(const struct golden_value *value) {
  static char out[512];
  out[0] = '\0';
  for (uint32_t i = 0; i < value->runner_up_count; i++) {
    size_t at = strlen(out);
    snprintf(out + at, sizeof out - at, "%s%.*s", i ? "|" : "", (int)value->runners_up[i].text.size,
             value->runners_up[i].text.data);
  }
  return out;
}

/* The n-th of count! orders. */
static void permute(uint32_t n, uint32_t count, uint32_t *order) {
  for (uint32_t i = 0; i < count; i++) order[i] = i;
  for (uint32_t i = count; i > 1; i--) {
    uint32_t k = n % i, kept = order[i - 1];
    n /= i;
    order[i - 1] = order[k];
    order[k] = kept;
  }
}

static void check_case(const struct rule_case *c, uint32_t permutation, uint32_t count) {
  static struct golden_fixture x;
  static struct golden_record golden;
  start_abc(&x);
  uint16_t f = fixture_field(&x, "field", c->type, c->rule);
  x.fields[f].multi = c->multi;
  fixture_plan(&x, 20000);
  uint32_t order[6];
  permute(permutation, count, order);
  for (uint32_t i = 0; i < count; i++) {
    const struct cell *cell = &c->cells[order[i]];
    char id[8];
    snprintf(id, sizeof id, "r%u", order[i]);
    struct record_value value = {bytes_from_string(cell->text), (uint8_t)cell->state, cell->kind};
    fixture_member(&x, (uint16_t)(cell->source[0] - 'A'), id,
                   cell->day < 0 ? INT64_MIN : (int64_t)cell->day * DAY_MS, &value);
  }
  golden_merge(&x.golden, x.members, count, x.weights, &x.arena, &golden);
  const struct golden_value *value = &golden.values[f];
  if (strcmp(joined(value->text), c->expected) || value->distinct_count != c->distinct ||
      strcmp(joined_runners_up(value), c->runners_up))
    fail_msg("%s (permutation %u): chose %s, distinct %u, then %s", c->what, permutation,
             joined(value->text), value->distinct_count, joined_runners_up(value));
  struct failure failure;
  assert_int_equal(golden_verify_value(&x.golden, &golden, f, &x.arena, &failure), ERR_OK);
  fixture_release(&x);
}

static void every_rule_chooses_the_same_in_any_order(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rule_cases / sizeof rule_cases[0]; i++) {
    uint32_t count = 0, orders = 1;
    while (count < 6 && rule_cases[i].cells[count].source) orders *= ++count;
    for (uint32_t p = 0; p < orders; p++) check_case(&rule_cases[i], p, count);
  }
}

static void the_channel_is_that_of_the_first_contact(void **state) {
  (void)state;
  static struct golden_fixture x;
  static struct golden_record golden;
  start_abc(&x);
  uint16_t channel = fixture_field(&x, "来源渠道", FIELD_TYPE_CATEGORY, SURVIVE_DEFAULT);
  uint16_t seen = fixture_field(&x, "首次触达时间", FIELD_TYPE_DATE, SURVIVE_DEFAULT);
  x.fields[channel].role = ROLE_CHANNEL;
  x.fields[seen].role = ROLE_FIRST_SEEN;
  fixture_plan(&x, 20000);
  /* Registered on the web long before the shop knew the customer, and changed there yesterday. */
  struct record_value shop[] = {ok("门店留资"), ok("2024-03-01 10:00:00")};
  struct record_value web[] = {ok("官网注册"), ok("2023-01-05")};
  fixture_member(&x, 1, "shop", 19783LL * DAY_MS, shop);
  fixture_member(&x, 0, "web", 19999LL * DAY_MS, web);
  golden_merge(&x.golden, x.members, 2, x.weights, &x.arena, &golden);
  assert_string_equal(joined(golden.values[channel].text), "官网注册");
  assert_string_equal(joined(golden.values[seen].text), "2023-01-05");
  assert_true(golden.first_seen_ms == (19362LL * 86400 - 8 * 3600) * 1000);
  assert_true(golden.updated_at_ms == 19999LL * DAY_MS);
  fixture_release(&x);
}

static void an_id_card_fills_sex_and_birth_date(void **state) {
  (void)state;
  static struct golden_fixture x;
  static struct golden_record golden;
  start_abc(&x);
  uint16_t card = fixture_field(&x, "身份证号", FIELD_TYPE_ID_CARD, SURVIVE_MOST_FREQUENT);
  uint16_t sex = fixture_field(&x, "性别", FIELD_TYPE_CATEGORY, SURVIVE_MOST_FREQUENT);
  uint16_t birth = fixture_field(&x, "出生日期", FIELD_TYPE_DATE, SURVIVE_MOST_FREQUENT);
  uint16_t met = fixture_field(&x, "展会日期", FIELD_TYPE_DATE, SURVIVE_MOST_FREQUENT);
  x.fields[sex].options.code_table = CODE_GENDER;
  x.fields[birth].required = x.fields[met].required = true;
  fixture_plan(&x, 20000);
  struct record_value one[] = {ok("11010519491231002X"), ok(""),
                               with_state("1949-**-**", VALUE_ATTRIBUTE), ok("")};
  fixture_member(&x, 0, "1", 0, one);
  golden_merge(&x.golden, x.members, 1, x.weights, &x.arena, &golden);
  assert_int_equal(golden.values[sex].origin, GOLDEN_DERIVED);
  assert_int_equal(golden.values[sex].derived_from, card);
  assert_int_equal(golden.values[sex].member, 0);
  assert_string_equal(joined(golden.values[sex].text), "女");
  assert_string_equal(joined(golden.values[birth].text), "1949-12-31");
  assert_string_equal(joined_runners_up(&golden.values[birth]), "1949-**-**");
  assert_int_equal(golden.values[met].origin, GOLDEN_NONE);
  assert_true(golden.missing_fields == 1ULL << met);
  struct failure failure;
  for (uint32_t f = 0; f < 4; f++)
    assert_int_equal(golden_verify_value(&x.golden, &golden, f, &x.arena, &failure), ERR_OK);
  fixture_clear_members(&x);

  struct record_value valid[] = {ok("11010519491231002X"), ok("男"), ok("1950-01-01"), ok("")};
  fixture_member(&x, 0, "1", 0, valid);
  golden_merge(&x.golden, x.members, 1, x.weights, &x.arena, &golden);
  assert_string_equal(joined(golden.values[sex].text), "男");
  assert_int_equal(golden.values[birth].origin, GOLDEN_CELL);
  fixture_clear_members(&x);

  struct record_value broken[] = {with_state("110105194912310021", VALUE_INVALID), ok(""), ok(""),
                                  ok("")};
  fixture_member(&x, 0, "1", 0, broken);
  golden_merge(&x.golden, x.members, 1, x.weights, &x.arena, &golden);
  assert_int_equal(golden.values[sex].origin, GOLDEN_NONE);
  assert_true(golden.missing_fields == (1ULL << met | 1ULL << birth));
  fixture_release(&x);
}

static void verify_finds_what_is_not_a_cell(void **state) {
  (void)state;
  static struct golden_fixture x;
  static struct golden_record golden, changed;
  start_abc(&x);
  fixture_field(&x, "姓名", FIELD_TYPE_TEXT, SURVIVE_MOST_RECENT);
  fixture_field(&x, "订单", FIELD_TYPE_TEXT, SURVIVE_UNION);
  fixture_field(&x, "性别", FIELD_TYPE_CATEGORY, SURVIVE_MOST_RECENT);
  uint16_t card = fixture_field(&x, "身份证号", FIELD_TYPE_ID_CARD, SURVIVE_MOST_RECENT);
  x.fields[2].options.code_table = CODE_GENDER;
  fixture_plan(&x, 20000);
  struct record_value one[] = {ok("secret"), ok("o1\x1fo2"), ok(""), ok("11010519491231002X")};
  struct record_value two[] = {ok("other"), ok("o3"), ok(""), ok("")};
  fixture_member(&x, 0, "1", 1, one);
  fixture_member(&x, 0, "2", 0, two);
  golden_merge(&x.golden, x.members, 2, x.weights, &x.arena, &golden);
  struct failure failure;
  for (uint32_t f = 0; f <= card; f++)
    assert_int_equal(golden_verify_value(&x.golden, &golden, f, &x.arena, &failure), ERR_OK);

  changed = golden;
  changed.values[0].member = 1;
  assert_int_equal(golden_verify_value(&x.golden, &changed, 0, &x.arena, &failure), ERR_MISMATCH);
  assert_non_null(strstr(failure.message, "姓名"));
  assert_null(strstr(failure.message, "secret"));
  changed.values[0].member = 7;
  assert_int_equal(golden_verify_value(&x.golden, &changed, 0, &x.arena, &failure), ERR_MISMATCH);
  changed = golden;
  changed.values[1].text = BYTES("o1\x1fo2\x1fo4");
  assert_int_equal(golden_verify_value(&x.golden, &changed, 1, &x.arena, &failure), ERR_MISMATCH);
  changed.values[1].text = BYTES("o1\x1fo2");
  assert_int_equal(golden_verify_value(&x.golden, &changed, 1, &x.arena, &failure), ERR_MISMATCH);
  changed = golden;
  changed.values[2].text = BYTES("男");
  assert_int_equal(golden_verify_value(&x.golden, &changed, 2, &x.arena, &failure), ERR_MISMATCH);
  changed.values[0].origin = GOLDEN_DERIVED;
  assert_int_equal(golden_verify_value(&x.golden, &changed, 0, &x.arena, &failure), ERR_MISMATCH);
  changed.values[0].origin = GOLDEN_NONE;
  assert_int_equal(golden_verify_value(&x.golden, &changed, 0, &x.arena, &failure), ERR_MISMATCH);
  fixture_release(&x);
}

/* ---- against a slow reference ---- */

static int sign(int64_t a, int64_t b) { return (a > b) - (a < b); }

static uint32_t frequency(const struct golden_fixture *x, uint32_t f, struct bytes text) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < x->member_count; i++) {
    const struct record_value *v = &x->members[i].values[f];
    n += v->state != VALUE_MISSING && bytes_equal(v->text, text);
  }
  return n;
}

static int class_of(uint8_t state) {
  return state == VALUE_ATTRIBUTE ? 1 : state == VALUE_INVALID ? 2 : 0;
}

/* A text counts as usable for all its cells when it is for one of them. */
static int best_class(const struct golden_fixture *x, uint32_t f, struct bytes text) {
  int best = 2;
  for (uint32_t i = 0; i < x->member_count; i++) {
    const struct record_value *v = &x->members[i].values[f];
    if (v->state != VALUE_MISSING && bytes_equal(v->text, text) && class_of(v->state) < best)
      best = class_of(v->state);
  }
  return best;
}

/* The whole order between two cells, said in one place. */
static int reference_compare(const struct golden_fixture *x, uint32_t f, uint32_t i, uint32_t j) {
  const struct record_view *a = &x->members[i], *b = &x->members[j];
  struct bytes s = a->values[f].text, t = b->values[f].text;
  enum survivorship rule = (enum survivorship)x->golden.fields[f].rule;
  int order = best_class(x, f, s) - best_class(x, f, t);
  if (!order) order = class_of(a->values[f].state) - class_of(b->values[f].state);
  int64_t ta = a->header->time_ms, tb = b->header->time_ms;
  int trust = sign(x->sources[b->header->source].trust, x->sources[a->header->source].trust);
  if (!order && rule == SURVIVE_MOST_RECENT) order = sign(tb, ta);
  if (!order && rule == SURVIVE_EARLIEST && ta != tb)
    order = ta == INT64_MIN ? 1 : tb == INT64_MIN ? -1 : sign(ta, tb);
  if (!order && rule == SURVIVE_MOST_FREQUENT) order = sign(frequency(x, f, t), frequency(x, f, s));
  if (!order && rule == SURVIVE_EARLIEST_VALUE) order = bytes_compare(s, t);
  if (!order && rule == SURVIVE_LATEST_VALUE) order = bytes_compare(t, s);
  if (!order && rule == SURVIVE_MOST_COMPLETE) {
    order = sign((int64_t)t.size, (int64_t)s.size);
    if (!order) order = trust;
    if (!order) order = sign(frequency(x, f, t), frequency(x, f, s));
  }
  if (!order) order = trust;
  if (!order) order = sign(tb, ta);
  if (!order)
    order = bytes_compare(x->sources[a->header->source].id, x->sources[b->header->source].id);
  struct hash128 k = a->header->key, l = b->header->key;
  if (!order) order = (k.high > l.high) - (k.high < l.high);
  if (!order) order = (k.low > l.low) - (k.low < l.low);
  for (uint32_t g = 0; g < x->job.field_count && !order; g++)
    order = bytes_compare(a->values[g].text, b->values[g].text);
  return order;
}

static int reference_best(const struct golden_fixture *x, uint32_t f) {
  int best = -1;
  for (uint32_t i = 0; i < x->member_count; i++) {
    if (x->members[i].values[f].state == VALUE_MISSING) continue;
    if (best < 0 || reference_compare(x, f, i, (uint32_t)best) < 0) best = (int)i;
  }
  return best;
}

static void random_members(struct golden_fixture *x, uint64_t *seed, uint32_t count) {
  static const char *const texts[] = {"a", "b", "bb", "c", "cc", "ddd"};
  static const enum value_state states[] = {VALUE_OK,        VALUE_OK,      VALUE_FIXED,
                                            VALUE_ATTRIBUTE, VALUE_INVALID, VALUE_MISSING};
  for (uint32_t i = 0; i < count; i++) {
    struct record_value values[JOB_FIELDS_MAX];
    for (uint32_t f = 0; f < x->job.field_count; f++) {
      enum value_state s = states[fixture_random(seed, 6)];
      values[f] = with_state(s == VALUE_MISSING ? "" : texts[fixture_random(seed, 6)], s);
    }
    char id[8];
    snprintf(id, sizeof id, "%u", fixture_random(seed, 2 * count));
    uint32_t day = fixture_random(seed, 5);
    int64_t time_ms = day ? (int64_t)day * DAY_MS : INT64_MIN;
    fixture_member(x, (uint16_t)fixture_random(seed, 3), id, time_ms, values);
  }
}

static void random_entities_agree_with_the_reference(void **state) {
  (void)state;
  static const enum survivorship rules[] = {
      SURVIVE_MOST_TRUSTED,  SURVIVE_MOST_RECENT, SURVIVE_MOST_FREQUENT,
      SURVIVE_MOST_COMPLETE, SURVIVE_EARLIEST,    SURVIVE_EARLIEST_VALUE,
      SURVIVE_LATEST_VALUE,  SURVIVE_UNION,       SURVIVE_CONCATENATION};
  enum { RULES = sizeof rules / sizeof rules[0] };
  static struct golden_fixture x;
  static struct golden_record golden, again;
  struct buffer scratch = {0};
  start_abc(&x);
  for (size_t i = 0; i < RULES; i++) fixture_field(&x, "f", FIELD_TYPE_TEXT, rules[i]);
  fixture_plan(&x, 20000);
  uint64_t seed = 1;
  for (int round = 0; round < 3000; round++) {
    uint32_t count = round % 100 == 0 ? 20 + fixture_random(&seed, 60) : 1 + (uint32_t)round % 7;
    random_members(&x, &seed, count);
    arena_reset(&x.arena);
    golden_merge(&x.golden, x.members, count, x.weights, &x.arena, &golden);
    struct failure failure;
    for (uint32_t f = 0; f < RULES; f++) {
      assert_int_equal(golden_verify_value(&x.golden, &golden, f, &x.arena, &failure), ERR_OK);
      int best = reference_best(&x, f);
      if (best < 0) {
        assert_int_equal(golden.values[f].origin, GOLDEN_NONE);
      } else if (!x.golden.fields[f].united) {
        const struct record_view *chosen = &x.members[golden.values[f].member];
        assert_true(bytes_equal(golden.values[f].text, x.members[best].values[f].text));
        assert_memory_equal(&chosen->header->key, &x.members[best].header->key, 16);
      }
    }
    struct hash128 digest = golden_digest(&x.job, &golden, &scratch);
    for (uint32_t i = count; i > 1; i--) { /* another order of arrival */
      uint32_t k = fixture_random(&seed, i);
      struct record_view kept = x.members[i - 1];
      x.members[i - 1] = x.members[k];
      x.members[k] = kept;
    }
    golden_merge(&x.golden, x.members, count, x.weights, &x.arena, &again);
    struct hash128 digest_again = golden_digest(&x.job, &again, &scratch);
    assert_memory_equal(&digest, &digest_again, sizeof digest);
    fixture_clear_members(&x);
  }
  buffer_release(&scratch);
  fixture_release(&x);
}

static void a_customer_with_many_orders_keeps_them_all(void **state) {
  (void)state;
  static struct golden_fixture x;
  static struct golden_record golden;
  start_abc(&x);
  fixture_field(&x, "订单号", FIELD_TYPE_TEXT, SURVIVE_UNION);
  fixture_field(&x, "昵称", FIELD_TYPE_TEXT, SURVIVE_MOST_FREQUENT);
  fixture_plan(&x, 20000);
  char orders[500][16];
  for (uint32_t i = 0; i < 500; i++) {
    snprintf(orders[i], sizeof orders[i], "o%03u\x1fo%03u", i, (i * 7) % 500);
    struct record_value values[] = {ok(orders[i]), ok(orders[i])};
    char id[8];
    snprintf(id, sizeof id, "%u", i);
    fixture_member(&x, 0, id, i, values);
  }
  golden_merge(&x.golden, x.members, 500, x.weights, &x.arena, &golden);
  assert_int_equal(golden.values[0].part_count, 500);
  struct bytes rest = golden.values[0].text, part;
  for (uint32_t i = 0; i < 500; i++) {
    char expected[8];
    snprintf(expected, sizeof expected, "o%03u", i);
    assert_true(golden_next_part(&rest, &part));
    assert_true(bytes_equal(part, bytes_from_string(expected)));
  }
  assert_int_equal(golden.values[1].distinct_count, 500);
  assert_int_equal(golden.values[1].runner_up_count, GOLDEN_RUNNERS_UP_MAX);
  struct failure failure;
  for (uint32_t f = 0; f < 2; f++)
    assert_int_equal(golden_verify_value(&x.golden, &golden, f, &x.arena, &failure), ERR_OK);
  fixture_release(&x);
}

static void customer_ids_have_one_form(void **state) {
  (void)state;
  static const struct {
    uint64_t id;
    const char *text;
  } cases[] = {{202405010000000001ULL, "C20240501001"},
               {202405010000000999ULL, "C20240501999"},
               {202405010000001234ULL, "C202405011234"},
               {202612319999999999ULL, "C202612319999999999"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[32];
    uint64_t id = 0;
    customer_id_format(cases[i].id, text);
    assert_string_equal(text, cases[i].text);
    assert_true(customer_id_parse(bytes_from_string(text), &id));
    assert_true(id == cases[i].id);
  }
  static const char *const wrong[] = {"",
                                      "C2024050100",
                                      "20240501001",
                                      "C20240501OO1",
                                      "C202405010001",
                                      "c20240501001",
                                      "C2024050112345678901"};
  uint64_t id;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    assert_false(customer_id_parse(bytes_from_string(wrong[i]), &id));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_rule_chooses_the_same_in_any_order),
      cmocka_unit_test(the_channel_is_that_of_the_first_contact),
      cmocka_unit_test(an_id_card_fills_sex_and_birth_date),
      cmocka_unit_test(verify_finds_what_is_not_a_cell),
      cmocka_unit_test(random_entities_agree_with_the_reference),
      cmocka_unit_test(a_customer_with_many_orders_keeps_them_all),
      cmocka_unit_test(customer_ids_have_one_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
