/* Any bytes as a name, in every part: standardising, comparing, keys and masks hold together. The
 * first byte chooses the part; the rest is split at a newline into two names. */
#include <stdint.h>
#include <string.h>

#include "common/check.h"
#include "common/text.h"
#include "worker/fields/name_feature.h"
#include "worker/fields/person_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void standardise(const struct field_options *options, struct bytes raw, struct arena *arena,
                        struct name_feature *feature) {
  struct standard_value value;
  memset(feature, 0, sizeof *feature);
  person_name_type.standardise(options, raw, arena, &value, feature);
  check(value.kind < NAME_KIND_COUNT);
  check((value.state == VALUE_MISSING) == (value.value.size == 0));
  /* Cells are valid by contract; what is made of others must at least be printable. */
  check(value.state == VALUE_INVALID || text_valid(value.value) || !text_valid(raw));
  bool certain = value.state == VALUE_OK || value.state == VALUE_FIXED;
  for (unsigned part = 0; part < NAME_KEY_PART_COUNT; part++) {
    uint64_t key = person_name_type.key_part(feature, part);
    if (part == NAME_KEY_EXACT) check(certain || key == 0);
  }
  struct bytes mask = person_name_type.mask(value.value, arena);
  check(text_count(mask) == text_count(value.value));
  /* A name in full is its own value. (Of other texts less may be left the second time.) */
  if (!certain || value.kind != NAME_FULL) return;
  struct standard_value again;
  struct name_feature same = {0};
  person_name_type.standardise(options, value.value, arena, &again, &same);
  check(bytes_equal(again.value, value.value) && memcmp(&same, feature, sizeof same) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct arena arena;
  if (size == 0) return 0;
  struct field_options options = {
      .name_part = (enum name_part)(data[0] % (NAME_NICKNAME_UNLESS_NAME_SHAPE + 1))};
  struct bytes text = bytes_of((const char *)data + 1, size - 1);
  size_t cut = bytes_find(text, BYTES("\n"));
  struct bytes second = cut < text.size ? bytes_of(text.data + cut + 1, text.size - cut - 1) : text;
  struct name_feature a, b;
  standardise(&options, bytes_of(text.data, cut), &arena, &a);
  standardise(&options, second, &arena, &b);
  unsigned level = person_name_type.compare(&a, &b);
  check(level <= FIELD_LEVEL_EXACT && level == person_name_type.compare(&b, &a));
  check(person_name_type.compare(&a, &a) != FIELD_LEVEL_DIFFER);
  if (a.key && a.key == b.key) check(level == FIELD_LEVEL_EXACT);
  arena_reset(&arena);
  return 0;
}
