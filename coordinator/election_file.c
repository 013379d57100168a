/* No election: one coordinator, and its records in an LMDB file of this machine. The lock on
 * PATH.lock keeps a second one out, and goes with the process; the token is counted in the file. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/check.h"
#include "common/hash.h"
#include "common/memory.h"
#include "coordinator/election_kind.h"

enum { MAP_BYTES_LOG2 = 36, SEAL_BYTES = 8 }; /* the map is address space, not memory */

/* Records are under 'd' + key, the token under "token". A value begins with its checksum, seeded by
 * its key: LMDB has none. */
struct election_file {
  struct election methods;
  MDB_env *env;
  MDB_dbi dbi;
  int lock_fd;
  bool leads;
  struct buffer identity, path;
};

static struct election_file *self(struct election *e) { return (struct election_file *)e; }

static enum err store_failure(const struct election_file *s, const char *doing, int code,
                              struct failure *failure) {
  enum err err = code == ENOSPC || code == MDB_MAP_FULL ? ERR_DISK_FULL
                 : code == MDB_CORRUPTED                ? ERR_CORRUPT
                                                        : ERR_STORE;
  return failure_set(failure, err, "%s %.*s: %s", doing, (int)s->path.size, s->path.data,
                     mdb_strerror(code));
}

static void file_close(struct election *e) {
  struct election_file *s = self(e);
  if (s->env) mdb_env_close(s->env);
  if (s->lock_fd >= 0) close(s->lock_fd);
  buffer_release(&s->identity);
  buffer_release(&s->path);
  free(s);
}

/* ---- records ---- */

static struct bytes record_key(struct bytes key, struct buffer *out) {
  buffer_clear(out);
  buffer_append_char(out, 'd');
  buffer_append_bytes(out, key);
  return buffer_bytes(out);
}

static MDB_val val_of(struct bytes bytes) { return (MDB_val){bytes.size, (void *)bytes.data}; }
static struct bytes bytes_of_val(MDB_val val) { return bytes_of(val.mv_data, val.mv_size); }

static uint64_t seal_of(struct bytes key, struct bytes value) {
  return hash_bytes_seeded(value, hash_bytes(key));
}

static int put(struct election_file *s, MDB_txn *txn, struct bytes key, struct bytes value) {
  struct buffer sealed = {0};
  uint64_t seal = seal_of(key, value);
  buffer_append(&sealed, &seal, sizeof seal);
  buffer_append_bytes(&sealed, value);
  MDB_val k = val_of(key), v = val_of(buffer_bytes(&sealed));
  int code = mdb_put(txn, s->dbi, &k, &v, 0);
  buffer_release(&sealed);
  return code;
}

/* MDB_CORRUPTED when the value is not what was written under the key. */
static int unseal(struct bytes key, MDB_val stored, struct bytes *value) {
  uint64_t seal;
  if (stored.mv_size < SEAL_BYTES) return MDB_CORRUPTED;
  memcpy(&seal, stored.mv_data, sizeof seal);
  *value = bytes_of((const char *)stored.mv_data + SEAL_BYTES, stored.mv_size - SEAL_BYTES);
  return seal == seal_of(key, *value) ? 0 : MDB_CORRUPTED;
}

static int find(struct election_file *s, MDB_txn *txn, struct bytes key, struct bytes *value) {
  MDB_val k = val_of(key), v;
  int code = mdb_get(txn, s->dbi, &k, &v);
  return code ? code : unseal(key, v, value);
}

static int remove_prefix(struct election_file *s, MDB_txn *txn, struct bytes prefix) {
  MDB_cursor *cursor;
  int code = mdb_cursor_open(txn, s->dbi, &cursor);
  if (code) return code;
  MDB_val k = val_of(prefix), v;
  code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
  while (!code && bytes_starts_with(bytes_of_val(k), prefix)) {
    code = mdb_cursor_del(cursor, 0);
    if (!code) code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
  }
  mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? 0 : code;
}

static enum err file_fence(struct election *e, const struct election_write *writes, uint32_t count,
                           struct failure *failure) {
  struct election_file *s = self(e);
  if (!s->leads) return failure_set(failure, ERR_STALE, "this coordinator does not lead");
  MDB_txn *txn = NULL;
  struct buffer key = {0};
  int code = mdb_txn_begin(s->env, NULL, 0, &txn);
  for (uint32_t i = 0; i < count && !code; i++) {
    record_key(writes[i].key, &key);
    code = writes[i].is_removal ? remove_prefix(s, txn, buffer_bytes(&key))
                                : put(s, txn, buffer_bytes(&key), writes[i].value);
  }
  if (!code)
    code = mdb_txn_commit(txn);
  else if (txn)
    mdb_txn_abort(txn);
  buffer_release(&key);
  return code ? store_failure(s, "writing", code, failure) : ERR_OK;
}

static enum err file_get(struct election *e, struct bytes key, struct buffer *value,
                         struct failure *failure) {
  struct election_file *s = self(e);
  MDB_txn *txn;
  struct buffer full = {0};
  int code = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
  if (code) return store_failure(s, "reading", code, failure);
  struct bytes found;
  code = find(s, txn, record_key(key, &full), &found);
  buffer_clear(value);
  if (!code) buffer_append_bytes(value, found);
  mdb_txn_abort(txn);
  buffer_release(&full);
  if (code == MDB_NOTFOUND)
    return failure_set(failure, ERR_NOT_FOUND, "there is no record %.*s", (int)key.size, key.data);
  return code ? store_failure(s, "reading", code, failure) : ERR_OK;
}

