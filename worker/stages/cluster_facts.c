#include "worker/stages/cluster_facts.h"

#include <stdlib.h>

#include "common/memory.h"

enum { NONE = UINT32_MAX };

/* Where the rows of a key begin; NONE. Rows carry the low half of their key: among a hundred
 * million of them a fact would meet a stranger's once in 10^11. */
static uint32_t first_of_key(const struct key_entry *order, uint32_t present, uint64_t key) {
  uint32_t low = 0, high = present;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (order[middle].key < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low < present && order[low].key == key ? low : NONE;
}

static void add(struct cluster_facts *out, uint32_t *capacity, struct cluster_fact fact) {
  if (out->count == *capacity) {
    *capacity = *capacity ? *capacity * 2 : 64;
    out->items = memory_resize(out->items, *capacity * sizeof *out->items);
  }
  out->items[out->count++] = fact;
}

/* The rows of a record that facts name are joined once, by the first fact that names it. */
static void join_rows(const struct key_entry *order, uint32_t present, uint32_t first,
                      struct cluster_facts *out, uint32_t *capacity) {
  for (uint32_t i = first + 1; i < present && order[i].key == order[first].key; i++)
    add(out, capacity, (struct cluster_fact){order[first].row, order[i].row, PAIR_MERGE, 0});
}

static int by_value(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

void cluster_facts_resolve(const struct pair_facts *facts, const struct key_entry *order,
                           uint32_t present, struct cluster_facts *out) {
  *out = (struct cluster_facts){0};
  if (!facts || facts->count == 0) return;
  uint32_t capacity = 0, named = 0;
  uint64_t *keys = memory_new(2 * (size_t)facts->count * sizeof *keys);
  for (uint32_t i = 0; i < facts->count; i++) {
    const struct pair_fact *fact = &facts->items[i];
    uint32_t a = first_of_key(order, present, fact->a.low);
    uint32_t b = first_of_key(order, present, fact->b.low);
    if (a == NONE || b == NONE) {
      out->gone++;
      continue;
    }
    add(out, &capacity,
        (struct cluster_fact){order[a].row, order[b].row, fact->kind, fact->number});
    keys[named++] = fact->a.low;
    keys[named++] = fact->b.low;
  }
  if (named) qsort(keys, named, sizeof *keys, by_value);
  for (uint32_t i = 0; i < named; i++)
    if (i == 0 || keys[i] != keys[i - 1])
      join_rows(order, present, first_of_key(order, present, keys[i]), out, &capacity);
  free(keys);
}

void cluster_facts_release(struct cluster_facts *facts) {
  free(facts->items);
  *facts = (struct cluster_facts){0};
}
