/* From edges to customers. One worker sees every record's key and which rows hang together, but no
 * record: what is inside a component is settled elsewhere, a range of components a task. */
#include <stdlib.h>

#include "common/byte_reader.h"
#include "common/check.h"
#include "common/memory.h"
#include "worker/apart/apart.h"
#include "worker/stages/compare.h"
#include "worker/stages/key_sort.h"
#include "worker/stages/pattern_table.h"
#include "worker/store/identity.h"

/* ---- link ---- */

struct linking {
  struct pipeline *p;
  uint32_t *parent; /* by row */
  struct apart_edge *edges[PLAN_PARTITIONS];
  uint32_t edge_count[PLAN_PARTITIONS];
  uint16_t *range; /* by root: of its component */
};

static uint32_t find(uint32_t *parent, uint32_t x) {
  while (parent[x] != x) x = parent[x] = parent[parent[x]];
  return x;
}

static void unite(uint32_t *parent, uint32_t a, uint32_t b) {
  a = find(parent, a), b = find(parent, b);
  parent[a > b ? a : b] = a < b ? a : b;
}

static int by_row(const void *left, const void *right) {
  uint32_t a = ((const struct key_entry *)left)->row, b = ((const struct key_entry *)right)->row;
  return (a > b) - (a < b);
}

/* Linked rows by (record key, row). */
static void order_rows(struct pipeline *p) {
  struct apart *apart = p->apart;
  free(apart->order);
  struct key_entry *order = memory_new(p->run.row_count * sizeof *order);
  uint32_t count = 0;
  for (uint32_t r = 0; r < p->run.row_count; r++)
    if (apart->record_flags[r] & ROW_PRESENT)
      order[count++] = (struct key_entry){apart->record_keys[r], r};
  struct key_entry *scratch = memory_new(count * sizeof *scratch);
  key_sort(order, scratch, count, 64);
  free(scratch);
  for (uint32_t first = 0, end; first < count; first = end) {
    for (end = first + 1; end < count && order[end].key == order[first].key; end++) {
    }
    if (end - first > 1) qsort(order + first, end - first, sizeof *order, by_row);
  }
  apart->order = order;
  apart->order_count = count;
}

static void unite_records(const struct apart *apart, uint32_t *parent) {
  for (uint32_t i = 1; i < apart->order_count; i++) {
    const struct key_entry *a = &apart->order[i - 1], *b = &apart->order[i];
    if (a->key == b->key && apart->record_flags[a->row] & apart->record_flags[b->row] & ROW_HAS_ID)
      unite(parent, a->row, b->row);
  }
}

static enum err take_edges(void *context, uint32_t task, struct bytes piece,
                           struct failure *failure) {
  struct linking *l = context;
  uint32_t count = (uint32_t)(piece.size / sizeof(struct apart_edge));
  if (piece.size % sizeof(struct apart_edge) || task >= PLAN_PARTITIONS)
    return apart_malformed(failure, STAGE_SCORE, piece);
  struct apart_edge *edges = memory_new(piece.size);
  if (piece.size) memcpy(edges, piece.data, piece.size);
  free(l->edges[task]);
  l->edges[task] = edges;
  l->edge_count[task] = count;
  for (uint32_t e = 0; e < count; e++) {
    if (edges[e].a >= l->p->run.row_count || edges[e].b >= l->p->run.row_count)
      return apart_malformed(failure, STAGE_SCORE, piece);
    unite(l->parent, edges[e].a, edges[e].b);
  }
  return ERR_OK;
}

/* Components of several rows, in order of their first rows, cut into ranges of about as many rows.
 */
