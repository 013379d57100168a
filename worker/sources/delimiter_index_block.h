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
  uint64_t in_quote, after_cr, cell_start, record_start, quote_in_quoted;
};

struct index_bits {
  uint64_t ends;    /* what index_cells or index_records reports */
  uint64_t records; /* those of them that end a record */
  uint64_t lines;   /* physical line ends */
};

INDEX_INLINE struct index_carry index_carry_of(const struct delimiter_index *x) {
  return (struct index_carry){
      .in_quote = x->state == INDEX_QUOTED ? ~UINT64_C(0) : 0,
      .after_cr = x->after_cr,
      .cell_start = x->state == INDEX_RECORD_START || x->state == INDEX_CELL_START,
      .record_start = x->state == INDEX_RECORD_START,
      .quote_in_quoted = x->state == INDEX_QUOTE_IN_QUOTED,
  };
}

INDEX_INLINE void index_carry_store(struct index_carry carry, struct delimiter_index *x) {
  x->after_cr = carry.after_cr != 0;
  x->state = carry.in_quote          ? INDEX_QUOTED
             : carry.quote_in_quoted ? INDEX_QUOTE_IN_QUOTED
             : carry.record_start    ? INDEX_RECORD_START
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

/* size: bytes in the block, 1 to 64; no mask has a bit beyond. False: a quote stands where the
 * rules give it no meaning, nothing was changed, and the block is to be walked byte by byte. */
INDEX_INLINE bool index_block(const struct index_masks *m, size_t size, enum index_what what,
                              struct index_carry *carry, struct index_bits *out) {
  const unsigned last = (unsigned)size - 1;
  uint64_t lines = m->cr | (m->lf & ~(m->cr << 1 | carry->after_cr));
  uint64_t newlines = m->lf | m->cr;
  uint64_t delimiters = m->delimiter;
  uint64_t records = lines;
  uint64_t closes = 0;
  if (what != INDEX_LINES && (m->quote | carry->in_quote | carry->quote_in_quoted)) {
    uint64_t inside = prefix_xor(m->quote) ^ carry->in_quote; /* the opening quote is inside */
    uint64_t opens = m->quote & inside;
    closes = m->quote & ~inside;
    newlines &= ~inside;
    delimiters &= ~inside;
    records &= ~inside;
    uint64_t separators = newlines | delimiters;
    uint64_t may_open = (separators | closes) << 1 | carry->cell_start | carry->quote_in_quoted;
    uint64_t after_close = closes << 1 | carry->quote_in_quoted;
    uint64_t valid = ~UINT64_C(0) >> (63 - last);
    if ((opens & ~may_open) | (after_close & ~(separators | opens) & valid)) return false;
    carry->in_quote = 0 - (inside >> last & 1);
  }
  uint64_t blank = records & (newlines << 1 | carry->record_start);
  out->lines = lines;
  out->records = records & ~blank;
  out->ends = what == INDEX_CELLS ? out->records | delimiters : out->records;
  carry->after_cr = m->cr >> last & 1;
  carry->record_start = newlines >> last & 1;
  carry->cell_start = (newlines | delimiters) >> last & 1;
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
