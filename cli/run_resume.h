/* run_resume — whether a run was published already, so that to say `--resume` after a power cut or
 * a restart is always right.
 *
 * A run of one machine keeps what it computes in memory: one that was broken off begins again
 * (docs/decisions/0007). What can be told cheaply is that it was not broken off. */
#ifndef GUIYI_CLI_RUN_RESUME_H
#define GUIYI_CLI_RUN_RESUME_H

#include "cli/run_inputs.h"
#include "worker/store/generation.h"

struct run_resume {
  bool is_published; /* by this job, from these files as they are, under these decisions, and the
                        out folder has its report */
  uint64_t generation;
  char digest[GENERATION_DIGEST_BYTES];
};

enum err run_resume_find(const struct run_inputs *inputs, const char *data_dir, const char *out_dir,
                         uint64_t decisions_length, struct run_resume *out,
                         struct failure *failure);

#endif
