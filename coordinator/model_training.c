#include "coordinator/model_training.h"

#include <stdlib.h>

#include "common/memory.h"
#include "coordinator/portable_math.h"

/* Nibbles above EXACT of an identifier, as worker/feature_row.h and common/pattern.h number them.
 */
enum { CLASS_EXCLUSIVE, CLASS_FAMILY, CLASS_SHARED, CLASS_HUB, CLASS_RECYCLED, CLASS_COUNT };

enum {
  ROUNDS = 6,          /* u is corrected for what m finds, so both are repeated */
  ITERATIONS_MAX = 40, /* of EM within a round */
  POSITIVE_MAX = 24,   /* bits: no single field is trusted further */
  NEGATIVE_MAX = 14,
  PRIOR_MIN = -44, /* bits */
  ACCEPT_LEAST = 1 * WEIGHT_BIT,
  ACCEPT_MOST = 8 * WEIGHT_BIT,
  REVIEW_BELOW_ACCEPT = 5 * WEIGHT_BIT,
};

static const double converged_change = 1e-6; /* of any m */
/* Strength of the priors, in observations. */
static const double m_strength = 6;
static const double bucket_strength = 40;
static const double u_strength = 1;
/* Two people agree at least so rarely that a level is still possible. */
static const double u_least = 1e-12, m_least = 1e-6;
/* How exact agreement on an identifier splits over classes, for one person and for two. */
static const double class_m[CLASS_COUNT] = {0.72, 0.10, 0.03, 0.01, 0.14};
static const double class_u[CLASS_COUNT] = {0.06, 0.30, 0.24, 0.25, 0.15};

/* Per comparison and nibble. */
typedef double cells[JOB_COMPARISONS_MAX][MODEL_NIBBLES];

struct session {
  struct pattern_counts pairs; /* held-out nibbles are 0 */
  uint16_t held_out;
  double total, lambda;
  double weight; /* how well its pairs fall apart into two kinds, 0..1 */
};

struct trainer {
  const struct model_spec *spec;
  struct training_counts *counts;
  double all_pairs;                     /* N(N-1)/2 */
  double universe[JOB_COMPARISONS_MAX]; /* pairs of which both have the field */
  double sampled;                       /* random pairs */
  cells sampled_levels;                 /* of them, by nibble */
  cells candidate_nibbles;              /* candidate pairs by nibble */
  cells matched; /* expected pairs of one entity by nibble, among all candidates */
  cells m_prior, m, u;
  cells taught;  /* expected pairs by nibble that m was last made from */
  cells ratio;   /* log2 m/u */
  double lambda; /* share of all pairs that are of one entity */
  struct session sessions[JOB_BLOCKING_RULES_MAX];
};

static double max_of(double a, double b) { return a > b ? a : b; }
static double min_of(double a, double b) { return a < b ? a : b; }

static bool is_used(const struct model_comparison *comparison, unsigned nibble) {
  if (nibble == PATTERN_MISSING) return false;
  unsigned level = pattern_level_plain(nibble);
  if (nibble > PATTERN_EXACT && comparison->identifier_rule >= 0 &&
      nibble - PATTERN_EXACT >= CLASS_COUNT)
    return false;
  return level == PATTERN_EXACT || level == PATTERN_DIFFER || comparison->m[level] > 0;
}

/* ---- priors ---- */

/* The share of exact agreement among pairs of one entity (want_m) or of two that falls on a nibble.
 */
static double exact_share(const struct trainer *t, uint32_t c, unsigned bucket, bool want_m) {
  const struct model_comparison *comparison = &t->spec->comparisons[c];
  if (comparison->identifier_rule >= 0)
    return bucket < CLASS_COUNT ? (want_m ? class_m[bucket] : class_u[bucket]) : 0;
  double records = 0;
  for (int b = 0; b < PATTERN_BUCKETS; b++) records += (double)t->counts->frequency[c][b].records;
  return ((double)t->counts->frequency[c][bucket].records + 1.0 / PATTERN_BUCKETS) / (records + 1);
}

