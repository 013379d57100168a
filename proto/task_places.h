/* task_places — where the outputs lie that a task fetches: workers by number with their endpoints,
 * and for each stage it needs the worker that holds each task's output. Travels whole in every TASK
 * message, so a worker needs to remember nothing of others and no order of messages matters.
 *
 * Wire form, little-endian: u32 workers, then of each u32 number, u32 size, endpoint; u32 stages,
 * then of each u32 stage, u32 tasks, u16 worker by task. */
#ifndef GUIYI_PROTO_TASK_PLACES_H
#define GUIYI_PROTO_TASK_PLACES_H

#include "common/arena.h"
#include "common/bytes.h"
#include "common/err.h"
#include "proto/stage.h"

enum { TASK_PLACES_WORKERS_MAX = 4096, ENDPOINT_BYTES_MAX = 255 };

struct task_place_worker {
  uint32_t number;
  struct bytes endpoint; /* NUL behind it when decoded */
};

struct task_places {
  struct task_place_worker *workers; /* ascending */
  uint32_t worker_count;
  const uint16_t *worker[STAGE_COUNT]; /* by task; NULL = the stage is not needed */
  uint32_t task_count[STAGE_COUNT];
};

/* Appends the wire form. */
void task_places_encode(const struct task_places *places, struct buffer *out);
/* What is decoded lies in the arena. ERR_MALFORMED with a sentence; a worker that places name is in
 * the list of workers. */
enum err task_places_decode(struct bytes data, struct arena *arena, struct task_places *places,
                            struct failure *failure);
/* NULL when it is not in the list. */
const struct task_place_worker *task_places_find(const struct task_places *places, uint32_t number);

#endif
