/* From keys to compared pairs: a partition's worker fetches its keys, then the rows of those that
 * are not alone under one, and keeps them until their pairs are routed. */
#include <stdlib.h>

#include "common/memory.h"
#include "worker/apart/apart.h"
#include "worker/exchange/row_pack.h"
#include "worker/stages/block.h"
#include "worker/stages/compare.h"
#include "worker/stages/component_repair.h"
#include "worker/stages/key_sort.h"
#include "worker/store/radix_sort.h"

enum { ROWS_AS_INGESTED = 1 };

/* ---- block ---- */

struct key_list {
  struct key_entry *entries;
  size_t count, capacity;
};

static enum err add_keys(void *context, uint32_t task, struct bytes piece,
                         struct failure *failure) {
  (void)task;
  struct key_list *keys = context;
  size_t count = piece.size / sizeof *keys->entries;
  if (piece.size % sizeof *keys->entries) return apart_malformed(failure, STAGE_INGEST, piece);
  if (keys->count + count > keys->capacity) {
    keys->capacity = (keys->count + count) * 2;
    keys->entries = memory_resize(keys->entries, keys->capacity * sizeof *keys->entries);
  }
  if (count) memcpy(keys->entries + keys->count, piece.data, piece.size);
  keys->count += count;
  return ERR_OK;
}

/* Drops entries that are alone under their key: they are in no block. */
static void keep_shared(struct key_list *keys) {
  struct key_entry *e = keys->entries, *scratch = memory_new(keys->count * sizeof *scratch);
  key_sort(e, scratch, keys->count, BLOCK_PARTITION_SHIFT);
  free(scratch);
  size_t kept = 0;
  for (size_t first = 0, end; first < keys->count; first = end) {
    for (end = first + 1; end < keys->count && e[end].key == e[first].key; end++) {
    }
    for (size_t i = first; i < end && end - first > 1; i++) e[kept++] = e[i];
  }
  keys->count = kept;
}

void apart_number_rows(uint64_t *items, uint64_t count, struct apart_numbering *out) {
  uint64_t *spare = memory_new(count * sizeof *spare);
  radix_sort(items, spare, count, 32);
  free(spare);
  out->number = memory_new(count * sizeof *out->number);
  out->count = 0;
  for (uint64_t i = 0; i < count; i++) {
    uint32_t row = (uint32_t)(items[i] >> 32);
    if (out->count == 0 || out->number[out->count - 1] != row) out->number[out->count++] = row;
    items[i] = (uint64_t)(out->count - 1) << 32 | (uint32_t)items[i];
  }
  out->number = memory_resize(out->number, out->count * sizeof *out->number);
}

static struct feature_row *visiting_row(const struct plan *plan,
                                        const struct apart_visiting *visiting, uint32_t row) {
  return (struct feature_row *)(visiting->rows + (size_t)row * plan->row_bytes);
}

/* Entries speak of local rows from now on. */
static void visit(struct key_list *keys, struct apart_visiting *visiting) {
  uint64_t *items = memory_new(keys->count * sizeof *items);
  for (size_t i = 0; i < keys->count; i++) items[i] = (uint64_t)keys->entries[i].row << 32 | i;
  struct apart_numbering numbering;
  apart_number_rows(items, keys->count, &numbering);
  for (size_t i = 0; i < keys->count; i++)
    keys->entries[(uint32_t)items[i]].row = (uint32_t)(items[i] >> 32);
  free(items);
  visiting->number = numbering.number;
  visiting->count = numbering.count;
}

struct row_room {
  uint8_t *rows;
  uint32_t row_bytes;
};

static enum err unpack_rows(void *context, const uint32_t *indexes, uint32_t count,
                            struct bytes answer, struct failure *failure) {
  const struct row_room *room = context;
  const uint8_t *at = (const uint8_t *)answer.data, *end = at + answer.size;
  for (uint32_t i = 0; i < count; i++) {
    size_t used = row_unpack(at, (size_t)(end - at), room->row_bytes,
                             room->rows + (size_t)indexes[i] * room->row_bytes);
    if (used == 0) return apart_malformed(failure, STAGE_INGEST, answer);
    at += used;
  }
  return at == end ? ERR_OK : apart_malformed(failure, STAGE_INGEST, answer);
}

