/* A control message. The part is a kind, whose number and count of fields are then given, or `any`:
 * what decodes must encode to something that decodes to the same bytes again. */
#include <stdlib.h>

#include "common/check.h"
#include "proto/message.h"
#include "tests/fuzz/fuzz_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By kind; what follows is ANY. */
static const char *const parts[] = {
#define MESSAGE(KIND, kind, fields) #kind,
#include "proto/messages.def"
#undef MESSAGE
    "any"};

static const uint8_t field_counts[] = {
#define F(type, name) +1
#define MESSAGE(KIND, kind, fields) 0 fields,
#include "proto/messages.def"
#undef MESSAGE
#undef F
};

static void fuzz_message(struct bytes wire) {
  struct message message, again;
  struct failure failure = {0};
  if (message_decode(wire, &message, &failure)) {
    check(failure.code == ERR_MALFORMED && failure.message[0]);
    return;
  }
  struct buffer first = {0}, second = {0};
  message_encode(&message, &first);
  check(message_decode(buffer_bytes(&first), &again, &failure) == ERR_OK);
  check(again.kind == message.kind);
  message_encode(&again, &second);
  check(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
  buffer_release(&first);
  buffer_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static unsigned part = UINT32_MAX;
  if (part == UINT32_MAX) part = fuzz_part_of(parts, MESSAGE_KIND_COUNT + 1);
  char *wire = malloc(size + 1); /* so that a read past the end is seen */
  check(wire != NULL);
  if (size) memcpy(wire, data, size);
  if (part < MESSAGE_KIND_COUNT && size >= 2) {
    wire[0] = (char)(0x90 | (1 + field_counts[part]));
    wire[1] = (char)part;
  }
  fuzz_message(bytes_of(wire, size));
  free(wire);
  return 0;
}
