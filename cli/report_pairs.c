#include "cli/report_pairs.h"

#include <stdlib.h>

#include "common/memory.h"
#include "worker/decision.h"

enum { SCANNED_KINDS = REPORT_PAIR_SAME_NAME + 1 }; /* the others are among the reviews */

/* What a pattern could show, before it is known whether its records became one customer. */
struct pattern_use {
  int32_t score;
  uint8_t kinds; /* bit k: enum report_pair_kind */
};

struct best_pair {
  struct report_pair pair;
  int64_t rank; /* the lower the better */
};

static bool has_differing(const struct plan *plan, uint64_t pattern) {
  for (uint32_t c = 0; c < plan->comparison_count; c++)
    if (pattern_level(pattern, c) == PATTERN_DIFFER) return true;
  return false;
}

static struct pattern_use use_of(const struct run_state *run, uint64_t pattern) {
  const struct plan *plan = &run->plan;
  struct decision decision = decision_of_pattern(plan, &run->model, pattern);
  struct pattern_use use = {.score = decision.score};
  if (decision.rule >= 0) return use;
  if (decision.action == DECISION_ACCEPT) {
    use.kinds = 1 << REPORT_PAIR_STRONG | 1 << REPORT_PAIR_BARELY_ACCEPTED;
    if (has_differing(plan, pattern)) use.kinds |= 1 << REPORT_PAIR_DESPITE;
  } else {
    use.kinds = 1 << REPORT_PAIR_BARELY_REJECTED;
    if (plan->name_comparison >= 0 &&
        pattern_level(pattern, (unsigned)plan->name_comparison) >= PATTERN_EXACT)
      use.kinds |= 1 << REPORT_PAIR_SAME_NAME;
  }
  return use;
}

/* Pairs of equal rank in the order of their records' keys. */
static bool is_better(const struct run_state *run, int64_t rank, const struct candidate_pair *pair,
                      const struct best_pair *best) {
  if (!best->pair.found || rank != best->rank) return !best->pair.found || rank < best->rank;
  uint64_t a = run_state_row(run, pair->a)->record_key;
  uint64_t best_a = run_state_row(run, best->pair.a)->record_key;
  if (a != best_a) return a < best_a;
  return run_state_row(run, pair->b)->record_key < run_state_row(run, best->pair.b)->record_key;
}

static void offer_pair(const struct run_state *run, const struct pattern_use *use,
                       const struct candidate_pair *pair, struct best_pair best[SCANNED_KINDS]) {
  static const int8_t signs[SCANNED_KINDS] = {[REPORT_PAIR_STRONG] = -1,
                                              [REPORT_PAIR_DESPITE] = -1,
                                              [REPORT_PAIR_BARELY_ACCEPTED] = 1,
                                              [REPORT_PAIR_BARELY_REJECTED] = -1,
                                              [REPORT_PAIR_SAME_NAME] = 1};
  for (unsigned kinds = use->kinds; kinds; kinds &= kinds - 1) {
    unsigned kind = (unsigned)__builtin_ctz(kinds);
    int64_t rank = (int64_t)use->score * signs[kind];
    if (best[kind].pair.found && rank > best[kind].rank) continue;
    bool is_one = run->clusters.entity[pair->a] == run->clusters.entity[pair->b];
    bool wants_one = kind <= REPORT_PAIR_BARELY_ACCEPTED;
    if (is_one != wants_one || !is_better(run, rank, pair, &best[kind])) continue;
    best[kind] = (struct best_pair){{true, pair->a, pair->b}, rank};
  }
}

/* The first of a reason: reviews are in canonical order, the strongest first. */
static void find_review(const struct run_state *run, enum review_reason reason,
                        struct report_pair *out) {
  for (uint64_t i = 0; i < run->clusters.review_count && !out->found; i++) {
    const struct review_item *item = &run->clusters.reviews[i];
    if (item->reason == reason) *out = (struct report_pair){true, item->a, item->b};
  }
}

void report_pairs_choose(const struct run_state *run, struct report_pair out[REPORT_PAIR_KINDS]) {
  struct best_pair best[SCANNED_KINDS] = {{{false, 0, 0}, 0}};
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++) {
    const struct compare_output *compared = &run->compared[p];
    struct pattern_use *uses = memory_new((compared->pattern_count + 1) * sizeof *uses);
    for (uint32_t i = 0; i < compared->pattern_count; i++)
      uses[i] = use_of(run, compared->patterns[i].pattern);
    for (uint64_t i = 0; i < compared->pair_count; i++)
      offer_pair(run, &uses[compared->pairs[i].pattern], &compared->pairs[i], best);
    free(uses);
  }
  for (unsigned kind = 0; kind < REPORT_PAIR_KINDS; kind++)
    out[kind] = kind < SCANNED_KINDS ? best[kind].pair : (struct report_pair){0};
  find_review(run, REVIEW_CONSTRAINT, &out[REPORT_PAIR_CONSTRAINT]);
  find_review(run, REVIEW_COHESION, &out[REPORT_PAIR_COHESION]);
  find_review(run, REVIEW_HOUSEHOLD, &out[REPORT_PAIR_HOUSEHOLD]);
}
