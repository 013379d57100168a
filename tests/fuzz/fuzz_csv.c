/* Any bytes as a file whose kind is to be recognised: CSV in most cases, packed in some. */
#include "tests/fuzz/source_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct source_file_options options;
  fuzz_source(data, size, &options);
  return 0;
}
