#include "coordinator/coordinator.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "common/training_counts.h"
#include "coordinator/model_training.h"
#include "proto/task_result.h"

enum task_state { TASK_PENDING, TASK_RUNNING, TASK_COMPLETE };

struct task {
  uint8_t state;    /* enum task_state */
  uint8_t attempts; /* begun so far */
  uint16_t worker;  /* when RUNNING */
};

struct worker_seat {
  bool present, greeted;
  uint32_t places;  /* tasks it may hold at once */
  uint32_t holding; /* tasks it holds */
  uint64_t heard_ms;
};

struct coordinator {
  struct coordinator_options options;
  coordinator_send *send;
  void *context;
  enum coordinator_phase phase;
  enum stage stage;
  struct task *tasks;
  uint32_t task_count, tasks_done, next_pending;
  uint64_t units_done;
  uint32_t split_count, row_count;
  struct worker_seat workers[COORDINATOR_WORKERS_MAX];
  struct training_counts training;
  struct model model;
  struct training_report training_report;
  struct failure failure;
  uint64_t now_ms, stage_started_ms;
  uint64_t stage_ms[STAGE_COUNT], stage_units[STAGE_COUNT];
};

struct coordinator *coordinator_new(const struct coordinator_options *options,
                                    coordinator_send *send, void *context) {
  struct coordinator *c = memory_new_zeroed(1, sizeof *c);
  c->options = *options;
  c->send = send;
  c->context = context;
  return c;
}

void coordinator_free(struct coordinator *c) {
  if (!c) return;
  free(c->tasks);
  training_counts_release(&c->training);
  free(c);
}

static void send_to_all(struct coordinator *c, const struct message *message) {
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++)
    if (c->workers[w].present) c->send(c->context, w, message);
}

static void stop_workers(struct coordinator *c) {
  struct message stop = {.kind = MESSAGE_STOP, .stop = {.epoch = c->options.epoch}};
  send_to_all(c, &stop);
}

void coordinator_fail(struct coordinator *c, enum err code, const char *sentence) {
  if (c->phase == COORDINATOR_FAILED || c->phase == COORDINATOR_DONE) return;
  failure_set(&c->failure, code, "%s", sentence);
  c->phase = COORDINATOR_FAILED;
  stop_workers(c);
}

static uint32_t stage_task_count(const struct coordinator *c, enum stage stage) {
  switch (stage_tasks_of(stage)) {
    case STAGE_TASKS_FILE:
      return c->options.file_count;
    case STAGE_TASKS_SPLIT:
      return c->split_count;
    case STAGE_TASKS_PARTITION:
      return KEY_PARTITIONS;
    case STAGE_TASKS_RANGE:
      return c->options.range_count;
    case STAGE_TASKS_SHARD:
      return c->options.shard_count;
    case STAGE_TASKS_ONE:
      return 1;
    case STAGE_TASKS_COORDINATOR:
      return 0;
  }
  return 0;
}

/* What every task of the stage is told besides its number. */
static struct bytes stage_input(const struct coordinator *c) {
  if (c->stage == STAGE_LINK) return bytes_of((const char *)&c->model, sizeof c->model);
  return BYTES_EMPTY;
}

static void assign_tasks(struct coordinator *c) {
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX && c->next_pending < c->task_count; w++) {
    struct worker_seat *seat = &c->workers[w];
    while (seat->greeted && seat->holding < seat->places && c->next_pending < c->task_count) {
      uint32_t t = c->next_pending;
      struct task *task = &c->tasks[t];
      task->state = TASK_RUNNING;
      task->worker = (uint16_t)w;
      task->attempts++;
      seat->holding++;
      while (c->next_pending < c->task_count && c->tasks[c->next_pending].state != TASK_PENDING)
        c->next_pending++;
      struct message message = {.kind = MESSAGE_TASK};
      message.task = (struct message_task){.epoch = c->options.epoch,
                                           .stage = c->stage,
                                           .task = t,
                                           .attempt = task->attempts,
                                           .input = stage_input(c)};
      c->send(c->context, w, &message);
    }
  }
}

static void begin_stage(struct coordinator *c, enum stage stage) {
  c->stage = stage;
  c->task_count = stage_task_count(c, stage);
  c->tasks = memory_resize(c->tasks, c->task_count * sizeof *c->tasks);
  memset(c->tasks, 0, c->task_count * sizeof *c->tasks);
  c->tasks_done = c->next_pending = 0;
  c->units_done = 0;
  c->stage_started_ms = c->now_ms;
}