static double prior_of(const struct trainer *t, uint32_t c, unsigned nibble, bool want_m) {
  const struct model_comparison *comparison = &t->spec->comparisons[c];
  unsigned level = pattern_level_plain(nibble);
  double p = want_m ? comparison->m[level] : comparison->u[level];
  if (level == PATTERN_DIFFER && p <= 0) p = want_m ? 0.05 : 0.9;
  if (level == PATTERN_EXACT && p <= 0) p = want_m ? 0.8 : 0.01;
  return level == PATTERN_EXACT ? p * exact_share(t, c, nibble - PATTERN_EXACT, want_m) : p;
}

static void normalise(const struct trainer *t, uint32_t c, double p[MODEL_NIBBLES], double least) {
  double sum = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    p[n] = is_used(&t->spec->comparisons[c], n) ? max_of(p[n], least) : 0;
    sum += p[n];
  }
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) p[n] /= sum;
}

static void start_from_priors(struct trainer *t) {
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
      if (!is_used(&t->spec->comparisons[c], n)) continue;
      t->m_prior[c][n] = prior_of(t, c, n, true);
      t->u[c][n] = prior_of(t, c, n, false);
    }
    normalise(t, c, t->m_prior[c], m_least);
    normalise(t, c, t->u[c], u_least);
    memcpy(t->m[c], t->m_prior[c], sizeof t->m[c]);
  }
}

static void update_ratios(struct trainer *t) {
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    const struct model_comparison *comparison = &t->spec->comparisons[c];
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
      if (!is_used(comparison, n)) continue;
      double bits = portable_log2(t->m[c][n]) - portable_log2(t->u[c][n]);
      if (comparison->fixed >> n & 1) bits = (double)comparison->fixed_weight[n] / WEIGHT_BIT;
      t->ratio[c][n] = min_of(max_of(bits, -NEGATIVE_MAX), POSITIVE_MAX);
    }
    if (comparison->identifier_rule >= 0 && !(comparison->fixed >> (PATTERN_EXACT + CLASS_HUB) & 1))
      t->ratio[c][PATTERN_EXACT + CLASS_HUB] = 0;
  }
}

/* ---- posteriors ---- */

static double pattern_ratio(const struct trainer *t, uint64_t pattern) {
  double sum = 0;
  for (uint32_t c = 0; c < t->spec->comparison_count; c++)
    sum += t->ratio[c][pattern_level(pattern, c)];
  return sum;
}

static double log_odds(double p) {
  p = min_of(max_of(p, 1e-15), 1 - 1e-9);
  return portable_log2(p) - portable_log2(1 - p);
}

static double posterior(double bits) { return 1 / (1 + portable_exp2(-bits)); }

/* Posteriors of all candidates under the whole model; lambda is repeated until it stands still. */
static void find_matched(struct trainer *t) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  double *ratios = memory_new(pairs->count * sizeof *ratios);
  for (uint64_t i = 0; i < pairs->count; i++) ratios[i] = pattern_ratio(t, pairs->items[i].pattern);
  double records = (double)t->counts->record_count;
  for (int repeat = 0; repeat < ITERATIONS_MAX; repeat++) {
    double prior = log_odds(t->lambda), sum = 0;
    for (uint64_t i = 0; i < pairs->count; i++)
      sum += (double)pairs->items[i].count * posterior(prior + ratios[i]);
    /* One pair in `records` is what is believed before anything is seen. */
    double next = (sum + 1) / (t->all_pairs + records + 2);
    double change = next > t->lambda ? next - t->lambda : t->lambda - next;
    t->lambda = next;
    if (change < 1e-4 * next) break;
  }
  memset(t->matched, 0, sizeof t->matched);
  double prior = log_odds(t->lambda);
  for (uint64_t i = 0; i < pairs->count; i++) {
    double expected = (double)pairs->items[i].count * posterior(prior + ratios[i]);
    for (uint32_t c = 0; c < t->spec->comparison_count; c++)
      t->matched[c][pattern_level(pairs->items[i].pattern, c)] += expected;
  }
  free(ratios);
}

/* ---- u ---- */

/* Hubs' pairs are not compared: what the other classes leave of all that agree. */
static double hub_pairs(const struct trainer *t, uint32_t c, double agreeing) {
  for (unsigned class = 0; class < CLASS_COUNT; class ++)
    if (class != CLASS_HUB) agreeing -= t->candidate_nibbles[c][PATTERN_EXACT + class];
  return agreeing;
}

