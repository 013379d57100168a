#include "common/number_read.h"

enum { HEX64_DIGITS = 16, DECIMAL_DIGITS_MAX = 18 };

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool number_read_hex64(struct bytes text, uint64_t *value) {
  if (text.size != HEX64_DIGITS) return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < text.size; i++) {
    int digit = hex_digit(text.data[i]);
    if (digit < 0) return false;
    sum = sum << 4 | (uint64_t)digit;
  }
  *value = sum;
  return true;
}

bool number_read_hex128(struct bytes text, struct hash128 *value) {
  if (text.size != 2 * HEX64_DIGITS) return false;
  return number_read_hex64(bytes_of(text.data, HEX64_DIGITS), &value->high) &&
         number_read_hex64(bytes_of(text.data + HEX64_DIGITS, HEX64_DIGITS), &value->low);
}

bool number_read_u64(struct bytes text, uint64_t *value) {
  if (text.size == 0 || text.size > DECIMAL_DIGITS_MAX) return false;
  if (text.size > 1 && text.data[0] == '0') return false;
  uint64_t sum = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    sum = sum * 10 + (uint64_t)(text.data[i] - '0');
  }
  *value = sum;
  return true;
}
