/* One cell and another through every function of one field type. The first byte picks the type, the
 * second the options; the two cells are split at the first newline. */
#include <stdint.h>
#include <stdlib.h>

#include "common/text.h"
#include "worker/fields/date.h"
#include "worker/fields/field_type.h"

static struct field_options options_of(uint8_t choice) {
  struct field_options options = {.timezone_minutes = 480, .as_of_day = 20779};
  options.date_order = choice & 3;
  options.date_part = choice >> 2 & 3;
  options.date_with_time = choice & 16;
  options.code_table = choice % 5;
  options.amount_unit = choice >> 5 & 1;
  options.name_part = choice % 7;
  options.address_part = choice % 7;
  if (choice & 64) options.default_area = BYTES("0755");
  if (choice & 128) options.name_space = BYTES("shop");
  return options;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2 || size > FIELD_RAW_BYTES_MAX) return 0;
  struct bytes text = bytes_of((const char *)data + 2, size - 2);
  text.size = text_valid_size(text);
  size_t split = bytes_find(text, BYTES("\n"));
  struct bytes cells[2] = {
      bytes_of(text.data, split),
      split < text.size ? bytes_of(text.data + split + 1, text.size - split - 1) : BYTES_EMPTY};
  unsigned count = 0;
  while (field_type_list()[count]) count++;
  const struct field_type *t = field_type_list()[data[0] % count];
  struct field_options options = options_of(data[1]);
  struct arena arena = {0};
  uint64_t features[2][FIELD_FEATURE_BYTES_MAX / 8] = {{0}};
  for (int i = 0; i < 2; i++) {
    struct standard_value value = {0};
    t->standardise(&options, cells[i], &arena, &value, features[i]);
    if (!text_valid(value.value)) abort();
    struct bytes masked = t->mask(value.value, &arena);
    if (!text_valid(masked)) abort();
    t->mask(cells[i], &arena);
    for (unsigned part = 0; part < FIELD_KEY_PARTS_MAX; part++) t->key_part(features[i], part);
    struct date_order_evidence evidence = {0};
    date_order_add(&evidence, cells[i], &arena);
    date_column_order(&evidence);
  }
  if (t->compare(features[0], features[1]) != t->compare(features[1], features[0])) abort();
  if (t->contradicts &&
      t->contradicts(features[0], features[1]) != t->contradicts(features[1], features[0]))
    abort();
  arena_release(&arena);
  return 0;
}
