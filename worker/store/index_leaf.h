/* index_leaf — the indexes of a shard: sorted arrays cut into values of one page each, instead of a
 * row per entry. Cheap to load (one put per 509 terms), searched by halving.
 *
 *   ordinal   u64 customer id                              key: number of the leaf
 *   term      u64 = term hash << 32 | ordinal              key: its first entry
 *   record    struct index_record                          key: first record key, number of the
 * leaf
 *
 * An ordinal is a customer's position in its shard, from 0 in order of id: 4 bytes instead of 8 in
 * every posting, and lists that intersect as plain sorted numbers. Term hashes have 32 bits: what
 * is found is verified against the customer's values anyway. Entries are little-endian, keys
 * big-endian. */
#ifndef GUIYI_WORKER_STORE_INDEX_LEAF_H
#define GUIYI_WORKER_STORE_INDEX_LEAF_H

#include "worker/store/shard_file.h"

/* A member record and where it is. */
struct index_record {
  struct hash128 key;
  uint32_t ordinal;
  uint32_t member; /* index among the customer's members */
};

enum {
  LEAF_BYTES = 4096 - 16 - SHARD_SEAL_BYTES, /* with LMDB's page header and the seal: one page */
  LEAF_WORDS = LEAF_BYTES / sizeof(uint64_t),
  LEAF_RECORDS = LEAF_BYTES / sizeof(struct index_record),
};

static inline uint64_t index_term(uint32_t term, uint32_t ordinal) {
  return (uint64_t)term << 32 | ordinal;
}

/* Writing: entries must be sorted; terms without doubles, records by (key.low, key.high, ordinal,
 * member). */
enum err index_write_ordinals(struct shard_writer *writer, const uint64_t *customer_ids,
                              size_t count, struct failure *failure);
enum err index_write_terms(struct shard_writer *writer, const uint64_t *terms, size_t count,
                           struct failure *failure);
enum err index_write_records(struct shard_writer *writer, const struct index_record *records,
                             size_t count, struct failure *failure);

/* Decoding one leaf's payload; ERR_MALFORMED when its size can't be or it is not sorted. The count
 * of entries is returned; words must have room for LEAF_WORDS, records for LEAF_RECORDS. */
enum err index_decode_words(struct bytes payload, uint64_t *words, size_t *count);
enum err index_decode_records(struct bytes payload, struct index_record *records, size_t *count);

struct u32_list {
  uint32_t *items; /* owned */
  size_t count, capacity;
};
void u32_list_append(struct u32_list *list, uint32_t item);
void u32_list_release(struct u32_list *list);

/* Appends the ordinals of the customers that have the term, ascending. None is no error. */
enum err index_find_term(const struct shard_reader *reader, uint32_t term, struct u32_list *list,
                         struct failure *failure);
/* The first entry of a record key; ERR_NOT_FOUND when there is none. */
enum err index_find_record(const struct shard_reader *reader, struct hash128 key,
                           struct index_record *record, struct failure *failure);
enum err index_find_customer(const struct shard_reader *reader, uint32_t ordinal,
                             uint64_t *customer_id, struct failure *failure);
/* Whole tables, in order; the arrays are allocated: free() them. */
enum err index_read_ordinals(const struct shard_reader *reader, uint64_t **customer_ids,
                             size_t *count, struct failure *failure);
enum err index_read_records(const struct shard_reader *reader, struct index_record **records,
                            size_t *count, struct failure *failure);

#endif
