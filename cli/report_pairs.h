/* report_pairs — a few compared pairs that show how the run decided: a strong one, those beside the
 * threshold, those that something spoke against. Which ones depends on the records and the model
 * alone. */
#ifndef GUIYI_CLI_REPORT_PAIRS_H
#define GUIYI_CLI_REPORT_PAIRS_H

#include "worker/run_state.h"

enum report_pair_kind {
  REPORT_PAIR_STRONG,  /* the highest weight, one customer */
  REPORT_PAIR_DESPITE, /* one customer although a field differs; the highest weight of those */
  REPORT_PAIR_BARELY_ACCEPTED, /* one customer, the lowest weight that is accepted */
  REPORT_PAIR_BARELY_REJECTED, /* two customers, the highest weight that is not accepted */
  REPORT_PAIR_SAME_NAME,       /* two customers of one name, the lowest weight of those */
  REPORT_PAIR_CONSTRAINT,      /* a contradiction keeps them apart */
  REPORT_PAIR_COHESION,        /* the other records of their groups speak against it */
  REPORT_PAIR_HOUSEHOLD,       /* relatives by a match rule */
  REPORT_PAIR_KINDS
};

struct report_pair {
  bool found;
  uint32_t a, b; /* rows, record_key of a not above b's */
};

void report_pairs_choose(const struct run_state *run, struct report_pair out[REPORT_PAIR_KINDS]);

#endif
