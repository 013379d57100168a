/* pattern — the comparison pattern of a candidate pair: one nibble per comparison in 64 bits, and the
 * mask of blocking rules that both records share. All that training, scoring and explaining know of a
 * pair (design: compare once, decide many times).
 *
 * Nibbles 0..7 are the type's levels below exact. 8..15 are exact agreement:
 *   - identifiers: 8 + class: exclusive, family, shared, hub (RULE_CLASS_*); 12 = exclusive but with
 *     more than reissue_gap_days between the two records ("recycled?")
 *   - other types: 8 + how rare the value is; 0 = one in 2 or more … each step 4 times rarer */
#ifndef GUIYI_WORKER_PATTERN_H
#define GUIYI_WORKER_PATTERN_H

#include <stdint.h>

#include "worker/fields/field_type.h"

enum {
  PATTERN_BUCKETS = 8,
  PATTERN_BUCKET_RECYCLED = 4, /* identifiers: 8 + this */
  /* Frequency bucket b stands for values with 2^-(2b+1) ≥ share > 2^-(2b+3), the last for all rarer. */
  PATTERN_BUCKET_BITS = 2,
};

static inline unsigned pattern_level(uint64_t pattern, unsigned comparison) {
  return pattern >> (comparison * 4) & 15;
}

/* The nibble without its bucket: FIELD_LEVEL_*. */
static inline unsigned pattern_level_plain(unsigned nibble) {
  return nibble > FIELD_LEVEL_EXACT ? FIELD_LEVEL_EXACT : nibble;
}

/* One kind of pair and how many there are. Counts add up across tasks and workers in any order. */
struct pattern_count {
  uint64_t pattern;
  uint32_t mask;  /* bit r: the pair shares blocking rule r */
  uint32_t unused; /* zero: the struct is hashed and compared as bytes */
  uint64_t count;
};

#endif
