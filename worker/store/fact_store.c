#include "worker/store/fact_store.h"

#include <errno.h>
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/check.h"
#include "common/memory.h"
#include "common/msgpack_read.h"
#include "common/msgpack_write.h"
#include "common/pair_check.h"
#include "worker/store/data_folder.h"
#include "worker/store/failpoint.h"
#include "worker/store/shard_file.h"

enum {
  FORMAT = 1,
  MAP_BYTES_FIRST = 16 << 20,
  FOLDER_MODE = 0750,
  FILE_MODE = 0640,
  READERS_MAX = 126,
};

struct fact_store {
  char *path;
  MDB_env *env;
  MDB_dbi table;
};

/* ---- entries as bytes ---- */

static char *put_record(char *at, const struct fact_record *record) {
  at = msgpack_put_string(at, record->source);
  at = msgpack_put_string(at, record->id);
  at = msgpack_put_u64(at, record->key.high);
  return msgpack_put_u64(at, record->key.low);
}

void fact_encode(const struct fact *fact, struct buffer *out) {
  size_t texts = fact->who.size + fact->why.size + fact->a.source.size + fact->a.id.size +
                 fact->b.source.size + fact->b.id.size;
  buffer_reserve(out, texts + 16 * MSGPACK_NUMBER_BYTES_MAX);
  char *at = out->data + out->size;
  at = msgpack_put_array(at, fact->undoes ? 5 : 13);
  at = msgpack_put_u64(at, FORMAT);
  at = msgpack_put_u64(at, fact->undoes ? fact->undoes << 2 : (uint64_t)fact->kind);
  at = msgpack_put_i64(at, fact->time_ms);
  at = msgpack_put_string(at, fact->who);
  at = msgpack_put_string(at, fact->why);
  if (!fact->undoes) {
    at = put_record(at, &fact->a);
    at = put_record(at, &fact->b);
  }
  out->size = (size_t)(at - out->data);
}

static struct fact_record read_record(struct msgpack_reader *r) {
  struct fact_record record = {.source = msgpack_read_string(r), .id = msgpack_read_string(r)};
  record.key.high = msgpack_read_u64(r);
  record.key.low = msgpack_read_u64(r);
  return record;
}

enum err fact_decode(struct bytes data, struct fact *fact) {
  *fact = (struct fact){0};
  struct msgpack_reader r = msgpack_reader(data);
  uint32_t items = msgpack_read_array(&r);
  if (msgpack_read_u64(&r) != FORMAT) return ERR_MALFORMED;
  uint64_t kind = msgpack_read_u64(&r);
  fact->time_ms = msgpack_read_i64(&r);
  fact->who = msgpack_read_string(&r);
  fact->why = msgpack_read_string(&r);
  fact->undoes = kind >> 2;
  if (!fact->undoes) {
    fact->kind = (enum pair_kind)kind;
    fact->a = read_record(&r);
    fact->b = read_record(&r);
  }
  bool is_one = fact->undoes ? items == 5 && (kind & 3) == 0
                             : items == 13 && kind >= PAIR_MERGE && kind <= PAIR_HOUSEHOLD &&
                                   pair_key_order(fact->a.key, fact->b.key) != 0;
  return is_one && msgpack_read_ended(&r) ? ERR_OK : ERR_MALFORMED;
}

/* ---- the environment ---- */

static enum err lmdb_failed(const struct fact_store *store, const char *what, int rc,
                            struct failure *failure) {
  enum err err = rc == ENOSPC || rc == EDQUOT ? ERR_DISK_FULL
                 : rc == EIO                  ? ERR_IO
                 : rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND || rc == MDB_INVALID ||
                         rc == MDB_VERSION_MISMATCH
                     ? ERR_CORRUPT
                     : ERR_STORE;
  return failure_set(failure, err, "cannot %s the decisions in %s: %s%s", what, store->path,
                     mdb_strerror(rc),
                     err == ERR_CORRUPT ? "; restore that folder from a backup" : "");
}

/* Another process may have grown the map. */
static int begin(struct fact_store *store, unsigned flags, MDB_txn **txn) {
  int rc = mdb_txn_begin(store->env, NULL, flags, txn);
  if (rc != MDB_MAP_RESIZED) return rc;
  rc = mdb_env_set_mapsize(store->env, 0);
  return rc ? rc : mdb_txn_begin(store->env, NULL, flags, txn);
}

static int open_table(struct fact_store *store) {
  MDB_txn *txn = NULL;
  int rc = begin(store, MDB_RDONLY, &txn);
  if (rc) return rc;
  rc = mdb_dbi_open(txn, NULL, 0, &store->table);
  if (rc) {
    mdb_txn_abort(txn);
    return rc;
  }
  return mdb_txn_commit(txn);
}

