#include "worker/store/radix_sort.h"

#include <stdbool.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* Turns counts into start positions; false when one digit holds all: nothing to move. */
static bool starts_from_counts(size_t counts[DIGITS], size_t total) {
  size_t start = 0;
  for (unsigned d = 0; d < DIGITS; d++) {
    size_t count = counts[d];
    if (count == total) return false;
    counts[d] = start;
    start += count;
  }
  return true;
}

void radix_sort(uint64_t *keys, uint64_t *spare, size_t count, unsigned first_bit) {
  uint64_t *from = keys, *to = spare;
  for (unsigned bit = first_bit; bit < 64; bit += DIGIT_BITS) {
    size_t counts[DIGITS] = {0};
    for (size_t i = 0; i < count; i++) counts[from[i] >> bit & (DIGITS - 1)]++;
    if (!starts_from_counts(counts, count)) continue;
    for (size_t i = 0; i < count; i++) to[counts[from[i] >> bit & (DIGITS - 1)]++] = from[i];
    uint64_t *other = from;
    from = to;
    to = other;
  }
  if (from != keys) memcpy(keys, from, count * sizeof *keys);
}

void radix_sort_pairs(struct radix_pair *pairs, struct radix_pair *spare, size_t count) {
  size_t ascending = 1;
  while (ascending < count && pairs[ascending - 1].key <= pairs[ascending].key) ascending++;
  if (ascending >= count) return; /* new ids follow the order of their entities */
  struct radix_pair *from = pairs, *to = spare;
  for (unsigned bit = 0; bit < 64; bit += DIGIT_BITS) {
    size_t counts[DIGITS] = {0};
    for (size_t i = 0; i < count; i++) counts[from[i].key >> bit & (DIGITS - 1)]++;
    if (!starts_from_counts(counts, count)) continue;
    for (size_t i = 0; i < count; i++) to[counts[from[i].key >> bit & (DIGITS - 1)]++] = from[i];
    struct radix_pair *other = from;
    from = to;
    to = other;
  }
  if (from != pairs) memcpy(pairs, from, count * sizeof *pairs);
}
