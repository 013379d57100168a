#include "worker/fields/tables.h"

#include "worker/fields/tables_data.h"

/* Where key stands, or would stand, in rows that begin with an ascending number. */
static uint32_t place_of_u32(const void *rows, size_t row_size, uint32_t count, uint32_t key) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = (low + high) / 2, value;
    memcpy(&value, (const char *)rows + middle * row_size, sizeof value);
    if (value < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static uint32_t place_of_u16(const void *rows, size_t row_size, uint32_t count, uint32_t key) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    uint16_t value;
    memcpy(&value, (const char *)rows + middle * row_size, sizeof value);
    if (value < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* --- Han characters --------------------------------------------------------------------------- */

uint32_t han_fold_beyond(uint32_t c) {
  uint32_t low = place_of_u32(han_beyond, sizeof *han_beyond, han_beyond_count, c);
  return low < han_beyond_count && han_beyond[low].character == c ? han_beyond[low].fold : c;
}

/* The second column of the row whose first is c; `missing` when there is none. */
static unsigned find_u16(const uint16_t rows[][2], uint32_t count, uint32_t c, unsigned missing) {
  uint32_t low = place_of_u16(rows, sizeof *rows, count, c);
  return low < count && rows[low][0] == c ? rows[low][1] : missing;
}

uint32_t han_confusion(uint32_t c) {
  if (!(han_info(c) & HAN_CONFUSED)) return c;
  return find_u16(han_confusions, han_confusion_count, c, c);
}

/* --- pinyin ----------------------------------------------------------------------------------- */

unsigned pinyin_fuzzy_class(unsigned syllable) {
  return syllable <= pinyin_syllable_count ? pinyin_fuzzy_classes[syllable] : 0;
}

enum { SYLLABLE_SIZE_MAX = 6 };

unsigned pinyin_find(const char *letters, unsigned size) {
  if (size == 0 || size > SYLLABLE_SIZE_MAX) return 0;
  uint32_t code = 0;
  for (unsigned i = 0; i < size; i++) {
    if (letters[i] < 'a' || letters[i] > 'z') return 0;
    code = code << 5 | (uint32_t)(letters[i] - 'a' + 1);
  }
  uint32_t low = place_of_u32(pinyin_codes, sizeof *pinyin_codes, pinyin_syllable_count, code);
  return low < pinyin_syllable_count && pinyin_codes[low][0] == code ? pinyin_codes[low][1] : 0;
}

/* Depth first, longest syllable first. A start that failed is not tried again, so the work is
 * bounded by size × SYLLABLE_SIZE_MAX lookups. */
unsigned pinyin_split(const char *letters, unsigned size, uint16_t *syllables, unsigned max) {
  enum { SIZE_MAX_SPLIT = 64 };
  if (size == 0 || size > SIZE_MAX_SPLIT) return 0;
  uint64_t failed = 0; /* bit i: letters[i..) have no split */
  uint8_t starts[SIZE_MAX_SPLIT + 1], tried[SIZE_MAX_SPLIT + 1];
  unsigned depth = 0;
  starts[0] = 0;
  tried[0] = SYLLABLE_SIZE_MAX + 1;
  while (starts[depth] < size) {
    unsigned start = starts[depth], length = tried[depth];
    unsigned syllable = 0;
    while (depth < max && length > 1) {
      length--;
      if (start + length > size) continue;
      if (start + length < size && (failed >> (start + length) & 1)) continue;
      syllable = pinyin_find(letters + start, length);
      if (syllable) break;
    }
    tried[depth] = (uint8_t)length;
    if (syllable) {
      syllables[depth++] = (uint16_t)syllable;
      starts[depth] = (uint8_t)(start + length);
      tried[depth] = SYLLABLE_SIZE_MAX + 1;
      continue;
    }
    if (depth < max) failed |= 1ULL << start;
    if (depth == 0) return 0;
    depth--;
  }
  return depth;
}

/* --- surnames --------------------------------------------------------------------------------- */

static const struct compound_surname *find_compound(uint32_t first, uint32_t second) {
  uint32_t key = han_fold(first) << 16 | (han_fold(second) & 0xFFFF);
  uint32_t low =
      place_of_u32(compound_surnames, sizeof *compound_surnames, compound_surname_count, key);
  return low < compound_surname_count && compound_surnames[low].characters == key
             ? &compound_surnames[low]
             : NULL;
}

bool surname_is_compound_slow(uint32_t first, uint32_t second) {
  return second < 0x10000 && find_compound(first, second);
}

unsigned surname_pinyin(uint32_t c) {
  unsigned info = han_info(c), common = info & HAN_PINYIN_MASK;
  if (!(info & HAN_SURNAME_READING)) return common;
  return find_u16(surname_readings, surname_reading_count, han_fold(c), common);
}

void surname_pinyin_compound(uint32_t first, uint32_t second, uint16_t syllables[2]) {
  const struct compound_surname *found = find_compound(first, second);
  syllables[0] = (uint16_t)(found && found->first ? found->first : han_pinyin(first));
  syllables[1] = (uint16_t)(found && found->second ? found->second : han_pinyin(second));
}

/* --- Latin ------------------------------------------------------------------------------------ */

unsigned latin_plain(uint32_t c, char out[2]) {
  if (c < 0x80) {
    out[0] = (char)(c | 0x20);
    return out[0] >= 'a' && out[0] <= 'z' && c >= 'A';
  }
  const char *letters;
  if (c >= 0xC0 && c < 0x250) {
    letters = latin_low[c - 0xC0];
  } else if (c >= 0x1E00 && c < 0x1F00) {
    letters = latin_high[c - 0x1E00];
  } else {
    return 0;
  }
  out[0] = letters[0];
  out[1] = letters[1];
  return !letters[0] ? 0 : !letters[1] ? 1 : 2;
}

#define FNV_START 0xCBF29CE484222325ULL

static uint64_t fnv_step(uint64_t hash, uint32_t c) { return (hash ^ c) * 0x100000001B3ULL; }

/* Where hash stands in rows that begin with an ascending hash; -1 when it is not there. */
static int find_u64(const void *rows, size_t row_size, uint32_t count, uint64_t hash) {
  uint32_t low = 0, high = count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    uint64_t value;
    memcpy(&value, (const char *)rows + middle * row_size, sizeof value);
    if (value == hash) return (int)middle;
    if (value < hash) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return -1;
}

int nickname_find(const char *name, unsigned size) {
  uint64_t hash = FNV_START;
  for (unsigned i = 0; i < size; i++) hash = fnv_step(hash, (unsigned char)name[i]);
  return find_u64(nickname_hashes, sizeof *nickname_hashes, nickname_count, hash);
}

bool nickname_equal(int a, int b) {
  if (a < 0 || b < 0) return false;
  for (unsigned x = nickname_starts[a]; x < nickname_starts[a + 1]; x++) {
    for (unsigned y = nickname_starts[b]; y < nickname_starts[b + 1]; y++) {
      if (nickname_groups[x] == nickname_groups[y]) return true;
    }
  }
  return false;
}

unsigned name_word_find(const uint32_t *text, unsigned count) {
  uint64_t hash = FNV_START;
  for (unsigned i = 0; i < count; i++) hash = fnv_step(hash, text[i]);
  int place = find_u64(name_words, sizeof *name_words, name_word_count, hash);
  return place < 0 ? 0 : name_words[place].flags;
}

/* --- places and industries -------------------------------------------------------------------- */

const struct division *division_find(uint32_t code) {
  uint32_t low = place_of_u32(divisions, sizeof *divisions, division_count, code);
  return low < division_count && divisions[low].code == code ? &divisions[low] : NULL;
}

struct bytes division_name(const struct division *d) {
  return bytes_of(division_names + d->name_offset, d->name_size);
}

bool area_code_known(unsigned area_code) {
  uint32_t low = place_of_u16(area_codes, sizeof *area_codes, area_code_count, area_code);
  return low < area_code_count && area_codes[low] == area_code;
}

struct bytes industry_find(struct bytes name) {
  uint32_t low = 0, high = industry_count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    const struct industry *i = &industries[middle];
    int order = bytes_compare(bytes_of(industry_names + i->name_offset, i->name_size), name);
    if (order == 0) return bytes_from_string(i->code);
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return BYTES_EMPTY;
}
