#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/golden.h"
#include "worker/store/data_folder.h"
#include "worker/store/failpoint.h"
#include "worker/store/generation_parts.h"
#include "worker/store/radix_sort.h"

enum { SLOT_BITS = 14 };

/* ---- the generation as a whole ---- */

static enum err open_previous(struct generation_writer *w, struct failure *failure) {
  struct data_folder_current current;
  enum err err = data_folder_current(w->data_dir, &current, failure);
  if (err == ERR_NOT_FOUND) {
    current.generation = 0;
    err = ERR_OK;
  } else if (!err) {
    err = generation_open(w->data_dir, &w->previous, failure);
  }
  /* Whatever is there beyond the current one and its predecessor was never published, or is older
   * than what is promised to be kept. */
  if (!err) err = data_folder_clean(w->data_dir, current.generation, failure);
  if (err) return err;
  w->number = current.generation + 1;
  return data_folder_make(w->data_dir, w->number, failure);
}

enum err generation_writer_open(const char *data_dir, const struct job *job,
                                struct generation_writer **writer, struct failure *failure) {
  check(job->shards >= 1 && job->shards <= GENERATION_SHARDS_MAX &&
        (job->shards & (job->shards - 1)) == 0);
  struct generation_writer *w = memory_new_zeroed(1, sizeof *w);
  w->data_dir = memory_copy_string(data_dir);
  w->job = job;
  w->lock_fd = -1;
  check(pthread_mutex_init(&w->lock, NULL) == 0);
  for (uint32_t f = 0; f < job->field_count; f++) {
    const char *name = job_type_name(job->fields[f].type);
    const struct field_type *type = field_type_find(bytes_from_string(name));
    check(type != NULL);
    w->search[f] = type->search;
  }
  enum err err = data_folder_lock(data_dir, &w->lock_fd, failure);
  if (!err) err = open_previous(w, failure);
  if (err) {
    generation_abort(w);
    return err;
  }
  *writer = w;
  return ERR_OK;
}

uint64_t generation_writer_number(const struct generation_writer *writer) { return writer->number; }

const struct generation *generation_writer_previous(const struct generation_writer *writer) {
  return writer->previous;
}

static void release(struct generation_writer *w) {
  for (uint32_t s = 0; s < GENERATION_SHARDS_MAX; s++) {
    (void)shard_writer_close(w->files[s], false, NULL);
    free(w->shards[s].chunks);
  }
  generation_close(w->previous);
  identity_release(w->identity);
  generation_order_release(&w->alias_order);
  generation_shards_release(w);
  pthread_mutex_destroy(&w->lock);
  if (w->lock_fd >= 0) close(w->lock_fd);
  free(w->data_dir);
  free(w);
}

void generation_abort(struct generation_writer *w) {
  if (!w) return;
  if (w->number && w->lock_fd >= 0) {
    for (uint32_t s = 0; s < GENERATION_SHARDS_MAX; s++) {
      (void)shard_writer_close(w->files[s], false, NULL);
      w->files[s] = NULL;
    }
    /* What can't be removed now is removed by the next run. */
    (void)data_folder_remove(w->data_dir, w->number, NULL);
  }
  release(w);
}

/* ---- ids ---- */

static struct identity_record *records_of_run(const struct run_state *run, size_t *count) {
  struct identity_record *records = memory_new((size_t)run->row_count * sizeof *records);
  *count = 0;
  for (uint32_t r = 0; r < run->row_count; r++) {
    uint32_t entity = run->clusters.entity[r];
    if (entity == UINT32_MAX) continue;
    struct record_header header;
    memcpy(&header, run_state_record(run, r), sizeof header);
    records[(*count)++] = (struct identity_record){header.key, entity, run_state_row(run, r)->day};
  }
  return records;
}

static enum err add_previous(struct identity *identity, const struct generation *previous,
                             struct failure *failure) {
  const struct manifest *manifest = generation_manifest(previous);
  enum err err = ERR_OK;
  for (uint32_t s = 0; !err && s < manifest->shard_count; s++) {
    uint64_t *customers = NULL;
    struct index_record *records = NULL;
    struct identity_alias *aliases = NULL;
    size_t customer_count, record_count, alias_count = 0;
    const struct shard_reader *shard = generation_shard_reader(previous, s);
    err = index_read_ordinals(shard, &customers, &customer_count, failure);
    if (!err) err = index_read_records(shard, &records, &record_count, failure);
    if (!err) err = generation_read_aliases(previous, s, &aliases, &alias_count, failure);
    if (!err && identity_add_shard(identity, customers, customer_count, records, record_count))
      err = failure_set(failure, ERR_CORRUPT, "the record index of %s is damaged",
                        shard_reader_path(shard));
    if (!err) identity_add_aliases(identity, aliases, alias_count);
    free(customers);
    free(records);
    free(aliases);
  }
  identity_add_counters(identity, manifest->counters, manifest->counter_count);
  return err;
}

