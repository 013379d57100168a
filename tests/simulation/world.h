/* world — virtual time, chance, a network and disks that fail, all from one seed.
 *
 * The real state machines of coordinator/ and worker/ run here between simulated drivers. One event
 * happens at a time; after each the whole is checked (invariants.c). Faults come first, for a while
 * chosen by the seed; then there are none, and within a bound the jobs must be published. */
#ifndef GUIYI_TESTS_SIMULATION_WORLD_H
#define GUIYI_TESTS_SIMULATION_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "coordinator/coordinator_state.h"
#include "proto/message.h"
#include "tests/simulation/toy_job.h"
#include "worker/worker.h"

enum {
  WORKERS_MAX = 6,
  COORDINATORS_MAX = 3,
  NODES_MAX = WORKERS_MAX + COORDINATORS_MAX, /* workers first */
  JOBS_MAX = 2,
  TICK_MS = 100,
  LEASE_MS = 10000,
  STORE_RETRY_MS = 1000,
  EPOCHS_MAX = 1024,
  LIVENESS_MS = 240000, /* from the end of the faults to the last publication */
};

struct random {
  uint64_t state;
};
uint64_t random_next(struct random *r);
uint64_t random_below(struct random *r, uint64_t limit); /* 0 when limit is 0 */
bool random_chance(struct random *r, double p);

/* Which faults this seed has, and how hard (swarm testing: Groce et al., ISSTA 2012). */
struct swarm {
  uint32_t workers, coordinators, jobs;
  bool elected; /* else one coordinator with a journal on its disk */
  double loss, duplication, long_delay;
  uint32_t delay_ms, long_delay_ms;
  double compute_slow;
  bool partitions, worker_crashes, coordinator_crashes, pauses, disk_full, disk_errors,
      run_files,                      /* outputs of INGEST and BLOCK are on disk as well */
      store_outages, stubborn_leader; /* it does not step down by its own clock */
  bool loses_worker;                  /* the last one does not come back after its first crash */
  bool cut_pair; /* the first two never reach each other; both reach all others */
  int32_t skew_ppm[NODES_MAX];
  uint64_t faults_end_ms;
  uint32_t fault_gap_ms; /* mean time between two faults */
};

enum happening {
  EVENT_DELIVER,
  EVENT_TICK,
  EVENT_COMPUTED,
  EVENT_STORE,
  EVENT_STORE_REPLY,
  EVENT_SYNC,
  EVENT_FAULT,
  EVENT_RESTART,
  EVENT_HEAL,
};

struct event {
  uint64_t at_ms, order;
  enum happening kind;
  uint32_t node, from;
  uint64_t life;  /* of the node; 0 = whatever process runs then */
  uint64_t value; /* the kind's own */
  void *data;     /* owned: free() */
  size_t size;
};

/* An output as a disk or a memory has it. */
struct stored_output {
  bool present;
  uint64_t job;
  struct toy_output output;
};

struct disk {
  uint64_t fence;
  struct stored_output outputs[STAGE_COUNT][TOY_TASKS_MAX];
  bool is_full, is_broken;
  /* A coordinator's, without election. */
  uint64_t epoch, job;
  struct journal_record *journal;
  uint32_t journal_count, journal_synced;
};

struct journal_record {
  uint64_t sequence;
  struct journal_entry entry; /* result is owned */
};

struct worker_node {
  struct worker worker;
  struct stored_output outputs[STAGE_COUNT][TOY_TASKS_MAX];
  uint32_t target; /* the coordinator it talks to: a node */
  uint64_t look_ms;
  uint64_t obeyed_epoch;  /* highest it ever worked for */
  uint64_t handled_epoch; /* of the message it is handling */
};

struct coordinator_node {
  struct coordinator *c; /* NULL: standing by */
  uint64_t epoch, job;
  enum message_kind hears; /* what it is handling */
  uint32_t node_of_seat[COORDINATOR_WORKERS_MAX];
  uint32_t seats;
  uint64_t campaign_ms, renew_ms, lease_until_ms; /* its own clock */
  struct journal_record *unsaved;                 /* elected: not yet in the store */
  uint32_t unsaved_count;
  uint64_t append_ms, publish_ms;
  bool sync_waits;
};

