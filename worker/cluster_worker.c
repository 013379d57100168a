#include "worker/cluster_worker.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/job.h"
#include "common/memory.h"
#include "proto/job_order.h"
#include "proto/key_file.h"
#include "proto/task_places.h"
#include "worker/exchange/exchange_server.h"
#include "worker/pipeline.h"
#include "worker/worker_loop.h"

struct cluster_worker {
  struct cluster_worker_options options;
  struct link_security security;
  struct worker_loop *loop;
  struct failure failure; /* why the loop ended, once it was waited for */
  struct exchange_server *server;
  struct pipeline_worker compute; /* pipeline is NULL until the job is known */
  char endpoint[ENDPOINT_BYTES_MAX + 1];
  struct arena arena; /* of the job */
  struct job job;
};

/* On the loop's thread, before the first task. */
static enum err begin_job(void *context, uint64_t job, struct bytes data, struct failure *failure) {
  struct cluster_worker *w = context;
  struct job_order order;
  if (w->compute.pipeline) /* STOP was lost */
    return failure_set(failure, ERR_PEER, "another job began before the last one was over");
  enum err err = job_order_decode(data, &w->arena, &order, failure);
  if (!err) err = job_parse(order.job_text, "the coordinator's job", &w->job, failure);
  if (err) return err;
  w->job.expected_records = order.expected_records;
  struct pipeline_input *inputs = arena_alloc(&w->arena, order.input_count * sizeof *inputs);
  for (uint32_t i = 0; i < order.input_count; i++) {
    if (order.inputs[i].source >= w->job.source_count)
      return failure_set(failure, ERR_MALFORMED, "an input of the job is of no source");
    inputs[i] = (struct pipeline_input){.path = order.inputs[i].path.data,
                                        .source = order.inputs[i].source};
  }
  struct pipeline_options options = {.job = &w->job,
                                     .inputs = inputs,
                                     .input_count = order.input_count,
                                     .threads_max = w->options.compute_threads,
                                     .write_lineage = order.flags & JOB_ORDER_LINEAGE,
                                     .write_pairs = order.flags & JOB_ORDER_PAIRS,
                                     .unmask = order.flags & JOB_ORDER_UNMASK,
                                     .apart = {.zmq_context = w->options.zmq_context,
                                               .endpoint = w->endpoint,
                                               .job = job,
                                               .key = order.data_key}};
  err = pipeline_open(&options, &w->compute.pipeline, failure);
  if (!err)
    exchange_server_serve(w->server, pipeline_exchange(w->compute.pipeline), job, &order.data_key);
  return err;
}

/* How others reach the server: the advertised host with the port that was taken. */
static enum err find_endpoint(struct cluster_worker *w, struct failure *failure) {
  const char *bound = exchange_server_endpoint(w->server);
  const char *port = strrchr(bound, ':');
  int size = w->options.advertise && port
                 ? snprintf(w->endpoint, sizeof w->endpoint, "%s%s", w->options.advertise, port)
                 : snprintf(w->endpoint, sizeof w->endpoint, "%s", bound);
  if (size < 0 || (size_t)size >= sizeof w->endpoint)
    return failure_set(failure, ERR_USAGE, "the address for other workers is too long");
  return ERR_OK;
}

static void release(struct cluster_worker *w) {
  exchange_server_close(&w->server);
  pipeline_close(&w->compute.pipeline);
  job_release(&w->job);
  arena_release(&w->arena);
  free(w);
}

enum err cluster_worker_start(struct cluster_worker **out,
                              const struct cluster_worker_options *options,
                              struct failure *failure) {
  struct cluster_worker *w = memory_new_zeroed(1, sizeof *w);
  w->options = *options;
  w->security = (struct link_security){options->key->public_key, options->key->secret_key,
                                       options->key->coordinator};
  enum err err = exchange_server_open(&w->server, options->zmq_context, options->listen, failure);
  if (!err) err = find_endpoint(w, failure);
  struct worker_loop_options loop = {.zmq_context = options->zmq_context,
                                     .coordinator_endpoint = options->coordinator_endpoint,
                                     .find_coordinator = options->find_coordinator,
                                     .find_context = options->find_context,
                                     .endpoint = w->endpoint,
                                     .security = &w->security,
                                     .incarnation = options->incarnation,
                                     .compute_threads = options->compute_threads,
                                     .begin_job = begin_job,
                                     .compute = pipeline_compute,
                                     .compute_context = &w->compute,
                                     .context = w};
  if (!err) err = worker_loop_start(&w->loop, &loop, failure);
  if (err) {
    release(w);
    return err;
  }
  *out = w;
  return ERR_OK;
}

void cluster_worker_figures_now(struct cluster_worker *w, struct cluster_worker_figures *out) {
  struct exchange_figures sent;
  exchange_server_figures(w->server, &sent);
  *out = (struct cluster_worker_figures){sent.fetches, sent.batches, sent.bytes, sent.refused};
}

void cluster_worker_wait(struct cluster_worker *w) {
  if (w->loop) (void)worker_loop_join(&w->loop, &w->failure);
}

enum err cluster_worker_join(struct cluster_worker **pointer,
                             struct cluster_worker_figures *figures, struct failure *failure) {
  struct cluster_worker *w = *pointer;
  *figures = (struct cluster_worker_figures){0};
  if (!w) return ERR_OK;
  cluster_worker_wait(w);
  enum err err = w->failure.code;
  if (err) *failure = w->failure;
  cluster_worker_figures_now(w, figures);
  release(w);
  *pointer = NULL;
  return err;
}