static struct task_output *cut_ranges(struct linking *l) {
  const struct apart *apart = l->p->apart;
  uint32_t row_count = l->p->run.row_count, count = apart->order_count;
  uint32_t *size = memory_map((size_t)row_count * sizeof *size);   /* by root */
  uint32_t *start = memory_map((size_t)row_count * sizeof *start); /* by root: of its rows */
  for (uint32_t i = 0; i < count; i++) size[find(l->parent, apart->order[i].row)]++;
  uint64_t linked = 0, at = 0;
  for (uint32_t r = 0; r < row_count; r++) linked += size[r] > 1 ? size[r] : 0;
  uint32_t *rows = memory_new(linked * sizeof *rows);
  uint64_t range_end[REPAIR_RANGES_APART] = {0};
  uint32_t *first = memory_new(linked * sizeof *first); /* roots in order of their first rows */
  uint64_t components = 0;
  l->range = memory_map((size_t)row_count * sizeof *l->range);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row = apart->order[i].row, root = find(l->parent, row);
    if (size[root] < 2) continue;
    if (start[root] == 0) { /* start is kept + 1 */
      l->range[root] = (uint16_t)(at * REPAIR_RANGES_APART / linked);
      range_end[l->range[root]] = components + 1;
      first[components++] = root;
      start[root] = (uint32_t)at + 1;
      at += size[root];
    }
    rows[start[root]++ - 1] = row;
  }
  struct task_output *output = task_output_new(PLAN_PARTITIONS + REPAIR_RANGES_APART);
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++) {
    task_output_begin_part(output, p);
    for (uint32_t e = 0; e < l->edge_count[p]; e++) {
      uint16_t range = l->range[find(l->parent, l->edges[p][e].a)];
      buffer_append(&output->data, &range, sizeof range);
    }
  }
  uint64_t done = 0;
  for (uint32_t r = 0; r < REPAIR_RANGES_APART; r++) {
    task_output_begin_part(output, APART_LINK_RANGES + r);
    for (; done < range_end[r]; done++) {
      uint32_t root = first[done];
      buffer_append_u32(&output->data, size[root]);
      buffer_append(&output->data, rows + (start[root] - 1 - size[root]),
                    size[root] * sizeof *rows);
    }
  }
  task_output_close(output);
  memory_unmap(l->range, (size_t)row_count * sizeof *l->range);
  memory_unmap(size, (size_t)row_count * sizeof *size);
  memory_unmap(start, (size_t)row_count * sizeof *start);
  free(rows);
  free(first);
  return output;
}

enum err apart_link(struct task_context *t) {
  struct pipeline *p = t->p;
  struct linking l = {.p = p};
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_need_model(t);
  if (!err && !p->apart->record_keys) err = apart_lose_own(t, STAGE_SAMPLE, 0);
  if (err) return err;
  order_rows(p);
  l.parent = memory_map((size_t)p->run.row_count * sizeof *l.parent);
  for (uint32_t r = 0; r < p->run.row_count; r++) l.parent[r] = r;
  unite_records(p->apart, l.parent);
  err = gather_pieces(g, STAGE_SCORE, 0, take_edges, &l);
  if (!err) apart_put(t, STAGE_LINK, cut_ranges(&l));
  *t->units = p->run.row_count;
  memory_unmap(l.parent, (size_t)p->run.row_count * sizeof *l.parent);
  for (uint32_t i = 0; i < PLAN_PARTITIONS; i++) free(l.edges[i]);
  return err;
}

/* ---- repair ---- */

struct repairing {
  uint64_t *items; /* rows of the components, then both rows of the pairs; see apart_number_rows */
  uint64_t item_count, capacity;
  struct apart_pair *pairs;
  uint64_t pair_count, pair_capacity;
  uint32_t row_count; /* of the run */
};

static bool add_row(struct repairing *r, uint32_t row) {
  if (r->item_count == r->capacity) {
    r->capacity = r->capacity ? r->capacity * 2 : 1024;
    r->items = memory_resize(r->items, r->capacity * sizeof *r->items);
  }
  r->items[r->item_count] = (uint64_t)row << 32 | r->item_count;
  r->item_count++;
  return row < r->row_count && r->item_count < UINT32_MAX;
}

static enum err take_components(void *context, uint32_t task, struct bytes piece,
                                struct failure *failure) {
  (void)task;
  struct repairing *r = context;
  struct byte_reader reader = byte_reader_of(piece);
  while (reader.ok && reader.left.size) {
    uint32_t size = byte_reader_u32(&reader);
    for (uint32_t i = 0; i < size && reader.ok; i++)
      if (!add_row(r, byte_reader_u32(&reader))) reader.ok = false;
  }
  return reader.ok ? ERR_OK : apart_malformed(failure, STAGE_LINK, piece);
}

static enum err take_pairs(void *context, uint32_t task, struct bytes piece,
                           struct failure *failure) {
  (void)task;
  struct repairing *r = context;
  uint64_t count = piece.size / sizeof *r->pairs;
  if (piece.size % sizeof *r->pairs) return apart_malformed(failure, STAGE_ROUTE, piece);
  if (r->pair_count + count > r->pair_capacity) {
    r->pair_capacity = (r->pair_count + count) * 2;
    r->pairs = memory_resize(r->pairs, r->pair_capacity * sizeof *r->pairs);
  }
  if (count) memcpy(r->pairs + r->pair_count, piece.data, piece.size);
  r->pair_count += count;
  return ERR_OK;
}

