/* blocking_defaults — the blocking rules of a job that gives none, and those that its match rules
 * need.
 *
 * Every identifier that is compared gets a rule of its own. Around them, rules of two key parts
 * from two fields are chosen one by one, each time the one that most often still works where the
 * others do not: thousands of imagined pairs of one customer, in which fields are missing or
 * mistyped at fixed rates, tell which rule adds most (a greedy cover; the rates are constants, so
 * the choice depends on the job alone). Rules whose parts say too little (surname alone) are never
 * made.
 *
 * A match rule decides only about pairs that some block brings together. Where none of the blocking
 * rules does so for all of its pairs, one is made of the fields in which it wants exact agreement;
 * none is when they say too little for the size of the base, or there is no such field. */
#ifndef GUIYI_WORKER_BLOCKING_DEFAULTS_H
#define GUIYI_WORKER_BLOCKING_DEFAULTS_H

#include "worker/plan.h"

/* Completes plan->blocking, and sets has_block of every match rule: comparisons, match rules and
 * the job's own blocking rules must be there. Rules that do not say what may split their blocks get
 * that too. Names lie in arena. */
void blocking_defaults_make(struct plan *plan, struct arena *arena);
/* "[客户姓名.pinyin, 公司名称.core]": keys that a user may add for a match rule without a block;
 * empty when it wants no agreement at all. */
void blocking_defaults_suggest(const struct plan *plan, const struct plan_match_rule *rule,
                               struct buffer *out);

#endif