static enum err folder_path(const char *data_dir, char path[DATA_FOLDER_PATH_MAX],
                            struct failure *failure) {
  int size = snprintf(path, DATA_FOLDER_PATH_MAX, "%s/decisions", data_dir);
  if (size > 0 && size < DATA_FOLDER_PATH_MAX) return ERR_OK;
  return failure_set(failure, ERR_LIMIT, "the path of the data folder is too long");
}

enum err fact_store_open(const char *data_dir, struct fact_store **out, struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  enum err err = folder_path(data_dir, path, failure);
  if (err) return err;
  bool is_new = mkdir(path, FOLDER_MODE) == 0;
  if (!is_new && errno != EEXIST)
    return failure_system(failure, errno, "cannot make the folder %s", path);
  struct fact_store *store = memory_new_zeroed(1, sizeof *store);
  store->path = memory_copy_string(path);
  int rc = mdb_env_create(&store->env);
  if (!rc) rc = mdb_env_set_mapsize(store->env, MAP_BYTES_FIRST);
  if (!rc) rc = mdb_env_set_maxreaders(store->env, READERS_MAX);
  if (!rc) rc = mdb_env_open(store->env, path, MDB_NOTLS, FILE_MODE);
  int dead;
  if (!rc) rc = mdb_reader_check(store->env, &dead); /* a reader that was killed pins pages */
  if (!rc) rc = open_table(store);
  if (rc) err = lmdb_failed(store, "open", rc, failure);
  /* LMDB syncs its file, not the folder's entry for it. */
  if (!err && is_new) err = data_folder_sync_folder(path, failure);
  if (!err && is_new) err = data_folder_sync_folder(data_dir, failure);
  if (err)
    fact_store_close(store);
  else
    *out = store;
  return err;
}

void fact_store_close(struct fact_store *store) {
  if (!store) return;
  if (store->env) mdb_env_close(store->env);
  free(store->path);
  free(store);
}

/* ---- reading ---- */

static uint64_t seal_of(struct bytes key, struct bytes payload) {
  return hash_bytes_seeded(payload, hash_bytes_seeded(key, FORMAT));
}

static enum err damaged(const struct fact_store *store, uint64_t number, struct failure *failure) {
  return failure_set(failure, ERR_CORRUPT,
                     "decision %" PRIu64 " in %s is damaged; restore that folder from a backup",
                     number, store->path);
}

static enum err read_entry(const struct fact_store *store, const MDB_val *key, const MDB_val *value,
                           struct arena *arena, struct fact_list *list, struct failure *failure) {
  uint64_t number = list->count + 1;
  struct bytes k = bytes_of(key->mv_data, key->mv_size);
  struct bytes v = bytes_of(value->mv_data, value->mv_size);
  if (k.size != 8 || load_be64(k.data) != number || v.size < SHARD_SEAL_BYTES)
    return damaged(store, number, failure);
  struct bytes payload = bytes_of(v.data + SHARD_SEAL_BYTES, v.size - SHARD_SEAL_BYTES);
  struct fact *fact = &list->items[list->count];
  if (load_u64(v.data) != seal_of(k, payload) || fact_decode(arena_copy(arena, payload), fact) ||
      fact->undoes >= number)
    return damaged(store, number, failure);
  fact->number = number;
  if (fact->undoes) list->items[fact->undoes - 1].undone_by = number;
  list->count++;
  return ERR_OK;
}

static enum err read_all(struct fact_store *store, MDB_txn *txn, struct arena *arena,
                         struct fact_list *list, struct failure *failure) {
  MDB_stat stat;
  MDB_cursor *cursor = NULL;
  MDB_val key, value;
  *list = (struct fact_list){0};
  int rc = mdb_stat(txn, store->table, &stat);
  if (!rc) rc = mdb_cursor_open(txn, store->table, &cursor);
  if (rc) return lmdb_failed(store, "read", rc, failure);
  list->items = arena_alloc(arena, stat.ms_entries * sizeof *list->items);
  enum err err = ERR_OK;
  rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
  for (; !rc && !err; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))
    err = list->count < stat.ms_entries ? read_entry(store, &key, &value, arena, list, failure)
                                        : damaged(store, list->count + 1, failure);
  mdb_cursor_close(cursor);
  if (!err && rc != MDB_NOTFOUND) err = lmdb_failed(store, "read", rc, failure);
  return err;
}

enum err fact_store_read(struct fact_store *store, struct arena *arena, struct fact_list *list,
                         struct failure *failure) {
  MDB_txn *txn = NULL;
  int rc = begin(store, MDB_RDONLY, &txn);
  if (rc) return lmdb_failed(store, "read", rc, failure);
  enum err err = read_all(store, txn, arena, list, failure);
  mdb_txn_abort(txn);
  return err;
}

