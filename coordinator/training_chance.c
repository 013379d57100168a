/* How often two entities agree by chance. Fields that go together (town and postcode, surname and
 * address of a household) break the assumption that fields agree independently; ties between two
 * fields repair most of it (the idea of Chow and Liu 1968, with every tie kept instead of a tree).
 */
#include "coordinator/portable_math.h"
#include "coordinator/training_state.h"

/* Observations that the type's prior of u is worth, and that independence of two fields is worth.
 */
static const double u_strength = 1, together_strength = 10;
/* Two fields go together when that was seen so often, and so much oftener than by chance, by
 * so many standard deviations … */
static const double together_least = 5, together_ratio = 2, together_deviations = 3;
/* … and oftener than this share of the pairs of one entity in which they agree: some of those are
 * taken for two. */
static const double together_doubt = 0.03;
/* Rules list all pairs that agree in two fields when they list so many of those that others found.
 */
static const double cover_least = 0.9;
/* A sample of pairs that agree tells something when it has so many, and more than random pairs do
 * where those are less than this share of all. */
static const double agreeing_least = 200, sample_enough = 0.5;

/* Hubs' pairs are not compared: what the other classes leave of all that agree. */
static double hub_pairs(const struct training_state *t, uint32_t c, double agreeing) {
  for (unsigned class = 0; class < CLASS_COUNT; class ++)
    if (class != CLASS_HUB) agreeing -= t->candidate_nibbles[c][PATTERN_EXACT + class];
  return agreeing;
}

/* Pairs of two entities at a nibble, out of how many: identifiers' from their blocks, which hold
 * all pairs that agree; other exact agreement from value frequencies; partial levels from random
 * pairs. */
static void observe(const struct training_state *t, uint32_t c, unsigned n, double *seen,
                    double *of) {
  int rule = t->spec->comparisons[c].identifier_rule;
  double matched = t->matched[c][n];
  *of = t->universe[c];
  if (n >= PATTERN_EXACT && rule >= 0) {
    double pairs = n == PATTERN_EXACT + CLASS_HUB
                       ? hub_pairs(t, c, (double)t->counts->agreeing_pairs[rule])
                       : t->candidate_nibbles[c][n];
    *seen = pairs - matched;
  } else if (n >= PATTERN_EXACT) {
    *seen = (double)t->counts->frequency[c][n - PATTERN_EXACT].pairs - matched;
  } else {
    *seen = t->sampled_nibbles[c][n] - matched * t->sample_rate;
    *of = t->sampled - t->sampled_nibbles[c][PATTERN_MISSING];
  }
  *seen = training_max(*seen, 0);
}

/* Gamma-Poisson with the type's prior as its mean: where nothing was seen, u is what so many pairs
 * allow. */
void training_chance_update_u(struct training_state *t) {
  for (uint32_t c = 0; c < t->count; c++) {
    double others = 0;
    for (unsigned n = PATTERN_DIFFER + 1; n < MODEL_NIBBLES; n++) {
      if (!training_uses(t, c, n)) continue;
      double seen, of;
      observe(t, c, n, &seen, &of);
      t->u[c][n] = (seen + u_strength) / (of + u_strength / t->u_prior[c][n]);
      others += t->u[c][n];
    }
    t->u[c][PATTERN_DIFFER] = training_max(1 - others, 0.01);
    training_normalise(t, c, t->u[c], TRAINING_U_LEAST);
  }
}

/* How nibbles of c fall where d agrees, for two entities. */
struct together {
  double seen[MODEL_NIBBLES]; /* less the matched pairs */
  double matched[MODEL_NIBBLES];
  double of; /* pairs in which d agrees and c is there */
};

static double sum_of(const double cells[MODEL_NIBBLES]) {
  double sum = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) sum += cells[n];
  return sum;
}

static double sum_agreeing(const struct training_state *t, uint32_t c,
                           const double cells[MODEL_NIBBLES]) {
  double sum = 0;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++)
    if (t->agreeing[c] >> n & 1) sum += cells[n];
  return sum;
}

/* From the blocks of d, where they hold all pairs that agree in it. Key parts may lack in some
 * records: the pairs that other rules found tell. */
static bool see_in_blocks(const struct training_state *t, uint32_t c, uint32_t d,
                          struct together *out) {
  double alone = sum_of(t->candidate_alone[c][d]);
  if (alone == 0 || alone < cover_least * sum_of(t->candidate_with[c][d])) return false;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    out->matched[n] = t->matched_alone[c][d][n];
    out->seen[n] = training_max(t->candidate_alone[c][d][n] - out->matched[n], 0);
    out->of += out->seen[n];
  }
  return true;
}

