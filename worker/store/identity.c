/* Joining is by sorted record keys: the new run's are sorted once, with an index by their first
 * bits; the previous generation's come sorted from its shards. All records of a former customer lie
 * in one shard, so its votes are counted there and only one ballot per (customer, entity) is kept.
 */
#include "worker/store/identity.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/calendar.h"
#include "common/check.h"
#include "common/memory.h"
#include "worker/store/radix_sort.h"

#define NO_RECORD UINT32_MAX

/* How many of a former customer's records an entity holds. */
struct ballot {
  uint64_t customer_id;
  uint64_t votes;
  uint64_t oldest_key;
  uint32_t entity;
  int32_t oldest_day; /* INT32_MAX = unknown */
};

struct identity {
  struct identity_input input;
  struct radix_pair *sorted; /* (key.low, index of record) of the new run */
  uint32_t *taken;           /* at the first of a run of equal keys: how many were given out */
  size_t *bucket_start;      /* by the first bucket_bits of key.low */
  unsigned bucket_bits;
  struct ballot *ballots; /* by customer as added; one customer's lie together */
  size_t ballot_count, ballot_capacity;
  uint64_t *retired; /* former customers without a ballot */
  size_t retired_count, retired_capacity;
  struct identity_alias *former_aliases;
  size_t former_alias_count;
  struct identity_result result;
  size_t event_capacity, alias_capacity;
};

/* Room for one more in an array that doubles. */
static void *grown(void *items, size_t count, size_t *capacity, size_t item_size) {
  if (count < *capacity) return items;
  *capacity = *capacity ? *capacity * 2 : 256;
  return memory_resize(items, *capacity * item_size);
}

/* ---- the new run's records, by key ---- */

struct tie {
  struct hash128 key;
  uint64_t entity_key;
  uint32_t entity, record;
};

static int tie_order(const void *a_, const void *b_) {
  const struct tie *a = a_, *b = b_;
  if (a->key.high != b->key.high) return a->key.high < b->key.high ? -1 : 1;
  if (a->entity_key != b->entity_key) return a->entity_key < b->entity_key ? -1 : 1;
  return (a->entity > b->entity) - (a->entity < b->entity);
}

/* Puts records of one low key in an order that doesn't depend on rows. Rare, but there may be many.
 */
static void order_ties(struct identity *id, size_t from, size_t to) {
  struct tie *ties = memory_new((to - from) * sizeof *ties);
  for (size_t i = from; i < to; i++) {
    uint32_t record = (uint32_t)id->sorted[i].value;
    uint32_t entity = id->input.records[record].entity;
    ties[i - from] =
        (struct tie){id->input.records[record].key, id->input.entity_keys[entity], entity, record};
  }
  qsort(ties, to - from, sizeof *ties, tie_order);
  for (size_t i = from; i < to; i++) id->sorted[i].value = ties[i - from].record;
  free(ties);
}

static void sort_records(struct identity *id) {
  size_t count = id->input.record_count;
  id->sorted = memory_new(count * sizeof *id->sorted);
  struct radix_pair *spare = memory_new(count * sizeof *spare);
  for (size_t i = 0; i < count; i++)
    id->sorted[i] = (struct radix_pair){id->input.records[i].key.low, i};
  radix_sort_pairs(id->sorted, spare, count);
  free(spare);
  for (size_t from = 0, to; from < count; from = to) {
    to = from + 1;
    while (to < count && id->sorted[to].key == id->sorted[from].key) to++;
    if (to - from > 1) order_ties(id, from, to);
  }
}

static void index_records(struct identity *id) {
  size_t count = id->input.record_count;
  while (id->bucket_bits < 26 && (size_t)1 << id->bucket_bits < count) id->bucket_bits++;
  size_t buckets = (size_t)1 << id->bucket_bits;
  id->bucket_start = memory_new((buckets + 1) * sizeof *id->bucket_start);
  size_t at = 0;
  for (size_t b = 0; b <= buckets; b++) {
    while (at < count && id->bucket_bits && id->sorted[at].key >> (64 - id->bucket_bits) < b) at++;
    id->bucket_start[b] = b == buckets ? count : at;
  }
}

struct identity *identity_make(const struct identity_input *input) {
  check(input->record_count < UINT32_MAX);
  struct identity *id = memory_new_zeroed(1, sizeof *id);
  id->input = *input;
  return id;
}

