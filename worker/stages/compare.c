#include "worker/stages/compare.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/memory.h"
#include "worker/fields/name_compare.h"
#include "worker/stages/block.h"
#include "worker/stages/frequency.h"
#include "worker/stages/pattern_table.h"
#include "worker/stages/row_order.h"

enum {
  RULE_MASK = 15,
  BATCH = 256,         /* pairs that go through the comparisons together */
  PREFETCH_AHEAD = 16, /* entries */
  LINE_BYTES = 64,
  SAMPLE_NEIGHBOURS = 16, /* random pairs: each drawn record is paired with so many others */
  AGREEING_PART = 32,     /* of a comparison so many times fewer pairs that agree in it */
};

/* A record of the block at hand: its row, and its marks with zeros behind them. */
struct member {
  const struct feature_row *row;
  uint32_t number;
  uint32_t filled;
  uint32_t keys[JOB_BLOCKING_RULES_MAX];
};

/* Pairs on their way through the comparisons, then to the table. */
struct pair_batch {
  uint32_t count;
  const struct feature_row *a[BATCH], *b[BATCH];
  uint32_t number_a[BATCH], number_b[BATCH];
  uint32_t filled[BATCH]; /* bit c: comparison c of both */
  uint32_t mask[BATCH];
  uint64_t pattern[BATCH];
};

struct compare_task {
  const struct plan *plan;
  const uint8_t *rows;
  struct compare_output *out;
  bool keeps_pairs;
  uint64_t pair_capacity;
  struct pattern_table patterns;
  struct pair_batch batch;
  struct member *members;
  uint64_t member_capacity;
};

static const struct feature_row *row_of(const struct compare_task *task, uint32_t row) {
  return (const struct feature_row *)(task->rows + (size_t)row * task->plan->row_bytes);
}

/* Exact agreement on an identifier: who shares the value, or whether it may have been given out
 * again. */
static unsigned identifier_nibble(const struct plan *plan, unsigned rule,
                                  const struct feature_row *a, const struct feature_row *b) {
  unsigned class_a = a->rule_class[rule] & RULE_CLASS_MASK;
  unsigned class_b = b->rule_class[rule] & RULE_CLASS_MASK;
  unsigned class = class_a > class_b ? class_a : class_b;
  bool reissued = a->rule_class[rule] & b->rule_class[rule] & RULE_REISSUED;
  if (!reissued || a->day == INT32_MIN || b->day == INT32_MIN) return PATTERN_EXACT + class;
  int64_t apart = (int64_t)a->day - b->day;
  int64_t gap = plan->job->reissue_gap_days;
  return PATTERN_EXACT + (apart > gap || apart < -gap ? PATTERN_BUCKET_RECYCLED : class);
}

static unsigned exact_nibble(const struct plan *plan, unsigned c, const struct feature_row *a,
                             const struct feature_row *b) {
  int rule = plan->comparisons[c].identifier_rule;
  if (rule >= 0) return identifier_nibble(plan, (unsigned)rule, a, b);
  unsigned rare_a = feature_row_frequency(a, c), rare_b = feature_row_frequency(b, c);
  return PATTERN_EXACT + (rare_a < rare_b ? rare_a : rare_b);
}

static unsigned compare_across(const struct plan *plan, const struct feature_row *a, unsigned c,
                               const struct feature_row *b, unsigned d) {
  return plan->comparisons[c].type->compare(plan_feature(plan, a, c), plan_feature(plan, b, d));
}

/* Given and family name the wrong way round in one of the two records: "Noah Hunter", "Hunter
 * Noah". Where neither name agrees with its like but they do crosswise, they are the same, written
 * differently; where only one of the crosswise pairs is there, the other name is not known. */
static uint64_t mend_swapped_names(const struct plan *plan, const struct feature_row *a,
                                   const struct feature_row *b, uint64_t pattern) {
  unsigned given = plan->given_comparison, family = plan->family_comparison;
  unsigned given_level = pattern_level(pattern, given),
           family_level = pattern_level(pattern, family);
  if (given_level > NAME_LEVEL_LITTLE || family_level > NAME_LEVEL_LITTLE ||
      given_level + family_level == 0)
    return pattern;
  unsigned there = compare_across(plan, a, given, b, family);
  unsigned back = compare_across(plan, a, family, b, given);
  bool agree = there >= NAME_LEVEL_SOUND, agree_back = back >= NAME_LEVEL_SOUND;
  if (agree && agree_back)
    return pattern_with(pattern_with(pattern, given, NAME_LEVEL_WRITTEN), family,
                        NAME_LEVEL_WRITTEN);
  if ((agree && back == FIELD_LEVEL_MISSING) || (agree_back && there == FIELD_LEVEL_MISSING))
    return pattern_with(pattern_with(pattern, given, PATTERN_MISSING), family, NAME_LEVEL_WRITTEN);
  return pattern;
}

