#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/fake_cluster.h"
#include "worker/stages/explain.h"

static void link(struct fake *fake, uint8_t *rows, uint32_t count, const struct model *model,
                 uint32_t part_count, unsigned step, struct cluster_output *out) {
  fake_link(fake, rows, count, model, NULL, part_count, step, out);
}

static uint32_t entities_of(const struct fake_record *records, uint32_t count,
                            struct cluster_output *out) {
  struct fake fake;
  fake_init(&fake);
  uint8_t *rows = fake_rows(&fake, records, count);
  struct model model = fake_model();
  link(&fake, rows, count, &model, 1, 1, out);
  free(rows);
  return out->entity_count;
}

static void equal_phone_and_name_are_one(void **state) {
  (void)state;
  const struct fake_record records[] = {{.surname = 1, .given = 10, .phone = 138},
                                        {.surname = 1, .given = 10, .phone = 138, .city = 4},
                                        {.surname = 1, .given = 10, .city = 4}};
  struct cluster_output out;
  assert_int_equal(entities_of(records, 3, &out), 2);
  assert_int_equal(out.entity[0], out.entity[1]);
  assert_int_not_equal(out.entity[0], out.entity[2]);
  assert_int_equal(out.link_weight[0], (-14 + 9 + 16) * WEIGHT_BIT);
  assert_int_equal(out.link_weight[2], INT32_MIN);
  assert_int_equal(out.accepted_edges, 1);
  cluster_output_release(&out);
}

static void two_cards_are_never_one(void **state) {
  (void)state;
  /* r1 and r2 have different cards; r0 has none and agrees with both. */
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .phone = 138, .birth = 5},
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .card = 8},
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .card = 9}};
  struct cluster_output out;
  assert_int_equal(entities_of(records, 3, &out), 2);
  assert_int_not_equal(out.entity[1], out.entity[2]);
  assert_true(out.constraint_cuts > 0);
  assert_int_equal(out.review_count, 1);
  assert_int_equal(out.reviews[0].reason, REVIEW_CONSTRAINT);
  cluster_output_release(&out);
}

static void sex_and_birth_both_different_are_two(void **state) {
  (void)state;
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .sex = 1, .city = 4},
      {.surname = 1, .given = 10, .phone = 138, .birth = 50, .sex = 2, .city = 4}};
  struct cluster_output out;
  struct fake_record alike[2] = {records[0], records[1]};
  assert_int_equal(entities_of(records, 2, &out), 2);
  cluster_output_release(&out);
  alike[1].sex = 1;
  assert_int_equal(entities_of(alike, 2, &out), 1);
  cluster_output_release(&out);
}

static void a_shared_phone_merges_nobody(void **state) {
  (void)state;
  struct fake_record records[300];
  for (uint32_t i = 0; i < 300; i++)
    records[i] = (struct fake_record){
        .surname = 1 + i % 40, .given = 10 * i + 10, .phone = 13800000000, .city = 1};
  struct cluster_output out;
  assert_int_equal(entities_of(records, 300, &out), 300);
  assert_int_equal(out.accepted_edges, 0);
  cluster_output_release(&out);
}

static void a_household_is_listed_not_merged(void **state) {
  (void)state;
  const struct fake_record records[] = {{.surname = 1, .given = 10, .phone = 138, .city = 4},
                                        {.surname = 1, .given = 10, .phone = 138, .city = 4},
                                        {.surname = 1, .given = 30, .phone = 138, .city = 4},
                                        {.surname = 1, .given = 50, .phone = 138, .city = 4}};
  struct cluster_output out;
  assert_int_equal(entities_of(records, 4, &out), 3);
  assert_int_equal(out.entity[0], out.entity[1]);
  cluster_output_release(&out);
}

static void a_weak_chain_does_not_drag_groups_together(void **state) {
  (void)state;
  /* Two people of three records each; one record of the second carries the first's phone. */
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .sex = 1, .city = 8},
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .sex = 1, .city = 8},
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .sex = 1, .city = 8},
      {.surname = 1, .given = 10, .phone = 138, .birth = 60, .sex = 1, .city = 9},
      {.surname = 1, .given = 10, .phone = 139, .birth = 60, .sex = 1, .city = 9},
      {.surname = 1, .given = 10, .phone = 139, .birth = 60, .sex = 1, .city = 9}};
  struct cluster_output out;
  assert_int_equal(entities_of(records, 6, &out), 2);
  assert_int_equal(out.entity[0], out.entity[2]);
  assert_int_equal(out.entity[3], out.entity[5]);
  assert_true(out.cohesion_cuts > 0);
  assert_int_equal(out.reviews[0].reason, REVIEW_COHESION);
  cluster_output_release(&out);
}

