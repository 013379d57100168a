/* coordinator — plans a run: which stage is on, which task is whose, when the run is over.
 *
 * A pure state machine: it reads no clock and no socket and never sees a record. The loop
 * (coordinator_loop.h) or a simulator feeds it messages and the time and sends what it asks for.
 *
 *             workers_min HELLOs              last task of PUBLISH done
 *     WAITING ───────────────────▶ RUNNING ─────────────────────────────▶ DONE
 *                                     │  a task failed for good
 *                                     └─────────────────────────────────▶ FAILED
 *
 * Inside RUNNING stages follow each other in the order of proto/stages.def. A task goes to the next
 * free place of a worker, or of the worker that its stage's `at` names; it is told where the
 * outputs lie that it needs. When a worker is lost its tasks go back; an answer for another epoch,
 * stage or attempt is dropped. */
#ifndef GUIYI_COORDINATOR_COORDINATOR_H
#define GUIYI_COORDINATOR_COORDINATOR_H

#include <stdbool.h>

#include "common/err.h"
#include "common/model.h"
#include "coordinator/model_training.h"
#include "proto/message.h"
#include "proto/stage.h"

enum {
  COORDINATOR_WORKERS_MAX = 256,
  TASK_ATTEMPTS_MAX = 3,
  TASKS_QUEUED_PER_THREAD = 1, /* besides the running one, so that no thread waits for a message */
  WORKER_SILENCE_MS_MAX = 30000, /* no message for so long: the worker is lost */
};

enum coordinator_phase {
  COORDINATOR_WAITING,
  COORDINATOR_RUNNING,
  COORDINATOR_DONE,
  COORDINATOR_FAILED
};

/* What the client says when it submits a run. */
struct coordinator_options {
  uint32_t file_count;
  uint32_t shard_count;
  uint32_t range_count;          /* into how many tasks REPAIR is cut */
  const struct model_spec *spec; /* what training must know of the plan; outlives the coordinator */
  uint64_t epoch;
  uint32_t workers_min;   /* the run begins when so many have greeted; 0 counts as 1 */
  bool shared_memory;     /* the workers share it: any task runs anywhere, nothing is exchanged */
  struct bytes job_order; /* for WELCOME; outlives the coordinator */
  struct bytes facts; /* what people decided about pairs (common/pair_fact.h, encoded); outlives the
                         coordinator. Told to LINK behind the model */
};

struct coordinator;

/* A message for a worker, by the number it was given. */
typedef void coordinator_send(void *context, uint32_t worker, const struct message *message);

struct coordinator *coordinator_new(const struct coordinator_options *options,
                                    coordinator_send *send, void *context);
void coordinator_free(struct coordinator *c);

/* A worker appeared: its number, or -1 when there are too many. */
int coordinator_worker_join(struct coordinator *c, uint64_t now_ms);
/* Everything below may call send. */
void coordinator_receive(struct coordinator *c, uint32_t worker, const struct message *message,
                         uint64_t now_ms);
void coordinator_tick(struct coordinator *c, uint64_t now_ms);
void coordinator_worker_lost(struct coordinator *c, uint32_t worker);
/* Ends the run as failed and stops the workers; a first failure stays. */
void coordinator_fail(struct coordinator *c, enum err code, const char *sentence);

struct coordinator_progress {
  enum coordinator_phase phase;
  enum stage stage;
  uint32_t tasks_done, tasks_total; /* of the stage */
  uint64_t units_done;              /* of the stage: rows or pairs */
  uint64_t rows;                    /* of the run, 0 before they were counted */
  uint32_t workers;
  uint64_t stage_started_ms;
};

void coordinator_progress(const struct coordinator *c, struct coordinator_progress *out);
/* Valid once phase is FAILED. */
const struct failure *coordinator_failure(const struct coordinator *c);
/* Valid once TRAIN is over. */
const struct model *coordinator_model(const struct coordinator *c);
const struct training_report *coordinator_training(const struct coordinator *c);
/* Wall time each finished stage took, and its units. */
uint64_t coordinator_stage_ms(const struct coordinator *c, enum stage stage);
uint64_t coordinator_stage_units(const struct coordinator *c, enum stage stage);

#endif
