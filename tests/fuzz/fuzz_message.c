#include <stdlib.h>

#include "common/check.h"
#include "proto/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What decodes must encode to something that decodes to the same bytes again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct message message, again;
  struct failure failure = {0};
  if (message_decode(bytes_of((const char *)data, size), &message, &failure) != ERR_OK) return 0;
  struct buffer first = {0}, second = {0};
  message_encode(&message, &first);
  check(message_decode(buffer_bytes(&first), &again, &failure) == ERR_OK);
  message_encode(&again, &second);
  check(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
  buffer_release(&first);
  buffer_release(&second);
  return 0;
}
