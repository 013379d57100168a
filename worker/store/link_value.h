/* link_value — what a customer has to do with others, as the bytes of its row in table review or
 * relation.
 *
 *   review     pairs that a person should look at: stored with the customer of the first record
 *   relation   who lives or works together: stored with both customers
 *
 * Fixed-size entries one behind the other, little-endian, in the run's canonical order. */
#ifndef GUIYI_WORKER_STORE_LINK_VALUE_H
#define GUIYI_WORKER_STORE_LINK_VALUE_H

#include "common/arena.h"
#include "common/err.h"
#include "common/hash.h"

struct stored_review {
  struct hash128 own_record, other_record; /* record keys */
  uint64_t other;                          /* customer id */
  uint64_t pattern;
  int32_t weight;    /* the model's, 1/1024 bit */
  uint32_t mask;     /* blocking rules that both share */
  uint8_t reason;    /* enum review_reason */
  uint8_t unused[7]; /* zero */
};

struct stored_relation {
  struct hash128 own_record, other_record;
  uint64_t other;
  uint64_t decision; /* its number; 0 = nobody decided */
  int32_t weight;    /* of the pair that shows it, 1/1024 bit; INT32_MIN = it was not compared */
  int16_t rule;      /* the match rule's index; -1 */
  uint8_t kind;      /* enum relation_kind */
  uint8_t unused;    /* zero */
};

_Static_assert(sizeof(struct stored_review) == 64 && sizeof(struct stored_relation) == 56,
               "as they are in the file");

/* Copied into the arena. ERR_MALFORMED when the bytes are no such list or name what there is not.
 */
enum err stored_reviews_read(struct bytes data, struct arena *arena,
                             const struct stored_review **items, uint32_t *count);
enum err stored_relations_read(struct bytes data, struct arena *arena,
                               const struct stored_relation **items, uint32_t *count);

#endif
