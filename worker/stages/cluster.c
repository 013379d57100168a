#include "worker/stages/cluster.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/stages/cluster_facts.h"
#include "worker/stages/cluster_relations.h"
#include "worker/stages/component_repair.h"
#include "worker/stages/row_order.h"

enum {
  NONE = UINT32_MAX,
  PREFETCH_AHEAD = 24,
  SMALL = 16, /* records: all pairs are held against the constraints */
  LINE_BYTES = 64,
  PREFETCH_LINES = 4,
};

/* A part's repairs. */
struct repair_part {
  uint32_t first, end;     /* of work->hard */
  struct repair_cuts cuts; /* edges by place */
};

/* Rows are spoken of by place: their position when components lie one behind the other, each in
 * canonical order, the components in the order of their first rows. */
struct cluster_work {
  struct cluster_input input;
  struct constraints constraints;
  struct pair_verdict **verdicts; /* by compare output, by pattern */
  uint32_t present;
  struct key_entry *order; /* present rows in canonical order; key = record_key */
  uint32_t *component;     /* by row; NONE = not present */
  uint32_t component_count;
  uint32_t *start;     /* by component: its first place; component_count + 1 */
  uint32_t *place_row; /* by place */
  uint32_t *row_place; /* by row */
  uint32_t *group;     /* by place: the first place of its entity */
  uint32_t *hard;      /* components that need repair, ascending */
  uint32_t hard_count;
  uint32_t *hard_of;         /* by component: its index in hard; NONE */
  uint64_t *edge_start;      /* by hard; hard_count + 1 */
  struct repair_edge *edges; /* a and b are local to the component */
  struct cluster_facts facts;
  struct repair_pair *forbidden; /* by hard: cannot-links; a and b are local to the component */
  uint32_t *forbidden_start;     /* by hard; hard_count + 1 */
  struct repair_part *parts;
  uint32_t part_count;
};

static const struct feature_row *row_at(const struct cluster_work *work, uint32_t row) {
  return (const struct feature_row *)(work->input.rows + (size_t)row * work->input.plan->row_bytes);
}

static void make_verdicts(struct cluster_work *work) {
  const struct cluster_input *input = &work->input;
  work->verdicts = memory_new_zeroed(input->compared_count, sizeof *work->verdicts);
  for (uint32_t o = 0; o < input->compared_count; o++) {
    const struct compare_output *output = &input->compared[o];
    work->verdicts[o] = memory_new(output->pattern_count * sizeof **work->verdicts);
    for (uint32_t p = 0; p < output->pattern_count; p++)
      work->verdicts[o][p] =
          pair_verdict_of(input->plan, input->model, output->patterns[p].pattern);
  }
}

/* ---- components ---- */

static uint32_t find(uint32_t *parent, uint32_t x) {
  while (parent[x] != x) x = parent[x] = parent[parent[x]];
  return x;
}

static void unite(uint32_t *parent, uint32_t a, uint32_t b) {
  a = find(parent, a), b = find(parent, b);
  parent[a > b ? a : b] = a < b ? a : b;
}

static bool is_same_record(const struct cluster_work *work, uint64_t i) {
  return i > 0 && work->order[i - 1].key == work->order[i].key &&
         row_at(work, work->order[i - 1].row)->flags & row_at(work, work->order[i].row)->flags &
             ROW_HAS_ID;
}

static void order_rows(struct cluster_work *work) {
  uint32_t row_count = work->input.row_count, present = 0;
  work->order = memory_map((size_t)row_count * sizeof *work->order);
  for (uint32_t i = 0; i < row_count; i++) {
    const struct feature_row *row = row_at(work, i);
    if (row->flags & ROW_PRESENT) work->order[present++] = (struct key_entry){row->record_key, i};
  }
  work->present = present;
  struct key_entry *scratch = memory_map((size_t)present * sizeof *scratch);
  row_order_sort(work->input.plan, work->input.rows, work->order, scratch, present);
  memory_unmap(scratch, (size_t)present * sizeof *scratch);
}

/* Every row's root among rows joined by accepted pairs, by being one record and by must-links. A
 * root is its rows' smallest number, so one ascending pass leaves each row one step from it. */
