/* component_repair — splits one component of linked records into entities.
 *
 * Edges are taken from the strongest down. An edge joins the groups of its two records unless the pair of
 * groups contradicts itself, a rule separates them, their mean link speaks against it, or the group would
 * become too large. (Greedy agglomeration with constraints; the order is total, so the result is a
 * function of the records and weights alone.) */
#ifndef GUIYI_WORKER_STAGES_COMPONENT_REPAIR_H
#define GUIYI_WORKER_STAGES_COMPONENT_REPAIR_H

#include "worker/decision.h"
#include "worker/run_state.h"

enum repair_kind {
  REPAIR_MUST,     /* two rows of one record: always joined */
  REPAIR_ACCEPT,   /* speaks for joining */
  REPAIR_BELOW,    /* was compared and does not suffice: only part of the mean link */
  REPAIR_SEPARATE, /* a rule: the two are never in one entity */
};

/* A compared pair inside the component. */
struct repair_edge {
  uint32_t a, b;      /* local numbers, a < b */
  int32_t weight;
  uint8_t kind;       /* enum repair_kind */
  uint32_t output, pattern; /* where it came from: compare output and pattern in it */
};

struct repair_input {
  const struct plan *plan;
  const struct constraints *constraints;
  const struct feature_row *const *rows; /* by local number, canonical order */
  uint32_t row_count;
  struct repair_edge *edges; /* sorted in place, doubles removed */
  uint32_t edge_count;
  int32_t accept_weight, review_weight;
  uint32_t cluster_max;      /* different records in an entity */
  uint32_t component_max;    /* different records that are repaired together; more are first cut */
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

/* group: by local number, the smallest local number of its entity. Cuts are appended, at most one per
 * reason and pair of groups as they were then. */
void component_repair(struct repair_input *input, uint32_t *group, struct repair_cuts *cuts);

#endif
