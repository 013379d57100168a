/* cluster_relations — who lives or works together without being one: what pairs show is gathered
 * here, and of a kind one relation is kept for two entities. */
#ifndef GUIYI_WORKER_STAGES_CLUSTER_RELATIONS_H
#define GUIYI_WORKER_STAGES_CLUSTER_RELATIONS_H

#include "worker/decision.h"
#include "worker/run_state.h"

/* What a pattern shows about two entities; RELATION_KIND_COUNT = nothing. A match rule that says
 * so, or two people of different names who share a family's identifier; never what a rule joins or
 * separates. */
enum relation_kind relation_of_pattern(const struct plan *plan, const struct decision *decision,
                                       uint64_t pattern);

struct relation_entry {
  struct relation_item item;
  uint32_t entity_a, entity_b; /* the smaller first */
  uint32_t place_a, place_b;   /* of its records in canonical order */
};

/* A zeroed list is empty. */
struct relation_list {
  struct relation_entry *entries;
  uint64_t count, capacity;
};

void relation_list_add(struct relation_list *list, const struct relation_entry *entry);
/* Empties the list: of what is said of two entities what a person said is kept, else the strongest,
 * else the first. Ordered by strength. *items is allocated: free() it. */
void relation_list_finish(struct relation_list *list, struct relation_item **items,
                          uint64_t *count);

#endif
