/* Facts about pairs: their portable form, and contradictions against a check written out the slow
 * way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/pair_check.h"

static struct pair_fact fact(uint64_t a, uint64_t b, enum pair_kind kind, uint64_t number) {
  return pair_fact_of((struct hash128){a, 7}, (struct hash128){b, 7}, kind, number);
}

static void what_is_encoded_is_decoded(void **state) {
  (void)state;
  struct pair_fact items[] = {fact(9, 2, PAIR_APART, 3), fact(1, 2, PAIR_MERGE, 1),
                              fact(1, 5, PAIR_HOUSEHOLD, 300)};
  struct pair_facts facts = {items, 3}, again;
  pair_facts_sort(&facts);
  struct buffer out = {0};
  pair_facts_encode(&facts, &out);
  assert_int_equal(pair_facts_decode(buffer_bytes(&out), &again), ERR_OK);
  assert_int_equal(again.count, 3);
  for (uint32_t i = 0; i < 3; i++) {
    assert_int_equal(pair_key_order(again.items[i].a, items[i].a), 0);
    assert_int_equal(pair_key_order(again.items[i].b, items[i].b), 0);
    assert_int_equal(again.items[i].number, items[i].number);
    assert_int_equal(again.items[i].kind, items[i].kind);
  }
  assert_int_equal(again.items[2].a.low, 2); /* 9 and 2: the smaller first */
  pair_facts_release(&again);
  assert_int_equal(pair_facts_decode(BYTES_EMPTY, &again), ERR_OK);
  assert_int_equal(again.count, 0);
  /* Cut, out of order, of no kind, about one record. */
  assert_int_equal(pair_facts_decode(bytes_of(out.data, out.size - 1), &again), ERR_MALFORMED);
  char broken[3 * 41];
  memcpy(broken, out.data, sizeof broken);
  memcpy(broken, out.data + 41, 41);
  assert_int_equal(pair_facts_decode(bytes_of(broken, sizeof broken), &again), ERR_MALFORMED);
  memcpy(broken, out.data, sizeof broken);
  broken[40] = 4;
  assert_int_equal(pair_facts_decode(bytes_of(broken, sizeof broken), &again), ERR_MALFORMED);
  memcpy(broken, out.data, sizeof broken);
  memcpy(broken + 16, broken, 16);
  assert_int_equal(pair_facts_decode(bytes_of(broken, sizeof broken), &again), ERR_MALFORMED);
  buffer_release(&out);
}

static void kinds_have_names(void **state) {
  (void)state;
  enum pair_kind kind;
  assert_true(pair_kind_parse(BYTES("家庭"), &kind));
  assert_int_equal(kind, PAIR_HOUSEHOLD);
  assert_true(pair_kind_parse(BYTES("apart"), &kind));
  assert_string_equal(pair_kind_name(kind), "apart");
  assert_false(pair_kind_parse(BYTES("split"), &kind));
}

static enum pair_outcome add(struct pair_check *check, uint64_t a, uint64_t b, enum pair_kind kind,
                             uint64_t number, struct pair_reasons *reasons) {
  struct pair_fact f = fact(a, b, kind, number);
  return pair_check_add(check, &f, reasons);
}

