/* A worker's process: its memory, its disk, its computations, and how it finds its coordinator. */
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "proto/task_places.h"
#include "tests/simulation/world.h"

/* What a callback must know: which node of which world. */
struct self {
  struct world *world;
  uint32_t node;
};
static struct self selves[NODES_MAX]; /* one world at a time */

static void send(void *context, const struct message *message) {
  struct self *self = context;
  network_send(self->world, self->node, self->world->nodes[self->node].w.target, message);
}

static enum err fence(void *context, uint64_t epoch) {
  struct self *self = context;
  struct disk *disk = &self->world->nodes[self->node].disk;
  if (disk->is_full) return ERR_DISK_FULL;
  if (disk->is_broken) return ERR_IO;
  if (epoch < disk->fence)
    world_violation(self->world, "w%u lowers its fence from %llu to %llu", self->node,
                    (unsigned long long)disk->fence, (unsigned long long)epoch);
  disk->fence = epoch;
  return ERR_OK;
}

static enum err begin_job(void *context, uint64_t job, struct bytes order,
                          struct failure *failure) {
  struct self *self = context;
  struct node *node = &self->world->nodes[self->node];
  (void)order, (void)failure;
  world_trace(self->world, self->node, "begins job %llu", (unsigned long long)job);
  for (unsigned s = 0; s < STAGE_COUNT; s++)
    for (unsigned t = 0; t < TOY_TASKS_MAX; t++) {
      node->w.outputs[s][t].present = false;
      /* What was published stays: only the next generation's place is cleared. */
      if (node->disk.outputs[s][t].job == job) node->disk.outputs[s][t].present = false;
    }
  return ERR_OK;
}

/* A computation under way. */
struct computation {
  struct worker_task task;
  size_t input_size, places_size;
  char bytes[];
};

static void compute(void *context, const struct worker_task *task, struct bytes input,
                    struct bytes places) {
  struct self *self = context;
  struct world *world = self->world;
  struct node *node = &world->nodes[self->node];
  if (node->w.worker.epoch < node->w.obeyed_epoch)
    world_violation(world, "w%u works for epoch %llu after %llu", self->node,
                    (unsigned long long)node->w.worker.epoch,
                    (unsigned long long)node->w.obeyed_epoch);
  node->w.obeyed_epoch = node->w.worker.epoch;
  if (node->w.handled_epoch < node->disk.fence)
    world_violation(world, "w%u takes a task of epoch %llu after %llu", self->node,
                    (unsigned long long)node->w.handled_epoch,
                    (unsigned long long)node->disk.fence);
  size_t size = sizeof(struct computation) + input.size + places.size;
  struct computation *c = memory_new_zeroed(1, size);
  c->task = *task;
  c->input_size = input.size;
  c->places_size = places.size;
  if (input.size) memcpy(c->bytes, input.data, input.size);
  if (places.size) memcpy(c->bytes + input.size, places.data, places.size);
  uint64_t ms = 5 + random_below(&world->chance, 200);
  if (!world->faults_over && random_chance(&world->chance, world->swarm.compute_slow))
    ms *= 1 + random_below(&world->chance, 100);
  world_trace(world, self->node, "computes %s %u, attempt %u", stage_name(task->stage), task->task,
              task->attempt);
  world_at(world, ms, EVENT_COMPUTED, self->node, node->life, 0, c, size);
}

/* ---- fetching ---- */

struct fetching {
  struct world *world;
  uint32_t node;
  uint64_t job;
  enum stage stage;
  const struct task_places *places;
  struct worker_loss loss;
};

