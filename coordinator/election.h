/* election — which of several coordinators rules, and the records that only the ruling one may
 * write.
 *
 * Two kinds behind one interface: a file of this machine (one coordinator needs no election; the
 * file's lock keeps a second one out), and etcd. Records are small keys and values; they are
 * durable when a write returns ERR_OK, and a write is done only while its writer rules: in etcd by
 * a transaction that compares the create-revision of the leader's key, which is the token (after
 * Burrows, "The Chubby lock service", OSDI 2006, sequencers).
 *
 * Every call may block, at most a few seconds; one thread at a time. */
#ifndef GUIYI_COORDINATOR_ELECTION_H
#define GUIYI_COORDINATOR_ELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"

enum {
  ELECTION_TTL_S = 10, /* a leader that does not renew is replaced after so long */
  ELECTION_CALL_MS = 2000,
  ELECTION_KEY_BYTES_MAX = 400,
  ELECTION_VALUE_BYTES_MAX = 1 << 20,
};

struct election;

/* address: "file:PATH" or "etcd://host:port,host:port[/prefix]" (the prefix keeps clusters apart;
 * default guiyi). identity: what others are told of this coordinator, its endpoint. ERR_USAGE when
 * the address is neither; ERR_STORE when another process has the file. */
enum err election_open(const char *address, struct bytes identity, struct election **out,
                       struct failure *failure);
/* Does not resign. NULL is allowed. */
void election_close(struct election *take_election);

/* Tries once. ERR_OK: this one rules from now on, and token is higher than any before. ERR_STALE:
 * another does. ERR_PEER: the store did not answer. */
enum err election_campaign(struct election *e, uint64_t *token, struct failure *failure);
/* Within ELECTION_TTL_S of the last that succeeded. ERR_STALE: it rules no longer. */
enum err election_renew(struct election *e, struct failure *failure);
/* So that another need not wait. */
void election_resign(struct election *e);

/* A record to write; with is_removal all whose keys begin with key. */
struct election_write {
  struct bytes key, value;
  bool is_removal;
};
/* All of them in one step. ERR_STALE: nothing was written, another rules. ERR_PEER: it is not known
 * whether they were; the same again is safe. ERR_LIMIT: too long. */
enum err election_fence(struct election *e, const struct election_write *writes, uint32_t count,
                        struct failure *failure);

/* Valid during the call; key is without what all were asked for. An error of visit ends it. */
typedef enum err election_visit(void *context, struct bytes key, struct bytes value,
                                struct failure *failure);
/* ERR_NOT_FOUND when there is no such record. */
enum err election_get(struct election *e, struct bytes key, struct buffer *value,
                      struct failure *failure);
/* All whose keys begin with prefix, in their order. */
enum err election_list(struct election *e, struct bytes prefix, election_visit *visit,
                       void *context, struct failure *failure);
/* Who rules, as of now: ERR_NOT_FOUND when nobody does. Anybody may ask, without campaigning. */
enum err election_watch(struct election *e, struct buffer *identity, uint64_t *token,
                        struct failure *failure);

#endif
