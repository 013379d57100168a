/* The cell is first brought into plain ASCII (年 becomes a hyphen, 时 a colon, 下午 pm), then read
 * as up to three numbers or a month's name, then a time of day, then an offset. */
#include "worker/fields/date_reading.h"

#include "worker/fields/cell.h"

enum {
  DATE_TEXT_MAX = 64,
  EXCEL_SERIAL_MIN = 20000,
  EXCEL_SERIAL_MAX = 60000,
  EXCEL_DAY_ZERO = -25569, /* 1899-12-30 */
};

/* What stands in a cell, in its order. */
struct parts {
  int number[3];
  int size[3]; /* in digits */
  int count;
  int month;         /* named by a word; 0 = by none */
  int month_before;  /* how many numbers stood before that word */
  struct bytes rest; /* behind the date: the time */
};

/* ---- into ASCII ---- */

static const struct {
  const char *from, *to;
} replacements[] = {{"年", "-"},      {"月", "-"},     {"日", " "},      {"号", " "},
                    {"時", ":"},      {"时", ":"},     {"点", ":"},      {"點", ":"},
                    {"分", ":"},      {"秒", " "},     {"上午", " am "}, {"下午", " pm "},
                    {"晚上", " pm "}, {"凌晨", " am "}};

static struct bytes to_ascii(struct bytes text, char room[DATE_TEXT_MAX]) {
  size_t size = 0;
  for (size_t i = 0; i < text.size;) {
    if (size + 5 > DATE_TEXT_MAX) return BYTES_EMPTY;
    if ((unsigned char)text.data[i] < 0x80) {
      room[size++] = cell_lower(text.data[i++]);
      continue;
    }
    size_t r = 0, count = sizeof replacements / sizeof replacements[0];
    struct bytes left = bytes_of(text.data + i, text.size - i);
    while (r < count && !bytes_starts_with(left, bytes_from_string(replacements[r].from))) r++;
    if (r == count) return BYTES_EMPTY;
    size_t more = strlen(replacements[r].to);
    memcpy(room + size, replacements[r].to, more);
    size += more;
    i += strlen(replacements[r].from);
  }
  return bytes_trim(bytes_of(room, size));
}

/* ---- the date's parts ---- */

int date_month_of_word(struct bytes word) {
  static const char *const months[] = {"january",   "february", "march",    "april",
                                       "may",       "june",     "july",     "august",
                                       "september", "october",  "november", "december"};
  if (word.size < 3) return 0;
  for (int m = 0; m < 12; m++)
    if (word.size <= strlen(months[m]) && memcmp(word.data, months[m], word.size) == 0)
      return m + 1;
  return 0;
}

