/* cluster_status — what a coordinator says of its job to people and to Prometheus. Counts, states
 * and endpoints; never a value of a record. */
#ifndef GUIYI_CLI_CLUSTER_STATUS_H
#define GUIYI_CLI_CLUSTER_STATUS_H

#include "coordinator/coordinator.h"

/* One JSON object: /status, and what `guiyi status` reads. Appends. */
void cluster_status_json(const struct coordinator_progress *progress, struct buffer *out);
/* The text format of Prometheus, version 0.0.4. Appends. */
void cluster_status_metrics(const struct coordinator_progress *progress, struct buffer *out);
/* Of any process: CPU time and memory. */
void process_metrics(struct buffer *out);
/* A metric with its help and type, and one value without labels. */
void metric_print(struct buffer *out, const char *name, const char *type, const char *help,
                  uint64_t value);

#endif
