#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/customer_row.h"
#include "cli/make_customers.h"
#include "common/calendar.h"
#include "common/hash.h"
#include "common/memory.h"
#include "worker/sources/gb18030.h"

enum { RECORDS = 6000, COLUMNS = 15 };

static const char *const files[] = {"records.csv", "truth.csv", "pairs_must_not.csv"};

struct folder {
  char path[64];
};

static struct folder folder_new(void) {
  struct folder f = {"/tmp/guiyi_customers_XXXXXX"};
  assert_non_null(mkdtemp(f.path));
  return f;
}

static void folder_remove(struct folder *f) {
  char path[512];
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s", f->path, files[i]);
    unlink(path);
  }
  rmdir(f->path);
}

static struct buffer read_file(const struct folder *f, const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", f->path, name);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  struct buffer content = {0};
  for (;;) {
    buffer_reserve(&content, 1 << 16);
    size_t got = fread(content.data + content.size, 1, 1 << 16, file);
    content.size += got;
    if (!got) break;
  }
  fclose(file);
  return content;
}

static void make(const struct folder *f, uint64_t seed, uint32_t threads,
                 const struct customer_words *words) {
  struct make_customers_options options = {.record_count = RECORDS,
                                           .seed = seed,
                                           .out_dir = f->path,
                                           .words = words,
                                           .thread_count = threads};
  struct failure failure = {0};
  assert_int_equal(make_customers(&options, &failure), ERR_OK);
}

/* One row of records.csv with its truth. */
struct made {
  char fields[COLUMNS][400];
  char entity[400], class[400], part[400];
};

static struct made *made;

static void read_row(const char **at, char fields[][400], int count) {
  for (int i = 0; i < count; i++) {
    size_t size = 0;
    bool quoted = **at == '"';
    if (quoted) ++*at;
    while (quoted ? **at != '"' : **at != ',' && **at != '\n') {
      assert_true(size < 399);
      fields[i][size++] = *(*at)++;
    }
    fields[i][size] = '\0';
    if (quoted) ++*at;
    assert_int_equal(**at, i + 1 < count ? ',' : '\n');
    ++*at;
  }
}

static int read_world(void **state) {
  (void)state;
  struct folder f = folder_new();
  make(&f, 7, 2, &customer_words_main);
  struct buffer records = read_file(&f, files[0]), truth = read_file(&f, files[1]);
  made = memory_new_zeroed(RECORDS, sizeof *made);
  const char *at = buffer_string(&records), *true_at = buffer_string(&truth);
  assert_memory_equal(at, customer_row_heading, strlen(customer_row_heading));
  at = strchr(at, '\n') + 1;
  true_at = strchr(true_at, '\n') + 1;
  for (uint32_t i = 0; i < RECORDS; i++) {
    static char line[4][400];
    read_row(&at, made[i].fields, COLUMNS);
    read_row(&true_at, line, 4);
    assert_string_equal(line[0], made[i].fields[0]);
    strcpy(made[i].entity, line[1]);
    strcpy(made[i].class, line[2]);
    strcpy(made[i].part, line[3]);
  }
  assert_int_equal(*at, '\0');
  assert_int_equal(*true_at, '\0');
  buffer_release(&records);
  buffer_release(&truth);
  folder_remove(&f);
  return 0;
}

static int free_world(void **state) {
  (void)state;
  free(made);
  return 0;
}

static void threads_do_not_change_a_byte_and_seeds_do(void **state) {
  (void)state;
  struct folder f[4] = {folder_new(), folder_new(), folder_new(), folder_new()};
  make(&f[0], 7, 1, &customer_words_main);
  make(&f[1], 7, 5, &customer_words_main);
  make(&f[2], 8, 1, &customer_words_main);
  make(&f[3], 7, 1, &customer_words_holdout);
  for (size_t i = 0; i < 3; i++) {
    struct buffer content[4];
    for (int k = 0; k < 4; k++) content[k] = read_file(&f[k], files[i]);
    assert_true(bytes_equal(buffer_bytes(&content[0]), buffer_bytes(&content[1])));
    assert_false(bytes_equal(buffer_bytes(&content[0]), buffer_bytes(&content[2])));
    if (i == 0) assert_false(bytes_equal(buffer_bytes(&content[0]), buffer_bytes(&content[3])));
    for (int k = 0; k < 4; k++) buffer_release(&content[k]);
  }
  for (int k = 0; k < 4; k++) folder_remove(&f[k]);
}

