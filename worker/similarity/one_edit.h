/* one_edit — whether two strings are one slip of the finger apart: one character put in, left out
 * or changed, or two neighbours swapped (the optimal string alignment distance is 1). False for
 * equal strings. Symmetric; linear in the shorter one. */
#ifndef GUIYI_WORKER_SIMILARITY_ONE_EDIT_H
#define GUIYI_WORKER_SIMILARITY_ONE_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

/* Characters are bytes. */
static inline bool one_edit(struct bytes a, struct bytes b) {
  size_t long_size = a.size > b.size ? a.size : b.size;
  size_t shared = a.size < b.size ? a.size : b.size, front = 0, back = 0;
  if (long_size - shared > 1) return false;
  while (front < shared && a.data[front] == b.data[front]) front++;
  while (back < shared - front && a.data[a.size - 1 - back] == b.data[b.size - 1 - back]) back++;
  size_t left = long_size - front - back;
  if (left == 1) return true;
  return left == 2 && a.size == b.size && a.data[front] == b.data[front + 1] &&
         a.data[front + 1] == b.data[front];
}

/* Characters are 16-bit units. */
static inline bool one_edit_u16(const uint16_t *a, size_t a_size, const uint16_t *b,
                                size_t b_size) {
  size_t long_size = a_size > b_size ? a_size : b_size;
  size_t shared = a_size < b_size ? a_size : b_size, front = 0, back = 0;
  if (long_size - shared > 1) return false;
  while (front < shared && a[front] == b[front]) front++;
  while (back < shared - front && a[a_size - 1 - back] == b[b_size - 1 - back]) back++;
  size_t left = long_size - front - back;
  if (left == 1) return true;
  return left == 2 && a_size == b_size && a[front] == b[front + 1] && a[front + 1] == b[front];
}

#endif
