/* The golden rows of tests/golden/vectors.tsv for the types without a golden test of their own, and
 * the promises of worker/fields/field_type.h for all types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/calendar.h"
#include "tests/harness/field_checks.h"
#include "worker/fields/id_card.h"
#include "worker/fields/phone.h"

enum { COLUMNS_MAX = 8 };

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

/* ---- what every type promises ---- */

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return *state >> 33;
}

static void levels_are_probabilities(void **state) {
  (void)state;
  for (const struct field_type *const *t = field_type_list(); *t; t++) {
    double m = 0, u = 0;
    for (unsigned level = FIELD_LEVEL_DIFFER; level < FIELD_LEVEL_COUNT; level++) {
      if (!(*t)->levels[level].name) continue;
      m += (*t)->levels[level].m;
      u += (*t)->levels[level].u;
      assert_true((*t)->levels[level].m > 0 && (*t)->levels[level].u > 0);
    }
    print_message("%s m %.9f u %.9f\n", (*t)->name, m, u);
    assert_true(m > 1 - 1e-9 && m < 1 + 1e-9);
    assert_true(u > 1 - 1e-9 && u < 1 + 1e-9);
    assert_true((*t)->feature_size % 8 == 0 && (*t)->feature_size <= FIELD_FEATURE_BYTES_MAX);
    assert_string_equal((*t)->part_names[0], "exact");
    assert_ptr_equal(field_type_find(bytes_from_string((*t)->name)), *t);
  }
  assert_null(field_type_find(BYTES("no such type")));
  static const char *const names[] = {
#define T(id, name) name,
      FIELD_TYPE_TABLE(T)
#undef T
  };
  for (size_t i = 0; i < FIELD_TYPE_COUNT; i++)
    assert_string_equal(field_type_list()[i]->name, names[i]);
  assert_null(field_type_list()[FIELD_TYPE_COUNT]);
}

/* Cells that look like something, and are changed a little. */
static const char *const seeds[] = {"13800138124",
                                    "+86 138-0013-8124",
                                    "0755-88886666-801",
                                    "04 73704641",
                                    "138****8124",
                                    "11010519491231002X",
                                    "110105491231002",
                                    "1***************12",
                                    "91350100M000100Y43",
                                    "M000100Y-4",
                                    "zhang.san@qq.com",
                                    "J.Doe+x@gmail.com",
                                    "zhangsan@gmial.com",
                                    "741-97-2082",
                                    "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
                                    "2024-05-01 09:30:00",
                                    "2024年5月1日",
                                    "19410009",
                                    "1/5/2024",
                                    "45413",
                                    "1714492800000",
                                    "上海市",
                                    "Manchester",
                                    "男",
                                    "¥1,234.5 元",
                                    "1.234,00",
                                    "€ 55,-",
                                    "Panasonic KX-TG4500B 5.8 GHz phone",
                                    "深度学习方法研究",
                                    "Zürich",
                                    "",
                                    " ",
                                    "无"};

enum { SEEDS = sizeof seeds / sizeof seeds[0] };

/* One of the seeds with some of its characters replaced, removed or doubled, still UTF-8. */
static struct bytes random_cell(uint64_t *random, struct arena *arena) {
  struct bytes seed = bytes_from_string(seeds[next_random(random) % SEEDS]);
  unsigned changes = (unsigned)(next_random(random) % 4);
  struct buffer out = {0};
  for (size_t i = 0; i < seed.size; i++) {
    unsigned char c = (unsigned char)seed.data[i];
    bool change = c < 0x80 && changes && next_random(random) % 5 == 0;
    changes -= change;
    unsigned kind = (unsigned)(next_random(random) % 3);
    if (!change || kind == 1) buffer_append_char(&out, (char)c);
    if (change && kind == 1) buffer_append_char(&out, (char)c);
    if (change && kind == 2) buffer_append_char(&out, (char)(' ' + next_random(random) % 95));
  }
  struct bytes cell = arena_copy(arena, buffer_bytes(&out));
  buffer_release(&out);
  return cell;
}

