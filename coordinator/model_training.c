#include "coordinator/model_training.h"

#include <stdlib.h>

#include "common/memory.h"
#include "coordinator/portable_math.h"
#include "coordinator/training_state.h"

enum {
  ROUNDS = 6, /* u is corrected for what m finds, so both are repeated */
  PRIOR_MIN = -44,
  PRIOR_RECORDS_LEAST = 1000,
  /* Four to one: a wrong merge costs more than a missed one. */
  ACCEPT_LEAST = 2 * WEIGHT_BIT,
  ACCEPT_MOST = 8 * WEIGHT_BIT,
  REVIEW_BELOW_ACCEPT = 5 * WEIGHT_BIT,
  COMMON_LEAST = 50, /* records with one value: more than one person has */
};

/* A partial level agrees nearly as well as exact agreement when its odds are at least this share.
 */
static const double nearly_exact = 1.0 / 16;
/* What 16 bits hold: more than any field that is led has left. */
static const double led_most = 31.9;
/* How exact agreement on an identifier splits over classes, for one person and for two. */
static const double class_m[CLASS_COUNT] = {0.72, 0.10, 0.03, 0.01, 0.14};
static const double class_u[CLASS_COUNT] = {0.06, 0.30, 0.24, 0.25, 0.15};

/* ---- what the parts share ---- */

bool training_uses(const struct training_state *t, uint32_t comparison, unsigned nibble) {
  const struct model_comparison *c = &t->spec->comparisons[comparison];
  if (nibble == PATTERN_MISSING) return false;
  if (nibble >= PATTERN_EXACT)
    return c->identifier_rule < 0 || nibble < PATTERN_EXACT + CLASS_COUNT;
  return nibble == PATTERN_DIFFER || c->m[nibble] > 0;
}

void training_normalise(const struct training_state *t, uint32_t comparison,
                        double p[MODEL_NIBBLES], double least) {
  double sum = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    p[n] = training_uses(t, comparison, n) ? training_max(p[n], least) : 0;
    sum += p[n];
  }
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) p[n] /= sum;
}

double training_ratio_most(const struct training_state *t) {
  double strangers = -training_log_odds(t->lambda);
  return training_max(TRAINING_RATIO_MOST, strangers + TRAINING_RATIO_ABOVE_PRIOR);
}

/* Two strangers agree on a value as often as it occurs: agreement on one that a share of 2^-s of
 * the records have says s bits at most. Training sees that of the values that there are; of a
 * bucket that holds none, a kept model may meet some later, if so many records are more than one
 * person's.
 */
static double bucket_most(const struct training_state *t, uint32_t c, unsigned bucket) {
  double filled = 0;
  for (int b = 0; b < PATTERN_BUCKETS; b++) filled += (double)t->counts->frequency[c][b].records;
  unsigned share_bits = PATTERN_BUCKET_BITS * bucket + 3;
  bool is_common = bucket + 1 < PATTERN_BUCKETS && filled >= (double)(COMMON_LEAST << share_bits);
  bool is_empty = t->counts->frequency[c][bucket].records == 0;
  return is_common && is_empty ? share_bits : training_ratio_most(t);
}

void training_ratios(const struct training_state *t, const training_cells u, training_cells ratio) {
  double most = training_ratio_most(t);
  for (uint32_t c = 0; c < t->count; c++) {
    const struct model_comparison *comparison = &t->spec->comparisons[c];
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
      if (!training_uses(t, c, n)) continue;
      double bits = portable_log2(t->m[c][n]) - portable_log2(u[c][n]);
      /* A hub's value says nothing of who has it. */
      if (comparison->identifier_rule >= 0 && n == PATTERN_EXACT + CLASS_HUB) bits = 0;
      if (comparison->fixed >> n & 1) bits = (double)comparison->fixed_weight[n] / WEIGHT_BIT;
      ratio[c][n] = training_min(training_max(bits, TRAINING_RATIO_LEAST), most);
      if (n >= PATTERN_EXACT && comparison->identifier_rule < 0)
        ratio[c][n] = training_min(ratio[c][n], bucket_most(t, c, n - PATTERN_EXACT));
    }
  }
}

double training_agreement(const struct training_state *t, const training_cells p,
                          uint32_t comparison) {
  double sum = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++)
    if (t->agreeing[comparison] >> n & 1) sum += p[comparison][n];
  return sum;
}

