/* field_mask — how a field's value is shown to those who may not see it: as the job says, else as
 * its type does. */
#ifndef GUIYI_WORKER_FIELD_MASK_H
#define GUIYI_WORKER_FIELD_MASK_H

#include "worker/plan.h"

/* The result lies in the arena, or is the value itself where nothing is masked. The parts of a
 * value with several parts are masked one by one and keep their separators. */
struct bytes field_mask(const struct plan *plan, uint32_t field, struct bytes value,
                        struct arena *arena);

#endif
