#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/hash.h"
#include "coordinator/model_training.h"
#include "coordinator/portable_math.h"

enum { FIELDS = 6, PHONE = 0, LEVELS = 4, RARE = 6 };

/* Levels 1, 3, 5 and 8 of every field. */
static const unsigned level_of[LEVELS] = {PATTERN_DIFFER, 3, 5, PATTERN_EXACT};

struct world {
  double m[FIELDS][LEVELS], u[FIELDS][LEVELS];
  double missing[FIELDS];
  uint64_t records, matches;
  bool town_follows_postcode; /* field 4 agrees for strangers wherever field 2 nearly does */
  bool few_share_a_country; /* field 4: one agreement in 20 is on a rare value, and strangers agree
                               on one in a twentieth of the pairs in which field 2 nearly agrees */
};

static struct world usual_world(void) {
  return (struct world){.m = {{0.25, 0, 0, 0.75},
                              {0.06, 0.04, 0.10, 0.80},
                              {0.08, 0.02, 0.10, 0.80},
                              {0.03, 0.02, 0.05, 0.90},
                              {0.20, 0.10, 0.20, 0.50},
                              {0.02, 0, 0, 0.98}},
                        .u = {{0.999999, 0, 0, 0.000001},
                              {0.969, 0.02, 0.01, 0.001},
                              {0.975, 0.015, 0.008, 0.002},
                              {0.9797, 0.01, 0.01, 0.0003},
                              {0.90, 0.06, 0.03, 0.01},
                              {0.5, 0, 0, 0.5}},
                        .missing = {0.3, 0.02, 0.05, 0.3, 0.4, 0.1},
                        .records = 100000,
                        .matches = 60000};
}

static struct model_spec usual_spec(void) {
  struct model_spec spec = {.comparison_count = FIELDS, .rule_count = 3, .name_comparison = 1};
  static const double m[LEVELS] = {0.1, 0.1, 0.1, 0.7}, u[LEVELS] = {0.9, 0.05, 0.03, 0.02};
  for (int c = 0; c < FIELDS; c++) {
    spec.comparisons[c].identifier_rule = -1;
    for (int l = 0; l < LEVELS; l++) {
      spec.comparisons[c].m[level_of[l]] = m[l];
      spec.comparisons[c].u[level_of[l]] = u[l];
    }
  }
  struct model_comparison *phone = &spec.comparisons[PHONE];
  *phone = (struct model_comparison){.is_identifier = true, .identifier_rule = 0};
  phone->m[PATTERN_DIFFER] = 0.4, phone->m[PATTERN_EXACT] = 0.6;
  phone->u[PATTERN_DIFFER] = 0.9999, phone->u[PATTERN_EXACT] = 0.0001;
  spec.rules[0] = (struct model_rule){1u << PHONE, 1u << PHONE, true};
  spec.rules[1] = (struct model_rule){1u << 1 | 1u << 3, 1u << 1 | 1u << 3, false};
  spec.rules[2] = (struct model_rule){1u << 2 | 1u << 4, 1u << 2 | 1u << 4, false};
  return spec;
}

static double next_uniform(uint64_t *seed) {
  *seed = hash_mix(*seed + 0x9e3779b97f4a7c15);
  return (double)(*seed >> 11) / 9007199254740992.0;
}

static unsigned draw_level(const double p[LEVELS], uint64_t *seed) {
  double x = next_uniform(seed);
  unsigned l = 0;
  while (l + 1 < LEVELS && x >= p[l]) x -= p[l++];
  return l;
}

/* A pair's pattern; exact agreement of other fields is bucket 3 throughout. forced: bits of fields
 * that agree exactly. */
static uint64_t draw_pattern(const struct world *world, bool match, unsigned forced,
                             uint64_t *seed) {
  uint64_t pattern = 0;
  for (unsigned c = 0; c < FIELDS; c++) {
    bool missing = next_uniform(seed) < world->missing[c];
    unsigned level =
        forced >> c & 1 ? LEVELS - 1 : draw_level(match ? world->m[c] : world->u[c], seed);
    if (world->town_follows_postcode && !match && c == 4 &&
        pattern_level(pattern, 2) >= level_of[2])
      level = LEVELS - 1;
    if (missing && !(forced >> c & 1)) continue;
    unsigned nibble = level_of[level];
    if (nibble == PATTERN_EXACT && c != PHONE) nibble += 3;
    if (world->few_share_a_country && c == 4 && next_uniform(seed) < 0.05) {
      if (!match && pattern_level(pattern, 2) >= level_of[2]) nibble = PATTERN_EXACT;
      if (nibble >= PATTERN_EXACT) nibble = PATTERN_EXACT + RARE;
    }
    pattern = pattern_with(pattern, c, nibble);
  }
  return pattern;
}

