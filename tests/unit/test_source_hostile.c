/* The files of tests/hostile, each with the answer that expected.tsv wants, and big ones made here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <zlib.h>

#include "common/memory.h"
#include "tests/harness/source_rows.h"

static const char folder[] = GUIYI_SOURCE_DIR "/tests/hostile";

/* All that a user would read about a file, and what its exit code would be. */
struct answer {
  struct buffer text;
  int exit_code;
  uint64_t accepted, rejected;
};

static void answer_rows(struct source_file *file, struct answer *answer) {
  struct read_rows rows;
  struct failure f = {0};
  if (read_file_rows(file, &rows, &f) != ERR_OK) fail_msg("%s", f.message);
  for (size_t i = 0; i < rows.count; i++) {
    if (!rows.rows[i].reason) {
      answer->accepted++;
      continue;
    }
    answer->rejected++;
    assert_non_null(source_reject_sentence(rows.rows[i].reason));
    buffer_printf(&answer->text, "%s\n", rows.rows[i].reason);
  }
  read_rows_release(&rows);
}

static void ask(const char *path, uint64_t split_bytes, struct answer *answer) {
  *answer = (struct answer){0};
  struct source_file file;
  struct failure f = {0};
  enum err err = source_file_scan(path, &(struct source_file_options){0}, split_bytes, &file, &f);
  if (err == ERR_OK) {
    for (uint32_t i = 0; i < file.warning_count; i++)
      buffer_printf(&answer->text, "%s\n", file.warnings[i]);
    answer_rows(&file, answer);
    answer->exit_code = answer->accepted ? 0 : 3;
  } else {
    answer->exit_code = err_exit_code(err);
    assert_non_null(strstr(f.message, path));
    buffer_printf(&answer->text, "%s\n", f.message);
  }
  buffer_string(&answer->text);
  source_file_release(&file);
}

struct expectation {
  char *file, *arguments, *fragment;
  int exit_code;
  uint64_t accepted, rejected;
};

static void parse_expectation(char *line, struct expectation *e) {
  char *rest = NULL, *fields[6];
  for (int i = 0; i < 6; i++) {
    fields[i] = strtok_r(i ? NULL : line, "\t\n", &rest);
    assert_non_null(fields[i]);
  }
  *e = (struct expectation){.file = fields[0],
                            .arguments = fields[1],
                            .fragment = fields[3],
                            .exit_code = atoi(fields[2]),
                            .accepted = strtoull(fields[4], NULL, 10),
                            .rejected = strtoull(fields[5], NULL, 10)};
}

static void assert_answered(const struct expectation *e) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, e->file);
  static const uint64_t split_sizes[] = {0, 1, 40};
  for (size_t i = 0; i < 3; i++) {
    struct answer answer;
    ask(path, split_sizes[i], &answer);
    bool is_right = answer.exit_code == e->exit_code && answer.accepted == e->accepted &&
                    answer.rejected == e->rejected &&
                    (strcmp(e->fragment, "-") == 0 || strstr(answer.text.data, e->fragment));
    if (!is_right)
      fail_msg("%s: exit %d, %llu accepted, %llu rejected, said: %s", e->file, answer.exit_code,
               (unsigned long long)answer.accepted, (unsigned long long)answer.rejected,
               answer.text.data);
    buffer_release(&answer.text);
  }
}

static void every_file_is_answered_as_expected(void **state) {
  (void)state;
  char path[512], line[1024];
  snprintf(path, sizeof path, "%s/expected.tsv", folder);
  FILE *table = fopen(path, "r");
  assert_non_null(table);
  int count = 0;
  while (fgets(line, sizeof line, table)) {
    if (line[0] == '#' || strncmp(line, "file\t", 5) == 0) continue;
    struct expectation e;
    parse_expectation(line, &e);
    assert_string_equal(e.arguments, "-");
    assert_answered(&e);
    count++;
  }
  fclose(table);
  assert_true(count >= 60);
}

/* Writes text to a file and asks about it. */
static void ask_about(const struct buffer *text, struct answer *answer) {
  struct memory_file memory;
  memory_file_open(&memory);
  memory_file_write(&memory, text->data, text->size);
  ask(memory.path, 0, answer);
  memory_file_close(&memory);
}

static void append_many(struct buffer *text, char c, size_t count) {
  buffer_reserve(text, count);
  memset(text->data + text->size, c, count);
  text->size += count;
}

static void a_hundred_thousand_columns_are_refused(void **state) {
  (void)state;
  struct buffer text = {0};
  for (int row = 0; row < 2; row++)
    for (int i = 0; i < 100000; i++) buffer_printf(&text, "c%d%c", i, i < 99999 ? ',' : '\n');
  struct answer answer;
  ask_about(&text, &answer);
  assert_int_equal(answer.exit_code, 3);
  assert_non_null(strstr(answer.text.data, "has 100000 columns; at most 4096"));
  buffer_release(&answer.text);
  buffer_release(&text);
}

