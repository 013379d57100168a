/* One field type (the part of FUZZ_PART) and what worker/fields/field_type.h promises of every one.
 * The first byte chooses the options; the rest is two cells, a newline between. */
#include <stdint.h>
#include <string.h>

#include "common/check.h"
#include "common/record.h"
#include "common/text.h"
#include "tests/fuzz/fuzz_part.h"
#include "worker/fields/date.h"
#include "worker/fields/field_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct field_type *type;

/* A cell standardised: the value and what is compared of it. */
struct standardised {
  struct standard_value value;
  uint64_t feature[FIELD_FEATURE_BYTES_MAX / 8];
};

static void choose_type(void) {
  static const char *const names[] = {
#define T(id, name) name,
      FIELD_TYPE_TABLE(T)
#undef T
  };
  type = field_type_list()[fuzz_part_of(names, FIELD_TYPE_COUNT)];
}

static struct field_options options_of(uint8_t choice) {
  static const struct code_alias aliases[] = {{{"0", 1}, {"女", 3}}, {{"vip", 3}, {"wechat", 6}}};
  struct field_options options = {.timezone_minutes = 480, .as_of_day = 20779};
  options.date_order = choice & 3;
  options.date_part = choice >> 2 & 3;
  options.date_with_time = choice & 16;
  options.code_table = choice % 5;
  options.amount_unit = choice >> 5 & 1;
  options.name_part = choice % 7;
  options.address_part = choice % 7;
  if (choice & 32) options.aliases = aliases, options.alias_count = 2;
  if (choice & 64) options.default_area = BYTES("0755");
  if (choice & 128) options.name_space = BYTES("shop");
  return options;
}

static bool is_kind(uint8_t kind) {
  for (unsigned k = 0; type->kind_names[k]; k++)
    if (k == kind) return true;
  return false;
}

static struct standardised standardise(const struct field_options *options, struct bytes raw,
                                       struct arena *arena) {
  struct standardised s = {0};
  type->standardise(options, raw, arena, &s.value, s.feature);
  return s;
}

static bool equal(const struct standardised *a, const struct standardised *b) {
  return bytes_equal(a->value.value, b->value.value) && a->value.state == b->value.state &&
         a->value.kind == b->value.kind && a->value.flags == b->value.flags &&
         memcmp(a->feature, b->feature, sizeof a->feature) == 0;
}

static bool has_feature(const struct standardised *s) {
  for (size_t i = 0; i < sizeof s->feature / sizeof s->feature[0]; i++)
    if (s->feature[i]) return true;
  return false;
}

/* Of one cell: the shape of the answer, and that it follows from the cell alone. */
static void check_value(const struct field_options *options, struct bytes raw,
                        const struct standardised *s, struct arena *arena) {
  const struct standard_value *v = &s->value;
  check(text_valid(v->value));
  check(v->value.size <= 4 * raw.size + 1024);
  check(v->state <= VALUE_INVALID && (v->state == VALUE_MISSING) == (v->value.size == 0));
  check(v->state == VALUE_MISSING || is_kind(v->kind));
  check(v->state != VALUE_OK || bytes_equal(v->value, raw));
  check(v->state != VALUE_MISSING || !has_feature(s));
  for (size_t i = type->feature_size / 8; i < FIELD_FEATURE_BYTES_MAX / 8; i++)
    check(s->feature[i] == 0);
  struct standardised again = standardise(options, raw, arena);
  check(equal(s, &again));
  struct standard_value alone = {0};
  type->standardise(options, raw, arena, &alone, NULL);
  check(bytes_equal(alone.value, v->value) && alone.state == v->state);
}

/* Types whose values are read like prose: what was understood the first time may let more be
 * understood the second time. */
static bool is_prose(void) {
  return type == field_type_find(BYTES("person_name")) || type == field_type_find(BYTES("address"));
}

/* A usable value standardised again is itself, however its source wrote it: at once, or where more
 * is understood each time after a few times. */
