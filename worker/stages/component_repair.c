#include "worker/stages/component_repair.h"

#include <stdlib.h>

#include "common/hash.h"
#include "common/memory.h"
#include "worker/stages/cluster_relations.h"
#include "worker/stages/compare.h"

enum {
  LINK_LIMIT = 12 * WEIGHT_BIT, /* one pair moves a mean link by no more, each way from accept */
  CUT_STEP = 2 * WEIGHT_BIT,    /* thresholds rise so for a component that is too large */
  LITTLE = 2 * WEIGHT_BIT,      /* a field that weighs no more, either way, says next to nothing */
  LINK_MEMBERS = 16,            /* of a group are looked at for a mean link */
  RULE_BONUS =
      12 * WEIGHT_BIT, /* what a rule merges is surer than what just passes the threshold */
  NONE = UINT32_MAX,
};

/* A cannot-link as one of its two records sees it. */
struct forbidden_end {
  uint32_t other; /* the member it must not meet */
  uint32_t next;  /* of the same group */
};

/* A group is named by its root, which is its smallest member. */
struct repair {
  const struct repair_input *input;
  struct repair_cuts *cuts;
  uint32_t *parent;
  uint32_t *next;                        /* members of a group as a list from its root */
  uint32_t *last;                        /* by root */
  uint32_t *different;                   /* by root: records of different content, about */
  uint32_t *size;                        /* by root: members */
  uint32_t *next_witness, *last_witness; /* members that differ in what constraints look at */
  uint32_t *must; /* by member: what it is one with by must-links, named by the smallest; NULL =
                     nobody is one with another */
  struct forbidden_end *ends;     /* of input->forbidden: two of each */
  uint32_t *first_end, *last_end; /* by root; NONE. Only where there are any */
  uint64_t *refused; /* hash table of pairs of groups that were refused and have not changed */
  uint32_t refused_mask;
};

/* Do two people share a family's identifier? */
static bool looks_like_household(const struct plan *plan, uint64_t pattern) {
  if (plan->name_comparison < 0) return false;
  if (pattern_level(pattern, (unsigned)plan->name_comparison) >= PATTERN_EXACT) return false;
  for (uint32_t c = 0; c < plan->comparison_count; c++)
    if (plan->comparisons[c].identifier_rule >= 0 &&
        pattern_level(pattern, c) == PATTERN_EXACT + RULE_CLASS_FAMILY)
      return true;
  return false;
}

struct pair_verdict pair_verdict_of(const struct plan *plan, const struct model *model,
                                    uint64_t pattern) {
  struct decision decision = decision_of_pattern(plan, model, pattern);
  struct pair_verdict verdict = {.score = decision.score,
                                 .weight = decision.score,
                                 .relation = relation_of_pattern(plan, &decision, pattern),
                                 .rule = (int16_t)decision.rule};
  bool by_rule = decision.rule >= 0;
  verdict.joins = decision.action == DECISION_ACCEPT;
  verdict.by_rule = verdict.joins && by_rule;
  verdict.separates = decision.action == DECISION_SEPARATE;
  if (verdict.by_rule) {
    if (verdict.weight < model->accept_weight) verdict.weight = model->accept_weight;
    verdict.weight += RULE_BONUS;
  }
  if (!verdict.joins && verdict.weight >= model->accept_weight)
    verdict.weight = model->accept_weight - 1;
  if (decision.action == DECISION_REVIEW && by_rule)
    verdict.review = REVIEW_RULE + 1;
  else if (decision.action == DECISION_REVIEW)
    verdict.review =
        (looks_like_household(plan, pattern) ? REVIEW_HOUSEHOLD : REVIEW_UNCERTAIN) + 1;
  return verdict;
}

static uint32_t find(uint32_t *parent, uint32_t x) {
  while (parent[x] != x) x = parent[x] = parent[parent[x]];
  return x;
}