/* One comparison of a whole batch: the type's code and tables stay in the cache. What one of the
 * two lacks is missing, and not looked at. */
static void compare_batch(const struct plan *plan, unsigned c, struct pair_batch *batch) {
  unsigned (*compare)(const void *, const void *) = plan->comparisons[c].type->compare;
  size_t offset = plan->comparisons[c].offset;
  for (uint32_t i = 0; i < batch->count; i++) {
    if (!(batch->filled[i] >> c & 1)) continue;
    const struct feature_row *a = batch->a[i], *b = batch->b[i];
    unsigned nibble = compare((const uint8_t *)a + offset, (const uint8_t *)b + offset);
    if (nibble == PATTERN_EXACT) nibble = exact_nibble(plan, c, a, b);
    batch->pattern[i] |= (uint64_t)nibble << (c * 4);
  }
}

static void make_room_for_pairs(struct compare_task *task) {
  struct compare_output *out = task->out;
  if (out->pair_count + BATCH <= task->pair_capacity) return;
  task->pair_capacity = (out->pair_count + BATCH) * 2;
  out->pairs = memory_resize(out->pairs, task->pair_capacity * sizeof *out->pairs);
}

static void flush(struct compare_task *task) {
  struct pair_batch *batch = &task->batch;
  memset(batch->pattern, 0, batch->count * sizeof *batch->pattern);
  for (unsigned c = 0; c < task->plan->comparison_count; c++) compare_batch(task->plan, c, batch);
  if (task->plan->has_name_parts)
    for (uint32_t i = 0; i < batch->count; i++)
      batch->pattern[i] =
          mend_swapped_names(task->plan, batch->a[i], batch->b[i], batch->pattern[i]);
  if (task->keeps_pairs) make_room_for_pairs(task);
  for (uint32_t i = 0; i < batch->count; i++) {
    uint32_t pattern = pattern_table_add(&task->patterns, batch->pattern[i], batch->mask[i]);
    if (task->keeps_pairs)
      task->out->pairs[task->out->pair_count++] =
          (struct candidate_pair){batch->number_a[i], batch->number_b[i], pattern};
  }
  batch->count = 0;
}

static void add_pair(struct compare_task *task, const struct member *a, const struct member *b,
                     uint32_t mask) {
  struct pair_batch *batch = &task->batch;
  if (batch->count == BATCH) flush(task);
  uint32_t i = batch->count++;
  batch->a[i] = a->row, batch->b[i] = b->row;
  batch->number_a[i] = a->number, batch->number_b[i] = b->number;
  batch->filled[i] = a->filled & b->filled;
  batch->mask[i] = mask;
}

static bool is_windowed(const struct feature_row *row, unsigned rule) {
  return row->rule_class[rule] & RULE_WINDOWED;
}

static bool is_same_record(const struct feature_row *a, const struct feature_row *b) {
  return a->record_key == b->record_key && a->flags & b->flags & ROW_HAS_ID;
}

static void take_member(const struct compare_task *task, uint32_t row, struct member *member) {
  const struct plan *plan = task->plan;
  member->row = row_of(task, row);
  member->number = row;
  const struct row_marks *marks = plan_marks(plan, member->row);
  member->filled = marks->filled;
  for (unsigned r = 0; r < JOB_BLOCKING_RULES_MAX; r++)
    member->keys[r] = r < plan->blocking_count ? marks->keys[r] : 0;
}

/* Bit r: both are in one whole block of rule r. */
static uint32_t shared_rules(const struct member *a, const struct member *b) {
  uint32_t mask = 0;
  for (unsigned r = 0; r < JOB_BLOCKING_RULES_MAX; r++)
    mask |= (uint32_t)(a->keys[r] == b->keys[r] && a->keys[r] != 0) << r;
  return mask;
}

static void emit(struct compare_task *task, unsigned rule, bool windowed, const struct member *a,
                 const struct member *b) {
  uint32_t mask = shared_rules(a, b);
  bool is_first = windowed ? mask == 0 : (mask & -mask) == 1u << rule;
  if (!is_first || is_same_record(a->row, b->row)) return;
  task->out->compared[rule]++;
  if (windowed && row_order_compare(task->plan, a->row, b->row) > 0)
    add_pair(task, b, a, mask);
  else
    add_pair(task, a, b, mask);
}

