#include "worker/pipeline.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/clock.h"
#include "common/memory.h"
#include "proto/stage.h"
#include "proto/task_result.h"
#include "worker/entity_links.h"
#include "worker/golden_codec.h"
#include "worker/pipeline_parts.h"
#include "worker/quality_rules.h"
#include "worker/sources/source_reader.h"
#include "worker/stages/block.h"
#include "worker/stages/compare.h"
#include "worker/stages/merge.h"
#include "worker/stages/tag.h"
#include "worker/store/stored_row.h"

_Static_assert((int)KEY_PARTITIONS == (int)PLAN_PARTITIONS, "tasks are cut like the key space");

/* ---- reading ---- */

enum err pipeline_scan_file(struct pipeline *p, uint32_t number, struct source_file *file,
                            struct failure *failure) {
  struct pipeline_input *in = &p->options.inputs[number];
  if (in->take_scanned) {
    *file = *in->take_scanned;
    *in->take_scanned = (struct source_file){0};
  } else {
    const struct job_source *s = &p->options.job->sources[in->source];
    struct source_file_options o = {.format = (enum source_format)s->format,
                                    .encoding = (enum source_encoding)s->encoding,
                                    .delimiter = s->delimiter,
                                    .header = s->header};
    return source_file_scan(in->path, &o, SPLIT_BYTES, file, failure);
  }
  return ERR_OK;
}

static enum err run_scan(struct task_context *t) {
  struct source_file *file = &t->p->run.files[t->task];
  enum err err = pipeline_scan_file(t->p, t->task, file, t->failure);
  if (err) return err;
  *t->units = file->row_count;
  return ERR_OK;
}

static enum err number_splits(struct pipeline *p, struct failure *failure) {
  struct run_state *run = &p->run;
  uint64_t rows = 0;
  for (uint32_t f = 0; f < run->file_count; f++) {
    run->split_count += run->files[f].split_count;
    rows += run->files[f].row_count;
  }
  if (rows > UINT32_MAX - 1)
    return failure_set(failure, ERR_INPUT,
                       "the files hold %llu rows; one run takes at most %u. Divide the job.",
                       (unsigned long long)rows, UINT32_MAX - 1);
  if (rows == 0) return failure_set(failure, ERR_INPUT, "the files hold no rows: nothing to match");
  run->row_count = (uint32_t)rows;
  run->splits = memory_new_zeroed(run->split_count, sizeof *run->splits);
  uint32_t next = 0, first_row = 0;
  for (uint32_t f = 0; f < run->file_count; f++)
    for (uint32_t s = 0; s < run->files[f].split_count; s++) {
      uint32_t slots = (uint32_t)run->files[f].splits[s].row_count;
      run->splits[next++] = (struct split_output){.source = run->file_source[f],
                                                  .file = f,
                                                  .split = s,
                                                  .first_row = first_row,
                                                  .row_slots = slots};
      first_row += slots;
    }
  return ERR_OK;
}

enum err pipeline_lay_out(struct pipeline *p, struct failure *failure) {
  struct run_state *run = &p->run;
  enum err err = number_splits(p, failure);
  for (uint32_t f = 0; f < run->file_count && !err; f++)
    if (run->files[f].row_count)
      err = ingest_bind(&run->plan, run->file_source[f], &run->files[f], &p->arena, &p->bindings[f],
                        failure);
  if (err) return err;
  run->rows = memory_map((size_t)run->row_count * run->plan.row_bytes);
  run->records = memory_map((size_t)run->row_count * sizeof *run->records);
  return ERR_OK;
}

static enum err run_layout(struct task_context *t) {
  struct run_state *run = &t->p->run;
  enum err err = pipeline_lay_out(t->p, t->failure);
  if (err) return err;
  struct layout_result result = {run->split_count, run->row_count};
  buffer_append(t->result, &result, sizeof result);
  *t->units = run->row_count;
  return ERR_OK;
}

