#include "worker/store/shard_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/store/map_guard.h"

enum {
  TXN_PUTS_MAX = 100000, /* measured: above it LMDB's list of dirty pages slows down */
  TXN_BYTES_MAX =
      4 << 20, /* its pages stay in the cache and are used again: 32 MiB took twice the time */
  MAP_BYTES_FIRST = 256 << 20,
  MAP_BYTES_SLACK = 16 << 20, /* branch pages, free list, half-empty pages of one transaction */
  FILE_MODE = 0640,
  READ_BYTES = 1 << 20,
};

#define X(id, name) name,
const char *const store_table_names[STORE_TABLE_COUNT] = {STORE_TABLE_LIST(X)};
#undef X

/* LMDB calls it EIO when the disk took a part of a write and had no room for the rest. */
static bool disk_is_full(const char *path) {
  enum { ROOM_BYTES_MIN = 1 << 20 };
  struct statvfs room;
  return statvfs(path, &room) == 0 && room.f_bavail * room.f_frsize < ROOM_BYTES_MIN;
}

static enum err lmdb_failed(const char *what, const char *path, int rc, struct failure *failure) {
  if (rc > 0)
    return failure_system(failure, rc == EIO && disk_is_full(path) ? ENOSPC : rc, "cannot %s %s",
                          what, path);
  enum err err = rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_INVALID ||
                         rc == MDB_CURSOR_FULL || rc == MDB_VERSION_MISMATCH
                     ? ERR_CORRUPT
                     : ERR_STORE;
  return failure_set(failure, err, "cannot %s %s: %s%s", what, path, mdb_strerror(rc),
                     err == ERR_CORRUPT ? "; `guiyi verify` says what is damaged" : "");
}

static uint64_t context_seed(uint64_t generation, uint32_t shard, enum store_table table) {
  return hash_join(hash_join(generation, shard), table);
}

static uint64_t seal_of(uint64_t context, struct bytes key, struct bytes payload) {
  return hash_bytes_seeded(payload, hash_bytes_seeded(key, context));
}

void shard_table_checksum_add(XXH3_state_t *state, struct bytes key, size_t payload_size,
                              uint64_t seal) {
  char row[4 + 8 + 8 + SHARD_KEY_BYTES_MAX];
  check(key.size <= SHARD_KEY_BYTES_MAX);
  uint32_t key_size = (uint32_t)key.size;
  uint64_t size = payload_size;
  memcpy(row, &key_size, 4);
  memcpy(row + 4, &size, 8);
  memcpy(row + 12, &seal, 8);
  memcpy(row + 20, key.data, key.size);
  XXH3_128bits_update(state, row, 20 + key.size);
}

/* ---- building ---- */

struct shard_writer {
  char *path;
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi dbis[STORE_TABLE_COUNT];
  MDB_cursor *cursors[STORE_TABLE_COUNT]; /* of txn; opened when a table is first written in it */
  XXH3_state_t *states[STORE_TABLE_COUNT];
  uint64_t contexts[STORE_TABLE_COUNT];
  struct manifest_table tables[STORE_TABLE_COUNT];
  uint64_t map_bytes, txn_bytes;
  uint32_t txn_puts;
  /* Between put and seal. */
  char open_key[SHARD_KEY_BYTES_MAX];
  size_t open_key_size, open_size;
  char *open_value;
  enum store_table open_table;
};

static uint64_t used_bytes(const struct shard_writer *w) {
  MDB_envinfo info;
  MDB_stat stat;
  check(mdb_env_info(w->env, &info) == 0 && mdb_env_stat(w->env, &stat) == 0);
  return (info.me_last_pgno + 1) * stat.ms_psize;
}

/* A transaction with room for `bytes`: the map can only grow while none is open. */
static enum err txn_begin(struct shard_writer *w, uint64_t bytes, struct failure *failure) {
  uint64_t need = used_bytes(w) + bytes + MAP_BYTES_SLACK;
  if (need > w->map_bytes) {
    while (w->map_bytes < need) w->map_bytes *= 2;
    int rc = mdb_env_set_mapsize(w->env, w->map_bytes);
    if (rc) return lmdb_failed("grow the map of", w->path, rc, failure);
  }
  int rc = mdb_txn_begin(w->env, NULL, 0, &w->txn);
  if (rc) return lmdb_failed("begin to write", w->path, rc, failure);
  w->txn_bytes = w->txn_puts = 0;
  return ERR_OK;
}

