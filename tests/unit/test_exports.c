#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/golden_fixture.h"
#include "worker/exports/golden_csv.h"
#include "worker/exports/lineage_jsonl.h"
#include "worker/exports/members_csv.h"
#include "worker/exports/pairs_csv.h"
#include "worker/exports/quality_json.h"
#include "worker/exports/rejects_csv.h"
#include "worker/exports/review_csv.h"
#include "worker/stages/merge.h"

/* A run of two files: five records of three customers, one rejected and one quarantined row.
 *
 *   split 0 (官网): r0 web-1, rejected, r1 "a,b"      split 1 (shop, "x"): r2 no id, r3 no id (the
 *   same content), quarantined, r4 pos-9
 *   customers: {r0, r2, r4}, {r1}, {r3} */
enum { NAME, PHONE, ORDER, INDUSTRY, FIELDS };
enum { SLOTS = 7, ENTITIES = 3 };

struct exported_run {
  struct golden_fixture x;
  struct run_state run;
  struct split_output splits[2];
  struct source_file files[2];
  const char *records[SLOTS];
  struct buffer packed;
  struct feature_row rows[SLOTS];
  uint32_t entity[SLOTS];
  int32_t link_weight[SLOTS];
  uint64_t customer_ids[ENTITIES];
  struct reject_entry rejects[2];
  struct candidate_pair pairs[2];
  struct pattern_count patterns[2];
  struct review_item reviews[1];
  struct plan_match_rule rule;
  struct export_context context;
};

static struct exported_run t;
static char *const file_paths[2] = {"in/web.csv", "in/shop, north.csv"};

static void add_record(uint32_t split, uint32_t slot, const char *id, const char *name,
                       const char *phone, const char *order) {
  struct split_output *s = &t.splits[split];
  struct record_value values[FIELDS] = {ok(name), ok(phone), ok(order), ok("")};
  struct record_header header = {.time_ms = 1700000000000LL + slot * 1000,
                                 .line = slot + 2,
                                 .row = s->first_row + slot,
                                 .source = (uint16_t)split,
                                 .file = (uint16_t)split,
                                 .flags = id ? 0 : RECORD_HAS_NO_ID};
  header.key = record_key(t.x.sources[split].id, bytes_from_string(id ? id : name), id != NULL);
  t.records[header.row] = t.packed.data + t.packed.size;
  record_encode(&t.packed, &header, BYTES_EMPTY, bytes_from_string(id), values, FIELDS);
  struct feature_row *row = &t.rows[header.row];
  row->record_key = header.key.low;
  row->flags = ROW_PRESENT | (id ? ROW_HAS_ID : 0);
}

static void add_reject(uint32_t split, uint32_t index, uint64_t line, bool quarantined, int field,
                       const char *reason, const char *value) {
  struct split_output *s = &t.splits[split];
  t.rejects[index] = (struct reject_entry){.line = line,
                                           .file = split,
                                           .source = (uint16_t)split,
                                           .quarantined = quarantined,
                                           .field = (int16_t)field,
                                           .reason = bytes_from_string(reason),
                                           .value_masked = bytes_from_string(value)};
  s->rejects = &t.rejects[index];
  s->reject_count = 1;
}

static void start_splits(void) {
  buffer_reserve(&t.packed, 1 << 16); /* records must not move */
  for (uint32_t s = 0; s < 2; s++) {
    t.splits[s] = (struct split_output){
        .source = s, .file = s, .split = 0, .first_row = s * 3, .row_slots = s ? 4 : 3};
    t.files[s].path = file_paths[s];
  }
  add_record(0, 0, "web-1", "张伟", "13800138123", "o2");
  add_reject(0, 0, 3, false, -1, "too_few_columns", "");
  add_record(0, 2, "a,b", "Li \"Leo\" Na", "13900139000", "");
  add_record(1, 0, NULL, "张伟", "13800138123", "o1");
  add_record(1, 1, NULL, "张伟", "13800138123", "o1");
  add_reject(1, 1, 4, true, PHONE, "DQ001", "138*");
  add_record(1, 3, "pos-9", "张", "", "");
  t.splits[0].accepted = 2;
  t.splits[1].accepted = 3;
  t.splits[0].quality[PHONE] = (struct field_quality){.filled = 2, .valid = 1, .fixed = 1};
  t.splits[1].quality[PHONE] =
      (struct field_quality){.filled = 3, .valid = 2, .attribute = 0, .invalid = 1};
}

