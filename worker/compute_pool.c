#include "worker/compute_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/check.h"
#include "common/handover.h"
#include "common/memory.h"

struct queued_task {
  struct queued_task *next;
  struct worker_task task;
  struct buffer input, places;
};

static void queued_free(struct queued_task *queued) {
  buffer_release(&queued->input);
  buffer_release(&queued->places);
  free(queued);
}

struct compute_thread {
  struct compute_pool *pool;
  uint32_t number;
  pthread_t thread;
};

struct compute_pool {
  void *zmq_context;
  void *outcomes; /* PULL, the loop's */
  char endpoint[64];
  compute_function *compute;
  void *context;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  struct queued_task *first, **last; /* under lock */
  bool closing;                      /* under lock */
  uint32_t thread_count;
  struct compute_thread threads[];
};

/* Waits for a task; NULL when the pool closes. */
static struct queued_task *next_task(struct compute_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  while (!pool->first && !pool->closing) pthread_cond_wait(&pool->changed, &pool->lock);
  struct queued_task *task = pool->closing ? NULL : pool->first;
  if (task) {
    pool->first = task->next;
    if (!pool->first) pool->last = &pool->first;
  }
  pthread_mutex_unlock(&pool->lock);
  return task;
}

static void *thread_main(void *argument) {
  struct compute_thread *thread = argument;
  struct compute_pool *pool = thread->pool;
  void *out = zmq_socket(pool->zmq_context, ZMQ_PUSH);
  /* Without a socket the context is being shut down: there is nobody left to compute for. */
  if (!out || zmq_connect(out, pool->endpoint) != 0) {
    if (out) zmq_close(out);
    return NULL;
  }
  for (struct queued_task *queued; (queued = next_task(pool));) {
    struct compute_outcome *outcome = memory_new_zeroed(1, sizeof *outcome);
    outcome->task = queued->task;
    struct compute_request request = {queued->task.stage, queued->task.task,
                                      buffer_bytes(&queued->input), buffer_bytes(&queued->places)};
    outcome->failed = pool->compute(pool->context, thread->number, &request, outcome) != ERR_OK;
    queued_free(queued);
    /* The pointer changes hands through the socket, which orders everything written before it. */
    handover_give(outcome);
    if (zmq_send(out, &outcome, sizeof outcome, 0) != sizeof outcome) compute_outcome_free(outcome);
  }
  zmq_close(out);
  return NULL;
}

enum err compute_pool_open(struct compute_pool **out, void *zmq_context, uint32_t threads,
                           compute_function *compute, void *context, struct failure *failure) {
  struct compute_pool *pool =
      memory_new_zeroed(1, sizeof *pool + threads * sizeof pool->threads[0]);
  *pool = (struct compute_pool){
      .zmq_context = zmq_context, .compute = compute, .context = context, .thread_count = threads};
  pool->last = &pool->first;
  snprintf(pool->endpoint, sizeof pool->endpoint, "inproc://compute-%p", (void *)pool);
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->changed, NULL);
  pool->outcomes = zmq_socket(zmq_context, ZMQ_PULL);
  if (!pool->outcomes || zmq_bind(pool->outcomes, pool->endpoint) != 0) {
    enum err err = failure_set(failure, ERR_IO, "opening the compute threads' socket: %s",
                               zmq_strerror(zmq_errno()));
    if (pool->outcomes) zmq_close(pool->outcomes);
    free(pool);
    return err;
  }
  for (uint32_t i = 0; i < threads; i++) {
    pool->threads[i] = (struct compute_thread){.pool = pool, .number = i};
    check(pthread_create(&pool->threads[i].thread, NULL, thread_main, &pool->threads[i]) == 0);
  }
  *out = pool;
  return ERR_OK;
}

void compute_pool_submit(struct compute_pool *pool, const struct worker_task *task,
                         struct bytes input, struct bytes places) {
  struct queued_task *queued = memory_new_zeroed(1, sizeof *queued);
  queued->task = *task;
  buffer_append_bytes(&queued->input, input);
  buffer_append_bytes(&queued->places, places);
  pthread_mutex_lock(&pool->lock);
  *pool->last = queued;
  pool->last = &queued->next;
  pthread_cond_signal(&pool->changed);
  pthread_mutex_unlock(&pool->lock);
}

void *compute_pool_socket(struct compute_pool *pool) { return pool->outcomes; }

struct compute_outcome *compute_pool_take(struct compute_pool *pool) {
  struct compute_outcome *outcome;
  int size = zmq_recv(pool->outcomes, &outcome, sizeof outcome, ZMQ_DONTWAIT);
  if (size != sizeof outcome) return NULL;
  handover_take(outcome);
  return outcome;
}

void compute_outcome_free(struct compute_outcome *outcome) {
  if (!outcome) return;
  buffer_release(&outcome->result);
  free(outcome);
}

void compute_pool_close(struct compute_pool **pointer) {
  struct compute_pool *pool = *pointer;
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  pool->closing = true;
  pthread_cond_broadcast(&pool->changed);
  pthread_mutex_unlock(&pool->lock);
  for (uint32_t i = 0; i < pool->thread_count; i++) pthread_join(pool->threads[i].thread, NULL);
  while (pool->first) {
    struct queued_task *next = pool->first->next;
    queued_free(pool->first);
    pool->first = next;
  }
  for (struct compute_outcome *o; (o = compute_pool_take(pool));) compute_outcome_free(o);
  zmq_close(pool->outcomes);
  pthread_mutex_destroy(&pool->lock);
  pthread_cond_destroy(&pool->changed);
  free(pool);
  *pointer = NULL;
}
