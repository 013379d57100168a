/* report — what a finished run tells: report.json for programs, report.html for people. No values
 * of customers beyond masked samples. */
#ifndef GUIYI_CLI_REPORT_H
#define GUIYI_CLI_REPORT_H

#include "cli/embedded_run.h"
#include "cli/recognise.h"

struct report_input {
  const struct run_state *run;
  const struct model_spec *spec;
  const struct quality_counts *quality;
  const struct pipeline_totals *totals;
  const struct embedded_result *timings;
  const char *out_dir;
  uint32_t workers;
  uint64_t wall_ms, cpu_ms;
  const struct recognition *recognised; /* the job was made so; NULL: a person made it */
  uint64_t model_generation;            /* whose model decided; 0 = one was trained */
};

/* Writes report.json and report.html into the out folder. */
enum err report_write(const struct report_input *in, struct failure *failure);

#endif
