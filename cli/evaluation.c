#include "cli/evaluation.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

double evaluation_ratio(uint64_t part, uint64_t whole) {
  return whole ? (double)part / (double)whole : 1.0;
}

double evaluation_f1(double precision, double recall) {
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0.0;
}

static uint64_t pairs_of(uint64_t count) { return count ? count * (count - 1) / 2 : 0; }

/* Records grouped by a number: order[start[g]] … order[start[g + 1] - 1] are group g's. */
struct grouping {
  uint32_t *start, *order;
};

static struct grouping group_by(const uint32_t *group, uint32_t count, uint32_t group_count) {
  struct grouping g = {memory_new_zeroed((size_t)group_count + 2, sizeof *g.start),
                       memory_new(((size_t)count + 1) * sizeof *g.order)};
  for (uint32_t i = 0; i < count; i++) g.start[group[i] + 2]++;
  for (uint32_t k = 2; k < group_count + 2; k++) g.start[k] += g.start[k - 1];
  for (uint32_t i = 0; i < count; i++) g.order[g.start[group[i] + 1]++] = i;
  return g;
}

static void grouping_release(struct grouping *g) {
  free(g->start);
  free(g->order);
}

/* The records of each cluster that belong to one entity, a "cell", numbered from 0. */
struct cells {
  uint32_t *cell; /* by record */
  uint32_t *entity, *cluster, *size;
  uint32_t count;
};

static struct cells find_cells(const struct evaluation_input *in) {
  size_t room = (size_t)in->record_count + 1;
  struct cells c = {memory_new(room * sizeof *c.cell), memory_new(room * sizeof *c.entity),
                    memory_new(room * sizeof *c.cluster), memory_new_zeroed(room, sizeof *c.size),
                    0};
  /* last[e] is the newest cell of entity e: while a cluster is gone through, its cells are those
   * with number at least `first`. */
  uint32_t *last = memory_new(((size_t)in->entity_count + 1) * sizeof *last);
  for (uint32_t e = 0; e < in->entity_count; e++) last[e] = UINT32_MAX;
  struct grouping clusters = group_by(in->cluster, in->record_count, in->cluster_count);
  for (uint32_t k = 0; k < in->cluster_count; k++) {
    uint32_t first = c.count;
    for (uint32_t i = clusters.start[k]; i < clusters.start[k + 1]; i++) {
      uint32_t record = clusters.order[i], entity = in->entity[record];
      if (last[entity] == UINT32_MAX || last[entity] < first) {
        last[entity] = c.count;
        c.entity[c.count] = entity;
        c.cluster[c.count++] = k;
      }
      c.cell[record] = last[entity];
      c.size[last[entity]]++;
    }
  }
  grouping_release(&clusters);
  free(last);
  return c;
}

static void cells_release(struct cells *c) {
  free(c->cell);
  free(c->entity);
  free(c->cluster);
  free(c->size);
}

static uint32_t *group_sizes(const uint32_t *group, uint32_t count, uint32_t group_count) {
  uint32_t *sizes = memory_new_zeroed((size_t)group_count + 1, sizeof *sizes);
  for (uint32_t i = 0; i < count; i++) sizes[group[i]]++;
  return sizes;
}

