/* The way of a cell: the fast path takes 11 plain digits; everything else is folded to ASCII, split
 * into digits and the sizes of their groups, and classified. Groups matter: "021-6666888" is a
 * Shanghai number that lost a digit, "04 73704641" an Australian one.
 *
 * Feature: one word of packed digits (digits.h), the kind in its top four bits. Numbers that speak
 * for no person (hotlines, platforms' virtual numbers, dummies, machines) have none. */
#include "worker/fields/phone.h"

#include <strings.h>

#include "common/hash.h"
#include "worker/fields/cell.h"
#include "worker/fields/digits.h"
#include "worker/fields/mask.h"
#include "worker/fields/tables.h"

enum { PHONE_DIGITS_MAX = 24, PHONE_EXTENSION_MAX = 6, PHONE_GROUPS_MAX = 8, PHONE_VALUE_MAX = 40 };

/* What the top bits of a feature say. */
enum feature_kind {
  FEATURE_MOBILE = 1,
  FEATURE_FOREIGN,
  FEATURE_LANDLINE_10, /* so many digits before the extension, the leading 0 not counted */
  FEATURE_LANDLINE_11,
  FEATURE_LOCAL,
  FEATURE_MASKED,
  FEATURE_INVALID,
};

enum { LEVEL_LANDLINE = 3, LEVEL_MASKED, LEVEL_TWO_DIGITS, LEVEL_LAST_EIGHT, LEVEL_ONE_EDIT };

enum { PART_EXACT, PART_LAST8, PART_LAST7, PART_MASKED, PART_LANDLINE };

/* A cell taken apart. */
struct dialled {
  char digits[PHONE_DIGITS_MAX + 1];
  unsigned count;
  unsigned groups[PHONE_GROUPS_MAX]; /* sizes of the runs of digits */
  unsigned group_count;
  bool plus;
  char extension[PHONE_EXTENSION_MAX];
  unsigned extension_size;
};

/* What it was found to be. text is the canonical value. */
struct verdict {
  enum phone_kind kind;
  enum value_state state; /* VALUE_OK where OK or FIXED is still to be told */
  uint32_t flags;
  char text[PHONE_VALUE_MAX];
  unsigned size;
  uint64_t feature;
};

/* ---- Chinese mobile numbers ---- */

static bool is_mobile_start(const char *digits) { return digits[0] == '1' && digits[1] >= '3'; }

/* Eight digits that nobody was given: one or two different ones, or counting up or down. */
static bool is_dummy_tail(const char tail[8]) {
  unsigned seen = 0;
  for (int i = 0; i < 8; i++) seen |= 1U << (tail[i] - '0');
  return __builtin_popcount(seen) <= 2 || memcmp(tail, "12345678", 8) == 0 ||
         memcmp(tail, "87654321", 8) == 0;
}

static uint32_t mobile_flags(const char *digits) {
  uint32_t flags = is_dummy_tail(digits + 3) ? FIELD_W_DUMMY : 0;
  int prefix = cell_number(digits, 3);
  if (prefix == 162 || prefix == 165 || prefix == 167 || prefix == 170 || prefix == 171)
    flags |= FIELD_I_MVNO;
  return flags;
}

static void put(struct verdict *v, const char *text, size_t size) {
  memcpy(v->text + v->size, text, size);
  v->size += (unsigned)size;
}

static void set_feature(struct verdict *v, const char *digits, size_t size, uint64_t kind) {
  v->feature = digits_pack(digits, size) | kind << DIGITS_KIND_SHIFT;
}

static bool judge_mobile(struct verdict *v, const char *digits) {
  v->kind = PHONE_MOBILE;
  v->flags = mobile_flags(digits);
  put(v, digits, 11);
  if (v->flags & FIELD_W_DUMMY)
    v->state = VALUE_ATTRIBUTE;
  else
    set_feature(v, digits, 11, FEATURE_MOBILE);
  return true;
}

