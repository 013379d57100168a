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
#include "worker/fields/amount.h"
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

/* ---- one type after the other ---- */

struct value_case {
  const char *raw, *value; /* value NULL: not asked */
  enum value_state state;
  uint32_t flags; /* must be set */
};

static void check_values(const char *type, const struct field_options *options,
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

static void check_level(const char *type, const char *a, const char *b, const char *level) {
  struct arena arena = {0};
  struct result x = standardise(type, a, &arena), y = standardise(type, b, &arena);
  const struct field_type *t = type_of(type);
  unsigned found = t->compare(x.feature, y.feature);
  print_message("%s: %s / %s: %s\n", type, a, b, found ? t->levels[found].name : "missing");
  assert_string_equal(found ? t->levels[found].name : "missing", level);
  assert_int_equal(t->compare(y.feature, x.feature), found);
  arena_release(&arena);
}

static uint64_t key_of(const char *type, const char *raw, const char *part) {
  struct arena arena = {0};
  const struct field_type *t = type_of(type);
  struct result r = standardise(type, raw, &arena);
  arena_release(&arena);
  for (unsigned i = 0; t->part_names[i]; i++)
    if (strcmp(t->part_names[i], part) == 0) return t->key_part(r.feature, i);
  fail_msg("%s has no key part %s", type, part);
  return 0;
}

static bool contradict(const char *type, const char *a, const char *b) {
  struct arena arena = {0};
  struct result x = standardise(type, a, &arena), y = standardise(type, b, &arena);
  bool found = type_of(type)->contradicts(x.feature, y.feature);
  assert_int_equal(type_of(type)->contradicts(y.feature, x.feature), found);
  arena_release(&arena);
  return found;
}

static void check_mask(const char *type, const char *value, const char *expected) {
  struct arena arena = {0};
  struct bytes masked = type_of(type)->mask(bytes_from_string(value), &arena);
  assert_string_equal(text_of(masked, &arena), expected);
  arena_release(&arena);
}

static void phones_of_other_lands_are_kept(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"04 73704641", "0473704641", VALUE_FIXED, FIELD_I_FOREIGN},
      {"(04) 7370 4641", "0473704641", VALUE_FIXED, FIELD_I_FOREIGN},
      {"0473 704 641", "0473704641", VALUE_FIXED, FIELD_I_FOREIGN},
      {"(555) 123-4567", NULL, VALUE_INVALID, FIELD_E_LEN}, /* no exchange begins with 1 */
      {"(555) 223-4567", "5552234567", VALUE_FIXED, FIELD_I_FOREIGN},
      {"415.555.2671", "4155552671", VALUE_FIXED, FIELD_I_FOREIGN},
      {"1-415-555-2671", "+14155552671", VALUE_FIXED, 0},
      {"01234 567890", "01234567890", VALUE_FIXED, FIELD_I_FOREIGN},
      {"07911 123456", "07911123456", VALUE_FIXED, FIELD_I_FOREIGN},
      {"01 23 45 67 89", "0123456789", VALUE_FIXED, FIELD_I_FOREIGN},
      {"0061 4 7370 4641", "+61473704641", VALUE_FIXED, 0},
      {"+44 (0)20 7946 0958", NULL, VALUE_FIXED, 0},
      {"+1", NULL, VALUE_INVALID, FIELD_E_LEN},
      {"04 7370464", NULL, VALUE_INVALID, FIELD_E_LEN},
      {"+86 (0)755 8888 6666", "0755-88886666", VALUE_FIXED, 0},
      {"+86 10 8888 6666", "010-88886666", VALUE_FIXED, 0},
      {"13800138124;13900139001", "13800138124", VALUE_FIXED, FIELD_W_AMBIGUOUS},
      {"0755-88886666/13800138124", "0755-88886666", VALUE_FIXED, FIELD_W_AMBIGUOUS},
      {"'13800138124", "13800138124", VALUE_FIXED, 0},
      {"tel:13800138124", "13800138124", VALUE_FIXED, 0},
      {"138–0013–8124", "13800138124", VALUE_FIXED, 0},
      {"1795113800138124", "13800138124", VALUE_FIXED, 0},
      {"无", "", VALUE_MISSING, 0},
      {"N/A", "", VALUE_MISSING, 0},
      {"13800138I24", NULL, VALUE_INVALID, FIELD_E_CHARS},
      {"95588", "95588", VALUE_ATTRIBUTE, FIELD_W_SHARED},
      {"13888888888", "13888888888", VALUE_ATTRIBUTE, FIELD_W_DUMMY},
      {"00000000000", NULL, VALUE_INVALID, 0},
  };
  CHECK_VALUES("phone", &plain_options, cases);
}

static void a_landline_takes_its_area_from_the_source(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.default_area = BYTES("0755");
  const struct value_case cases[] = {{"88886666", "0755-88886666", VALUE_FIXED, 0},
                                     {"88886666转801", "0755-88886666-801", VALUE_FIXED, 0},
                                     {"8886666", "8886666", VALUE_ATTRIBUTE, FIELD_W_NO_AREA}};
  CHECK_VALUES("phone", &options, cases);
}

