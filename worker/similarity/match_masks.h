/* match_masks — where the characters of two short strings meet, one bit per position: all that
 * Jaro-Winkler and Levenshtein need to know of them. Built once, it serves both.
 *
 * The strings are put into one order first (the shorter, then the smaller, is `a`), so that what is
 * computed from the masks is the same for (a, b) and (b, a); Jaro's greedy matching alone is not.
 */
#ifndef GUIYI_WORKER_SIMILARITY_MATCH_MASKS_H
#define GUIYI_WORKER_SIMILARITY_MATCH_MASKS_H

#include <stdint.h>

enum { MATCH_MASKS_SIZE_MAX = 64 };

struct match_masks {
  unsigned a_size, b_size;           /* a_size <= b_size */
  uint64_t at[MATCH_MASKS_SIZE_MAX]; /* bit i of at[j]: a[i] == b[j] */
};

/* Sizes in characters, at most MATCH_MASKS_SIZE_MAX each. */
void match_masks_bytes(struct match_masks *m, const char *a, unsigned a_size, const char *b,
                       unsigned b_size);
void match_masks_u16(struct match_masks *m, const uint16_t *a, unsigned a_size, const uint16_t *b,
                     unsigned b_size);

#endif
