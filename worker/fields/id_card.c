/* Feature: two words. `digits` holds characters 1 to 15, `tail` the rest in its low bits and the
 * kind in its top four; both as packed digits (digits.h), X as 12 because '*' is 11. */
#include "worker/fields/id_card.h"

#include "common/hash.h"
#include "worker/fields/cell.h"
#include "worker/fields/digits.h"
#include "worker/fields/mask.h"
#include "worker/fields/tables.h"

enum { ID_SIZE = 18, ID_SIZE_OLD = 15, ID_FEATURE_DIGITS_MAX = 19, ID_AGE_MAX_YEARS = 120 };

struct id_feature {
  uint64_t digits, tail;
};

enum feature_kind { FEATURE_VALID = 1, FEATURE_FAILING, FEATURE_MASKED, FEATURE_OTHER };

enum { LEVEL_TAIL = 3, LEVEL_AREA_BIRTH, LEVEL_MASKED, LEVEL_ONE_EDIT, LEVEL_SAME_FAILING };

enum { PART_EXACT, PART_TAIL6, PART_BIRTH };

/* ---- the number ---- */

/* ISO 7064 MOD 11-2 over 17 digits. */
static char check_character(const char *digits) {
  static const unsigned char weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  unsigned sum = 0;
  for (int i = 0; i < 17; i++) sum += weights[i] * (unsigned)(digits[i] - '0');
  return "10X98765432"[sum % 11];
}

static struct calendar_date birth_date(const char *number) {
  return (struct calendar_date){.year = cell_number(number + 6, 4),
                                .month = cell_number(number + 10, 2),
                                .day = cell_number(number + 12, 2)};
}

static bool is_hk_mo_tw(const char *number) {
  return number[0] == '8' && number[1] <= '3' && memcmp(number + 2, "0000", 4) == 0;
}

/* Codes that were withdrawn stay good for life, and no list of withdrawn counties is complete: a
 * known prefecture is enough. */
static uint32_t area_flag(const char *number) {
  if (number[0] == '9' || is_hk_mo_tw(number)) return 0;
  uint32_t code = (uint32_t)cell_number(number, 6);
  return division_find(code) || division_find(code / 100 * 100) ? 0 : FIELD_W_AREA;
}

/* E_DATE for a day that never was or has not come; W_AGE for one too long ago. */
static uint32_t birth_flag(const struct field_options *options, const char *number) {
  struct calendar_date date = birth_date(number);
  if (!calendar_exists(date) || date.year < 1800) return FIELD_E_DATE;
  if (!options->as_of_day) return date.year < 1900 ? FIELD_W_AGE : 0;
  struct calendar_date now = calendar_date_of(options->as_of_day);
  int years = now.year - date.year - (now.month * 32 + now.day < date.month * 32 + date.day);
  if (years < 0) return FIELD_E_DATE;
  return years > ID_AGE_MAX_YEARS ? FIELD_W_AGE : 0;
}

static uint64_t packed_character(char c) {
  return c == 'X' ? 12 : c == '*' ? DIGITS_ANY : (uint64_t)(c - '0') + 1;
}

static struct id_feature pack(const char *number, size_t size, uint64_t kind) {
  struct id_feature f = {0, kind << DIGITS_KIND_SHIFT};
  if (size > ID_FEATURE_DIGITS_MAX) size = ID_FEATURE_DIGITS_MAX;
  for (size_t i = 0; i < size; i++) {
    uint64_t c = packed_character(number[i]);
    if (i < DIGITS_MAX)
      f.digits |= c << 4 * i;
    else
      f.tail |= c << 4 * (i - DIGITS_MAX);
  }
  return f;
}

/* The same of 17 digits and a digit or X. */
static struct id_feature pack_18(const char *number, uint64_t kind) {
  uint64_t sixteen = digits_pack_eight(number) | digits_pack_eight(number + 8) << 32;
  uint64_t last = packed_character(number[16]) | packed_character(number[17]) << 4;
  return (struct id_feature){sixteen & DIGITS_MASK,
                             sixteen >> 4 * DIGITS_MAX | last << 4 | kind << DIGITS_KIND_SHIFT};
}

/* ---- standardising ---- */

struct verdict {
  enum id_card_kind kind;
  enum value_state state;
  uint32_t flags;
  struct id_feature feature;
};

