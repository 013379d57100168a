/* similarity_reference — what the kernels of worker/similarity compute, written as plainly as it
 * can be. */
#ifndef GUIYI_TESTS_HARNESS_SIMILARITY_REFERENCE_H
#define GUIYI_TESTS_HARNESS_SIMILARITY_REFERENCE_H

#include <stdbool.h>

#include "worker/similarity/jaro_winkler.h"
#include "worker/similarity/levenshtein.h"

static inline unsigned min3(unsigned a, unsigned b, unsigned c) {
  unsigned least = a < b ? a : b;
  return least < c ? least : c;
}

static inline unsigned levenshtein_reference(const uint16_t *a, unsigned n, const uint16_t *b,
                                             unsigned m) {
  unsigned d[MATCH_MASKS_SIZE_MAX + 1][MATCH_MASKS_SIZE_MAX + 1];
  for (unsigned i = 0; i <= n; i++) d[i][0] = i;
  for (unsigned j = 0; j <= m; j++) d[0][j] = j;
  for (unsigned i = 1; i <= n; i++) {
    for (unsigned j = 1; j <= m; j++) {
      d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
    }
  }
  return d[n][m];
}

static inline unsigned jaro_winkler_reference(const uint16_t *a, unsigned n, const uint16_t *b,
                                              unsigned m) {
  if (n > m) return jaro_winkler_reference(b, m, a, n);
  for (unsigned i = 0; n == m && i < n; i++) {
    if (a[i] == b[i]) continue;
    if (a[i] > b[i]) return jaro_winkler_reference(b, m, a, n);
    break;
  }
  if (n == 0) return m == 0 ? 10000 : 0;
  bool used[MATCH_MASKS_SIZE_MAX] = {0};
  uint16_t from_a[MATCH_MASKS_SIZE_MAX], from_b[MATCH_MASKS_SIZE_MAX];
  int reach = (int)m / 2 - 1;
  if (reach < 0) reach = 0;
  unsigned matches = 0;
  for (int j = 0; j < (int)m; j++) {
    for (int i = 0; i < (int)n; i++) {
      if (used[i] || a[i] != b[j] || i < j - reach || i > j + reach) continue;
      used[i] = true;
      from_b[matches++] = b[j];
      break;
    }
  }
  if (matches == 0) return 0;
  unsigned k = 0, differ = 0, prefix = 0;
  for (unsigned i = 0; i < n; i++) {
    if (used[i]) from_a[k++] = a[i];
  }
  for (unsigned i = 0; i < matches; i++) differ += from_a[i] != from_b[i];
  unsigned t = differ / 2;
  uint64_t c = matches;
  uint64_t sum = c * c * m + c * c * n + (c - t) * n * m, whole = 3 * c * n * m;
  while (prefix < 4 && prefix < n && a[prefix] == b[prefix]) prefix++;
  return (unsigned)((sum * 10 * 1000 + prefix * (whole - sum) * 1000) / whole);
}

#endif
