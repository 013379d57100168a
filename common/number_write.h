/* number_write — numbers as text, fast and the same in every locale.
 *
 * Each writes at `at` and returns the end; no NUL is added. The room a call may need is named. */
#ifndef GUIYI_COMMON_NUMBER_WRITE_H
#define GUIYI_COMMON_NUMBER_WRITE_H

#include <stdint.h>

#include "common/hash.h"

enum {
  NUMBER_U64_BYTES_MAX = 20,
  NUMBER_I64_BYTES_MAX = 20,
  NUMBER_DECIMAL_BYTES_MAX = 24, /* number_put_decimal with at most 18 decimals */
  NUMBER_HEX128_BYTES = 32,
};

char *number_put_u64(char *at, uint64_t value);
char *number_put_i64(char *at, int64_t value);
/* value / 10^decimals: number_put_decimal(at, -1205, 2) is -12.05. decimals: 0..18. */
char *number_put_decimal(char *at, int64_t value, unsigned decimals);
/* numerator / 2^shift with so many decimals, half away from zero: weights in 1/1024 bit have
 * shift 10. The decimals must leave numerator * 10^decimals inside 63 bits. */
char *number_put_binary(char *at, int64_t numerator, unsigned shift, unsigned decimals);
/* Exactly so many digits, the lowest ones, with leading zeros. */
char *number_put_padded(char *at, uint64_t value, unsigned digits);
/* 32 lower-case hexadecimal digits, the high half first. */
char *number_put_hex128(char *at, struct hash128 value);

#endif
