/* shard_file — one LMDB environment: bulk-loaded once in key order, then only read.
 *
 * Every value begins with 8 bytes of checksum over what follows, seeded with generation, shard,
 * table and key: LMDB has none of its own, and a value in the wrong place must not pass for a right
 * one. (Sealed storage will put its authentication tag there.) The checksum of a table is the
 * XXH3-128 of key, size and checksum of all its values in order.
 *
 * A writer belongs to one thread. A reader is constant; any number of threads use it, each through
 * a view of its own. */
#ifndef GUIYI_WORKER_STORE_SHARD_FILE_H
#define GUIYI_WORKER_STORE_SHARD_FILE_H

#include <lmdb.h>

#include "common/bytes.h"
#include "common/err.h"
#include "worker/store/manifest.h"

enum {
  SHARD_KEY_BYTES_MAX = 16,
  SHARD_VALUE_BYTES_MAX =
      192 << 20, /* above 256 MiB LMDB 0.9.24 spills pages, which it gets wrong */
  SHARD_SEAL_BYTES = 8,
};

/* ---- building ---- */
struct shard_writer;

/* Makes the file; there must be none. */
enum err shard_writer_open(const char *path, uint64_t generation, uint32_t shard,
                           struct shard_writer **out, struct failure *failure);
/* Room for the value of the next key of a table: *payload gets payload_size bytes, aligned to 2, to
 * be filled before shard_writer_seal, which must follow. Keys of a table ascend (bytes). `entries`
 * is how many entries of the table the value holds. ERR_LIMIT when the value is too long. */
enum err shard_writer_put(struct shard_writer *writer, enum store_table table, struct bytes key,
                          size_t payload_size, uint64_t entries, char **payload,
                          struct failure *failure);
void shard_writer_seal(struct shard_writer *writer);
/* Commits all and reads the file back for its chunk checksums, which are allocated: free() them.
 * The kernel has been told to write; shard_writer_close with sync waits for it. */
enum err shard_writer_finish(struct shard_writer *writer, struct manifest_shard *facts,
                             struct failure *failure);
/* Releases in every state; NULL is allowed. With sync: the file is on the disk when ERR_OK is
 * returned. */
enum err shard_writer_close(struct shard_writer *take_writer, bool sync, struct failure *failure);

/* ---- reading ---- */
struct shard_reader;

enum err shard_reader_open(const char *path, uint64_t generation, uint32_t shard,
                           struct shard_reader **out, struct failure *failure);
void shard_reader_close(struct shard_reader *take_reader); /* NULL is allowed */
const char *shard_reader_path(const struct shard_reader *reader);

/* A view holds a snapshot (there is only one) and a cursor in one table. For one thread. */
struct shard_view {
  const struct shard_reader *reader;
  MDB_txn *txn;
  MDB_cursor *cursor;
  enum store_table table;
};

enum err shard_view_open(const struct shard_reader *reader, enum store_table table,
                         struct shard_view *view, struct failure *failure);
void shard_view_close(struct shard_view *view); /* a zeroed view is allowed */

enum shard_step {
  SHARD_FIRST,
  SHARD_NEXT,
  SHARD_PREVIOUS,
  SHARD_AT,
  SHARD_AT_OR_AFTER,
  SHARD_LAST
};
struct shard_row {
  struct bytes key;     /* in: for SHARD_AT and SHARD_AT_OR_AFTER; out: what was found */
  struct bytes payload; /* in the map, aligned to 2, valid while the reader is open */
  uint64_t seal;        /* as stored; equal to what was computed */
};
/* ERR_NOT_FOUND at the end or when there is no such key; ERR_CORRUPT when the value does not fit
 * its checksum, or pages lead out of the file. A damaged page may also hide a key: where an answer
 * hangs on there being none, shard_file_check_bytes tells. */
enum err shard_view_step(struct shard_view *view, enum shard_step step, struct shard_row *row,
                         struct failure *failure);

/* ---- checking ---- */

/* Compares the file's bytes with the manifest, without LMDB: ERR_CORRUPT names the first chunk that
 * differs. buffer is the caller's, to be reused. */
enum err shard_file_check_bytes(const char *path, const struct manifest_shard *facts,
                                struct failure *failure);
/* Adds a row to a table's checksum. One XXH3 state per table, XXH3_128bits_reset before. */
void shard_table_checksum_add(XXH3_state_t *state, struct bytes key, size_t payload_size,
                              uint64_t seal);

static inline void store_be32(char *out, uint32_t value) {
  value = __builtin_bswap32(value);
  memcpy(out, &value, sizeof value);
}
static inline void store_be64(char *out, uint64_t value) {
  value = __builtin_bswap64(value);
  memcpy(out, &value, sizeof value);
}
static inline uint32_t load_be32(const char *data) {
  uint32_t value;
  memcpy(&value, data, sizeof value);
  return __builtin_bswap32(value);
}
static inline uint64_t load_be64(const char *data) {
  uint64_t value;
  memcpy(&value, data, sizeof value);
  return __builtin_bswap64(value);
}
static inline uint64_t load_u64(const char *data) {
  uint64_t value;
  memcpy(&value, data, sizeof value);
  return value;
}
static inline uint32_t load_u32(const char *data) {
  uint32_t value;
  memcpy(&value, data, sizeof value);
  return value;
}

#endif
