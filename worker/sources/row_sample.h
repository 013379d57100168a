/* row_sample — collects the sample that source_sample.h promises while a file is scanned.
 *
 * Keeps what may still be among the smallest hashes: at most twice the rows and bytes of the
 * sample. */
#ifndef GUIYI_WORKER_SOURCES_ROW_SAMPLE_H
#define GUIYI_WORKER_SOURCES_ROW_SAMPLE_H

#include "common/bytes.h"
#include "worker/sources/source_sample.h"

struct sampled_row {
  uint64_t hash;
  size_t at, size; /* in text */
};

struct row_sample {
  uint64_t threshold; /* hashes from here on are not among the smallest */
  struct sampled_row *rows;
  uint32_t row_count;
  struct buffer text;
};

void row_sample_open(struct row_sample *sample);
void row_sample_keep(struct row_sample *sample, uint64_t hash, struct bytes record);
/* Afterwards rows are the sample in its order. */
void row_sample_finish(struct row_sample *sample);
void row_sample_release(struct row_sample *sample);

static inline void row_sample_offer(struct row_sample *sample, uint64_t hash, struct bytes record) {
  if (__builtin_expect(hash < sample->threshold, 0)) row_sample_keep(sample, hash, record);
}

#endif
