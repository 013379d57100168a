/* export_context — what the writers of the out folder's files share. Constant once made; any number
 * of threads may export with it. */
#ifndef GUIYI_WORKER_EXPORTS_EXPORT_CONTEXT_H
#define GUIYI_WORKER_EXPORTS_EXPORT_CONTEXT_H

#include "worker/golden.h"
#include "worker/run_state.h"

struct export_repeat {
  uint32_t row;
  uint32_t occurrence; /* from 2 */
};

struct export_context {
  const struct plan *plan;
  const struct run_state *run; /* NULL: what is exported was read back from a store */
  bool unmask;
  struct bytes *source_cells;    /* by source: its id as a CSV cell */
  struct export_repeat *repeats; /* by row: records without id whose content came before */
  uint32_t repeat_count;
  struct arena arena;
};

/* run: NULL, or a run whose rows have been ingested. All are borrowed. */
void export_context_init(struct export_context *context, const struct plan *plan,
                         const struct run_state *run, bool unmask);
void export_context_release(struct export_context *context);

enum { EXPORT_RECORD_ID_BYTES = 48 };
/* What source_record_id shows: the source's own id, or the record's key (in room). */
struct bytes export_record_id(const struct export_context *context,
                              const struct record_view *record, char room[EXPORT_RECORD_ID_BYTES]);
/* The value as this export may show it. */
struct bytes export_value(const struct export_context *context, uint32_t field, struct bytes value,
                          struct arena *arena);
/* Appends a CSV cell; the parts of a value with several parts are separated by `;`. */
void export_append_value(struct bytes value, struct arena *arena, struct buffer *out);
/* "2024-05-01 08:30:00" in the job's time zone, without the time at midnight; nothing for
 * INT64_MIN. Appends a CSV cell. */
void export_append_time(const struct export_context *context, int64_t time_ms, struct buffer *out);

/* Weights in bits with three decimals; INT32_MIN (no link) gives nothing. Room:
 * NUMBER_DECIMAL_BYTES_MAX. */
char *export_put_weight(char *at, int32_t weight);
/* Chance that a pair of this weight is one entity, six decimals. Room: NUMBER_DECIMAL_BYTES_MAX. */
char *export_put_probability(char *at, int32_t weight);
/* One hexadecimal digit per comparison, in the plan's order. Room: JOB_COMPARISONS_MAX. */
char *export_put_pattern(char *at, uint64_t pattern, uint32_t comparison_count);
/* The packed record of a row, decoded. */
void export_row_view(const struct export_context *context, uint32_t row, struct record_view *view);

#endif
