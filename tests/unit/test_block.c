#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/fake_customers.h"
#include "worker/stages/frequency.h"
#include "worker/stages/key_sort.h"

static struct partition_blocks blocks[PLAN_PARTITIONS];

static void release_blocks(void) {
  for (int p = 0; p < PLAN_PARTITIONS; p++) partition_blocks_release(&blocks[p]);
}

/* Blocks the records; the class of the first under the phone's rule. */
static unsigned phone_class(struct fake *fake, const struct fake_record *records, uint32_t count) {
  uint8_t *rows = fake_rows(fake, records, count);
  fake_block(fake, rows, count, blocks, 1);
  unsigned class = fake_row(fake, rows, 0)->rule_class[FAKE_BY_PHONE];
  for (uint32_t i = 1; i < count; i++)
    assert_int_equal(fake_row(fake, rows, i)->rule_class[FAKE_BY_PHONE], class);
  release_blocks();
  free(rows);
  return class & (RULE_CLASS_MASK | RULE_REISSUED);
}

static void keys_are_sorted(void **state) {
  (void)state;
  enum { COUNT = 50000 };
  struct key_entry *entries = memory_new(2 * COUNT * sizeof *entries);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < COUNT; i++) {
    uint64_t key = i % 3 ? hash_mix(i) : hash_mix(i % 90); /* some keys in great numbers */
    entries[i] = (struct key_entry){key >> 8, i};
    sum += entries[i].row;
  }
  key_sort(entries, entries + COUNT, COUNT, 56);
  for (uint32_t i = 0; i < COUNT; i++) {
    sum -= entries[i].row;
    if (i) assert_true(entries[i - 1].key <= entries[i].key);
  }
  assert_int_equal(sum, 0);
  free(entries);
}

static void a_loyal_customer_is_no_hub(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  struct fake_record records[300];
  for (uint32_t i = 0; i < 300; i++)
    records[i] = (struct fake_record){.surname = 7, .given = 100 + i % 2, .phone = 138};
  assert_int_equal(phone_class(&fake, records, 300), RULE_CLASS_EXCLUSIVE);
}

static void a_family_is_a_family(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  const struct fake_record family[] = {{.surname = 7, .given = 10, .phone = 138},
                                       {.surname = 7, .given = 20, .phone = 138},
                                       {.surname = 7, .given = 30, .phone = 138},
                                       {.surname = 7, .given = 30, .phone = 138}};
  assert_int_equal(phone_class(&fake, family, 4), RULE_CLASS_FAMILY);
}

static void strangers_share_and_many_are_a_hub(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  struct fake_record records[300];
  for (uint32_t i = 0; i < 300; i++)
    records[i] = (struct fake_record){.surname = i + 1, .given = 10 * i + 10, .phone = 138};
  assert_int_equal(phone_class(&fake, records, 2), RULE_CLASS_FAMILY);
  assert_int_equal(phone_class(&fake, records, 4), RULE_CLASS_SHARED);
  assert_int_equal(phone_class(&fake, records, 40), RULE_CLASS_HUB);
  assert_int_equal(phone_class(&fake, records, 300), RULE_CLASS_HUB);
}

/* Whoever may be anybody comes first in each of them, and would otherwise take all in. */
static void nicknames_hide_no_hub(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  struct fake_record records[60];
  for (uint32_t i = 0; i < 60; i++)
    records[i] = (struct fake_record){
        .surname = i + 1, .given = i % 3 ? 10 * i + 10 : 0, .phone = 138, .key = i + 1};
  assert_int_equal(phone_class(&fake, records, 60), RULE_CLASS_HUB);
  assert_int_equal(phone_class(&fake, records, 2), RULE_CLASS_EXCLUSIVE);
}

static void a_number_given_out_again_is_exclusive_to_each(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  struct fake_record records[] = {
      {.surname = 1, .given = 10, .phone = 138, .day = 1000},
      {.surname = 1, .given = 10, .phone = 138, .day = 1200},
      {.surname = 2, .given = 50, .phone = 138, .day = 1600},
  };
  assert_int_equal(phone_class(&fake, records, 3), RULE_CLASS_EXCLUSIVE | RULE_REISSUED);
  records[2].day = 1230; /* too soon */
  assert_int_equal(phone_class(&fake, records, 3), RULE_CLASS_FAMILY);
  records[2].day = 1100; /* amid the other's */
  assert_int_equal(phone_class(&fake, records, 3), RULE_CLASS_FAMILY);
}

static void only_phones_are_given_out_again(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .card = 8, .day = 1000},
      {.surname = 1, .given = 10, .card = 8, .day = 1200},
      {.surname = 2, .given = 50, .card = 8, .day = 1600},
  };
  uint8_t *rows = fake_rows(&fake, records, 3);
  fake_block(&fake, rows, 3, blocks, 1);
  assert_int_equal(
      fake_row(&fake, rows, 0)->rule_class[FAKE_BY_CARD] & (RULE_CLASS_MASK | RULE_REISSUED),
      RULE_CLASS_FAMILY);
  release_blocks();
  free(rows);
}

static void an_equal_card_outweighs_the_names(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  const struct fake_record records[] = {{.surname = 1, .given = 10, .phone = 138, .card = 9},
                                        {.surname = 2, .given = 50, .phone = 138, .card = 9}};
  assert_int_equal(phone_class(&fake, records, 2), RULE_CLASS_EXCLUSIVE);
}

