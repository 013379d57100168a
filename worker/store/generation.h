/* generation — one complete, immutable result of a run, and how it becomes the current one.
 *
 *   DATA_DIR/CURRENT                     names the current generation and its manifest's checksum
 *   DATA_DIR/LOCK                        held by the one run that builds
 *   DATA_DIR/generations/000042/manifest.json, events.jsonl, shard_000.lmdb …
 *
 * A run builds the next generation beside the current one and moves CURRENT with one rename;
 * readers see the old one or the new one, whole. The generation before the current one is kept.
 *
 * Writing, in this order (worker/store/README.md has the picture):
 *   generation_writer_open       one thread
 *   generation_assign_ids        one thread, after clustering: which entity is which customer
 *   generation_order_make        which entities go to which shard, in which order
 *   generation_shard_begin / _append / _end     once per shard, every shard; different shards may
 * be written by different threads at the same time generation_publish           one thread, after
 * the last generation_shard_end or generation_abort at any point. Reading: generation_open;
 * everything on a `const struct generation *` may be called by any number of threads. */
#ifndef GUIYI_WORKER_STORE_GENERATION_H
#define GUIYI_WORKER_STORE_GENERATION_H

#include "common/model.h"
#include "common/record.h"
#include "worker/run_state.h"
#include "worker/store/link_value.h"
#include "worker/store/manifest.h"

struct generation;
struct generation_writer;
struct generation_shard;

/* What the run knew of a record besides its values: what explaining needs. Made by
 * member_evidence_of (stored_row.h). */
struct member_evidence {
  uint8_t rule_class[JOB_BLOCKING_RULES_MAX];
  uint8_t frequency[JOB_COMPARISONS_MAX / 2];
  uint8_t feature_check[JOB_COMPARISONS_MAX]; /* eight bits of each feature; 0 = it was missing */
};

/* One customer as it is stored. */
struct generation_customer {
  uint64_t customer_id;
  struct bytes golden;                    /* worker/golden_codec.h */
  uint32_t member_count;                  /* at least 1 */
  const struct record_view *members;      /* canonical order */
  const struct member_evidence *evidence; /* by member */
  const struct stored_review *reviews;    /* of pairs whose first record is the customer's */
  const struct stored_relation *relations;
  uint32_t review_count, relation_count;
};

/* ---- writing ---- */

/* Makes the folder when there is none, takes its lock (ERR_STORE with a sentence when another run
 * holds it), removes what broken runs left, opens the current generation when there is one. The job
 * must outlive the writer. */
enum err generation_writer_open(const char *data_dir, const struct job *job,
                                struct generation_writer **writer, struct failure *failure);
uint64_t generation_writer_number(const struct generation_writer *writer);
/* The current generation, which the new one continues; NULL for the first. Owned by the writer. */
const struct generation *generation_writer_previous(const struct generation_writer *writer);

/* Gives every entity of run->clusters its customer id (run->customer_ids is allocated here; free()
 * it) by the rule of worker/store/identity.h; the writer keeps the aliases and events that follow
 * from it. Reads run->rows, clusters, as_of_day. */
enum err generation_assign_ids(struct generation_writer *writer, struct run_state *run,
                               struct failure *failure);

/* Entities grouped by shard, inside a shard by ascending customer id: the order of appending. */
struct generation_order {
  uint32_t *entities; /* entity_count of them */
  uint32_t shard_start[GENERATION_SHARDS_MAX + 1];
};
void generation_order_make(const uint64_t *customer_ids, uint32_t entity_count,
                           uint32_t shard_count, struct generation_order *order);
void generation_order_release(struct generation_order *order);
/* The shard of a customer: the slot of xxh3(id), a shard being a run of slots. */
uint32_t generation_shard_of(uint64_t customer_id, uint32_t shard_count);

/* shard < job.shards; each exactly once. */
enum err generation_shard_begin(struct generation_writer *writer, uint32_t shard,
                                struct generation_shard **out, struct failure *failure);
/* Customer ids must ascend and belong to the shard. Nothing is borrowed after the call. */
enum err generation_shard_append(struct generation_shard *shard,
                                 const struct generation_customer *customer,
                                 struct failure *failure);