/* The first has nothing but a phone, the last three nothing but a card: that they say nothing of
 * each other is nothing against the one that has both. */
static void records_that_hold_different_fields_are_no_weak_links(void **state) {
  (void)state;
  const struct fake_record records[] = {
      {.phone = 138}, {.phone = 138, .card = 8}, {.card = 8}, {.card = 8}, {.card = 8}};
  struct cluster_output out;
  assert_int_equal(entities_of(records, 5, &out), 1);
  assert_int_equal(out.cohesion_cuts, 0);
  cluster_output_release(&out);
}

static void rows_of_one_record_stay_together(void **state) {
  (void)state;
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .card = 8, .key = 77, .has_id = true},
      {.surname = 2, .given = 50, .card = 9, .key = 77, .has_id = true},
      {.surname = 2, .given = 50, .key = 78, .has_id = true}};
  struct cluster_output out;
  assert_int_equal(entities_of(records, 3, &out), 2);
  assert_int_equal(out.entity[0], out.entity[1]);
  assert_int_equal(out.link_weight[0], CLUSTER_SAME_RECORD_WEIGHT);
  assert_int_equal(out.entity_key[0], 77);
  cluster_output_release(&out);
}

static struct plan_match_rule rule(enum match_action action) {
  struct plan_match_rule made = {.id = BYTES("R"), .action = action};
  memset(made.accepted, 0xFF, sizeof made.accepted);
  return made;
}

static void the_first_rule_that_hits_decides(void **state) {
  (void)state;
  const struct fake_record records[] = {{.surname = 1, .given = 10, .phone = 138},
                                        {.surname = 1, .given = 30, .phone = 138},
                                        {.surname = 5, .given = 10, .card = 9, .birth = 8},
                                        {.surname = 5, .given = 10, .card = 9, .birth = 80}};
  struct fake fake;
  fake_init(&fake);
  struct plan_match_rule rules[2] = {rule(MATCH_HOUSEHOLD), rule(MATCH_SEPARATE)};
  rules[0].accepted[FAKE_NAME] = 1u << FAKE_SAME_SURNAME;
  rules[0].accepted[FAKE_PHONE] = 0xFF00;
  rules[1].accepted[FAKE_BIRTH] = 1u << PATTERN_DIFFER;
  fake.plan.match_rules = rules;
  fake.plan.match_rule_count = 2;
  uint8_t *rows = fake_rows(&fake, records, 4);
  struct model model = fake_model();
  struct cluster_output out;
  link(&fake, rows, 4, &model, 1, 1, &out);
  assert_int_equal(out.entity_count, 4);
  assert_int_equal(out.review_count, 0);
  assert_int_equal(out.relation_count, 1);
  assert_int_equal(out.relations[0].kind, RELATION_HOUSEHOLD);
  assert_int_equal(out.relations[0].rule, 0);
  cluster_output_release(&out);
  rules[0].action = MATCH_MERGE;
  link(&fake, rows, 4, &model, 1, 1, &out);
  assert_int_equal(out.entity_count, 3);
  assert_int_equal(out.entity[0], out.entity[1]);
  cluster_output_release(&out);
  free(rows);
}

/* Two groups of two that only a card holds together: the other pairs between them speak against it.
 */
