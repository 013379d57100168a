/* radix_sort — stable sorts of integer keys, least significant digit first, 11 bits a pass; passes
 * in which all keys have the same digit are skipped. limits.md of the design has the rates: 3 to 10
 * times qsort. */
#ifndef GUIYI_WORKER_STORE_RADIX_SORT_H
#define GUIYI_WORKER_STORE_RADIX_SORT_H

#include <stddef.h>
#include <stdint.h>

struct radix_pair {
  uint64_t key;
  uint64_t value;
};

/* By the bits first_bit..63 of each key. spare is as long as keys; the result is in keys. */
void radix_sort(uint64_t *keys, uint64_t *spare, size_t count, unsigned first_bit);
void radix_sort_pairs(struct radix_pair *pairs, struct radix_pair *spare, size_t count);

#endif
