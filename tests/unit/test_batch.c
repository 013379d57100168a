#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/batch.h"

static const uint32_t items[] = {3, 1, 4000000000u};

/* What a seal is put in front of. */
static struct buffer behind_seal(struct buffer take_wire) {
  take_wire.size -= SEAL_HEAD_BYTES;
  memmove(take_wire.data, take_wire.data + SEAL_HEAD_BYTES, take_wire.size);
  return take_wire;
}

static struct buffer a_fetch(void) {
  struct fetch fetch = {.head = {.verb = FETCH_BEGIN,
                                 .what = FETCH_ROWS,
                                 .job = 7,
                                 .fetch = 9,
                                 .stage = 2,
                                 .part = 1,
                                 .credit = 8,
                                 .item_count = 3},
                        .items = items};
  struct buffer wire = {0};
  fetch_encode(&fetch, &wire);
  return behind_seal(wire);
}

static struct buffer a_batch(void) {
  struct buffer wire = {0};
  batch_begin(&wire);
  buffer_append_string(&wire, "payload");
  struct batch_head head = {.flags = BATCH_LAST, .job = 7, .fetch = 9, .sequence = 5};
  batch_seal(&wire, &head);
  return behind_seal(wire);
}

static void a_fetch_and_a_batch_come_back_as_they_were(void **state) {
  (void)state;
  struct buffer wire = a_fetch();
  struct fetch fetch;
  assert_int_equal(fetch_decode(buffer_bytes(&wire), &fetch, NULL), ERR_OK);
  assert_true(fetch.head.job == 7 && fetch.head.fetch == 9 && fetch.head.credit == 8);
  assert_int_equal(fetch.head.item_count, 3);
  assert_memory_equal(fetch.items, items, sizeof items);
  buffer_release(&wire);
  wire = a_batch();
  struct batch_head head;
  struct bytes payload;
  assert_int_equal(batch_decode(buffer_bytes(&wire), &head, &payload, NULL), ERR_OK);
  assert_true(bytes_equal(payload, BYTES("payload")));
  assert_int_equal(head.sequence, 5);
  buffer_release(&wire);
}

/* Whatever one bit, or the end, is changed to: it is seen. */
static void damage_is_seen(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    struct buffer wire = kind ? a_batch() : a_fetch();
    struct fetch fetch;
    struct batch_head head;
    struct bytes payload;
    for (size_t bit = 0; bit < wire.size * 8; bit++) {
      wire.data[bit / 8] ^= (char)(1 << bit % 8);
      enum err err = kind ? batch_decode(buffer_bytes(&wire), &head, &payload, NULL)
                          : fetch_decode(buffer_bytes(&wire), &fetch, NULL);
      assert_int_equal(err, ERR_MALFORMED);
      wire.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t size = 0; size < wire.size; size++) {
      char *cut = malloc(size + 1);
      memcpy(cut, wire.data, size);
      enum err err = kind ? batch_decode(bytes_of(cut, size), &head, &payload, NULL)
                          : fetch_decode(bytes_of(cut, size), &fetch, NULL);
      assert_int_equal(err, ERR_MALFORMED);
      free(cut);
    }
    buffer_release(&wire);
  }
}

static void too_many_items_are_refused(void **state) {
  (void)state;
  struct buffer wire = a_fetch();
  uint32_t count = FETCH_ITEMS_MAX + 1;
  memcpy(wire.data + offsetof(struct fetch_head, item_count), &count, sizeof count);
  struct fetch fetch;
  struct failure failure = {0};
  assert_int_equal(fetch_decode(buffer_bytes(&wire), &fetch, &failure), ERR_MALFORMED);
  assert_non_null(strstr(failure.message, "names 1048577 items"));
  buffer_release(&wire);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_fetch_and_a_batch_come_back_as_they_were),
      cmocka_unit_test(damage_is_seen),
      cmocka_unit_test(too_many_items_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