static bool judge_virtual(struct verdict *v, const char *digits, const char *extension,
                          unsigned extension_size) {
  v->kind = PHONE_VIRTUAL;
  v->state = VALUE_ATTRIBUTE;
  v->flags = FIELD_W_VIRTUAL;
  put(v, digits, 11);
  put(v, "-", 1);
  put(v, extension, extension_size);
  return true;
}

/* Numbers of SIM cards in machines: 13 digits. */
static bool is_iot(const char *digits, unsigned count) {
  if (count != 13) return false;
  return memcmp(digits, "146", 3) == 0 || memcmp(digits, "148", 3) == 0 ||
         memcmp(digits, "1410", 4) == 0 || memcmp(digits, "1440", 4) == 0 ||
         memcmp(digits, "1441", 4) == 0;
}

static bool judge_mobile_like(struct verdict *v, const struct dialled *d, const char *digits,
                              unsigned count) {
  if (count < 11 || !is_mobile_start(digits)) return false;
  if (count == 11 && d->extension_size >= 2)
    return judge_virtual(v, digits, d->extension, d->extension_size);
  if (count == 11) return judge_mobile(v, digits);
  if (count == 15) return judge_virtual(v, digits, digits + 11, 4);
  if (is_iot(digits, count)) {
    v->kind = PHONE_IOT;
    v->state = VALUE_ATTRIBUTE;
    v->flags = FIELD_W_IOT;
    put(v, digits, count);
    return true;
  }
  return false;
}

/* ---- Chinese landlines ---- */

/* Areas whose local numbers have eight digits, without the leading 0. */
static bool area_has_eight_digits(int area) {
  static const short areas[] = {10,  20,  21,  22,  23,  24,  25,  27,  28,  29,  311, 371, 377,
                                379, 411, 431, 432, 451, 510, 511, 512, 513, 514, 515, 516, 517,
                                518, 519, 523, 527, 531, 532, 551, 571, 573, 574, 575, 576, 577,
                                579, 591, 595, 731, 755, 757, 760, 769, 791, 871, 898};
  for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++)
    if (areas[i] == area) return true;
  return false;
}

/* digits begin with 0. The size of the area code with that 0; 0 = there is none. */
static unsigned area_size(const char *digits, unsigned count) {
  if (count < 4 || digits[0] != '0') return 0;
  if (digits[1] == '2' || (digits[1] == '1' && digits[2] == '0')) return 3;
  return digits[1] >= '3' ? 4 : 0;
}

static bool judge_landline(struct verdict *v, const struct dialled *d, const char *digits,
                           unsigned count) {
  unsigned area = area_size(digits, count);
  if (!area) return false;
  if (!area_code_known((unsigned)cell_number(digits + 1, area - 1))) return false;
  const char *local = digits + area;
  unsigned left = count - area;
  bool eight = area_has_eight_digits(cell_number(digits + 1, area - 1));
  /* A number of seven digits may have become one of eight since the list was made. */
  unsigned size = eight || left == 8 ? 8 : 7;
  if (left < size || local[0] < '2' || local[0] > '8') return false;
  const char *extension = local + size;
  unsigned extension_size = left - size;
  if (extension_size == 0) {
    extension = d->extension;
    extension_size = d->extension_size;
  } else if (d->extension_size || extension_size > 5) {
    return false;
  }
  v->kind = PHONE_LANDLINE;
  put(v, digits, area);
  put(v, "-", 1);
  put(v, local, size);
  char whole[16 + PHONE_EXTENSION_MAX];
  unsigned whole_size = area - 1 + size;
  memcpy(whole, digits + 1, whole_size);
  if (extension_size) {
    put(v, "-", 1);
    put(v, extension, extension_size);
    memcpy(whole + whole_size, extension, extension_size);
  }
  set_feature(v, whole, whole_size + extension_size,
              whole_size == 10 ? FEATURE_LANDLINE_10 : FEATURE_LANDLINE_11);
  return true;
}

