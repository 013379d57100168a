/* generation_fixture — small generations for the tests of worker/store: customers are given as
 * records with the entity they belong to, and a data folder of its own is made and removed. */
#ifndef GUIYI_TESTS_HARNESS_GENERATION_FIXTURE_H
#define GUIYI_TESTS_HARNESS_GENERATION_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/entity_links.h"
#include "worker/golden_codec.h"
#include "worker/stages/merge.h"
#include "worker/store/data_folder.h"
#include "worker/store/generation.h"

enum { FIXTURE_RECORD_BYTES_MAX = 4096 };
enum { FIXTURE_NAME, FIXTURE_PHONE, FIXTURE_EMAIL, FIXTURE_ADDRESS, FIXTURE_FIELDS };

/* One input record; entity is any small number that tells entities apart. */
struct fixture_record {
  const char *id;
  uint32_t entity;
  const char *values[FIXTURE_FIELDS]; /* NULL = missing */
  int32_t day;                        /* 0 = unknown */
};

static inline void fixture_job(struct job *job, uint32_t shards) {
  static const char yaml[] =
      "version: 1\n"
      "name: fixture\n"
      "shards: %u\n"
      "fields: {姓名: text, 手机: {type: phone, multi: true}, 邮箱: email, 地址: address}\n"
      "sources:\n"
      "  - id: crm\n"
      "    files: crm.csv\n"
      "    key: [id]\n"
      "    map: {name: 姓名, phone: 手机, email: 邮箱, address: 地址}\n";
  char text[sizeof yaml + 16];
  snprintf(text, sizeof text, yaml, shards);
  struct failure failure = {0};
  if (job_parse(bytes_from_string(text), "fixture.yaml", job, &failure)) puts(failure.message);
  check(job->field_count == FIXTURE_FIELDS && job->shards == shards);
}

/* A run as the cluster stage leaves it. */
struct fixture_run {
  struct run_state state;
  struct golden_plan golden_plan;
  struct hash128 digest;
  bool lies; /* the next golden record gets a name that nobody has */
  struct split_output split;
  struct buffer records;    /* packed */
  uint32_t *entity_of_name; /* by fixture_record.entity; UINT32_MAX = there is none */
};

/* Each entity and the next are a pair to look at, and live together. */
static inline void fixture_links(struct cluster_output *c) {
  c->reviews = memory_new_zeroed(c->entity_count + 1, sizeof *c->reviews);
  c->relations = memory_new_zeroed(c->entity_count + 1, sizeof *c->relations);
  for (uint32_t e = 0; e + 1 < c->entity_count; e++) {
    uint32_t a = c->members[c->member_start[e]], b = c->members[c->member_start[e + 1]];
    c->reviews[c->review_count++] = (struct review_item){.a = a, .b = b, .weight = 512};
    c->relations[c->relation_count++] = (struct relation_item){.a = a, .b = b, .rule = -1};
  }
}

static inline void fixture_run_release(struct fixture_run *run) {
  free(run->state.rows);
  free(run->state.records);
  buffer_release(&run->records);
  free(run->state.clusters.entity);
  free(run->state.clusters.members);
  free(run->state.clusters.member_start);
  free(run->state.clusters.entity_key);
  free(run->state.clusters.reviews);
  free(run->state.clusters.relations);
  free(run->state.customer_ids);
  free(run->entity_of_name);
}

static inline uint32_t fixture_entity(struct fixture_run *run, uint32_t name) {
  struct cluster_output *c = &run->state.clusters;
  if (run->entity_of_name[name] == UINT32_MAX) {
    c->entity_key[c->entity_count] = UINT64_MAX;
    run->entity_of_name[name] = c->entity_count++;
  }
  return run->entity_of_name[name];
}

struct fixture_member {
  struct hash128 key;
  uint32_t entity, row;
};

