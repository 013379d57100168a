#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/fake_customers.h"
#include "worker/fields/name_compare.h"
#include "worker/stages/compare.h"
#include "worker/stages/frequency.h"
#include "worker/stages/row_order.h"

static struct partition_blocks blocks[PLAN_PARTITIONS];
static struct compare_output compared[PLAN_PARTITIONS];

static void compare_all(struct fake *fake, uint8_t *rows, uint32_t count) {
  fake_block(fake, rows, count, blocks, 1);
  for (int p = 0; p < PLAN_PARTITIONS; p++)
    compare_partition_run(&fake->plan, rows, &blocks[p], &compared[p]);
}

static void release_all(void) {
  for (int p = 0; p < PLAN_PARTITIONS; p++) {
    partition_blocks_release(&blocks[p]);
    compare_output_release(&compared[p]);
  }
}

static void fill_frequency(struct fake *fake, uint8_t *rows, uint32_t count) {
  struct frequency_tables tables = {0};
  for (uint32_t i = 0; i < count; i++) frequency_count(&tables, &fake->plan, rows, i, 1);
  frequency_apply(&fake->plan, &tables, rows, 0, count);
  frequency_tables_release(&tables);
}

static struct fake_record *random_records(uint32_t count, uint64_t seed) {
  struct fake_record *records = memory_new_zeroed(count, sizeof *records);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t r = hash_join(seed, i);
    records[i] = (struct fake_record){.surname = 1 + r % 3,
                                      .given = 10 + (r >> 4) % 8,
                                      .phone = (r >> 8) % 4 ? 1 + (r >> 12) % (count / 2) : 0,
                                      .card = (r >> 20) % 2 ? 1 + (r >> 24) % count : 0,
                                      .birth = (r >> 34) % 5 ? 1 + (r >> 38) % 20 : 0,
                                      .sex = (r >> 44) % 3,
                                      .city = (r >> 48) % 4,
                                      .day = 1 + (int32_t)((r >> 52) % 1000)};
  }
  return records;
}

/* The slow truth: which rules' keys two rows share. */
static uint32_t shared_keys(struct fake *fake, const struct feature_row *a,
                            const struct feature_row *b) {
  uint32_t mask = 0;
  for (unsigned r = 0; r < FAKE_RULES; r++) {
    uint64_t key = plan_key(&fake->plan, r, a);
    bool hub = fake->plan.blocking[r].is_identifier &&
               (a->rule_class[r] & RULE_CLASS_MASK) == RULE_CLASS_HUB;
    if (key && key == plan_key(&fake->plan, r, b) && !hub) mask |= 1u << r;
  }
  return mask;
}

static void every_sharing_pair_is_compared_once(void **state) {
  (void)state;
  enum { COUNT = 400 };
  struct fake fake;
  fake_init(&fake);
  for (uint64_t seed = 1; seed <= 20; seed++) {
    struct fake_record *records = random_records(COUNT, seed);
    uint8_t *rows = fake_rows(&fake, records, COUNT);
    fill_frequency(&fake, rows, COUNT);
    compare_all(&fake, rows, COUNT);
    uint8_t *seen = memory_new_zeroed(COUNT, COUNT);
    uint64_t counted = 0, emitted = 0;
    for (int p = 0; p < PLAN_PARTITIONS; p++) {
      for (uint64_t i = 0; i < compared[p].pair_count; i++) {
        const struct candidate_pair *pair = &compared[p].pairs[i];
        const struct feature_row *a = fake_row(&fake, rows, pair->a);
        const struct feature_row *b = fake_row(&fake, rows, pair->b);
        assert_true(a->record_key < b->record_key);
        assert_int_equal(seen[pair->a * COUNT + pair->b]++, 0);
        uint32_t mask;
        uint64_t pattern = compare_pair(&fake.plan, a, b, &mask);
        assert_int_equal(pattern, compared[p].patterns[pair->pattern].pattern);
        assert_int_equal(mask, compared[p].patterns[pair->pattern].mask);
        assert_int_equal(mask, shared_keys(&fake, a, b));
      }
      for (uint32_t k = 0; k < compared[p].pattern_count; k++)
        counted += compared[p].patterns[k].count;
      for (int r = 0; r < FAKE_RULES; r++) emitted += compared[p].compared[r];
    }
    uint64_t expected = 0;
    for (uint32_t a = 0; a < COUNT; a++)
      for (uint32_t b = 0; b < a; b++) {
        bool shares = shared_keys(&fake, fake_row(&fake, rows, a), fake_row(&fake, rows, b)) != 0;
        expected += shares;
        assert_int_equal(shares, seen[a * COUNT + b] + seen[b * COUNT + a]);
      }
    assert_true(expected > COUNT);
    assert_int_equal(expected, counted);
    assert_int_equal(expected, emitted);
    free(seen);
    free(rows);
    free(records);
    release_all();
  }
}

