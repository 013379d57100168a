/* run_summary — what `guiyi run` prints when it is done: the counts, where the files are, what to
 * try next. To stdout; no values of customers. */
#ifndef GUIYI_CLI_RUN_SUMMARY_H
#define GUIYI_CLI_RUN_SUMMARY_H

#include "cli/report.h"

struct run_summary_options {
  const char *data_dir;
  bool has_lineage, has_duplicates, has_pairs; /* further files that were written */
};

void run_summary_print(const struct report_input *in, const struct run_summary_options *options);
/* The same counts for programs. */
void run_summary_print_json(const struct report_input *in);

#endif
