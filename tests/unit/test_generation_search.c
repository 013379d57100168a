/* worker/store/generation_search against a reference that reads every record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/text.h"
#include "tests/harness/generation_fixture.h"
#include "worker/store/generation_search.h"

enum { DAY = 19844, RECORDS = 600, SHARDS = 4 };

static char memory[RECORDS][5][64];
static struct fixture_record records[RECORDS];
static struct fixture_run run;
static struct generation *generation;
static char folder[64];

static const char *const names[] = {"张伟",       "张伟明",    "欧阳娜娜",      "李娜",
                                    "王小明",     "Zhang Wei", "爱新觉罗·启星", "陈",
                                    "Ángel Díaz", "𠮷野家"};
static const char *const places[] = {"北京市朝阳区建国路88号", "上海市浦东新区博云路2号",
                                     "No. 5 Zhongshan Road", "广州市天河区"};

static int make_all(void **state) {
  (void)state;
  for (uint32_t i = 0; i < RECORDS; i++) {
    uint64_t h = hash_mix(i + 1), entity = i / 3;
    snprintf(memory[i][0], 64, "U%u", i % 7 ? i : i * 1000);
    snprintf(memory[i][1], 64, "%s", names[h % 10]);
    snprintf(memory[i][2], 64, "13%u%04u%03u", (unsigned)(h >> 8) % 10,
             (unsigned)(entity * 37 % 10000), (unsigned)(h >> 20) % 50);
    if (i % 11 == 0) snprintf(memory[i][2], 64, "0755-8888%04u-801", (unsigned)(h >> 9) % 100);
    if (i % 13 == 0)
      snprintf(memory[i][2], 64,
               "13800138000\x1f"
               "1390013%04u",
               i);
    snprintf(memory[i][3], 64, "u%u@example.com", (unsigned)(h >> 40) % 200);
    snprintf(memory[i][4], 64, "%s", places[h >> 50 & 3]);
    records[i] = (struct fixture_record){memory[i][0],
                                         (uint32_t)entity,
                                         {memory[i][1], memory[i][2], memory[i][3], memory[i][4]},
                                         0};
    if (i % 5 == 0) records[i].values[FIXTURE_PHONE] = NULL;
  }
  struct job job;
  struct failure failure;
  fixture_folder_make(folder);
  fixture_job(&job, SHARDS);
  fixture_run_make(&run, &job, records, RECORDS, DAY);
  if (fixture_publish(folder, &job, &run, &failure)) return -1;
  job_release(&job);
  return generation_open(folder, &generation, &failure) ? -1 : 0;
}

static int remove_all(void **state) {
  (void)state;
  generation_close(generation);
  fixture_run_release(&run);
  fixture_folder_remove(folder);
  return 0;
}

/* ---- the reference ---- */

static bool text_fits(struct bytes value, struct bytes text) {
  struct arena arena = {0};
  struct bytes v = text_fold(value, &arena), t = text_fold(text, &arena);
  bool fits = t.size && (text_count(t) == 1 ? bytes_starts_with(v, t)
                                            : memmem(v.data, v.size, t.data, t.size) != NULL);
  arena_release(&arena);
  return fits;
}

static bool phone_fits(const char *value, const char *text) {
  char digits[64] = "", asked[64] = "";
  size_t n = 0, a = 0;
  for (; *value; value++)
    if (*value >= '0' && *value <= '9') digits[n++] = *value;
  for (const char *c = text; *c; c++) {
    if (*c >= '0' && *c <= '9')
      asked[a++] = *c;
    else if (*c != '-')
      return false;
  }
  if (a >= 3 && strncmp(digits, asked, a) == 0) return true;
  if (a >= 4 && a <= 7 && n >= a && strcmp(digits + n - a, asked) == 0) return true;
  return a == 4 && n >= 8 && strncmp(digits + 3, asked, 4) == 0;
}

static bool record_fits(const struct fixture_record *r, const char *text, int field) {
  struct bytes t = bytes_from_string(text);
  for (int f = 0; f < FIXTURE_FIELDS; f++) {
    if ((field >= 0 && field != f) || !r->values[f]) continue;
    char copy[64], *rest = copy;
    snprintf(copy, sizeof copy, "%s", r->values[f]);
    for (char *part; (part = strsep(&rest, "\x1f"));) {
      if (strcmp(part, text) == 0) return true;
      if ((f == FIXTURE_NAME || f == FIXTURE_ADDRESS) && text_fits(bytes_from_string(part), t))
        return true;
      if (f == FIXTURE_PHONE && phone_fits(part, text)) return true;
    }
  }
  return field < 0 && strcmp(r->id, text) == 0;
}

static bool entity_fits(uint32_t entity, const char *const *texts, uint32_t count, int field) {
  for (uint32_t t = 0; t < count; t++) {
    bool any = false;
    for (uint32_t i = entity * 3; i < entity * 3 + 3; i++)
      any |= record_fits(&records[i], texts[t], field);
    if (!any) return false;
  }
  return true;
}

