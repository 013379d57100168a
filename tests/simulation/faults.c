/* What goes wrong, by the seed's choice. */
#include "tests/simulation/world.h"

static bool half(struct world *world) { return random_chance(&world->chance, 0.5); }

/* None in half of the seeds, otherwise up to most. */
static double some(struct world *world, double most) {
  if (half(world)) return 0;
  return most * (double)random_below(&world->chance, 1000) / 1000;
}

void swarm_choose(struct world *world) {
  struct swarm *s = &world->swarm;
  struct random *r = &world->chance;
  s->elected = half(world);
  s->workers = 1 + (uint32_t)random_below(r, WORKERS_MAX);
  s->coordinators = s->elected ? 2 + (uint32_t)random_below(r, COORDINATORS_MAX - 1) : 1;
  s->jobs = 1 + (uint32_t)random_below(r, JOBS_MAX);
  s->loss = some(world, 0.3);
  s->duplication = some(world, 0.3);
  s->long_delay = some(world, 0.2);
  s->delay_ms = 1 + (uint32_t)random_below(r, 30);
  s->long_delay_ms = 1 + (uint32_t)random_below(r, 20000);
  s->compute_slow = some(world, 0.2);
  s->partitions = half(world);
  s->worker_crashes = half(world);
  s->coordinator_crashes = half(world);
  s->pauses = half(world);
  s->disk_full = half(world);
  s->disk_errors = random_chance(r, 0.2);
  s->run_files = half(world);
  s->store_outages = half(world);
  s->stubborn_leader = half(world);
  s->loses_worker = random_chance(r, 0.3);
  s->cut_pair = random_chance(r, 0.1);
  bool skewed = half(world);
  for (uint32_t n = 0; n < NODES_MAX && skewed; n++)
    s->skew_ppm[n] = (int32_t)random_below(r, 100000) - 50000;
  s->faults_end_ms = 2000 + random_below(r, 60000);
  s->fault_gap_ms = 200 + (uint32_t)random_below(r, 6000);
}

void node_crash(struct world *world, uint32_t n, uint64_t restart_ms) {
  struct node *node = &world->nodes[n];
  if (!node->is_up) return;
  world_trace(world, n, "crashes");
  world->crashes++;
  if (is_worker(world, n))
    worker_node_stop(world, n);
  else
    coordinator_node_stop(world, n);
  node->paused_until_ms = 0;
  world_at(world, restart_ms, EVENT_RESTART, n, 0, 0, NULL, 0);
}

static void block(struct world *world, uint32_t from, uint32_t to, uint64_t ms) {
  if (from == to || world->blocked[from][to]) return;
  world_trace(world, from, "cannot reach node %u for %llu ms", to, (unsigned long long)ms);
  world->blocked[from][to] = true;
  world_at(world, ms, EVENT_HEAL, from, 0, to, NULL, 0);
}

/* One way, both ways, or from everybody. */
static void partition(struct world *world) {
  struct random *r = &world->chance;
  uint32_t a = (uint32_t)random_below(r, node_count(world));
  uint32_t b = (uint32_t)random_below(r, node_count(world));
  uint64_t ms = 100 + random_below(r, 20000);
  switch (random_below(r, 3)) {
    case 0:
      block(world, a, b, ms);
      return;
    case 1:
      block(world, a, b, ms);
      block(world, b, a, ms);
      return;
    default:
      for (uint32_t n = 0; n < node_count(world); n++) block(world, a, n, ms);
  }
}

static void break_disk(struct world *world, uint32_t n, bool full) {
  struct disk *disk = &world->nodes[n].disk;
  world_trace(world, n, full ? "has a full disk" : "has a broken disk");
  if (full)
    disk->is_full = true;
  else
    disk->is_broken = true;
}

static void mend_disks(struct world *world) {
  for (uint32_t n = 0; n < node_count(world); n++)
    world->nodes[n].disk.is_full = world->nodes[n].disk.is_broken = false;
}

static void pause(struct world *world, uint32_t n) {
  uint64_t ms = 100 + random_below(&world->chance, half(world) ? 2000 : 25000);
  if (!world->nodes[n].is_up) return;
  world_trace(world, n, "stands still for %llu ms", (unsigned long long)ms);
  world->nodes[n].paused_until_ms = world->now_ms + ms;
}

/* What was computed but never written turns out damaged. */
static void damage_output(struct world *world, uint32_t n) {
  struct node *node = &world->nodes[n];
  enum stage stage = (enum stage)random_below(&world->chance, STAGE_COUNT);
  uint32_t task = (uint32_t)random_below(&world->chance, TOY_TASKS_MAX);
  if (!node->is_up || !node->w.outputs[stage][task].present) return;
  world_trace(world, n, "loses %s %u", stage_name(stage), task);
  node->w.outputs[stage][task].present = node->disk.outputs[stage][task].present = false;
  worker_output_lost(&node->w.worker, stage, task);
}

/* Out of reach for all, or for one. */
static void lose_store(struct world *world, uint32_t coordinator) {
  if (half(world)) {
    world->store.is_out = !world->store.is_out;
    return;
  }
  uint64_t ms = 1000 + random_below(&world->chance, 60000);
  if (world->store.token) coordinator = world->store.holder;
  world_trace(world, coordinator, "cannot reach the store for %llu ms", (unsigned long long)ms);
  world->nodes[coordinator].no_store_until_ms = world->now_ms + ms;
}

void fault_happens(struct world *world) {
  struct random *r = &world->chance;
  const struct swarm *s = &world->swarm;
  if (world->faults_over) return;
  world->faults++;
  uint32_t worker = (uint32_t)random_below(r, s->workers);
  uint32_t coordinator = first_coordinator(world) + (uint32_t)random_below(r, s->coordinators);
  uint32_t any = (uint32_t)random_below(r, node_count(world));
  switch (random_below(r, 8)) {
    case 0:
      if (s->worker_crashes) node_crash(world, worker, 50 + random_below(r, 20000));
      break;
    case 1:
      if (s->coordinator_crashes) node_crash(world, coordinator, 50 + random_below(r, 20000));
      break;
    case 2:
      if (s->partitions) partition(world);
      break;
    case 3:
      if (s->pauses) pause(world, any);
      break;
    case 4:
      if (s->disk_full) break_disk(world, any, true);
      break;
    case 5:
      if (s->disk_errors) break_disk(world, any, false);
      if (s->disk_errors) damage_output(world, worker);
      break;
    case 6:
      if (s->store_outages && s->elected) lose_store(world, coordinator);
      break;
    default:
      mend_disks(world);
  }
  world_at(world, 1 + random_below(r, 2 * s->fault_gap_ms), EVENT_FAULT, 0, 0, 0, NULL, 0);
}

void faults_end(struct world *world) {
  world_trace(world, 0, "---- no more faults ----");
  world->faults_over = true;
  for (uint32_t a = 0; a < NODES_MAX; a++)
    for (uint32_t b = 0; b < NODES_MAX; b++) world->blocked[a][b] = false;
  world->store.is_out = false;
  mend_disks(world);
  for (uint32_t n = 0; n < node_count(world); n++) {
    if (world->nodes[n].paused_until_ms > world->now_ms)
      world->nodes[n].paused_until_ms = world->now_ms;
    world->nodes[n].no_store_until_ms = 0;
    if (!world->nodes[n].is_up) world_at(world, 1, EVENT_RESTART, n, 0, 0, NULL, 0);
  }
}
