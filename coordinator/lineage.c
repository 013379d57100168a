/* Which outputs there are, and which must be computed again.
 *
 * Lineage after Zaharia et al., "Resilient Distributed Datasets" (NSDI 2012): outputs are
 * immutable and deterministic, so a lost one is the business of the task that made it, and the
 * table of stages says what that task needs in turn. Tasks of one number whose stages run `at`
 * another form a group with it: they add to one thing in one place, so the group is lost and made
 * again together. */
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "coordinator/coordinator_state.h"

bool stage_is_run(const struct coordinator *c, enum stage stage) {
  return !(c->options.shared_memory && stage_is_exchange(stage));
}

bool seat_is_healthy(const struct coordinator *c, uint32_t worker) {
  return c->workers[worker].greeted && !c->workers[worker].suspect;
}

static bool task_is_available(const struct coordinator *c, const struct task *task) {
  if (task->state != TASK_COMPLETE) return false;
  if (c->options.shared_memory) return true;
  return task->location != NOWHERE && seat_is_healthy(c, task->location);
}

bool output_is_available(const struct coordinator *c, enum stage stage, uint32_t task) {
  return task_is_available(c, &c->stages[stage].tasks[task]);
}

bool stage_inputs_available(const struct coordinator *c, enum stage stage) {
  if (c->options.shared_memory) return true;
  for (uint32_t needs = stage_needs(stage); needs; needs &= needs - 1) {
    const struct stage_state *s = &c->stages[__builtin_ctz(needs)];
    if (s->available != s->count) return false;
  }
  return true;
}

/* The stages of one group are the anchor and those `at` it; a member follows the earlier ones. */
static bool stage_is_before_in_group(enum stage member, enum stage anchor, enum stage stage) {
  return member < stage && (member == anchor || stage_at(member) == anchor);
}

bool task_anchor_available(const struct coordinator *c, enum stage stage, uint32_t task,
                           uint16_t *worker) {
  enum stage anchor = stage_at(stage);
  *worker = NOWHERE;
  if (anchor == STAGE_ANY || c->options.shared_memory) return true;
  *worker = c->stages[anchor].tasks[task].location;
  for (enum stage s = anchor; s < stage; s++)
    if (stage_is_before_in_group(s, anchor, stage) &&
        !(output_is_available(c, s, task) && c->stages[s].tasks[task].location == *worker))
      return false;
  return true;
}

void lineage_recount(struct coordinator *c) {
  for (enum stage s = 0; s <= c->frontier; s++) {
    struct stage_state *stage = &c->stages[s];
    stage->available = 0;
    for (uint32_t t = 0; t < stage->count; t++)
      stage->available += task_is_available(c, &stage->tasks[t]);
  }
}

void task_set_state(struct coordinator *c, enum stage stage, uint32_t t, enum task_state state) {
  struct stage_state *s = &c->stages[stage];
  struct task *task = &s->tasks[t];
  s->available -= task_is_available(c, task);
  s->pending -= task->state == TASK_PENDING;
  s->running -= task->state == TASK_RUNNING;
  task->state = (uint8_t)state;
  s->pending += state == TASK_PENDING;
  s->running += state == TASK_RUNNING;
  s->available += task_is_available(c, task);
  if (state == TASK_PENDING && t < s->first_pending) s->first_pending = t;
}

void task_set_location(struct coordinator *c, enum stage stage, uint32_t t, uint16_t worker) {
  struct stage_state *s = &c->stages[stage];
  s->available -= task_is_available(c, &s->tasks[t]);
  s->tasks[t].location = worker;
  s->available += task_is_available(c, &s->tasks[t]);
}

void lineage_forget_worker(struct coordinator *c, uint32_t worker) {
  if (c->options.shared_memory) return;
  for (enum stage s = 0; s <= c->frontier; s++)
    for (uint32_t t = 0; t < c->stages[s].count; t++)
      if (c->stages[s].tasks[t].location == worker) task_set_location(c, s, t, NOWHERE);
}

