/* ingest — reads one split, standardises its rows and keeps of each a packed record, a feature row
 * and its blocking keys, in one pass. Every row slot of the split ends as linked, quarantined or
 * rejected with a reason. */
#ifndef GUIYI_WORKER_STAGES_INGEST_H
#define GUIYI_WORKER_STAGES_INGEST_H

#include "common/memory.h"
#include "worker/run_state.h"
#include "worker/stages/frequency.h"
#include "worker/stages/record_check.h"
#include "worker/stages/value_memo.h"

struct quality_rules;

enum { INGEST_TIME_FIELDS = 4 };

/* A text with cells of the row in it: "{appid}/{shop}". */
struct ingest_template {
  const struct ingest_template_part {
    struct bytes text; /* where column is -1 */
    int32_t column;    /* index in the file */
  } * parts;
  uint32_t part_count; /* 0 = the text is the same for all rows */
};

/* Which column of a file feeds what. Constant after ingest_bind. */
struct ingest_binding {
  int32_t *column_of;                  /* by job column of the source: index in the file */
  int32_t *key_columns;                /* by key column */
  int32_t source_column;               /* -1 = none */
  int time_fields[INGEST_TIME_FIELDS]; /* where a record's time is looked for, in this order; -1 =
                                          no such field */
  const struct ingest_template *name_spaces; /* by job column of the source */
  bool has_name_spaces;                      /* some have parts */
  struct record_check check;
  struct record_value *constants; /* by job constant, standardised; the text is in the arena */
};

/* A heading is found as the job writes it, or else by what is left of both without blanks, case,
 * width and punctuation (`姓名＊ ` is 姓名). ERR_INPUT with the missing headings, the file's
 * headings and what to do. */
enum err ingest_bind(const struct plan *plan, uint32_t source, const struct source_file *file,
                     struct arena *arena, struct ingest_binding *out, struct failure *failure);

/* What a thread that ingests keeps from split to split. Zeroed = ready. */
struct ingest_work {
  bool counts_nothing;            /* the frequencies are counted elsewhere */
  struct frequency_tables tables; /* the sum over its splits */
  struct arena scratch;           /* of a row */
  struct value_memo memo;         /* of categories */
  struct buffer records;          /* of the split at hand */
  struct key_entry *keys;         /* likewise */
  size_t key_capacity;
  struct memory_pool keys_pool, records_pool; /* where the splits' keys and records stay */
};
/* Keys and records of all splits that it ingested go with it. */
void ingest_work_release(struct ingest_work *work);

/* Fills run->splits[split] and its slices of run->rows and run->records. work is the calling
 * thread's. rules may be NULL. */
enum err ingest_run(struct run_state *run, uint32_t split, const struct ingest_binding *binding,
                    const struct quality_rules *rules, struct ingest_work *work,
                    struct failure *failure);

void split_output_release(struct split_output *output);

/* The newest day among the rows' times, INT32_MIN when none has one. */
int32_t ingest_newest_day(const struct run_state *run);

#endif
