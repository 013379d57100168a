#include "coordinator/portable_math.h"

#include <stdint.h>
#include <string.h>

#include "common/check.h"

enum { EXPONENT_SHIFT = 52, EXPONENT_BIAS = 1023, EXPONENT_MAX = 1000 };

static const double inverse_ln2 = 1.4426950408889634;

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

/* ln2^k / k!, the series of 2^r. */
static const double exp2_series[] = {
    1.0,
    0.6931471805599453,
    0.24022650695910072,
    0.05550410866482158,
    0.009618129107628477,
    0.0013333558146428443,
    0.0001540353039338161,
    1.5252733804059841e-05,
    1.321548679014431e-06,
    1.01780860092397e-07,
    7.054911620801123e-09,
    4.4455382718708116e-10,
    2.5678435993488206e-11,
    1.3691488853904128e-12,
};
enum { EXP2_TERMS = sizeof exp2_series / sizeof exp2_series[0] };

/* 2^x = 2^n·2^r with |r| ≤ ½. */
double portable_exp2(double x) {
  if (x < -EXPONENT_MAX) return 0;
  if (x > EXPONENT_MAX) x = EXPONENT_MAX;
  int whole = (int)(x < 0 ? x - 0.5 : x + 0.5);
  double r = x - whole, sum = exp2_series[EXP2_TERMS - 1];
  for (int k = EXP2_TERMS - 2; k >= 0; k--) sum = sum * r + exp2_series[k];
  return sum * power_of_two(whole);
}