static uint32_t mask_of(const struct model_spec *spec, uint64_t pattern) {
  uint32_t mask = 0;
  for (uint32_t r = 0; r < spec->rule_count; r++) {
    bool shares = true;
    for (unsigned c = 0; c < FIELDS; c++)
      if (spec->rules[r].comparisons >> c & 1 && pattern_level(pattern, c) < PATTERN_EXACT)
        shares = false;
    mask |= (uint32_t)shares << r;
  }
  return mask;
}

static void count_pair(struct pattern_counts *counts, uint64_t pattern, uint32_t mask) {
  struct pattern_count one = {pattern, mask, 0, 1};
  pattern_counts_add(counts, &one, 1);
}

/* Pairs as blocking would give them: matches that share a rule, and those strangers that do (drawn
 * by rule, as many as there must be). */
static void make_counts(const struct world *world, const struct model_spec *spec, uint64_t seed,
                        struct training_counts *counts) {
  *counts = (struct training_counts){.record_count = world->records};
  double all = (double)world->records * (double)(world->records - 1) / 2;
  for (uint64_t i = 0; i < world->matches; i++) {
    uint64_t pattern = draw_pattern(world, true, 0, &seed);
    uint32_t mask = mask_of(spec, pattern);
    if (mask) count_pair(&counts->candidates, pattern, mask);
    counts->agreeing_pairs[0] += mask & 1;
  }
  for (uint32_t r = 0; r < spec->rule_count; r++) {
    double expected = all;
    for (unsigned c = 0; c < FIELDS; c++)
      if (spec->rules[r].comparisons >> c & 1)
        expected *= world->u[c][LEVELS - 1] * (1 - world->missing[c]);
    for (uint64_t i = 0; i < (uint64_t)expected; i++) {
      uint64_t pattern = draw_pattern(world, false, spec->rules[r].comparisons, &seed);
      uint32_t mask = mask_of(spec, pattern);
      if ((mask & -mask) == 1u << r) count_pair(&counts->candidates, pattern, mask);
      counts->agreeing_pairs[0] += r == 0;
    }
  }
  for (uint64_t i = 0; i < 300000; i++)
    count_pair(&counts->random, draw_pattern(world, false, 0, &seed), 0);
  for (unsigned c = 1; c < FIELDS; c++) {
    double filled = 1 - world->missing[c], agreement = world->u[c][LEVELS - 1];
    if (world->town_follows_postcode && c == 4)
      agreement += (1 - world->missing[2]) * (world->u[2][LEVELS - 2] + world->u[2][LEVELS - 1]);
    counts->frequency[c][3].records = (uint64_t)((double)world->records * filled);
    counts->frequency[c][3].pairs =
        (uint64_t)(filled * (all * agreement + (double)world->matches * world->m[c][LEVELS - 1]));
  }
  if (!world->few_share_a_country) return;
  counts->frequency[4][RARE].records = counts->frequency[4][3].records / 20;
  counts->frequency[4][RARE].pairs = counts->frequency[4][3].pairs / 20;
}

static void elementary_functions_are_right(void **state) {
  (void)state;
  for (double x = 1e-12; x < 1e12; x *= 1.7) {
    double back = portable_exp2(portable_log2(x));
    assert_true(back > x * (1 - 1e-12) && back < x * (1 + 1e-12));
  }
  assert_true(portable_log2(8) == 3 && portable_log2(0.25) == -2 && portable_exp2(10) == 1024);
  assert_true(portable_exp2(-2000) == 0);
  assert_true(portable_log2(10) > 3.321928094886 && portable_log2(10) < 3.321928094888);
}