static uint32_t *join_rows(struct cluster_work *work) {
  const struct cluster_input *input = &work->input;
  uint32_t *parent = memory_map((size_t)input->row_count * sizeof *parent);
  for (uint32_t i = 0; i < input->row_count; i++) parent[i] = i;
  for (uint32_t i = 1; i < work->present; i++)
    if (is_same_record(work, i)) unite(parent, work->order[i - 1].row, work->order[i].row);
  for (uint32_t i = 0; i < work->facts.count; i++) {
    const struct cluster_fact *fact = &work->facts.items[i];
    if (fact->kind == PAIR_MERGE) unite(parent, fact->a, fact->b);
  }
  for (uint32_t o = 0; o < input->compared_count; o++) {
    const struct compare_output *output = &input->compared[o];
    for (uint64_t i = 0; i < output->pair_count; i++) {
      if (i + PREFETCH_AHEAD < output->pair_count) {
        __builtin_prefetch(&parent[output->pairs[i + PREFETCH_AHEAD].a]);
        __builtin_prefetch(&parent[output->pairs[i + PREFETCH_AHEAD].b]);
      }
      const struct candidate_pair *pair = &output->pairs[i];
      if (work->verdicts[o][pair->pattern].joins) unite(parent, pair->a, pair->b);
    }
  }
  for (uint32_t i = 0; i < input->row_count; i++) parent[i] = parent[parent[i]];
  return parent;
}

/* Components numbered by their first row in canonical order, rows laid out by component. */
static void lay_out_components(struct cluster_work *work) {
  uint32_t row_count = work->input.row_count;
  uint32_t *parent = join_rows(work);
  uint32_t *number = memory_map((size_t)row_count * sizeof *number); /* by root: component + 1 */
  uint32_t *size = memory_map(((size_t)work->present + 1) * sizeof *size);
  work->component = memory_map((size_t)row_count * sizeof *work->component);
  memset(work->component, 0xFF, (size_t)row_count * sizeof *work->component);
  for (uint32_t i = 0; i < work->present; i++) {
    /* Canonical order is any order in memory: each step asks for what the next one reads. */
    if (i + 2 * PREFETCH_AHEAD < work->present) {
      __builtin_prefetch(&parent[work->order[i + 2 * PREFETCH_AHEAD].row]);
      __builtin_prefetch(&work->component[work->order[i + PREFETCH_AHEAD].row], 1);
      __builtin_prefetch(&number[parent[work->order[i + PREFETCH_AHEAD].row]], 1);
    }
    uint32_t row = work->order[i].row, root = parent[row];
    if (number[root] == 0) number[root] = ++work->component_count;
    work->component[row] = number[root] - 1;
    size[number[root]]++;
  }
  memory_unmap(parent, (size_t)row_count * sizeof *parent);
  memory_unmap(number, (size_t)row_count * sizeof *number);
  work->start = size;
  for (uint32_t k = 0; k < work->component_count; k++) work->start[k + 1] += work->start[k];
  work->place_row = memory_map((size_t)work->present * sizeof *work->place_row);
  work->row_place = memory_map((size_t)row_count * sizeof *work->row_place);
  uint32_t *next = memory_map((size_t)work->component_count * sizeof *next);
  memcpy(next, work->start, (size_t)work->component_count * sizeof *next);
  for (uint32_t i = 0; i < work->present; i++) {
    if (i + 2 * PREFETCH_AHEAD < work->present) {
      __builtin_prefetch(&work->component[work->order[i + 2 * PREFETCH_AHEAD].row]);
      __builtin_prefetch(&work->row_place[work->order[i + PREFETCH_AHEAD].row], 1);
      __builtin_prefetch(&next[work->component[work->order[i + PREFETCH_AHEAD].row]], 1);
    }
    uint32_t row = work->order[i].row, place = next[work->component[row]]++;
    work->place_row[place] = row;
    work->row_place[row] = place;
  }
  memory_unmap(next, (size_t)work->component_count * sizeof *next);
}

/* ---- which components need repair ---- */

static uint32_t size_of(const struct cluster_work *work, uint32_t component) {
  return work->start[component + 1] - work->start[component];
}

/* 0 in the job: no limit. */
static uint32_t cluster_max_of(const struct cluster_work *work) {
  uint32_t most = work->input.plan->job->cluster_max;
  return most ? most : UINT32_MAX;
}

/* Could two of its rows contradict each other? Exact for small ones; a larger one only has to show
 * a difference where constraints look. */