static void check_idempotent(const struct field_options *options, const struct standardised *s,
                             struct arena *arena) {
  enum { PROSE_PASSES_MAX = 4 };
  if (s->value.state != VALUE_OK && s->value.state != VALUE_FIXED) return;
  struct field_options plain = *options;
  plain.date_part = DATE_WHOLE;
  plain.date_order = DATE_ORDER_UNKNOWN;
  plain.amount_unit = AMOUNT_YUAN;
  plain.aliases = NULL;
  plain.alias_count = 0;
  struct standardised before = *s, again;
  for (int pass = is_prose() ? PROSE_PASSES_MAX : 1; pass > 0; pass--, before = again) {
    again = standardise(&plain, before.value.value, arena);
    if (bytes_equal(again.value.value, before.value.value)) return;
  }
  check(!"a value standardised again is itself");
}

/* A mask is as long as its value. */
static void check_mask(struct bytes value, struct arena *arena) {
  struct bytes masked = type->mask(value, arena);
  check(text_valid(masked));
  check(text_count(masked) == text_count(value));
}

static void check_feature(const struct standardised *s) {
  unsigned part_count = 0;
  while (type->part_names[part_count]) part_count++;
  check(part_count >= 1 && part_count <= FIELD_KEY_PARTS_MAX);
  for (unsigned part = 0; part < FIELD_KEY_PARTS_MAX; part++) {
    uint64_t key = type->key_part(s->feature, part);
    check(key == 0 || (part < part_count && has_feature(s)));
  }
  if (type->frequency_key) check(has_feature(s) || type->frequency_key(s->feature) == 0);
}

static void check_pair(const struct standardised *a, const struct standardised *b) {
  unsigned level = type->compare(a->feature, b->feature);
  check(level == type->compare(b->feature, a->feature));
  check(level < FIELD_LEVEL_COUNT);
  check(level == FIELD_LEVEL_MISSING || type->levels[level].name != NULL);
  if (!has_feature(a) || !has_feature(b)) check(level == FIELD_LEVEL_MISSING);
  bool same = memcmp(a->feature, b->feature, sizeof a->feature) == 0;
  if (same) check(level != FIELD_LEVEL_DIFFER);
  if (!type->contradicts) return;
  bool contradicts = type->contradicts(a->feature, b->feature);
  check(contradicts == type->contradicts(b->feature, a->feature));
  check(!contradicts || (!same && level != FIELD_LEVEL_EXACT));
}

static void check_date_evidence(struct bytes cell, struct arena *arena) {
  struct date_order_evidence evidence = {0};
  date_order_add(&evidence, cell, arena);
  date_column_order(&evidence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct arena arena;
  if (!type) choose_type();
  if (size < 1 || size > FIELD_RAW_BYTES_MAX) return 0;
  struct field_options options = options_of(data[0]);
  struct bytes text = bytes_of((const char *)data + 1, size - 1);
  /* Ingest hands on valid UTF-8 without NUL bytes. */
  text.size = strnlen(text.data, text_valid_size(text));
  size_t split = bytes_find(text, BYTES("\n"));
  struct bytes cells[2] = {
      bytes_of(text.data, split),
      split < text.size ? bytes_of(text.data + split + 1, text.size - split - 1) : BYTES_EMPTY};
  struct standardised s[2];
  for (int i = 0; i < 2; i++) {
    s[i] = standardise(&options, cells[i], &arena);
    check_value(&options, cells[i], &s[i], &arena);
    check_idempotent(&options, &s[i], &arena);
    check_mask(s[i].value.value, &arena);
    check_mask(cells[i], &arena);
    check_feature(&s[i]);
    check_pair(&s[i], &s[i]);
    check_date_evidence(cells[i], &arena);
  }
  check_pair(&s[0], &s[1]);
  if (bytes_equal(s[0].value.value, s[1].value.value) && s[0].value.state == s[1].value.state)
    check(memcmp(s[0].feature, s[1].feature, sizeof s[0].feature) == 0);
  arena_reset(&arena);
  return 0;
}
