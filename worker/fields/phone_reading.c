/* The cell is split into digits and the sizes of their groups, and classified. Groups matter:
 * "021-6666888" is a Shanghai number that lost a digit, "04 73704641" an Australian one. */
#include "worker/fields/phone_reading.h"

#include <strings.h>

#include "worker/fields/cell.h"
#include "worker/fields/tables.h"

enum { PHONE_DIGITS_MAX = 24, PHONE_EXTENSION_MAX = 6, PHONE_GROUPS_MAX = 8 };

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

/* ---- Chinese mobile numbers ---- */

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

static void put(struct phone_reading *v, const char *text, size_t size) {
  memcpy(v->text + v->size, text, size);
  v->size += (unsigned)size;
}

static void set_feature(struct phone_reading *v, const char *digits, size_t size, uint64_t kind) {
  v->feature = digits_pack(digits, size) | kind << DIGITS_KIND_SHIFT;
}

static bool judge_mobile(struct phone_reading *v, const char *digits) {
  v->kind = PHONE_MOBILE;
  v->flags = mobile_flags(digits);
  put(v, digits, 11);
  if (v->flags & FIELD_W_DUMMY)
    v->state = VALUE_ATTRIBUTE;
  else
    set_feature(v, digits, 11, PHONE_FEATURE_MOBILE);
  return true;
}

static bool judge_virtual(struct phone_reading *v, const char *digits, const char *extension,
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

static bool judge_mobile_like(struct phone_reading *v, const struct dialled *d, const char *digits,
                              unsigned count) {
  if (count < 11 || !phone_is_mobile_start(digits)) return false;
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

static bool judge_landline(struct phone_reading *v, const struct dialled *d, const char *digits,
                           unsigned count) {
  unsigned area = area_size(digits, count);
  if (!area) return false;
  if (!area_code_known((unsigned)cell_number(digits + 1, area - 1))) return false;
  const char *local = digits + area;
  unsigned left = count - area;
  bool eight = area_has_eight_digits(cell_number(digits + 1, area - 1));
  /* A number of seven digits may have become one of eight since the list was made. Then only dashes
   * tell it from its extension. */
  unsigned last = d->group_count;
  bool set_apart = last >= 3 && d->groups[last - 2] == 8 && d->groups[last - 1] + 8 == left;
  unsigned size = eight || left == 8 || set_apart ? 8 : 7;
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
              whole_size == 10 ? PHONE_FEATURE_LANDLINE_10 : PHONE_FEATURE_LANDLINE_11);
  return true;
}

static bool judge_local(struct phone_reading *v, const struct field_options *options,
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
  set_feature(v, d->digits, d->count, PHONE_FEATURE_LOCAL);
  return true;
}

static bool judge_hotline(struct phone_reading *v, const struct dialled *d) {
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
static bool judge_foreign(struct phone_reading *v, const char *digits, unsigned count,
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
  set_feature(v, digits, count, PHONE_FEATURE_FOREIGN);
  return true;
}

/* Numbers as they are dialled at home: a leading 0 and 9 or 10 digits, or ten North American. */
static bool judge_western(struct phone_reading *v, const struct dialled *d) {
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
static bool judge_masked(struct phone_reading *v, struct bytes text) {
  char plain[11];
  unsigned count = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (memchr(" -", text.data[i], 2)) continue;
    if (count == 11) return false;
    plain[count++] = text.data[i];
  }
  if (count != 11 || !phone_is_mobile_start(plain) || !cell_is_digit(plain[2]) ||
      memcmp(plain + 3, "****", 4) != 0 || !cell_all_digits(plain + 7, 4))
    return false;
  v->kind = PHONE_MASKED;
  v->state = VALUE_ATTRIBUTE;
  v->flags = FIELD_W_MASKED;
  put(v, plain, 11);
  set_feature(v, plain, 11, PHONE_FEATURE_MASKED);
  return true;
}

/* With a country code, a trunk 0 or an IP-dialling prefix before a Chinese number. */
static bool judge_prefixed(struct phone_reading *v, const struct dialled *d) {
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
  if (digits[0] == '0' && count == 12 && phone_is_mobile_start(digits + 1))
    return judge_mobile_like(v, d, digits + 1, 11);
  if (count == 16 && phone_is_mobile_start(digits + 5) &&
      (memcmp(digits, "17951", 5) == 0 || memcmp(digits, "12593", 5) == 0))
    return judge_mobile_like(v, d, digits + 5, 11);
  return false;
}

static void judge(const struct field_options *options, const struct dialled *d,
                  struct phone_reading *v) {
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
  v->flags = d->count <= 7 && d->count && phone_is_mobile_start(d->digits) && !d->plus
                 ? FIELD_E_PREFIX_ONLY
                 : FIELD_E_LEN;
  if (d->count >= 8) set_feature(v, d->digits, d->count, PHONE_FEATURE_INVALID);
}

static void judge_cell(const struct field_options *options, struct bytes text,
                       struct phone_reading *v) {
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
                                   struct phone_reading *v) {
  static const char *const marks[] = {";", "/", "、", "|", ",", "或"};
  for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++) {
    struct bytes mark = bytes_from_string(marks[m]);
    size_t at = bytes_find(text, mark);
    if (at < 7 || at == text.size) continue;
    size_t behind = at + mark.size;
    if (text.size - behind < 7) continue;
    struct phone_reading first = {.state = VALUE_OK};
    judge_cell(options, bytes_trim(bytes_of(text.data, at)), &first);
    if (first.state == VALUE_INVALID) {
      first = (struct phone_reading){.state = VALUE_OK};
      judge_cell(options, bytes_trim(bytes_of(text.data + behind, text.size - behind)), &first);
    }
    if (first.state == VALUE_INVALID) continue;
    *v = first;
    v->flags |= FIELD_W_AMBIGUOUS;
    return true;
  }
  return false;
}

struct phone_reading phone_read_mobile(const char *digits) {
  struct phone_reading v = {.state = VALUE_OK};
  judge_mobile(&v, digits);
  return v;
}

struct phone_reading phone_read(const struct field_options *options, struct bytes text) {
  struct phone_reading v = {.state = VALUE_OK};
  judge_cell(options, text, &v);
  if (v.state == VALUE_INVALID) judge_first_of_several(options, text, &v);
  return v;
}
