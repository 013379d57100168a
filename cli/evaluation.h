/* evaluation — how well a clustering agrees with the truth: counts over pairs and over records.
 * Pure.
 *
 * Pairwise: of all pairs of records. B-cubed (Bagga & Baldwin 1998): for each record the share of
 * its cluster that belongs to it, and of its entity that is in its cluster; averaged over records.
 */
#ifndef GUIYI_CLI_EVALUATION_H
#define GUIYI_CLI_EVALUATION_H

#include <stdbool.h>
#include <stdint.h>

/* Records 0 … record_count-1. Entities, clusters and classes are numbered from 0 without gaps. */
struct evaluation_input {
  uint32_t record_count, entity_count, cluster_count, class_count;
  const uint32_t *entity;  /* by record: the truth */
  const uint32_t *cluster; /* by record: what is evaluated */
  const uint32_t *class;   /* by record: the case it stands for; NULL = there are no classes */
};

struct evaluation_figures {
  uint64_t true_pairs, predicted_pairs, common_pairs;
  double pair_precision, pair_recall, pair_f1; /* 1 where there is nothing to be wrong about */
  double b3_precision, b3_recall, b3_f1;
  uint32_t exact_clusters; /* the same set of records in both */
  uint32_t largest_cluster;
};

void evaluation_run(const struct evaluation_input *input, struct evaluation_figures *out);

/* Pairs that touch a record of one class. */
struct evaluation_class {
  uint64_t records, true_pairs, predicted_pairs, common_pairs;
};
/* out: class_count of them. */
void evaluation_classes(const struct evaluation_input *input, struct evaluation_class *out);

double evaluation_ratio(uint64_t part, uint64_t whole); /* 1 when whole is 0 */
double evaluation_f1(double precision, double recall);

/* Match weights of true and false pairs, in steps of a quarter bit: what a threshold would do. */
enum { EVALUATION_STEPS_PER_BIT = 4, EVALUATION_STEPS = 801, EVALUATION_STEP_ZERO = 400 };
struct evaluation_curve {
  uint64_t true_pairs[EVALUATION_STEPS], false_pairs[EVALUATION_STEPS]; /* by step of the weight */
  uint64_t count;
};
/* Weights beyond ±100 bits count at the end. */
void evaluation_curve_add(struct evaluation_curve *curve, double weight_bits, bool is_true);

struct evaluation_point {
  double weight_bits; /* pairs of at least this weight */
  uint64_t true_pairs, pairs;
};
/* The points from the lowest weight that occurs to the highest, ascending; how many. points has
 * room for EVALUATION_STEPS. */
uint32_t evaluation_curve_points(const struct evaluation_curve *curve,
                                 struct evaluation_point *points);

#endif