static struct pair_fact pair_of(const struct fact *fact) {
  return pair_fact_of(fact->a.key, fact->b.key, fact->kind, fact->number);
}

static bool holds(const struct fact *fact) { return !fact->undoes && !fact->undone_by; }

enum err fact_store_read_folder(const char *data_dir, struct arena *arena, struct fact_list *list,
                                struct failure *failure) {
  char path[DATA_FOLDER_PATH_MAX];
  *list = (struct fact_list){0};
  enum err err = folder_path(data_dir, path, failure);
  if (err || access(path, F_OK) != 0) return err;
  struct fact_store *store = NULL;
  err = fact_store_open(data_dir, &store, failure);
  if (!err) err = fact_store_read(store, arena, list, failure);
  fact_store_close(store);
  return err;
}

enum err fact_store_load(const char *data_dir, struct pair_facts *facts, uint64_t *length,
                         struct failure *failure) {
  struct fact_list list;
  struct arena arena = {0};
  *facts = (struct pair_facts){0};
  enum err err = fact_store_read_folder(data_dir, &arena, &list, failure);
  *length = err ? 0 : list.count;
  if (*length) facts->items = memory_new(list.count * sizeof *facts->items);
  for (uint64_t i = 0; i < *length; i++)
    if (holds(&list.items[i])) facts->items[facts->count++] = pair_of(&list.items[i]);
  pair_facts_sort(facts);
  arena_release(&arena);
  return err;
}

/* ---- adding ---- */

static void append_name(struct buffer *out, const struct fact_record *r) {
  buffer_append_bytes(out, r->source);
  buffer_append_char(out, '/');
  if (r->id.size)
    buffer_append_bytes(out, r->id);
  else
    buffer_printf(out, "%016" PRIx64 "%016" PRIx64, r->key.high, r->key.low);
}

static void append_fact(struct buffer *out, const struct fact *fact) {
  append_name(out, &fact->a);
  buffer_append_string(out, fact->kind == PAIR_MERGE   ? " = "
                            : fact->kind == PAIR_APART ? " ≠ "
                                                       : " household ");
  append_name(out, &fact->b);
}

/* Known facts by number, and those of this add, whose numbers are above theirs. */
static enum err contradicted(const struct fact_list *list, const struct fact *facts,
                             const struct fact *fact, const struct pair_reasons *reasons,
                             struct failure *failure) {
  struct buffer words = {0};
  append_fact(&words, fact);
  buffer_append_string(&words, " contradicts ");
  uint32_t shown = reasons->count < PAIR_REASONS_MAX ? reasons->count : PAIR_REASONS_MAX;
  for (uint32_t i = 0; i < shown; i++) {
    uint64_t number = reasons->numbers[i];
    if (i) buffer_append_string(&words, i + 1 < shown ? ", " : " and ");
    buffer_printf(&words, "decision %" PRIu64 " (", number);
    append_fact(&words, number <= list->count ? &list->items[number - 1]
                                              : &facts[number - list->count - 1]);
    buffer_append_char(&words, ')');
  }
  if (shown < reasons->count) buffer_printf(&words, " and %u more", reasons->count - shown);
  buffer_append_string(&words, "; nothing was kept. Undo one of them, or leave this one out");
  enum err err = failure_set(failure, ERR_INPUT, "%s", buffer_string(&words));
  buffer_release(&words);
  return err;
}

/* Numbers the facts that are new; numbers of the known ones are those in the store. */
static enum err check_all(const struct fact_list *list, struct fact *facts, uint32_t count,
                          uint32_t *known, struct failure *failure) {
  struct pair_check *all = pair_check_new();
  struct pair_reasons reasons;
  uint64_t held = 0;
  for (uint64_t i = 0; i < list->count; i++) {
    if (!holds(&list->items[i])) continue;
    struct pair_fact pair = pair_of(&list->items[i]);
    pair_check_add(all, &pair, &reasons);
    held++;
  }
  enum err err = ERR_OK;
  uint64_t next = list->count;
  *known = 0;
  for (uint32_t i = 0; i < count && !err; i++) {
    /* By place, so that messages find it; what is new keeps the order. */
    facts[i].number = list->count + i + 1;
    facts[i].undone_by = 0;
    struct pair_fact pair = pair_of(&facts[i]);
    enum pair_outcome outcome = pair_check_add(all, &pair, &reasons);
    if (outcome == PAIR_CONTRADICTS)
      err = contradicted(list, facts, &facts[i], &reasons, failure);
    else if (outcome == PAIR_ADDED)
      held++;
    else
      ++*known, facts[i].undone_by = reasons.numbers[0];
  }
  if (!err && held > PAIR_FACTS_MAX)
    err = failure_set(failure, ERR_LIMIT,
                      "%" PRIu64
                      " decisions would hold, the limit is %d: undo what is no longer "
                      "needed",
                      held, PAIR_FACTS_MAX);
  pair_check_free(all);
  for (uint32_t i = 0; i < count && !err; i++) {
    uint64_t same = facts[i].undone_by;
    facts[i].undone_by = 0;
    /* Of two alike in one add the second is known by the first, which has its number by now. */
    facts[i].number = !same                 ? ++next
                      : same <= list->count ? same
                                            : facts[same - list->count - 1].number;
  }
  return err;
}

