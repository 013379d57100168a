#include "worker/fields/place_similarity.h"

bool place_one_edit(const uint16_t *a, uint32_t a_size, const uint16_t *b, uint32_t b_size) {
  if (a_size > b_size) return place_one_edit(b, b_size, a, a_size);
  if (b_size - a_size > 1) return false;
  uint32_t front = 0, back = 0;
  while (front < a_size && a[front] == b[front]) front++;
  while (back < a_size - front && a[a_size - 1 - back] == b[b_size - 1 - back]) back++;
  uint32_t left = a_size - front - back;
  if (a_size != b_size) return left == 0;
  if (left <= 1) return true;
  return left == 2 && a[front] == b[front + 1] && a[front + 1] == b[front];
}

bool place_one_edit_bytes(const uint8_t *a, uint32_t a_size, const uint8_t *b, uint32_t b_size) {
  if (a_size > b_size) return place_one_edit_bytes(b, b_size, a, a_size);
  if (b_size - a_size > 1) return false;
  uint32_t front = 0, back = 0;
  while (front < a_size && a[front] == b[front]) front++;
  while (back < a_size - front && a[a_size - 1 - back] == b[b_size - 1 - back]) back++;
  uint32_t left = a_size - front - back;
  if (a_size != b_size) return left == 0;
  if (left <= 1) return true;
  return left == 2 && a[front] == b[front + 1] && a[front + 1] == b[front];
}
