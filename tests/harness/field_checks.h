/* field_checks — what the tests of field types share: standardise a text, look at values, levels,
 * keys and masks. */
#ifndef GUIYI_TESTS_HARNESS_FIELD_CHECKS_H
#define GUIYI_TESTS_HARNESS_FIELD_CHECKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/arena.h"
#include "worker/fields/field_type.h"

static const struct field_options plain_options = {.timezone_minutes = 480,
                                                   .as_of_day = 20779}; /* 2026-11-22 */

static inline const struct field_type *type_of(const char *name) {
  const struct field_type *type = field_type_find(bytes_from_string(name));
  assert_non_null(type);
  return type;
}

struct result {
  struct standard_value value;
  uint64_t feature[FIELD_FEATURE_BYTES_MAX / 8];
};

static inline struct result standardise_with(const struct field_options *options, const char *type,
                                             struct bytes raw, struct arena *arena) {
  struct result r = {0};
  type_of(type)->standardise(options, raw, arena, &r.value, r.feature);
  return r;
}

static inline struct result standardise(const char *type, const char *raw, struct arena *arena) {
  return standardise_with(&plain_options, type, bytes_from_string(raw), arena);
}

/* "W_AGE,W_AREA": the flags by their names, in the table's order. */
static inline char *flag_names(uint32_t flags, struct arena *arena) {
  char *names = arena_copy_string(arena, "");
  for (unsigned bit = 0; bit < FIELD_FLAG_COUNT; bit++)
    if (flags >> bit & 1)
      names = arena_printf(arena, "%s%s%s", names, *names ? "," : "", field_flag_name(bit));
  return names;
}

static inline const char *text_of(struct bytes text, struct arena *arena) {
  return arena_copy(arena, text).data;
}

struct value_case {
  const char *raw, *value; /* value NULL: not asked */
  enum value_state state;
  uint32_t flags; /* must be set */
};

static inline void check_values(const char *type, const struct field_options *options,
                                const struct value_case *cases, size_t count) {
  struct arena arena = {0};
  for (size_t i = 0; i < count; i++) {
    print_message("%s %s\n", type, cases[i].raw);
    struct result r = standardise_with(options, type, bytes_from_string(cases[i].raw), &arena);
    assert_int_equal(r.value.state, cases[i].state);
    if (cases[i].value) assert_string_equal(text_of(r.value.value, &arena), cases[i].value);
    assert_int_equal(r.value.flags & cases[i].flags, cases[i].flags);
  }
  arena_release(&arena);
}

#define CHECK_VALUES(type, options, cases) \
  check_values(type, options, cases, sizeof cases / sizeof cases[0])

static inline void check_level(const char *type, const char *a, const char *b, const char *level) {
  struct arena arena = {0};
  struct result x = standardise(type, a, &arena), y = standardise(type, b, &arena);
  const struct field_type *t = type_of(type);
  unsigned found = t->compare(x.feature, y.feature);
  print_message("%s: %s / %s: %s\n", type, a, b, found ? t->levels[found].name : "missing");
  assert_string_equal(found ? t->levels[found].name : "missing", level);
  assert_int_equal(t->compare(y.feature, x.feature), found);
  arena_release(&arena);
}

static inline uint64_t key_of(const char *type, const char *raw, const char *part) {
  struct arena arena = {0};
  const struct field_type *t = type_of(type);
  struct result r = standardise(type, raw, &arena);
  arena_release(&arena);
  for (unsigned i = 0; t->part_names[i]; i++)
    if (strcmp(t->part_names[i], part) == 0) return t->key_part(r.feature, i);
  fail_msg("%s has no key part %s", type, part);
  return 0;
}

static inline bool contradict(const char *type, const char *a, const char *b) {
  struct arena arena = {0};
  struct result x = standardise(type, a, &arena), y = standardise(type, b, &arena);
  bool found = type_of(type)->contradicts(x.feature, y.feature);
  assert_int_equal(type_of(type)->contradicts(y.feature, x.feature), found);
  arena_release(&arena);
  return found;
}

static inline void check_mask(const char *type, const char *value, const char *expected) {
  struct arena arena = {0};
  struct bytes masked = type_of(type)->mask(bytes_from_string(value), &arena);
  assert_string_equal(text_of(masked, &arena), expected);
  arena_release(&arena);
}

#endif
