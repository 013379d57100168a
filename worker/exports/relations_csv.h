/* relations_csv — customers who live or work together without being one: each two of a kind once,
 * with the records that show it. */
#ifndef GUIYI_WORKER_EXPORTS_RELATIONS_CSV_H
#define GUIYI_WORKER_EXPORTS_RELATIONS_CSV_H

#include "worker/exports/export_context.h"

/* basis: the match rule's id, "recognised" (two names at a family's identifier), or "decision N";
 * weight: empty where a person decided. */
#define RELATIONS_CSV_HEADING \
  "kind,customer_a,customer_b,source_a,id_a,source_b,id_b,basis,weight\n"
/* Items first … first+count-1 of run.clusters.relations. */
void relations_csv_range(const struct export_context *context, uint64_t first, uint64_t count,
                         struct buffer *out);
/* "household", "employer". */
const char *relation_kind_name(enum relation_kind kind);

#endif