static bool judge_local(struct verdict *v, const struct field_options *options,
                        const struct dialled *d) {
  if (d->count < 7 || d->count > 8 || d->digits[0] < '2' || d->digits[0] > '8') return false;
  struct bytes area = options->default_area;
  if (area.size >= 3 && area.size <= 4 && cell_all_digits(area.data, area.size)) {
    char whole[16];
    memcpy(whole, area.data, area.size);
    memcpy(whole + area.size, d->digits, d->count);
    if (judge_landline(v, d, whole, (unsigned)area.size + d->count)) return true;
  }
  v->kind = PHONE_LOCAL;
  v->state = VALUE_ATTRIBUTE;
  v->flags = FIELD_W_NO_AREA;
  put(v, d->digits, d->count);
  set_feature(v, d->digits, d->count, FEATURE_LOCAL);
  return true;
}

static bool judge_hotline(struct verdict *v, const struct dialled *d) {
  const char *digits = d->digits;
  bool long_form =
      d->count == 10 && (memcmp(digits, "400", 3) == 0 || memcmp(digits, "800", 3) == 0);
  bool short_form = (d->count == 5 || d->count == 6) && digits[0] == '9' &&
                    (digits[1] == '5' || digits[1] == '6');
  if (!long_form && !short_form) return false;
  v->kind = PHONE_HOTLINE;
  v->state = VALUE_ATTRIBUTE;
  v->flags = FIELD_W_SHARED;
  put(v, digits, long_form ? 3 : d->count);
  if (long_form) {
    put(v, "-", 1);
    put(v, digits + 3, 3);
    put(v, "-", 1);
    put(v, digits + 6, 4);
  }
  return true;
}

/* ---- foreign numbers ---- */

/* North American: area and exchange both begin with 2 to 9. */
static bool is_nanp(const char *digits) { return digits[0] >= '2' && digits[3] >= '2'; }

/* international: the digits begin with a country code. */
static bool judge_foreign(struct verdict *v, const char *digits, unsigned count,
                          bool international) {
  if (count < 7 || count > 15) return false;
  v->kind = PHONE_FOREIGN;
  v->flags = international ? 0 : FIELD_I_FOREIGN; /* with a + it is plain to see */
  if (international) put(v, "+", 1);
  put(v, digits, count);
  if (count >= 8 && is_dummy_tail(digits + count - 8)) {
    v->flags |= FIELD_W_DUMMY;
    v->state = VALUE_ATTRIBUTE;
    return true;
  }
  /* +1 555… and 555… are one number; other countries' home forms differ by more than a prefix. */
  if (international && count == 11 && digits[0] == '1') digits++, count--;
  set_feature(v, digits, count, FEATURE_FOREIGN);
  return true;
}

/* Numbers as they are dialled at home: a leading 0 and 9 or 10 digits, or ten North American. */
static bool judge_western(struct verdict *v, const struct dialled *d) {
  if (d->extension_size) return false;
  const char *digits = d->digits;
  if (d->count == 10 && is_nanp(digits)) return judge_foreign(v, digits, 10, false);
  if (d->count < 10 || d->count > 11 || digits[0] != '0' || digits[1] < '1') return false;
  /* A Chinese area code, set apart, and a local number of the wrong length or start. */
  unsigned first = d->groups[0];
  if (d->group_count == 2 && (first == 3 || first == 4) && area_size(digits, d->count) == first)
    return false;
  return judge_foreign(v, digits, d->count, false);
}

/* ---- the cell ---- */

static bool is_scientific(struct bytes text) {
  size_t i = 0;
  while (i < text.size && (cell_is_digit(text.data[i]) || text.data[i] == '.')) i++;
  if (i == 0 || i + 2 > text.size || cell_lower(text.data[i]) != 'e') return false;
  i++;
  if (text.data[i] == '+' || text.data[i] == '-') i++;
  return i < text.size && cell_all_digits(text.data + i, text.size - i);
}