static enum err txn_commit(struct shard_writer *w, struct failure *failure) {
  if (!w->txn) return ERR_OK;
  for (int t = 0; t < STORE_TABLE_COUNT; t++) {
    if (w->cursors[t]) mdb_cursor_close(w->cursors[t]);
    w->cursors[t] = NULL;
  }
  int rc = mdb_txn_commit(w->txn);
  w->txn = NULL;
  if (rc) return lmdb_failed("write", w->path, rc, failure);
  /* Starts the write-back now, so that the sync before publication finds little to do. A hint. */
  int fd;
  if (mdb_env_get_fd(w->env, &fd) == 0) (void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  return ERR_OK;
}

static enum err open_tables(struct shard_writer *w, struct failure *failure) {
  enum err err = txn_begin(w, 0, failure);
  for (int t = 0; !err && t < STORE_TABLE_COUNT; t++) {
    int rc = mdb_dbi_open(w->txn, store_table_names[t], MDB_CREATE, &w->dbis[t]);
    if (rc) err = lmdb_failed("make a table in", w->path, rc, failure);
  }
  return err ? err : txn_commit(w, failure);
}

enum err shard_writer_open(const char *path, uint64_t generation, uint32_t shard,
                           struct shard_writer **out, struct failure *failure) {
  struct shard_writer *w = memory_new_zeroed(1, sizeof *w);
  w->path = memory_copy_string(path);
  w->map_bytes = MAP_BYTES_FIRST;
  for (int t = 0; t < STORE_TABLE_COUNT; t++) {
    w->contexts[t] = context_seed(generation, shard, (enum store_table)t);
    w->states[t] = XXH3_createState();
    check(w->states[t] && XXH3_128bits_reset(w->states[t]) == XXH_OK);
  }
  int rc = mdb_env_create(&w->env);
  if (!rc) rc = mdb_env_set_maxdbs(w->env, STORE_TABLE_COUNT);
  if (!rc) rc = mdb_env_set_mapsize(w->env, w->map_bytes);
  /* NOSYNC: nobody reads it before it was synced as a whole. NOLOCK: nobody else writes it. */
  if (!rc) rc = mdb_env_open(w->env, path, MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOLOCK, FILE_MODE);
  enum err err = rc ? lmdb_failed("make", path, rc, failure) : open_tables(w, failure);
  if (err) {
    (void)shard_writer_close(w, false, NULL);
    return err;
  }
  *out = w;
  return ERR_OK;
}

enum err shard_writer_put(struct shard_writer *w, enum store_table table, struct bytes key,
                          size_t payload_size, uint64_t entries, char **payload,
                          struct failure *failure) {
  check(!w->open_value && key.size <= SHARD_KEY_BYTES_MAX);
  size_t size = payload_size + SHARD_SEAL_BYTES;
  if (size > SHARD_VALUE_BYTES_MAX)
    return failure_set(
        failure, ERR_LIMIT,
        "a customer's records take %zu bytes together, at most %d can be stored: lower "
        "the job's limit of records in one cluster",
        size, SHARD_VALUE_BYTES_MAX);
  /* A page of its own at worst, and a page for what it splits. */
  uint64_t worst = size + 2 * 4096;
  if (w->txn && (w->txn_puts >= TXN_PUTS_MAX || w->txn_bytes + worst > TXN_BYTES_MAX)) {
    enum err err = txn_commit(w, failure);
    if (err) return err;
  }
  if (!w->txn) {
    enum err err = txn_begin(w, worst > TXN_BYTES_MAX ? worst : TXN_BYTES_MAX, failure);
    if (err) return err;
  }
  int rc = 0;
  if (!w->cursors[table]) rc = mdb_cursor_open(w->txn, w->dbis[table], &w->cursors[table]);
  MDB_val k = {key.size, (void *)key.data}, v = {size, NULL};
  if (!rc) rc = mdb_cursor_put(w->cursors[table], &k, &v, MDB_APPEND | MDB_RESERVE);
  check(rc != MDB_KEYEXIST); /* keys must ascend */
  if (rc) return lmdb_failed("write", w->path, rc, failure);
  w->txn_puts++;
  w->txn_bytes += size < 2000 ? size + size / 4 + 64 : size + 4096;
  w->tables[table].puts++;
  w->tables[table].entries += entries;
  w->tables[table].bytes += key.size + size;
  memcpy(w->open_key, key.data, key.size);
  w->open_key_size = key.size;
  w->open_table = table;
  w->open_value = v.mv_data;
  w->open_size = payload_size;
  *payload = w->open_value + SHARD_SEAL_BYTES;
  return ERR_OK;
}

void shard_writer_seal(struct shard_writer *w) {
  check(w->open_value);
  struct bytes key = bytes_of(w->open_key, w->open_key_size);
  struct bytes payload = bytes_of(w->open_value + SHARD_SEAL_BYTES, w->open_size);
  uint64_t seal = seal_of(w->contexts[w->open_table], key, payload);
  memcpy(w->open_value, &seal, sizeof seal);
  shard_table_checksum_add(w->states[w->open_table], key, payload.size, seal);
  w->open_value = NULL;
}

/* Reads the file in chunks and gives the checksum of each to `chunk`. */
static enum err read_chunks(const char *path, uint64_t *file_bytes,
                            bool (*chunk)(void *context, uint32_t number, uint64_t checksum),
                            void *context, struct failure *failure) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    int number = errno;
    return failure_set(failure, number == ENOENT ? ERR_CORRUPT : err_from_errno(number),
                       "cannot open %s: %s", path, strerror(number));
  }
  enum err err = ERR_OK;
  char *block = memory_new(READ_BYTES);
  XXH3_state_t *state = XXH3_createState();
  check(state != NULL);
  uint64_t total = 0, filled = 0;
  uint32_t number = 0;
  bool go_on = true;
  XXH3_64bits_reset(state);
  while (go_on) {
    ssize_t got = read(fd, block, READ_BYTES);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      err = failure_system(failure, errno, "cannot read %s", path);
      break;
    }
    /* READ_BYTES divides MANIFEST_CHUNK_BYTES, but a read may return less. */
    for (ssize_t used = 0; used < got;) {
      uint64_t take = MANIFEST_CHUNK_BYTES - filled;
      if (take > (uint64_t)(got - used)) take = (uint64_t)(got - used);
      XXH3_64bits_update(state, block + used, take);
      used += (ssize_t)take;
      filled += take;
      if (filled < MANIFEST_CHUNK_BYTES) continue;
      go_on = chunk(context, number++, XXH3_64bits_digest(state));
      XXH3_64bits_reset(state);
      filled = 0;
    }
    total += (uint64_t)got;
    if (got == 0) break;
  }
  if (go_on && !err && filled) (void)chunk(context, number, XXH3_64bits_digest(state));
  *file_bytes = total;
  XXH3_freeState(state);
  free(block);
  close(fd);
  return err;
}

