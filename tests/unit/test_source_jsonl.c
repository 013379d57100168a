/* JSON Lines: each line to a row or to the reason why it is none. */
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

static void scan(const char *text, size_t size, const struct source_file_options *options,
                 uint64_t split_bytes, struct source_file *file, struct read_rows *rows) {
  struct memory_file memory;
  struct failure f = {0};
  memory_file_open(&memory);
  memory_file_write(&memory, text, size);
  if (source_file_scan(memory.path, options, split_bytes, file, &f) != ERR_OK)
    fail_msg("%s", f.message);
  if (read_file_rows(file, rows, &f) != ERR_OK) fail_msg("%s", f.message);
  memory_file_close(&memory);
}

/* "key=value;key=value" of the cells that are not empty, or the reason. */
static void print_row(const struct source_file *file, const struct read_row *row,
                      struct buffer *out) {
  buffer_clear(out);
  if (row->reason) buffer_append_string(out, row->reason);
  for (uint32_t c = 0; c < file->column_count && !row->reason; c++) {
    if (row->cells[c].size == 0) continue;
    if (out->size) buffer_append_char(out, '&');
    buffer_append_bytes(out, file->columns[c]);
    buffer_append_char(out, '=');
    buffer_append_bytes(out, row->cells[c]);
  }
}

static const struct {
  const char *line, *row;
} cases[] = {
    {"{\"name\":\"张伟\",\"age\":30}", "age=30&name=张伟"},
    {" {\"name\" : null , \"ok\":true,\"no\":false}  ", "no=false&ok=true"},
    {"{\"n\":12345678901234567890123.4500e+10}", "n=12345678901234567890123.4500e+10"},
    {"{\"n\":-0.10,\"m\":9007199254740993}", "m=9007199254740993&n=-0.10"},
    {"{\"s\":\"a\\n\\\"b\\\"\\u5f20\\ud842\\udfb7\\/\"}", "s=a\n\"b\"张𠮷/"},
    {"{\"a\":{\"b\":{\"c\":1},\"d\":2},\"e\":3}", "a.b.c=1&a.d=2&e=3"},
    {"{\"tags\":[\"x\",1,true,null,\"y\"]}", "tags=x;1;true;;y"},
    {"{\"tags\":[],\"o\":{}}", ""},
    {"{\"list\":[{\"k\": \"v\"},[1, 2]],\"z\":1}", "list=[{\"k\": \"v\"},[1, 2]]&z=1"},
    {"{\"a\":{\"list\":[1,2]}}", "a.list=1;2"},
    {"{\"\":\"x\"}", "(empty)=x"},
    {"{}", ""},
    {"{\"a.b\":1}", "a.b=1"},
    {"{\"a\":1,\"a\":2}", "duplicate_key"},
    {"{\"a.b\":1,\"a\":{\"b\":2}}", "duplicate_key"},
    {"{\"only here\":1,\"only here\":2}", "duplicate_key"},
    {"{\"and here\":1", "malformed_json"},
    {"{\"a\":1,}", "malformed_json"},
    {"{\"a\":1", "malformed_json"},
    {"{\"a\":1}}", "malformed_json"},
    {"{\"a\":1} {\"a\":2}", "malformed_json"},
    {"{\"a\":1} 5", "malformed_json"},
    {"{\"a\":1} tru", "malformed_json"},
    {"{\"a\":01}", "malformed_json"},
    {"{\"a\":NaN}", "malformed_json"},
    {"{\"a\":'x'}", "malformed_json"},
    {"{a:1}", "malformed_json"},
    {"{\"a\":\"tab\there\"}", "malformed_json"},
    {"{\"a\":\"\\x41\"}", "malformed_json"},
    {"{\"a\":1} // note", "malformed_json"},
    {"hello", "malformed_json"},
    {"[1,2]", "not_an_object"},
    {"\"text\"", "not_an_object"},
    {"42", "not_an_object"},
    {"null", "not_an_object"},
    {"{\"a\":\"\\u0000\"}", "nul_byte"},
    {"{\"a\":\"\\ud800\"}", "invalid_escape"},
    {"{\"a\":\"\\ud800\\u0041\"}", "invalid_escape"},
    {"{\"a\":\"\\udc00\"}", "invalid_escape"},
    {"{\"a\":\"\\\\ud800\"}", "a=\\ud800"},
    {"{\"a\":\"\xFF\"}", "invalid_utf8"},
    {"{\"a\":\"\xED\xA0\x80\"}", "invalid_utf8"},
    {"{\"last\":\"good\"}", "last=good"},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

static void each_line_becomes_its_row(void **state) {
  (void)state;
  struct buffer text = {0}, printed = {0};
  for (size_t i = 0; i < CASE_COUNT; i++)
    buffer_printf(&text, "%s%s", cases[i].line, i % 3 == 0 ? "\r\n" : i % 3 == 1 ? "\n\n" : "\n");
  for (uint64_t split_bytes = 0; split_bytes < 100; split_bytes += 33) {
    struct source_file file;
    struct read_rows rows;
    scan(text.data, text.size, &(struct source_file_options){0}, split_bytes, &file, &rows);
    assert_int_equal(rows.count, CASE_COUNT);
    for (size_t i = 0; i < CASE_COUNT; i++) {
      print_row(&file, &rows.rows[i], &printed);
      assert_string_equal(buffer_string(&printed), cases[i].row);
      assert_int_equal(rows.rows[i].line, 1 + i + (i + 1) / 3);
    }
    for (uint32_t c = 0; c < file.column_count; c++) {
      if (c) assert_true(bytes_compare(file.columns[c - 1], file.columns[c]) < 0);
      /* A key of rejected lines alone makes no column. */
      assert_false(bytes_ends_with(file.columns[c], BYTES(" here")));
    }
    read_rows_release(&rows);
    source_file_release(&file);
  }
  buffer_release(&text);
  buffer_release(&printed);
}

static void given_keys_are_read_in_their_order(void **state) {
  (void)state;
  struct bytes keys[] = {BYTES("phone"), BYTES("a.name"), BYTES("missing")};
  struct source_file_options options = {.columns = keys, .column_count = 3};
  const char text[] = "{\"a\":{\"name\":\"x\",\"more\":1},\"phone\":2,\"other\":{\"deep\":[1]}}\n";
  struct source_file file;
  struct read_rows rows;
  scan(text, sizeof text - 1, &options, 0, &file, &rows);
  assert_int_equal(file.column_count, 3);
  assert_true(bytes_equal(rows.rows[0].cells[0], BYTES("2")));
  assert_true(bytes_equal(rows.rows[0].cells[1], BYTES("x")));
  assert_true(bytes_equal(rows.rows[0].cells[2], BYTES("")));
  read_rows_release(&rows);
  source_file_release(&file);
}

/* One line of a certain depth, and one with a key of a certain length. */
static void limits_of_depth_and_keys_are_kept(void **state) {
  (void)state;
  static const struct {
    int depth, key_bytes;
    const char *reason;
  } limits[] = {
      {SOURCE_JSON_DEPTH_MAX, 1, NULL},
      {SOURCE_JSON_DEPTH_MAX + 1, 1, "too_deep"},
      {200000, 1, "too_deep"},
      {1, SOURCE_COLUMN_NAME_BYTES_MAX, NULL},
      {1, SOURCE_COLUMN_NAME_BYTES_MAX + 1, "key_too_long"},
  };
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    struct buffer text = {0};
    buffer_append_string(&text, "{\"");
    for (int k = 0; k < limits[i].key_bytes; k++) buffer_append_char(&text, 'k');
    buffer_append_string(&text, "\":");
    for (int k = 1; k < limits[i].depth; k++) buffer_append_char(&text, '[');
    for (int k = 1; k < limits[i].depth; k++) buffer_append_char(&text, ']');
    if (limits[i].depth == 1) buffer_append_char(&text, '1');
    buffer_append_string(&text, "}\n{\"ok\":1}\n");
    struct source_file file;
    struct read_rows rows;
    scan(text.data, text.size, &(struct source_file_options){0}, 0, &file, &rows);
    assert_int_equal(rows.count, 2);
    if (limits[i].reason)
      assert_string_equal(rows.rows[0].reason, limits[i].reason);
    else
      assert_null(rows.rows[0].reason);
    assert_null(rows.rows[1].reason);
    read_rows_release(&rows);
    source_file_release(&file);
    buffer_release(&text);
  }
}

