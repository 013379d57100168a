/* generation_search — customers by what is in their records: whole identifiers, parts of names and
 * addresses, parts of numbers, record ids (search_terms.h says what fits).
 *
 * The index gives candidates by intersecting lists; every candidate is read and verified, so a
 * result is exact. Results come in order of customer id, page by page. */
#ifndef GUIYI_WORKER_STORE_GENERATION_SEARCH_H
#define GUIYI_WORKER_STORE_GENERATION_SEARCH_H

#include "worker/store/generation.h"

enum { SEARCH_TEXTS_MAX = 16 };

struct search_query {
  const struct bytes *texts; /* as typed; a customer must fit all of them, each in any field */
  uint32_t text_count;       /* at most SEARCH_TEXTS_MAX */
  int field;                 /* index of the field to look in; -1 = all that are searchable */
  uint64_t after;            /* only customers with a larger id: the last one of the page before */
  uint32_t limit;
};

struct search_result {
  struct stored_customer *customers; /* in the arena, by id */
  uint32_t count;
  bool more; /* there are further ones */
};

/* ERR_USAGE when a text can't be looked up in any field (the sentence says which and why). */
enum err generation_search(const struct generation *generation, const struct search_query *query,
                           struct arena *arena, struct search_result *result,
                           struct failure *failure);

#endif