/* Where an extension's mark stands and how long it is: 转, #, ext … */
static size_t find_extension(struct bytes text, size_t *mark_size) {
  static const char *const marks[] = {"转",        "轉",   "分机", "#", ",",
                                      "extension", "ext.", "ext",  "x"};
  for (size_t i = 1; i < text.size; i++) {
    if (cell_is_digit(text.data[i]) || text.data[i] == ' ' || text.data[i] == '-') continue;
    for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++) {
      size_t size = strlen(marks[m]);
      if (size > text.size - i) continue;
      if (strncasecmp(text.data + i, marks[m], size) == 0) return *mark_size = size, i;
    }
  }
  return text.size;
}

/* Digits, their groups, the plus; false on a character that no number has. */
static bool collect_digits(struct bytes text, struct dialled *d) {
  bool in_group = false;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (cell_is_digit(c)) {
      if (d->count == PHONE_DIGITS_MAX) return false;
      d->digits[d->count++] = c;
      if (!in_group && d->group_count < PHONE_GROUPS_MAX) d->group_count++;
      d->groups[d->group_count - 1]++;
      in_group = true;
    } else if (c == '+' && d->count == 0) {
      d->plus = true;
    } else if (memchr(" ()-.\t'/_", c, 9)) {
      in_group = false;
    } else {
      return false;
    }
  }
  return true;
}

static bool take_apart(struct bytes text, struct dialled *d) {
  size_t mark_size = 0;
  size_t at = find_extension(text, &mark_size);
  if (at < text.size) {
    struct bytes rest =
        bytes_trim(bytes_of(text.data + at + mark_size, text.size - at - mark_size));
    while (rest.size && (rest.data[0] == ':' || rest.data[0] == '.' || rest.data[0] == ' '))
      rest.data++, rest.size--;
    if (rest.size == 0 || rest.size > PHONE_EXTENSION_MAX || !cell_all_digits(rest.data, rest.size))
      return false;
    memcpy(d->extension, rest.data, rest.size);
    d->extension_size = (unsigned)rest.size;
    text.size = at;
  }
  return collect_digits(text, d);
}

/* 138****8123, separators allowed. */
static bool judge_masked(struct verdict *v, struct bytes text) {
  char plain[11];
  unsigned count = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (memchr(" -", text.data[i], 2)) continue;
    if (count == 11) return false;
    plain[count++] = text.data[i];
  }
  if (count != 11 || !is_mobile_start(plain) || plain[1] > '9' || !cell_is_digit(plain[2]) ||
      memcmp(plain + 3, "****", 4) != 0 || !cell_all_digits(plain + 7, 4))
    return false;
  v->kind = PHONE_MASKED;
  v->state = VALUE_ATTRIBUTE;
  v->flags = FIELD_W_MASKED;
  put(v, plain, 11);
  set_feature(v, plain, 11, FEATURE_MASKED);
  return true;
}

/* With a country code, a trunk 0 or an IP-dialling prefix before a Chinese number. */
static bool judge_prefixed(struct verdict *v, const struct dialled *d) {
  const char *digits = d->digits;
  unsigned count = d->count;
  bool international = d->plus;
  if (!international && count > 10 && memcmp(digits, "00", 2) == 0)
    international = true, digits += 2, count -= 2;
  if (memcmp(digits, "86", 2) == 0 && count > 11) {
    char national[PHONE_DIGITS_MAX + 1] = "0";
    memcpy(national + 1, digits + 2, count - 2);
    unsigned trunk = national[1] == '0'; /* +86 (0)755 … */
    if (judge_mobile_like(v, d, national + 1 + trunk, count - 2 - trunk)) return true;
    if (judge_landline(v, d, national + trunk, count - 1 - trunk)) return true;
  }
  if (international)
    return memcmp(digits, "86", 2) != 0 && digits[0] != '0' &&
           judge_foreign(v, digits, count, true);
  if (digits[0] == '0' && count == 12 && is_mobile_start(digits + 1))
    return judge_mobile_like(v, d, digits + 1, 11);
  if (count == 16 && is_mobile_start(digits + 5) &&
      (memcmp(digits, "17951", 5) == 0 || memcmp(digits, "12593", 5) == 0))
    return judge_mobile_like(v, d, digits + 5, 11);
  return false;
}

