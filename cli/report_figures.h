/* report_figures — the figures of a finished run, added up once: report.json and report.html both
 * show these, so they cannot disagree. Counts only; no values of customers. */
#ifndef GUIYI_CLI_REPORT_FIGURES_H
#define GUIYI_CLI_REPORT_FIGURES_H

#include "worker/run_state.h"

enum {
  REPORT_SIZE_CLASSES = 11, /* 1..7, 8-15, 16-31, 32-63, 64 and more records */
  REPORT_BINS_MAX = 120,
  REPORT_SOURCES_MAX = 256, /* more names in the records: the job's sources are shown */
};

struct report_rows {
  uint64_t read, linked, quarantined, rejected;
};

/* The linked records of one source. linked = main + duplicate; a suspect is one of both. */
struct report_source {
  struct bytes name;
  uint64_t linked;
  uint64_t main;      /* first record of its customer, or the only one */
  uint64_t duplicate; /* further record of a customer */
  uint64_t suspect;   /* stands in a pair for review */
};

struct report_rule {
  uint64_t records, blocks, pairs;
  uint32_t largest; /* records in a block */
};

/* Compared pairs by match weight. accept_weight is the edge of a bin. */
struct report_histogram {
  int32_t low, step; /* of the first bin; 1/1024 bit */
  uint32_t bin_count;
  uint64_t bins[REPORT_BINS_MAX];
  uint64_t most; /* in one bin */
  uint64_t pairs, accept, review,
      low_pairs;    /* pairs = accept + review + low_pairs, by thresholds */
  uint64_t by_rule; /* of all pairs: a match rule decided, not the weight */
};

struct report_figures {
  struct report_rows *files;     /* by file */
  struct report_source *sources; /* by name: the job's, or those that the records name */
  uint32_t source_count;
  struct report_rule rules[JOB_BLOCKING_RULES_MAX];
  struct block_note *notes; /* the largest cut blocks, largest first */
  uint32_t note_count;
  uint64_t refined, windowed, hubs, pairs_skipped; /* of all cut blocks */
  uint64_t sizes[REPORT_SIZE_CLASSES];             /* customers by records */
  uint32_t largest;                                /* records of a customer */
  uint64_t merged_records;                         /* records of customers that have several */
  uint64_t reviews[REVIEW_REASON_COUNT];           /* by reason */
  struct report_histogram histogram;
  struct field_quality *cells; /* [source * field_count + field] */
  uint64_t *field_flags;       /* [field * FIELD_FLAG_COUNT + flag] */
  uint64_t *quality_hits;      /* by quality rule of the job */
};

void report_figures_make(const struct run_state *run, struct report_figures *out);
void report_figures_release(struct report_figures *figures);

/* "1", "8-15", "64+" */
const char *report_size_name(unsigned size_class);
/* "refined", "windowed", "shared by too many" */
const char *report_outcome_name(uint8_t outcome);

#endif
