#include "common/number_write.h"

#include <string.h>

#include "common/check.h"

enum { DECIMALS_MAX = 18 };

static const char digit_pairs[] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546"
    "4748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293"
    "949596979899";

static const uint64_t powers_of_ten[] = {1ULL,
                                         10ULL,
                                         100ULL,
                                         1000ULL,
                                         10000ULL,
                                         100000ULL,
                                         1000000ULL,
                                         10000000ULL,
                                         100000000ULL,
                                         1000000000ULL,
                                         10000000000ULL,
                                         100000000000ULL,
                                         1000000000000ULL,
                                         10000000000000ULL,
                                         100000000000000ULL,
                                         1000000000000000ULL,
                                         10000000000000000ULL,
                                         100000000000000000ULL,
                                         1000000000000000000ULL};

char *number_put_u64(char *at, uint64_t value) {
  char text[NUMBER_U64_BYTES_MAX];
  char *start = text + sizeof text;
  while (value >= 100) {
    start -= 2;
    memcpy(start, digit_pairs + value % 100 * 2, 2);
    value /= 100;
  }
  if (value >= 10) {
    start -= 2;
    memcpy(start, digit_pairs + value * 2, 2);
  } else {
    *--start = (char)('0' + value);
  }
  size_t size = (size_t)(text + sizeof text - start);
  memcpy(at, start, size);
  return at + size;
}

char *number_put_i64(char *at, int64_t value) {
  if (value >= 0) return number_put_u64(at, (uint64_t)value);
  *at++ = '-';
  return number_put_u64(at, -(uint64_t)value);
}

char *number_put_padded(char *at, uint64_t value, unsigned digits) {
  unsigned left = digits;
  for (; left >= 2; left -= 2, value /= 100)
    memcpy(at + left - 2, digit_pairs + value % 100 * 2, 2);
  if (left) *at = (char)('0' + value % 10);
  return at + digits;
}

char *number_put_decimal(char *at, int64_t value, unsigned decimals) {
  check(decimals <= DECIMALS_MAX);
  uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
  if (value < 0) *at++ = '-';
  at = number_put_u64(at, magnitude / powers_of_ten[decimals]);
  if (decimals == 0) return at;
  *at++ = '.';
  return number_put_padded(at, magnitude, decimals);
}

char *number_put_binary(char *at, int64_t numerator, unsigned shift, unsigned decimals) {
  check(decimals <= DECIMALS_MAX && shift > 0 && shift < 63);
  uint64_t magnitude = numerator < 0 ? -(uint64_t)numerator : (uint64_t)numerator;
  int64_t rounded =
      (int64_t)((magnitude * powers_of_ten[decimals] + (1ULL << (shift - 1))) >> shift);
  return number_put_decimal(at, numerator < 0 ? -rounded : rounded, decimals);
}

char *number_put_hex128(char *at, struct hash128 value) {
  static const char hex[] = "0123456789abcdef";
  for (int i = 0; i < 16; i++) at[i] = hex[value.high >> (60 - 4 * i) & 15];
  for (int i = 0; i < 16; i++) at[16 + i] = hex[value.low >> (60 - 4 * i) & 15];
  return at + NUMBER_HEX128_BYTES;
}