static bool may_contradict(const struct cluster_work *work, uint32_t component) {
  const struct plan *plan = work->input.plan;
  const uint32_t *rows = work->place_row + work->start[component];
  uint32_t count = size_of(work, component);
  const struct feature_row *first = row_at(work, rows[0]);
  bool differs = false;
  for (uint32_t i = 1; i < count && !differs; i++)
    differs = !constraints_see_same(plan, &work->constraints, first, row_at(work, rows[i]));
  if (!differs || count > SMALL || work->constraints.capped_count) return differs;
  for (uint32_t i = 1; i < count; i++)
    for (uint32_t k = 0; k < i; k++)
      if (constraints_forbid(plan, &work->constraints, row_at(work, rows[i]), row_at(work, rows[k]),
                             NULL))
        return true;
  return false;
}

/* Walks all compared pairs whose rows are in one component. */
struct pair_walk {
  const struct cluster_work *work;
  uint32_t output;
  uint64_t at;
};

static const struct candidate_pair *next_inside(struct pair_walk *walk) {
  const struct cluster_work *work = walk->work;
  for (; walk->output < work->input.compared_count; walk->output++, walk->at = 0) {
    const struct compare_output *output = &work->input.compared[walk->output];
    while (walk->at < output->pair_count) {
      const struct candidate_pair *pair = &output->pairs[walk->at++];
      if (walk->at + PREFETCH_AHEAD < output->pair_count) {
        __builtin_prefetch(&work->component[pair[PREFETCH_AHEAD].a]);
        __builtin_prefetch(&work->component[pair[PREFETCH_AHEAD].b]);
      }
      if (work->component[pair->a] == work->component[pair->b]) return pair;
    }
  }
  return NULL;
}

static const struct pair_verdict *verdict_at(const struct pair_walk *walk,
                                             const struct candidate_pair *pair) {
  return &walk->work->verdicts[walk->output][pair->pattern];
}

static void prefetch_rows(const struct cluster_work *work, uint32_t place) {
  if (place < work->present) {
    const char *row = (const char *)row_at(work, work->place_row[place]);
    for (int line = 0; line < PREFETCH_LINES; line++) __builtin_prefetch(row + line * LINE_BYTES);
  }
}

/* Pairs of a component that were accepted, by component. Windows may count one pair twice, so
 * theirs, which carry no rule, are left out. */
static uint32_t *count_accepted(const struct cluster_work *work) {
  uint32_t *accepted = memory_map((size_t)work->component_count * sizeof *accepted);
  struct pair_walk walk = {work, 0, 0};
  for (const struct candidate_pair *pair; (pair = next_inside(&walk));)
    accepted[work->component[pair->a]] +=
        verdict_at(&walk, pair)->joins &&
        work->input.compared[walk.output].patterns[pair->pattern].mask != 0;
  return accepted;
}

/* A bit for every component that a cannot-link lies in. */
static uint64_t *mark_forbidden(const struct cluster_work *work) {
  uint64_t *marks = memory_new_zeroed(work->component_count / 64 + 1, sizeof *marks);
  for (uint32_t i = 0; i < work->facts.count; i++) {
    const struct cluster_fact *fact = &work->facts.items[i];
    uint32_t component = work->component[fact->a];
    if (fact->kind != PAIR_MERGE && component == work->component[fact->b])
      marks[component / 64] |= (uint64_t)1 << component % 64;
  }
  return marks;
}

/* A component is done when all pairs in it were compared and accepted and nothing in it
 * contradicts. */
static void find_hard(struct cluster_work *work) {
  uint32_t *accepted = count_accepted(work);
  uint64_t *forbidden = mark_forbidden(work);
  work->hard_of = memory_map((size_t)work->component_count * sizeof *work->hard_of);
  work->hard = memory_map((size_t)work->component_count * sizeof *work->hard);
  for (uint32_t k = 0; k < work->component_count; k++) {
    uint64_t size = size_of(work, k);
    if (size > 1) prefetch_rows(work, work->start[k] + PREFETCH_AHEAD);
    bool is_whole = size <= 2 || accepted[k] == size * (size - 1) / 2;
    bool hard = size > 1 && (!is_whole || size > cluster_max_of(work) ||
                             forbidden[k / 64] >> k % 64 & 1 || may_contradict(work, k));
    work->hard_of[k] = hard ? work->hard_count : NONE;
    if (hard) work->hard[work->hard_count++] = k;
  }
  free(forbidden);
  memory_unmap(accepted, (size_t)work->component_count * sizeof *accepted);
}

/* ---- edges of the hard components ---- */

