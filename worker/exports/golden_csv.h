/* golden_csv — one row per customer. */
#ifndef GUIYI_WORKER_EXPORTS_GOLDEN_CSV_H
#define GUIYI_WORKER_EXPORTS_GOLDEN_CSV_H

#include "worker/exports/export_context.h"

/* customer_id, the job's fields, record_count,sources,first_seen,updated_at,tags,score,tier */
void golden_csv_heading(const struct export_context *context, struct buffer *out);
/* Several values, sources or tags in one cell are separated by `;`. A required field that nobody
 * could fill says 待完善. golden->members is needed. The arena holds masked values; the caller
 * resets it. */
void golden_csv_row(const struct export_context *context, const struct golden_record *golden,
                    struct arena *arena, struct buffer *out);

#endif
