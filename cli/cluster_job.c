#include "cli/cluster_job.h"

#include <stdlib.h>
#include <zmq.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/memory.h"
#include "proto/auth.h"
#include "proto/job_order.h"
#include "proto/key_file.h"
#include "worker/apart/output_parts.h"
#include "worker/exchange/gather.h"
#include "worker/exports/golden_csv.h"
#include "worker/exports/members_csv.h"
#include "worker/exports/rejects_csv.h"
#include "worker/model_spec.h"
#include "worker/ordered_file.h"

enum { JOB_EPOCH_S = 1577836800 }; /* jobs are numbered by the seconds since 2020-01-01 UTC */

/* ---- the job ---- */

static void print_order(const struct cluster_job_options *options, const struct data_key *key,
                        struct buffer *out) {
  const struct run_inputs *inputs = options->inputs;
  struct arena arena = {0};
  struct buffer text = {0};
  job_print(&inputs->job, &text);
  struct job_order order = {
      .flags = (uint8_t)((options->write_lineage ? JOB_ORDER_LINEAGE : 0) |
                         (options->unmask ? JOB_ORDER_UNMASK : 0)),
      .data_key = *key,
      .job_text = buffer_bytes(&text),
      .expected_records = inputs->job.expected_records,
      .inputs = arena_alloc(&arena, inputs->input_count * sizeof *order.inputs),
      .input_count = inputs->input_count};
  for (uint32_t i = 0; i < inputs->input_count; i++) {
    char *absolute = realpath(inputs->inputs[i].path, NULL);
    const char *path = absolute ? absolute : inputs->inputs[i].path;
    order.inputs[i] = (struct job_order_input){inputs->inputs[i].source,
                                               bytes_from_string(arena_copy_string(&arena, path))};
    free(absolute);
  }
  job_order_encode(&order, out);
  buffer_release(&text);
  arena_release(&arena);
}

/* ---- the exports ---- */

struct collecting {
  struct gather gather;
  const struct cluster_job_options *options;
  struct ordered_file *file;
  uint32_t next;
};

static enum err add_part(void *context, uint32_t task, struct bytes piece,
                         struct failure *failure) {
  (void)task;
  struct collecting *c = context;
  struct buffer text = {0};
  buffer_append_bytes(&text, piece);
  return ordered_file_add(c->file, c->next++, &text, failure);
}

/* One file of the out folder: the parts that the tasks of a stage made, in their order. */
static enum err collect_file(struct collecting *c, const char *name, struct bytes heading,
                             enum stage stage, uint32_t part) {
  struct failure *failure = c->gather.failure;
  enum err err = ordered_file_open(c->options->out_dir, name, heading, &c->file, failure);
  c->next = 0;
  uint32_t count = c->gather.places->task_count[stage];
  for (uint32_t t = 0; t < count && !err; t++)
    err = gather_one_piece(&c->gather, stage, t, part, add_part, c);
  if (!err) err = ordered_file_finish(&c->file, count, failure);
  ordered_file_drop(&c->file);
  return err;
}

static enum err collect_files(struct collecting *c, const struct plan *plan) {
  struct export_context context;
  struct buffer heading = {0};
  export_context_init(&context, plan, NULL, c->options->unmask);
  golden_csv_heading(&context, &heading);
  enum err err =
      collect_file(c, "golden.csv", buffer_bytes(&heading), STAGE_MERGE, APART_MERGE_GOLDEN);
  if (!err && c->options->write_lineage)
    err = collect_file(c, "lineage.jsonl", BYTES_EMPTY, STAGE_MERGE, APART_MERGE_LINEAGE);
  if (!err)
    err = collect_file(c, "members.csv", BYTES(MEMBERS_CSV_HEADING), STAGE_EXPORT,
                       APART_EXPORT_MEMBERS);
  if (!err)
    err = collect_file(c, "rejects.csv", BYTES(REJECTS_CSV_HEADING), STAGE_EXPORT,
                       APART_EXPORT_REJECTS);
  buffer_release(&heading);
  export_context_release(&context);
  return err;
}

/* What publishing is given. */
struct publishing {
  const struct cluster_job_options *options;
  const struct plan *plan;
  void *zmq_context;
  uint64_t job;
  struct data_key data_key;
  struct key_file keys;
  struct cluster_job_result *result;
};

