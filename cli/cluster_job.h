/* cluster_job — one run with workers elsewhere: this process is the coordinator, and afterwards the
 * client that collects the exports. It never holds a record; of the exports, one part at a time. */
#ifndef GUIYI_CLI_CLUSTER_JOB_H
#define GUIYI_CLI_CLUSTER_JOB_H

#include "cli/run_inputs.h"
#include "coordinator/coordinator_loop.h"
#include "proto/task_result.h"

struct cluster_job_options {
  struct run_inputs *inputs;
  const char *listen;    /* where workers greet */
  const char *keys;      /* the cluster's folder of keys (proto/key_file.h) */
  const char *election;  /* coordinator/election.h; NULL: this is the only coordinator, and its
                            journal is in keys */
  const char *advertise; /* where workers find this one when it leads; NULL: as it listens */
  uint32_t workers_min;  /* begin when so many are there */
  const char *out_dir;   /* exists */
  bool write_lineage, unmask;
};

struct cluster_job_result {
  struct publish_result published;
  uint64_t stage_ms[STAGE_COUNT], stage_units[STAGE_COUNT];
  bool by_another; /* another coordinator led and published; out_dir has nothing of it */
};

enum err cluster_job_run(const struct cluster_job_options *options, coordinator_observer *observe,
                         void *context, struct cluster_job_result *result, struct failure *failure);

#endif
