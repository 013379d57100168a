/* Feature: one word, YYYYMMDD as packed digits (digits.h), the first digit lowest; in the top four
 * bits what it is. A date known to the month or year has fewer digits; a part's column has its own.
 */
#include "worker/fields/date.h"

#include "common/hash.h"
#include "worker/fields/cell.h"
#include "worker/fields/date_reading.h"
#include "worker/fields/digits.h"
#include "worker/fields/mask.h"

enum { DATE_VALUE_MAX = 20, FULL_DIGITS = 8, NEAR_DAYS = 10 };

enum feature_kind { FEATURE_DAY = 1, FEATURE_MONTH, FEATURE_YEAR, FEATURE_PART, FEATURE_INVALID };

enum { LEVEL_SAME_YEAR = 3, LEVEL_NEAR, LEVEL_TWO_PARTS, LEVEL_ONE_DIGIT, LEVEL_SWAPPED };

enum { PART_EXACT, PART_YEAR, PART_YEAR_MONTH, PART_MONTH_DAY, PART_MONTH, PART_DAY, PART_DIGITS };

/* Packed digits of the parts. */
#define YEAR_BITS 0xFFFFULL
#define MONTH_BITS 0xFF0000ULL
#define DAY_BITS 0xFF000000ULL

static uint64_t make_feature(const char *digits, size_t size, uint64_t kind) {
  return size ? digits_pack(digits, size) | kind << DIGITS_KIND_SHIFT : 0;
}

static char *write_number(char *at, int number, int size) {
  for (int i = size; i-- > 0; number /= 10) at[i] = (char)('0' + number % 10);
  return at + size;
}

/* YYYY, YYYY-MM or YYYY-MM-DD, as far as it is known. */
static size_t write_date(const struct date_reading *r, char *out) {
  char *at = write_number(out, r->date.year, 4);
  if (r->precision >= PRECISION_MONTH) {
    *at++ = '-';
    at = write_number(at, r->date.month, 2);
  }
  if (r->precision >= PRECISION_DAY) {
    *at++ = '-';
    at = write_number(at, r->date.day, 2);
  }
  return (size_t)(at - out);
}

static size_t write_time(int second_of_day, char *out) {
  char *at = out;
  *at++ = ' ';
  at = write_number(at, second_of_day / 3600, 2);
  *at++ = ':';
  at = write_number(at, second_of_day / 60 % 60, 2);
  *at++ = ':';
  at = write_number(at, second_of_day % 60, 2);
  return (size_t)(at - out);
}

static void set_value(struct standard_value *value, struct bytes raw, struct bytes text,
                      struct arena *arena) {
  bool same = bytes_equal(raw, text);
  value->value = same ? raw : arena_copy(arena, text);
  value->state = same ? VALUE_OK : VALUE_FIXED;
}

/* What systems write where they have no date. */
static bool is_placeholder(struct bytes text) {
  static const char *const words[] = {"0",          "0000-00-00", "00000000",
                                      "0000/00/00", "0001-01-01", "00010101",
                                      "9999-12-31", "99991231",   "9999/12/31"};
  if (text.size > 10 && (text.data[10] == ' ' || text.data[10] == 'T')) text.size = 10;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (bytes_equal(text, bytes_from_string(words[i]))) return true;
  return false;
}

static uint32_t day_flags(const struct field_options *options, struct calendar_date date) {
  uint32_t flags = 0;
  if (options->as_of_day && calendar_day(date) > options->as_of_day) flags |= FIELD_W_FUTURE;
  bool first = date.month == 1 && date.day == 1;
  if (first && (date.year == 1900 || date.year == 1970)) flags |= FIELD_W_PLACEHOLDER;
  return flags;
}

/* ---- a column for years, months or days ---- */

