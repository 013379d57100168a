/* column_names — the names of a file's columns, made usable: UTF-8, trimmed, none empty, none
 * twice. */
#ifndef GUIYI_WORKER_SOURCES_COLUMN_NAMES_H
#define GUIYI_WORKER_SOURCES_COLUMN_NAMES_H

#include "worker/sources/source_file.h"

/* One line that can be shown and stands in a job file: what is not printable is a blank, none at
 * the ends, cut to SOURCE_COLUMN_NAME_BYTES_MAX. Points into name when nothing had to be changed,
 * else into the arena. */
struct bytes column_name_clean(struct bytes name, struct arena *arena);

/* Fills file->columns from the cells of a header, changing what must be changed and leaving
 * warnings. cells == NULL: names the columns column_1, column_2 … ERR_INPUT when there are too
 * many. */
enum err column_names_set(struct source_file *file, const struct bytes *cells, uint32_t count,
                          struct failure *f);

#endif