static enum err run_ingest(struct task_context *t) {
  struct run_state *run = &t->p->run;
  *t->units = run->splits[t->task].row_slots;
  return ingest_run(run, t->task, &t->p->bindings[run->splits[t->task].file], t->p->rules,
                    &t->thread->ingest, t->failure);
}

/* ---- comparing ---- */

enum err pipeline_return_counts(struct task_context *t, struct training_counts *counts) {
  training_counts_encode(counts, t->result);
  training_counts_release(counts);
  return ERR_OK;
}

/* Rows that a quality rule holds back are an answer; rows none of which can be read are not. */
static enum err check_usable(const struct run_state *run, struct failure *failure) {
  const struct split_output *first = NULL;
  for (uint32_t s = 0; s < run->split_count; s++) {
    const struct split_output *split = &run->splits[s];
    if (split->accepted || split->quarantined) return ERR_OK;
    if (!first && split->reject_count) first = split;
  }
  check(first); /* there are rows, and each is one of the three */
  const struct reject_entry *reject = &first->rejects[0];
  const char *sentence = source_reject_sentence(reject->reason.data);
  return failure_set(failure, ERR_INPUT,
                     "none of the %u rows can be used; the first, in %s, line %llu: %.*s%s%s",
                     run->row_count, run->files[first->file].path, (unsigned long long)reject->line,
                     (int)reject->reason.size, reject->reason.data, sentence ? ": " : "",
                     sentence ? sentence : "");
}

int32_t pipeline_as_of_day(const struct job *job, int32_t newest_day) {
  if (job->as_of_day != JOB_AS_OF_DATA) return job->as_of_day;
  return newest_day == INT32_MIN ? 0 : newest_day; /* data without a date: 1970-01-01 */
}

static enum err run_tally(struct task_context *t) {
  struct pipeline *p = t->p;
  enum err err = check_usable(&p->run, t->failure);
  if (err) return err;
  for (uint32_t i = 0; i < p->options.threads_max; i++) {
    frequency_tables_add(&p->tables, &p->threads[i].ingest.tables);
    frequency_tables_release(&p->threads[i].ingest.tables);
  }
  p->run.as_of_day = pipeline_as_of_day(p->options.job, ingest_newest_day(&p->run));
  struct training_counts counts = {0};
  frequency_training(&p->run.plan, &p->tables, &counts);
  *t->units = p->run.row_count;
  return pipeline_return_counts(t, &counts);
}

static enum err run_frequency(struct task_context *t) {
  const struct split_output *s = &t->p->run.splits[t->task];
  frequency_apply(&t->p->run.plan, &t->p->tables, t->p->run.rows, s->first_row, s->row_slots);
  *t->units = s->row_slots;
  return ERR_OK;
}

static enum err run_block(struct task_context *t) {
  struct run_state *run = &t->p->run;
  uint32_t partition = t->task;
  size_t count = 0;
  for (uint32_t s = 0; s < run->split_count; s++)
    count += run->splits[s].key_start[partition + 1] - run->splits[s].key_start[partition];
  struct key_entry *entries = memory_new(count * sizeof *entries);
  size_t at = 0;
  for (uint32_t s = 0; s < run->split_count; s++) {
    const struct split_output *split = &run->splits[s];
    size_t part = split->key_start[partition + 1] - split->key_start[partition];
    if (part)
      memcpy(entries + at, split->keys + split->key_start[partition], part * sizeof *entries);
    at += part;
  }
  block_partition_run(&run->plan, run->rows, entries, count, &run->partitions[partition]);
  struct training_counts counts = {0};
  block_training(&run->partitions[partition], &counts);
  *t->units = count;
  return pipeline_return_counts(t, &counts);
}