static void add_must_edge(struct cluster_work *work, uint32_t row_a, uint32_t row_b, uint64_t *at) {
  uint32_t component = work->component[row_a], hard = work->hard_of[component];
  if (hard == NONE) return;
  if (!work->edges) {
    work->edge_start[hard + 1]++;
    return;
  }
  uint32_t a = work->row_place[row_a] - work->start[component];
  uint32_t b = work->row_place[row_b] - work->start[component];
  work->edges[at[hard]++] = (struct repair_edge){
      a < b ? a : b, a < b ? b : a, CLUSTER_SAME_RECORD_WEIGHT, true, false, NONE, NONE};
}

/* Rows of one record, and must-links. */
static void add_must_edges(struct cluster_work *work, uint64_t *at) {
  for (uint32_t i = 1; i < work->present; i++)
    if (is_same_record(work, i))
      add_must_edge(work, work->order[i - 1].row, work->order[i].row, at);
  for (uint32_t i = 0; i < work->facts.count; i++)
    if (work->facts.items[i].kind == PAIR_MERGE)
      add_must_edge(work, work->facts.items[i].a, work->facts.items[i].b, at);
}

static void add_pair_edges(struct cluster_work *work, uint64_t *at) {
  struct pair_walk walk = {work, 0, 0};
  for (const struct candidate_pair *pair; (pair = next_inside(&walk));) {
    uint32_t component = work->component[pair->a], hard = work->hard_of[component];
    const struct pair_verdict *verdict = verdict_at(&walk, pair);
    if (hard == NONE || !verdict->joins) continue;
    if (!work->edges) {
      work->edge_start[hard + 1]++;
      continue;
    }
    uint32_t a = work->row_place[pair->a] - work->start[component];
    uint32_t b = work->row_place[pair->b] - work->start[component];
    work->edges[at[hard]++] =
        (struct repair_edge){a < b ? a : b,    a < b ? b : a, verdict->weight, false,
                             verdict->by_rule, walk.output,   pair->pattern};
  }
}

/* Counts first, then fills. */
static void gather_edges(struct cluster_work *work) {
  size_t starts = ((size_t)work->hard_count + 1) * sizeof *work->edge_start;
  work->edge_start = memory_new_zeroed(work->hard_count + 1, sizeof *work->edge_start);
  if (work->hard_count == 0) return;
  add_must_edges(work, NULL);
  add_pair_edges(work, NULL);
  for (uint32_t h = 0; h < work->hard_count; h++) work->edge_start[h + 1] += work->edge_start[h];
  work->edges = memory_new(work->edge_start[work->hard_count] * sizeof *work->edges);
  uint64_t *at = memory_new(starts);
  memcpy(at, work->edge_start, starts);
  add_must_edges(work, at);
  add_pair_edges(work, at);
  free(at);
}

/* The hard component that a cannot-link lies in; NONE when its records are in none, or in two. */
static uint32_t hard_with(const struct cluster_work *work, const struct cluster_fact *fact) {
  uint32_t component = work->component[fact->a];
  if (fact->kind == PAIR_MERGE || component != work->component[fact->b]) return NONE;
  return work->hard_of[component];
}

static void gather_forbidden(struct cluster_work *work) {
  work->forbidden_start = memory_new_zeroed(work->hard_count + 2, sizeof *work->forbidden_start);
  work->forbidden = memory_new((size_t)work->facts.count * sizeof *work->forbidden);
  uint32_t *at = work->forbidden_start + 1; /* where the next of a component goes */
  for (uint32_t i = 0; i < work->facts.count; i++) {
    uint32_t hard = hard_with(work, &work->facts.items[i]);
    if (hard != NONE) at[hard + 1]++;
  }
  for (uint32_t h = 0; h < work->hard_count; h++) at[h + 1] += at[h];
  for (uint32_t i = 0; i < work->facts.count; i++) {
    const struct cluster_fact *fact = &work->facts.items[i];
    uint32_t hard = hard_with(work, fact);
    if (hard == NONE) continue;
    uint32_t first = work->start[work->component[fact->a]];
    work->forbidden[at[hard]++] =
        (struct repair_pair){work->row_place[fact->a] - first, work->row_place[fact->b] - first};
  }
}

/* Parts of about the same number of edges. */
static void cut_parts(struct cluster_work *work, uint32_t part_count) {
  work->part_count = part_count;
  work->parts = memory_new_zeroed(part_count, sizeof *work->parts);
  uint64_t all = work->edge_start[work->hard_count];
  uint32_t at = 0;
  for (uint32_t p = 0; p < part_count; p++) {
    work->parts[p].first = at;
    uint64_t until = p + 1 == part_count ? UINT64_MAX : all / part_count * (p + 1);
    while (at < work->hard_count && work->edge_start[at + 1] <= until) at++;
    work->parts[p].end = at;
  }
}