static void assert_near(double value, double expected, double tolerance) {
  if (value < expected - tolerance || value > expected + tolerance)
    fail_msg("%f is not within %f of %f", value, tolerance, expected);
}

static void known_m_and_u_are_recovered(void **state) {
  (void)state;
  struct world world = usual_world();
  struct model_spec spec = usual_spec();
  struct training_counts counts;
  struct training_report report;
  struct model model;
  make_counts(&world, &spec, 7, &counts);
  model_train(&spec, &counts, &model, &report);
  for (unsigned c = 1; c < FIELDS; c++)
    for (unsigned l = 0; l < LEVELS; l++) {
      if (world.m[c][l] == 0) continue;
      double expected = portable_log2(world.m[c][l]) - portable_log2(world.u[c][l]);
      unsigned nibble = level_of[l] + (level_of[l] == PATTERN_EXACT ? 3 : 0);
      assert_near((double)model.weight[c][nibble] / WEIGHT_BIT, expected, 0.35);
      assert_near(model.m_ppb[c][level_of[l]] / 1e9, world.m[c][l], 0.03);
    }
  assert_near((double)model.weight[PHONE][PATTERN_EXACT] / WEIGHT_BIT, 19.5, 1.5);
  double prior = portable_log2((double)world.matches) -
                 portable_log2((double)world.records * (double)world.records / 2);
  assert_near((double)model.prior / WEIGHT_BIT, prior, 0.5);
  assert_true(model.expected_precision_ppm > 950000);
  for (unsigned c = 0; c < FIELDS; c++) assert_int_equal(model.origin[c], MODEL_TRAINED);
  training_counts_release(&counts);
}

static void fields_that_go_together_do_not_count_twice(void **state) {
  (void)state;
  struct world world = usual_world();
  struct model_spec spec = usual_spec();
  spec.comparisons[2].runs_in_groups = spec.comparisons[4].runs_in_groups = true;
  spec.rules[2] = (struct model_rule){1u << 2 | 1u << 5, 1u << 2 | 1u << 5, false};
  struct training_counts counts;
  struct training_report report;
  struct model apart, together;
  make_counts(&world, &spec, 13, &counts);
  model_train(&spec, &counts, &apart, &report);
  training_counts_release(&counts);
  world.town_follows_postcode = true;
  make_counts(&world, &spec, 13, &counts);
  model_train(&spec, &counts, &together, &report);
  training_counts_release(&counts);
  uint64_t town = pattern_with(0, 4, PATTERN_EXACT + 3);
  uint64_t both = pattern_with(town, 2, PATTERN_EXACT + 3);
  assert_int_equal(apart.leaders[4], 0);
  assert_int_equal(together.leaders[4], 1u << 2);
  assert_near((double)model_weight(&apart, both, 4) / WEIGHT_BIT, 5.6, 0.5);
  /* Its agreement is twice as common now. */
  assert_near((double)model_weight(&together, town, 4) / WEIGHT_BIT, 4.7, 0.5);
  assert_near((double)model_weight(&together, both, 4) / WEIGHT_BIT, 0, 0.2);
  int32_t sum = together.prior;
  for (uint32_t c = 0; c < FIELDS; c++) sum += model_weight(&together, both, c);
  assert_int_equal(model_score(&together, both), sum);
}

static void rare_values_that_go_together_do_not_count_twice(void **state) {
  (void)state;
  struct world world = usual_world();
  world.few_share_a_country = true;
  struct model_spec spec = usual_spec();
  spec.comparisons[2].runs_in_groups = spec.comparisons[4].runs_in_groups = true;
  spec.rules[2] = (struct model_rule){1u << 2 | 1u << 5, 1u << 2 | 1u << 5, false};
  struct training_counts counts;
  struct training_report report;
  struct model model;
  make_counts(&world, &spec, 17, &counts);
  model_train(&spec, &counts, &model, &report);
  training_counts_release(&counts);
  uint64_t common = pattern_with(0, 4, PATTERN_EXACT + 3);
  uint64_t rare = pattern_with(0, 4, PATTERN_EXACT + RARE);
  uint64_t rare_and_surname = pattern_with(rare, 2, PATTERN_EXACT + 3);
  uint64_t common_and_surname = pattern_with(common, 2, PATTERN_EXACT + 3);
  assert_true(model_weight(&model, rare, 4) > 4 * WEIGHT_BIT);
  assert_near((double)model_weight(&model, rare_and_surname, 4) / WEIGHT_BIT, 0, 0.3);
  assert_true(model_weight(&model, common_and_surname, 4) > 2 * WEIGHT_BIT);
}

