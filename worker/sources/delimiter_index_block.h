/* delimiter_index_block — what the vector kernels share: from the bit masks of 64 classified bytes
 * to the bits of what ends cells and records. Private to the kernels. */
#ifndef GUIYI_WORKER_SOURCES_DELIMITER_INDEX_BLOCK_H
#define GUIYI_WORKER_SOURCES_DELIMITER_INDEX_BLOCK_H

#include "worker/sources/delimiter_index.h"

#define INDEX_INLINE static inline __attribute__((always_inline))

/* Bit i stands for byte i of the block. */
struct index_masks {
  uint64_t quote, delimiter, lf, cr;
};

/* What the byte before the block was, as bit 0 of a mask; in_quote fills the whole mask. */
struct index_carry {
  uint64_t in_quote, cell_start, record_start, record_cr, quote_in_quoted;
};

struct index_bits {
  uint64_t ends;    /* what index_cells or index_records reports */
  uint64_t records; /* those of them that end a record */
};

INDEX_INLINE struct index_carry index_carry_of(const struct delimiter_index *x) {
  return (struct index_carry){
      .in_quote = x->state == INDEX_QUOTED ? ~UINT64_C(0) : 0,
      .cell_start = x->state == INDEX_RECORD_START || x->state == INDEX_CELL_START,
      .record_start = x->state == INDEX_RECORD_START,
      .record_cr = x->state == INDEX_RECORD_CR,
      .quote_in_quoted = x->state == INDEX_QUOTE_IN_QUOTED,
  };
}

INDEX_INLINE enum index_state index_state_of(struct index_carry carry) {
  return carry.in_quote          ? INDEX_QUOTED
         : carry.quote_in_quoted ? INDEX_QUOTE_IN_QUOTED
         : carry.record_start    ? INDEX_RECORD_START
         : carry.record_cr       ? INDEX_RECORD_CR
         : carry.cell_start      ? INDEX_CELL_START
                                 : INDEX_UNQUOTED;
}

/* Bit i of the result is the parity of the bits up to and with i. */
INDEX_INLINE uint64_t prefix_xor(uint64_t bits) {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ bits << 32;
}

/* size: bytes in the block, 1 to 64; no mask has a bit beyond. False: a quote stands where it opens
 * nothing, nothing was changed, and the block is to be walked byte by byte. */
INDEX_INLINE bool index_block(const struct index_masks *m, size_t size, enum index_what what,
                              struct index_carry *carry, struct index_bits *out) {
  const unsigned last = (unsigned)size - 1;
  uint64_t records = m->lf, delimiters = m->delimiter, closes = 0;
  if (what != INDEX_LINES && (m->quote | carry->in_quote | carry->quote_in_quoted)) {
    uint64_t inside = prefix_xor(m->quote) ^ carry->in_quote; /* the opening quote is inside */
    uint64_t opens = m->quote & inside;
    closes = m->quote & ~inside;
    records &= ~inside;
    delimiters &= ~inside;
    uint64_t before_open = (records | delimiters | closes) << 1;
    if (opens & ~(before_open | carry->cell_start | carry->quote_in_quoted)) return false;
    carry->in_quote = 0 - (inside >> last & 1);
  }
  uint64_t first = records << 1 | carry->record_start; /* the first bytes of records */
  uint64_t first_cr = m->cr & first;
  uint64_t blank = records & (first | first_cr << 1 | carry->record_cr);
  out->records = records & ~blank;
  out->ends = what == INDEX_CELLS ? out->records | delimiters : out->records;
  carry->record_start = records >> last & 1;
  carry->record_cr = first_cr >> last & 1;
  carry->cell_start = (records | delimiters) >> last & 1;
  carry->quote_in_quoted = closes >> last & 1;
  return true;
}

/* The ordinals of the records' ends; two are written whatever there is, more only when there are.
 */
INDEX_INLINE void index_store_rows(struct delimiter_index *x, uint64_t row_bits) {
  uint32_t *out = x->row_ends + x->row_count;
  unsigned count = (unsigned)__builtin_popcountll(row_bits);
  uint32_t base = x->end_count + 1;
  out[0] = base + (uint32_t)__builtin_ctzll(row_bits | UINT64_C(1) << 63);
  uint64_t rest = row_bits & (row_bits - 1);
  out[1] = base + (uint32_t)__builtin_ctzll(rest | UINT64_C(1) << 63);
  if (__builtin_expect(count > 2, 0)) {
    for (unsigned i = 2; i < count; i++) {
      rest &= rest - 1;
      out[i] = base + (uint32_t)__builtin_ctzll(rest);
    }
  }
  x->row_count += count;
}

#endif
