#include "cli/column_profile.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/memory.h"
#include "common/text.h"
#include "worker/fields/cell.h"

static int compare_hashes(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void count_values(struct column_profile *profile, uint64_t *hashes) {
  qsort(hashes, profile->filled, sizeof *hashes, compare_hashes);
  for (uint32_t i = 0; i < profile->filled;) {
    uint32_t end = i + 1;
    while (end < profile->filled && hashes[end] == hashes[i]) end++;
    profile->distinct++;
    profile->agreeing += (uint64_t)(end - i) * (end - i - 1) / 2;
    if (end - i > profile->most) profile->most = end - i;
    i = end;
  }
}

/* Numbers of two or three parts between - / . or 年月日, or eight digits of a plausible year. */
static bool is_date_shaped(struct bytes cell) {
  unsigned digits = 0, separators = 0, others = 0;
  for (size_t i = 0; i < cell.size; i++) {
    unsigned char c = (unsigned char)cell.data[i];
    if (c >= '0' && c <= '9')
      digits++;
    else if (c == '-' || c == '/' || c == '.')
      separators++;
    else if (c != ':' && c != ' ' && c != 'T' && c != 'Z' && c != '+')
      others++;
  }
  if (bytes_find(cell, BYTES("年")) < cell.size && digits >= 5) return true;
  if (others || digits < 4 || digits > 20) return false;
  if (separators >= 2) return true;
  return separators == 0 && digits == 8 && cell.size == 8 &&
         (bytes_starts_with(cell, BYTES("19")) || bytes_starts_with(cell, BYTES("20")));
}

static bool is_number(struct bytes cell) {
  unsigned digits = 0, others = 0;
  for (const char *at = cell.data, *end = at + cell.size; at < end;) {
    uint32_t c = text_decode(&at, end);
    if (c >= '0' && c <= '9')
      digits++;
    else if (c == ',' || c == '.' || c == '-' || c == ' ' || c == '$' || c == 0x20AC || c == 0xA3 ||
             c == 0xA5 || c == 0xFFE5 || c == 0x5143)
      continue;
    else
      others++;
  }
  /* "USD, $3,414.13 CAD": names of currencies may stand around it */
  return digits && (others == 0 || (others <= 6 && digits >= 2 && cell.size < 24 &&
                                    bytes_find(cell, BYTES(".")) < cell.size));
}

static void look_at(struct column_profile *profile, struct bytes cell) {
  bool digit = false, letter = false, han = false, all_digits = true, word = false;
  for (const char *at = cell.data, *end = at + cell.size; at < end;) {
    uint32_t c = text_decode(&at, end);
    bool is_digit = c >= '0' && c <= '9', is_han = text_is_han(c);
    bool is_letter = (c | 0x20) - 'a' < 26 || (c >= 0xC0 && c < 0x2000);
    digit |= is_digit;
    letter |= is_letter;
    han |= is_han;
    all_digits &= is_digit;
    profile->words += c != ' ' && !word;
    word = c != ' ';
    profile->characters++;
  }
  profile->with_digit += digit;
  profile->with_letter += letter;
  profile->with_han += han;
  profile->all_digits += all_digits;
  profile->with_at += memchr(cell.data, '@', cell.size) != NULL;
  profile->with_point += memchr(cell.data, '.', cell.size) != NULL;
  profile->numbers += is_number(cell);
  profile->date_shaped += is_date_shaped(cell);
  int year = cell.size == 4 && all_digits ? cell_number(cell.data, 4) : 0;
  profile->years += year >= 1800 && year <= 2100;
}

void column_profile_make(const struct source_file *file, uint32_t column, struct arena *arena,
                         struct column_profile *profile) {
  const struct source_sample *sample = &file->sample;
  *profile = (struct column_profile){.rows = sample->row_count};
  uint64_t *hashes = memory_new(sample->row_count * sizeof *hashes + 1);
  struct bytes *cells = arena_alloc(arena, PROFILE_CELLS_MAX * sizeof *cells);
  struct arena scratch = {0};
  for (uint32_t r = 0; r < sample->row_count; r++) {
    struct bytes raw = sample->cells[(size_t)r * sample->column_count + column];
    arena_reset(&scratch);
    struct bytes cell = bytes_trim(raw);
    if (cell.size == 0 || cell_means_empty(cell_fold(cell, &scratch))) continue;
    hashes[profile->filled++] = hash_bytes(cell);
    date_order_add(&profile->date_order, cell, &scratch);
    if (profile->looked == PROFILE_CELLS_MAX) continue;
    cells[profile->looked++] = cell;
    look_at(profile, cell);
  }
  profile->cells = cells;
  count_values(profile, hashes);
  arena_release(&scratch);
  free(hashes);
}

unsigned column_profile_kinds(const struct column_profile *profile, const struct field_type *type,
                              const struct field_options *options, uint32_t kinds) {
  struct arena scratch = {0};
  uint32_t count = 0;
  for (uint32_t i = 0; i < profile->looked; i++) {
    struct standard_value value = {0};
    arena_reset(&scratch);
    type->standardise(options, profile->cells[i], &scratch, &value, NULL);
    bool usable = value.state != VALUE_MISSING && value.state != VALUE_INVALID;
    count += usable && (kinds >> (value.kind & 31) & 1);
  }
  arena_release(&scratch);
  return permille(count, profile->looked);
}

unsigned column_profile_valid(const struct column_profile *profile, const struct field_type *type,
                              const struct field_options *options) {
  return column_profile_kinds(profile, type, options, UINT32_MAX);
}

unsigned column_profile_comparable(const struct column_profile *profile,
                                   const struct field_type *type,
                                   const struct field_options *options) {
  uint64_t feature[FIELD_FEATURE_BYTES_MAX / 8], any;
  struct arena scratch = {0};
  uint32_t count = 0;
  for (uint32_t i = 0; i < profile->looked; i++) {
    struct standard_value value = {0};
    memset(feature, 0, sizeof feature);
    arena_reset(&scratch);
    type->standardise(options, profile->cells[i], &scratch, &value, feature);
    any = 0;
    for (size_t w = 0; w < sizeof feature / sizeof feature[0]; w++) any |= feature[w];
    count += any != 0;
  }
  arena_release(&scratch);
  return permille(count, profile->looked);
}
