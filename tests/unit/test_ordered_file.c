#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "worker/ordered_file.h"

static void parts_are_written_in_their_order(void **state) {
  (void)state;
  char folder[] = "/tmp/guiyi_ordered_XXXXXX";
  assert_non_null(mkdtemp(folder));
  struct ordered_file *file = NULL;
  struct failure failure = {0};
  assert_int_equal(ordered_file_open(folder, "a.csv", BYTES("head\n"), &file, &failure), ERR_OK);
  static const uint32_t order[] = {3, 0, 4, 2, 1};
  char path[200];
  snprintf(path, sizeof path, "%s/a.csv", folder);
  for (size_t i = 0; i < 5; i++) {
    struct buffer text = {0};
    buffer_printf(&text, "part %u\n", order[i]);
    assert_int_equal(ordered_file_add(file, order[i], &text, &failure), ERR_OK);
    assert_int_equal(access(path, F_OK), -1); /* not before it is complete */
  }
  assert_int_equal(ordered_file_finish(&file, 5, &failure), ERR_OK);
  FILE *in = fopen(path, "r");
  assert_non_null(in);
  char content[200] = {0};
  assert_true(fread(content, 1, sizeof content - 1, in) > 0);
  fclose(in);
  assert_string_equal(content, "head\npart 0\npart 1\npart 2\npart 3\npart 4\n");
  unlink(path);
  assert_int_equal(rmdir(folder), 0);
}

static void a_dropped_file_leaves_nothing(void **state) {
  (void)state;
  char folder[] = "/tmp/guiyi_ordered_XXXXXX";
  assert_non_null(mkdtemp(folder));
  struct ordered_file *file = NULL;
  struct failure failure = {0};
  assert_int_equal(ordered_file_open(folder, "a.csv", BYTES("head\n"), &file, &failure), ERR_OK);
  struct buffer text = {0};
  buffer_append_string(&text, "waits");
  assert_int_equal(ordered_file_add(file, 1, &text, &failure), ERR_OK);
  ordered_file_drop(&file);
  assert_null(file);
  assert_int_equal(rmdir(folder), 0);
}

static void a_folder_that_is_not_there_is_told(void **state) {
  (void)state;
  struct ordered_file *file = NULL;
  struct failure failure = {0};
  assert_int_equal(ordered_file_open("/nowhere/x", "a.csv", BYTES_EMPTY, &file, &failure), ERR_IO);
  assert_non_null(strstr(failure.message, "/nowhere/x/a.csv.part"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_are_written_in_their_order),
      cmocka_unit_test(a_dropped_file_leaves_nothing),
      cmocka_unit_test(a_folder_that_is_not_there_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