static void prefetch_row(const struct compare_task *task, uint32_t row) {
  const char *line = (const char *)row_of(task, row);
  for (uint32_t at = 0; at < task->plan->row_bytes; at += LINE_BYTES) __builtin_prefetch(line + at);
}

static void run_block(struct compare_task *task, const struct key_entry *entries, uint64_t count,
                      uint64_t left) {
  if (count > task->member_capacity) {
    task->member_capacity = count * 2;
    task->members = memory_resize(task->members, task->member_capacity * sizeof *task->members);
  }
  struct member *members = task->members;
  for (uint64_t i = 0; i < count; i++) {
    if (i + PREFETCH_AHEAD < left) prefetch_row(task, entries[i + PREFETCH_AHEAD].row);
    take_member(task, entries[i].row, &members[i]);
  }
  unsigned rule = entries[0].key & RULE_MASK;
  bool windowed = is_windowed(members[0].row, rule);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t end = windowed && i + 1 + BLOCK_WINDOW < count ? i + 1 + BLOCK_WINDOW : count;
    for (uint64_t k = i + 1; k < end; k++) emit(task, rule, windowed, &members[i], &members[k]);
  }
}

static void finish(struct compare_task *task) {
  flush(task);
  task->out->patterns = pattern_table_finish(&task->patterns, &task->out->pattern_count);
  if (task->keeps_pairs)
    task->out->pairs =
        memory_resize(task->out->pairs, task->out->pair_count * sizeof *task->out->pairs);
  free(task->members);
  free(task);
}

static struct compare_task *start(const struct plan *plan, const uint8_t *rows,
                                  struct compare_output *out) {
  *out = (struct compare_output){0};
  struct compare_task *task = memory_new_zeroed(1, sizeof *task);
  task->plan = plan;
  task->rows = rows;
  task->out = out;
  return task;
}

void compare_partition_run(const struct plan *plan, const uint8_t *rows,
                           const struct partition_blocks *blocks, struct compare_output *out) {
  struct compare_task *task = start(plan, rows, out);
  task->keeps_pairs = true;
  const struct key_entry *entries = blocks->entries;
  for (uint64_t first = 0, end; first < blocks->entry_count; first = end) {
    for (end = first + 1; end < blocks->entry_count && entries[end].key == entries[first].key;
         end++) {
    }
    run_block(task, entries + first, end - first, blocks->entry_count - first);
  }
  finish(task);
}

/* A share of the hash range is taken, so which are drawn depends on the records alone. */
static uint64_t draw_limit(uint32_t population, uint64_t pairs_target) {
  uint64_t wanted = pairs_target / SAMPLE_NEIGHBOURS + 1;
  return wanted >= population ? UINT64_MAX : UINT64_MAX / population * wanted;
}

bool random_pairs_draw(uint64_t record_key, uint32_t population, uint64_t seed,
                       uint64_t pairs_target) {
  return hash_join(record_key, seed) <= draw_limit(population, pairs_target);
}

/* The drawn records, in order of their draw. */
static struct key_entry *draw(const struct compare_task *task, uint32_t row_count, uint64_t limit,
                              uint64_t seed, uint64_t *drawn) {
  struct key_entry *entries = memory_new(2 * (size_t)row_count * sizeof *entries);
  uint64_t count = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    const struct feature_row *row = row_of(task, i);
    if (!(row->flags & ROW_PRESENT)) continue;
    uint64_t hash = hash_join(row->record_key, seed);
    if (hash <= limit) entries[count++] = (struct key_entry){hash, i};
  }
  row_order_sort(task->plan, task->rows, entries, entries + count, count);
  *drawn = count;
  return entries;
}

/* A drawn record's value in one comparison; place is its place in the draw. */
struct drawn_value {
  uint64_t hash;
  uint64_t place;
};

static int by_value(const void *left, const void *right) {
  const struct drawn_value *a = left, *b = right;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  return (a->place > b->place) - (a->place < b->place);
}

static void add_sampled(struct compare_task *task, uint32_t row_a, uint32_t row_b, uint32_t mask) {
  struct member a, b;
  take_member(task, row_a, &a);
  take_member(task, row_b, &b);
  if (!is_same_record(a.row, b.row)) add_pair(task, &a, &b, mask);
}

/* Pairs of count records of one value, a share of all. Each record is paired with so many followers
 * on average, the part of a follower by hash. */
