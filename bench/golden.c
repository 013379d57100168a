/* What one customer costs from its records to the files: nanoseconds of processor time to merge,
 * encode, digest and export an entity, the best of five rounds over customers of 2.3 records and 14
 * fields, of which a quarter is empty and some disagree; and rows a second of members.csv. */
#include <stdio.h>
#include <time.h>

#include "common/memory.h"
#include "tests/harness/golden_fixture.h"
#include "worker/exports/golden_csv.h"
#include "worker/exports/members_csv.h"
#include "worker/golden_codec.h"
#include "worker/stages/merge.h"

enum { ENTITIES = 200, RECORDS = 4 * ENTITIES, FIELDS = 14, ROUNDS = 5, REPEATS = 400 };
enum { ROWS = 500000 };

static const struct {
  enum field_type_id type;
  enum survivorship rule;
  const char *value, *other;
} fields[FIELDS] = {
    {FIELD_TYPE_PERSON_NAME, SURVIVE_MOST_COMPLETE, "张伟", "张玮"},
    {FIELD_TYPE_PHONE, SURVIVE_MOST_FREQUENT, "13800138123", "13900139000"},
    {FIELD_TYPE_ID_CARD, SURVIVE_MOST_FREQUENT, "11010519491231002X", "440524188001010014"},
    {FIELD_TYPE_EMAIL, SURVIVE_MOST_FREQUENT, "zhangwei1990@163.com", "zw@qq.com"},
    {FIELD_TYPE_ACCOUNT, SURVIVE_MOST_FREQUENT, "oXyz_abcdefghijklmnopq", "oXyz_other"},
    {FIELD_TYPE_TEXT, SURVIVE_UNION, "A1001", "A1002"},
    {FIELD_TYPE_ADDRESS, SURVIVE_MOST_COMPLETE, "浙江省杭州市西湖区文三路1号1栋101室", "浙江省"},
    {FIELD_TYPE_COMPANY, SURVIVE_MOST_COMPLETE, "杭州明远科技有限公司", "明远科技"},
    {FIELD_TYPE_DATE, SURVIVE_MOST_FREQUENT, "1990-01-01", "1991-01-01"},
    {FIELD_TYPE_DATE, SURVIVE_EARLIEST_VALUE, "2023-01-05 10:00:00", "2023-02-05 10:00:00"},
    {FIELD_TYPE_DATE, SURVIVE_LATEST_VALUE, "2024-01-05 10:00:00", "2024-02-05 10:00:00"},
    {FIELD_TYPE_CATEGORY, SURVIVE_MOST_FREQUENT, "男", "女"},
    {FIELD_TYPE_CATEGORY, SURVIVE_EARLIEST, "官网注册", "门店留资"},
    {FIELD_TYPE_TEXT, SURVIVE_MOST_RECENT, "备注一二三", "备注"},
};

static struct golden_fixture x;
static struct record_view members[RECORDS];
static struct buffer packed[RECORDS];
static uint32_t start[ENTITIES + 1];
static const int32_t weights[4];
static struct export_context context;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void make_member(uint64_t *seed, uint32_t i) {
  struct record_value values[FIELDS];
  for (int f = 0; f < FIELDS; f++) {
    uint32_t dice = fixture_random(seed, 24);
    values[f] = ok(dice < 6 ? "" : dice < 9 ? fields[f].other : fields[f].value);
  }
  char id[16];
  snprintf(id, sizeof id, "%u", i);
  x.member_count = 0;
  fixture_member(&x, (uint16_t)fixture_random(seed, 3), id, 1700000000000LL + i % 50, values);
  packed[i] = x.packed[0];
  record_view_of(packed[i].data, FIELDS, &members[i]);
}