struct cluster_work *cluster_prepare(const struct cluster_input *input, uint32_t part_count) {
  check(part_count > 0);
  struct cluster_work *work = memory_new_zeroed(1, sizeof *work);
  work->input = *input;
  work->constraints = constraints_of_plan(input->plan);
  make_verdicts(work);
  order_rows(work);
  cluster_facts_resolve(input->facts, work->order, work->present, &work->facts);
  lay_out_components(work);
  work->group = memory_map((size_t)work->present * sizeof *work->group);
  for (uint32_t k = 0; k < work->component_count; k++)
    for (uint32_t i = work->start[k]; i < work->start[k + 1]; i++) work->group[i] = work->start[k];
  find_hard(work);
  gather_edges(work);
  gather_forbidden(work);
  cut_parts(work, part_count);
  return work;
}

/* ---- repair ---- */

static void repair_one(struct cluster_work *work, struct repair_part *part, uint32_t hard,
                       const struct feature_row **rows) {
  uint32_t first = work->start[work->hard[hard]], count = size_of(work, work->hard[hard]);
  for (uint32_t i = 0; i < count; i++) rows[i] = row_at(work, work->place_row[first + i]);
  struct repair_input input = {
      .plan = work->input.plan,
      .model = work->input.model,
      .constraints = &work->constraints,
      .rows = rows,
      .row_count = count,
      .edges = work->edges + work->edge_start[hard],
      .edge_count = (uint32_t)(work->edge_start[hard + 1] - work->edge_start[hard]),
      .forbidden = work->forbidden + work->forbidden_start[hard],
      .forbidden_count = work->forbidden_start[hard + 1] - work->forbidden_start[hard],
      .cluster_max = cluster_max_of(work),
      .component_max = CLUSTER_COMPONENT_MAX};
  uint64_t first_cut = part->cuts.count;
  component_repair(&input, work->group + first, &part->cuts);
  for (uint32_t i = 0; i < count; i++) work->group[first + i] += first;
  for (uint64_t i = first_cut; i < part->cuts.count; i++) {
    part->cuts.items[i].edge.a += first;
    part->cuts.items[i].edge.b += first;
  }
}

void cluster_repair(struct cluster_work *work, uint32_t part_number) {
  check(part_number < work->part_count);
  struct repair_part *part = &work->parts[part_number];
  uint32_t largest = 0;
  for (uint32_t h = part->first; h < part->end; h++)
    if (size_of(work, work->hard[h]) > largest) largest = size_of(work, work->hard[h]);
  const struct feature_row **rows = memory_new(largest * sizeof *rows);
  for (uint32_t h = part->first; h < part->end; h++) repair_one(work, part, h, rows);
  free(rows);
}

/* ---- finish ---- */

/* Entities in order of their first rows, which is the order of their smallest record_key. */
static void number_entities(struct cluster_work *work, struct cluster_output *out) {
  uint32_t row_count = work->input.row_count;
  uint32_t *number = memory_map((size_t)work->present * sizeof *number); /* by first place, + 1 */
  out->entity = memory_new((size_t)row_count * sizeof *out->entity);
  memset(out->entity, 0xFF, (size_t)row_count * sizeof *out->entity);
  out->entity_key = memory_new((size_t)work->present * sizeof *out->entity_key);
  out->member_start = memory_new_zeroed((size_t)work->present + 1, sizeof *out->member_start);
  for (uint32_t i = 0; i < work->present; i++) {
    if (i + 2 * PREFETCH_AHEAD < work->present) {
      uint32_t soon = work->order[i + PREFETCH_AHEAD].row;
      __builtin_prefetch(&work->row_place[work->order[i + 2 * PREFETCH_AHEAD].row]);
      __builtin_prefetch(&work->group[work->row_place[soon]]);
      __builtin_prefetch(&number[work->row_place[soon]], 1);
      __builtin_prefetch(&out->entity[soon], 1);
    }
    uint32_t row = work->order[i].row, first = work->group[work->row_place[row]];
    if (number[first] == 0) {
      out->entity_key[out->entity_count] = work->order[i].key;
      number[first] = ++out->entity_count;
    }
    out->entity[row] = number[first] - 1;
    out->member_start[number[first]]++;
  }
  memory_unmap(number, (size_t)work->present * sizeof *number);
  out->entity_key =
      memory_resize(out->entity_key, (size_t)out->entity_count * sizeof *out->entity_key);
  out->member_start =
      memory_resize(out->member_start, ((size_t)out->entity_count + 1) * sizeof *out->member_start);
  for (uint32_t e = 0; e < out->entity_count; e++) out->member_start[e + 1] += out->member_start[e];
}

