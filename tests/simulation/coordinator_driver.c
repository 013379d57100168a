/* A coordinator's process: its journal on a disk or in the consensus store, and its lease. */
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "tests/simulation/world.h"

struct self {
  struct world *world;
  uint32_t node;
};
static struct self selves[NODES_MAX]; /* one world at a time */

static struct coordinator_node *driver_of(const struct self *self) {
  return &self->world->nodes[self->node].c;
}

/* ---- records ---- */

static void records_add(struct journal_record **records, uint32_t *count, uint64_t sequence,
                        const struct journal_entry *entry) {
  struct journal_record record = {sequence, *entry};
  char *copy = memory_new(entry->result.size + 1);
  if (entry->result.size) memcpy(copy, entry->result.data, entry->result.size);
  record.entry.result.data = copy;
  *records = memory_resize(*records, (*count + 1) * sizeof **records);
  (*records)[(*count)++] = record;
}

static void records_clear(struct journal_record *records, uint32_t *count, uint32_t keep) {
  for (uint32_t i = keep; i < *count; i++) free((void *)records[i].entry.result.data);
  if (*count > keep) *count = keep;
}

static bool records_have(const struct journal_record *records, uint32_t count,
                         const struct journal_entry *entry) {
  for (uint32_t i = 0; i < count; i++)
    if (records[i].entry.stage == entry->stage && records[i].entry.task == entry->task) return true;
  return false;
}

/* ---- the consensus store ---- */

enum store_request_kind {
  STORE_CAMPAIGN,
  STORE_RENEW,
  STORE_APPEND,
  STORE_BEGIN_JOB,
  STORE_PUBLISH
};

struct store_request {
  enum store_request_kind kind;
  uint64_t token, job, life;
  uint32_t count;                  /* of records; their results follow the struct, one by one */
  struct journal_record records[]; /* APPEND */
};

struct store_reply {
  enum store_request_kind kind;
  bool ok, is_job_done;
  uint64_t token, job, sequence;
};

static void store_call(struct world *world, uint32_t n, const struct store_request *request,
                       size_t size) {
  struct store_request *copy = memory_new(size);
  memcpy(copy, request, size);
  copy->life = world->nodes[n].life;
  world_at(world, 1 + random_below(&world->chance, 20), EVENT_STORE, n, 0, 0, copy, size);
}

/* ETCD's transaction: if the leader's key is still the one with this create-revision, then. */
static bool store_fenced(const struct store *store, uint64_t token) {
  return store->token && store->token == token;
}

static void store_campaign(struct world *world, uint32_t n, struct store_reply *reply) {
  struct store *store = &world->store;
  reply->ok = !store->token;
  if (!reply->ok) return;
  store->token = ++store->revision;
  store->holder = n;
  store->lease_until_ms = world->now_ms + LEASE_MS;
  if (!store->job) store->job = world->jobs[0].job;
  reply->token = store->token;
  world_trace(world, n, "is elected with token %llu", (unsigned long long)store->token);
}

static void store_append(struct world *world, const struct store_request *request,
                         struct store_reply *reply) {
  struct store *store = &world->store;
  reply->ok = store_fenced(store, request->token) && store->job == request->job;
  if (!reply->ok) return;
  for (uint32_t i = 0; i < request->count; i++) {
    const struct journal_record *record = &request->records[i];
    if (!records_have(store->journal, store->journal_count, &record->entry))
      records_add(&store->journal, &store->journal_count, record->sequence, &record->entry);
    reply->sequence = record->sequence;
  }
}

static bool publish(struct world *world, uint32_t n, uint64_t epoch, uint64_t job);

void store_apply(struct world *world, const struct event *event) {
  struct store *store = &world->store;
  const struct store_request *request = event->data;
  struct store_reply reply = {.kind = request->kind, .token = request->token, .job = request->job};
  if (store->token && world->now_ms >= store->lease_until_ms) store->token = 0;
  bool is_lost = store->is_out || world->now_ms < world->nodes[event->node].no_store_until_ms ||
                 (!world->faults_over && random_chance(&world->chance, 0.02));
  if (is_lost) return;
  switch (request->kind) {
    case STORE_CAMPAIGN:
      store_campaign(world, event->node, &reply);
      break;
    case STORE_RENEW:
      reply.ok = store_fenced(store, request->token);
      if (reply.ok) store->lease_until_ms = world->now_ms + LEASE_MS;
      break;
    case STORE_APPEND:
      store_append(world, request, &reply);
      break;
    case STORE_BEGIN_JOB:
      reply.ok = store_fenced(store, request->token);
      if (reply.ok && store->job != request->job) {
        store->job = request->job;
        records_clear(store->journal, &store->journal_count, 0);
      }
      break;
    case STORE_PUBLISH:
      reply.ok = store_fenced(store, request->token) &&
                 publish(world, event->node, request->token, request->job);
      break;
  }
  if (!world->faults_over && random_chance(&world->chance, 0.02)) return; /* done, but not heard */
  struct store_reply *copy = memory_new(sizeof *copy);
  *copy = reply;
  world_at(world, 1 + random_below(&world->chance, 20), EVENT_STORE_REPLY, event->node,
           request->life, 0, copy, sizeof *copy);
}

