#include "common/training_counts.h"

#include <stdlib.h>

#include "common/memory.h"

static int count_order(const void *left, const void *right) {
  const struct pattern_count *a = left, *b = right;
  if (a->mask != b->mask) return a->mask < b->mask ? -1 : 1;
  return a->pattern < b->pattern ? -1 : a->pattern > b->pattern;
}

void pattern_counts_sort(struct pattern_counts *counts) {
  if (counts->count == 0) return;
  qsort(counts->items, counts->count, sizeof *counts->items, count_order);
  uint64_t last = 0;
  for (uint64_t i = 1; i < counts->count; i++) {
    if (count_order(&counts->items[last], &counts->items[i]) == 0)
      counts->items[last].count += counts->items[i].count;
    else
      counts->items[++last] = counts->items[i];
  }
  counts->count = last + 1;
}

/* Partitions mostly repeat each other's patterns, so what is full is first sorted and added up. */
static void make_room(struct pattern_counts *counts, uint64_t more) {
  if (counts->capacity - counts->count >= more) return;
  pattern_counts_sort(counts);
  uint64_t wanted = (counts->count + more) * 2;
  if (wanted <= counts->capacity) return;
  counts->items = memory_resize(counts->items, wanted * sizeof *counts->items);
  counts->capacity = wanted;
}

void pattern_counts_add(struct pattern_counts *into, const struct pattern_count *items,
                        uint64_t count) {
  if (count == 0) return;
  make_room(into, count);
  memcpy(into->items + into->count, items, count * sizeof *items);
  into->count += count;
}

void pattern_counts_release(struct pattern_counts *counts) {
  free(counts->items);
  *counts = (struct pattern_counts){0};
}

void training_counts_add(struct training_counts *into, const struct training_counts *from) {
  pattern_counts_add(&into->candidates, from->candidates.items, from->candidates.count);
  pattern_counts_add(&into->random, from->random.items, from->random.count);
  into->record_count += from->record_count;
  for (int r = 0; r < JOB_BLOCKING_RULES_MAX; r++)
    into->agreeing_pairs[r] += from->agreeing_pairs[r];
  for (int c = 0; c < JOB_COMPARISONS_MAX; c++)
    for (int b = 0; b < PATTERN_BUCKETS; b++) {
      into->frequency[c][b].records += from->frequency[c][b].records;
      into->frequency[c][b].pairs += from->frequency[c][b].pairs;
    }
}

void training_counts_release(struct training_counts *counts) {
  pattern_counts_release(&counts->candidates);
  pattern_counts_release(&counts->random);
  *counts = (struct training_counts){0};
}

/* The portable form: this head, then the candidates, then the random ones, all little-endian. */
struct encoded_head {
  uint64_t candidate_count, random_count, record_count;
  uint64_t agreeing_pairs[JOB_BLOCKING_RULES_MAX];
  struct frequency_sum frequency[JOB_COMPARISONS_MAX][PATTERN_BUCKETS];
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the portable form is little-endian");

void training_counts_encode(const struct training_counts *counts, struct buffer *out) {
  struct encoded_head head = {
      counts->candidates.count, counts->random.count, counts->record_count, {0}, {{{0}}}};
  memcpy(head.agreeing_pairs, counts->agreeing_pairs, sizeof head.agreeing_pairs);
  memcpy(head.frequency, counts->frequency, sizeof head.frequency);
  buffer_append(out, &head, sizeof head);
  buffer_append(out, counts->candidates.items,
                counts->candidates.count * sizeof *counts->candidates.items);
  buffer_append(out, counts->random.items, counts->random.count * sizeof *counts->random.items);
}

static void decode_patterns(const char *data, uint64_t count, struct pattern_counts *out) {
  *out = (struct pattern_counts){0};
  if (count == 0) return;
  out->items = memory_new(count * sizeof *out->items);
  memcpy(out->items, data, count * sizeof *out->items);
  for (uint64_t i = 0; i < count; i++) out->items[i].unused = 0;
  out->count = out->capacity = count;
}

enum err training_counts_decode(struct bytes data, struct training_counts *counts) {
  struct encoded_head head;
  *counts = (struct training_counts){0};
  if (data.size < sizeof head) return ERR_MALFORMED;
  memcpy(&head, data.data, sizeof head);
  uint64_t items = (data.size - sizeof head) / sizeof(struct pattern_count);
  if ((data.size - sizeof head) % sizeof(struct pattern_count) != 0 ||
      head.candidate_count > items || head.random_count != items - head.candidate_count)
    return ERR_MALFORMED;
  const char *patterns = data.data + sizeof head;
  decode_patterns(patterns, head.candidate_count, &counts->candidates);
  decode_patterns(patterns + head.candidate_count * sizeof(struct pattern_count), head.random_count,
                  &counts->random);
  counts->record_count = head.record_count;
  memcpy(counts->agreeing_pairs, head.agreeing_pairs, sizeof head.agreeing_pairs);
  memcpy(counts->frequency, head.frequency, sizeof head.frequency);
  return ERR_OK;
}