/* A new record that was in the previous generation too. */
struct match {
  uint32_t entity, record;
};

static int by_entity(const void *a_, const void *b_) {
  const struct match *a = a_, *b = b_;
  return (a->entity > b->entity) - (a->entity < b->entity);
}

/* The first new record of this key that was not given to a former one; NO_RECORD when there is
 * none. */
static uint32_t take_record(struct identity *id, struct hash128 key) {
  size_t bucket = id->bucket_bits ? key.low >> (64 - id->bucket_bits) : 0;
  size_t low = id->bucket_start[bucket], high = id->bucket_start[bucket + 1], end = high;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (id->sorted[middle].key < key.low)
      low = middle + 1;
    else
      high = middle;
  }
  const struct identity_record *records = id->input.records;
  while (low < end && id->sorted[low].key == key.low &&
         records[id->sorted[low].value].key.high < key.high)
    low++;
  size_t at = low;
  if (at >= end || id->sorted[at].key != key.low) return NO_RECORD;
  at += id->taken[low];
  if (at >= end || id->sorted[at].key != key.low) return NO_RECORD;
  uint32_t record = (uint32_t)id->sorted[at].value;
  if (records[record].key.high != key.high) return NO_RECORD;
  id->taken[low]++;
  return record;
}

/* ---- the previous generation ---- */

/* One former customer's records as they are in the new run: a ballot for every entity among them.
 */
static void count_votes(struct identity *id, uint64_t customer_id, struct match *matches,
                        size_t count) {
  bool is_whole = true;
  for (size_t i = 1; i < count; i++) is_whole &= matches[i].entity == matches[0].entity;
  if (!is_whole) qsort(matches, count, sizeof *matches, by_entity);
  struct ballot *b = NULL;
  for (size_t i = 0; i < count; i++) {
    const struct identity_record *r = &id->input.records[matches[i].record];
    int32_t day = r->day == INT32_MIN ? INT32_MAX : r->day;
    if (!b || b->entity != r->entity) {
      id->ballots = grown(id->ballots, id->ballot_count, &id->ballot_capacity, sizeof *id->ballots);
      b = &id->ballots[id->ballot_count++];
      *b = (struct ballot){customer_id, 0, r->key.low, r->entity, day};
    }
    b->votes++;
    if (day < b->oldest_day || (day == b->oldest_day && r->key.low < b->oldest_key)) {
      b->oldest_day = day;
      b->oldest_key = r->key.low;
    }
  }
}

static void retire(struct identity *id, uint64_t customer_id) {
  id->retired = grown(id->retired, id->retired_count, &id->retired_capacity, sizeof *id->retired);
  id->retired[id->retired_count++] = customer_id;
}

enum err identity_add_shard(struct identity *id, const uint64_t *customer_ids,
                            size_t customer_count, const struct index_record *records,
                            size_t record_count) {
  for (size_t i = 0; i < record_count; i++)
    if (records[i].ordinal >= customer_count) return ERR_MALFORMED;
  if (!id->sorted) {
    sort_records(id);
    index_records(id);
    id->taken = memory_new_zeroed(id->input.record_count, sizeof *id->taken);
  }
  /* Which new record each former one is, then grouped by customer. */
  uint32_t *taken = memory_new(record_count * sizeof *taken);
  size_t *start = memory_new_zeroed(customer_count + 2, sizeof *start);
  for (size_t i = 0; i < record_count; i++) {
    taken[i] = take_record(id, records[i].key);
    if (taken[i] != NO_RECORD) start[records[i].ordinal + 2]++;
  }
  for (size_t c = 0; c < customer_count; c++) start[c + 2] += start[c + 1];
  struct match *grouped = memory_new(record_count * sizeof *grouped);
  /* start[c + 1] is where c begins and, when all are placed, where it ends. */
  for (size_t i = 0; i < record_count; i++)
    if (taken[i] != NO_RECORD)
      grouped[start[records[i].ordinal + 1]++] =
          (struct match){id->input.records[taken[i]].entity, taken[i]};
  for (size_t c = 0; c < customer_count; c++) {
    if (start[c] == start[c + 1])
      retire(id, customer_ids[c]);
    else
      count_votes(id, customer_ids[c], grouped + start[c], start[c + 1] - start[c]);
  }
  free(taken);
  free(start);
  free(grouped);
  return ERR_OK;
}