static void phones_agree_by_levels(void **state) {
  (void)state;
  check_level("phone", "+86 138 0013 8124", "13800138124", "same number");
  check_level("phone", "13800138124", "13800138125", "one digit off");
  check_level("phone", "13800138124", "13800138142", "one digit off");
  check_level("phone", "13800138124", "1380013812", "one digit off");
  check_level("phone", "13800138124", "138001381244", "one digit off");
  check_level("phone", "13800138124", "15900138124", "same last eight digits");
  check_level("phone", "0473704641", "+61473704641", "same last eight digits");
  check_level("phone", "4155552671", "+1 415 555 2671", "same number");
  check_level("phone", "13800138124", "13800139125", "two digits off");
  check_level("phone", "13800138124", "138****8124", "fits the masked number");
  check_level("phone", "13800138124", "138****8125", "differ");
  check_level("phone", "0755-88886666-801", "0755-88886666", "same landline");
  check_level("phone", "88886666", "0755-88886666", "same landline");
  check_level("phone", "88886667", "0755-88886666", "missing");
  check_level("phone", "0755-88886666", "13800138124", "missing");
  check_level("phone", "4008001234", "4008001234", "missing");
  check_level("phone", "13800000000", "13800000000", "missing");
  check_level("phone", "13800138124", "15912345670", "differ");
  assert_int_equal(key_of("phone", "138****8124", "exact"), 0);
  assert_int_equal(key_of("phone", "0755-88886666", "exact"), 0);
  assert_int_equal(key_of("phone", "4008001234", "exact"), 0);
  assert_int_equal(key_of("phone", "13800138124-6789", "exact"), 0);
  assert_int_equal(key_of("phone", "1380013812", "exact"), 0);
  assert_int_not_equal(key_of("phone", "0473704641", "exact"), 0);
  assert_int_equal(key_of("phone", "138****8124", "masked"),
                   key_of("phone", "13800138124", "masked"));
  assert_int_not_equal(key_of("phone", "13800138124", "masked"),
                       key_of("phone", "13900138124", "masked"));
  assert_int_equal(key_of("phone", "0755-88886666", "landline"),
                   key_of("phone", "075588886666801", "landline"));
  assert_int_equal(key_of("phone", "13800138124", "last8"),
                   key_of("phone", "15900138124", "last8"));
}

static void phones_are_masked(void **state) {
  (void)state;
  check_mask("phone", "0755-88886666", "0755*******66");
  check_mask("phone", "13800138123-6789", "138*************");
  check_mask("phone", "+85261234567", "+85*******67");
  check_mask("phone", "138****8123", "138****8123");
  check_mask("phone", "138001381234", "************");
  check_mask("phone", "张13800138123", "************");
  check_mask("phone", "", "");
}

static void id_cards_agree_by_levels(void **state) {
  (void)state;
  check_level("id_card", "110105491231002", "11010519491231002x", "same number");
  check_level("id_card", "11010519491231002X", "11010519491231003X", "one slip off, check fails");
  check_level("id_card", "11010519491231002X", "11010519491213002X", "one slip off, check fails");
  check_level("id_card", "11010519491231002X", "1101051949123102X", "one slip off, check fails");
  check_level("id_card", "160000199001010013", "160000199001010013", "same number, check fails");
  check_level("id_card", "160000199001010012", "160000199001010020", "same area and birth date");
  check_level("id_card", "160000199001010012", "1***************12", "fits the masked number");
  check_level("id_card", "160000199001010012", "1***************22", "differ");
  check_level("id_card", "11010519491231002X", "34052419800101001X", "differ");
  check_level("id_card", "", "34052419800101001X", "missing");
  assert_true(contradict("id_card", "160000199001010012", "160000199001010020"));
  assert_false(contradict("id_card", "160000199001010012", "160000900101001"));
  assert_false(contradict("id_card", "160000199001010012", "160000199001010013"));
  assert_false(contradict("id_card", "160000199001010012", ""));
  assert_int_equal(key_of("id_card", "160000199001010013", "exact"), 0);
  assert_int_equal(key_of("id_card", "110105491231002", "exact"),
                   key_of("id_card", "11010519491231002X", "exact"));
  assert_int_equal(key_of("id_card", "21010519491231002X", "tail6"),
                   key_of("id_card", "11010519491231002X", "tail6"));
  assert_int_equal(key_of("id_card", "110105194912310021", "birth_date"),
                   key_of("id_card", "11010519491231002X", "birth_date"));
}

static void id_cards_say_what_is_wrong(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"110105194912310000", NULL, VALUE_INVALID, FIELD_E_EXCEL},
      {"110105203012310021", NULL, VALUE_INVALID, FIELD_E_DATE}, /* not born yet */
      {"110105491231996", NULL, VALUE_ATTRIBUTE, FIELD_W_AMBIGUOUS},
      {"１１０１０５１９４９１２３１００２ｘ", "11010519491231002X", VALUE_FIXED, 0},
      {"'110105 1949 1231 002X", "11010519491231002X", VALUE_FIXED, 0},
      {"ABC123456789012", "ABC123456789012", VALUE_OK, 0},
      {"11010519491231002Y", NULL, VALUE_INVALID, FIELD_E_CHARS},
      {"110105********002X", NULL, VALUE_ATTRIBUTE, FIELD_W_MASKED},
      {"无", "", VALUE_MISSING, 0},
  };
  CHECK_VALUES("id_card", &plain_options, cases);
  assert_int_equal(id_card_birth_day(BYTES("160000199001010013")), CALENDAR_NO_DAY);
  assert_int_equal(id_card_sex(BYTES("")), ID_CARD_SEX_UNKNOWN);
}