static int start(void **state) {
  (void)state;
  memset(&t, 0, sizeof t);
  fixture_start(&t.x);
  fixture_source(&t.x, "官网", 70, EVENT_NONE);
  fixture_source(&t.x, "shop, \"x\"", 50, EVENT_NONE);
  fixture_field(&t.x, "姓名", FIELD_TYPE_PERSON_NAME, SURVIVE_MOST_RECENT);
  fixture_field(&t.x, "phone", FIELD_TYPE_PHONE, SURVIVE_MOST_RECENT);
  fixture_field(&t.x, "orders", FIELD_TYPE_CATEGORY, SURVIVE_UNION);
  fixture_field(&t.x, "industry", FIELD_TYPE_CATEGORY, SURVIVE_MOST_RECENT);
  t.x.fields[INDUSTRY].required = true;
  t.x.plan.row_bytes = sizeof(struct feature_row);
  t.x.plan.comparison_count = 2;
  t.rule = (struct plan_match_rule){.id = BYTES("R1"), .action = MATCH_MERGE};
  for (int c = 0; c < JOB_COMPARISONS_MAX; c++) t.rule.accepted[c] = 0xFFFF;
  t.rule.accepted[1] = 1 << 8;
  t.x.plan.match_rules = &t.rule;
  t.x.plan.match_rule_count = 1;
  fixture_plan(&t.x, 20000);
  start_splits();
  t.run.plan = t.x.plan;
  t.run.files = t.files;
  t.run.file_count = 2;
  t.run.rows = (uint8_t *)t.rows;
  t.run.row_count = SLOTS;
  t.run.records = t.records;
  t.run.splits = t.splits;
  t.run.split_count = 2;
  static const uint32_t entity[SLOTS] = {0, UINT32_MAX, 1, 0, 2, UINT32_MAX, 0};
  static const int32_t weight[SLOTS] = {12345,     INT32_MIN, INT32_MIN, 12345,
                                        INT32_MIN, INT32_MIN, -512};
  memcpy(t.entity, entity, sizeof entity);
  memcpy(t.link_weight, weight, sizeof weight);
  for (uint64_t i = 0; i < ENTITIES; i++) t.customer_ids[i] = 202405010000000001ULL + i;
  t.run.clusters = (struct cluster_output){.entity = t.entity,
                                           .entity_count = ENTITIES,
                                           .link_weight = t.link_weight,
                                           .reviews = t.reviews,
                                           .review_count = 1};
  t.run.customer_ids = t.customer_ids;
  t.run.model.comparison_count = 2;
  t.run.model.prior = -10 * WEIGHT_BIT;
  t.run.model.weight[0][8] = 12 * WEIGHT_BIT;
  t.run.model.weight[1][8] = 9 * WEIGHT_BIT;
  t.run.model.weight[1][1] = -3 * WEIGHT_BIT - 512;
  t.patterns[0] = (struct pattern_count){.pattern = 0x88};
  t.patterns[1] = (struct pattern_count){.pattern = 0x18};
  t.pairs[0] = (struct candidate_pair){0, 3, 0};
  t.pairs[1] = (struct candidate_pair){2, 6, 1};
  t.run.compared[7] = (struct compare_output){
      .pairs = t.pairs, .pair_count = 2, .patterns = t.patterns, .pattern_count = 2};
  t.reviews[0] = (struct review_item){
      .a = 0, .b = 2, .weight = 512, .pattern = 0x18, .reason = REVIEW_UNCERTAIN};
  export_context_init(&t.context, &t.x.plan, &t.run, false);
  return 0;
}

static int stop(void **state) {
  (void)state;
  buffer_release(&t.packed);
  export_context_release(&t.context);
  fixture_release(&t.x);
  return 0;
}

static void assert_text(struct buffer *found, const char *expected) {
  assert_string_equal(buffer_string(found), expected);
  buffer_release(found);
}

/* The key of the shop's records without id, as members.csv names it. */
static const char *shop_key(void) {
  static char text[33];
  struct record_view view;
  record_view_of_id(t.records[3], &view);
  snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)view.header->key.high,
           (unsigned long long)view.header->key.low);
  return text;
}

