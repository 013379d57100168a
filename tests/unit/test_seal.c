#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/seal.h"

static const struct data_key key = {"a job's"}, other = {"another's"};

static struct buffer sealed(struct sealer *sealer, const char *text) {
  static const char room[SEAL_HEAD_BYTES];
  struct buffer frame = {0};
  buffer_append(&frame, room, sizeof room);
  buffer_append_string(&frame, text);
  sealer_seal(sealer, &frame);
  return frame;
}

static void copy_to(struct buffer *copy, const struct buffer *frame) {
  buffer_clear(copy);
  buffer_append_bytes(copy, buffer_bytes(frame));
}

static void what_is_sealed_opens_but_never_changed(void **state) {
  (void)state;
  struct sealer *sealer = sealer_new(&key);
  struct opener *opener = opener_new(&key), *stranger = opener_new(&other);
  struct bytes plain;
  for (int round = 0; round < 3; round++) {
    struct buffer frame = sealed(sealer, "张伟 13800138000"), copy = {0};
    assert_null(memmem(frame.data, frame.size, "138001", 6)); /* nothing of it is to be seen */
    for (size_t bit = 0; bit < frame.size * 8; bit++) {
      copy_to(&copy, &frame);
      copy.data[bit / 8] ^= (char)(1 << bit % 8);
      assert_int_equal(opener_open(opener, copy.data, copy.size, &plain), ERR_MALFORMED);
    }
    for (size_t size = 0; size < frame.size; size++) {
      copy_to(&copy, &frame);
      assert_int_equal(opener_open(opener, copy.data, size, &plain), ERR_MALFORMED);
    }
    copy_to(&copy, &frame);
    assert_int_equal(opener_open(stranger, copy.data, copy.size, &plain), ERR_MALFORMED);
    assert_int_equal(opener_open(opener, frame.data, frame.size, &plain), ERR_OK);
    assert_true(bytes_equal(plain, BYTES("张伟 13800138000")));
    buffer_release(&copy);
    buffer_release(&frame);
  }
  sealer_free(sealer);
  opener_free(opener);
  opener_free(stranger);
}

/* Salt and counter together never come twice, and equal texts look different. */
static void no_nonce_comes_twice(void **state) {
  (void)state;
  enum { SEALERS = 4, FRAMES = 50, TEXT = 13 };
  struct buffer frames[SEALERS * FRAMES];
  for (int s = 0; s < SEALERS; s++) {
    struct sealer *sealer = sealer_new(&key);
    for (int f = 0; f < FRAMES; f++) frames[s * FRAMES + f] = sealed(sealer, "the same text");
    sealer_free(sealer);
  }
  for (int a = 0; a < SEALERS * FRAMES; a++)
    for (int b = 0; b < a; b++) {
      const char *x = frames[a].data, *y = frames[b].data;
      assert_int_not_equal(memcmp(x, y, SEAL_HEAD_BYTES), 0);
      assert_int_not_equal(memcmp(x + SEAL_HEAD_BYTES, y + SEAL_HEAD_BYTES, TEXT), 0);
    }
  for (int a = 0; a < SEALERS * FRAMES; a++) buffer_release(&frames[a]);
}

static void jobs_have_keys_of_their_own(void **state) {
  (void)state;
  struct data_key one, again, two, elsewhere;
  data_key_derive(BYTES("secret"), 1, &one);
  data_key_derive(BYTES("secret"), 1, &again);
  data_key_derive(BYTES("secret"), 2, &two);
  data_key_derive(BYTES("other secret"), 1, &elsewhere);
  assert_memory_equal(&one, &again, sizeof one);
  assert_memory_not_equal(&one, &two, sizeof one);
  assert_memory_not_equal(&one, &elsewhere, sizeof one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_sealed_opens_but_never_changed),
      cmocka_unit_test(no_nonce_comes_twice),
      cmocka_unit_test(jobs_have_keys_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