/* Pairs in local numbers, their patterns interned. false when a pair's rows are in no component. */
static bool localise_pairs(struct repairing *r, uint64_t component_rows,
                           struct apart_numbering *numbering, struct compare_output *out) {
  for (uint64_t i = 0; i < r->pair_count; i++)
    if (!add_row(r, r->pairs[i].a) || !add_row(r, r->pairs[i].b)) return false;
  apart_number_rows(r->items, r->item_count, numbering);
  uint32_t *local = memory_new(r->item_count * sizeof *local);
  uint8_t *is_member = memory_new_zeroed(numbering->count, 1);
  for (uint64_t i = 0; i < r->item_count; i++) {
    local[(uint32_t)r->items[i]] = (uint32_t)(r->items[i] >> 32);
    if ((uint32_t)r->items[i] < component_rows) is_member[r->items[i] >> 32] = 1;
  }
  bool ok = true;
  for (uint32_t i = 0; i < numbering->count; i++) ok &= is_member[i] == 1;
  struct pattern_table patterns = {0};
  out->pairs = memory_new(r->pair_count * sizeof *out->pairs);
  out->pair_count = r->pair_count;
  for (uint64_t i = 0; i < r->pair_count; i++) {
    uint64_t at = component_rows + 2 * i;
    out->pairs[i] = (struct candidate_pair){
        local[at], local[at + 1],
        pattern_table_add(&patterns, r->pairs[i].pattern, r->pairs[i].mask)};
  }
  out->patterns = pattern_table_finish(&patterns, &out->pattern_count);
  free(local);
  free(is_member);
  return ok;
}

static struct task_output *settled(const struct cluster_output *clusters,
                                   const struct apart_numbering *numbering) {
  struct task_output *output = task_output_new(2);
  task_output_begin_part(output, 0);
  for (uint32_t e = 0; e < clusters->entity_count; e++) {
    uint32_t first = clusters->member_start[e], end = clusters->member_start[e + 1];
    buffer_append_u32(&output->data, end - first);
    for (uint32_t m = first; m < end; m++) {
      uint32_t row = clusters->members[m];
      struct apart_member member = {numbering->number[row], clusters->link_weight[row]};
      buffer_append(&output->data, &member, sizeof member);
    }
  }
  struct apart_repair_facts facts = {clusters->accepted_edges, clusters->constraint_cuts,
                                     clusters->cohesion_cuts, clusters->size_cuts};
  task_output_begin_part(output, 1);
  buffer_append(&output->data, &facts, sizeof facts);
  task_output_close(output);
  return output;
}

static enum err repair(struct task_context *t, struct gather *g, struct repairing *r) {
  const struct run_state *run = &t->p->run;
  struct compare_output compared = {0};
  struct apart_numbering numbering = {0};
  uint8_t *rows = NULL;
  enum err err = ERR_OK;
  if (!localise_pairs(r, r->item_count, &numbering, &compared))
    err = failure_set(t->failure, ERR_MALFORMED, "pairs of range %u are of no component of it",
                      t->task);
  if (!err)
    err = apart_fetch_rows(t, g, STAGE_CLASSIFY, 0, numbering.number, numbering.count, &rows);
  if (!err) {
    struct cluster_input input = {.plan = &run->plan,
                                  .rows = rows,
                                  .row_count = numbering.count,
                                  .model = &run->model,
                                  .compared = &compared,
                                  .compared_count = 1};
    struct cluster_output clusters;
    cluster_run(&input, &clusters);
    apart_put(t, STAGE_REPAIR, settled(&clusters, &numbering));
    cluster_output_release(&clusters);
  }
  memory_unmap(rows, (size_t)numbering.count * run->plan.row_bytes);
  free(numbering.number);
  compare_output_release(&compared);
  return err;
}

enum err apart_repair(struct task_context *t) {
  struct repairing r = {0};
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_need_layout(t, g);
  if (!err) err = apart_need_model(t);
  r.row_count = t->p->run.row_count;
  if (!err)
    err = gather_one_piece(g, STAGE_LINK, 0, APART_LINK_RANGES + t->task, take_components, &r);
  if (!err) err = gather_pieces(g, STAGE_ROUTE, t->task, take_pairs, &r);
  if (!err && r.item_count == 0) {
    struct cluster_output none = {0};
    apart_put(t, STAGE_REPAIR, settled(&none, NULL));
  } else if (!err) {
    *t->units = r.item_count;
    err = repair(t, g, &r);
  }
  free(r.items);
  free(r.pairs);
  return err;
}

