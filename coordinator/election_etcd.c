/* The election in etcd.
 *
 *   PREFIX/leader      identity, under a lease of ELECTION_TTL_S; its create-revision is the token
 *   PREFIX/data/KEY    the records
 *
 * A campaign creates the leader's key if there is none. When etcd did not say whether it did, the
 * next look finds this process' own lease under the key, or not. */
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "coordinator/election_kind.h"
#include "coordinator/etcd_client.h"

enum { WRITES_AT_ONCE = 100 /* etcd takes 128 operations a transaction */, PAGE = 256 };

struct election_etcd {
  struct election methods;
  struct etcd_client *client;
  struct buffer identity;
  struct buffer leader_key, data_prefix;
  int64_t lease; /* 0 = none */
  uint64_t token;
};

static struct election_etcd *self(struct election *e) { return (struct election_etcd *)e; }

static void etcd_close(struct election *e) {
  struct election_etcd *s = self(e);
  etcd_client_close(s->client);
  buffer_release(&s->identity);
  buffer_release(&s->leader_key);
  buffer_release(&s->data_prefix);
  free(s);
}

/* ---- ruling ---- */

struct leader {
  bool found;
  struct buffer *identity;
  uint64_t token;
};

static enum err see_leader(void *context, const struct etcd_pair *pair, struct failure *failure) {
  struct leader *leader = context;
  (void)failure;
  leader->found = true;
  leader->token = (uint64_t)pair->create_revision;
  buffer_clear(leader->identity);
  buffer_append_bytes(leader->identity, pair->value);
  return ERR_OK;
}

static enum err etcd_watch(struct election *e, struct buffer *identity, uint64_t *token,
                           struct failure *failure) {
  struct election_etcd *s = self(e);
  struct leader leader = {.identity = identity};
  enum err err = etcd_range(s->client, buffer_bytes(&s->leader_key), BYTES_EMPTY, 1, see_leader,
                            &leader, failure);
  if (err) return err;
  if (!leader.found) return failure_set(failure, ERR_NOT_FOUND, "no coordinator leads");
  *token = leader.token;
  return ERR_OK;
}

static void forget_lease(struct election_etcd *s) {
  if (s->lease) (void)etcd_lease_revoke(s->client, s->lease, NULL);
  s->lease = 0;
  s->token = 0;
}

static enum err etcd_campaign(struct election *e, uint64_t *token, struct failure *failure) {
  struct election_etcd *s = self(e);
  forget_lease(s); /* whatever it was good for: a token is never used twice */
  enum err err = etcd_lease_grant(s->client, ELECTION_TTL_S, &s->lease, failure);
  if (err) return err;
  struct etcd_put put = {
      .key = buffer_bytes(&s->leader_key), .value = buffer_bytes(&s->identity), .lease = s->lease};
  bool done = false;
  int64_t revision = 0;
  err = etcd_write_if(s->client, put.key, 0, &put, 1, &done, &revision, failure);
  if (err || !done) {
    forget_lease(s);
    return err ? err : failure_set(failure, ERR_STALE, "another coordinator leads");
  }
  s->token = *token = (uint64_t)revision;
  return ERR_OK;
}

static enum err etcd_renew(struct election *e, struct failure *failure) {
  struct election_etcd *s = self(e);
  if (!s->lease) return failure_set(failure, ERR_STALE, "this coordinator does not lead");
  enum err err = etcd_lease_renew(s->client, s->lease, failure);
  return err == ERR_NOT_FOUND ? failure_wrap(failure, "leading"), ERR_STALE : err;
}

static void etcd_resign(struct election *e) { forget_lease(self(e)); }

/* ---- records ---- */

static struct bytes data_key(const struct election_etcd *s, struct bytes key, struct buffer *out) {
  buffer_clear(out);
  buffer_append_bytes(out, buffer_bytes(&s->data_prefix));
  buffer_append_bytes(out, key);
  return buffer_bytes(out);
}

/* The first key behind all that begin with the prefix, in place. Prefixes end in '/'. */
static void prefix_end(struct buffer *prefix) {
  check(prefix->size && prefix->data[prefix->size - 1] != '\xff');
  prefix->data[prefix->size - 1]++;
}

