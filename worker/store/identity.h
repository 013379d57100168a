/* identity — customer ids that survive reruns.
 *
 *   - Each former id goes to the entity that holds most of its records; where two hold as many, to
 * the one with the oldest record, then with the smallest record key.
 *   - An entity that receives several ids keeps the oldest (the smallest: ids grow with time); the
 *     others become aliases, which resolve forever.
 *   - An entity that receives none gets a new id: the day of the run's as_of and a counter, in the
 *     canonical order of entities. The counter of a day goes on where it stopped; an id is never
 * used twice.
 *   - A former id none of whose records are left is retired: it stays known as such.
 *
 * Pure: no I/O, no clock. The result depends on the sets of records alone, not on their order. One
 * thread. */
#ifndef GUIYI_WORKER_STORE_IDENTITY_H
#define GUIYI_WORKER_STORE_IDENTITY_H

#include "common/err.h"
#include "common/hash.h"
#include "worker/store/index_leaf.h"
#include "worker/store/manifest.h"

/* A record of the new run. Several may have one key (rows without an id and with the same content).
 */
struct identity_record {
  struct hash128 key;
  uint32_t entity;
  int32_t day; /* of the record, days since 1970-01-01; INT32_MIN = unknown */
};

/* What became of an id that no customer has any more. */
struct identity_alias {
  uint64_t customer_id;
  uint64_t target;     /* the customer that has its records; 0 = retired */
  uint64_t generation; /* in which it became so */
};

enum identity_event_kind {
  IDENTITY_CREATED, /* customer_id … other are new: `count` of them, without a gap */
  IDENTITY_MERGED,  /* customer_id is an alias of other now */
  IDENTITY_SPLIT,   /* `count` records of customer_id went to other */
  IDENTITY_RETIRED, /* customer_id has no records any more */
};

struct identity_event {
  enum identity_event_kind kind;
  uint64_t customer_id, other;
  uint64_t count;
};

struct identity_input {
  const struct identity_record *records; /* borrowed until identity_finish */
  size_t record_count;
  const uint64_t *entity_keys; /* by entity: the smallest low half of its record keys */
  uint32_t entity_count;
  int32_t as_of_day;   /* days since 1970-01-01 */
  uint64_t generation; /* being built */
};

struct identity_result {
  uint64_t *customer_ids; /* by entity */
  struct identity_alias
      *aliases; /* by customer id: the former ones brought up to date, and new ones */
  size_t alias_count;
  struct manifest_counter *counters; /* by day */
  uint32_t counter_count;
  struct identity_event *events; /* created, merged, split, retired; each by customer id */
  size_t event_count;
};

struct identity;

struct identity *identity_make(const struct identity_input *input);
/* The customers of one shard of the previous generation and all their records (index_leaf.h): every
 * shard once, in any order. ERR_MALFORMED when a record names a customer that is not there. */
enum err identity_add_shard(struct identity *identity, const uint64_t *customer_ids,
                            size_t customer_count, const struct index_record *records,
                            size_t record_count);
void identity_add_aliases(struct identity *identity, const struct identity_alias *aliases,
                          size_t count);
void identity_add_counters(struct identity *identity, const struct manifest_counter *counters,
                           size_t count);
/* Once, after everything was added. The result is valid until identity_release. ERR_LIMIT when a
 * day has no ids left or as_of is no day of the years 1 to 9999. */
enum err identity_finish(struct identity *identity, const struct identity_result **result,
                         struct failure *failure);
void identity_release(struct identity *take_identity); /* NULL is allowed */

/* 20240501 for the day 19844. false outside the years 1 to 9999. */
bool identity_date_of_day(int32_t day, uint32_t *yyyymmdd);

#define IDENTITY_COUNTER_LIMIT 10000000000ULL /* a customer id is yyyymmdd * this + counter */

#endif