enum err apart_fetch_rows(struct task_context *t, struct gather *g, enum stage stage, uint32_t part,
                          const uint32_t *numbers, uint32_t count, uint8_t **rows) {
  const struct run_state *run = &t->p->run;
  struct row_room room = {memory_map((size_t)count * run->plan.row_bytes), run->plan.row_bytes};
  *rows = room.rows;
  return gather_rows(g, run, stage, FETCH_ROWS, part, numbers, count, unpack_rows, &room);
}

static void release_visiting(struct apart_visiting *visiting, uint32_t row_bytes) {
  memory_unmap(visiting->rows, (size_t)visiting->count * row_bytes);
  free(visiting->number);
  free(visiting->edges);
  free(visiting->joins);
  *visiting = (struct apart_visiting){0};
}

/* Marks as ingesting left them, by local row and rule. */
static uint32_t *copy_marks(const struct plan *plan, const struct apart_visiting *visiting) {
  uint32_t rules = plan->blocking_count;
  uint32_t *marks = memory_new((size_t)visiting->count * rules * sizeof *marks);
  for (uint32_t i = 0; i < visiting->count && rules; i++)
    memcpy(marks + (size_t)i * rules, plan_marks(plan, visiting_row(plan, visiting, i))->keys,
           rules * sizeof *marks);
  return marks;
}

/* What the block stage wrote into rows, for where they are at home. */
static struct task_output *class_notes(const struct run_state *run,
                                       const struct apart_visiting *visiting,
                                       const uint32_t *marks) {
  struct task_output *output = task_output_new(run->split_count);
  uint32_t split = UINT32_MAX, rules = run->plan.blocking_count;
  for (uint32_t i = 0; i < visiting->count; i++) {
    const struct feature_row *row = visiting_row(&run->plan, visiting, i);
    const uint32_t *keys = plan_marks(&run->plan, row)->keys;
    uint32_t number = visiting->number[i];
    if (split == UINT32_MAX ||
        number - run->splits[split].first_row >= run->splits[split].row_slots) {
      split = run_state_split_of(run, number);
      task_output_begin_part(output, split);
    }
    for (uint32_t r = 0; r < rules; r++) {
      struct apart_class_note note = {number, keys[r], (uint8_t)r, row->rule_class[r], 0};
      if (row->rule_class[r] || keys[r] != marks[(size_t)i * rules + r])
        buffer_append(&output->data, &note, sizeof note);
    }
  }
  task_output_close(output);
  return output;
}

enum err apart_block(struct task_context *t) {
  struct run_state *run = &t->p->run;
  struct gather *g;
  struct key_list keys = {0};
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_need_layout(t, g);
  if (!err) err = gather_pieces(g, STAGE_INGEST, t->task, add_keys, &keys);
  if (err) {
    free(keys.entries);
    return err;
  }
  *t->units = keys.count;
  struct apart_visiting *visiting = &t->p->apart->visiting[t->task];
  partition_blocks_release(&run->partitions[t->task]);
  release_visiting(visiting, run->plan.row_bytes);
  keep_shared(&keys);
  visit(&keys, visiting);
  err = apart_fetch_rows(t, g, STAGE_FREQUENCY, ROWS_AS_INGESTED, visiting->number, visiting->count,
                         &visiting->rows);
  if (err) {
    free(keys.entries);
    return err;
  }
  uint32_t *marks = copy_marks(&run->plan, visiting);
  block_partition_run(&run->plan, visiting->rows, keys.entries, keys.count,
                      &run->partitions[t->task]);
  apart_put(t, STAGE_BLOCK, class_notes(run, visiting, marks));
  free(marks);
  struct training_counts counts = {0};
  block_training(&run->partitions[t->task], &counts);
  return pipeline_return_counts(t, &counts);
}

/* ---- classify ---- */

/* Notes of one split, as they come from the partitions. */
struct noting {
  const struct run_state *run;
  const struct split_output *split;
  struct apart_class_note *notes;
  uint32_t count, capacity;
};