static void make_entities(void) {
  static const uint32_t sizes[] = {1, 1, 2, 2, 3, 3, 4};
  uint64_t seed = 1;
  fixture_start(&x);
  fixture_source(&x, "官网", 70, EVENT_NONE);
  fixture_source(&x, "APP", 50, EVENT_NONE);
  fixture_source(&x, "电商", 50, EVENT_NONE);
  for (int f = 0; f < FIELDS; f++) fixture_field(&x, "field", fields[f].type, fields[f].rule);
  x.fields[9].role = ROLE_FIRST_SEEN;
  x.fields[11].options.code_table = CODE_GENDER;
  fixture_plan(&x, 20000);
  for (uint32_t e = 0; e < ENTITIES; e++) {
    start[e + 1] = start[e] + sizes[e % 7];
    for (uint32_t i = start[e]; i < start[e + 1]; i++) make_member(&seed, i);
  }
}

enum part { MERGE, ENCODE, DIGEST, ROW, PARTS };

/* Seconds for one pass over all entities, everything up to the part included. */
static double pass(enum part last, struct buffer *out, struct buffer *scratch) {
  static struct golden_record golden;
  static struct arena arena;
  struct hash128 sum = {0};
  double from = now();
  for (uint32_t e = 0; e < ENTITIES; e++) {
    arena_reset(&arena);
    buffer_clear(out);
    golden_merge(&x.golden, members + start[e], start[e + 1] - start[e], weights, &arena, &golden);
    if (last == ENCODE) golden_encode(&golden, FIELDS, out);
    if (last == DIGEST) golden_digest_add(&sum, golden_digest(&x.job, &golden, scratch));
    if (last == ROW) golden_csv_row(&context, &golden, &arena, out);
  }
  return now() - from + (double)(sum.low & 1) * 1e-12;
}

static double best_ns(enum part last) {
  struct buffer out = {0}, scratch = {0};
  double best = 1e9;
  for (int r = 0; r < ROUNDS; r++) {
    double seconds = 0;
    for (int k = 0; k < REPEATS; k++) seconds += pass(last, &out, &scratch);
    if (seconds < best) best = seconds;
  }
  buffer_release(&out);
  buffer_release(&scratch);
  return best / REPEATS / ENTITIES * 1e9;
}

/* Rows with ids, whose entities lie in any order. */
static void bench_members_csv(void) {
  static struct run_state run;
  static struct split_output split;
  uint64_t seed = 7;
  run.plan = x.plan;
  run.splits = &split;
  run.split_count = 1;
  run.clusters.entity = memory_new(ROWS * sizeof(uint32_t));
  run.clusters.link_weight = memory_new(ROWS * sizeof(int32_t));
  run.customer_ids = memory_new(ROWS * sizeof(uint64_t));
  run.records = memory_new(ROWS * sizeof *run.records);
  run.row_count = ROWS;
  struct buffer records = {0};
  buffer_reserve(&records, (size_t)ROWS * 512); /* records must not move */
  split.row_slots = ROWS;
  for (uint32_t i = 0; i < ROWS; i++) {
    const struct record_view *like = &members[i % RECORDS % start[ENTITIES]];
    char id[16];
    snprintf(id, sizeof id, "r%08u", i);
    run.records[i] = records.data + records.size;
    record_encode(&records, like->header, BYTES_EMPTY, bytes_from_string(id), like->values, FIELDS);
    run.clusters.entity[i] = fixture_random(&seed, ROWS);
    run.clusters.link_weight[i] = (int32_t)fixture_random(&seed, 30000);
    run.customer_ids[i] = 202611220000000000ULL + i;
  }
  struct export_context of_run;
  export_context_init(&of_run, &x.plan, &run, false);
  struct buffer out = {0};
  double best = 1e9;
  for (int r = 0; r < ROUNDS; r++) {
    buffer_clear(&out);
    double from = now();
    members_csv_split(&of_run, 0, &out);
    if (now() - from < best) best = now() - from;
  }
  printf("%-12s %6.1f million rows/s\n", "members.csv", ROWS / best / 1e6);
}

int main(void) {
  static const char *const names[PARTS] = {"merge", "encode", "digest", "golden.csv"};
  make_entities();
  export_context_init(&context, &x.plan, NULL, false);
  double merge = best_ns(MERGE);
  printf("%-12s %6.0f ns a customer\n", names[MERGE], merge);
  for (int part = ENCODE; part < PARTS; part++)
    printf("%-12s %6.0f ns a customer\n", names[part], best_ns((enum part)part) - merge);
  bench_members_csv();
  return 0;
}
