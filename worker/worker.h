/* worker — takes tasks and answers them.
 *
 * A pure state machine like the coordinator: the loop (worker_loop.h) or a simulator feeds it
 * messages, finished computations and the time, and carries out what it asks for.
 *
 *     NEW ──hello──▶ GREETING ──WELCOME──▶ WORKING ──STOP or REFUSED──▶ STOPPED */
#ifndef GUIYI_WORKER_WORKER_H
#define GUIYI_WORKER_WORKER_H

#include <stdbool.h>

#include "common/err.h"
#include "proto/message.h"

enum { WORKER_TASKS_MAX = 64, HEARTBEAT_MS = 2000 };

enum worker_phase { WORKER_NEW, WORKER_GREETING, WORKER_WORKING, WORKER_STOPPED };

struct worker_task {
  uint64_t epoch;
  uint32_t stage, task, attempt;
};

struct worker {
  enum worker_phase phase;
  uint32_t number;
  uint64_t epoch;
  uint64_t incarnation;
  uint32_t compute_threads;
  struct bytes
      endpoint; /* where others fetch what this worker holds; empty when memory is shared */
  uint64_t sent_ms;
  struct failure failure; /* why it was refused; code OK otherwise */
  void *context;
  void (*send)(void *context, const struct message *message);
  /* The job of the run; before the first task. order is borrowed for the call. An error stops the
   * worker. */
  enum err (*begin_job)(void *context, struct bytes order, struct failure *failure);
  /* Start computing; worker_computed follows. input and places are borrowed until then by nobody:
   * copy them. */
  void (*compute)(void *context, const struct worker_task *task, struct bytes input,
                  struct bytes places);
};

/* Which output a task could not have (TASK_FAILED); none: all UINT32_MAX. */
struct worker_loss {
  uint32_t worker, stage, task;
};
static const struct worker_loss worker_lost_nothing = {UINT32_MAX, UINT32_MAX, UINT32_MAX};

void worker_begin(struct worker *w, uint64_t now_ms);
void worker_receive(struct worker *w, const struct message *message, uint64_t now_ms);
/* failure is NULL when the task succeeded; loss is read when its code is ERR_LOST. */
void worker_computed(struct worker *w, const struct worker_task *task, uint64_t units,
                     struct bytes result, const struct failure *failure,
                     const struct worker_loss *loss, uint64_t now_ms);
void worker_tick(struct worker *w, uint64_t now_ms);

#endif
