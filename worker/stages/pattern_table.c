#include "worker/stages/pattern_table.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/memory.h"

enum { SLOTS_FIRST = 1024 };

static void insert_slot(struct pattern_table *table, uint32_t index) {
  const struct pattern_count *item = &table->items[index];
  uint32_t at = (uint32_t)hash_join(item->pattern, item->mask) & table->slot_mask;
  while (table->slots[at]) at = (at + 1) & table->slot_mask;
  table->slots[at] = index + 1;
}

static void grow(struct pattern_table *table) {
  uint32_t slots = table->slots ? (table->slot_mask + 1) * 2 : SLOTS_FIRST;
  free(table->slots);
  table->slots = memory_new_zeroed(slots, sizeof *table->slots);
  table->slot_mask = slots - 1;
  table->capacity = slots / 2;
  table->items = memory_resize(table->items, table->capacity * sizeof *table->items);
  for (uint32_t i = 0; i < table->count; i++) insert_slot(table, i);
}

uint32_t pattern_table_add(struct pattern_table *table, uint64_t pattern, uint32_t mask) {
  if (table->count == table->capacity) grow(table);
  uint32_t at = (uint32_t)hash_join(pattern, mask) & table->slot_mask;
  for (; table->slots[at]; at = (at + 1) & table->slot_mask) {
    struct pattern_count *item = &table->items[table->slots[at] - 1];
    if (item->pattern == pattern && item->mask == mask) {
      item->count++;
      return table->slots[at] - 1;
    }
  }
  table->items[table->count] = (struct pattern_count){pattern, mask, 0, 1};
  table->slots[at] = ++table->count;
  return table->count - 1;
}

struct pattern_count *pattern_table_finish(struct pattern_table *table, uint32_t *count) {
  struct pattern_count *items = memory_resize(table->items, table->count * sizeof *table->items);
  *count = table->count;
  free(table->slots);
  *table = (struct pattern_table){0};
  return items;
}
