/* task_output — what a task left for others, cut into parts: part p is what the p-th consumer
 * fetches. Shelves keep the outputs of a process: a compute thread puts one there when its task is
 * done; the exchange reads it from then on. An output is constant and lives until the shelves are
 * released, so what is borrowed from it stays valid.
 *
 * Thread-safe. Who finds an output sees all that was written before it was put. */
#ifndef GUIYI_WORKER_EXCHANGE_TASK_OUTPUT_H
#define GUIYI_WORKER_EXCHANGE_TASK_OUTPUT_H

#include <pthread.h>

#include "common/bytes.h"
#include "proto/stage.h"

struct task_output {
  struct buffer data;  /* owned; parts may also point elsewhere, to what lives as long */
  struct bytes *parts; /* owned */
  uint32_t part_count;
};

/* Begins an output of so many parts, all empty. */
struct task_output *task_output_new(uint32_t part_count);
void task_output_free(struct task_output *output);
/* Where part begins: what is appended to output->data until the next part begins is of it. Parts
 * that lie in data are begun in ascending order and closed by task_output_close. */
void task_output_begin_part(struct task_output *output, uint32_t part);
void task_output_close(struct task_output *output);

struct output_shelves {
  pthread_mutex_t lock;
  struct output_shelf {
    struct task_output **outputs; /* by task */
    uint32_t task_count;
  } stages[STAGE_COUNT];
};

void output_shelves_init(struct output_shelves *shelves);
void output_shelves_release(struct output_shelves *shelves);
/* Puts it there unless there is one already: a second attempt computed the same. */
void output_shelves_put(struct output_shelves *shelves, enum stage stage, uint32_t task,
                        struct task_output *take_output);
/* NULL when it is not here. */
const struct task_output *output_shelves_find(struct output_shelves *shelves, enum stage stage,
                                              uint32_t task);

#endif
