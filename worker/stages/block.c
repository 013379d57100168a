#include "worker/stages/block.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/memory.h"
#include "worker/stages/key_sort.h"
#include "worker/stages/row_order.h"
#include "worker/stages/sharing.h"

enum {
  RULE_MASK = 15,
  MARK_SHIFT = 16, /* a mark's bits of a key lie between those of rule and partition */
  PREFETCH_AHEAD = 24,
  LINE_BYTES = 64,
  PREFETCH_LINES = 3, /* the head and the first features, among which the name usually is */
};

/* The bits of a key that say partition and rule, which a refined block's own key keeps. */
static const uint64_t kept_key_bits = (uint64_t)0xFF << BLOCK_PARTITION_SHIFT | RULE_MASK;

/* State of one partition's task. */
struct blocking_task {
  const struct plan *plan;
  struct constraints constraints;
  uint8_t *rows;
  struct partition_blocks *out;
  struct key_entry *kept; /* where the next entry that stays goes; never ahead of what is read */
  struct key_entry *order, *scratch; /* of one block */
  const struct feature_row **block_rows;
  uint64_t order_capacity;
};

static struct feature_row *row_of(const struct blocking_task *task, uint32_t row) {
  return (struct feature_row *)(task->rows + (size_t)row * task->plan->row_bytes);
}

static uint32_t filled_of(const struct plan *plan, const struct feature_row *row) {
  uint32_t filled = 0;
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const uint64_t *words = plan_feature(plan, row, c), *end;
    end = words + plan->comparisons[c].type->feature_size / sizeof *words;
    while (words < end && *words == 0) words++;
    filled |= (uint32_t)(words < end) << c;
  }
  return filled;
}

/* Never 0, which says that there is none. */
static uint32_t mark_of(uint64_t key) {
  uint32_t mark = (uint32_t)(key >> MARK_SHIFT);
  return mark ? mark : 1;
}

unsigned block_emit(const struct plan *plan, struct feature_row *row, uint32_t row_number,
                    struct key_entry out[JOB_BLOCKING_RULES_MAX]) {
  if (!(row->flags & ROW_PRESENT)) return 0;
  struct row_marks *marks = plan_marks(plan, row);
  marks->filled = filled_of(plan, row);
  unsigned count = 0;
  for (unsigned r = 0; r < plan->blocking_count; r++) {
    bool complete = (plan->blocking[r].comparisons & ~marks->filled) == 0;
    uint64_t key = complete ? plan_key(plan, r, row) : 0;
    marks->keys[r] = key ? mark_of(key) : 0;
    if (key) out[count++] = (struct key_entry){key, row_number};
  }
  return count;
}

static uint64_t refined_key(const struct plan *plan, unsigned rule, uint64_t key, unsigned depth,
                            const struct feature_row *row) {
  uint64_t refined = key;
  for (unsigned d = 0; d < depth; d++)
    refined = hash_join(refined, plan_refine_part(plan, rule, d, row));
  return (key & kept_key_bits) | (refined & ~kept_key_bits);
}

uint64_t block_live_key(const struct plan *plan, unsigned rule, const struct feature_row *row) {
  unsigned class = row->rule_class[rule];
  if (plan->blocking[rule].is_identifier && (class & RULE_CLASS_MASK) == RULE_CLASS_HUB) return 0;
  uint64_t key = plan_key(plan, rule, row);
  unsigned depth = (class & RULE_DEPTH_MASK) >> RULE_DEPTH_SHIFT;
  return key && depth ? refined_key(plan, rule, key, depth, row) : key;
}

static uint64_t pairs_of(uint64_t count) { return count * (count - 1) / 2; }

/* Pairs of a window: each record with its BLOCK_WINDOW followers. */
static uint64_t window_pairs(uint64_t count) {
  return count <= BLOCK_WINDOW ? pairs_of(count)
                               : (count - BLOCK_WINDOW) * BLOCK_WINDOW + pairs_of(BLOCK_WINDOW);
}

static bool is_larger(const struct block_note *a, const struct block_note *b) {
  return a->records != b->records ? a->records > b->records : a->key < b->key;
}