/* Blocks hold no pair for it, random pairs too few: a sample of pairs that agree tells. */
static void a_sample_of_agreeing_pairs_ties(void **state) {
  (void)state;
  struct world world = usual_world();
  world.u[2][LEVELS - 1] = 0.000005, world.u[2][LEVELS - 2] = 0, world.u[2][0] = 0.984995;
  world.town_follows_postcode = true;
  struct model_spec spec = usual_spec();
  spec.comparisons[2].runs_in_groups = spec.comparisons[4].runs_in_groups = true;
  spec.rules[2] = (struct model_rule){1u << 5 | 1u << 3, 1u << 5 | 1u << 3, false};
  uint64_t seed = 31;
  struct training_counts counts;
  struct training_report report;
  struct model without, with;
  make_counts(&world, &spec, 37, &counts);
  model_train(&spec, &counts, &without, &report);
  for (int i = 0; i < 5000; i++)
    count_pair(&counts.random, draw_pattern(&world, false, 1u << 2, &seed), 1u << 2);
  model_train(&spec, &counts, &with, &report);
  training_counts_release(&counts);
  uint64_t both = pattern_with(pattern_with(0, 4, PATTERN_EXACT + 3), 2, PATTERN_EXACT + 3);
  assert_true(model_weight(&without, both, 4) > 4 * WEIGHT_BIT);
  assert_near((double)model_weight(&with, both, 4) / WEIGHT_BIT, 0, 0.3);
}

/* Far more pairs of one household than of one person: surname and address agree, and the house has
 * a telephone. */
static void households_are_not_taken_for_persons(void **state) {
  (void)state;
  struct world world = usual_world();
  world.matches = 5000;
  world.missing[PHONE] = 1;
  world.missing[3] = 0.8;
  struct model_spec spec = usual_spec();
  spec.comparisons[2].runs_in_groups = spec.comparisons[4].runs_in_groups = true;
  spec.comparisons[5].runs_in_groups = true;
  spec.rules[1] = (struct model_rule){1u << 2, 1u << 2, false};
  spec.rules[2] = (struct model_rule){1u << 4 | 1u << 5, 1u << 4 | 1u << 5, false};
  world.u[2][LEVELS - 1] = world.u[4][LEVELS - 1] = 0.0002;
  world.u[5][0] = 0.99, world.u[5][LEVELS - 1] = 0.01;
  world.records = 20000;
  struct training_counts counts;
  struct training_report report;
  struct model model;
  make_counts(&world, &spec, 23, &counts);
  uint64_t seed = 29;
  for (int i = 0; i < 60000; i++) {
    uint64_t pattern = draw_pattern(&world, false, 1u << 2 | 1u << 4 | 1u << 5, &seed);
    count_pair(&counts.candidates, pattern, mask_of(&spec, pattern));
  }
  model_train(&spec, &counts, &model, &report);
  training_counts_release(&counts);
  assert_near(model.m_ppb[1][PATTERN_DIFFER] / 1e9, 0.06, 0.05);
  assert_near(model.m_ppb[3][PATTERN_DIFFER] / 1e9, 0.03, 0.05);
  assert_true(report.sessions[2].expected_pairs < 5000);
}

/* No value of field 2 is common here; one that an eighth of the records had would say three bits.
 */
static void values_commoner_than_any_seen_say_little(void **state) {
  (void)state;
  struct world world = usual_world();
  struct model_spec spec = usual_spec();
  struct training_counts counts;
  struct training_report report;
  struct model model;
  make_counts(&world, &spec, 31, &counts);
  model_train(&spec, &counts, &model, &report);
  training_counts_release(&counts);
  assert_true(model.weight[2][PATTERN_EXACT] <= 3 * WEIGHT_BIT);
  assert_true(model.weight[2][PATTERN_EXACT + 1] <= 5 * WEIGHT_BIT);
  assert_true(model.weight[2][PATTERN_EXACT + 3] > 7 * WEIGHT_BIT);
}

