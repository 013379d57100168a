#include "worker/worker_loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <zmq.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/memory.h"
#include "proto/link.h"

enum { POLL_MS = 200, FIND_MS = 1000, LONELY_MS = 10000 };

struct worker_loop {
  struct worker_loop_options options;
  struct worker worker;
  void *socket;
  struct compute_pool *pool;
  struct buffer wire;
  struct failure failure;
  pthread_t thread;
  struct finder *finder; /* NULL: the coordinator is always at one place */
};

/* A thread that asks who leads, and says so over a socket when that changed. */
struct finder {
  const struct worker_loop_options *options;
  void *news; /* PULL, the loop's: endpoints, each WORKER_ENDPOINT_BYTES */
  char address[64];
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool closing; /* under lock */
};

/* Until the next look; true when there is none. */
static bool finder_wait(struct finder *f) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += FIND_MS % 1000 * 1000000l;
  until.tv_sec += FIND_MS / 1000 + until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&f->lock);
  while (!f->closing && pthread_cond_timedwait(&f->changed, &f->lock, &until) == 0) continue;
  bool closing = f->closing;
  pthread_mutex_unlock(&f->lock);
  return closing;
}

static void *finder_main(void *argument) {
  struct finder *f = argument;
  char last[WORKER_ENDPOINT_BYTES] = "", found[WORKER_ENDPOINT_BYTES];
  void *out = zmq_socket(f->options->zmq_context, ZMQ_PUSH);
  if (out && zmq_connect(out, f->address) == 0) do {
      if (!f->options->find_coordinator(f->options->find_context, found)) continue;
      if (strcmp(found, last) == 0) continue;
      memcpy(last, found, sizeof last);
      zmq_send(out, found, sizeof found, 0);
    } while (!finder_wait(f));
  if (out) zmq_close(out);
  return NULL;
}

static enum err finder_open(struct finder **out, const struct worker_loop_options *options,
                            struct failure *failure) {
  struct finder *f = memory_new_zeroed(1, sizeof *f);
  f->options = options;
  snprintf(f->address, sizeof f->address, "inproc://finder-%p", (void *)f);
  pthread_mutex_init(&f->lock, NULL);
  pthread_cond_init(&f->changed, NULL);
  f->news = zmq_socket(options->zmq_context, ZMQ_PULL);
  if (!f->news || zmq_bind(f->news, f->address) != 0) {
    enum err err =
        failure_set(failure, ERR_IO, "opening the finder's socket: %s", zmq_strerror(zmq_errno()));
    if (f->news) zmq_close(f->news);
    free(f);
    return err;
  }
  check(pthread_create(&f->thread, NULL, finder_main, f) == 0);
  *out = f;
  return ERR_OK;
}

static void finder_close(struct finder **pointer) {
  struct finder *f = *pointer;
  if (!f) return;
  pthread_mutex_lock(&f->lock);
  f->closing = true;
  pthread_cond_signal(&f->changed);
  pthread_mutex_unlock(&f->lock);
  pthread_join(f->thread, NULL);
  zmq_close(f->news);
  pthread_mutex_destroy(&f->lock);
  pthread_cond_destroy(&f->changed);
  free(f);
  *pointer = NULL;
}

/* What is dropped is said again (worker.h). */
static void send_to_coordinator(void *context, const struct message *message) {
  struct worker_loop *loop = context;
  struct failure failure = {0};
  if (loop->socket) (void)link_send(loop->socket, NULL, message, &failure);
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

/* Another coordinator leads: what this worker has, it tells that one. */
static void turn_to(struct worker_loop *loop, const char *endpoint) {
  link_close(&loop->socket);
  if (link_open(loop->options.zmq_context, ZMQ_DEALER, endpoint, loop->options.incarnation,
                loop->options.security, &loop->socket, &loop->failure))
    return;
  if (loop->worker.phase == WORKER_NEW)
    worker_begin(&loop->worker, clock_monotonic_ms());
  else
    worker_greet(&loop->worker, clock_monotonic_ms());
}

static void take_finds(struct worker_loop *loop) {
  char endpoint[WORKER_ENDPOINT_BYTES];
  while (zmq_recv(loop->finder->news, endpoint, sizeof endpoint, ZMQ_DONTWAIT) == sizeof endpoint)
    turn_to(loop, endpoint);
}

/* Without anything to keep, it is better to say that nobody answers. */
static void check_lonely(struct worker_loop *loop, uint64_t began_ms) {
  const struct worker *w = &loop->worker;
  if (w->phase == WORKER_WORKING || w->job || clock_monotonic_ms() < began_ms + LONELY_MS) return;
  failure_set(&loop->failure, ERR_PEER, "no coordinator answers at %s",
              loop->finder ? "the place that was found" : loop->options.coordinator_endpoint);
}

static void *thread_main(void *argument) {
  struct worker_loop *loop = argument;
  uint64_t began_ms = clock_monotonic_ms();
  if (!loop->finder) turn_to(loop, loop->options.coordinator_endpoint);
  while (loop->worker.phase != WORKER_STOPPED && !loop->failure.code) {
    zmq_pollitem_t items[3] = {{compute_pool_socket(loop->pool), 0, ZMQ_POLLIN, 0}};
    int count = 1;
    if (loop->finder) items[count++] = (zmq_pollitem_t){loop->finder->news, 0, ZMQ_POLLIN, 0};
    if (loop->socket) items[count++] = (zmq_pollitem_t){loop->socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(items, count, POLL_MS) < 0 && zmq_errno() != EINTR) break;
    if (loop->finder) take_finds(loop);
    if (loop->socket) receive_messages(loop);
    take_outcomes(loop);
    worker_tick(&loop->worker, clock_monotonic_ms());
    check_lonely(loop, began_ms);
  }
  finder_close(&loop->finder);
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
  enum err err = compute_pool_open(&loop->pool, options->zmq_context, options->compute_threads,
                                   options->compute, options->compute_context, failure);
  if (!err && options->find_coordinator) err = finder_open(&loop->finder, &loop->options, failure);
  if (err) {
    compute_pool_close(&loop->pool);
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
