/* hash — XXH3, the one hash of the project for keys, digests and checksums of our own files.
 *
 * Not for secrets: keyed hashes of identifiers are HMAC-SHA256 (crypto). */
#ifndef GUIYI_COMMON_HASH_H
#define GUIYI_COMMON_HASH_H

#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/bytes.h"

static inline uint64_t hash_bytes(struct bytes text) { return XXH3_64bits(text.data, text.size); }

static inline uint64_t hash_bytes_seeded(struct bytes text, uint64_t seed) {
  return XXH3_64bits_withSeed(text.data, text.size, seed);
}

struct hash128 {
  uint64_t low, high;
};

static inline struct hash128 hash_bytes_128(struct bytes text) {
  XXH128_hash_t h = XXH3_128bits(text.data, text.size);
  return (struct hash128){h.low64, h.high64};
}

/* A bijection that spreads every bit (MurmurHash3's finaliser). */
static inline uint64_t hash_mix(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

/* Joins two hashes; the order matters. */
static inline uint64_t hash_join(uint64_t a, uint64_t b) {
  return hash_mix(a * 0x9e3779b97f4a7c15ULL + b);
}

#endif
