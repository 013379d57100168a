#include "proto/message.h"

#include <msgpack.h>

#include "common/check.h"

static const char *const kind_names[] = {
#define MESSAGE(KIND, kind, fields) #KIND,
#include "proto/messages.def"
#undef MESSAGE
};

const char *message_kind_name(enum message_kind kind) {
  check(kind < MESSAGE_KIND_COUNT);
  return kind_names[kind];
}

static int write_to_buffer(void *data, const char *bytes, size_t size) {
  buffer_append(data, bytes, size);
  return 0;
}

static void pack_U32(msgpack_packer *p, uint32_t value) { msgpack_pack_uint32(p, value); }
static void pack_U64(msgpack_packer *p, uint64_t value) { msgpack_pack_uint64(p, value); }
static void pack_BYTES(msgpack_packer *p, struct bytes value) {
  msgpack_pack_bin_with_body(p, value.data ? value.data : "", value.size);
}

/* Fields of each kind, counted by the table itself. */
static const size_t field_counts[] = {
#define F(type, name) +1
#define MESSAGE(KIND, kind, fields) 0 fields,
#include "proto/messages.def"
#undef MESSAGE
#undef F
};

void message_encode(const struct message *message, struct buffer *out) {
  check(message->kind < MESSAGE_KIND_COUNT);
  msgpack_packer p;
  msgpack_packer_init(&p, out, write_to_buffer);
  msgpack_pack_array(&p, 1 + field_counts[message->kind]);
  pack_U32(&p, message->kind);
  switch (message->kind) {
#define F(type, name) pack_##type(&p, m->name);
#define MESSAGE(KIND, kind, fields)                  \
  case MESSAGE_##KIND: {                             \
    const struct message_##kind *m = &message->kind; \
    fields break;                                    \
  }
#include "proto/messages.def"
#undef MESSAGE
#undef F
    case MESSAGE_KIND_COUNT:
      break;
  }
}

/* Bytes of the msgpack item at the start of data when it is an unsigned integer or a bin that lies
 * wholly inside; 0 otherwise. Nothing else may stand in a message: no depth, no counts to inflate.
 */
static size_t flat_item_size(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  uint64_t need;
  switch (data[0]) {
    case 0xcc:
      need = 2;
      break;
    case 0xcd:
      need = 3;
      break;
    case 0xce:
      need = 5;
      break;
    case 0xcf:
      need = 9;
      break;
    case 0xc4:
      if (size < 2) return 0;
      need = 2 + (uint64_t)data[1];
      break;
    case 0xc5:
      if (size < 3) return 0;
      need = 3 + ((uint64_t)data[1] << 8 | data[2]);
      break;
    case 0xc6:
      if (size < 5) return 0;
      need = 5 +
             ((uint64_t)data[1] << 24 | (uint64_t)data[2] << 16 | (uint64_t)data[3] << 8 | data[4]);
      break;
    default:
      need = data[0] < 0x80 ? 1 : UINT64_MAX;
  }
  return need <= size ? (size_t)need : 0;
}

static enum err shape_check(struct bytes data, struct failure *failure) {
  const uint8_t *at = (const uint8_t *)data.data;
  if (data.size == 0 || (at[0] & 0xf0) != 0x90 || (at[0] & 15) > 1 + MESSAGE_FIELDS_MAX)
    return failure_set(failure, ERR_MALFORMED,
                       "a message of %zu bytes does not begin as a short msgpack array", data.size);
  size_t count = at[0] & 15, used = 1;
  for (size_t i = 0; i < count; i++) {
    size_t item = flat_item_size(at + used, data.size - used);
    if (item == 0)
      return failure_set(failure, ERR_MALFORMED,
                         "item %zu of a message is neither an unsigned integer nor bytes, or ends "
                         "beyond the message",
                         i);
    used += item;
  }
  if (used != data.size)
    return failure_set(failure, ERR_MALFORMED, "%zu bytes follow the end of a message",
                       data.size - used);
  return ERR_OK;
}

static bool take_U32(const msgpack_object *o, uint32_t *value) {
  if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER || o->via.u64 > UINT32_MAX) return false;
  *value = (uint32_t)o->via.u64;
  return true;
}

static bool take_U64(const msgpack_object *o, uint64_t *value) {
  if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER) return false;
  *value = o->via.u64;
  return true;
}

static bool take_BYTES(const msgpack_object *o, struct bytes *value) {
  if (o->type != MSGPACK_OBJECT_BIN) return false;
  *value = bytes_of(o->via.bin.ptr, o->via.bin.size);
  return true;
}

static enum err take_fields(const msgpack_object_array *array, struct message *message,
                            struct failure *failure) {
  uint32_t kind;
  if (array->size == 0 || !take_U32(&array->ptr[0], &kind) || kind >= MESSAGE_KIND_COUNT)
    return failure_set(failure, ERR_MALFORMED, "a message of unknown kind; this is protocol %d",
                       PROTOCOL_VERSION);
  if (array->size != 1 + field_counts[kind])
    return failure_set(failure, ERR_MALFORMED, "%s has %u fields, expected %zu", kind_names[kind],
                       array->size - 1, field_counts[kind]);
  const msgpack_object *next = array->ptr + 1;
  const char *wrong = NULL;
  message->kind = kind;
  switch (message->kind) {
#define F(type, name) \
  if (!take_##type(next++, &m->name) && !wrong) wrong = #name;
#define MESSAGE(KIND, kind, fields)            \
  case MESSAGE_##KIND: {                       \
    struct message_##kind *m = &message->kind; \
    fields break;                              \
  }
#include "proto/messages.def"
#undef MESSAGE
#undef F
    case MESSAGE_KIND_COUNT:
      break;
  }
  if (wrong)
    return failure_set(failure, ERR_MALFORMED, "field %s of %s has the wrong type", wrong,
                       kind_names[kind]);
  return ERR_OK;
}

enum err message_decode(struct bytes data, struct message *message, struct failure *failure) {
  enum err err = shape_check(data, failure);
  if (err) return err;
  msgpack_unpacked unpacked;
  msgpack_unpacked_init(&unpacked);
  size_t offset = 0;
  if (msgpack_unpack_next(&unpacked, data.data, data.size, &offset) != MSGPACK_UNPACK_SUCCESS)
    err = failure_set(failure, ERR_MALFORMED, "a message is not msgpack");
  else
    err = take_fields(&unpacked.data.via.array, message, failure);
  msgpack_unpacked_destroy(&unpacked);
  return err;
}