static void every_case_occurs(void **state) {
  (void)state;
  for (int c = 0; c < CASE_COUNT; c++) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < RECORDS; i++)
      count += strcmp(made[i].class, customer_case_names[c]) == 0;
    assert_true(count >= customer_plan_entities((enum customer_case)c));
  }
}

static bool is_of(const struct made *record, const char *class) {
  return strcmp(record->class, class) == 0;
}

static bool same_part(const struct made *a, const struct made *b) {
  return !strcmp(a->entity, b->entity) && !strcmp(a->part, b->part);
}

/* A number of his own, written whole and right. */
static bool is_whole(const char *x) {
  return strlen(x) >= 11 && !strpbrk(x, "*+") && x[1] != '.' && x[0] != '0' &&
         strcmp(x, "13800138000") != 0 && strcmp(x, "test@test.com") != 0;
}

/* Whole numbers that were written alike tie two records; some cases tie all of a customer's. */
static void parts_hold_what_is_tied(void **state) {
  (void)state;
  static const int identifiers[] = {5, 7, 8, 9}; /* phone, email, openid, unionid */
  static const char *const whole[] = {"changed_phone", "two_appids", "unionid_moved", "id_typo"};
  uint32_t divided = 0;
  for (uint32_t i = 0; i < RECORDS; i++) {
    const struct made *a = &made[i];
    for (uint32_t k = 0; k < i; k++) {
      const struct made *b = &made[k];
      if (strcmp(a->entity, b->entity) != 0) continue;
      divided += !same_part(a, b);
      for (size_t w = 0; w < sizeof whole / sizeof *whole; w++)
        if (is_of(a, whole[w])) assert_true(same_part(a, b));
      for (size_t f = 0; f < sizeof identifiers / sizeof *identifiers; f++) {
        const char *x = a->fields[identifiers[f]], *y = b->fields[identifiers[f]];
        if (is_whole(x) && !strcmp(x, y)) assert_true(same_part(a, b));
      }
    }
  }
  assert_true(divided > 0);
}

static void apps_are_tied_by_the_account_they_are_bound_to(void **state) {
  (void)state;
  uint32_t apps = 0, accounts = 0;
  for (uint32_t i = 0; i < RECORDS; i++)
    for (uint32_t k = 0; k < i; k++) {
      if (strcmp(made[i].entity, made[k].entity) != 0) continue;
      int open = strcmp(made[i].fields[8], made[k].fields[8]);
      int account = strcmp(made[i].fields[9], made[k].fields[9]);
      if (is_of(&made[i], "two_appids")) {
        assert_int_equal(account, 0);
        apps += open != 0;
      }
      if (is_of(&made[i], "unionid_moved")) {
        assert_int_equal(open, 0);
        accounts += account != 0;
      }
    }
  assert_true(apps > 10 && accounts > 10);
}

static int days_of(const char *time) {
  struct calendar_date date = {atoi(time), atoi(time + 5), atoi(time + 8)};
  return calendar_day(date);
}

/* From the last that the old owner did to the first that the new one did, to the day. */
static void a_recycled_number_lies_idle_for_as_long_as_its_class_says(void **state) {
  (void)state;
  static const struct {
    const char *class;
    int days;
  } cases[] = {{"recycled_30d", 30}, {"recycled_91d", 91}, {"recycled_400d", 400}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    uint32_t groups = 0;
    for (uint32_t i = 0; i < RECORDS; i++) {
      if (!is_of(&made[i], cases[c].class) || !is_whole(made[i].fields[5])) continue;
      int ends = 0, begins = INT32_MAX; /* of this owner's, of the other's */
      for (uint32_t k = 0; k < RECORDS; k++) {
        bool own = !strcmp(made[k].entity, made[i].entity);
        int first = days_of(made[k].fields[13]), last = days_of(made[k].fields[14]);
        if (own && last > ends) ends = last;
        if (!own && !strcmp(made[k].fields[5], made[i].fields[5]) && first < begins) begins = first;
      }
      if (begins == INT32_MAX || begins < ends) continue; /* the second owner's record */
      groups += begins - ends == cases[c].days;
      assert_true(begins - ends >= cases[c].days);
    }
    assert_true(groups > 0);
  }
}

