/* CSV files, scanned and read, against the slow reference: every kernel, split size and chunk
 * border. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>

#include "common/hash.h"
#include "tests/harness/csv_reference.h"
#include "tests/harness/source_rows.h"
#include "worker/sources/record_chunk.h"

static const char *const kernel_names[] = {"scalar", "avx2", "avx512"};

static uint64_t random_state;

static uint64_t next_random(void) { return hash_mix(random_state += 0x9e3779b97f4a7c15ULL); }
static size_t below(size_t limit) { return (size_t)(next_random() % limit); }

static void use_kernels(const char *name) { assert_int_equal(setenv("GUIYI_SIMD", name, 1), 0); }

static void assert_same_rows(const struct read_rows *expected, const struct read_rows *found,
                             uint32_t column_count) {
  assert_int_equal(expected->count, found->count);
  for (size_t i = 0; i < expected->count; i++) {
    const struct read_row *a = &expected->rows[i], *b = &found->rows[i];
    assert_int_equal(a->row, b->row);
    assert_int_equal(a->line, b->line);
    if (a->reason || b->reason) {
      assert_non_null(a->reason);
      assert_non_null(b->reason);
      assert_string_equal(a->reason, b->reason);
      continue;
    }
    for (uint32_t c = 0; c < column_count; c++) assert_true(bytes_equal(a->cells[c], b->cells[c]));
  }
}

/* Splits follow one another, none is empty, and they hold all rows. */
static void assert_splits_are_whole(const struct source_file *file) {
  uint64_t rows = 0;
  for (uint32_t i = 0; i < file->split_count; i++) {
    const struct source_split *split = &file->splits[i];
    assert_true(split->row_count > 0);
    assert_int_equal(split->first_row, rows);
    rows += split->row_count;
    uint64_t end = i + 1 < file->split_count ? split[1].offset : file->identity.size;
    assert_int_equal(split->offset + split->size, end);
  }
  assert_int_equal(rows, file->row_count);
}

/* Scans and reads the file and compares with the reference. */
static void assert_read_as(struct memory_file *file, const struct read_rows *expected,
                           uint64_t split_bytes, uint32_t column_count) {
  struct source_file_options options = {.format = SOURCE_FORMAT_CSV,
                                        .encoding = SOURCE_ENCODING_UTF8,
                                        .delimiter = ',',
                                        .quote = '"',
                                        .header = 1};
  struct source_file scanned;
  struct failure f = {0};
  struct read_rows found;
  assert_int_equal(source_file_scan(file->path, &options, split_bytes, &scanned, &f), ERR_OK);
  assert_int_equal(scanned.column_count, column_count);
  assert_int_equal(scanned.row_count, expected->count);
  assert_splits_are_whole(&scanned);
  assert_int_equal(read_file_rows(&scanned, &found, &f), ERR_OK);
  assert_same_rows(expected, &found, column_count);
  read_rows_release(&found);
  source_file_release(&scanned);
}

static size_t write_header(char *text, uint32_t column_count, const char *line_end) {
  size_t size = 0;
  for (uint32_t c = 0; c < column_count; c++)
    size += (size_t)sprintf(text + size, "%sc%u", c ? "," : "", c);
  return size + (size_t)sprintf(text + size, "%s", line_end);
}

static void reference_rows(const char *text, size_t size, size_t header_size, uint64_t first_line,
                           uint32_t column_count, struct read_rows *rows) {
  struct csv_reference reference = {text, size, header_size, first_line, ',', '"', column_count};
  csv_reference_read(reference, rows);
}

static const char *const alphabets[] = {
    "ab,\"\n\r", "abcdefgh,,\n", "ab,\"\"\n", "a,\n", "\"\",,\r\n", "\"\"\"a,\n", "abc\",\"\n",
};

