/* A file that is another by the time it is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/stat.h>

#include "tests/harness/source_rows.h"

enum { ROWS = 300000 };

static struct memory_file memory;
static struct buffer text;
static struct source_file file;

static int scan_table(void **state) {
  (void)state;
  memory_file_open(&memory);
  buffer_append_string(&text, "id,name,phone\n");
  for (int i = 0; i < ROWS; i++) buffer_printf(&text, "%d,name,13800138000\n", i);
  memory_file_write(&memory, text.data, text.size);
  struct failure f = {0};
  return source_file_scan(memory.path, &(struct source_file_options){0}, 0, &file, &f);
}

static int release_table(void **state) {
  (void)state;
  source_file_release(&file);
  memory_file_close(&memory);
  buffer_release(&text);
  return 0;
}

static void assert_refused(enum err err, const struct failure *f, const char *fragment) {
  assert_int_equal(err, ERR_INPUT);
  assert_non_null(strstr(f->message, memory.path));
  assert_non_null(strstr(f->message, fragment));
}

/* Reads to the end; the last error. */
static enum err read_to_end(struct source_reader *reader, struct failure *f) {
  struct source_batch batch;
  enum err err;
  do err = source_reader_next(reader, &batch, f);
  while (err == ERR_OK && batch.row_count);
  return err;
}

static void a_file_changed_before_it_is_read_is_refused(void **state) {
  (void)state;
  struct failure f = {0};
  struct source_reader *reader;
  memory_file_write(&memory, text.data, text.size - 20);
  assert_refused(source_reader_open(&file, 0, &reader, &f), &f, "was changed while it was read");
  assert_null(reader);
}

static void a_file_that_shrinks_while_it_is_read_is_refused(void **state) {
  (void)state;
  struct failure f = {0};
  struct source_reader *reader;
  struct source_batch batch;
  assert_int_equal(source_reader_open(&file, 0, &reader, &f), ERR_OK);
  assert_int_equal(source_reader_next(reader, &batch, &f), ERR_OK);
  assert_true(batch.row_count > 0);
  assert_int_equal(ftruncate(memory.descriptor, 3000000), 0);
  assert_refused(read_to_end(reader, &f), &f, "became shorter while it was read");
  source_reader_close(&reader);
  assert_null(reader);
}

static void a_file_that_grows_while_it_is_read_is_refused(void **state) {
  (void)state;
  struct failure f = {0};
  struct source_reader *reader;
  struct source_batch batch;
  assert_int_equal(source_reader_open(&file, 0, &reader, &f), ERR_OK);
  assert_int_equal(source_reader_next(reader, &batch, &f), ERR_OK);
  assert_int_equal(pwrite(memory.descriptor, "1,2,3\n", 6, (off_t)text.size), 6);
  assert_refused(read_to_end(reader, &f), &f, "was changed while it was read");
  source_reader_close(&reader);
}

static void a_file_rewritten_while_it_is_read_is_refused(void **state) {
  (void)state;
  struct failure f = {0};
  struct source_reader *reader;
  struct source_batch batch;
  assert_int_equal(source_reader_open(&file, 0, &reader, &f), ERR_OK);
  assert_int_equal(source_reader_next(reader, &batch, &f), ERR_OK);
  assert_int_equal(pwrite(memory.descriptor, "999", 3, (off_t)text.size - 10), 3);
  /* The clock of file times may not have moved since the scan: set the time apart. */
  struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
  assert_int_equal(futimens(memory.descriptor, times), 0);
  assert_refused(read_to_end(reader, &f), &f, "was changed while it was read");
  source_reader_close(&reader);
}

/* With the same size and time only the number of rows can tell. */
static void another_number_of_rows_is_refused(void **state) {
  (void)state;
  struct failure f = {0};
  struct source_reader *reader;
  struct source_batch batch;
  assert_int_equal(source_reader_open(&file, 0, &reader, &f), ERR_OK);
  assert_int_equal(source_reader_next(reader, &batch, &f), ERR_OK);
  assert_int_equal(pwrite(memory.descriptor, "\n", 1, (off_t)text.size - 10), 1);
  struct timespec time = {file.identity.modified_ns / 1000000000,
                          file.identity.modified_ns % 1000000000};
  struct timespec times[2] = {time, time};
  assert_int_equal(futimens(memory.descriptor, times), 0);
  assert_refused(read_to_end(reader, &f), &f, "300000 rows were counted from line 2 on");
  source_reader_close(&reader);
}

static void a_file_that_is_gone_is_refused(void **state) {
  (void)state;
  struct failure f = {0};
  struct source_reader *reader;
  struct source_file gone = file;
  char path[] = "/nowhere/rows.csv";
  gone.path = path;
  assert_int_equal(source_reader_open(&gone, 0, &reader, &f), ERR_INPUT);
  assert_non_null(strstr(f.message, "/nowhere/rows.csv does not exist"));
}

int main(void) {
  text = (struct buffer){0};
#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, scan_table, release_table)
  const struct CMUnitTest tests[] = {
      WITH_TABLE(a_file_changed_before_it_is_read_is_refused),
      WITH_TABLE(a_file_that_shrinks_while_it_is_read_is_refused),
      WITH_TABLE(a_file_that_grows_while_it_is_read_is_refused),
      WITH_TABLE(a_file_rewritten_while_it_is_read_is_refused),
      WITH_TABLE(another_number_of_rows_is_refused),
      WITH_TABLE(a_file_that_is_gone_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