static int edge_order(const void *left, const void *right) {
  const struct repair_edge *a = left, *b = right;
  if (a->must != b->must) return a->must ? -1 : 1;
  if (a->weight != b->weight) return a->weight > b->weight ? -1 : 1;
  if (a->a != b->a) return a->a < b->a ? -1 : 1;
  return (a->b > b->b) - (a->b < b->b);
}

/* Two windows may have compared a pair twice. */
static void sort_edges(struct repair_input *input) {
  qsort(input->edges, input->edge_count, sizeof *input->edges, edge_order);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < input->edge_count; i++)
    if (kept == 0 || edge_order(&input->edges[kept - 1], &input->edges[i]) != 0)
      input->edges[kept++] = input->edges[i];
  input->edge_count = kept;
}

static bool is_same_content(const struct plan *plan, const struct feature_row *a,
                            const struct feature_row *b) {
  return memcmp(a + 1, b + 1, plan->marks_offset - sizeof *a) == 0;
}

static bool is_same_witness(const struct repair_input *input, uint32_t a, uint32_t b) {
  return constraints_see_same(input->plan, input->constraints, input->rows[a], input->rows[b]);
}

static uint32_t *new_numbers(uint32_t count) { return memory_new_zeroed(count, sizeof(uint32_t)); }

static void start_forbidden(struct repair *r) {
  const struct repair_input *input = r->input;
  if (input->forbidden_count == 0) return;
  r->ends = memory_new(2 * (size_t)input->forbidden_count * sizeof *r->ends);
  r->first_end = memory_new(input->row_count * sizeof *r->first_end);
  r->last_end = memory_new(input->row_count * sizeof *r->last_end);
  memset(r->first_end, 0xFF, input->row_count * sizeof *r->first_end);
  memset(r->last_end, 0xFF, input->row_count * sizeof *r->last_end);
  for (uint32_t e = 0; e < 2 * input->forbidden_count; e++) {
    const struct repair_pair *pair = &input->forbidden[e / 2];
    uint32_t own = e % 2 ? pair->b : pair->a, other = e % 2 ? pair->a : pair->b;
    r->ends[e] = (struct forbidden_end){other, r->first_end[own]};
    if (r->last_end[own] == NONE) r->last_end[own] = e;
    r->first_end[own] = e;
  }
}

static void start(struct repair *r, const struct repair_input *input, struct repair_cuts *cuts) {
  uint32_t count = input->row_count;
  *r = (struct repair){.input = input, .cuts = cuts};
  r->parent = new_numbers(count);
  r->next = new_numbers(count);
  r->last = new_numbers(count);
  r->different = new_numbers(count);
  r->size = new_numbers(count);
  r->next_witness = new_numbers(count);
  r->last_witness = new_numbers(count);
  uint32_t slots = 16;
  while (slots < 4 * (uint64_t)input->edge_count) slots *= 2; /* an edge is tried at most twice */
  r->refused = memory_new_zeroed(slots, sizeof *r->refused);
  r->refused_mask = slots - 1;
  for (uint32_t i = 0; i < count; i++) {
    r->parent[i] = r->last[i] = r->last_witness[i] = i;
    r->next[i] = r->next_witness[i] = NONE;
    r->different[i] = r->size[i] = 1;
  }
  start_forbidden(r);
}

/* Once all must-links are in and nothing else is. */
static void note_must(struct repair *r) {
  const struct repair_input *input = r->input;
  if (input->edge_count == 0 || !input->edges[0].must) return;
  r->must = new_numbers(input->row_count);
  for (uint32_t i = 0; i < input->row_count; i++) r->must[i] = find(r->parent, i);
}

static void release(struct repair *r) {
  free(r->parent);
  free(r->next);
  free(r->last);
  free(r->different);
  free(r->size);
  free(r->next_witness);
  free(r->last_witness);
  free(r->refused);
  free(r->must);
  free(r->ends);
  free(r->first_end);
  free(r->last_end);
}