static void random_text_is_read_as_the_rules_say(void **state) {
  (void)state;
  random_state = 11;
  struct memory_file file;
  memory_file_open(&file);
  static const uint64_t split_sizes[] = {0, 1, 2, 5, 17, 64};
  for (int round = 0; round < 900; round++) {
    char text[600];
    uint32_t column_count = 1 + (uint32_t)below(4);
    const char *line_end = below(2) ? "\n" : "\r\n";
    size_t header_size = write_header(text, column_count, line_end), size = header_size;
    const char *alphabet = alphabets[below(sizeof alphabets / sizeof alphabets[0])];
    size_t letters = strlen(alphabet), body = below(500);
    if (round % 3 == 0) body = below(60);
    while (size < header_size + body) text[size++] = alphabet[below(letters)];
    struct read_rows expected;
    reference_rows(text, size, header_size, 2, column_count, &expected);
    /* More quotes in doubt than a file may have: refused, and tested apart. */
    size_t unclosed = 0;
    for (size_t i = 0; i < expected.count; i++)
      unclosed += expected.rows[i].reason && strcmp(expected.rows[i].reason, "unclosed_quote") == 0;
    if (unclosed <= SOURCE_UNCLOSED_MAX) {
      memory_file_write(&file, text, size);
      for (size_t k = 0; k < 3; k++) {
        use_kernels(kernel_names[k]);
        assert_read_as(&file, &expected, split_sizes[below(6)], column_count);
      }
    }
    read_rows_release(&expected);
  }
  memory_file_close(&file);
}

/* Well-formed rows of all kinds, several megabytes: chunk borders fall everywhere. */
static size_t random_table(char *text, size_t limit, uint32_t column_count, const char *line_end) {
  size_t size = write_header(text, column_count, line_end);
  static const char *const cells[] = {
      "",
      "x",
      "13800138000",
      "张伟",
      "\"q\"",
      "\"a,b\"",
      "\"say \"\"hi\"\"\"",
      "\"l\nm\"",
      "5\" x",
      "北京市朝阳区",
      "\"\r\n\"",
      "\"\"",
      " ",
      "long long long long cell",
  };
  while (size + 4096 < limit) {
    size_t kind = below(200);
    uint32_t count = kind == 0 ? column_count - 1 : kind == 1 ? column_count + 1 : column_count;
    for (uint32_t c = 0; c < count; c++) {
      const char *cell = cells[below(sizeof cells / sizeof cells[0])];
      if (c) text[size++] = ',';
      memcpy(text + size, cell, strlen(cell));
      size += strlen(cell);
    }
    size += (size_t)sprintf(text + size, "%s", line_end);
    if (kind == 2) size += (size_t)sprintf(text + size, "%s", line_end);
  }
  return size;
}

static void files_over_several_chunks_are_read_as_the_rules_say(void **state) {
  (void)state;
  random_state = 12;
  enum { BYTES_MAX = 3500000 };
  char *text = memory_new(BYTES_MAX);
  struct memory_file file;
  memory_file_open(&file);
  for (int round = 0; round < 4; round++) {
    uint32_t column_count = 3 + (uint32_t)below(12);
    const char *line_end = round % 2 ? "\r\n" : "\n";
    size_t size = random_table(text, BYTES_MAX, column_count, line_end);
    if (round == 3) size -= strlen(line_end); /* the last line end is missing */
    size_t header_size = (size_t)((char *)memchr(text, '\n', size) - text) + 1;
    struct read_rows expected;
    reference_rows(text, size, header_size, 2, column_count, &expected);
    memory_file_write(&file, text, size);
    use_kernels(kernel_names[2 - round % 3]);
    assert_read_as(&file, &expected, 0, column_count);
    assert_read_as(&file, &expected, 100000 + below(1000000), column_count);
    read_rows_release(&expected);
  }
  memory_file_close(&file);
  free(text);
}

/* Ends of all records in the file, hashed in their order, and the lines passed. */
static uint64_t hash_of_records(struct memory_file *file, size_t chunk_bytes, uint64_t *line) {
  struct source_stream stream;
  struct record_chunk chunk;
  struct failure f = {0};
  assert_int_equal(source_stream_open(&stream, file->path, &f), ERR_OK);
  record_chunk_open(&chunk, &stream, source_kernels(), INDEX_RECORDS, ',', '"', 0, 1);
  chunk.chunk_bytes = chunk_bytes;
  uint64_t hash = 0;
  for (;;) {
    assert_int_equal(record_chunk_next(&chunk, &f), ERR_OK);
    if (chunk.count == 0) break;
    assert_int_equal(chunk.kind, RECORDS_WHOLE);
    for (uint32_t i = 0; i < chunk.count; i++)
      hash = hash_join(hash, chunk.offset + chunk.index.ends[i]);
  }
  *line = chunk.data_line;
  record_chunk_release(&chunk);
  source_stream_close(&stream);
  return hash;
}

