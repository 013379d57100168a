/* election_agent — a thread that keeps the ruling coordinator's lease and writes its journal, so
 * that the loop that owns the sockets never waits for a disk or for etcd.
 *
 *   campaign (election.h) ──▶ agent_open ──▶ journal, publish … ──▶ agent_close
 *
 * What it has to say comes out of a socket that the loop polls beside its own. When the lease was
 * not renewed in time it says DEPOSED and does no more. */
#ifndef GUIYI_COORDINATOR_ELECTION_AGENT_H
#define GUIYI_COORDINATOR_ELECTION_AGENT_H

#include "coordinator/coordinator.h"
#include "coordinator/election.h"

struct election_agent;

enum election_news_kind {
  ELECTION_JOURNALED, /* all entries up to sequence are durable */
  ELECTION_PUBLISHED, /* or not: failure says why; code OK = it was */
  ELECTION_DEPOSED,   /* another rules, or may; failure says why */
};

struct election_news {
  enum election_news_kind kind;
  uint64_t sequence;
  struct failure failure;
};

/* The election must have been won; it is the agent's until agent_close. */
enum err election_agent_open(void *zmq_context, struct election *election,
                             struct election_agent **out, struct failure *failure);
void *election_agent_socket(struct election_agent *agent);
/* false when there is no news. */
bool election_agent_take(struct election_agent *agent, struct election_news *news);

/* None of these blocks. Entries are copied; sequences ascend. */
void election_agent_journal(struct election_agent *agent, uint64_t sequence,
                            const struct journal_entry *entry);
/* Writes the record `current`. */
void election_agent_publish(struct election_agent *agent, struct bytes value);
/* Writes what it was given, resigns if it rules, and ends. The election is the caller's again. */
void election_agent_close(struct election_agent **agent);

#endif