static enum err take_notes(void *context, uint32_t task, struct bytes piece,
                           struct failure *failure) {
  (void)task;
  struct noting *n = context;
  uint32_t count = (uint32_t)(piece.size / sizeof *n->notes);
  if (piece.size % sizeof *n->notes) return apart_malformed(failure, STAGE_BLOCK, piece);
  if (n->count + count > n->capacity) {
    n->capacity = (n->count + count) * 2;
    n->notes = memory_resize(n->notes, n->capacity * sizeof *n->notes);
  }
  if (count) memcpy(n->notes + n->count, piece.data, piece.size);
  for (uint32_t i = n->count; i < n->count + count; i++)
    if (n->notes[i].row - n->split->first_row >= n->split->row_slots ||
        n->notes[i].rule >= n->run->plan.blocking_count)
      return apart_malformed(failure, STAGE_BLOCK, piece);
  n->count += count;
  return ERR_OK;
}

/* By (row, rule): each comes once, so the order is the same whichever partition came first. */
static int note_order(const void *left, const void *right) {
  const struct apart_class_note *a = left, *b = right;
  if (a->row != b->row) return a->row < b->row ? -1 : 1;
  return (int)a->rule - (int)b->rule;
}

static struct task_output *sorted_notes(struct noting *n) {
  uint32_t slots = n->split->row_slots;
  struct task_output *output = task_output_new(2);
  uint32_t *start = memory_new_zeroed((size_t)slots + 1, sizeof *start);
  if (n->count) qsort(n->notes, n->count, sizeof *n->notes, note_order);
  for (uint32_t i = 0; i < n->count; i++) start[n->notes[i].row - n->split->first_row + 1]++;
  for (uint32_t s = 0; s < slots; s++) start[s + 1] += start[s];
  task_output_begin_part(output, 0);
  if (n->count) buffer_append(&output->data, n->notes, n->count * sizeof *n->notes);
  task_output_begin_part(output, 1);
  buffer_append(&output->data, start, ((size_t)slots + 1) * sizeof *start);
  task_output_close(output);
  free(start);
  return output;
}

enum err apart_classify(struct task_context *t) {
  struct noting n = {.run = &t->p->run};
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_home_split(t, &n.split);
  if (!err) err = gather_pieces(g, STAGE_BLOCK, t->task, take_notes, &n);
  if (!err) {
    apart_put(t, STAGE_CLASSIFY, sorted_notes(&n));
    *t->units = n.split->row_slots;
  }
  free(n.notes);
  return err;
}

/* ---- sample ---- */

static enum err take_record_keys(void *context, uint32_t task, struct bytes piece,
                                 struct failure *failure) {
  const struct pipeline *p = context;
  const struct split_output *split = &p->run.splits[task];
  size_t key_bytes = (size_t)split->row_slots * sizeof(uint64_t);
  if (piece.size != key_bytes + split->row_slots)
    return apart_malformed(failure, STAGE_INGEST, piece);
  if (!split->row_slots) return ERR_OK;
  memcpy(p->apart->record_keys + split->first_row, piece.data, key_bytes);
  memcpy(p->apart->record_flags + split->first_row, piece.data + key_bytes, split->row_slots);
  return ERR_OK;
}

static uint32_t *drawn_rows(const struct pipeline *p, uint32_t *count) {
  const struct apart *apart = p->apart;
  uint32_t *rows = NULL, capacity = 0;
  *count = 0;
  for (uint32_t r = 0; r < p->run.row_count; r++) {
    if (!(apart->record_flags[r] & ROW_PRESENT) ||
        !random_pairs_draw(apart->record_keys[r], p->run.row_count, p->options.job->seed,
                           RANDOM_PAIRS_DEFAULT))
      continue;
    if (*count == capacity) {
      capacity = capacity ? capacity * 2 : 1024;
      rows = memory_resize(rows, capacity * sizeof *rows);
    }
    rows[(*count)++] = r;
  }
  return rows;
}

