#include "worker/stages/explain.h"

#include "worker/stages/block.h"
#include "worker/stages/compare.h"

static void describe_comparisons(const struct plan *plan, const struct model *model,
                                 struct explanation *out) {
  out->comparison_count = plan->comparison_count;
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct plan_comparison *comparison = &plan->comparisons[c];
    unsigned nibble = pattern_level(out->pattern, c);
    bool is_shared = comparison->identifier_rule >= 0;
    out->comparisons[c] = (struct explain_comparison){
        .field = plan->job->fields[comparison->field].name,
        .nibble = (uint8_t)nibble,
        .level = decision_nibble_name(plan, c, nibble),
        .is_identifier = is_shared,
        .share_bits = nibble < PATTERN_EXACT || is_shared
                          ? -1
                          : (int)(PATTERN_BUCKET_BITS * (nibble - PATTERN_EXACT) + 2),
        .weight = model_weight(model, out->pattern, c),
        .weight_alone = model->weight[c][nibble]};
  }
}

/* Is the nibble one that pairs can have? */
static bool is_possible(const struct plan *plan, uint32_t c, unsigned nibble) {
  const struct plan_comparison *comparison = &plan->comparisons[c];
  if (nibble < PATTERN_EXACT)
    return nibble <= PATTERN_DIFFER || comparison->type->levels[nibble].name != NULL;
  if (nibble == PATTERN_EXACT + PATTERN_BUCKET_RECYCLED && comparison->identifier_rule >= 0)
    return comparison->type->is_reissued;
  return comparison->identifier_rule < 0 || nibble < PATTERN_EXACT + PATTERN_BUCKET_RECYCLED;
}

/* Of all nibbles that would change the decision, the one with the weight nearest to what there is.
 */
static void find_change(const struct plan *plan, const struct model *model, uint32_t c,
                        struct explanation *out) {
  unsigned now = pattern_level(out->pattern, c);
  int64_t nearest = INT64_MAX;
  struct explain_change best = {.comparison = (uint8_t)c};
  for (unsigned nibble = PATTERN_MISSING; nibble < MODEL_NIBBLES; nibble++) {
    if (nibble == now || !is_possible(plan, c, nibble)) continue;
    struct decision decision =
        decision_of_pattern(plan, model, pattern_with(out->pattern, c, nibble));
    if ((decision.action == DECISION_ACCEPT) == (out->decision.action == DECISION_ACCEPT)) continue;
    int64_t distance = (int64_t)decision.score - out->decision.score;
    if (distance < 0) distance = -distance;
    if (distance >= nearest) continue;
    nearest = distance;
    best.nibble = (uint8_t)nibble;
    best.level = decision_nibble_name(plan, c, nibble);
    best.score = decision.score;
    best.action = decision.action;
    best.rule = decision.rule;
  }
  if (nearest != INT64_MAX) out->changes[out->change_count++] = best;
}

static void describe_blocking(const struct plan *plan, const struct feature_row *a,
                              const struct feature_row *b, struct explanation *out) {
  for (uint32_t r = 0; r < plan->blocking_count; r++) {
    uint64_t key = plan_key(plan, r, a);
    if (key == 0 || key != plan_key(plan, r, b)) continue;
    bool is_hub =
        plan->blocking[r].is_identifier && (a->rule_class[r] & RULE_CLASS_MASK) == RULE_CLASS_HUB;
    if (is_hub)
      out->hub_mask |= 1u << r;
    else if (a->rule_class[r] & b->rule_class[r] & RULE_WINDOWED &&
             block_live_key(plan, r, a) == block_live_key(plan, r, b))
      out->windowed = out->mask == 0;
  }
}

void explain_pair(const struct plan *plan, const struct model *model, const struct feature_row *a,
                  const struct feature_row *b, struct explanation *out) {
  *out = (struct explanation){.prior = model->prior,
                              .accept_weight = model->accept_weight,
                              .review_weight = model->review_weight,
                              .contradiction = {-1, -1}};
  out->pattern = compare_pair(plan, a, b, &out->mask);
  out->decision = decision_of_pattern(plan, model, out->pattern);
  struct constraints constraints = constraints_of_plan(plan);
  describe_comparisons(plan, model, out);
  describe_blocking(plan, a, b, out);
  if (a->record_key == b->record_key && a->flags & b->flags & ROW_HAS_ID)
    out->verdict = EXPLAIN_SAME_RECORD;
  else if (constraints_forbid(plan, &constraints, a, b, &out->contradiction))
    out->verdict = EXPLAIN_CONTRADICTION;
  else
    out->verdict = out->decision.rule >= 0 ? EXPLAIN_RULE : EXPLAIN_SCORE;
  if (out->verdict == EXPLAIN_SAME_RECORD || out->verdict == EXPLAIN_CONTRADICTION) return;
  for (uint32_t c = 0; c < plan->comparison_count; c++) find_change(plan, model, c, out);
}
