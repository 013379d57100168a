/* One shard of a generation being built: customers come in order of id; the indexes are collected
 * beside and written at the end. */
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/store/customer_value.h"
#include "worker/store/data_folder.h"
#include "worker/store/generation_parts.h"
#include "worker/store/index_leaf.h"
#include "worker/store/radix_sort.h"
#include "worker/store/search_terms.h"

struct generation_shard {
  struct generation_writer *writer;
  struct shard_writer *file;
  uint32_t number;
  uint64_t *ids;
  size_t id_count, id_capacity;
  struct index_record *records;
  size_t record_count, record_capacity;
  uint64_t *terms; /* index_term() */
  size_t term_count, term_capacity;
  struct u32_list hashes; /* of one value */
  uint64_t *seen;         /* values of one customer that were indexed already: a hash table */
  size_t seen_capacity;
  struct arena scratch;
  char *sorting; /* room for the sorts at the end */
  size_t sorting_capacity;
  struct generation_shard *next; /* among the spare ones */
};

static void *grown(void *items, size_t need, size_t *capacity, size_t item_size) {
  if (need <= *capacity) return items;
  while (*capacity < need) *capacity = *capacity ? *capacity * 2 : 1024;
  return memory_resize(items, *capacity * item_size);
}

/* A shard's tables are hundreds of bytes a customer: their pages serve one shard after the other.
 */
static struct generation_shard *take_spare(struct generation_writer *w) {
  pthread_mutex_lock(&w->lock);
  struct generation_shard *s = w->spare;
  if (s) w->spare = s->next;
  pthread_mutex_unlock(&w->lock);
  if (!s) return memory_new_zeroed(1, sizeof *s);
  s->id_count = s->record_count = s->term_count = 0;
  return s;
}

static void *sorting_room(struct generation_shard *s, size_t size) {
  if (size > s->sorting_capacity) {
    free(s->sorting);
    s->sorting = memory_new(size);
    s->sorting_capacity = size;
  }
  return s->sorting;
}

enum err generation_shard_begin(struct generation_writer *w, uint32_t shard,
                                struct generation_shard **out, struct failure *failure) {
  check(shard < w->job->shards && !w->begun[shard] && w->has_ids);
  w->begun[shard] = true;
  char name[32], path[DATA_FOLDER_PATH_MAX];
  generation_shard_file_name(shard, name);
  struct shard_writer *file;
  enum err err = data_folder_path(w->data_dir, w->number, name, path, failure);
  if (!err) err = shard_writer_open(path, w->number, shard, &file, failure);
  if (err) return err;
  struct generation_shard *s = take_spare(w);
  s->writer = w;
  s->file = file;
  s->number = shard;
  *out = s;
  return ERR_OK;
}

void generation_shard_drop(struct generation_shard *s) {
  if (!s) return;
  (void)shard_writer_close(s->file, false, NULL);
  s->file = NULL;
  pthread_mutex_lock(&s->writer->lock);
  s->next = s->writer->spare;
  s->writer->spare = s;
  pthread_mutex_unlock(&s->writer->lock);
}

void generation_shards_release(struct generation_writer *w) {
  for (struct generation_shard *s; (s = w->spare);) {
    w->spare = s->next;
    free(s->ids);
    free(s->records);
    free(s->terms);
    free(s->seen);
    free(s->sorting);
    u32_list_release(&s->hashes);
    arena_release(&s->scratch);
    free(s);
  }
}

/* Empties the table of seen values, with room for so many. */
static void clear_seen(struct generation_shard *s, size_t values) {
  size_t capacity = 64;
  while (capacity < values * 2) capacity *= 2;
  if (capacity > s->seen_capacity) {
    free(s->seen);
    s->seen = memory_new(capacity * sizeof *s->seen);
  }
  s->seen_capacity = capacity;
  memset(s->seen, 0, capacity * sizeof *s->seen);
}

static bool is_seen(struct generation_shard *s, uint64_t hash) {
  hash += hash == 0;
  size_t at = hash & (s->seen_capacity - 1);
  for (; s->seen[at]; at = (at + 1) & (s->seen_capacity - 1))
    if (s->seen[at] == hash) return true;
  s->seen[at] = hash;
  return false;
}

static void index_value(struct generation_shard *s, uint32_t field, enum field_search search,
                        struct bytes value, uint32_t ordinal) {
  if (value.size == 0 || search == FIELD_SEARCH_NONE) return;
  if (is_seen(s, hash_bytes_seeded(value, field))) return;
  s->hashes.count = 0;
  search_terms_of_value(field, search, value, &s->scratch, &s->hashes);
  s->terms = grown(s->terms, s->term_count + s->hashes.count, &s->term_capacity, sizeof *s->terms);
  for (size_t i = 0; i < s->hashes.count; i++)
    s->terms[s->term_count++] = index_term(s->hashes.items[i], ordinal);
}

static void index_customer(struct generation_shard *s, const struct generation_customer *c) {
  const struct job *job = s->writer->job;
  uint32_t ordinal = (uint32_t)s->id_count;
  clear_seen(s, (size_t)c->member_count * (job->field_count + 1));
  s->records =
      grown(s->records, s->record_count + c->member_count, &s->record_capacity, sizeof *s->records);
  for (uint32_t m = 0; m < c->member_count; m++) {
    const struct record_view *view = &c->members[m];
    s->records[s->record_count++] = (struct index_record){view->header->key, ordinal, m};
    for (uint32_t f = 0; f < job->field_count; f++)
      index_value(s, f, s->writer->search[f], view->values[f].text, ordinal);
    index_value(s, SEARCH_FIELD_RECORD_ID, FIELD_SEARCH_EXACT, view->id, ordinal);
  }
  arena_reset(&s->scratch);
}

