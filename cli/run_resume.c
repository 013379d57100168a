#include "cli/run_resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "worker/store/data_folder.h"

enum { REPORT_BYTES_MAX = 256 << 20 };

static bool is_of_job(const struct manifest *m, const struct job *job) {
  struct buffer text = {0};
  job_print(job, &text);
  bool same = bytes_equal(buffer_bytes(&text), m->job_text);
  buffer_release(&text);
  return same;
}

static bool is_of_file(const struct manifest_file *was, const struct pipeline_input *input) {
  struct stat now;
  char *absolute = realpath(input->path, NULL);
  bool same = absolute && stat(input->path, &now) == 0 && was->source == input->source &&
              bytes_equal(was->path, bytes_from_string(absolute)) &&
              was->size_bytes == (uint64_t)now.st_size &&
              was->modified_ns == now.st_mtim.tv_sec * 1000000000ll + now.st_mtim.tv_nsec;
  free(absolute);
  return same;
}

static bool is_of_files(const struct manifest *m, const struct run_inputs *inputs) {
  if (m->file_count != inputs->input_count) return false;
  for (uint32_t i = 0; i < m->file_count; i++)
    if (!is_of_file(&m->files[i], &inputs->inputs[i])) return false;
  return true;
}

/* The report is written after all other files of the out folder. */
static bool is_reported(const char *out_dir, struct bytes digest) {
  char path[DATA_FOLDER_PATH_MAX];
  struct buffer report = {0};
  struct failure unheard;
  int size = snprintf(path, sizeof path, "%s/report.json", out_dir);
  bool found = size > 0 && (size_t)size < sizeof path &&
               data_folder_read_file(path, REPORT_BYTES_MAX, &report, &unheard) == ERR_OK &&
               bytes_find(buffer_bytes(&report), digest) < report.size;
  buffer_release(&report);
  return found;
}

enum err run_resume_find(const struct run_inputs *inputs, const char *data_dir, const char *out_dir,
                         uint64_t decisions_length, struct run_resume *out,
                         struct failure *failure) {
  struct generation *generation;
  *out = (struct run_resume){0};
  enum err err = generation_open(data_dir, &generation, failure);
  if (err) return err == ERR_NOT_FOUND ? ERR_OK : err;
  const struct manifest *m = generation_manifest(generation);
  out->is_published = m->decisions.length == decisions_length && is_of_job(m, &inputs->job) &&
                      is_of_files(m, inputs) && is_reported(out_dir, m->digest);
  out->generation = m->generation;
  snprintf(out->digest, sizeof out->digest, "%.*s", (int)m->digest.size, m->digest.data);
  generation_close(generation);
  return ERR_OK;
}
