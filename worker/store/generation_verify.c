#include "worker/store/generation_verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/golden_codec.h"
#include "worker/golden_plan.h"
#include "worker/stages/merge.h"
#include "worker/store/customer_value.h"
#include "worker/store/data_folder.h"
#include "worker/store/generation_parts.h"
#include "worker/store/index_leaf.h"

struct verify {
  const char *data_dir;
  struct verify_report *report;
  struct arena arena; /* of the manifest */
  struct manifest manifest;
  struct job job;
  struct plan plan;
  struct golden_plan golden_plan;
  bool has_plan;
  uint64_t *row_seen; /* a bit for every row of the run */
  uint64_t customers, records;
  uint32_t shards_read;
  struct hash128 digest;
  struct buffer scratch;
  uint64_t
      *ids[GENERATION_SHARDS_MAX]; /* of the customers, ascending; NULL = the shard is damaged */
  size_t id_count[GENERATION_SHARDS_MAX];
  struct identity_alias *aliases_read;
  size_t alias_count, alias_capacity;
  uint64_t *linked; /* customers that reviews and relations lead to */
  size_t linked_count, linked_capacity;
};

/* One shard while it is read. */
struct shard_check {
  struct verify *verify;
  const struct shard_reader *reader;
  uint32_t number;
  uint64_t *ids; /* from table customer */
  size_t id_count, id_capacity;
  struct index_record *found; /* from table customer; unsorted */
  size_t found_count, found_capacity;
  size_t leaf_entries; /* of tables ordinal and record: position while comparing */
  struct arena arena;
  bool wrong; /* one problem per table is enough */
};

void verify_report_add(struct verify_report *r, const char *format, ...) {
  if (r->problem_count++ >= VERIFY_PROBLEMS_MAX) return;
  struct failure sentence;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(sentence.message, sizeof sentence.message, format, arguments);
  va_end(arguments);
  r->problems[r->problem_count - 1] = arena_copy_string(&r->arena, sentence.message);
}

static void *grown(void *items, size_t count, size_t *capacity, size_t item_size) {
  if (count < *capacity) return items;
  *capacity = *capacity ? *capacity * 2 : 1024;
  return memory_resize(items, *capacity * item_size);
}