/* ---- settle ---- */

/* Entities of several records, as they came. */
struct settling {
  struct pipeline *p;
  struct apart_member *members;
  uint64_t member_count, capacity;
  uint32_t *entity_of; /* by row: its place in `members` + 1 when it is an entity's first, NOT_FIRST
                          when it is another of it, 0 = alone */
  uint32_t *size;      /* by place of the first */
};
enum { NOT_FIRST = UINT32_MAX };

static enum err take_entities(void *context, uint32_t task, struct bytes piece,
                              struct failure *failure) {
  (void)task;
  struct settling *s = context;
  struct byte_reader r = byte_reader_of(piece);
  while (r.ok && r.left.size) {
    uint32_t size = byte_reader_u32(&r);
    struct bytes members = byte_reader_take(&r, (size_t)size * sizeof *s->members);
    if (!r.ok || size == 0 || s->member_count + size > s->p->run.row_count) {
      r.ok = false;
      break;
    }
    struct apart_member *to = s->members + s->member_count;
    memcpy(to, members.data, members.size);
    for (uint32_t m = 0; m < size && r.ok; m++) {
      r.ok = to[m].row < s->p->run.row_count && s->entity_of[to[m].row] == 0;
      if (r.ok) s->entity_of[to[m].row] = m ? NOT_FIRST : (uint32_t)s->member_count + 1;
    }
    s->size[s->member_count] = size;
    s->member_count += size;
  }
  return r.ok ? ERR_OK : apart_malformed(failure, STAGE_REPAIR, piece);
}

static enum err add_repair_facts(void *context, uint32_t task, struct bytes piece,
                                 struct failure *failure) {
  (void)task;
  struct settling *s = context;
  struct cluster_output *out = &s->p->run.clusters;
  struct apart_repair_facts facts;
  if (piece.size != sizeof facts) return apart_malformed(failure, STAGE_REPAIR, piece);
  memcpy(&facts, piece.data, sizeof facts);
  out->accepted_edges += facts.accepted_edges;
  out->constraint_cuts += facts.constraint_cuts;
  out->cohesion_cuts += facts.cohesion_cuts;
  out->size_cuts += facts.size_cuts;
  return ERR_OK;
}

/* Entities in order of their first records: as workers that share memory number them. */
static void number_entities(const struct settling *s) {
  const struct apart *apart = s->p->apart;
  struct cluster_output *out = &s->p->run.clusters;
  uint32_t rows = s->p->run.row_count, count = apart->order_count, at = 0;
  out->entity = memory_new(rows * sizeof *out->entity);
  memset(out->entity, 0xFF, rows * sizeof *out->entity);
  out->link_weight = memory_new(rows * sizeof *out->link_weight);
  for (uint32_t r = 0; r < rows; r++) out->link_weight[r] = INT32_MIN;
  out->members = memory_new(count * sizeof *out->members);
  out->member_start = memory_new(((size_t)count + 1) * sizeof *out->member_start);
  out->entity_key = memory_new(count * sizeof *out->entity_key);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row = apart->order[i].row, place = s->entity_of[row];
    if (place == NOT_FIRST) continue;
    uint32_t entity = out->entity_count++, size = place ? s->size[place - 1] : 1;
    out->entity_key[entity] = apart->order[i].key;
    out->member_start[entity] = at;
    for (uint32_t m = 0; m < size; m++, at++) {
      struct apart_member member =
          place ? s->members[place - 1 + m] : (struct apart_member){row, INT32_MIN};
      out->members[at] = member.row;
      out->entity[member.row] = entity;
      out->link_weight[member.row] = member.link_weight;
    }
  }
  out->member_start[out->entity_count] = at;
}

enum err apart_settle(struct task_context *t) {
  struct pipeline *p = t->p;
  struct settling s = {.p = p};
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err && !p->apart->order) err = apart_lose_own(t, STAGE_LINK, 0);
  if (err) return err;
  size_t rows = p->run.row_count;
  s.members = memory_new(rows * sizeof *s.members);
  s.entity_of = memory_map(rows * sizeof *s.entity_of);
  s.size = memory_map(rows * sizeof *s.size);
  cluster_output_release(&p->run.clusters);
  err = gather_pieces(g, STAGE_REPAIR, 0, take_entities, &s);
  if (!err) err = gather_pieces(g, STAGE_REPAIR, 1, add_repair_facts, &s);
  if (!err) {
    number_entities(&s);
    *t->units = p->run.clusters.entity_count;
    apart_put(t, STAGE_SETTLE, task_output_new(0));
  }
  free(s.members);
  memory_unmap(s.entity_of, rows * sizeof *s.entity_of);
  memory_unmap(s.size, rows * sizeof *s.size);
  return err;
}

