#include "worker/model_spec.h"

#include "worker/pattern.h"

/* Do people who live or work together have it in common? */
static bool runs_in_groups(const struct job_field *field) {
  switch (field->type) {
    case FIELD_TYPE_PERSON_NAME:
      return field->options.name_part == NAME_FAMILY;
    case FIELD_TYPE_CATEGORY:
      return field->options.code_table != CODE_GENDER;
    case FIELD_TYPE_DATE:
    case FIELD_TYPE_ID_CARD:
    case FIELD_TYPE_USCC:
    case FIELD_TYPE_ACCOUNT:
      return false;
    default:
      return true;
  }
}

static void describe_comparison(const struct plan *plan, uint32_t c, struct model_comparison *out) {
  const struct plan_comparison *from = &plan->comparisons[c];
  out->field = plan->job->fields[from->field].name;
  out->is_identifier = from->type->is_identifier;
  out->runs_in_groups = runs_in_groups(&plan->job->fields[from->field]);
  out->identifier_rule = from->identifier_rule;
  for (unsigned level = 0; level < MODEL_LEVELS; level++) {
    const struct field_level_info *info = &from->type->levels[level];
    out->m[level] = info->m;
    out->u[level] = info->u;
    out->level_names[level] = bytes_from_string(info->name);
  }
}

static enum err fix_weight(const struct plan *plan, const struct job_fixed_weight *weight,
                           struct model_spec *spec, struct failure *failure) {
  const struct job *job = plan->job;
  int c = plan->comparison_of_field[weight->field];
  uint16_t nibbles = c < 0 ? 0 : plan_level_nibbles(plan->comparisons[c].type, weight->level);
  nibbles &= (uint16_t) ~(1u << PATTERN_MISSING);
  if (nibbles == 0)
    return failure_set(failure, ERR_CONFIG,
                       "%.*s:%u: match.weights.%.*s: '%.*s' is not a level whose weight can be "
                       "fixed; name a level of the field's type other than missing",
                       (int)job->path.size, job->path.data ? job->path.data : "",
                       weight->place.line, (int)job->fields[weight->field].name.size,
                       job->fields[weight->field].name.data, (int)weight->level.size,
                       weight->level.data);
  spec->comparisons[c].fixed |= nibbles;
  for (unsigned n = 0; n < MODEL_NIBBLES; n++)
    if (nibbles >> n & 1) spec->comparisons[c].fixed_weight[n] = weight->weight;
  return ERR_OK;
}

enum err model_spec_make(const struct plan *plan, struct model_spec *spec,
                         struct failure *failure) {
  const struct job *job = plan->job;
  *spec = (struct model_spec){.comparison_count = plan->comparison_count,
                              .rule_count = plan->blocking_count,
                              .name_comparison = (int8_t)plan->name_comparison,
                              .has_accept = job->has_accept,
                              .has_review = job->has_review,
                              .accept_weight = job->accept_weight,
                              .review_weight = job->review_weight};
  for (uint32_t c = 0; c < plan->comparison_count; c++)
    describe_comparison(plan, c, &spec->comparisons[c]);
  for (uint32_t r = 0; r < plan->blocking_count; r++) {
    const struct plan_blocking_rule *rule = &plan->blocking[r];
    spec->rules[r] =
        (struct model_rule){.comparisons = rule->comparisons, .is_identifier = rule->is_identifier};
    for (unsigned i = 0; i < rule->part_count; i++)
      if (rule->parts[i].part == 0)
        spec->rules[r].exact |= (uint16_t)(1u << rule->parts[i].comparison);
  }
  for (uint32_t i = 0; i < job->fixed_weight_count; i++) {
    enum err code = fix_weight(plan, &job->fixed_weights[i], spec, failure);
    if (code) return code;
  }
  return ERR_OK;
}
