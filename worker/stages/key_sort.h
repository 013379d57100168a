/* key_sort — key entries in order of their keys: most significant byte first into buckets that fit
 * the cache, insertion sort for what is small (McIlroy, Bostic, McIlroy 1993). Keys are hashes, so
 * two levels do almost all; runs of one key are left as they are. */
#ifndef GUIYI_WORKER_STAGES_KEY_SORT_H
#define GUIYI_WORKER_STAGES_KEY_SORT_H

#include "worker/run_state.h"

/* Sorts by key; entries of one key keep no particular order. scratch holds count entries. key_bits:
 * the bits above it are the same in all keys (64 when nothing is known). */
void key_sort(struct key_entry *entries, struct key_entry *scratch, uint64_t count,
              unsigned key_bits);

#endif