static enum err run_sample(struct task_context *t) {
  struct run_state *run = &t->p->run;
  for (uint32_t i = 0; i < t->p->options.threads_max; i++) /* the blocks hold the keys now */
    memory_pool_release(&t->p->threads[i].ingest.keys_pool);
  for (uint32_t s = 0; s < run->split_count; s++) run->splits[s].keys = NULL;
  random_pairs_run(&run->plan, run->rows, run->row_count, run->row_count, t->p->options.job->seed,
                   RANDOM_PAIRS_DEFAULT, &run->random_pairs);
  struct training_counts counts = {0};
  random_pairs_training(&run->random_pairs, &counts);
  return pipeline_return_counts(t, &counts);
}

static enum err run_compare(struct task_context *t) {
  struct run_state *run = &t->p->run;
  struct compare_output *out = &run->compared[t->task];
  compare_partition_run(&run->plan, run->rows, &run->partitions[t->task], out);
  struct training_counts counts = {0};
  compare_training(out, &counts);
  for (uint32_t r = 0; r < run->plan.blocking_count; r++) *t->units += out->compared[r];
  return pipeline_return_counts(t, &counts);
}

/* ---- deciding ---- */

/* The model, then what people decided. */
enum err pipeline_take_model(struct task_context *t) {
  struct model *model = &t->p->run.model;
  struct pair_facts *facts = &t->p->facts;
  if (t->input.size < sizeof *model)
    return failure_set(t->failure, ERR_MALFORMED, "a model of %zu bytes, expected %zu",
                       t->input.size, sizeof *model);
  memcpy(model, t->input.data, sizeof *model);
  pair_facts_release(facts); /* of an attempt before */
  if (pair_facts_decode(bytes_of(t->input.data + sizeof *model, t->input.size - sizeof *model),
                        facts))
    return failure_set(t->failure, ERR_MALFORMED, "the decisions behind the model are malformed");
  return ERR_OK;
}

static enum err run_link(struct task_context *t) {
  struct run_state *run = &t->p->run;
  enum err err = pipeline_take_model(t);
  if (err) return err;
  struct cluster_input in = {.plan = &run->plan,
                             .rows = run->rows,
                             .row_count = run->row_count,
                             .model = &run->model,
                             .compared = run->compared,
                             .compared_count = PLAN_PARTITIONS,
                             .facts = &t->p->facts};
  t->p->cluster = cluster_prepare(&in, REPAIR_RANGES);
  *t->units = run->row_count;
  return ERR_OK;
}

static enum err run_repair(struct task_context *t) {
  cluster_repair(t->p->cluster, t->task);
  return ERR_OK;
}

static enum err run_settle(struct task_context *t) {
  struct pipeline *p = t->p;
  cluster_finish(p->cluster, &p->run.clusters);
  p->cluster = NULL;
  *t->units = p->run.clusters.entity_count;
  return ERR_OK;
}

static enum err run_identify(struct task_context *t) {
  struct pipeline *p = t->p;
  struct run_state *run = &p->run;
  enum err err = generation_assign_ids(p->writer, run, t->failure);
  if (err) return err;
  generation_order_make(run->customer_ids, run->clusters.entity_count, p->options.job->shards,
                        &p->order);
  entity_links_make(run, &p->links);
  golden_plan_make(&run->plan, run->as_of_day, &p->golden_plan);
  *t->units = run->clusters.entity_count;
  struct run_exports_options exports = {.run = run,
                                        .folder = p->options.out_dir,
                                        .shard_count = p->options.job->shards,
                                        .write_lineage = p->options.write_lineage,
                                        .write_duplicates = p->options.write_duplicates,
                                        .write_pairs = p->options.write_pairs,
                                        .unmask = p->options.unmask};
  return run_exports_open(&exports, &p->exports, t->failure);
}

/* ---- writing ---- */

/* The members of an entity, unpacked, with their link weights and evidence; all in scratch. */
struct entity_members {
  struct record_view *views;
  int32_t *link_weights;
  struct member_evidence *evidence;
  uint32_t count;
};

