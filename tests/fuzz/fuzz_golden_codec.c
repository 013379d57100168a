/* A stored golden record is outside input: whatever the bytes are, decoding stays within them,
 * takes memory in proportion, and what it accepts can be encoded again to something that decodes
 * alike. */
#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "worker/golden_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIELDS = 4, MEMBERS_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct golden_decoded decoded, again;
  struct arena arena = {0};
  struct buffer out = {0};
  if (golden_decode(bytes_of((const char *)data, size), FIELDS, &arena, &decoded) == ERR_OK &&
      decoded.golden.member_count <= MEMBERS_MAX) {
    check(arena.bytes_used <= 64 * size + 4096);
    uint32_t count = decoded.golden.member_count;
    struct record_view *members = arena_alloc(&arena, count * sizeof *members);
    struct record_header *headers = arena_alloc_zeroed(&arena, count * sizeof *headers);
    for (uint32_t i = 0; i < count; i++) {
      headers[i].key = decoded.member_keys[i];
      members[i].header = &headers[i];
    }
    decoded.golden.members = members;
    golden_encode(&decoded.golden, FIELDS, &out);
    check(golden_decode(buffer_bytes(&out), FIELDS, &arena, &again) == ERR_OK);
    check(again.golden.member_count == count);
    for (uint32_t f = 0; f < FIELDS; f++)
      check(bytes_equal(again.golden.values[f].text, decoded.golden.values[f].text));
  }
  buffer_release(&out);
  arena_release(&arena);
  return 0;
}
