#include "coordinator/coordinator.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "common/training_counts.h"
#include "coordinator/model_training.h"
#include "proto/task_places.h"
#include "proto/task_result.h"

enum task_state { TASK_PENDING, TASK_RUNNING, TASK_COMPLETE };

struct task {
  uint8_t state;    /* enum task_state */
  uint8_t attempts; /* begun so far */
  uint16_t worker;  /* when RUNNING: whose it is; when COMPLETE: who holds its output */
};

struct worker_seat {
  bool present, greeted;
  uint32_t places;  /* tasks it may hold at once */
  uint32_t holding; /* tasks it holds */
  uint64_t heard_ms;
  struct buffer endpoint; /* where others fetch what it holds */
};

struct stage_progress {
  struct task *tasks;
  uint32_t task_count;
};

struct coordinator {
  struct coordinator_options options;
  coordinator_send *send;
  void *context;
  enum coordinator_phase phase;
  enum stage stage;
  struct stage_progress stages[STAGE_COUNT]; /* those that began */
  struct task *tasks;                        /* of the stage that is on */
  uint32_t task_count, tasks_done, next_pending;
  uint64_t units_done;
  uint32_t split_count, row_count;
  struct worker_seat workers[COORDINATOR_WORKERS_MAX];
  struct training_counts training;
  struct model model;
  struct training_report training_report;
  struct buffer link_input; /* the model, then the facts */
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
  for (unsigned s = 0; s < STAGE_COUNT; s++) free(c->stages[s].tasks);
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++) buffer_release(&c->workers[w].endpoint);
  training_counts_release(&c->training);
  buffer_release(&c->link_input);
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
  if (c->options.shared_memory && stage_is_exchange(stage)) return 0;
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
  switch (c->stage) {
    case STAGE_LINK:
      return buffer_bytes(&c->link_input);
    case STAGE_SCORE:
    case STAGE_REPAIR:
    case STAGE_PUBLISH:
      return bytes_of((const char *)&c->model, sizeof c->model);
    default:
      return BYTES_EMPTY;
  }
}

/* Who may take a task: -1 = anyone. */
static int worker_of_task(const struct coordinator *c, uint32_t task) {
  enum stage at = stage_at(c->stage);
  return at == STAGE_ANY || c->options.shared_memory ? -1 : c->stages[at].tasks[task].worker;
}

/* Where the outputs lie that tasks of the stage need: the wire form of task_places. */
static void stage_places(const struct coordinator *c, struct buffer *out) {
  if (c->options.shared_memory) return;
  struct arena arena = {0};
  struct task_places places = {0};
  places.workers = arena_alloc(&arena, COORDINATOR_WORKERS_MAX * sizeof *places.workers);
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++)
    if (c->workers[w].greeted)
      places.workers[places.worker_count++] =
          (struct task_place_worker){w, buffer_bytes(&c->workers[w].endpoint)};
  for (uint32_t needs = stage_needs(c->stage); needs; needs &= needs - 1) {
    unsigned s = (unsigned)__builtin_ctz(needs);
    const struct stage_progress *stage = &c->stages[s];
    uint16_t *worker = arena_alloc(&arena, stage->task_count * sizeof *worker);
    for (uint32_t t = 0; t < stage->task_count; t++) worker[t] = stage->tasks[t].worker;
    places.worker[s] = worker;
    places.task_count[s] = stage->task_count;
  }
  task_places_encode(&places, out);
  arena_release(&arena);
}

static void give_task(struct coordinator *c, uint32_t worker, uint32_t t, struct bytes places) {
  struct task *task = &c->tasks[t];
  task->state = TASK_RUNNING;
  task->worker = (uint16_t)worker;
  task->attempts++;
  c->workers[worker].holding++;
  struct message message = {.kind = MESSAGE_TASK};
  message.task = (struct message_task){.epoch = c->options.epoch,
                                       .stage = c->stage,
                                       .task = t,
                                       .attempt = task->attempts,
                                       .input = stage_input(c),
                                       .places = places};
  c->send(c->context, worker, &message);
}

/* The next task that a worker may take; task_count = none. */
static uint32_t next_task_for(const struct coordinator *c, uint32_t worker) {
  uint32_t t = c->next_pending;
  while (t < c->task_count && (c->tasks[t].state != TASK_PENDING ||
                               (worker_of_task(c, t) >= 0 && worker_of_task(c, t) != (int)worker)))
    t++;
  return t;
}

static void assign_tasks(struct coordinator *c) {
  struct buffer places = {0};
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX && c->next_pending < c->task_count; w++) {
    struct worker_seat *seat = &c->workers[w];
    while (seat->greeted && seat->holding < seat->places) {
      uint32_t t = next_task_for(c, w);
      if (t == c->task_count) break;
      if (!places.size) stage_places(c, &places);
      give_task(c, w, t, buffer_bytes(&places));
      while (c->next_pending < c->task_count && c->tasks[c->next_pending].state != TASK_PENDING)
        c->next_pending++;
    }
  }
  buffer_release(&places);
}

static void begin_stage(struct coordinator *c, enum stage stage) {
  c->stage = stage;
  c->task_count = stage_task_count(c, stage);
  c->tasks = memory_new_zeroed(c->task_count, sizeof *c->tasks);
  c->stages[stage] = (struct stage_progress){c->tasks, c->task_count};
  c->tasks_done = c->next_pending = 0;
  c->units_done = 0;
  c->stage_started_ms = c->now_ms;
}

static void train(struct coordinator *c) {
  model_train(c->options.spec, &c->training, &c->model, &c->training_report);
  buffer_append(&c->link_input, &c->model, sizeof c->model);
  buffer_append_bytes(&c->link_input, c->options.facts);
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
      c->workers[w].present = true;
      c->workers[w].heard_ms = now_ms;
      return (int)w;
    }
  return -1;
}

static void refuse(struct coordinator *c, uint32_t worker, enum err code, const char *sentence) {
  struct message message = {.kind = MESSAGE_REFUSED};
  message.refused = (struct message_refused){code, bytes_from_string(sentence)};
  c->send(c->context, worker, &message);
}

static uint32_t greeted_count(const struct coordinator *c) {
  uint32_t count = 0;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++) count += c->workers[w].greeted;
  return count;
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
  buffer_append_bytes(&seat->endpoint, hello->endpoint);
  struct message welcome = {.kind = MESSAGE_WELCOME};
  welcome.welcome = (struct message_welcome){worker, c->options.epoch, c->options.job_order};
  c->send(c->context, worker, &welcome);
  if (c->phase == COORDINATOR_WAITING) {
    if (greeted_count(c) < c->options.workers_min) return;
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
  enum err code = failed->code > ERR_OK && failed->code <= ERR_LOST ? failed->code : ERR_MALFORMED;
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
  buffer_release(&c->workers[worker].endpoint);
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
  out->workers = greeted_count(c);
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