void identity_add_aliases(struct identity *id, const struct identity_alias *aliases, size_t count) {
  size_t total = id->former_alias_count + count;
  id->former_aliases = memory_resize(id->former_aliases, total * sizeof *aliases);
  if (count) memcpy(id->former_aliases + id->former_alias_count, aliases, count * sizeof *aliases);
  id->former_alias_count = total;
}

void identity_add_counters(struct identity *id, const struct manifest_counter *counters,
                           size_t count) {
  struct identity_result *r = &id->result;
  r->counters = memory_resize(r->counters, (r->counter_count + count + 1) * sizeof *counters);
  if (count) memcpy(r->counters + r->counter_count, counters, count * sizeof *counters);
  r->counter_count += (uint32_t)count;
}

/* ---- deciding ---- */

static bool ballot_wins(const struct identity *id, const struct ballot *a, const struct ballot *b) {
  if (a->votes != b->votes) return a->votes > b->votes;
  if (a->oldest_day != b->oldest_day) return a->oldest_day < b->oldest_day;
  if (a->oldest_key != b->oldest_key) return a->oldest_key < b->oldest_key;
  uint64_t key_a = id->input.entity_keys[a->entity], key_b = id->input.entity_keys[b->entity];
  return key_a != key_b ? key_a < key_b : a->entity < b->entity;
}

static size_t ballots_end(const struct identity *id, size_t from) {
  size_t to = from + 1;
  while (to < id->ballot_count && id->ballots[to].customer_id == id->ballots[from].customer_id)
    to++;
  return to;
}

static const struct ballot *winner(const struct identity *id, size_t from, size_t to) {
  const struct ballot *best = &id->ballots[from];
  for (size_t i = from + 1; i < to; i++)
    if (ballot_wins(id, &id->ballots[i], best)) best = &id->ballots[i];
  return best;
}

static void keep_former_ids(struct identity *id) {
  uint64_t *ids = id->result.customer_ids;
  for (size_t from = 0, to; from < id->ballot_count; from = to) {
    to = ballots_end(id, from);
    const struct ballot *won = winner(id, from, to);
    if (ids[won->entity] == 0 || won->customer_id < ids[won->entity])
      ids[won->entity] = won->customer_id;
  }
}

static void add_event(struct identity *id, enum identity_event_kind kind, uint64_t customer_id,
                      uint64_t other, uint64_t count) {
  struct identity_result *r = &id->result;
  r->events = grown(r->events, r->event_count, &id->event_capacity, sizeof *r->events);
  r->events[r->event_count++] = (struct identity_event){kind, customer_id, other, count};
}

static void add_alias(struct identity *id, uint64_t customer_id, uint64_t target,
                      uint64_t generation) {
  struct identity_result *r = &id->result;
  r->aliases = grown(r->aliases, r->alias_count, &id->alias_capacity, sizeof *r->aliases);
  r->aliases[r->alias_count++] = (struct identity_alias){customer_id, target, generation};
}

static struct manifest_counter *counter_of(struct identity *id, uint32_t day) {
  struct identity_result *r = &id->result;
  identity_add_counters(id, NULL, 0); /* room for one more */
  uint32_t i = 0;
  while (i < r->counter_count && r->counters[i].day < day) i++;
  if (i == r->counter_count || r->counters[i].day != day) {
    memmove(&r->counters[i + 1], &r->counters[i], (r->counter_count - i) * sizeof *r->counters);
    r->counters[i] = (struct manifest_counter){day, 0};
    r->counter_count++;
  }
  return &r->counters[i];
}

static enum err mint_new_ids(struct identity *id, struct failure *failure) {
  const struct identity_input *in = &id->input;
  uint64_t *ids = id->result.customer_ids;
  size_t count = 0;
  struct radix_pair *fresh = memory_new(in->entity_count * sizeof *fresh);
  for (uint32_t e = 0; e < in->entity_count; e++)
    if (ids[e] == 0) fresh[count++] = (struct radix_pair){in->entity_keys[e], e};
  struct radix_pair *spare = memory_new(count * sizeof *spare);
  radix_sort_pairs(fresh, spare, count);
  free(spare);
  uint32_t date;
  enum err err = ERR_OK;
  if (!identity_date_of_day(in->as_of_day, &date)) {
    err =
        failure_set(failure, ERR_LIMIT,
                    "the day of the run (as_of) is not in the years 1 to 9999: customer ids begin "
                    "with that day; set as_of in the job file");
  } else if (count) {
    struct manifest_counter *counter = counter_of(id, date);
    uint64_t first = counter->last + 1;
    if (count >= IDENTITY_COUNTER_LIMIT - first) {
      err = failure_set(failure, ERR_LIMIT,
                        "no customer ids are left for the day %" PRIu32 ": %" PRIu64
                        " are used; set another as_of in the job file",
                        date, counter->last);
    } else {
      uint64_t base = date * IDENTITY_COUNTER_LIMIT;
      for (size_t i = 0; i < count; i++) ids[fresh[i].value] = base + first + i;
      counter->last += count;
      add_event(id, IDENTITY_CREATED, base + first, base + counter->last, count);
    }
  }
  free(fresh);
  return err;
}

