#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/message.h"
#include "proto/stage.h"

static void a_message_comes_back_as_it_was(void **state) {
  (void)state;
  struct message in = {.kind = MESSAGE_TASK_DONE};
  in.task_done = (struct message_task_done){.epoch = UINT64_MAX,
                                            .stage = 3,
                                            .task = 70000,
                                            .attempt = 1,
                                            .units = 255,
                                            .result = BYTES("\0\x01raw")};
  struct buffer wire = {0};
  message_encode(&in, &wire);
  struct message out;
  assert_int_equal(message_decode(buffer_bytes(&wire), &out, NULL), ERR_OK);
  assert_int_equal(out.kind, MESSAGE_TASK_DONE);
  assert_true(out.task_done.epoch == UINT64_MAX);
  assert_int_equal(out.task_done.task, 70000);
  assert_true(bytes_equal(out.task_done.result, BYTES("\0\x01raw")));
  buffer_release(&wire);
}

static void every_truncation_and_every_changed_byte_is_refused_or_decoded(void **state) {
  (void)state;
  struct message in = {.kind = MESSAGE_TASK};
  in.task = (struct message_task){.epoch = 7, .stage = 1, .task = 2, .input = BYTES("abc")};
  struct buffer wire = {0};
  message_encode(&in, &wire);
  struct message out;
  for (size_t size = 0; size < wire.size; size++) {
    char *cut = malloc(size + 1); /* its own allocation: reading beyond is seen by the sanitizer */
    memcpy(cut, wire.data, size);
    assert_int_equal(message_decode(bytes_of(cut, size), &out, NULL), ERR_MALFORMED);
    free(cut);
  }
  for (size_t i = 0; i < wire.size; i++)
    for (int bit = 0; bit < 8; bit++) {
      wire.data[i] ^= (char)(1 << bit);
      enum err err = message_decode(buffer_bytes(&wire), &out, NULL);
      assert_true(err == ERR_OK || err == ERR_MALFORMED);
      wire.data[i] ^= (char)(1 << bit);
    }
  buffer_release(&wire);
}

static void bombs_are_refused_with_a_sentence(void **state) {
  (void)state;
  static const struct {
    const char *wire;
    size_t size;
    const char *expected;
  } cases[] = {
      {"\xdd\xff\xff\xff\xff\x00", 6, "does not begin as a short msgpack array"},
      {"\x92\x00\xdd\xff\xff\xff\xff", 7, "item 1 of a message is neither"},
      {"\x92\x00\xc6\xff\xff\xff\xff", 7, "ends beyond the message"},
      {"\x91\x63", 2, "unknown kind"},
      {"\x91\x05", 2, "HEARTBEAT has 0 fields, expected 3"},
      {"\x93\x06\xc4\x00\x01", 5, "field epoch of STOP has the wrong type"},
      {"\x92\x05\x01\x01", 4, "1 bytes follow the end"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct message out;
    struct failure failure = {0};
    assert_int_equal(message_decode(bytes_of(cases[i].wire, cases[i].size), &out, &failure),
                     ERR_MALFORMED);
    assert_non_null(strstr(failure.message, cases[i].expected));
  }
}

static void the_stages_have_names_and_words(void **state) {
  (void)state;
  assert_string_equal(stage_name(STAGE_SCAN), "scan");
  assert_string_equal(stage_words(STAGE_PUBLISH), "publish the generation");
  assert_int_equal(stage_tasks_of(STAGE_TRAIN), STAGE_TASKS_COORDINATOR);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_message_comes_back_as_it_was),
      cmocka_unit_test(every_truncation_and_every_changed_byte_is_refused_or_decoded),
      cmocka_unit_test(bombs_are_refused_with_a_sentence),
      cmocka_unit_test(the_stages_have_names_and_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