/* ---- what the coordinator asks for ---- */

static void send(void *context, uint32_t seat, const struct message *message) {
  struct self *self = context;
  if (message->kind == MESSAGE_TASK_TAKEN && driver_of(self)->hears != MESSAGE_TASK_FAILED)
    invariants_check_ack(self->world, self->node, seat, &message->task_taken);
  network_send(self->world, self->node, driver_of(self)->node_of_seat[seat], message);
}

static void journal(void *context, uint64_t sequence, const struct journal_entry *entry) {
  struct self *self = context;
  struct world *world = self->world;
  struct coordinator_node *d = driver_of(self);
  struct disk *disk = &world->nodes[self->node].disk;
  bool is_known = world->swarm.elected ? d->job == world->store.job &&
                                             records_have(d->unsaved, d->unsaved_count, entry)
                                       : records_have(disk->journal, disk->journal_count, entry);
  if (is_known)
    world_violation(world, "%s %u was taken twice",
                    entry->stage < STAGE_COUNT ? stage_name(entry->stage) : "publication",
                    entry->task);
  if (world->swarm.elected) {
    records_add(&d->unsaved, &d->unsaved_count, sequence, entry);
  } else {
    records_add(&disk->journal, &disk->journal_count, sequence, entry);
    if (d->sync_waits) return;
    d->sync_waits = true;
    world_at(world, random_below(&world->chance, 30), EVENT_SYNC, self->node,
             world->nodes[self->node].life, 0, NULL, 0);
  }
}

/* Where the pointer moves: checked first, for a reader may come at once. */
static bool publish(struct world *world, uint32_t n, uint64_t epoch, uint64_t job) {
  world_trace(world, n, "publishes job %llu", (unsigned long long)job);
  if (epoch < world->published_epoch)
    world_violation(world, "epoch %llu publishes after %llu", (unsigned long long)epoch,
                    (unsigned long long)world->published_epoch);
  if (job > 1 && !world->published[job - 2])
    world_violation(world, "job %llu is published before the one before", (unsigned long long)job);
  world->published_epoch = epoch;
  world->published[job - 1] = true;
  bool all = true;
  for (uint32_t j = 0; j < world->swarm.jobs; j++) all = all && world->published[j];
  if (all) world->is_over = true;
  return true;
}

static void ask_to_publish(void *context, const struct publication *publication) {
  struct self *self = context;
  struct world *world = self->world;
  struct coordinator_node *d = driver_of(self);
  invariants_check_publication(world, d, publication);
  d->publish_ms = node_clock_ms(world, self->node);
  if (world->swarm.elected) {
    struct store_request request = {.kind = STORE_PUBLISH, .token = d->epoch, .job = d->job};
    store_call(world, self->node, &request, sizeof request);
  } else if (world->nodes[self->node].disk.is_full) {
    coordinator_published(d->c, ERR_DISK_FULL, node_clock_ms(world, self->node));
  } else {
    publish(world, self->node, d->epoch, d->job);
    coordinator_published(d->c, ERR_OK, node_clock_ms(world, self->node));
  }
}

/* ---- leading ---- */

static void stand_by(struct coordinator_node *d) {
  coordinator_free(d->c);
  d->c = NULL;
  d->seats = 0;
  records_clear(d->unsaved, &d->unsaved_count, 0);
  d->append_ms = 0;
}

static void lead(struct world *world, uint32_t n, uint64_t epoch, uint64_t job,
                 const struct journal_record *records, uint32_t count) {
  struct coordinator_node *d = &world->nodes[n].c;
  const struct toy_job *toy = &world->jobs[job - 1];
  uint64_t life = world->nodes[n].life << 8 | n;
  stand_by(d);
  if (epoch < EPOCHS_MAX) {
    if (world->epoch_lives[epoch] && world->epoch_lives[epoch] != life)
      world_violation(world, "epoch %llu is given twice", (unsigned long long)epoch);
    world->epoch_lives[epoch] = life;
  }
  d->epoch = epoch;
  d->job = job;
  selves[n] = (struct self){world, n};
  struct coordinator_options options = {.file_count = toy->files,
                                        .shard_count = toy->shards,
                                        .range_count = toy->ranges,
                                        .partition_count = toy->partitions,
                                        .spec = &toy->spec,
                                        .epoch = epoch,
                                        .job = job};
  struct coordinator_effects effects = {
      .context = &selves[n], .send = send, .journal = journal, .publish = ask_to_publish};
  d->c = coordinator_new(&options, &effects);
  world_trace(world, n, "leads job %llu, epoch %llu, %u entries", (unsigned long long)job,
              (unsigned long long)epoch, count);
  for (uint32_t i = 0; i < count; i++) {
    struct failure failure;
    if (coordinator_restore(d->c, &records[i].entry, &failure))
      world_violation(world, "the journal cannot be read again: %s", failure.message);
  }
}

