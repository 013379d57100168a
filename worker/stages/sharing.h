/* sharing — who shares the value of an identifier: one person, a family, several people, a crowd.
 *
 * People are told apart by name (and by what contradicts), not by records: a loyal customer has
 * many. People of one surname or one address are a household. So a phone with one name is
 * exclusive, with relatives' names a family's, with a few strangers' still only a family's kind of
 * evidence, with hub_names strangers shared, with BLOCK_HUB_FACTOR times as many a hub. A value
 * of a type that is given out again (a phone number), whose owners follow each other with more than
 * reissue_gap_days between them, got a new owner: it is exclusive to each, and pairs across the gap
 * are told apart by their days (PATTERN_BUCKET_RECYCLED). */
#ifndef GUIYI_WORKER_STAGES_SHARING_H
#define GUIYI_WORKER_STAGES_SHARING_H

#include "worker/decision.h"

enum { SHARING_PEOPLE_MAX = 64 }; /* are counted */

/* RULE_CLASS_* of an identifier block, with RULE_REISSUED where it applies. rows: the block's, in
 * canonical order. people: how many different ones there are, SHARING_PEOPLE_MAX + 1 = more. */
unsigned sharing_class(const struct plan *plan, const struct constraints *constraints,
                       unsigned rule, const struct feature_row *const *rows, uint32_t count,
                       uint32_t *people);

#endif