static int by_id(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint32_t compare_with_reference(const char *const *texts, uint32_t count, int field) {
  uint64_t expected[RECORDS / 3];
  uint32_t expected_count = 0;
  for (uint32_t e = 0; e < RECORDS / 3; e++)
    if (entity_fits(e, texts, count, field)) expected[expected_count++] = fixture_customer(&run, e);
  qsort(expected, expected_count, sizeof *expected, by_id);

  struct bytes asked[SEARCH_TEXTS_MAX];
  for (uint32_t t = 0; t < count; t++) asked[t] = bytes_from_string(texts[t]);
  struct search_query query = {asked, count, field, 0, RECORDS};
  struct arena arena = {0};
  struct search_result result;
  struct failure failure = {0};
  enum err err = generation_search(generation, &query, &arena, &result, &failure);
  if (err == ERR_USAGE) {
    assert_int_equal(expected_count, 0);
  } else {
    assert_int_equal(err, ERR_OK);
    if (result.count != expected_count) print_message("searching %s\n", texts[0]);
    assert_int_equal(result.count, expected_count);
    for (uint32_t i = 0; i < expected_count; i++)
      assert_int_equal(result.customers[i].customer_id, expected[i]);
    assert_false(result.more);
  }
  /* The same in pages of 7. */
  query.limit = 7;
  for (uint32_t seen = 0; !err && expected_count;) {
    assert_int_equal(generation_search(generation, &query, &arena, &result, &failure), ERR_OK);
    for (uint32_t i = 0; i < result.count; i++)
      assert_int_equal(result.customers[i].customer_id, expected[seen++]);
    assert_int_equal(result.more, seen < expected_count);
    if (!result.more) break;
    query.after = result.customers[result.count - 1].customer_id;
  }
  arena_release(&arena);
  return expected_count;
}

/* ---- tests ---- */

static void what_people_type_is_found(void **state) {
  (void)state;
  static const char *const found[] = {
      "张",   "张伟", "伟明",  "欧阳",   "zhang",    "ZHANG WEI", "ng we",          "启星",
      "·",    "陈",   "ángel", "𠮷",     "野家",     "138",       "1380013",        "13800138000",
      "8000", "0013", "0755",  "建国路", "浦东新区", "zhongshan", "u7@example.com", "U1"};
  for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
    uint32_t count = compare_with_reference(&found[i], 1, -1);
    if (count == 0 && strcmp(found[i], "·")) fail_msg("nothing for %s", found[i]);
  }
  static const char *const none[] = {"赵", "伟张", "12", "801",      "99999999999", "u7@example",
                                     "U",  "",     " ",  "张伟明明", "娜李"};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_int_equal(compare_with_reference(&none[i], 1, -1), 0);
}

static void a_masked_number_is_found_by_both_ends(void **state) {
  (void)state;
  struct bytes text = BYTES("138****8000");
  struct search_query query = {&text, 1, FIXTURE_PHONE, 0, RECORDS};
  struct arena arena = {0};
  struct search_result result;
  assert_int_equal(generation_search(generation, &query, &arena, &result, NULL), ERR_OK);
  uint32_t expected = 0;
  for (uint32_t e = 0; e < RECORDS / 3; e++) {
    bool any = false;
    for (uint32_t i = e * 3; i < e * 3 + 3; i++)
      any |= records[i].values[FIXTURE_PHONE] &&
             strstr(records[i].values[FIXTURE_PHONE], "13800138000");
    expected += any;
  }
  assert_true(expected > 3);
  assert_int_equal(result.count, expected);
  arena_release(&arena);
}

static void random_searches_agree_with_the_reference(void **state) {
  (void)state;
  uint64_t seed = 7;
  uint32_t hits = 0;
  for (int round = 0; round < 1000; round++) {
    char texts[2][64];
    const char *asked[2] = {texts[0], texts[1]};
    uint32_t count = 1 + round % 2;
    uint64_t entity = 0;
    int field = round % 3 ? -1 : round % FIXTURE_FIELDS;
    for (uint32_t t = 0; t < count; t++) {
      /* The second text is of the same customer half of the time. */
      seed = hash_mix(seed + 1);
      if (t == 0 || round % 4 == 1) entity = seed % (RECORDS / 3);
      const struct fixture_record *r = &records[entity * 3 + (seed >> 50) % 3];
      const char *value = r->values[field < 0 ? seed >> 16 & 3 : (uint32_t)field];
      if (!value) value = r->id;
      /* A run of whole characters of a value. */
      const char *starts[65], *at = value, *end = value + strcspn(value, "\x1f");
      size_t n = 0;
      while (at < end) {
        starts[n++] = at;
        (void)text_decode(&at, end);
      }
      starts[n] = end;
      size_t from = seed >> 63 ? 0 : (seed >> 20) % n, to = from + 1 + (seed >> 30) % (n - from);
      snprintf(texts[t], 64, "%.*s", (int)(starts[to] - starts[from]), starts[from]);
    }
    /* A text that begins or ends with a space is trimmed before it is looked up. */
    if (strchr(texts[0], ' ') || (count == 2 && strchr(texts[1], ' '))) continue;
    hits += compare_with_reference(asked, count, field) > 0;
  }
  assert_true(hits > 200);
}

static void too_many_texts_are_refused(void **state) {
  (void)state;
  struct bytes texts[SEARCH_TEXTS_MAX + 1];
  for (int i = 0; i <= SEARCH_TEXTS_MAX; i++) texts[i] = BYTES("张");
  struct search_query query = {texts, SEARCH_TEXTS_MAX + 1, -1, 0, 10};
  struct arena arena = {0};
  struct search_result result;
  struct failure failure;
  assert_int_equal(generation_search(generation, &query, &arena, &result, &failure), ERR_USAGE);
  query.text_count = 0;
  assert_int_equal(generation_search(generation, &query, &arena, &result, &failure), ERR_USAGE);
  arena_release(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_people_type_is_found),
      cmocka_unit_test(a_masked_number_is_found_by_both_ends),
      cmocka_unit_test(random_searches_agree_with_the_reference),
      cmocka_unit_test(too_many_texts_are_refused),
  };
  return cmocka_run_group_tests(tests, make_all, remove_all);
}
