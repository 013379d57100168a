#include "worker/similarity/jaro_winkler.h"

static uint64_t low_bits(unsigned count) { return count >= 64 ? ~0ULL : (1ULL << count) - 1; }

/* Bits [j - reach, j + reach]. */
static uint64_t window(unsigned j, unsigned reach) {
  uint64_t upto = low_bits(j + reach + 1);
  return j > reach ? upto & ~low_bits(j - reach) : upto;
}

unsigned jaro_winkler(const struct match_masks *m) {
  unsigned a = m->a_size, b = m->b_size;
  if (a == 0) return b == 0 ? JARO_WINKLER_ONE : 0;
  unsigned reach = b / 2;
  reach = reach ? reach - 1 : 0;

  uint64_t matched_a = 0, matched_b = 0;
  for (unsigned j = 0; j < b; j++) {
    uint64_t free = m->at[j] & window(j, reach) & ~matched_a;
    matched_a |= free & -free;
    matched_b |= (uint64_t)(free != 0) << j;
  }
  uint64_t matches = (uint64_t)__builtin_popcountll(matched_a);
  if (matches == 0) return 0;

  /* The k-th matched characters of both sides: half of those that differ are transposed. */
  uint64_t out_of_order = 0;
  for (uint64_t left_a = matched_a, left_b = matched_b; left_a; left_a &= left_a - 1) {
    unsigned i = (unsigned)__builtin_ctzll(left_a), j = (unsigned)__builtin_ctzll(left_b);
    out_of_order += !(m->at[j] >> i & 1);
    left_b &= left_b - 1;
  }
  uint64_t in_order = matches - out_of_order / 2;

  /* Jaro is sum / whole = (m/a + m/b + (m-t)/m) / 3; kept as a fraction, so that it is rounded
   * once. */
  uint64_t sum = matches * matches * (a + b) + in_order * a * b;
  uint64_t whole = 3ULL * a * b * matches;

  unsigned prefix = 0;
  while (prefix < 4 && prefix < a && (m->at[prefix] >> prefix & 1)) prefix++;
  return (unsigned)(JARO_WINKLER_ONE * (10 * sum + prefix * (whole - sum)) / (10 * whole));
}
