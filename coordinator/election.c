#include "coordinator/election.h"

#include "common/check.h"
#include "coordinator/election_kind.h"

enum err election_open(const char *address, struct bytes identity, struct election **out,
                       struct failure *failure) {
  static const char file[] = "file:", etcd[] = "etcd://";
  struct bytes text = bytes_from_string(address);
  *out = NULL;
  if (bytes_starts_with(text, BYTES(file)))
    return election_file_open(address + sizeof file - 1, identity, out, failure);
  if (bytes_starts_with(text, BYTES(etcd)))
    return election_etcd_open(address + sizeof etcd - 1, identity, out, failure);
  return failure_set(failure, ERR_USAGE,
                     "an election is file:PATH or etcd://host:port,host:port[/prefix], found '%s'",
                     address);
}

void election_close(struct election *e) {
  if (e) e->close(e);
}

enum err election_campaign(struct election *e, uint64_t *token, struct failure *failure) {
  return e->campaign(e, token, failure);
}

enum err election_renew(struct election *e, struct failure *failure) {
  return e->renew(e, failure);
}

void election_resign(struct election *e) { e->resign(e); }

enum err election_fence(struct election *e, const struct election_write *writes, uint32_t count,
                        struct failure *failure) {
  for (uint32_t i = 0; i < count; i++) {
    check(writes[i].key.size > 0);
    if (writes[i].key.size > ELECTION_KEY_BYTES_MAX ||
        writes[i].value.size > ELECTION_VALUE_BYTES_MAX)
      return failure_set(failure, ERR_LIMIT,
                         "a record of %zu bytes under a key of %zu; the most is %d under %d",
                         writes[i].value.size, writes[i].key.size, ELECTION_VALUE_BYTES_MAX,
                         ELECTION_KEY_BYTES_MAX);
  }
  return e->fence(e, writes, count, failure);
}

enum err election_get(struct election *e, struct bytes key, struct buffer *value,
                      struct failure *failure) {
  return e->get(e, key, value, failure);
}

enum err election_list(struct election *e, struct bytes prefix, election_visit *visit,
                       void *context, struct failure *failure) {
  return e->list(e, prefix, visit, context, failure);
}

enum err election_watch(struct election *e, struct buffer *identity, uint64_t *token,
                        struct failure *failure) {
  return e->watch(e, identity, token, failure);
}