static bool contradict(const struct repair *r, uint32_t a, uint32_t b) {
  const struct repair_input *input = r->input;
  for (uint32_t i = a; i != NONE; i = r->next_witness[i])
    for (uint32_t k = b; k != NONE; k = r->next_witness[k])
      if (constraints_forbid(input->plan, input->constraints, input->rows[i], input->rows[k], NULL))
        return true;
  return false;
}

/* Would the two groups together have more values of an identifier than one entity may have? The
 * witnesses have all of them. */
static bool over_cap(const struct repair *r, uint32_t a, uint32_t b) {
  const struct repair_input *input = r->input;
  if (input->constraints->capped_count == 0) return false;
  const struct feature_row **rows = memory_new((r->size[a] + r->size[b]) * sizeof *rows);
  uint32_t count = 0;
  for (uint32_t i = a; i != NONE; i = r->next_witness[i]) rows[count++] = input->rows[i];
  for (uint32_t i = b; i != NONE; i = r->next_witness[i]) rows[count++] = input->rows[i];
  bool is_over = constraints_over_cap(input->plan, input->constraints, rows, count);
  free(rows);
  return is_over;
}

/* Does a person keep the two groups apart? */
static bool is_forbidden(const struct repair *r, uint32_t a, uint32_t b) {
  if (!r->ends || r->first_end[a] == NONE || r->first_end[b] == NONE) return false;
  for (uint32_t e = r->first_end[a]; e != NONE; e = r->ends[e].next)
    if (find(r->parent, r->ends[e].other) == b) return true;
  return false;
}

/* The links between two groups: of members that must-links made one, the strongest stands for all,
 * for who agrees with one of them agrees with the person. */
struct links {
  struct link {
    uint32_t a, b; /* as must-links name them */
    int64_t weight;
  } items[LINK_MEMBERS * LINK_MEMBERS];
  uint32_t count;
};

static void add_link(const struct repair *r, struct links *links, uint32_t a, uint32_t b,
                     int64_t weight) {
  if (r->must) {
    a = r->must[a], b = r->must[b];
    for (uint32_t i = 0; i < links->count; i++) {
      struct link *link = &links->items[i];
      if (link->a != a || link->b != b) continue;
      if (link->weight < weight) link->weight = weight;
      return;
    }
  }
  links->items[links->count++] = (struct link){a, b, weight};
}

/* Are all fields missing in one of the two, but for those that weigh next to nothing? */
static bool says_little(const struct plan *plan, const struct model *model, uint64_t pattern) {
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    int32_t weight = model->weight[c][pattern_level(pattern, c)];
    if (weight > LITTLE || weight < -LITTLE) return false;
  }
  return true;
}

/* Over the links between two groups: does no rule separate one, and, unless a rule joins the
 * groups, how far is each above accept, within limits? A pair with next to nothing to compare (the
 * one record has a phone, the other an address) leaves it to the others. Of large groups the
 * members that came first stand for all. */
static bool links_allow(const struct repair *r, uint32_t a, uint32_t b, bool by_rule) {
  const struct repair_input *input = r->input;
  const struct model *model = input->model;
  if (r->size[a] == 1 && r->size[b] == 1) return true;
  struct links links = {.count = 0};
  uint32_t i = a, k = b;
  for (unsigned from_a = 0; i != NONE && from_a < LINK_MEMBERS; from_a++, i = r->next[i], k = b)
    for (unsigned from_b = 0; k != NONE && from_b < LINK_MEMBERS; from_b++, k = r->next[k]) {
      uint64_t pattern = compare_pattern(input->plan, input->rows[i], input->rows[k]);
      struct pair_verdict verdict = pair_verdict_of(input->plan, model, pattern);
      if (verdict.separates) return false;
      if (says_little(input->plan, model, pattern)) continue;
      int64_t link = (int64_t)verdict.weight - model->accept_weight;
      add_link(r, &links, i, k,
               link > LINK_LIMIT    ? LINK_LIMIT
               : link < -LINK_LIMIT ? -LINK_LIMIT
                                    : link);
    }
  int64_t sum = 0;
  for (uint32_t l = 0; l < links.count; l++) sum += links.items[l].weight;
  const struct job *job = input->plan->job;
  int64_t least = job->has_cohesion ? job->cohesion_weight
                                    : (int64_t)model->review_weight - model->accept_weight;
  return by_rule || sum >= links.count * least;
}