static inline int fixture_member_order(const void *a_, const void *b_) {
  const struct fixture_member *a = a_, *b = b_;
  if (a->entity != b->entity) return a->entity < b->entity ? -1 : 1;
  if (a->key.low != b->key.low) return a->key.low < b->key.low ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

static inline void fixture_run_make(struct fixture_run *run, struct job *job,
                                    const struct fixture_record *records, uint32_t count,
                                    int32_t as_of_day) {
  *run = (struct fixture_run){0};
  struct run_state *s = &run->state;
  struct failure failure;
  check(plan_make(job, &s->plan, &failure) == ERR_OK);
  golden_plan_make(&s->plan, as_of_day, &run->golden_plan);
  s->row_count = count;
  s->rows = memory_new_zeroed(count, s->plan.row_bytes);
  s->as_of_day = as_of_day;
  s->splits = &run->split;
  s->split_count = 1;
  run->split.row_slots = run->split.accepted = count;
  s->records = memory_new_zeroed(count + 1, sizeof *s->records);
  buffer_reserve(&run->records, (size_t)count * FIXTURE_RECORD_BYTES_MAX); /* it must not move */
  uint32_t name_max = 0;
  for (uint32_t r = 0; r < count; r++)
    if (records[r].entity > name_max) name_max = records[r].entity;
  run->entity_of_name = memory_new((name_max + 1) * sizeof(uint32_t));
  memset(run->entity_of_name, 0xff, (name_max + 1) * sizeof(uint32_t));
  struct cluster_output *c = &s->clusters;
  c->entity = memory_new((count + 1) * sizeof *c->entity);
  c->entity_key = memory_new((count + 1) * sizeof *c->entity_key);
  c->members = memory_new((count + 1) * sizeof *c->members);
  c->member_start = memory_new_zeroed(count + 2, sizeof *c->member_start);
  struct fixture_member *members = memory_new((count + 1) * sizeof *members);
  for (uint32_t r = 0; r < count; r++) {
    const struct fixture_record *in = &records[r];
    struct record_value values[FIXTURE_FIELDS] = {0};
    for (int f = 0; f < FIXTURE_FIELDS; f++)
      values[f] = (struct record_value){bytes_from_string(in->values[f]),
                                        in->values[f] ? VALUE_OK : VALUE_MISSING, 0};
    struct record_header header = {.key = record_key(BYTES("crm"), bytes_from_string(in->id), true),
                                   .time_ms = INT64_MIN,
                                   .line = r + 2,
                                   .row = r};
    size_t at = run->records.size;
    record_encode(&run->records, &header, BYTES_EMPTY, bytes_from_string(in->id), values,
                  FIXTURE_FIELDS);
    check(run->records.size - at <= FIXTURE_RECORD_BYTES_MAX);
    s->records[r] = run->records.data + at;
    struct feature_row *row = run_state_row(s, r);
    row->record_key = header.key.low;
    row->day = in->day ? in->day : INT32_MIN;
    row->flags = ROW_PRESENT | ROW_HAS_ID;
    uint32_t entity = fixture_entity(run, in->entity);
    c->entity[r] = entity;
    if (header.key.low < c->entity_key[entity]) c->entity_key[entity] = header.key.low;
    members[r] = (struct fixture_member){header.key, entity, r};
    c->member_start[entity + 1]++;
  }
  qsort(members, count, sizeof *members, fixture_member_order);
  for (uint32_t i = 0; i < count; i++) c->members[i] = members[i].row;
  for (uint32_t e = 0; e < c->entity_count; e++) c->member_start[e + 1] += c->member_start[e];
  free(members);
  fixture_links(c);
}

/* The id that the entity of this number got. */
static inline uint64_t fixture_customer(struct fixture_run *run, uint32_t name) {
  return run->state.customer_ids[fixture_entity(run, name)];
}

/* As the merge stage makes it; adds to the run's digest. */
static inline void fixture_golden(struct fixture_run *run, const struct record_view *members,
                                  uint32_t count, uint64_t customer_id, struct arena *arena,
                                  struct buffer *out) {
  struct golden_record *golden = arena_alloc_zeroed(arena, sizeof *golden);
  int32_t *weights = arena_alloc_zeroed(arena, count * sizeof *weights);
  struct buffer scratch = {0};
  golden_merge(&run->golden_plan, members, count, weights, arena, golden);
  if (run->lies) golden->values[FIXTURE_NAME].text = BYTES("nobody");
  run->lies = false;
  golden->customer_id = customer_id;
  golden->score = -1;
  golden->tier = "";
  golden_digest_add(&run->digest, golden_digest(run->state.plan.job, golden, &scratch));
  golden_encode(golden, FIXTURE_FIELDS, out);
  buffer_release(&scratch);
}

static inline enum err fixture_write_shard(struct generation_writer *writer,
                                           struct fixture_run *run, uint32_t number,
                                           const struct generation_order *order,
                                           struct failure *failure) {
  struct cluster_output *c = &run->state.clusters;
  struct generation_shard *shard;
  struct buffer golden = {0};
  struct arena arena = {0};
  struct entity_links links;
  enum err err = generation_shard_begin(writer, number, &shard, failure);
  if (err) return err;
  entity_links_make(&run->state, &links);
  for (uint32_t i = order->shard_start[number]; !err && i < order->shard_start[number + 1]; i++) {
    uint32_t e = order->entities[i], first = c->member_start[e];
    uint32_t count = c->member_start[e + 1] - first;
    struct record_view *views = arena_alloc(&arena, count * sizeof *views);
    struct member_evidence *evidence = arena_alloc_zeroed(&arena, count * sizeof *evidence);
    for (uint32_t m = 0; m < count; m++)
      record_view_of(run_state_record(&run->state, c->members[first + m]), FIXTURE_FIELDS,
                     &views[m]);
    buffer_clear(&golden);
    fixture_golden(run, views, count, run->state.customer_ids[e], &arena, &golden);
    struct generation_customer customer = {run->state.customer_ids[e], buffer_bytes(&golden), count,
                                           views, evidence};
    entity_links_of(&links, e, &arena, &customer);
    err = generation_shard_append(shard, &customer, failure);
    arena_reset(&arena);
  }
  buffer_release(&golden);
  arena_release(&arena);
  entity_links_release(&links);
  if (err) {
    generation_shard_drop(shard);
    return err;
  }
  return generation_shard_end(shard, failure);
}

/* Everything from opening the writer to the publication. */
static inline enum err fixture_publish(const char *data_dir, struct job *job,
                                       struct fixture_run *run, struct failure *failure) {
  struct generation_writer *writer;
  enum err err = generation_writer_open(data_dir, job, &writer, failure);
  if (err) return err;
  err = generation_assign_ids(writer, &run->state, failure);
  struct generation_order order = {0};
  if (!err)
    generation_order_make(run->state.customer_ids, run->state.clusters.entity_count, job->shards,
                          &order);
  for (uint32_t s = 0; !err && s < job->shards; s++)
    err = fixture_write_shard(writer, run, s, &order, failure);
  generation_order_release(&order);
  if (err) {
    generation_abort(writer);
    return err;
  }
  struct model model = {.comparison_count = run->state.plan.comparison_count, .prior = -20000};
  model.agreeing[0] = 0xFF00; /* where the first comparison agrees, the second adds less */
  model.leaders[1] = 1;
  model.weight_with_leader[1][0][9] = -321;
  char digest[GENERATION_DIGEST_BYTES];
  generation_digest_format(run->digest, digest);
  struct generation_facts facts = {.digest = bytes_from_string(digest),
                                   .as_of_day = run->state.as_of_day,
                                   .row_count = run->state.row_count,
                                   .records_read = run->state.row_count,
                                   .model = &model};
  return generation_publish(writer, &facts, failure);
}

static inline void fixture_folder_make(char path[64]) {
  snprintf(path, 64, "/tmp/guiyi_store_XXXXXX");
  check(mkdtemp(path) != NULL);
}

static inline void fixture_folder_remove(const char *path) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", path);
  check(system(command) == 0);
}

#endif
