#include "worker/sources/delimiter_index.h"

#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
static bool runs_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

static bool runs_avx512(void) {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
         __builtin_cpu_supports("avx512vbmi2");
}

static const struct source_kernels *vector_kernels(const char *name) {
  if (strcmp(name, "avx2") == 0 && runs_avx2()) return &source_kernels_avx2;
  if (strcmp(name, "avx512") == 0 && runs_avx512()) return &source_kernels_avx512;
  return NULL;
}
#else
static const struct source_kernels *vector_kernels(const char *name) { return (void)name, NULL; }
#endif

const struct source_kernels *source_kernels_named(const char *name) {
  return strcmp(name, "scalar") == 0 ? &source_kernels_scalar : vector_kernels(name);
}

const struct source_kernels *source_kernels(void) {
  static const char *const names[] = {"avx512", "avx2", "scalar"};
  const char *asked = getenv("GUIYI_SIMD");
  const struct source_kernels *kernels = asked ? source_kernels_named(asked) : NULL;
  for (size_t i = 0; !kernels; i++) kernels = source_kernels_named(names[i]);
  return kernels;
}