static void gb18030_holds_the_same_rows(void **state) {
  (void)state;
  struct buffer content[2], decoded = {0};
  for (int k = 0; k < 2; k++) {
    struct folder f = folder_new();
    struct make_customers_options options = {.record_count = 300,
                                             .seed = 7,
                                             .out_dir = f.path,
                                             .words = &customer_words_main,
                                             .gb18030 = k == 1,
                                             .thread_count = 1};
    struct failure failure = {0};
    assert_int_equal(make_customers(&options, &failure), ERR_OK);
    content[k] = read_file(&f, files[0]);
    folder_remove(&f);
  }
  assert_true(gb18030_to_utf8(buffer_bytes(&content[1]), &decoded));
  assert_true(content[1].size < content[0].size);
  assert_true(bytes_equal(buffer_bytes(&decoded), buffer_bytes(&content[0])));
  buffer_release(&decoded);
  for (int k = 0; k < 2; k++) buffer_release(&content[k]);
}

/* The check character of GB 11643 in its other form: the 18 digits to base 2 are 1 modulo 11. */
static bool id_is_valid(const char *id) {
  unsigned sum = 0;
  for (int i = 0; i < 18; i++) {
    char c = id[i];
    unsigned digit = c == 'X' || c == 'x' ? 10 : (unsigned)(c - '0');
    sum = (sum * 2 + digit) % 11;
  }
  return sum == 1;
}

static void ids_are_valid_and_nobody_shares_one(void **state) {
  (void)state;
  uint32_t checked = 0, wrong = 0;
  for (uint32_t i = 0; i < RECORDS; i++) {
    const char *id = made[i].fields[6];
    if (strlen(id) != 18 || !strcmp(made[i].class, "excel_damage")) continue;
    checked++;
    if (!id_is_valid(id)) {
      wrong++;
      continue;
    }
    for (uint32_t k = 0; k < i; k++)
      if (!strcmp(made[k].fields[6], id)) assert_string_equal(made[k].entity, made[i].entity);
  }
  assert_true(checked > 300);
  assert_true(wrong > 0 && wrong * 10 < checked); /* slips are few */
}

static void birth_dates_agree_with_ids(void **state) {
  (void)state;
  uint32_t agree = 0, differ = 0;
  for (uint32_t i = 0; i < RECORDS; i++) {
    const char *id = made[i].fields[6], *birth = made[i].fields[12];
    if (strlen(id) != 18 || strlen(birth) != 10 || birth[4] != '-' || !id_is_valid(id)) continue;
    char digits[9] = {birth[0], birth[1], birth[2], birth[3], birth[5],
                      birth[6], birth[8], birth[9], '\0'};
    *(strncmp(id + 6, digits, 8) ? &differ : &agree) += 1;
  }
  assert_true(agree > 50);
  assert_true(differ * 20 < agree);
}

static void only_the_cases_share_mobile_numbers(void **state) {
  (void)state;
  for (uint32_t i = 0; i < RECORDS; i++) {
    const char *phone = made[i].fields[5];
    bool shares = !strncmp(made[i].class, "recycled", 8) || !strcmp(made[i].class, "household") ||
                  !strcmp(made[i].class, "shop_phone");
    if (strlen(phone) != 11 || strchr(phone, '*') || shares || !strcmp(phone, "13800138000"))
      continue;
    for (uint32_t k = 0; k < i; k++)
      if (!strcmp(made[k].fields[5], phone)) assert_string_equal(made[k].entity, made[i].entity);
  }
}

