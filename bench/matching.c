/* What matching costs, stage by stage, on made-up Chinese customers: CPU seconds of one thread and
 * rates.
 *
 *   bench_matching [RECORDS] (200000) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "coordinator/model_training.h"
#include "worker/model_spec.h"
#include "worker/stages/block.h"
#include "worker/stages/cluster.h"
#include "worker/stages/compare.h"
#include "worker/stages/frequency.h"

enum { FIELDS = 8, CELL_SIZE = 96, DOORS = 400 };

static uint64_t random_state = 42;

static unsigned up_to(unsigned n) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(random_state >> 33) % n;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const struct job_field fields[FIELDS] = {
    {.name = BYTES("姓名"), .type = FIELD_TYPE_PERSON_NAME, .filled_percent = 95, .agree_bits = 14},
    {.name = BYTES("性别"),
     .type = FIELD_TYPE_CATEGORY,
     .options = {.code_table = CODE_GENDER},
     .filled_percent = 70,
     .agree_bits = 1},
    {.name = BYTES("手机"), .type = FIELD_TYPE_PHONE, .filled_percent = 85, .agree_bits = 18},
    {.name = BYTES("身份证"), .type = FIELD_TYPE_ID_CARD, .filled_percent = 35, .agree_bits = 19},
    {.name = BYTES("邮箱"), .type = FIELD_TYPE_EMAIL, .filled_percent = 40, .agree_bits = 19},
    {.name = BYTES("地址"), .type = FIELD_TYPE_ADDRESS, .filled_percent = 60, .agree_bits = 18},
    {.name = BYTES("公司"), .type = FIELD_TYPE_COMPANY, .filled_percent = 20, .agree_bits = 3},
    {.name = BYTES("生日"), .type = FIELD_TYPE_DATE, .filled_percent = 40, .agree_bits = 14}};

/* Customers of some records each: cells of all fields, some missing. */
struct customer {
  char cells[FIELDS][CELL_SIZE];
};

static void make_id_card(char *out, unsigned year, unsigned month, unsigned day, bool woman) {
  static const int factor[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  sprintf(out, "110105%04u%02u%02u%02u%u", year, month, day, up_to(100),
          2 * up_to(5) + (woman ? 0 : 1));
  int sum = 0;
  for (int i = 0; i < 17; i++) sum += (out[i] - '0') * factor[i];
  out[17] = "10X98765432"[sum % 11];
  out[18] = '\0';
}

static void make_customer(struct customer *customer) {
  static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "黄",
                                         "赵", "吴", "周", "徐", "孙", "马", "朱",
                                         "胡", "郭", "何", "林", "高", "罗"};
  static const char *const given[] = {"伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "勇",
                                      "杰", "娟", "涛", "明", "超", "秀", "霞", "平", "刚", "桂",
                                      "英", "华", "文", "建", "国", "志", "海", "燕", "玲", "丽"};
  static const char *const roads[] = {"建国路", "人民路",   "中山路",   "解放大街", "和平里",
                                      "长江路", "文化东路", "学府大街", "光明路",   "滨江路"};
  static const char *const firms[] = {"华创科技", "明远贸易", "金鼎建材", "东方商贸"};
  unsigned year = 1950 + up_to(55), month = 1 + up_to(12), day = 1 + up_to(28);
  bool woman = up_to(2);
  sprintf(customer->cells[0], "%s%s%s", surnames[up_to(20)], given[up_to(30)],
          up_to(6) ? given[up_to(30)] : "");
  strcpy(customer->cells[1], woman ? "女" : "男");
  sprintf(customer->cells[2], "13%09u", up_to(1000000000));
  make_id_card(customer->cells[3], year, month, day, woman);
  sprintf(customer->cells[4], "u%u@qq.com", up_to(100000000));
  sprintf(customer->cells[5], "北京市朝阳区%s%u号%u栋%u单元%u0%u室", roads[up_to(10)],
          1 + up_to(DOORS), 1 + up_to(20), 1 + up_to(4), 1 + up_to(20), 1 + up_to(4));
  sprintf(customer->cells[6], "北京%s有限公司", firms[up_to(4)]);
  sprintf(customer->cells[7], "%04u-%02u-%02u", year, month, day);
}

static void make_row(const struct plan *plan, const struct customer *customer, uint32_t number,
                     struct arena *arena, struct feature_row *row) {
  *row = (struct feature_row){.record_key = hash_mix(number + 1),
                              .flags = ROW_PRESENT | ROW_HAS_ID,
                              .day = 18000 + (int32_t)up_to(2000)};
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct plan_comparison *comparison = &plan->comparisons[c];
    const struct job_field *field = &plan->job->fields[comparison->field];
    struct bytes cell = bytes_from_string(customer->cells[comparison->field]);
    struct standard_value value;
    char wrong[CELL_SIZE];
    if (up_to(100) >= field->filled_percent) continue;
    if (up_to(30) == 0) { /* another's value, of the same length */
      memcpy(wrong, cell.data, cell.size);
      wrong[cell.size - 1] = wrong[0];
      cell.data = wrong;
    }
    comparison->type->standardise(&field->options, cell, arena, &value,
                                  (uint8_t *)row + comparison->offset);
  }
  arena_reset(arena);
}

