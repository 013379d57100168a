#include "worker/worker_loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/memory.h"
#include "proto/link.h"

enum { POLL_MS = 200 };

struct worker_loop {
  struct worker_loop_options options;
  struct worker worker;
  void *socket;
  struct compute_pool *pool;
  struct buffer wire;
  struct failure failure;
  pthread_t thread;
};

static void send_to_coordinator(void *context, const struct message *message) {
  struct worker_loop *loop = context;
  struct failure failure = {0};
  if (link_send(loop->socket, NULL, message, &failure) && !loop->failure.code)
    loop->failure = failure;
}

static void start_computing(void *context, const struct worker_task *task, struct bytes input,
                            struct bytes places) {
  struct worker_loop *loop = context;
  compute_pool_submit(loop->pool, task, input, places);
}

static enum err begin_job(void *context, uint64_t job, struct bytes order,
                          struct failure *failure) {
  struct worker_loop *loop = context;
  return loop->options.begin_job(loop->options.context, job, order, failure);
}

static void receive_messages(struct worker_loop *loop) {
  for (;;) {
    struct message message;
    bool got;
    struct failure failure = {0};
    enum err err = link_receive(loop->socket, NULL, &loop->wire, &message, &got, &failure);
    if (err == ERR_MALFORMED) continue; /* dropped without effect */
    if (err) loop->failure = failure;
    if (err || !got) return;
    worker_receive(&loop->worker, &message, clock_monotonic_ms());
  }
}

static void take_outcomes(struct worker_loop *loop) {
  for (struct compute_outcome *o; (o = compute_pool_take(loop->pool));) {
    worker_computed(&loop->worker, &o->task, o->units, buffer_bytes(&o->result),
                    o->failed ? &o->failure : NULL, &o->loss, clock_monotonic_ms());
    compute_outcome_free(o);
  }
}

static void *thread_main(void *argument) {
  struct worker_loop *loop = argument;
  worker_begin(&loop->worker, clock_monotonic_ms());
  while (loop->worker.phase != WORKER_STOPPED && !loop->failure.code) {
    zmq_pollitem_t items[] = {{loop->socket, 0, ZMQ_POLLIN, 0},
                              {compute_pool_socket(loop->pool), 0, ZMQ_POLLIN, 0}};
    if (zmq_poll(items, 2, POLL_MS) < 0 && zmq_errno() != EINTR) break;
    receive_messages(loop);
    take_outcomes(loop);
    worker_tick(&loop->worker, clock_monotonic_ms());
  }
  compute_pool_close(&loop->pool);
  link_close(&loop->socket);
  return NULL;
}

enum err worker_loop_start(struct worker_loop **out, const struct worker_loop_options *options,
                           struct failure *failure) {
  struct worker_loop *loop = memory_new_zeroed(1, sizeof *loop);
  loop->options = *options;
  loop->worker = (struct worker){.incarnation = options->incarnation,
                                 .compute_threads = options->compute_threads,
                                 .endpoint = bytes_from_string(options->endpoint),
                                 .context = loop,
                                 .begin_job = options->begin_job ? begin_job : NULL,
                                 .send = send_to_coordinator,
                                 .compute = start_computing};
  enum err err = link_open(options->zmq_context, ZMQ_DEALER, options->coordinator_endpoint,
                           options->incarnation, options->security, &loop->socket, failure);
  if (!err)
    err = compute_pool_open(&loop->pool, options->zmq_context, options->compute_threads,
                            options->compute, options->compute_context, failure);
  if (err) {
    link_close(&loop->socket);
    free(loop);
    return err;
  }
  check(pthread_create(&loop->thread, NULL, thread_main, loop) == 0);
  *out = loop;
  return ERR_OK;
}

enum err worker_loop_join(struct worker_loop **pointer, struct failure *failure) {
  struct worker_loop *loop = *pointer;
  if (!loop) return ERR_OK;
  pthread_join(loop->thread, NULL);
  struct failure why = loop->worker.failure.code ? loop->worker.failure : loop->failure;
  if (failure && why.code) *failure = why;
  worker_release(&loop->worker);
  buffer_release(&loop->wire);
  free(loop);
  *pointer = NULL;
  return why.code;
}