static void members_come_in_input_order(void **state) {
  (void)state;
  struct buffer out = {0};
  members_csv_split(&t.context, 0, &out);
  assert_text(&out,
              "官网,web-1,C20240501001,12.056\n"
              "官网,\"a,b\",C20240501002,\n");
  char expected[512];
  snprintf(expected, sizeof expected,
           "\"shop, \"\"x\"\"\",%s,C20240501001,12.056\n"
           "\"shop, \"\"x\"\"\",%s-2,C20240501003,\n"
           "\"shop, \"\"x\"\"\",pos-9,C20240501001,-0.500\n",
           shop_key(), shop_key());
  out = (struct buffer){0};
  members_csv_split(&t.context, 1, &out);
  assert_text(&out, expected);
}

static void a_record_may_name_its_source(void **state) {
  (void)state;
  struct record_value values[FIELDS] = {ok("x"), ok(""), ok(""), ok("")};
  struct record_header header = {.source = 0, .row = 0};
  t.records[2] = NULL;
  t.records[0] = t.packed.data + t.packed.size;
  record_encode(&t.packed, &header, BYTES("CRM, old"), BYTES("7"), values, FIELDS);
  struct buffer out = {0};
  members_csv_split(&t.context, 0, &out);
  assert_text(&out, "\"CRM, old\",7,C20240501001,12.056\n");
}

static void rejects_say_why(void **state) {
  (void)state;
  struct buffer out = {0};
  rejects_csv_split(&t.context, 0, &out);
  rejects_csv_split(&t.context, 1, &out);
  assert_text(&out,
              "rejected,官网,in/web.csv,3,too_few_columns,,\n"
              "quarantined,\"shop, \"\"x\"\"\",\"in/shop, north.csv\",4,DQ001,phone,138*\n");
}

static void pairs_have_weight_and_rule(void **state) {
  (void)state;
  struct buffer out = {0};
  pairs_csv_partition(&t.context, 7, &out);
  char expected[512];
  snprintf(expected, sizeof expected,
           "官网,web-1,\"shop, \"\"x\"\"\",%s,11.000,0.999512,88,R1\n"
           "官网,\"a,b\",\"shop, \"\"x\"\"\",pos-9,-1.500,0.261204,81,\n",
           shop_key());
  assert_text(&out, expected);
  out = (struct buffer){0};
  pairs_csv_partition(&t.context, 8, &out);
  assert_text(&out, "");
}

static void reviews_show_both_records_masked(void **state) {
  (void)state;
  struct buffer out = {0};
  struct arena scratch = {0};
  review_csv_heading(&t.context, &out);
  review_csv_range(&t.context, 0, 1, &scratch, &out);
  arena_release(&scratch);
  assert_text(&out,
              "decision,reason,weight,probability,pattern,source_a,id_a,customer_a,source_b,id_b,"
              "customer_b,"
              "姓名_a,姓名_b,phone_a,phone_b,orders_a,orders_b,industry_a,industry_b\n"
              "\"\",uncertain,0.500,0.585786,81,官网,web-1,C20240501001,官网,\"a,b\",C20240501002,"
              "\xe5*****,L**********,1**********,1**********,o2,,,\n");
}

static void merged(struct golden_record *golden, uint32_t entity) {
  static struct record_view members[SLOTS];
  static int32_t weights[SLOTS];
  uint32_t count = 0;
  for (uint32_t r = 0; r < SLOTS; r++)
    if (t.entity[r] == entity) {
      weights[count] = t.link_weight[r];
      export_row_view(&t.context, r, &members[count++]);
    }
  golden_merge(&t.x.golden, members, count, weights, &t.x.arena, golden);
  golden->customer_id = t.customer_ids[entity];
}