struct node {
  bool is_up;
  uint64_t life, boots;
  uint64_t paused_until_ms;
  uint64_t no_store_until_ms; /* the consensus store does not hear it */
  struct disk disk;
  union {
    struct worker_node w;
    struct coordinator_node c;
  };
};

/* The consensus store, as one linearizable thing that may be out of reach. */
struct store {
  uint64_t revision, token, lease_until_ms, job;
  uint32_t holder;
  bool is_out;
  struct journal_record *journal;
  uint32_t journal_count;
};

struct world {
  uint64_t seed, now_ms, events;
  struct random chance;
  struct swarm swarm;
  bool trace, is_over, faults_over;
  struct event *heap;
  uint32_t heap_count, heap_capacity;
  uint64_t order;
  struct node nodes[NODES_MAX];
  bool blocked[NODES_MAX][NODES_MAX]; /* from, to */
  struct store store;
  struct toy_job jobs[JOBS_MAX];
  bool published[JOBS_MAX];
  uint64_t published_epoch;
  uint64_t epoch_lives[EPOCHS_MAX]; /* by epoch: node and life that led with it; 0 = nobody */
  uint32_t faults, crashes;
  char violation[256];
};

void world_run(struct world *world, uint64_t seed, bool trace);
void world_release(struct world *world);
__attribute__((format(printf, 2, 3))) void world_violation(struct world *world, const char *format,
                                                           ...);
__attribute__((format(printf, 3, 4))) void world_trace(struct world *world, uint32_t node,
                                                       const char *format, ...);

static inline uint32_t first_coordinator(const struct world *world) { return world->swarm.workers; }
static inline uint32_t node_count(const struct world *world) {
  return world->swarm.workers + world->swarm.coordinators;
}
static inline bool is_worker(const struct world *world, uint32_t node) {
  return node < world->swarm.workers;
}
/* The node's own clock. */
uint64_t node_clock_ms(const struct world *world, uint32_t node);
/* take_data is freed with the event. */
void world_at(struct world *world, uint64_t delay_ms, enum happening kind, uint32_t node,
              uint64_t life, uint64_t value, void *take_data, size_t size);
void network_send(struct world *world, uint32_t from, uint32_t to, const struct message *message);
bool network_reaches(const struct world *world, uint32_t a, uint32_t b);

/* worker_driver.c */
void worker_node_start(struct world *world, uint32_t node);
void worker_node_stop(struct world *world, uint32_t node);
void worker_node_receive(struct world *world, uint32_t node, uint32_t from,
                         const struct message *message);
void worker_node_tick(struct world *world, uint32_t node);
void worker_node_computed(struct world *world, uint32_t node, const struct event *event);

/* coordinator_driver.c */
void coordinator_node_start(struct world *world, uint32_t node);
void coordinator_node_stop(struct world *world, uint32_t node);
void coordinator_node_receive(struct world *world, uint32_t node, uint32_t from,
                              const struct message *message);
void coordinator_node_tick(struct world *world, uint32_t node);
void coordinator_node_sync(struct world *world, uint32_t node);
void coordinator_node_reply(struct world *world, uint32_t node, const struct event *event);
void store_apply(struct world *world, const struct event *event);

/* faults.c */
void swarm_choose(struct world *world);
void fault_happens(struct world *world);
void faults_end(struct world *world);
void node_crash(struct world *world, uint32_t node, uint64_t restart_ms);

/* invariants.c */
/* After an event at the node. */
void invariants_check(struct world *world, uint32_t node);
/* A generation is about to be the current one. */
void invariants_check_publication(struct world *world, const struct coordinator_node *c,
                                  const struct publication *publication);
void invariants_check_ack(struct world *world, uint32_t coordinator, uint32_t seat,
                          const struct message_task_taken *taken);

#endif
