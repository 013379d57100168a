#include "worker/store/generation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "worker/golden.h"
#include "worker/store/customer_value.h"
#include "worker/store/data_folder.h"
#include "worker/store/generation_parts.h"
#include "worker/store/index_leaf.h"

enum {
  MANIFEST_BYTES_MAX = 256 << 20,
  OPEN_ATTEMPTS = 8, /* a publication between reading CURRENT and opening is rare; two in a row … */
};

struct generation {
  char *data_dir;
  struct arena arena; /* of the manifest */
  struct manifest manifest;
  struct shard_reader *shards[GENERATION_SHARDS_MAX];
};

void generation_shard_file_name(uint32_t shard, char name[32]) {
  snprintf(name, 32, "shard_%03u.lmdb", shard);
}

static enum err read_manifest_of(const char *data_dir, const struct data_folder_current *current,
                                 struct arena *arena, struct manifest *manifest,
                                 struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  struct buffer text = {0};
  enum err err = data_folder_path(data_dir, current->generation, "manifest.json", path, failure);
  if (!err) err = data_folder_read_file(path, MANIFEST_BYTES_MAX, &text, failure);
  if (!err) {
    struct hash128 found = hash_bytes_128(buffer_bytes(&text));
    if (found.low != current->manifest_checksum.low ||
        found.high != current->manifest_checksum.high)
      err = failure_set(failure, ERR_CORRUPT,
                        "%s is not what was published (%zu bytes, another checksum than CURRENT "
                        "says): restore the file from a backup, or run into a new --data-dir",
                        path, text.size);
  }
  if (!err) {
    err = manifest_parse(buffer_bytes(&text), arena, manifest, failure);
    if (err) failure_wrap(failure, "%s", path);
  }
  if (!err && manifest->generation != current->generation)
    err = failure_set(failure, ERR_CORRUPT, "%s is of generation %" PRIu64 ", not %" PRIu64, path,
                      manifest->generation, current->generation);
  buffer_release(&text);
  return err;
}

enum err generation_read_manifest(const char *data_dir, struct arena *arena,
                                  struct manifest *manifest, struct failure *failure) {
  struct data_folder_current current;
  enum err err = data_folder_current(data_dir, &current, failure);
  return err ? err : read_manifest_of(data_dir, &current, arena, manifest, failure);
}

static enum err open_shards(struct generation *g, struct failure *failure) {
  for (uint32_t s = 0; s < g->manifest.shard_count; s++) {
    char name[32], path[DATA_FOLDER_PATH_MAX];
    generation_shard_file_name(s, name);
    enum err err = data_folder_path(g->data_dir, g->manifest.generation, name, path, failure);
    if (!err) err = shard_reader_open(path, g->manifest.generation, s, &g->shards[s], failure);
    if (err) return err;
  }
  return ERR_OK;
}

enum err generation_open(const char *data_dir, struct generation **out, struct failure *failure) {
  uint64_t tried = 0;
  for (int attempt = 0;; attempt++) {
    struct data_folder_current current;
    enum err err = data_folder_current(data_dir, &current, failure);
    if (err) return err;
    struct generation *g = memory_new_zeroed(1, sizeof *g);
    g->data_dir = memory_copy_string(data_dir);
    err = read_manifest_of(data_dir, &current, &g->arena, &g->manifest, failure);
    if (!err) err = open_shards(g, failure);
    if (!err) {
      *out = g;
      return ERR_OK;
    }
    generation_close(g);
    /* Gone meanwhile: two publications later it is not kept. A newer one is there then. */
    if (err != ERR_NOT_FOUND || attempt == OPEN_ATTEMPTS) return err;
    if (current.generation == tried)
      return failure_set(failure, ERR_CORRUPT,
                         "generation %" PRIu64
                         " in %s, the current one, lacks a file: restore it "
                         "from a backup, or run into a new --data-dir",
                         tried, data_dir);
    tried = current.generation;
  }
}