static void windows_lose_no_pair_of_whole_blocks(void **state) {
  (void)state;
  enum { COUNT = 700 };
  struct fake fake;
  fake_init(&fake);
  struct fake_record *records = memory_new_zeroed(COUNT, sizeof *records);
  for (uint32_t i = 0; i < COUNT; i++)
    records[i] =
        (struct fake_record){.surname = 1, .given = 10, .birth = 5, .city = 3, .phone = 1 + i / 4};
  uint8_t *rows = fake_rows(&fake, records, COUNT);
  compare_all(&fake, rows, COUNT);
  uint64_t by_phone = 0, windowed = 0;
  for (int p = 0; p < PLAN_PARTITIONS; p++) {
    by_phone += compared[p].compared[FAKE_BY_PHONE];
    windowed += compared[p].compared[FAKE_BY_NAME_BIRTH] + compared[p].compared[FAKE_BY_NAME_CITY];
    for (uint32_t k = 0; k < compared[p].pattern_count; k++)
      assert_true(compared[p].patterns[k].mask == 0 ||
                  compared[p].patterns[k].mask == 1u << FAKE_BY_PHONE);
  }
  assert_int_equal(by_phone, COUNT / 4 * 6);
  assert_true(windowed > COUNT * (BLOCK_WINDOW - 4));
  assert_true(windowed < 2 * COUNT * BLOCK_WINDOW);
  free(rows);
  free(records);
  release_all();
}

static void exact_agreement_carries_class_or_rarity(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .phone = 138, .birth = 4, .day = 1000},
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .day = 1050},
      {.surname = 2, .given = 50, .phone = 138, .birth = 9, .day = 1200},
  };
  uint8_t *rows = fake_rows(&fake, records, 3);
  fill_frequency(&fake, rows, 3);
  compare_all(&fake, rows, 3);
  const struct feature_row *a = fake_row(&fake, rows, 0), *b = fake_row(&fake, rows, 1),
                           *c = fake_row(&fake, rows, 2);
  uint32_t mask;
  uint64_t pattern = compare_pair(&fake.plan, a, b, &mask);
  assert_int_equal(pattern_level(pattern, FAKE_PHONE), PATTERN_EXACT + RULE_CLASS_EXCLUSIVE);
  assert_int_equal(pattern_level(pattern, FAKE_NAME), PATTERN_EXACT); /* two of three have it */
  assert_int_equal(pattern_level(pattern, FAKE_BIRTH), FAKE_SIMILAR);
  assert_int_equal(pattern_level(pattern, FAKE_CARD), PATTERN_MISSING);
  pattern = compare_pair(&fake.plan, a, c, &mask);
  assert_int_equal(pattern_level(pattern, FAKE_PHONE), PATTERN_EXACT + PATTERN_BUCKET_RECYCLED);
  assert_int_equal(pattern_level(pattern, FAKE_BIRTH), PATTERN_DIFFER);
  free(rows);
  release_all();
}

/* The levels of given and family name of two records. */
static void compare_names(const char *const a[2], const char *const b[2], unsigned levels[2]) {
  struct job job;
  struct plan plan;
  struct failure failure;
  struct job_field fields[2] = {{.name = BYTES("given"), .options = {.name_part = NAME_GIVEN}},
                                {.name = BYTES("family"), .options = {.name_part = NAME_FAMILY}}};
  job_init(&job);
  job.fields = fields;
  job.field_count = 2;
  assert_int_equal(plan_make(&job, &plan, &failure), ERR_OK);
  uint8_t *rows = memory_new_zeroed(2, plan.row_bytes);
  struct arena arena = {0};
  for (int r = 0; r < 2; r++)
    for (int f = 0; f < 2; f++) {
      struct standard_value value;
      plan.types[f]->standardise(
          &fields[f].options, bytes_from_string(r ? b[f] : a[f]), &arena, &value,
          rows + (size_t)r * plan.row_bytes + plan.comparisons[plan.comparison_of_field[f]].offset);
    }
  const struct feature_row *first = (const struct feature_row *)rows;
  const struct feature_row *second = (const struct feature_row *)(rows + plan.row_bytes);
  uint64_t pattern = compare_pattern(&plan, first, second);
  assert_int_equal(pattern, compare_pattern(&plan, second, first));
  for (int f = 0; f < 2; f++)
    levels[f] = pattern_level(pattern, (unsigned)plan.comparison_of_field[f]);
  free(rows);
  arena_release(&arena);
  job_release(&job);
}