static void what_a_rule_merges_no_mean_link_cuts(void **state) {
  (void)state;
  const struct fake_record records[] = {
      {.surname = 1, .given = 10, .phone = 138, .birth = 5},
      {.surname = 1, .given = 10, .phone = 138, .birth = 5, .card = 8},
      {.surname = 2, .given = 50, .phone = 139, .birth = 60, .card = 8},
      {.surname = 2, .given = 50, .phone = 139, .birth = 60}};
  struct fake fake;
  fake_init(&fake);
  struct plan_match_rule rules[2] = {rule(MATCH_SEPARATE), rule(MATCH_MERGE)};
  rules[0].accepted[FAKE_PHONE] = 1u << PATTERN_DIFFER;
  rules[0].accepted[FAKE_CARD] = 1u << PATTERN_MISSING;
  rules[1].accepted[FAKE_CARD] = 0xFF00;
  fake.plan.match_rules = rules + 1;
  fake.plan.match_rule_count = 1;
  struct model model = fake_model();
  struct cluster_output out;
  uint8_t *rows = fake_rows(&fake, records, 4);
  link(&fake, rows, 4, &model, 1, 1, &out);
  assert_int_equal(out.entity_count, 1);
  assert_int_equal(out.cohesion_cuts, 0);
  cluster_output_release(&out);
  /* A rule that separates two of them still does. */
  fake.plan.match_rules = rules;
  fake.plan.match_rule_count = 2;
  link(&fake, rows, 4, &model, 1, 1, &out);
  assert_int_equal(out.entity_count, 2);
  cluster_output_release(&out);
  free(rows);
  /* And so does a contradiction between two others of the groups. */
  fake.plan.match_rules = rules + 1;
  fake.plan.match_rule_count = 1;
  struct fake_record apart[4];
  memcpy(apart, records, sizeof apart);
  apart[0].sex = 1;
  apart[3].sex = 2;
  rows = fake_rows(&fake, apart, 4);
  link(&fake, rows, 4, &model, 1, 1, &out);
  assert_int_equal(out.entity_count, 2);
  assert_int_equal(out.entity[0], out.entity[1]);
  assert_int_equal(out.constraint_cuts, 1);
  cluster_output_release(&out);
  free(rows);
}

/* ---- against a slow reference, under permutation and any cut into tasks ---- */

static uint64_t next_random(uint64_t *seed) { return *seed = hash_mix(*seed + 0x9e3779b97f4a7c15); }

/* Customers with several records each, some fields lost or wrong; few values, so that people
 * collide. */
static void make_customers(struct fake_record *records, uint32_t count, uint64_t seed) {
  for (uint32_t i = 0; i < count; i++) {
    uint64_t person = next_random(&seed) % (count / 3), p = hash_join(99, person);
    uint64_t r = next_random(&seed);
    records[i] = (struct fake_record){.surname = 1 + p % 2,
                                      .given = 10 + 10 * (p >> 8 & 3) + (r % 16 == 0),
                                      .phone = r >> 4 & 3 ? 1 + p % (count / 8) : 0,
                                      .card = r >> 6 & 3 ? 0 : 1 + person,
                                      .birth = r >> 8 & 7 ? 100 * (1 + (p >> 16) % 12) : 0,
                                      .sex = 1 + (p >> 24) % 2,
                                      .city = 1,
                                      .day = 1 + (int32_t)((r >> 12) % 400),
                                      .key = hash_join(seed, i)};
  }
}

struct slow_edge {
  uint32_t a, b;
  int32_t weight;
  bool equal;
};

static int slow_order(const void *left, const void *right) {
  const struct slow_edge *a = left, *b = right;
  if (a->equal != b->equal) return a->equal ? -1 : 1;
  if (a->weight != b->weight) return a->weight > b->weight ? -1 : 1;
  return a->a != b->a ? (a->a > b->a) - (a->a < b->a) : (a->b > b->b) - (a->b < b->b);
}

/* What the header of cluster.h says, done with all pairs of all records and no component. Rows are
 * in canonical order. */
