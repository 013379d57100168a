/* One session per blocking rule: its pairs are a mixture of their own, with a share of pairs of one
 * entity and chances of random agreement of their own, since two people who share a key share more
 * than strangers do. m is common to all sessions; each teaches it for the fields that its rule does
 * not use, and the more, the purer it is beside the purest: a base without identifiers has no pure
 * session, and learns from the best it has. */
#include <stdlib.h>

#include "common/hash.h"
#include "common/memory.h"
#include "coordinator/portable_math.h"
#include "coordinator/training_state.h"

enum {
  ITERATIONS_MAX = 40,
  SETTLING_ROUNDS = 30,
  PATTERNS_MAX = 30000, /* of a session: of the rarer half beyond that a part stands for all */
};

static const double converged_change = 1e-5; /* of any m */
/* Observations that the overall chances are worth in a session, and the prior's split of exact
 * agreement into buckets or classes. */
static const double session_strength = 20, bucket_strength = 40;

/* A personal field tells what share of a session's pairs can be of one entity when it agrees so
 * much oftener for one than for two, and in so many pairs at least. */
static const double telling = 0.5, telling_pairs = 20;

/* ---- the pairs ---- */

static uint64_t without(uint64_t pattern, uint16_t held_out) {
  for (unsigned c = 0; c < JOB_COMPARISONS_MAX; c++)
    if (held_out >> c & 1) pattern = pattern_with(pattern, c, PATTERN_MISSING);
  return pattern;
}

static int commonest_first(const void *left, const void *right) {
  const struct pattern_count *a = left, *b = right;
  if (a->count != b->count) return a->count > b->count ? -1 : 1;
  return a->pattern < b->pattern ? -1 : a->pattern > b->pattern;
}

/* Of many patterns the common ones are all kept; of the rest those whose hash is low stand for all.
 */
static void keep_patterns(struct session *session, struct pattern_counts *all) {
  pattern_counts_sort(all);
  session->pairs = memory_new(all->count * sizeof *session->pairs);
  uint64_t whole = all->count;
  if (all->count > PATTERNS_MAX) {
    qsort(all->items, all->count, sizeof *all->items, commonest_first);
    whole = PATTERNS_MAX / 2;
  }
  uint64_t limit = all->count > whole
                       ? UINT64_MAX / (all->count - whole) * (PATTERNS_MAX - PATTERNS_MAX / 2)
                       : 0;
  double rest = 0, kept_rest = 0;
  for (uint64_t i = 0; i < all->count; i++) {
    const struct pattern_count *item = &all->items[i];
    bool is_kept = i < whole || hash_mix(item->pattern) <= limit;
    if (i >= whole) rest += (double)item->count;
    if (i >= whole && is_kept) kept_rest += (double)item->count;
    if (!is_kept) continue;
    session->pairs[session->pair_count++] =
        (struct session_pair){item->pattern, (double)item->count};
  }
  for (uint64_t i = whole; i < session->pair_count; i++)
    session->pairs[i].count *= rest / kept_rest;
}

void training_sessions_make(struct training_state *t) {
  const struct pattern_counts *candidates = &t->counts->candidates;
  for (uint32_t r = 0; r < t->spec->rule_count; r++) {
    struct session *session = &t->sessions[r];
    uint16_t held_out = t->spec->rules[r].exact;
    session->untrained = t->spec->rules[r].comparisons;
    for (uint32_t c = 0; c < t->count; c++)
      if (!(held_out >> c & 1)) session->active[session->active_count++] = (uint8_t)c;
    struct pattern_counts all = {0};
    for (uint64_t i = 0; i < candidates->count; i++) {
      const struct pattern_count *pair = &candidates->items[i];
      if (!(pair->mask >> r & 1)) continue;
      struct pattern_count item = {without(pair->pattern, held_out), 0, 0, pair->count};
      pattern_counts_add(&all, &item, 1);
      session->total += (double)pair->count;
    }
    keep_patterns(session, &all);
    pattern_counts_release(&all);
  }
}

void training_sessions_release(struct training_state *t) {
  for (uint32_t r = 0; r < t->spec->rule_count; r++) free(t->sessions[r].pairs);
}

/* ---- posteriors ---- */

