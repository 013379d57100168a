#if defined(__x86_64__)

#include <immintrin.h>

#include "worker/sources/text_check.h"
#include "worker/sources/text_check_tables.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,bmi2,popcnt")))
#define INLINE static inline __attribute__((always_inline))

TARGET INLINE __m512i load_table(const uint8_t *table) {
  return _mm512_broadcast_i32x4(_mm_load_si128((const __m128i *)table));
}

/* Bytes other than zero where a character is wrong; `before` is the block before. */
TARGET INLINE __m512i find_errors(__m512i block, __m512i before) {
  const __m512i low_nibble = _mm512_set1_epi8(0x0F);
  /* Each 16-byte lane of `shifted` holds the lane that stands before it in the text. */
  __m512i shifted = _mm512_alignr_epi64(block, before, 6);
  __m512i back1 = _mm512_alignr_epi8(block, shifted, 15);
  __m512i back2 = _mm512_alignr_epi8(block, shifted, 14);
  __m512i back3 = _mm512_alignr_epi8(block, shifted, 13);
  __m512i back1_high = _mm512_and_si512(_mm512_srli_epi16(back1, 4), low_nibble);
  __m512i block_high = _mm512_and_si512(_mm512_srli_epi16(block, 4), low_nibble);
  __m512i pairs = _mm512_and_si512(
      _mm512_and_si512(
          _mm512_shuffle_epi8(load_table(utf8_first_high), back1_high),
          _mm512_shuffle_epi8(load_table(utf8_first_low), _mm512_and_si512(back1, low_nibble))),
      _mm512_shuffle_epi8(load_table(utf8_second_high), block_high));
  __m512i third = _mm512_subs_epu8(back2, _mm512_set1_epi8(0xE0 - 0x80));
  __m512i fourth = _mm512_subs_epu8(back3, _mm512_set1_epi8((char)(0xF0 - 0x80)));
  __m512i must_continue =
      _mm512_and_si512(_mm512_or_si512(third, fourth), _mm512_set1_epi8((char)0x80));
  return _mm512_xor_si512(must_continue, pairs);
}

TARGET struct text_facts text_check_avx512(const char *text, size_t size) {
  __m512i errors = _mm512_setzero_si512(), before = _mm512_setzero_si512();
  uint64_t high_before = 0, nul = 0, high_count = 0;
  for (size_t at = 0; at < size; at += 64) {
    __mmask64 valid =
        size - at < 64 ? _bzhi_u64(~UINT64_C(0), (unsigned)(size - at)) : ~UINT64_C(0);
    __m512i block = _mm512_maskz_loadu_epi8(valid, text + at);
    uint64_t high = _mm512_movepi8_mask(block);
    nul |= _mm512_testn_epi8_mask(block, block) & valid;
    high_count += (uint64_t)__builtin_popcountll(high);
    /* Nothing to check where this block is ASCII and no character reached into it. */
    if (high | high_before >> 61) errors = _mm512_or_si512(errors, find_errors(block, before));
    before = block;
    high_before = high;
  }
  /* After the text there is nothing: a character that is not complete is wrong. */
  if (high_before >> 61)
    errors = _mm512_or_si512(errors, find_errors(_mm512_setzero_si512(), before));
  return (struct text_facts){high_count, _mm512_test_epi8_mask(errors, errors) == 0, nul != 0};
}

#endif