static void next_job(struct world *world, uint32_t n) {
  struct node *node = &world->nodes[n];
  struct coordinator_node *d = &node->c;
  uint64_t job = d->job + 1;
  if (job > world->swarm.jobs) return;
  if (world->swarm.elected) {
    if (node_clock_ms(world, n) < d->append_ms) return;
    d->append_ms = node_clock_ms(world, n) + STORE_RETRY_MS;
    struct store_request request = {.kind = STORE_BEGIN_JOB, .token = d->epoch, .job = job};
    store_call(world, n, &request, sizeof request);
  } else if (!node->disk.is_full && !node->disk.is_broken) {
    node->disk.job = job;
    records_clear(node->disk.journal, &node->disk.journal_count, 0);
    node->disk.journal_synced = 0;
    lead(world, n, d->epoch, job, NULL, 0);
  }
}

void coordinator_node_start(struct world *world, uint32_t n) {
  struct node *node = &world->nodes[n];
  node->is_up = true;
  node->life++;
  node->c = (struct coordinator_node){0};
  if (world->swarm.elected) return;
  if (node->disk.is_full || node->disk.is_broken) { /* it says so and is started again later */
    node->is_up = false;
    world_at(world, 1000, EVENT_RESTART, n, 0, 0, NULL, 0);
    return;
  }
  if (!node->disk.job) node->disk.job = world->jobs[0].job;
  lead(world, n, ++node->disk.epoch, node->disk.job, node->disk.journal, node->disk.journal_synced);
}

void coordinator_node_stop(struct world *world, uint32_t n) {
  struct node *node = &world->nodes[n];
  node->is_up = false;
  node->life++;
  stand_by(&node->c);
  free(node->c.unsaved);
  /* Of what was not synced, the disk has some, in order. */
  uint32_t kept = node->disk.journal_synced +
                  (uint32_t)random_below(&world->chance,
                                         node->disk.journal_count - node->disk.journal_synced + 1);
  records_clear(node->disk.journal, &node->disk.journal_count, kept);
  node->disk.journal_synced = kept;
}

void coordinator_node_sync(struct world *world, uint32_t n) {
  struct node *node = &world->nodes[n];
  node->c.sync_waits = false;
  if (node->disk.is_full || node->disk.is_broken) {
    node_crash(world, n, 2000); /* a journal that cannot be written is the end of the process */
    return;
  }
  node->disk.journal_synced = node->disk.journal_count;
  if (!node->disk.journal_count || !node->c.c) return;
  coordinator_journaled(node->c.c, node->disk.journal[node->disk.journal_count - 1].sequence,
                        node_clock_ms(world, n));
}

void coordinator_node_receive(struct world *world, uint32_t n, uint32_t from,
                              const struct message *message) {
  struct coordinator_node *d = &world->nodes[n].c;
  if (!d->c) return;
  uint64_t now_ms = node_clock_ms(world, n);
  uint32_t seat = 0;
  while (seat < d->seats && d->node_of_seat[seat] != from) seat++;
  if (seat == d->seats) {
    int joined = coordinator_worker_join(d->c, now_ms);
    check(joined == (int)seat);
    d->node_of_seat[d->seats++] = from;
  }
  d->hears = message->kind;
  coordinator_receive(d->c, seat, message, now_ms);
  d->hears = MESSAGE_KIND_COUNT;
}

static void note_renewal(struct world *world, uint32_t n, bool ok) {
  struct coordinator_node *d = &world->nodes[n].c;
  if (ok)
    d->lease_until_ms = d->renew_ms + LEASE_MS; /* from when it was asked for */
  else if (d->c)
    coordinator_depose(d->c);
}

