/* Well-formed CSV read by us and by libcsv, which knows nothing of us. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <csv.h>

#include "common/hash.h"
#include "tests/harness/source_rows.h"

static uint64_t random_state;

static size_t below(size_t limit) {
  return (size_t)(hash_mix(random_state += 0x9e3779b97f4a7c15ULL) % limit);
}

struct totals {
  uint64_t hash, cells, rows;
};

static void on_cell(void *text, size_t size, void *context) {
  struct totals *t = context;
  t->hash = hash_join(t->hash, hash_bytes(bytes_of(text ? text : "", size)));
  t->cells++;
}

static void on_row(int ending, void *context) {
  (void)ending;
  struct totals *t = context;
  t->hash = hash_join(t->hash, 1);
  t->rows++;
}

static int no_space(unsigned char c) { return (void)c, 0; }

static void make_table(struct buffer *text, size_t rows, size_t columns) {
  for (size_t c = 0; c < columns; c++) buffer_printf(text, "%scolumn %zu", c ? "," : "", c);
  static const char *const pieces[] = {"a",    " ",    "张", "0", ",", "\n",
                                       "\r\n", "\"\"", "'",  ";", "é"};
  for (size_t row = 0; row < rows; row++) {
    buffer_append_string(text, below(2) ? "\n" : "\r\n");
    for (size_t c = 0; c < columns; c++) {
      if (c) buffer_append_char(text, ',');
      bool is_quoted = below(3) == 0;
      if (is_quoted) buffer_append_char(text, '"');
      for (size_t i = below(6); i > 0; i--) {
        const char *piece = pieces[below(sizeof pieces / sizeof pieces[0])];
        if (is_quoted || !strpbrk(piece, ",\r\n\"")) buffer_append_string(text, piece);
      }
      if (is_quoted) buffer_append_char(text, '"');
    }
  }
}

static void well_formed_tables_are_read_as_libcsv_reads_them(void **state) {
  (void)state;
  random_state = 21;
  struct memory_file memory;
  memory_file_open(&memory);
  for (int round = 0; round < 60; round++) {
    struct buffer text = {0};
    size_t columns = 2 + below(9);
    make_table(&text, below(round < 50 ? 300 : 30000), columns);
    struct totals theirs = {0}, ours = {0};
    struct csv_parser parser;
    assert_int_equal(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
    csv_set_space_func(&parser, no_space);
    assert_int_equal(csv_parse(&parser, text.data, text.size, on_cell, on_row, &theirs), text.size);
    assert_int_equal(csv_fini(&parser, on_cell, on_row, &theirs), 0);
    csv_free(&parser);

    memory_file_write(&memory, text.data, text.size);
    struct source_file file;
    struct read_rows rows;
    struct failure f = {0};
    struct source_file_options options = {.delimiter = ',', .quote = '"', .header = 1};
    assert_int_equal(source_file_scan(memory.path, &options, 1 + below(100000), &file, &f), ERR_OK);
    assert_int_equal(read_file_rows(&file, &rows, &f), ERR_OK);
    for (uint32_t c = 0; c < file.column_count; c++)
      on_cell((void *)file.columns[c].data, file.columns[c].size, &ours);
    on_row(0, &ours);
    for (size_t i = 0; i < rows.count; i++) {
      assert_null(rows.rows[i].reason);
      for (uint32_t c = 0; c < file.column_count; c++)
        on_cell((void *)rows.rows[i].cells[c].data, rows.rows[i].cells[c].size, &ours);
      on_row(0, &ours);
    }
    assert_int_equal(ours.rows, theirs.rows);
    assert_int_equal(ours.cells, theirs.cells);
    assert_int_equal(ours.hash, theirs.hash);
    read_rows_release(&rows);
    source_file_release(&file);
    buffer_release(&text);
  }
  memory_file_close(&memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(well_formed_tables_are_read_as_libcsv_reads_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