static bool fetch(void *context, enum stage stage, uint32_t task, struct toy_output *out) {
  struct fetching *f = context;
  struct world *world = f->world;
  uint32_t holder = f->node, number = world->nodes[f->node].w.worker.number;
  if (stage_needs(f->stage) >> stage & 1) {
    if (task >= f->places->task_count[stage]) {
      world_violation(world, "w%u is told of %u outputs of %s, all of another job", f->node,
                      f->places->task_count[stage], stage_name(stage));
      return false;
    }
    number = f->places->worker[stage][task];
    const struct task_place_worker *place = task_places_find(f->places, number);
    check(place && place->endpoint.size == 2);
    holder = (uint32_t)(place->endpoint.data[1] - '0');
  }
  struct node *node = &world->nodes[holder];
  if (!node->is_up || node->paused_until_ms > world->now_ms ||
      !network_reaches(world, f->node, holder)) {
    f->loss = (struct worker_loss){number, UINT32_MAX, UINT32_MAX};
    return false;
  }
  const struct stored_output *output = &node->w.outputs[stage][task];
  if (!output->present || output->job != f->job || !worker_holds(&node->w.worker, stage, task)) {
    f->loss = (struct worker_loss){number, stage, task};
    return false;
  }
  *out = output->output;
  return true;
}

/* ---- keeping ---- */

static bool is_kept_on_disk(const struct world *world, enum stage stage) {
  return stage == STAGE_MERGE ||
         (world->swarm.run_files && (stage == STAGE_INGEST || stage == STAGE_BLOCK));
}

static enum err keep(struct world *world, struct node *node, const struct worker_task *task,
                     const struct toy_output *output) {
  struct stored_output stored = {true, task->job, *output};
  if (is_kept_on_disk(world, task->stage)) {
    if (node->disk.is_full) return ERR_DISK_FULL;
    if (node->disk.is_broken) return ERR_IO;
    node->disk.outputs[task->stage][task->task] = stored;
  }
  node->w.outputs[task->stage][task->task] = stored;
  return ERR_OK;
}

static const struct toy_job *job_of(const struct world *world, uint64_t number) {
  for (uint32_t j = 0; j < world->swarm.jobs; j++)
    if (world->jobs[j].job == number) return &world->jobs[j];
  return NULL;
}

void worker_node_computed(struct world *world, uint32_t n, const struct event *event) {
  struct node *node = &world->nodes[n];
  const struct computation *c = event->data;
  const struct toy_job *job = job_of(world, c->task.job);
  struct arena arena = {0};
  struct task_places places;
  struct failure failure = {0};
  check(job && task_places_decode(bytes_of(c->bytes + c->input_size, c->places_size), &arena,
                                  &places, &failure) == ERR_OK);
  struct fetching f = {.world = world,
                       .node = n,
                       .job = c->task.job,
                       .stage = c->task.stage,
                       .places = &places,
                       .loss = worker_lost_nothing};
  struct toy_output output;
  struct buffer result = {0};
  enum err err = ERR_OK;
  if (node->w.worker.job != c->task.job) {
    err = ERR_STALE; /* its memory is another job's now */
  } else if (!toy_compute(job, c->task.stage, c->task.task, bytes_of(c->bytes, c->input_size),
                          fetch, &f, &output)) {
    err = ERR_LOST;
  } else {
    err = keep(world, node, &c->task, &output);
  }
  if (err) {
    failure_set(&failure, err, "simulated");
    world_trace(world, n, "could not compute %s %u: %s, worker %u, %s %u",
                stage_name(c->task.stage), c->task.task, err_name(err), f.loss.worker,
                f.loss.stage < STAGE_COUNT ? stage_name(f.loss.stage) : "no answer", f.loss.task);
  } else {
    toy_result(job, c->task.stage, c->task.task, &output, &result);
  }
  worker_computed(&node->w.worker, &c->task, 1, buffer_bytes(&result), err ? &failure : NULL,
                  &f.loss, node_clock_ms(world, n));
  buffer_release(&result);
  arena_release(&arena);
}

/* ---- life ---- */

