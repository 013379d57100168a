#include "worker/exchange/task_output.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"

struct task_output *task_output_new(uint32_t part_count) {
  struct task_output *output = memory_new_zeroed(1, sizeof *output);
  output->parts = memory_new_zeroed(part_count, sizeof *output->parts);
  output->part_count = part_count;
  return output;
}

void task_output_free(struct task_output *output) {
  if (!output) return;
  buffer_release(&output->data);
  free(output->parts);
  free(output);
}

/* While data grows it may move: a part that lies in it holds its offset, marked by NULL. */
void task_output_begin_part(struct task_output *output, uint32_t part) {
  check(part < output->part_count);
  output->parts[part] = (struct bytes){NULL, output->data.size + 1};
}

void task_output_close(struct task_output *output) {
  size_t end = output->data.size;
  for (uint32_t p = output->part_count; p-- > 0;) {
    struct bytes *part = &output->parts[p];
    if (part->data || part->size == 0) continue;
    size_t first = part->size - 1;
    check(first <= end);
    *part = bytes_of(output->data.data + first, end - first);
    end = first;
  }
}

void output_shelves_init(struct output_shelves *shelves) {
  *shelves = (struct output_shelves){0};
  pthread_mutex_init(&shelves->lock, NULL);
}

void output_shelves_release(struct output_shelves *shelves) {
  for (unsigned s = 0; s < STAGE_COUNT; s++) {
    for (uint32_t t = 0; t < shelves->stages[s].task_count; t++)
      task_output_free(shelves->stages[s].outputs[t]);
    free(shelves->stages[s].outputs);
  }
  pthread_mutex_destroy(&shelves->lock);
}

void output_shelves_put(struct output_shelves *shelves, enum stage stage, uint32_t task,
                        struct task_output *take_output) {
  pthread_mutex_lock(&shelves->lock);
  struct output_shelf *shelf = &shelves->stages[stage];
  if (task >= shelf->task_count) {
    uint32_t count = task < 32 ? 64 : task * 2;
    shelf->outputs = memory_resize(shelf->outputs, count * sizeof(struct task_output *));
    memset(shelf->outputs + shelf->task_count, 0,
           (count - shelf->task_count) * sizeof(struct task_output *));
    shelf->task_count = count;
  }
  if (!shelf->outputs[task]) {
    shelf->outputs[task] = take_output;
    take_output = NULL;
  }
  pthread_mutex_unlock(&shelves->lock);
  task_output_free(take_output);
}

const struct task_output *output_shelves_find(struct output_shelves *shelves, enum stage stage,
                                              uint32_t task) {
  pthread_mutex_lock(&shelves->lock);
  const struct output_shelf *shelf = &shelves->stages[stage];
  const struct task_output *found = task < shelf->task_count ? shelf->outputs[task] : NULL;
  pthread_mutex_unlock(&shelves->lock);
  return found;
}