static void the_most_columns_are_read(void **state) {
  (void)state;
  struct buffer text = {0};
  for (int row = 0; row < 40; row++)
    for (int i = 0; i < SOURCE_COLUMNS_MAX; i++)
      buffer_printf(&text, "c%d.%d%c", row, i, i + 1 < SOURCE_COLUMNS_MAX ? ',' : '\n');
  struct answer answer;
  ask_about(&text, &answer);
  assert_int_equal(answer.exit_code, 0);
  assert_int_equal(answer.accepted, 39);
  buffer_release(&answer.text);
  buffer_release(&text);
}

static void a_first_line_without_end_is_refused(void **state) {
  (void)state;
  struct buffer text = {0};
  append_many(&text, 'x', 3 << 20);
  struct answer answer;
  ask_about(&text, &answer);
  assert_int_equal(answer.exit_code, 3);
  assert_non_null(strstr(answer.text.data, "the first record does not end within 1048576 bytes"));
  buffer_release(&answer.text);
  buffer_release(&text);
}

static void megabytes_of_blank_lines_are_no_rows(void **state) {
  (void)state;
  struct buffer text = {0};
  buffer_append_string(&text, "a,b\n1,2\n");
  append_many(&text, '\n', 5 << 20);
  buffer_append_string(&text, "3,4\n");
  struct answer answer;
  ask_about(&text, &answer);
  assert_int_equal(answer.accepted, 2);
  assert_int_equal(answer.rejected, 0);
  buffer_release(&answer.text);
  buffer_release(&text);
}

static void rejects_alone_do_not_end_a_file(void **state) {
  (void)state;
  struct buffer text = {0};
  buffer_append_string(&text, "a,b\n1,2\n");
  for (int i = 0; i < 300000; i++) buffer_append_string(&text, "x\n");
  buffer_append_string(&text, "3,4\n");
  struct answer answer;
  ask_about(&text, &answer);
  assert_int_equal(answer.accepted, 2);
  assert_int_equal(answer.rejected, 300000);
  buffer_release(&answer.text);
  buffer_release(&text);
}

static void a_row_of_forty_million_cells_is_one_reject(void **state) {
  (void)state;
  struct buffer text = {0};
  buffer_append_string(&text, "a,b\n1,2\n");
  append_many(&text, ',', 40 << 20);
  buffer_append_string(&text, "\n3,4\n");
  struct answer answer;
  ask_about(&text, &answer);
  assert_int_equal(answer.accepted, 2);
  assert_string_equal(answer.text.data, "row_too_long\n");
  buffer_release(&answer.text);
  buffer_release(&text);
}

/* 300 MiB in one cell, packed to a few hundred KiB: one reject, and no memory for it. */
static void a_packed_giant_needs_little_memory(void **state) {
  (void)state;
  struct buffer block = {0}, packed = {0};
  append_many(&block, 'x', 1 << 20);
  buffer_reserve(&packed, 2 << 20);
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_out = (Bytef *)packed.data;
  z.avail_out = (uInt)packed.capacity;
  static const char head[] = "a,b\n1,2\n", tail[] = "\n3,4\n";
  for (int i = 0; i < 302; i++) {
    z.next_in = (Bytef *)(i == 0 ? head : i == 301 ? tail : block.data);
    z.avail_in = (uInt)(i == 0 ? sizeof head - 1 : i == 301 ? sizeof tail - 1 : block.size);
    assert_int_equal(deflate(&z, i == 301 ? Z_FINISH : Z_NO_FLUSH), i == 301 ? Z_STREAM_END : Z_OK);
  }
  packed.size = z.total_out;
  deflateEnd(&z);
  struct answer answer;
  ask_about(&packed, &answer);
  assert_int_equal(answer.accepted, 2);
  assert_int_equal(answer.rejected, 1);
  assert_non_null(strstr(answer.text.data, "row_too_long"));
  assert_true(memory_resident_peak_bytes() < (size_t)256 << 20);
  buffer_release(&answer.text);
  buffer_release(&packed);
  buffer_release(&block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      /* First: it looks at the most memory so far. */
      cmocka_unit_test(a_packed_giant_needs_little_memory),
      cmocka_unit_test(every_file_is_answered_as_expected),
      cmocka_unit_test(a_hundred_thousand_columns_are_refused),
      cmocka_unit_test(the_most_columns_are_read),
      cmocka_unit_test(a_first_line_without_end_is_refused),
      cmocka_unit_test(megabytes_of_blank_lines_are_no_rows),
      cmocka_unit_test(rejects_alone_do_not_end_a_file),
      cmocka_unit_test(a_row_of_forty_million_cells_is_one_reject),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
