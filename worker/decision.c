#include "worker/decision.h"

static const char *const class_names[] = {[RULE_CLASS_EXCLUSIVE] = "exclusive",
                                          [RULE_CLASS_FAMILY] = "family",
                                          [RULE_CLASS_SHARED] = "shared",
                                          [RULE_CLASS_HUB] = "hub",
                                          [PATTERN_BUCKET_RECYCLED] = "recycled"};

static int rule_of_pattern(const struct plan *plan, uint64_t pattern) {
  for (uint32_t r = 0; r < plan->match_rule_count; r++) {
    const struct plan_match_rule *rule = &plan->match_rules[r];
    uint32_t c = 0;
    while (c < plan->comparison_count && rule->accepted[c] >> pattern_level(pattern, c) & 1) c++;
    if (c == plan->comparison_count) return (int)r;
  }
  return -1;
}

struct decision decision_of_pattern(const struct plan *plan, const struct model *model,
                                    uint64_t pattern) {
  static const enum decision_action of_rule[] = {[MATCH_MERGE] = DECISION_ACCEPT,
                                                 [MATCH_SEPARATE] = DECISION_SEPARATE,
                                                 [MATCH_REVIEW] = DECISION_REVIEW,
                                                 [MATCH_HOUSEHOLD] = DECISION_HOUSEHOLD,
                                                 [MATCH_EMPLOYER] = DECISION_EMPLOYER};
  struct decision decision = {DECISION_REJECT, model_score(model, pattern),
                              rule_of_pattern(plan, pattern)};
  if (decision.rule >= 0)
    decision.action = of_rule[plan->match_rules[decision.rule].action];
  else if (decision.score >= model->accept_weight)
    decision.action = DECISION_ACCEPT;
  else if (decision.score >= model->review_weight)
    decision.action = DECISION_REVIEW;
  return decision;
}

/* What the job says of a comparison's field; NULL = nothing. */
static const struct job_identifier *identifier_of(const struct plan *plan, uint32_t c) {
  for (uint32_t i = 0; i < plan->job->identifier_count; i++)
    if (plan->job->identifiers[i].field == plan->comparisons[c].field)
      return &plan->job->identifiers[i];
  return NULL;
}

static void add_constraint(const struct plan *plan, uint32_t c, struct constraints *found) {
  const struct job_identifier *said = identifier_of(plan, c);
  bool type_knows = plan->comparisons[c].type->contradicts != NULL;
  bool is_single = said && said->single >= 0 ? said->single : type_knows;
  if (is_single) found->comparisons[found->count++] = (uint8_t)c;
  if (is_single && !type_knows) found->by_job |= (uint16_t)(1u << c);
  if (!said || !said->cap) return;
  found->capped[found->capped_count] = (uint8_t)c;
  found->caps[found->capped_count++] = said->cap;
}

struct constraints constraints_of_plan(const struct plan *plan) {
  struct constraints found = {.sex = -1, .birth = -1};
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct job_field *field = &plan->job->fields[plan->comparisons[c].field];
    add_constraint(plan, c, &found);
    if (found.sex < 0 && field->type == FIELD_TYPE_CATEGORY &&
        field->options.code_table == CODE_GENDER)
      found.sex = (int)c;
    if (found.birth < 0 && field->type == FIELD_TYPE_DATE && field->role == ROLE_NONE &&
        field->options.date_part == DATE_WHOLE)
      found.birth = (int)c;
  }
  return found;
}

static bool differs(const struct plan *plan, int comparison, const struct feature_row *a,
                    const struct feature_row *b) {
  unsigned c = (unsigned)comparison;
  return plan->comparisons[c].type->compare(plan_feature(plan, a, c), plan_feature(plan, b, c)) ==
         FIELD_LEVEL_DIFFER;
}

bool constraints_forbid(const struct plan *plan, const struct constraints *constraints,
                        const struct feature_row *a, const struct feature_row *b,
                        struct contradiction *which) {
  struct contradiction found = {-1, -1};
  for (uint32_t i = 0; i < constraints->count && found.comparison < 0; i++) {
    unsigned c = constraints->comparisons[i];
    if (constraints->by_job >> c & 1 ? differs(plan, (int)c, a, b)
                                     : plan->comparisons[c].type->contradicts(
                                           plan_feature(plan, a, c), plan_feature(plan, b, c)))
      found.comparison = (int)c;
  }
  if (found.comparison < 0 && constraints->sex >= 0 && constraints->birth >= 0 &&
      differs(plan, constraints->sex, a, b) && differs(plan, constraints->birth, a, b))
    found = (struct contradiction){constraints->sex, constraints->birth};
  if (which) *which = found;
  return found.comparison >= 0;
}

static bool same_feature(const struct plan *plan, int comparison, const struct feature_row *a,
                         const struct feature_row *b) {
  if (comparison < 0) return true;
  unsigned c = (unsigned)comparison;
  return memcmp(plan_feature(plan, a, c), plan_feature(plan, b, c),
                plan->comparisons[c].type->feature_size) == 0;
}

static bool has_feature(const struct plan *plan, unsigned comparison,
                        const struct feature_row *row) {
  const uint8_t *feature = plan_feature(plan, row, comparison);
  for (uint32_t i = 0; i < plan->comparisons[comparison].type->feature_size; i++)
    if (feature[i]) return true;
  return false;
}

bool constraints_over_cap(const struct plan *plan, const struct constraints *constraints,
                          const struct feature_row *const *rows, uint32_t count) {
  for (uint32_t i = 0; i < constraints->capped_count; i++) {
    int c = constraints->capped[i];
    uint32_t different = 0;
    for (uint32_t r = 0; r < count; r++) {
      if (!has_feature(plan, (unsigned)c, rows[r])) continue;
      uint32_t before = 0;
      while (before < r && !same_feature(plan, c, rows[before], rows[r])) before++;
      different += before == r;
      if (different > constraints->caps[i]) return true;
    }
  }
  return false;
}

bool constraints_see_same(const struct plan *plan, const struct constraints *constraints,
                          const struct feature_row *a, const struct feature_row *b) {
  for (uint32_t i = 0; i < constraints->count; i++)
    if (!same_feature(plan, constraints->comparisons[i], a, b)) return false;
  for (uint32_t i = 0; i < constraints->capped_count; i++)
    if (!same_feature(plan, constraints->capped[i], a, b)) return false;
  return constraints->sex < 0 || constraints->birth < 0 ||
         (same_feature(plan, constraints->sex, a, b) &&
          same_feature(plan, constraints->birth, a, b));
}

const char *decision_nibble_name(const struct plan *plan, unsigned comparison, unsigned nibble) {
  const struct plan_comparison *compared = &plan->comparisons[comparison];
  if (nibble == PATTERN_MISSING) return "missing";
  if (nibble < PATTERN_EXACT) {
    const char *name = compared->type->levels[nibble].name;
    return name ? name : nibble == PATTERN_DIFFER ? "differ" : "partly agrees";
  }
  unsigned class = nibble - PATTERN_EXACT;
  if (compared->identifier_rule >= 0 && class < sizeof class_names / sizeof class_names[0])
    return class_names[class];
  const char *name = compared->type->levels[FIELD_LEVEL_EXACT].name;
  return name ? name : "exact";
}
