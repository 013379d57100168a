#include "worker/stages/key_sort.h"

enum { DIGIT_BITS = 8, DIGITS = 1 << DIGIT_BITS, INSERTION_MAX = 32 };

static void insertion_sort(struct key_entry *entries, uint64_t count) {
  for (uint64_t i = 1; i < count; i++) {
    struct key_entry moved = entries[i];
    uint64_t at = i;
    for (; at > 0 && entries[at - 1].key > moved.key; at--) entries[at] = entries[at - 1];
    entries[at] = moved;
  }
}

static bool is_one_key(const struct key_entry *entries, uint64_t count) {
  for (uint64_t i = 1; i < count; i++)
    if (entries[i].key != entries[0].key) return false;
  return true;
}

void key_sort(struct key_entry *entries, struct key_entry *scratch, uint64_t count,
              unsigned key_bits) {
  if (count <= INSERTION_MAX || key_bits == 0) {
    insertion_sort(entries, count);
    return;
  }
  if (is_one_key(entries, count)) return;
  unsigned shift = key_bits > DIGIT_BITS ? key_bits - DIGIT_BITS : 0;
  uint64_t start[DIGITS + 1] = {0};
  for (uint64_t i = 0; i < count; i++) start[(entries[i].key >> shift & (DIGITS - 1)) + 1]++;
  for (unsigned d = 0; d < DIGITS; d++) start[d + 1] += start[d];
  uint64_t next[DIGITS];
  memcpy(next, start, sizeof next);
  for (uint64_t i = 0; i < count; i++)
    scratch[next[entries[i].key >> shift & (DIGITS - 1)]++] = entries[i];
  memcpy(entries, scratch, count * sizeof *entries);
  for (unsigned d = 0; d < DIGITS; d++)
    key_sort(entries + start[d], scratch, start[d + 1] - start[d], shift);
}
