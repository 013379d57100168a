/* cluster — from scored pairs to entities.
 *
 * 1. prepare (one task): every distinct pattern is decided once (match rules, else score); accepted
 * pairs and rows of one record join components; components that nothing speaks against are done.
 * 2. repair (any number of parts, in parallel): inside each remaining component the accepted edges
 * are taken in order of (weight, canonical pair); an edge joins two groups unless a constraint
 * forbids it (a contradiction between any two of their records, or a rule that separates them),
 * their mean link over the pairs that were compared speaks against it, or the group would pass
 * cluster_max. A component over CLUSTER_COMPONENT_MAX is first cut at rising thresholds.
 * What people decided goes before all of it: a must-link joins, a cannot-link keeps apart.
 * 3. finish (one task): entities are numbered by their smallest record_key.
 *
 * The result depends on rows, model and facts alone: not on the number of parts, on the order of
 * rows or pairs. */
#ifndef GUIYI_WORKER_STAGES_CLUSTER_H
#define GUIYI_WORKER_STAGES_CLUSTER_H

#include "common/pair_fact.h"
#include "worker/plan.h"
#include "worker/run_state.h"

enum {
  CLUSTER_COMPONENT_MAX = 20000, /* different records in a component that is repaired whole */
  CLUSTER_SAME_RECORD_WEIGHT = 64 * WEIGHT_BIT, /* link weight of two rows of one record */
};

struct cluster_input {
  const struct plan *plan;
  const uint8_t *rows;
  uint32_t row_count;
  const struct model *model;
  const struct compare_output *compared; /* one per partition; any order, any cut */
  uint32_t compared_count;
  const struct pair_facts *facts; /* what people decided; NULL = nothing */
};

/* Between prepare and finish. Borrows all of its input. */
struct cluster_work;

/* part_count: how many tasks will repair (at least 1). */
struct cluster_work *cluster_prepare(const struct cluster_input *input, uint32_t part_count);
/* Each part once, from any thread, after prepare and before finish. */
void cluster_repair(struct cluster_work *work, uint32_t part);
/* Takes the work; out is overwritten. */
void cluster_finish(struct cluster_work *take_work, struct cluster_output *out);
/* Gives up between prepare and finish (a run that is stopped); NULL is allowed. */
void cluster_work_release(struct cluster_work *work);

/* All three in this thread. */
void cluster_run(const struct cluster_input *input, struct cluster_output *out);
void cluster_output_release(struct cluster_output *out);

#endif
