#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/record.h"

enum { FIELDS = 4 };

static void encode_one(struct buffer *out, struct bytes source_id, char *longer, size_t size) {
  memset(longer, 'x', size);
  struct record_value values[FIELDS] = {{BYTES("张伟"), 1, 3},
                                        {BYTES_EMPTY, 0, 0},
                                        {bytes_of(longer, size), 2, 31},
                                        {BYTES("z"), 4, 0}};
  struct record_header header = {.key = {1, 2}, .time_ms = -5, .line = 9, .row = 3, .source = 1};
  record_encode(out, &header, source_id, BYTES("id-1"), values, FIELDS);
}

static void a_record_comes_back_as_it_was(void **state) {
  (void)state;
  static char longer[300];
  struct buffer out = {0};
  encode_one(&out, BYTES_EMPTY, longer, sizeof longer);
  encode_one(&out, BYTES("web"), longer, 254);
  struct record_view view;
  record_view_of(out.data, FIELDS, &view);
  assert_int_equal(view.header->size % 8, 0);
  assert_true(bytes_equal(view.id, BYTES("id-1")));
  assert_true(bytes_equal(view.values[0].text, BYTES("张伟")));
  assert_int_equal(view.values[0].state, 1);
  assert_int_equal(view.values[0].kind, 3);
  assert_int_equal(view.values[1].text.size, 0);
  assert_int_equal(view.values[2].text.size, 300);
  assert_int_equal(view.values[2].kind, 31);
  struct bytes sources[] = {BYTES("first"), BYTES("second")};
  struct job_source job_sources[] = {{.id = sources[0]}, {.id = sources[1]}};
  struct job job = {.sources = job_sources, .source_count = 2};
  assert_true(bytes_equal(record_source_id(&job, &view), BYTES("second")));
  record_view_of(out.data + view.header->size, FIELDS, &view);
  assert_true(bytes_equal(record_source_id(&job, &view), BYTES("web")));
  assert_true(bytes_equal(view.id, BYTES("id-1")));
  buffer_release(&out);
}

static void name_spaces_stand_behind_the_values(void **state) {
  (void)state;
  static char longer[300];
  struct bytes two = {"wx7a\x1f", 5}; /* the second is empty */
  struct buffer out = {0};
  struct record_view view;
  for (size_t size = 0; size < 9; size++) {
    size_t offset = out.size;
    encode_one(&out, BYTES_EMPTY, longer, size);
    record_add_name_spaces(&out, offset, two);
    record_view_of(out.data + offset, FIELDS, &view);
    assert_int_equal(offset + view.header->size, out.size);
    assert_int_equal(view.header->size % 8, 0);
    assert_true(bytes_equal(view.name_spaces, two));
    assert_true(bytes_equal(view.values[3].text, BYTES("z")));
  }
  /* Their size goes beyond the record. */
  char *size = memmem(out.data, out.size, "\5\0\0\0wx7a", 8);
  assert_non_null(size);
  *size = 77;
  assert_int_equal(record_decode(buffer_bytes(&out), FIELDS, &view), ERR_MALFORMED);
  buffer_release(&out);
  encode_one(&out, BYTES_EMPTY, longer, 3);
  record_view_of(out.data, FIELDS, &view);
  assert_int_equal(view.name_spaces.size, 0);
  buffer_release(&out);
}

static void damaged_records_are_refused_without_reading_beyond(void **state) {
  (void)state;
  static char longer[300];
  struct buffer out = {0};
  encode_one(&out, BYTES("web"), longer, sizeof longer);
  struct record_view view;
  for (size_t size = 0; size < out.size; size++) {
    char *cut = malloc(size + 1);
    memcpy(cut, out.data, size);
    assert_int_equal(record_decode(bytes_of(cut, size), FIELDS, &view), ERR_MALFORMED);
    free(cut);
  }
  for (size_t i = 0; i < out.size * 8; i++) { /* any flipped bit: refused or inside its bounds */
    out.data[i / 8] ^= (char)(1 << i % 8);
    if (record_decode(buffer_bytes(&out), FIELDS, &view) == ERR_OK)
      for (int f = 0; f < FIELDS; f++)
        if (view.values[f].text.size)
          assert_true(view.values[f].text.data + view.values[f].text.size <= out.data + out.size);
    out.data[i / 8] ^= (char)(1 << i % 8);
  }
  buffer_release(&out);
}

static void keys_tell_sources_ids_and_content_apart(void **state) {
  (void)state;
  struct hash128 a = record_key(BYTES("web"), BYTES("1"), true);
  struct hash128 same = record_key(BYTES("web"), BYTES("1"), true);
  assert_memory_equal(&a, &same, sizeof a);
  struct hash128 others[] = {record_key(BYTES("app"), BYTES("1"), true),
                             record_key(BYTES("web"), BYTES("2"), true),
                             record_key(BYTES("web"), BYTES("1"), false)};
  for (size_t i = 0; i < 3; i++) assert_memory_not_equal(&a, &others[i], sizeof a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_record_comes_back_as_it_was),
      cmocka_unit_test(name_spaces_stand_behind_the_values),
      cmocka_unit_test(damaged_records_are_refused_without_reading_beyond),
      cmocka_unit_test(keys_tell_sources_ids_and_content_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