/* Every single wrong digit and every swap of neighbours is caught by the check. */
static void no_slip_in_an_id_card_stays_unseen(void **state) {
  (void)state;
  struct arena arena = {0};
  const char good[] = "16000019750615002X";
  for (int i = 0; i < 17; i++)
    for (char c = '0'; c <= '9'; c++) {
      char bad[sizeof good];
      memcpy(bad, good, sizeof good);
      if (bad[i] == c) continue;
      bad[i] = c;
      struct result r = standardise("id_card", bad, &arena),
                    g = standardise("id_card", good, &arena);
      assert_int_equal(r.value.state, VALUE_INVALID);
      assert_string_equal(id_card_type.levels[id_card_type.compare(r.feature, g.feature)].name,
                          "one slip off, check fails");
    }
  arena_release(&arena);
}

static void company_codes_agree_by_levels(void **state) {
  (void)state;
  check_level("uscc", "91350100m000100y43", "91350100M000100Y43", "same code");
  check_level("uscc", "91350100M000100Y43", "M000100Y-4", "same organisation code");
  check_level("uscc", "91350100M000100Y43", "91350100M000100Y44", "same organisation code");
  check_level("uscc", "91350100M000100Y43", "91350100M000100Y73", "one slip off, check fails");
  check_level("uscc", "91350100M000100Y43", "91110000600037341L", "differ");
  check_level("uscc", "91350100M000100Y43", "110108000000016", "missing");
  check_level("uscc", "110108000000016", "110108000000016", "same code");
  check_level("uscc", "110108000000016", "110108000000061", "one slip off, check fails");
  assert_true(contradict("uscc", "91350100M000100Y43", "91110000600037341L"));
  assert_false(contradict("uscc", "91350100M000100Y43", "91110000600037342L"));
  assert_int_equal(key_of("uscc", "M000100Y4", "organisation"),
                   key_of("uscc", "91350100M000100Y43", "organisation"));
  check_mask("uscc", "91350100M000100Y43", "91************0Y43");
  check_mask("uscc", "9135-x", "******");
}

