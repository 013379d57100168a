/* ordered_file — a file whose parts are made by several threads and written in their order.
 *
 * A part that comes before its turn waits in memory; parts are numbered from 0 and each comes
 * exactly once, so what waits is bounded by how far the threads run apart. The file gets its name
 * only when it is complete: until then it is NAME.part. */
#ifndef GUIYI_WORKER_ORDERED_FILE_H
#define GUIYI_WORKER_ORDERED_FILE_H

#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"

struct ordered_file;

enum err ordered_file_open(const char *folder, const char *name, struct bytes heading,
                           struct ordered_file **out, struct failure *failure);
/* Any thread. take_text is emptied. */
enum err ordered_file_add(struct ordered_file *file, uint32_t part, struct buffer *take_text,
                          struct failure *failure);
/* All parts up to part_count must have come. The file then has its name. */
enum err ordered_file_finish(struct ordered_file **file, uint32_t part_count,
                             struct failure *failure);
/* Removes what was written. NULL inside is allowed. */
void ordered_file_drop(struct ordered_file **file);

#endif