static void slow_reference(const struct fake *fake, uint8_t *rows, uint32_t count,
                           const struct model *model, uint32_t *group) {
  int32_t *weights = memory_new_zeroed((size_t)count * count, sizeof *weights);
  struct slow_edge *edges = memory_new((size_t)count * count * sizeof *edges);
  struct constraints constraints = constraints_of_plan(&fake->plan);
  uint32_t edge_count = 0;
  for (uint32_t a = 0; a < count; a++) {
    group[a] = a;
    for (uint32_t b = a + 1; b < count; b++) {
      uint32_t mask;
      const struct feature_row *row_a = fake_row(fake, rows, a), *row_b = fake_row(fake, rows, b);
      int32_t w = model_score(model, compare_pair(&fake->plan, row_a, row_b, &mask));
      weights[a * count + b] = weights[b * count + a] = w;
      if (w >= model->accept_weight)
        edges[edge_count++] = (struct slow_edge){
            a, b, w, memcmp(row_a + 1, row_b + 1, fake->plan.marks_offset - sizeof *row_a) == 0};
    }
  }
  qsort(edges, edge_count, sizeof *edges, slow_order);
  for (uint32_t e = 0; e < edge_count; e++) {
    uint32_t ga = group[edges[e].a], gb = group[edges[e].b];
    if (ga == gb) continue;
    int64_t sum = 0, links = 0;
    bool forbidden = false;
    for (uint32_t i = 0; i < count; i++)
      for (uint32_t k = 0; k < count; k++) {
        if (group[i] != ga || group[k] != gb) continue;
        int64_t link = (int64_t)weights[i * count + k] - model->accept_weight;
        sum += link > 12 * 1024 ? 12 * 1024 : link < -12 * 1024 ? -12 * 1024 : link;
        links++;
        if (constraints_forbid(&fake->plan, &constraints, fake_row(fake, rows, i),
                               fake_row(fake, rows, k), NULL))
          forbidden = true;
      }
    if (forbidden || sum < links * (model->review_weight - model->accept_weight)) continue;
    uint32_t to = ga < gb ? ga : gb, from = ga < gb ? gb : ga;
    for (uint32_t i = 0; i < count; i++)
      if (group[i] == from) group[i] = to;
  }
  free(weights);
  free(edges);
}

static int by_key(const void *left, const void *right) {
  const struct fake_record *a = left, *b = right;
  return (a->key > b->key) - (a->key < b->key);
}

static void clusters_equal_the_reference_in_any_order(void **state) {
  (void)state;
  enum { COUNT = 90 };
  uint64_t joined = 0, cut = 0;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    struct fake fake;
    fake_init(&fake);
    /* A rule that all share: blocking covers all pairs. */
    fake.plan.blocking_count = 2;
    fake_add_rule(&fake.plan, "city", FAKE_CITY, -1, -1);
    struct fake_record records[COUNT];
    make_customers(records, COUNT, seed);
    qsort(records, COUNT, sizeof records[0], by_key);
    uint8_t *rows = fake_rows(&fake, records, COUNT);
    struct model model = fake_model();
    struct cluster_output out, other;
    link(&fake, rows, COUNT, &model, 1, 1, &out);
    uint32_t expected[COUNT];
    slow_reference(&fake, rows, COUNT, &model, expected);
    for (uint32_t i = 0; i < COUNT; i++) {
      assert_int_equal(out.members[out.member_start[out.entity[i]]], expected[i]);
      assert_int_equal(out.entity_key[out.entity[i]], records[expected[i]].key);
      if (i) assert_true(out.entity_key[out.entity[i]] <= records[i].key);
    }
    joined += COUNT - out.entity_count;
    cut += out.constraint_cuts + out.cohesion_cuts;

    uint32_t moved[COUNT]; /* by new position: the old one */
    struct fake_record shuffled[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) moved[i] = i;
    uint64_t random = seed;
    for (uint32_t i = COUNT - 1; i > 0; i--) {
      uint32_t k = (uint32_t)(next_random(&random) % (i + 1)), kept = moved[i];
      moved[i] = moved[k], moved[k] = kept;
    }
    for (uint32_t i = 0; i < COUNT; i++) shuffled[i] = records[moved[i]];
    uint8_t *turned = fake_rows(&fake, shuffled, COUNT);
    link(&fake, turned, COUNT, &model, 1 + seed % 5, 1 + 2 * (seed % 7), &other);
    assert_int_equal(out.entity_count, other.entity_count);
    assert_int_equal(out.review_count, other.review_count);
    assert_int_equal(out.constraint_cuts, other.constraint_cuts);
    assert_int_equal(out.cohesion_cuts, other.cohesion_cuts);
    assert_memory_equal(out.entity_key, other.entity_key, out.entity_count * sizeof(uint64_t));
    for (uint32_t i = 0; i < COUNT; i++) {
      assert_int_equal(other.entity[i], out.entity[moved[i]]);
      assert_int_equal(other.link_weight[i], out.link_weight[moved[i]]);
      assert_int_equal(moved[other.members[i]], out.members[i]);
    }
    for (uint64_t i = 0; i < out.review_count; i++) {
      assert_int_equal(moved[other.reviews[i].a], out.reviews[i].a);
      assert_int_equal(moved[other.reviews[i].b], out.reviews[i].b);
      assert_int_equal(other.reviews[i].reason, out.reviews[i].reason);
      assert_int_equal(other.reviews[i].weight, out.reviews[i].weight);
    }
    cluster_output_release(&out);
    cluster_output_release(&other);
    free(rows);
    free(turned);
  }
  assert_true(joined > 1000 && cut > 50);
}

