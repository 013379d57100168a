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
  uint64_t sent_ms;
  struct failure failure; /* why it was refused; code OK otherwise */
  void *context;
  void (*send)(void *context, const struct message *message);
  /* Start computing; worker_computed follows. input is borrowed until then by nobody: copy it. */
  void (*compute)(void *context, const struct worker_task *task, struct bytes input);
};

void worker_begin(struct worker *w, uint64_t now_ms);
void worker_receive(struct worker *w, const struct message *message, uint64_t now_ms);
/* failure is NULL when the task succeeded. */
void worker_computed(struct worker *w, const struct worker_task *task, uint64_t units,
                     struct bytes result, const struct failure *failure, uint64_t now_ms);
void worker_tick(struct worker *w, uint64_t now_ms);

#endif