/* What a restarted process finds on its disk, of the newest job there. */
static void restore(struct node *node, const struct world *world) {
  uint64_t newest = 0;
  for (enum stage s = 0; s < STAGE_COUNT; s++)
    for (uint32_t t = 0; t < TOY_TASKS_MAX; t++) {
      const struct stored_output *o = &node->disk.outputs[s][t];
      if (o->present && is_kept_on_disk(world, s) && o->job > newest) newest = o->job;
    }
  for (enum stage s = 0; newest && s < STAGE_COUNT; s++)
    for (uint32_t t = 0; t < TOY_TASKS_MAX; t++) {
      const struct stored_output *o = &node->disk.outputs[s][t];
      if (!o->present || o->job != newest) continue;
      node->w.outputs[s][t] = *o;
      worker_restore(&node->w.worker, newest, s, t);
    }
}

void worker_node_start(struct world *world, uint32_t n) {
  struct node *node = &world->nodes[n];
  static const char *const endpoints[] = {"w0", "w1", "w2", "w3", "w4", "w5"};
  uint64_t obeyed = node->w.obeyed_epoch;
  selves[n] = (struct self){world, n};
  node->is_up = true;
  node->life++;
  node->w = (struct worker_node){
      .target = first_coordinator(world) +
                (uint32_t)random_below(&world->chance, world->swarm.coordinators),
      .obeyed_epoch = obeyed};
  node->w.worker = (struct worker){.incarnation = ++node->boots,
                                   .epoch = node->disk.fence,
                                   .compute_threads = 1 + (uint32_t)random_below(&world->chance, 2),
                                   .endpoint = bytes_from_string(endpoints[n]),
                                   .context = &selves[n],
                                   .send = send,
                                   .compute = compute,
                                   .fence = fence,
                                   .begin_job = begin_job};
  restore(node, world);
  world_trace(world, n, "starts, %u outputs on disk", (unsigned)(node->w.worker.held.size / 12));
  worker_begin(&node->w.worker, node_clock_ms(world, n));
}

void worker_node_stop(struct world *world, uint32_t n) {
  struct node *node = &world->nodes[n];
  node->is_up = false;
  node->life++;
  worker_release(&node->w.worker);
}

static uint64_t message_epoch(const struct message *message) {
  switch (message->kind) {
#define MESSAGE(KIND, kind, fields) \
  case MESSAGE_##KIND:              \
    return message->kind.epoch;
#include "proto/messages.def"
#undef MESSAGE
    case MESSAGE_KIND_COUNT:
      break;
  }
  return 0;
}

void worker_node_receive(struct world *world, uint32_t n, uint32_t from,
                         const struct message *message) {
  struct worker_node *w = &world->nodes[n].w;
  uint64_t was = w->worker.epoch;
  (void)from;
  w->handled_epoch = message_epoch(message);
  worker_receive(&w->worker, message, node_clock_ms(world, n));
  if (w->worker.epoch < was)
    world_violation(world, "w%u went back from epoch %llu to %llu", n, (unsigned long long)was,
                    (unsigned long long)w->worker.epoch);
}

/* Asks who leads, and may hear an answer that is no longer true. */
static void look_for_leader(struct world *world, uint32_t n) {
  struct worker_node *w = &world->nodes[n].w;
  if (!world->swarm.elected || world->now_ms < w->look_ms) return;
  w->look_ms = world->now_ms + 300 + random_below(&world->chance, 700);
  if (world->store.is_out || !world->store.token) return;
  uint32_t leader = world->store.holder;
  if (!world->faults_over && random_chance(&world->chance, 0.01)) /* it heard of an earlier one */
    leader = first_coordinator(world) +
             (uint32_t)random_below(&world->chance, world->swarm.coordinators);
  if (leader == w->target) return;
  w->target = leader;
  world_trace(world, n, "turns to c%u", w->target - first_coordinator(world));
  worker_greet(&w->worker, node_clock_ms(world, n));
}

void worker_node_tick(struct world *world, uint32_t n) {
  struct worker_node *w = &world->nodes[n].w;
  look_for_leader(world, n);
  if (w->worker.phase == WORKER_STOPPED) worker_begin(&w->worker, node_clock_ms(world, n));
  worker_tick(&w->worker, node_clock_ms(world, n));
}
