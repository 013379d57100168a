#include "cli/cluster_job.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <zmq.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/memory.h"
#include "coordinator/journal.h"
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

enum {
  CAMPAIGN_MS = 500,
  JOB_EPOCH_S = 1577836800
}; /* jobs are numbered by the seconds since 2020-01-01 UTC */

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
  struct election *election;
  uint64_t job, epoch;
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
                                       coordinator, true, failure);
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
    err = journal_restore(p->election, loop.coordinator, failure);
    if (!err) err = election_agent_open(p->zmq_context, p->election, &loop.agent, failure);
    if (!err) err = coordinator_loop_run(&loop, observe, context, failure);
    for (unsigned s = 0; s < STAGE_COUNT; s++) {
      p->result->stage_ms[s] = coordinator_stage_ms(loop.coordinator, s);
      p->result->stage_units[s] = coordinator_stage_units(loop.coordinator, s);
    }
    election_agent_close(&loop.agent);
    coordinator_loop_dismiss(&loop);
    coordinator_loop_close(&loop);
  }
  auth_close(&auth);
  return err;
}

/* ---- leading ---- */

/* Until this coordinator leads; *waited: another did meanwhile. */
static enum err campaign(struct publishing *p, coordinator_observer *observe, void *context,
                         bool *waited, struct failure *failure) {
  struct coordinator_progress standing_by = {.phase = COORDINATOR_WAITING};
  for (;;) {
    enum err err = election_campaign(p->election, &p->epoch, failure);
    if (err != ERR_STALE && err != ERR_PEER) return err;
    *waited = *waited || err == ERR_STALE;
    if (!observe(context, &standing_by))
      return failure_set(failure, ERR_LIMIT, "interrupted while another coordinator leads");
    nanosleep(&(struct timespec){.tv_nsec = CAMPAIGN_MS * 1000000l}, NULL);
  }
}

/* What makes a job this one: what workers are told, and the files as they are now. */
static struct hash128 fingerprint_of(const struct cluster_job_options *options) {
  static const struct data_key no_key;
  struct buffer text = {0};
  print_order(options, &no_key, &text);
  for (uint32_t i = 0; i < options->inputs->input_count; i++) {
    struct stat status = {0};
    if (stat(options->inputs->inputs[i].path, &status) == 0)
      buffer_printf(&text, " %lld %lld.%09ld", (long long)status.st_size,
                    (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
  }
  struct hash128 hash = hash_bytes_128(buffer_bytes(&text));
  buffer_release(&text);
  return hash;
}

/* The job under the epoch that was won, from where the journal has it. */
static enum err lead(struct publishing *p, const struct model_spec *spec,
                     coordinator_observer *observe, void *context, struct failure *failure) {
  struct buffer order = {0};
  data_key_derive(bytes_from_string(p->keys.secret_key), p->job, &p->data_key);
  print_order(p->options, &p->data_key, &order);
  struct coordinator_options coordinator = {.file_count = p->options->inputs->input_count,
                                            .shard_count = p->options->inputs->job.shards,
                                            .range_count = REPAIR_RANGES_APART,
                                            .partition_count = KEY_PARTITIONS,
                                            .spec = spec,
                                            .epoch = p->epoch,
                                            .job = p->job,
                                            .workers_min = p->options->workers_min,
                                            .job_order = buffer_bytes(&order)};
  enum err err = run_loop(p, &coordinator, observe, context, failure);
  buffer_release(&order);
  return err;
}

/* Leads, stands by, leads again, until the job is published by this coordinator or another. */
static enum err lead_or_stand_by(struct publishing *p, const struct model_spec *spec,
                                 coordinator_observer *observe, void *context,
                                 struct failure *failure) {
  struct hash128 fingerprint = fingerprint_of(p->options);
  uint64_t job_min = (uint64_t)clock_wall_ms() / 1000 - JOB_EPOCH_S;
  bool waited = false;
  for (;;) {
    enum journal_state state;
    enum err err = campaign(p, observe, context, &waited, failure);
    if (!err)
      err = journal_begin(p->election, fingerprint, job_min, !waited, &p->job, &state, failure);
    if (!err && state == JOURNAL_PUBLISHED) {
      p->result->by_another = true;
      election_resign(p->election);
      return ERR_OK;
    }
    if (!err) err = lead(p, spec, observe, context, failure);
    if (err != ERR_STALE && err != ERR_PEER) return err;
    waited = true; /* it was replaced: its successor may finish the job */
  }
}

static enum err open_election(struct publishing *p, struct failure *failure) {
  struct buffer address = {0};
  if (p->options->election)
    buffer_append_string(&address, p->options->election);
  else
    buffer_printf(&address, "file:%s/journal", p->options->keys);
  const char *identity = p->options->advertise ? p->options->advertise : p->options->listen;
  enum err err =
      election_open(buffer_string(&address), bytes_from_string(identity), &p->election, failure);
  buffer_release(&address);
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
  if (!err) err = open_election(&publishing, failure);
  if (err) return err;
  publishing.zmq_context = zmq_ctx_new();
  check(publishing.zmq_context);
  err = lead_or_stand_by(&publishing, &spec, observe, context, failure);
  election_close(publishing.election);
  /* Waits for what is to be sent, for as long as links linger. */
  zmq_ctx_term(publishing.zmq_context);
  return err;
}
