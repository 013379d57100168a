/* coordinator_loop — a coordinator on a socket: carries messages and the time to the state machine.
 * Runs on the calling thread until the run is over. */
#ifndef GUIYI_COORDINATOR_COORDINATOR_LOOP_H
#define GUIYI_COORDINATOR_COORDINATOR_LOOP_H

#include "coordinator/coordinator.h"
#include "coordinator/election_agent.h"
#include "proto/link.h"

/* Called on the loop's thread a few times a second and after each finished stage. Returning false
 * ends the run as failed (the user interrupted it). */
typedef bool coordinator_observer(void *context, const struct coordinator_progress *progress);

/* Makes the result visible once all is computed: on the loop's thread, where workers still hold
 * what the run left; may block. result: of the last stage's task. An error of class RETRY: it is
 * asked again when what is lost was computed again; other errors end the run. */
typedef enum err coordinator_publisher(void *context, const struct coordinator *coordinator,
                                       struct bytes result, struct failure *failure);

struct coordinator_loop {
  void *zmq_context;
  void *socket;                    /* a bound ROUTER; owned */
  struct coordinator *coordinator; /* owned */
  struct link_peer *peers;         /* by worker number */
  bool *gone;                      /* by worker number: its connection is */
  bool is_any_gone;
  struct election_agent *agent;     /* set before the run when there is a journal */
  coordinator_publisher *publisher; /* set before the run; NULL: the last stage publishes */
  void *publisher_context;
  struct buffer publication; /* the result, while it is to be published */
  bool is_publishing;        /* now: nothing forbids it */
};

/* has_journal: results are kept by the agent; loop->coordinator may be restored before the run. */
enum err coordinator_loop_open(struct coordinator_loop *loop, void *zmq_context,
                               const char *endpoint, const struct link_security *security,
                               const struct coordinator_options *options, bool has_journal,
                               struct failure *failure);
/* ERR_OK when the run is done; otherwise its failure. */
enum err coordinator_loop_run(struct coordinator_loop *loop, coordinator_observer *observe,
                              void *context, struct failure *failure);
/* After the run: waits until the workers, which were told to stop, have left, or for a few seconds.
 */
void coordinator_loop_dismiss(struct coordinator_loop *loop);
void coordinator_loop_close(struct coordinator_loop *loop);

#endif