/* Keeps the largest, largest first. */
static void add_note(struct blocking_task *task, uint64_t key, const struct key_entry *entries,
                     uint64_t records, enum block_outcome outcome, uint64_t skipped,
                     uint32_t people) {
  struct partition_blocks *out = task->out;
  struct block_note note = {.key = key,
                            .records = (uint32_t)records,
                            .rule = key & RULE_MASK,
                            .outcome = (uint8_t)outcome,
                            .pairs_skipped = skipped,
                            .row = entries[0].row,
                            .people = people};
  out->pairs_skipped += skipped;
  if (!out->notes) out->notes = memory_new(BLOCK_NOTES_MAX * sizeof *out->notes);
  if (out->note_count == BLOCK_NOTES_MAX) {
    if (!is_larger(&note, &out->notes[BLOCK_NOTES_MAX - 1])) return;
    out->note_count--;
  }
  uint32_t at = out->note_count++;
  for (; at > 0 && is_larger(&note, &out->notes[at - 1]); at--) out->notes[at] = out->notes[at - 1];
  out->notes[at] = note;
}

static void make_room(struct blocking_task *task, uint64_t count) {
  if (count <= task->order_capacity) return;
  task->order_capacity = count * 2;
  task->order = memory_resize(task->order, task->order_capacity * sizeof *task->order);
  task->scratch = memory_resize(task->scratch, task->order_capacity * sizeof *task->scratch);
  task->block_rows =
      memory_resize(task->block_rows, task->order_capacity * sizeof *task->block_rows);
}

/* Puts a block's entries in canonical order. */
static void order_block(struct blocking_task *task, struct key_entry *entries, uint64_t count) {
  if (count == 2) {
    if (row_order_compare(task->plan, row_of(task, entries[0].row), row_of(task, entries[1].row)) >
        0) {
      struct key_entry first = entries[0];
      entries[0] = entries[1];
      entries[1] = first;
    }
    return;
  }
  make_room(task, count);
  for (uint64_t i = 0; i < count; i++)
    task->order[i] = (struct key_entry){row_of(task, entries[i].row)->record_key, entries[i].row};
  row_order_sort(task->plan, task->rows, task->order, task->scratch, count);
  for (uint64_t i = 0; i < count; i++) entries[i].row = task->order[i].row;
}

/* key: of the whole block that the rows are in; 0 = they are in none. */
static void set_class(struct blocking_task *task, const struct key_entry *entries, uint64_t count,
                      uint8_t class, uint64_t key) {
  unsigned rule = entries[0].key & RULE_MASK;
  uint32_t mark = key ? mark_of(key) : 0;
  for (uint64_t i = 0; i < count; i++) {
    struct feature_row *row = row_of(task, entries[i].row);
    struct row_marks *marks = plan_marks(task->plan, row);
    /* Most rows stay as they are: no write, no dirty line. */
    if (row->rule_class[rule] != class) row->rule_class[rule] = class;
    if (marks->keys[rule] != mark) marks->keys[rule] = mark;
  }
}

static void keep(struct blocking_task *task, const struct key_entry *entries, uint64_t count,
                 uint64_t key) {
  unsigned rule = key & RULE_MASK;
  task->out->blocks[rule]++;
  task->out->records[rule] += count;
  if (count > task->out->largest[rule]) task->out->largest[rule] = (uint32_t)count;
  for (uint64_t i = 0; i < count; i++) *task->kept++ = (struct key_entry){key, entries[i].row};
}

/* In a window neighbours should be alike: the order is by content, so equal leading fields meet. */
static void keep_windowed(struct blocking_task *task, struct key_entry *entries, uint64_t count,
                          uint64_t key, uint8_t class) {
  make_room(task, count);
  for (uint64_t i = 0; i < count; i++) task->order[i] = (struct key_entry){0, entries[i].row};
  row_order_sort(task->plan, task->rows, task->order, task->scratch, count);
  for (uint64_t i = 0; i < count; i++) entries[i].row = task->order[i].row;
  set_class(task, entries, count, class | RULE_WINDOWED, 0);
  task->out->windowed++;
  add_note(task, key, entries, count, BLOCK_WINDOWED, pairs_of(count) - window_pairs(count), 0);
  keep(task, entries, count, key);
}

/* Splits a block over the cap by the rule's refine parts, one after the other. entries share all
 * parts above depth and are in canonical order. */
