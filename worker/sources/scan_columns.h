/* scan_columns — the second half of source_file_scan: names of the columns, and the sample as
 * cells. */
#ifndef GUIYI_WORKER_SOURCES_SCAN_COLUMNS_H
#define GUIYI_WORKER_SOURCES_SCAN_COLUMNS_H

#include "worker/sources/row_sample.h"
#include "worker/sources/source_file.h"

/* Sets file->columns of CSV. first_record: as in the file unless is_decoded; it is the header when
 * the file has one. Without one, the number of cells that most sampled rows have counts. */
enum err scan_columns_csv(struct source_file *file, const struct source_file_options *options,
                          struct bytes first_record, const struct row_sample *sample,
                          bool is_decoded, struct failure *f);
/* Sets file->columns of JSON Lines: the given keys, or those of all lines of the finished scan. */
enum err scan_columns_jsonl(struct source_file *file, const struct source_file_options *options,
                            struct failure *f);
/* Sets file->sample from the finished sample of records. */
enum err scan_sample_cells(struct source_file *file, const struct row_sample *sample,
                           bool is_decoded, struct failure *f);

#endif