/* The digits of 4, 04, 4月, 1950年, 1950.0; a month's name gives its number. -1: none. */
static int part_number(struct bytes text, enum date_part part) {
  char word[12];
  size_t size = 0;
  while (size < text.size && size < sizeof word && cell_is_letter(text.data[size])) {
    word[size] = cell_lower(text.data[size]);
    size++;
  }
  if (part == DATE_MONTH && size) {
    int month = date_month_of_word(bytes_of(word, size));
    return month ? month : -1;
  }
  size_t digits = 0;
  while (digits < text.size && cell_is_digit(text.data[digits])) digits++;
  struct bytes unit = bytes_of(text.data + digits, text.size - digits);
  bool known = unit.size == 0 || bytes_equal(unit, BYTES(".0")) || bytes_equal(unit, BYTES("年")) ||
               bytes_equal(unit, BYTES("月")) || bytes_equal(unit, BYTES("日")) ||
               bytes_equal(unit, BYTES("号"));
  return digits == 0 || digits > 4 || !known ? -1 : cell_number(text.data, digits);
}

static bool part_exists(int number, enum date_part part) {
  switch (part) {
    case DATE_YEAR:
      return number >= 1000 && number <= 2999;
    case DATE_MONTH:
      return number >= 1 && number <= 12;
    case DATE_DAY:
      return number >= 1 && number <= 31;
    case DATE_WHOLE:
      break;
  }
  return false;
}

static uint64_t standardise_part(const struct field_options *options, struct bytes raw,
                                 struct bytes text, struct arena *arena,
                                 struct standard_value *value) {
  enum date_part part = options->date_part;
  int number = part_number(text, part);
  if (!part_exists(number, part)) {
    struct date_reading r = date_read(options, text); /* a whole date in a part's column */
    bool whole = r.precision == PRECISION_DAY;
    if (!whole) {
      *value = (struct standard_value){raw, VALUE_INVALID, DATE_INVALID, FIELD_E_DATE};
      return make_feature(r.digits, r.digit_count, FEATURE_PART);
    }
    number = part == DATE_YEAR ? r.date.year : part == DATE_MONTH ? r.date.month : r.date.day;
  }
  char out[4];
  size_t size = part == DATE_YEAR ? 4 : 2;
  write_number(out, number, (int)size);
  value->kind = DATE_SINGLE_PART;
  value->flags = 0;
  set_value(value, raw, bytes_of(out, size), arena);
  return make_feature(out, size, FEATURE_PART);
}

/* ---- whole dates ---- */

static uint64_t standardise_reading(const struct field_options *options,
                                    const struct date_reading *r, struct bytes raw,
                                    struct arena *arena, struct standard_value *value) {
  if (r->precision == PRECISION_NONE) {
    uint32_t flags = FIELD_E_DATE | (r->is_open ? FIELD_W_AMBIGUOUS : 0);
    *value = (struct standard_value){raw, VALUE_INVALID, DATE_INVALID, flags};
    return make_feature(r->digits, r->digit_count, FEATURE_INVALID);
  }
  char out[DATE_VALUE_MAX];
  size_t size = write_date(r, out);
  char digits[FULL_DIGITS];
  size_t count = 0;
  for (size_t i = 0; i < size; i++)
    if (out[i] != '-') digits[count++] = out[i];
  value->flags = 0;
  if (r->precision == PRECISION_DAY) {
    value->kind = DATE_DAY_KNOWN;
    value->flags = day_flags(options, r->date);
    if (options->date_with_time && r->has_time) {
      size += write_time(r->second_of_day, out + size);
      value->kind = DATE_TIME_KNOWN;
    }
  } else {
    value->kind = r->precision == PRECISION_MONTH ? DATE_MONTH_KNOWN : DATE_YEAR_KNOWN;
  }
  set_value(value, raw, bytes_of(out, size), arena);
  return make_feature(digits, count,
                      count == FULL_DIGITS ? FEATURE_DAY
                      : count == 6         ? FEATURE_MONTH
                                           : FEATURE_YEAR);
}

static bool read_clock(const char *t, struct date_reading *r) {
  if ((t[0] != ' ' && t[0] != 'T') || t[3] != ':' || t[6] != ':' || !cell_all_digits(t + 1, 2) ||
      !cell_all_digits(t + 4, 2) || !cell_all_digits(t + 7, 2))
    return false;
  int hour = cell_number(t + 1, 2), minute = cell_number(t + 4, 2), second = cell_number(t + 7, 2);
  r->has_time = true;
  r->second_of_day = hour * 3600 + minute * 60 + second;
  return hour < 24 && minute < 60 && second < 60;
}