/* However many strangers there are, a phone of one's own ties two records that hold nothing else.
 */
static void an_identifier_ties_two_records_of_any_base(void **state) {
  (void)state;
  for (uint64_t records = 100000; records <= 100000000; records *= 1000) {
    struct world world = usual_world();
    struct model_spec spec = usual_spec();
    struct training_counts counts;
    struct training_report report;
    struct model model;
    for (int c = 1; c < FIELDS; c++) world.u[c][LEVELS - 1] /= (double)records / 1e5;
    world.u[PHONE][LEVELS - 1] = 1e-6 / ((double)records / 1e5) / ((double)records / 1e5);
    make_counts(&world, &spec, 29, &counts);
    counts.record_count = records;
    model_train(&spec, &counts, &model, &report);
    training_counts_release(&counts);
    uint64_t alone = pattern_with(0, PHONE, PATTERN_EXACT);
    assert_true(model_score(&model, alone) >= model.accept_weight);
  }
}

/* All sessions are far from pure, yet what they hold is learnt. */
static void a_base_without_pure_rules_teaches(void **state) {
  (void)state;
  struct world world = usual_world();
  world.records = 10000, world.matches = 1000;
  world.missing[PHONE] = 1;
  for (int c = 1; c < FIELDS - 1; c++) world.m[c][0] = 0.4, world.m[c][LEVELS - 1] = 0.5;
  struct model_spec spec = usual_spec();
  spec.rules[1] = (struct model_rule){1u << 1, 1u << 1, false};
  spec.rules[2] = (struct model_rule){1u << 3, 1u << 3, false};
  struct training_counts counts;
  struct training_report report;
  struct model model;
  make_counts(&world, &spec, 19, &counts);
  model_train(&spec, &counts, &model, &report);
  training_counts_release(&counts);
  for (uint32_t r = 1; r < 3; r++)
    assert_true(report.sessions[r].expected_pairs * 10 < report.sessions[r].pairs);
  assert_near(model.m_ppb[2][PATTERN_DIFFER] / 1e9, 0.4, 0.1);
}

static void the_order_of_counts_does_not_matter(void **state) {
  (void)state;
  struct world world = usual_world();
  world.records = 20000, world.matches = 8000;
  struct model_spec spec = usual_spec();
  struct training_counts counts, parts = {0}, other;
  struct training_report report;
  struct model model, again;
  make_counts(&world, &spec, 3, &counts);
  struct training_counts part = {.record_count = 0};
  for (uint64_t i = counts.candidates.count; i-- > 0;) { /* backwards, each pair split in two */
    struct pattern_count item = counts.candidates.items[i], half = item;
    half.count = item.count / 2;
    item.count -= half.count;
    pattern_counts_add(&part.candidates, &item, 1);
    if (half.count) pattern_counts_add(&parts.candidates, &half, 1);
  }
  training_counts_add(&parts, &part);
  model_train(&spec, &counts, &model, &report);
  other = counts;
  other.candidates = parts.candidates;
  model_train(&spec, &other, &again, &report);
  assert_memory_equal(&model, &again, sizeof model);
  pattern_counts_release(&other.candidates);
  training_counts_release(&part);
  training_counts_release(&counts);
}

static void nothing_to_learn_from_leaves_the_priors(void **state) {
  (void)state;
  struct model_spec spec = usual_spec();
  struct training_counts counts = {.record_count = 10};
  struct training_report report;
  struct model model;
  model_train(&spec, &counts, &model, &report);
  for (unsigned c = 0; c < FIELDS; c++) {
    assert_int_equal(model.origin[c], MODEL_FROM_PRIOR);
    assert_int_equal(model.weight[c][0], 0);
    assert_true(model.weight[c][PATTERN_DIFFER] < 0);
    assert_true(model.weight[c][PATTERN_EXACT] > 0);
  }
  /* Ten records of which no two are one: as rare as in a base of a thousand of their kind. */
  assert_true(model.prior < -9 * WEIGHT_BIT && model.prior > -13 * WEIGHT_BIT);
  assert_true(model.accept_weight > model.review_weight);
  assert_int_equal(model.weight[PHONE][PATTERN_EXACT + 3], 0); /* a hub's value says nothing */
  struct training_counts none = {0};
  model_train(&spec, &none, &model, &report);
  assert_true(model.weight[1][PATTERN_EXACT] > 0);
}

