/* The coordinator as a state machine: fake workers, no sockets, no threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/training_counts.h"
#include "coordinator/coordinator.h"
#include "proto/task_places.h"
#include "proto/task_result.h"

/* The first of job 1. */
#define SESSION ((1ull << 32) + 1)

enum { SPLITS = 7, EPOCH = 5, QUEUE_MAX = 1024 };

struct sent_task {
  uint32_t worker;
  struct message_task task;
};

struct fixture {
  struct coordinator *c;
  struct sent_task queue[QUEUE_MAX];
  uint16_t worker_of[STAGE_COUNT][KEY_PARTITIONS]; /* who got each task; the check is `at` */
  bool shared_memory;
  uint32_t queued;
  uint32_t stops, refusals;
  uint32_t done_by_stage[STAGE_COUNT];
  bool model_was_sent;
};

/* A task runs where its stage's `at` ran, and is told the truth about where its inputs are. */
static void check_places(struct fixture *f, uint32_t worker, const struct message_task *task) {
  enum stage at = stage_at(task->stage);
  if (at != STAGE_ANY) assert_int_equal(worker, f->worker_of[at][task->task]);
  f->worker_of[task->stage][task->task] = (uint16_t)worker;
  struct arena arena = {0};
  struct task_places places;
  assert_int_equal(task_places_decode(task->places, &arena, &places, NULL), ERR_OK);
  for (unsigned s = 0; s < STAGE_COUNT; s++) {
    assert_int_equal(places.worker[s] != NULL, stage_needs(task->stage) >> s & 1);
    for (uint32_t t = 0; places.worker[s] && t < places.task_count[s]; t++)
      assert_int_equal(places.worker[s][t], f->worker_of[s][t]);
  }
  for (uint32_t w = 0; w < places.worker_count; w++) {
    char endpoint[32];
    snprintf(endpoint, sizeof endpoint, "tcp://10.0.0.%u:7001", places.workers[w].number + 1);
    assert_string_equal(places.workers[w].endpoint.data, endpoint);
  }
  arena_release(&arena);
}

static void collect(void *context, uint32_t worker, const struct message *m) {
  struct fixture *f = context;
  if (m->kind == MESSAGE_TASK) {
    assert_true(f->queued < QUEUE_MAX);
    assert_true(m->task.epoch == EPOCH);
    if (!f->shared_memory) check_places(f, worker, &m->task);
    f->queue[f->queued++] = (struct sent_task){worker, m->task};
    f->queue[f->queued - 1].task.places = BYTES_EMPTY; /* was borrowed */
    if (m->task.stage == STAGE_LINK) f->model_was_sent = m->task.input.size == sizeof(struct model);
  }
  f->stops += m->kind == MESSAGE_STOP;
  f->refusals += m->kind == MESSAGE_REFUSED;
}

static struct model_spec spec; /* no comparisons: training has nothing to do */

static struct fixture *begin_with(uint32_t workers, bool shared_memory, uint32_t workers_min) {
  struct fixture *f = calloc(1, sizeof *f);
  struct coordinator_options options = {.file_count = 2,
                                        .shard_count = 4,
                                        .range_count = 3,
                                        .spec = &spec,
                                        .partition_count = KEY_PARTITIONS,
                                        .epoch = EPOCH,
                                        .job = 1,
                                        .workers_min = workers_min,
                                        .shared_memory = shared_memory};
  f->shared_memory = shared_memory;
  struct coordinator_effects effects = {.context = f, .send = collect};
  f->c = coordinator_new(&options, &effects);
  for (uint32_t w = 0; w < workers; w++) {
    assert_int_equal(coordinator_worker_join(f->c, 1), w);
    struct message hello = {.kind = MESSAGE_HELLO};
    char endpoint[32];
    snprintf(endpoint, sizeof endpoint, "tcp://10.0.0.%u:7001", w + 1);
    hello.hello = (struct message_hello){.protocol = PROTOCOL_VERSION,
                                         .incarnation = 1,
                                         .greeting = 1,
                                         .compute_threads = 1,
                                         .endpoint = bytes_from_string(endpoint)};
    coordinator_receive(f->c, w, &hello, 1);
  }
  return f;
}

static struct fixture *begin(uint32_t workers) { return begin_with(workers, true, 0); }

static void end(struct fixture *f) {
  coordinator_free(f->c);
  free(f);
}

static enum coordinator_phase phase(struct fixture *f) {
  struct coordinator_progress p;
  coordinator_progress(f->c, &p);
  return p.phase;
}

