#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/text.h"
#include "worker/fields/name_compare.h"
#include "worker/fields/person_name.h"

static struct arena arena;

enum { FEATURE_WORDS = sizeof(struct name_feature) / sizeof(uint64_t) };

static struct standard_value standardise_part(enum name_part part, const char *raw,
                                              uint64_t feature[FEATURE_WORDS]) {
  struct field_options options = {.name_part = part};
  struct standard_value value;
  memset(feature, 0, sizeof(struct name_feature));
  person_name_type.standardise(&options, bytes_from_string(raw), &arena, &value, feature);
  return value;
}

static unsigned compare_parts(enum name_part part, const char *a, const char *b) {
  uint64_t x[FEATURE_WORDS], y[FEATURE_WORDS];
  standardise_part(part, a, x);
  standardise_part(part, b, y);
  unsigned level = person_name_type.compare(x, y);
  assert_int_equal(person_name_type.compare(y, x), level);
  return level;
}

static unsigned compare(const char *a, const char *b) { return compare_parts(NAME_WHOLE, a, b); }

static uint64_t key_of(enum name_part part, const char *raw, enum name_key_part key) {
  uint64_t feature[FEATURE_WORDS];
  standardise_part(part, raw, feature);
  return person_name_type.key_part(feature, key);
}

#define assert_bytes(got, want) assert_bytes_at(got, want, __LINE__)
static void assert_bytes_at(struct bytes got, const char *want, int line) {
  if (!bytes_equal(got, bytes_from_string(want))) {
    fail_msg("line %d: got \"%.*s\", want \"%s\"", line, (int)got.size, got.data ? got.data : "",
             want);
  }
}

/* --- the golden rows -------------------------------------------------------------------------- */

enum { COLUMNS_MAX = 8 };

/* Calls row for every line of vectors.tsv of the kind; returns how many there were. */
static int for_each_vector(const char *kind, void (*row)(char *const columns[COLUMNS_MAX])) {
  FILE *file = fopen(GUIYI_SOURCE_DIR "/tests/golden/vectors.tsv", "r");
  assert_non_null(file);
  char line[1024];
  int count = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    char *columns[COLUMNS_MAX], *rest = line, empty[] = "";
    for (int i = 0; i < COLUMNS_MAX; i++) {
      char *column = strsep(&rest, "\t");
      columns[i] = column ? column : empty;
    }
    if (strcmp(columns[0], kind) != 0) continue;
    row(columns);
    count++;
  }
  fclose(file);
  return count;
}

static const char *sex_name(enum name_sex sex) {
  return sex == NAME_SEX_MALE ? "男" : sex == NAME_SEX_FEMALE ? "女" : "";
}

/* columns: kind, input, outcome, canonical, details "title=…;sex=…" */
static void check_name(char *const columns[COLUMNS_MAX]) {
  struct person_name name;
  person_name_parse(NAME_WHOLE, bytes_from_string(columns[1]), &arena, &name);
  assert_string_equal(person_name_type.kind_names[name.kind], columns[2]);
  assert_bytes(person_name_canonical(&name, &arena), columns[3]);
  char *details = columns[4];
  for (char *detail; (detail = strsep(&details, ";"));) {
    char *value = strchr(detail, '=');
    if (!value) continue;
    *value++ = '\0';
    if (strcmp(detail, "title") == 0)
      assert_bytes(name.title, value);
    else if (strcmp(detail, "prefix") == 0)
      assert_bytes(name.prefix, value);
    else if (strcmp(detail, "ann") == 0)
      assert_bytes(name.annotation, value);
    else if (strcmp(detail, "sex") == 0)
      assert_string_equal(sex_name(name.sex), value);
    else
      fail_msg("unknown detail %s", detail);
  }
}

static void golden_names(void **state) {
  (void)state;
  assert_int_equal(for_each_vector("name", check_name), 40);
}

static void check_mask(char *const columns[COLUMNS_MAX]) {
  assert_bytes(person_name_type.mask(bytes_from_string(columns[1]), &arena), columns[2]);
}

static void golden_masks(void **state) {
  (void)state;
  assert_int_equal(for_each_vector("mask_name", check_mask), 3);
}

/* --- values ----------------------------------------------------------------------------------- */

