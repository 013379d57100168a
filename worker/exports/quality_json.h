/* quality_json — how good the cells of each source are, and what merging made of them.
 *
 * Per source and field, of the cells that were read (before): filled, valid (as it was, or after
 * cleaning), standardised (valid because cleaning changed it), attribute (worth showing, not to be
 * matched by), invalid; consistent: valid cells that say what the golden record says. Per field of
 * the golden records (after): filled, valid, consistent (no two valid values disagree), derived,
 * missing. */
#ifndef GUIYI_WORKER_EXPORTS_QUALITY_JSON_H
#define GUIYI_WORKER_EXPORTS_QUALITY_JSON_H

#include "worker/exports/export_context.h"

struct quality_after {
  uint64_t filled, valid, consistent, derived, missing;
};

/* Collected while merging, one per thread; they add up in any order. */
struct quality_counts {
  uint64_t customers;
  struct quality_after fields[JOB_FIELDS_MAX];
  uint64_t
      *agreeing; /* [source * field_count + field]: valid cells that agree with the golden value */
  uint64_t *valid; /* likewise: valid cells among the members */
  uint32_t source_count, field_count;
};

void quality_counts_init(struct quality_counts *counts, const struct job *job);
void quality_counts_release(struct quality_counts *counts);
void quality_counts_add_golden(struct quality_counts *counts, const struct golden_record *golden);
void quality_counts_join(struct quality_counts *into, const struct quality_counts *more);

/* The cells' counts come from the run's splits. */
void quality_json_write(const struct export_context *context, const struct quality_counts *counts,
                        struct buffer *out);

#endif