uint16_t training_agreeing(const struct training_state *t, uint64_t pattern) {
  uint32_t agreeing = 0;
  for (uint32_t c = 0; c < t->count; c++)
    agreeing |= (uint32_t)(t->agreeing[c] >> pattern_level(pattern, c) & 1) << c;
  return (uint16_t)agreeing;
}

void training_count_with(const struct training_state *t, const struct pattern_count *pair,
                         double count, training_cube with, training_cube alone,
                         training_square covered) {
  uint32_t agreeing = training_agreeing(t, pair->pattern);
  for (uint32_t c = 0; c < t->count; c++) {
    unsigned nibble = pattern_level(pair->pattern, c);
    for (uint32_t ds = nibble ? agreeing & ~(1u << c) : 0; ds; ds &= ds - 1) {
      uint32_t d = (uint32_t)__builtin_ctz(ds);
      with[c][d][nibble] += count;
      if (alone && pair->mask & t->covering[d][d]) alone[c][d][nibble] += count;
      if (covered && agreeing >> c & 1 && pair->mask & t->covering[c][d]) covered[c][d] += count;
    }
  }
}

double training_log_odds(double p) {
  p = training_min(training_max(p, 1e-15), 1 - 1e-9);
  return portable_log2(p) - portable_log2(1 - p);
}

double training_posterior(double bits) { return 1 / (1 + portable_exp2(-bits)); }

/* ---- what is known beforehand ---- */

/* The share of exact agreement, of pairs of one entity or of two, that falls on a bucket or class.
 */
static double exact_share(const struct training_state *t, uint32_t c, unsigned bucket,
                          const double classes[CLASS_COUNT]) {
  const struct frequency_sum *sums = t->counts->frequency[c];
  if (t->spec->comparisons[c].identifier_rule >= 0)
    return bucket < CLASS_COUNT ? classes[bucket] : 0;
  double records = 1;
  for (int b = 0; b < PATTERN_BUCKETS; b++) records += (double)sums[b].records;
  return ((double)sums[bucket].records + 1.0 / PATTERN_BUCKETS) / records;
}

static void start_from_priors(struct training_state *t) {
  for (uint32_t c = 0; c < t->count; c++) {
    const struct model_comparison *comparison = &t->spec->comparisons[c];
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
      unsigned level = pattern_level_plain(n);
      bool exact = level == PATTERN_EXACT;
      double m = comparison->m[level] > 0 ? comparison->m[level] : exact ? 0.8 : 0.05;
      double u = comparison->u[level] > 0 ? comparison->u[level] : exact ? 0.01 : 0.9;
      if (exact) m *= exact_share(t, c, n - PATTERN_EXACT, class_m);
      if (exact) u *= exact_share(t, c, n - PATTERN_EXACT, class_u);
      t->m_prior[c][n] = m;
      t->u_prior[c][n] = training_max(u, TRAINING_U_LEAST);
    }
    training_normalise(t, c, t->m_prior[c], TRAINING_M_LEAST);
    training_normalise(t, c, t->u_prior[c], TRAINING_U_LEAST);
  }
  memcpy(t->m, t->m_prior, sizeof t->m);
  memcpy(t->u, t->u_prior, sizeof t->u);
  training_ratios(t, t->u, t->ratio);
  t->lambda = 1 / (double)(t->counts->record_count + 2);
}

static void find_agreeing(struct training_state *t) {
  for (uint32_t c = 0; c < t->count; c++) {
    const struct model_comparison *comparison = &t->spec->comparisons[c];
    double u = training_max(comparison->u[PATTERN_EXACT], TRAINING_U_LEAST);
    double least = nearly_exact * comparison->m[PATTERN_EXACT] / u;
    t->agreeing[c] = 0xFF00;
    for (unsigned n = PATTERN_DIFFER + 1; n < PATTERN_EXACT; n++)
      if (comparison->m[n] > least * comparison->u[n]) t->agreeing[c] |= (uint16_t)(1u << n);
  }
}

/* ---- what was observed ---- */

static void count_nibbles(const struct training_state *t, const struct pattern_count *pair,
                          training_cells nibbles) {
  for (uint32_t c = 0; c < t->count; c++)
    nibbles[c][pattern_level(pair->pattern, c)] += (double)pair->count;
}