static void golden_rows_are_masked_or_clear(void **state) {
  (void)state;
  static struct golden_record golden;
  struct buffer out = {0};
  golden_csv_heading(&t.context, &out);
  merged(&golden, 0);
  golden.tags[0] = (struct golden_tag){.name = "高价值"};
  golden.tags[1] = (struct golden_tag){.name = "潜力"};
  golden.tag_count = 2;
  golden.score = 92;
  golden.tier = "高价值";
  golden_csv_row(&t.context, &golden, &t.x.arena, &out);
  t.context.unmask = true;
  golden_csv_row(&t.context, &golden, &t.x.arena, &out);
  merged(&golden, 1);
  golden.updated_at_ms = INT64_MIN;
  golden.first_seen_ms = (19000LL * 86400 - 8 * 3600) * 1000;
  golden_csv_row(&t.context, &golden, &t.x.arena, &out);
  assert_text(
      &out,
      "customer_id,姓名,phone,orders,industry,record_count,sources,first_seen,updated_at,tags,"
      "score,"
      "tier\n"
      "C20240501001,\xe5**,1**********,o1;o2,待完善,3,\"shop, \"\"x\"\";官网\",2023-11-15 06:13:20,"
      "2023-11-15 06:13:23,高价值;潜力,92,高价值\n"
      "C20240501001,张,13800138123,o1;o2,待完善,3,\"shop, \"\"x\"\";官网\",2023-11-15 06:13:20,"
      "2023-11-15 06:13:23,高价值;潜力,92,高价值\n"
      "C20240501002,\"Li \"\"Leo\"\" Na\",13900139000,,待完善,1,官网,2022-01-08,,,,\n");
}

static void two_owners_are_a_review(void **state) {
  (void)state;
  static struct golden_record golden;
  struct buffer out = {0};
  merged(&golden, 0); /* 张 of the shop and 张伟 of the web */
  review_csv_owner_conflict(&t.context, &golden, &t.x.arena, &out);
  assert_text(&out, "");
  t.x.fields[NAME].role = ROLE_OWNER;
  t.context.unmask = true;
  out = (struct buffer){0};
  review_csv_owner_conflict(&t.context, &golden, &t.x.arena, &out);
  merged(&golden, 1);
  review_csv_owner_conflict(&t.context, &golden, &t.x.arena, &out);
  assert_text(
      &out,
      "\"\",owner,,,,\"shop, \"\"x\"\"\",pos-9,C20240501001,官网,web-1,C20240501001,张,张伟,,"
      "13800138123,,o2,,\n");
}

static void lineage_names_the_records(void **state) {
  (void)state;
  static struct golden_record golden;
  struct buffer out = {0};
  merged(&golden, 0);
  t.context.unmask = true;
  lineage_jsonl_rows(&t.context, &golden, &t.x.arena, &out);
  char expected[2048];
  snprintf(
      expected, sizeof expected,
      "{\"customer_id\":\"C20240501001\",\"field\":\"姓名\",\"value\":\"张\",\"source\":\"shop, "
      "\\\"x\\\"\",\"source_record_id\":\"pos-9\",\"origin\":\"cell\",\"rule\":\"most_recent\","
      "\"distinct\":2,\"runners_up\":[{\"value\":\"张伟\",\"source\":\"官网\","
      "\"source_record_id\":\"web-1\"}]}\n"
      "{\"customer_id\":\"C20240501001\",\"field\":\"phone\",\"value\":\"13800138123\","
      "\"source\":\"官网\",\"source_record_id\":\"web-1\",\"origin\":\"cell\",\"rule\":"
      "\"most_recent\",\"distinct\":1}\n"
      "{\"customer_id\":\"C20240501001\",\"field\":\"orders\",\"value\":[\"o1\",\"o2\"],"
      "\"sources\":[{\"source\":\"shop, \\\"x\\\"\",\"source_record_id\":\"%s\"},{\"source\":"
      "\"官网\",\"source_record_id\":\"web-1\"}],\"origin\":\"united\",\"rule\":\"union\","
      "\"distinct\":2}\n",
      shop_key());
  assert_text(&out, expected);
}