/* number: 17 digits and a digit or X. */
static struct verdict judge_18(const struct field_options *options, const char *number) {
  struct verdict v = {ID_CARD_INVALID, VALUE_INVALID, 0, {0, 0}};
  uint32_t birth = birth_flag(options, number);
  bool right = check_character(number) == number[17];
  if (!right) {
    /* Excel keeps 15 digits of a number and writes zeros for the rest. */
    v.flags = memcmp(number + 15, "000", 3) == 0 ? FIELD_E_EXCEL
              : birth == FIELD_E_DATE            ? FIELD_E_DATE
                                                 : FIELD_E_CHECK;
    if (v.flags != FIELD_E_EXCEL) v.feature = pack_18(number, FEATURE_FAILING);
  } else if (birth == FIELD_E_DATE) {
    v.flags = birth;
    v.feature = pack_18(number, FEATURE_FAILING);
  } else {
    v.kind = number[0] == '9'      ? ID_CARD_FOREIGN_PERMANENT
             : is_hk_mo_tw(number) ? ID_CARD_HK_MO_TW
                                   : ID_CARD_RESIDENT;
    v.state = VALUE_OK;
    v.flags = birth | area_flag(number);
    v.feature = pack_18(number, FEATURE_VALID);
  }
  return v;
}

/* A number of 15 digits as one of 18 in room; orders 996 to 999 were kept for people born in the
 * 1800s, whose century can't be told. */
static struct verdict judge_15(const struct field_options *options, const char *old,
                               char room[ID_SIZE]) {
  int order = cell_number(old + 12, 3);
  if (order >= 996)
    return (struct verdict){ID_CARD_OLD_CENTENARIAN, VALUE_ATTRIBUTE, FIELD_W_AMBIGUOUS, {0, 0}};
  memcpy(room, old, 6);
  memcpy(room + 6, "19", 2);
  memcpy(room + 8, old + 6, 9);
  room[17] = check_character(room);
  return judge_18(options, room);
}

static bool is_masked(const char *text, size_t size) {
  bool star = false;
  if (size != ID_SIZE && size != ID_SIZE_OLD) return false;
  for (size_t i = 0; i < size; i++) {
    star |= text[i] == '*';
    if (!cell_is_digit(text[i]) && text[i] != '*' && !(text[i] == 'X' && i == 17)) return false;
  }
  return star;
}

/* Letters as bytes and digits as nibbles, then mixed: equality is all that is asked of it. */
static struct verdict judge_foreign_old(const char *text) {
  uint64_t hash = hash_bytes(bytes_of(text, ID_SIZE_OLD));
  return (struct verdict){
      ID_CARD_FOREIGN_OLD, VALUE_OK, 0, {hash | 1, (uint64_t)FEATURE_OTHER << DIGITS_KIND_SHIFT}};
}

static bool is_foreign_old(const char *text, size_t size) {
  return size == ID_SIZE_OLD && cell_is_letter(text[0]) && cell_is_letter(text[1]) &&
         cell_is_letter(text[2]) && cell_all_digits(text + 3, 12);
}

/* text: upper case, without spaces. */
static struct verdict judge(const struct field_options *options, struct bytes *text,
                            char room[ID_SIZE]) {
  const char *t = text->data;
  size_t size = text->size;
  if (is_masked(t, size))
    return (struct verdict){
        ID_CARD_MASKED, VALUE_ATTRIBUTE, FIELD_W_MASKED,
        size == ID_SIZE ? pack(t, size, FEATURE_MASKED) : (struct id_feature){0, 0}};
  if (is_foreign_old(t, size)) return judge_foreign_old(t);
  bool plain = size > 0 && cell_all_digits(t, size - 1) &&
               (cell_is_digit(t[size - 1]) || (t[size - 1] == 'X' && size >= 17));
  struct verdict v = {ID_CARD_INVALID, VALUE_INVALID, FIELD_E_CHARS, {0, 0}};
  if (!plain) return v;
  if (size == ID_SIZE) return judge_18(options, t);
  if (size == ID_SIZE_OLD) {
    v = judge_15(options, t, room);
    if (v.state == VALUE_OK) *text = bytes_of(room, ID_SIZE);
    return v;
  }
  v.flags = FIELD_E_LEN;
  if (size == ID_SIZE - 1 || size == ID_SIZE + 1) v.feature = pack(t, size, FEATURE_FAILING);
  return v;
}

static void id_card_standardise(const struct field_options *options, struct bytes raw,
                                struct arena *arena, struct standard_value *value, void *feature) {
  char squeezed[CELL_BYTES_MAX], converted[ID_SIZE];
  struct bytes text = raw;
  bool plain = raw.size == ID_SIZE && cell_all_digits(raw.data, 17) &&
               (cell_is_digit(raw.data[17]) || raw.data[17] == 'X');
  struct verdict v;
  if (plain) {
    v = judge_18(options, raw.data);
  } else {
    text = cell_fold(raw, arena);
    if (cell_means_empty(text)) {
      *value = (struct standard_value){.state = VALUE_MISSING};
      return;
    }
    text = cell_squeeze(text, squeezed);
    v = judge(options, &text, converted);
  }
  *value = (struct standard_value){raw, v.state, (uint8_t)v.kind, v.flags};
  if (v.state != VALUE_INVALID && !bytes_equal(raw, text)) {
    value->value = arena_copy(arena, text);
    if (v.state == VALUE_OK) value->state = VALUE_FIXED;
  }
  if (feature) *(struct id_feature *)feature = v.feature;
}

