/* What must hold after every event, and when something becomes visible. */
#include "tests/simulation/world.h"

static uint32_t available(const struct coordinator *c, const struct stage_state *s) {
  uint32_t count = 0;
  for (uint32_t t = 0; t < s->count; t++)
    count += s->tasks[t].state == TASK_COMPLETE && s->tasks[t].location != NOWHERE &&
             seat_is_healthy(c, s->tasks[t].location);
  return count;
}

/* The coordinator's own counts agree with what they count. */
static void check_counts(struct world *world, const struct coordinator *c) {
  uint32_t holding[COORDINATOR_WORKERS_MAX] = {0};
  for (enum stage stage = 0; stage <= c->frontier; stage++) {
    const struct stage_state *s = &c->stages[stage];
    uint32_t pending = 0, running = 0, reported = 0;
    for (uint32_t t = 0; t < s->count; t++) {
      const struct task *task = &s->tasks[t];
      pending += task->state == TASK_PENDING;
      running += task->state == TASK_RUNNING;
      reported += task->reported;
      if ((task->state == TASK_RUNNING) != (task->running_count > 0))
        world_violation(world, "%s %u is running and nobody runs it", stage_name(stage), t);
      if (task->state == TASK_COMPLETE && !task->reported)
        world_violation(world, "%s %u is complete without a result", stage_name(stage), t);
      if (task->state == TASK_PENDING && t < s->first_pending)
        world_violation(world, "%s %u is forgotten", stage_name(stage), t);
      for (unsigned i = 0; i < task->running_count; i++) holding[task->running[i].worker]++;
    }
    if (pending != s->pending || running != s->running || reported != s->reported ||
        available(c, s) != s->available)
      world_violation(world, "the counts of %s do not agree", stage_name(stage));
    if (stage < c->frontier && reported < s->count)
      world_violation(world, "%s is over without all its results", stage_name(stage));
  }
  for (uint32_t w = 0; w < WORKERS_MAX; w++)
    if (holding[w] != c->workers[w].holding || (holding[w] && !c->workers[w].greeted))
      world_violation(world, "the tasks of seat %u do not agree", w);
}

/* What is added to one thing is in one place. */
static void check_groups(struct world *world, const struct coordinator *c) {
  for (enum stage stage = 0; stage <= c->frontier; stage++) {
    enum stage anchor = stage_at(stage);
    if (anchor == STAGE_ANY) continue;
    for (uint32_t t = 0; t < c->stages[stage].count; t++) {
      const struct task *task = &c->stages[stage].tasks[t];
      uint16_t place = c->stages[anchor].tasks[t].location;
      if (task->state == TASK_COMPLETE && task->location != NOWHERE && task->location != place)
        world_violation(world, "%s %u is at another place than %s", stage_name(stage), t,
                        stage_name(anchor));
    }
  }
}

/* What a worker in session is said to hold, it holds. */
static void check_places(struct world *world, const struct coordinator_node *d) {
  const struct coordinator *c = d->c;
  if (world->swarm.disk_errors) return; /* outputs are damaged without a word */
  for (enum stage stage = 0; stage <= c->frontier; stage++)
    for (uint32_t t = 0; t < c->stages[stage].count; t++) {
      const struct task *task = &c->stages[stage].tasks[t];
      if (task->state != TASK_COMPLETE || task->location == NOWHERE) continue;
      const struct node *holder = &world->nodes[d->node_of_seat[task->location]];
      const struct worker *w = &holder->w.worker;
      if (!holder->is_up || w->phase != WORKER_WORKING || w->epoch != d->epoch ||
          w->session != c->workers[task->location].session)
        continue;
      const struct stored_output *output = &holder->w.outputs[stage][t];
      if (!worker_holds(w, stage, t) || !output->present || output->job != d->job)
        world_violation(world, "%s %u is not where it is said to be", stage_name(stage), t);
    }
}

void invariants_check(struct world *world, uint32_t n) {
  const struct node *node = &world->nodes[n];
  if (is_worker(world, n) || !node->is_up || !node->c.c) return;
  check_counts(world, node->c.c);
  check_groups(world, node->c.c);
  check_places(world, &node->c);
}

void invariants_check_ack(struct world *world, uint32_t n, uint32_t seat,
                          const struct message_task_taken *taken) {
  const struct coordinator_node *d = &world->nodes[n].c;
  const struct disk *disk = &world->nodes[n].disk;
  if (taken->stage > d->c->frontier || taken->task >= d->c->stages[taken->stage].count) return;
  const struct task *task = &d->c->stages[taken->stage].tasks[taken->task];
  /* Otherwise it came too late to count. */
  if (task->state != TASK_COMPLETE || task->location != seat) return;
  const struct journal_record *records =
      world->swarm.elected ? world->store.journal : disk->journal;
  uint32_t count = world->swarm.elected ? world->store.journal_count : disk->journal_synced;
  if (world->swarm.elected && (d->job != world->store.job || d->epoch != world->store.token))
    return;
  for (uint32_t i = 0; i < count; i++)
    if (records[i].entry.stage == taken->stage && records[i].entry.task == taken->task) return;
  world_violation(world, "%s %u is acknowledged and not durable", stage_name(taken->stage),
                  taken->task);
}

void invariants_check_publication(struct world *world, const struct coordinator_node *c,
                                  const struct publication *publication) {
  const struct toy_job *job = &world->jobs[c->job - 1];
  struct toy_output output = {0};
  if (publication->result.size == sizeof output)
    memcpy(&output, publication->result.data, sizeof output);
  if (output.digest != job->digest) world_violation(world, "a wrong digest is published");
  if (publication->shard_count != job->shards) world_violation(world, "a shard has no owner");
  uint64_t records = 0;
  for (uint32_t s = 0; s < publication->shard_count; s++) {
    uint16_t seat = publication->shard_worker[s];
    if (seat >= c->seats) {
      world_violation(world, "shard %u belongs to nobody", s);
      return;
    }
    const struct node *owner = &world->nodes[c->node_of_seat[seat]];
    const struct stored_output *shard = &owner->disk.outputs[STAGE_MERGE][s];
    /* Its disk may have been damaged a moment ago; the coordinator cannot know yet. */
    if (world->swarm.disk_errors && !(shard->present && shard->job == c->job)) return;
    if (!shard->present || shard->job != c->job)
      world_violation(world, "shard %u is not on its owner's disk", s);
    if (records & shard->output.records) world_violation(world, "a record is in two shards");
    records |= shard->output.records;
  }
  if (records != job->accepted) world_violation(world, "not every record is in one shard");
}