static void order_aliases(struct generation_writer *w) {
  uint64_t *ids = memory_new(w->ids->alias_count * sizeof *ids);
  for (size_t i = 0; i < w->ids->alias_count; i++) ids[i] = w->ids->aliases[i].customer_id;
  generation_order_make(ids, (uint32_t)w->ids->alias_count, w->job->shards, &w->alias_order);
  free(ids);
}

enum err generation_assign_ids(struct generation_writer *w, struct run_state *run,
                               struct failure *failure) {
  check(!w->has_ids && !run->customer_ids);
  struct identity_input input = {
      .entity_keys = run->clusters.entity_key,
      .entity_count = run->clusters.entity_count,
      .as_of_day = run->as_of_day,
      .generation = w->number,
  };
  /* A first generation has nobody to be recognised again. */
  struct identity_record *records = NULL;
  if (w->previous) records = records_of_run(run, &input.record_count);
  input.records = records;
  w->identity = identity_make(&input);
  enum err err = w->previous ? add_previous(w->identity, w->previous, failure) : ERR_OK;
  if (!err) err = identity_finish(w->identity, &w->ids, failure);
  free(records);
  if (err) return err;
  size_t bytes = run->clusters.entity_count * sizeof *run->customer_ids;
  run->customer_ids = memory_new(bytes);
  if (bytes) memcpy(run->customer_ids, w->ids->customer_ids, bytes);
  order_aliases(w);
  w->has_ids = true;
  return ERR_OK;
}

uint32_t generation_shard_of(uint64_t customer_id, uint32_t shard_count) {
  char key[8];
  store_be64(key, customer_id);
  uint64_t slot = hash_bytes(bytes_of(key, sizeof key)) >> (64 - SLOT_BITS);
  return (uint32_t)(slot / ((1u << SLOT_BITS) / shard_count));
}

void generation_order_make(const uint64_t *customer_ids, uint32_t entity_count,
                           uint32_t shard_count, struct generation_order *order) {
  check(shard_count >= 1 && shard_count <= GENERATION_SHARDS_MAX);
  struct radix_pair *pairs = memory_new(entity_count * sizeof *pairs);
  struct radix_pair *spare = memory_new(entity_count * sizeof *spare);
  *order = (struct generation_order){0};
  for (uint32_t e = 0; e < entity_count; e++) {
    pairs[e] = (struct radix_pair){customer_ids[e], e};
    order->shard_start[generation_shard_of(customer_ids[e], shard_count) + 1]++;
  }
  radix_sort_pairs(pairs, spare, entity_count);
  for (uint32_t s = 0; s < GENERATION_SHARDS_MAX; s++)
    order->shard_start[s + 1] += order->shard_start[s];
  uint32_t next[GENERATION_SHARDS_MAX];
  memcpy(next, order->shard_start, sizeof next);
  order->entities = memory_new(entity_count * sizeof *order->entities);
  for (uint32_t i = 0; i < entity_count; i++)
    order->entities[next[generation_shard_of(pairs[i].key, shard_count)]++] =
        (uint32_t)pairs[i].value;
  free(pairs);
  free(spare);
}

void generation_order_release(struct generation_order *order) {
  free(order->entities);
  *order = (struct generation_order){0};
}

/* ---- publishing ---- */

void generation_digest_format(struct hash128 digest, char out[GENERATION_DIGEST_BYTES]) {
  snprintf(out, GENERATION_DIGEST_BYTES, "%016" PRIx64 "%016" PRIx64, digest.high, digest.low);
}

static enum err sync_shards(struct generation_writer *w, struct failure *failure) {
  enum err err = ERR_OK;
  for (uint32_t s = 0; !err && s < w->job->shards; s++) {
    struct shard_writer *file = w->files[s];
    w->files[s] = NULL;
    err = shard_writer_close(file, true, failure);
  }
  return err;
}

static void print_event(const struct identity_event *e, struct buffer *out) {
  char id[32], other[32];
  customer_id_format(e->customer_id, id);
  customer_id_format(e->other, other);
  switch (e->kind) {
    case IDENTITY_CREATED:
      buffer_printf(
          out, "{\"event\":\"created\",\"first\":\"%s\",\"last\":\"%s\",\"count\":%" PRIu64 "}\n",
          id, other, e->count);
      return;
    case IDENTITY_MERGED:
      buffer_printf(out, "{\"event\":\"merged\",\"customer\":\"%s\",\"into\":\"%s\"}\n", id, other);
      return;
    case IDENTITY_SPLIT:
      buffer_printf(out,
                    "{\"event\":\"split\",\"customer\":\"%s\",\"into\":\"%s\",\"records\":%" PRIu64
                    "}\n",
                    id, other, e->count);
      return;
    case IDENTITY_RETIRED:
      buffer_printf(out, "{\"event\":\"retired\",\"customer\":\"%s\"}\n", id);
      return;
  }
}

