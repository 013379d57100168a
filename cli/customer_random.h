/* customer_random — random numbers that are a function of what they are for, so that every
 * generated row can be made on its own: in any order, by any thread. */
#ifndef GUIYI_CLI_CUSTOMER_RANDOM_H
#define GUIYI_CLI_CUSTOMER_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/hash.h"

/* A stream of its own for each (seed, purpose, index): SplitMix64 (Steele, Lea, Flood 2014). */
struct draws {
  uint64_t state;
};

static inline struct draws draws_for(uint64_t seed, uint64_t purpose, uint64_t index) {
  return (struct draws){hash_join(hash_join(seed, purpose), index)};
}

static inline uint64_t draw(struct draws *d) { return hash_mix(d->state += 0x9e3779b97f4a7c15ULL); }

/* 0 .. count-1. */
static inline uint32_t draw_below(struct draws *d, uint32_t count) {
  return (uint32_t)((draw(d) >> 32) * count >> 32);
}

/* true in so many of 1000 cases. */
static inline bool draw_permille(struct draws *d, uint32_t permille) {
  return draw_below(d, 1000) < permille;
}

/* 0 .. count-1, the first ones more often: of two draws the smaller, squared once more. */
static inline uint32_t draw_skewed(struct draws *d, uint32_t count) {
  uint64_t x = draw(d) >> 32;
  x = x * x >> 32;
  return (uint32_t)(x * count >> 32);
}

/* A permutation of 0 .. size-1: a Feistel network of four rounds over the next power of four,
 * walked until it falls inside (Black and Rogaway 2002). */
struct permutation {
  uint64_t size, key;
  unsigned half_bits;
};

static inline struct permutation permutation_of(uint64_t size, uint64_t key) {
  struct permutation p = {size, key, 1};
  while (p.half_bits < 31 && 1ULL << (2 * p.half_bits) < size) p.half_bits++;
  return p;
}

static inline uint64_t permutation_at(const struct permutation *p, uint64_t index) {
  uint64_t mask = (1ULL << p->half_bits) - 1;
  do {
    uint64_t left = index >> p->half_bits, right = index & mask;
    for (uint64_t round = 0; round < 4; round++) {
      uint64_t next = left ^ (hash_mix(right ^ p->key ^ round << 56) & mask);
      left = right;
      right = next;
    }
    index = left << p->half_bits | right;
  } while (index >= p->size);
  return index;
}

static inline uint64_t permutation_index_of(const struct permutation *p, uint64_t value) {
  uint64_t mask = (1ULL << p->half_bits) - 1;
  do {
    uint64_t left = value >> p->half_bits, right = value & mask;
    for (uint64_t round = 4; round-- > 0;) {
      uint64_t before = right ^ (hash_mix(left ^ p->key ^ round << 56) & mask);
      right = left;
      left = before;
    }
    value = left << p->half_bits | right;
  } while (value >= p->size);
  return value;
}

#endif
