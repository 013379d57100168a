/* What people decide goes before what the weights say: must-links join, cannot-links keep apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/pair_check.h"
#include "tests/harness/fake_cluster.h"

/* A fact about two records by their record_key. */
static struct pair_fact fact(uint64_t a, uint64_t b, enum pair_kind kind) {
  static uint64_t number;
  return pair_fact_of((struct hash128){.low = a}, (struct hash128){.low = b}, kind, ++number);
}

static void link_with(const struct fake_record *records, uint32_t count, struct pair_fact *items,
                      uint32_t fact_count, struct cluster_output *out) {
  struct fake fake;
  fake_init(&fake);
  uint8_t *rows = fake_rows(&fake, records, count);
  struct model model = fake_model();
  struct pair_facts facts = {items, fact_count};
  pair_facts_sort(&facts);
  fake_link(&fake, rows, count, &model, &facts, 1, 1, out);
  free(rows);
}

static void a_must_link_joins_strangers(void **state) {
  (void)state;
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .phone = 138, .card = 5, .key = 1},
      {.surname = 2, .given = 30, .phone = 139, .card = 6, .key = 2},
      {.surname = 3, .given = 50, .phone = 137, .key = 3}};
  struct pair_fact facts[] = {fact(2, 1, PAIR_MERGE), fact(1, 99, PAIR_MERGE)};
  struct cluster_output out;
  link_with(records, 3, facts, 2, &out);
  assert_int_equal(out.entity_count, 2);
  assert_int_equal(out.entity[0], out.entity[1]); /* two ID cards: a person knows better */
  assert_int_equal(out.link_weight[0], CLUSTER_SAME_RECORD_WEIGHT);
  assert_int_equal(out.facts_applied, 1);
  assert_int_equal(out.facts_gone, 1);
  cluster_output_release(&out);
}

static void a_cannot_link_separates_transitively(void **state) {
  (void)state;
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .key = 1},
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .city = 7, .key = 2},
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .city = 8, .key = 3},
      {.surname = 9, .given = 90, .phone = 111, .key = 4}};
  struct pair_fact apart[] = {fact(1, 2, PAIR_APART)};
  struct cluster_output out;
  link_with(records, 4, apart, 1, &out);
  assert_int_not_equal(out.entity[0], out.entity[1]);
  assert_int_equal(out.entity_count, 3);
  assert_true(out.decision_cuts > 0);
  assert_int_equal(out.review_count, 0); /* what was decided is not asked again */
  cluster_output_release(&out);
  /* 4 is 1, and 4 is not 3: so 1 and 3 are two, although they agree in all. */
  struct pair_fact chain[] = {fact(4, 1, PAIR_MERGE), fact(4, 3, PAIR_HOUSEHOLD)};
  link_with(records, 4, chain, 2, &out);
  assert_int_equal(out.entity[0], out.entity[3]);
  assert_int_not_equal(out.entity[0], out.entity[2]);
  cluster_output_release(&out);
}

static void a_pair_that_alone_would_be_done_is_cut(void **state) {
  (void)state;
  const struct fake_record records[] = {{.surname = 1, .given = 10, .phone = 138, .key = 1},
                                        {.surname = 1, .given = 10, .phone = 138, .key = 2}};
  struct pair_fact facts[] = {fact(1, 2, PAIR_APART)};
  struct cluster_output out;
  link_with(records, 2, facts, 1, &out);
  assert_int_equal(out.entity_count, 2);
  cluster_output_release(&out);
}

/* Rows of one content have one key: a fact about it is about all of them. */
static void rows_of_one_content_are_one_to_a_fact(void **state) {
  (void)state;
  const struct fake_record records[] = {{.surname = 1, .given = 10, .key = 1},
                                        {.surname = 1, .given = 10, .key = 1},
                                        {.surname = 5, .given = 40, .key = 2}};
  struct cluster_output out;
  struct pair_fact facts[] = {fact(1, 2, PAIR_MERGE)};
  link_with(records, 3, facts, 1, &out);
  assert_int_equal(out.entity_count, 1);
  cluster_output_release(&out);
}

/* Who agrees with one of two records that a person joined agrees with the person. */
static void a_must_link_does_not_spoil_other_links(void **state) {
  (void)state;
  struct fake_record records[8];
  for (uint32_t i = 0; i < 8; i++) /* one moved, changed the name and the number */
    records[i] = i < 2 ? (struct fake_record){.surname = 1,
                                              .given = 10,
                                              .phone = 138,
                                              .birth = 5,
                                              .sex = 1,
                                              .city = 3,
                                              .key = i + 1}
                       : (struct fake_record){.surname = 2,
                                              .given = 50,
                                              .phone = 139,
                                              .birth = 90,
                                              .sex = 1,
                                              .city = 4,
                                              .key = i + 1};
  records[1].city = 6;
  struct pair_fact facts[7];
  for (uint32_t i = 0; i < 6; i++) facts[i] = fact(1, i + 3, PAIR_MERGE);
  struct cluster_output out;
  link_with(records, 8, facts, 6, &out);
  assert_int_equal(out.entity_count, 1);
  cluster_output_release(&out);
}

enum { RECORDS = 60, FACTS = 40, WORLDS = 60 };