void coordinator_node_reply(struct world *world, uint32_t n, const struct event *event) {
  struct coordinator_node *d = &world->nodes[n].c;
  const struct store_reply *reply = event->data;
  uint64_t now_ms = node_clock_ms(world, n);
  if (reply->kind == STORE_CAMPAIGN) {
    if (!reply->ok || d->c) return;
    d->renew_ms = d->campaign_ms;
    d->lease_until_ms = d->campaign_ms + LEASE_MS;
    lead(world, n, reply->token, world->store.job, world->store.journal,
         world->store.journal_count);
    return;
  }
  if (!d->c || reply->token != d->epoch) return;
  switch (reply->kind) {
    case STORE_RENEW:
      note_renewal(world, n, reply->ok);
      return;
    case STORE_APPEND:
      if (reply->job != d->job) return;
      d->append_ms = 0;
      if (!reply->ok) {
        coordinator_depose(d->c);
        return;
      }
      uint32_t saved = 0;
      while (saved < d->unsaved_count && d->unsaved[saved].sequence <= reply->sequence)
        free((void *)d->unsaved[saved++].entry.result.data);
      d->unsaved_count -= saved;
      if (saved) memmove(d->unsaved, d->unsaved + saved, d->unsaved_count * sizeof *d->unsaved);
      if (saved) coordinator_journaled(d->c, reply->sequence, now_ms);
      return;
    case STORE_BEGIN_JOB:
      if (reply->job == d->job) return;
      if (reply->ok)
        lead(world, n, d->epoch, reply->job, NULL, 0);
      else
        coordinator_depose(d->c);
      return;
    case STORE_PUBLISH:
      if (reply->job == d->job) coordinator_published(d->c, reply->ok ? ERR_OK : ERR_STALE, now_ms);
      return;
    case STORE_CAMPAIGN:
      return;
  }
}

/* The entries' results lie in unsaved until the store has answered, so lending them is enough as
 * long as this process lives; the store copies what it takes. */
static void append_unsaved(struct world *world, uint32_t n) {
  struct coordinator_node *d = &world->nodes[n].c;
  size_t size = sizeof(struct store_request) + d->unsaved_count * sizeof *d->unsaved;
  size_t bytes = 0;
  for (uint32_t i = 0; i < d->unsaved_count; i++) bytes += d->unsaved[i].entry.result.size;
  struct store_request *request = memory_new_zeroed(1, size + bytes);
  *request = (struct store_request){.kind = STORE_APPEND,
                                    .token = d->epoch,
                                    .job = d->job,
                                    .life = world->nodes[n].life,
                                    .count = d->unsaved_count};
  char *at = (char *)request + size;
  for (uint32_t i = 0; i < d->unsaved_count; i++) {
    request->records[i] = d->unsaved[i];
    struct bytes *result = &request->records[i].entry.result;
    memcpy(at, result->data, result->size);
    result->data = at;
    at += result->size;
  }
  world_at(world, 1 + random_below(&world->chance, 20), EVENT_STORE, n, 0, 0, request,
           size + bytes);
}

static void tick_elected(struct world *world, uint32_t n) {
  struct coordinator_node *d = &world->nodes[n].c;
  uint64_t now_ms = node_clock_ms(world, n);
  if (!d->c) {
    if (now_ms < d->campaign_ms + STORE_RETRY_MS) return;
    d->campaign_ms = now_ms;
    struct store_request request = {.kind = STORE_CAMPAIGN};
    store_call(world, n, &request, sizeof request);
    return;
  }
  if (now_ms >= d->lease_until_ms && !world->swarm.stubborn_leader) coordinator_depose(d->c);
  if (now_ms >= d->renew_ms + LEASE_MS / 3) {
    d->renew_ms = now_ms;
    struct store_request request = {.kind = STORE_RENEW, .token = d->epoch};
    store_call(world, n, &request, sizeof request);
  }
  if (d->unsaved_count && now_ms >= d->append_ms) {
    d->append_ms = now_ms + STORE_RETRY_MS;
    append_unsaved(world, n);
  }
}

void coordinator_node_tick(struct world *world, uint32_t n) {
  struct coordinator_node *d = &world->nodes[n].c;
  uint64_t now_ms = node_clock_ms(world, n);
  if (world->swarm.elected) tick_elected(world, n);
  if (!d->c) return;
  coordinator_tick(d->c, now_ms);
  struct coordinator_progress p;
  coordinator_progress(d->c, &p);
  if (p.phase == COORDINATOR_PUBLISHING && now_ms > d->publish_ms + 2 * STORE_RETRY_MS)
    coordinator_published(d->c, ERR_PEER, now_ms);
  if (p.phase == COORDINATOR_DEPOSED) {
    world_trace(world, n, "was replaced");
    if (world->swarm.elected)
      stand_by(d);
    else
      world_violation(world, "the only coordinator was deposed");
  }
  if (p.phase == COORDINATOR_FAILED)
    world_violation(world, "the job failed: %s", coordinator_failure(d->c)->message);
  if (p.phase == COORDINATOR_DONE && !d->unsaved_count) next_job(world, n);
}