static void a_customer_may_have_more_records_than_cluster_max(void **state) {
  (void)state;
  struct fake fake;
  fake_init(&fake);
  fake.job.cluster_max = 20;
  struct fake_record records[100];
  for (uint32_t i = 0; i < 100; i++)
    records[i] = (struct fake_record){.surname = 1, .given = 10, .phone = 138, .birth = 5};
  struct model model = fake_model();
  struct cluster_output out;
  uint8_t *rows = fake_rows(&fake, records, 100);
  link(&fake, rows, 100, &model, 1, 1, &out);
  assert_int_equal(out.entity_count, 1);
  cluster_output_release(&out);
  free(rows);
  for (uint32_t i = 0; i < 100; i++) records[i].city = i + 1; /* all different */
  rows = fake_rows(&fake, records, 100);
  link(&fake, rows, 100, &model, 1, 1, &out);
  assert_int_equal(out.entity_count, 5);
  assert_true(out.size_cuts > 0);
  assert_int_equal(out.reviews[0].reason, REVIEW_SIZE);
  cluster_output_release(&out);
  free(rows);
}

static uint32_t entities_with(const struct job_identifier *identifier, int32_t *cohesion,
                              const struct fake_record *records, uint32_t count,
                              struct cluster_output *out) {
  struct fake fake;
  fake_init(&fake);
  struct job_identifier said = identifier ? *identifier : (struct job_identifier){0};
  fake.job.identifiers = &said;
  fake.job.identifier_count = identifier != NULL;
  fake.job.has_cohesion = cohesion != NULL;
  if (cohesion) fake.job.cohesion_weight = *cohesion;
  uint8_t *rows = fake_rows(&fake, records, count);
  struct model model = fake_model();
  link(&fake, rows, count, &model, 1, 1, out);
  free(rows);
  return out->entity_count;
}

static void declared_invariants_hold(void **state) {
  (void)state;
  struct cluster_output out;
  /* One name and birth date, four phones. */
  struct fake_record records[4];
  for (uint32_t i = 0; i < 4; i++)
    records[i] = (struct fake_record){.surname = 1, .given = 10, .phone = 138 + i, .birth = 5};
  assert_int_equal(entities_with(NULL, NULL, records, 4, &out), 1);
  cluster_output_release(&out);
  struct job_identifier phone = {.field = FAKE_PHONE, .single = 1};
  assert_int_equal(entities_with(&phone, NULL, records, 4, &out), 4);
  assert_true(out.constraint_cuts > 0);
  assert_int_equal(out.reviews[0].reason, REVIEW_CONSTRAINT);
  cluster_output_release(&out);
  phone = (struct job_identifier){.field = FAKE_PHONE, .single = -1, .cap = 2};
  assert_int_equal(entities_with(&phone, NULL, records, 4, &out), 2);
  assert_true(out.size_cuts > 0);
  assert_int_equal(out.reviews[0].reason, REVIEW_SIZE);
  cluster_output_release(&out);
  /* A cap counts values, not records. */
  records[2].phone = 138, records[3].phone = 139;
  assert_int_equal(entities_with(&phone, NULL, records, 4, &out), 1);
  cluster_output_release(&out);
  /* Cards are single unless the job says otherwise. */
  struct fake_record cards[2] = {{.surname = 1, .given = 10, .phone = 138, .birth = 5, .card = 8},
                                 {.surname = 1, .given = 10, .phone = 138, .birth = 5, .card = 9}};
  assert_int_equal(entities_with(NULL, NULL, cards, 2, &out), 2);
  cluster_output_release(&out);
  struct job_identifier card = {.field = FAKE_CARD, .single = 0};
  assert_int_equal(entities_with(&card, NULL, cards, 2, &out), 1);
  cluster_output_release(&out);
}

