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

/* The one who rules takes up a job. The same fingerprint as before, and not published yet: the job
 * goes on under its number, *resumes is true. Another: it has the next number, and what the journal
 * held of the last job is removed. */
enum err journal_begin(struct election *e, struct hash128 fingerprint, uint64_t *job, bool *resumes,
                       struct failure *failure);

/* Durable when it returns ERR_OK; entries are written in their order, so that after an error the
 * first ones may be there. */
enum err journal_write(struct election *e, const struct journal_entry *entries, uint32_t count,
                       struct failure *failure);
/* Gives the coordinator every entry that was written whole. */
enum err journal_restore(struct election *e, struct coordinator *c, struct failure *failure);

#endif
