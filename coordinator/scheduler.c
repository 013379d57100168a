/* Who computes what: tasks go to the worker with the most room, to where they must run, or to who
 * already holds the output; a straggler gets a second attempt when nothing else is left to give
 * (Dean and Ghemawat, "MapReduce", OSDI 2004, section 3.6). */
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "coordinator/coordinator_state.h"
#include "proto/task_places.h"

static bool seat_has_room(const struct coordinator *c, uint32_t w) {
  const struct worker_seat *seat = &c->workers[w];
  return seat_is_healthy(c, w) && c->now_ms >= seat->rest_until_ms &&
         seat->holding + seat->surplus < seat->places;
}

static bool seat_is_idler(const struct worker_seat *a, const struct worker_seat *b) {
  return (uint64_t)a->holding * b->places < (uint64_t)b->holding * a->places;
}

/* The least loaded worker with room but avoid; NOWHERE. */
static uint16_t worker_with_room(const struct coordinator *c, uint16_t avoid) {
  uint16_t best = NOWHERE;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++) {
    if (w == avoid || !seat_has_room(c, w)) continue;
    if (best == NOWHERE || seat_is_idler(&c->workers[w], &c->workers[best])) best = (uint16_t)w;
  }
  return best;
}

/* What every task of the stage is told besides its number. */
static struct bytes stage_input(const struct coordinator *c, enum stage stage) {
  switch (stage) {
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

void coordinator_places(const struct coordinator *c, uint32_t needs, struct buffer *out) {
  struct task_places places = {0};
  struct task_place_worker workers[COORDINATOR_WORKERS_MAX];
  places.workers = workers;
  for (uint32_t w = 0; w < COORDINATOR_WORKERS_MAX; w++)
    if (c->workers[w].greeted)
      workers[places.worker_count++] =
          (struct task_place_worker){w, bytes_from_string(c->workers[w].endpoint)};
  uint16_t *locations[STAGE_COUNT] = {0};
  for (; needs; needs &= needs - 1) {
    unsigned s = (unsigned)__builtin_ctz(needs);
    const struct stage_state *from = &c->stages[s];
    locations[s] = memory_new((from->count + 1) * sizeof *locations[s]);
    for (uint32_t t = 0; t < from->count; t++) locations[s][t] = from->tasks[t].location;
    places.worker[s] = locations[s];
    places.task_count[s] = from->count;
  }
  task_places_encode(&places, out);
  for (unsigned s = 0; s < STAGE_COUNT; s++) free(locations[s]);
}

static void send_task(struct coordinator *c, enum stage stage, uint32_t t,
                      struct task_attempt *attempt) {
  struct buffer places = {0};
  if (!c->options.shared_memory) coordinator_places(c, stage_needs(stage), &places);
  attempt->sent_ms = c->now_ms;
  struct message message = {.kind = MESSAGE_TASK};
  message.task = (struct message_task){.epoch = c->options.epoch,
                                       .session = c->workers[attempt->worker].session,
                                       .stage = stage,
                                       .task = t,
                                       .attempt = attempt->number,
                                       .input = stage_input(c, stage),
                                       .places = buffer_bytes(&places)};
  c->effects.send(c->effects.context, attempt->worker, &message);
  buffer_release(&places);
}

static void begin_attempt(struct coordinator *c, enum stage stage, uint32_t t, uint32_t worker) {
  struct task *task = &c->stages[stage].tasks[t];
  check(task->running_count < TASK_ATTEMPTS_AT_ONCE);
  struct task_attempt *attempt = &task->running[task->running_count++];
  *attempt = (struct task_attempt){
      .worker = (uint16_t)worker, .number = ++task->attempts, .begun_ms = c->now_ms};
  c->workers[worker].holding++;
  task_set_state(c, stage, t, TASK_RUNNING);
  send_task(c, stage, t, attempt);
}

/* The worker that is to have the task now; NOWHERE when it must wait. *full: so must all others
 * that may run anywhere. */
static uint16_t choose_worker(const struct coordinator *c, enum stage stage, uint32_t t,
                              bool *full) {
  const struct task *task = &c->stages[stage].tasks[t];
  uint16_t place;
  if (c->now_ms < task->not_before_ms || !task_anchor_available(c, stage, t, &place))
    return NOWHERE;
  if (place == NOWHERE && task->location != NOWHERE && seat_is_healthy(c, task->location))
    place = task->location;
  if (place != NOWHERE) return seat_has_room(c, place) ? place : NOWHERE;
  uint16_t worker = worker_with_room(c, task->avoid);
  if (worker == NOWHERE) worker = worker_with_room(c, NOWHERE);
  *full = worker == NOWHERE;
  return worker;
}

static void assign_stage(struct coordinator *c, enum stage stage) {
  struct stage_state *s = &c->stages[stage];
  bool full = false;
  while (s->first_pending < s->count && s->tasks[s->first_pending].state != TASK_PENDING)
    s->first_pending++;
  for (uint32_t t = s->first_pending; t < s->count && s->pending && !full; t++) {
    if (s->tasks[t].state != TASK_PENDING) continue;
    uint16_t worker = choose_worker(c, stage, t, &full);
    if (worker != NOWHERE) begin_attempt(c, stage, t, worker);
  }
}

void scheduler_assign(struct coordinator *c) {
  if (c->phase != COORDINATOR_RUNNING) return;
  for (enum stage s = 0; s <= c->frontier; s++)
    if (c->stages[s].pending && stage_inputs_available(c, s)) assign_stage(c, s);
}

/* Twice the median of what finished, when three quarters did; UINT64_MAX before. */
static uint64_t straggler_ms(const struct stage_state *s) {
  uint32_t total = 0, seen = 0;
  for (unsigned b = 0; b < DURATION_BUCKETS; b++) total += s->durations[b];
  if (total < 4 || total < s->count - s->count / 4) return UINT64_MAX;
  for (unsigned b = 0; b < DURATION_BUCKETS; b++)
    if ((seen += s->durations[b]) * 2 >= total) {
      uint64_t limit = 2ull << b;
      return limit > SPECULATION_MS ? limit : SPECULATION_MS;
    }
  return UINT64_MAX;
}

static void attempt_again(struct coordinator *c, enum stage stage, uint32_t t, uint64_t limit_ms) {
  struct task *task = &c->stages[stage].tasks[t];
  if (stage_at(stage) != STAGE_ANY || task->running_count != 1 ||
      c->now_ms - task->running[0].begun_ms < limit_ms)
    return;
  uint16_t worker = worker_with_room(c, task->running[0].worker);
  if (worker == NOWHERE) return;
  begin_attempt(c, stage, t, worker);
  c->second_attempts++;
}

/* The worker does not have it. When what it needs is lost meanwhile, it must not keep the place of
 * what makes that again. */
static void send_again(struct coordinator *c, enum stage stage, uint32_t t,
                       struct task_attempt *attempt, bool ready) {
  if (ready)
    send_task(c, stage, t, attempt);
  else
    task_drop_attempt(c, stage, t, attempt);
}

void scheduler_tick(struct coordinator *c) {
  if (c->phase != COORDINATOR_RUNNING) return;
  for (enum stage stage = 0; stage <= c->frontier; stage++) {
    struct stage_state *s = &c->stages[stage];
    if (!s->running) continue;
    bool ready = stage_inputs_available(c, stage);
    bool speculate = ready && !c->options.shared_memory && !s->pending;
    uint64_t limit_ms = speculate ? straggler_ms(s) : UINT64_MAX;
    for (uint32_t t = 0; t < s->count; t++) {
      struct task *task = &s->tasks[t];
      if (task->state != TASK_RUNNING) continue;
      for (unsigned i = task->running_count; i-- > 0;)
        if (!task->running[i].seen && c->now_ms >= task->running[i].sent_ms + TASK_RESEND_MS)
          send_again(c, stage, t, &task->running[i], ready);
      if (limit_ms != UINT64_MAX) attempt_again(c, stage, t, limit_ms);
    }
  }
}

struct task_attempt *task_attempt_of(struct coordinator *c, enum stage stage, uint32_t t,
                                     uint32_t worker) {
  struct task *task = &c->stages[stage].tasks[t];
  for (unsigned i = 0; i < task->running_count; i++)
    if (task->running[i].worker == worker) return &task->running[i];
  return NULL;
}

void task_drop_attempt(struct coordinator *c, enum stage stage, uint32_t t,
                       struct task_attempt *attempt) {
  struct task *task = &c->stages[stage].tasks[t];
  c->workers[attempt->worker].holding--;
  *attempt = task->running[--task->running_count];
  if (!task->running_count && task->state == TASK_RUNNING)
    task_set_state(c, stage, t, TASK_PENDING);
}

void scheduler_adopt(struct coordinator *c, enum stage stage, uint32_t t, uint32_t attempt,
                     uint32_t worker) {
  struct task *task = &c->stages[stage].tasks[t];
  uint16_t place;
  if (task->state != TASK_PENDING || !task_anchor_available(c, stage, t, &place)) return;
  if (place != NOWHERE && place != worker) return;
  if (task->attempts < attempt) task->attempts = attempt;
  task->running[task->running_count++] = (struct task_attempt){.worker = (uint16_t)worker,
                                                               .seen = true,
                                                               .number = attempt,
                                                               .begun_ms = c->now_ms,
                                                               .sent_ms = c->now_ms};
  c->workers[worker].holding++;
  task_set_state(c, stage, t, TASK_RUNNING);
}