static enum err etcd_fence(struct election *e, const struct election_write *writes, uint32_t count,
                           struct failure *failure) {
  struct election_etcd *s = self(e);
  if (!s->token) return failure_set(failure, ERR_STALE, "this coordinator does not lead");
  if (count > WRITES_AT_ONCE)
    return failure_set(failure, ERR_LIMIT, "%u records in one step; the most is %d", count,
                       WRITES_AT_ONCE);
  struct buffer keys[2 * WRITES_AT_ONCE] = {0};
  struct etcd_put puts[WRITES_AT_ONCE];
  for (uint32_t i = 0; i < count; i++) {
    puts[i] = (struct etcd_put){.key = data_key(s, writes[i].key, &keys[2 * i]),
                                .value = writes[i].value,
                                .is_removal = writes[i].is_removal};
    if (!writes[i].is_removal) continue;
    data_key(s, writes[i].key, &keys[2 * i + 1]);
    prefix_end(&keys[2 * i + 1]);
    puts[i].value = buffer_bytes(&keys[2 * i + 1]);
  }
  bool done = false;
  int64_t revision;
  enum err err = etcd_write_if(s->client, buffer_bytes(&s->leader_key), (int64_t)s->token, puts,
                               count, &done, &revision, failure);
  if (!err && !done) err = failure_set(failure, ERR_STALE, "another coordinator leads");
  for (uint32_t i = 0; i < 2 * WRITES_AT_ONCE; i++) buffer_release(&keys[i]);
  return err;
}

struct listing {
  size_t skip; /* of each key */
  election_visit *visit;
  void *context;
  struct buffer *last;
  uint32_t count;
};

static enum err list_pair(void *context, const struct etcd_pair *pair, struct failure *failure) {
  struct listing *l = context;
  l->count++;
  buffer_clear(l->last);
  buffer_append_bytes(l->last, pair->key);
  if (pair->key.size < l->skip)
    return failure_set(failure, ERR_MALFORMED, "etcd answered with a key that was not asked for");
  return l->visit(l->context, bytes_of(pair->key.data + l->skip, pair->key.size - l->skip),
                  pair->value, failure);
}

static enum err etcd_list(struct election *e, struct bytes prefix, election_visit *visit,
                          void *context, struct failure *failure) {
  struct election_etcd *s = self(e);
  struct buffer from = {0}, end = {0}, last = {0};
  data_key(s, prefix, &from);
  data_key(s, prefix, &end);
  prefix_end(&end);
  struct listing l = {.skip = from.size, .visit = visit, .context = context, .last = &last};
  enum err err;
  do {
    l.count = 0;
    err = etcd_range(s->client, buffer_bytes(&from), buffer_bytes(&end), PAGE, list_pair, &l,
                     failure);
    buffer_clear(&from);
    buffer_append_bytes(&from, buffer_bytes(&last));
    buffer_append_char(&from, '\0'); /* the next possible key */
  } while (!err && l.count == PAGE);
  buffer_release(&from);
  buffer_release(&end);
  buffer_release(&last);
  return err;
}

static enum err etcd_get(struct election *e, struct bytes key, struct buffer *value,
                         struct failure *failure) {
  struct election_etcd *s = self(e);
  struct buffer full = {0};
  struct leader found = {.identity = value};
  enum err err =
      etcd_range(s->client, data_key(s, key, &full), BYTES_EMPTY, 1, see_leader, &found, failure);
  buffer_release(&full);
  if (!err && !found.found)
    err = failure_set(failure, ERR_NOT_FOUND, "there is no record %.*s", (int)key.size, key.data);
  return err;
}

enum err election_etcd_open(const char *address, struct bytes identity, struct election **out,
                            struct failure *failure) {
  struct bytes text = bytes_from_string(address);
  size_t slash = bytes_find(text, BYTES("/"));
  struct bytes prefix = slash + 1 < text.size
                            ? bytes_of(text.data + slash + 1, text.size - slash - 1)
                            : BYTES("guiyi");
  struct buffer servers = {0};
  buffer_append_bytes(&servers, bytes_of(text.data, slash));
  struct etcd_client *client;
  enum err err = etcd_client_open(buffer_string(&servers), ELECTION_CALL_MS, &client, failure);
  buffer_release(&servers);
  if (err) return err;
  struct election_etcd *s = memory_new_zeroed(1, sizeof *s);
  s->methods = (struct election){.close = etcd_close,
                                 .campaign = etcd_campaign,
                                 .renew = etcd_renew,
                                 .resign = etcd_resign,
                                 .fence = etcd_fence,
                                 .get = etcd_get,
                                 .list = etcd_list,
                                 .watch = etcd_watch};
  s->client = client;
  buffer_append_bytes(&s->identity, identity);
  buffer_append_bytes(&s->leader_key, prefix);
  buffer_append_string(&s->leader_key, "/leader");
  buffer_append_bytes(&s->data_prefix, prefix);
  buffer_append_string(&s->data_prefix, "/data/");
  *out = &s->methods;
  return ERR_OK;
}