static void weights_are_ordered_and_bounded(void **state) {
  (void)state;
  struct world world = usual_world();
  world.m[4][1] = 0.02,
  world.m[4][2] = 0.28; /* level 3 is made rarer among matches than level 1 … */
  world.u[4][1] = 0.3, world.u[4][0] = 0.66;
  struct model_spec spec = usual_spec();
  struct training_counts counts;
  struct training_report report;
  struct model model;
  make_counts(&world, &spec, 11, &counts);
  model_train(&spec, &counts, &model, &report);
  for (unsigned c = 0; c < FIELDS; c++) {
    assert_true(model.weight[c][1] <= 0);
    if (c != PHONE) {
      assert_true(model.weight[c][1] <= model.weight[c][3]);
      assert_true(model.weight[c][3] <= model.weight[c][5]);
      for (unsigned n = PATTERN_EXACT; n + 1 < MODEL_NIBBLES; n++)
        assert_true(model.weight[c][n] <= model.weight[c][n + 1]);
    }
    for (unsigned n = 0; n < MODEL_NIBBLES; n++)
      assert_in_range(model.weight[c][n] + 14 * WEIGHT_BIT, 0, 38 * WEIGHT_BIT);
  }
  int32_t alone = model.accept_weight - model.prior - WEIGHT_BIT;
  assert_true(model.weight[PHONE][PATTERN_EXACT + 1] <= alone);
  assert_true(model.weight[PHONE][PATTERN_EXACT + 2] <= model.weight[PHONE][PATTERN_EXACT + 1]);
  assert_true(model.weight[PHONE][PATTERN_EXACT + 4] <= alone);
  training_counts_release(&counts);
}

static void what_the_job_fixes_stays(void **state) {
  (void)state;
  struct world world = usual_world();
  world.records = 20000, world.matches = 8000;
  struct model_spec spec = usual_spec();
  for (unsigned n = PATTERN_EXACT; n < MODEL_NIBBLES; n++) {
    spec.comparisons[5].fixed |= (uint16_t)(1u << n);
    spec.comparisons[5].fixed_weight[n] = 1234;
  }
  spec.comparisons[5].fixed |= 1u << PATTERN_DIFFER | 1u << 3 | 1u << 5;
  spec.comparisons[5].fixed_weight[PATTERN_DIFFER] = -5000;
  spec.has_accept = spec.has_review = true;
  spec.accept_weight = 9 * WEIGHT_BIT, spec.review_weight = 5 * WEIGHT_BIT;
  struct training_counts counts;
  struct training_report report;
  struct model model;
  make_counts(&world, &spec, 5, &counts);
  model_train(&spec, &counts, &model, &report);
  assert_int_equal(model.weight[5][PATTERN_EXACT + 3], 1234);
  assert_int_equal(model.weight[5][PATTERN_DIFFER], -5000);
  assert_int_equal(model.origin[5], MODEL_FIXED);
  assert_int_equal(model.accept_weight, 9 * WEIGHT_BIT);
  assert_int_equal(model.review_weight, 5 * WEIGHT_BIT);
  training_counts_release(&counts);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(elementary_functions_are_right),
      cmocka_unit_test(known_m_and_u_are_recovered),
      cmocka_unit_test(fields_that_go_together_do_not_count_twice),
      cmocka_unit_test(rare_values_that_go_together_do_not_count_twice),
      cmocka_unit_test(a_sample_of_agreeing_pairs_ties),
      cmocka_unit_test(households_are_not_taken_for_persons),
      cmocka_unit_test(values_commoner_than_any_seen_say_little),
      cmocka_unit_test(an_identifier_ties_two_records_of_any_base),
      cmocka_unit_test(a_base_without_pure_rules_teaches),
      cmocka_unit_test(the_order_of_counts_does_not_matter),
      cmocka_unit_test(nothing_to_learn_from_leaves_the_priors),
      cmocka_unit_test(weights_are_ordered_and_bounded),
      cmocka_unit_test(what_the_job_fixes_stays),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
