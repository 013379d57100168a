#include "worker/run_state.h"

#include "common/check.h"

const char *run_state_record(const struct run_state *run, uint32_t row) {
  check(row < run->row_count && run->split_count);
  uint32_t low = 0, high = run->split_count; /* the last split whose first row is not behind row */
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (run->splits[middle].first_row <= row)
      low = middle;
    else
      high = middle;
  }
  const struct split_output *split = &run->splits[low];
  uint64_t offset = split->record_offsets[row - split->first_row];
  check(offset != UINT64_MAX);
  return split->records.data + offset;
}