/* A pair of those that agree in one comparison, whose bit is its mask. */
static void count_agreeing(struct training_state *t, const struct pattern_count *pair) {
  uint32_t d = (uint32_t)__builtin_ctz(pair->mask);
  if (d >= t->count || pattern_level(pair->pattern, d) < PATTERN_EXACT) return;
  for (uint32_t c = 0; c < t->count; c++)
    t->agreeing_with[c][d][pattern_level(pair->pattern, c)] += (double)pair->count;
  t->agreeing_rate[d] += (double)pair->count;
}

/* Of how many that agree the sample is. */
static void find_agreeing_rates(struct training_state *t) {
  for (uint32_t d = 0; d < t->count; d++) {
    double all = 0;
    for (unsigned b = 0; b < PATTERN_BUCKETS; b++) all += (double)t->counts->frequency[d][b].pairs;
    t->agreeing_rate[d] = all > 0 ? training_min(t->agreeing_rate[d] / all, 1) : 0;
  }
}

static void count_observed(struct training_state *t) {
  const struct pattern_counts *random = &t->counts->random, *pairs = &t->counts->candidates;
  for (uint32_t r = 0; r < t->spec->rule_count; r++)
    for (uint32_t c = 0; c < t->count; c++)
      for (uint32_t d = 0; d < t->count; d++)
        if ((t->spec->rules[r].comparisons & ~(1u << c | 1u << d)) == 0)
          t->covering[c][d] |= 1u << r;
  for (uint64_t i = 0; i < random->count; i++) {
    if (random->items[i].mask) {
      count_agreeing(t, &random->items[i]);
      continue;
    }
    count_nibbles(t, &random->items[i], t->sampled_nibbles);
    training_count_with(t, &random->items[i], (double)random->items[i].count, t->sampled_with, NULL,
                        NULL);
    t->sampled += (double)random->items[i].count;
  }
  for (uint64_t i = 0; i < pairs->count; i++) {
    count_nibbles(t, &pairs->items[i], t->candidate_nibbles);
    training_count_with(t, &pairs->items[i], (double)pairs->items[i].count, t->candidate_with,
                        t->candidate_alone, t->candidate_covered);
  }
  find_agreeing_rates(t);
  double records = (double)t->counts->record_count;
  t->all_pairs = records > 1 ? records * (records - 1) / 2 : 1;
  t->sample_rate = t->sampled / t->all_pairs;
  for (uint32_t c = 0; c < t->count; c++)
    t->universe[c] = t->sampled > 0
                         ? t->all_pairs * (1 - t->sampled_nibbles[c][PATTERN_MISSING] / t->sampled)
                         : t->all_pairs;
}

/* ---- what is handed out ---- */

static int32_t to_weight(double bits) {
  return (int32_t)(bits * WEIGHT_BIT + (bits < 0 ? -0.5 : 0.5));
}

/* Levels are ordered by how much they speak for one person, so weights must be too: neighbours that
 * are not are given their common mean (pool adjacent violators, weighted by expected pairs). */
static void order_weights(double *bits, const double *mass, unsigned count) {
  for (unsigned i = 1; i < count; i++) {
    double sum = bits[i] * mass[i], weight = mass[i];
    unsigned first = i;
    while (first > 0 && bits[first - 1] > sum / weight) {
      first--;
      sum += bits[first] * mass[first];
      weight += mass[first];
    }
    for (unsigned k = first; k <= i && first < i; k++) bits[k] = sum / weight;
  }
}

static void order_nibbles(struct training_state *t, uint32_t c, unsigned first, unsigned end) {
  double bits[MODEL_NIBBLES], mass[MODEL_NIBBLES];
  unsigned nibbles[MODEL_NIBBLES], count = 0;
  for (unsigned n = first; n < end; n++) {
    if (!training_uses(t, c, n)) continue;
    nibbles[count] = n;
    mass[count] = t->matched[c][n] + TRAINING_M_STRENGTH * t->m_prior[c][n] + 1e-3;
    bits[count++] = t->ratio[c][n];
  }
  order_weights(bits, mass, count);
  for (unsigned i = 0; i < count; i++) t->ratio[c][nibbles[i]] = bits[i];
}