/* Nothing where there is nothing. */
static enum err append_links(struct generation_shard *s, enum store_table table, struct bytes key,
                             const void *items, uint32_t count, size_t item_size,
                             struct failure *failure) {
  char *payload;
  if (count == 0) return ERR_OK;
  enum err err = shard_writer_put(s->file, table, key, count * item_size, count, &payload, failure);
  if (err) return err;
  memcpy(payload, items, count * item_size);
  shard_writer_seal(s->file);
  return ERR_OK;
}

enum err generation_shard_append(struct generation_shard *s, const struct generation_customer *c,
                                 struct failure *failure) {
  check(s->id_count < UINT32_MAX && (s->id_count == 0 || s->ids[s->id_count - 1] < c->customer_id));
  check(generation_shard_of(c->customer_id, s->writer->job->shards) == s->number);
  char key[8], *payload;
  store_be64(key, c->customer_id);
  enum err err = shard_writer_put(s->file, STORE_CUSTOMER, bytes_of(key, sizeof key),
                                  customer_value_size(c), 1, &payload, failure);
  if (err) return err;
  customer_value_write(c, payload);
  shard_writer_seal(s->file);
  err = append_links(s, STORE_REVIEW, bytes_of(key, sizeof key), c->reviews, c->review_count,
                     sizeof *c->reviews, failure);
  if (!err)
    err = append_links(s, STORE_RELATION, bytes_of(key, sizeof key), c->relations,
                       c->relation_count, sizeof *c->relations, failure);
  if (err) return err;
  index_customer(s, c);
  s->ids = grown(s->ids, s->id_count + 1, &s->id_capacity, sizeof *s->ids);
  s->ids[s->id_count++] = c->customer_id;
  return ERR_OK;
}

static enum err write_terms(struct generation_shard *s, struct failure *failure) {
  uint64_t *spare = sorting_room(s, s->term_count * sizeof *spare);
  /* They were appended in order of the ordinal, the low half: only the hashes are to be sorted. */
  radix_sort(s->terms, spare, s->term_count, 32);
  size_t count = 0;
  for (size_t i = 0; i < s->term_count; i++)
    if (count == 0 || s->terms[i] != s->terms[count - 1]) s->terms[count++] = s->terms[i];
  return index_write_terms(s->file, s->terms, count, failure);
}

static int by_high(const void *a_, const void *b_) {
  const struct index_record *a = a_, *b = b_;
  if (a->key.high != b->key.high) return a->key.high < b->key.high ? -1 : 1;
  if (a->ordinal != b->ordinal) return a->ordinal < b->ordinal ? -1 : 1;
  return (a->member > b->member) - (a->member < b->member);
}

static enum err write_records(struct generation_shard *s, struct failure *failure) {
  size_t count = s->record_count;
  struct index_record *sorted =
      sorting_room(s, count * (sizeof *sorted + 2 * sizeof(struct radix_pair)));
  struct radix_pair *pairs = (struct radix_pair *)(sorted + count), *spare = pairs + count;
  for (size_t i = 0; i < count; i++) pairs[i] = (struct radix_pair){s->records[i].key.low, i};
  radix_sort_pairs(pairs, spare, count);
  for (size_t i = 0; i < count; i++) sorted[i] = s->records[pairs[i].value];
  for (size_t from = 0, to; from < count; from = to) {
    for (to = from + 1; to < count && sorted[to].key.low == sorted[from].key.low;) to++;
    if (to - from > 1) qsort(sorted + from, to - from, sizeof *sorted, by_high);
  }
  return index_write_records(s->file, sorted, count, failure);
}

static enum err write_aliases(struct generation_shard *s, struct failure *failure) {
  const struct generation_order *order = &s->writer->alias_order;
  enum err err = ERR_OK;
  for (uint32_t i = order->shard_start[s->number]; !err && i < order->shard_start[s->number + 1];
       i++) {
    const struct identity_alias *alias = &s->writer->ids->aliases[order->entities[i]];
    char key[8], *payload;
    store_be64(key, alias->customer_id);
    err =
        shard_writer_put(s->file, STORE_ALIAS, bytes_of(key, sizeof key), 16, 1, &payload, failure);
    if (err) break;
    memcpy(payload, &alias->target, 8);
    memcpy(payload + 8, &alias->generation, 8);
    shard_writer_seal(s->file);
  }
  return err;
}

enum err generation_shard_end(struct generation_shard *s, struct failure *failure) {
  struct generation_writer *w = s->writer;
  enum err err = index_write_ordinals(s->file, s->ids, s->id_count, failure);
  if (!err) err = write_records(s, failure);
  if (!err) err = write_terms(s, failure);
  if (!err) err = write_aliases(s, failure);
  if (!err) err = shard_writer_finish(s->file, &w->shards[s->number], failure);
  if (!err) {
    w->files[s->number] = s->file;
    s->file = NULL;
    w->customers[s->number] = s->id_count;
    w->records[s->number] = s->record_count;
    w->ended[s->number] = true;
  }
  generation_shard_drop(s);
  return err;
}