static bool is_filler(struct bytes word) {
  static const char *const words[] = {"st",       "nd",     "rd",       "th",      "of",
                                      "mon",      "tue",    "wed",      "thu",     "fri",
                                      "sat",      "sun",    "monday",   "tuesday", "wednesday",
                                      "thursday", "friday", "saturday", "sunday"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (bytes_equal(word, bytes_from_string(words[i]))) return true;
  return false;
}

static size_t run_of(struct bytes text, size_t from, bool letters) {
  size_t i = from;
  while (i < text.size && (letters ? cell_is_letter(text.data[i]) : cell_is_digit(text.data[i])))
    i++;
  return i - from;
}

/* 20240501 in front of a time: eight digits alone are settle_number's. */
static bool is_compact_day(struct bytes text) {
  if (text.size < 10 || !cell_all_digits(text.data, 8) || cell_is_digit(text.data[8])) return false;
  int year = cell_number(text.data, 4);
  return year >= DATE_YEAR_MIN && year <= DATE_YEAR_MAX;
}

/* False when something stands there that no date has. */
static bool find_parts(struct bytes text, struct parts *p) {
  size_t i = 0;
  if (is_compact_day(text)) {
    static const uint8_t starts[] = {0, 4, 6}, sizes[] = {4, 2, 2};
    for (; p->count < 3; p->count++) {
      p->number[p->count] = cell_number(text.data + starts[p->count], sizes[p->count]);
      p->size[p->count] = sizes[p->count];
    }
    i = 8;
  }
  while (i < text.size && p->count + (p->month != 0) < 3) {
    char c = text.data[i];
    size_t digits = run_of(text, i, false), letters = run_of(text, i, true);
    if (digits) {
      if (digits > 9) return false;
      p->number[p->count] = cell_number(text.data + i, digits);
      p->size[p->count++] = (int)digits;
    } else if (letters) {
      struct bytes word = bytes_of(text.data + i, letters);
      int month = date_month_of_word(word);
      if (month && !p->month) {
        p->month = month;
        p->month_before = p->count;
      } else if (!is_filler(word)) {
        return false;
      }
    } else if (!memchr(" -/.,'", c, 6)) {
      return false;
    }
    i += digits + letters ? digits + letters : 1;
  }
  p->rest = bytes_of(text.data + i, text.size - i);
  return p->count > 0;
}

/* ---- the time ---- */

static bool take_meridiem(struct bytes *text, int *meridiem) {
  *text = bytes_trim(*text);
  if (text->size < 2 || text->data[1] != 'm' || (text->data[0] != 'a' && text->data[0] != 'p'))
    return false;
  *meridiem = text->data[0] == 'p' ? 2 : 1;
  text->data += 2;
  text->size -= 2;
  *text = bytes_trim(*text);
  return true;
}

static int take_number(struct bytes *text, size_t digits_max) {
  size_t digits = run_of(*text, 0, false);
  if (digits == 0 || digits > digits_max) return -1;
  int number = cell_number(text->data, digits);
  text->data += digits;
  text->size -= digits;
  return number;
}

static bool take(struct bytes *text, char c) {
  if (text->size == 0 || text->data[0] != c) return false;
  text->data++;
  text->size--;
  return true;
}

/* z, utc, gmt, +08:00, +0800, +8. Empty: no offset. False: something else. */
static bool read_offset(struct bytes text, bool *given, int *minutes) {
  *given = false;
  *minutes = 0;
  if (text.size == 0) return true;
  *given = true;
  if (bytes_equal(text, BYTES("z")) || bytes_equal(text, BYTES("utc")) ||
      bytes_equal(text, BYTES("gmt")))
    return true;
  int sign = take(&text, '+') ? 1 : take(&text, '-') ? -1 : 0;
  size_t digits = run_of(text, 0, false);
  int number = take_number(&text, 4);
  if (sign == 0 || number < 0) return false;
  int hours = digits > 2 ? number / 100 : number, more = digits > 2 ? number % 100 : 0;
  if (take(&text, ':')) more = take_number(&text, 2);
  *minutes = sign * (hours * 60 + more);
  return text.size == 0 && more >= 0 && more < 60 && hours <= 14;
}

/* The time of day behind a date, and the offset it is given in. False: it is no time. */
static bool read_time(struct bytes text, struct date_reading *reading, bool *has_offset,
                      int *offset_minutes) {
  *has_offset = false;
  while (text.size && (memchr(" ,-", text.data[0], 3) ||
                       (text.data[0] == 't' && text.size > 1 && cell_is_digit(text.data[1]))))
    text.data++, text.size--;
  text = bytes_trim(text);
  if (text.size == 0) return true;
  int meridiem = 0, minute = 0, second = 0;
  take_meridiem(&text, &meridiem);
  int hour = take_number(&text, 2);
  if (hour < 0 || (!take(&text, ':') && !meridiem)) return false;
  if (text.size && cell_is_digit(text.data[0])) {
    minute = take_number(&text, 2);
    if (take(&text, ':') && text.size && cell_is_digit(text.data[0])) {
      second = take_number(&text, 2);
      if (take(&text, '.') || take(&text, ',')) take_number(&text, 9);
    }
  }
  if (!meridiem) take_meridiem(&text, &meridiem);
  text = bytes_trim(text);
  if (meridiem && (hour < 1 || hour > 12)) meridiem = hour > 12 && meridiem == 2 ? 0 : meridiem;
  if (meridiem) hour = hour % 12 + (meridiem == 2 ? 12 : 0);
  if (hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  reading->has_time = true;
  reading->second_of_day = hour * 3600 + minute * 60 + second;
  return read_offset(text, has_offset, offset_minutes);
}

/* ---- putting it together ---- */

int date_pivot_year(const struct field_options *options) {
  return options->as_of_day ? calendar_date_of(options->as_of_day).year : DATE_PIVOT_YEAR_DEFAULT;
}

static int full_year(int year, int pivot_year) {
  int full = pivot_year - pivot_year % 100 + year;
  return full > pivot_year ? full - 100 : full;
}

struct calendar_date date_in_order(const struct date_numbers *numbers, enum date_order order,
                                   int pivot_year) {
  const int *n = numbers->number;
  struct calendar_date none = {0, 0, 0};
  if (order == DATE_YMD) {
    if (numbers->year_last) return none;
    return (struct calendar_date){full_year(n[0], pivot_year), n[1], n[2]};
  }
  int year = numbers->year_last ? n[2] : full_year(n[2], pivot_year);
  return order == DATE_DMY ? (struct calendar_date){year, n[1], n[0]}
                           : (struct calendar_date){year, n[0], n[1]};
}

static void write_digits(struct date_reading *r, struct calendar_date date) {
  const int part[] = {date.year / 100, date.year % 100, date.month, date.day};
  for (int i = 0; i < 4; i++) {
    r->digits[2 * i] = (char)('0' + part[i] / 10 % 10);
    r->digits[2 * i + 1] = (char)('0' + part[i] % 10);
  }
  r->digit_count = 8;
}

static bool is_plausible(struct calendar_date date) {
  return date.year >= DATE_YEAR_MIN && date.year <= DATE_YEAR_MAX && calendar_exists(date);
}

static void settle(struct date_reading *r, struct calendar_date date) {
  write_digits(r, date);
  r->date = date;
  r->precision = is_plausible(date) ? PRECISION_DAY : PRECISION_NONE;
}

static void settle_open(const struct field_options *options, const struct date_numbers *numbers,
                        struct date_reading *r) {
  static const enum date_order orders[] = {DATE_MDY, DATE_DMY, DATE_YMD};
  int pivot = date_pivot_year(options);
  if (options->date_order != DATE_ORDER_UNKNOWN &&
      !(numbers->year_last && options->date_order == DATE_YMD)) {
    settle(r, date_in_order(numbers, options->date_order, pivot));
    return;
  }
  /* Without a word on the order only a cell with one possible meaning is read. */
  int found = 0;
  struct calendar_date meaning = {0, 0, 0};
  for (int i = 0; i < 3; i++) {
    struct calendar_date date = date_in_order(numbers, orders[i], pivot);
    bool again =
        date.year == meaning.year && date.month == meaning.month && date.day == meaning.day;
    if (!is_plausible(date) || (found && again)) continue;
    meaning = date;
    found++;
  }
  if (found == 1 && numbers->year_last) {
    settle(r, meaning);
    return;
  }
  r->is_open = found > 0;
  write_digits(r, date_in_order(numbers, DATE_MDY, pivot));
}

static bool open_numbers_of(const struct parts *p, struct date_numbers *numbers) {
  if (p->count != 3 || p->month || p->size[0] > 2 || p->size[1] > 2) return false;
  if (p->size[2] != 4 && p->size[2] > 2) return false;
  numbers->year_last = p->size[2] == 4;
  memcpy(numbers->number, p->number, sizeof p->number);
  return true;
}

static void settle_parts(const struct field_options *options, const struct parts *p,
                         struct date_reading *r) {
  struct date_numbers numbers;
  const int *n = p->number, *size = p->size;
  if (open_numbers_of(p, &numbers)) {
    settle_open(options, &numbers, r);
  } else if (p->count == 3 && size[0] == 4 && size[1] <= 2 && size[2] <= 2) {
    settle(r, (struct calendar_date){n[0], n[1], n[2]});
  } else if (p->month && p->count == 2) {
    /* The longer number is the year; with two of two digits the last one is. */
    int year = size[0] > 2 ? 0 : 1;
    int day = n[1 - year];
    int full = size[year] > 2 ? n[year] : full_year(n[year], date_pivot_year(options));
    settle(r, (struct calendar_date){full, p->month, day});
  } else if (p->count == 1 || p->count == 2) {
    int year_at = size[0] == 4 ? 0 : p->count - 1;
    int month = p->month ? p->month : p->count == 2 ? n[1 - year_at] : 0;
    if (size[year_at] != 4 || (p->count == 2 && size[1 - year_at] > 2)) return;
    struct calendar_date date = {n[year_at], month ? month : 1, 1};
    if (!is_plausible(date) || (p->count == 2 && month == 0)) return;
    r->date = date;
    r->precision = month ? PRECISION_MONTH : PRECISION_YEAR;
  }
}

/* ---- numbers without separators ---- */

static void settle_moment(int64_t seconds, struct date_reading *r) {
  int64_t day = seconds / CALENDAR_SECONDS_PER_DAY, second = seconds % CALENDAR_SECONDS_PER_DAY;
  if (second < 0) day--, second += CALENDAR_SECONDS_PER_DAY;
  settle(r, calendar_date_of((int32_t)day));
  r->has_time = true;
  r->second_of_day = (int)second;
}

static void settle_eight_digits(const struct field_options *options, const char *t,
                                struct date_reading *r) {
  struct calendar_date date = {cell_number(t, 4), cell_number(t + 4, 2), cell_number(t + 6, 2)};
  struct date_numbers numbers = {{cell_number(t, 2), cell_number(t + 2, 2), cell_number(t + 4, 4)},
                                 true};
  bool year_first = date.year >= DATE_YEAR_MIN && date.year <= DATE_YEAR_MAX;
  bool year_last = numbers.number[2] >= DATE_YEAR_MIN && numbers.number[2] <= DATE_YEAR_MAX;
  if (!year_first && year_last)
    settle_open(options, &numbers, r);
  else
    settle(r, date);
}

/* Whole digits, and behind a point a fraction of a day or second. False: not such a number. */
static bool settle_number(const struct field_options *options, struct bytes text,
                          struct date_reading *r) {
  const char *t = text.data;
  size_t digits = run_of(text, 0, false);
  bool fraction = digits + 1 < text.size && t[digits] == '.' &&
                  cell_all_digits(t + digits + 1, text.size - digits - 1);
  if (digits != text.size && !(fraction && (digits == 5 || digits == 10))) return false;
  int64_t number = 0;
  for (size_t i = 0; i < digits && i < 18; i++) number = number * 10 + (t[i] - '0');
  int64_t shift = (int64_t)options->timezone_minutes * 60;
  if (digits == 5 && number >= EXCEL_SERIAL_MIN && number <= EXCEL_SERIAL_MAX) {
    int64_t part = 0, scale = 1; /* of a day, in decimal */
    for (size_t i = digits + 1; i < text.size && scale < 1000000; i++)
      part = part * 10 + (t[i] - '0'), scale *= 10;
    int64_t second = (part * CALENDAR_SECONDS_PER_DAY + scale / 2) / scale;
    settle_moment((number + EXCEL_DAY_ZERO) * CALENDAR_SECONDS_PER_DAY + second, r);
    r->has_time = fraction;
  } else if (digits == 8) {
    settle_eight_digits(options, t, r);
  } else if (digits == 10) {
    settle_moment(number + shift, r);
  } else if (digits == 13) {
    settle_moment(number / 1000 + shift, r);
  } else if (digits == 12 || digits == 14) {
    settle_eight_digits(options, t, r);
    int second = digits == 14 ? cell_number(t + 12, 2) : 0;
    int hour = cell_number(t + 8, 2), minute = cell_number(t + 10, 2);
    if (hour > 23 || minute > 59 || second > 59) r->precision = PRECISION_NONE;
    r->has_time = true;
    r->second_of_day = hour * 3600 + minute * 60 + second;
  } else if (digits == 4 || digits == 6) {
    struct parts p = {.number = {cell_number(t, 4)}, .size = {4}, .count = 1};
    if (digits == 6) p.number[1] = cell_number(t + 4, 2), p.size[1] = 2, p.count = 2;
    settle_parts(options, &p, r);
  }
  return true;
}

/* What is left of a cell that is no date: its digits, letters that may be digits as stars. */
static void scrawl_digits(struct bytes text, struct date_reading *r) {
  unsigned letters = 0;
  r->digit_count = 0;
  for (size_t i = 0; i < text.size && r->digit_count < DATE_DIGITS_MAX; i++) {
    char c = text.data[i];
    bool digit = cell_is_digit(c);
    if (!digit && !cell_is_letter(c) && c != '|') continue;
    letters += !digit;
    r->digits[r->digit_count++] = digit ? c : '*';
  }
  if (letters > 2) r->digit_count = 0;
}

struct date_reading date_read(const struct field_options *options, struct bytes text) {
  struct date_reading r = {0};
  char room[DATE_TEXT_MAX];
  struct bytes plain = text.size < DATE_TEXT_MAX ? to_ascii(text, room) : BYTES_EMPTY;
  if (plain.size == 0) return r;
  if (settle_number(options, plain, &r)) {
    if (r.precision == PRECISION_NONE && r.digit_count == 0) scrawl_digits(plain, &r);
    return r;
  }
  struct parts p = {0};
  bool has_offset = false;
  int offset = 0;
  if (!find_parts(plain, &p) || !read_time(p.rest, &r, &has_offset, &offset)) {
    r = (struct date_reading){0};
    scrawl_digits(plain, &r);
    return r;
  }
  settle_parts(options, &p, &r);
  if (r.precision == PRECISION_NONE && r.digit_count == 0) scrawl_digits(plain, &r);
  if (r.precision == PRECISION_DAY && has_offset) {
    int64_t seconds = (int64_t)calendar_day(r.date) * CALENDAR_SECONDS_PER_DAY + r.second_of_day;
    settle_moment(seconds + ((int64_t)options->timezone_minutes - offset) * 60, &r);
  }
  return r;
}

bool date_open_numbers(struct bytes text, struct date_numbers *numbers) {
  char room[DATE_TEXT_MAX];
  struct bytes plain = text.size < DATE_TEXT_MAX ? to_ascii(text, room) : BYTES_EMPTY;
  if (plain.size == 8 && cell_all_digits(plain.data, 8)) {
    *numbers = (struct date_numbers){{cell_number(plain.data, 2), cell_number(plain.data + 2, 2),
                                      cell_number(plain.data + 4, 4)},
                                     true};
    int year_first = cell_number(plain.data, 4);
    return !(year_first >= DATE_YEAR_MIN && year_first <= DATE_YEAR_MAX) &&
           numbers->number[2] >= DATE_YEAR_MIN && numbers->number[2] <= DATE_YEAR_MAX;
  }
  struct parts p = {0};
  return plain.size && find_parts(plain, &p) && open_numbers_of(&p, numbers);
}
