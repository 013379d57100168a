/* source_glob — from paths and patterns to the list of files they name. */
#ifndef GUIYI_WORKER_SOURCES_SOURCE_GLOB_H
#define GUIYI_WORKER_SOURCES_SOURCE_GLOB_H

#include <stdint.h>

#include "common/err.h"

enum { SOURCE_PATHS_MAX = 1 << 16 };

struct source_paths {
  char **paths; /* sorted by bytes; no file twice, however it is named */
  uint32_t count;
};

/* A pattern with * ? or [ names every file it matches (folders and hidden files are left out),
 * unless a file has exactly that name. ERR_INPUT when one names nothing, a folder, something that
 * is not a regular file, or a file that may not be read. `out` is overwritten, and to be released
 * whatever is returned. */
enum err source_glob_expand(const char *const *patterns, uint32_t pattern_count,
                            struct source_paths *out, struct failure *f);
void source_paths_release(struct source_paths *paths);

#endif
