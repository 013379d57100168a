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
  PRIOR_MIN = -44,                   /* bits */
  ACCEPT_LEAST = 2 * WEIGHT_BIT, /* four to one: a wrong merge costs more than a missed one */
  ACCEPT_MOST = 8 * WEIGHT_BIT,
  REVIEW_BELOW_ACCEPT = 5 * WEIGHT_BIT,
};

static const double converged_change = 1e-6; /* of any m */
/* Strength of the priors, in observations. */
static const double m_strength = 6;
static const double cover_least = 0.9;
static const double session_strength = 20;
static const double together_strength = 10;
/* Two fields go together when that was seen so often and is so much likelier than by chance. */
static const double together_least = 5, together_ratio = 2, together_doubt = 0.03;
/* Of exact agreement's odds. */
static const double nearly_exact = 1.0 / 16;
static const double bucket_strength = 40;
static const double u_strength = 1;
/* Two people agree at least so rarely that a level is still possible. */
static const double u_least = 1e-12, m_least = 1e-6;
/* How exact agreement on an identifier splits over classes, for one person and for two. */
static const double class_m[CLASS_COUNT] = {0.72, 0.10, 0.03, 0.01, 0.14};
static const double class_u[CLASS_COUNT] = {0.06, 0.30, 0.24, 0.25, 0.15};

/* Per comparison and nibble. */
typedef double cells[JOB_COMPARISONS_MAX][MODEL_NIBBLES];

/* Per two comparisons. */
typedef double square[JOB_COMPARISONS_MAX][JOB_COMPARISONS_MAX];

struct session {
  struct pattern_counts pairs; /* held-out nibbles are 0 */
  uint16_t held_out;
  double total, lambda;
  double weight; /* how well its pairs fall apart into two kinds, 0..1 */
  cells u; /* of its pairs of two entities: agreeing on the rule's fields changes the odds of others
            */
  cells ratio;
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
  cells taught;                       /* expected pairs by nibble that m was last made from */
  cells ratio;                        /* log2 m/u */
  double lambda;                      /* share of all pairs that are of one entity */
  square sampled_both, sampled_given; /* random pairs: both agree; [c][d]: d agrees, c is there */
  square candidate_both;          /* candidates in which both agree … */
  square candidate_covered;              /* candidates where a rule of just these two holds */
  square matched_both, matched_given, matched_covered; /* of one entity among candidates */
  uint16_t agreeing[JOB_COMPARISONS_MAX];    /* bit n: nibble n is agreement, exact or nearly */
  uint16_t leaders[JOB_COMPARISONS_MAX];               /* bit d: d leads c */
  square most; /* [c][d]: bits that c adds at most where d agrees; for leaders and led */
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

static bool agrees(const struct trainer *t, uint64_t pattern, uint32_t c) {
  return t->agreeing[c] >> pattern_level(pattern, c) & 1;
}

/* Evidence of a pattern. Of fields that go together the led one adds little where a leader agrees.
 */
static double pattern_ratio(const struct trainer *t, uint64_t pattern) {
  double sum = 0;
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    double bits = t->ratio[c][pattern_level(pattern, c)];
    for (uint32_t d = 0; d < t->spec->comparison_count && bits > 0; d++)
      if (t->leaders[c] >> d & 1 && agrees(t, pattern, d)) bits = min_of(bits, t->most[c][d]);
    sum += bits;
  }
  return sum;
}

static double log_odds(double p) {
  p = min_of(max_of(p, 1e-15), 1 - 1e-9);
  return portable_log2(p) - portable_log2(1 - p);
}

static double posterior(double bits) { return 1 / (1 + portable_exp2(-bits)); }

static uint64_t without(uint64_t pattern, uint16_t held_out) {
  for (unsigned c = 0; c < JOB_COMPARISONS_MAX; c++)
    if (held_out >> c & 1) pattern = pattern_with(pattern, c, PATTERN_MISSING);
  return pattern;
}

static double session_ratio(const struct trainer *t, const struct session *session,
                            uint64_t pattern);
/* What the sessions say of a pair: each judges it without its own fields, so fields that go
 * together (a town and its postcode) do not count twice. The most doubtful one is believed. */
static double session_posterior(const struct trainer *t, const struct pattern_count *pair) {
  double least = 1;
  for (uint32_t r = 0; r < t->spec->rule_count; r++)
    if (pair->mask >> r & 1) {
      const struct session *session = &t->sessions[r];
      double bits = session_ratio(t, session, pair->pattern);
      least = min_of(least, posterior(log_odds(session->lambda) + bits));
    }
  return pair->mask ? least : posterior(log_odds(t->lambda) + pattern_ratio(t, pair->pattern));
}

static bool covers(const struct model_rule *rule, uint32_t c, uint32_t d) {
  return (rule->comparisons & ~(1u << c | 1u << d)) == 0;
}

