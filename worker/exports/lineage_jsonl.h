/* lineage_jsonl — why each golden value stands there: one line per customer and field that has a
 * value.
 *
 * {"customer_id","field","value" (an array where several are united),"origin","rule","source",
 *  "source_record_id","derived_from","sources" (of an array, one
 * each),"distinct","runners_up":[{"value", "source","source_record_id"}]}; what does not apply is
 * left out. */
#ifndef GUIYI_WORKER_EXPORTS_LINEAGE_JSONL_H
#define GUIYI_WORKER_EXPORTS_LINEAGE_JSONL_H

#include "worker/exports/export_context.h"

/* Appends the customer's lines. golden->members is needed. */
void lineage_jsonl_rows(const struct export_context *context, const struct golden_record *golden,
                        struct arena *arena, struct buffer *out);
/* "cell", "united", "derived", "none". */
const char *lineage_origin_name(enum golden_origin origin);

#endif
