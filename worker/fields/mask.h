/* mask — how a value is shown to those who may not see it. Counts in characters, not bytes: one
 * star stands for one character. The result lies in the arena. */
#ifndef GUIYI_WORKER_FIELDS_MASK_H
#define GUIYI_WORKER_FIELDS_MASK_H

#include <stddef.h>

#include "common/arena.h"
#include "common/bytes.h"

/* Every character a star: what a value of unknown shape gets. */
struct bytes mask_all(struct bytes value, struct arena *arena);
/* Keeps the first `front` and the last `back` characters. A value so short that nothing would be
 * hidden gets stars throughout. */
struct bytes mask_keep(struct bytes value, size_t front, size_t back, struct arena *arena);

#endif
