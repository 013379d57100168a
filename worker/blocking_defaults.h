/* blocking_defaults — the blocking rules of a job that gives none.
 *
 * Every identifier that is compared gets a rule of its own. Around them, rules of two key parts
 * from two fields are chosen one by one, each time the one that most often still works where the
 * others do not: thousands of imagined pairs of one customer, in which fields are missing or
 * mistyped at fixed rates, tell which rule adds most (a greedy cover; the rates are constants, so
 * the choice depends on the job alone). Rules whose parts say too little (surname alone) are never
 * made. */
#ifndef GUIYI_WORKER_BLOCKING_DEFAULTS_H
#define GUIYI_WORKER_BLOCKING_DEFAULTS_H

#include "worker/plan.h"

/* Fills plan->blocking from plan->comparisons: fields, types and options must be set. Names lie in
 * arena. */
void blocking_defaults_make(struct plan *plan, struct arena *arena);
/* Gives every rule that says nothing of it the parts that may split its blocks, best first. */
void blocking_defaults_refine(struct plan *plan);

#endif
