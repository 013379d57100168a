#include "proto/task_list.h"

#include "common/check.h"

static void put(char *at, uint32_t value) {
  for (unsigned i = 0; i < 4; i++) at[i] = (char)(value >> 8 * i);
}

static uint32_t get(const char *at) {
  uint32_t value = 0;
  for (unsigned i = 0; i < 4; i++) value |= (uint32_t)(uint8_t)at[i] << 8 * i;
  return value;
}

void task_list_append(struct buffer *out, struct task_ref ref) {
  char wire[TASK_REF_BYTES];
  put(wire, ref.stage);
  put(wire + 4, ref.task);
  put(wire + 8, ref.attempt);
  buffer_append(out, wire, sizeof wire);
}

struct task_ref task_list_at(struct bytes list, uint32_t index) {
  check(index < task_list_count(list));
  const char *at = list.data + (size_t)index * TASK_REF_BYTES;
  return (struct task_ref){get(at), get(at + 4), get(at + 8)};
}
