#include "coordinator/portable_math.h"

#include <stdint.h>
#include <string.h>

#include "common/check.h"

enum { EXPONENT_SHIFT = 52, EXPONENT_BIAS = 1023, EXPONENT_MAX = 1000 };

static const double inverse_ln2 = 1.4426950408889634;
static const double ln2 = 0.6931471805599453;

static double power_of_two(int exponent) {
  uint64_t bits = (uint64_t)(exponent + EXPONENT_BIAS) << EXPONENT_SHIFT;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* x = f·2^e with f in [√½, √2); ln f = 2 artanh((f-1)/(f+1)), whose series is short there. */
double portable_log2(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int exponent = (int)(bits >> EXPONENT_SHIFT) - EXPONENT_BIAS;
  check(x > 0 && exponent > -EXPONENT_BIAS && exponent <= EXPONENT_BIAS);
  double f = x * power_of_two(-exponent / 2) * power_of_two(-exponent + exponent / 2);
  if (f > 1.4142135623730951) f *= 0.5, exponent++;
  double s = (f - 1) / (f + 1), square = s * s, sum = 0;
  for (int k = 21; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return exponent + 2 * s * sum * inverse_ln2;
}

/* 2^x = 2^n·e^(r ln2) with |r| ≤ ½. */
double portable_exp2(double x) {
  if (x < -EXPONENT_MAX) return 0;
  if (x > EXPONENT_MAX) x = EXPONENT_MAX;
  int whole = (int)(x < 0 ? x - 0.5 : x + 0.5);
  double r = (x - whole) * ln2, sum = 1;
  for (int k = 14; k >= 1; k--) sum = 1 + sum * r / k;
  return sum * power_of_two(whole);
}
