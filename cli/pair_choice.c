#include "cli/pair_choice.h"

#include "worker/stages/compare.h"
#include "worker/store/stored_row.h"

void member_rows_make(const struct plan *plan, const struct stored_customer *customer,
                      struct arena *arena, struct member_rows *out) {
  *out = (struct member_rows){.plan = plan, .count = customer->member_count};
  out->rows = arena_alloc(arena, (size_t)out->count * plan->row_bytes);
  out->lost = arena_alloc(arena, out->count * sizeof *out->lost);
  for (uint32_t m = 0; m < out->count; m++)
    out->lost[m] = stored_row_make(plan, &customer->members[m], &customer->evidence[m], arena,
                                   (struct feature_row *)(out->rows + (size_t)m * plan->row_bytes));
}

const struct feature_row *member_row(const struct member_rows *rows, uint32_t member) {
  return (const struct feature_row *)(rows->rows + (size_t)member * rows->plan->row_bytes);
}

static struct decision decide(const struct member_rows *rows, const struct model *model,
                              const struct feature_row *a, const struct feature_row *b) {
  return decision_of_pattern(rows->plan, model, compare_pattern(rows->plan, a, b));
}

/* How much a decision speaks for one entity: what a rule says goes before any score. */
static int64_t strength(struct decision d) {
  int64_t rule = d.rule < 0                      ? 0
                 : d.action == DECISION_ACCEPT   ? 1
                 : d.action == DECISION_SEPARATE ? -1
                                                 : 0;
  return rule * ((int64_t)1 << 40) + d.score;
}

struct pair_choice pair_choose(const struct member_rows *a, int32_t fixed_a,
                               const struct member_rows *b, int32_t fixed_b,
                               const struct model *model) {
  struct pair_choice best = {0};
  bool any = false;
  for (uint32_t i = 0; i < a->count; i++) {
    if (fixed_a >= 0 && (uint32_t)fixed_a != i) continue;
    for (uint32_t j = 0; j < b->count; j++) {
      if (fixed_b >= 0 && (uint32_t)fixed_b != j) continue;
      struct decision d = decide(a, model, member_row(a, i), member_row(b, j));
      if (any && strength(d) <= strength(best.decision)) continue;
      best = (struct pair_choice){i, j, d};
      any = true;
    }
  }
  return best;
}

bool pair_contradicts(const struct member_rows *a, const struct member_rows *b, uint32_t *member_a,
                      uint32_t *member_b, struct contradiction *contradiction) {
  struct constraints constraints = constraints_of_plan(a->plan);
  for (uint32_t i = 0; i < a->count; i++)
    for (uint32_t j = 0; j < b->count; j++)
      if (constraints_forbid(a->plan, &constraints, member_row(a, i), member_row(b, j),
                             contradiction)) {
        *member_a = i;
        *member_b = j;
        return true;
      }
  return false;
}

static int64_t link_strength(const struct member_rows *rows, const struct model *model, uint32_t a,
                             uint32_t b) {
  if (rows->one && rows->one[a] == rows->one[b]) return INT64_MAX;
  return strength(decide(rows, model, member_row(rows, a), member_row(rows, b)));
}

/* Prim's maximum spanning tree, grown from `from` until it reaches `to`. */
uint32_t pair_path(const struct member_rows *rows, uint32_t from, uint32_t to,
                   const struct model *model, struct arena *arena, uint32_t **path) {
  uint32_t n = rows->count;
  int64_t *best = arena_alloc(arena, n * sizeof *best);
  uint32_t *parent = arena_alloc(arena, n * sizeof *parent);
  bool *is_in = arena_alloc_zeroed(arena, n * sizeof *is_in);
  for (uint32_t i = 0; i < n; i++) best[i] = INT64_MIN;
  uint32_t last = from;
  is_in[from] = true;
  while (!is_in[to]) {
    uint32_t next = to;
    for (uint32_t i = 0; i < n; i++) {
      if (is_in[i]) continue;
      int64_t s = link_strength(rows, model, last, i);
      if (s > best[i]) {
        best[i] = s;
        parent[i] = last;
      }
      if (best[i] > best[next] || is_in[next]) next = i;
    }
    is_in[next] = true;
    last = next;
  }
  uint32_t count = 1;
  for (uint32_t at = to; at != from; at = parent[at]) count++;
  *path = arena_alloc(arena, count * sizeof **path);
  uint32_t at = to;
  for (uint32_t i = count; i-- > 0; at = i ? parent[at] : at) (*path)[i] = at;
  return count;
}
