#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "worker/sources/source_glob.h"

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/guiyi_glob_XXXXXX");
  if (!mkdtemp(folder) || chdir(folder) != 0) return -1;
  const char *files[] = {"b.csv", "a.csv", "c.jsonl", "odd[1].csv"};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    FILE *file = fopen(files[i], "w");
    if (!file) return -1;
    fclose(file);
  }
  return mkdir("folder.csv", 0700) || symlink("a.csv", "link.csv") || mkfifo("pipe", 0600);
}

static int remove_folder(void **state) {
  (void)state;
  const char *names[] = {"b.csv", "a.csv", "c.jsonl", "odd[1].csv", "link.csv", "pipe"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unlink(names[i]);
  return rmdir("folder.csv") || chdir("/") || rmdir(folder);
}

static void patterns_give_sorted_files_once(void **state) {
  (void)state;
  const char *patterns[] = {"*.jsonl", "*.csv", "./a.csv"};
  struct source_paths paths;
  struct failure f = {0};
  assert_int_equal(source_glob_expand(patterns, 3, &paths, &f), ERR_OK);
  assert_int_equal(paths.count, 4);
  assert_string_equal(paths.paths[0], "./a.csv");
  assert_string_equal(paths.paths[1], "b.csv");
  assert_string_equal(paths.paths[2], "c.jsonl");
  assert_string_equal(paths.paths[3], "odd[1].csv");
  source_paths_release(&paths);
}

static void a_file_named_like_a_pattern_is_that_file(void **state) {
  (void)state;
  const char *patterns[] = {"odd[1].csv"};
  struct source_paths paths;
  assert_int_equal(source_glob_expand(patterns, 1, &paths, NULL), ERR_OK);
  assert_int_equal(paths.count, 1);
  source_paths_release(&paths);
}

static void what_names_no_file_is_refused_with_the_reason(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"missing.csv", "does not exist"}, {"*.xlsx", "matches no file"},
      {"folder.csv", "is a folder"},     {"pipe", "is not a regular file"},
      {"folder*", "matches no file"},    {"a.csv/b.csv", "cannot be read"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct source_paths paths;
    struct failure f = {0};
    assert_int_equal(source_glob_expand(&cases[i][0], 1, &paths, &f), ERR_INPUT);
    assert_non_null(strstr(f.message, cases[i][0]));
    assert_non_null(strstr(f.message, cases[i][1]));
    source_paths_release(&paths);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(patterns_give_sorted_files_once),
      cmocka_unit_test(a_file_named_like_a_pattern_is_that_file),
      cmocka_unit_test(what_names_no_file_is_refused_with_the_reason),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