static void the_lists_share_no_word(void **state) {
  (void)state;
  const struct customer_words *a = &customer_words_main, *b = &customer_words_holdout;
  const struct {
    const char *const *left, *const *right;
    uint32_t left_count, right_count;
  } lists[] = {
      {a->roads, b->roads, a->roads_count, b->roads_count},
      {a->communities, b->communities, a->communities_count, b->communities_count},
      {a->firm_first, b->firm_first, a->firm_first_count, b->firm_first_count},
      {a->firm_second, b->firm_second, a->firm_second_count, b->firm_second_count},
      {a->trades, b->trades, a->trades_count, b->trades_count},
      {a->nicknames, b->nicknames, a->nicknames_count, b->nicknames_count},
      {a->dotted, b->dotted, a->dotted_count, b->dotted_count},
      {a->prefixes, b->prefixes, a->prefixes_count, b->prefixes_count},
  };
  for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
    for (uint32_t i = 0; i < lists[l].left_count; i++)
      for (uint32_t k = 0; k < lists[l].right_count; k++)
        assert_string_not_equal(lists[l].left[i], lists[l].right[k]);
  for (uint32_t i = 0; i < a->surnames_count; i++)
    for (uint32_t k = 0; k < b->surnames_count; k++)
      assert_string_not_equal(a->surnames[i].simplified, b->surnames[k].simplified);
  for (uint32_t i = 0; i < a->male_count; i++)
    for (uint32_t k = 0; k < b->male_count; k++)
      assert_string_not_equal(a->male[i].simplified, b->male[k].simplified);
  for (uint32_t i = 0; i < a->cities_count; i++)
    for (uint32_t k = 0; k < b->cities_count; k++)
      assert_string_not_equal(a->cities[i].short_name, b->cities[k].short_name);
}

static void a_permutation_is_one_and_can_be_undone(void **state) {
  (void)state;
  static const uint64_t sizes[] = {1, 2, 3, 10, 1000, 4097};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct permutation p = permutation_of(sizes[i], 42 + i);
    bool *seen = memory_new_zeroed(sizes[i], sizeof *seen);
    for (uint64_t x = 0; x < sizes[i]; x++) {
      uint64_t y = permutation_at(&p, x);
      assert_true(y < sizes[i] && !seen[y]);
      seen[y] = true;
      assert_true(permutation_index_of(&p, y) == x);
    }
    free(seen);
  }
}

static int command(int argc, const char **argv) {
  fflush(stdout);
  fflush(stderr);
  int out = dup(1), err = dup(2), null = open("/dev/null", O_WRONLY);
  dup2(null, 1);
  dup2(null, 2);
  int code = make_customers_command(argc, (char **)argv);
  fflush(stdout);
  dup2(out, 1);
  dup2(err, 2);
  close(out);
  close(err);
  close(null);
  return code;
}

static void wrong_usage_is_refused(void **state) {
  (void)state;
  assert_int_equal(command(1, (const char *[]){"make-customers", NULL}), 2);
  assert_int_equal(
      command(5, (const char *[]){"make-customers", "--records", "0", "--out", "/tmp/x", NULL}), 2);
  assert_int_equal(command(7, (const char *[]){"make-customers", "--records", "5", "--out",
                                               "/tmp/x", "--word-lists", "mine", NULL}),
                   2);
  assert_int_equal(command(3, (const char *[]){"make-customers", "--records", "-1", NULL}), 2);
  assert_int_equal(command(2, (const char *[]){"make-customers", "--help", NULL}), 0);
  assert_int_equal(command(5, (const char *[]){"make-customers", "--records", "5", "--out",
                                               "/proc/nowhere/x", NULL}),
                   1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(threads_do_not_change_a_byte_and_seeds_do),
      cmocka_unit_test(every_case_occurs),
      cmocka_unit_test(parts_hold_what_is_tied),
      cmocka_unit_test(apps_are_tied_by_the_account_they_are_bound_to),
      cmocka_unit_test(a_recycled_number_lies_idle_for_as_long_as_its_class_says),
      cmocka_unit_test(gb18030_holds_the_same_rows),
      cmocka_unit_test(ids_are_valid_and_nobody_shares_one),
      cmocka_unit_test(birth_dates_agree_with_ids),
      cmocka_unit_test(only_the_cases_share_mobile_numbers),
      cmocka_unit_test(the_lists_share_no_word),
      cmocka_unit_test(a_permutation_is_one_and_can_be_undone),
      cmocka_unit_test(wrong_usage_is_refused),
  };
  return cmocka_run_group_tests(tests, read_world, free_world);
}