static void cohesion_is_what_the_job_says(void **state) {
  (void)state;
  /* 0 and 1 are sure; 2 agrees with 1 in name and birth date, with 0 in the name alone. */
  const struct fake_record third[] = {{.surname = 1, .given = 10, .phone = 138, .birth = 50},
                                      {.surname = 1, .given = 10, .phone = 138, .birth = 51},
                                      {.surname = 1, .given = 10, .phone = 139, .birth = 51}};
  struct cluster_output out;
  int32_t loose = -40 * WEIGHT_BIT, strict = 4 * WEIGHT_BIT;
  assert_int_equal(entities_with(NULL, &loose, third, 3, &out), 1);
  cluster_output_release(&out);
  assert_int_equal(entities_with(NULL, &strict, third, 3, &out), 2);
  assert_true(out.cohesion_cuts > 0);
  cluster_output_release(&out);
}

static void an_explanation_says_what_decided(void **state) {
  (void)state;
  const struct fake_record records[] = {{.surname = 1, .given = 10, .phone = 138, .birth = 5},
                                        {.surname = 1, .given = 10, .phone = 139, .birth = 90},
                                        {.surname = 1, .given = 10, .card = 4},
                                        {.surname = 1, .given = 10, .card = 5}};
  struct fake fake;
  fake_init(&fake);
  uint8_t *rows = fake_rows(&fake, records, 4);
  static struct partition_blocks blocks[PLAN_PARTITIONS];
  fake_block(&fake, rows, 4, blocks, 1);
  struct model model = fake_model();
  struct explanation why;
  explain_pair(&fake.plan, &model, fake_row(&fake, rows, 0), fake_row(&fake, rows, 1), &why);
  assert_int_equal(why.verdict, EXPLAIN_SCORE);
  assert_int_equal(why.decision.action, DECISION_REJECT);
  assert_int_equal(why.decision.score, (-14 + 9 - 1 - 4) * WEIGHT_BIT);
  assert_string_equal(why.comparisons[FAKE_PHONE].level, "differ");
  assert_int_equal(why.comparisons[FAKE_NAME].share_bits, 2);
  assert_int_equal(why.change_count, 3); /* phone, card or birth date, each alone, would do */
  assert_int_equal(why.changes[0].comparison, FAKE_PHONE);
  assert_string_equal(why.changes[0].level, "exclusive");
  assert_int_equal(why.changes[0].score, (-14 + 9 + 16 - 4) * WEIGHT_BIT);
  assert_int_equal(why.changes[0].rule, -1);
  assert_int_equal(why.changes[2].comparison, FAKE_BIRTH);
  struct plan_match_rule merge = rule(MATCH_MERGE);
  merge.accepted[FAKE_PHONE] = 0xFF00;
  fake.plan.match_rules = &merge;
  fake.plan.match_rule_count = 1;
  explain_pair(&fake.plan, &model, fake_row(&fake, rows, 0), fake_row(&fake, rows, 1), &why);
  assert_int_equal(why.changes[0].comparison, FAKE_PHONE);
  assert_int_equal(why.changes[0].rule, 0); /* whatever its score would be */
  assert_int_equal(why.changes[2].rule, -1);
  explain_pair(&fake.plan, &model, fake_row(&fake, rows, 2), fake_row(&fake, rows, 3), &why);
  assert_int_equal(why.verdict, EXPLAIN_CONTRADICTION);
  assert_int_equal(why.contradiction.comparison, FAKE_CARD);
  for (int p = 0; p < PLAN_PARTITIONS; p++) partition_blocks_release(&blocks[p]);
  free(rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_phone_and_name_are_one),
      cmocka_unit_test(two_cards_are_never_one),
      cmocka_unit_test(sex_and_birth_both_different_are_two),
      cmocka_unit_test(a_shared_phone_merges_nobody),
      cmocka_unit_test(a_household_is_listed_not_merged),
      cmocka_unit_test(a_weak_chain_does_not_drag_groups_together),
      cmocka_unit_test(rows_of_one_record_stay_together),
      cmocka_unit_test(the_first_rule_that_hits_decides),
      cmocka_unit_test(records_that_hold_different_fields_are_no_weak_links),
      cmocka_unit_test(what_a_rule_merges_no_mean_link_cuts),
      cmocka_unit_test(clusters_equal_the_reference_in_any_order),
      cmocka_unit_test(a_customer_may_have_more_records_than_cluster_max),
      cmocka_unit_test(declared_invariants_hold),
      cmocka_unit_test(cohesion_is_what_the_job_says),
      cmocka_unit_test(an_explanation_says_what_decided),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