static bool keep_chunk(void *context, uint32_t number, uint64_t checksum) {
  struct manifest_shard *facts = context;
  facts->chunks = memory_resize(facts->chunks, (number + 1) * sizeof *facts->chunks);
  facts->chunks[number] = checksum;
  facts->chunk_count = number + 1;
  return true;
}

enum err shard_writer_finish(struct shard_writer *w, struct manifest_shard *facts,
                             struct failure *failure) {
  check(!w->open_value);
  *facts = (struct manifest_shard){0};
  enum err err = txn_commit(w, failure);
  if (err) return err;
  for (int t = 0; t < STORE_TABLE_COUNT; t++) {
    XXH128_hash_t h = XXH3_128bits_digest(w->states[t]);
    w->tables[t].checksum = (struct hash128){h.low64, h.high64};
    facts->tables[t] = w->tables[t];
  }
  return read_chunks(w->path, &facts->file_bytes, keep_chunk, facts, failure);
}

enum err shard_writer_close(struct shard_writer *w, bool sync, struct failure *failure) {
  if (!w) return ERR_OK;
  enum err err = ERR_OK;
  for (int t = 0; t < STORE_TABLE_COUNT; t++) {
    if (w->cursors[t]) mdb_cursor_close(w->cursors[t]);
    XXH3_freeState(w->states[t]);
  }
  if (w->txn) mdb_txn_abort(w->txn);
  if (sync) {
    int rc = mdb_env_sync(w->env, 1);
    if (rc) err = lmdb_failed("sync", w->path, rc, failure);
  }
  if (w->env) mdb_env_close(w->env);
  free(w->path);
  free(w);
  return err;
}

/* ---- reading ---- */

