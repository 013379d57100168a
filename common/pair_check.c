#include "common/pair_check.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"

enum { NONE = UINT32_MAX };

struct node {
  struct hash128 key;
  uint32_t parent, next, last, size; /* of its group; next and last list the members of a root */
  uint32_t first_end;                /* of its facts; NONE */
};

/* A fact as one of its two records sees it. */
struct end {
  uint32_t other;
  uint32_t next; /* end of the same node */
  uint64_t number;
  enum pair_kind kind;
};

struct pair_check {
  struct node *nodes;
  uint32_t node_count, node_capacity;
  struct end *ends;
  uint32_t end_count, end_capacity;
  uint32_t *slots; /* hash table: node + 1 */
  uint32_t slot_mask;
};

struct pair_check *pair_check_new(void) {
  return memory_new_zeroed(1, sizeof(struct pair_check));
}

void pair_check_free(struct pair_check *check) {
  if (!check) return;
  free(check->nodes);
  free(check->ends);
  free(check->slots);
  free(check);
}

static void place(struct pair_check *c, uint32_t node) {
  uint32_t at = (uint32_t)hash_mix(c->nodes[node].key.low) & c->slot_mask;
  while (c->slots[at]) at = (at + 1) & c->slot_mask;
  c->slots[at] = node + 1;
}

static void grow_nodes(struct pair_check *c) {
  c->node_capacity = c->node_capacity ? c->node_capacity * 2 : 64;
  c->nodes = memory_resize(c->nodes, c->node_capacity * sizeof *c->nodes);
  free(c->slots);
  c->slots = memory_new_zeroed((size_t)c->node_capacity * 2, sizeof *c->slots);
  c->slot_mask = c->node_capacity * 2 - 1;
  for (uint32_t i = 0; i < c->node_count; i++) place(c, i);
}

/* The slot where the key is or would be. */
static uint32_t slot_of(const struct pair_check *c, struct hash128 key) {
  uint32_t at = (uint32_t)hash_mix(key.low) & c->slot_mask;
  while (c->slots[at] && pair_key_order(c->nodes[c->slots[at] - 1].key, key) != 0)
    at = (at + 1) & c->slot_mask;
  return at;
}

static uint32_t node_of(struct pair_check *c, struct hash128 key) {
  if (c->node_count == c->node_capacity) grow_nodes(c);
  uint32_t at = slot_of(c, key);
  if (c->slots[at]) return c->slots[at] - 1;
  uint32_t node = c->node_count++;
  c->slots[at] = node + 1;
  c->nodes[node] = (struct node){key, node, NONE, node, 1, NONE};
  return node;
}

static uint32_t root_of(struct pair_check *c, uint32_t node) {
  struct node *n = c->nodes;
  while (n[node].parent != node) node = n[node].parent = n[n[node].parent].parent;
  return node;
}

static void add_end(struct pair_check *c, uint32_t node, uint32_t other,
                    const struct pair_fact *fact) {
  if (c->end_count == c->end_capacity) {
    c->end_capacity = c->end_capacity ? c->end_capacity * 2 : 128;
    c->ends = memory_resize(c->ends, c->end_capacity * sizeof *c->ends);
  }
  c->ends[c->end_count] = (struct end){other, c->nodes[node].first_end, fact->number, fact->kind};
  c->nodes[node].first_end = c->end_count++;
}

static void tell(struct pair_reasons *reasons, uint64_t number) {
  if (reasons->count < PAIR_REASONS_MAX) reasons->numbers[reasons->count] = number;
  reasons->count++;
}

/* The must-links from one record to another of its group, breadth first: the shortest chain. */
static void tell_chain(const struct pair_check *c, uint32_t from, uint32_t to,
                       struct pair_reasons *reasons) {
  if (from == to) return;
  uint32_t *queue = memory_new(c->node_count * sizeof *queue);
  uint32_t *came_by = memory_new(c->node_count * sizeof *came_by); /* the end that leads back */
  memset(came_by, 0xFF, c->node_count * sizeof *came_by);
  uint32_t head = 0, tail = 0;
  /* From the far end, so that walking back tells the chain in order. */
  queue[tail++] = to;
  while (head < tail && came_by[from] == NONE) {
    uint32_t node = queue[head++];
    for (uint32_t e = c->nodes[node].first_end; e != NONE; e = c->ends[e].next) {
      uint32_t other = c->ends[e].other;
      if (c->ends[e].kind != PAIR_MERGE || other == to || came_by[other] != NONE) continue;
      /* Of the two ends of a fact, which lie side by side, the one that leads back to node. */
      came_by[other] = e ^ 1;
      queue[tail++] = other;
    }
  }
  for (uint32_t at = from; at != to; at = c->ends[came_by[at]].other)
    tell(reasons, c->ends[came_by[at]].number);
  free(queue);
  free(came_by);
}

