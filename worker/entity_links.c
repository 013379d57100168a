#include "worker/entity_links.h"

#include <stdlib.h>

#include "common/memory.h"

static int link_order(const void *left, const void *right) {
  const struct entity_link *a = left, *b = right;
  if (a->entity != b->entity) return a->entity < b->entity ? -1 : 1;
  return (a->item > b->item) - (a->item < b->item);
}

static struct entity_link link_of(struct entity_links *links, uint32_t row, uint32_t item,
                                  bool is_b) {
  uint32_t entity = links->run->clusters.entity[row];
  links->has_any[entity / 64] |= (uint64_t)1 << entity % 64;
  return (struct entity_link){entity, item, is_b};
}

void entity_links_make(const struct run_state *run, struct entity_links *out) {
  const struct cluster_output *c = &run->clusters;
  *out = (struct entity_links){.run = run};
  out->has_any = memory_new_zeroed(c->entity_count / 64 + 1, sizeof *out->has_any);
  out->reviews = memory_new(c->review_count * sizeof *out->reviews);
  out->relations = memory_new(2 * c->relation_count * sizeof *out->relations);
  for (uint64_t i = 0; i < c->review_count; i++)
    out->reviews[out->review_count++] = link_of(out, c->reviews[i].a, (uint32_t)i, false);
  for (uint64_t i = 0; i < c->relation_count; i++) {
    out->relations[out->relation_count++] = link_of(out, c->relations[i].a, (uint32_t)i, false);
    out->relations[out->relation_count++] = link_of(out, c->relations[i].b, (uint32_t)i, true);
  }
  if (out->review_count) qsort(out->reviews, out->review_count, sizeof *out->reviews, link_order);
  if (out->relation_count)
    qsort(out->relations, out->relation_count, sizeof *out->relations, link_order);
}

void entity_links_release(struct entity_links *links) {
  free(links->reviews);
  free(links->relations);
  free(links->has_any);
  *links = (struct entity_links){0};
}

/* Where the entity's links begin, and how many there are. */
static const struct entity_link *links_of(const struct entity_link *items, uint64_t item_count,
                                          uint32_t entity, uint32_t *count) {
  uint64_t low = 0, high = item_count;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (items[middle].entity < entity)
      low = middle + 1;
    else
      high = middle;
  }
  uint64_t end = low;
  while (end < item_count && items[end].entity == entity) end++;
  *count = (uint32_t)(end - low);
  return items + low;
}

static struct hash128 key_of(const struct run_state *run, uint32_t row) {
  struct record_header header;
  memcpy(&header, run_state_record(run, row), sizeof header);
  return header.key;
}

static uint64_t customer_of(const struct run_state *run, uint32_t row) {
  return run->customer_ids[run->clusters.entity[row]];
}

static struct stored_review review_of(const struct run_state *run, const struct review_item *item) {
  return (struct stored_review){.own_record = key_of(run, item->a),
                                .other_record = key_of(run, item->b),
                                .other = customer_of(run, item->b),
                                .pattern = item->pattern,
                                .weight = item->weight,
                                .mask = item->mask,
                                .reason = item->reason};
}

static struct stored_relation relation_of(const struct run_state *run,
                                          const struct relation_item *item, bool is_b) {
  uint32_t own = is_b ? item->b : item->a, other = is_b ? item->a : item->b;
  return (struct stored_relation){.own_record = key_of(run, own),
                                  .other_record = key_of(run, other),
                                  .other = customer_of(run, other),
                                  .decision = item->decision,
                                  .weight = item->weight,
                                  .rule = item->rule,
                                  .kind = item->kind};
}

void entity_links_of(const struct entity_links *links, uint32_t entity, struct arena *arena,
                     struct generation_customer *customer) {
  if (!(links->has_any[entity / 64] >> entity % 64 & 1)) return;
  const struct run_state *run = links->run;
  const struct entity_link *link =
      links_of(links->reviews, links->review_count, entity, &customer->review_count);
  struct stored_review *reviews = arena_alloc(arena, customer->review_count * sizeof *reviews);
  for (uint32_t i = 0; i < customer->review_count; i++)
    reviews[i] = review_of(run, &run->clusters.reviews[link[i].item]);
  link = links_of(links->relations, links->relation_count, entity, &customer->relation_count);
  struct stored_relation *relations =
      arena_alloc(arena, customer->relation_count * sizeof *relations);
  for (uint32_t i = 0; i < customer->relation_count; i++)
    relations[i] = relation_of(run, &run->clusters.relations[link[i].item], link[i].is_b);
  customer->reviews = reviews;
  customer->relations = relations;
}
