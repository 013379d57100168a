/* Any bytes: cleaning and folding end, give well-formed text and are idempotent. */
#include <stdint.h>

#include "common/check.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct arena arena;
  struct bytes raw = bytes_of((const char *)data, size);
  struct bytes clean = text_clean(raw, &arena);
  struct bytes fold = text_fold(raw, &arena);
  check(text_valid(fold));
  check(text_valid(clean));
  check(bytes_equal(text_clean(clean, &arena), clean));
  check(bytes_equal(text_fold(fold, &arena), fold));
  struct bytes stripped = text_strip_pinyin(clean, &arena);
  check(stripped.size <= clean.size);
  check(text_count(raw) <= raw.size);
  check(text_cut(clean, 7).size <= 7);
  arena_reset(&arena);
  return 0;
}
