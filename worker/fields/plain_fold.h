/* plain_fold — a text brought to what two writings of it have in common: case folded, full width
 * and compatibility forms folded (text_fold), Latin letters without their marks, Han characters in
 * one script. For features and keys, never for show. */
#ifndef GUIYI_WORKER_FIELDS_PLAIN_FOLD_H
#define GUIYI_WORKER_FIELDS_PLAIN_FOLD_H

#include "common/arena.h"
#include "common/bytes.h"

/* In the arena. Idempotent. */
struct bytes plain_fold(struct bytes raw, struct arena *arena);

#endif
