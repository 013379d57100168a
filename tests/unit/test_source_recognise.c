/* What a file is told to be from its text alone: format, delimiter, quote, header, encoding, names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/source_rows.h"

static enum err scan(const char *text, size_t size, const struct source_file_options *options,
                     struct source_file *scanned, struct failure *f) {
  struct memory_file file;
  memory_file_open(&file);
  memory_file_write(&file, text, size);
  static const struct source_file_options none;
  enum err err = source_file_scan(file.path, options ? options : &none, 0, scanned, f);
  memory_file_close(&file);
  return err;
}

static void assert_columns(const struct source_file *file, const char *joined) {
  struct buffer names = {0};
  for (uint32_t i = 0; i < file->column_count; i++) {
    if (i) buffer_append_char(&names, '/');
    buffer_append_bytes(&names, file->columns[i]);
  }
  assert_string_equal(buffer_string(&names), joined);
  buffer_release(&names);
}

static void a_dialect_is_told_from_the_text(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum source_format format;
    char delimiter, quote;
    bool has_header;
    const char *columns;
    uint64_t row_count;
  } cases[] = {
      {"name,phone\n张伟,13800138000\n", SOURCE_FORMAT_CSV, ',', '"', true, "name/phone", 1},
      {"name;phone;a,b\nx;1;2\n", SOURCE_FORMAT_CSV, ';', '"', true, "name/phone/a,b", 1},
      {"name\tphone\nx\t1\n", SOURCE_FORMAT_CSV, '\t', '"', true, "name/phone", 1},
      {"name|phone\nx|1\n", SOURCE_FORMAT_CSV, '|', '"', true, "name/phone", 1},
      {"\"na;me\",\"pho;ne\"\n1,2\n", SOURCE_FORMAT_CSV, ',', '"', true, "na;me/pho;ne", 1},
      {"a,b;c\n1,2;3\n4;5\n6;7\n", SOURCE_FORMAT_CSV, ';', '"', true, "a,b/c", 3},
      {"'name','phone'\n'a','b'\n", SOURCE_FORMAT_CSV, ',', '\'', true, "name/phone", 1},
      {"sep=;\nname;phone\n1;2\n", SOURCE_FORMAT_CSV, ';', '"', true, "name/phone", 1},
      {"\"sep=|\"\r\nname|phone\r\n1|2\r\n", SOURCE_FORMAT_CSV, '|', '"', true, "name/phone", 1},
      {"姓名\n张伟\n", SOURCE_FORMAT_CSV, ',', '"', true, "姓名", 1},
      {"张伟,13800138000\n", SOURCE_FORMAT_CSV, ',', '"', false, "column_1/column_2", 1},
      {"a,b@c.cn\nd,e@f.cn\n", SOURCE_FORMAT_CSV, ',', '"', false, "column_1/column_2", 2},
      {"a,11010119900307123X\n", SOURCE_FORMAT_CSV, ',', '"', false, "column_1/column_2", 1},
      {"a,1990-03-07\n", SOURCE_FORMAT_CSV, ',', '"', false, "column_1/column_2", 1},
      {"address1,2019年消费,手机号2\n", SOURCE_FORMAT_CSV, ',', '"', true,
       "address1/2019年消费/手机号2", 0},
      {"\n\r\n name , phone \r\n1,2\r\n", SOURCE_FORMAT_CSV, ',', '"', true, "name/phone", 1},
      {"\xEF\xBB\xBF\"name\",phone\n1,2\n", SOURCE_FORMAT_CSV, ',', '"', true, "name/phone", 1},
      {"1,2\n1,2\n1,2,3\n", SOURCE_FORMAT_CSV, ',', '"', false, "column_1/column_2/column_3", 3},
      {"{\"b\":1,\"a\":{\"c\":2}}\n", SOURCE_FORMAT_JSONL, 0, 0, false, "a.c/b", 1},
      {"\xEF\xBB\xBF{\"b\":1}\r\n\r\n{\"a\":1}", SOURCE_FORMAT_JSONL, 0, 0, false, "a/b", 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct source_file file;
    struct failure f = {0};
    assert_int_equal(scan(cases[i].text, strlen(cases[i].text), NULL, &file, &f), ERR_OK);
    assert_int_equal(file.format, cases[i].format);
    assert_int_equal(file.delimiter, cases[i].delimiter);
    assert_int_equal(file.quote, cases[i].quote);
    assert_int_equal(file.has_header, cases[i].has_header);
    assert_int_equal(file.row_count, cases[i].row_count);
    assert_columns(&file, cases[i].columns);
    source_file_release(&file);
  }
}

static void what_the_caller_says_goes_before_what_is_recognised(void **state) {
  (void)state;
  struct source_file file;
  struct failure f = {0};
  struct source_file_options semicolon = {.delimiter = ';', .header = -1};
  assert_int_equal(scan("a,b;c\nd,e;f\n", 12, &semicolon, &file, &f), ERR_OK);
  assert_columns(&file, "column_1/column_2");
  assert_int_equal(file.row_count, 2);
  source_file_release(&file);

  struct bytes names[] = {BYTES("姓名"), BYTES("电话")};
  struct source_file_options named = {.columns = names, .column_count = 2};
  assert_int_equal(scan("a,a\n1,2\n", 8, &named, &file, &f), ERR_OK);
  assert_columns(&file, "姓名/电话");
  assert_int_equal(file.row_count, 1);
  assert_int_equal(file.warning_count, 0);
  source_file_release(&file);
  assert_int_equal(scan("a,b,c\n1,2,3\n", 12, &named, &file, &f), ERR_INPUT);
  assert_non_null(strstr(f.message, "has 3 columns, but 2 names"));
  source_file_release(&file);

  static const char signs[][2] = {{'\n', '"'}, {'"', 0}, {',', ','}, {(char)0xA3, 0}, {',', '\r'}};
  for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
    struct source_file_options odd = {.delimiter = signs[i][0], .quote = signs[i][1]};
    assert_int_equal(scan("a,b\n1,2\n", 8, &odd, &file, &f), ERR_CONFIG);
    source_file_release(&file);
  }

  struct source_file_options as_csv = {.format = SOURCE_FORMAT_CSV};
  assert_int_equal(scan("{a,b}\n1,2\n", 10, &as_csv, &file, &f), ERR_OK);
  assert_columns(&file, "{a/b}");
  source_file_release(&file);
}

static void names_are_made_usable(void **state) {
  (void)state;
  static const struct {
    const char *text, *columns, *warning;
  } cases[] = {
      {"name,name,name\nx,y,z\n", "name/name_2/name_3", "has the name of another, \"name\""},
      {"name,name_2,name\nx,y,z\n", "name/name_2/name_3", "\"name_3\""},
      {"name,,phone\nx,y,z\n", "name/column_2/phone", "column 2 has no name"},
      {"name,phone,,\nx,y,,\n", "name/phone", NULL},
      {"\xE3\x80\x80姓名\xC2\xA0,\"two\nlines\"\nx,y\n", "姓名/two lines", NULL},
      {"column_2,,x\na,b,c\n", "column_2/column_2_2/x", "column 2 has no name"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct source_file file;
    struct failure f = {0};
    assert_int_equal(scan(cases[i].text, strlen(cases[i].text), NULL, &file, &f), ERR_OK);
    assert_columns(&file, cases[i].columns);
    bool is_warned = cases[i].warning == NULL && file.warning_count == 0;
    for (uint32_t w = 0; w < file.warning_count && cases[i].warning; w++)
      is_warned |= strstr(file.warnings[w], cases[i].warning) != NULL;
    assert_true(is_warned);
    source_file_release(&file);
  }
}

/* In a file of ASCII rows the few others decide, wherever they are. */
static void the_encoding_is_told_from_the_whole_file(void **state) {
  (void)state;
  static const struct {
    const char *rare_row; /* one in a thousand */
    enum err err;
    enum source_encoding encoding;
    const char *message;
  } cases[] = {
      {"\xD5\xC5\xCE\xB0,\xB1\xB1\xBE\xA9\n", ERR_OK, SOURCE_ENCODING_GB18030, NULL},
      {"张伟,北京\n", ERR_OK, SOURCE_ENCODING_UTF8, NULL},
      {"M\xFCller,Stra\xDF"
       "e\n",
       ERR_OK, SOURCE_ENCODING_UTF8, "5 of 5001 records are not UTF-8"},
      {"\xFF\xFE,x\n", ERR_OK, SOURCE_ENCODING_UTF8, "5 of 5001 records are not UTF-8"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct buffer text = {0};
    buffer_append_string(&text, "name,city\n");
    for (int row = 0; row < 5000; row++)
      buffer_append_string(&text, row % 1000 == 999 ? cases[i].rare_row : "Smith,London\n");
    struct source_file file;
    struct failure f = {0};
    assert_int_equal(scan(text.data, text.size, NULL, &file, &f), cases[i].err);
    assert_int_equal(file.encoding, cases[i].encoding);
    if (cases[i].message) assert_non_null(strstr(file.warnings[0], cases[i].message));
    source_file_release(&file);
    buffer_release(&text);
  }
}

static void a_few_rows_in_gb18030_do_not_make_a_file_of_it(void **state) {
  (void)state;
  struct buffer text = {0};
  buffer_append_string(&text, "姓名,城市\n");
  for (int row = 0; row < 100; row++)
    buffer_append_string(&text,
                         row % 30 == 7 ? "\xD5\xC5\xCE\xB0,\xB1\xB1\xBE\xA9\n" : "张伟,北京\n");
  struct source_file file;
  struct failure f = {0};
  assert_int_equal(scan(text.data, text.size, NULL, &file, &f), ERR_OK);
  assert_int_equal(file.encoding, SOURCE_ENCODING_UTF8);
  assert_non_null(strstr(file.warnings[0], "4 of 101 records are not UTF-8"));
  source_file_release(&file);
  buffer_release(&text);
}

static void text_in_no_known_encoding_is_refused(void **state) {
  (void)state;
  struct source_file file;
  struct failure f = {0};
  const char latin[] = "name,city\nM\xFCller,K\xF6ln\nJos\xE9,M\xE1laga\n";
  assert_int_equal(scan(latin, sizeof latin - 1, NULL, &file, &f), ERR_INPUT);
  assert_non_null(strstr(f.message, "is neither UTF-8 nor, by its looks, GB18030"));
  source_file_release(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dialect_is_told_from_the_text),
      cmocka_unit_test(what_the_caller_says_goes_before_what_is_recognised),
      cmocka_unit_test(names_are_made_usable),
      cmocka_unit_test(the_encoding_is_told_from_the_whole_file),
      cmocka_unit_test(a_few_rows_in_gb18030_do_not_make_a_file_of_it),
      cmocka_unit_test(text_in_no_known_encoding_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
