/* The same rows from a plain file, from packed ones and from GB18030; damaged ones are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <iconv.h>
#include <zlib.h>
#include <zstd.h>

#include "common/hash.h"
#include "tests/harness/source_rows.h"

static void gzip_append(struct buffer *out, struct bytes text) {
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  buffer_reserve(out, text.size + 1000);
  z.next_in = (Bytef *)text.data;
  z.avail_in = (uInt)text.size;
  z.next_out = (Bytef *)out->data + out->size;
  z.avail_out = (uInt)(out->capacity - out->size);
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  out->size += z.total_out;
  deflateEnd(&z);
}

static void zstd_append(struct buffer *out, struct bytes text) {
  size_t bound = ZSTD_compressBound(text.size);
  buffer_reserve(out, bound);
  size_t size = ZSTD_compress(out->data + out->size, bound, text.data, text.size, 3);
  assert_false(ZSTD_isError(size));
  out->size += size;
}

static void to_gb18030(struct bytes text, struct buffer *out) {
  iconv_t converter = iconv_open("GB18030", "UTF-8");
  assert_true(converter != (iconv_t)-1);
  buffer_reserve(out, text.size * 2 + 16);
  char *from = (char *)text.data, *to = out->data;
  size_t left = text.size, room = out->capacity;
  assert_int_equal(iconv(converter, &from, &left, &to, &room), 0);
  out->size = out->capacity - room;
  iconv_close(converter);
}

/* Names whose GB18030 has | as second byte (縷 is BF7C), four bytes (𠮷, é), and common ones. */
static void make_table(struct buffer *text, char delimiter, int rows) {
  buffer_printf(text, "编号%c姓名%c地址\n", delimiter, delimiter);
  static const char *const names[] = {"张伟",    "王縷", "\"李\"\"四\"",
                                      "José 𠮷", "",     "\"欧陽\r\n修\""};
  for (int i = 0; i < rows; i++)
    buffer_printf(text, "%d%c%s%c北京市朝阳区建国路%d号縷\n", i, delimiter, names[i % 6], delimiter,
                  i);
}

static uint64_t hash_of_rows(struct memory_file *memory, const struct source_file_options *options,
                             uint64_t split_bytes, struct source_file *file) {
  struct failure f = {0};
  struct read_rows rows;
  if (source_file_scan(memory->path, options, split_bytes, file, &f) != ERR_OK)
    fail_msg("%s", f.message);
  assert_int_equal(read_file_rows(file, &rows, &f), ERR_OK);
  uint64_t hash = 0;
  for (size_t i = 0; i < rows.count; i++) {
    assert_null(rows.rows[i].reason);
    hash = hash_join(hash, rows.rows[i].line);
    for (uint32_t c = 0; c < file->column_count; c++)
      hash = hash_join(hash, hash_bytes(rows.rows[i].cells[c]));
  }
  for (uint32_t c = 0; c < file->column_count; c++)
    hash = hash_join(hash, hash_bytes(file->columns[c]));
  read_rows_release(&rows);
  return hash;
}

static void every_way_of_packing_gives_the_same_rows(void **state) {
  (void)state;
  static const char delimiters[] = {',', '|', '\t', '^', 'x'};
  struct memory_file memory;
  memory_file_open(&memory);
  for (size_t d = 0; d < sizeof delimiters; d++) {
    struct buffer text = {0}, chinese = {0}, packed = {0};
    make_table(&text, delimiters[d], 40000);
    to_gb18030(buffer_bytes(&text), &chinese);
    uint64_t expected = 0;
    for (int way = 0; way < 10; way++) {
      struct buffer *source = way % 2 ? &chinese : &text;
      struct bytes whole = buffer_bytes(source);
      struct bytes half = bytes_of(whole.data, whole.size / 2 + 1);
      struct bytes rest = bytes_of(whole.data + half.size, whole.size - half.size);
      buffer_clear(&packed);
      if (way < 2) buffer_append_bytes(&packed, whole);
      if (way / 2 == 1) gzip_append(&packed, whole);
      if (way / 2 == 2) zstd_append(&packed, whole);
      if (way / 2 == 3) gzip_append(&packed, half), gzip_append(&packed, rest);
      if (way / 2 == 4) zstd_append(&packed, half), zstd_append(&packed, rest);
      if (way == 6) buffer_append(&packed, "\0\0\0\0", 4); /* padding is no data */
      memory_file_write(&memory, packed.data, packed.size);
      struct source_file file;
      struct source_file_options options = {.delimiter = d < 3 ? 0 : delimiters[d]};
      uint64_t hash = hash_of_rows(&memory, &options, 300000, &file);
      if (way == 0) expected = hash;
      assert_int_equal(hash, expected);
      assert_int_equal(file.encoding, way % 2 ? SOURCE_ENCODING_GB18030 : SOURCE_ENCODING_UTF8);
      assert_int_equal(file.row_count, 40000);
      assert_int_equal(file.sample.row_count, SOURCE_SAMPLE_ROWS);
      bool is_stream = way >= 2 || (way == 1 && strchr("|^x", delimiters[d]));
      assert_int_equal(file.is_stream, is_stream);
      assert_true(is_stream ? file.split_count == 1 : file.split_count > 4);
      source_file_release(&file);
    }
    buffer_release(&text);
    buffer_release(&chinese);
    buffer_release(&packed);
  }
  memory_file_close(&memory);
}