static void join(struct repair *r, uint32_t a, uint32_t b, bool same_content) {
  uint32_t root = a < b ? a : b, other = a < b ? b : a;
  r->parent[other] = root;
  r->next[r->last[root]] = other;
  r->last[root] = r->last[other];
  if (r->ends && r->first_end[other] != NONE) {
    if (r->first_end[root] == NONE)
      r->first_end[root] = r->first_end[other];
    else
      r->ends[r->last_end[root]].next = r->first_end[other];
    r->last_end[root] = r->last_end[other];
  }
  r->size[root] += r->size[other];
  if (!same_content)
    r->different[root] += r->different[other];
  else if (r->different[other] > r->different[root])
    r->different[root] = r->different[other];
  /* Witnesses of the other group that say something new. */
  for (uint32_t w = other, after; w != NONE; w = after) {
    after = r->next_witness[w];
    uint32_t known = root;
    while (known != NONE && !is_same_witness(r->input, known, w)) known = r->next_witness[known];
    if (known != NONE) continue;
    r->next_witness[r->last_witness[root]] = w;
    r->next_witness[w] = NONE;
    r->last_witness[root] = w;
  }
}

/* Groups only grow and keep their smallest member's name, so a pair with its sizes names one state.
 */
static uint64_t state_of(const struct repair *r, uint32_t a, uint32_t b, bool by_rule) {
  uint64_t pair = hash_join((uint64_t)a << 32 | b, (uint64_t)r->size[a] << 32 | r->size[b]);
  pair ^= (uint64_t)by_rule << 63; /* what a mean link refused a rule may still join */
  return pair ? pair : 1;
}

/* true when this state was refused before; otherwise remembers it. */
static bool was_refused(struct repair *r, uint64_t state, bool remember) {
  uint32_t at = (uint32_t)state & r->refused_mask;
  for (; r->refused[at]; at = (at + 1) & r->refused_mask)
    if (r->refused[at] == state) return true;
  if (remember) r->refused[at] = state;
  return false;
}

static void add_cut(struct repair_cuts *cuts, const struct repair_edge *edge, uint8_t reason) {
  if (cuts->count == cuts->capacity) {
    cuts->capacity = cuts->capacity ? cuts->capacity * 2 : 16;
    cuts->items = memory_resize(cuts->items, cuts->capacity * sizeof *cuts->items);
  }
  cuts->items[cuts->count++] = (struct repair_cut){*edge, reason};
}

static void try_edge(struct repair *r, const struct repair_edge *edge) {
  const struct repair_input *input = r->input;
  uint32_t a = find(r->parent, edge->a), b = find(r->parent, edge->b);
  if (a == b) return;
  bool same_content = is_same_content(input->plan, input->rows[edge->a], input->rows[edge->b]);
  if (edge->must) {
    join(r, a, b, same_content);
    return;
  }
  uint64_t state = state_of(r, a < b ? a : b, a < b ? b : a, edge->by_rule);
  if (was_refused(r, state, false)) return;
  if (is_forbidden(r, a, b)) {
    add_cut(r->cuts, edge, REVIEW_DECISION);
  } else if (contradict(r, a, b)) {
    add_cut(r->cuts, edge, REVIEW_CONSTRAINT);
  } else if (!links_allow(r, a, b, edge->by_rule)) {
    add_cut(r->cuts, edge, REVIEW_COHESION);
  } else if (over_cap(r, a, b) ||
             (!same_content && r->different[a] + r->different[b] > input->cluster_max)) {
    add_cut(r->cuts, edge, REVIEW_SIZE);
  } else {
    join(r, a, b, same_content);
    return;
  }
  was_refused(r, state, true);
}