/* ---- identify ---- */

/* By row: how often its content came before, counted from 1; NULL when all have ids of their own.
 */
static uint32_t *occurrences(const struct apart *apart, uint32_t row_count) {
  uint32_t *occurrence = NULL;
  for (uint32_t i = 1; i < apart->order_count; i++) {
    const struct key_entry *last = &apart->order[i - 1], *entry = &apart->order[i];
    if (last->key != entry->key || (apart->record_flags[entry->row] & ROW_HAS_ID)) continue;
    if (!occurrence) occurrence = memory_map((size_t)row_count * sizeof *occurrence);
    uint32_t before = occurrence[last->row] ? occurrence[last->row] : 1;
    occurrence[entry->row] = before + 1;
  }
  return occurrence;
}

static void put_shard(const struct pipeline *p, const struct generation_order *order,
                      uint32_t shard, const uint32_t *occurrence, struct buffer *out) {
  const struct cluster_output *c = &p->run.clusters;
  buffer_append_u32(out, (uint32_t)p->run.as_of_day);
  for (uint32_t i = order->shard_start[shard]; i < order->shard_start[shard + 1]; i++) {
    uint32_t e = order->entities[i];
    struct apart_customer customer = {p->run.customer_ids[e],
                                      c->member_start[e + 1] - c->member_start[e], 0};
    buffer_append(out, &customer, sizeof customer);
    for (uint32_t m = c->member_start[e]; m < c->member_start[e + 1]; m++) {
      uint32_t row = c->members[m];
      struct apart_placed_member member = {row, c->link_weight[row],
                                           occurrence ? occurrence[row] : 1};
      buffer_append(out, &member, sizeof member);
    }
  }
}

static void put_split(const struct pipeline *p, const struct split_output *split,
                      const uint32_t *occurrence, struct buffer *out) {
  const struct cluster_output *c = &p->run.clusters;
  for (uint32_t i = 0; i < split->row_slots; i++) {
    uint32_t row = split->first_row + i, entity = c->entity[row];
    struct apart_slot slot = {entity == UINT32_MAX ? 0 : p->run.customer_ids[entity],
                              c->link_weight[row], occurrence ? occurrence[row] : 1};
    buffer_append(out, &slot, sizeof slot);
  }
}

static enum err assign_ids(struct pipeline *p, struct failure *failure) {
  struct run_state *run = &p->run;
  struct identity_input input = {.entity_keys = run->clusters.entity_key,
                                 .entity_count = run->clusters.entity_count,
                                 .as_of_day = run->as_of_day,
                                 .generation = 1};
  struct identity *identity = identity_make(&input);
  const struct identity_result *ids;
  enum err err = identity_finish(identity, &ids, failure);
  if (!err) {
    size_t bytes = run->clusters.entity_count * sizeof *run->customer_ids;
    free(run->customer_ids);
    run->customer_ids = memory_new(bytes);
    if (bytes) memcpy(run->customer_ids, ids->customer_ids, bytes);
  }
  identity_release(identity);
  return err;
}

enum err apart_identify(struct task_context *t) {
  struct pipeline *p = t->p;
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_need_tally(t, g);
  if (!err && !p->run.clusters.entity) err = apart_lose_own(t, STAGE_SETTLE, 0);
  if (!err) err = assign_ids(p, t->failure);
  if (err) return err;
  uint32_t shards = p->options.job->shards;
  struct generation_order order;
  generation_order_make(p->run.customer_ids, p->run.clusters.entity_count, shards, &order);
  uint32_t *occurrence = occurrences(p->apart, p->run.row_count);
  struct task_output *output = task_output_new(shards + p->run.split_count);
  for (uint32_t s = 0; s < shards; s++) {
    task_output_begin_part(output, s);
    put_shard(p, &order, s, occurrence, &output->data);
  }
  for (uint32_t s = 0; s < p->run.split_count; s++) {
    task_output_begin_part(output, shards + s);
    put_split(p, &p->run.splits[s], occurrence, &output->data);
  }
  task_output_close(output);
  apart_put(t, STAGE_IDENTIFY, output);
  memory_unmap(occurrence, (size_t)p->run.row_count * sizeof *occurrence);
  generation_order_release(&order);
  *t->units = p->run.clusters.entity_count;
  return ERR_OK;
}
