/* coordinator_loop — a coordinator on a socket: carries messages and the time to the state machine.
 * Runs on the calling thread until the run is over. */
#ifndef GUIYI_COORDINATOR_COORDINATOR_LOOP_H
#define GUIYI_COORDINATOR_COORDINATOR_LOOP_H

#include "coordinator/coordinator.h"

/* Called on the loop's thread a few times a second and after each finished stage. Returning false
 * ends the run as failed (the user interrupted it). */
typedef bool coordinator_observer(void *context, const struct coordinator_progress *progress);

struct coordinator_loop {
  void *zmq_context;
  void *socket;                    /* a bound ROUTER; owned */
  struct coordinator *coordinator; /* owned */
  struct link_peer *peers;         /* by worker number */
};

enum err coordinator_loop_open(struct coordinator_loop *loop, void *zmq_context,
                               const char *endpoint, const struct coordinator_options *options,
                               struct failure *failure);
/* ERR_OK when the run is done; otherwise its failure. */
enum err coordinator_loop_run(struct coordinator_loop *loop, coordinator_observer *observe,
                              void *context, struct failure *failure);
void coordinator_loop_close(struct coordinator_loop *loop);

#endif