static void list_members(const struct cluster_work *work, struct cluster_output *out) {
  uint32_t *next = memory_map((size_t)out->entity_count * sizeof *next);
  out->members = memory_new((size_t)work->present * sizeof *out->members);
  memcpy(next, out->member_start, (size_t)out->entity_count * sizeof *next);
  for (uint32_t i = 0; i < work->present; i++) {
    if (i + 2 * PREFETCH_AHEAD < work->present) {
      __builtin_prefetch(&out->entity[work->order[i + 2 * PREFETCH_AHEAD].row]);
      __builtin_prefetch(&next[out->entity[work->order[i + PREFETCH_AHEAD].row]], 1);
    }
    out->members[next[out->entity[work->order[i].row]]++] = work->order[i].row;
  }
  memory_unmap(next, (size_t)out->entity_count * sizeof *next);
}

static void raise(int32_t *weight, int32_t by) {
  if (*weight < by) *weight = by;
}

static void weigh_pairs(const struct cluster_work *work, uint32_t output,
                        struct cluster_output *out) {
  const struct candidate_pair *pairs = work->input.compared[output].pairs;
  uint64_t count = work->input.compared[output].pair_count;
  for (uint64_t i = 0; i < count; i++) {
    if (i + 2 * PREFETCH_AHEAD < count) {
      __builtin_prefetch(&out->entity[pairs[i + 2 * PREFETCH_AHEAD].a]);
      __builtin_prefetch(&out->entity[pairs[i + 2 * PREFETCH_AHEAD].b]);
      __builtin_prefetch(&out->link_weight[pairs[i + PREFETCH_AHEAD].a], 1);
      __builtin_prefetch(&out->link_weight[pairs[i + PREFETCH_AHEAD].b], 1);
    }
    const struct pair_verdict *verdict = &work->verdicts[output][pairs[i].pattern];
    if (!verdict->joins || out->entity[pairs[i].a] != out->entity[pairs[i].b]) continue;
    raise(&out->link_weight[pairs[i].a], verdict->weight);
    raise(&out->link_weight[pairs[i].b], verdict->weight);
    out->accepted_edges++;
  }
}

static void weigh_links(const struct cluster_work *work, struct cluster_output *out) {
  out->link_weight = memory_new((size_t)work->input.row_count * sizeof *out->link_weight);
  for (uint32_t i = 0; i < work->input.row_count; i++) out->link_weight[i] = INT32_MIN;
  for (uint32_t o = 0; o < work->input.compared_count; o++) weigh_pairs(work, o, out);
  for (uint32_t i = 1; i < work->present; i++) {
    if (!is_same_record(work, i)) continue;
    raise(&out->link_weight[work->order[i - 1].row], CLUSTER_SAME_RECORD_WEIGHT);
    raise(&out->link_weight[work->order[i].row], CLUSTER_SAME_RECORD_WEIGHT);
  }
  for (uint32_t i = 0; i < work->facts.count; i++) {
    const struct cluster_fact *fact = &work->facts.items[i];
    if (fact->kind != PAIR_MERGE) continue;
    raise(&out->link_weight[fact->a], CLUSTER_SAME_RECORD_WEIGHT);
    raise(&out->link_weight[fact->b], CLUSTER_SAME_RECORD_WEIGHT);
  }
}

/* A review item on its way: with what it is sorted by. */
struct review_entry {
  struct review_item item;
  uint32_t entity_a, entity_b; /* the smaller first */
  uint32_t place_a, place_b;
};

struct review_list {
  struct review_entry *entries;
  uint64_t count, capacity;
};

/* Entities that people keep apart: nothing between them is open. */
struct entity_pair {
  uint32_t a, b; /* the smaller first */
};

static int entity_pair_order(const void *left, const void *right) {
  const struct entity_pair *x = left, *y = right;
  if (x->a != y->a) return x->a < y->a ? -1 : 1;
  return (x->b > y->b) - (x->b < y->b);
}

