/* Addresses and firms' names: the first byte says which part of an address, the rest is two values,
 * a newline between. Features must agree with themselves, comparing must be symmetric. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/check.h"
#include "common/text.h"
#include "worker/fields/address.h"
#include "worker/fields/company.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct features {
  uint64_t bytes[FIELD_FEATURE_BYTES_MAX / 8];
};

static struct features standardise(const struct field_type *type, enum address_part part,
                                   struct bytes raw, struct arena *arena) {
  struct field_options options = {.address_part = part};
  struct standard_value value, again;
  struct features features = {0}, features_again = {0};
  type->standardise(&options, raw, arena, &value, features.bytes);
  if (value.value.size == 0) return features; /* nothing was there */
  check(text_valid(value.value));
  check(value.value.size <= 4 * raw.size + 1024);
  type->standardise(&options, raw, arena, &again, NULL);
  check(bytes_equal(value.value, again.value) && value.state == again.state);
  type->standardise(&options, raw, arena, &again, features_again.bytes);
  check(memcmp(&features, &features_again, sizeof features) == 0);
  struct bytes masked = type->mask(value.value, arena);
  check(text_count(masked) == text_count(value.value));
  for (unsigned i = 0; type->part_names[i]; i++) (void)type->key_part(features.bytes, i);
  return features;
}

static void try_type(const struct field_type *type, enum address_part part, struct bytes a,
                     struct bytes b, struct arena *arena) {
  struct features left = standardise(type, part, a, arena),
                  right = standardise(type, part, b, arena);
  unsigned forth = type->compare(left.bytes, right.bytes);
  check(forth <= FIELD_LEVEL_EXACT);
  check(forth == type->compare(right.bytes, left.bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  struct bytes text = bytes_of((const char *)data + 1, size - 1);
  if (!text_valid(text)) return 0; /* ingest hands on valid UTF-8 only */
  size_t line = bytes_find(text, BYTES("\n"));
  struct bytes a = bytes_of(text.data, line), b = BYTES("");
  if (line < text.size) b = bytes_of(text.data + line + 1, text.size - line - 1);
  struct arena arena = {0};
  try_type(&address_type, data[0] % (ADDRESS_POSTCODE + 1), a, b, &arena);
  try_type(&company_type, ADDRESS_WHOLE, a, b, &arena);
  arena_release(&arena);
  return 0;
}