/* What most files hold: YYYY-MM-DD, YYYY/MM/DD, either with HH:MM:SS behind it, YYYYMMDD. False is
 * no answer. */
static bool read_common(struct bytes raw, struct date_reading *r) {
  const char *t = raw.data;
  r->precision = PRECISION_DAY;
  r->has_time = false;
  if (raw.size == 8 && cell_all_digits(t, 8)) {
    r->date =
        (struct calendar_date){cell_number(t, 4), cell_number(t + 4, 2), cell_number(t + 6, 2)};
  } else if ((raw.size == 10 || raw.size == 19) && (t[4] == '-' || t[4] == '/') && t[7] == t[4] &&
             cell_all_digits(t, 4) && cell_all_digits(t + 5, 2) && cell_all_digits(t + 8, 2) &&
             (raw.size == 10 || read_clock(t + 10, r))) {
    r->date =
        (struct calendar_date){cell_number(t, 4), cell_number(t + 5, 2), cell_number(t + 8, 2)};
  } else {
    return false;
  }
  return r->date.year >= DATE_YEAR_MIN && r->date.year <= DATE_YEAR_MAX && calendar_exists(r->date);
}

static void date_standardise(const struct field_options *options, struct bytes raw,
                             struct arena *arena, struct standard_value *value, void *feature) {
  struct date_reading r;
  uint64_t f;
  if (options->date_part == DATE_WHOLE && read_common(raw, &r)) {
    f = standardise_reading(options, &r, raw, arena, value);
  } else {
    struct bytes text = cell_fold(raw, arena);
    bool placeholder = is_placeholder(text);
    if (placeholder || cell_means_empty(text)) {
      *value = (struct standard_value){.state = VALUE_MISSING,
                                       .flags = placeholder ? FIELD_W_PLACEHOLDER : 0};
      return;
    }
    if (options->date_part != DATE_WHOLE) {
      f = standardise_part(options, raw, text, arena, value);
    } else {
      r = date_read(options, text);
      f = standardise_reading(options, &r, raw, arena, value);
    }
  }
  if (feature) *(uint64_t *)feature = f;
}

/* ---- the order of a column ---- */

void date_order_add(struct date_order_evidence *evidence, struct bytes raw, struct arena *arena) {
  struct bytes text = cell_fold(raw, arena);
  struct date_numbers numbers;
  if (text.size == 0 || !date_open_numbers(text, &numbers)) return;
  static const enum date_order orders[] = {DATE_YMD, DATE_DMY, DATE_MDY};
  bool can[3];
  for (int i = 0; i < 3; i++)
    can[i] = calendar_exists(date_in_order(&numbers, orders[i], DATE_PIVOT_YEAR_DEFAULT));
  int ways = can[0] + can[1] + can[2];
  evidence->open += ways > 1;
  if (ways != 1) return;
  evidence->year_first += can[0];
  evidence->day_first += can[1];
  evidence->month_first += can[2];
}

void date_order_join(struct date_order_evidence *into, const struct date_order_evidence *more) {
  into->year_first += more->year_first;
  into->day_first += more->day_first;
  into->month_first += more->month_first;
  into->open += more->open;
}

enum date_order date_column_order(const struct date_order_evidence *evidence) {
  uint64_t best = evidence->year_first, all = best + evidence->day_first + evidence->month_first;
  enum date_order order = DATE_YMD;
  if (evidence->day_first > best) best = evidence->day_first, order = DATE_DMY;
  if (evidence->month_first > best) best = evidence->month_first, order = DATE_MDY;
  return best == 0 || (all - best) * 50 > all ? DATE_ORDER_UNKNOWN : order;
}

/* ---- values and features as days ---- */

int32_t date_value_day(struct bytes value) {
  struct date_reading r;
  if (value.size < 10 || !read_common(bytes_of(value.data, 10), &r)) return CALENDAR_NO_DAY;
  return calendar_day(r.date);
}

