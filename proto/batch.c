#include "proto/batch.h"

#include <stddef.h>

#include "common/check.h"
#include "common/hash.h"

enum { FETCH_MAGIC = 0x46595947, BATCH_MAGIC = 0x42595947 }; /* "GYYF", "GYYB" */

_Static_assert(sizeof(struct fetch_head) == 48, "the wire form has no holes");
_Static_assert(sizeof(struct batch_head) == 48, "the wire form has no holes");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "heads are copied as they are");

/* Of the head up to its checksum, which is its last field, and of what follows. */
static uint64_t checksum_of(const void *head, size_t before, struct bytes body) {
  return hash_bytes_seeded(body, hash_bytes(bytes_of(head, before)));
}

void fetch_encode(const struct fetch *fetch, struct buffer *out) {
  check(fetch->head.item_count <= FETCH_ITEMS_MAX);
  struct fetch_head head = fetch->head;
  head.magic = FETCH_MAGIC;
  head.version = BATCH_VERSION;
  struct bytes items = bytes_of((const char *)fetch->items, head.item_count * sizeof *fetch->items);
  head.checksum = checksum_of(&head, offsetof(struct fetch_head, checksum), items);
  static const char room[SEAL_HEAD_BYTES];
  buffer_append(out, room, sizeof room);
  buffer_append(out, &head, sizeof head);
  buffer_append_bytes(out, items);
}

enum err fetch_decode(struct bytes data, struct fetch *fetch, struct failure *failure) {
  struct fetch_head *head = &fetch->head;
  if (data.size < sizeof *head)
    return failure_set(failure, ERR_MALFORMED, "a fetch of %zu bytes, expected at least %zu",
                       data.size, sizeof *head);
  memcpy(head, data.data, sizeof *head);
  if (head->magic != FETCH_MAGIC || head->version != BATCH_VERSION)
    return failure_set(failure, ERR_MALFORMED, "a fetch of another format or version");
  if (head->item_count > FETCH_ITEMS_MAX ||
      data.size != sizeof *head + (size_t)head->item_count * sizeof(uint32_t))
    return failure_set(failure, ERR_MALFORMED, "a fetch of %zu bytes names %u items", data.size,
                       head->item_count);
  struct bytes items = bytes_of(data.data + sizeof *head, data.size - sizeof *head);
  if (head->checksum != checksum_of(head, offsetof(struct fetch_head, checksum), items))
    return failure_set(failure, ERR_MALFORMED, "a fetch does not match its checksum");
  if (head->verb == 0 || head->verb >= FETCH_VERB_END || head->what == 0 ||
      head->what >= FETCH_WHAT_END)
    return failure_set(failure, ERR_MALFORMED, "a fetch asks for nothing that is known here");
  fetch->items = (const uint32_t *)items.data;
  return ERR_OK;
}

void batch_begin(struct buffer *batch) {
  static const char room[SEAL_HEAD_BYTES + sizeof(struct batch_head)];
  check(batch->size == 0);
  buffer_append(batch, room, sizeof room);
}

void batch_seal(struct buffer *batch, const struct batch_head *given) {
  struct batch_head head = *given;
  check(batch->size >= SEAL_HEAD_BYTES + sizeof head && batch->size <= BATCH_BYTES_MAX);
  char *at = batch->data + SEAL_HEAD_BYTES;
  struct bytes payload = bytes_of(at + sizeof head, batch->size - SEAL_HEAD_BYTES - sizeof head);
  head.magic = BATCH_MAGIC;
  head.version = BATCH_VERSION;
  head.payload_bytes = (uint32_t)payload.size;
  head.checksum = checksum_of(&head, offsetof(struct batch_head, checksum), payload);
  memcpy(at, &head, sizeof head);
}

enum err batch_decode(struct bytes data, struct batch_head *head, struct bytes *payload,
                      struct failure *failure) {
  if (data.size < sizeof *head || data.size > BATCH_BYTES_MAX)
    return failure_set(failure, ERR_MALFORMED, "a batch of %zu bytes", data.size);
  memcpy(head, data.data, sizeof *head);
  *payload = bytes_of(data.data + sizeof *head, data.size - sizeof *head);
  if (head->magic != BATCH_MAGIC || head->version != BATCH_VERSION)
    return failure_set(failure, ERR_MALFORMED, "a batch of another format or version");
  if (head->payload_bytes != payload->size)
    return failure_set(failure, ERR_MALFORMED, "a batch of %zu bytes says it has %u", payload->size,
                       head->payload_bytes);
  if (head->checksum != checksum_of(head, offsetof(struct batch_head, checksum), *payload))
    return failure_set(failure, ERR_MALFORMED, "a batch does not match its checksum");
  return ERR_OK;
}