static void answer(struct fixture *f, struct sent_task sent) {
  struct message done = {.kind = MESSAGE_TASK_DONE};
  done.task_done = (struct message_task_done){.epoch = EPOCH,
                                              .session = sent.task.session,
                                              .stage = sent.task.stage,
                                              .task = sent.task.task,
                                              .attempt = sent.task.attempt,
                                              .units = 1};
  struct layout_result layout = {SPLITS, 100};
  struct training_counts counts = {0};
  struct buffer encoded = {0};
  if (sent.task.stage == STAGE_LAYOUT) {
    done.task_done.result = bytes_of((const char *)&layout, sizeof layout);
  } else if (sent.task.stage == STAGE_TALLY || sent.task.stage == STAGE_BLOCK ||
             sent.task.stage == STAGE_SAMPLE || sent.task.stage == STAGE_COMPARE) {
    training_counts_encode(&counts, &encoded);
    done.task_done.result = buffer_bytes(&encoded);
  }
  f->done_by_stage[sent.task.stage]++;
  coordinator_receive(f->c, sent.worker, &done, 2);
  buffer_release(&encoded);
}

/* Takes a queued task by a seeded choice. */
static struct sent_task take(struct fixture *f, uint64_t *seed) {
  *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
  uint32_t i = (uint32_t)(*seed >> 33) % f->queued;
  struct sent_task sent = f->queue[i];
  f->queue[i] = f->queue[--f->queued];
  return sent;
}

static void assert_each_stage_ran_once(struct fixture *f) {
  assert_int_equal(f->done_by_stage[STAGE_SCAN], 2);
  assert_int_equal(f->done_by_stage[STAGE_INGEST], SPLITS);
  assert_int_equal(f->done_by_stage[STAGE_BLOCK], KEY_PARTITIONS);
  assert_int_equal(f->done_by_stage[STAGE_TRAIN], 0);
  assert_int_equal(f->done_by_stage[STAGE_REPAIR], 3);
  assert_int_equal(f->done_by_stage[STAGE_MERGE], 4);
  assert_int_equal(f->done_by_stage[STAGE_PUBLISH], 1);
}

static void a_run_goes_through_all_stages_in_any_order_of_answers(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 50; seed++) {
    struct fixture *f = begin(1 + seed % 4);
    uint64_t random = seed;
    while (f->queued) answer(f, take(f, &random));
    assert_int_equal(phase(f), COORDINATOR_DONE);
    assert_each_stage_ran_once(f);
    assert_true(f->model_was_sent);
    assert_int_equal(f->stops, 1 + seed % 4);
    end(f);
  }
}

static void workers_apart_get_tasks_where_their_data_is(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 50; seed++) {
    uint32_t workers = 1 + seed % 4;
    struct fixture *f = begin_with(workers, false, workers);
    uint64_t random = seed;
    while (f->queued) answer(f, take(f, &random));
    assert_int_equal(phase(f), COORDINATOR_DONE);
    assert_each_stage_ran_once(f);
    assert_int_equal(f->done_by_stage[STAGE_CLASSIFY], SPLITS);
    assert_int_equal(f->done_by_stage[STAGE_SCORE], KEY_PARTITIONS);
    end(f);
  }
}

static void a_run_waits_for_its_workers(void **state) {
  (void)state;
  struct fixture *f = begin_with(2, false, 3);
  assert_int_equal(phase(f), COORDINATOR_WAITING);
  assert_int_equal(f->queued, 0);
  end(f);
}

static void a_lost_workers_tasks_go_to_another(void **state) {
  (void)state;
  struct fixture *f = begin(2);
  uint64_t random = 9;
  while (f->done_by_stage[STAGE_BLOCK] < 100) answer(f, take(f, &random));
  coordinator_worker_lost(f->c, 0, 2);
  struct sent_task late = {.worker = 0};
  for (uint32_t i = 0; i < f->queued; i++)
    if (f->queue[i].worker == 0) {
      late = f->queue[i];
      f->queue[i--] = f->queue[--f->queued];
    }
  assert_true(late.task.attempt > 0);
  uint32_t before = f->done_by_stage[STAGE_BLOCK];
  answer(f, late); /* of a worker that is no longer there: no effect */
  f->done_by_stage[STAGE_BLOCK] = before;
  while (f->queued) {
    struct sent_task sent = take(f, &random);
    assert_int_equal(sent.worker, 1);
    answer(f, sent);
  }
  assert_int_equal(phase(f), COORDINATOR_DONE);
  assert_each_stage_ran_once(f);
  end(f);
}

static uint32_t workers_at(struct fixture *f, uint64_t from_ms, uint64_t to_ms) {
  struct coordinator_progress p;
  for (uint64_t now = from_ms; now <= to_ms; now += 500) coordinator_tick(f->c, now);
  coordinator_tick(f->c, to_ms);
  coordinator_progress(f->c, &p);
  return p.workers;
}

static void a_silent_worker_is_lost(void **state) {
  (void)state;
  struct fixture *f = begin_with(1, false, 0);
  assert_int_equal(workers_at(f, 1, 1 + WORKER_LOST_MS), 1);
  assert_int_equal(workers_at(f, 1 + WORKER_LOST_MS, 2 + WORKER_LOST_MS), 0);
  assert_int_equal(phase(f), COORDINATOR_RUNNING); /* and waits for another */
  end(f);
}

