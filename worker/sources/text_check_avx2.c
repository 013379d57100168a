#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "worker/sources/text_check.h"
#include "worker/sources/text_check_tables.h"

#define TARGET __attribute__((target("avx2,popcnt")))
#define INLINE static inline __attribute__((always_inline))

TARGET INLINE __m256i load_table(const uint8_t *table) {
  return _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)table));
}

/* Bytes other than zero where a character is wrong; `before` is the block before. */
TARGET INLINE __m256i find_errors(__m256i block, __m256i before) {
  const __m256i low_nibble = _mm256_set1_epi8(0x0F);
  /* Each 16-byte lane of `shifted` holds the lane that stands before it in the text. */
  __m256i shifted = _mm256_permute2x128_si256(before, block, 0x21);
  __m256i back1 = _mm256_alignr_epi8(block, shifted, 15);
  __m256i back2 = _mm256_alignr_epi8(block, shifted, 14);
  __m256i back3 = _mm256_alignr_epi8(block, shifted, 13);
  __m256i back1_high = _mm256_and_si256(_mm256_srli_epi16(back1, 4), low_nibble);
  __m256i block_high = _mm256_and_si256(_mm256_srli_epi16(block, 4), low_nibble);
  __m256i pairs = _mm256_and_si256(
      _mm256_and_si256(
          _mm256_shuffle_epi8(load_table(utf8_first_high), back1_high),
          _mm256_shuffle_epi8(load_table(utf8_first_low), _mm256_and_si256(back1, low_nibble))),
      _mm256_shuffle_epi8(load_table(utf8_second_high), block_high));
  __m256i third = _mm256_subs_epu8(back2, _mm256_set1_epi8(0xE0 - 0x80));
  __m256i fourth = _mm256_subs_epu8(back3, _mm256_set1_epi8((char)(0xF0 - 0x80)));
  __m256i must_continue =
      _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
  return _mm256_xor_si256(must_continue, pairs);
}

TARGET struct text_facts text_check_avx2(const char *text, size_t size) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i errors = zero, before = zero, lowest = _mm256_set1_epi8(-1);
  uint32_t high_before = 0;
  uint64_t high_count = 0;
  bool nul_in_tail = false;
  for (size_t at = 0; at < size; at += 32) {
    __m256i block;
    if (size - at < 32) {
      char tail[32] = {0};
      memcpy(tail, text + at, size - at);
      nul_in_tail = memchr(tail, 0, size - at) != NULL;
      block = _mm256_loadu_si256((const __m256i *)tail);
    } else {
      block = _mm256_loadu_si256((const __m256i *)(text + at));
      lowest = _mm256_min_epu8(lowest, block);
    }
    uint32_t high = (uint32_t)_mm256_movemask_epi8(block);
    high_count += (uint32_t)__builtin_popcount(high);
    /* Nothing to check where this block is ASCII and no character reached into it. */
    if (high | high_before >> 29) errors = _mm256_or_si256(errors, find_errors(block, before));
    before = block;
    high_before = high;
  }
  /* After the text there is nothing: a character that is not complete is wrong. */
  if (high_before >> 29) errors = _mm256_or_si256(errors, find_errors(zero, before));
  bool has_nul = _mm256_movemask_epi8(_mm256_cmpeq_epi8(lowest, zero)) != 0;
  return (struct text_facts){high_count, _mm256_testz_si256(errors, errors) != 0,
                             has_nul || nul_in_tail};
}

#endif
