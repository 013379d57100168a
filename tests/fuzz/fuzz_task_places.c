#include <stdlib.h>

#include "common/check.h"
#include "proto/task_places.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What decodes names only workers that are in its list, and encodes to the same again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  struct task_places places, again;
  struct failure failure = {0};
  if (task_places_decode(bytes_of((const char *)data, size), &arena, &places, &failure) == ERR_OK) {
    for (unsigned s = 0; s < STAGE_COUNT; s++)
      for (uint32_t t = 0; places.worker[s] && t < places.task_count[s]; t++)
        check(task_places_find(&places, places.worker[s][t]));
    struct buffer first = {0}, second = {0};
    task_places_encode(&places, &first);
    check(task_places_decode(buffer_bytes(&first), &arena, &again, &failure) == ERR_OK);
    task_places_encode(&again, &second);
    check(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
    buffer_release(&first);
    buffer_release(&second);
  }
  arena_release(&arena);
  return 0;
}