static int put_entry(struct fact_store *store, MDB_txn *txn, const struct fact *fact) {
  char key[8];
  store_be64(key, fact->number);
  struct buffer value = {0};
  uint64_t seal = 0;
  buffer_append(&value, &seal, sizeof seal);
  fact_encode(fact, &value);
  seal = seal_of(bytes_of(key, sizeof key),
                 bytes_of(value.data + sizeof seal, value.size - sizeof seal));
  memcpy(value.data, &seal, sizeof seal);
  MDB_val k = {sizeof key, key}, v = {value.size, value.data};
  int rc = mdb_put(txn, store->table, &k, &v, MDB_NOOVERWRITE);
  buffer_release(&value);
  return rc;
}

/* Everything of one transaction but its begin and commit. */
static enum err try_add(struct fact_store *store, MDB_txn *txn, struct fact *facts, uint32_t count,
                        uint32_t *known, int *rc, struct failure *failure) {
  struct arena arena = {0};
  struct fact_list list;
  enum err err = read_all(store, txn, &arena, &list, failure);
  if (!err) err = check_all(&list, facts, count, known, failure);
  uint64_t next = list.count + 1;
  for (uint32_t i = 0; i < count && !err && !*rc; i++) {
    if (facts[i].number != next) continue; /* known */
    *rc = put_entry(store, txn, &facts[i]);
    next++;
  }
  arena_release(&arena);
  return err;
}

static enum err try_undo(struct fact_store *store, MDB_txn *txn, struct fact *entry, int *rc,
                         struct failure *failure) {
  struct arena arena = {0};
  struct fact_list list;
  enum err err = read_all(store, txn, &arena, &list, failure);
  uint64_t number = entry->undoes;
  if (!err && (number == 0 || number > list.count || list.items[number - 1].undoes))
    err = failure_set(failure, ERR_NOT_FOUND,
                      "there is no decision %" PRIu64 "; `guiyi review --list` shows them", number);
  if (!err && list.items[number - 1].undone_by)
    err = failure_set(failure, ERR_INPUT, "decision %" PRIu64 " was undone before", number);
  if (!err) {
    entry->number = list.count + 1;
    *rc = put_entry(store, txn, entry);
  }
  arena_release(&arena);
  return err;
}

/* Runs one of the two in a transaction of its own; when the map is full, again with a larger one.
 */
static enum err write_in_transaction(struct fact_store *store, struct fact *facts, uint32_t count,
                                     uint32_t *known, struct failure *failure) {
  for (;;) {
    MDB_txn *txn = NULL;
    int rc = begin(store, 0, &txn);
    if (rc) return lmdb_failed(store, "write", rc, failure);
    enum err err = known ? try_add(store, txn, facts, count, known, &rc, failure)
                         : try_undo(store, txn, facts, &rc, failure);
    if (err || rc)
      mdb_txn_abort(txn);
    else
      rc = mdb_txn_commit(txn);
    if (rc == MDB_MAP_FULL) {
      MDB_envinfo info;
      rc = mdb_env_info(store->env, &info);
      if (!rc) rc = mdb_env_set_mapsize(store->env, info.me_mapsize * 2);
      if (!rc) continue;
    }
    if (!err && rc) err = lmdb_failed(store, "write", rc, failure);
    if (!err) failpoint("decision kept");
    return err;
  }
}

enum err fact_store_add(struct fact_store *store, struct fact *facts, uint32_t count,
                        uint32_t *known, struct failure *failure) {
  check(count <= FACT_BATCH_MAX);
  for (uint32_t i = 0; i < count; i++)
    check(!facts[i].undoes && facts[i].who.size <= FACT_WHO_BYTES_MAX &&
          facts[i].why.size <= FACT_WHY_BYTES_MAX);
  *known = 0;
  return count ? write_in_transaction(store, facts, count, known, failure) : ERR_OK;
}

enum err fact_store_undo(struct fact_store *store, uint64_t number, struct bytes who,
                         struct bytes why, int64_t time_ms, struct failure *failure) {
  check(who.size <= FACT_WHO_BYTES_MAX && why.size <= FACT_WHY_BYTES_MAX);
  struct fact entry = {.undoes = number, .time_ms = time_ms, .who = who, .why = why};
  return write_in_transaction(store, &entry, 1, NULL, failure);
}