static void quality_before_and_after(void **state) {
  (void)state;
  static struct golden_record golden;
  struct quality_counts sum, part;
  quality_counts_init(&sum, &t.x.job);
  for (uint32_t e = 0; e < ENTITIES; e++) {
    quality_counts_init(&part, &t.x.job);
    merged(&golden, e);
    quality_counts_add_golden(&part, &golden);
    quality_counts_join(&sum, &part);
    quality_counts_release(&part);
  }
  assert_int_equal(sum.customers, 3);
  assert_int_equal(sum.fields[NAME].filled, 3);
  assert_int_equal(sum.fields[NAME].consistent, 2);
  assert_int_equal(sum.fields[INDUSTRY].missing, 3);
  assert_int_equal(sum.valid[0 * FIELDS + NAME], 2);
  assert_int_equal(sum.agreeing[0 * FIELDS + NAME],
                   1); /* 张伟 of the web is 张 in the golden record */
  struct buffer out = {0};
  quality_json_write(&t.context, &sum, &out);
  const char *text = buffer_string(&out);
  assert_non_null(
      strstr(text, "      \"source\": \"官网\",\n      \"read\": 3,\n      \"linked\": 2,\n"));
  assert_non_null(
      strstr(text,
             "          \"field\": \"phone\",\n          \"filled\": 2,\n          \"valid\": 2,\n"
             "          \"standardised\": 1,\n          \"attribute\": 0,\n"
             "          \"invalid\": 0,\n          \"valid_linked\": 2,\n"
             "          \"consistent\": 2\n"));
  assert_non_null(strstr(text, "\"customers\": 3,"));
  buffer_release(&out);
  quality_counts_release(&sum);
}

static void masks_of_the_job_come_before_the_types(void **state) {
  (void)state;
  struct arena arena = {0};
  static const struct {
    enum mask_rule mask;
    const char *value, *expected;
  } cases[] = {{MASK_NONE, "13800138123", "13800138123"},
               {MASK_ALL, "张伟", "**"},
               {MASK_STAR_THEN_LAST, "张小明", "**明"},
               {MASK_SURNAME_THEN_STAR, "张小明", "张**"},
               {MASK_KEEP, "13800138123", "138****8123"},
               {MASK_KEEP, "13", "**"},
               {MASK_KEEP, "", ""},
               {MASK_KEEP,
                "13800138123\x1f"
                "13900139000",
                "138****8123\x1f"
                "139****9000"}};
  t.x.fields[PHONE].mask_keep_first = 3;
  t.x.fields[PHONE].mask_keep_last = 4;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    t.x.fields[PHONE].mask = cases[i].mask;
    struct bytes shown = export_value(&t.context, PHONE, bytes_from_string(cases[i].value), &arena);
    assert_true(bytes_equal(shown, bytes_from_string(cases[i].expected)));
  }
  arena_release(&arena);
}

static void thousands_of_equal_rows_are_numbered(void **state) {
  (void)state;
  enum { ROWS = 5000 };
  static struct feature_row rows[ROWS];
  static struct run_state run;
  uint64_t seed = 4;
  for (uint32_t i = 0; i < ROWS; i++) {
    rows[i].record_key = fixture_random(&seed, 2000);
    rows[i].flags = i % 7 == 0 ? 0 : i % 5 == 0 ? ROW_PRESENT | ROW_HAS_ID : ROW_PRESENT;
  }
  run.plan = t.x.plan;
  run.rows = (uint8_t *)rows;
  run.row_count = ROWS;
  struct export_context context;
  export_context_init(&context, &t.x.plan, &run, false);
  uint32_t at = 0;
  for (uint32_t i = 0; i < ROWS; i++) {
    if (rows[i].flags != ROW_PRESENT) continue;
    uint32_t before = 0;
    for (uint32_t k = 0; k < i; k++)
      before += rows[k].flags == ROW_PRESENT && (rows[k].record_key ? rows[k].record_key : 1) ==
                                                    (rows[i].record_key ? rows[i].record_key : 1);
    if (before == 0) continue;
    assert_int_equal(context.repeats[at].row, i);
    assert_int_equal(context.repeats[at].occurrence, before + 1);
    at++;
  }
  assert_int_equal(at, context.repeat_count);
  assert_true(at > 500);
  export_context_release(&context);
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_RUN(members_come_in_input_order),
      WITH_RUN(a_record_may_name_its_source),
      WITH_RUN(rejects_say_why),
      WITH_RUN(pairs_have_weight_and_rule),
      WITH_RUN(reviews_show_both_records_masked),
      WITH_RUN(golden_rows_are_masked_or_clear),
      WITH_RUN(two_owners_are_a_review),
      WITH_RUN(lineage_names_the_records),
      WITH_RUN(quality_before_and_after),
      WITH_RUN(masks_of_the_job_come_before_the_types),
      WITH_RUN(thousands_of_equal_rows_are_numbered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