static void entity_members_read(const struct run_state *run, uint32_t entity, struct arena *scratch,
                                struct entity_members *out) {
  const uint32_t *rows = run->clusters.members + run->clusters.member_start[entity];
  out->count = run->clusters.member_start[entity + 1] - run->clusters.member_start[entity];
  out->views = arena_alloc(scratch, out->count * sizeof *out->views);
  out->link_weights = arena_alloc(scratch, out->count * sizeof *out->link_weights);
  out->evidence = arena_alloc(scratch, out->count * sizeof *out->evidence);
  for (uint32_t m = 0; m < out->count; m++) {
    record_view_of(run_state_record(run, rows[m]), run->plan.job->field_count, &out->views[m]);
    out->link_weights[m] = run->clusters.link_weight[rows[m]];
    member_evidence_of(&run->plan, run_state_row(run, rows[m]), &out->evidence[m]);
  }
}

static enum err merge_entity(struct task_context *t, uint32_t entity,
                             struct generation_shard *shard, struct run_exports_shard *part) {
  struct pipeline *p = t->p;
  struct arena *scratch = &t->thread->scratch;
  arena_reset(scratch);
  struct entity_members members;
  entity_members_read(&p->run, entity, scratch, &members);
  struct golden_record *golden = arena_alloc(scratch, sizeof *golden);
  golden_merge(&p->golden_plan, members.views, members.count, members.link_weights, scratch,
               golden);
  golden->customer_id = p->run.customer_ids[entity];
  golden_tag(&p->golden_plan, scratch, golden);
  buffer_clear(&t->thread->text);
  golden_encode(golden, p->run.plan.job->field_count, &t->thread->text);
  struct generation_customer customer = {.customer_id = golden->customer_id,
                                         .golden = buffer_bytes(&t->thread->text),
                                         .member_count = members.count,
                                         .members = members.views,
                                         .evidence = members.evidence};
  entity_links_of(&p->links, entity, scratch, &customer);
  enum err err = generation_shard_append(shard, &customer, t->failure);
  if (err) return err;
  buffer_clear(&t->thread->text);
  golden_digest_add(&p->shard_digests[t->task],
                    golden_digest(p->run.plan.job, golden, &t->thread->text));
  run_exports_shard_add(part, golden, scratch);
  return ERR_OK;
}

/* Members lie all over memory: three steps ahead of their use, each asks for what the next reads.
 */
enum { MEMBERS_AHEAD = 24, OFFSETS_AHEAD = 16, RECORDS_AHEAD = 8 };

static void entity_soon(const struct run_state *run, const struct generation_order *order,
                        uint32_t at, uint32_t end) {
  const struct cluster_output *c = &run->clusters;
  if (at + MEMBERS_AHEAD < end)
    __builtin_prefetch(&c->members[c->member_start[order->entities[at + MEMBERS_AHEAD]]]);
  for (unsigned step = 0; step < 2; step++) {
    uint32_t ahead = at + (step ? RECORDS_AHEAD : OFFSETS_AHEAD);
    if (ahead >= end) continue;
    uint32_t entity = order->entities[ahead];
    for (uint32_t m = c->member_start[entity]; m < c->member_start[entity + 1]; m++)
      run_state_record_soon(run, c->members[m], step == 1);
  }
}

static enum err run_merge(struct task_context *t) {
  struct pipeline *p = t->p;
  struct generation_shard *shard = NULL;
  enum err err = generation_shard_begin(p->writer, t->task, &shard, t->failure);
  if (err) return err;
  struct run_exports_shard *part = run_exports_shard_begin(p->exports, t->task);
  uint32_t end = p->order.shard_start[t->task + 1];
  for (uint32_t i = p->order.shard_start[t->task]; i < end && !err; i++) {
    entity_soon(&p->run, &p->order, i, end);
    err = merge_entity(t, p->order.entities[i], shard, part);
  }
  enum err part_err = run_exports_shard_end(part, err ? NULL : t->failure);
  if (err || part_err) {
    generation_shard_drop(shard);
    return err ? err : part_err;
  }
  *t->units = p->order.shard_start[t->task + 1] - p->order.shard_start[t->task];
  return generation_shard_end(shard, t->failure);
}

