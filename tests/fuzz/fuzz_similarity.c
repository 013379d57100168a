/* Two strings, a newline between, through every similarity kernel: the same as the plain
 * definition, and whichever comes first. */
#include "common/check.h"
#include "tests/harness/similarity_reference.h"
#include "worker/similarity/one_edit.h"
#include "worker/similarity/phonetic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_masks(const struct match_masks *m, unsigned distance, unsigned likeness) {
  check(levenshtein(m) == distance);
  check(jaro_winkler(m) == likeness);
}

/* One slip: the definition of one_edit by the distances. */
static bool is_one_slip(const uint16_t *a, unsigned n, const uint16_t *b, unsigned m,
                        unsigned distance) {
  if (distance == 1) return true;
  if (n != m || distance != 2) return false;
  unsigned i = 0;
  while (a[i] == b[i]) i++;
  if (i + 1 == n || a[i] != b[i + 1] || a[i + 1] != b[i]) return false;
  for (i += 2; i < n; i++)
    if (a[i] != b[i]) return false;
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bytes text = size ? bytes_of((const char *)data, size) : BYTES("");
  size_t cut = bytes_find(text, BYTES("\n"));
  struct bytes a = bytes_of(text.data, cut), b = BYTES("");
  if (cut < size) b = bytes_of(text.data + cut + 1, size - cut - 1);
  if (a.size > MATCH_MASKS_SIZE_MAX || b.size > MATCH_MASKS_SIZE_MAX) return 0;
  uint16_t wide_a[MATCH_MASKS_SIZE_MAX], wide_b[MATCH_MASKS_SIZE_MAX];
  for (size_t i = 0; i < a.size; i++) wide_a[i] = (unsigned char)a.data[i];
  for (size_t i = 0; i < b.size; i++) wide_b[i] = (unsigned char)b.data[i];
  unsigned n = (unsigned)a.size, m = (unsigned)b.size;
  unsigned distance = levenshtein_reference(wide_a, n, wide_b, m);
  unsigned likeness = jaro_winkler_reference(wide_a, n, wide_b, m);
  struct match_masks masks;
  match_masks_bytes(&masks, a.data, n, b.data, m);
  check_masks(&masks, distance, likeness);
  match_masks_bytes(&masks, b.data, m, a.data, n);
  check_masks(&masks, distance, likeness);
  match_masks_u16(&masks, wide_a, n, wide_b, m);
  check_masks(&masks, distance, likeness);
  bool slip = is_one_slip(wide_a, n, wide_b, m, distance);
  check(one_edit(a, b) == slip && one_edit(b, a) == slip);
  check(one_edit_u16(wide_a, n, wide_b, m) == slip && one_edit_u16(wide_b, m, wide_a, n) == slip);
  check(phonetic_code(a.data, n) == phonetic_code(a.data, n));
  return 0;
}
