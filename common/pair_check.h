/* pair_check — a set of facts about pairs that stays free of contradictions while facts are added.
 *
 * Records that facts name are nodes; must-links unite them (union-find); every group knows the
 * cannot-links that leave it. One thread. */
#ifndef GUIYI_COMMON_PAIR_CHECK_H
#define GUIYI_COMMON_PAIR_CHECK_H

#include "common/pair_fact.h"

struct pair_check;

struct pair_check *pair_check_new(void);
void pair_check_free(struct pair_check *take_check); /* NULL is allowed */

enum pair_outcome {
  PAIR_ADDED,
  PAIR_KNOWN,       /* the same fact is there already: reasons[0] is its number */
  PAIR_CONTRADICTS, /* reasons are the facts that say otherwise, a chain from one record to the
                       other; nothing was added */
};

enum { PAIR_REASONS_MAX = 16 }; /* of a longer chain the first ones are told */

struct pair_reasons {
  uint64_t numbers[PAIR_REASONS_MAX];
  uint32_t count; /* of the whole chain; may be above PAIR_REASONS_MAX */
};

/* reasons is overwritten. A fact about one record and itself is a programmer's mistake. */
enum pair_outcome pair_check_add(struct pair_check *check, const struct pair_fact *fact,
                                 struct pair_reasons *reasons);
/* Do the facts say anything of the two, directly or over others? Nothing is added. */
bool pair_check_knows(struct pair_check *check, struct pair_fact pair);

#endif
