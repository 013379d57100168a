/* election_kind — what a kind of election implements. Private to election*.c. */
#ifndef GUIYI_COORDINATOR_ELECTION_KIND_H
#define GUIYI_COORDINATOR_ELECTION_KIND_H

#include "coordinator/election.h"

/* Members mean what the functions of election.h mean; every kind's struct begins with this. */
struct election {
  void (*close)(struct election *e);
  enum err (*campaign)(struct election *e, uint64_t *token, struct failure *failure);
  enum err (*renew)(struct election *e, struct failure *failure);
  void (*resign)(struct election *e);
  enum err (*fence)(struct election *e, const struct election_write *writes, uint32_t count,
                    struct failure *failure);
  enum err (*get)(struct election *e, struct bytes key, struct buffer *value,
                  struct failure *failure);
  enum err (*list)(struct election *e, struct bytes prefix, election_visit *visit, void *context,
                   struct failure *failure);
  enum err (*watch)(struct election *e, struct buffer *identity, uint64_t *token,
                    struct failure *failure);
};

enum err election_file_open(const char *path, struct bytes identity, struct election **out,
                            struct failure *failure);
enum err election_etcd_open(const char *address, struct bytes identity, struct election **out,
                            struct failure *failure);

#endif
