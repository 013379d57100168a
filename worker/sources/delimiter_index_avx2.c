#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "worker/sources/delimiter_index_block.h"
#include "worker/sources/text_check.h"

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))

/* Eight positions are written whatever there is, more only when there are. */
TARGET INDEX_INLINE void store_ends(struct delimiter_index *x, uint64_t bits, size_t at) {
  uint32_t *out = x->ends + x->end_count;
  unsigned count = (unsigned)__builtin_popcountll(bits);
  for (unsigned i = 0; i < 8; i++) {
    out[i] = (uint32_t)(at + _tzcnt_u64(bits));
    bits = _blsr_u64(bits);
  }
  if (__builtin_expect(count > 8, 0)) {
    for (unsigned i = 8; i < count; i++) {
      out[i] = (uint32_t)(at + _tzcnt_u64(bits));
      bits = _blsr_u64(bits);
    }
  }
  x->end_count += count;
}

TARGET INDEX_INLINE uint64_t equal_bits(__m256i low, __m256i high, __m256i value) {
  uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, value));
  uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, value));
  return a | (uint64_t)b << 32;
}

TARGET INDEX_INLINE void index_text(struct delimiter_index *out, const char *text, size_t size,
                                    enum index_what what) {
  const __m256i quote = _mm256_set1_epi8(out->quote);
  const __m256i delimiter = _mm256_set1_epi8(out->delimiter);
  const __m256i lf = _mm256_set1_epi8('\n');
  const __m256i cr = _mm256_set1_epi8('\r');
  struct delimiter_index x = *out; /* a copy that stays in registers */
  struct index_carry carry = index_carry_of(&x);
  uint64_t quotes = 0;
  char tail[64] = {0}; /* zeros match none of the four */
  for (size_t at = 0; at < size; at += 64) {
    size_t left = size - at < 64 ? size - at : 64;
    const char *block = text + at;
    if (left < 64) block = memcpy(tail, block, left);
    __m256i low = _mm256_loadu_si256((const __m256i *)block);
    __m256i high = _mm256_loadu_si256((const __m256i *)(block + 32));
    struct index_masks m = {
        .quote = what == INDEX_LINES ? 0 : equal_bits(low, high, quote),
        .delimiter = what == INDEX_LINES ? 0 : equal_bits(low, high, delimiter),
        .lf = equal_bits(low, high, lf),
        .cr = equal_bits(low, high, cr),
    };
    struct index_bits bits;
    quotes |= m.quote;
    if (__builtin_expect(!index_block(&m, left, what, &carry, &bits), 0)) {
      x.state = index_state_of(carry);
      delimiter_index_walk(&x, text, at, at + left, what);
      carry = index_carry_of(&x);
      continue;
    }
    x.line_count += (uint64_t)__builtin_popcountll(m.lf);
    if (what == INDEX_CELLS) index_store_rows(&x, _pext_u64(bits.records, bits.ends));
    store_ends(&x, bits.ends, at);
  }
  x.state = index_state_of(carry);
  x.quote_seen |= quotes != 0;
  if (what != INDEX_CELLS) x.row_count = x.end_count;
  *out = x;
}

TARGET static void index_cells(struct delimiter_index *x, const char *text, size_t size) {
  index_text(x, text, size, INDEX_CELLS);
}

TARGET static void index_records(struct delimiter_index *x, const char *text, size_t size) {
  index_text(x, text, size, INDEX_RECORDS);
}

TARGET static void index_lines(struct delimiter_index *x, const char *text, size_t size) {
  index_text(x, text, size, INDEX_LINES);
}

const struct source_kernels source_kernels_avx2 = {"avx2", index_cells, index_records, index_lines,
                                                   text_check_avx2};

#endif