static void mail_addresses_are_cleaned(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"Zhang San <Zhang.San@Example.Org>", "zhang.san@example.org", VALUE_FIXED, 0},
      {"a.b@qq.com; c@d.com", "a.b@qq.com", VALUE_FIXED, FIELD_W_AMBIGUOUS},
      {"zhang@qq.con", "zhang@qq.con", VALUE_OK, FIELD_W_TYPO_DOMAIN},
      {"zhang@gmial.com", "zhang@gmial.com", VALUE_OK, FIELD_W_TYPO_DOMAIN},
      {"zhang@mail.com", "zhang@mail.com", VALUE_OK, 0},
      {"zhang@company-x.com.cn", "zhang@company-x.com.cn", VALUE_OK, 0},
      {"123@qq.com", "", VALUE_MISSING, FIELD_W_PLACEHOLDER},
      {"hr@acme.cn", "hr@acme.cn", VALUE_ATTRIBUTE, FIELD_W_ROLE},
      {"zhang@localhost", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"zhang@-x.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"zhang@x..com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {".zhang@x.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"@x.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"张@x.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"none", "", VALUE_MISSING, 0},
      {"...@gmail.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
  };
  CHECK_VALUES("email", &plain_options, cases);
  struct arena arena = {0};
  struct result r = standardise("email", "zhang@mail.com", &arena);
  assert_int_equal(r.value.flags, 0);
  arena_release(&arena);
}

static void mail_addresses_agree_by_levels(void **state) {
  (void)state;
  check_level("email", "J.Doe+x@gmail.com", "jdoe@googlemail.com", "same address");
  check_level("email", "zhangsan@gmial.com", "zhangsan@gmail.com",
              "same but for a misspelt domain");
  check_level("email", "zhangsan@qq.con", "zhangsan@qq.com", "same but for a misspelt domain");
  check_level("email", "zhangsan@163.com", "zhangsan@126.com", "same before the @");
  check_level("email", "zhangsan@163.com", "zhangsn@163.com", "one character off, same domain");
  check_level("email", "zhangsan@163.com", "zhnagsan@163.com", "one character off, same domain");
  check_level("email", "zhangsan@163.com", "lisi@163.com", "differ");
  check_level("email", "sales@acme.cn", "sales@acme.cn", "missing");
  check_level("email", "oliver.jones@bond.biz", "oliver.jonesbond.biz", "same before the @");
  check_level("email", "oliver.jones@bond.biz", "oliver.jones@bondbiz", "same before the @");
  check_level("email", "oliver.jones@bond.biz", "somebody@bondbiz", "missing");
  assert_int_equal(key_of("email", "oliver.jones@bondbiz", "exact"), 0);
  assert_int_equal(key_of("email", "oliver.jones@bondbiz", "local"),
                   key_of("email", "oliver.jones@bond.biz", "local"));
  check_level("email", "a-local-part-of-more-than-24-characters@x.com",
              "a-local-part-of-more-than-24-characterz@x.com", "differ");
  assert_int_equal(key_of("email", "zhangsan@163.com", "local"),
                   key_of("email", "ZhangSan@126.com", "local"));
  check_mask("email", "bad@@qq.com", "***********");
  check_mask("email", "@qq.com", "*******");
  check_mask("email", "张三@x.com", "张*@x.com");
}

static void accounts_are_not_folded(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", VALUE_OK, 0},
      {"741-97-2082", "741972082", VALUE_FIXED, 0},
      {"417-63- 7710", "417637710", VALUE_FIXED, 0},
      {" M-001 ", "M-001", VALUE_FIXED, 0},
      {"' M-001", "M-001", VALUE_FIXED, 0},
      {"***-**-2082", "***-**-2082", VALUE_ATTRIBUTE, FIELD_W_MASKED},
      {"999999999", "999999999", VALUE_ATTRIBUTE, FIELD_W_DUMMY},
      {"000-00-0000", "000000000", VALUE_ATTRIBUTE, FIELD_W_DUMMY},
      {"123-45-6789", "123456789", VALUE_ATTRIBUTE, FIELD_W_DUMMY},
      {"null", "", VALUE_MISSING, 0},
      {"a\x01 b", NULL, VALUE_INVALID, FIELD_E_CHARS},
  };
  CHECK_VALUES("account", &plain_options, cases);
  check_level("account", "oABC", "oabc", "differ");
  check_level("account", "741-97-2082", "741972082", "same account");
  check_level("account", "741-97-2082", "741-97-2028", "one digit off");
  check_level("account", "741-97-2082", "741-97-208", "one digit off");
  check_level("account", "741-97-2082", "7A1-97-2082", "one digit off");
  check_level("account", "741-97-2082", "742-98-2082", "two digits off");
  check_level("account", "741-97-2082", "963-54-2082", "same last four");
  check_level("account", "741-97-2082", "***-**-2082", "same last four");
  check_level("account", "741-97-2082", "***-**-2083", "differ");
  check_level("account", "M12345", "M12346", "differ");
  check_mask("account", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF********************eS6o");
  check_mask("account", "741972082", "*********");
}

static void accounts_of_other_name_spaces_are_not_compared(void **state) {
  (void)state;
  struct arena arena = {0};
  struct field_options one = plain_options, two = plain_options;
  one.name_space = BYTES("wx111");
  two.name_space = BYTES("wx222");
  struct result a = standardise_with(&one, "account", BYTES("oUpF8uMuAJO"), &arena);
  struct result b = standardise_with(&two, "account", BYTES("oUpF8uMuAJO"), &arena);
  const struct field_type *t = type_of("account");
  assert_int_equal(t->compare(a.feature, b.feature), FIELD_LEVEL_MISSING);
  assert_int_not_equal(t->key_part(a.feature, 0), t->key_part(b.feature, 0));
  arena_release(&arena);
}

static void dates_are_read(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"2024-05-01T09:30:00Z", "2024-05-01", VALUE_FIXED, 0},
      {"1989-12-31T16:00:00.000Z", "1990-01-01", VALUE_FIXED, 0}, /* midnight in Shanghai */
      {"2024年05月01日 上午9时", "2024-05-01", VALUE_FIXED, 0},
      {"２０２４－０５－０１", "2024-05-01", VALUE_FIXED, 0},
      {"1 May 2024", "2024-05-01", VALUE_FIXED, 0},
      {"May 1, 2024", "2024-05-01", VALUE_FIXED, 0},
      {"1st of Sept. 2024", "2024-09-01", VALUE_FIXED, 0},
      {"01-May-2024", "2024-05-01", VALUE_FIXED, 0},
      {"13/01/2024", "2024-01-13", VALUE_FIXED, 0}, /* can only be this */
      {"01/13/2024", "2024-01-13", VALUE_FIXED, 0},
      {"05/05/2024", "2024-05-05", VALUE_FIXED, 0},
      {"20240501093000", "2024-05-01", VALUE_FIXED, 0},
      {"45413.5", "2024-05-01", VALUE_FIXED, 0},
      {"2024-05", "2024-05", VALUE_OK, 0},
      {"2024年5月", "2024-05", VALUE_FIXED, 0},
      {"2024", "2024", VALUE_OK, 0},
      {"2030-01-01", "2030-01-01", VALUE_OK, FIELD_W_FUTURE},
      {"1900-01-01", "1900-01-01", VALUE_OK, FIELD_W_PLACEHOLDER},
      {"0000-00-00", "", VALUE_MISSING, FIELD_W_PLACEHOLDER},
      {"9999-12-31 00:00:00", "", VALUE_MISSING, FIELD_W_PLACEHOLDER},
      {"01/05/2024", "01/05/2024", VALUE_INVALID, FIELD_E_DATE | FIELD_W_AMBIGUOUS},
      {"19410009", "19410009", VALUE_INVALID, FIELD_E_DATE},
      {"1941-00-09", "1941-00-09", VALUE_INVALID, FIELD_E_DATE},
      {"2024-05-01 25:00", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"2023-02-29", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"199012245", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"today", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"12345", NULL, VALUE_INVALID, FIELD_E_DATE},
  };
  CHECK_VALUES("date", &plain_options, cases);
}

static void times_are_kept_where_asked(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.date_with_time = true;
  const struct value_case cases[] = {
      {"2024-05-01 09:30:00", "2024-05-01 09:30:00", VALUE_OK, 0},
      {"2024/5/1 9:30", "2024-05-01 09:30:00", VALUE_FIXED, 0},
      {"2024-05-01T01:30:00+00:00", "2024-05-01 09:30:00", VALUE_FIXED, 0},
      {"2024-05-01 9:30 PM", "2024-05-01 21:30:00", VALUE_FIXED, 0},
      {"2024年5月1日 下午9点30分", "2024-05-01 21:30:00", VALUE_FIXED, 0},
      {"2024-05-01 12:05 am", "2024-05-01 00:05:00", VALUE_FIXED, 0},
      {"1714492800", "2024-05-01 00:00:00", VALUE_FIXED, 0},
      {"45413.5", "2024-05-01 12:00:00", VALUE_FIXED, 0},
      {"2024-05-01", "2024-05-01", VALUE_OK, 0},
      {"20240501093005", "2024-05-01 09:30:05", VALUE_FIXED, 0},
      {"20240501 09:30:05", "2024-05-01 09:30:05", VALUE_FIXED, 0},
      {"20240501T0930", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"20241301 09:30:05", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"20240501996005", NULL, VALUE_INVALID, FIELD_E_DATE},
  };
  CHECK_VALUES("date", &options, cases);
  assert_int_equal(date_value_time_ms(BYTES("2024-05-01 00:00:00"), 480), 1714492800000LL);
  assert_int_equal(date_value_time_ms(BYTES("2024-05-01"), 480), 1714492800000LL);
  assert_int_equal(date_value_time_ms(BYTES("2024-05"), 480), INT64_MIN);
  assert_int_equal(date_value_day(BYTES("1970-01-02")), 1);
}