void generation_close(struct generation *g) {
  if (!g) return;
  for (uint32_t s = 0; s < GENERATION_SHARDS_MAX; s++) shard_reader_close(g->shards[s]);
  arena_release(&g->arena);
  free(g->data_dir);
  free(g);
}

const struct manifest *generation_manifest(const struct generation *g) { return &g->manifest; }
const char *generation_data_dir(const struct generation *g) { return g->data_dir; }

const struct shard_reader *generation_shard_reader(const struct generation *g, uint32_t shard) {
  return g->shards[shard];
}

/* ---- customers ---- */

static enum err get_in_shard(const struct generation *g, uint32_t shard, uint64_t customer_id,
                             struct arena *arena, struct stored_customer *customer,
                             struct failure *failure) {
  struct shard_view view;
  enum err err = shard_view_open(g->shards[shard], STORE_CUSTOMER, &view, failure);
  if (err) return err;
  char key[8];
  store_be64(key, customer_id);
  struct shard_row row = {.key = bytes_of(key, sizeof key)};
  err = shard_view_step(&view, SHARD_AT, &row, failure);
  if (!err && customer_value_read(row.payload, g->manifest.field_count, arena, customer))
    err = failure_set(failure, ERR_CORRUPT, "a customer in %s is malformed",
                      shard_reader_path(g->shards[shard]));
  customer->customer_id = customer_id;
  shard_view_close(&view);
  return err;
}

static bool alias_of_row(const struct shard_row *row, struct identity_alias *alias) {
  if (row->key.size != 8 || row->payload.size != 16) return false;
  *alias = (struct identity_alias){load_be64(row->key.data), load_u64(row->payload.data),
                                   load_u64(row->payload.data + 8)};
  return true;
}

static enum err alias_malformed(const struct shard_reader *shard, struct failure *failure) {
  return failure_set(failure, ERR_CORRUPT, "an alias in %s is malformed", shard_reader_path(shard));
}

static enum err get_alias(const struct generation *g, uint64_t customer_id,
                          struct identity_alias *alias, struct failure *failure) {
  const struct shard_reader *shard =
      g->shards[generation_shard_of(customer_id, g->manifest.shard_count)];
  struct shard_view view;
  enum err err = shard_view_open(shard, STORE_ALIAS, &view, failure);
  if (err) return err;
  char key[8];
  store_be64(key, customer_id);
  struct shard_row row = {.key = bytes_of(key, sizeof key)};
  err = shard_view_step(&view, SHARD_AT, &row, failure);
  if (!err && !alias_of_row(&row, alias)) err = alias_malformed(shard, failure);
  shard_view_close(&view);
  return err;
}

