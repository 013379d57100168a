#include "common/decimal.h"

enum { WHOLE_DIGITS_MAX = 12, FRACTION_DIGITS_MAX = 10 /* further ones change nothing */ };

bool decimal_parse(struct bytes text, int64_t scale, int64_t *value) {
  size_t i = 0;
  bool negative = text.size && text.data[0] == '-';
  if (text.size && (text.data[0] == '-' || text.data[0] == '+')) i++;
  int64_t whole = 0, fraction = 0, unit = 1;
  unsigned digits = 0, fraction_digits = 0;
  for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++, digits++) {
    if (digits >= WHOLE_DIGITS_MAX) return false;
    whole = whole * 10 + (text.data[i] - '0');
  }
  if (i < text.size && text.data[i] == '.') {
    for (i++; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++, digits++) {
      if (fraction_digits++ >= FRACTION_DIGITS_MAX) continue;
      fraction = fraction * 10 + (text.data[i] - '0');
      unit *= 10;
    }
  }
  if (i != text.size || digits == 0) return false;
  __int128 scaled = ((__int128)whole * unit + fraction) * scale;
  scaled = (scaled * 2 + unit) / ((__int128)unit * 2);
  if (scaled > INT64_MAX) return false;
  *value = negative ? -(int64_t)scaled : (int64_t)scaled;
  return true;
}

void decimal_print(struct buffer *out, int64_t value, int64_t scale) {
  int64_t whole = value / scale, rest = value % scale;
  if (rest < 0) rest = -rest;
  buffer_printf(out, "%s%lld", value < 0 && whole == 0 ? "-" : "", (long long)whole);
  if (rest) buffer_append_char(out, '.');
  for (; rest; rest = rest * 10 % scale) buffer_append_char(out, (char)('0' + rest * 10 / scale));
}
