/* model_spec — what training must know of a plan, taken from it. */
#ifndef GUIYI_WORKER_MODEL_SPEC_H
#define GUIYI_WORKER_MODEL_SPEC_H

#include "common/model.h"
#include "worker/plan.h"

/* Overwrites spec; it borrows names from the plan's job and types. A fixed weight whose level the
 * type does not have is ERR_CONFIG with its place in the job file. */
enum err model_spec_make(const struct plan *plan, struct model_spec *spec, struct failure *failure);

#endif
