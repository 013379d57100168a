/* task_list — tasks by stage and number, as a worker lists what it holds and what it computes.
 *
 * Wire form: of each task three u32, little-endian: stage, task, attempt (0 for a held output). */
#ifndef GUIYI_PROTO_TASK_LIST_H
#define GUIYI_PROTO_TASK_LIST_H

#include <stdint.h>

#include "common/bytes.h"

enum { TASK_REF_BYTES = 12 };

struct task_ref {
  uint32_t stage, task, attempt;
};

void task_list_append(struct buffer *out, struct task_ref ref);
/* How many there are; what follows the last whole one is not counted. */
static inline uint32_t task_list_count(struct bytes list) {
  return (uint32_t)(list.size / TASK_REF_BYTES);
}
/* index < task_list_count(list). Stage and task are as the peer wrote them: unchecked. */
struct task_ref task_list_at(struct bytes list, uint32_t index);

#endif