/* Does the pair share a rule that holds all pairs in which c and d agree? */
static bool is_covered(const struct trainer *t, const struct pattern_count *pair, uint32_t c,
                       uint32_t d) {
  for (uint32_t r = 0; r < t->spec->rule_count; r++)
    if (pair->mask >> r & 1 && covers(&t->spec->rules[r], c, d)) return true;
  return false;
}

static void add_agreement(const struct trainer *t, const struct pattern_count *pair, double count,
                          square both, square given, square covered) {
  for (uint32_t d = 0; d < t->spec->comparison_count; d++) {
    if (!agrees(t, pair->pattern, d)) continue;
    for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
      if (c == d || pattern_level(pair->pattern, c) == PATTERN_MISSING) continue;
      if (given) given[c][d] += count;
      if (!agrees(t, pair->pattern, c)) continue;
      if (both) both[c][d] += count;
      if (covered && is_covered(t, pair, c, d)) covered[c][d] += count;
    }
  }
}

static void find_matched(struct trainer *t, bool by_sessions) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  double prior = log_odds(t->lambda), sum = 0, records = (double)t->counts->record_count;
  memset(t->matched, 0, sizeof t->matched);
  memset(t->matched_both, 0, sizeof t->matched_both);
  memset(t->matched_given, 0, sizeof t->matched_given);
  memset(t->matched_covered, 0, sizeof t->matched_covered);
  for (uint64_t i = 0; i < pairs->count; i++) {
    const struct pattern_count *pair = &pairs->items[i];
    double p = by_sessions ? session_posterior(t, pair)
                           : posterior(prior + pattern_ratio(t, pair->pattern));
    double expected = (double)pair->count * p;
    sum += expected;
    for (uint32_t c = 0; c < t->spec->comparison_count; c++)
      t->matched[c][pattern_level(pair->pattern, c)] += expected;
    add_agreement(t, pair, expected, t->matched_both, t->matched_given, t->matched_covered);
  }
  /* One pair in `records` is what is believed before anything is seen. */
  t->lambda = (sum + 1) / (t->all_pairs + records + 2);
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

/* ---- fields that go together ---- */

static double agreement(const struct trainer *t, const cells p, uint32_t c) {
  double sum = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++)
    if (t->agreeing[c] >> n & 1) sum += p[c][n];
  return sum;
}

/* Do the rules of just these two fields list all pairs that agree in both? Key parts may lack in some
 * records, which shows where other rules found such pairs. */
static bool has_cover(const struct trainer *t, uint32_t c, uint32_t d) {
  return t->candidate_covered[c][d] > 0 &&
         t->candidate_covered[c][d] > cover_least * t->candidate_both[c][d];
}

/* Pairs of two entities in which both agree, and those in which d agrees and c is there. From all
 * pairs where a rule lists them, else from random ones. false when there are too few to tell. */
static bool count_together(const struct trainer *t, uint32_t c, uint32_t d, double *both,
                           double *given) {
  double matched;
  if (has_cover(t, c, d) && t->spec->comparisons[c].runs_in_groups) {
    matched = t->matched_covered[c][d];
    *both = t->candidate_covered[c][d] - matched;
    *given = agreement(t, t->u, d) * t->universe[d] * t->universe[c] / t->all_pairs;
  } else {
    double rate = t->all_pairs > 0 ? t->sampled / t->all_pairs : 0;
    matched = t->matched_both[c][d] * rate;
    *both = t->sampled_both[c][d] - matched;
    *given = max_of(t->sampled_given[c][d] - t->matched_given[c][d] * rate, 0);
  }
  return *both >= together_least + together_doubt * matched;
}

/* Where two fields agree together oftener than by chance, the rarer one leads, and the other is
 * worth what is left of it when the leader agrees. */
static void tie_fields(struct trainer *t) {
  uint32_t count = t->spec->comparison_count;
  for (uint32_t c = 0; c < count; c++) t->leaders[c] = 0;
  for (uint32_t c = 0; c < count; c++)
    for (uint32_t d = 0; d < count; d++) {
      double both, given, alone = agreement(t, t->u, c), rarity = agreement(t, t->u, d);
      bool leads = d != c && (rarity < alone || (rarity == alone && d < c));
      if (!leads || !count_together(t, c, d, &both, &given)) continue;
      double chance = min_of((both + together_strength * alone) / (given + together_strength), 1);
      if (chance < together_ratio * alone) continue;
      t->leaders[c] |= (uint16_t)(1u << d);
      t->most[c][d] = max_of(portable_log2(agreement(t, t->m, c)) - portable_log2(chance), 0);
    }
}

/* ---- m ---- */

