#include "worker/sources/source_glob.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/text.h"

struct found_file {
  char *path;
  dev_t device;
  ino_t inode;
};

struct found_files {
  struct found_file *files;
  uint32_t count, capacity;
};

static enum err add_file(struct found_files *found, const char *path, const struct stat *status,
                         struct failure *f) {
  if (found->count == SOURCE_PATHS_MAX)
    return failure_set(f, ERR_INPUT,
                       "the patterns name more than %d files; join the files, or name fewer",
                       SOURCE_PATHS_MAX);
  if (found->count == found->capacity) {
    found->capacity = found->capacity ? found->capacity * 2 : 16;
    found->files = memory_resize(found->files, found->capacity * sizeof *found->files);
  }
  found->files[found->count++] =
      (struct found_file){memory_copy_string(path), status->st_dev, status->st_ino};
  return ERR_OK;
}

/* Paths stand in job files and manifests. */
static bool can_be_named(struct bytes path) {
  const char *end = text_end(path);
  for (const char *at = path.data; at < end;)
    if (!text_is_printable(text_decode(&at, end))) return false;
  return text_valid(path);
}

/* A path that the user wrote, or that a pattern matched: it must be a file that can be read. */
static enum err check_file(const char *path, const struct stat *status, struct failure *f) {
  if (S_ISDIR(status->st_mode))
    return failure_set(
        f, ERR_INPUT, "%s is a folder; name the files in it, for example \"%s/*.csv\"", path, path);
  if (!S_ISREG(status->st_mode))
    return failure_set(f, ERR_INPUT,
                       "%s is not a regular file; files are read twice and from several places, "
                       "so save its content to a file first",
                       path);
  if (!can_be_named(bytes_from_string(path)))
    return failure_set(
        f, ERR_INPUT,
        "the name of %s has characters that cannot be shown, or is not UTF-8: rename "
        "the file",
        path);
  if (access(path, R_OK) != 0)
    return failure_set(f, ERR_INPUT, "%s cannot be read: %s", path, strerror(errno));
  return ERR_OK;
}

static enum err add_matches(struct found_files *found, const char *pattern, struct failure *f) {
  glob_t matches = {0};
  int code = glob(pattern, GLOB_NOSORT, NULL, &matches);
  enum err err = ERR_OK;
  if (code == GLOB_NOSPACE || code == GLOB_ABORTED) {
    err = failure_set(f, ERR_IO, "the pattern %s could not be followed: %s", pattern,
                      strerror(errno));
    goto out;
  }
  uint32_t before = found->count;
  for (size_t i = 0; i < matches.gl_pathc && err == ERR_OK; i++) {
    struct stat status;
    const char *path = matches.gl_pathv[i];
    if (stat(path, &status) != 0) {
      err = failure_set(f, ERR_INPUT, "%s cannot be read: %s", path, strerror(errno));
    } else if (!S_ISDIR(status.st_mode)) {
      err = check_file(path, &status, f);
      if (err == ERR_OK) err = add_file(found, path, &status, f);
    }
  }
  if (err == ERR_OK && found->count == before)
    err = failure_set(f, ERR_INPUT,
                      "the pattern %s matches no file; check the folder and the ending", pattern);
out:
  globfree(&matches);
  return err;
}

static enum err add_pattern(struct found_files *found, const char *pattern, struct failure *f) {
  struct stat status;
  if (*pattern == '\0')
    return failure_set(f, ERR_INPUT, "the path of a file is empty; name a file");
  if (stat(pattern, &status) == 0) {
    enum err err = check_file(pattern, &status, f);
    return err == ERR_OK ? add_file(found, pattern, &status, f) : err;
  }
  if (errno == ENOENT && strpbrk(pattern, "*?[")) return add_matches(found, pattern, f);
  if (errno == ENOENT)
    return failure_set(f, ERR_INPUT, "%s does not exist; check the path", pattern);
  return failure_set(f, ERR_INPUT, "%s cannot be read: %s", pattern, strerror(errno));
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(((const struct found_file *)a)->path, ((const struct found_file *)b)->path);
}

static int compare_identities(const void *a, const void *b) {
  const struct found_file *left = a, *right = b;
  if (left->device != right->device) return left->device < right->device ? -1 : 1;
  if (left->inode != right->inode) return left->inode < right->inode ? -1 : 1;
  return compare_paths(a, b);
}

/* Of the names of one file the first in byte order stays: reading it twice would double its rows.
 */
static void drop_repeated(struct found_files *found) {
  if (found->count == 0) return;
  qsort(found->files, found->count, sizeof *found->files, compare_identities);
  uint32_t kept = 1;
  for (uint32_t i = 1; i < found->count; i++) {
    const struct found_file *last = &found->files[kept - 1];
    if (found->files[i].device == last->device && found->files[i].inode == last->inode)
      free(found->files[i].path);
    else
      found->files[kept++] = found->files[i];
  }
  found->count = kept;
  qsort(found->files, found->count, sizeof *found->files, compare_paths);
}

enum err source_glob_expand(const char *const *patterns, uint32_t pattern_count,
                            struct source_paths *out, struct failure *f) {
  *out = (struct source_paths){0};
  struct found_files found = {0};
  enum err err = ERR_OK;
  for (uint32_t i = 0; i < pattern_count && err == ERR_OK; i++)
    err = add_pattern(&found, patterns[i], f);
  drop_repeated(&found);
  out->paths = memory_new_zeroed(found.count, sizeof *out->paths);
  out->count = found.count;
  for (uint32_t i = 0; i < found.count; i++) out->paths[i] = found.files[i].path;
  free(found.files);
  return err;
}

void source_paths_release(struct source_paths *paths) {
  for (uint32_t i = 0; i < paths->count; i++) free(paths->paths[i]);
  free(paths->paths);
  *paths = (struct source_paths){0};
}