static enum err publish(void *context, const struct coordinator *coordinator, struct bytes result,
                        struct failure *failure) {
  const struct publishing *p = context;
  if (result.size != sizeof p->result->published)
    return failure_set(failure, ERR_MALFORMED, "a publish result of %zu bytes, expected %zu",
                       result.size, sizeof p->result->published);
  memcpy(&p->result->published, result.data, result.size);
  struct arena arena = {0};
  struct buffer encoded = {0};
  struct task_places places;
  struct worker_loss loss;
  coordinator_places(coordinator, 1u << STAGE_MERGE | 1u << STAGE_EXPORT, &encoded);
  enum err err = task_places_decode(buffer_bytes(&encoded), &arena, &places, failure);
  check(!err);
  struct exchange_client_options client = {
      .zmq_context = p->zmq_context, .job = p->job, .key = p->data_key};
  struct collecting c = {.options = p->options};
  c.gather = (struct gather){exchange_client_new(&client), &places, &loss, failure};
  err = collect_files(&c, p->plan);
  if (err) failure_wrap(failure, "collecting the results");
  exchange_client_free(c.gather.client);
  buffer_release(&encoded);
  arena_release(&arena);
  return err;
}

/* ---- the run ---- */

static enum err open_loop(struct publishing *p, struct auth *auth,
                          const struct coordinator_options *coordinator,
                          struct coordinator_loop *loop, struct failure *failure) {
  struct link_security security = {p->keys.public_key, p->keys.secret_key, NULL};
  enum err err = coordinator_loop_open(loop, p->zmq_context, p->options->listen, &security,
                                       coordinator, failure);
  if (err) return err;
  loop->publisher = publish;
  loop->publisher_context = p;
  err = auth_watch(auth, loop->socket, failure);
  if (err) coordinator_loop_close(loop);
  return err;
}

static enum err run_loop(struct publishing *p, const struct coordinator_options *coordinator,
                         coordinator_observer *observe, void *context, struct failure *failure) {
  struct coordinator_loop loop;
  struct auth *auth = NULL;
  enum err err = auth_open(&auth, p->zmq_context, p->options->keys, failure);
  if (!err) err = open_loop(p, auth, coordinator, &loop, failure);
  if (!err) {
    auth_start(auth);
    err = coordinator_loop_run(&loop, observe, context, failure);
    for (unsigned s = 0; s < STAGE_COUNT; s++) {
      p->result->stage_ms[s] = coordinator_stage_ms(loop.coordinator, s);
      p->result->stage_units[s] = coordinator_stage_units(loop.coordinator, s);
    }
    coordinator_loop_dismiss(&loop);
    coordinator_loop_close(&loop);
  }
  auth_close(&auth);
  return err;
}

enum err cluster_job_run(const struct cluster_job_options *options, coordinator_observer *observe,
                         void *context, struct cluster_job_result *result,
                         struct failure *failure) {
  struct job *job = &options->inputs->job;
  struct plan plan;
  struct model_spec spec;
  *result = (struct cluster_job_result){0};
  enum err err = plan_make(job, &plan, failure);
  if (!err) err = model_spec_make(&plan, &spec, failure);
  struct publishing publishing = {.options = options, .plan = &plan, .result = result};
  if (!err) err = key_folder_read_coordinator(options->keys, &publishing.keys, failure);
  if (err) return err;
  /* Later runs have higher numbers, also of a coordinator that was started again. */
  uint64_t now_ms = (uint64_t)clock_wall_ms();
  publishing.job = now_ms / 1000 - JOB_EPOCH_S;
  data_key_derive(bytes_from_string(publishing.keys.secret_key), publishing.job,
                  &publishing.data_key);
  struct buffer order = {0};
  print_order(options, &publishing.data_key, &order);
  struct coordinator_options coordinator = {.file_count = options->inputs->input_count,
                                            .shard_count = job->shards,
                                            .range_count = REPAIR_RANGES_APART,
                                            .partition_count = KEY_PARTITIONS,
                                            .spec = &spec,
                                            .epoch = now_ms,
                                            .job = publishing.job,
                                            .workers_min = options->workers_min,
                                            .job_order = buffer_bytes(&order)};
  publishing.zmq_context = zmq_ctx_new();
  check(publishing.zmq_context);
  err = run_loop(&publishing, &coordinator, observe, context, failure);
  zmq_ctx_term(
      publishing.zmq_context); /* waits for what is to be sent, for as long as links linger */
  buffer_release(&order);
  return err;
}