static void an_open_quote_is_found_in_every_way_of_packing(void **state) {
  (void)state;
  struct memory_file memory;
  memory_file_open(&memory);
  struct buffer text = {0}, chinese = {0}, packed = {0};
  buffer_append_string(&text, "姓名,城市\n张伟,北京\n\n\"王芳,上海\n李娜,广州\n");
  for (int i = 0; i < 1000; i++) buffer_append_string(&text, "赵敏,深圳\n");
  to_gb18030(buffer_bytes(&text), &chinese);
  for (int way = 0; way < 4; way++) {
    struct bytes source = buffer_bytes(way % 2 ? &chinese : &text);
    buffer_clear(&packed);
    if (way < 2)
      buffer_append_bytes(&packed, source);
    else
      gzip_append(&packed, source);
    memory_file_write(&memory, packed.data, packed.size);
    struct source_file file;
    struct failure f = {0};
    struct read_rows rows;
    assert_int_equal(
        source_file_scan(memory.path, &(struct source_file_options){0}, 100, &file, &f), ERR_OK);
    assert_int_equal(read_file_rows(&file, &rows, &f), ERR_OK);
    assert_int_equal(rows.count, 1003);
    assert_string_equal(rows.rows[1].reason, "unclosed_quote");
    assert_int_equal(rows.rows[1].line, 4);
    assert_true(bytes_equal(rows.rows[2].cells[0], BYTES("李娜")));
    assert_int_equal(rows.rows[1002].line, 1005);
    read_rows_release(&rows);
    source_file_release(&file);
  }
  memory_file_close(&memory);
  buffer_release(&text);
  buffer_release(&chinese);
  buffer_release(&packed);
}

/* Wherever a packed file is cut, and whichever byte of it is changed: refused, or the same rows. */
static void damage_is_never_taken_for_data(void **state) {
  (void)state;
  struct memory_file memory;
  memory_file_open(&memory);
  for (int is_zstd = 0; is_zstd < 2; is_zstd++) {
    struct buffer text = {0}, packed = {0};
    make_table(&text, ',', 20);
    if (is_zstd) {
      ZSTD_CCtx *context = ZSTD_createCCtx();
      ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
      buffer_reserve(&packed, ZSTD_compressBound(text.size));
      packed.size = ZSTD_compress2(context, packed.data, packed.capacity, text.data, text.size);
      ZSTD_freeCCtx(context);
    } else {
      gzip_append(&packed, buffer_bytes(&text));
    }
    memory_file_write(&memory, packed.data, packed.size);
    struct source_file file;
    uint64_t expected = hash_of_rows(&memory, &(struct source_file_options){0}, 0, &file);
    source_file_release(&file);
    for (size_t at = 4; at < packed.size; at++) {
      struct failure f = {0};
      memory_file_write(&memory, packed.data, at);
      assert_int_equal(
          source_file_scan(memory.path, &(struct source_file_options){0}, 0, &file, &f), ERR_INPUT);
      assert_non_null(strstr(f.message, "is damaged"));
      source_file_release(&file);
      packed.data[at] ^= 0x10;
      memory_file_write(&memory, packed.data, packed.size);
      packed.data[at] ^= 0x10;
      enum err err = source_file_scan(memory.path, &(struct source_file_options){0}, 0, &file, &f);
      source_file_release(&file);
      if (err == ERR_OK) /* a byte of the gzip header that means nothing to us */
        assert_int_equal(hash_of_rows(&memory, &(struct source_file_options){0}, 0, &file),
                         expected),
            source_file_release(&file);
      else
        assert_int_equal(err, ERR_INPUT);
    }
    buffer_append_string(&packed, "surplus");
    memory_file_write(&memory, packed.data, packed.size);
    struct failure f = {0};
    assert_int_equal(source_file_scan(memory.path, &(struct source_file_options){0}, 0, &file, &f),
                     ERR_INPUT);
    source_file_release(&file);
    buffer_release(&text);
    buffer_release(&packed);
  }
  memory_file_close(&memory);
}

static void a_wrong_byte_of_gb18030_costs_its_row(void **state) {
  (void)state;
  struct memory_file memory;
  memory_file_open(&memory);
  const char text[] =
      "\xD0\xD5\xC3\xFB,x\n\xD5\xC5\xCE\xB0,1\n\xFF\xD5,2\n\xC0\xEE\xC4\xC8,3\n\xB0\n"
      "\xCD\xF5,4\n\xD5";
  memory_file_write(&memory, text, sizeof text - 1);
  struct source_file_options options = {.encoding = SOURCE_ENCODING_GB18030, .header = 1};
  struct source_file file;
  struct failure f = {0};
  struct read_rows rows;
  for (uint64_t split_bytes = 0; split_bytes < 20; split_bytes++) {
    assert_int_equal(source_file_scan(memory.path, &options, split_bytes, &file, &f), ERR_OK);
    assert_int_equal(read_file_rows(&file, &rows, &f), ERR_OK);
    static const char *const reasons[] = {NULL, "invalid_gb18030", NULL, "invalid_gb18030",
                                          NULL, "invalid_gb18030"};
    assert_int_equal(rows.count, 6);
    for (size_t i = 0; i < 6; i++) {
      assert_int_equal(rows.rows[i].line, i + 2);
      assert_int_equal(rows.rows[i].reason == NULL, reasons[i] == NULL);
      if (reasons[i]) assert_string_equal(rows.rows[i].reason, reasons[i]);
    }
    assert_true(bytes_equal(rows.rows[4].cells[0], BYTES("王")));
    read_rows_release(&rows);
    source_file_release(&file);
  }
  memory_file_close(&memory);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_way_of_packing_gives_the_same_rows),
      cmocka_unit_test(an_open_quote_is_found_in_every_way_of_packing),
      cmocka_unit_test(damage_is_never_taken_for_data),
      cmocka_unit_test(a_wrong_byte_of_gb18030_costs_its_row),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