static void judge(const struct field_options *options, const struct dialled *d, struct verdict *v) {
  bool american = d->count == 11 && d->group_count == 4 && d->groups[0] == 1 && d->groups[1] == 3 &&
                  d->groups[2] == 3 && d->digits[0] == '1' && is_nanp(d->digits + 1);
  if (american && judge_foreign(v, d->digits, 11, true)) return;
  if (d->plus) {
    if (judge_prefixed(v, d)) return;
  } else if (judge_mobile_like(v, d, d->digits, d->count) || judge_prefixed(v, d) ||
             judge_landline(v, d, d->digits, d->count) || judge_hotline(v, d) ||
             judge_local(v, options, d) || judge_western(v, d)) {
    return;
  }
  v->state = VALUE_INVALID;
  v->flags = d->count <= 7 && d->count && is_mobile_start(d->digits) && !d->plus
                 ? FIELD_E_PREFIX_ONLY
                 : FIELD_E_LEN;
  if (d->count >= 8) set_feature(v, d->digits, d->count, FEATURE_INVALID);
}

static void judge_cell(const struct field_options *options, struct bytes text, struct verdict *v) {
  if (is_scientific(text)) {
    v->state = VALUE_INVALID;
    v->flags = FIELD_E_SCI;
    return;
  }
  if (text.size > 4 && strncasecmp(text.data, "tel:", 4) == 0)
    text = bytes_trim(bytes_of(text.data + 4, text.size - 4));
  size_t point = text.size; /* Excel's 13800138123.0 */
  while (point > 1 && text.data[point - 1] == '0') point--;
  if (point < text.size && point > 1 && text.data[point - 1] == '.' &&
      cell_all_digits(text.data, point - 1))
    text.size = point - 1;
  struct dialled d = {0};
  if (memchr(text.data, '*', text.size)) {
    if (judge_masked(v, text)) return;
  } else if (text.size < CELL_BYTES_MAX && take_apart(text, &d) && d.count) {
    judge(options, &d, v);
    return;
  }
  v->state = VALUE_INVALID;
  v->flags = FIELD_E_CHARS;
}

/* Several numbers in one cell: the first that is one. */
static bool judge_first_of_several(const struct field_options *options, struct bytes text,
                                   struct verdict *v) {
  static const char *const marks[] = {";", "/", "、", "|", ",", "或"};
  for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++) {
    struct bytes mark = bytes_from_string(marks[m]);
    size_t at = bytes_find(text, mark);
    if (at < 7 || at == text.size) continue;
    size_t behind = at + mark.size;
    if (text.size - behind < 7) continue;
    struct verdict first = {.state = VALUE_OK};
    judge_cell(options, bytes_trim(bytes_of(text.data, at)), &first);
    if (first.state == VALUE_INVALID) {
      first = (struct verdict){.state = VALUE_OK};
      judge_cell(options, bytes_trim(bytes_of(text.data + behind, text.size - behind)), &first);
    }
    if (first.state == VALUE_INVALID) continue;
    *v = first;
    v->flags |= FIELD_W_AMBIGUOUS;
    return true;
  }
  return false;
}

static bool is_plain_mobile(struct bytes raw) {
  return raw.size == 11 && is_mobile_start(raw.data) && cell_all_digits(raw.data, 11);
}