static void train(struct coordinator *c) {
  model_train(c->options.spec, &c->training, &c->model, &c->training_report);
}

/* Goes on to the next stage that has tasks; a stage without any is over at once. */
static void advance(struct coordinator *c) {
  while (c->phase == COORDINATOR_RUNNING && c->tasks_done == c->task_count) {
    c->stage_ms[c->stage] = c->now_ms - c->stage_started_ms;
    c->stage_units[c->stage] = c->units_done;
    if (c->stage + 1 == STAGE_COUNT) {
      c->phase = COORDINATOR_DONE;
      stop_workers(c);
      return;
    }
    begin_stage(c, c->stage + 1);
    if (c->stage == STAGE_TRAIN) train(c);
  }
  assign_tasks(c);
}

int coordinator_worker_join(struct coordinator *c, uint64_t now_ms) {
  c->now_ms = now_ms;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++)
    if (!c->workers[w].present) {
      c->workers[w] = (struct worker_seat){.present = true, .heard_ms = now_ms};
      return (int)w;
    }
  return -1;
}

static void refuse(struct coordinator *c, uint32_t worker, enum err code, const char *sentence) {
  struct message message = {.kind = MESSAGE_REFUSED};
  message.refused = (struct message_refused){code, bytes_from_string(sentence)};
  c->send(c->context, worker, &message);
}

static void receive_hello(struct coordinator *c, uint32_t worker,
                          const struct message_hello *hello) {
  struct worker_seat *seat = &c->workers[worker];
  if (hello->protocol != PROTOCOL_VERSION) {
    struct failure f;
    failure_set(&f, ERR_MALFORMED, "the worker speaks protocol %u, this coordinator %d",
                hello->protocol, PROTOCOL_VERSION);
    refuse(c, worker, f.code, f.message);
    return;
  }
  if (seat->greeted) return;
  seat->greeted = true;
  seat->places = hello->compute_threads * (1 + TASKS_QUEUED_PER_THREAD);
  struct message welcome = {.kind = MESSAGE_WELCOME,
                            .welcome = {.worker = worker, .epoch = c->options.epoch}};
  c->send(c->context, worker, &welcome);
  if (c->phase == COORDINATOR_WAITING) {
    c->phase = COORDINATOR_RUNNING;
    begin_stage(c, 0);
    advance(c);
  } else if (c->phase == COORDINATOR_RUNNING) {
    assign_tasks(c);
  }
}

/* The running task that an answer is for; NULL when it answers something that is over. */
static struct task *answered_task(struct coordinator *c, uint32_t worker, uint64_t epoch,
                                  uint32_t stage, uint32_t task, uint32_t attempt) {
  if (c->phase != COORDINATOR_RUNNING || epoch != c->options.epoch || stage != c->stage ||
      task >= c->task_count)
    return NULL;
  struct task *t = &c->tasks[task];
  return t->state == TASK_RUNNING && t->worker == worker && t->attempts == attempt ? t : NULL;
}

static enum err take_result(struct coordinator *c, struct bytes result, struct failure *failure) {
  switch (c->stage) {
    case STAGE_LAYOUT: {
      struct layout_result layout;
      if (result.size != sizeof layout)
        return failure_set(failure, ERR_MALFORMED, "a layout result of %zu bytes, expected %zu",
                           result.size, sizeof layout);
      memcpy(&layout, result.data, sizeof layout);
      c->split_count = layout.split_count;
      c->row_count = layout.row_count;
      return ERR_OK;
    }
    case STAGE_TALLY:
    case STAGE_BLOCK:
    case STAGE_SAMPLE:
    case STAGE_COMPARE: {
      struct training_counts part;
      if (training_counts_decode(result, &part))
        return failure_set(failure, ERR_MALFORMED, "the counts of a %s task are malformed",
                           stage_name(c->stage));
      training_counts_add(&c->training, &part);
      training_counts_release(&part);
      return ERR_OK;
    }
    default:
      return ERR_OK;
  }
}

static void receive_done(struct coordinator *c, uint32_t worker,
                         const struct message_task_done *done) {
  struct task *task = answered_task(c, worker, done->epoch, done->stage, done->task, done->attempt);
  if (!task) return;
  struct failure failure = {0};
  if (take_result(c, done->result, &failure)) {
    coordinator_fail(c, failure.code, failure.message);
    return;
  }
  task->state = TASK_COMPLETE;
  c->workers[worker].holding--;
  c->tasks_done++;
  c->units_done += done->units;
  advance(c);
}