static void nobody_is_lost_while_the_coordinator_stood_still(void **state) {
  (void)state;
  struct fixture *f = begin_with(1, false, 0);
  assert_int_equal(workers_at(f, 1, 1000), 1);
  assert_int_equal(workers_at(f, 1000000, 1000000), 1);
  end(f);
}

static void answers_that_do_not_fit_have_no_effect(void **state) {
  (void)state;
  struct fixture *f = begin(1);
  struct sent_task sent = f->queue[0];
  struct message done = {.kind = MESSAGE_TASK_DONE};
  struct message_task_done good = {.epoch = EPOCH,
                                   .session = sent.task.session,
                                   .stage = sent.task.stage,
                                   .task = sent.task.task,
                                   .attempt = sent.task.attempt};
  struct message_task_done wrong[5] = {good, good, good, good, good};
  wrong[0].epoch = EPOCH - 1;
  wrong[1].stage = STAGE_MERGE;
  wrong[2].task = 999;
  wrong[3].session++;
  wrong[4].stage = UINT32_MAX;
  struct coordinator_progress p;
  for (size_t i = 0; i < 5; i++) {
    done.task_done = wrong[i];
    coordinator_receive(f->c, 0, &done, 2);
    coordinator_progress(f->c, &p);
    assert_int_equal(p.tasks_done, 0);
  }
  done.task_done = good;
  coordinator_receive(f->c, 0, &done, 2);
  coordinator_receive(f->c, 0, &done, 2); /* doubled on the way */
  coordinator_progress(f->c, &p);
  assert_int_equal(p.tasks_done, 1);
  struct message odd = {.kind = MESSAGE_WELCOME};
  coordinator_receive(f->c, 0, &odd, 2);
  assert_int_equal(f->refusals, 1);
  end(f);
}

static void a_failure_is_told_and_stops_the_workers(void **state) {
  (void)state;
  struct fixture *f = begin(3);
  struct message failed = {.kind = MESSAGE_TASK_FAILED};
  failed.task_failed = (struct message_task_failed){.epoch = EPOCH,
                                                    .session = SESSION,
                                                    .stage = STAGE_SCAN,
                                                    .task = f->queue[0].task.task,
                                                    .attempt = 1,
                                                    .code = ERR_INPUT,
                                                    .text = BYTES("a.csv: empty")};
  coordinator_receive(f->c, f->queue[0].worker, &failed, 2);
  assert_int_equal(phase(f), COORDINATOR_FAILED);
  assert_int_equal(coordinator_failure(f->c)->code, ERR_INPUT);
  assert_string_equal(coordinator_failure(f->c)->message, "a.csv: empty");
  assert_int_equal(f->stops, 3);
  end(f);
}

static void a_task_that_can_be_repeated_is_repeated_a_few_times(void **state) {
  (void)state;
  struct fixture *f = begin(1);
  for (int attempt = 1; attempt <= TASK_FAILURES_MAX; attempt++) {
    assert_int_equal(phase(f), COORDINATOR_RUNNING);
    uint32_t i = 0;
    while (f->queue[i].task.task != 0) i++;
    struct sent_task sent = f->queue[i];
    f->queue[i] = f->queue[--f->queued];
    assert_int_equal(sent.task.attempt, attempt);
    struct message failed = {.kind = MESSAGE_TASK_FAILED};
    failed.task_failed = (struct message_task_failed){.epoch = EPOCH,
                                                      .session = SESSION,
                                                      .stage = STAGE_SCAN,
                                                      .task = 0,
                                                      .attempt = (uint32_t)attempt,
                                                      .code = ERR_PEER,
                                                      .text = BYTES("no answer")};
    coordinator_receive(f->c, 0, &failed, 2);
    coordinator_tick(f->c, 2 + (uint64_t)attempt * TASK_RETRY_MS);
  }
  assert_int_equal(phase(f), COORDINATOR_FAILED);
  end(f);
}

static void another_protocol_is_refused(void **state) {
  (void)state;
  struct fixture *f = begin(0);
  assert_int_equal(coordinator_worker_join(f->c, 1), 0);
  struct message hello = {.kind = MESSAGE_HELLO};
  hello.hello = (struct message_hello){.protocol = PROTOCOL_VERSION + 1, .compute_threads = 1};
  coordinator_receive(f->c, 0, &hello, 1);
  assert_int_equal(f->refusals, 1);
  assert_int_equal(phase(f), COORDINATOR_WAITING);
  end(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_goes_through_all_stages_in_any_order_of_answers),
      cmocka_unit_test(workers_apart_get_tasks_where_their_data_is),
      cmocka_unit_test(a_run_waits_for_its_workers),
      cmocka_unit_test(a_lost_workers_tasks_go_to_another),
      cmocka_unit_test(a_silent_worker_is_lost),
      cmocka_unit_test(nobody_is_lost_while_the_coordinator_stood_still),
      cmocka_unit_test(answers_that_do_not_fit_have_no_effect),
      cmocka_unit_test(a_failure_is_told_and_stops_the_workers),
      cmocka_unit_test(a_task_that_can_be_repeated_is_repeated_a_few_times),
      cmocka_unit_test(another_protocol_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