static void a_contradiction_names_the_facts(void **state) {
  (void)state;
  struct pair_reasons why;
  struct pair_check *check = pair_check_new();
  assert_int_equal(add(check, 1, 2, PAIR_MERGE, 11, &why), PAIR_ADDED);
  assert_int_equal(add(check, 3, 2, PAIR_MERGE, 12, &why), PAIR_ADDED);
  assert_int_equal(add(check, 1, 3, PAIR_APART, 13, &why), PAIR_CONTRADICTS);
  assert_int_equal(why.count, 2);
  assert_int_equal(why.numbers[0] + why.numbers[1], 23);
  assert_int_equal(add(check, 4, 5, PAIR_MERGE, 14, &why), PAIR_ADDED);
  assert_int_equal(add(check, 5, 1, PAIR_HOUSEHOLD, 15, &why), PAIR_ADDED);
  assert_int_equal(add(check, 3, 4, PAIR_MERGE, 16, &why), PAIR_CONTRADICTS);
  /* 3 = 2 = 1, 1 household 5, 5 = 4 */
  assert_int_equal(why.count, 4);
  const uint64_t chain[] = {12, 11, 15, 14};
  assert_memory_equal(why.numbers, chain, sizeof chain);
  /* What was refused left nothing behind. */
  assert_int_equal(add(check, 3, 6, PAIR_MERGE, 17, &why), PAIR_ADDED);
  assert_int_equal(add(check, 6, 4, PAIR_APART, 18, &why), PAIR_ADDED);
  assert_int_equal(add(check, 6, 4, PAIR_APART, 19, &why), PAIR_KNOWN);
  assert_int_equal(why.numbers[0], 18);
  assert_int_equal(add(check, 4, 6, PAIR_HOUSEHOLD, 20, &why), PAIR_CONTRADICTS);
  pair_check_free(check);
}

enum { NODES = 12, STEPS = 60, WORLDS = 300 };

/* All pairs that the facts say are one, by closure. */
static void close_over(const bool must[NODES][NODES], bool one[NODES][NODES]) {
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < NODES; k++) one[i][k] = i == k || must[i][k];
  for (int via = 0; via < NODES; via++)
    for (int i = 0; i < NODES; i++)
      for (int k = 0; k < NODES; k++) one[i][k] |= one[i][via] && one[via][k];
}

static bool is_consistent(const bool must[NODES][NODES], const bool cannot[NODES][NODES]) {
  bool one[NODES][NODES];
  close_over(must, one);
  for (int i = 0; i < NODES; i++)
    for (int k = 0; k < NODES; k++)
      if (one[i][k] && cannot[i][k]) return false;
  return true;
}

static void outcomes_are_those_of_the_closure(void **state) {
  (void)state;
  uint32_t refused = 0;
  for (uint64_t world = 1; world <= WORLDS; world++) {
    bool must[NODES][NODES] = {{0}}, cannot[NODES][NODES] = {{0}};
    struct pair_check *check = pair_check_new();
    struct pair_reasons why;
    for (uint32_t step = 1; step <= STEPS; step++) {
      uint64_t h = hash_join(world, step);
      uint32_t a = h % NODES, b = (h >> 20) % NODES;
      bool is_must = h >> 40 & 1;
      if (a == b) continue;
      bool(*which)[NODES] = is_must ? must : cannot;
      bool known = which[a][b];
      which[a][b] = which[b][a] = true;
      bool fine = is_consistent(must, cannot);
      if (!fine && !known) which[a][b] = which[b][a] = false;
      enum pair_outcome outcome =
          add(check, a + 1, b + 1, is_must ? PAIR_MERGE : PAIR_APART, step, &why);
      assert_int_equal(outcome, known ? PAIR_KNOWN : fine ? PAIR_ADDED : PAIR_CONTRADICTS);
      refused += outcome == PAIR_CONTRADICTS;
      if (outcome == PAIR_CONTRADICTS) assert_true(why.count > 0);
    }
    bool one[NODES][NODES];
    close_over(must, one);
    for (uint32_t a = 0; a < NODES; a++)
      for (uint32_t b = 0; b < a; b++) {
        bool apart = false;
        for (int i = 0; i < NODES; i++)
          for (int k = 0; k < NODES; k++) apart |= cannot[i][k] && one[a][i] && one[b][k];
        assert_int_equal(pair_check_knows(check, fact(a + 1, b + 1, PAIR_MERGE, 1)),
                         one[a][b] || apart);
      }
    pair_check_free(check);
  }
  assert_true(refused > 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_encoded_is_decoded),
      cmocka_unit_test(kinds_have_names),
      cmocka_unit_test(a_contradiction_names_the_facts),
      cmocka_unit_test(outcomes_are_those_of_the_closure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