static uint64_t pairs_of(uint64_t n) { return n * (n - 1) / 2; }

static void a_block_over_the_cap_is_refined_then_windowed(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  enum { COUNT = 1000 };
  struct fake_record *records = memory_new_zeroed(COUNT, sizeof *records);
  for (uint32_t i = 0; i < COUNT; i++) /* 600 of one birth, 400 spread over 8 */
    records[i] = (struct fake_record){.surname = 1,
                                      .given = 10,
                                      .city = 5,
                                      .phone = i + 1,
                                      .birth = i < 600 ? 77 : 1000 + 10 * (i % 8)};
  uint8_t *rows = fake_rows(&fake, records, COUNT);
  fake_block(&fake, rows, COUNT, blocks, 1);
  uint64_t refined = 0, windowed = 0, skipped = 0, city_blocks = 0, notes = 0;
  for (int p = 0; p < PLAN_PARTITIONS; p++) {
    refined += blocks[p].refined;
    windowed += blocks[p].windowed;
    skipped += blocks[p].pairs_skipped;
    city_blocks += blocks[p].blocks[FAKE_BY_NAME_CITY];
    for (uint32_t n = 0; n < blocks[p].note_count; n++)
      notes += blocks[p].notes[n].rule == FAKE_BY_NAME_CITY;
  }
  assert_int_equal(refined, 1);
  assert_int_equal(windowed,
                   2); /* name + city + 77, and name + birth 77, which has no refine part */
  assert_int_equal(city_blocks, 9);
  assert_int_equal(notes, 2);
  uint64_t window = (600 - BLOCK_WINDOW) * BLOCK_WINDOW + pairs_of(BLOCK_WINDOW);
  uint64_t lost_by_refining = pairs_of(1000) - pairs_of(600) - 8 * pairs_of(50);
  assert_int_equal(skipped, lost_by_refining + 2 * (pairs_of(600) - window));
  const struct feature_row *first = fake_row(&fake, rows, 0), *last = fake_row(&fake, rows, 999);
  assert_int_equal(first->rule_class[FAKE_BY_NAME_CITY], 1 << RULE_DEPTH_SHIFT | RULE_WINDOWED);
  assert_int_equal(last->rule_class[FAKE_BY_NAME_CITY], 1 << RULE_DEPTH_SHIFT);
  assert_int_not_equal(block_live_key(&fake.plan, FAKE_BY_NAME_CITY, first),
                       block_live_key(&fake.plan, FAKE_BY_NAME_CITY, last));
  assert_int_equal(block_live_key(&fake.plan, FAKE_BY_NAME_CITY, first) & 15, FAKE_BY_NAME_CITY);
  release_blocks();
  free(rows);
  free(records);
}

static void frequency_nibbles_say_how_rare(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  enum { COUNT = 1024 };
  struct fake_record *records = memory_new_zeroed(COUNT, sizeof *records);
  for (uint32_t i = 0; i < COUNT; i++) {
    records[i].sex = 1 + i % 2;
    records[i].city = i < 96 ? 1 : 0; /* one value among those that have one */
    records[i].surname = 1, records[i].given = i < 32 ? 1 : 1000 + i;
  }
  uint8_t *rows = fake_rows(&fake, records, COUNT);
  struct frequency_tables one = {0}, two = {0};
  for (uint32_t i = 0; i < COUNT; i++) frequency_count(i % 2 ? &one : &two, &fake.plan, rows, i, 1);
  frequency_tables_add(&one, &two);
  assert_null(one.cells[FAKE_PHONE]); /* its block tells who shares it */
  frequency_apply(&fake.plan, &one, rows, 0, 1000);
  frequency_apply(&fake.plan, &one, rows, 1000, 24);
  const struct feature_row *first = fake_row(&fake, rows, 0), *last = fake_row(&fake, rows, 1023);
  assert_int_equal(feature_row_frequency(first, FAKE_SEX), 0);
  assert_int_equal(feature_row_frequency(first, FAKE_CITY), 0);
  assert_int_equal(feature_row_frequency(first, FAKE_NAME), 2); /* 2^-5 */
  assert_int_equal(feature_row_frequency(last, FAKE_NAME), 4);  /* 2^-10 */
  struct training_counts counts = {0};
  frequency_training(&fake.plan, &one, &counts);
  assert_int_equal(counts.record_count, COUNT);
  assert_int_equal(counts.frequency[FAKE_NAME][2].records, 32);
  assert_int_equal(counts.frequency[FAKE_NAME][2].pairs, 32 * 31 / 2);
  assert_int_equal(counts.frequency[FAKE_SEX][0].pairs, 2 * (512 * 511 / 2));
  frequency_tables_release(&one);
  frequency_tables_release(&two);
  free(rows);
  free(records);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_are_sorted),
      cmocka_unit_test(a_loyal_customer_is_no_hub),
      cmocka_unit_test(a_family_is_a_family),
      cmocka_unit_test(strangers_share_and_many_are_a_hub),
      cmocka_unit_test(nicknames_hide_no_hub),
      cmocka_unit_test(a_number_given_out_again_is_exclusive_to_each),
      cmocka_unit_test(only_phones_are_given_out_again),
      cmocka_unit_test(an_equal_card_outweighs_the_names),
      cmocka_unit_test(a_block_over_the_cap_is_refined_then_windowed),
      cmocka_unit_test(frequency_nibbles_say_how_rare),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
