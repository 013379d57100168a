/* etcd_client — the calls of etcd (v3, over its JSON gateway) that an election needs.
 *
 * Blocking, each call at most about timeout_ms per server; one thread at a time. Servers are tried
 * in turn, beginning with the one that answered last. An error leaves it unknown whether a write
 * was done: ERR_PEER. Needs etcd 3.4 or later. */
#ifndef GUIYI_COORDINATOR_ETCD_CLIENT_H
#define GUIYI_COORDINATOR_ETCD_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"

struct etcd_client;

/* endpoints: "host:port,host:port", plain HTTP, or URLs with their scheme. ERR_USAGE when it is not
 * such a list. */
enum err etcd_client_open(const char *endpoints, uint32_t timeout_ms, struct etcd_client **out,
                          struct failure *failure);
void etcd_client_close(struct etcd_client *take_client); /* NULL is allowed */

enum err etcd_lease_grant(struct etcd_client *client, uint32_t ttl_s, int64_t *lease,
                          struct failure *failure);
/* ERR_NOT_FOUND: it ran out. */
enum err etcd_lease_renew(struct etcd_client *client, int64_t lease, struct failure *failure);
enum err etcd_lease_revoke(struct etcd_client *client, int64_t lease, struct failure *failure);

struct etcd_pair {
  struct bytes key, value;
  int64_t create_revision;
};
/* Pairs with keys in [key, end), in their order, at most `limit`; end empty: just key. Valid during
 * the call. An error of visit ends it and is returned. */
typedef enum err etcd_visit(void *context, const struct etcd_pair *pair, struct failure *failure);
enum err etcd_range(struct etcd_client *client, struct bytes key, struct bytes end, uint32_t limit,
                    etcd_visit *visit, void *context, struct failure *failure);

/* What one transaction does if `key` has this create-revision (0 = there is no such key). */
struct etcd_put {
  struct bytes key, value;
  int64_t lease;   /* 0 = none */
  bool is_removal; /* of [key, value): value is the end */
};
/* *done: the condition held and all was written; *revision is the store's then. */
enum err etcd_write_if(struct etcd_client *client, struct bytes key, int64_t create_revision,
                       const struct etcd_put *puts, uint32_t put_count, bool *done,
                       int64_t *revision, struct failure *failure);

#endif
