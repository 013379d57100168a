/* How often two entities agree by chance. Fields that go together (town and postcode, surname and
 * address of a household) break the assumption that fields agree independently; ties between two
 * fields repair most of it (the idea of Chow and Liu 1968, with every tie kept instead of a tree).
 */
#include "coordinator/portable_math.h"
#include "coordinator/training_state.h"

/* Observations that the type's prior of u is worth, and that independence of two fields is worth.
 */
static const double u_strength = 1, together_strength = 10;
/* Two fields go together when that was seen so often, and so much oftener than by chance … */
static const double together_least = 5, together_ratio = 2;
/* … and oftener than this share of the pairs of one entity in which they agree: some of those are
 * taken for two. */
static const double together_doubt = 0.03;
/* Rules list all pairs that agree in two fields when they list so many of those that others found.
 */
static const double cover_least = 0.9;

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

/* Key parts may lack in some records, so rules of just two fields need not list all pairs that
 * agree in both: those that other rules found tell. */
static bool has_cover(const struct training_state *t, uint32_t c, uint32_t d) {
  return t->candidate_covered[c][d] > 0 &&
         t->candidate_covered[c][d] > cover_least * t->candidate_both[c][d];
}

/* Pairs of two entities in which both agree, and those in which d agrees and c is there. From all
 * pairs where rules list them, else from random ones. false when there are too few to tell. What
 * one person has to himself (given name, birth date) does not run in groups: there what the rules
 * list beside the matched pairs are matches that were missed. */
static bool count_together(const struct training_state *t, uint32_t c, uint32_t d, double *both,
                           double *given) {
  double matched;
  if (has_cover(t, c, d) && t->spec->comparisons[c].runs_in_groups) {
    matched = t->matched_covered[c][d];
    *both = t->candidate_covered[c][d] - matched;
    *given = training_agreement(t, t->u, d) * t->universe[d] * t->universe[c] / t->all_pairs;
  } else {
    matched = t->matched_both[c][d] * t->sample_rate;
    *both = t->sampled_both[c][d] - matched;
    *given = training_max(t->sampled_given[c][d] - t->matched_given[c][d] * t->sample_rate, 0);
  }
  return *both >= together_least + together_doubt * matched;
}

/* The rarer of two tied fields leads, and the other is worth what is left of it when the leader
 * agrees. */
void training_chance_tie_fields(struct training_state *t) {
  for (uint32_t c = 0; c < t->count; c++) {
    t->leaders[c] = 0;
    double alone = training_agreement(t, t->u, c);
    for (uint32_t d = 0; d < t->count; d++) {
      double both, given, rarity = training_agreement(t, t->u, d);
      bool leads = d != c && (rarity < alone || (rarity == alone && d < c));
      if (!leads || !count_together(t, c, d, &both, &given)) continue;
      double chance =
          training_min((both + together_strength * alone) / (given + together_strength), 1);
      if (chance < together_ratio * alone) continue;
      t->leaders[c] |= (uint16_t)(1u << d);
      t->most[c][d] =
          training_max(portable_log2(training_agreement(t, t->m, c)) - portable_log2(chance), 0);
    }
  }
}