static void swapped_digits_of_a_date_share_a_key(void **state) {
  (void)state;
  uint64_t key = key_of("date", "1981-04-29", "digits");
  assert_true(key != 0);
  assert_true(key == key_of("date", "1918-04-29", "digits"));
  assert_true(key == key_of("date", "1981-04-92", "digits"));
  assert_true(key_of("date", "1981-04-05", "digits") == key_of("date", "1981-05-04", "digits"));
  assert_false(key == key_of("date", "1982-04-29", "digits"));
  assert_false(key_of("date", "1988-11-01", "digits") == key_of("date", "1981-11-08", "month_day"));
  assert_true(key_of("date", "1981-04", "digits") == 0);
}

static void a_declared_order_reads_every_numeric_date(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.date_order = DATE_DMY;
  const struct value_case day_first[] = {{"01/05/2024", "2024-05-01", VALUE_FIXED, 0},
                                         {"1.5.24", "2024-05-01", VALUE_FIXED, 0},
                                         {"1.5.27", "1927-05-01", VALUE_FIXED, 0},
                                         {"2024-05-01", "2024-05-01", VALUE_OK, 0},
                                         {"01/13/2024", NULL, VALUE_INVALID, FIELD_E_DATE}};
  CHECK_VALUES("date", &options, day_first);
  options.date_order = DATE_MDY;
  const struct value_case month_first[] = {{"01/05/2024", "2024-01-05", VALUE_FIXED, 0},
                                           {"01312024", "2024-01-31", VALUE_FIXED, 0}};
  CHECK_VALUES("date", &options, month_first);
  options.date_order = DATE_YMD;
  const struct value_case year_first[] = {{"24-5-1", "2024-05-01", VALUE_FIXED, 0}};
  CHECK_VALUES("date", &options, year_first);
}

static enum date_order order_of(const char *const *cells, size_t count, bool backwards) {
  struct arena arena = {0};
  struct date_order_evidence halves[2] = {{0}, {0}};
  for (size_t i = 0; i < count; i++)
    date_order_add(&halves[i % 2], bytes_from_string(cells[backwards ? count - 1 - i : i]), &arena);
  date_order_join(&halves[0], &halves[1]);
  arena_release(&arena);
  return date_column_order(&halves[0]);
}

static void a_column_says_its_order(void **state) {
  (void)state;
  const char *const day_first[] = {"01/05/2024", "02/05/2024", "13/01/2024", "", "n/a"};
  const char *const month_first[] = {"01/05/2024", "01/31/2024", "2024-05-01"};
  const char *const open[] = {"01/05/2024", "02/05/2024"};
  const char *const torn[] = {"13/05/2024", "02/15/2024"};
  const char *const year_first[] = {"85-05-13", "24-5-1"};
  const char *const compact[] = {"01312024", "01022024"};
  for (int backwards = 0; backwards < 2; backwards++) {
    assert_int_equal(order_of(day_first, 5, backwards), DATE_DMY);
    assert_int_equal(order_of(month_first, 3, backwards), DATE_MDY);
    assert_int_equal(order_of(open, 2, backwards), DATE_ORDER_UNKNOWN);
    assert_int_equal(order_of(torn, 2, backwards), DATE_ORDER_UNKNOWN);
    assert_int_equal(order_of(year_first, 2, backwards), DATE_YMD);
    assert_int_equal(order_of(compact, 2, backwards), DATE_MDY);
  }
  struct date_order_evidence mostly = {.day_first = 98, .month_first = 2};
  assert_int_equal(date_column_order(&mostly), DATE_DMY);
  mostly.month_first = 3;
  assert_int_equal(date_column_order(&mostly), DATE_ORDER_UNKNOWN);
}