static void make_sessions(struct trainer *t) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  for (uint32_t r = 0; r < t->spec->rule_count; r++) {
    struct session *session = &t->sessions[r];
    session->held_out = t->spec->rules[r].comparisons;
    for (uint64_t i = 0; i < pairs->count; i++) {
      if (!(pairs->items[i].mask >> r & 1)) continue;
      struct pattern_count item = pairs->items[i];
      item.pattern = without(item.pattern, session->held_out);
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
    t->sessions[r].lambda = t->sessions[r].total > 0 ? sums[r] / t->sessions[r].total : 0,
    memcpy(t->sessions[r].u, t->u, sizeof t->u);
}

static double session_ratio(const struct trainer *t, const struct session *session,
                            uint64_t pattern) {
  double sum = 0;
  for (uint32_t c = 0; c < t->spec->comparison_count; c++)
    if (!(session->held_out >> c & 1)) sum += session->ratio[c][pattern_level(pattern, c)];
  return sum;
}

static void update_session_ratio(const struct trainer *t, struct session *session) {
  for (uint32_t c = 0; c < t->spec->comparison_count; c++)
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
      const struct model_comparison *comparison = &t->spec->comparisons[c];
      if (!is_used(comparison, n)) continue;
      double bits = portable_log2(t->m[c][n]) - portable_log2(session->u[c][n]);
      if (comparison->fixed >> n & 1) bits = (double)comparison->fixed_weight[n] / WEIGHT_BIT;
      session->ratio[c][n] = min_of(max_of(bits, -NEGATIVE_MAX), POSITIVE_MAX);
    }
}

/* One pass over one session: adds its expected pairs by nibble, times its weight of the last pass.
 */
static void run_session(struct trainer *t, struct session *session, cells sums) {
  cells own = {{0}}, others = {{0}};
  double prior = log_odds(session->lambda), expected = 0, doubt = 0;
  update_session_ratio(t, session);
  for (uint64_t i = 0; i < session->pairs.count; i++) {
    const struct pattern_count *item = &session->pairs.items[i];
    double p = posterior(prior + session_ratio(t, session, item->pattern)),
           count = (double)item->count;
    expected += count * p;
    doubt += count * p * (1 - p);
    for (uint32_t c = 0; c < t->spec->comparison_count; c++)
      if (!(session->held_out >> c & 1)) {
        own[c][pattern_level(item->pattern, c)] += count * p;
        others[c][pattern_level(item->pattern, c)] += count * (1 - p);
      }
  }
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    double sum = 0;
    if (!t->spec->comparisons[c].runs_in_groups) continue;
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) sum += others[c][n];
    for (unsigned n = 1; n < MODEL_NIBBLES; n++)
      session->u[c][n] = (others[c][n] + session_strength * t->u[c][n]) / (sum + session_strength);
    normalise(t, c, session->u[c], u_least);
  }
  session->lambda = expected / session->total;
  session->weight =
      expected > 0 ? max_of(1 - 2 * doubt / expected, 0) * session->lambda * session->lambda : 0;
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
  for (uint32_t c = 0; c < spec->comparison_count; c++) {
    model->agreeing[c] = t->agreeing[c];
    model->leaders[c] = t->leaders[c];
    for (uint32_t d = 0; d < spec->comparison_count; d++)
      model->weight_with_leader[c][d] = to_weight(t->most[c][d]);
  }
  choose_thresholds(t, model);
  cap_doubtful_classes(spec, model);
}

/* ---- all together ---- */

/* Partial levels that say nearly as much as exact agreement does. */
static void find_agreeing(struct trainer *t) {
  for (uint32_t c = 0; c < t->spec->comparison_count; c++) {
    const struct model_comparison *comparison = &t->spec->comparisons[c];
    double exact = comparison->m[PATTERN_EXACT] / max_of(comparison->u[PATTERN_EXACT], u_least);
    t->agreeing[c] = 0xFF00;
    for (unsigned n = PATTERN_DIFFER + 1; n < PATTERN_EXACT; n++)
      if (comparison->m[n] > nearly_exact * exact * comparison->u[n])
        t->agreeing[c] |= (uint16_t)(1u << n);
  }
}

static void count_nibbles(struct trainer *t) {
  find_agreeing(t);
  const struct pattern_counts *random = &t->counts->random, *pairs = &t->counts->candidates;
  for (uint64_t i = 0; i < random->count; i++) {
    t->sampled += (double)random->items[i].count;
    for (uint32_t c = 0; c < t->spec->comparison_count; c++)
      t->sampled_levels[c][pattern_level(random->items[i].pattern, c)] +=
          (double)random->items[i].count;
    add_agreement(t, &random->items[i], (double)random->items[i].count, t->sampled_both,
                  t->sampled_given, NULL);
  }
  for (uint64_t i = 0; i < pairs->count; i++)
    for (uint32_t c = 0; c < t->spec->comparison_count; c++)
      t->candidate_nibbles[c][pattern_level(pairs->items[i].pattern, c)] +=
          (double)pairs->items[i].count;
  for (uint64_t i = 0; i < pairs->count; i++)
    add_agreement(t, &pairs->items[i], (double)pairs->items[i].count, t->candidate_both, NULL,
                  t->candidate_covered);
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
  find_matched(t, false);
  for (int round = 0; round < ROUNDS; round++) {
    update_u(t);
    tie_fields(t);
    update_ratios(t);
    start_sessions(t);
    report->converged = run_em(t, &report->iterations);
    find_matched(t, true);
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