static enum err write_events(struct generation_writer *w, struct manifest *manifest,
                             struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  enum err err = data_folder_path(w->data_dir, w->number, "events.jsonl", path, failure);
  if (err) return err;
  struct buffer text = {0};
  for (size_t i = 0; i < w->ids->event_count; i++) print_event(&w->ids->events[i], &text);
  manifest->events_bytes = text.size;
  manifest->events_checksum = hash_bytes_128(buffer_bytes(&text));
  err = data_folder_write_file(path, buffer_bytes(&text), failure);
  buffer_release(&text);
  return err;
}

/* So that a command started elsewhere finds the file again. */
static struct bytes absolute_path(struct bytes path, struct arena *arena) {
  char *found = realpath(arena_copy(arena, path).data, NULL);
  struct bytes absolute = found ? arena_copy(arena, bytes_from_string(found)) : path;
  free(found);
  return absolute;
}

static enum err make_manifest(struct generation_writer *w, const struct generation_facts *facts,
                              struct arena *arena, struct manifest *m, struct failure *failure) {
  const struct job *job = w->job;
  struct buffer job_text = {0};
  job_print(job, &job_text);
  *m = (struct manifest){
      .generation = w->number,
      .digest = facts->digest,
      .job_text = arena_copy(arena, buffer_bytes(&job_text)),
      .job_digest = hash_bytes_128(buffer_bytes(&job_text)),
      .as_of_day = facts->as_of_day,
      .row_count = facts->row_count,
      .records_read = facts->records_read,
      .records_quarantined = facts->records_quarantined,
      .records_rejected = facts->records_rejected,
      .aliases = w->ids->alias_count,
      .decisions = facts->decisions,
      .model = *facts->model,
      .fields = arena_alloc(arena, job->field_count * sizeof *m->fields),
      .field_count = job->field_count,
      .sources = arena_alloc(arena, job->source_count * sizeof *m->sources),
      .source_count = job->source_count,
      .files = arena_alloc(arena, facts->file_count * sizeof *m->files),
      .file_count = facts->file_count,
      .counters = w->ids->counters,
      .counter_count = w->ids->counter_count,
      .shard_count = job->shards,
      .shards = w->shards,
  };
  buffer_release(&job_text);
  for (uint32_t f = 0; f < job->field_count; f++)
    m->fields[f] =
        (struct manifest_field){job->fields[f].name, job->fields[f].type, job->fields[f].multi};
  for (uint32_t s = 0; s < job->source_count; s++) m->sources[s] = job->sources[s].id;
  for (uint32_t f = 0; f < facts->file_count; f++) {
    m->files[f] = facts->files[f];
    m->files[f].path = absolute_path(facts->files[f].path, arena);
  }
  for (uint32_t s = 0; s < job->shards; s++) {
    check(w->ended[s]);
    m->customers += w->customers[s];
    m->records += w->records[s];
  }
  if (m->records + m->records_quarantined + m->records_rejected != m->records_read)
    return failure_set(failure, ERR_MISMATCH,
                       "%" PRIu64 " records were read, but %" PRIu64 " linked, %" PRIu64
                       " quarantined and %" PRIu64 " rejected: nothing was published",
                       m->records_read, m->records, m->records_quarantined, m->records_rejected);
  return ERR_OK;
}

/* Writes the events, then the manifest. */
static enum err write_manifest(struct generation_writer *w, const struct generation_facts *facts,
                               struct data_folder_current *current, struct failure *failure) {
  struct arena arena = {0};
  struct buffer text = {0};
  struct manifest manifest;
  char path[DATA_FOLDER_PATH_MAX];
  enum err err = make_manifest(w, facts, &arena, &manifest, failure);
  if (!err) err = write_events(w, &manifest, failure);
  failpoint("events written");
  if (!err) err = data_folder_path(w->data_dir, w->number, "manifest.json", path, failure);
  if (!err) {
    manifest_print(&manifest, &text);
    *current = (struct data_folder_current){w->number, hash_bytes_128(buffer_bytes(&text))};
    err = data_folder_write_file(path, buffer_bytes(&text), failure);
  }
  buffer_release(&text);
  arena_release(&arena);
  return err;
}

enum err generation_publish(struct generation_writer *w, const struct generation_facts *facts,
                            struct failure *failure) {
  struct data_folder_current current = {0};
  failpoint("built");
  enum err err = sync_shards(w, failure);
  failpoint("shards synced");
  if (!err) err = write_manifest(w, facts, &current, failure);
  failpoint("manifest written");
  if (!err) err = data_folder_sync(w->data_dir, w->number, failure);
  failpoint("folder synced");
  if (!err) err = data_folder_set_current(w->data_dir, &current, failure);
  failpoint("published");
  if (err) {
    failure_wrap(failure, "publishing generation %" PRIu64, w->number);
    /* The pointer may have moved before what failed: then the new generation must stay. */
    struct data_folder_current now;
    if (data_folder_current(w->data_dir, &now, NULL) == ERR_OK && now.generation == w->number)
      release(w);
    else
      generation_abort(w);
    return err;
  }
  /* Older ones that can't be removed now are removed by the next run. */
  (void)data_folder_clean(w->data_dir, w->number, NULL);
  failpoint("cleaned");
  release(w);
  return ERR_OK;
}