static void names_the_wrong_way_round_are_the_same(void **state) {
  (void)state;
  unsigned levels[2];
  compare_names((const char *const[]){"Noah", "Hunter"}, (const char *const[]){"Hunter", "Noah"},
                levels);
  assert_int_equal(levels[0], NAME_LEVEL_WRITTEN);
  assert_int_equal(levels[1], NAME_LEVEL_WRITTEN);
  compare_names((const char *const[]){"", "Hunter"}, (const char *const[]){"Hunter", "Noah"},
                levels);
  assert_int_equal(levels[0], PATTERN_MISSING);
  assert_int_equal(levels[1], NAME_LEVEL_WRITTEN);
  compare_names((const char *const[]){"Noah", "Hunter"}, (const char *const[]){"Peter", "Noah"},
                levels);
  assert_true(levels[0] <= NAME_LEVEL_LITTLE && levels[1] <= NAME_LEVEL_LITTLE);
  compare_names((const char *const[]){"Noah", "Hunter"}, (const char *const[]){"Noah", "Hunter"},
                levels);
  assert_true(levels[0] >= PATTERN_EXACT && levels[1] >= PATTERN_EXACT);
}

static void rows_of_one_record_are_not_compared(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  const struct fake_record records[] = {{.phone = 138, .key = 77, .has_id = true},
                                        {.phone = 138, .key = 77, .has_id = true},
                                        {.phone = 138, .key = 78, .has_id = true}};
  uint8_t *rows = fake_rows(&fake, records, 3);
  compare_all(&fake, rows, 3);
  uint64_t pairs = 0;
  for (int p = 0; p < PLAN_PARTITIONS; p++) pairs += compared[p].pair_count;
  assert_int_equal(pairs, 2);
  free(rows);
  release_all();
}

static int by_pattern(const void *left, const void *right) {
  return memcmp(left, right, sizeof(struct pattern_count));
}

/* Pairs with this mask. */
static uint64_t pairs_with(const struct compare_output *out, uint32_t mask) {
  uint64_t pairs = 0;
  for (uint32_t i = 0; i < out->pattern_count; i++)
    if (out->patterns[i].mask == mask) pairs += out->patterns[i].count;
  return pairs;
}

/* Of each comparison without an identifier's rule, pairs that agree in it: all where they are few,
 * each once. */
static void agreeing_pairs_are_drawn(void **state) {
  (void)state;
  enum { COUNT = 3000, FEW = 60, TARGET = 20000 };
  struct fake fake;
  fake_init(&fake);
  struct fake_record *records = random_records(COUNT, 5);
  for (uint32_t i = 0; i < COUNT; i++) records[i].key = hash_mix(1000 + i);
  uint8_t *rows = fake_rows(&fake, records, COUNT);
  struct compare_output few, many;
  random_pairs_run(&fake.plan, rows, FEW, FEW, 42, TARGET, &few);
  random_pairs_run(&fake.plan, rows, COUNT, COUNT, 42, TARGET, &many);
  uint64_t seen = 0;
  for (uint32_t c = 0; c < fake.plan.comparison_count; c++) {
    uint64_t agreeing = 0;
    for (uint32_t i = 0; i < FEW; i++)
      for (uint32_t k = 0; k < i; k++) {
        const struct feature_row *a = (const void *)(rows + (size_t)i * fake.plan.row_bytes);
        const struct feature_row *b = (const void *)(rows + (size_t)k * fake.plan.row_bytes);
        uint64_t value = frequency_value(&fake.plan.comparisons[c], plan_feature(&fake.plan, a, c));
        agreeing += value != 0 && value == frequency_value(&fake.plan.comparisons[c],
                                                           plan_feature(&fake.plan, b, c));
      }
    bool identifier = fake.plan.comparisons[c].identifier_rule >= 0;
    assert_int_equal(pairs_with(&few, 1u << c), identifier ? 0 : agreeing);
    assert_true(pairs_with(&many, 1u << c) <= TARGET / 16);
    seen += pairs_with(&many, 1u << c);
  }
  assert_true(seen > 0);
  for (uint32_t i = 0; i < many.pattern_count; i++)
    if (many.patterns[i].mask)
      assert_true(pattern_level(many.patterns[i].pattern,
                                (unsigned)__builtin_ctz(many.patterns[i].mask)) >= PATTERN_EXACT);
  compare_output_release(&few);
  compare_output_release(&many);
  free(rows);
  free(records);
  release_all();
}

