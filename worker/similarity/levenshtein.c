#include "worker/similarity/levenshtein.h"

/* plus and minus hold the differences between neighbours in the current column of the distance
 * matrix; the last row's value is carried along in `distance`. */
unsigned levenshtein(const struct match_masks *m) {
  unsigned distance = m->a_size;
  if (distance == 0) return m->b_size;
  uint64_t plus = ~0ULL, minus = 0, last = 1ULL << (m->a_size - 1);
  for (unsigned j = 0; j < m->b_size; j++) {
    uint64_t match = m->at[j];
    uint64_t diagonal = (((match & plus) + plus) ^ plus) | match | minus;
    uint64_t row_plus = minus | ~(diagonal | plus);
    uint64_t row_minus = diagonal & plus;
    distance += (row_plus & last) != 0;
    distance -= (row_minus & last) != 0;
    row_plus = row_plus << 1 | 1;
    row_minus <<= 1;
    plus = row_minus | ~(diagonal | row_plus);
    minus = row_plus & diagonal;
  }
  return distance;
}