/* Random worlds: all facts hold, whatever the order of rows and facts and the number of parts. */
static void facts_hold_in_any_order(void **state) {
  (void)state;
  uint64_t applied = 0, cuts = 0;
  for (uint64_t seed = 1; seed <= WORLDS; seed++) {
    struct fake_record records[RECORDS], turned[RECORDS];
    for (uint32_t i = 0; i < RECORDS; i++) {
      uint64_t h = hash_join(seed, i);
      records[i] = (struct fake_record){.surname = 1 + h % 2,
                                        .given = 10 + 20 * (h >> 8 & 1),
                                        .phone = 100 + (h >> 16 & 7),
                                        .card = h >> 24 & 3 ? 0 : 1 + (h >> 32 & 3),
                                        .birth = 5 + 30 * (h >> 40 & 1),
                                        .key = hash_mix(seed * 1000 + i)};
    }
    struct pair_check *all = pair_check_new();
    struct pair_reasons reasons;
    struct pair_fact items[FACTS], shuffled[FACTS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < FACTS; i++) {
      uint64_t h = hash_join(seed, 1000 + i);
      uint32_t a = h % RECORDS, b = (h >> 20) % RECORDS;
      if (a == b) continue;
      items[count] = fact(records[a].key, records[b].key, h >> 50 & 1 ? PAIR_MERGE : PAIR_APART);
      if (pair_check_add(all, &items[count], &reasons) == PAIR_ADDED) count++;
    }
    pair_check_free(all);
    for (uint32_t i = 0; i < RECORDS; i++) turned[(i * 7 + seed) % RECORDS] = records[i];
    for (uint32_t i = 0; i < count; i++) shuffled[count - 1 - i] = items[i];
    struct cluster_output out, other;
    struct fake fake;
    struct model model = fake_model();
    fake_init(&fake);
    struct pair_facts one = {items, count}, two = {shuffled, count};
    pair_facts_sort(&one);
    pair_facts_sort(&two);
    uint8_t *rows = fake_rows(&fake, records, RECORDS);
    uint8_t *rows_turned = fake_rows(&fake, turned, RECORDS);
    fake_link(&fake, rows, RECORDS, &model, &one, 1, 1, &out);
    fake_link(&fake, rows_turned, RECORDS, &model, &two, 1 + seed % 4, 3, &other);
    assert_int_equal(out.entity_count, other.entity_count);
    assert_memory_equal(out.entity_key, other.entity_key, out.entity_count * sizeof(uint64_t));
    for (uint32_t i = 0; i < RECORDS; i++)
      assert_int_equal(out.entity[i], other.entity[(i * 7 + seed) % RECORDS]);
    for (uint32_t f = 0; f < count; f++) {
      uint32_t a = 0, b = 0;
      while (records[a].key != items[f].a.low) a++;
      while (records[b].key != items[f].b.low) b++;
      if (items[f].kind == PAIR_MERGE)
        assert_int_equal(out.entity[a], out.entity[b]);
      else
        assert_int_not_equal(out.entity[a], out.entity[b]);
    }
    assert_int_equal(out.facts_applied, count);
    applied += count;
    cuts += out.decision_cuts;
    cluster_output_release(&out);
    cluster_output_release(&other);
    free(rows);
    free(rows_turned);
  }
  assert_true(applied > 500 && cuts > 50);
}

/* The same where a component is too large to be repaired whole. */
static void facts_hold_in_a_component_that_is_cut(void **state) {
  (void)state;
  enum { COUNT = 24000 };
  struct fake_record *records = memory_new_zeroed(COUNT, sizeof *records);
  /* A chain: each record shares the phone or the birth date with the next. */
  for (uint32_t i = 0; i < COUNT; i++)
    records[i] = (struct fake_record){.surname = 1,
                                      .given = 10,
                                      .phone = 1000 + i / 2,
                                      .birth = 1 + (i + 1) / 2,
                                      .key = hash_mix(i + 1)};
  struct pair_fact facts[] = {fact(records[100].key, records[101].key, PAIR_APART),
                              fact(records[300].key, records[301].key, PAIR_APART),
                              fact(records[500].key, records[501].key, PAIR_APART),
                              fact(records[200].key, records[20001].key, PAIR_MERGE)};
  struct cluster_output out;
  link_with(records, COUNT, facts, 4, &out);
  assert_true(out.size_cuts > COUNT / 4);
  assert_int_equal(out.entity[102], out.entity[103]);
  for (uint32_t i = 100; i < 501; i += 200) assert_int_not_equal(out.entity[i], out.entity[i + 1]);
  assert_int_equal(out.entity[200], out.entity[20001]);
  cluster_output_release(&out);
  free(records);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_must_link_joins_strangers),
      cmocka_unit_test(a_cannot_link_separates_transitively),
      cmocka_unit_test(a_pair_that_alone_would_be_done_is_cut),
      cmocka_unit_test(rows_of_one_content_are_one_to_a_fact),
      cmocka_unit_test(a_must_link_does_not_spoil_other_links),
      cmocka_unit_test(facts_hold_in_any_order),
      cmocka_unit_test(facts_hold_in_a_component_that_is_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