static enum err run_export(struct task_context *t) {
  *t->units = t->p->run.splits[t->task].row_slots;
  return run_exports_split(t->p->exports, t->task, t->failure);
}

static enum err run_publish(struct task_context *t) {
  struct pipeline *p = t->p;
  enum err err = run_exports_finish(p->exports, t->failure);
  if (err) return err;
  struct pipeline_totals totals;
  pipeline_totals(p, &totals);
  struct manifest_file *files = arena_alloc(&p->arena, p->run.file_count * sizeof *files);
  for (uint32_t f = 0; f < p->run.file_count; f++)
    files[f] = (struct manifest_file){.path = bytes_from_string(p->run.files[f].path),
                                      .source = p->run.file_source[f],
                                      .size_bytes = p->run.files[f].identity.size,
                                      .modified_ns = p->run.files[f].identity.modified_ns};
  char digest[GENERATION_DIGEST_BYTES];
  generation_digest_format(totals.digest, digest);
  struct generation_facts facts = {.digest = bytes_from_string(digest),
                                   .as_of_day = p->run.as_of_day,
                                   .row_count = p->run.row_count,
                                   .records_read = totals.rows,
                                   .records_quarantined = totals.quarantined,
                                   .records_rejected = totals.rejected,
                                   .decisions = {.length = p->options.decisions_length,
                                                 .applied = p->run.clusters.facts_applied,
                                                 .gone = p->run.clusters.facts_gone},
                                   .model = &p->run.model,
                                   .files = files,
                                   .file_count = p->run.file_count};
  struct generation_writer *writer = p->writer;
  p->writer = NULL;
  return generation_publish(writer, &facts, t->failure);
}

/* The map of the program: what a task of each stage does here. */
static stage_function *const stage_functions[STAGE_COUNT] = {
    [STAGE_SCAN] = run_scan,     [STAGE_LAYOUT] = run_layout,       [STAGE_INGEST] = run_ingest,
    [STAGE_TALLY] = run_tally,   [STAGE_FREQUENCY] = run_frequency, [STAGE_BLOCK] = run_block,
    [STAGE_SAMPLE] = run_sample, [STAGE_COMPARE] = run_compare,     [STAGE_LINK] = run_link,
    [STAGE_REPAIR] = run_repair, [STAGE_SETTLE] = run_settle,       [STAGE_IDENTIFY] = run_identify,
    [STAGE_MERGE] = run_merge,   [STAGE_EXPORT] = run_export,       [STAGE_PUBLISH] = run_publish,
};

enum err pipeline_compute(void *pipeline_worker, uint32_t thread,
                          const struct compute_request *request, struct compute_outcome *outcome) {
  struct pipeline_worker *w = pipeline_worker;
  stage_function *const *functions = w->pipeline->apart ? apart_stages : stage_functions;
  if (request->stage >= STAGE_COUNT || !functions[request->stage])
    return failure_set(&outcome->failure, ERR_MALFORMED, "there is no stage %u here",
                       request->stage);
  check(w->thread_base + thread < w->pipeline->options.threads_max);
  struct task_context t = {.p = w->pipeline,
                           .thread = &w->pipeline->threads[w->thread_base + thread],
                           .task = request->task,
                           .input = request->input,
                           .places = request->places,
                           .result = &outcome->result,
                           .units = &outcome->units,
                           .failure = &outcome->failure,
                           .loss = &outcome->loss};
  uint64_t started_us = clock_thread_cpu_us();
  enum err err = functions[request->stage](&t);
  t.thread->stage_cpu_us[request->stage] += clock_thread_cpu_us() - started_us;
  return err;
}

/* ---- lifetime ---- */

