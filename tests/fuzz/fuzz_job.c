/* Any bytes as a job file: refused with a sentence, or read so that what is printed of it is read
 * again and prints the same. */
#include <stdint.h>

#include "common/check.h"
#include "common/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct job job, again;
  struct failure failure = {0};
  if (job_parse(bytes_of((const char *)data, size), "job.yaml", &job, &failure)) {
    check(failure.code == ERR_CONFIG && failure.message[0]);
    return 0;
  }
  struct buffer first = {0}, second = {0};
  job_print(&job, &first);
  check(job_parse(buffer_bytes(&first), "job.yaml", &again, &failure) == ERR_OK);
  job_print(&again, &second);
  check(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
  job_release(&job);
  job_release(&again);
  buffer_release(&first);
  buffer_release(&second);
  return 0;
}
