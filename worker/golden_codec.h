/* golden_codec — a golden record as one msgpack value for the store, and the digest of a result.
 *
 * The members' own records are stored beside it (worker/store): here they are named by their keys.
 * Format, version 1: an array of
 *   version, customer id, first seen ms, updated at ms, score, tier, score reason, missing fields,
 *   tags: [[name, reason] …],
 *   members: bin of 16 bytes a key (low, high; little-endian), link weights: bin of 4 bytes each,
 *   values: one a field: nil, or [origin, rule, text, member, distinct count, derived from,
 *           part members [member …], runners-up [[text, member] …]]
 * A change of the format gets a new version; a reader refuses versions it does not know. */
#ifndef GUIYI_WORKER_GOLDEN_CODEC_H
#define GUIYI_WORKER_GOLDEN_CODEC_H

#include "worker/golden.h"

enum { GOLDEN_CODEC_VERSION = 1 };

/* golden->members is needed. Appends. */
void golden_encode(const struct golden_record *golden, uint32_t field_count, struct buffer *out);

/* A golden record read back. Texts point into data; the rest lies in the arena. golden.members is
 * NULL until the caller attaches the records that lie beside it, in the order of member_keys.
 * ERR_MALFORMED when the bytes are not a golden record of so many fields. Memory stays in
 * proportion to data.size; nothing is trusted. */
struct golden_decoded {
  struct golden_record golden;
  const struct hash128 *member_keys; /* golden.member_count of them */
};
enum err golden_decode(struct bytes data, uint32_t field_count, struct arena *arena,
                       struct golden_decoded *out);

/* What the run's digest takes from one customer: the keys of its members, and per field the
 * canonical value with origin, rule, and the source ids and keys of the records it and its
 * runners-up came from. Ids, times, tags and scores are not in it. */
struct hash128 golden_digest(const struct job *job, const struct golden_record *golden,
                             struct buffer *scratch);
/* Sum mod 2^128: any order, any split over workers, gives the same. */
static inline void golden_digest_add(struct hash128 *sum, struct hash128 digest) {
  sum->low += digest.low;
  sum->high += digest.high + (sum->low < digest.low);
}

#endif