/* Evidence of a pattern over all fields, as the model will weigh it. */
static double pattern_bits(const struct training_state *t, uint64_t pattern) {
  uint16_t agreeing = training_agreeing(t, pattern);
  double sum = 0;
  for (uint32_t c = 0; c < t->count; c++) {
    unsigned nibble = pattern_level(pattern, c);
    double bits = t->ratio[c][nibble];
    for (uint32_t leaders = nibble ? t->leaders[c] & agreeing : 0; leaders; leaders &= leaders - 1)
      bits = training_min(bits, t->ratio_with[c][__builtin_ctz(leaders)][nibble]);
    sum += bits;
  }
  return sum;
}

static double session_bits(const struct session *session, uint64_t pattern) {
  double sum = 0;
  for (uint32_t i = 0; i < session->active_count; i++) {
    uint32_t c = session->active[i];
    sum += session->ratio[c][pattern_level(pattern, c)];
  }
  return sum;
}

/* Each rule that a pair shares judges it by the other fields; the most doubtful one is believed. So
 * fields that go together do not count twice: town and postcode agree, says the rule of both, and
 * nothing else. */
static double posterior_of(const struct training_state *t, const struct pattern_count *pair) {
  if (pair->mask == 0)
    return training_posterior(training_log_odds(t->lambda) + pattern_bits(t, pair->pattern));
  double least = 1000;
  for (uint32_t rules = pair->mask; rules; rules &= rules - 1) {
    const struct session *session = &t->sessions[__builtin_ctz(rules)];
    least = training_min(least,
                         training_log_odds(session->lambda) + session_bits(session, pair->pattern));
  }
  return training_posterior(least);
}

/* One pair in so many as there are records is what is believed before anything is seen. */
static void set_lambda(struct training_state *t, double expected) {
  t->lambda = (expected + 1) / (t->all_pairs + (double)t->counts->record_count + 2);
}

static void count_exact_with(struct training_state *t, uint64_t pattern, double expected) {
  for (uint32_t d = 0; d < t->count; d++) {
    if (pattern_level(pattern, d) < PATTERN_EXACT) continue;
    for (uint32_t c = 0; c < t->count; c++)
      t->matched_exact_with[c][d][pattern_level(pattern, c)] += expected;
  }
}

void training_sessions_find_matched(struct training_state *t, bool by_sessions) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  double prior = training_log_odds(t->lambda), sum = 0;
  memset(t->matched, 0, sizeof t->matched);
  memset(t->matched_with, 0, sizeof t->matched_with);
  memset(t->matched_exact_with, 0, sizeof t->matched_exact_with);
  memset(t->matched_alone, 0, sizeof t->matched_alone);
  memset(t->matched_covered, 0, sizeof t->matched_covered);
  for (uint64_t i = 0; i < pairs->count; i++) {
    const struct pattern_count *pair = &pairs->items[i];
    double p = by_sessions ? posterior_of(t, pair)
                           : training_posterior(prior + pattern_bits(t, pair->pattern));
    double expected = (double)pair->count * p;
    for (uint32_t c = 0; c < t->count; c++)
      t->matched[c][pattern_level(pair->pattern, c)] += expected;
    training_count_with(t, pair, expected, t->matched_with, t->matched_alone, t->matched_covered);
    count_exact_with(t, pair->pattern, expected);
    sum += expected;
  }
  set_lambda(t, sum);
}

/* Does any field tell one person from those he lives with? And are there three: with fewer, any
 * share explains what was seen. */
static bool tells_persons_apart(const struct training_state *t) {
  if (t->spec->name_comparison < 0 || t->count < 3) return false;
  for (uint32_t c = 0; c < t->count; c++)
    if (!t->spec->comparisons[c].runs_in_groups) return true;
  return false;
}

/* The sessions' doubts make lambda too small where all rules are weak. Where fields tell persons
 * apart the finished weights themselves say what share of pairs is of one entity. */
