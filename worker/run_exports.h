/* run_exports — the files of the out folder while a run writes them: which thread adds what, in
 * which order it lands, and when a file gets its name. What a row looks like is in worker/exports/.
 */
#ifndef GUIYI_WORKER_RUN_EXPORTS_H
#define GUIYI_WORKER_RUN_EXPORTS_H

#include "worker/exports/quality_json.h"
#include "worker/golden_plan.h"
#include "worker/run_state.h"

struct run_exports;

struct run_exports_options {
  const struct run_state *run; /* outlives the exports */
  const char *folder;          /* exists */
  uint32_t shard_count;
  bool write_lineage, write_pairs, write_duplicates, unmask;
};

/* Once the entities have ids: makes the files with their headings. */
enum err run_exports_open(const struct run_exports_options *options, struct run_exports **out,
                          struct failure *failure);
/* Files that were not finished are removed. NULL inside is allowed. */
void run_exports_close(struct run_exports **exports);

/* The customers of one shard, in order. One thread per shard. */
struct run_exports_shard;
struct run_exports_shard *run_exports_shard_begin(struct run_exports *exports, uint32_t shard);
/* golden->members is needed; scratch is used and not reset. */
void run_exports_shard_add(struct run_exports_shard *shard, const struct golden_record *golden,
                           struct arena *scratch);
enum err run_exports_shard_end(struct run_exports_shard *take_shard, struct failure *failure);

/* The rows of one split: members.csv and rejects.csv. Any thread. */
enum err run_exports_split(struct run_exports *exports, uint32_t split, struct failure *failure);
/* After all shards and splits: the remaining files, and every file its name. */
enum err run_exports_finish(struct run_exports *exports, struct failure *failure);
/* What quality.json says; after run_exports_finish. */
const struct quality_counts *run_exports_quality(const struct run_exports *exports);

#endif
