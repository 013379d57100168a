/* message — control messages: one struct per line of messages.def, and how it lies on the wire.
 *
 * Pure and thread-safe. The decoder never trusts a length: the shape is checked against the bytes
 * that are there before anything is unpacked. */
#ifndef GUIYI_PROTO_MESSAGE_H
#define GUIYI_PROTO_MESSAGE_H

#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"

enum {
  PROTOCOL_VERSION = 2,
  MESSAGE_FIELDS_MAX = 14,
  WORKER_TASKS_MAX = 256, /* a worker has at most so many at once */
};

enum message_kind {
#define MESSAGE(KIND, kind, fields) MESSAGE_##KIND,
#include "proto/messages.def"
#undef MESSAGE
  MESSAGE_KIND_COUNT
};

#define MESSAGE_TYPE_U32 uint32_t
#define MESSAGE_TYPE_U64 uint64_t
#define MESSAGE_TYPE_BYTES struct bytes
#define F(type, name) MESSAGE_TYPE_##type name;
#define MESSAGE(KIND, kind, fields) \
  struct message_##kind {           \
    fields                          \
  };
#include "proto/messages.def"
#undef MESSAGE
#undef F

struct message {
  enum message_kind kind;
  union {
#define MESSAGE(KIND, kind, fields) struct message_##kind kind;
#include "proto/messages.def"
#undef MESSAGE
  };
};

const char *message_kind_name(enum message_kind kind);
/* Appends the wire form. */
void message_encode(const struct message *message, struct buffer *out);
/* BYTES fields point into data. On ERR_MALFORMED the sentence says what was found and expected. */
enum err message_decode(struct bytes data, struct message *message, struct failure *failure);

#endif