static void random_pairs_depend_on_records_alone(void **state) {
  (void)state;
  enum { COUNT = 3000, TARGET = 20000 };
  struct fake fake;
  fake_init(&fake);
  struct fake_record *records = random_records(COUNT, 5);
  for (uint32_t i = 0; i < COUNT; i++) records[i].key = hash_mix(1000 + i);
  uint8_t *rows = fake_rows(&fake, records, COUNT);
  struct compare_output first, second;
  random_pairs_run(&fake.plan, rows, COUNT, COUNT, 42, TARGET, &first);
  for (uint32_t i = 0; i < COUNT / 2; i++) { /* turned round */
    struct fake_record moved = records[i];
    records[i] = records[COUNT - 1 - i];
    records[COUNT - 1 - i] = moved;
  }
  uint8_t *turned = fake_rows(&fake, records, COUNT);
  random_pairs_run(&fake.plan, turned, COUNT, COUNT, 42, TARGET, &second);
  assert_int_equal(first.pattern_count, second.pattern_count);
  qsort(first.patterns, first.pattern_count, sizeof *first.patterns, by_pattern);
  qsort(second.patterns, second.pattern_count, sizeof *second.patterns, by_pattern);
  assert_memory_equal(first.patterns, second.patterns,
                      first.pattern_count * sizeof *first.patterns);
  assert_in_range(pairs_with(&first, 0), TARGET / 2, TARGET * 2);
  compare_output_release(&first);
  random_pairs_run(&fake.plan, rows, 31, 31, 42, TARGET, &first); /* few: all pairs, each once */
  assert_int_equal(pairs_with(&first, 0), 31 * 30 / 2);
  compare_output_release(&first);
  random_pairs_run(&fake.plan, rows, 30, 30, 42, TARGET, &first);
  assert_int_equal(pairs_with(&first, 0), 30 * 29 / 2);
  compare_output_release(&first);
  compare_output_release(&second);
  free(rows);
  free(turned);
  free(records);
}

static void counts_survive_the_wire(void **state) {
  (void)state;
  struct training_counts counts = {.record_count = 7}, copy, sum = {0};
  const struct pattern_count items[] = {{5, 1, 0, 2}, {4, 1, 0, 3}, {5, 1, 0, 10}, {5, 0, 0, 1}};
  pattern_counts_add(&counts.candidates, items, 4);
  pattern_counts_add(&counts.random, items + 3, 1);
  counts.agreeing_pairs[2] = 9;
  counts.frequency[3][4] = (struct frequency_sum){11, 12};
  struct buffer wire = {0};
  training_counts_encode(&counts, &wire);
  assert_int_equal(training_counts_decode(buffer_bytes(&wire), &copy), ERR_OK);
  training_counts_add(&sum, &copy);
  training_counts_add(&sum, &counts);
  pattern_counts_sort(&sum.candidates);
  assert_int_equal(sum.candidates.count, 3);
  assert_int_equal(sum.candidates.items[2].count, 24);
  assert_int_equal(sum.random.count, 2);
  assert_int_equal(sum.agreeing_pairs[2], 18);
  assert_int_equal(sum.frequency[3][4].pairs, 24);
  for (size_t size = 0; size < wire.size; size++) {
    struct training_counts broken;
    assert_int_equal(training_counts_decode(bytes_of(wire.data, size), &broken), ERR_MALFORMED);
  }
  buffer_release(&wire);
  training_counts_release(&counts);
  training_counts_release(&copy);
  training_counts_release(&sum);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_sharing_pair_is_compared_once),
      cmocka_unit_test(windows_lose_no_pair_of_whole_blocks),
      cmocka_unit_test(exact_agreement_carries_class_or_rarity),
      cmocka_unit_test(names_the_wrong_way_round_are_the_same),
      cmocka_unit_test(rows_of_one_record_are_not_compared),
      cmocka_unit_test(random_pairs_depend_on_records_alone),
      cmocka_unit_test(agreeing_pairs_are_drawn),
      cmocka_unit_test(counts_survive_the_wire),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