static void phone_standardise(const struct field_options *options, struct bytes raw,
                              struct arena *arena, struct standard_value *value, void *feature) {
  struct verdict v = {.state = VALUE_OK};
  if (is_plain_mobile(raw)) {
    judge_mobile(&v, raw.data);
  } else {
    struct bytes text = cell_fold(raw, arena);
    if (cell_means_empty(text)) {
      *value = (struct standard_value){.state = VALUE_MISSING};
      return;
    }
    judge_cell(options, text, &v);
    if (v.state == VALUE_INVALID) judge_first_of_several(options, text, &v);
  }
  value->kind = (uint8_t)v.kind;
  value->flags = v.flags;
  value->state = v.state;
  if (v.size == 0 || bytes_equal(raw, bytes_of(v.text, v.size))) {
    value->value = raw;
  } else {
    value->value = arena_copy(arena, bytes_of(v.text, v.size));
    if (v.state == VALUE_OK) value->state = VALUE_FIXED;
  }
  if (feature) *(uint64_t *)feature = v.feature;
}

/* ---- features ---- */

static unsigned kind_of(uint64_t feature) { return (unsigned)(feature >> DIGITS_KIND_SHIFT); }

static bool is_landline(unsigned kind) {
  return kind == FEATURE_LANDLINE_10 || kind == FEATURE_LANDLINE_11;
}

static bool is_personal(unsigned kind) { return kind == FEATURE_MOBILE || kind == FEATURE_FOREIGN; }

/* Without the extension. */
static uint64_t main_digits(uint64_t feature) {
  unsigned count = kind_of(feature) == FEATURE_LANDLINE_10 ? 10 : 11;
  return feature & ((1ULL << 4 * count) - 1);
}

static uint64_t phone_key_part(const void *feature, unsigned part) {
  uint64_t f = *(const uint64_t *)feature;
  unsigned kind = kind_of(f);
  uint64_t digits = f & DIGITS_MASK, last;
  switch (part) {
    case PART_EXACT:
      return is_personal(kind) ? hash_mix(f) : 0;
    case PART_LAST8:
    case PART_LAST7:
      if (!is_personal(kind) && kind != FEATURE_INVALID) return 0;
      last = digits_last(digits, part == PART_LAST8 ? 8 : 7);
      return last ? hash_join(part, last) : 0;
    case PART_MASKED:
      if (kind != FEATURE_MOBILE && kind != FEATURE_MASKED) return 0;
      return hash_join(part, (digits & 0xFFF) << 16 | digits >> 28);
    case PART_LANDLINE:
      if (is_landline(kind)) return hash_join(part, main_digits(f));
      return kind == FEATURE_LOCAL ? hash_join(part, digits) : 0;
    default:
      return 0;
  }
}

static unsigned compare_places(uint64_t a, uint64_t b) {
  unsigned kind_a = kind_of(a), kind_b = kind_of(b);
  if (is_landline(kind_a) && is_landline(kind_b))
    return main_digits(a) == main_digits(b) ? LEVEL_LANDLINE : FIELD_LEVEL_DIFFER;
  if (kind_a == kind_b) return a == b ? LEVEL_LANDLINE : FIELD_LEVEL_DIFFER;
  uint64_t local = (kind_a == FEATURE_LOCAL ? a : b) & DIGITS_MASK;
  uint64_t whole = main_digits(kind_a == FEATURE_LOCAL ? b : a);
  return digits_last(whole, digits_count(local)) == local ? LEVEL_LANDLINE : FIELD_LEVEL_MISSING;
}

