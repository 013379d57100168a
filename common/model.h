/* model — what training hands out: one integer weight per comparison and nibble, a prior,
 * thresholds.
 *
 * Training runs on one node (coordinator/model_training.h) from counts alone; scoring is a table
 * look-up that every CPU does alike, because everything here is an integer. Unit of all weights:
 * 1/1024 bit of log2 odds. */
#ifndef GUIYI_COMMON_MODEL_H
#define GUIYI_COMMON_MODEL_H

#include <stdint.h>

#include "common/job.h"
#include "common/pattern.h"

enum { WEIGHT_BIT = 1024, MODEL_NIBBLES = 16, MODEL_LEVELS = 9 };

struct model {
  uint32_t comparison_count;
  int32_t weight[JOB_COMPARISONS_MAX][MODEL_NIBBLES]; /* [c][0] (missing) is 0 */
  int32_t prior;         /* log2 odds that two random records are one entity */
  int32_t accept_weight; /* prior + sum of weights at or above: same entity */
  int32_t review_weight; /* at or above, below accept: a person should look */
  /* Fields that go together by chance as well (a town and its postcode, the surname of a household
   * and its address): where leader d of comparison c agrees, c adds at most
   * weight_with_leader[c][d][nibble]. */
  uint16_t leaders[JOB_COMPARISONS_MAX]; /* bit d; nobody leads his leader */
  uint16_t
      agreeing[JOB_COMPARISONS_MAX]; /* bit n: nibble n of a leader is agreement, exact or nearly */
  int16_t weight_with_leader[JOB_COMPARISONS_MAX][JOB_COMPARISONS_MAX][MODEL_NIBBLES];
  /* For people, in parts per billion; no decision reads them. */
  uint32_t m_ppb[JOB_COMPARISONS_MAX][MODEL_LEVELS];
  uint32_t u_ppb[JOB_COMPARISONS_MAX][MODEL_LEVELS];
  uint8_t origin[JOB_COMPARISONS_MAX]; /* enum model_origin */
  uint64_t expected_pairs;             /* of one entity, among the candidates */
  uint32_t expected_precision_ppm,
      expected_recall_ppm; /* of pairs at accept_weight, if the model is
                              right; recall of what blocking found */
};

/* Where a comparison's weights come from. */
enum model_origin {
  MODEL_FROM_PRIOR, /* the type's: the data held too little */
  MODEL_TRAINED,
  MODEL_FIXED, /* all by the job */
};

/* What comparison c adds to the pattern's score. */
static inline int32_t model_weight(const struct model *model, uint64_t pattern, uint32_t c) {
  unsigned nibble = pattern_level(pattern, c);
  int32_t weight = model->weight[c][nibble];
  for (uint32_t leaders = nibble ? model->leaders[c] : 0u; leaders; leaders &= leaders - 1) {
    uint32_t d = (uint32_t)__builtin_ctz(leaders);
    if (model->agreeing[d] >> pattern_level(pattern, d) & 1 &&
        model->weight_with_leader[c][d][nibble] < weight)
      weight = model->weight_with_leader[c][d][nibble];
  }
  return weight;
}

static inline int32_t model_score(const struct model *model, uint64_t pattern) {
  int32_t sum = model->prior;
  for (uint32_t c = 0; c < model->comparison_count; c++) sum += model_weight(model, pattern, c);
  return sum;
}

/* What training must know of the plan; the worker's plan makes it (worker/plan.h names the terms).
 */
struct model_comparison {
  struct bytes field; /* its name, for messages and the report */
  bool is_identifier;
  bool runs_in_groups; /* families, households or neighbours have it in common: surnames,
                          addresses, phones; not given names, birth dates, id cards */
  double m[MODEL_LEVELS], u[MODEL_LEVELS]; /* the type's priors; 0 = level not used */
  struct bytes level_names[MODEL_LEVELS];  /* empty = not used */
  int8_t identifier_rule; /* whose class its exact nibbles carry; -1 = they carry how rare
                             the value is */
  uint16_t fixed;         /* bit n: the job fixed the weight of nibble n */
  int32_t fixed_weight[MODEL_NIBBLES];
};

struct model_rule {
  uint16_t comparisons; /* bit set: the rule's fields, which its pairs do not train */
  uint16_t exact;       /* of them, those that all its pairs agree in exactly */
  bool is_identifier;
};

struct model_spec {
  uint32_t comparison_count, rule_count;
  struct model_comparison comparisons[JOB_COMPARISONS_MAX];
  struct model_rule rules[JOB_BLOCKING_RULES_MAX];
  int8_t name_comparison;      /* plan.name_comparison; -1 = none */
  bool has_accept, has_review; /* thresholds given by the job */
  int32_t accept_weight, review_weight;
};

#endif
