/* pattern — the comparison pattern of a candidate pair: one nibble per comparison in 64 bits, and
 * the mask of blocking rules that both records share. All that training, scoring and explaining
 * know of a pair (design: compare once, decide many times).
 *
 * Nibbles 0..7 are the type's levels below exact. 8..15 are exact agreement:
 *   - identifiers that a blocking rule of their own analyses: 8 + class: exclusive, family, shared,
 *     hub (RULE_CLASS_* of worker/feature_row.h); 12 = exclusive, but the value was given out again
 *     and more than reissue_gap_days lie between the two records ("recycled")
 *   - all others: 8 + how rare the value is; 0 = one in 2 or more … each step 4 times rarer */
#ifndef GUIYI_COMMON_PATTERN_H
#define GUIYI_COMMON_PATTERN_H

#include <stdint.h>

enum {
  /* The same numbers as FIELD_LEVEL_* of worker/fields/field_type.h. */
  PATTERN_MISSING = 0,
  PATTERN_DIFFER = 1,
  PATTERN_EXACT = 8,
  PATTERN_BUCKETS = 8,
  PATTERN_BUCKET_RECYCLED = 4, /* identifiers: 8 + this */
  /* Frequency bucket b stands for values with 2^-(2b+1) ≥ share > 2^-(2b+3), the last for all
     rarer. */
  PATTERN_BUCKET_BITS = 2,
};

static inline unsigned pattern_level(uint64_t pattern, unsigned comparison) {
  return pattern >> (comparison * 4) & 15;
}

/* The nibble without its bucket: a level of the type. */
static inline unsigned pattern_level_plain(unsigned nibble) {
  return nibble > PATTERN_EXACT ? PATTERN_EXACT : nibble;
}

/* The pattern with one nibble changed. */
static inline uint64_t pattern_with(uint64_t pattern, unsigned comparison, unsigned nibble) {
  return (pattern & ~((uint64_t)15 << (comparison * 4))) | (uint64_t)nibble << (comparison * 4);
}

/* One kind of pair and how many there are. Counts add up across tasks and workers in any order. */
struct pattern_count {
  uint64_t pattern;
  uint32_t
      mask; /* bit r: the pair shares blocking rule r, and all pairs that share it were compared */
  uint32_t unused; /* zero: the struct is hashed and compared as bytes */
  uint64_t count;
};

#endif
