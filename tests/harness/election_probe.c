/* election_probe — one contender for an election, for tests that kill and stop real processes.
 *
 *   election_probe ADDRESS NAME
 *
 * Campaigns until it rules, then through an election_agent writes a journal entry after the other
 * and publishes its name after every tenth. Says what happens, a line each:
 *   leads TOKEN | journaled SEQUENCE | published | not published WHY | deposed WHY */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

#include "coordinator/election_agent.h"

static void say(const char *what, const char *more) {
  printf("%s%s\n", what, more);
  fflush(stdout);
}

static void say_number(const char *what, uint64_t number) {
  char text[32];
  snprintf(text, sizeof text, " %" PRIu64, number);
  say(what, text);
}

static void campaign(struct election *e) {
  struct failure failure = {0};
  uint64_t token;
  while (election_campaign(e, &token, &failure))
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
  say_number("leads", token);
}

/* One reign; returns when it is over. */
static void rule(void *zmq_context, struct election *e, const char *name) {
  struct failure failure = {0};
  struct election_agent *agent;
  if (election_agent_open(zmq_context, e, &agent, &failure)) exit(1);
  uint64_t sequence = 0;
  struct journal_entry entry = {.result = bytes_from_string(name)};
  for (bool rules = true; rules;) {
    entry.task = (uint32_t)++sequence;
    election_agent_journal(agent, sequence, &entry);
    if (sequence % 10 == 0) election_agent_publish(agent, bytes_from_string(name));
    zmq_pollitem_t item = {election_agent_socket(agent), 0, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, 50);
    for (struct election_news news; election_agent_take(agent, &news);) {
      if (news.kind == ELECTION_JOURNALED) say_number("journaled", news.sequence);
      if (news.kind == ELECTION_PUBLISHED && !news.failure.code) say("published", "");
      if (news.kind == ELECTION_PUBLISHED && news.failure.code)
        say("not published ", news.failure.message);
      if (news.kind == ELECTION_DEPOSED) {
        say("deposed ", news.failure.message);
        rules = false;
      }
    }
  }
  election_agent_close(&agent);
}

int main(int argc, char **argv) {
  struct failure failure = {0};
  struct election *e;
  if (argc != 3 || election_open(argv[1], bytes_from_string(argv[2]), &e, &failure)) {
    fprintf(stderr, "election_probe: %s\n", failure.message);
    return 2;
  }
  void *zmq_context = zmq_ctx_new();
  for (;;) {
    campaign(e);
    rule(zmq_context, e, argv[2]);
  }
}