/* ---- what a number says ---- */

int32_t id_card_birth_day(struct bytes value) {
  if (value.size != ID_SIZE || !cell_all_digits(value.data, 17) ||
      check_character(value.data) != value.data[17])
    return CALENDAR_NO_DAY;
  struct calendar_date date = birth_date(value.data);
  return calendar_exists(date) ? calendar_day(date) : CALENDAR_NO_DAY;
}

enum id_card_sex id_card_sex(struct bytes value) {
  if (id_card_birth_day(value) == CALENDAR_NO_DAY) return ID_CARD_SEX_UNKNOWN;
  return (value.data[16] - '0') % 2 ? ID_CARD_SEX_MALE : ID_CARD_SEX_FEMALE;
}

static unsigned kind_of(struct id_feature f) { return (unsigned)(f.tail >> DIGITS_KIND_SHIFT); }

/* The n-th character, from 0, as it is packed; 0 = has none. */
static unsigned character(struct id_feature f, unsigned n) {
  return (unsigned)(n < DIGITS_MAX ? f.digits >> 4 * n : f.tail >> 4 * (n - DIGITS_MAX)) & 0xF;
}

static int number_of(struct id_feature f, unsigned from, unsigned count) {
  int number = 0;
  for (unsigned i = from; i < from + count; i++) number = number * 10 + (int)character(f, i) - 1;
  return number;
}

static struct id_feature load(const void *feature) { return *(const struct id_feature *)feature; }

int32_t id_card_feature_birth_day(const void *feature) {
  struct id_feature f = load(feature);
  if (kind_of(f) != FEATURE_VALID) return CALENDAR_NO_DAY;
  struct calendar_date date = {number_of(f, 6, 4), number_of(f, 10, 2), number_of(f, 12, 2)};
  return calendar_exists(date) ? calendar_day(date) : CALENDAR_NO_DAY;
}

enum id_card_sex id_card_feature_sex(const void *feature) {
  struct id_feature f = load(feature);
  if (kind_of(f) != FEATURE_VALID) return ID_CARD_SEX_UNKNOWN;
  return number_of(f, 16, 1) % 2 ? ID_CARD_SEX_MALE : ID_CARD_SEX_FEMALE;
}

/* ---- features ---- */

/* As one string of up to 19 characters. */
static unsigned __int128 whole(struct id_feature f) {
  return (unsigned __int128)(f.tail & DIGITS_MASK) << 4 * DIGITS_MAX | f.digits;
}

static unsigned first_difference(struct id_feature a, struct id_feature b) {
  uint64_t x = a.digits ^ b.digits;
  if (x) return (unsigned)__builtin_ctzll(x) / 4;
  x = (a.tail ^ b.tail) & DIGITS_MASK;
  return x ? DIGITS_MAX + (unsigned)__builtin_ctzll(x) / 4 : ID_FEATURE_DIGITS_MAX;
}

static unsigned length(struct id_feature f) {
  return DIGITS_MAX + digits_count(f.tail & DIGITS_MASK);
}

/* As digits_one_edit, for 17 to 19 characters. */
static bool one_edit(struct id_feature a, struct id_feature b) {
  unsigned at = 4 * first_difference(a, b);
  unsigned __int128 x = whole(a) >> at, y = whole(b) >> at;
  if (length(a) == length(b)) {
    if (x >> 4 == y >> 4) return true;
    return x >> 8 == y >> 8 && (x & 0xF) == (y >> 4 & 0xF) && (x >> 4 & 0xF) == (y & 0xF);
  }
  if (length(a) == length(b) + 1) return x >> 4 == y;
  if (length(b) == length(a) + 1) return y >> 4 == x;
  return false;
}

static bool fits_mask(struct id_feature a, struct id_feature b) {
  return digits_fit_mask(a.digits, b.digits) &&
         digits_fit_mask(a.tail & DIGITS_MASK, b.tail & DIGITS_MASK);
}

/* Where both are 18 characters: 13 to 18. */
static bool same_tail(struct id_feature a, struct id_feature b) {
  return a.digits >> 48 == b.digits >> 48 && ((a.tail ^ b.tail) & DIGITS_MASK) == 0;
}

static bool is_valid_shape(struct id_feature f) {
  unsigned kind = kind_of(f);
  return kind == FEATURE_VALID || (kind == FEATURE_FAILING && length(f) == ID_SIZE);
}

