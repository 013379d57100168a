/* entity_links — what the cluster stage left about pairs (reviews, relations), found by entity, for
 * the merge of each. Constant once made; any number of threads. */
#ifndef GUIYI_WORKER_ENTITY_LINKS_H
#define GUIYI_WORKER_ENTITY_LINKS_H

#include "worker/store/generation.h"

struct entity_link {
  uint32_t entity;
  uint32_t item; /* index in clusters.reviews or clusters.relations */
  bool is_b;     /* the entity is that of the item's row b */
};

struct entity_links {
  const struct run_state *run;
  struct entity_link *reviews, *relations; /* owned; by entity, then in the order of the items */
  uint64_t review_count, relation_count;
  uint64_t *has_any; /* a bit for every entity */
};

/* Once the entities have customer ids. */
void entity_links_make(const struct run_state *run, struct entity_links *out);
void entity_links_release(struct entity_links *links);

/* Fills the customer's reviews and relations; in the arena. */
void entity_links_of(const struct entity_links *links, uint32_t entity, struct arena *arena,
                     struct generation_customer *customer);

#endif