int64_t date_value_time_ms(struct bytes value, int timezone_minutes) {
  int32_t day = date_value_day(value);
  if (day == CALENDAR_NO_DAY) return INT64_MIN;
  int64_t second = (int64_t)day * CALENDAR_SECONDS_PER_DAY - (int64_t)timezone_minutes * 60;
  const char *t = value.data + 11;
  if (value.size == 19 && cell_all_digits(t, 2) && cell_all_digits(t + 3, 2) &&
      cell_all_digits(t + 6, 2))
    second += cell_number(t, 2) * 3600 + cell_number(t + 3, 2) * 60 + cell_number(t + 6, 2);
  return second * 1000;
}

static unsigned kind_of(uint64_t f) { return (unsigned)(f >> DIGITS_KIND_SHIFT); }

static int unpack(uint64_t f, unsigned from, unsigned count) {
  int number = 0;
  for (unsigned i = from; i < from + count; i++) number = number * 10 + (int)(f >> 4 * i & 0xF) - 1;
  return number;
}

int32_t date_feature_day(const void *feature) {
  uint64_t f = *(const uint64_t *)feature;
  if (kind_of(f) != FEATURE_DAY) return CALENDAR_NO_DAY;
  return calendar_day((struct calendar_date){unpack(f, 0, 4), unpack(f, 4, 2), unpack(f, 6, 2)});
}

static bool has_all_digits(uint64_t f) {
  return kind_of(f) == FEATURE_DAY ||
         (kind_of(f) == FEATURE_INVALID && digits_count(f & DIGITS_MASK) == FULL_DIGITS);
}

/* The digits that a part looks at; 0 when the feature has not all of them. */
static uint64_t part_bits(uint64_t f, unsigned part) {
  bool full = has_all_digits(f), month = full || kind_of(f) == FEATURE_MONTH;
  switch (part) {
    case PART_YEAR:
      return month || kind_of(f) == FEATURE_YEAR ? YEAR_BITS : 0;
    case PART_YEAR_MONTH:
      return month ? YEAR_BITS | MONTH_BITS : 0;
    case PART_MONTH_DAY:
      return full ? MONTH_BITS | DAY_BITS : 0;
    case PART_MONTH:
      return month ? MONTH_BITS : 0;
    case PART_DAY:
      return full ? DAY_BITS : 0;
    default:
      return 0;
  }
}

/* How often each digit stands in it: what swapped digits, and day and month swapped, leave as it
 * was. */
static uint64_t digit_counts(uint64_t f) {
  uint64_t counts = 0;
  for (uint64_t digits = f & DIGITS_MASK; digits; digits >>= 4)
    counts += (uint64_t)1 << 4 * ((digits & 0xF) - 1);
  return counts;
}

static uint64_t date_key_part(const void *feature, unsigned part) {
  uint64_t f = *(const uint64_t *)feature;
  if (part == PART_DIGITS) return has_all_digits(f) ? hash_join(part, digit_counts(f)) : 0;
  if (part == PART_EXACT) return f && kind_of(f) != FEATURE_INVALID ? hash_mix(f) : 0;
  uint64_t bits = part_bits(f, part);
  return bits ? hash_join(part, f & bits) : 0;
}

static bool is_partial(uint64_t f) {
  return kind_of(f) == FEATURE_MONTH || kind_of(f) == FEATURE_YEAR;
}

/* Of two dates with all eight digits, that differ. */
static bool is_swapped(uint64_t x, uint64_t y) {
  uint64_t rest_x = x >> 16, rest_y = y >> 16;
  return !((x ^ y) & YEAR_BITS) && (rest_x >> 8 | (rest_x & 0xFF) << 8) == rest_y;
}

/* At least one is known to the month or year only, the other too or has all digits. */
static unsigned compare_partial(uint64_t x, uint64_t y) {
  if ((x ^ y) & YEAR_BITS) return FIELD_LEVEL_DIFFER;
  if (!(x & MONTH_BITS) || !(y & MONTH_BITS)) return LEVEL_SAME_YEAR;
  return (x ^ y) & MONTH_BITS ? LEVEL_SAME_YEAR : LEVEL_TWO_PARTS;
}

