/* coordinator — plans a run: which stage is on, which task is whose, when the run is over.
 *
 * A pure state machine: it reads no clock and no socket and never sees a record. The loop
 * (coordinator_loop.h) or a simulator (tests/simulation) feeds it messages and the time and carries
 * out what it asks for.
 *
 *             first HELLO           last task done            made visible
 *     WAITING ──────────▶ RUNNING ────────────────▶ PUBLISHING ──────────▶ DONE
 *                            │  ▲                     │
 *                            │  └── an output is lost, or not now
 *                            ├─ a task failed for good ─▶ FAILED
 *                            └─ a higher epoch was met ─▶ DEPOSED   (from any phase but DONE,
 * FAILED)
 *
 * Stages follow each other in the order of proto/stages.def; a stage begins when every task of the
 * one before was done once. What a task leaves stays with the worker that computed it, so a lost
 * worker takes outputs with it: what is still needed of them, and only that, is computed again by
 * its own tasks (lineage.h). Tasks are deterministic, so it does not matter who answers first or
 * twice; a result is counted once.
 *
 * Messages may be lost, doubled, late and out of order: TASK is sent until a heartbeat lists it or
 * it is answered, answers until they are acknowledged, HELLO until it is welcomed. An answer is
 * acknowledged when the journal holds it. */
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
  SPLITS_MAX = 1 << 22,        /* of all files: 16 TiB */
  TASK_FAILURES_MAX = 3,       /* answered so often that it failed: the run fails */
  TASK_LOSSES_MAX = 16,        /* so often a worker was lost while it computed the task */
  TASKS_QUEUED_PER_THREAD = 1, /* besides the running one, so that no thread waits for a message */
  WORKER_PROBE_MS = 1500,      /* no message for so long: it is asked to greet again */
  WORKER_SUSPECT_MS = 3000,    /* no message for so long: its tasks go to others as well */
  WORKER_LOST_MS = 10000,      /* and for so long: its outputs are lost */
  RETURN_GRACE_MS = 10000,     /* a new coordinator waits so long for workers and what they hold */
  TASK_RESEND_MS = 2000,
  TASK_RETRY_MS = 500,    /* between a failure and the next attempt */
  WORKER_REST_MS = 5000,  /* without tasks, after its disk was full or failed */
  WORKER_BAN_MS = 30000,  /* not welcomed, after others could not reach it */
  SPECULATION_MS = 2000,  /* nothing shorter is a straggler */
  PUBLICATION_MS = 1000,  /* between attempts to publish */
  OWN_PAUSE_MS = 1000,    /* between two ticks: it was the coordinator that stood still */
  LOST_COMPLAINTS_MAX = 4 /* one worker's about others: it is the one that is cut off */
};

enum coordinator_phase {
  COORDINATOR_WAITING,
  COORDINATOR_RUNNING,
  COORDINATOR_PUBLISHING,
  COORDINATOR_DONE,
  COORDINATOR_FAILED,
  COORDINATOR_DEPOSED
};

/* What the client says when it submits a run. */
struct coordinator_options {
  uint32_t file_count;
  uint32_t shard_count;
  uint32_t range_count;          /* into how many tasks REPAIR is cut */
  uint32_t partition_count;      /* of the key space */
  const struct model_spec *spec; /* what training must know of the plan; outlives the coordinator */
  const struct model *model; /* decides instead of one that is trained; NULL = train; outlives */
  uint64_t epoch;            /* the fencing token; higher than any coordinator's before */
  uint64_t job;              /* not 0; higher for each job, below 2^32 */
  uint32_t workers_min;      /* the run begins when so many have greeted; 0 counts as 1 */
  struct bytes job_order;    /* for WELCOME; outlives the coordinator */
  struct bytes facts; /* what people decided about pairs (common/pair_fact.h, encoded); outlives the
                         coordinator. Told to LINK behind the model */
  /* The workers share it: any task runs anywhere, nothing is exchanged and no output is ever lost,
   * but two must not compute one task: nobody is given up for silence or helped out. */
  bool shared_memory;
};

/* A fact that must outlive the coordinator: the result of a task (units, result), or, with stage
 * STAGE_COUNT, that the run was published. */
struct journal_entry {
  uint32_t stage, task;
  uint64_t units;
  struct bytes result;
};

/* Which worker holds what is published. */
struct publication {
  const uint16_t *shard_worker; /* by shard, the worker's number */
  uint32_t shard_count;
  struct bytes result; /* of the last stage's task */
};

/* What the coordinator asks for. Nothing passed is owned or stays valid. */
struct coordinator_effects {
  void *context;
  void (*send)(void *context, uint32_t worker, const struct message *message);
  /* Keep the entry; call coordinator_journaled when it and all before it are durable. NULL: nothing
   * outlives this coordinator. */
  void (*journal)(void *context, uint64_t sequence, const struct journal_entry *entry);
  /* Make the generation the current one, unless a coordinator of a higher epoch was elected; call
   * coordinator_published. Asked again with the same content it must agree. NULL: the last stage
   * did it. */
  void (*publish)(void *context, const struct publication *publication);
};

struct coordinator;

struct coordinator *coordinator_new(const struct coordinator_options *options,
                                    const struct coordinator_effects *effects);
void coordinator_free(struct coordinator *c);

/* What a journal holds of this job, entry by entry in their order, before anything else.
 * ERR_MALFORMED: not the journal of this job. */
enum err coordinator_restore(struct coordinator *c, const struct journal_entry *entry,
                             struct failure *failure);

/* A worker's seat, for as long as its identity is known: its number, or -1 when all are taken. The
 * seat of a lost worker may be given to another: the caller forgets who had it before. */
int coordinator_worker_join(struct coordinator *c, uint64_t now_ms);
/* Everything below may call the effects. */
void coordinator_receive(struct coordinator *c, uint32_t worker, const struct message *message,
                         uint64_t now_ms);
void coordinator_tick(struct coordinator *c, uint64_t now_ms);
/* Entries up to this one are durable. */
void coordinator_journaled(struct coordinator *c, uint64_t sequence, uint64_t now_ms);
/* ERR_OK; ERR_STALE: a higher epoch rules; else it is asked again later. */
void coordinator_published(struct coordinator *c, enum err err, uint64_t now_ms);
/* The worker is known to be gone with all it held. */
void coordinator_worker_lost(struct coordinator *c, uint32_t worker, uint64_t now_ms);
/* Another was elected, or this one is no longer sure: not a word more. */
void coordinator_depose(struct coordinator *c);
/* Where the outputs of stages (bit s: stage s) lie: the wire form of task_places. Appends. */
void coordinator_places(const struct coordinator *c, uint32_t stages, struct buffer *out);
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
  /* Since the coordinator started. */
  uint32_t workers_lost, tasks_repeated, second_attempts;
  const struct coordinator *coordinator; /* for coordinator_worker_status */
};

/* A worker as the coordinator sees it. */
struct coordinator_worker {
  bool is_greeted; /* false: lost */
  bool is_suspect; /* silent for a while */
  bool is_resting; /* its disk was full or failed a moment ago */
  uint32_t tasks, places;
  uint32_t outputs; /* that lie with it */
  uint64_t silent_ms;
  const char *endpoint; /* "" when workers share memory; valid until the next message */
};
/* false: nobody has that number. */
bool coordinator_worker_status(const struct coordinator *c, uint32_t worker,
                               struct coordinator_worker *out);

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
