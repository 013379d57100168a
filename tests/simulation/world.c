#include "tests/simulation/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/hash.h"
#include "common/memory.h"

/* ---- chance ---- */

uint64_t random_next(struct random *r) { /* splitmix64 */
  r->state += 0x9e3779b97f4a7c15ull;
  uint64_t z = r->state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

uint64_t random_below(struct random *r, uint64_t limit) {
  return limit ? random_next(r) % limit : 0;
}

bool random_chance(struct random *r, double p) {
  return (double)(random_next(r) >> 11) * 0x1p-53 < p;
}

/* ---- what is said of it ---- */

void world_violation(struct world *world, const char *format, ...) {
  if (world->violation[0]) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(world->violation, sizeof world->violation, format, arguments);
  va_end(arguments);
  world->is_over = true;
  world_trace(world, 0, "VIOLATION: %s", world->violation);
}

void world_trace(struct world *world, uint32_t node, const char *format, ...) {
  if (!world->trace) return;
  bool worker = is_worker(world, node);
  printf("%8llu %c%u  ", (unsigned long long)world->now_ms, worker ? 'w' : 'c',
         worker ? node : node - first_coordinator(world));
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
}

/* ---- events ---- */

static bool is_before(const struct event *a, const struct event *b) {
  return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void heap_swap(struct event *a, struct event *b) {
  struct event e = *a;
  *a = *b;
  *b = e;
}

static void heap_push(struct world *world, const struct event *event) {
  if (world->heap_count == world->heap_capacity) {
    world->heap_capacity = world->heap_capacity ? 2 * world->heap_capacity : 256;
    world->heap = memory_resize(world->heap, world->heap_capacity * sizeof *world->heap);
  }
  uint32_t i = world->heap_count++;
  world->heap[i] = *event;
  for (; i && is_before(&world->heap[i], &world->heap[(i - 1) / 2]); i = (i - 1) / 2)
    heap_swap(&world->heap[i], &world->heap[(i - 1) / 2]);
}

static struct event heap_pop(struct world *world) {
  struct event top = world->heap[0];
  world->heap[0] = world->heap[--world->heap_count];
  for (uint32_t i = 0;;) {
    uint32_t least = i;
    for (uint32_t child = 2 * i + 1; child <= 2 * i + 2; child++)
      if (child < world->heap_count && is_before(&world->heap[child], &world->heap[least]))
        least = child;
    if (least == i) return top;
    heap_swap(&world->heap[i], &world->heap[least]);
    i = least;
  }
}

void world_at(struct world *world, uint64_t delay_ms, enum happening kind, uint32_t node,
              uint64_t life, uint64_t value, void *take_data, size_t size) {
  struct event event = {.at_ms = world->now_ms + delay_ms,
                        .order = ++world->order,
                        .kind = kind,
                        .node = node,
                        .life = life,
                        .value = value,
                        .data = take_data,
                        .size = size};
  heap_push(world, &event);
}

uint64_t node_clock_ms(const struct world *world, uint32_t node) {
  int64_t drift = (int64_t)world->now_ms * world->swarm.skew_ppm[node] / 1000000;
  return 1000000 * (node + 1ull) + (uint64_t)((int64_t)world->now_ms + drift);
}

/* ---- network ---- */

bool network_reaches(const struct world *world, uint32_t a, uint32_t b) {
  if (world->swarm.cut_pair && a + b == 1) return false;
  return a == b || !(world->blocked[a][b] || world->blocked[b][a]);
}

static uint64_t network_delay(struct world *world) {
  const struct swarm *s = &world->swarm;
  uint64_t delay = 1 + random_below(&world->chance, s->delay_ms);
  if (!world->faults_over && random_chance(&world->chance, s->long_delay))
    delay += random_below(&world->chance, s->long_delay_ms);
  return delay;
}

void network_send(struct world *world, uint32_t from, uint32_t to, const struct message *message) {
  const struct swarm *s = &world->swarm;
  bool lost =
      world->blocked[from][to] || (!world->faults_over && random_chance(&world->chance, s->loss));
  int copies = lost ? 0 : 1;
  if (!world->faults_over && random_chance(&world->chance, s->duplication)) copies++;
  world_trace(world, from, "sends %s to %c%u%s", message_kind_name(message->kind),
              is_worker(world, to) ? 'w' : 'c',
              is_worker(world, to) ? to : to - first_coordinator(world), lost ? " (lost)" : "");
  for (int i = 0; i < copies; i++) {
    struct buffer wire = {0};
    message_encode(message, &wire);
    world_at(world, network_delay(world), EVENT_DELIVER, to, 0, from, wire.data, wire.size);
  }
}

static void deliver(struct world *world, const struct event *event) {
  struct message message;
  struct failure failure;
  uint32_t from = (uint32_t)event->value;
  if (!world->nodes[event->node].is_up) return;
  check(message_decode(bytes_of(event->data, event->size), &message, &failure) == ERR_OK);
  world_trace(world, event->node, "gets %s from %c%u", message_kind_name(message.kind),
              is_worker(world, from) ? 'w' : 'c',
              is_worker(world, from) ? from : from - first_coordinator(world));
  if (is_worker(world, event->node))
    worker_node_receive(world, event->node, from, &message);
  else
    coordinator_node_receive(world, event->node, from, &message);
}

static void tick(struct world *world, uint32_t node) {
  if (is_worker(world, node))
    worker_node_tick(world, node);
  else
    coordinator_node_tick(world, node);
  world_at(world, TICK_MS, EVENT_TICK, node, world->nodes[node].life, 0, NULL, 0);
}

static void start(struct world *world, uint32_t node) {
  if (world->nodes[node].is_up) return;
  bool is_gone = world->swarm.loses_worker && node + 1 == world->swarm.workers && node > 0;
  if (is_gone && world->nodes[node].boots) return;
  if (is_worker(world, node))
    worker_node_start(world, node);
  else
    coordinator_node_start(world, node);
  world_at(world, random_below(&world->chance, TICK_MS), EVENT_TICK, node, world->nodes[node].life,
           0, NULL, 0);
}

/* ---- the run ---- */

static void happen(struct world *world, const struct event *event) {
  switch (event->kind) {
    case EVENT_DELIVER:
      deliver(world, event);
      return;
    case EVENT_TICK:
      tick(world, event->node);
      return;
    case EVENT_COMPUTED:
      worker_node_computed(world, event->node, event);
      return;
    case EVENT_STORE:
      store_apply(world, event);
      return;
    case EVENT_STORE_REPLY:
      coordinator_node_reply(world, event->node, event);
      return;
    case EVENT_SYNC:
      coordinator_node_sync(world, event->node);
      return;
    case EVENT_FAULT:
      fault_happens(world);
      return;
    case EVENT_RESTART:
      start(world, event->node);
      return;
    case EVENT_HEAL:
      world->blocked[event->node][event->value] = false;
      return;
  }
}

static bool is_of_world(enum happening kind) {
  return kind == EVENT_FAULT || kind == EVENT_STORE || kind == EVENT_HEAL || kind == EVENT_RESTART;
}

static void step(struct world *world) {
  struct event event = heap_pop(world);
  world->now_ms = event.at_ms;
  struct node *node = &world->nodes[event.node];
  bool is_stale = event.life && (event.life != node->life || !node->is_up);
  if (is_stale) {
    free(event.data);
    return;
  }
  if (!is_of_world(event.kind) && node->paused_until_ms > world->now_ms) {
    event.at_ms = node->paused_until_ms;
    heap_push(world, &event);
    return;
  }
  world->events++;
  happen(world, &event);
  free(event.data);
  invariants_check(world, event.node);
}

void world_run(struct world *world, uint64_t seed, bool trace) {
  *world = (struct world){.seed = seed, .trace = trace, .chance = {hash_mix(seed + 1)}};
  swarm_choose(world);
  for (uint32_t j = 0; j < world->swarm.jobs; j++)
    toy_job_make(&world->jobs[j], j + 1, hash_join(seed, j));
  for (uint32_t n = 0; n < node_count(world); n++) start(world, n);
  world_at(world, 1 + random_below(&world->chance, world->swarm.fault_gap_ms), EVENT_FAULT, 0, 0, 0,
           NULL, 0);
  while (!world->is_over) {
    step(world);
    if (!world->faults_over && world->now_ms >= world->swarm.faults_end_ms) faults_end(world);
    if (world->now_ms > world->swarm.faults_end_ms + LIVENESS_MS)
      world_violation(world, "not published %d s after the last fault", LIVENESS_MS / 1000);
  }
}

void world_release(struct world *world) {
  for (uint32_t i = 0; i < world->heap_count; i++) free(world->heap[i].data);
  free(world->heap);
  for (uint32_t n = 0; n < node_count(world); n++) {
    struct disk *disk = &world->nodes[n].disk;
    if (!world->nodes[n].is_up) {
    } else if (is_worker(world, n)) {
      worker_node_stop(world, n);
    } else {
      coordinator_node_stop(world, n);
    }
    for (uint32_t i = 0; i < disk->journal_count; i++)
      free((void *)disk->journal[i].entry.result.data);
    free(disk->journal);
  }
  for (uint32_t i = 0; i < world->store.journal_count; i++)
    free((void *)world->store.journal[i].entry.result.data);
  free(world->store.journal);
}
