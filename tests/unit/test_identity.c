/* worker/store/identity: former ids on new clusters, against the rule written out the slow way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/memory.h"
#include "worker/store/identity.h"

enum { RECORDS_MAX = 4096, DAY = 19844 /* 2024-05-01 */ };

/* A world: for each record the former customer (0 = it is new) and the entity it is in now
 * (UINT32_MAX = it is gone). */
struct world {
  uint32_t count;
  uint64_t former[RECORDS_MAX];
  uint32_t entity[RECORDS_MAX];
  int32_t day[RECORDS_MAX];
  struct identity_record records[RECORDS_MAX];
  uint64_t entity_keys[RECORDS_MAX];
  uint64_t generation;
};

static struct hash128 key_of(uint32_t record) {
  return (struct hash128){hash_mix(record + 1), record};
}

static void add(struct world *w, uint64_t former, uint32_t entity, int32_t day) {
  w->former[w->count] = former;
  w->entity[w->count] = entity;
  w->day[w->count++] = day;
}

static int by_id(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static int by_key(const void *a_, const void *b_) {
  const struct index_record *a = a_, *b = b_;
  return (a->key.low > b->key.low) - (a->key.low < b->key.low);
}

/* Runs identity over the world; `reverse` gives records and shards in the other order. */
static struct identity *run(struct world *w, bool reverse, const struct identity_result **result) {
  size_t count = 0;
  uint32_t entities = 0;
  memset(w->entity_keys, 0xff, sizeof w->entity_keys);
  for (uint32_t i = 0; i < w->count; i++) {
    uint32_t r = reverse ? w->count - 1 - i : i, e = w->entity[r];
    if (e == UINT32_MAX) continue;
    w->records[count++] = (struct identity_record){key_of(r), e, w->day[r]};
    if (key_of(r).low < w->entity_keys[e]) w->entity_keys[e] = key_of(r).low;
    if (e >= entities) entities = e + 1;
  }
  struct identity_input input = {w->records, count, w->entity_keys, entities, DAY, w->generation};
  struct identity *id = identity_make(&input);
  for (uint32_t shard = 0; shard < 2; shard++) {
    uint64_t ids[RECORDS_MAX];
    static struct index_record records[RECORDS_MAX];
    size_t id_count = 0, record_count = 0;
    uint64_t wanted = reverse ? 1 - shard : shard;
    for (uint32_t r = 0; r < w->count; r++)
      if (w->former[r] && w->former[r] % 2 == wanted) ids[id_count++] = w->former[r];
    qsort(ids, id_count, sizeof *ids, by_id);
    size_t distinct = 0;
    for (size_t i = 0; i < id_count; i++)
      if (distinct == 0 || ids[distinct - 1] != ids[i]) ids[distinct++] = ids[i];
    for (uint32_t r = 0; r < w->count; r++)
      for (uint32_t o = 0; o < distinct; o++)
        if (w->former[r] == ids[o])
          records[record_count++] = (struct index_record){key_of(r), o, 0};
    qsort(records, record_count, sizeof *records, by_key);
    assert_int_equal(identity_add_shard(id, ids, distinct, records, record_count), ERR_OK);
  }
  struct failure failure;
  assert_int_equal(identity_finish(id, result, &failure), ERR_OK);
  return id;
}

static uint64_t target_of(const struct identity_result *r, uint64_t id) {
  for (size_t i = 0; i < r->alias_count; i++)
    if (r->aliases[i].customer_id == id) return r->aliases[i].target;
  return UINT64_MAX;
}

static const struct identity_event *event_of(const struct identity_result *r,
                                             enum identity_event_kind kind, uint64_t id) {
  for (size_t i = 0; i < r->event_count; i++)
    if (r->events[i].kind == kind && r->events[i].customer_id == id) return &r->events[i];
  return NULL;
}

static const uint64_t NEW_ID = 20240501 * IDENTITY_COUNTER_LIMIT;

static void new_ids_follow_the_canonical_order(void **state) {
  (void)state;
  static struct world w;
  w = (struct world){0};
  for (uint32_t i = 0; i < 100; i++) add(&w, 0, 99 - i, 0);
  const struct identity_result *r;
  struct identity *id = run(&w, false, &r);
  uint64_t seen[100];
  for (uint32_t e = 0; e < 100; e++) {
    seen[e] = r->customer_ids[e];
    for (uint32_t other = 0; other < 100; other++)
      assert_int_equal(r->customer_ids[e] < r->customer_ids[other],
                       w.entity_keys[e] < w.entity_keys[other]);
  }
  qsort(seen, 100, sizeof *seen, by_id);
  for (uint32_t e = 0; e < 100; e++) assert_int_equal(seen[e], NEW_ID + 1 + e);
  assert_int_equal(r->event_count, 1);
  assert_int_equal(r->events[0].kind, IDENTITY_CREATED);
  assert_int_equal(r->events[0].count, 100);
  assert_int_equal(r->counter_count, 1);
  assert_int_equal(r->counters[0].last, 100);
  identity_release(id);
}

static void a_merge_keeps_the_oldest_id(void **state) {
  (void)state;
  static struct world w;
  w = (struct world){.generation = 7};
  /* 30 has more records than 20: age decides, not size. */
  add(&w, 20, 0, 5);
  for (int i = 0; i < 3; i++) add(&w, 30, 0, 1);
  const struct identity_result *r;
  struct identity *id = run(&w, false, &r);
  assert_int_equal(r->customer_ids[0], 20);
  assert_int_equal(target_of(r, 30), 20);
  assert_int_equal(r->aliases[0].generation, 7);
  assert_int_equal(event_of(r, IDENTITY_MERGED, 30)->other, 20);
  assert_int_equal(r->event_count, 1);
  identity_release(id);
}

static void a_split_leaves_the_id_with_most_records(void **state) {
  (void)state;
  static struct world w;
  w = (struct world){0};
  add(&w, 20, 0, 1);
  add(&w, 20, 1, 5);
  add(&w, 20, 1, 6);
  const struct identity_result *r;
  struct identity *id = run(&w, false, &r);
  assert_int_equal(r->customer_ids[1], 20);
  assert_int_equal(r->customer_ids[0], NEW_ID + 1);
  const struct identity_event *split = event_of(r, IDENTITY_SPLIT, 20);
  assert_int_equal(split->other, NEW_ID + 1);
  assert_int_equal(split->count, 1);
  assert_int_equal(event_of(r, IDENTITY_CREATED, NEW_ID + 1)->count, 1);
  assert_int_equal(r->alias_count, 0);
  identity_release(id);
}

static void an_even_split_goes_with_the_oldest_record(void **state) {
  (void)state;
  for (int which = 0; which < 2; which++) {
    static struct world w;
    w = (struct world){0};
    add(&w, 20, 0, which ? 9 : 3);
    add(&w, 20, 1, 5);
    add(&w, 20, 1, INT32_MIN);
    add(&w, 20, 0, 100);
    const struct identity_result *r;
    struct identity *id = run(&w, false, &r);
    assert_int_equal(r->customer_ids[which], 20);
    identity_release(id);
  }
}

static void who_lost_all_records_is_retired(void **state) {
  (void)state;
  static struct world w;
  w = (struct world){.generation = 3};
  add(&w, 20, UINT32_MAX, 0);
  add(&w, 21, 0, 0);
  const struct identity_result *r;
  struct identity *id = run(&w, false, &r);
  assert_int_equal(target_of(r, 20), 0);
  assert_non_null(event_of(r, IDENTITY_RETIRED, 20));
  assert_int_equal(r->customer_ids[0], 21);
  identity_release(id);
}

static void aliases_point_to_the_end_of_the_chain(void **state) {
  (void)state;
  static struct world w;
  w = (struct world){.generation = 9};
  add(&w, 20, 0, 0);
  add(&w, 30, 0, 0);
  add(&w, 40, UINT32_MAX, 0);
  uint64_t keys[1] = {key_of(0).low};
  w.records[0] = (struct identity_record){key_of(0), 0, 0};
  w.records[1] = (struct identity_record){key_of(1), 0, 0};
  struct identity_input input = {w.records, 2, keys, 1, DAY, 9};
  struct identity *id = identity_make(&input);
  uint64_t ids[3] = {20, 30, 40};
  struct index_record records[3] = {{key_of(0), 0, 0}, {key_of(1), 1, 0}, {key_of(2), 2, 0}};
  qsort(records, 3, sizeof *records, by_key);
  assert_int_equal(identity_add_shard(id, ids, 3, records, 3), ERR_OK);
  struct identity_alias former[] = {{31, 30, 4}, {41, 40, 5}, {50, 0, 6}, {21, 20, 2}};
  identity_add_aliases(id, former, 2);
  identity_add_aliases(id, former + 2, 2);
  const struct identity_result *r;
  assert_int_equal(identity_finish(id, &r, NULL), ERR_OK);
  assert_int_equal(target_of(r, 31), 20);
  assert_int_equal(target_of(r, 30), 20);
  assert_int_equal(target_of(r, 21), 20);
  assert_int_equal(target_of(r, 41), 0);
  assert_int_equal(target_of(r, 40), 0);
  assert_int_equal(target_of(r, 50), 0);
  assert_int_equal(r->alias_count, 6);
  for (size_t i = 1; i < r->alias_count; i++)
    assert_true(r->aliases[i - 1].customer_id < r->aliases[i].customer_id);
  identity_release(id);
}

static void the_counter_of_a_day_goes_on(void **state) {
  (void)state;
  uint64_t keys[2] = {5, 4};
  struct identity_input input = {.entity_keys = keys, .entity_count = 2, .as_of_day = DAY};
  struct manifest_counter counters[] = {{20240430, 9}, {20240501, 41}, {20240502, 3}};
  struct identity *id = identity_make(&input);
  identity_add_counters(id, counters, 3);
  const struct identity_result *r;
  assert_int_equal(identity_finish(id, &r, NULL), ERR_OK);
  assert_int_equal(r->customer_ids[1], NEW_ID + 42);
  assert_int_equal(r->customer_ids[0], NEW_ID + 43);
  assert_int_equal(r->counter_count, 3);
  assert_int_equal(r->counters[1].last, 43);
  identity_release(id);

  counters[1].last = IDENTITY_COUNTER_LIMIT - 2;
  id = identity_make(&input);
  identity_add_counters(id, counters, 3);
  struct failure failure;
  assert_int_equal(identity_finish(id, &r, &failure), ERR_LIMIT);
  identity_release(id);

  input.as_of_day = INT32_MIN;
  id = identity_make(&input);
  assert_int_equal(identity_finish(id, &r, &failure), ERR_LIMIT);
  identity_release(id);
}

static void equal_records_are_shared_out_alike_in_any_order(void **state) {
  (void)state;
  /* Three rows of one content, two of customer 20 and one of 21; now two in entity 0, one in 1. */
  for (int order = 0; order < 3; order++) {
    struct hash128 key = {77, 1}, other = {77, 2};
    struct identity_record records[4] = {{key, 0, 0}, {key, 0, 0}, {key, 0, 0}, {other, 2, 0}};
    records[order].entity = 1;
    uint64_t keys[3] = {10, 20, 77};
    struct identity_input input = {records, 4, keys, 3, DAY, 2};
    struct identity *id = identity_make(&input);
    uint64_t ids[2] = {20, 21};
    struct index_record former[3] = {{key, 0, 0}, {key, 0, 1}, {key, 1, 0}};
    assert_int_equal(identity_add_shard(id, ids, 2, former, 3), ERR_OK);
    const struct identity_result *r;
    assert_int_equal(identity_finish(id, &r, NULL), ERR_OK);
    assert_int_equal(r->customer_ids[0], 20);
    assert_int_equal(r->customer_ids[1], 21);
    assert_int_equal(r->customer_ids[2], NEW_ID + 1);
    identity_release(id);
  }
}

static void a_damaged_index_is_refused(void **state) {
  (void)state;
  struct identity_input input = {.as_of_day = DAY};
  struct identity *id = identity_make(&input);
  uint64_t ids[1] = {20};
  struct index_record record = {{1, 1}, 1, 0};
  assert_int_equal(identity_add_shard(id, ids, 1, &record, 1), ERR_MALFORMED);
  identity_release(id);
}

/* The rule, said slowly: for each former id the entity with most of its records; for each entity
 * the smallest id it was given. */
static void check_against_reference(const struct world *w, const struct identity_result *r,
                                    uint32_t entities, uint64_t formers) {
  uint64_t expected[RECORDS_MAX] = {0};
  uint32_t home[RECORDS_MAX];
  for (uint64_t f = 1; f <= formers; f++) {
    uint32_t best = UINT32_MAX, best_votes = 0, total = 0;
    int32_t best_day = 0;
    uint64_t best_key = 0;
    for (uint32_t e = 0; e < entities; e++) {
      uint32_t votes = 0;
      int32_t day = INT32_MAX;
      uint64_t key = UINT64_MAX;
      for (uint32_t i = 0; i < w->count; i++) {
        if (w->former[i] != f || w->entity[i] != e) continue;
        votes++;
        if (w->day[i] < day || (w->day[i] == day && key_of(i).low < key)) {
          day = w->day[i];
          key = key_of(i).low;
        }
      }
      total += votes;
      bool wins = votes > best_votes;
      if (votes && votes == best_votes)
        wins = day < best_day || (day == best_day && key < best_key);
      if (!wins) continue;
      best = e, best_votes = votes, best_day = day, best_key = key;
    }
    home[f] = best;
    if (total && (!expected[best] || f < expected[best])) expected[best] = f;
  }
  for (uint32_t e = 0; e < entities; e++) {
    if (expected[e])
      assert_int_equal(r->customer_ids[e], expected[e]);
    else
      assert_true(r->customer_ids[e] > NEW_ID);
    for (uint32_t other = 0; other < e; other++)
      assert_true(r->customer_ids[e] != r->customer_ids[other]);
  }
  for (uint64_t f = 1; f <= formers; f++) {
    bool existed = false;
    for (uint32_t i = 0; i < w->count; i++) existed |= w->former[i] == f;
    if (!existed) continue;
    uint64_t now = home[f] == UINT32_MAX ? 0 : r->customer_ids[home[f]];
    assert_int_equal(target_of(r, f), now == f ? UINT64_MAX : now);
  }
}

static void random_worlds_follow_the_rule_in_any_order(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (int round = 0; round < 60; round++) {
    static struct world w;
    w = (struct world){.generation = 2};
    uint32_t entities = 5 + round % 40;
    uint64_t formers = 5 + (uint64_t)round % 30;
    /* Every entity exists: a record each that is new. */
    for (uint32_t e = 0; e < entities; e++) add(&w, 0, e, 0);
    for (int i = 0; i < 200; i++) {
      seed = hash_mix(seed + 1);
      uint32_t entity = seed % 11 == 0 ? UINT32_MAX : (uint32_t)(seed >> 8) % entities;
      add(&w, 1 + (seed >> 32) % formers, entity, 1 + (int32_t)(seed >> 60));
    }
    const struct identity_result *forward, *backward;
    struct identity *a = run(&w, false, &forward);
    check_against_reference(&w, forward, entities, formers);
    struct identity *b = run(&w, true, &backward);
    assert_memory_equal(forward->customer_ids, backward->customer_ids, entities * sizeof(uint64_t));
    assert_int_equal(forward->event_count, backward->event_count);
    for (size_t i = 0; i < forward->event_count; i++) {
      const struct identity_event *x = &forward->events[i], *y = &backward->events[i];
      assert_int_equal(x->kind, y->kind);
      assert_int_equal(x->customer_id, y->customer_id);
      assert_int_equal(x->other, y->other);
      assert_int_equal(x->count, y->count);
    }
    identity_release(a);
    identity_release(b);
  }
}

static void days_become_dates(void **state) {
  (void)state;
  uint32_t date;
  assert_true(identity_date_of_day(0, &date));
  assert_int_equal(date, 19700101);
  assert_true(identity_date_of_day(DAY, &date));
  assert_int_equal(date, 20240501);
  assert_true(identity_date_of_day(-1, &date));
  assert_int_equal(date, 19691231);
  assert_true(identity_date_of_day(11016, &date));
  assert_int_equal(date, 20000229);
  assert_true(identity_date_of_day(-719162, &date));
  assert_int_equal(date, 10101);
  assert_false(identity_date_of_day(-719163, &date));
  assert_true(identity_date_of_day(2932896, &date));
  assert_int_equal(date, 99991231);
  assert_false(identity_date_of_day(2932897, &date));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(new_ids_follow_the_canonical_order),
      cmocka_unit_test(a_merge_keeps_the_oldest_id),
      cmocka_unit_test(a_split_leaves_the_id_with_most_records),
      cmocka_unit_test(an_even_split_goes_with_the_oldest_record),
      cmocka_unit_test(who_lost_all_records_is_retired),
      cmocka_unit_test(aliases_point_to_the_end_of_the_chain),
      cmocka_unit_test(the_counter_of_a_day_goes_on),
      cmocka_unit_test(equal_records_are_shared_out_alike_in_any_order),
      cmocka_unit_test(a_damaged_index_is_refused),
      cmocka_unit_test(random_worlds_follow_the_rule_in_any_order),
      cmocka_unit_test(days_become_dates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