static void order_classes(double ratio[MODEL_NIBBLES]) {
  double *class = ratio + PATTERN_EXACT;
  class[CLASS_EXCLUSIVE] = training_max(class[CLASS_EXCLUSIVE], 0);
  class[CLASS_FAMILY] = training_max(training_min(class[CLASS_FAMILY], class[CLASS_EXCLUSIVE]), 0);
  class[CLASS_SHARED] = training_max(training_min(class[CLASS_SHARED], class[CLASS_FAMILY]), 0);
  class[CLASS_RECYCLED] =
      training_max(training_min(class[CLASS_RECYCLED], class[CLASS_EXCLUSIVE]), 0);
}

static void order_all(struct training_state *t) {
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    order_nibbles(t, c, PATTERN_DIFFER, PATTERN_EXACT);
    t->ratio[c][PATTERN_DIFFER] = training_min(t->ratio[c][PATTERN_DIFFER], 0);
    if (t->spec->comparisons[c].identifier_rule >= 0)
      order_classes(t->ratio[c]);
    else
      order_nibbles(t, c, PATTERN_EXACT, MODEL_NIBBLES);
    double most = t->ratio[c][PATTERN_EXACT];
    for (unsigned n = PATTERN_EXACT; n < MODEL_NIBBLES; n++)
      most = training_max(most, t->ratio[c][n]);
    for (unsigned n = PATTERN_DIFFER; n < PATTERN_EXACT; n++)
      t->ratio[c][n] = training_min(t->ratio[c][n], most);
  }
}

struct scored {
  int32_t score;
  double pairs, expected;
};

static int by_score(const void *left, const void *right) {
  const struct scored *a = left, *b = right;
  if (a->score != b->score) return a->score > b->score ? -1 : 1;
  if (a->pairs != b->pairs) return a->pairs > b->pairs ? -1 : 1;
  return (a->expected < b->expected) - (a->expected > b->expected);
}

static struct scored *score_candidates(const struct training_state *t, const struct model *model) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  struct scored *scored = memory_new((pairs->count + 1) * sizeof *scored);
  for (uint64_t i = 0; i < pairs->count; i++) {
    int32_t score = model_score(model, pairs->items[i].pattern);
    double count = (double)pairs->items[i].count;
    scored[i] =
        (struct scored){score, count, count * training_posterior((double)score / WEIGHT_BIT)};
  }
  qsort(scored, pairs->count, sizeof *scored, by_score);
  return scored;
}

/* Where expected F1 of pairs is best, kept within what a posterior may be trusted with. */
static int32_t best_threshold(const struct scored *scored, uint64_t count) {
  double total = 0, pairs = 0, expected = 0, best = 0;
  int32_t threshold = ACCEPT_LEAST;
  for (uint64_t i = 0; i < count; i++) total += scored[i].expected;
  for (uint64_t i = 0; i < count; i++) {
    pairs += scored[i].pairs;
    expected += scored[i].expected;
    if (i + 1 < count && scored[i + 1].score == scored[i].score) continue;
    double f1 = 2 * expected / (pairs + total);
    if (f1 > best) best = f1, threshold = scored[i].score;
  }
  return threshold < ACCEPT_LEAST  ? ACCEPT_LEAST
         : threshold > ACCEPT_MOST ? ACCEPT_MOST
                                   : threshold;
}

static void choose_thresholds(const struct training_state *t, struct model *model) {
  const struct model_spec *spec = t->spec;
  uint64_t count = t->counts->candidates.count;
  struct scored *scored = score_candidates(t, model);
  model->accept_weight = spec->has_accept ? spec->accept_weight : best_threshold(scored, count);
  model->review_weight =
      spec->has_review ? spec->review_weight : model->accept_weight - REVIEW_BELOW_ACCEPT;
  if (model->review_weight > model->accept_weight) model->review_weight = model->accept_weight;
  double total = 0, accepted = 0, right = 0;
  for (uint64_t i = 0; i < count; i++) {
    total += scored[i].expected;
    if (scored[i].score < model->accept_weight) continue;
    accepted += scored[i].pairs;
    right += scored[i].expected;
  }
  free(scored);
  model->expected_pairs = (uint64_t)(total + 0.5);
  model->expected_precision_ppm = accepted > 0 ? (uint32_t)(right / accepted * 1e6) : 0;
  model->expected_recall_ppm = total > 0 ? (uint32_t)(right / total * 1e6) : 0;
}

