#include "worker/sources/row_sample.h"

#include <stdlib.h>

#include "common/memory.h"

enum { KEPT_ROWS = 2 * SOURCE_SAMPLE_ROWS };

void row_sample_open(struct row_sample *s) {
  *s =
      (struct row_sample){.threshold = UINT64_MAX, .rows = memory_new(KEPT_ROWS * sizeof *s->rows)};
}

static int compare_rows(const void *a, const void *b) {
  const struct sampled_row *left = a, *right = b;
  return (left->hash > right->hash) - (left->hash < right->hash);
}

/* What is cut off now can't be in the sample: rows to come only push it further back. */
void row_sample_finish(struct row_sample *s) {
  qsort(s->rows, s->row_count, sizeof *s->rows, compare_rows);
  struct buffer kept = {0};
  uint32_t count = 0;
  for (uint32_t i = 0; i < s->row_count; i++) {
    struct sampled_row *row = &s->rows[i];
    if (count && s->rows[count - 1].hash == row->hash) continue;
    if (count == SOURCE_SAMPLE_ROWS || kept.size + row->size > SOURCE_SAMPLE_BYTES_MAX) {
      s->threshold = row->hash;
      break;
    }
    size_t at = kept.size;
    buffer_append(&kept, s->text.data + row->at, row->size);
    s->rows[count++] = (struct sampled_row){row->hash, at, row->size};
  }
  buffer_release(&s->text);
  s->text = kept;
  s->row_count = count;
}

void row_sample_keep(struct row_sample *s, uint64_t hash, struct bytes record) {
  if (record.size > SOURCE_SAMPLE_ROW_BYTES_MAX) return;
  if (s->row_count == KEPT_ROWS || s->text.size + record.size > 2 * (size_t)SOURCE_SAMPLE_BYTES_MAX)
    row_sample_finish(s);
  if (hash >= s->threshold) return;
  s->rows[s->row_count++] = (struct sampled_row){hash, s->text.size, record.size};
  buffer_append_bytes(&s->text, record);
}

void row_sample_release(struct row_sample *s) {
  free(s->rows);
  buffer_release(&s->text);
  *s = (struct row_sample){0};
}
