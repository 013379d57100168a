/* rejects_csv — one row for every input row that is not in members.csv, with the reason. */
#ifndef GUIYI_WORKER_EXPORTS_REJECTS_CSV_H
#define GUIYI_WORKER_EXPORTS_REJECTS_CSV_H

#include "worker/exports/export_context.h"

#define REJECTS_CSV_HEADING "kind,source,file,line,reason,field,value_masked\n"

void rejects_csv_split(const struct export_context *context, uint32_t split, struct buffer *out);

#endif
