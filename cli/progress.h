/* progress — how far a run is: a bar on a terminal, a line per stage otherwise.
 *
 * Written to stderr, so that stdout stays for results. One thread. */
#ifndef GUIYI_CLI_PROGRESS_H
#define GUIYI_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
  bool is_terminal, is_quiet;
  const char *label; /* of the stage that is shown, NULL before the first; constant */
  uint32_t stage;
};

/* What is known at one moment. */
struct progress_state {
  uint32_t stage, stage_count;
  const char *words; /* what the stage does; constant */
  uint32_t tasks_done, tasks_total;
  uint64_t units;      /* rows or pairs that are done */
  uint64_t elapsed_ms; /* in the stage */
};

void progress_init(struct progress *p, bool quiet);
void progress_show(struct progress *p, const struct progress_state *state);
/* Ends the last line. */
void progress_end(struct progress *p);

/* "1,234,567" */
const char *progress_number(uint64_t value, char out[32]);

#endif