/* Writes the indexes and finishes the shard; the handle is gone, whatever is returned. */
enum err generation_shard_end(struct generation_shard *take_shard, struct failure *failure);
/* Gives up a shard that was begun; the run must then be aborted. NULL is allowed. */
void generation_shard_drop(struct generation_shard *take_shard);

/* A run's digest (the sum of golden_digest over all customers, worker/golden_codec.h) as it is
 * printed and stands in the manifest: 32 hexadecimal digits. */
enum { GENERATION_DIGEST_BYTES = 33 };
void generation_digest_format(struct hash128 digest, char out[GENERATION_DIGEST_BYTES]);

/* What the manifest says of the run besides what the writer knows itself. Borrowed for the call. */
struct generation_facts {
  struct bytes digest; /* of the run; guiyi verify computes it again */
  int32_t as_of_day;   /* days since 1970-01-01 */
  uint32_t row_count;  /* record_header.row is below this */
  uint64_t records_read, records_quarantined, records_rejected;
  struct manifest_decisions decisions;
  const struct model *model;
  const struct manifest_file *files; /* by record_header.file */
  uint32_t file_count;
};

/* Syncs all shards, writes the manifest, moves CURRENT, removes generations older than the
 * previous. On an error the old generation stays current. Either way the writer is gone. */
enum err generation_publish(struct generation_writer *take_writer,
                            const struct generation_facts *facts, struct failure *failure);
/* Removes what was built. NULL is allowed. */
void generation_abort(struct generation_writer *take_writer);

/* ---- reading ---- */

/* Opens the current generation and stays with it, whatever is published later. ERR_NOT_FOUND when
 * the folder has none. */
enum err generation_open(const char *data_dir, struct generation **out, struct failure *failure);
void generation_close(struct generation *take_generation); /* NULL is allowed */
const struct manifest *generation_manifest(const struct generation *generation);

/* A customer read back; all in the arena. */
struct stored_customer {
  uint64_t customer_id; /* the one it has now, when an alias was asked for */
  struct bytes golden;
  uint32_t member_count;
  const struct record_view *members;
  const struct member_evidence *evidence;
};

/* customer_id may be an alias. ERR_NOT_FOUND (the sentence says when the customer was retired),
 * ERR_CORRUPT when what is stored is not what was written. */
enum err generation_get(const struct generation *generation, uint64_t customer_id,
                        struct arena *arena, struct stored_customer *customer,
                        struct failure *failure);
/* The customer that holds a record. member is the record's index among the members. */
enum err generation_get_by_record(const struct generation *generation, struct bytes source_id,
                                  struct bytes source_record_id, struct arena *arena,
                                  struct stored_customer *customer, uint32_t *member,
                                  struct failure *failure);
/* The same by the record's key (common/record.h): also for records without an id of their own. */
enum err generation_get_by_key(const struct generation *generation, struct hash128 key,
                               struct arena *arena, struct stored_customer *customer,
                               uint32_t *member, struct failure *failure);

/* The customers it lives or works with; none is no error. */
enum err generation_relations(const struct generation *generation, uint64_t customer_id,
                              struct arena *arena, const struct stored_relation **relations,
                              uint32_t *count, struct failure *failure);
/* The pairs to look at that are stored with the customer; none is no error. */
enum err generation_reviews(const struct generation *generation, uint64_t customer_id,
                            struct arena *arena, const struct stored_review **reviews,
                            uint32_t *count, struct failure *failure);
/* Calls visit for every pair of a shard that a person should look at, by the customer of its first
 * record; what it is given is valid during the call alone. The first error ends it and is returned.
 */
enum err generation_visit_reviews(const struct generation *generation, uint32_t shard,
                                  enum err (*visit)(void *context, uint64_t customer_id,
                                                    const struct stored_review *review,
                                                    struct failure *failure),
                                  void *context, struct failure *failure);

/* Calls visit for every customer of a shard, in order of id; what it is given is valid during the
 * call alone. The first error ends it and is returned. */
enum err generation_visit(const struct generation *generation, uint32_t shard,
                          enum err (*visit)(void *context, const struct stored_customer *customer,
                                            struct failure *failure),
                          void *context, struct failure *failure);

#endif
