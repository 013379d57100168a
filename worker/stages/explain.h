/* explain — why two records were matched or not: per comparison the level, weight and how common or
 * shared the value is; the rule or constraint that decided; what would have to be different.
 *
 * Works on two feature rows that have been through the frequency and block stages. Nothing in the
 * result is a customer's value: names of fields, levels and rules only, which live as long as the
 * plan. */
#ifndef GUIYI_WORKER_STAGES_EXPLAIN_H
#define GUIYI_WORKER_STAGES_EXPLAIN_H

#include "worker/decision.h"

struct explain_comparison {
  struct bytes field;
  uint8_t nibble;     /* of the pattern */
  const char *level;  /* "same pinyin", "exact", "exclusive" (an identifier's exact), "missing" */
  bool is_identifier; /* its exact nibbles are sharing classes */
  int share_bits; /* exact agreement of others: about one record in 2^share_bits has the value; -1 =
                     does not apply */
  int32_t weight; /* 1/1024 bit, what it adds to the score */
  int32_t weight_alone; /* what it would add if no other field said the same already */
};

/* One comparison that, alone changed, would change the decision. */
struct explain_change {
  uint8_t comparison; /* index in explanation.comparisons */
  uint8_t nibble;
  const char *level;
  int32_t score;               /* it would be */
  enum decision_action action; /* and the decision */
  int rule;                    /* the match rule that would decide; -1 = the score would */
};

enum explain_verdict {
  EXPLAIN_SAME_RECORD,   /* one source id: always one entity */
  EXPLAIN_CONTRADICTION, /* never one entity; contradiction says why */
  EXPLAIN_RULE,          /* decision.rule decided */
  EXPLAIN_SCORE,         /* decision.score against the thresholds decided */
};

struct explanation {
  struct explain_comparison comparisons[JOB_COMPARISONS_MAX];
  uint32_t comparison_count;
  uint64_t pattern;
  uint32_t mask;     /* blocking rules that both share: bit r is plan.blocking[r] */
  uint32_t hub_mask; /* rules where they share a value that is a hub's: not compared by it */
  bool windowed;     /* no whole block holds both: compared only if neighbours in a window */
  int32_t prior, accept_weight, review_weight;
  struct decision
      decision; /* of the pair alone; what joined or cut their entities may be other records */
  enum explain_verdict verdict;
  struct contradiction contradiction;
  struct explain_change changes[JOB_COMPARISONS_MAX]; /* at most one per comparison, the smallest */
  uint32_t change_count;
};

void explain_pair(const struct plan *plan, const struct model *model, const struct feature_row *a,
                  const struct feature_row *b, struct explanation *out);

#endif
