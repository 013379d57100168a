/* one_edit — whether two strings are one slip of the finger apart. */
#ifndef GUIYI_WORKER_SIMILARITY_ONE_EDIT_H
#define GUIYI_WORKER_SIMILARITY_ONE_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* The same of strings of characters. */
static inline bool one_edit_u16(const uint16_t *a, size_t a_size, const uint16_t *b,
                                size_t b_size) {
  if (a_size < b_size) {
    const uint16_t *shorter = a;
    size_t shorter_size = a_size;
    a = b;
    a_size = b_size;
    b = shorter;
    b_size = shorter_size;
  }
  if (a_size - b_size > 1) return false;
  size_t front = 0, back = 0;
  while (front < b_size && a[front] == b[front]) front++;
  while (back < b_size - front && a[a_size - 1 - back] == b[b_size - 1 - back]) back++;
  size_t left_a = a_size - front - back, left_b = b_size - front - back;
  if (left_a == 1) return true;
  return left_a == 2 && left_b == 2 && a[front] == b[front + 1] && a[front + 1] == b[front];
}

#endif