static enum err visit_from(struct election_file *s, MDB_cursor *cursor, struct bytes prefix,
                           election_visit *visit, void *context, struct failure *failure) {
  MDB_val k = val_of(prefix), v;
  int code = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
  while (!code && bytes_starts_with(bytes_of_val(k), prefix)) {
    struct bytes key = bytes_of_val(k), value;
    if ((code = unseal(key, v, &value))) break;
    enum err err =
        visit(context, bytes_of(key.data + prefix.size, key.size - prefix.size), value, failure);
    if (err) return err;
    code = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
  }
  return code && code != MDB_NOTFOUND ? store_failure(s, "reading", code, failure) : ERR_OK;
}

static enum err file_list(struct election *e, struct bytes prefix, election_visit *visit,
                          void *context, struct failure *failure) {
  struct election_file *s = self(e);
  MDB_txn *txn;
  MDB_cursor *cursor = NULL;
  struct buffer full = {0};
  int code = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
  if (code) return store_failure(s, "reading", code, failure);
  enum err err = ERR_OK;
  record_key(prefix, &full);
  if ((code = mdb_cursor_open(txn, s->dbi, &cursor)))
    err = store_failure(s, "reading", code, failure);
  else
    err = visit_from(s, cursor, buffer_bytes(&full), visit, context, failure);
  if (cursor) mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  buffer_release(&full);
  return err;
}

/* ---- ruling ---- */

static enum err file_campaign(struct election *e, uint64_t *token, struct failure *failure) {
  struct election_file *s = self(e);
  MDB_txn *txn;
  uint64_t last = 0;
  struct bytes value;
  int code = mdb_txn_begin(s->env, NULL, 0, &txn);
  if (code) return store_failure(s, "writing", code, failure);
  code = find(s, txn, BYTES("token"), &value);
  if (!code && value.size != sizeof last) code = MDB_CORRUPTED;
  if (!code) memcpy(&last, value.data, sizeof last);
  if (code == MDB_NOTFOUND) code = 0;
  *token = last + 1;
  if (!code) code = put(s, txn, BYTES("token"), bytes_of((const char *)token, sizeof *token));
  if (!code)
    code = mdb_txn_commit(txn);
  else
    mdb_txn_abort(txn);
  if (code) return store_failure(s, "writing", code, failure);
  s->leads = true;
  return ERR_OK;
}

static enum err file_renew(struct election *e, struct failure *failure) {
  return self(e)->leads ? ERR_OK
                        : failure_set(failure, ERR_STALE, "this coordinator does not lead");
}

static void file_resign(struct election *e) { self(e)->leads = false; }

static enum err file_watch(struct election *e, struct buffer *identity, uint64_t *token,
                           struct failure *failure) {
  struct election_file *s = self(e);
  if (!s->leads) return failure_set(failure, ERR_NOT_FOUND, "no coordinator leads");
  struct bytes value;
  MDB_txn *txn;
  int code = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn);
  if (code) return store_failure(s, "reading", code, failure);
  code = find(s, txn, BYTES("token"), &value);
  if (!code && value.size == sizeof *token) memcpy(token, value.data, sizeof *token);
  mdb_txn_abort(txn);
  buffer_clear(identity);
  buffer_append_bytes(identity, buffer_bytes(&s->identity));
  return code ? store_failure(s, "reading", code, failure) : ERR_OK;
}

/* ---- opening ---- */

static enum err lock(struct election_file *s, struct failure *failure) {
  struct buffer path = {0};
  buffer_printf(&path, "%.*s.lock", (int)s->path.size, s->path.data);
  s->lock_fd = open(buffer_string(&path), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  enum err err = ERR_OK;
  if (s->lock_fd < 0)
    err = failure_set(failure, err_from_errno(errno), "%s: %s", buffer_string(&path),
                      strerror(errno));
  else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
    err = failure_set(failure, ERR_STORE,
                      "%s is locked: another coordinator works with this data folder",
                      buffer_string(&path));
  buffer_release(&path);
  return err;
}

static enum err open_env(struct election_file *s, struct failure *failure) {
  MDB_txn *txn;
  int code = mdb_env_create(&s->env);
  if (!code) code = mdb_env_set_mapsize(s->env, (size_t)1 << MAP_BYTES_LOG2);
  if (!code) code = mdb_env_open(s->env, buffer_string(&s->path), MDB_NOSUBDIR | MDB_NOTLS, 0600);
  if (!code) code = mdb_txn_begin(s->env, NULL, 0, &txn);
  if (code) return store_failure(s, "opening", code, failure);
  code = mdb_dbi_open(txn, NULL, 0, &s->dbi);
  if (!code)
    code = mdb_txn_commit(txn);
  else
    mdb_txn_abort(txn);
  return code ? store_failure(s, "opening", code, failure) : ERR_OK;
}

enum err election_file_open(const char *path, struct bytes identity, struct election **out,
                            struct failure *failure) {
  struct election_file *s = memory_new_zeroed(1, sizeof *s);
  s->methods = (struct election){.close = file_close,
                                 .campaign = file_campaign,
                                 .renew = file_renew,
                                 .resign = file_resign,
                                 .fence = file_fence,
                                 .get = file_get,
                                 .list = file_list,
                                 .watch = file_watch};
  s->lock_fd = -1;
  buffer_append_bytes(&s->identity, identity);
  buffer_append_string(&s->path, path);
  enum err err = lock(s, failure);
  if (!err) err = open_env(s, failure);
  if (err) {
    file_close(&s->methods);
    return err;
  }
  *out = &s->methods;
  return ERR_OK;
}