static void a_file_that_is_no_json_lines_is_refused(void **state) {
  (void)state;
  struct buffer many = {0};
  for (int i = 0; i <= SOURCE_COLUMNS_MAX; i++) buffer_printf(&many, "{\"key%d\":1}\n", i);
  const struct {
    struct bytes text;
    const char *message;
  } files[] = {
      {BYTES("[{\"a\":1},\n{\"a\":2}]\n"), "is one JSON document"},
      {BYTES("{\n  \"a\": 1\n}\n"), "is one JSON document"},
      {BYTES("{}\n{}\n"), "no line with a JSON object that has a key"},
      {BYTES("{broken\n{broken\n"), "no line with a JSON object that has a key"},
      {buffer_bytes(&many), "more than 4096 different keys"},
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    struct memory_file memory;
    struct source_file file;
    struct failure f = {0};
    memory_file_open(&memory);
    memory_file_write(&memory, files[i].text.data, files[i].text.size);
    assert_int_equal(source_file_scan(memory.path, &(struct source_file_options){0}, 0, &file, &f),
                     ERR_INPUT);
    assert_non_null(strstr(f.message, files[i].message));
    source_file_release(&file);
    memory_file_close(&memory);
  }
  buffer_release(&many);
}

/* What is written as JSON comes back, over several chunks. */
static void written_objects_come_back(void **state) {
  (void)state;
  enum { OBJECTS = 60000 };
  struct buffer text = {0};
  uint64_t random = 9, written = 0, found = 0;
  for (int i = 0; i < OBJECTS; i++) {
    random = hash_mix(random + 1);
    unsigned key = (unsigned)(random % 5);
    buffer_printf(&text, "{\"k%u\":\"v%d 张\\u00e9\",\"n\":{\"k%u\":%d}}\n", key, i, key, i);
    char cell[64];
    sprintf(cell, "k%u=v%d 张é&n.k%u=%d", key, i, key, i);
    written += hash_bytes(bytes_from_string(cell));
  }
  struct source_file file;
  struct read_rows rows;
  scan(text.data, text.size, &(struct source_file_options){0}, 500000, &file, &rows);
  assert_int_equal(file.column_count, 10);
  assert_true(file.split_count > 2);
  assert_int_equal(rows.count, OBJECTS);
  struct buffer printed = {0};
  for (size_t i = 0; i < rows.count; i++) {
    print_row(&file, &rows.rows[i], &printed);
    found += hash_bytes(buffer_bytes(&printed));
  }
  assert_int_equal(written, found);
  buffer_release(&printed);
  buffer_release(&text);
  read_rows_release(&rows);
  source_file_release(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_line_becomes_its_row),
      cmocka_unit_test(given_keys_are_read_in_their_order),
      cmocka_unit_test(limits_of_depth_and_keys_are_kept),
      cmocka_unit_test(a_file_that_is_no_json_lines_is_refused),
      cmocka_unit_test(written_objects_come_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
