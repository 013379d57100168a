/* msgpack_read — reads msgpack in place, in the order that the reader expects.
 *
 * For stored values and small messages whose shape is known: nothing is allocated, no count is
 * believed before the bytes for it are seen, and nesting is what the caller's code nests. The first
 * thing that is not as expected sets `failed`; from then on everything reads as zero or empty, so
 * one look at the end is enough. */
#ifndef GUIYI_COMMON_MSGPACK_READ_H
#define GUIYI_COMMON_MSGPACK_READ_H

#include "common/bytes.h"

struct msgpack_reader {
  const uint8_t *at, *end;
  bool failed;
};

static inline struct msgpack_reader msgpack_reader(struct bytes data) {
  const uint8_t *at = (const uint8_t *)data.data;
  return (struct msgpack_reader){at, data.size ? at + data.size : at, false};
}

/* Items in the array that begins here: never more than there are bytes left. */
uint32_t msgpack_read_array(struct msgpack_reader *r);
uint64_t msgpack_read_u64(struct msgpack_reader *r); /* a negative number fails */
/* At most `most`, else it fails. */
uint32_t msgpack_read_u32(struct msgpack_reader *r, uint32_t most);
int64_t msgpack_read_i64(struct msgpack_reader *r);
/* Points into the data. */
struct bytes msgpack_read_string(struct msgpack_reader *r);
struct bytes msgpack_read_binary(struct msgpack_reader *r);
/* Whether a nil stands here, which is then read. Does not fail when something else does. */
bool msgpack_read_nil(struct msgpack_reader *r);
/* Everything was as expected and nothing is left. */
bool msgpack_read_ended(const struct msgpack_reader *r);

#endif