struct shard_reader {
  char *path;
  MDB_env *env;
  MDB_dbi dbis[STORE_TABLE_COUNT];
  uint64_t contexts[STORE_TABLE_COUNT];
  uint64_t file_bytes;
};

static enum err damaged(const char *path, const char *how, struct failure *failure) {
  return failure_set(failure, ERR_CORRUPT,
                     "%s is damaged: %s; restore it from a backup, or run "
                     "into a new --data-dir; `guiyi verify` says what is damaged",
                     path, how);
}

/* What is done under map_guard_run: arguments and result of one LMDB call. */
struct guarded {
  struct shard_reader *reader;
  struct shard_view *view;
  MDB_txn *txn;
  enum shard_step step;
  struct shard_row *row;
  int rc;
  bool fits; /* the row is what was written */
};

/* LMDB asserts what a damaged page may break; it would end the process when this returns. */
static void on_assertion(MDB_env *env, const char *message) {
  (void)env;
  (void)message;
  map_guard_escape();
}

static void open_environment(void *context) {
  struct guarded *g = context;
  struct shard_reader *r = g->reader;
  /* The file never changes: no lock table, and any number of readers. NOTLS: a view is not bound to
   * the thread that opened it. */
  g->rc =
      mdb_env_open(r->env, r->path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, FILE_MODE);
}

static void open_reader_tables(void *context) {
  struct guarded *g = context;
  g->rc = mdb_txn_begin(g->reader->env, NULL, MDB_RDONLY, &g->txn);
  if (g->rc) return;
  for (int t = 0; !g->rc && t < STORE_TABLE_COUNT; t++)
    g->rc = mdb_dbi_open(g->txn, store_table_names[t], 0, &g->reader->dbis[t]);
  if (g->rc)
    mdb_txn_abort(g->txn);
  else
    g->rc = mdb_txn_commit(g->txn);
}

/* Opening that was left in the middle is not closed: LMDB's structures are in no state for it. A
 * read transaction that was is: to end it reads no page. */
static enum err open_guarded(struct shard_reader *r, struct failure *failure) {
  struct guarded g = {.reader = r};
  if (!map_guard_run(open_environment, &g)) {
    r->env = NULL;
    return damaged(r->path, "its pages lead out of the file", failure);
  }
  if (g.rc) return lmdb_failed("open", r->path, g.rc, failure);
  if (!map_guard_run(open_reader_tables, &g)) {
    mdb_txn_abort(g.txn); /* it has begun: that reads the first pages only, as opening did */
    return damaged(r->path, "its pages lead out of the file", failure);
  }
  if (g.rc == MDB_NOTFOUND)
    return failure_set(failure, ERR_CORRUPT, "%s lacks a table; `guiyi verify` says more", r->path);
  return g.rc ? lmdb_failed("open the tables of", r->path, g.rc, failure) : ERR_OK;
}

enum err shard_reader_open(const char *path, uint64_t generation, uint32_t shard,
                           struct shard_reader **out, struct failure *failure) {
  struct stat file;
  if (stat(path, &file) != 0) {
    int number = errno;
    return failure_set(failure, number == ENOENT ? ERR_NOT_FOUND : err_from_errno(number),
                       "cannot open %s: %s", path, strerror(number));
  }
  if (file.st_size == 0) return damaged(path, "it is empty", failure);
  struct shard_reader *r = memory_new_zeroed(1, sizeof *r);
  r->path = memory_copy_string(path);
  r->file_bytes = (uint64_t)file.st_size;
  for (int t = 0; t < STORE_TABLE_COUNT; t++)
    r->contexts[t] = context_seed(generation, shard, (enum store_table)t);
  map_guard_install();
  int rc = mdb_env_create(&r->env);
  if (!rc) rc = mdb_env_set_assert(r->env, on_assertion);
  if (!rc) rc = mdb_env_set_maxdbs(r->env, STORE_TABLE_COUNT);
  enum err err = rc ? lmdb_failed("open", path, rc, failure) : open_guarded(r, failure);
  if (err) {
    shard_reader_close(r);
    return err;
  }
  *out = r;
  return ERR_OK;
}

void shard_reader_close(struct shard_reader *r) {
  if (!r) return;
  if (r->env) mdb_env_close(r->env);
  free(r->path);
  free(r);
}

const char *shard_reader_path(const struct shard_reader *reader) { return reader->path; }