void training_sessions_settle_lambda(struct training_state *t) {
  if (!tells_persons_apart(t)) return;
  const struct pattern_counts *pairs = &t->counts->candidates;
  double *bits = memory_new((pairs->count + 1) * sizeof *bits);
  for (uint64_t i = 0; i < pairs->count; i++) bits[i] = pattern_bits(t, pairs->items[i].pattern);
  for (int round = 0; round < SETTLING_ROUNDS; round++) {
    double prior = training_log_odds(t->lambda), sum = 0;
    for (uint64_t i = 0; i < pairs->count; i++)
      sum += (double)pairs->items[i].count * training_posterior(prior + bits[i]);
    set_lambda(t, sum);
  }
  free(bits);
}

/* ---- EM ---- */

/* The share of a session's pairs that can be of one entity, going by what one person has to himself
 * (given name, birth date): by the field that agrees least often. 1 where no such field is there.
 */
static double personal_share(const struct training_state *t, const struct session *session,
                             const training_cells all) {
  double share = 1;
  if (t->spec->name_comparison < 0) return share; /* things have no households */
  for (uint32_t k = 0; k < session->active_count; k++) {
    uint32_t c = session->active[k];
    double m = training_agreement(t, t->m, c), u = training_agreement(t, t->u, c), seen = 0;
    if (t->spec->comparisons[c].runs_in_groups || session->untrained >> c & 1 || m - u < telling)
      continue;
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) seen += all[c][n];
    if (seen < telling_pairs) continue;
    double agreement = training_agreement(t, all, c) / seen;
    share = training_min(share, training_max((agreement - u) / (m - u), 0));
  }
  return share;
}

/* The other pairs' chances in what runs in groups, such as it must be when no more than the
 * personal share is of one entity: else the first idea of a match would be a household. */
static void start_groups(const struct training_state *t, struct session *session) {
  training_cells all = {{0}};
  for (uint64_t i = 0; i < session->pair_count; i++)
    for (uint32_t k = 0; k < session->active_count; k++) {
      uint32_t c = session->active[k];
      all[c][pattern_level(session->pairs[i].pattern, c)] += session->pairs[i].count;
    }
  double share = personal_share(t, session, all);
  if (share >= 1) return;
  session->lambda = training_min(session->lambda, share);
  for (uint32_t k = 0; k < session->active_count; k++) {
    uint32_t c = session->active[k];
    if (!t->spec->comparisons[c].runs_in_groups) continue;
    double seen = 0;
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) seen += all[c][n];
    for (unsigned n = 1; n < MODEL_NIBBLES; n++)
      session->u[c][n] =
          training_max(all[c][n] - share * seen * t->m[c][n], 0) + session_strength * t->u[c][n];
    training_normalise(t, c, session->u[c], TRAINING_U_LEAST);
  }
}

/* Each session starts from what the whole model says of its pairs, and from the overall chances. */
static void start_sessions(struct training_state *t) {
  const struct pattern_counts *pairs = &t->counts->candidates;
  double prior = training_log_odds(t->lambda), sums[JOB_BLOCKING_RULES_MAX] = {0};
  for (uint64_t i = 0; i < pairs->count; i++) {
    double expected = (double)pairs->items[i].count *
                      training_posterior(prior + pattern_bits(t, pairs->items[i].pattern));
    for (uint32_t rules = pairs->items[i].mask; rules; rules &= rules - 1)
      sums[__builtin_ctz(rules)] += expected;
  }
  for (uint32_t r = 0; r < t->spec->rule_count; r++) {
    struct session *session = &t->sessions[r];
    session->lambda = session->total > 0 ? sums[r] / session->total : 0;
    memcpy(session->u, t->u, sizeof t->u);
    start_groups(t, session);
  }
}

/* Only of what runs in groups, and of the rule's own fields, are all chances another than
 * elsewhere: a session may not explain away wrong birth dates as those of strangers who share an
 * e-mail address. Of the others only the levels that speak against one person are shared out anew
 * (relatives have one surname). */
static void update_session_u(const struct training_state *t, struct session *session,
                             const training_cells others) {
  for (uint32_t i = 0; i < session->active_count; i++) {
    uint32_t c = session->active[i];
    bool all = t->spec->comparisons[c].runs_in_groups || session->untrained >> c & 1;
    double sum = session_strength, share = 0, strength = session_strength;
    for (unsigned n = 1; n < MODEL_NIBBLES; n++)
      if (all || t->ratio[c][n] <= 0) sum += others[c][n], share += t->u[c][n];
    for (unsigned n = 1; n < MODEL_NIBBLES; n++)
      if (all || t->ratio[c][n] <= 0)
        session->u[c][n] = share * (others[c][n] + strength * t->u[c][n] / share) / sum;
    training_normalise(t, c, session->u[c], TRAINING_U_LEAST);
  }
}