static int id_order(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* ---- one customer ---- */

static void check_row(struct shard_check *s, const struct record_header *h, const char *name) {
  struct verify *v = s->verify;
  if (h->row >= v->manifest.row_count || h->source >= v->manifest.source_count ||
      (v->manifest.file_count && h->file >= v->manifest.file_count)) {
    verify_report_add(
        v->report,
        "%s, customer %s: a record names a row, source or file that the run did not have",
        shard_reader_path(s->reader), name);
    return;
  }
  uint64_t bit = (uint64_t)1 << (h->row & 63);
  if (v->row_seen[h->row >> 6] & bit)
    verify_report_add(v->report,
                      "%s, customer %s: row %" PRIu32 " of the run (line %" PRIu64
                      " of its file) is in two customers, or twice in one",
                      shard_reader_path(s->reader), name, h->row, h->line);
  v->row_seen[h->row >> 6] |= bit;
}

static void check_golden(struct shard_check *s, const struct stored_customer *c, const char *name) {
  struct verify *v = s->verify;
  const char *path = shard_reader_path(s->reader);
  struct golden_decoded decoded;
  if (golden_decode(c->golden, v->manifest.field_count, &s->arena, &decoded)) {
    verify_report_add(v->report, "%s, customer %s: the golden record is malformed", path, name);
    return;
  }
  struct golden_record *golden = &decoded.golden;
  bool same = golden->member_count == c->member_count && golden->customer_id == c->customer_id;
  for (uint32_t m = 0; same && m < c->member_count; m++)
    same = decoded.member_keys[m].low == c->members[m].header->key.low &&
           decoded.member_keys[m].high == c->members[m].header->key.high;
  if (!same) {
    verify_report_add(v->report,
                      "%s, customer %s: the golden record is of other records than lie beside it",
                      path, name);
    return;
  }
  if (!v->has_plan) return;
  golden->members = c->members;
  for (uint32_t f = 0; f < v->manifest.field_count; f++) {
    struct failure failure;
    if (golden_verify_value(&v->golden_plan, golden, f, &s->arena, &failure))
      verify_report_add(v->report, "%s, %s", path, failure.message);
    v->report->golden_values += golden->values[f].origin != GOLDEN_NONE;
  }
  golden_digest_add(&v->digest, golden_digest(&v->job, golden, &v->scratch));
}

static void check_customer(struct shard_check *s, const struct shard_row *row) {
  struct verify *v = s->verify;
  struct stored_customer c = {0};
  char name[32];
  arena_reset(&s->arena);
  uint64_t id = row->key.size == 8 ? load_be64(row->key.data) : 0;
  customer_id_format(id, name);
  if (id == 0 || generation_shard_of(id, v->manifest.shard_count) != s->number ||
      customer_value_read(row->payload, v->manifest.field_count, &s->arena, &c)) {
    verify_report_add(v->report, "%s, customer %s: malformed, or in the wrong shard",
                      shard_reader_path(s->reader), name);
    return;
  }
  c.customer_id = id;
  for (uint32_t m = 0; m < c.member_count; m++) {
    check_row(s, c.members[m].header, name);
    s->found = grown(s->found, s->found_count, &s->found_capacity, sizeof *s->found);
    s->found[s->found_count++] =
        (struct index_record){c.members[m].header->key, (uint32_t)s->id_count, m};
  }
  check_golden(s, &c, name);
  s->ids = grown(s->ids, s->id_count, &s->id_capacity, sizeof *s->ids);
  s->ids[s->id_count++] = id;
}

/* ---- tables ---- */

static size_t check_ordinals(struct shard_check *s, const struct shard_row *row) {
  uint64_t words[LEAF_WORDS];
  size_t count = 0;
  bool fits = index_decode_words(row->payload, words, &count) == ERR_OK &&
              s->leaf_entries + count <= s->id_count &&
              memcmp(words, s->ids + s->leaf_entries, count * sizeof *words) == 0;
  s->leaf_entries += count;
  s->wrong |= !fits;
  return count;
}

static size_t check_records(struct shard_check *s, const struct shard_row *row) {
  struct index_record records[LEAF_RECORDS];
  size_t count = 0;
  bool fits = index_decode_records(row->payload, records, &count) == ERR_OK &&
              s->leaf_entries + count <= s->found_count &&
              memcmp(records, s->found + s->leaf_entries, count * sizeof *records) == 0;
  s->leaf_entries += count;
  s->wrong |= !fits;
  return count;
}

static size_t check_terms(struct shard_check *s, const struct shard_row *row) {
  uint64_t words[LEAF_WORDS];
  size_t count = 0;
  s->wrong |= index_decode_words(row->payload, words, &count) != ERR_OK;
  for (size_t i = 0; i < count; i++) s->wrong |= (uint32_t)words[i] >= s->id_count;
  return count;
}

static void check_alias(struct shard_check *s, const struct shard_row *row) {
  struct verify *v = s->verify;
  if (row->key.size != 8 || row->payload.size != 16) {
    s->wrong = true;
    return;
  }
  v->aliases_read =
      grown(v->aliases_read, v->alias_count, &v->alias_capacity, sizeof *v->aliases_read);
  v->aliases_read[v->alias_count++] = (struct identity_alias){
      load_be64(row->key.data), load_u64(row->payload.data), load_u64(row->payload.data + 8)};
}

/* Both ends of a link: the one here, and, once all shards are read, the other. */
static void check_link(struct shard_check *s, const struct shard_row *row, uint64_t other) {
  struct verify *v = s->verify;
  uint64_t own = row->key.size == 8 ? load_be64(row->key.data) : 0;
  bool is_here = s->id_count && bsearch(&own, s->ids, s->id_count, sizeof own, id_order);
  s->wrong |= !is_here || own == other;
  v->linked = grown(v->linked, v->linked_count, &v->linked_capacity, sizeof *v->linked);
  v->linked[v->linked_count++] = other;
}

static size_t check_reviews(struct shard_check *s, const struct shard_row *row) {
  const struct stored_review *items;
  uint32_t count = 0;
  arena_reset(&s->arena);
  if (stored_reviews_read(row->payload, &s->arena, &items, &count)) s->wrong = true, count = 0;
  for (uint32_t i = 0; i < count; i++) check_link(s, row, items[i].other);
  return count;
}

static size_t check_relations(struct shard_check *s, const struct shard_row *row) {
  const struct stored_relation *items;
  uint32_t count = 0;
  arena_reset(&s->arena);
  if (stored_relations_read(row->payload, &s->arena, &items, &count)) s->wrong = true, count = 0;
  for (uint32_t i = 0; i < count; i++) check_link(s, row, items[i].other);
  return count;
}

static uint64_t check_table_row(struct shard_check *s, enum store_table table,
                                const struct shard_row *row) {
  switch (table) {
    case STORE_CUSTOMER:
      check_customer(s, row);
      return 1;
    case STORE_ORDINAL:
      return check_ordinals(s, row);
    case STORE_RECORD:
      return check_records(s, row);
    case STORE_TERM:
      return check_terms(s, row);
    case STORE_ALIAS:
      check_alias(s, row);
      return 1;
    case STORE_REVIEW:
      return check_reviews(s, row);
    case STORE_RELATION:
      return check_relations(s, row);
    case STORE_TABLE_COUNT:
      break;
  }
  check(false);
  return 0;
}

static void check_table(struct shard_check *s, enum store_table table, XXH3_state_t *state) {
  const struct manifest_table *expected = &s->verify->manifest.shards[s->number].tables[table];
  const char *path = shard_reader_path(s->reader);
  struct manifest_table sum = {0};
  struct failure failure = {0};
  struct shard_view view;
  s->wrong = false;
  s->leaf_entries = 0;
  XXH3_128bits_reset(state);
  enum err err = shard_view_open(s->reader, table, &view, &failure);
  if (!err) {
    struct shard_row row = {0};
    char last[SHARD_KEY_BYTES_MAX];
    struct bytes last_key = BYTES_EMPTY;
    for (err = shard_view_step(&view, SHARD_FIRST, &row, &failure); !err;
         err = shard_view_step(&view, SHARD_NEXT, &row, &failure)) {
      if (sum.puts && bytes_compare(last_key, row.key) >= 0) s->wrong = true;
      memcpy(last, row.key.data, row.key.size);
      last_key = bytes_of(last, row.key.size);
      sum.puts++;
      sum.bytes += row.key.size + row.payload.size + SHARD_SEAL_BYTES;
      shard_table_checksum_add(state, row.key, row.payload.size, row.seal);
      sum.entries += check_table_row(s, table, &row);
    }
  }
  shard_view_close(&view);
  if (err != ERR_NOT_FOUND) {
    verify_report_add(s->verify->report, "%s", failure.message);
    return;
  }
  XXH128_hash_t h = XXH3_128bits_digest(state);
  if (sum.entries != expected->entries || sum.puts != expected->puts ||
      sum.bytes != expected->bytes)
    verify_report_add(s->verify->report,
                      "%s, table %s: %" PRIu64 " entries in %" PRIu64 " rows, %" PRIu64
                      " bytes were found, %" PRIu64 " in %" PRIu64 ", %" PRIu64
                      " bytes were published",
                      path, store_table_names[table], sum.entries, sum.puts, sum.bytes,
                      expected->entries, expected->puts, expected->bytes);
  else if (h.low64 != expected->checksum.low || h.high64 != expected->checksum.high)
    verify_report_add(s->verify->report,
                      "%s, table %s: the content is not what was published (another checksum)",
                      path, store_table_names[table]);
  else if (s->wrong)
    verify_report_add(s->verify->report,
                      "%s, table %s: it does not lead to what is in table customer", path,
                      store_table_names[table]);
}

static int by_key(const void *a_, const void *b_) {
  const struct index_record *a = a_, *b = b_;
  if (a->key.low != b->key.low) return a->key.low < b->key.low ? -1 : 1;
  if (a->key.high != b->key.high) return a->key.high < b->key.high ? -1 : 1;
  if (a->ordinal != b->ordinal) return a->ordinal < b->ordinal ? -1 : 1;
  return (a->member > b->member) - (a->member < b->member);
}

static void check_shard(struct verify *v, uint32_t number) {
  char name[32], path[DATA_FOLDER_PATH_MAX];
  struct failure failure;
  struct shard_reader *reader;
  generation_shard_file_name(number, name);
  enum err err = data_folder_path(v->data_dir, v->manifest.generation, name, path, &failure);
  if (!err) err = shard_file_check_bytes(path, &v->manifest.shards[number], &failure);
  if (!err) err = shard_reader_open(path, v->manifest.generation, number, &reader, &failure);
  if (err) {
    verify_report_add(v->report, "%s", failure.message);
    return;
  }
  struct shard_check s = {.verify = v, .reader = reader, .number = number};
  XXH3_state_t *state = XXH3_createState();
  check(state != NULL);
  for (int t = 0; t < STORE_TABLE_COUNT; t++) {
    check_table(&s, (enum store_table)t, state);
    if (t == STORE_CUSTOMER && s.found_count)
      qsort(s.found, s.found_count, sizeof *s.found, by_key);
  }
  XXH3_freeState(state);
  v->report->bytes += v->manifest.shards[number].file_bytes;
  v->customers += s.id_count;
  v->records += s.found_count;
  v->shards_read++;
  v->ids[number] = s.ids ? s.ids : memory_new(1);
  v->id_count[number] = s.id_count;
  free(s.found);
  arena_release(&s.arena);
  shard_reader_close(reader);
}

/* ---- the generation as a whole ---- */

/* Whether there is such a customer; true when its shard could not be read. */
static bool has_customer(const struct verify *v, uint64_t id) {
  uint32_t shard = generation_shard_of(id, v->manifest.shard_count);
  if (!v->ids[shard]) return true;
  return v->id_count[shard] &&
         bsearch(&id, v->ids[shard], v->id_count[shard], sizeof id, id_order) != NULL;
}

static void check_aliases(struct verify *v) {
  for (size_t i = 0; i < v->alias_count; i++) {
    const struct identity_alias *a = &v->aliases_read[i];
    uint32_t shard = generation_shard_of(a->customer_id, v->manifest.shard_count);
    char name[32];
    customer_id_format(a->customer_id, name);
    if (a->target && !has_customer(v, a->target))
      verify_report_add(v->report, "alias %s leads to a customer that is not there", name);
    if (v->ids[shard] && has_customer(v, a->customer_id))
      verify_report_add(v->report, "%s is an alias and a customer", name);
  }
}

static void check_linked(struct verify *v) {
  for (size_t i = 0; i < v->linked_count; i++) {
    if (has_customer(v, v->linked[i])) continue;
    char name[32];
    customer_id_format(v->linked[i], name);
    verify_report_add(v->report, "a review or relation leads to %s, which is not there", name);
  }
}

static void check_counts(struct verify *v) {
  const struct manifest *m = &v->manifest;
  if (m->records + m->records_quarantined + m->records_rejected != m->records_read)
    verify_report_add(v->report,
                      "manifest.json: %" PRIu64
                      " records were read, but linked, quarantined and rejected "
                      "ones are not as many together",
                      m->records_read);
  /* What a damaged shard lacks was said already. */
  if (v->shards_read != m->shard_count) return;
  if (v->customers != m->customers || v->records != m->records || v->alias_count != m->aliases)
    verify_report_add(v->report,
                      "%" PRIu64 " customers, %" PRIu64 " records, %zu aliases were found, %" PRIu64
                      ", %" PRIu64 ", %" PRIu64 " were published",
                      v->customers, v->records, v->alias_count, m->customers, m->records,
                      m->aliases);
  char digest[GENERATION_DIGEST_BYTES];
  generation_digest_format(v->digest, digest);
  if (!v->has_plan || m->digest.size != strlen(digest)) return;
  v->report->digest_is_checked = true;
  if (!bytes_equal(m->digest, bytes_from_string(digest)))
    verify_report_add(v->report, "the digest of all customers is %s, %.*s was published", digest,
                      (int)m->digest.size, m->digest.data);
}

static void read_job(struct verify *v) {
  struct failure failure = {0};
  struct hash128 found = hash_bytes_128(v->manifest.job_text);
  if (found.low != v->manifest.job_digest.low || found.high != v->manifest.job_digest.high) {
    verify_report_add(v->report,
                      "manifest.json: the job is not the one whose digest stands beside it");
    return;
  }
  enum err err = job_parse(v->manifest.job_text, "manifest.json, job", &v->job, &failure);
  if (!err) err = plan_make(&v->job, &v->plan, &failure);
  if (!err && v->job.field_count != v->manifest.field_count)
    err = failure_set(&failure, ERR_MALFORMED, "manifest.json: the job has other fields");
  if (err) {
    verify_report_add(v->report, "%s", failure.message);
    return;
  }
  golden_plan_make(&v->plan, v->manifest.as_of_day, &v->golden_plan);
  v->has_plan = true;
}

static void check_events(struct verify *v) {
  char path[DATA_FOLDER_PATH_MAX];
  struct failure failure;
  struct buffer text = {0};
  enum err err =
      data_folder_path(v->data_dir, v->manifest.generation, "events.jsonl", path, &failure);
  if (!err) err = data_folder_read_file(path, v->manifest.events_bytes, &text, &failure);
  struct hash128 found = hash_bytes_128(buffer_bytes(&text));
  if (err)
    verify_report_add(v->report, "%s", failure.message);
  else if (found.low != v->manifest.events_checksum.low ||
           found.high != v->manifest.events_checksum.high)
    verify_report_add(v->report, "%s is not what was published", path);
  v->report->bytes += text.size;
  buffer_release(&text);
}

static void release(struct verify *v) {
  for (uint32_t s = 0; s < GENERATION_SHARDS_MAX; s++) free(v->ids[s]);
  free(v->row_seen);
  free(v->aliases_read);
  free(v->linked);
  buffer_release(&v->scratch);
  job_release(&v->job);
  arena_release(&v->arena);
}

enum err generation_verify(const char *data_dir, struct verify_report *report,
                           struct failure *failure) {
  struct verify v = {.data_dir = data_dir, .report = report};
  *report = (struct verify_report){0};
  struct failure reason;
  enum err err = generation_read_manifest(data_dir, &v.arena, &v.manifest, &reason);
  if (err == ERR_NOT_FOUND || err == ERR_IO) {
    if (failure) *failure = reason;
    arena_release(&v.arena);
    return err;
  }
  if (err) {
    verify_report_add(v.report, "%s", reason.message);
  } else {
    report->generation = v.manifest.generation;
    report->shards = v.manifest.shard_count;
    v.row_seen = memory_new_zeroed(v.manifest.row_count / 64 + 1, sizeof *v.row_seen);
    read_job(&v);
    for (uint32_t s = 0; s < v.manifest.shard_count; s++) check_shard(&v, s);
    check_aliases(&v);
    check_linked(&v);
    check_events(&v);
    check_counts(&v);
  }
  report->customers = v.customers;
  report->records = v.records;
  report->aliases = v.alias_count;
  release(&v);
  if (report->problem_count == 0) return ERR_OK;
  return failure_set(failure, ERR_CORRUPT, "%s", report->problems[0]);
}

void verify_report_release(struct verify_report *report) { arena_release(&report->arena); }
