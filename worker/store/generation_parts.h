/* generation_parts — what the files of this folder know of a generation beyond generation.h. */
#ifndef GUIYI_WORKER_STORE_GENERATION_PARTS_H
#define GUIYI_WORKER_STORE_GENERATION_PARTS_H

#include <pthread.h>

#include "worker/store/generation.h"
#include "worker/store/identity.h"
#include "worker/store/shard_file.h"

struct generation_writer {
  char *data_dir;
  const struct job *job;
  int lock_fd;
  uint64_t number;
  struct generation *previous;
  enum field_search search[JOB_FIELDS_MAX];
  /* From generation_assign_ids; constant while shards are written. */
  bool has_ids;
  struct identity *identity;
  const struct identity_result *ids;
  struct generation_order alias_order; /* of ids->aliases */
  /* By shard; each written by the one thread that has the shard. */
  struct shard_writer *files[GENERATION_SHARDS_MAX];
  struct manifest_shard shards[GENERATION_SHARDS_MAX];
  uint64_t customers[GENERATION_SHARDS_MAX], records[GENERATION_SHARDS_MAX];
  bool begun[GENERATION_SHARDS_MAX], ended[GENERATION_SHARDS_MAX];
  pthread_mutex_t lock;           /* of what follows */
  struct generation_shard *spare; /* shards that are over: the next one takes their memory */
};

/* Frees the spare ones. */
void generation_shards_release(struct generation_writer *writer);

/* ---- of a generation that is read ---- */

/* Where it was opened: the folder as the caller named it. */
const char *generation_data_dir(const struct generation *generation);
const struct shard_reader *generation_shard_reader(const struct generation *generation,
                                                   uint32_t shard);
/* All aliases of one shard, by id; the array is allocated: free() it. */
enum err generation_read_aliases(const struct generation *generation, uint32_t shard,
                                 struct identity_alias **aliases, size_t *count,
                                 struct failure *failure);
/* A customer of the shard by its ordinal. */
enum err generation_get_by_ordinal(const struct generation *generation, uint32_t shard,
                                   uint32_t ordinal, struct arena *arena,
                                   struct stored_customer *customer, struct failure *failure);
/* Reads CURRENT and the manifest it names; the text's checksum is verified. */
enum err generation_read_manifest(const char *data_dir, struct arena *arena,
                                  struct manifest *manifest, struct failure *failure);
/* "shard_007.lmdb" */
void generation_shard_file_name(uint32_t shard, char name[32]);

#endif
