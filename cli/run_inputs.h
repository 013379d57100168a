/* run_inputs — what a run is of: a job file, or data files whose columns are recognised; and the
 * files that come of it. */
#ifndef GUIYI_CLI_RUN_INPUTS_H
#define GUIYI_CLI_RUN_INPUTS_H

#include "cli/recognise.h"
#include "common/job.h"
#include "worker/pipeline.h"
#include "worker/sources/source_glob.h"

struct run_inputs_options {
  const char **arguments; /* one job file (.yaml, .yml), or data files */
  uint32_t argument_count;
  const char *out_dir; /* where a recognised job is written */
  bool quiet;          /* say nothing of what is recognised */
};

struct run_inputs {
  struct job job;
  bool is_recognised;
  struct recognition recognition; /* when it is */
  struct source_file *scanned;    /* by input, when columns were recognised */
  struct source_paths *paths;     /* by source; owns what inputs point to */
  uint32_t path_sets;
  struct pipeline_input *inputs;
  uint32_t input_count;
};

/* Takes the out folder: made, and kept from other runs until this process ends. out is to be
 * released whatever is returned. */
enum err run_inputs_prepare(const struct run_inputs_options *options, struct run_inputs *out,
                            struct failure *failure);
void run_inputs_release(struct run_inputs *inputs);
/* The folder with its parents, for its owner alone. */
enum err run_inputs_make_folder(const char *path, struct failure *failure);

#endif
