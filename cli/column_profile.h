/* column_profile — what stands in one column of a sample: how much, how varied, of which shape.
 *
 * Counts only; what they mean is column_meaning.h's. Made from the sample's rows, whose order does
 * not depend on the order of the file. */
#ifndef GUIYI_CLI_COLUMN_PROFILE_H
#define GUIYI_CLI_COLUMN_PROFILE_H

#include "worker/fields/date.h"
#include "worker/sources/source_file.h"

enum {
  PROFILE_CELLS_MAX = 400, /* filled cells that types look at */
};

struct column_profile {
  uint32_t rows;                         /* of the sample */
  uint32_t filled;                       /* neither empty nor a word for it */
  uint32_t distinct;                     /* different values among the filled */
  uint32_t most;                         /* cells that hold the most frequent value */
  uint64_t agreeing;                     /* pairs of filled cells that hold the same */
  struct date_order_evidence date_order; /* of all filled cells */
  /* Of the cells that were looked at: */
  const struct bytes *cells;
  uint32_t looked;
  uint32_t with_digit, all_digits, with_letter, with_han, with_at, with_point;
  uint32_t numbers;     /* a sign, digits, grouping commas, a point, perhaps a currency */
  uint32_t date_shaped; /* YYYYMMDD, or numbers with separators of dates */
  uint32_t years;       /* 1800..2100 in four digits */
  uint64_t characters, words;
};

/* Cells point into the file. The arrays lie in arena. */
void column_profile_make(const struct source_file *file, uint32_t column, struct arena *arena,
                         struct column_profile *profile);

/* part / whole in 1000; 0 of nothing. */
static inline unsigned permille(uint64_t part, uint64_t whole) {
  return whole ? (unsigned)(part * 1000 / whole) : 0;
}

/* How many of 1000 cells the type can use: valid, or worth showing (masked, dummy). */
unsigned column_profile_valid(const struct column_profile *profile, const struct field_type *type,
                              const struct field_options *options);
/* How many of 1000 cells are valid and of one of the kinds (bit set by the type's enum). */
unsigned column_profile_kinds(const struct column_profile *profile, const struct field_type *type,
                              const struct field_options *options, uint32_t kinds);

/* How many of 1000 cells leave something to compare. */
unsigned column_profile_comparable(const struct column_profile *profile,
                                   const struct field_type *type,
                                   const struct field_options *options);

#endif