static void every_chunk_size_gives_the_same_records(void **state) {
  (void)state;
  random_state = 13;
  enum { BYTES_MAX = 12000 };
  char *text = memory_new(BYTES_MAX);
  size_t size = random_table(text, BYTES_MAX, 4, "\r\n");
  struct memory_file file;
  memory_file_open(&file);
  memory_file_write(&file, text, size);
  for (size_t k = 0; k < 3; k++) {
    use_kernels(kernel_names[k]);
    uint64_t line, expected = hash_of_records(&file, 1 << 20, &line);
    for (size_t chunk_bytes = 1; chunk_bytes < 300; chunk_bytes++) {
      assert_int_equal(hash_of_records(&file, chunk_bytes, &line), expected);
      assert_int_equal(line, 1 + count_line_ends(text, size));
    }
  }
  memory_file_close(&file);
  free(text);
}

/* Scans text with everything recognised; the caller releases. */
static enum err scan_text(struct memory_file *file, const char *text, size_t size,
                          struct source_file *scanned, struct failure *f) {
  memory_file_write(file, text, size);
  return source_file_scan(file->path, &(struct source_file_options){0}, 0, scanned, f);
}

static void every_open_quote_costs_one_line(void **state) {
  (void)state;
  struct memory_file file;
  memory_file_open(&file);
  const char text[] = "a,b\n1,2\n\"3,4\n5,6\n\n7,8\n";
  struct source_file scanned;
  struct failure f = {0};
  struct read_rows rows;
  assert_int_equal(scan_text(&file, text, sizeof text - 1, &scanned, &f), ERR_OK);
  assert_int_equal(scanned.row_count, 4);
  assert_int_equal(scanned.unclosed_count, 1);
  assert_non_null(strstr(scanned.warnings[0], "line 3"));
  assert_int_equal(read_file_rows(&scanned, &rows, &f), ERR_OK);
  assert_string_equal(rows.rows[1].reason, "unclosed_quote");
  assert_int_equal(rows.rows[1].line, 3);
  assert_true(bytes_equal(rows.rows[3].cells[1], BYTES("8")));
  assert_int_equal(rows.rows[3].line, 6);
  read_rows_release(&rows);
  source_file_release(&scanned);

  struct buffer many = {0};
  buffer_append_string(&many, "a,b\n");
  buffer_append_string(&many, "\"x\n");
  for (int i = 0; i < 2 * SOURCE_UNCLOSED_MAX; i++) buffer_append_string(&many, "y\",\"z\n");
  assert_int_equal(scan_text(&file, many.data, many.size, &scanned, &f), ERR_INPUT);
  assert_non_null(strstr(f.message, "never closed"));
  source_file_release(&scanned);
  buffer_release(&many);
  memory_file_close(&file);
}

/* A file made of a header, an ordinary row, one row of a certain size, and an ordinary row. */
static void assert_long_row(size_t cell_bytes, uint32_t cells, const char *quote,
                            const char *reason) {
  struct buffer text = {0};
  for (uint32_t i = 0; i < cells; i++) buffer_printf(&text, "%sc%u", i ? "," : "", i);
  for (int row = 0; row < 3; row++) {
    buffer_append_char(&text, '\n');
    for (uint32_t i = 0; i < cells; i++) {
      size_t size = row == 1 ? cell_bytes : 5;
      if (i) buffer_append_char(&text, ',');
      buffer_append_string(&text, quote);
      buffer_reserve(&text, size);
      memset(text.data + text.size, 'x', size);
      text.size += size;
      if (*quote) text.data[text.size - 3] = '\n';
      buffer_append_string(&text, quote);
    }
  }
  struct memory_file file;
  memory_file_open(&file);
  struct source_file scanned;
  struct failure f = {0};
  struct read_rows rows;
  assert_int_equal(scan_text(&file, text.data, text.size, &scanned, &f), ERR_OK);
  assert_int_equal(scanned.row_count, 3);
  assert_int_equal(scanned.sample.row_count, 1); /* two rows are equal, one is too long for it */
  assert_int_equal(read_file_rows(&scanned, &rows, &f), ERR_OK);
  if (reason) {
    assert_string_equal(rows.rows[1].reason, reason);
  } else {
    assert_null(rows.rows[1].reason);
    assert_int_equal(rows.rows[1].cells[cells - 1].size, cell_bytes);
  }
  uint64_t lines_per_row = *quote ? 1 + cells : 1;
  for (uint64_t row = 0; row < 3; row++)
    assert_int_equal(rows.rows[row].line, 2 + row * lines_per_row);
  assert_null(rows.rows[2].reason);
  assert_int_equal(rows.rows[2].cells[0].size, 5);
  read_rows_release(&rows);
  source_file_release(&scanned);
  memory_file_close(&file);
  buffer_release(&text);
}