/* Pairs of two entities at a nibble, out of how many. */
static void observed_u(const struct trainer *t, uint32_t c, unsigned n, double *seen, double *of) {
  const struct model_comparison *comparison = &t->spec->comparisons[c];
  double matched = t->matched[c][n];
  if (n >= PATTERN_EXACT && comparison->identifier_rule >= 0) {
    double pairs = t->candidate_nibbles[c][n];
    if (n == PATTERN_EXACT + CLASS_HUB)
      pairs = hub_pairs(t, c, (double)t->counts->agreeing_pairs[comparison->identifier_rule]);
    *seen = max_of(pairs - matched, 0);
    *of = t->universe[c];
  } else if (n >= PATTERN_EXACT) {
    *seen = max_of((double)t->counts->frequency[c][n - PATTERN_EXACT].pairs - matched, 0);
    *of = t->universe[c];
  } else {
    double rate = t->all_pairs > 0 ? t->sampled / t->all_pairs : 0;
    *seen = max_of(t->sampled_levels[c][n] - matched * rate, 0);
    *of = 0;
    for (unsigned k = 1; k < MODEL_NIBBLES; k++) *of += t->sampled_levels[c][k];
  }
}

/* Gamma-Poisson with the type's prior as mean: where nothing was seen u is what so many pairs
 * allow. */
static void update_u(struct trainer *t) {
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    double others = 0;
    for (unsigned n = 2; n < MODEL_NIBBLES; n++) {
      if (!is_used(&t->spec->comparisons[c], n)) continue;
      double seen, of, prior = max_of(prior_of(t, c, n, false), u_least);
      observed_u(t, c, n, &seen, &of);
      t->u[c][n] = (seen + u_strength) / (of + u_strength / prior);
      others += t->u[c][n];
    }
    t->u[c][PATTERN_DIFFER] = max_of(1 - others, 0.01);
    normalise(t, c, t->u[c], u_least);
  }
}

/* ---- m ---- */

static void make_sessions(struct trainer *t) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  for (uint32_t r = 0; r < t->spec->rule_count; r++) {
    struct session *session = &t->sessions[r];
    session->held_out = t->spec->rules[r].comparisons;
    uint64_t kept = ~(uint64_t)0;
    for (unsigned c = 0; c < JOB_COMPARISONS_MAX; c++)
      if (session->held_out >> c & 1) kept = pattern_with(kept, c, 0);
    for (uint64_t i = 0; i < pairs->count; i++) {
      if (!(pairs->items[i].mask >> r & 1)) continue;
      struct pattern_count item = pairs->items[i];
      item.pattern &= kept;
      item.mask = 0;
      session->total += (double)item.count;
      pattern_counts_add(&session->pairs, &item, 1);
    }
    pattern_counts_sort(&session->pairs);
  }
}

/* Where each session starts: what the whole model says of its pairs. */
static void start_sessions(struct trainer *t) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  double prior = log_odds(t->lambda), sums[JOB_BLOCKING_RULES_MAX] = {0};
  for (uint64_t i = 0; i < pairs->count; i++) {
    double expected = (double)pairs->items[i].count *
                      posterior(prior + pattern_ratio(t, pairs->items[i].pattern));
    for (uint32_t r = 0; r < t->spec->rule_count; r++)
      if (pairs->items[i].mask >> r & 1) sums[r] += expected;
  }
  for (uint32_t r = 0; r < t->spec->rule_count; r++)
    t->sessions[r].lambda = t->sessions[r].total > 0 ? sums[r] / t->sessions[r].total : 0;
}

/* One pass over one session: adds its expected pairs by nibble, times its weight of the last pass.
 */
static void run_session(struct trainer *t, struct session *session, cells sums) {
  cells own = {{0}};
  double prior = log_odds(session->lambda), expected = 0, doubt = 0;
  for (uint64_t i = 0; i < session->pairs.count; i++) {
    const struct pattern_count *item = &session->pairs.items[i];
    double p = posterior(prior + pattern_ratio(t, item->pattern)), count = (double)item->count;
    expected += count * p;
    doubt += count * p * (1 - p);
    for (uint32_t c = 0; c < t->spec->comparison_count; c++)
      own[c][pattern_level(item->pattern, c)] += count * p;
  }
  session->lambda = expected / session->total;
  session->weight = expected > 0 ? max_of(1 - 2 * doubt / expected, 0) : 0;
  for (uint32_t c = 0; c < t->spec->comparison_count; c++)
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) sums[c][n] += session->weight * own[c][n];
}