static void add_share(struct compare_task *task, const struct key_entry *entries,
                      const struct drawn_value *values, uint64_t count, double share, uint32_t c) {
  double wanted = (double)(count - 1) / 2 * share;
  uint64_t whole = (uint64_t)wanted;
  uint64_t part = (uint64_t)((wanted - (double)whole) * (double)UINT32_MAX);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t partners = whole + (hash_join(values[i].hash, values[i].place) >> 32 < part);
    if (share >= 1) partners = count - 1 - i;
    for (uint64_t step = 1; step <= partners; step++)
      add_sampled(task, entries[values[i].place].row, entries[values[(i + step) % count].place].row,
                  1u << c);
  }
}

/* Pairs of drawn records that agree in comparison c, at most about `most` of them. */
static void sample_agreeing(struct compare_task *task, const struct key_entry *entries,
                            uint64_t drawn, uint32_t c, uint64_t most) {
  const struct plan_comparison *comparison = &task->plan->comparisons[c];
  struct drawn_value *values = memory_new((drawn + 1) * sizeof *values);
  uint64_t filled = 0;
  double pairs = 0;
  for (uint64_t i = 0; i < drawn; i++) {
    const void *feature = plan_feature(task->plan, row_of(task, entries[i].row), c);
    uint64_t hash = frequency_value(comparison, feature);
    if (hash) values[filled++] = (struct drawn_value){hash, i};
  }
  qsort(values, filled, sizeof *values, by_value);
  for (int pass = 0; pass < 2; pass++) {
    double share = pairs > (double)most ? (double)most / pairs : 1;
    for (uint64_t first = 0, end; first < filled; first = end) {
      for (end = first + 1; end < filled && values[end].hash == values[first].hash; end++) {
      }
      if (pass == 0)
        pairs += (double)(end - first) * (double)(end - first - 1) / 2;
      else if (end - first > 1)
        add_share(task, entries, values + first, end - first, share, c);
    }
  }
  free(values);
}

void random_pairs_run(const struct plan *plan, const uint8_t *rows, uint32_t row_count,
                      uint32_t population, uint64_t seed, uint64_t pairs_target,
                      struct compare_output *out) {
  struct compare_task *task = start(plan, rows, out);
  uint64_t drawn;
  struct key_entry *entries =
      draw(task, row_count, draw_limit(population, pairs_target), seed, &drawn);
  /* Few records: more neighbours each, up to all pairs. */
  uint64_t neighbours = drawn ? pairs_target / drawn + 1 : 0;
  for (uint64_t i = 0; i < drawn; i++)
    for (uint64_t step = 1; step <= neighbours && 2 * step <= drawn; step++) {
      uint64_t k = (i + step) % drawn;
      if (2 * step == drawn && k < i) continue; /* halfway round each pair is met from both sides */
      add_sampled(task, entries[i].row, entries[k].row, 0);
    }
  for (uint32_t c = 0; c < plan->comparison_count; c++)
    if (plan->comparisons[c].identifier_rule < 0)
      sample_agreeing(task, entries, drawn, c, pairs_target / AGREEING_PART);
  free(entries);
  finish(task);
}

void compare_output_release(struct compare_output *out) {
  free(out->pairs);
  free(out->patterns);
  *out = (struct compare_output){0};
}

void compare_training(const struct compare_output *out, struct training_counts *counts) {
  pattern_counts_add(&counts->candidates, out->patterns, out->pattern_count);
}

void random_pairs_training(const struct compare_output *out, struct training_counts *counts) {
  pattern_counts_add(&counts->random, out->patterns, out->pattern_count);
}

uint64_t compare_pattern(const struct plan *plan, const struct feature_row *a,
                         const struct feature_row *b) {
  uint64_t pattern = 0;
  for (unsigned c = 0; c < plan->comparison_count; c++) {
    unsigned nibble =
        plan->comparisons[c].type->compare(plan_feature(plan, a, c), plan_feature(plan, b, c));
    if (nibble == PATTERN_EXACT) nibble = exact_nibble(plan, c, a, b);
    pattern |= (uint64_t)nibble << (c * 4);
  }
  return plan->has_name_parts ? mend_swapped_names(plan, a, b, pattern) : pattern;
}

uint64_t compare_pair(const struct plan *plan, const struct feature_row *a,
                      const struct feature_row *b, uint32_t *mask) {
  *mask = 0;
  for (unsigned r = 0; r < plan->blocking_count; r++) {
    uint64_t key = block_live_key(plan, r, a);
    bool whole = key && !is_windowed(a, r) && !is_windowed(b, r);
    *mask |= (uint32_t)(whole && key == block_live_key(plan, r, b)) << r;
  }
  return compare_pattern(plan, a, b);
}
