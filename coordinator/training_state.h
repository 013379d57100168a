/* training_state — what the parts of training share while a model is made. Private to
 * model_training.c, training_chance.c and training_sessions.c. */
#ifndef GUIYI_COORDINATOR_TRAINING_STATE_H
#define GUIYI_COORDINATOR_TRAINING_STATE_H

#include "common/model.h"
#include "common/training_counts.h"

/* Nibbles above EXACT of an identifier, as common/pattern.h numbers them. */
enum { CLASS_EXCLUSIVE, CLASS_FAMILY, CLASS_SHARED, CLASS_HUB, CLASS_RECYCLED, CLASS_COUNT };

/* Nothing is rarer than that, for two entities and for one. */
#define TRAINING_U_LEAST 1e-12
#define TRAINING_M_LEAST 1e-6
/* No single field is trusted further, in bits; in a large base what lifts a pair so much above the
 * odds of strangers, else no identifier could tie two records alone. */
#define TRAINING_RATIO_MOST 24.0
#define TRAINING_RATIO_ABOVE_PRIOR 6.0
#define TRAINING_RATIO_LEAST (-14.0)
/* Strength of the types' priors for m, in observations. */
#define TRAINING_M_STRENGTH 6.0

typedef double training_cells[JOB_COMPARISONS_MAX][MODEL_NIBBLES]; /* comparison, nibble */
/* Comparison c, leader d, nibble of c where d agrees. */
typedef double training_cube[JOB_COMPARISONS_MAX][JOB_COMPARISONS_MAX][MODEL_NIBBLES];
typedef double training_square[JOB_COMPARISONS_MAX][JOB_COMPARISONS_MAX]; /* two comparisons */

/* Candidates of one kind, as often as they are to count. */
struct session_pair {
  uint64_t pattern;
  double count;
};

/* The pairs that share one blocking rule: a mixture of its own of pairs of one entity and of two.
 */
struct session {
  struct session_pair *pairs; /* owned */
  uint64_t pair_count;
  double total;       /* pairs that share the rule */
  double lambda;      /* share of them that is of one entity */
  double weight;      /* how much its pairs teach, 0..1 */
  uint16_t untrained; /* bit set: the rule's fields, whose m can't be seen here */
  uint8_t
      active[JOB_COMPARISONS_MAX]; /* comparisons that are evidence: not those that all agree in */
  uint32_t active_count;
  training_cells u; /* of its pairs of two entities: who shares a key shares more than strangers */
  training_cells ratio; /* log2 m/u */
};

struct training_state {
  const struct model_spec *spec;
  const struct training_counts *counts;
  uint32_t count; /* comparisons */
  /* Observed, once. */
  double all_pairs;                     /* N(N-1)/2 */
  double sampled;                       /* random pairs */
  double sample_rate;                   /* of all pairs */
  double universe[JOB_COMPARISONS_MAX]; /* pairs of which both have the field */
  training_cells sampled_nibbles, candidate_nibbles;
  training_cube sampled_with;                /* random pairs in which d agrees */
  training_cube agreeing_with;               /* random pairs of those that agree in d exactly */
  double agreeing_rate[JOB_COMPARISONS_MAX]; /* of all those, so many */
  training_cube candidate_with,
      candidate_alone;                    /* candidates in which d agrees; and share a rule of d */
  training_square candidate_covered;      /* both agree, and share a rule of just these two */
  uint16_t agreeing[JOB_COMPARISONS_MAX]; /* bit n: nibble n is agreement, exact or nearly */
  uint32_t covering[JOB_COMPARISONS_MAX][JOB_COMPARISONS_MAX]; /* rules of just these two fields, or
                                                                  [d][d] of this one */
  /* Expected among the candidates: pairs of one entity, under the last posteriors. */
  training_cells matched;
  training_cube matched_with, matched_alone;
  training_square matched_covered;
  training_cube matched_exact_with; /* where d agrees exactly */
  double lambda;                    /* share of all pairs that is of one entity */
  /* The model in the making. */
  training_cells m_prior, u_prior, m, u, ratio;
  training_cells taught;                 /* expected pairs that m was last made from */
  uint16_t leaders[JOB_COMPARISONS_MAX]; /* as in struct model */
  training_cube ratio_with;              /* ratio where a leader agrees */
  struct session sessions[JOB_BLOCKING_RULES_MAX];
};

static inline double training_max(double a, double b) { return a > b ? a : b; }
static inline double training_min(double a, double b) { return a < b ? a : b; }

/* Does the comparison use this nibble at all? */
bool training_uses(const struct training_state *t, uint32_t comparison, unsigned nibble);
/* Makes the used nibbles' probabilities sum to 1, none below least. */
void training_normalise(const struct training_state *t, uint32_t comparison,
                        double p[MODEL_NIBBLES], double least);
/* The most that a field may say. */
double training_ratio_most(const struct training_state *t);
/* log2 m/u by nibble, the job's fixed weights in their place, within what one field may say. */
void training_ratios(const struct training_state *t, const training_cells u, training_cells ratio);
/* Chance of agreement: the sum over agreeing nibbles. */
double training_agreement(const struct training_state *t, const training_cells p,
                          uint32_t comparison);
/* Bit set of the comparisons that agree in a pattern. */
uint16_t training_agreeing(const struct training_state *t, uint64_t pattern);
/* Adds a pair to what is counted where a leader agrees. */
void training_count_with(const struct training_state *t, const struct pattern_count *pair,
                         double count, training_cube with, training_cube alone,
                         training_square covered);
double training_log_odds(double p);
double training_posterior(double bits);

/* Random agreement (training_chance.c). u from what was observed less what is matched; then which
 * fields go together by chance. */
void training_chance_update_u(struct training_state *t);
void training_chance_tie_fields(struct training_state *t);

/* Blocking rules' pairs (training_sessions.c). */
void training_sessions_make(struct training_state *t);
void training_sessions_release(struct training_state *t);
/* EM over all sessions from the present state; m and the ratios are new then. Returns false when it
 * did not come to rest. */
bool training_sessions_run(struct training_state *t, uint32_t *iterations);
/* Fills what is expected among the candidates, and lambda: by the sessions, or, before there are
 * any, by the ratios alone. */
void training_sessions_find_matched(struct training_state *t, bool by_sessions);
/* Lambda by the weights as they are now, when training is over. */
void training_sessions_settle_lambda(struct training_state *t);

#endif
