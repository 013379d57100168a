/* manifest — what one generation consists of: counts and checksums per shard and table, and
 * everything needed to understand it without the run that made it (fields, job, model, input
 * files).
 *
 * Written last, as manifest.json; CURRENT holds its checksum. Reading never trusts it: a manifest
 * is outside input. */
#ifndef GUIYI_WORKER_STORE_MANIFEST_H
#define GUIYI_WORKER_STORE_MANIFEST_H

#include "common/arena.h"
#include "common/bytes.h"
#include "common/err.h"
#include "common/hash.h"
#include "common/model.h"

enum {
  MANIFEST_FORMAT = 2,
  GENERATION_SHARDS_MAX = 256,
};

/* The tables of a shard, in the order in which they are written: T(id, name). */
#define STORE_TABLE_LIST(T)                                                                  \
  T(CUSTOMER, "customer") /* customer id → golden record and members (customer_value.h) */ \
  T(ORDINAL, "ordinal")   /* leaves of customer ids: the n-th customer of the shard */       \
  T(RECORD, "record")     /* leaves of (record key, ordinal, member) in order of key */      \
  T(TERM, "term")         /* leaves of (term hash, ordinal): the search index */             \
  T(ALIAS, "alias")       /* former customer id → what became of it */                     \
  T(REVIEW, "review")     /* customer id → pairs to look at (link_value.h) */              \
  T(RELATION, "relation") /* customer id → who lives or works with it (link_value.h) */

enum store_table {
#define T(id, name) STORE_##id,
  STORE_TABLE_LIST(T)
#undef T
      STORE_TABLE_COUNT
};
extern const char *const store_table_names[STORE_TABLE_COUNT];

struct manifest_table {
  uint64_t entries;        /* rows of the table; for leaves: what is in them */
  uint64_t puts;           /* LMDB rows */
  uint64_t bytes;          /* keys and values */
  struct hash128 checksum; /* of keys and values with their sizes, in key order */
};

struct manifest_shard {
  struct manifest_table tables[STORE_TABLE_COUNT];
  uint64_t file_bytes;
  uint64_t *chunks; /* XXH3-64 of every MANIFEST_CHUNK_BYTES of the file, the last shorter */
  uint32_t chunk_count;
};
enum { MANIFEST_CHUNK_BYTES = 16 << 20 };

/* An input file of the run. */
struct manifest_file {
  struct bytes path; /* absolute where the file was still there at the end of the run */
  uint32_t source;   /* index in job.sources */
  uint64_t size_bytes;
  int64_t modified_ns; /* st_mtim */
};

struct manifest_field {
  struct bytes name;
  enum field_type_id type;
  bool multi;
};

/* Highest counter used so far for customer ids of one day. */
struct manifest_counter {
  uint32_t day; /* yyyymmdd */
  uint64_t last;
};

/* What of the decisions (fact_store.h) the run was made with. */
struct manifest_decisions {
  uint64_t length;        /* of the log */
  uint64_t applied, gone; /* facts that held; gone: of a record that the run did not have */
};

struct manifest {
  uint64_t generation;
  struct bytes digest;       /* the run's */
  struct hash128 job_digest; /* of job_text */
  struct bytes job_text;     /* the resolved job, YAML */
  int32_t as_of_day;         /* days since 1970-01-01 */
  uint32_t row_count;
  uint64_t records_read, records_quarantined, records_rejected;
  uint64_t customers, records, aliases;
  struct manifest_decisions decisions;
  struct model model;
  struct manifest_field *fields;
  uint32_t field_count;
  struct bytes *sources; /* ids, by record_header.source */
  uint32_t source_count;
  struct manifest_file *files;
  uint32_t file_count;
  struct manifest_counter *counters; /* by day */
  uint32_t counter_count;
  uint64_t events_bytes; /* of events.jsonl */
  struct hash128 events_checksum;
  uint32_t shard_count;
  struct manifest_shard *shards;
};

void manifest_print(const struct manifest *manifest, struct buffer *out);
/* All of it in the arena. ERR_MALFORMED with a sentence when the text is not a manifest of this
 * format; never reads beyond text. */
enum err manifest_parse(struct bytes text, struct arena *arena, struct manifest *manifest,
                        struct failure *failure);

#endif
