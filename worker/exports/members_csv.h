/* members_csv — one row per linked record, in input order. */
#ifndef GUIYI_WORKER_EXPORTS_MEMBERS_CSV_H
#define GUIYI_WORKER_EXPORTS_MEMBERS_CSV_H

#include "worker/exports/export_context.h"

#define MEMBERS_CSV_HEADING "source,source_record_id,customer_id,match_weight\n"

/* match_weight: bits of the record's strongest accepted link inside its entity; empty for a record
 * that stands alone. Needs clusters and customer ids of the run. */
void members_csv_split(const struct export_context *context, uint32_t split, struct buffer *out);

/* Where a slot's record went. */
struct members_csv_slot {
  uint64_t customer_id;
  int32_t link_weight;
};
/* The same where they are known by slot, not by entity; slots of rows that are not linked are not
 * read. */
void members_csv_slots(const struct export_context *context, const struct split_output *split,
                       const struct members_csv_slot *slots, struct buffer *out);

#endif