/* A value that several people use, or that was given out again, never links two records alone. */
static void cap_doubtful_classes(const struct model_spec *spec, struct model *model) {
  static const unsigned doubtful[] = {CLASS_FAMILY, CLASS_SHARED, CLASS_RECYCLED};
  int32_t most = model->accept_weight - model->prior - WEIGHT_BIT;
  if (most < 0) most = 0;
  for (uint32_t c = 0; c < spec->comparison_count; c++) {
    if (spec->comparisons[c].identifier_rule < 0) continue;
    for (unsigned i = 0; i < sizeof doubtful / sizeof doubtful[0]; i++) {
      unsigned n = PATTERN_EXACT + doubtful[i];
      if (spec->comparisons[c].fixed >> n & 1) continue;
      if (model->weight[c][n] > most) model->weight[c][n] = most;
    }
  }
}

static void fill_probabilities(const struct training_state *t, uint32_t c, struct model *model) {
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    unsigned level = pattern_level_plain(n);
    model->m_ppb[c][level] += (uint32_t)(t->m[c][n] * 1e9);
    model->u_ppb[c][level] += (uint32_t)(t->u[c][n] * 1e9);
  }
}

static enum model_origin origin_of(const struct training_state *t, uint32_t c) {
  unsigned free_nibbles = 0;
  double taught = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    if (training_uses(t, c, n)) free_nibbles += !(t->spec->comparisons[c].fixed >> n & 1);
    taught += t->taught[c][n];
  }
  return free_nibbles == 0              ? MODEL_FIXED
         : taught > TRAINING_M_STRENGTH ? MODEL_TRAINED
                                        : MODEL_FROM_PRIOR;
}

static void hand_out(struct training_state *t, struct model *model) {
  const struct model_spec *spec = t->spec;
  *model = (struct model){.comparison_count = spec->comparison_count};
  /* A handful of rows is a sample of a base, not the base: among so few pairs one that agrees by
   * chance would make the prior, and strangers would meet it. */
  double records = training_max((double)t->counts->record_count, PRIOR_RECORDS_LEAST);
  double prior = training_log_odds(t->lambda * (t->counts->record_count + 1) / (records + 1));
  model->prior = to_weight(training_max(prior, PRIOR_MIN));
  order_all(t);
  for (uint32_t c = 0; c < spec->comparison_count; c++) {
    for (unsigned n = 1; n < MODEL_NIBBLES; n++)
      model->weight[c][n] = spec->comparisons[c].fixed >> n & 1
                                ? spec->comparisons[c].fixed_weight[n]
                                : to_weight(t->ratio[c][n]);
    fill_probabilities(t, c, model);
    model->origin[c] = (uint8_t)origin_of(t, c);
  }
  for (uint32_t c = 0; c < spec->comparison_count; c++) {
    model->agreeing[c] = t->agreeing[c];
    model->leaders[c] = t->leaders[c];
    for (uint32_t d = 0; d < spec->comparison_count; d++)
      for (unsigned n = 1; n < MODEL_NIBBLES; n++)
        model->weight_with_leader[c][d][n] =
            (int16_t)to_weight(training_min(t->ratio_with[c][d][n], led_most));
  }
  choose_thresholds(t, model);
  cap_doubtful_classes(spec, model);
}

/* ---- all together ---- */

void model_train(const struct model_spec *spec, struct training_counts *counts, struct model *model,
                 struct training_report *report) {
  *report = (struct training_report){0};
  struct training_state *t = memory_new_zeroed(1, sizeof *t);
  t->spec = spec;
  t->counts = counts;
  t->count = spec->comparison_count;
  pattern_counts_sort(&counts->candidates);
  pattern_counts_sort(&counts->random);
  find_agreeing(t);
  count_observed(t);
  start_from_priors(t);
  training_sessions_make(t);
  training_sessions_find_matched(t, false);
  for (int round = 0; round < ROUNDS; round++) {
    training_chance_update_u(t);
    training_chance_tie_fields(t);
    training_ratios(t, t->u, t->ratio);
    report->converged = training_sessions_run(t, &report->iterations);
    training_sessions_find_matched(t, true);
  }
  training_sessions_settle_lambda(t);
  hand_out(t, model);
  for (uint32_t r = 0; r < spec->rule_count; r++) {
    const struct session *session = &t->sessions[r];
    report->sessions[r] = (struct training_session){
        (uint64_t)session->total, (uint64_t)(session->lambda * session->total + 0.5)};
  }
  training_sessions_release(t);
  free(t);
}