static struct entity_pair *find_decided(const struct cluster_work *work,
                                        const struct cluster_output *out, uint32_t *count) {
  struct entity_pair *pairs = memory_new((size_t)work->facts.count * sizeof *pairs);
  *count = 0;
  for (uint32_t i = 0; i < work->facts.count; i++) {
    const struct cluster_fact *fact = &work->facts.items[i];
    if (fact->kind == PAIR_MERGE) continue;
    uint32_t a = out->entity[fact->a], b = out->entity[fact->b];
    pairs[(*count)++] = (struct entity_pair){a < b ? a : b, a < b ? b : a};
  }
  if (*count) qsort(pairs, *count, sizeof *pairs, entity_pair_order);
  return pairs;
}

static int strongest_first(const struct review_entry *a, const struct review_entry *b) {
  if (a->item.weight != b->item.weight) return a->item.weight > b->item.weight ? -1 : 1;
  if (a->place_a != b->place_a) return a->place_a < b->place_a ? -1 : 1;
  if (a->place_b != b->place_b) return a->place_b < b->place_b ? -1 : 1;
  return (int)a->item.reason - (int)b->item.reason;
}

static int by_entities(const void *left, const void *right) {
  const struct review_entry *a = left, *b = right;
  if (a->entity_a != b->entity_a) return a->entity_a < b->entity_a ? -1 : 1;
  if (a->entity_b != b->entity_b) return a->entity_b < b->entity_b ? -1 : 1;
  return strongest_first(a, b);
}

static int by_strength(const void *left, const void *right) { return strongest_first(left, right); }

static void add_review(const struct cluster_work *work, const struct cluster_output *out,
                       struct review_list *list, uint32_t output, uint32_t pattern, uint32_t a,
                       uint32_t b, uint8_t reason) {
  uint32_t entity_a = out->entity[a], entity_b = out->entity[b];
  if (entity_a == entity_b) return;
  if (list->count == list->capacity) {
    list->capacity = list->capacity ? list->capacity * 2 : 64;
    list->entries = memory_resize(list->entries, list->capacity * sizeof *list->entries);
  }
  const struct pattern_count *kind = &work->input.compared[output].patterns[pattern];
  list->entries[list->count++] = (struct review_entry){
      {a, b, work->verdicts[output][pattern].score, kind->pattern, kind->mask, reason},
      entity_a < entity_b ? entity_a : entity_b,
      entity_a < entity_b ? entity_b : entity_a,
      work->row_place[a],
      work->row_place[b]};
}

static void add_cuts(const struct cluster_work *work, struct cluster_output *out,
                     struct review_list *list) {
  for (uint32_t p = 0; p < work->part_count; p++)
    for (uint64_t i = 0; i < work->parts[p].cuts.count; i++) {
      const struct repair_cut *cut = &work->parts[p].cuts.items[i];
      uint32_t a = work->place_row[cut->edge.a], b = work->place_row[cut->edge.b];
      if (out->entity[a] == out->entity[b]) continue; /* others joined them after all */
      out->decision_cuts += cut->reason == REVIEW_DECISION;
      out->constraint_cuts += cut->reason == REVIEW_CONSTRAINT;
      out->cohesion_cuts += cut->reason == REVIEW_COHESION;
      out->size_cuts += cut->reason == REVIEW_SIZE;
      if (cut->reason != REVIEW_DECISION)
        add_review(work, out, list, cut->edge.output, cut->edge.pattern, a, b, cut->reason);
    }
}

/* One item for two entities: their strongest pair. */
static void list_reviews(const struct cluster_work *work, struct cluster_output *out) {
  struct review_list list = {0};
  add_cuts(work, out, &list);
  for (uint32_t o = 0; o < work->input.compared_count; o++) {
    const struct compare_output *output = &work->input.compared[o];
    for (uint64_t i = 0; i < output->pair_count; i++) {
      const struct candidate_pair *pair = &output->pairs[i];
      uint8_t review = work->verdicts[o][pair->pattern].review;
      if (review)
        add_review(work, out, &list, o, pair->pattern, pair->a, pair->b, (uint8_t)(review - 1));
    }
  }
  if (list.count) qsort(list.entries, list.count, sizeof *list.entries, by_entities);
  uint32_t decided_count;
  struct entity_pair *decided = find_decided(work, out, &decided_count);
  uint64_t kept = 0;
  for (uint64_t i = 0; i < list.count; i++) {
    struct entity_pair pair = {list.entries[i].entity_a, list.entries[i].entity_b};
    if (kept && list.entries[kept - 1].entity_a == pair.a &&
        list.entries[kept - 1].entity_b == pair.b)
      continue;
    if (decided_count && bsearch(&pair, decided, decided_count, sizeof pair, entity_pair_order))
      continue;
    list.entries[kept++] = list.entries[i];
  }
  free(decided);
  if (kept) qsort(list.entries, kept, sizeof *list.entries, by_strength);
  out->reviews = memory_new(kept * sizeof *out->reviews);
  for (uint64_t i = 0; i < kept; i++) out->reviews[i] = list.entries[i].item;
  out->review_count = kept;
  free(list.entries);
}