void lineage_forget_output(struct coordinator *c, enum stage stage, uint32_t task) {
  enum stage anchor = stage_at(stage) == STAGE_ANY ? stage : stage_at(stage);
  for (enum stage s = anchor; s <= c->frontier; s++)
    if (s == anchor || stage_at(s) == anchor) task_set_location(c, s, task, NOWHERE);
}

void lineage_adopt_output(struct coordinator *c, enum stage stage, uint32_t t, uint32_t worker) {
  struct task *task = &c->stages[stage].tasks[t];
  if (task->location != NOWHERE) return;
  enum stage anchor = stage_at(stage);
  /* What was added at a place is of use where that place is still meant. */
  if (anchor != STAGE_ANY && c->stages[anchor].tasks[t].location != worker) return;
  if (!task->reported) { /* its result is still wanted, and cheap where the output is */
    if (task->state == TASK_PENDING) task_set_location(c, stage, t, (uint16_t)worker);
    return;
  }
  while (task->running_count) task_drop_attempt(c, stage, t, &task->running[0]);
  task_set_state(c, stage, t, TASK_COMPLETE);
  task_set_location(c, stage, t, (uint16_t)worker);
}

/* What still has to be there, by stage: all of it, or some tasks (NULL = none). */
struct demand {
  bool all[STAGE_COUNT];
  uint8_t *tasks[STAGE_COUNT];
};

static void demand_one(const struct coordinator *c, struct demand *d, enum stage stage,
                       uint32_t task) {
  if (!d->tasks[stage]) d->tasks[stage] = memory_new_zeroed(c->stages[stage].count, 1);
  d->tasks[stage][task] = 1;
}

static void demand_needs(struct demand *d, enum stage stage) {
  for (uint32_t needs = stage_needs(stage); needs; needs &= needs - 1)
    d->all[__builtin_ctz(needs)] = true;
}

/* The rest of the group that the task comes after; the whole of each when task is UINT32_MAX. */
static void demand_group(const struct coordinator *c, struct demand *d, enum stage stage,
                         uint32_t task) {
  enum stage anchor = stage_at(stage);
  if (anchor == STAGE_ANY) return;
  for (enum stage s = anchor; s < stage && s <= c->frontier; s++) {
    if (!stage_is_before_in_group(s, anchor, stage)) continue;
    if (task == UINT32_MAX)
      d->all[s] = true;
    else
      demand_one(c, d, s, task);
  }
}

static void repeat_wanted_of(struct coordinator *c, struct demand *d, enum stage stage) {
  struct stage_state *s = &c->stages[stage];
  bool any = false;
  for (uint32_t t = 0; t < s->count; t++) {
    struct task *task = &s->tasks[t];
    if (task->state == TASK_COMPLETE) {
      bool demanded = d->all[stage] || (d->tasks[stage] && d->tasks[stage][t]);
      if (!demanded || task->location != NOWHERE) continue;
      task_set_state(c, stage, t, TASK_PENDING);
      c->tasks_repeated++;
    }
    demand_group(c, d, stage, t);
    any = true;
  }
  if (any) demand_needs(d, stage);
}

void lineage_repeat_wanted(struct coordinator *c) {
  if (c->options.shared_memory || c->now_ms < c->grace_until_ms) return;
  struct demand demand = {0};
  for (enum stage s = STAGE_COUNT; s-- > c->frontier + 1u;) {
    demand_needs(&demand, s);
    demand_group(c, &demand, s, UINT32_MAX);
  }
  /* Until it is published, the end of the run must be there as a whole. */
  demand.all[STAGE_COUNT - 1] = true;
  demand_needs(&demand, STAGE_COUNT - 1);
  for (enum stage s = c->frontier + 1u; s-- > 0;) repeat_wanted_of(c, &demand, s);
  for (enum stage s = 0; s < STAGE_COUNT; s++) free(demand.tasks[s]);
}