/* From the blocks of both together: only how often both agree, out of all pairs in which d does. */
static bool see_in_joint_blocks(const struct training_state *t, uint32_t c, uint32_t d,
                                struct together *out) {
  double covered = t->candidate_covered[c][d];
  double both = sum_agreeing(t, c, t->candidate_with[c][d]);
  if (covered == 0 || covered < cover_least * both) return false;
  double matched = t->matched_covered[c][d], seen = training_max(covered - matched, 0);
  double agreement = training_agreement(t, t->u, c);
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    if (!(t->agreeing[c] >> n & 1)) continue;
    out->seen[n] = seen * t->u[c][n] / agreement;
    out->matched[n] = matched * t->u[c][n] / agreement;
  }
  out->of = training_agreement(t, t->u, d) * t->universe[d] * t->universe[c] / t->all_pairs;
  return true;
}

/* From a sample of the pairs that agree in d exactly. */
static bool see_in_agreeing(const struct training_state *t, uint32_t c, uint32_t d,
                            struct together *out) {
  if (sum_of(t->agreeing_with[c][d]) < agreeing_least || t->sample_rate > sample_enough)
    return false;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    out->matched[n] = t->matched_exact_with[c][d][n] * t->agreeing_rate[d];
    out->seen[n] = training_max(t->agreeing_with[c][d][n] - out->matched[n], 0);
    out->of += out->seen[n];
  }
  return true;
}

static void see_in_sample(const struct training_state *t, uint32_t c, uint32_t d,
                          struct together *out) {
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    out->matched[n] = t->matched_with[c][d][n] * t->sample_rate;
    out->seen[n] = training_max(t->sampled_with[c][d][n] - out->matched[n], 0);
    out->of += out->seen[n];
  }
}

static bool is_seen(double seen, double matched, double of, double alone) {
  double more = seen - alone * of;
  return seen >= together_least + together_doubt * matched &&
         more * more > together_deviations * together_deviations * alone * of &&
         (seen + together_strength * alone) > together_ratio * alone * (of + together_strength);
}

/* Ratio of one nibble, or of all agreeing ones together, where d agrees. */
static double ratio_of(double m, double seen, double of, double alone) {
  double chance = (seen + together_strength * alone) / (of + together_strength);
  return portable_log2(m) - portable_log2(training_min(chance, 1));
}

/* Is the nibble judged by itself alone? Buckets of agreement are judged together as well: where a
 * leader agrees, rare values do as often as common ones. But a rare one may go with the leader
 * though common ones do not: a foreigner's surname tells his country, a native's does not. Classes
 * are judged alone: an address brings the family's phone, not another one's. */
static bool is_judged_alone(const struct training_state *t, uint32_t c, unsigned n) {
  if (n >= PATTERN_EXACT) return t->spec->comparisons[c].identifier_rule >= 0;
  return !(t->agreeing[c] >> n & 1);
}

/* Fills the ratios of c where d agrees; false when d says nothing of c. What one person has to
 * himself (given name, birth date) does not run in groups: pairs of a block in which it agrees
 * beside the matched ones are matches that were missed, so there only what speaks against one
 * person is looked at. */
static bool tie(struct training_state *t, uint32_t c, uint32_t d) {
  struct together found = {{0}, {0}, 0};
  double most = training_ratio_most(t);
  bool runs = t->spec->comparisons[c].runs_in_groups;
  bool is_listed = see_in_blocks(t, c, d, &found) || see_in_agreeing(t, c, d, &found);
  if (!is_listed && (!runs || !see_in_joint_blocks(t, c, d, &found))) {
    see_in_sample(t, c, d, &found);
    runs = true;
  }
  double seen = sum_agreeing(t, c, found.seen), alone = training_agreement(t, t->u, c);
  bool agree = runs && is_seen(seen, sum_agreeing(t, c, found.matched), found.of, alone);
  bool any = false;
  for (unsigned n = 1; n < MODEL_NIBBLES; n++) {
    double *ratio = &t->ratio_with[c][d][n];
    *ratio = most;
    if (!training_uses(t, c, n) || n == PATTERN_DIFFER) continue;
    bool by_itself = is_judged_alone(t, c, n);
    if (agree && !by_itself)
      *ratio = ratio_of(training_agreement(t, t->m, c), seen, found.of, alone);
    bool is_free = runs || (by_itself && t->ratio[c][n] <= 0);
    if (is_free && (by_itself || n >= PATTERN_EXACT) &&
        is_seen(found.seen[n], found.matched[n], found.of, t->u[c][n]))
      *ratio = training_min(*ratio, ratio_of(t->m[c][n], found.seen[n], found.of, t->u[c][n]));
    if (t->agreeing[c] >> n & 1) *ratio = training_max(*ratio, 0);
    any = any || *ratio < most;
  }
  return any;
}

/* The rarer of two tied fields leads, and the other is worth what is left of it when the leader
 * agrees. */
void training_chance_tie_fields(struct training_state *t) {
  for (uint32_t c = 0; c < t->count; c++) {
    t->leaders[c] = 0;
    double alone = training_agreement(t, t->u, c);
    for (uint32_t d = 0; d < t->count; d++) {
      double rarity = training_agreement(t, t->u, d);
      bool leads = d != c && (rarity < alone || (rarity == alone && d < c));
      if (leads && tie(t, c, d)) t->leaders[c] |= (uint16_t)(1u << d);
    }
  }
}