enum err apart_sample(struct task_context *t) {
  struct pipeline *p = t->p;
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_need_layout(t, g);
  if (err) return err;
  free(p->apart->record_keys);
  free(p->apart->record_flags);
  p->apart->record_keys = memory_new(p->run.row_count * sizeof *p->apart->record_keys);
  p->apart->record_flags = memory_new(p->run.row_count * sizeof *p->apart->record_flags);
  err = gather_pieces(g, STAGE_INGEST, APART_INGEST_RECORD_KEYS, take_record_keys, p);
  if (err) return err;
  uint32_t count;
  uint32_t *drawn = drawn_rows(p, &count);
  uint8_t *rows = NULL;
  err = apart_fetch_rows(t, g, STAGE_CLASSIFY, 0, drawn, count, &rows);
  if (!err) {
    compare_output_release(&p->run.random_pairs);
    random_pairs_run(&p->run.plan, rows, count, p->run.row_count, p->options.job->seed,
                     RANDOM_PAIRS_DEFAULT, &p->run.random_pairs);
    struct training_counts counts = {0};
    random_pairs_training(&p->run.random_pairs, &counts);
    err = pipeline_return_counts(t, &counts);
  }
  memory_unmap(rows, (size_t)count * p->run.plan.row_bytes);
  free(drawn);
  return err;
}

/* ---- compare ---- */

struct noted {
  const struct plan *plan;
  struct apart_visiting *visiting;
};

static enum err apply_notes(void *context, const uint32_t *indexes, uint32_t count,
                            struct bytes answer, struct failure *failure) {
  const struct noted *noted = context;
  struct apart_class_note note;
  if (answer.size % sizeof note) return apart_malformed(failure, STAGE_CLASSIFY, answer);
  for (size_t at = 0; at < answer.size; at += sizeof note) {
    memcpy(&note, answer.data + at, sizeof note);
    if (note.row >= count || note.rule >= noted->plan->blocking_count)
      return apart_malformed(failure, STAGE_CLASSIFY, answer);
    class_note_apply(noted->plan, &note,
                     visiting_row(noted->plan, noted->visiting, indexes[note.row]));
  }
  return ERR_OK;
}

enum err apart_compare(struct task_context *t) {
  struct run_state *run = &t->p->run;
  struct apart_visiting *visiting = &t->p->apart->visiting[t->task];
  struct noted noted = {&run->plan, visiting};
  struct compare_output *out = &run->compared[t->task];
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err)
    err = gather_rows(g, run, STAGE_CLASSIFY, FETCH_CLASSES, 0, visiting->number, visiting->count,
                      apply_notes, &noted);
  if (err) return err;
  compare_output_release(out);
  compare_partition_run(&run->plan, visiting->rows, &run->partitions[t->task], out);
  for (uint32_t r = 0; r < run->plan.blocking_count; r++) *t->units += out->compared[r];
  struct training_counts counts = {0};
  compare_training(out, &counts);
  return pipeline_return_counts(t, &counts);
}

/* ---- score, route ---- */

static uint32_t find(uint32_t *parent, uint32_t x) {
  while (parent[x] != x) x = parent[x] = parent[parent[x]];
  return x;
}

/* By pattern: do its pairs join? */
static bool *joining_patterns(const struct run_state *run, const struct compare_output *compared) {
  bool *joins = memory_new(compared->pattern_count * sizeof *joins);
  for (uint32_t i = 0; i < compared->pattern_count; i++)
    joins[i] = pair_verdict_of(&run->plan, &run->model, compared->patterns[i].pattern).joins;
  return joins;
}

/* As many pairs that join as it takes to say which rows hang together. */
static void find_edges(const struct run_state *run, const struct compare_output *compared,
                       struct apart_visiting *visiting) {
  uint32_t *parent = memory_new(visiting->count * sizeof *parent);
  for (uint32_t i = 0; i < visiting->count; i++) parent[i] = i;
  free(visiting->joins);
  const bool *joins = visiting->joins = joining_patterns(run, compared);
  free(visiting->edges);
  visiting->edges = memory_new(visiting->count * sizeof *visiting->edges);
  visiting->edge_count = 0;
  for (uint64_t i = 0; i < compared->pair_count; i++) {
    const struct candidate_pair *pair = &compared->pairs[i];
    if (!joins[pair->pattern]) continue;
    uint32_t a = find(parent, pair->a), b = find(parent, pair->b);
    if (a == b) continue;
    parent[a > b ? a : b] = a < b ? a : b;
    visiting->edges[visiting->edge_count++] = (struct apart_edge){pair->a, pair->b};
  }
  free(parent);
}

