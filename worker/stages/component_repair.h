/* component_repair — splits one component of linked records into entities.
 *
 * Edges are taken from the strongest down. An edge joins the groups of its two records unless the
 * pair of groups is kept apart by a person, contradicts itself, a rule separates them, their mean
 * link speaks against it, or the group would become too large; must-links come first and join
 * whatever speaks against it. What a match rule merges is decided: a mean link does not weigh
 * against it, the rest does. (Greedy agglomeration with constraints; the order is total, so
 * the result is a function of the records and weights alone.) The mean is over all pairs between
 * the groups, of which those that no block held are compared here: so it does not depend on
 * blocking. */
#ifndef GUIYI_WORKER_STAGES_COMPONENT_REPAIR_H
#define GUIYI_WORKER_STAGES_COMPONENT_REPAIR_H

#include "worker/decision.h"
#include "worker/run_state.h"

/* What a pattern means for a pair of records, decided once. */
struct pair_verdict {
  int32_t score;  /* the model's */
  int32_t weight; /* what orders the edge and makes the mean: the score, moved to the side of the
                     threshold that a rule wants */
  bool joins;     /* at or above accept_weight, or by a rule */
  bool by_rule;   /* a rule joins them, not the score */
  bool separates; /* a rule: the two are never in one entity */
  uint8_t
      review; /* enum review_reason + 1 when a person should look, unless it is joined; else 0 */
  uint8_t relation; /* enum relation_kind of the two where they are not one; RELATION_KIND_COUNT */
  int16_t rule;     /* the match rule that decided; -1 */
};

struct pair_verdict pair_verdict_of(const struct plan *plan, const struct model *model,
                                    uint64_t pattern);

/* A pair inside the component that speaks for joining. */
struct repair_edge {
  uint32_t a, b; /* local numbers, a < b */
  int32_t weight;
  bool must;                /* two rows of one record, or a must-link: always joined */
  bool by_rule;             /* a match rule merges the two: no mean link keeps them apart */
  uint32_t output, pattern; /* where it came from: compare output and pattern in it */
};

/* Two records that a person keeps apart. */
struct repair_pair {
  uint32_t a, b; /* local numbers */
};

struct repair_input {
  const struct plan *plan;
  const struct model *model;
  const struct constraints *constraints;
  const struct feature_row *const *rows; /* by local number, canonical order */
  uint32_t row_count;
  struct repair_edge *edges; /* sorted in place, doubles removed */
  uint32_t edge_count;
  const struct repair_pair *forbidden; /* never in one entity; what must-links join is free of them
                                        */
  uint32_t forbidden_count;
  uint32_t cluster_max;   /* different records in an entity */
  uint32_t component_max; /* records that are repaired together; more are first cut */
};

/* An edge that would have joined, and why it did not. */
struct repair_cut {
  struct repair_edge edge;
  uint8_t reason; /* enum review_reason */
};

struct repair_cuts {
  struct repair_cut *items; /* owned */
  uint64_t count, capacity;
};

/* group: by local number, the smallest local number of its entity. Cuts are appended, at most one
 * per reason and pair of groups as they were then. */
void component_repair(struct repair_input *input, uint32_t *group, struct repair_cuts *cuts);

#endif