enum err shard_view_open(const struct shard_reader *reader, enum store_table table,
                         struct shard_view *view, struct failure *failure) {
  *view = (struct shard_view){.reader = reader, .table = table};
  int rc = mdb_txn_begin(reader->env, NULL, MDB_RDONLY, &view->txn);
  if (!rc) rc = mdb_cursor_open(view->txn, reader->dbis[table], &view->cursor);
  if (!rc) return ERR_OK;
  shard_view_close(view);
  return lmdb_failed("read", reader->path, rc, failure);
}

void shard_view_close(struct shard_view *view) {
  if (view->cursor) mdb_cursor_close(view->cursor);
  if (view->txn) mdb_txn_abort(view->txn);
  *view = (struct shard_view){0};
}

static void step_guarded(void *context) {
  static const MDB_cursor_op ops[] = {
      [SHARD_FIRST] = MDB_FIRST, [SHARD_NEXT] = MDB_NEXT, [SHARD_PREVIOUS] = MDB_PREV,
      [SHARD_AT] = MDB_SET_KEY,  [SHARD_LAST] = MDB_LAST, [SHARD_AT_OR_AFTER] = MDB_SET_RANGE,
  };
  struct guarded *g = context;
  struct shard_row *row = g->row;
  const struct shard_reader *r = g->view->reader;
  MDB_val k = {row->key.size, (void *)row->key.data}, v = {0, NULL};
  g->rc = mdb_cursor_get(g->view->cursor, &k, &v, ops[g->step]);
  if (g->rc) return;
  g->fits = k.mv_size <= SHARD_KEY_BYTES_MAX && v.mv_size >= SHARD_SEAL_BYTES &&
            v.mv_size <= r->file_bytes;
  if (!g->fits) return;
  row->key = bytes_of(k.mv_data, k.mv_size);
  row->payload = bytes_of((const char *)v.mv_data + SHARD_SEAL_BYTES, v.mv_size - SHARD_SEAL_BYTES);
  row->seal = load_u64(v.mv_data);
  g->fits = row->seal == seal_of(r->contexts[g->view->table], row->key, row->payload);
}

enum err shard_view_step(struct shard_view *view, enum shard_step step, struct shard_row *row,
                         struct failure *failure) {
  const struct shard_reader *r = view->reader;
  struct guarded g = {.view = view, .step = step, .row = row};
  if (!map_guard_run(step_guarded, &g))
    return damaged(r->path, "its pages lead out of the file", failure);
  if (g.rc == MDB_NOTFOUND) return ERR_NOT_FOUND;
  if (g.rc) return lmdb_failed("read", r->path, g.rc, failure);
  if (g.fits) return ERR_OK;
  return failure_set(failure, ERR_CORRUPT,
                     "a value in table %s of %s is not what was written: restore the file from a "
                     "backup, or run into a new --data-dir; `guiyi verify` says what is damaged",
                     store_table_names[view->table], r->path);
}

/* ---- checking ---- */

struct chunk_check {
  const struct manifest_shard *facts;
  uint32_t differs; /* the first one; UINT32_MAX = none */
};

static bool check_chunk(void *context, uint32_t number, uint64_t checksum) {
  struct chunk_check *c = context;
  if (number < c->facts->chunk_count && c->facts->chunks[number] == checksum) return true;
  c->differs = number;
  return false;
}

enum err shard_file_check_bytes(const char *path, const struct manifest_shard *facts,
                                struct failure *failure) {
  struct chunk_check c = {facts, UINT32_MAX};
  uint64_t file_bytes = 0;
  enum err err = read_chunks(path, &file_bytes, check_chunk, &c, failure);
  if (err) return err;
  if (c.differs != UINT32_MAX) {
    uint64_t from = (uint64_t)c.differs * MANIFEST_CHUNK_BYTES;
    return failure_set(failure, ERR_CORRUPT,
                       "%s: bytes %" PRIu64 " to %" PRIu64
                       " are not what was published: restore the "
                       "file from a backup, or run into a new --data-dir",
                       path, from, from + MANIFEST_CHUNK_BYTES - 1);
  }
  if (file_bytes != facts->file_bytes)
    return failure_set(failure, ERR_CORRUPT,
                       "%s has %" PRIu64 " bytes, %" PRIu64
                       " were published: restore the file from a "
                       "backup, or run into a new --data-dir",
                       path, file_bytes, facts->file_bytes);
  return ERR_OK;
}