static void refine(struct blocking_task *task, struct key_entry *entries, uint64_t count,
                   uint64_t key, unsigned depth) {
  unsigned rule = key & RULE_MASK;
  const struct plan_blocking_rule *blocking = &task->plan->blocking[rule];
  uint8_t class = (uint8_t)(depth << RULE_DEPTH_SHIFT);
  if (count <= blocking->cap) {
    uint64_t own =
        depth ? refined_key(task->plan, rule, key, depth, row_of(task, entries[0].row)) : key;
    set_class(task, entries, count, class, own);
    if (count > 1) keep(task, entries, count, own);
    return;
  }
  if (depth == blocking->refine_count) {
    uint64_t own =
        depth ? refined_key(task->plan, rule, key, depth, row_of(task, entries[0].row)) : key;
    keep_windowed(task, entries, count, own, class);
    return;
  }
  struct key_entry *order = memory_new(2 * count * sizeof *order);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t part = plan_refine_part(task->plan, rule, depth, row_of(task, entries[i].row));
    order[i] = (struct key_entry){part, entries[i].row};
  }
  key_sort(order, order + count, count, 64);
  uint64_t apart = pairs_of(count);
  for (uint64_t first = 0, end; first < count; first = end) {
    for (end = first + 1; end < count && order[end].key == order[first].key; end++) {
    }
    apart -= pairs_of(end - first);
    for (uint64_t i = first; i < end; i++) order[i].key = key;
    order_block(task, order + first, end - first);
    refine(task, order + first, end - first, key, depth + 1);
  }
  free(order);
  if (depth > 0) {
    task->out->pairs_skipped += apart;
    return;
  }
  task->out->refined++;
  add_note(task, key, entries, count, BLOCK_REFINED, apart, 0);
}

static void run_identifier_block(struct blocking_task *task, struct key_entry *entries,
                                 uint64_t count) {
  uint64_t key = entries[0].key;
  unsigned rule = key & RULE_MASK;
  make_room(task, count);
  for (uint64_t i = 0; i < count; i++) task->block_rows[i] = row_of(task, entries[i].row);
  task->out->agreeing_pairs[rule] += pairs_of(count);
  uint32_t people;
  unsigned class = sharing_class(task->plan, &task->constraints, rule, task->block_rows,
                                 (uint32_t)count, &people);
  if (class == RULE_CLASS_HUB) {
    set_class(task, entries, count, RULE_CLASS_HUB, 0);
    task->out->hubs++;
    add_note(task, key, entries, count, BLOCK_HUB, pairs_of(count), people);
  } else if (count > task->plan->blocking[rule].cap) {
    keep_windowed(task, entries, count, key, (uint8_t) class);
  } else {
    set_class(task, entries, count, (uint8_t) class, key);
    keep(task, entries, count, key);
  }
}

static void prefetch_row(const struct blocking_task *task, uint32_t row) {
  const char *line = (const char *)row_of(task, row);
  for (int i = 0; i < PREFETCH_LINES; i++) __builtin_prefetch(line + (size_t)i * LINE_BYTES);
}

/* Only rows that share their key with a neighbour will be looked at. */
static void prefetch_ahead(const struct blocking_task *task, const struct key_entry *entries,
                           uint64_t at, uint64_t count) {
  if (at == 0 || at + 1 >= count) return;
  if (entries[at].key == entries[at - 1].key || entries[at].key == entries[at + 1].key)
    prefetch_row(task, entries[at].row);
}

void block_partition_run(const struct plan *plan, uint8_t *rows, struct key_entry *take_entries,
                         uint64_t count, struct partition_blocks *out) {
  *out = (struct partition_blocks){.entries = take_entries};
  struct blocking_task task = {.plan = plan,
                               .constraints = constraints_of_plan(plan),
                               .rows = rows,
                               .out = out,
                               .kept = take_entries};
  struct key_entry *scratch = memory_new(count * sizeof *scratch);
  key_sort(take_entries, scratch, count, BLOCK_PARTITION_SHIFT);
  /* Kept entries overwrite what was read, so a block is worked on in the scratch copy. */
  memcpy(scratch, take_entries, count * sizeof *scratch);
  for (uint64_t first = 0, end; first < count; first = end) {
    prefetch_ahead(&task, scratch, first + PREFETCH_AHEAD, count);
    for (end = first + 1; end < count && scratch[end].key == scratch[first].key; end++)
      prefetch_ahead(&task, scratch, end + PREFETCH_AHEAD, count);
    if (end - first == 1) continue;
    order_block(&task, scratch + first, end - first);
    if (plan->blocking[scratch[first].key & RULE_MASK].is_identifier)
      run_identifier_block(&task, scratch + first, end - first);
    else
      refine(&task, scratch + first, end - first, scratch[first].key, 0);
  }
  out->entry_count = (uint64_t)(task.kept - take_entries);
  out->entries = memory_resize(take_entries, out->entry_count * sizeof *take_entries);
  free(scratch);
  free(task.order);
  free(task.scratch);
  free(task.block_rows);
}

void partition_blocks_release(struct partition_blocks *blocks) {
  free(blocks->entries);
  free(blocks->notes);
  *blocks = (struct partition_blocks){0};
}

void block_training(const struct partition_blocks *blocks, struct training_counts *counts) {
  for (int r = 0; r < JOB_BLOCKING_RULES_MAX; r++)
    counts->agreeing_pairs[r] += blocks->agreeing_pairs[r];
}
