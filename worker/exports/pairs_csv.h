/* pairs_csv — candidate pairs that were compared, with weight, probability and pattern. */
#ifndef GUIYI_WORKER_EXPORTS_PAIRS_CSV_H
#define GUIYI_WORKER_EXPORTS_PAIRS_CSV_H

#include "worker/exports/export_context.h"

#define PAIRS_CSV_HEADING "source_a,id_a,source_b,id_b,weight,probability,pattern,rule\n"

/* The pairs of one partition of the key space. weight: bits of posterior log-odds. pattern: one
 * hexadecimal digit per comparison (common/pattern.h). rule: the match rule that decided, else
 * empty: the weight did. */
void pairs_csv_partition(const struct export_context *context, uint32_t partition,
                         struct buffer *out);

#endif