static unsigned phone_compare(const void *pa, const void *pb) {
  uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
  if (!a || !b) return FIELD_LEVEL_MISSING;
  unsigned kind_a = kind_of(a), kind_b = kind_of(b);
  if (a == b && is_personal(kind_a)) return FIELD_LEVEL_EXACT;
  bool place_a = is_landline(kind_a) || kind_a == FEATURE_LOCAL;
  bool place_b = is_landline(kind_b) || kind_b == FEATURE_LOCAL;
  /* A person has a mobile and a landline: that they differ says nothing. */
  if (place_a != place_b) return FIELD_LEVEL_MISSING;
  if (place_a) return compare_places(a, b);
  bool invalid = kind_a == FEATURE_INVALID || kind_b == FEATURE_INVALID;
  uint64_t x = a & DIGITS_MASK, y = b & DIGITS_MASK;
  if (kind_a == FEATURE_MASKED || kind_b == FEATURE_MASKED) {
    if (invalid) return FIELD_LEVEL_MISSING;
    return digits_fit_mask(x, y) ? LEVEL_MASKED : FIELD_LEVEL_DIFFER;
  }
  if (x == y) return invalid ? LEVEL_ONE_EDIT : LEVEL_LAST_EIGHT;
  if (digits_one_edit(x, y)) return LEVEL_ONE_EDIT;
  uint64_t last = digits_last(x, 8);
  if (last && last == digits_last(y, 8)) return LEVEL_LAST_EIGHT;
  if (digits_count(x) == digits_count(y) && digits_differing(x, y) == 2) return LEVEL_TWO_DIGITS;
  return invalid ? FIELD_LEVEL_MISSING : FIELD_LEVEL_DIFFER;
}

static struct bytes phone_mask(struct bytes value, struct arena *arena) {
  const char *v = value.data;
  if (value.size >= 11 && is_mobile_start(v) && v[1] <= '9') {
    bool plain = cell_all_digits(v, 11), extended = value.size > 12 && v[11] == '-';
    if (value.size == 11 && (plain || memcmp(v + 3, "****", 4) == 0))
      return mask_keep(value, 3, 4, arena);
    if (plain && extended && cell_all_digits(v + 12, value.size - 12))
      return mask_keep(value, 3, 0, arena);
  }
  bool landline = value.size >= 11 && v[0] == '0' && (v[3] == '-' || v[4] == '-');
  if (landline && cell_all_digits(v + 5, 6)) return mask_keep(value, 4, 2, arena);
  if (value.size >= 8 && v[0] == '+' && cell_all_digits(v + 1, value.size - 1))
    return mask_keep(value, 3, 2, arena);
  return mask_all(value, arena);
}

static const char *const phone_kinds[] = {
    [PHONE_INVALID] = "invalid", [PHONE_MOBILE] = "mobile",
    [PHONE_FOREIGN] = "foreign", [PHONE_LANDLINE] = "landline",
    [PHONE_LOCAL] = "local",     [PHONE_MASKED] = "masked",
    [PHONE_VIRTUAL] = "virtual", [PHONE_HOTLINE] = "hotline",
    [PHONE_IOT] = "iot",         NULL};

static const char *const phone_parts[] = {"exact", "last8", "last7", "masked", "landline", NULL};

const struct field_type phone_type = {
    .name = "phone",
    .label = "电话 phone",
    .feature_size = sizeof(uint64_t),
    .search = FIELD_SEARCH_DIGITS,
    .is_identifier = true,
    .is_personal = true,
    .survivorship = SURVIVE_MOST_RECENT,
    .kind_names = phone_kinds,
    .part_names = phone_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same number", 0.70, 0.000002},
               [LEVEL_ONE_EDIT] = {"one digit off", 0.02, 0.000001},
               [LEVEL_LAST_EIGHT] = {"same last eight digits", 0.005, 0.000001},
               [LEVEL_TWO_DIGITS] = {"two digits off", 0.005, 0.000002},
               [LEVEL_MASKED] = {"fits the masked number", 0.03, 0.000004},
               [LEVEL_LANDLINE] = {"same landline", 0.04, 0.00001},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.20, 0.99998}},
    .standardise = phone_standardise,
    .key_part = phone_key_part,
    .compare = phone_compare,
    .mask = phone_mask,
};
