#include "cli/run_inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/recognise.h"
#include "cli/recogniser.h"
#include "common/memory.h"
#include "worker/ordered_file.h"

static bool is_job_file(const char *path) {
  size_t size = strlen(path);
  return (size > 5 && strcmp(path + size - 5, ".yaml") == 0) ||
         (size > 4 && strcmp(path + size - 4, ".yml") == 0);
}

enum err run_inputs_make_folder(const char *path, struct failure *failure) {
  char partial[PATH_MAX];
  if (strlen(path) >= sizeof partial)
    return failure_set(failure, ERR_USAGE, "the path of the out folder is too long");
  for (size_t i = 1;; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(partial, path, i);
    partial[i] = '\0';
    if (mkdir(partial, 0700) != 0 && errno != EEXIST)
      return failure_system(failure, errno, "cannot make the folder %s", partial);
    if (path[i] == '\0') return ERR_OK;
  }
}

/* Makes the out folder and keeps other runs from writing there too, until this process ends. */
static enum err take_out_folder(const char *path, struct failure *failure) {
  enum err err = run_inputs_make_folder(path, failure);
  if (err) return err;
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return failure_system(failure, errno, "cannot open the folder %s", path);
  /* A file system without locks is no reason not to write. */
  if (flock(folder, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return ERR_OK;
  close(folder);
  return failure_set(failure, ERR_STORE,
                     "another run writes to %s: wait until it has ended, or give this run its own "
                     "--out",
                     path);
}

static void add_inputs(struct run_inputs *r, uint32_t source, const struct source_paths *paths) {
  r->inputs = memory_resize(r->inputs, (r->input_count + paths->count) * sizeof *r->inputs);
  for (uint32_t i = 0; i < paths->count; i++)
    r->inputs[r->input_count++] =
        (struct pipeline_input){.path = paths->paths[i], .source = source};
}

/* The files of every source of a job file; relative ones are seen from the job's folder. */
static enum err find_job_files(struct run_inputs *r, struct failure *failure) {
  r->paths = memory_new_zeroed(r->job.source_count, sizeof *r->paths);
  r->path_sets = r->job.source_count;
  for (uint32_t s = 0; s < r->job.source_count; s++) {
    const struct job_source *source = &r->job.sources[s];
    const char **patterns = arena_alloc(&r->job.arena, source->path_count * sizeof *patterns);
    for (uint32_t i = 0; i < source->path_count; i++) {
      struct bytes p = source->paths[i];
      bool absolute = p.size && p.data[0] == '/';
      patterns[i] = absolute ? arena_printf(&r->job.arena, "%.*s", (int)p.size, p.data)
                             : arena_printf(&r->job.arena, "%.*s/%.*s", (int)r->job.folder.size,
                                            r->job.folder.data, (int)p.size, p.data);
    }
    enum err err = source_glob_expand(patterns, source->path_count, &r->paths[s], failure);
    if (err) {
      failure_wrap(failure, "source %.*s", (int)source->id.size, source->id.data);
      return err;
    }
    add_inputs(r, s, &r->paths[s]);
  }
  return ERR_OK;
}

/* By the files' sizes, up to a power of two: a few rows more must not mean other blocking rules. */
static uint64_t estimate_records(const struct run_inputs *r) {
  enum { RECORD_BYTES = 128, PACKED_RECORD_BYTES = 32 };
  uint64_t records = 1, estimate = 1;
  for (uint32_t i = 0; i < r->input_count; i++) {
    struct bytes path = bytes_from_string(r->inputs[i].path);
    bool packed = bytes_ends_with(path, BYTES(".gz")) || bytes_ends_with(path, BYTES(".zst"));
    struct stat status;
    if (stat(r->inputs[i].path, &status) == 0 && status.st_size > 0)
      records += (uint64_t)status.st_size / (packed ? PACKED_RECORD_BYTES : RECORD_BYTES);
  }
  while (estimate < records) estimate *= 2;
  return estimate;
}

static enum err prepare_job_file(const struct run_inputs_options *options, struct run_inputs *r,
                                 struct failure *failure) {
  if (options->argument_count > 1)
    return failure_set(failure, ERR_USAGE,
                       "a job file names its data files itself: give either one job file or data "
                       "files");
  enum err err = job_load(options->arguments[0], &r->job, failure);
  if (!err) err = find_job_files(r, failure);
  if (!err && r->job.expected_records == 0) r->job.expected_records = estimate_records(r);
  return err ? err : take_out_folder(options->out_dir, failure);
}

/* Says what was recognised, and leaves the job file for who wants it otherwise. */
static enum err write_recognised_job(const struct run_inputs_options *options, struct run_inputs *r,
                                     struct failure *failure) {
  struct buffer text = {0};
  if (!options->quiet) {
    recognition_print(&r->job, &r->recognition, &text);
    fputs(buffer_string(&text), stderr);
    buffer_clear(&text);
  }
  struct ordered_file *file = NULL;
  enum err err = ordered_file_open(options->out_dir, "job.yaml", BYTES_EMPTY, &file, failure);
  if (!err) {
    job_print(&r->job, &text);
    err = ordered_file_add(file, 0, &text, failure);
    if (!err) err = ordered_file_finish(&file, 1, failure);
  }
  ordered_file_drop(&file);
  buffer_release(&text);
  return err;
}

static enum err prepare_data_files(const struct run_inputs_options *options, struct run_inputs *r,
                                   struct failure *failure) {
  r->is_recognised = true;
  r->paths = memory_new_zeroed(1, sizeof *r->paths);
  r->path_sets = 1;
  enum err err = source_glob_expand(options->arguments, options->argument_count, r->paths, failure);
  if (err) return err;
  uint32_t count = r->paths->count;
  r->scanned = memory_new_zeroed(count, sizeof *r->scanned);
  add_inputs(r, 0, r->paths);
  struct source_file_options recognise_all = {0};
  for (uint32_t f = 0; f < count; f++) {
    if (!options->quiet) fprintf(stderr, "recognising %s\n", r->paths->paths[f]);
    err =
        source_file_scan(r->paths->paths[f], &recognise_all, SPLIT_BYTES, &r->scanned[f], failure);
    if (err) return err;
    r->inputs[f].source = f;
    r->inputs[f].take_scanned = &r->scanned[f];
  }
  err = recognise_files(r->scanned, count, &r->job, &r->recognition, failure);
  if (!err) err = take_out_folder(options->out_dir, failure);
  if (!err) err = write_recognised_job(options, r, failure);
  return err;
}

enum err run_inputs_prepare(const struct run_inputs_options *options, struct run_inputs *out,
                            struct failure *failure) {
  *out = (struct run_inputs){0};
  return is_job_file(options->arguments[0]) ? prepare_job_file(options, out, failure)
                                            : prepare_data_files(options, out, failure);
}

void run_inputs_release(struct run_inputs *r) {
  for (uint32_t f = 0; r->scanned && f < r->paths->count; f++) source_file_release(&r->scanned[f]);
  for (uint32_t s = 0; s < r->path_sets; s++) source_paths_release(&r->paths[s]);
  free(r->scanned);
  free(r->paths);
  free(r->inputs);
  job_release(&r->job);
}
