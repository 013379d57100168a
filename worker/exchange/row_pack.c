#include "worker/exchange/row_pack.h"

#include <string.h>

enum { WORD = 8 };

size_t row_pack(const void *row, uint32_t row_bytes, uint8_t *out) {
  uint32_t words = row_bytes / WORD, mask_bytes = (words + 7) / 8;
  const uint8_t *from = row;
  uint8_t *to = out + mask_bytes;
  for (uint32_t first = 0; first < words; first += 8) {
    uint32_t end = first + 8 < words ? first + 8 : words;
    unsigned mask = 0;
    for (uint32_t w = first; w < end; w++, from += WORD) {
      uint64_t word;
      memcpy(&word, from, WORD);
      memcpy(to, &word, WORD);
      unsigned kept = word != 0;
      mask |= kept << (w - first);
      to += kept * WORD;
    }
    out[first / 8] = (uint8_t)mask;
  }
  return (size_t)(to - out);
}

size_t row_unpack(const uint8_t *data, size_t size, uint32_t row_bytes, void *row) {
  uint32_t words = row_bytes / WORD, mask_bytes = (words + 7) / 8;
  if (size < mask_bytes) return 0;
  const uint8_t *from = data + mask_bytes;
  uint8_t *to = row;
  size_t kept = 0;
  for (uint32_t b = 0; b < mask_bytes; b++) kept += (size_t)__builtin_popcount(data[b]);
  /* Bits beyond the last word would be of no row. */
  if (words % 8 && data[mask_bytes - 1] >> (words % 8)) return 0;
  if (size - mask_bytes < kept * WORD) return 0;
  memset(to, 0, row_bytes);
  for (uint32_t b = 0; b < mask_bytes; b++)
    for (unsigned mask = data[b]; mask; mask &= mask - 1, from += WORD)
      memcpy(to + ((size_t)b * 8 + (unsigned)__builtin_ctz(mask)) * WORD, from, WORD);
  return mask_bytes + kept * WORD;
}
