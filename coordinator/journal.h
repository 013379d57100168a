/* journal — what a coordinator must not forget of a job, kept as records of an election's store, so
 * that the next coordinator goes on where this one stopped.
 *
 *   job                        number, fingerprint
 *   entry/STAGE/TASK/PART      a task's result: units, then the result, in parts (hexadecimal)
 *   current                    what is published, as the publisher wrote it
 *
 * Calls block like the election's. */
#ifndef GUIYI_COORDINATOR_JOURNAL_H
#define GUIYI_COORDINATOR_JOURNAL_H

#include "common/hash.h"
#include "coordinator/coordinator.h"
#include "coordinator/election.h"

enum journal_state {
  JOURNAL_BEGINS,   /* a job with a number of its own; what was held of the last one is removed */
  JOURNAL_RESUMES,  /* the same job as before goes on under its number */
  JOURNAL_PUBLISHED /* the same job was published, and nothing was changed */
};

/* The one who rules takes up a job, which its fingerprint tells from others; its number is at least
 * job_min. again: begin another when the same was published. */
enum err journal_begin(struct election *e, struct hash128 fingerprint, uint64_t job_min, bool again,
                       uint64_t *job, enum journal_state *state, struct failure *failure);

/* Durable when it returns ERR_OK; entries are written in their order, so that after an error the
 * first ones may be there. */
enum err journal_write(struct election *e, const struct journal_entry *entries, uint32_t count,
                       struct failure *failure);
/* Gives the coordinator every entry that was written whole. */
enum err journal_restore(struct election *e, struct coordinator *c, struct failure *failure);

#endif
