#if defined(__x86_64__)

#include <immintrin.h>

#include "worker/sources/delimiter_index_block.h"
#include "worker/sources/text_check.h"

#define TARGET \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt")))

/* Compresses the positions of the set bits into bytes, and widens them to what is stored: always
 * 16, further ones only when there are. */
TARGET INDEX_INLINE void store_ends(struct delimiter_index *x, uint64_t bits, size_t at) {
  const __m512i positions = _mm512_set_epi64(
      0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
      0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
  const __m512i base = _mm512_set1_epi32((int)at);
  __m512i packed = _mm512_maskz_compress_epi8(bits, positions);
  uint32_t *out = x->ends + x->end_count;
  unsigned count = (unsigned)__builtin_popcountll(bits);
  __m512i first = _mm512_cvtepu8_epi32(_mm512_castsi512_si128(packed));
  _mm512_storeu_si512(out, _mm512_add_epi32(first, base));
  if (__builtin_expect(count > 16, 0)) {
    __m512i second = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 1));
    __m512i third = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 2));
    __m512i fourth = _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(packed, 3));
    _mm512_storeu_si512(out + 16, _mm512_add_epi32(second, base));
    _mm512_storeu_si512(out + 32, _mm512_add_epi32(third, base));
    _mm512_storeu_si512(out + 48, _mm512_add_epi32(fourth, base));
  }
  x->end_count += count;
}

TARGET INDEX_INLINE void index_text(struct delimiter_index *out, const char *text, size_t size,
                                    enum index_what what) {
  const __m512i quote = _mm512_set1_epi8(out->quote);
  const __m512i delimiter = _mm512_set1_epi8(out->delimiter);
  const __m512i lf = _mm512_set1_epi8('\n');
  const __m512i cr = _mm512_set1_epi8('\r');
  struct delimiter_index x = *out; /* a copy that stays in registers */
  struct index_carry carry = index_carry_of(&x);
  uint64_t quotes = 0;
  for (size_t at = 0; at < size; at += 64) {
    size_t left = size - at < 64 ? size - at : 64;
    __m512i block =
        left == 64 ? _mm512_loadu_si512(text + at)
                   : _mm512_maskz_loadu_epi8(_bzhi_u64(~UINT64_C(0), (unsigned)left), text + at);
    struct index_masks m = {
        .quote = what == INDEX_LINES ? 0 : _mm512_cmpeq_epi8_mask(block, quote),
        .delimiter = what == INDEX_LINES ? 0 : _mm512_cmpeq_epi8_mask(block, delimiter),
        .lf = _mm512_cmpeq_epi8_mask(block, lf),
        .cr = _mm512_cmpeq_epi8_mask(block, cr),
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

const struct source_kernels source_kernels_avx512 = {"avx512", index_cells, index_records,
                                                     index_lines, text_check_avx512};

#endif