void evaluation_run(const struct evaluation_input *in, struct evaluation_figures *out) {
  *out = (struct evaluation_figures){0};
  uint32_t *entities = group_sizes(in->entity, in->record_count, in->entity_count);
  uint32_t *clusters = group_sizes(in->cluster, in->record_count, in->cluster_count);
  struct cells cells = find_cells(in);
  for (uint32_t e = 0; e < in->entity_count; e++) out->true_pairs += pairs_of(entities[e]);
  for (uint32_t k = 0; k < in->cluster_count; k++) {
    out->predicted_pairs += pairs_of(clusters[k]);
    if (clusters[k] > out->largest_cluster) out->largest_cluster = clusters[k];
  }
  double precision = 0, recall = 0;
  for (uint32_t i = 0; i < cells.count; i++) {
    uint32_t size = cells.size[i];
    uint32_t cluster = clusters[cells.cluster[i]], entity = entities[cells.entity[i]];
    out->common_pairs += pairs_of(size);
    out->exact_clusters += size == cluster && size == entity;
    precision += (double)size * size / cluster;
    recall += (double)size * size / entity;
  }
  out->pair_precision = evaluation_ratio(out->common_pairs, out->predicted_pairs);
  out->pair_recall = evaluation_ratio(out->common_pairs, out->true_pairs);
  out->pair_f1 = evaluation_f1(out->pair_precision, out->pair_recall);
  out->b3_precision = in->record_count ? precision / in->record_count : 1.0;
  out->b3_recall = in->record_count ? recall / in->record_count : 1.0;
  out->b3_f1 = evaluation_f1(out->b3_precision, out->b3_recall);
  cells_release(&cells);
  free(entities);
  free(clusters);
}

/* Adds to totals[class] the pairs inside the groups that touch a record of the class: all pairs of
 * a group less those among its other records. */
static void add_pairs_by_class(const struct evaluation_input *in, const uint32_t *group,
                               uint32_t group_count, uint64_t *totals) {
  struct grouping g = group_by(group, in->record_count, group_count);
  uint32_t *count = memory_new_zeroed((size_t)in->class_count + 1, sizeof *count);
  for (uint32_t k = 0; k < group_count; k++) {
    uint64_t size = g.start[k + 1] - g.start[k];
    for (uint32_t i = g.start[k]; i < g.start[k + 1]; i++) count[in->class[g.order[i]]]++;
    for (uint32_t i = g.start[k]; i < g.start[k + 1]; i++) {
      uint32_t class = in->class[g.order[i]];
      if (count[class]) totals[class] += pairs_of(size) - pairs_of(size - count[class]);
      count[class] = 0;
    }
  }
  free(count);
  grouping_release(&g);
}

void evaluation_classes(const struct evaluation_input *in, struct evaluation_class *out) {
  uint64_t *totals = memory_new_zeroed(3 * ((size_t)in->class_count + 1), sizeof *totals);
  uint64_t *predicted = totals + in->class_count, *common = predicted + in->class_count;
  struct cells cells = find_cells(in);
  add_pairs_by_class(in, in->entity, in->entity_count, totals);
  add_pairs_by_class(in, in->cluster, in->cluster_count, predicted);
  add_pairs_by_class(in, cells.cell, cells.count, common);
  uint32_t *records = group_sizes(in->class, in->record_count, in->class_count);
  for (uint32_t c = 0; c < in->class_count; c++)
    out[c] = (struct evaluation_class){records[c], totals[c], predicted[c], common[c]};
  free(records);
  cells_release(&cells);
  free(totals);
}

void evaluation_curve_add(struct evaluation_curve *curve, double weight_bits, bool is_true) {
  double step = floor(weight_bits * EVALUATION_STEPS_PER_BIT) + EVALUATION_STEP_ZERO;
  uint32_t at = !(step > 0) ? 0 : step >= EVALUATION_STEPS ? EVALUATION_STEPS - 1 : (uint32_t)step;
  if (is_true)
    curve->true_pairs[at]++;
  else
    curve->false_pairs[at]++;
  curve->count++;
}

uint32_t evaluation_curve_points(const struct evaluation_curve *curve,
                                 struct evaluation_point *points) {
  uint32_t first = 0, end = EVALUATION_STEPS;
  while (first < end && !curve->true_pairs[first] && !curve->false_pairs[first]) first++;
  while (end > first && !curve->true_pairs[end - 1] && !curve->false_pairs[end - 1]) end--;
  uint64_t true_pairs = 0, pairs = 0;
  for (uint32_t i = end; i-- > first;) {
    true_pairs += curve->true_pairs[i];
    pairs += curve->true_pairs[i] + curve->false_pairs[i];
    points[i - first] = (struct evaluation_point){
        ((double)i - EVALUATION_STEP_ZERO) / EVALUATION_STEPS_PER_BIT, true_pairs, pairs};
  }
  return end - first;
}