/* Rows of one content first: a loyal customer's many equal records are one, so they take no room.
 */
static void join_equal(struct repair *r) {
  const struct repair_input *input = r->input;
  for (uint32_t i = 0; i < input->edge_count; i++) {
    const struct repair_edge *edge = &input->edges[i];
    if (is_same_content(input->plan, input->rows[edge->a], input->rows[edge->b])) try_edge(r, edge);
  }
}

static void repair_whole(const struct repair_input *input, uint32_t *group,
                         struct repair_cuts *cuts) {
  struct repair r;
  start(&r, input, cuts);
  for (uint32_t i = 0; i < input->edge_count && input->edges[i].must; i++)
    try_edge(&r, &input->edges[i]);
  note_must(&r);
  join_equal(&r);
  for (uint32_t i = 0; i < input->edge_count; i++) try_edge(&r, &input->edges[i]);
  for (uint32_t i = 0; i < input->row_count; i++) group[i] = find(r.parent, i);
  release(&r);
}

static bool links_at(const struct repair_edge *edge, int32_t threshold) {
  return edge->must || edge->by_rule || edge->weight >= threshold;
}

static void repair_at(struct repair_input *input, int32_t threshold, uint32_t *group,
                      struct repair_cuts *cuts);

/* Members and edges of a cut component, piece after piece; inside a piece they keep their order. */
struct pieces {
  uint32_t *row_start, *edge_start; /* by root, row_count + 1 */
  uint32_t *origin;                 /* by place: the member */
  uint32_t *local;                  /* by member: its number in its piece */
  const struct feature_row **rows;
  struct repair_edge *edges;
  struct repair_pair *forbidden; /* in the order of the pieces' roots */
  uint32_t *forbidden_start;     /* by root, row_count + 1 */
};

static void add_up(uint32_t *starts, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) starts[i + 1] += starts[i];
}

/* Counts, adds up, fills: each step one place behind the other, so that the starts are left. */
static void share_forbidden(const struct repair_input *input, const uint32_t *root,
                            struct pieces *p) {
  uint32_t *at = p->forbidden_start + 1;
  for (uint32_t i = 0; i < input->forbidden_count; i++) {
    const struct repair_pair *pair = &input->forbidden[i];
    if (root[pair->a] == root[pair->b]) at[root[pair->a] + 1]++;
  }
  add_up(at, input->row_count);
  for (uint32_t i = 0; i < input->forbidden_count; i++) {
    const struct repair_pair *pair = &input->forbidden[i];
    if (root[pair->a] == root[pair->b])
      p->forbidden[at[root[pair->a]]++] =
          (struct repair_pair){p->local[pair->a], p->local[pair->b]};
  }
}

static void make_pieces(const struct repair_input *input, const uint32_t *root, struct pieces *p) {
  uint32_t count = input->row_count;
  *p = (struct pieces){new_numbers(count + 1),
                       new_numbers(count + 1),
                       new_numbers(count),
                       new_numbers(count),
                       memory_new(count * sizeof *p->rows),
                       memory_new(input->edge_count * sizeof *p->edges),
                       memory_new((size_t)input->forbidden_count * sizeof *p->forbidden),
                       new_numbers(count + 2)};
  for (uint32_t i = 0; i < count; i++) p->local[i] = p->row_start[root[i] + 1]++;
  add_up(p->row_start, count);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t place = p->row_start[root[i]] + p->local[i];
    p->origin[place] = i;
    p->rows[place] = input->rows[i];
  }
  for (uint32_t e = 0; e < input->edge_count; e++)
    if (root[input->edges[e].a] == root[input->edges[e].b])
      p->edge_start[root[input->edges[e].a] + 1]++;
  add_up(p->edge_start, count);
  uint32_t *at = memory_new(count * sizeof *at);
  memcpy(at, p->edge_start, count * sizeof *at);
  for (uint32_t e = 0; e < input->edge_count; e++) {
    struct repair_edge edge = input->edges[e];
    if (root[edge.a] != root[edge.b]) continue;
    uint32_t piece = root[edge.a];
    edge.a = p->local[edge.a], edge.b = p->local[edge.b];
    p->edges[at[piece]++] = edge;
  }
  free(at);
  share_forbidden(input, root, p);
}