static unsigned compare_full(uint64_t a, uint64_t b) {
  uint64_t differs = a ^ b;
  bool year = !(differs & YEAR_BITS);
  int same = year + !(differs & MONTH_BITS) + !(differs & DAY_BITS);
  if (same >= 2) return LEVEL_TWO_PARTS;
  int years = unpack(a, 0, 4) - unpack(b, 0, 4);
  if (kind_of(a) == FEATURE_DAY && kind_of(b) == FEATURE_DAY && years >= -1 && years <= 1) {
    int32_t apart = date_feature_day(&a) - date_feature_day(&b);
    if (apart >= -NEAR_DAYS && apart <= NEAR_DAYS) return LEVEL_NEAR;
  }
  return year ? LEVEL_SAME_YEAR : FIELD_LEVEL_DIFFER;
}

static unsigned date_compare(const void *pa, const void *pb) {
  uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
  if (!a || !b) return FIELD_LEVEL_MISSING;
  bool invalid = kind_of(a) == FEATURE_INVALID || kind_of(b) == FEATURE_INVALID;
  if (a == b && !invalid) return FIELD_LEVEL_EXACT;
  uint64_t x = a & DIGITS_MASK, y = b & DIGITS_MASK;
  bool full_a = has_all_digits(a), full_b = has_all_digits(b);
  if (is_partial(a) || is_partial(b)) {
    bool comparable = (full_a || is_partial(a)) && (full_b || is_partial(b));
    return comparable ? compare_partial(x, y) : FIELD_LEVEL_MISSING;
  }
  if (full_a && full_b && x != y && is_swapped(x, y)) return LEVEL_SWAPPED;
  if (x == y || digits_one_edit(x, y)) return LEVEL_ONE_DIGIT;
  if (full_a && full_b) return compare_full(a, b);
  /* Digits that are no date deny nothing. */
  return invalid ? FIELD_LEVEL_MISSING : FIELD_LEVEL_DIFFER;
}

/* The year stays: 1990-**-**, 1990-**, 1990. */
static struct bytes date_mask(struct bytes value, struct arena *arena) {
  bool has_year = value.size >= 4 && cell_all_digits(value.data, 4) &&
                  (value.size == 4 || value.data[4] == '-');
  if (!has_year) return mask_all(value, arena);
  char *out = arena_alloc(arena, value.size);
  for (size_t i = 0; i < value.size; i++)
    out[i] = i >= 4 && cell_is_digit(value.data[i]) ? '*' : value.data[i];
  return bytes_of(out, value.size);
}

static const char *const date_kinds[] = {[DATE_INVALID] = "invalid",
                                         [DATE_DAY_KNOWN] = "day",
                                         [DATE_MONTH_KNOWN] = "month",
                                         [DATE_YEAR_KNOWN] = "year",
                                         [DATE_TIME_KNOWN] = "time",
                                         [DATE_SINGLE_PART] = "part",
                                         NULL};

static const char *const date_parts[] = {"exact", "year", "year_month", "month_day",
                                         "month", "day",  "digits",     NULL};

const struct field_type date_type = {
    .name = "date",
    .label = "日期 date",
    .feature_size = sizeof(uint64_t),
    .search = FIELD_SEARCH_EXACT,
    .is_identifier = false,
    .is_personal = false,
    .survivorship = SURVIVE_MOST_FREQUENT,
    .kind_names = date_kinds,
    .part_names = date_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same date", 0.90, 0.0001},
               [LEVEL_SWAPPED] = {"day and month swapped", 0.01, 0.0001},
               [LEVEL_ONE_DIGIT] = {"one digit off", 0.03, 0.002},
               [LEVEL_TWO_PARTS] = {"two of year, month and day", 0.02, 0.005},
               [LEVEL_NEAR] = {"within ten days", 0.002, 0.0005},
               [LEVEL_SAME_YEAR] = {"same year", 0.008, 0.016},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.03, 0.9763}},
    .standardise = date_standardise,
    .key_part = date_key_part,
    .compare = date_compare,
    .mask = date_mask,
};