static void values_keep_their_characters(void **state) {
  (void)state;
  const struct {
    const char *raw, *value;
    enum value_state state;
  } rows[] = {
      {"张伟", "张伟", VALUE_OK},
      {"張偉", "張偉", VALUE_OK},
      {" 张 伟 ", "张伟", VALUE_FIXED},
      {"张伟先生", "张伟", VALUE_FIXED},
      {"張先生", "張先生", VALUE_ATTRIBUTE},
      {"老王", "老王", VALUE_ATTRIBUTE},
      {"张**先生", "张**先生", VALUE_ATTRIBUTE},
      {"张伟（VIP）", "张伟", VALUE_FIXED},
      {"【VIP】张伟", "张伟", VALUE_FIXED},
      {"(张伟)", "张伟", VALUE_FIXED},
      {"张伟13800138123", "张伟", VALUE_FIXED},
      {"Tony 张伟", "张伟", VALUE_FIXED},
      {"~张伟~", "张伟", VALUE_FIXED},
      {"'张伟", "张伟", VALUE_FIXED},
      {"李伟公司", "李伟公司", VALUE_ATTRIBUTE},
      {"买买提.艾山", "买买提·艾山", VALUE_FIXED},
      {"J·K·罗琳", "J·K·罗琳", VALUE_OK},
      {"Mr. Wei ZHANG", "Wei ZHANG", VALUE_FIXED},
      {"John Smith Jr.", "John Smith Jr.", VALUE_OK},
      {"José Nuñez", "José Nuñez", VALUE_OK},
      {"O'Brien, Mary-Ann", "O'Brien, Mary-Ann", VALUE_OK},
      {"Иван Петров", "Иван Петров", VALUE_OK},
      {"快乐的小鱼", "快乐的小鱼", VALUE_ATTRIBUTE},
      {"user_name99", "", VALUE_MISSING},
      {"jane_doe9", "jane_doe9", VALUE_OK},
      {"jd1985", "jd1985", VALUE_ATTRIBUTE},
      {"123456", "123456", VALUE_INVALID},
      {"张?", "张?", VALUE_ATTRIBUTE},
      {"", "", VALUE_MISSING},
      {"   ", "", VALUE_MISSING},
      {"N/A", "", VALUE_MISSING},
      {"-", "", VALUE_MISSING},
      {"???", "", VALUE_MISSING},
      {"先生", "", VALUE_MISSING},
      {"客户先生", "", VALUE_MISSING},
      {"【未知】", "", VALUE_MISSING},
      {"aaaa", "", VALUE_MISSING},
      {"***", "", VALUE_MISSING},
      {"test123", "", VALUE_MISSING},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint64_t feature[FEATURE_WORDS];
    struct standard_value value = standardise_part(NAME_WHOLE, rows[i].raw, feature);
    if (value.state != rows[i].state)
      fail_msg("%s: state %d, want %d", rows[i].raw, value.state, rows[i].state);
    assert_bytes(value.value, rows[i].value);
  }
}

static void clean_values_are_not_copied(void **state) {
  (void)state;
  const char *raw = "张伟";
  uint64_t feature[FEATURE_WORDS];
  assert_ptr_equal(standardise_part(NAME_WHOLE, raw, feature).value.data, raw);
}

static void flags_say_what_is_doubtful(void **state) {
  (void)state;
  uint64_t feature[FEATURE_WORDS];
  assert_int_equal(standardise_part(NAME_WHOLE, "张*", feature).flags, FIELD_W_MASKED);
  assert_int_equal(standardise_part(NAME_WHOLE, "王\uE000明", feature).flags, FIELD_W_LOST_CHAR);
  assert_int_equal(standardise_part(NAME_WHOLE, "未知", feature).flags, FIELD_W_PLACEHOLDER);
  assert_int_equal(standardise_part(NAME_WHOLE, "123", feature).flags, FIELD_E_CHARS);
  char longer[2000];
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  assert_int_equal(standardise_part(NAME_WHOLE, longer, feature).flags, FIELD_E_LEN);
}