static void dates_agree_by_levels(void **state) {
  (void)state;
  check_level("date", "2024-05-01", "20240501", "same date");
  check_level("date", "1980-01-05", "1980-05-01", "day and month swapped");
  check_level("date", "19091225", "19091226", "one digit off");
  check_level("date", "19410009", "19410109", "one digit off");
  check_level("date", "19410009", "19410009", "one digit off");
  check_level("date", "1980-13-05", "1980-05-13", "day and month swapped");
  check_level("date", "1990-12-24", "19901224|", "one digit off");
  check_level("date", "1990-12-24", "1990-l2-24", "one digit off");
  check_level("date", "1980-05-17", "1980-05-03", "two of year, month and day");
  check_level("date", "1980-05-17", "1963-05-17", "two of year, month and day");
  check_level("date", "1980-04-28", "1980-05-03", "within ten days");
  check_level("date", "1980-04-28", "1980-11-03", "same year");
  check_level("date", "1980-04-28", "1975-11-03", "differ");
  check_level("date", "1980-04", "1980-04-28", "two of year, month and day");
  check_level("date", "1980", "1980-04-28", "same year");
  check_level("date", "1980", "1980", "same date");
  check_level("date", "1981", "1980-04-28", "differ");
  check_level("date", "", "1980-04-28", "missing");
  assert_int_equal(key_of("date", "19410009", "exact"), 0);
  assert_int_equal(key_of("date", "19410009", "year"), key_of("date", "1941-01-09", "year"));
  assert_int_equal(key_of("date", "1980-01-09", "month_day"),
                   key_of("date", "1941-01-09", "month_day"));
  assert_int_equal(key_of("date", "1980", "month_day"), 0);
  check_mask("date", "1990-12-24", "1990-**-**");
  check_mask("date", "24.12.1990", "**********");
}

static void parts_of_dates_stand_in_columns_of_their_own(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.date_part = DATE_YEAR;
  const struct value_case years[] = {{"1950", "1950", VALUE_OK, 0},
                                     {"1950.0", "1950", VALUE_FIXED, 0},
                                     {"1950年", "1950", VALUE_FIXED, 0},
                                     {"1950-04-19", "1950", VALUE_FIXED, 0},
                                     {"195", NULL, VALUE_INVALID, FIELD_E_DATE}};
  CHECK_VALUES("date", &options, years);
  options.date_part = DATE_MONTH;
  const struct value_case months[] = {{"4", "04", VALUE_FIXED, 0},
                                      {"12", "12", VALUE_OK, 0},
                                      {"Apr", "04", VALUE_FIXED, 0},
                                      {"13", NULL, VALUE_INVALID, FIELD_E_DATE}};
  CHECK_VALUES("date", &options, months);
  options.date_part = DATE_DAY;
  const struct value_case days[] = {{"9日", "09", VALUE_FIXED, 0},
                                    {"32", NULL, VALUE_INVALID, FIELD_E_DATE}};
  CHECK_VALUES("date", &options, days);
}

static void codes_are_looked_up(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.code_table = CODE_GENDER;
  const struct value_case genders[] = {
      {"男", "男", VALUE_OK, 0},      {"M", "男", VALUE_FIXED, 0},
      {"女士", "女", VALUE_FIXED, 0}, {"FEMALE", "女", VALUE_FIXED, 0},
      {"2", "女", VALUE_FIXED, 0},    {"0", "", VALUE_MISSING, 0},
      {"保密", "", VALUE_MISSING, 0}, {"7", "未知", VALUE_INVALID, FIELD_W_UNKNOWN_CODE}};
  CHECK_VALUES("category", &options, genders);
  options.code_table = CODE_CHANNEL;
  const struct value_case channels[] = {{"PC官网", "官网注册", VALUE_FIXED, 0},
                                        {"App", "APP", VALUE_FIXED, 0},
                                        {"天猫", "电商平台", VALUE_FIXED, 0},
                                        {"老客戶介紹", "转介绍", VALUE_FIXED, 0},
                                        {"飞鸽传书", "未知", VALUE_INVALID, FIELD_W_UNKNOWN_CODE}};
  CHECK_VALUES("category", &options, channels);
  options.code_table = CODE_INDUSTRY;
  const struct value_case industries[] = {{"软件和信息技术服务业", "I65", VALUE_FIXED, 0},
                                          {"IT", "I65", VALUE_FIXED, 0},
                                          {"65", "I65", VALUE_FIXED, 0},
                                          {"I6513", "I6513", VALUE_OK, 0},
                                          {"应用软件开发", "I6513", VALUE_FIXED, 0},
                                          {"A65", "待完善", VALUE_INVALID, FIELD_W_UNKNOWN_CODE},
                                          {"98", "待完善", VALUE_INVALID, FIELD_W_UNKNOWN_CODE}};
  CHECK_VALUES("category", &options, industries);
  options.code_table = CODE_CUSTOMER_STATE;
  const struct value_case states[] = {{"成交", "成交客户", VALUE_FIXED, 0},
                                      {"lead", "潜在客户", VALUE_FIXED, 0}};
  CHECK_VALUES("category", &options, states);
}

static void a_source_has_codes_of_its_own(void **state) {
  (void)state;
  const struct code_alias aliases[] = {{BYTES("0"), BYTES("女")}, {BYTES("Herr"), BYTES("男")}};
  struct field_options options = plain_options;
  options.code_table = CODE_GENDER;
  options.aliases = aliases;
  options.alias_count = 2;
  const struct value_case cases[] = {{"0", "女", VALUE_FIXED, 0}, {"HERR", "男", VALUE_FIXED, 0}};
  CHECK_VALUES("category", &options, cases);
}

static void free_categories_agree_by_levels(void **state) {
  (void)state;
  check_level("category", "London", "LONDON", "same value");
  check_level("category", "Zürich", "zurich", "same value");
  check_level("category", "臺北", "台北", "same value");
  check_level("category", "London", "Londno", "one character off");
  check_level("category", "上海市浦东", "上海市浦西", "one character off");
  check_level("category", "Manchester", "Mancehsterr", "similar");
  check_level("category", "Sony", "Sony Corporation", "one begins with the other");
  check_level("category", "nsw", "nsv", "differ");
  check_level("category", "London", "Paris", "differ");
  check_level("category", "a value of more than twenty-three bytes",
              "a value of more than 23 bytes", "similar");
  assert_int_equal(key_of("category", "London", "phonetic"),
                   key_of("category", "Lundun", "phonetic"));
  check_mask("category", "北京", "**");
}