enum err generation_read_aliases(const struct generation *g, uint32_t shard_number,
                                 struct identity_alias **aliases, size_t *count,
                                 struct failure *failure) {
  const struct shard_reader *shard = g->shards[shard_number];
  size_t capacity = 0;
  *aliases = NULL;
  *count = 0;
  struct shard_view view;
  enum err err = shard_view_open(shard, STORE_ALIAS, &view, failure);
  if (err) return err;
  struct shard_row row = {0};
  for (err = shard_view_step(&view, SHARD_FIRST, &row, failure); !err;
       err = shard_view_step(&view, SHARD_NEXT, &row, failure)) {
    if (*count == capacity) {
      capacity = capacity ? capacity * 2 : 256;
      *aliases = memory_resize(*aliases, capacity * sizeof **aliases);
    }
    if (!alias_of_row(&row, &(*aliases)[(*count)++])) {
      err = alias_malformed(shard, failure);
      break;
    }
  }
  shard_view_close(&view);
  return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err generation_get(const struct generation *g, uint64_t customer_id, struct arena *arena,
                        struct stored_customer *customer, struct failure *failure) {
  char name[32];
  uint32_t shard = generation_shard_of(customer_id, g->manifest.shard_count);
  enum err err = get_in_shard(g, shard, customer_id, arena, customer, failure);
  if (err != ERR_NOT_FOUND) return err;
  struct identity_alias alias = {0};
  err = get_alias(g, customer_id, &alias, failure);
  customer_id_format(customer_id, name);
  if (err == ERR_NOT_FOUND) {
    /* A damaged page may hide it. */
    err = shard_file_check_bytes(shard_reader_path(g->shards[shard]), &g->manifest.shards[shard],
                                 failure);
    return err ? err
               : failure_set(failure, ERR_NOT_FOUND,
                             "there is no customer %s in %s (generation %" PRIu64 ")", name,
                             g->data_dir, g->manifest.generation);
  }
  if (err) return err;
  if (alias.target == 0)
    return failure_set(failure, ERR_NOT_FOUND,
                       "customer %s was retired in generation %" PRIu64
                       ": none of its records were in the sources any more",
                       name, alias.generation);
  shard = generation_shard_of(alias.target, g->manifest.shard_count);
  err = get_in_shard(g, shard, alias.target, arena, customer, failure);
  if (err == ERR_NOT_FOUND)
    return failure_set(failure, ERR_CORRUPT, "customer %s is an alias of one that is not there",
                       name);
  return err;
}

enum err generation_get_by_ordinal(const struct generation *g, uint32_t shard, uint32_t ordinal,
                                   struct arena *arena, struct stored_customer *customer,
                                   struct failure *failure) {
  uint64_t id;
  enum err err = index_find_customer(g->shards[shard], ordinal, &id, failure);
  if (err) return err;
  err = get_in_shard(g, shard, id, arena, customer, failure);
  if (err == ERR_NOT_FOUND)
    return failure_set(failure, ERR_CORRUPT, "%s: an index names a customer that is not there",
                       shard_reader_path(g->shards[shard]));
  return err;
}

enum err generation_get_by_key(const struct generation *g, struct hash128 key, struct arena *arena,
                               struct stored_customer *customer, uint32_t *member,
                               struct failure *failure) {
  for (uint32_t s = 0; s < g->manifest.shard_count; s++) {
    struct index_record record;
    enum err err = index_find_record(g->shards[s], key, &record, failure);
    if (err == ERR_NOT_FOUND) continue;
    if (!err) err = generation_get_by_ordinal(g, s, record.ordinal, arena, customer, failure);
    if (err) return err;
    *member = record.member;
    if (record.member >= customer->member_count)
      return failure_set(failure, ERR_CORRUPT,
                         "%s: the record index names a record that is not there",
                         shard_reader_path(g->shards[s]));
    return ERR_OK;
  }
  return failure_set(failure, ERR_NOT_FOUND,
                     "there is no such record in %s (generation %" PRIu64 ")", g->data_dir,
                     g->manifest.generation);
}

enum err generation_get_by_record(const struct generation *g, struct bytes source_id,
                                  struct bytes source_record_id, struct arena *arena,
                                  struct stored_customer *customer, uint32_t *member,
                                  struct failure *failure) {
  return generation_get_by_key(g, record_key(source_id, source_record_id, true), arena, customer,
                               member, failure);
}

enum err generation_visit(const struct generation *g, uint32_t shard,
                          enum err (*visit)(void *context, const struct stored_customer *customer,
                                            struct failure *failure),
                          void *context, struct failure *failure) {
  struct shard_view view;
  struct arena arena = {0};
  enum err err = shard_view_open(g->shards[shard], STORE_CUSTOMER, &view, failure);
  if (err) return err;
  struct shard_row row = {0};
  for (err = shard_view_step(&view, SHARD_FIRST, &row, failure); !err;
       err = shard_view_step(&view, SHARD_NEXT, &row, failure)) {
    struct stored_customer customer;
    arena_reset(&arena);
    if (row.key.size != 8 ||
        customer_value_read(row.payload, g->manifest.field_count, &arena, &customer)) {
      err = failure_set(failure, ERR_CORRUPT, "a customer in %s is malformed",
                        shard_reader_path(g->shards[shard]));
      break;
    }
    customer.customer_id = load_be64(row.key.data);
    err = visit(context, &customer, failure);
    if (err) break;
  }
  shard_view_close(&view);
  arena_release(&arena);
  return err == ERR_NOT_FOUND ? ERR_OK : err;
}