enum err apart_score(struct task_context *t) {
  struct run_state *run = &t->p->run;
  struct apart_visiting *visiting = &t->p->apart->visiting[t->task];
  enum err err = apart_need_model(t);
  if (err) return err;
  find_edges(run, &run->compared[t->task], visiting);
  struct task_output *output = task_output_new(1);
  task_output_begin_part(output, 0);
  buffer_reserve(&output->data, visiting->edge_count * sizeof *visiting->edges);
  for (uint32_t e = 0; e < visiting->edge_count; e++) {
    struct apart_edge edge = {visiting->number[visiting->edges[e].a],
                              visiting->number[visiting->edges[e].b]};
    buffer_append(&output->data, &edge, sizeof edge);
  }
  task_output_close(output);
  apart_put(t, STAGE_SCORE, output);
  *t->units = run->compared[t->task].pair_count;
  return ERR_OK;
}

struct range_room {
  uint16_t *ranges; /* by edge */
  uint32_t count;
};

static enum err take_ranges(void *context, uint32_t task, struct bytes piece,
                            struct failure *failure) {
  (void)task;
  struct range_room *room = context;
  if (piece.size != room->count * sizeof *room->ranges)
    return apart_malformed(failure, STAGE_LINK, piece);
  if (piece.size) memcpy(room->ranges, piece.data, piece.size);
  for (uint32_t e = 0; e < room->count; e++)
    if (room->ranges[e] >= REPAIR_RANGES_APART) return apart_malformed(failure, STAGE_LINK, piece);
  return ERR_OK;
}

/* The accepted pairs, grouped by the range of their component. */
static struct task_output *routed_pairs(const struct compare_output *compared,
                                        const struct apart_visiting *visiting,
                                        const uint16_t *ranges) {
  uint16_t *range_of = memory_new_zeroed(visiting->count, sizeof *range_of);
  for (uint32_t e = 0; e < visiting->edge_count; e++)
    range_of[visiting->edges[e].a] = range_of[visiting->edges[e].b] = ranges[e];
  const bool *joins = visiting->joins;
  uint64_t start[REPAIR_RANGES_APART + 1] = {0};
  for (uint64_t i = 0; i < compared->pair_count; i++)
    if (joins[compared->pairs[i].pattern]) start[range_of[compared->pairs[i].a] + 1]++;
  for (uint32_t r = 0; r < REPAIR_RANGES_APART; r++) start[r + 1] += start[r];
  struct task_output *output = task_output_new(REPAIR_RANGES_APART);
  size_t bytes = start[REPAIR_RANGES_APART] * sizeof(struct apart_pair);
  buffer_reserve(&output->data, bytes);
  struct apart_pair *pairs = (struct apart_pair *)output->data.data;
  output->data.size = bytes;
  for (uint32_t r = 0; r < REPAIR_RANGES_APART; r++)
    output->parts[r] =
        bytes_of((const char *)(pairs + start[r]), (start[r + 1] - start[r]) * sizeof *pairs);
  for (uint64_t i = 0; i < compared->pair_count; i++) {
    const struct candidate_pair *pair = &compared->pairs[i];
    if (!joins[pair->pattern]) continue;
    const struct pattern_count *pattern = &compared->patterns[pair->pattern];
    pairs[start[range_of[pair->a]]++] = (struct apart_pair){
        visiting->number[pair->a], visiting->number[pair->b], pattern->pattern, pattern->mask};
  }
  free(range_of);
  return output;
}

enum err apart_route(struct task_context *t) {
  struct run_state *run = &t->p->run;
  struct apart_visiting *visiting = &t->p->apart->visiting[t->task];
  struct range_room room = {memory_new(visiting->edge_count * sizeof *room.ranges),
                            visiting->edge_count};
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = gather_one_piece(g, STAGE_LINK, 0, t->task, take_ranges, &room);
  if (!err) apart_put(t, STAGE_ROUTE, routed_pairs(&run->compared[t->task], visiting, room.ranges));
  free(room.ranges);
  *t->units = visiting->edge_count;
  return err;
}