static uint64_t id_card_key_part(const void *feature, unsigned part) {
  struct id_feature f = load(feature);
  unsigned kind = kind_of(f);
  if (part == PART_EXACT)
    return kind == FEATURE_VALID || kind == FEATURE_OTHER ? hash_join(f.digits, f.tail) : 0;
  if (!is_valid_shape(f)) return 0;
  if (part == PART_TAIL6) return hash_join(f.digits >> 48, f.tail & DIGITS_MASK);
  if (part != PART_BIRTH) return 0;
  struct calendar_date date = {number_of(f, 6, 4), number_of(f, 10, 2), number_of(f, 12, 2)};
  return calendar_exists(date) ? hash_join(PART_BIRTH, (uint32_t)calendar_day(date)) : 0;
}

static unsigned id_card_compare(const void *pa, const void *pb) {
  struct id_feature a = load(pa), b = load(pb);
  unsigned kind_a = kind_of(a), kind_b = kind_of(b);
  if (!kind_a || !kind_b) return FIELD_LEVEL_MISSING;
  bool equal = a.digits == b.digits && a.tail == b.tail;
  if (kind_a == FEATURE_OTHER || kind_b == FEATURE_OTHER) {
    /* A foreigner's old permit and a number of the new form may be one person's. */
    if (kind_a != kind_b) return FIELD_LEVEL_MISSING;
    return equal ? FIELD_LEVEL_EXACT : FIELD_LEVEL_DIFFER;
  }
  if (kind_a == FEATURE_MASKED || kind_b == FEATURE_MASKED) {
    if (kind_a == FEATURE_FAILING || kind_b == FEATURE_FAILING) return FIELD_LEVEL_MISSING;
    return fits_mask(a, b) ? LEVEL_MASKED : FIELD_LEVEL_DIFFER;
  }
  bool failing = kind_a == FEATURE_FAILING || kind_b == FEATURE_FAILING;
  if (equal) return failing ? LEVEL_SAME_FAILING : FIELD_LEVEL_EXACT;
  if (failing && one_edit(a, b)) return LEVEL_ONE_EDIT;
  if (!is_valid_shape(a) || !is_valid_shape(b)) return FIELD_LEVEL_DIFFER;
  if (((a.digits ^ b.digits) & ((1ULL << 56) - 1)) == 0) return LEVEL_AREA_BIRTH;
  return same_tail(a, b) ? LEVEL_TAIL : FIELD_LEVEL_DIFFER;
}

static bool id_card_contradicts(const void *pa, const void *pb) {
  struct id_feature a = load(pa), b = load(pb);
  return kind_of(a) == FEATURE_VALID && kind_of(b) == FEATURE_VALID &&
         (a.digits != b.digits || a.tail != b.tail);
}

static struct bytes id_card_mask(struct bytes value, struct arena *arena) {
  bool known = (value.size == ID_SIZE && cell_all_digits(value.data, 17) &&
                (cell_is_digit(value.data[17]) || value.data[17] == 'X')) ||
               (value.size == ID_SIZE_OLD && cell_all_digits(value.data, ID_SIZE_OLD));
  return known ? mask_keep(value, 1, 2, arena) : mask_all(value, arena);
}

static const char *const id_card_kinds[] = {
    [ID_CARD_INVALID] = "invalid",         [ID_CARD_RESIDENT] = "resident",
    [ID_CARD_HK_MO_TW] = "hk_mo_tw",       [ID_CARD_FOREIGN_PERMANENT] = "foreign_permanent",
    [ID_CARD_FOREIGN_OLD] = "foreign_old", [ID_CARD_OLD_CENTENARIAN] = "old_centenarian",
    [ID_CARD_MASKED] = "masked",           NULL};

static const char *const id_card_parts[] = {"exact", "tail6", "birth_date", NULL};

const struct field_type id_card_type = {
    .name = "id_card",
    .label = "身份证号 identity card",
    .feature_size = sizeof(struct id_feature),
    .search = FIELD_SEARCH_EXACT,
    .is_identifier = true,
    .is_personal = true,
    .survivorship = SURVIVE_MOST_FREQUENT,
    .kind_names = id_card_kinds,
    .part_names = id_card_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same number", 0.93, 0.00000001},
               [LEVEL_SAME_FAILING] = {"same number, check fails", 0.01, 0.00000001},
               [LEVEL_ONE_EDIT] = {"one slip off, check fails", 0.03, 0.00000002},
               [LEVEL_MASKED] = {"fits the masked number", 0.01, 0.001},
               [LEVEL_AREA_BIRTH] = {"same area and birth date", 0.005, 0.0000005},
               [LEVEL_TAIL] = {"same last six", 0.005, 0.00001},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.01, 0.99898946}},
    .standardise = id_card_standardise,
    .key_part = id_card_key_part,
    .compare = id_card_compare,
    .contradicts = id_card_contradicts,
    .mask = id_card_mask,
};