/* New m from expected pairs; returns the largest change. Levels are smoothed by the type's prior,
 * how exact agreement splits into buckets more strongly so. */
static double update_m(struct trainer *t, cells sums) {
  double largest = 0;
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    double total = 0, exact = 0, exact_prior = 0, next[MODEL_NIBBLES] = {0};
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
      total += sums[c][n];
      if (n >= PATTERN_EXACT) exact += sums[c][n], exact_prior += t->m_prior[c][n];
    }
    double exact_m = (exact + m_strength * exact_prior) / (total + m_strength);
    for (unsigned n = 1; n < PATTERN_EXACT; n++)
      next[n] = (sums[c][n] + m_strength * t->m_prior[c][n]) / (total + m_strength);
    for (unsigned n = PATTERN_EXACT; n < MODEL_NIBBLES; n++)
      next[n] = exact_m * (sums[c][n] + bucket_strength * t->m_prior[c][n] / exact_prior) /
                (exact + bucket_strength);
    normalise(t, c, next, m_least);
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
      double change = next[n] > t->m[c][n] ? next[n] - t->m[c][n] : t->m[c][n] - next[n];
      largest = max_of(largest, change);
      t->m[c][n] = next[n];
    }
  }
  return largest;
}

static bool run_em(struct trainer *t, uint32_t *iterations) {
  for (int i = 0; i < ITERATIONS_MAX; i++) {
    cells sums = {{0}};
    for (uint32_t r = 0; r < t->spec->rule_count; r++)
      if (t->sessions[r].total > 0) run_session(t, &t->sessions[r], sums);
    memcpy(t->taught, sums, sizeof sums);
    double change = update_m(t, sums);
    update_ratios(t);
    ++*iterations;
    if (change < converged_change) return true;
  }
  return false;
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

static void order_nibbles(struct trainer *t, uint32_t c, unsigned first, unsigned end) {
  double bits[MODEL_NIBBLES], mass[MODEL_NIBBLES];
  unsigned nibbles[MODEL_NIBBLES], count = 0;
  for (unsigned n = first; n < end; n++) {
    if (!is_used(&t->spec->comparisons[c], n)) continue;
    nibbles[count] = n;
    mass[count] = t->matched[c][n] + m_strength * t->m_prior[c][n] + 1e-3;
    bits[count++] = t->ratio[c][n];
  }
  order_weights(bits, mass, count);
  for (unsigned i = 0; i < count; i++) t->ratio[c][nibbles[i]] = bits[i];
}

static void order_classes(double ratio[MODEL_NIBBLES]) {
  double *class = ratio + PATTERN_EXACT;
  class[CLASS_EXCLUSIVE] = max_of(class[CLASS_EXCLUSIVE], 0);
  class[CLASS_FAMILY] = max_of(min_of(class[CLASS_FAMILY], class[CLASS_EXCLUSIVE]), 0);
  class[CLASS_SHARED] = max_of(min_of(class[CLASS_SHARED], class[CLASS_FAMILY]), 0);
  class[CLASS_RECYCLED] = max_of(min_of(class[CLASS_RECYCLED], class[CLASS_EXCLUSIVE]), 0);
}

static void order_all(struct trainer *t) {
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    order_nibbles(t, c, PATTERN_DIFFER, PATTERN_EXACT);
    t->ratio[c][PATTERN_DIFFER] = min_of(t->ratio[c][PATTERN_DIFFER], 0);
    if (t->spec->comparisons[c].identifier_rule >= 0)
      order_classes(t->ratio[c]);
    else
      order_nibbles(t, c, PATTERN_EXACT, MODEL_NIBBLES);
    double most = t->ratio[c][PATTERN_EXACT];
    for (unsigned n = PATTERN_EXACT; n < MODEL_NIBBLES; n++) most = max_of(most, t->ratio[c][n]);
    for (unsigned n = PATTERN_DIFFER; n < PATTERN_EXACT; n++)
      t->ratio[c][n] = min_of(t->ratio[c][n], most);
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

static struct scored *score_candidates(const struct trainer *t, const struct model *model) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  struct scored *scored = memory_new((pairs->count + 1) * sizeof *scored);
  for (uint64_t i = 0; i < pairs->count; i++) {
    int32_t score = model_score(model, pairs->items[i].pattern);
    double count = (double)pairs->items[i].count;
    scored[i] = (struct scored){score, count, count * posterior((double)score / WEIGHT_BIT)};
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

static void choose_thresholds(const struct trainer *t, struct model *model) {
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

static void fill_probabilities(const struct trainer *t, uint32_t c, struct model *model) {
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    unsigned level = pattern_level_plain(n);
    model->m_ppb[c][level] += (uint32_t)(t->m[c][n] * 1e9);
    model->u_ppb[c][level] += (uint32_t)(t->u[c][n] * 1e9);
  }
}

static enum model_origin origin_of(const struct trainer *t, uint32_t c) {
  unsigned free_nibbles = 0;
  double taught = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    if (is_used(&t->spec->comparisons[c], n))
      free_nibbles += !(t->spec->comparisons[c].fixed >> n & 1);
    taught += t->taught[c][n];
  }
  return free_nibbles == 0 ? MODEL_FIXED : taught > m_strength ? MODEL_TRAINED : MODEL_FROM_PRIOR;
}

static void hand_out(struct trainer *t, struct model *model) {
  const struct model_spec *spec = t->spec;
  *model = (struct model){.comparison_count = spec->comparison_count};
  double prior = log_odds(t->lambda);
  model->prior = to_weight(max_of(prior, PRIOR_MIN));
  order_all(t);
  for (uint32_t c = 0; c < spec->comparison_count; c++) {
    for (unsigned n = 1; n < MODEL_NIBBLES; n++)
      model->weight[c][n] = spec->comparisons[c].fixed >> n & 1
                                ? spec->comparisons[c].fixed_weight[n]
                                : to_weight(t->ratio[c][n]);
    fill_probabilities(t, c, model);
    model->origin[c] = (uint8_t)origin_of(t, c);
  }
  choose_thresholds(t, model);
  cap_doubtful_classes(spec, model);
}

/* ---- all together ---- */

static void count_nibbles(struct trainer *t) {
  const struct pattern_counts *random = &t->counts->random, *pairs = &t->counts->candidates;
  for (uint64_t i = 0; i < random->count; i++) {
    t->sampled += (double)random->items[i].count;
    for (uint32_t c = 0; c < t->spec->comparison_count; c++)
      t->sampled_levels[c][pattern_level(random->items[i].pattern, c)] +=
          (double)random->items[i].count;
  }
  for (uint64_t i = 0; i < pairs->count; i++)
    for (uint32_t c = 0; c < t->spec->comparison_count; c++)
      t->candidate_nibbles[c][pattern_level(pairs->items[i].pattern, c)] +=
          (double)pairs->items[i].count;
  double records = (double)t->counts->record_count;
  t->all_pairs = records > 1 ? records * (records - 1) / 2 : 1;
  for (uint32_t c = 0; c < t->spec->comparison_count; c++)
    t->universe[c] = t->sampled > 0
                         ? t->all_pairs * (1 - t->sampled_levels[c][PATTERN_MISSING] / t->sampled)
                         : t->all_pairs;
}

static void train(struct trainer *t, struct training_report *report) {
  start_from_priors(t);
  update_ratios(t);
  t->lambda = 1 / (double)(t->counts->record_count + 2);
  find_matched(t);
  for (int round = 0; round < ROUNDS; round++) {
    update_u(t);
    update_ratios(t);
    start_sessions(t);
    report->converged = run_em(t, &report->iterations);
    find_matched(t);
  }
}

void model_train(const struct model_spec *spec, struct training_counts *counts, struct model *model,
                 struct training_report *report) {
  *report = (struct training_report){0};
  struct trainer *t = memory_new_zeroed(1, sizeof *t);
  t->spec = spec;
  t->counts = counts;
  pattern_counts_sort(&counts->candidates);
  pattern_counts_sort(&counts->random);
  count_nibbles(t);
  make_sessions(t);
  train(t, report);
  hand_out(t, model);
  for (uint32_t r = 0; r < spec->rule_count; r++) {
    struct session *session = &t->sessions[r];
    report->sessions[r] = (struct training_session){
        (uint64_t)session->total, (uint64_t)(session->lambda * session->total + 0.5)};
    pattern_counts_release(&session->pairs);
  }
  free(t);
}