static void amounts_are_kept_in_fen(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"123.45", "123.45", VALUE_OK, 0},
      {"¥1,234.5 元", "1234.50", VALUE_FIXED, 0},
      {"€ 55,-", "55.00", VALUE_FIXED, 0},
      {"1.234,00", "1234.00", VALUE_FIXED, 0},
      {"1,234", "1234.00", VALUE_FIXED, 0},
      {"12,34", "12.34", VALUE_FIXED, 0},
      {"1.234", "1.23", VALUE_FIXED, 0},
      {"1.235", "1.24", VALUE_FIXED, 0},
      {"-0.005", "-0.01", VALUE_FIXED, 0},
      {"(12.00)", "-12.00", VALUE_FIXED, 0},
      {"-12", "-12.00", VALUE_FIXED, 0},
      {"1.5万元", "15000.00", VALUE_FIXED, 0},
      {"2亿", "200000000.00", VALUE_FIXED, 0},
      {"CAD, $3,412.00", "3412.00", VALUE_FIXED, 0},
      {"USD 389.95", "389.95", VALUE_FIXED, 0},
      {"1'234'567.8", "1234567.80", VALUE_FIXED, 0},
      {".5", "0.50", VALUE_FIXED, 0},
      {"0", "0.00", VALUE_FIXED, 0},
      {"92233720368547758.07", "92233720368547758.07", VALUE_OK, 0},
      {"92233720368547758.08", NULL, VALUE_INVALID, FIELD_E_RANGE},
      {"99999999999999999999999999999999999999999999", NULL, VALUE_INVALID, FIELD_E_RANGE},
      {"10-20", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"1.2E+05", NULL, VALUE_INVALID, FIELD_E_SCI},
      {"free", NULL, VALUE_INVALID, FIELD_E_CHARS},
      {"", "", VALUE_MISSING, 0},
  };
  CHECK_VALUES("amount", &plain_options, cases);
  struct field_options fen = plain_options;
  fen.amount_unit = AMOUNT_FEN;
  const struct value_case in_fen[] = {{"12345", "123.45", VALUE_FIXED, 0}};
  CHECK_VALUES("amount", &fen, in_fen);
  check_level("amount", "100", "100.00", "same amount");
  check_level("amount", "100", "99", "within one in a hundred");
  check_level("amount", "100", "91", "within one in ten");
  check_level("amount", "100", "50", "differ");
  check_level("amount", "100", "-100", "differ");
  check_level("amount", "92233720368547758.07", "-92233720368547758.07", "differ");
  int64_t number;
  assert_true(amount_value_fen(BYTES("-123.45"), &number));
  assert_int_equal(number, -12345);
  assert_false(amount_value_fen(BYTES("123.4"), &number));
  assert_false(amount_value_fen(BYTES("92233720368547758.08"), &number));
}

static void texts_agree_by_their_words(void **state) {
  (void)state;
  check_level("text", "Sony Walkman, black", "SONY  walkman black", "same words");
  check_level("text", "black Sony Walkman", "Sony Walkman black", "nearly all words");
  check_level("text", "the red fox jumps", "the red fox jumps over the lazy dog", "most words");
  check_level("text", "Panasonic KX-TG4500B phone", "cordless handset kxtg4500b", "same code");
  check_level("text", "optimizing queries using materialized views",
              "optimizing queries using an index", "many words");
  check_level("text", "深度学习方法研究", "深度学习方法综述", "many words");
  check_level("text", "alpha beta", "gamma delta", "differ");
  check_level("text", "...", "gamma delta", "missing");
  assert_int_equal(key_of("text", "The lazy dog", "first"),
                   key_of("text", "the quick fox", "first"));
  assert_int_equal(key_of("text", "a lazy dog", "last"), key_of("text", "the hot DOG!", "last"));
  assert_int_equal(key_of("text", "dog lazy the", "band_1"),
                   key_of("text", "the lazy dog", "band_1"));
  assert_int_equal(key_of("text", "x KX-TG4500B", "code"), key_of("text", "kxtg4500b", "code"));
  check_mask("text", "电话13800138123，身份证11010519491231002X",
             "电话***********，身份证******************");
  check_mask("text", "写信给 zhang@x.com 或 １３８００１３８１２３",
             "写信给 *****@x.com 或 ***********");
  check_mask("text", "3 items at 12:30", "3 items at 12:30");
}

/* The sketch of a long text estimates what counting all words gives. */
static void long_texts_are_estimated(void **state) {
  (void)state;
  struct arena arena = {0};
  struct buffer a = {0}, b = {0};
  for (int i = 0; i < 300; i++) {
    buffer_printf(&a, "w%d ", i);
    buffer_printf(&b, "w%d ", i + (i < 15 ? 1000 : 0)); /* 285 shared of 315 */
  }
  struct result x = standardise_with(&plain_options, "text", buffer_bytes(&a), &arena);
  struct result y = standardise_with(&plain_options, "text", buffer_bytes(&b), &arena);
  assert_true(type_of("text")->compare(x.feature, y.feature) >= 6);
  buffer_release(&a);
  buffer_release(&b);
  arena_release(&arena);
}

/* ---- digits and edits against a slow obvious reference ---- */