static void limits_of_cells_and_rows_are_kept(void **state) {
  (void)state;
  use_kernels("");
  static const char *const quotes[] = {"", "\""};
  for (int i = 0; i < 2; i++) {
    assert_long_row(SOURCE_FIELD_BYTES_MAX, 1, quotes[i], NULL);
    assert_long_row(SOURCE_FIELD_BYTES_MAX + 1, 1, quotes[i], "field_too_long");
    assert_long_row(10 << 20, 1, quotes[i], "field_too_long");
    assert_long_row(SOURCE_ROW_BYTES_MAX / 4 - 8, 4, quotes[i], NULL);
    assert_long_row(SOURCE_ROW_BYTES_MAX / 4, 4, quotes[i], "row_too_long");
    assert_long_row(18 << 20, 1, quotes[i], "row_too_long");
  }
}

struct split_reading {
  const struct source_file *file;
  uint32_t split;
  struct read_rows rows;
  enum err err;
};

static void *read_in_thread(void *context) {
  struct split_reading *reading = context;
  struct failure f = {0};
  reading->err = read_split(reading->file, reading->split, &reading->rows, &f);
  return NULL;
}

static void splits_are_read_by_threads_at_once(void **state) {
  (void)state;
  random_state = 14;
  use_kernels("");
  enum { BYTES_MAX = 400000, THREADS = 3 };
  char *text = memory_new(BYTES_MAX);
  size_t size = random_table(text, BYTES_MAX, 5, "\n");
  size_t header_size = (size_t)((char *)memchr(text, '\n', size) - text) + 1;
  struct memory_file memory;
  memory_file_open(&memory);
  memory_file_write(&memory, text, size);
  struct source_file file;
  struct failure f = {0};
  struct read_rows expected;
  reference_rows(text, size, header_size, 2, 5, &expected);
  assert_int_equal(source_file_scan(memory.path, &(struct source_file_options){0},
                                    BYTES_MAX / THREADS, &file, &f),
                   ERR_OK);
  assert_int_equal(file.split_count, THREADS);
  struct split_reading readings[THREADS] = {0};
  pthread_t threads[THREADS];
  for (uint32_t i = 0; i < THREADS; i++) {
    readings[i] = (struct split_reading){.file = &file, .split = i};
    assert_int_equal(pthread_create(&threads[i], NULL, read_in_thread, &readings[i]), 0);
  }
  struct read_rows found = {0};
  for (uint32_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(readings[i].err, ERR_OK);
    for (size_t row = 0; row < readings[i].rows.count; row++)
      *read_rows_add(&found) = readings[i].rows.rows[row];
  }
  assert_same_rows(&expected, &found, 5);
  for (uint32_t i = 0; i < THREADS; i++) read_rows_release(&readings[i].rows);
  read_rows_release(&found);
  read_rows_release(&expected);
  source_file_release(&file);
  memory_file_close(&memory);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_text_is_read_as_the_rules_say),
      cmocka_unit_test(files_over_several_chunks_are_read_as_the_rules_say),
      cmocka_unit_test(every_chunk_size_gives_the_same_records),
      cmocka_unit_test(every_open_quote_costs_one_line),
      cmocka_unit_test(limits_of_cells_and_rows_are_kept),
      cmocka_unit_test(splits_are_read_by_threads_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