/* A cannot-link between two groups; NONE when there is none. */
static uint32_t end_between(struct pair_check *c, uint32_t a, uint32_t b) {
  uint32_t small = c->nodes[a].size <= c->nodes[b].size ? a : b, large = small == a ? b : a;
  for (uint32_t node = small; node != NONE; node = c->nodes[node].next)
    for (uint32_t e = c->nodes[node].first_end; e != NONE; e = c->ends[e].next)
      if (c->ends[e].kind != PAIR_MERGE && root_of(c, c->ends[e].other) == large) return e;
  return NONE;
}

static void unite(struct pair_check *c, uint32_t a, uint32_t b) {
  if (c->nodes[a].size < c->nodes[b].size) {
    uint32_t swap = a;
    a = b, b = swap;
  }
  c->nodes[b].parent = a;
  c->nodes[c->nodes[a].last].next = b;
  c->nodes[a].last = c->nodes[b].last;
  c->nodes[a].size += c->nodes[b].size;
}

/* The fact about just these two records; NONE when there is none. */
static uint32_t known_end(const struct pair_check *c, uint32_t a, uint32_t b) {
  for (uint32_t e = c->nodes[a].first_end; e != NONE; e = c->ends[e].next)
    if (c->ends[e].other == b) return e;
  return NONE;
}

static bool contradicts(struct pair_check *c, const struct pair_fact *fact, uint32_t a, uint32_t b,
                        struct pair_reasons *reasons) {
  uint32_t root_a = root_of(c, a), root_b = root_of(c, b);
  if (fact->kind != PAIR_MERGE) {
    if (root_a == root_b) tell_chain(c, a, b, reasons);
    return root_a == root_b;
  }
  uint32_t end = root_a == root_b ? NONE : end_between(c, root_a, root_b);
  if (end == NONE) return false;
  /* ends[end ^ 1].other is the record that has the end. */
  uint32_t from = c->ends[end ^ 1].other, to = c->ends[end].other;
  if (root_of(c, from) != root_a) {
    uint32_t swap = from;
    from = to, to = swap;
  }
  tell_chain(c, a, from, reasons);
  tell(reasons, c->ends[end].number);
  tell_chain(c, to, b, reasons);
  return true;
}

enum pair_outcome pair_check_add(struct pair_check *c, const struct pair_fact *fact,
                                 struct pair_reasons *reasons) {
  check(pair_key_order(fact->a, fact->b) != 0);
  *reasons = (struct pair_reasons){0};
  uint32_t a = node_of(c, fact->a), b = node_of(c, fact->b);
  uint32_t known = known_end(c, a, b);
  if (known != NONE) {
    tell(reasons, c->ends[known].number);
    return c->ends[known].kind == fact->kind ? PAIR_KNOWN : PAIR_CONTRADICTS;
  }
  if (contradicts(c, fact, a, b, reasons)) return PAIR_CONTRADICTS;
  add_end(c, a, b, fact);
  add_end(c, b, a, fact);
  uint32_t root_a = root_of(c, a), root_b = root_of(c, b);
  if (fact->kind == PAIR_MERGE && root_a != root_b) unite(c, root_a, root_b);
  return PAIR_ADDED;
}

bool pair_check_knows(struct pair_check *c, struct pair_fact pair) {
  if (c->node_count == 0) return false;
  uint32_t slot_a = slot_of(c, pair.a), slot_b = slot_of(c, pair.b);
  if (!c->slots[slot_a] || !c->slots[slot_b]) return false;
  uint32_t a = root_of(c, c->slots[slot_a] - 1), b = root_of(c, c->slots[slot_b] - 1);
  return a == b || end_between(c, a, b) != NONE;
}
