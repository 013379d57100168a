#include "worker/run_state.h"

#include "common/check.h"

static const struct split_output *split_of_row(const struct run_state *run, uint32_t row) {
  check(row < run->row_count && run->split_count);
  uint32_t low = 0, high = run->split_count; /* the last split whose first row is not behind row */
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (run->splits[middle].first_row <= row)
      low = middle;
    else
      high = middle;
  }
  return &run->splits[low];
}

void run_state_record_soon(const struct run_state *run, uint32_t row, bool offset_is_near) {
  const struct split_output *split = split_of_row(run, row);
  const uint64_t *offset = &split->record_offsets[row - split->first_row];
  if (!offset_is_near) {
    __builtin_prefetch(offset);
    __builtin_prefetch(run_state_row(run, row));
  } else if (*offset != UINT64_MAX) {
    for (unsigned line = 0; line < 4; line++)
      __builtin_prefetch(split->records.data + *offset + line * 64);
  }
}

const char *run_state_record(const struct run_state *run, uint32_t row) {
  const struct split_output *split = split_of_row(run, row);
  uint64_t offset = split->record_offsets[row - split->first_row];
  check(offset != UINT64_MAX);
  return split->records.data + offset;
}
