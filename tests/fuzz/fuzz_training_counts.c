/* Counts that a worker sent: whatever the bytes are, decoding stays within them and takes memory in
 * proportion; what it accepts is the same when it is encoded again, and adds up without harm. */
#include <stdlib.h>

#include "common/check.h"
#include "common/training_counts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sums(const struct pattern_counts *counts) {
  for (uint64_t i = 1; i < counts->count; i++) {
    const struct pattern_count *a = &counts->items[i - 1], *b = &counts->items[i];
    check(a->mask < b->mask || (a->mask == b->mask && a->pattern < b->pattern));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct training_counts counts, again, sum = {0};
  struct buffer one = {0}, two = {0};
  if (training_counts_decode(bytes_of((const char *)data, size), &counts)) return 0;
  check((counts.candidates.count + counts.random.count) * sizeof(struct pattern_count) <= size);
  training_counts_encode(&counts, &one);
  check(one.size == size);
  check(training_counts_decode(buffer_bytes(&one), &again) == ERR_OK);
  training_counts_encode(&again, &two);
  check(bytes_equal(buffer_bytes(&one), buffer_bytes(&two)));
  training_counts_add(&sum, &counts);
  training_counts_add(&sum, &again);
  pattern_counts_sort(&sum.candidates);
  pattern_counts_sort(&sum.random);
  check_sums(&sum.candidates);
  check_sums(&sum.random);
  check(sum.record_count == 2 * counts.record_count);
  training_counts_release(&counts);
  training_counts_release(&again);
  training_counts_release(&sum);
  buffer_release(&one);
  buffer_release(&two);
  return 0;
}
