/* one_edit — whether two strings are one slip of the finger apart. */
#ifndef GUIYI_WORKER_SIMILARITY_ONE_EDIT_H
#define GUIYI_WORKER_SIMILARITY_ONE_EDIT_H

#include <stdbool.h>

#include "common/bytes.h"

/* One byte put in, left out or changed, or two neighbours swapped (the optimal string alignment
 * distance is 1); false for equal strings. Symmetric; linear in the shorter one. */
static inline bool one_edit(struct bytes a, struct bytes b) {
  if (a.size < b.size) {
    struct bytes shorter = a;
    a = b;
    b = shorter;
  }
  if (a.size - b.size > 1) return false;
  size_t front = 0, back = 0;
  while (front < b.size && a.data[front] == b.data[front]) front++;
  while (back < b.size - front && a.data[a.size - 1 - back] == b.data[b.size - 1 - back]) back++;
  size_t left_a = a.size - front - back, left_b = b.size - front - back;
  if (left_a == 1) return true; /* changed, or put in (left_b is 1 or 0) */
  return left_a == 2 && left_b == 2 && a.data[front] == b.data[front + 1] &&
         a.data[front + 1] == b.data[front];
}

#endif
