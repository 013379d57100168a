#include "worker/stages/cluster_relations.h"

#include <stdlib.h>

#include "common/memory.h"

/* Two people of different names who share a family's identifier. */
static bool shows_household(const struct plan *plan, uint64_t pattern) {
  if (plan->name_comparison < 0) return false;
  unsigned name = pattern_level(pattern, (unsigned)plan->name_comparison);
  if (name < PATTERN_DIFFER || name > FIELD_LEVEL_PARTIAL_FIRST) return false;
  for (uint32_t c = 0; c < plan->comparison_count; c++)
    if (plan->comparisons[c].identifier_rule >= 0 &&
        pattern_level(pattern, c) == PATTERN_EXACT + RULE_CLASS_FAMILY)
      return true;
  return false;
}

enum relation_kind relation_of_pattern(const struct plan *plan, const struct decision *decision,
                                       uint64_t pattern) {
  switch (decision->action) {
    case DECISION_HOUSEHOLD:
      return RELATION_HOUSEHOLD;
    case DECISION_EMPLOYER:
      return RELATION_EMPLOYER;
    case DECISION_ACCEPT:
    case DECISION_SEPARATE:
      return RELATION_KIND_COUNT;
    case DECISION_REJECT:
    case DECISION_REVIEW:
      break;
  }
  return shows_household(plan, pattern) ? RELATION_HOUSEHOLD : RELATION_KIND_COUNT;
}

void relation_list_add(struct relation_list *list, const struct relation_entry *entry) {
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? list->capacity * 2 : 64;
    list->entries = memory_resize(list->entries, list->capacity * sizeof *list->entries);
  }
  list->entries[list->count++] = *entry;
}

static int best_first(const struct relation_entry *a, const struct relation_entry *b) {
  bool decided_a = a->item.decision != 0, decided_b = b->item.decision != 0;
  if (decided_a != decided_b) return decided_a ? -1 : 1;
  if (a->item.weight != b->item.weight) return a->item.weight > b->item.weight ? -1 : 1;
  if (a->place_a != b->place_a) return a->place_a < b->place_a ? -1 : 1;
  if (a->place_b != b->place_b) return a->place_b < b->place_b ? -1 : 1;
  return (int)a->item.kind - (int)b->item.kind;
}

static int by_entities(const void *left, const void *right) {
  const struct relation_entry *a = left, *b = right;
  if (a->entity_a != b->entity_a) return a->entity_a < b->entity_a ? -1 : 1;
  if (a->entity_b != b->entity_b) return a->entity_b < b->entity_b ? -1 : 1;
  if (a->item.kind != b->item.kind) return a->item.kind < b->item.kind ? -1 : 1;
  return best_first(a, b);
}

static int by_strength(const void *left, const void *right) { return best_first(left, right); }

static bool same_relation(const struct relation_entry *a, const struct relation_entry *b) {
  return a->entity_a == b->entity_a && a->entity_b == b->entity_b && a->item.kind == b->item.kind;
}

void relation_list_finish(struct relation_list *list, struct relation_item **items,
                          uint64_t *count) {
  uint64_t kept = 0;
  if (list->count) qsort(list->entries, list->count, sizeof *list->entries, by_entities);
  for (uint64_t i = 0; i < list->count; i++)
    if (kept == 0 || !same_relation(&list->entries[kept - 1], &list->entries[i]))
      list->entries[kept++] = list->entries[i];
  if (kept) qsort(list->entries, kept, sizeof *list->entries, by_strength);
  *items = memory_new(kept * sizeof **items);
  for (uint64_t i = 0; i < kept; i++) (*items)[i] = list->entries[i].item;
  *count = kept;
  free(list->entries);
  *list = (struct relation_list){0};
}