/* Optimal string alignment distance, by the table. */
static unsigned distance(struct bytes a, struct bytes b) {
  unsigned d[17][17];
  for (size_t i = 0; i <= a.size; i++)
    for (size_t k = 0; k <= b.size; k++) {
      unsigned best = i == 0 ? (unsigned)k : k == 0 ? (unsigned)i : UINT32_MAX;
      if (i && d[i - 1][k] + 1 < best) best = d[i - 1][k] + 1;
      if (k && d[i][k - 1] + 1 < best) best = d[i][k - 1] + 1;
      if (i && k && d[i - 1][k - 1] + (a.data[i - 1] != b.data[k - 1]) < best)
        best = d[i - 1][k - 1] + (a.data[i - 1] != b.data[k - 1]);
      if (i > 1 && k > 1 && a.data[i - 1] == b.data[k - 2] && a.data[i - 2] == b.data[k - 1] &&
          d[i - 2][k - 2] + 1 < best)
        best = d[i - 2][k - 2] + 1;
      d[i][k] = best;
    }
  return d[a.size][b.size];
}

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return *state >> 33;
}

static size_t random_digits(uint64_t *random, size_t size, char *out) {
  for (size_t i = 0; i < size; i++) out[i] = (char)('0' + next_random(random) % 3);
  return size;
}

static void one_edit_is_distance_one(void **state) {
  (void)state;
  uint64_t random = 7;
  int found = 0;
  for (int i = 0; i < 200000; i++) {
    char a[16], b[16];
    struct bytes x = bytes_of(a, random_digits(&random, 1 + next_random(&random) % 8, a));
    struct bytes y = bytes_of(b, random_digits(&random, 1 + next_random(&random) % 8, b));
    bool expected = distance(x, y) == 1;
    found += expected;
    assert_int_equal(one_edit(x, y), expected);
    uint64_t p = digits_pack(a, x.size), q = digits_pack(b, y.size);
    assert_int_equal(digits_one_edit(p, q), expected);
    assert_int_equal(digits_count(p), x.size);
    uint16_t wide_x[8], wide_y[8];
    for (size_t k = 0; k < x.size; k++) wide_x[k] = (uint16_t)a[k];
    for (size_t k = 0; k < y.size; k++) wide_y[k] = (uint16_t)b[k];
    assert_int_equal(one_edit_u16(wide_x, x.size, wide_y, y.size), expected);
    if (x.size == y.size) {
      unsigned differing = 0;
      for (size_t k = 0; k < x.size; k++) differing += a[k] != b[k];
      assert_int_equal(digits_differing(p, q), differing);
    }
  }
  assert_true(found > 1000);
}

static void the_calendar_counts_every_day(void **state) {
  (void)state;
  int32_t day = calendar_day((struct calendar_date){1, 1, 1});
  assert_int_equal(calendar_day((struct calendar_date){1970, 1, 1}), 0);
  assert_int_equal(calendar_day((struct calendar_date){2024, 5, 1}), 19844);
  for (int year = 1; year <= 9999; year++)
    for (int month = 1; month <= 12; month++)
      for (int d = 1; d <= calendar_month_days(year, month); d++, day++) {
        struct calendar_date back = calendar_date_of(day);
        if (back.year != year || back.month != month || back.day != d ||
            calendar_day(back) != day || !calendar_exists(back))
          fail_msg("%d-%d-%d", year, month, d);
      }
  assert_false(calendar_exists((struct calendar_date){1900, 2, 29}));
  assert_true(calendar_exists((struct calendar_date){2000, 2, 29}));
}

/* ---- what every type promises ---- */

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
  if (level == FIELD_LEVEL_EXACT)
    assert_int_equal(t->key_part(r.feature, 0), t->key_part(o.feature, 0));
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
      cmocka_unit_test(phones_of_other_lands_are_kept),
      cmocka_unit_test(a_landline_takes_its_area_from_the_source),
      cmocka_unit_test(phones_agree_by_levels),
      cmocka_unit_test(phones_are_masked),
      cmocka_unit_test(id_cards_agree_by_levels),
      cmocka_unit_test(id_cards_say_what_is_wrong),
      cmocka_unit_test(no_slip_in_an_id_card_stays_unseen),
      cmocka_unit_test(company_codes_agree_by_levels),
      cmocka_unit_test(mail_addresses_are_cleaned),
      cmocka_unit_test(mail_addresses_agree_by_levels),
      cmocka_unit_test(accounts_are_not_folded),
      cmocka_unit_test(accounts_of_other_name_spaces_are_not_compared),
      cmocka_unit_test(dates_are_read),
      cmocka_unit_test(times_are_kept_where_asked),
      cmocka_unit_test(swapped_digits_of_a_date_share_a_key),
      cmocka_unit_test(a_declared_order_reads_every_numeric_date),
      cmocka_unit_test(a_column_says_its_order),
      cmocka_unit_test(dates_agree_by_levels),
      cmocka_unit_test(parts_of_dates_stand_in_columns_of_their_own),
      cmocka_unit_test(codes_are_looked_up),
      cmocka_unit_test(a_source_has_codes_of_its_own),
      cmocka_unit_test(free_categories_agree_by_levels),
      cmocka_unit_test(amounts_are_kept_in_fen),
      cmocka_unit_test(texts_agree_by_their_words),
      cmocka_unit_test(long_texts_are_estimated),
      cmocka_unit_test(one_edit_is_distance_one),
      cmocka_unit_test(the_calendar_counts_every_day),
      cmocka_unit_test(levels_are_probabilities),
      cmocka_unit_test(every_type_keeps_its_promises),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