static void titles_go_and_tell_the_sex(void **state) {
  (void)state;
  const char *const rows[][4] = {
      {"陈老师", "陈", "老师", ""},
      {"李先生", "李", "先生", "男"},
      {"欧阳女士", "欧阳", "女士", "女"},
      {"张三丰经理", "张|三丰", "经理", ""},
      {"李副总经理", "李", "副总经理", ""},
      {"王经理先生", "王", "经理先生", "男"},
      {"陳總", "陈", "總", ""},
      {"李小工", "李|小工", "", ""},
      {"Mrs Jane Doe", "doe jane", "mrs", "女"},
      {"小欧阳", "欧阳", "", ""},
      {"王老师傅", "王", "老师傅", ""},
      {"张某", "张", "某", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct person_name name;
    person_name_parse(NAME_WHOLE, bytes_from_string(rows[i][0]), &arena, &name);
    assert_bytes(person_name_canonical(&name, &arena), rows[i][1]);
    assert_bytes(name.title, rows[i][2]);
    assert_string_equal(sex_name(name.sex), rows[i][3]);
  }
  struct person_name name;
  person_name_parse(NAME_SALUTATION, BYTES("尊敬的张女士"), &arena, &name);
  assert_int_equal(name.sex, NAME_SEX_FEMALE);
  assert_int_equal(name.kind, NAME_TITLE_ONLY);
}

static void words_of_columns_are_names(void **state) {
  (void)state;
  uint64_t feature[FEATURE_WORDS];
  /* Guest and Na are placeholders as whole names only. */
  assert_int_equal(standardise_part(NAME_FAMILY, "Guest", feature).state, VALUE_OK);
  assert_int_equal(standardise_part(NAME_GIVEN, "Na", feature).state, VALUE_OK);
  assert_int_equal(standardise_part(NAME_WHOLE, "guest", feature).state, VALUE_MISSING);
  assert_int_equal(standardise_part(NAME_FAMILY, "null", feature).state, VALUE_MISSING);
  assert_int_equal(standardise_part(NAME_GIVEN, "伟", feature).state, VALUE_OK);
  assert_int_equal(standardise_part(NAME_FAMILY, "张", feature).state, VALUE_OK);
  assert_int_equal(standardise_part(NAME_MIDDLE, "J", feature).state, VALUE_OK);
}

static void nicknames_are_no_evidence(void **state) {
  (void)state;
  assert_int_equal(compare_parts(NAME_NICKNAME, "张伟", "张伟"), FIELD_LEVEL_MISSING);
  assert_int_equal(compare("快乐的小鱼", "快乐的小鱼"), FIELD_LEVEL_MISSING);
  assert_int_equal(compare_parts(NAME_NICKNAME_UNLESS_NAME_SHAPE, "张伟", "张伟"),
                   FIELD_LEVEL_EXACT);
  assert_int_equal(compare_parts(NAME_NICKNAME_UNLESS_NAME_SHAPE, "快乐", "快乐"),
                   FIELD_LEVEL_MISSING);
  assert_int_equal(compare_parts(NAME_SALUTATION, "先生", "先生"), FIELD_LEVEL_MISSING);
}

/* --- levels ----------------------------------------------------------------------------------- */

struct pair {
  const char *a, *b;
  unsigned level;
};

static void check_pairs(enum name_part part, const struct pair *pairs, size_t count) {
  for (size_t i = 0; i < count; i++) {
    unsigned level = compare_parts(part, pairs[i].a, pairs[i].b);
    if (level != pairs[i].level) {
      fail_msg("%s / %s: level %u, want %u", pairs[i].a, pairs[i].b, level, pairs[i].level);
    }
  }
}
#define CHECK_PAIRS(part, ...)                              \
  do {                                                      \
    const struct pair pairs[] = {__VA_ARGS__};              \
    check_pairs(part, pairs, sizeof pairs / sizeof *pairs); \
  } while (0)

static void han_names_reach_their_levels(void **state) {
  (void)state;
  CHECK_PAIRS(NAME_WHOLE, {"张伟", "张伟", FIELD_LEVEL_EXACT}, {"張偉", "张伟", FIELD_LEVEL_EXACT},
              {"张 伟先生", "张伟", FIELD_LEVEL_EXACT}, {"肖战", "萧战", NAME_LEVEL_WRITTEN},
              {"伟张", "张伟", NAME_LEVEL_WRITTEN}, {"张伟", "张玮", NAME_LEVEL_SOUND},
              {"单丽", "山丽", NAME_LEVEL_SOUND}, /* 单 is read shan as a surname */
              {"张三", "章山", NAME_LEVEL_SIMILAR}, {"王建国", "王建华", NAME_LEVEL_SIMILAR},
              {"张小伟", "张伟", NAME_LEVEL_SIMILAR}, {"王建国", "黄建国", NAME_LEVEL_PARTS},
              {"张伟", "张强", NAME_LEVEL_LITTLE}, {"欧阳娜娜", "欧阳修", NAME_LEVEL_LITTLE},
              {"张伟", "李娜", FIELD_LEVEL_DIFFER}, {"张伟", "李伟", FIELD_LEVEL_DIFFER},
              {"王?明", "王小明", NAME_LEVEL_PARTS}, {"王?明", "李小明", FIELD_LEVEL_DIFFER},
              {"", "张伟", FIELD_LEVEL_MISSING});
}

static void incomplete_names_fit_or_not(void **state) {
  (void)state;
  CHECK_PAIRS(NAME_WHOLE, {"张*", "张伟", NAME_LEVEL_FITS}, {"张**", "张伟", NAME_LEVEL_FITS},
              {"张*明", "张小明", NAME_LEVEL_FITS}, {"*明", "张明", NAME_LEVEL_FITS},
              {"张*明", "张小伟", FIELD_LEVEL_DIFFER}, {"李*", "张伟", FIELD_LEVEL_DIFFER},
              {"张*", "*明", FIELD_LEVEL_MISSING}, {"张*", "张*明", NAME_LEVEL_FITS},
              {"张*", "张先生", NAME_LEVEL_FITS}, {"*明", "张先生", FIELD_LEVEL_MISSING},
              {"张XX", "张伟", NAME_LEVEL_FITS}, {"张先生", "张伟", NAME_LEVEL_FITS},
              {"张先生", "李伟", FIELD_LEVEL_DIFFER}, {"张先生", "老张", NAME_LEVEL_FITS},
              {"欧阳先生", "欧阳娜娜", NAME_LEVEL_FITS}, {"张先生", "Wei Zhang", NAME_LEVEL_FITS},
              {"张先生", "John Smith", FIELD_LEVEL_MISSING});
}

/* What may be a nickname differs from nobody; two surnames in front are those of both parents only
 * where both are common. */
static void texts_without_the_shape_of_a_name_contradict_no_name(void **state) {
  (void)state;
  CHECK_PAIRS(NAME_WHOLE, {"追风少年", "张伟", FIELD_LEVEL_MISSING},
              {"橙子", "张伟", FIELD_LEVEL_MISSING}, {"橙子", "浅笑", FIELD_LEVEL_MISSING},
              {"阳光男孩", "张伟", FIELD_LEVEL_MISSING},
              {"阳光男孩7996", "张伟", FIELD_LEVEL_MISSING}, {"橙子", "橙子", FIELD_LEVEL_EXACT},
              {"红梅", "王红梅", NAME_LEVEL_PARTS}, {"红梅", "张伟", FIELD_LEVEL_MISSING},
              {"王李小明", "张伟", FIELD_LEVEL_DIFFER}, {"买买提", "张伟", FIELD_LEVEL_DIFFER},
              {"卓玛", "扎西", FIELD_LEVEL_DIFFER});
}

static void dotted_names_compare_by_parts(void **state) {
  (void)state;
  CHECK_PAIRS(NAME_WHOLE, {"买买提•艾山", "买买提·艾山", FIELD_LEVEL_EXACT},
              {"买买提艾山", "买买提·艾山", NAME_LEVEL_WRITTEN},
              {"艾山·买买提", "买买提·艾山", NAME_LEVEL_WRITTEN},
              {"买买提", "买买提·艾山", NAME_LEVEL_PARTS},
              {"买买提·艾珊", "买买提·艾山", NAME_LEVEL_SOUND},
              {"买买提·艾尼", "买买提·艾山", NAME_LEVEL_SIMILAR},
              {"买买提·吐尔逊", "买买提·艾山", NAME_LEVEL_LITTLE},
              {"古丽·吐尔逊", "买买提·艾山", FIELD_LEVEL_DIFFER},
              {"Иван Петров", "Петров Иван", FIELD_LEVEL_EXACT},
              {"Иван Петров", "Иван Петрав", NAME_LEVEL_SIMILAR});
}

static void latin_names_reach_their_levels(void **state) {
  (void)state;
  CHECK_PAIRS(
      NAME_WHOLE, {"Zhang Wei", "Wei ZHANG", FIELD_LEVEL_EXACT},
      {"Smith, John", "john smith", FIELD_LEVEL_EXACT},
      {"José Núñez", "Jose Nunez", FIELD_LEVEL_EXACT},
      {"Mary-Ann O'Brien", "mary ann obrien", FIELD_LEVEL_EXACT},
      {"Bill Smith", "William Smith", NAME_LEVEL_WRITTEN},
      {"Maryann Smith", "Mary Ann Smith", NAME_LEVEL_WRITTEN},
      {"Johnn Smith", "John Smith", NAME_LEVEL_SOUND},
      {"John Smyth", "John Smith", NAME_LEVEL_SOUND},
      {"Catherine Jones", "Kathryn Jones", NAME_LEVEL_WRITTEN},
      {"Joan Smith", "John Smith", NAME_LEVEL_SIMILAR}, {"J Smith", "John Smith", NAME_LEVEL_PARTS},
      {"John Paul Smith", "John Smith", NAME_LEVEL_PARTS}, {"Smith", "John Smith", NAME_LEVEL_FITS},
      {"Mary Smith", "John Smith", NAME_LEVEL_LITTLE},
      {"Mary Jones", "John Smith", FIELD_LEVEL_DIFFER},
      {"Caro|yn Jones", "Carolyn Jones", NAME_LEVEL_SOUND}, {"Li Na", "Le Na", NAME_LEVEL_LITTLE});
}

static void parts_reach_their_levels(void **state) {
  (void)state;
  CHECK_PAIRS(NAME_GIVEN, {"william", "WILLIAM", FIELD_LEVEL_EXACT},
              {"bill", "william", NAME_LEVEL_WRITTEN}, {"jhon", "john", NAME_LEVEL_SOUND},
              {"j", "john", NAME_LEVEL_PARTS}, {"mary", "mary ann", NAME_LEVEL_PARTS},
              {"matth ews", "mattyews", NAME_LEVEL_SOUND},
              {"jack", "lachlan-john", NAME_LEVEL_LITTLE}, {"mary", "gary", NAME_LEVEL_SIMILAR},
              {"john", "kate", FIELD_LEVEL_DIFFER}, {"伟", "玮", NAME_LEVEL_SOUND},
              {"小明", "小红", NAME_LEVEL_LITTLE}, {"伟", "强", FIELD_LEVEL_DIFFER});
  CHECK_PAIRS(NAME_FAMILY, {"thompson", "thomson", NAME_LEVEL_SOUND},
              {"mcdonald", "macdonald", NAME_LEVEL_SOUND}, {"clarke", "clark", NAME_LEVEL_SOUND},
              {"smith", "jones", FIELD_LEVEL_DIFFER}, {"肖", "萧", NAME_LEVEL_WRITTEN},
              {"欧阳", "欧阳", FIELD_LEVEL_EXACT});
  CHECK_PAIRS(NAME_MIDDLE, {"J", "James", NAME_LEVEL_PARTS}, {"J", "K", FIELD_LEVEL_DIFFER});
}

static void latin_spelling_meets_han(void **state) {
  (void)state;
  CHECK_PAIRS(
      NAME_WHOLE, {"Zhang Wei", "张伟", NAME_LEVEL_SOUND}, {"Wei Zhang", "張偉", NAME_LEVEL_SOUND},
      {"ZHANGWEI", "张伟", NAME_LEVEL_SOUND}, {"weizhang", "张伟", NAME_LEVEL_SOUND},
      {"Xiaoming Wang", "王小明", NAME_LEVEL_SOUND}, {"Wang Xiao Ming", "王小明", NAME_LEVEL_SOUND},
      {"Shan Tianfang", "单田芳", NAME_LEVEL_SOUND}, {"Ouyang Nana", "欧阳娜娜", NAME_LEVEL_SOUND},
      {"Zan Wei", "张伟", NAME_LEVEL_SIMILAR}, {"Tony Zhang", "张伟", NAME_LEVEL_LITTLE},
      {"Tony", "张伟", FIELD_LEVEL_MISSING}, {"Li Na", "张伟", FIELD_LEVEL_DIFFER},
      {"Fangan Liu", "刘方安", NAME_LEVEL_SOUND}, {"Fan'gan Liu", "刘范甘", NAME_LEVEL_SOUND});
}

/* --- key parts -------------------------------------------------------------------------------- */

static void key_parts_bring_records_together(void **state) {
  (void)state;
  uint64_t pinyin = key_of(NAME_WHOLE, "张伟", NAME_KEY_PINYIN);
  assert_int_not_equal(pinyin, 0);
  assert_int_equal(key_of(NAME_WHOLE, "章炜", NAME_KEY_PINYIN), pinyin);
  assert_int_equal(key_of(NAME_WHOLE, "Wei Zhang", NAME_KEY_PINYIN), pinyin);
  assert_int_equal(key_of(NAME_WHOLE, "zhangwei", NAME_KEY_PINYIN), pinyin);
  assert_int_not_equal(key_of(NAME_WHOLE, "李伟", NAME_KEY_PINYIN), pinyin);
  assert_int_equal(key_of(NAME_WHOLE, "John Smith", NAME_KEY_PINYIN), 0);

  uint64_t surname = key_of(NAME_WHOLE, "张伟", NAME_KEY_SURNAME);
  assert_int_equal(key_of(NAME_WHOLE, "張先生", NAME_KEY_SURNAME), surname);
  assert_int_equal(key_of(NAME_WHOLE, "张*", NAME_KEY_SURNAME), surname);
  assert_int_equal(key_of(NAME_WHOLE, "萧战", NAME_KEY_SURNAME),
                   key_of(NAME_WHOLE, "肖战", NAME_KEY_SURNAME));
  assert_int_equal(key_of(NAME_WHOLE, "*明", NAME_KEY_SURNAME), 0);
  assert_int_equal(key_of(NAME_WHOLE, "Smith, John", NAME_KEY_SURNAME),
                   key_of(NAME_WHOLE, "Mary Smith", NAME_KEY_SURNAME));

  uint64_t phonetic = key_of(NAME_WHOLE, "John Smith", NAME_KEY_PHONETIC);
  assert_int_not_equal(phonetic, 0);
  assert_int_equal(key_of(NAME_WHOLE, "Jon Q. Smyth", NAME_KEY_PHONETIC), phonetic);
  assert_int_equal(key_of(NAME_WHOLE, "Smyth John", NAME_KEY_PHONETIC), phonetic);
  assert_int_equal(key_of(NAME_WHOLE, "张伟", NAME_KEY_PHONETIC), 0);
  assert_int_equal(key_of(NAME_FAMILY, "Smith", NAME_KEY_PHONETIC),
                   key_of(NAME_FAMILY, "Smyth", NAME_KEY_PHONETIC));

  assert_int_equal(key_of(NAME_WHOLE, "王建国", NAME_KEY_GIVEN),
                   key_of(NAME_WHOLE, "黄建国", NAME_KEY_GIVEN));
  assert_int_equal(key_of(NAME_WHOLE, "James Dean", NAME_KEY_INITIALS),
                   key_of(NAME_WHOLE, "J. Doe", NAME_KEY_INITIALS));
}

static void what_is_not_certain_has_no_exact_key(void **state) {
  (void)state;
  const char *const raws[] = {"张*", "*明",  "张先生",   "老王",       "快乐的小鱼", "王?明",
                              "",    "测试", "张**先生", "J*** Smith", "12345"};
  for (size_t i = 0; i < sizeof raws / sizeof *raws; i++)
    assert_int_equal(key_of(NAME_WHOLE, raws[i], NAME_KEY_EXACT), 0);
  assert_int_not_equal(key_of(NAME_WHOLE, "扎西多吉", NAME_KEY_EXACT), 0);
  assert_int_not_equal(key_of(NAME_WHOLE, "买买提艾力江", NAME_KEY_EXACT), 0);
}

static void equal_canonicals_give_equal_keys(void **state) {
  (void)state;
  assert_int_equal(key_of(NAME_WHOLE, "龙飞龍", NAME_KEY_EXACT),
                   key_of(NAME_WHOLE, "龍飛龙", NAME_KEY_EXACT));
  assert_int_not_equal(key_of(NAME_WHOLE, "𠮷野", NAME_KEY_EXACT), 0);
  /* Above the basic plane and past what a feature holds the key still tells names apart. */
  assert_int_not_equal(key_of(NAME_WHOLE, "𠮷野", NAME_KEY_EXACT),
                       key_of(NAME_WHOLE, "𠮸野", NAME_KEY_EXACT));
  const char *first = "Wolfeschlegelsteinhausenbergerdorff Hubert Blaine Alexander";
  const char *second = "Wolfeschlegelsteinhausenbergerdorff Hubert Blaine Alexandra";
  assert_int_not_equal(key_of(NAME_WHOLE, first, NAME_KEY_EXACT),
                       key_of(NAME_WHOLE, second, NAME_KEY_EXACT));
}

/* --- masks and the table ---------------------------------------------------------------------- */

static void masks_hide_what_they_do_not_know(void **state) {
  (void)state;
  const char *const rows[][2] = {
      {"張偉", "張*"},
      {"张先生", "张**"},
      {"老王", "**"},
      {"快乐的小鱼", "*****"},
      {"John Smith", "J*** S****"},
      {"J Smith", "* S****"},
      {"买买提·艾山", "***·**"},
      {"张*", "张*"},
      {"", ""},
      {"测试", "**"},
      {"Bo", "B*"},
      {"𠮷野", "**"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_bytes(person_name_type.mask(bytes_from_string(rows[i][0]), &arena), rows[i][1]);
}

static void chances_sum_to_one(void **state) {
  (void)state;
  double m = 0, u = 0, last_ratio = 0;
  for (int level = FIELD_LEVEL_DIFFER; level < FIELD_LEVEL_COUNT; level++) {
    const struct field_level_info *info = &person_name_type.levels[level];
    assert_non_null(info->name);
    m += info->m;
    u += info->u;
    if (level < FIELD_LEVEL_EXACT && level != NAME_LEVEL_SOUND && level != NAME_LEVEL_SIMILAR)
      assert_true(info->m / info->u > last_ratio);
    last_ratio = info->m / info->u;
  }
  assert_true(m > 0.999999 && m < 1.000001 && u > 0.999999 && u < 1.000001);
}

/* --- random names: comparing is symmetric, equal raws are equal
 * ------------------------------------ */

static uint64_t random_state = 7;
static unsigned next_random(unsigned bound) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(random_state >> 33) % bound;
}

static void random_name(char *out) {
  static const char *const pieces[] = {"张", "伟", "小", "欧",   "阳",    "*", "·",
                                       " ",  "a",  "li", "John", "Smith", "ö", "先生",
                                       "王", "?",  "山", "-",    "x",     "q"};
  out[0] = '\0';
  for (unsigned i = 1 + next_random(5); i > 0; i--)
    strcat(out, pieces[next_random(sizeof pieces / sizeof *pieces)]);
}

static void comparing_is_symmetric_and_reflexive(void **state) {
  (void)state;
  for (int round = 0; round < 20000; round++) {
    char a[64], b[64];
    random_name(a);
    random_name(b);
    unsigned level = compare(a, b); /* asserts symmetry */
    assert_in_range(level, FIELD_LEVEL_MISSING, FIELD_LEVEL_EXACT);
    unsigned self = compare(a, a);
    uint64_t key = key_of(NAME_WHOLE, a, NAME_KEY_EXACT);
    if (key)
      assert_int_equal(self, FIELD_LEVEL_EXACT);
    else
      assert_int_not_equal(self, FIELD_LEVEL_DIFFER);
    if (key && key == key_of(NAME_WHOLE, b, NAME_KEY_EXACT))
      assert_int_equal(level, FIELD_LEVEL_EXACT);
    if (round % 100 == 0) arena_reset(&arena);
  }
}

static int release(void **state) {
  (void)state;
  arena_release(&arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(golden_names),
      cmocka_unit_test(golden_masks),
      cmocka_unit_test(values_keep_their_characters),
      cmocka_unit_test(clean_values_are_not_copied),
      cmocka_unit_test(flags_say_what_is_doubtful),
      cmocka_unit_test(titles_go_and_tell_the_sex),
      cmocka_unit_test(words_of_columns_are_names),
      cmocka_unit_test(nicknames_are_no_evidence),
      cmocka_unit_test(han_names_reach_their_levels),
      cmocka_unit_test(incomplete_names_fit_or_not),
      cmocka_unit_test(texts_without_the_shape_of_a_name_contradict_no_name),
      cmocka_unit_test(dotted_names_compare_by_parts),
      cmocka_unit_test(latin_names_reach_their_levels),
      cmocka_unit_test(parts_reach_their_levels),
      cmocka_unit_test(latin_spelling_meets_han),
      cmocka_unit_test(key_parts_bring_records_together),
      cmocka_unit_test(what_is_not_certain_has_no_exact_key),
      cmocka_unit_test(equal_canonicals_give_equal_keys),
      cmocka_unit_test(masks_hide_what_they_do_not_know),
      cmocka_unit_test(chances_sum_to_one),
      cmocka_unit_test(comparing_is_symmetric_and_reflexive),
  };
  return cmocka_run_group_tests(tests, NULL, release);
}