enum err pipeline_open(const struct pipeline_options *options, struct pipeline **out,
                       struct failure *failure) {
  struct pipeline *p = memory_new_zeroed(1, sizeof *p);
  p->options = *options;
  struct run_state *run = &p->run;
  enum err err = plan_make(options->job, &run->plan, failure);
  if (!err) err = model_spec_make(&run->plan, &p->spec, failure);
  if (!err) err = quality_rules_compile(options->job, &run->plan, &p->rules, failure);
  if (!err && options->data_dir)
    err = generation_writer_open(options->data_dir, options->job, &p->writer, failure);
  run->file_count = options->input_count;
  run->files = memory_new_zeroed(run->file_count, sizeof *run->files);
  run->file_source = memory_new_zeroed(run->file_count, sizeof *run->file_source);
  for (uint32_t f = 0; f < run->file_count; f++) run->file_source[f] = options->inputs[f].source;
  p->bindings = memory_new_zeroed(run->file_count, sizeof *p->bindings);
  p->threads = memory_new_zeroed(options->threads_max, sizeof *p->threads);
  p->shard_digests = memory_new_zeroed(options->job->shards, sizeof *p->shard_digests);
  if (p->writer) p->generation = generation_writer_number(p->writer);
  if (!err && options->apart.zmq_context) err = apart_open(p, failure);
  if (err) pipeline_close(&p);
  *out = p;
  return err;
}

static void run_state_release(struct run_state *run) {
  for (uint32_t f = 0; f < run->file_count; f++) source_file_release(&run->files[f]);
  for (uint32_t s = 0; s < run->split_count && run->splits; s++)
    split_output_release(&run->splits[s]);
  for (uint32_t i = 0; i < PLAN_PARTITIONS; i++) {
    partition_blocks_release(&run->partitions[i]);
    compare_output_release(&run->compared[i]);
  }
  compare_output_release(&run->random_pairs);
  cluster_output_release(&run->clusters);
  memory_unmap(run->rows, (size_t)run->row_count * run->plan.row_bytes);
  memory_unmap(run->records, (size_t)run->row_count * sizeof *run->records);
  free(run->splits);
  free(run->files);
  free(run->file_source);
  free(run->customer_ids);
}

void pipeline_close(struct pipeline **pointer) {
  struct pipeline *p = *pointer;
  if (!p) return;
  apart_close(p);
  cluster_work_release(p->cluster);
  pair_facts_release(&p->facts);
  generation_abort(p->writer);
  run_exports_close(&p->exports);
  generation_order_release(&p->order);
  entity_links_release(&p->links);
  frequency_tables_release(&p->tables);
  for (uint32_t i = 0; i < p->options.threads_max && p->threads; i++) {
    ingest_work_release(&p->threads[i].ingest);
    arena_release(&p->threads[i].scratch);
    buffer_release(&p->threads[i].text);
  }
  quality_rules_free(p->rules);
  run_state_release(&p->run);
  free(p->threads);
  free(p->bindings);
  free(p->shard_digests);
  arena_release(&p->arena);
  free(p);
  *pointer = NULL;
}

const struct run_state *pipeline_run_state(const struct pipeline *p) { return &p->run; }
const struct quality_counts *pipeline_quality(const struct pipeline *p) {
  return run_exports_quality(p->exports);
}
const struct model_spec *pipeline_model_spec(const struct pipeline *p) { return &p->spec; }

void pipeline_totals(const struct pipeline *p, struct pipeline_totals *out) {
  *out = (struct pipeline_totals){.rows = p->run.row_count,
                                  .customers = p->run.clusters.entity_count,
                                  .generation = p->generation};
  for (uint32_t s = 0; s < p->run.split_count; s++) {
    const struct split_output *split = &p->run.splits[s];
    out->linked += split->accepted;
    out->quarantined += split->quarantined;
    out->rejected += split->rejected;
    for (unsigned f = 0; f < 32; f++) out->flags[f] += split->flags[f];
  }
  for (uint32_t s = 0; s < p->options.job->shards; s++)
    golden_digest_add(&out->digest, p->shard_digests[s]);
}

uint64_t pipeline_stage_cpu_us(const struct pipeline *p, enum stage stage) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < p->options.threads_max; i++) sum += p->threads[i].stage_cpu_us[stage];
  return sum;
}