static int alias_order(const void *a_, const void *b_) {
  const struct identity_alias *a = a_, *b = b_;
  return (a->customer_id > b->customer_id) - (a->customer_id < b->customer_id);
}

static int event_order(const void *a_, const void *b_) {
  const struct identity_event *a = a_, *b = b_;
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  if (a->customer_id != b->customer_id) return a->customer_id < b->customer_id ? -1 : 1;
  return (a->other > b->other) - (a->other < b->other);
}

/* What became of the former customers; afterwards the aliases of this generation alone. */
static void note_changes(struct identity *id) {
  const uint64_t *ids = id->result.customer_ids;
  uint64_t now = id->input.generation;
  for (size_t from = 0, to; from < id->ballot_count; from = to) {
    to = ballots_end(id, from);
    const struct ballot *won = winner(id, from, to);
    uint64_t former = won->customer_id, current = ids[won->entity];
    if (current != former) {
      add_alias(id, former, current, now);
      add_event(id, IDENTITY_MERGED, former, current, 0);
    }
    for (size_t i = from; i < to; i++)
      if (&id->ballots[i] != won)
        add_event(id, IDENTITY_SPLIT, former, ids[id->ballots[i].entity], id->ballots[i].votes);
  }
  for (size_t i = 0; i < id->retired_count; i++) {
    add_alias(id, id->retired[i], 0, now);
    add_event(id, IDENTITY_RETIRED, id->retired[i], 0, 0);
  }
}

/* An alias of a customer that became an alias itself points on, so that one step resolves all. */
static void carry_aliases(struct identity *id) {
  struct identity_result *r = &id->result;
  size_t fresh = r->alias_count;
  if (fresh) qsort(r->aliases, fresh, sizeof *r->aliases, alias_order);
  for (size_t i = 0; i < id->former_alias_count; i++) {
    struct identity_alias alias = id->former_aliases[i];
    struct identity_alias wanted = {.customer_id = alias.target};
    const struct identity_alias *moved =
        fresh ? bsearch(&wanted, r->aliases, fresh, sizeof wanted, alias_order) : NULL;
    if (moved && alias.target) {
      alias.target = moved->target;
      alias.generation = moved->generation;
    }
    add_alias(id, alias.customer_id, alias.target, alias.generation);
  }
  if (r->alias_count) qsort(r->aliases, r->alias_count, sizeof *r->aliases, alias_order);
}

enum err identity_finish(struct identity *id, const struct identity_result **result,
                         struct failure *failure) {
  check(!id->result.customer_ids);
  id->result.customer_ids =
      memory_new_zeroed(id->input.entity_count, sizeof *id->result.customer_ids);
  keep_former_ids(id);
  enum err err = mint_new_ids(id, failure);
  if (err) return err;
  note_changes(id);
  carry_aliases(id);
  if (id->result.event_count)
    qsort(id->result.events, id->result.event_count, sizeof *id->result.events, event_order);
  *result = &id->result;
  return ERR_OK;
}

void identity_release(struct identity *id) {
  if (!id) return;
  free(id->sorted);
  free(id->taken);
  free(id->bucket_start);
  free(id->ballots);
  free(id->retired);
  free(id->former_aliases);
  free(id->result.customer_ids);
  free(id->result.aliases);
  free(id->result.counters);
  free(id->result.events);
  free(id);
}

bool identity_date_of_day(int32_t day, uint32_t *yyyymmdd) {
  if (day < calendar_day((struct calendar_date){1, 1, 1}) ||
      day > calendar_day((struct calendar_date){9999, 12, 31}))
    return false;
  struct calendar_date date = calendar_date_of(day);
  *yyyymmdd = (uint32_t)(date.year * 10000 + date.month * 100 + date.day);
  return true;
}
