/* coordinator_state — what the parts of the coordinator share: tasks, where their outputs lie, and
 * the workers' seats. Private to coordinator.c, lineage.c and scheduler.c. */
#ifndef GUIYI_COORDINATOR_COORDINATOR_STATE_H
#define GUIYI_COORDINATOR_COORDINATOR_STATE_H

#include "common/training_counts.h"
#include "coordinator/coordinator.h"

enum { NOWHERE = UINT16_MAX, TASK_ATTEMPTS_AT_ONCE = 2 };

enum task_state {
  TASK_PENDING, /* to be given to a worker when what it needs is there */
  TASK_RUNNING, /* one or two workers have it */
  TASK_COMPLETE /* done; its output may have been lost since without being missed */
};

struct task_attempt {
  uint16_t worker;
  bool seen; /* the worker's last list had it */
  uint32_t number;
  uint64_t begun_ms, sent_ms;
};

struct task {
  uint8_t state;         /* enum task_state */
  uint8_t running_count; /* of running[] */
  bool reported;         /* its result was taken: never again */
  uint8_t failures, losses;
  uint16_t location; /* COMPLETE: who holds the output. PENDING: who says that it does. NOWHERE */
  uint16_t avoid;    /* the worker that could not do it last; NOWHERE */
  uint32_t attempts; /* numbers given so far */
  uint64_t not_before_ms;
  uint64_t sequence; /* of its journal entry */
  struct task_attempt running[TASK_ATTEMPTS_AT_ONCE];
};

enum { DURATION_BUCKETS = 32 }; /* bucket b: below 2^b ms */

struct stage_state {
  struct task *tasks; /* owned; NULL before the stage begins */
  uint32_t count, reported;
  uint32_t pending, running; /* tasks in that state */
  uint32_t available;        /* COMPLETE, and a healthy worker holds the output */
  uint32_t first_pending;    /* none is before it */
  uint64_t units, started_ms, ms;
  uint32_t durations[DURATION_BUCKETS]; /* of first attempts that were not repeated */
};

struct worker_seat {
  bool present; /* somebody has it */
  bool greeted, suspect;
  uint64_t incarnation, greeting, session;
  uint32_t places;  /* tasks it may hold at once */
  uint32_t holding; /* attempts of running tasks */
  uint32_t surplus; /* it listed besides them: answered elsewhere, or not yet forgotten */
  uint64_t heard_ms, probed_ms, rest_until_ms, banned_until_ms;
  uint16_t complainer; /* who could not reach it last; NOWHERE */
  uint8_t complaints;  /* of its own about others, since its greeting */
  char *endpoint;      /* owned */
};

/* An acknowledgement that waits for the journal. */
struct pending_ack {
  uint64_t sequence, session;
  uint32_t worker;
  uint32_t stage, task, attempt;
};

struct coordinator {
  struct coordinator_options options;
  struct coordinator_effects effects;
  enum coordinator_phase phase;
  enum stage frontier; /* the last stage that began */
  struct stage_state stages[STAGE_COUNT];
  uint32_t split_count, row_count;
  struct worker_seat workers[COORDINATOR_WORKERS_MAX];
  uint64_t sessions; /* given so far */
  uint64_t journal_sequence, durable_sequence;
  struct pending_ack *acks; /* by sequence */
  uint32_t ack_count;
  bool restored;             /* there was a journal: workers may come back with outputs */
  uint64_t grace_until_ms;   /* until then nothing counts as lost */
  uint64_t publish_from_ms;  /* not before */
  struct buffer last_result; /* of the last stage's task */
  struct training_counts training;
  struct model model;
  struct training_report training_report;
  struct buffer link_input; /* the model, then the facts */
  struct failure failure;
  uint64_t now_ms, ticked_ms;
  uint32_t workers_lost, tasks_repeated, second_attempts;
};

/* ---- lineage.c: outputs, where they are, which are wanted ---- */

bool stage_is_run(const struct coordinator *c, enum stage stage);
bool seat_is_healthy(const struct coordinator *c, uint32_t worker);
/* The stage must have begun. */
bool output_is_available(const struct coordinator *c, enum stage stage, uint32_t task);
/* Of whole stages that `stage` fetches from. */
bool stage_inputs_available(const struct coordinator *c, enum stage stage);
/* What the task adds to is complete and in one place: *worker is that place, NOWHERE when any will
 * do. */
bool task_anchor_available(const struct coordinator *c, enum stage stage, uint32_t task,
                           uint16_t *worker);
/* Counts stage_state.available again, after a seat's health changed. */
void lineage_recount(struct coordinator *c);
void task_set_state(struct coordinator *c, enum stage stage, uint32_t task, enum task_state state);
void task_set_location(struct coordinator *c, enum stage stage, uint32_t task, uint16_t worker);
/* All that the worker held is nowhere now. */
void lineage_forget_worker(struct coordinator *c, uint32_t worker);
/* The task's output and what was added to it at the same place are nowhere now. */
void lineage_forget_output(struct coordinator *c, enum stage stage, uint32_t task);
/* The worker says that it holds the output: taken where it is missed. */
void lineage_adopt_output(struct coordinator *c, enum stage stage, uint32_t task, uint32_t worker);
/* Lost outputs that something still to be computed needs become PENDING. */
void lineage_repeat_wanted(struct coordinator *c);

/* ---- scheduler.c: who computes what ---- */

void scheduler_assign(struct coordinator *c);
/* Sends again what no list showed, and gives stragglers a second attempt. */
void scheduler_tick(struct coordinator *c);
/* The attempt of a worker at a task; NULL when it has none. */
struct task_attempt *task_attempt_of(struct coordinator *c, enum stage stage, uint32_t task,
                                     uint32_t worker);
/* The attempt is over without a result; the task is PENDING when it was the last. */
void task_drop_attempt(struct coordinator *c, enum stage stage, uint32_t task,
                       struct task_attempt *attempt);
/* The worker computes a task that nobody has: it need not be begun again. */
void scheduler_adopt(struct coordinator *c, enum stage stage, uint32_t task, uint32_t attempt,
                     uint32_t worker);

#endif