static void release_pieces(struct pieces *p) {
  free(p->row_start);
  free(p->edge_start);
  free(p->origin);
  free(p->local);
  free(p->rows);
  free(p->edges);
  free(p->forbidden);
  free(p->forbidden_start);
}

/* Cuts are told by the numbers of the whole. */
static void name_by_origin(struct repair_cuts *cuts, uint64_t first, const uint32_t *origin) {
  for (uint64_t i = first; i < cuts->count; i++) {
    cuts->items[i].edge.a = origin[cuts->items[i].edge.a];
    cuts->items[i].edge.b = origin[cuts->items[i].edge.b];
  }
}

static void repair_pieces(const struct repair_input *input, const uint32_t *root, int32_t threshold,
                          uint32_t *group, struct repair_cuts *cuts) {
  struct pieces p;
  make_pieces(input, root, &p);
  uint32_t *local_group = memory_new(input->row_count * sizeof *local_group);
  for (uint32_t i = 0; i < input->row_count; i++) {
    uint32_t first = p.row_start[i], first_edge = p.edge_start[i];
    if (root[i] != i) continue;
    struct repair_input piece = *input;
    piece.rows = p.rows + first;
    piece.row_count = p.row_start[i + 1] - first;
    piece.edges = p.edges + first_edge;
    piece.edge_count = p.edge_start[i + 1] - first_edge;
    piece.forbidden = p.forbidden + p.forbidden_start[i];
    piece.forbidden_count = p.forbidden_start[i + 1] - p.forbidden_start[i];
    uint64_t first_cut = cuts->count;
    repair_at(&piece, threshold, local_group, cuts);
    name_by_origin(cuts, first_cut, p.origin + first);
    for (uint32_t k = 0; k < piece.row_count; k++)
      group[p.origin[first + k]] = p.origin[first + local_group[k]];
  }
  free(local_group);
  release_pieces(&p);
}

/* A component that is too large falls apart at a higher threshold; its pieces are repaired. One
 * that holds together up to its strongest edges is repaired whole, however large. */
static void repair_at(struct repair_input *input, int32_t threshold, uint32_t *group,
                      struct repair_cuts *cuts) {
  int32_t strongest = INT32_MIN;
  for (uint32_t i = 0; i < input->edge_count; i++)
    if (!links_at(&input->edges[i], INT32_MAX) && input->edges[i].weight > strongest)
      strongest = input->edges[i].weight;
  if (input->row_count <= input->component_max || (int64_t)threshold + CUT_STEP > strongest) {
    repair_whole(input, group, cuts);
    return;
  }
  threshold += CUT_STEP;
  uint32_t *root = memory_new(input->row_count * sizeof *root);
  for (uint32_t i = 0; i < input->row_count; i++) root[i] = i;
  for (uint32_t i = 0; i < input->edge_count; i++) {
    if (!links_at(&input->edges[i], threshold)) continue;
    uint32_t a = find(root, input->edges[i].a), b = find(root, input->edges[i].b);
    root[a > b ? a : b] = a < b ? a : b;
  }
  for (uint32_t i = 0; i < input->row_count; i++) root[i] = find(root, i);
  for (uint32_t i = 0; i < input->edge_count; i++) {
    const struct repair_edge *edge = &input->edges[i];
    if (root[edge->a] != root[edge->b]) add_cut(cuts, edge, REVIEW_SIZE);
  }
  repair_pieces(input, root, threshold, group, cuts);
  free(root);
}

void component_repair(struct repair_input *input, uint32_t *group, struct repair_cuts *cuts) {
  sort_edges(input);
  repair_at(input, input->model->accept_weight, group, cuts);
}
