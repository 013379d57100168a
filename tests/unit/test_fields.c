/* The golden rows of tests/golden/vectors.tsv for the types without a test of their own, and the
 * promises of worker/fields/field_type.h for all types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/arena.h"
#include "common/calendar.h"
#include "worker/fields/date.h"
#include "worker/fields/digits.h"
#include "worker/fields/field_type.h"
#include "worker/fields/id_card.h"
#include "worker/fields/phone.h"
#include "worker/similarity/one_edit.h"

enum { COLUMNS_MAX = 8 };

static const struct field_options plain_options = {.timezone_minutes = 480,
                                                   .as_of_day = 20779}; /* 2026-11-22 */

static const struct field_type *type_of(const char *name) {
  const struct field_type *type = field_type_find(bytes_from_string(name));
  assert_non_null(type);
  return type;
}

struct result {
  struct standard_value value;
  uint64_t feature[FIELD_FEATURE_BYTES_MAX / 8];
};

static struct result standardise_with(const struct field_options *options, const char *type,
                                      struct bytes raw, struct arena *arena) {
  struct result r = {0};
  type_of(type)->standardise(options, raw, arena, &r.value, r.feature);
  return r;
}

static struct result standardise(const char *type, const char *raw, struct arena *arena) {
  return standardise_with(&plain_options, type, bytes_from_string(raw), arena);
}

/* "W_AGE,W_AREA": the flags by their names, in the table's order. */
static char *flag_names(uint32_t flags, struct arena *arena) {
  char *names = arena_copy_string(arena, "");
  for (unsigned bit = 0; bit < FIELD_FLAG_COUNT; bit++)
    if (flags >> bit & 1)
      names = arena_printf(arena, "%s%s%s", names, *names ? "," : "", field_flag_name(bit));
  return names;
}

static const char *text_of(struct bytes text, struct arena *arena) {
  return arena_copy(arena, text).data;
}

/* ---- the golden rows ---- */

static void row_of_phone(char **column, struct arena *arena) {
  struct result r = standardise("phone", column[1], arena);
  assert_string_equal(phone_type.kind_names[r.value.kind], column[2]);
  if (strcmp(column[2], "invalid") == 0) {
    /* An empty cell is missing, which is all there is to say of it. */
    assert_int_equal(r.value.state, column[1][0] ? VALUE_INVALID : VALUE_MISSING);
    if (column[1][0]) assert_string_equal(flag_names(r.value.flags, arena), column[4]);
    return;
  }
  assert_string_equal(text_of(r.value.value, arena), column[3]);
  assert_string_equal(flag_names(r.value.flags, arena), column[4]);
}

static void row_of_email(char **column, struct arena *arena) {
  struct result r = standardise("email", column[1], arena);
  assert_string_equal(type_of("email")->kind_names[r.value.kind], column[2]);
  if (column[3][0]) assert_string_equal(text_of(r.value.value, arena), column[3]);
  if (strcmp(column[2], "placeholder") == 0) assert_int_equal(r.value.state, VALUE_MISSING);
}

static void row_of_date(char **column, struct arena *arena) {
  struct result r = standardise("date", column[1], arena);
  if (strcmp(column[2], "E_DATE") == 0) {
    assert_int_equal(r.value.state, column[1][0] ? VALUE_INVALID : VALUE_MISSING);
    if (column[1][0]) assert_true(r.value.flags & FIELD_E_DATE);
    return;
  }
  assert_string_equal(text_of(r.value.value, arena), column[2]);
}

static void row_of_id_card(char **column, struct arena *arena) {
  struct result r = standardise("id_card", column[1], arena);
  if (strcmp(column[2], "OK") != 0) {
    assert_int_equal(r.value.state, VALUE_INVALID);
    assert_string_equal(flag_names(r.value.flags, arena), column[2]);
    return;
  }
  assert_string_equal(text_of(r.value.value, arena), column[3]);
  /* Rows that name neither flags nor sex speak of the number alone. */
  if (column[4][0] || column[5][0])
    assert_string_equal(flag_names(r.value.flags, arena), column[4]);
  static const char *const sexes[] = {"", "男", "女"};
  if (column[5][0]) assert_string_equal(sexes[id_card_sex(r.value.value)], column[5]);
  assert_int_equal(id_card_sex(r.value.value), id_card_feature_sex(r.feature));
  struct calendar_date d = calendar_date_of(id_card_birth_day(r.value.value));
  if (column[6][0])
    assert_string_equal(arena_printf(arena, "%d-%02d-%02d", d.year, d.month, d.day), column[6]);
  assert_int_equal(id_card_birth_day(r.value.value), id_card_feature_birth_day(r.feature));
  if (strncmp(column[7], "type=港澳台", strlen("type=港澳台")) == 0)
    assert_int_equal(r.value.kind, ID_CARD_HK_MO_TW);
  if (strncmp(column[7], "type=外国人", strlen("type=外国人")) == 0)
    assert_int_equal(r.value.kind, ID_CARD_FOREIGN_PERMANENT);
}

static void row_of_uscc(char **column, struct arena *arena) {
  struct result r = standardise("uscc", column[1], arena);
  if (strcmp(column[2], "OK") != 0) {
    assert_int_equal(r.value.state, VALUE_INVALID);
    assert_string_equal(flag_names(r.value.flags, arena), column[2]);
    return;
  }
  assert_string_equal(text_of(r.value.value, arena), column[3]);
}

static void row_of_mask(const char *type, char **column, struct arena *arena) {
  struct bytes masked = type_of(type)->mask(bytes_from_string(column[1]), arena);
  assert_string_equal(text_of(masked, arena), column[2]);
}

static bool check_row(char **column, struct arena *arena) {
  const char *kind = column[0];
  if (strcmp(kind, "phone") == 0)
    row_of_phone(column, arena);
  else if (strcmp(kind, "email") == 0)
    row_of_email(column, arena);
  else if (strcmp(kind, "date") == 0)
    row_of_date(column, arena);
  else if (strcmp(kind, "idcard") == 0)
    row_of_id_card(column, arena);
  else if (strcmp(kind, "uscc") == 0)
    row_of_uscc(column, arena);
  else if (strcmp(kind, "mask_phone") == 0)
    row_of_mask("phone", column, arena);
  else if (strcmp(kind, "mask_id") == 0)
    row_of_mask("id_card", column, arena);
  else if (strcmp(kind, "mask_email") == 0)
    row_of_mask("email", column, arena);
  else
    return false;
  return true;
}

static void the_golden_rows_pass(void **state) {
  (void)state;
  FILE *file = fopen(GUIYI_SOURCE_DIR "/tests/golden/vectors.tsv", "r");
  assert_non_null(file);
  struct arena arena = {0};
  char line[1024], empty[] = "";
  int checked = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    char *column[COLUMNS_MAX], *rest = line;
    for (int i = 0; i < COLUMNS_MAX; i++) column[i] = rest ? strsep(&rest, "\t") : empty;
    print_message("%s %s\n", column[0], column[1]);
    checked += check_row(column, &arena);
    arena_reset(&arena);
  }
  fclose(file);
  arena_release(&arena);
  assert_int_equal(checked, 35 + 11 + 13 + 18 + 13 + 2 + 3 + 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_golden_rows_pass),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
