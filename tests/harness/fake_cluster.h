/* fake_cluster — from made-up customers to entities: a model in round numbers, and the way from
 * rows over blocks and pairs to the cluster stage. */
#ifndef GUIYI_TESTS_HARNESS_FAKE_CLUSTER_H
#define GUIYI_TESTS_HARNESS_FAKE_CLUSTER_H

#include "tests/harness/fake_customers.h"
#include "worker/stages/cluster.h"
#include "worker/stages/compare.h"

/* Weights in bits, round numbers. */
static struct model fake_model(void) {
  struct model model = {.comparison_count = FAKE_FIELDS,
                        .prior = -14 * WEIGHT_BIT,
                        .accept_weight = 2 * WEIGHT_BIT,
                        .review_weight = -3 * WEIGHT_BIT};
  const int bits[FAKE_FIELDS][3] = {
      /* differ, partial, exact */
      [FAKE_NAME] = {-5, 3, 9},   [FAKE_PHONE] = {-1, 0, 16}, [FAKE_CARD] = {-6, 0, 22},
      [FAKE_BIRTH] = {-4, 2, 11}, [FAKE_SEX] = {-4, 0, 1},    [FAKE_CITY] = {-1, 0, 2}};
  for (int c = 0; c < FAKE_FIELDS; c++)
    for (int n = 1; n < MODEL_NIBBLES; n++)
      model.weight[c][n] = bits[c][n >= PATTERN_EXACT    ? 2
                                   : n == PATTERN_DIFFER ? 0
                                                         : 1] *
                           WEIGHT_BIT;
  model.weight[FAKE_NAME][FAKE_SAME_SURNAME] = -3 * WEIGHT_BIT;
  for (int c = FAKE_PHONE; c <= FAKE_CARD; c++) {
    model.weight[c][PATTERN_EXACT + RULE_CLASS_FAMILY] = 8 * WEIGHT_BIT;
    model.weight[c][PATTERN_EXACT + RULE_CLASS_SHARED] = 3 * WEIGHT_BIT;
    model.weight[c][PATTERN_EXACT + RULE_CLASS_HUB] = 0;
    model.weight[c][PATTERN_EXACT + PATTERN_BUCKET_RECYCLED] = 9 * WEIGHT_BIT;
  }
  return model;
}

/* From records to entities; part_count repairs, partitions met in steps. */
static void fake_link(struct fake *fake, uint8_t *rows, uint32_t count, const struct model *model,
                      const struct pair_facts *facts, uint32_t part_count, unsigned step,
                      struct cluster_output *out) {
  static struct partition_blocks blocks[PLAN_PARTITIONS];
  static struct compare_output compared[PLAN_PARTITIONS];
  fake_block(fake, rows, count, blocks, step);
  for (int i = 0; i < PLAN_PARTITIONS; i++) {
    int p = (int)(i * step % PLAN_PARTITIONS);
    compare_partition_run(&fake->plan, rows, &blocks[p], &compared[p]);
  }
  struct cluster_input input = {&fake->plan, rows, count, model, compared, PLAN_PARTITIONS, facts};
  struct cluster_work *work = cluster_prepare(&input, part_count);
  for (uint32_t p = part_count; p-- > 0;) cluster_repair(work, p);
  cluster_finish(work, out);
  for (int p = 0; p < PLAN_PARTITIONS; p++) {
    partition_blocks_release(&blocks[p]);
    compare_output_release(&compared[p]);
  }
}

#endif
