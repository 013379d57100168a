/* worker — takes tasks and answers them.
 *
 * A pure state machine like the coordinator: the loop (worker_loop.h) or a simulator feeds it
 * messages, finished computations and the time, and carries out what it asks for.
 *
 *                        ┌──────────── GREET ────────────┐
 *                        ▼                               │
 *     NEW ──hello──▶ GREETING ──WELCOME──▶ WORKING ──────┤
 *                        ▲                               └──STOP or REFUSED──▶ STOPPED
 *                        └── worker_greet: another coordinator
 *
 * It lists what it has in every HELLO and HEARTBEAT, so a coordinator that lost sight of it, or a
 * new one, goes on with that. Who has met an epoch refuses every lower one: to its coordinator it
 * answers with a heartbeat, whose epoch tells it that it was replaced. A task that is there already
 * is not begun twice; an answer is sent until it is acknowledged. */
#ifndef GUIYI_WORKER_WORKER_H
#define GUIYI_WORKER_WORKER_H

#include <stdbool.h>

#include "common/err.h"
#include "proto/message.h"
#include "proto/task_list.h"

enum {
  HEARTBEAT_MS = 500,
  GREETING_RESEND_MS = 200,
  ANSWER_RESEND_MS = 1000, /* doubled each time, up to */
  ANSWER_RESEND_MS_MAX = 8000,
};

enum worker_phase { WORKER_NEW, WORKER_GREETING, WORKER_WORKING, WORKER_STOPPED };

struct worker_task {
  uint64_t job;
  uint32_t stage, task, attempt;
};

/* Which output a task could not have (TASK_FAILED); none: all UINT32_MAX. */
struct worker_loss {
  uint32_t worker, stage, task;
};
static const struct worker_loss worker_lost_nothing = {UINT32_MAX, UINT32_MAX, UINT32_MAX};

/* A task it has: computing, or answered and not acknowledged. */
struct worker_entry {
  struct worker_task task;
  bool answered;
  struct message message; /* the answer; its bytes are in text */
  struct buffer text;
  uint64_t send_ms; /* not before */
  uint32_t resend_ms;
};

struct worker {
  enum worker_phase phase;
  uint32_t number;
  uint64_t epoch; /* the highest it met; 0 = none yet. The caller restores it from its store */
  uint64_t incarnation; /* higher each time the process starts */
  uint64_t greeting, session, job;
  uint32_t compute_threads;
  struct bytes endpoint; /* where others fetch; outlives the worker */
  uint64_t greeted_ms, heartbeat_ms;
  struct worker_entry *entries; /* owned; entry_count of them, no gaps */
  uint32_t entry_count;
  struct buffer held;     /* outputs of job that are here: a task list */
  struct failure failure; /* why it was refused; code OK otherwise */
  void *context;
  void (*send)(void *context, const struct message *message);
  /* Start computing; worker_computed follows. Nothing is lent longer than the call. A task whose
   * output is held may be asked for again: its result is wanted, not another output. */
  void (*compute)(void *context, const struct worker_task *task, struct bytes input,
                  struct bytes places);
  /* The epoch rose: make that durable, so that no lower one is obeyed after a restart either. An
   * error leaves it unwelcomed. NULL: nothing outlives the process. */
  enum err (*fence)(void *context, uint64_t epoch);
  /* Another job than before, before its first task: what is held of the last one is of no use. An
   * error stops the worker. NULL is allowed. */
  enum err (*begin_job)(void *context, uint64_t job, struct bytes order, struct failure *failure);
};

/* The caller sets what is not state (from incarnation to endpoint, and the calls), then begins.
 * Before that it may restore epoch, and with worker_restore what it still holds of a job. */
void worker_restore(struct worker *w, uint64_t job, uint32_t stage, uint32_t task);
/* NEW, or STOPPED: it is ready for the next job. */
void worker_begin(struct worker *w, uint64_t now_ms);
/* Another coordinator is to be greeted. */
void worker_greet(struct worker *w, uint64_t now_ms);
void worker_receive(struct worker *w, const struct message *message, uint64_t now_ms);
/* failure is NULL when the task succeeded; loss is read when its code is ERR_LOST. */
void worker_computed(struct worker *w, const struct worker_task *task, uint64_t units,
                     struct bytes result, const struct failure *failure,
                     const struct worker_loss *loss, uint64_t now_ms);
/* An output turned out to be gone or damaged. Who needs it is told so when it asks for it. */
void worker_output_lost(struct worker *w, uint32_t stage, uint32_t task);
bool worker_holds(const struct worker *w, uint32_t stage, uint32_t task);
void worker_tick(struct worker *w, uint64_t now_ms);
void worker_release(struct worker *w);

#endif
