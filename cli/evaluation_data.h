/* evaluation_data — truth, members and labelled pairs read from their files into numbers.
 *
 * CSV or JSON Lines, also compressed. Records are named by `record_id` (or source_record_id alone),
 * or by `source` and `source_record_id` where the truth has both. Everything that does not fit
 * together is refused with ERR_INPUT: a record twice, a record that the truth lacks, a row that
 * cannot be read. */
#ifndef GUIYI_CLI_EVALUATION_DATA_H
#define GUIYI_CLI_EVALUATION_DATA_H

#include "cli/evaluation.h"
#include "common/arena.h"
#include "common/err.h"
#include "common/hash.h"

/* Names numbered in the order in which they come. */
struct name_table {
  struct hash128 *keys;
  uint32_t *slots; /* 0 = free, else number + 1 */
  uint32_t count, capacity, slot_mask;
};

struct evaluation_data {
  bool by_source; /* records are named by source and id */
  bool has_classes, has_parts;
  struct name_table records, entities, parts, clusters, classes;
  uint32_t *entity, *cluster, *class; /* by record */
  uint32_t *part;   /* by record: of its entity; records of two parts have nothing in common */
  uint32_t missing; /* records of the truth that the members lack: each a cluster of its own */
  struct bytes *class_names; /* by class; in the arena */
  uint32_t class_capacity;
  struct arena arena;
};

/* First the truth, then the members. data is zeroed before, and to be released whatever is
 * returned. */
enum err evaluation_read_truth(const char *path, struct evaluation_data *data,
                               struct failure *failure);
enum err evaluation_read_members(const char *path, struct evaluation_data *data,
                                 struct failure *failure);
void evaluation_data_release(struct evaluation_data *data);
struct evaluation_input evaluation_input_of(const struct evaluation_data *data);
/* The same with parts in the place of entities; has_parts. */
struct evaluation_input evaluation_input_of_parts(const struct evaluation_data *data);

/* Pairs, after members. What the file holds is seen by its columns: `label` (or match, is_match)
 * makes them labelled pairs, `weight` the run's pairs.csv. The records are the columns source_a,
 * id_a, source_b, id_b, or the first two. */
struct evaluation_labelled {
  uint64_t pairs, matches, predicted, common; /* of those with an answer */
  uint64_t undecided;                         /* labelled possible, maybe, unsure … */
};
struct evaluation_pairs {
  bool has_labels, has_weights;
  struct evaluation_labelled labelled;
  struct evaluation_curve curve;
};
enum err evaluation_read_pairs(const char *path, const struct evaluation_data *data,
                               struct evaluation_pairs *out, struct failure *failure);

/* Pairs of records that must not be joined (the first two columns, or as above); a third column
 * `class` may name their case, else it is that of the first record. */
struct evaluation_must_not {
  uint64_t pairs, joined;
};
/* by_class: class_count of them, or NULL; classes that the truth lacks count in total only. */
enum err evaluation_read_must_not(const char *path, const struct evaluation_data *data,
                                  struct evaluation_must_not *total,
                                  struct evaluation_must_not *by_class, struct failure *failure);

#endif
