#include "worker/sources/delimiter_index.h"

#include <stdlib.h>
#include <string.h>

static bool runs_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

static bool runs_avx512(void) {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
         __builtin_cpu_supports("avx512vbmi2");
}

const struct source_kernels *source_kernels_named(const char *name) {
  if (strcmp(name, "scalar") == 0) return &source_kernels_scalar;
  if (strcmp(name, "avx2") == 0 && runs_avx2()) return &source_kernels_avx2;
  if (strcmp(name, "avx512") == 0 && runs_avx512()) return &source_kernels_avx512;
  return NULL;
}

const struct source_kernels *source_kernels(void) {
  const char *name = getenv("GUIYI_SIMD");
  const struct source_kernels *named = name ? source_kernels_named(name) : NULL;
  if (named) return named;
  return runs_avx512() ? &source_kernels_avx512
         : runs_avx2() ? &source_kernels_avx2
                       : &source_kernels_scalar;
}
