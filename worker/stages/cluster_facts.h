/* cluster_facts — the facts of a run (common/pair_fact.h) resolved to its rows.
 *
 * Rows that are one record to their source are joined by the cluster stage already. Rows without an
 * id and with equal content have one key: where a fact names it they are one record, too. */
#ifndef GUIYI_WORKER_STAGES_CLUSTER_FACTS_H
#define GUIYI_WORKER_STAGES_CLUSTER_FACTS_H

#include "common/pair_fact.h"
#include "worker/run_state.h"

struct cluster_fact {
  uint32_t a, b; /* rows: the first of their record in canonical order */
  enum pair_kind kind;
  uint64_t number; /* the decision's; 0 = two rows of one content */
};

struct cluster_facts {
  struct cluster_fact *items; /* owned; in canonical order of the facts */
  uint32_t count;
  uint32_t gone; /* facts of which a record is not in the run */
};

/* order: present rows in canonical order. facts may be NULL. */
void cluster_facts_resolve(const struct pair_facts *facts, const struct key_entry *order,
                           uint32_t present, struct cluster_facts *out);
void cluster_facts_release(struct cluster_facts *facts);

#endif