static uint8_t *make_rows(const struct plan *plan, uint32_t count) {
  uint8_t *rows = memory_map((size_t)count * plan->row_bytes);
  struct arena arena = {0};
  struct customer customer;
  for (uint32_t i = 0, left = 0; i < count; i++, left--) {
    if (left == 0) make_customer(&customer), left = 1 + up_to(4);
    make_row(plan, &customer, i, &arena,
             (struct feature_row *)(rows + (size_t)i * plan->row_bytes));
  }
  arena_release(&arena);
  return rows;
}

static struct partition_blocks blocks[PLAN_PARTITIONS];
static struct compare_output compared[PLAN_PARTITIONS];
static struct key_entry *entries[PLAN_PARTITIONS];
static uint64_t entry_count[PLAN_PARTITIONS], entry_room[PLAN_PARTITIONS];

static uint64_t emit_all(const struct plan *plan, uint8_t *rows, uint32_t count) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct key_entry keys[JOB_BLOCKING_RULES_MAX];
    struct feature_row *row = (struct feature_row *)(rows + (size_t)i * plan->row_bytes);
    unsigned n = block_emit(plan, row, i, keys);
    for (unsigned k = 0; k < n; k++) {
      unsigned p = (unsigned)(keys[k].key >> BLOCK_PARTITION_SHIFT);
      if (entry_count[p] == entry_room[p]) {
        entry_room[p] = entry_room[p] ? 2 * entry_room[p] : 1024;
        entries[p] = memory_resize(entries[p], entry_room[p] * sizeof **entries);
      }
      entries[p][entry_count[p]++] = keys[k];
    }
    total += n;
  }
  return total;
}

static void report(const char *stage, double start, uint64_t units, const char *unit) {
  double spent = seconds() - start;
  printf("%-12s %7.3f s  %8.3f M %s/s\n", stage, spent, spent > 0 ? (double)units / spent / 1e6 : 0,
         unit);
}

static void run(struct plan *plan, uint32_t count) {
  struct training_counts counts = {0};
  struct frequency_tables tables = {0};
  double start = seconds();
  uint8_t *rows = make_rows(plan, count);
  report("standardise", start, count, "records");
  start = seconds();
  uint64_t keys = emit_all(plan, rows, count), pairs = 0;
  report("keys", start, keys, "keys");
  start = seconds();
  frequency_count(&tables, plan, rows, 0, count);
  frequency_apply(plan, &tables, rows, 0, count);
  frequency_training(plan, &tables, &counts);
  report("frequency", start, count, "records");
  start = seconds();
  for (int p = 0; p < PLAN_PARTITIONS; p++) {
    block_partition_run(plan, rows, entries[p] ? entries[p] : memory_new(0), entry_count[p],
                        &blocks[p]);
    block_training(&blocks[p], &counts);
  }
  report("block", start, keys, "keys");
  start = seconds();
  for (int p = 0; p < PLAN_PARTITIONS; p++) {
    compare_partition_run(plan, rows, &blocks[p], &compared[p]);
    pairs += compared[p].pair_count;
  }
  report("compare", start, pairs, "pairs");
  for (int p = 0; p < PLAN_PARTITIONS; p++) compare_training(&compared[p], &counts);
  struct compare_output random;
  start = seconds();
  random_pairs_run(plan, rows, count, count, 1, RANDOM_PAIRS_DEFAULT, &random);
  report("random pairs", start, RANDOM_PAIRS_DEFAULT, "pairs");
  random_pairs_training(&random, &counts);
  struct model_spec spec;
  struct model model;
  struct training_report training;
  struct failure failure;
  if (model_spec_make(plan, &spec, &failure)) exit(1);
  start = seconds();
  model_train(&spec, &counts, &model, &training);
  report("train", start, counts.candidates.count, "patterns");
  struct cluster_input input = {plan, rows, count, &model, compared, PLAN_PARTITIONS};
  struct cluster_output clusters;
  start = seconds();
  cluster_run(&input, &clusters);
  report("cluster", start, pairs, "pairs");
  printf("%u records, %llu keys, %llu pairs, %u entities, peak %.0f MiB\n", count,
         (unsigned long long)keys, (unsigned long long)pairs, clusters.entity_count,
         (double)memory_resident_peak_bytes() / (1 << 20));
}

int main(int argument_count, char **arguments) {
  uint32_t count = argument_count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 200000;
  struct job job;
  struct plan plan;
  struct failure failure;
  struct job_field copy[FIELDS];
  if (count == 0) {
    fprintf(stderr, "usage: bench_matching [RECORDS]\n");
    return 2;
  }
  memcpy(copy, fields, sizeof copy);
  job_init(&job);
  job.fields = copy;
  job.field_count = FIELDS;
  job.expected_records = count;
  if (plan_make(&job, &plan, &failure)) {
    fprintf(stderr, "%s\n", failure.message);
    return 1;
  }
  run(&plan, count);
  return 0;
}
