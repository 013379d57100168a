/* What customers have to do with each other: tables review and relation of a generation. */
#include "worker/store/generation_parts.h"

static enum err malformed(const struct shard_reader *reader, const char *what,
                          struct failure *failure) {
  return failure_set(failure, ERR_CORRUPT,
                     "a %s in %s is malformed; `guiyi verify` says what is "
                     "damaged",
                     what, shard_reader_path(reader));
}

/* The row of a customer, copied; empty when there is none. */
static enum err read_row(const struct generation *g, enum store_table table, uint64_t customer_id,
                         struct arena *arena, struct bytes *payload, struct failure *failure) {
  uint32_t shard = generation_shard_of(customer_id, generation_manifest(g)->shard_count);
  struct shard_view view;
  char key[8];
  store_be64(key, customer_id);
  struct shard_row row = {.key = bytes_of(key, sizeof key)};
  *payload = BYTES_EMPTY;
  enum err err = shard_view_open(generation_shard_reader(g, shard), table, &view, failure);
  if (err) return err;
  err = shard_view_step(&view, SHARD_AT, &row, failure);
  if (!err) *payload = arena_copy(arena, row.payload);
  shard_view_close(&view);
  return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err malformed_of(const struct generation *g, uint64_t customer_id, const char *what,
                             struct failure *failure) {
  uint32_t shard = generation_shard_of(customer_id, generation_manifest(g)->shard_count);
  return malformed(generation_shard_reader(g, shard), what, failure);
}

enum err generation_relations(const struct generation *g, uint64_t customer_id, struct arena *arena,
                              const struct stored_relation **relations, uint32_t *count,
                              struct failure *failure) {
  struct bytes payload;
  *relations = NULL;
  *count = 0;
  enum err err = read_row(g, STORE_RELATION, customer_id, arena, &payload, failure);
  if (err || payload.size == 0) return err;
  err = stored_relations_read(payload, arena, relations, count);
  return err ? malformed_of(g, customer_id, "relation", failure) : ERR_OK;
}

enum err generation_reviews(const struct generation *g, uint64_t customer_id, struct arena *arena,
                            const struct stored_review **reviews, uint32_t *count,
                            struct failure *failure) {
  struct bytes payload;
  *reviews = NULL;
  *count = 0;
  enum err err = read_row(g, STORE_REVIEW, customer_id, arena, &payload, failure);
  if (err || payload.size == 0) return err;
  err = stored_reviews_read(payload, arena, reviews, count);
  return err ? malformed_of(g, customer_id, "review", failure) : ERR_OK;
}

enum err generation_visit_reviews(const struct generation *g, uint32_t shard,
                                  enum err (*visit)(void *context, uint64_t customer_id,
                                                    const struct stored_review *review,
                                                    struct failure *failure),
                                  void *context, struct failure *failure) {
  const struct shard_reader *reader = generation_shard_reader(g, shard);
  struct shard_view view;
  struct arena arena = {0};
  enum err err = shard_view_open(reader, STORE_REVIEW, &view, failure), visited = ERR_OK;
  if (err) return err;
  struct shard_row row = {0};
  for (err = shard_view_step(&view, SHARD_FIRST, &row, failure); !err && !visited;
       err = shard_view_step(&view, SHARD_NEXT, &row, failure)) {
    const struct stored_review *items;
    uint32_t count = 0;
    arena_reset(&arena);
    if (row.key.size != 8 || stored_reviews_read(row.payload, &arena, &items, &count))
      visited = malformed(reader, "review", failure);
    for (uint32_t i = 0; i < count && !visited; i++)
      visited = visit(context, load_be64(row.key.data), &items[i], failure);
  }
  shard_view_close(&view);
  arena_release(&arena);
  return visited ? visited : err == ERR_NOT_FOUND ? ERR_OK : err;
}