/* The largest share of pairs of one entity that any session has. */
static double purest_lambda(const struct training_state *t) {
  double most = TRAINING_U_LEAST;
  for (uint32_t r = 0; r < t->spec->rule_count; r++)
    if (t->sessions[r].total > 0) most = training_max(most, t->sessions[r].lambda);
  return most;
}

/* One pass over one session; adds what it teaches. */
static void run_session(struct training_state *t, struct session *session, double purest,
                        training_cells sums) {
  training_cells own = {{0}}, others = {{0}};
  double prior = training_log_odds(session->lambda), expected = 0, doubt = 0;
  training_ratios(t, session->u, session->ratio);
  for (uint64_t i = 0; i < session->pair_count; i++) {
    const struct session_pair *pair = &session->pairs[i];
    double p = training_posterior(prior + session_bits(session, pair->pattern));
    double one = pair->count * p, two = pair->count - one;
    expected += one;
    doubt += one * (1 - p);
    for (uint32_t k = 0; k < session->active_count; k++) {
      uint32_t c = session->active[k];
      unsigned nibble = pattern_level(pair->pattern, c);
      own[c][nibble] += one;
      others[c][nibble] += two;
    }
  }
  update_session_u(t, session, others);
  session->lambda = expected / session->total;
  /* Where fewer pairs are of one entity than in other sessions, strangers taken for them would
   * spoil what the others teach. */
  double certainty = expected > 0 ? training_max(1 - 2 * doubt / expected, 0) : 0;
  double purity = session->lambda / purest;
  session->weight = certainty * training_min(purity * purity, 1);
  for (uint32_t c = 0; c < t->count; c++)
    for (unsigned n = 1; n < MODEL_NIBBLES && !(session->untrained >> c & 1); n++)
      sums[c][n] += session->weight * own[c][n];
}

/* New m of one comparison. Levels are smoothed by the type's prior, how exact agreement splits into
 * buckets or classes more strongly so. */
static void make_m(const struct training_state *t, uint32_t c, const double sums[MODEL_NIBBLES],
                   double m[MODEL_NIBBLES]) {
  const double *prior = t->m_prior[c];
  double total = TRAINING_M_STRENGTH, exact = 0, exact_prior = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    total += sums[n];
    if (n >= PATTERN_EXACT) exact += sums[n], exact_prior += prior[n];
  }
  double exact_m = (exact + TRAINING_M_STRENGTH * exact_prior) / total;
  m[PATTERN_MISSING] = 0;
  for (unsigned n = 1; n < PATTERN_EXACT; n++)
    m[n] = (sums[n] + TRAINING_M_STRENGTH * prior[n]) / total;
  for (unsigned n = PATTERN_EXACT; n < MODEL_NIBBLES; n++)
    m[n] =
        exact_m * (sums[n] + bucket_strength * prior[n] / exact_prior) / (exact + bucket_strength);
  training_normalise(t, c, m, TRAINING_M_LEAST);
}

/* Returns the largest change. */
static double update_m(struct training_state *t) {
  double largest = 0;
  for (uint32_t c = 0; c < t->count; c++) {
    double next[MODEL_NIBBLES];
    make_m(t, c, t->taught[c], next);
    for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
      double change = next[n] - t->m[c][n];
      largest = training_max(largest, change < 0 ? -change : change);
      t->m[c][n] = next[n];
    }
  }
  return largest;
}

bool training_sessions_run(struct training_state *t, uint32_t *iterations) {
  start_sessions(t);
  for (int i = 0; i < ITERATIONS_MAX; i++) {
    memset(t->taught, 0, sizeof t->taught);
    double purest = purest_lambda(t);
    for (uint32_t r = 0; r < t->spec->rule_count; r++)
      if (t->sessions[r].total > 0) run_session(t, &t->sessions[r], purest, t->taught);
    double change = update_m(t);
    training_ratios(t, t->u, t->ratio);
    ++*iterations;
    if (change < converged_change) return true;
  }
  return false;
}
