/* The sample is what its definition says, whatever the order of the rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/hash.h"
#include "tests/harness/source_rows.h"

enum { ROWS = 20000 };

static uint64_t random_state;

static uint64_t next_random(void) { return hash_mix(random_state += 0x9e3779b97f4a7c15ULL); }

struct line {
  uint64_t hash;
  char text[48];
};

static int compare_hashes(const void *a, const void *b) {
  const struct line *left = a, *right = b;
  return (left->hash > right->hash) - (left->hash < right->hash);
}

static void make_lines(struct line *lines) {
  for (int i = 0; i < ROWS; i++) {
    /* A third of the rows are repetitions. */
    sprintf(lines[i].text, "%d,name%d,%d", i * 2 / 3, i * 2 / 3, i * 2 / 3 % 7);
    lines[i].hash = hash_bytes(bytes_from_string(lines[i].text));
  }
}

static void shuffle(struct line *lines) {
  for (int i = ROWS - 1; i > 0; i--) {
    int other = (int)(next_random() % (uint64_t)(i + 1));
    struct line kept = lines[i];
    lines[i] = lines[other];
    lines[other] = kept;
  }
}

static void scan_lines(const struct line *lines, const char *line_end, struct source_file *file) {
  struct buffer text = {0};
  buffer_printf(&text, "id,name,kind%s", line_end);
  for (int i = 0; i < ROWS; i++) buffer_printf(&text, "%s%s", lines[i].text, line_end);
  struct memory_file memory;
  memory_file_open(&memory);
  memory_file_write(&memory, text.data, text.size);
  struct failure f = {0};
  assert_int_equal(source_file_scan(memory.path, &(struct source_file_options){0}, 0, file, &f),
                   ERR_OK);
  memory_file_close(&memory);
  buffer_release(&text);
}

static void the_sample_is_the_rows_with_the_smallest_hashes(void **state) {
  (void)state;
  random_state = 5;
  struct line *lines = memory_new(ROWS * sizeof *lines),
              *sorted = memory_new(ROWS * sizeof *sorted);
  make_lines(lines);
  memcpy(sorted, lines, ROWS * sizeof *lines);
  qsort(sorted, ROWS, sizeof *sorted, compare_hashes);
  uint64_t content_hash = 0;
  for (int round = 0; round < 4; round++) {
    struct source_file file;
    scan_lines(lines, round % 2 ? "\r\n" : "\n", &file);
    assert_int_equal(file.sample.row_count, SOURCE_SAMPLE_ROWS);
    assert_int_equal(file.sample.column_count, 3);
    if (round) assert_int_equal(file.content_hash, content_hash);
    content_hash = file.content_hash;
    int expected = 0;
    for (uint32_t row = 0; row < file.sample.row_count; row++, expected++) {
      while (expected && sorted[expected].hash == sorted[expected - 1].hash) expected++;
      const struct bytes *cells = file.sample.cells + (size_t)row * 3;
      struct buffer joined = {0};
      for (int c = 0; c < 3; c++) {
        if (c) buffer_append_char(&joined, ',');
        buffer_append_bytes(&joined, cells[c]);
      }
      assert_string_equal(buffer_string(&joined), sorted[expected].text);
      buffer_release(&joined);
    }
    source_file_release(&file);
    shuffle(lines);
  }
  free(lines);
  free(sorted);
}

static void a_small_file_is_sampled_in_whole_without_its_rejects(void **state) {
  (void)state;
  struct memory_file memory;
  memory_file_open(&memory);
  const char text[] = "a,b\n1,2\n3\n\"4\",\"5\"\"6\"\n1,2\n\xFF,7\n";
  memory_file_write(&memory, text, sizeof text - 1);
  struct source_file file;
  struct failure f = {0};
  assert_int_equal(source_file_scan(memory.path, &(struct source_file_options){0}, 0, &file, &f),
                   ERR_OK);
  assert_int_equal(file.row_count, 5);
  assert_int_equal(file.sample.row_count, 2);
  uint32_t quoted = bytes_equal(file.sample.cells[0], BYTES("4")) ? 0 : 1;
  assert_true(bytes_equal(file.sample.cells[quoted * 2 + 1], BYTES("5\"6")));
  assert_true(bytes_equal(file.sample.cells[(1 - quoted) * 2], BYTES("1")));
  source_file_release(&file);
  memory_file_close(&memory);
}

/* Rows of 60 KiB: the limit of bytes is reached before that of rows, and does not hang on the
 * order. */
static void long_rows_make_the_sample_smaller(void **state) {
  (void)state;
  enum { LONG_ROWS = 700, CELL = 60000 };
  uint64_t hashes[2] = {0};
  uint32_t counts[2];
  for (int round = 0; round < 2; round++) {
    struct buffer text = {0};
    buffer_append_string(&text, "a,b\n");
    for (int i = 0; i < LONG_ROWS; i++) {
      int row = round ? LONG_ROWS - 1 - i : i;
      buffer_printf(&text, "r%d,", row);
      size_t size = CELL - (size_t)(row % 97) * 100;
      buffer_reserve(&text, size);
      memset(text.data + text.size, 'a' + row % 26, size);
      text.size += size;
      buffer_append_char(&text, '\n');
    }
    struct memory_file memory;
    memory_file_open(&memory);
    memory_file_write(&memory, text.data, text.size);
    struct source_file file;
    struct failure f = {0};
    assert_int_equal(source_file_scan(memory.path, &(struct source_file_options){0}, 0, &file, &f),
                     ERR_OK);
    counts[round] = file.sample.row_count;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < counts[round] * 2; i++) {
      hashes[round] = hash_join(hashes[round], hash_bytes(file.sample.cells[i]));
      bytes += file.sample.cells[i].size;
    }
    assert_true(bytes <= SOURCE_SAMPLE_BYTES_MAX && bytes > SOURCE_SAMPLE_BYTES_MAX - 2 * CELL);
    source_file_release(&file);
    memory_file_close(&memory);
    buffer_release(&text);
  }
  assert_int_equal(counts[0], counts[1]);
  assert_int_equal(hashes[0], hashes[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_sample_is_the_rows_with_the_smallest_hashes),
      cmocka_unit_test(a_small_file_is_sampled_in_whole_without_its_rejects),
      cmocka_unit_test(long_rows_make_the_sample_smaller),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
