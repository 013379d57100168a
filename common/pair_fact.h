/* pair_fact — what a person decided about two records, as a run needs it: records by their keys
 * (common/record.h), nothing of who decided or why (worker/store/fact_store.h keeps that).
 *
 * A must-link joins two records whatever their weight; a cannot-link keeps their entities apart. A
 * household is a cannot-link that is recorded as a relation. Facts hold transitively: A = B and
 * B ≠ C keep A and C apart. Constraints of this kind after Wagstaff et al. 2001 ("Constrained
 * K-means"), and as there the set must be free of contradictions (pair_check.h). */
#ifndef GUIYI_COMMON_PAIR_FACT_H
#define GUIYI_COMMON_PAIR_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"
#include "common/hash.h"

enum pair_kind { PAIR_MERGE = 1, PAIR_APART = 2, PAIR_HOUSEHOLD = 3 };

struct pair_fact {
  struct hash128 a, b; /* keys of two records; a is the smaller (pair_key_order) */
  uint64_t number;     /* the decision's, for messages; from 1 */
  enum pair_kind kind;
};

/* All that hold, ordered by (a, b): the same whatever order they were made in. */
struct pair_facts {
  struct pair_fact *items; /* owned */
  uint32_t count;
};

/* They travel in one message to the node that forms entities. */
enum { PAIR_FACTS_MAX = 150000 };

static inline int pair_key_order(struct hash128 a, struct hash128 b) {
  if (a.low != b.low) return a.low < b.low ? -1 : 1;
  return (a.high > b.high) - (a.high < b.high);
}

/* Swaps a and b where needed. */
struct pair_fact pair_fact_of(struct hash128 a, struct hash128 b, enum pair_kind kind,
                              uint64_t number);
void pair_facts_sort(struct pair_facts *facts);
void pair_facts_release(struct pair_facts *facts);

/* The portable form; facts must be sorted. Appends nothing when there are none. */
void pair_facts_encode(const struct pair_facts *facts, struct buffer *out);
/* ERR_MALFORMED when it is not one; nothing to release then. Sorted, a below b, no pair twice. */
enum err pair_facts_decode(struct bytes data, struct pair_facts *facts);

/* "merge", "apart", "household". */
const char *pair_kind_name(enum pair_kind kind);
/* false when it is none of them; 合并, 不合并, 家庭 are understood as well. */
bool pair_kind_parse(struct bytes name, enum pair_kind *kind);

#endif
