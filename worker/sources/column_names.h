/* column_names — the names of a file's columns, made usable: UTF-8, trimmed, none empty, none
 * twice. */
#ifndef GUIYI_WORKER_SOURCES_COLUMN_NAMES_H
#define GUIYI_WORKER_SOURCES_COLUMN_NAMES_H

#include "worker/sources/source_file.h"

/* Fills file->columns from the cells of a header, changing what must be changed and leaving
 * warnings. cells == NULL: names the columns column_1, column_2 … ERR_INPUT when there are too
 * many. */
enum err column_names_set(struct source_file *file, const struct bytes *cells, uint32_t count,
                          struct failure *f);

#endif
