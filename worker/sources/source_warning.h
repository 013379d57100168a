/* source_warning — what is odd about a file and does not stop it from being read. */
#ifndef GUIYI_WORKER_SOURCES_SOURCE_WARNING_H
#define GUIYI_WORKER_SOURCES_SOURCE_WARNING_H

#include "worker/sources/source_file.h"

__attribute__((format(printf, 2, 3))) void source_warn(struct source_file *file, const char *format,
                                                       ...);

#endif