static bool is_zero(const uint64_t *feature, size_t size) {
  for (size_t i = 0; i < size / 8; i++)
    if (feature[i]) return false;
  return true;
}

static void check_promises(const struct field_type *t, const struct field_options *options,
                           struct bytes cell, struct bytes other, struct arena *arena) {
  struct result r = standardise_with(options, t->name, cell, arena);
  struct result o = standardise_with(options, t->name, other, arena);
  struct result alone = {0};
  t->standardise(options, cell, arena, &alone.value, NULL);
  assert_true(bytes_equal(alone.value.value, r.value.value));
  assert_int_equal(alone.value.flags, r.value.flags);
  /* the features end where they say */
  for (size_t i = t->feature_size / 8; i < FIELD_FEATURE_BYTES_MAX / 8; i++)
    assert_int_equal(r.feature[i], 0);
  unsigned level = t->compare(r.feature, o.feature);
  assert_int_equal(level, t->compare(o.feature, r.feature));
  assert_true(level == FIELD_LEVEL_MISSING || t->levels[level].name);
  if (level == FIELD_LEVEL_EXACT && !t->exact_is_loose) {
    assert_int_equal(t->key_part(r.feature, 0), t->key_part(o.feature, 0));
    assert_true(t->key_part(r.feature, 0));
  }
  if (is_zero(r.feature, t->feature_size)) {
    assert_int_equal(level, FIELD_LEVEL_MISSING);
    for (unsigned part = 0; t->part_names[part]; part++)
      assert_int_equal(t->key_part(r.feature, part), 0);
  }
  if (r.value.state == VALUE_MISSING) {
    assert_int_equal(r.value.value.size, 0);
    assert_true(is_zero(r.feature, t->feature_size));
    return;
  }
  if (r.value.state == VALUE_OK) assert_true(bytes_equal(r.value.value, cell));
  if (r.value.state != VALUE_OK && r.value.state != VALUE_FIXED) return;
  /* Its own value again. Names and addresses promise that of names and addresses, not of cells that
   * are none: their own tests ask it. */
  if (t == type_of("person_name") || t == type_of("address")) return;
  struct result again = standardise_with(options, t->name, r.value.value, arena);
  if (again.value.state != VALUE_OK || !bytes_equal(again.value.value, r.value.value))
    fail_msg("%s: '%s' gives '%s', which gives '%s'", t->name, text_of(cell, arena),
             text_of(r.value.value, arena), text_of(again.value.value, arena));
  assert_int_equal(again.value.kind, r.value.kind);
  assert_memory_equal(again.feature, r.feature, sizeof r.feature);
  if (t->key_part(r.feature, 0)) {
    if (t->compare(r.feature, again.feature) != FIELD_LEVEL_EXACT)
      fail_msg("%s: '%s' does not agree with itself", t->name, text_of(cell, arena));
    if (t->contradicts) assert_false(t->contradicts(r.feature, again.feature));
  }
}

static void every_type_keeps_its_promises(void **state) {
  (void)state;
  struct arena arena = {0};
  uint64_t random = 42;
  for (int i = 0; i < 40000; i++) {
    struct bytes cell = random_cell(&random, &arena), other = random_cell(&random, &arena);
    struct field_options options = plain_options;
    options.date_with_time = i % 2;
    options.code_table = i % 3 ? CODE_NONE : (enum code_table)(next_random(&random) % 5);
    for (const struct field_type *const *t = field_type_list(); *t; t++)
      check_promises(*t, &options, cell, other, &arena);
    arena_reset(&arena);
  }
  arena_release(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_golden_rows_pass),
      cmocka_unit_test(levels_are_probabilities),
      cmocka_unit_test(every_type_keeps_its_promises),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
