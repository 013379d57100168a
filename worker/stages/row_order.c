#include "worker/stages/row_order.h"

#include <stdlib.h>

#include "common/memory.h"
#include "worker/stages/key_sort.h"

static int content_compare(const struct plan *plan, const struct feature_row *a,
                           const struct feature_row *b) {
  int order = memcmp((const uint8_t *)a + sizeof *a, (const uint8_t *)b + sizeof *b,
                     plan->marks_offset - sizeof *a);
  if (order) return order;
  if (a->day != b->day) return a->day < b->day ? -1 : 1;
  return (a->source > b->source) - (a->source < b->source);
}

int row_order_compare(const struct plan *plan, const struct feature_row *a,
                      const struct feature_row *b) {
  if (a->record_key != b->record_key) return a->record_key < b->record_key ? -1 : 1;
  return content_compare(plan, a, b);
}

struct place {
  const struct plan *plan;
  const struct feature_row *row;
  uint32_t number;
};

static int place_order(const void *left, const void *right) {
  const struct place *a = left, *b = right;
  int order = content_compare(a->plan, a->row, b->row);
  if (order) return order;
  return (a->row->record_key > b->row->record_key) - (a->row->record_key < b->row->record_key);
}

static void sort_by_content(const struct plan *plan, const uint8_t *rows, struct key_entry *entries,
                            uint64_t count) {
  struct place *places = memory_new(count * sizeof *places);
  for (uint64_t i = 0; i < count; i++)
    places[i] = (struct place){
        plan, (const struct feature_row *)(rows + (size_t)entries[i].row * plan->row_bytes),
        entries[i].row};
  qsort(places, count, sizeof *places, place_order);
  for (uint64_t i = 0; i < count; i++) entries[i].row = places[i].number;
  free(places);
}

void row_order_sort(const struct plan *plan, const uint8_t *rows, struct key_entry *entries,
                    struct key_entry *scratch, uint64_t count) {
  key_sort(entries, scratch, count, 64);
  for (uint64_t first = 0, end; first < count; first = end) {
    for (end = first + 1; end < count && entries[end].key == entries[first].key; end++) {
    }
    if (end - first > 1) sort_by_content(plan, rows, entries + first, end - first);
  }
}