static void add_relation(const struct cluster_work *work, const struct cluster_output *out,
                         struct relation_list *list, struct relation_item item) {
  uint32_t entity_a = out->entity[item.a], entity_b = out->entity[item.b];
  if (entity_a == entity_b) return;
  struct relation_entry entry = {item, entity_a < entity_b ? entity_a : entity_b,
                                 entity_a < entity_b ? entity_b : entity_a, work->row_place[item.a],
                                 work->row_place[item.b]};
  relation_list_add(list, &entry);
}

static void list_relations(const struct cluster_work *work, struct cluster_output *out) {
  struct relation_list list = {0};
  for (uint32_t o = 0; o < work->input.compared_count; o++) {
    const struct compare_output *output = &work->input.compared[o];
    for (uint64_t i = 0; i < output->pair_count; i++) {
      const struct candidate_pair *pair = &output->pairs[i];
      const struct pair_verdict *verdict = &work->verdicts[o][pair->pattern];
      if (verdict->relation == RELATION_KIND_COUNT) continue;
      add_relation(work, out, &list,
                   (struct relation_item){.a = pair->a,
                                          .b = pair->b,
                                          .weight = verdict->score,
                                          .rule = verdict->rule,
                                          .kind = verdict->relation});
    }
  }
  for (uint32_t i = 0; i < work->facts.count; i++) {
    const struct cluster_fact *fact = &work->facts.items[i];
    if (fact->kind == PAIR_HOUSEHOLD)
      add_relation(work, out, &list,
                   (struct relation_item){.a = fact->a,
                                          .b = fact->b,
                                          .weight = INT32_MIN,
                                          .rule = -1,
                                          .kind = RELATION_HOUSEHOLD,
                                          .decision = fact->number});
  }
  relation_list_finish(&list, &out->relations, &out->relation_count);
}

void cluster_finish(struct cluster_work *take_work, struct cluster_output *out) {
  *out = (struct cluster_output){.facts_gone = take_work->facts.gone};
  if (take_work->input.facts)
    out->facts_applied = take_work->input.facts->count - take_work->facts.gone;
  number_entities(take_work, out);
  list_members(take_work, out);
  weigh_links(take_work, out);
  list_reviews(take_work, out);
  list_relations(take_work, out);
  cluster_work_release(take_work);
}

void cluster_work_release(struct cluster_work *work) {
  if (!work) return;
  size_t rows = work->input.row_count, present = work->present, components = work->component_count;
  for (uint32_t o = 0; o < work->input.compared_count; o++) free(work->verdicts[o]);
  free(work->verdicts);
  memory_unmap(work->order, rows * sizeof *work->order);
  memory_unmap(work->component, rows * sizeof *work->component);
  memory_unmap(work->start, (present + 1) * sizeof *work->start);
  memory_unmap(work->place_row, present * sizeof *work->place_row);
  memory_unmap(work->row_place, rows * sizeof *work->row_place);
  memory_unmap(work->group, present * sizeof *work->group);
  memory_unmap(work->hard_of, components * sizeof *work->hard_of);
  memory_unmap(work->hard, components * sizeof *work->hard);
  free(work->edge_start);
  free(work->edges);
  free(work->forbidden);
  free(work->forbidden_start);
  cluster_facts_release(&work->facts);
  for (uint32_t p = 0; p < work->part_count; p++) free(work->parts[p].cuts.items);
  free(work->parts);
  free(work);
}

void cluster_run(const struct cluster_input *input, struct cluster_output *out) {
  struct cluster_work *work = cluster_prepare(input, 1);
  cluster_repair(work, 0);
  cluster_finish(work, out);
}

void cluster_output_release(struct cluster_output *out) {
  free(out->entity);
  free(out->members);
  free(out->member_start);
  free(out->link_weight);
  free(out->reviews);
  free(out->relations);
  free(out->entity_key);
  *out = (struct cluster_output){0};
}
