/* digits — a string of up to 15 digits in one 64-bit word, and how far two of them differ.
 *
 * Four bits a digit, the first digit lowest, each stored as digit + 1; so the end of the string is
 * the first zero, and "007" and "07" are different words. The value 11 (DIGITS_ANY) is a masked
 * digit. The topmost four bits are free: types keep their kind there, and must clear them
 * (DIGITS_MASK) before they call what is here. */
#ifndef GUIYI_WORKER_FIELDS_DIGITS_H
#define GUIYI_WORKER_FIELDS_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "worker/fields/cell.h"

enum { DIGITS_MAX = 15, DIGITS_ANY = 11, DIGITS_KIND_SHIFT = 60 };

#define DIGITS_MASK ((1ULL << DIGITS_KIND_SHIFT) - 1)

/* Eight digits, each stored as digit + 1; bytes are drawn together to nibbles by halves. */
static inline uint64_t digits_pack_eight(const char text[8]) {
  uint64_t x;
  memcpy(&x, text, sizeof x);
  x -= 0x2F2F2F2F2F2F2F2FULL; /* '0' becomes 1 */
  x = (x | x >> 4) & 0x00FF00FF00FF00FFULL;
  x = (x | x >> 8) & 0x0000FFFF0000FFFFULL;
  return (x | x >> 16) & 0xFFFFFFFFULL;
}

/* text: '0'..'9' and '*'; what is beyond DIGITS_MAX is left out. */
static inline uint64_t digits_pack(const char *text, size_t size) {
  uint64_t packed = 0;
  if (size > DIGITS_MAX) size = DIGITS_MAX;
  size_t eight = size >= 8 && cell_eight_digits(text) ? 8 : 0;
  for (size_t i = size; i-- > eight;)
    packed = packed << 4 | (text[i] == '*' ? DIGITS_ANY : (uint64_t)(text[i] - '0') + 1);
  return eight ? packed << 32 | digits_pack_eight(text) : packed;
}

static inline unsigned digits_count(uint64_t packed) {
  return packed ? (unsigned)(63 - __builtin_clzll(packed)) / 4 + 1 : 0;
}

/* The last n of them, or 0 when there are fewer. */
static inline uint64_t digits_last(uint64_t packed, unsigned n) {
  unsigned count = digits_count(packed);
  return count < n ? 0 : packed >> 4 * (count - n);
}

/* In how many places two strings of one length differ. */
static inline unsigned digits_differing(uint64_t a, uint64_t b) {
  uint64_t x = a ^ b;
  x |= x >> 1;
  x |= x >> 2;
  return (unsigned)__builtin_popcountll(x & 0x1111111111111111ULL);
}

/* One digit put in, left out or changed, or two neighbours swapped; false for equal strings. */
static inline bool digits_one_edit(uint64_t a, uint64_t b) {
  uint64_t x = a ^ b;
  if (!x) return false;
  unsigned at = (unsigned)__builtin_ctzll(x) & ~3u;
  unsigned count_a = digits_count(a), count_b = digits_count(b);
  if (count_a == count_b) {
    if (x >> at >> 4 == 0) return true;
    uint64_t pair_a = a >> at & 0xFF, pair_b = b >> at & 0xFF;
    return x >> at >> 8 == 0 && (pair_a >> 4 | (pair_a & 0xF) << 4) == pair_b;
  }
  if (count_a == count_b + 1) return a >> at >> 4 == b >> at;
  if (count_b == count_a + 1) return b >> at >> 4 == a >> at;
  return false;
}

/* Of one length, and every pair of digits equal or one of them masked. */
static inline bool digits_fit_mask(uint64_t a, uint64_t b) {
  if (digits_count(a) != digits_count(b)) return false;
  for (uint64_t x = a ^ b; x; a >>= 4, b >>= 4, x >>= 4)
    if ((x & 0xF) && (a & 0xF) != DIGITS_ANY && (b & 0xF) != DIGITS_ANY) return false;
  return true;
}

#endif
