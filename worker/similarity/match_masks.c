#include "worker/similarity/match_masks.h"

#include <stdbool.h>
#include <string.h>

#include "common/check.h"

void match_masks_bytes(struct match_masks *m, const char *a, unsigned a_size, const char *b,
                       unsigned b_size) {
  check(a_size <= MATCH_MASKS_SIZE_MAX && b_size <= MATCH_MASKS_SIZE_MAX);
  if (a_size > b_size || (a_size == b_size && memcmp(a, b, a_size) > 0)) {
    const char *other = a;
    unsigned other_size = a_size;
    a = b, a_size = b_size;
    b = other, b_size = other_size;
  }
  m->a_size = a_size;
  m->b_size = b_size;
  /* Only the entries of characters that occur are ever written or read. */
  uint64_t positions[256];
  for (unsigned j = 0; j < b_size; j++) positions[(unsigned char)b[j]] = 0;
  for (unsigned i = 0; i < a_size; i++) positions[(unsigned char)a[i]] = 0;
  for (unsigned i = 0; i < a_size; i++) positions[(unsigned char)a[i]] |= 1ULL << i;
  for (unsigned j = 0; j < b_size; j++) m->at[j] = positions[(unsigned char)b[j]];
}

static bool is_greater(const uint16_t *a, const uint16_t *b, unsigned size) {
  for (unsigned i = 0; i < size; i++) {
    if (a[i] != b[i]) return a[i] > b[i];
  }
  return false;
}

void match_masks_u16(struct match_masks *m, const uint16_t *a, unsigned a_size, const uint16_t *b,
                     unsigned b_size) {
  check(a_size <= MATCH_MASKS_SIZE_MAX && b_size <= MATCH_MASKS_SIZE_MAX);
  if (a_size > b_size || (a_size == b_size && is_greater(a, b, a_size))) {
    const uint16_t *other = a;
    unsigned other_size = a_size;
    a = b, a_size = b_size;
    b = other, b_size = other_size;
  }
  m->a_size = a_size;
  m->b_size = b_size;
  /* Han names have two to four characters: comparing all with all beats any table. */
  for (unsigned j = 0; j < b_size; j++) {
    uint64_t mask = 0;
    for (unsigned i = 0; i < a_size; i++) mask |= (uint64_t)(a[i] == b[j]) << i;
    m->at[j] = mask;
  }
}
