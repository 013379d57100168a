/* generation_verify — is the current generation what was published, and does it say what its
 * records say?
 *
 *   1. the bytes of every file against the manifest, the manifest against CURRENT
 *   2. every table: order, number of entries, bytes, checksum
 *   3. every customer: its golden record is readable, names its members, and each of its values is
 * a member's cell or a declared derivation, computed again
 *   4. every record is in exactly one customer and the indexes lead to it; the counts agree; every
 *      alias leads to a customer or is retired
 *   5. the run's digest, computed again
 *
 * A file whose bytes differ is not opened: LMDB trusts what it reads. */
#ifndef GUIYI_WORKER_STORE_GENERATION_VERIFY_H
#define GUIYI_WORKER_STORE_GENERATION_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"

enum { VERIFY_PROBLEMS_MAX = 32 };

struct verify_report {
  uint64_t generation;
  uint32_t shards;
  uint64_t bytes; /* of all files */
  uint64_t customers, records, golden_values, aliases;
  uint64_t problem_count;
  const char *problems[VERIFY_PROBLEMS_MAX]; /* sentences with the place; the first ones */
  bool digest_is_checked;                    /* the generation has one that can be computed again */
  struct arena arena;                        /* of the problems */
};

/* The report is filled as far as checking got, and to be released whatever is returned. ERR_CORRUPT
 * when there are problems (failure is the first), ERR_NOT_FOUND when there is no generation. */
enum err generation_verify(const char *data_dir, struct verify_report *report,
                           struct failure *failure);
/* Adds a sentence. */
__attribute__((format(printf, 2, 3))) void verify_report_add(struct verify_report *report,
                                                             const char *format, ...);
void verify_report_release(struct verify_report *report);

#endif
