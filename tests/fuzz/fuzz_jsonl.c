/* Any bytes as a file of JSON Lines. */
#include "tests/fuzz/source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct source_file_options options = {.format = SOURCE_FORMAT_JSONL};
  fuzz_source(data, size, &options);
  return 0;
}
