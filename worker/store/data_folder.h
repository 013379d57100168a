/* data_folder — the files around the generations: the lock, the pointer CURRENT, clean-up.
 *
 * All calls block on the disk. Paths in messages are as the user gave the folder. */
#ifndef GUIYI_WORKER_STORE_DATA_FOLDER_H
#define GUIYI_WORKER_STORE_DATA_FOLDER_H

#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"
#include "common/hash.h"

enum { DATA_FOLDER_PATH_MAX = 4096 };

/* What CURRENT says. */
struct data_folder_current {
  uint64_t generation;              /* from 1 */
  struct hash128 manifest_checksum; /* XXH3-128 of manifest.json */
};

/* Makes the folder (and its parents) and takes its lock. ERR_STORE when another run holds it. Close
 * *lock_fd to let go; the end of the process does it too. */
enum err data_folder_lock(const char *data_dir, int *lock_fd, struct failure *failure);

/* ERR_NOT_FOUND when nothing was ever published here, ERR_CORRUPT when CURRENT is damaged, or gone
 * although there are generations that only exist after one was published. */
enum err data_folder_current(const char *data_dir, struct data_folder_current *current,
                             struct failure *failure);
/* Moves the pointer: written beside, synced, renamed, folder synced. */
enum err data_folder_set_current(const char *data_dir, const struct data_folder_current *current,
                                 struct failure *failure);

/* Removes every generation but `current` and the newest before it; current 0 removes all. Needs the
 * lock. */
enum err data_folder_clean(const char *data_dir, uint64_t current, struct failure *failure);
enum err data_folder_remove(const char *data_dir, uint64_t generation, struct failure *failure);

/* data_dir/generations/000042[/file]; file may be NULL. ERR_LIMIT when it is too long. */
enum err data_folder_path(const char *data_dir, uint64_t generation, const char *file,
                          char path[DATA_FOLDER_PATH_MAX], struct failure *failure);
/* Makes the folder of a new generation. */
enum err data_folder_make(const char *data_dir, uint64_t generation, struct failure *failure);
/* Syncs the generation's folder entry and those above it. */
enum err data_folder_sync(const char *data_dir, uint64_t generation, struct failure *failure);

/* The entries of one folder are on the disk when it returns. */
enum err data_folder_sync_folder(const char *path, struct failure *failure);

/* A whole file: written and synced; read (at most size_max bytes, else ERR_LIMIT). ERR_NOT_FOUND
 * when it isn't there. */
enum err data_folder_write_file(const char *path, struct bytes content, struct failure *failure);
enum err data_folder_read_file(const char *path, uint64_t size_max, struct buffer *content,
                               struct failure *failure);

#endif