static void requeue(struct coordinator *c, uint32_t t) {
  c->tasks[t].state = TASK_PENDING;
  if (t < c->next_pending) c->next_pending = t;
}

static void receive_failed(struct coordinator *c, uint32_t worker,
                           const struct message_task_failed *failed) {
  struct task *task =
      answered_task(c, worker, failed->epoch, failed->stage, failed->task, failed->attempt);
  if (!task) return;
  enum err code =
      failed->code > ERR_OK && failed->code <= ERR_MISMATCH ? failed->code : ERR_MALFORMED;
  c->workers[worker].holding--;
  if (err_class_of(code) == ERR_CLASS_RETRY && task->attempts < TASK_ATTEMPTS_MAX) {
    requeue(c, failed->task);
    assign_tasks(c);
    return;
  }
  task->state = TASK_PENDING;
  struct failure f;
  failure_set(&f, code, "%.*s", (int)failed->text.size, failed->text.data);
  coordinator_fail(c, code, f.message);
}

void coordinator_receive(struct coordinator *c, uint32_t worker, const struct message *message,
                         uint64_t now_ms) {
  check(worker < COORDINATOR_WORKERS_MAX);
  struct worker_seat *seat = &c->workers[worker];
  c->now_ms = now_ms;
  if (!seat->present) return;
  seat->heard_ms = now_ms;
  switch (message->kind) {
    case MESSAGE_HELLO:
      receive_hello(c, worker, &message->hello);
      return;
    case MESSAGE_TASK_DONE:
      receive_done(c, worker, &message->task_done);
      return;
    case MESSAGE_TASK_FAILED:
      receive_failed(c, worker, &message->task_failed);
      return;
    case MESSAGE_HEARTBEAT:
      if (message->heartbeat.epoch != c->options.epoch)
        refuse(c, worker, ERR_STALE, "the heartbeat carries another epoch");
      return;
    case MESSAGE_WELCOME:
    case MESSAGE_TASK:
    case MESSAGE_STOP:
    case MESSAGE_REFUSED:
    case MESSAGE_KIND_COUNT:
      refuse(c, worker, ERR_MALFORMED, "a worker does not send this kind of message");
      return;
  }
}

void coordinator_worker_lost(struct coordinator *c, uint32_t worker) {
  check(worker < COORDINATOR_WORKERS_MAX);
  if (!c->workers[worker].present) return;
  c->workers[worker] = (struct worker_seat){0};
  for (uint32_t t = 0; t < c->task_count; t++)
    if (c->tasks[t].state == TASK_RUNNING && c->tasks[t].worker == worker) {
      if (c->tasks[t].attempts >= TASK_ATTEMPTS_MAX) {
        coordinator_fail(c, ERR_PEER, "a task was given to three workers and each was lost");
        return;
      }
      requeue(c, t);
    }
  if (c->phase == COORDINATOR_RUNNING) assign_tasks(c);
}

void coordinator_tick(struct coordinator *c, uint64_t now_ms) {
  c->now_ms = now_ms;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++)
    if (c->workers[w].present && now_ms > c->workers[w].heard_ms + WORKER_SILENCE_MS_MAX)
      coordinator_worker_lost(c, w);
}

void coordinator_progress(const struct coordinator *c, struct coordinator_progress *out) {
  *out = (struct coordinator_progress){.phase = c->phase,
                                       .stage = c->stage,
                                       .tasks_done = c->tasks_done,
                                       .tasks_total = c->task_count,
                                       .units_done = c->units_done,
                                       .rows = c->row_count,
                                       .stage_started_ms = c->stage_started_ms};
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++) out->workers += c->workers[w].greeted;
}

const struct failure *coordinator_failure(const struct coordinator *c) { return &c->failure; }
const struct model *coordinator_model(const struct coordinator *c) { return &c->model; }
const struct training_report *coordinator_training(const struct coordinator *c) {
  return &c->training_report;
}

uint64_t coordinator_stage_ms(const struct coordinator *c, enum stage stage) {
  check(stage < STAGE_COUNT);
  return c->stage_ms[stage];
}

uint64_t coordinator_stage_units(const struct coordinator *c, enum stage stage) {
  check(stage < STAGE_COUNT);
  return c->stage_units[stage];
}
