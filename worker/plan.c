#include "worker/plan.h"

#include "common/check.h"
#include "common/field_model.h"
#include "common/hash.h"
#include "common/name_choice.h"
#include "worker/blocking_defaults.h"
#include "worker/pattern.h"

enum {
  ROW_ALIGNMENT = 8,
  RULE_BITS = 4,
  ALL_NIBBLES = 0xFFFF,
  EXACT_NIBBLES = 0xFF00,
  IDENTIFIER_CAP_MIN = 500, /* a loyal customer has many records */
};

/* Names of exact agreement's classes in match rules, by nibble - 8 (worker/pattern.h). */
static const char *const class_names[] = {"exclusive", "family", "shared", "hub", "recycled"};
static const char at_least[] = "at least ";

static enum err mistake(const struct job *job, struct job_place place, struct failure *failure,
                        const char *where, struct bytes name, struct buffer *words) {
  enum err code = failure_set(failure, ERR_CONFIG, "%.*s:%u: %s%.*s: %s", (int)job->path.size,
                              job->path.data ? job->path.data : "", place.line, where,
                              (int)name.size, name.data ? name.data : "", buffer_string(words));
  buffer_release(words);
  return code;
}

static const char *field_name(const struct job *job, unsigned field) {
  return job->fields[field].name.data; /* NUL behind every name of a job's arena */
}

/* How much a field helps to tell people apart: what decides when there are more than can be
 * compared. */
static int usefulness(const struct job *job, unsigned field) {
  static const int by_type[FIELD_TYPE_COUNT] = {
      [FIELD_TYPE_ID_CARD] = 100, [FIELD_TYPE_USCC] = 98,     [FIELD_TYPE_PHONE] = 96,
      [FIELD_TYPE_EMAIL] = 92,    [FIELD_TYPE_ACCOUNT] = 90,  [FIELD_TYPE_PERSON_NAME] = 88,
      [FIELD_TYPE_DATE] = 84,     [FIELD_TYPE_COMPANY] = 80,  [FIELD_TYPE_ADDRESS] = 76,
      [FIELD_TYPE_TEXT] = 40,     [FIELD_TYPE_CATEGORY] = 30, [FIELD_TYPE_AMOUNT] = 20,
  };
  const struct job_field *f = &job->fields[field];
  int score = by_type[f->type];
  if (f->options.code_table == CODE_GENDER) score = 60;
  if (f->type == FIELD_TYPE_PERSON_NAME && f->options.name_part >= NAME_NICKNAME) score = 35;
  for (uint32_t r = 0; r < job->blocking_count; r++) {
    const struct job_blocking_rule *rule = &job->blocking[r];
    for (uint32_t i = 0; i < rule->part_count; i++) score += 1000 * (rule->parts[i].field == field);
    for (uint32_t i = 0; i < rule->refine_count; i++)
      score += 1000 * (rule->refine[i].field == field);
  }
  for (uint32_t r = 0; r < job->match_rule_count; r++) {
    for (uint32_t i = 0; i < job->match_rules[r].condition_count; i++)
      score += 1000 * (job->match_rules[r].conditions[i].field == field);
  }
  for (uint32_t i = 0; i < job->identifier_count; i++)
    score += 1000 * (job->identifiers[i].field == field);
  return score;
}

/* A date says when somebody was born unless it has a role or is only carried along; a field of the
 * standard model that does is one whatever the job uses it for. */
static bool is_birth_date(const struct job_field *field) {
  if (field->type != FIELD_TYPE_DATE || field->role != ROLE_NONE) return false;
  const struct field_model *model = field_model_find_heading(field->name);
  bool model_says = model && model->type == FIELD_TYPE_DATE && model->role == ROLE_NONE &&
                    model->use == USE_MATCH;
  return model_says || field->use == USE_MATCH;
}

/* Keeps the job's order among those that are compared. */
static void choose_comparisons(const struct job *job, struct plan *plan) {
  int scores[JOB_FIELDS_MAX];
  uint32_t wanted = 0;
  for (uint32_t f = 0; f < job->field_count; f++) {
    plan->types[f] = field_type_find(bytes_from_string(job_type_name(job->fields[f].type)));
    check(plan->types[f]);
    plan->is_personal[f] = plan->types[f]->is_personal || is_birth_date(&job->fields[f]);
    plan->comparison_of_field[f] = -1;
    bool compared = job->fields[f].use == USE_MATCH && !job->fields[f].extended &&
                    plan->types[f]->feature_size > 0;
    scores[f] = compared ? usefulness(job, f) : -1;
    wanted += compared;
  }
  for (; wanted > JOB_COMPARISONS_MAX; wanted--) {
    uint32_t worst = 0;
    for (uint32_t f = 0; f < job->field_count; f++) {
      if (scores[f] >= 0 && (scores[worst] < 0 || scores[f] <= scores[worst])) worst = f;
    }
    scores[worst] = -1;
    plan->left_out[plan->left_out_count++] = (uint16_t)worst;
  }
  uint32_t offset = sizeof(struct feature_row);
  for (uint32_t f = 0; f < job->field_count; f++) {
    if (scores[f] < 0) continue;
    const struct field_type *type = plan->types[f];
    check(type->feature_size % ROW_ALIGNMENT == 0 && type->feature_size <= FIELD_FEATURE_BYTES_MAX);
    plan->comparison_of_field[f] = (int8_t)plan->comparison_count;
    plan->comparisons[plan->comparison_count++] =
        (struct plan_comparison){type, (uint16_t)f, (uint16_t)offset, -1};
    offset += type->feature_size;
  }
  plan->marks_offset = offset;
}

/* People write them the wrong way round, so the two are compared crosswise as well. */
static void find_name_parts(const struct job *job, struct plan *plan) {
  unsigned given = 0, family = 0;
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct job_field *field = &job->fields[plan->comparisons[c].field];
    if (field->type != FIELD_TYPE_PERSON_NAME) continue;
    if (field->options.name_part == NAME_GIVEN) given++, plan->given_comparison = (uint8_t)c;
    if (field->options.name_part == NAME_FAMILY) family++, plan->family_comparison = (uint8_t)c;
  }
  plan->has_name_parts = given == 1 && family == 1;
}

/* What sharing of identifiers is judged by: the field that names one person best. */
static int name_comparison(const struct job *job, const struct plan *plan) {
  static const enum name_part order[] = {NAME_WHOLE, NAME_GIVEN, NAME_FAMILY};
  enum field_type_id first = job->entity_is_company ? FIELD_TYPE_COMPANY : FIELD_TYPE_PERSON_NAME;
  enum field_type_id types[] = {first, FIELD_TYPE_PERSON_NAME, FIELD_TYPE_COMPANY};
  for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
    for (size_t p = 0; p < sizeof order / sizeof order[0]; p++) {
      for (uint32_t c = 0; c < plan->comparison_count; c++) {
        const struct job_field *field = &job->fields[plan->comparisons[c].field];
        if (field->type == types[t] && field->options.name_part == order[p]) return (int)c;
      }
    }
  }
  return -1;
}

static enum err not_compared(const struct job *job, const struct plan *plan, unsigned field,
                             struct job_place place, struct failure *failure, const char *where,
                             struct bytes name) {
  struct buffer words = {0};
  buffer_printf(&words, "field '%s' is not compared: ", field_name(job, field));
  if (plan->types[field]->feature_size == 0)
    buffer_printf(&words, "type %s has nothing to compare", plan->types[field]->name);
  else if (job->fields[field].extended)
    buffer_append_string(&words, "its tier is extended");
  else if (job->fields[field].use != USE_MATCH)
    buffer_append_string(&words, "its use is attribute; say use: match");
  else
    buffer_printf(&words, "rules name more than %d fields", JOB_COMPARISONS_MAX);
  return mistake(job, place, failure, where, name, &words);
}

static enum err resolve_part(const struct job *job, const struct plan *plan,
                             const struct job_blocking_rule *rule, struct job_key_part from,
                             struct plan_key_part *to, struct failure *failure) {
  int comparison = plan->comparison_of_field[from.field];
  if (comparison < 0)
    return not_compared(job, plan, from.field, rule->place, failure, "blocking rule ", rule->name);
  const struct field_type *type = plan->types[from.field];
  struct name_choice choice;
  name_choice_init(&choice, from.part);
  for (unsigned p = 0; type->part_names && type->part_names[p]; p++) {
    struct bytes name = bytes_from_string(type->part_names[p]);
    if (bytes_equal(name, from.part) || (p == 0 && from.part.size == 0)) {
      *to = (struct plan_key_part){(uint8_t)comparison, (uint8_t)p};
      return ERR_OK;
    }
    name_choice_offer(&choice, name);
  }
  struct buffer words = {0};
  buffer_printf(&words, "unknown key part '%.*s' of %s (type %s), expected ", (int)from.part.size,
                from.part.data, field_name(job, from.field), type->name);
  name_choice_print(&choice, &words);
  return mistake(job, rule->place, failure, "blocking rule ", rule->name, &words);
}

static enum err resolve_blocking(const struct job *job, struct plan *plan,
                                 struct failure *failure) {
  for (uint32_t r = 0; r < job->blocking_count; r++) {
    const struct job_blocking_rule *from = &job->blocking[r];
    struct plan_blocking_rule *to = &plan->blocking[plan->blocking_count++];
    to->name = from->name;
    to->cap = from->cap;
    to->part_count = (uint8_t)from->part_count;
    to->refine_count = (uint8_t)from->refine_count;
    enum err code = ERR_OK;
    for (uint32_t i = 0; i < from->part_count && !code; i++)
      code = resolve_part(job, plan, from, from->parts[i], &to->parts[i], failure);
    for (uint32_t i = 0; i < from->refine_count && !code; i++)
      code = resolve_part(job, plan, from, from->refine[i], &to->refine[i], failure);
    if (code) return code;
  }
  return ERR_OK;
}

/* Identifiers' rules stand first: a pair is emitted by the first rule that it shares, and theirs
 * are the small blocks. */
static void finish_blocking(const struct job *job, struct plan *plan) {
  struct plan_blocking_rule sorted[JOB_BLOCKING_RULES_MAX];
  uint32_t count = 0;
  for (uint32_t r = 0; r < plan->blocking_count; r++) {
    struct plan_blocking_rule *rule = &plan->blocking[r];
    rule->comparisons = 0;
    for (unsigned i = 0; i < rule->part_count; i++)
      rule->comparisons |= (uint16_t)(1u << rule->parts[i].comparison);
    rule->is_identifier = rule->part_count == 1 && rule->parts[0].part == 0 &&
                          plan->comparisons[rule->parts[0].comparison].type->is_identifier;
    uint32_t cap = job->block_cap ? job->block_cap : BLOCK_CAP_DEFAULT;
    if (rule->is_identifier && cap < IDENTIFIER_CAP_MIN) cap = IDENTIFIER_CAP_MIN;
    if (rule->cap == 0) rule->cap = cap;
  }
  for (int identifiers = 1; identifiers >= 0; identifiers--) {
    for (uint32_t r = 0; r < plan->blocking_count; r++) {
      if (plan->blocking[r].is_identifier == (bool)identifiers) sorted[count++] = plan->blocking[r];
    }
  }
  memcpy(plan->blocking, sorted, count * sizeof sorted[0]);
  for (uint32_t r = count; r-- > 0;) {
    const struct plan_blocking_rule *rule = &plan->blocking[r];
    if (rule->is_identifier)
      plan->comparisons[rule->parts[0].comparison].identifier_rule = (int8_t)r;
  }
}

/* The nibbles that a level's name stands for, 0 = the type has no such level. */
static uint16_t level_nibbles(const struct field_type *type, struct bytes name,
                              struct name_choice *choice) {
  static const struct {
    const char *name;
    uint16_t nibbles;
  } general[] = {{"missing", 1u << FIELD_LEVEL_MISSING},
                 {"differ", 1u << FIELD_LEVEL_DIFFER},
                 {"exact", EXACT_NIBBLES}};
  uint16_t nibbles = 0;
  for (size_t i = 0; i < sizeof general / sizeof general[0]; i++) {
    struct bytes candidate = bytes_from_string(general[i].name);
    name_choice_offer(choice, candidate);
    if (bytes_equal(name, candidate)) nibbles = general[i].nibbles;
  }
  for (unsigned level = FIELD_LEVEL_DIFFER; level <= FIELD_LEVEL_EXACT; level++) {
    struct bytes candidate = bytes_from_string(type->levels[level].name);
    if (candidate.size == 0) continue;
    if (level > FIELD_LEVEL_DIFFER && level < FIELD_LEVEL_EXACT)
      name_choice_offer(choice, candidate);
    if (bytes_equal(name, candidate))
      nibbles = level == FIELD_LEVEL_EXACT ? EXACT_NIBBLES : (uint16_t)(1u << level);
  }
  for (unsigned i = 0; type->is_identifier && i < sizeof class_names / sizeof class_names[0]; i++) {
    if (i == PATTERN_BUCKET_RECYCLED && !type->is_reissued) continue;
    struct bytes candidate = bytes_from_string(class_names[i]);
    name_choice_offer(choice, candidate);
    if (bytes_equal(name, candidate)) nibbles = (uint16_t)(1u << (FIELD_LEVEL_EXACT + i));
  }
  return nibbles;
}

uint16_t plan_level_nibbles(const struct field_type *type, struct bytes name) {
  struct name_choice choice;
  name_choice_init(&choice, name);
  return level_nibbles(type, name, &choice);
}

/* "same pinyin", or "at least same pinyin": that level and all above it. */
static uint16_t accepted_nibbles(const struct field_type *type, struct bytes name,
                                 struct name_choice *choice) {
  struct bytes prefix = BYTES(at_least);
  bool or_more = bytes_starts_with(name, prefix);
  if (or_more) name = bytes_of(name.data + prefix.size, name.size - prefix.size);
  name_choice_init(choice, name);
  uint16_t nibbles = level_nibbles(type, name, choice);
  if (or_more && nibbles) nibbles |= (uint16_t)(ALL_NIBBLES & ~((nibbles & -nibbles) - 1));
  return nibbles;
}

static enum err unknown_level(const struct job *job, unsigned field, struct bytes level,
                              struct job_place place, const struct name_choice *choice,
                              const char *where, struct bytes name, struct failure *failure) {
  struct buffer words = {0};
  buffer_printf(&words, "unknown level '%.*s' of %s, expected ", (int)level.size, level.data,
                field_name(job, field));
  name_choice_print(choice, &words);
  return mistake(job, place, failure, where, name, &words);
}

static enum err resolve_match_rules(struct job *job, struct plan *plan, struct failure *failure) {
  plan->match_rule_count = job->match_rule_count;
  plan->match_rules =
      arena_alloc_zeroed(&job->arena, (job->match_rule_count + 1) * sizeof plan->match_rules[0]);
  for (uint32_t r = 0; r < job->match_rule_count; r++) {
    const struct job_match_rule *from = &job->match_rules[r];
    struct plan_match_rule *to = &plan->match_rules[r];
    to->id = from->id;
    to->action = from->action;
    for (unsigned c = 0; c < JOB_COMPARISONS_MAX; c++) to->accepted[c] = ALL_NIBBLES;
    for (uint32_t i = 0; i < from->condition_count; i++) {
      const struct job_match_condition *condition = &from->conditions[i];
      int comparison = plan->comparison_of_field[condition->field];
      if (comparison < 0)
        return not_compared(job, plan, condition->field, from->place, failure, "match rule ",
                            from->id);
      uint16_t accepted = 0;
      for (uint32_t k = 0; k < condition->level_count; k++) {
        struct name_choice choice;
        uint16_t nibbles =
            accepted_nibbles(plan->types[condition->field], condition->levels[k], &choice);
        if (nibbles == 0)
          return unknown_level(job, condition->field, condition->levels[k], from->place, &choice,
                               "match rule ", from->id, failure);
        accepted |= nibbles;
      }
      to->accepted[comparison] &= accepted;
    }
  }
  return ERR_OK;
}

/* Weights are applied where the model is made; a wrong name is told here, at its place. */
static enum err check_fixed_weights(const struct job *job, const struct plan *plan,
                                    struct failure *failure) {
  for (uint32_t i = 0; i < job->fixed_weight_count; i++) {
    const struct job_fixed_weight *weight = &job->fixed_weights[i];
    struct bytes name = job->fields[weight->field].name;
    if (plan->comparison_of_field[weight->field] < 0)
      return not_compared(job, plan, weight->field, weight->place, failure, "match.weights.", name);
    struct name_choice choice;
    name_choice_init(&choice, weight->level);
    uint16_t nibbles = level_nibbles(plan->types[weight->field], weight->level, &choice);
    if (nibbles == 0)
      return unknown_level(job, weight->field, weight->level, weight->place, &choice,
                           "match.weights.", name, failure);
  }
  return ERR_OK;
}

static enum err check_identifiers(const struct job *job, const struct plan *plan,
                                  struct failure *failure) {
  for (uint32_t i = 0; i < job->identifier_count; i++) {
    const struct job_identifier *identifier = &job->identifiers[i];
    if (plan->comparison_of_field[identifier->field] < 0)
      return not_compared(job, plan, identifier->field, identifier->place, failure,
                          "match.identifiers.", job->fields[identifier->field].name);
  }
  return ERR_OK;
}

void plan_lay_out_marks(struct plan *plan) {
  size_t size = sizeof(struct row_marks) + plan->blocking_count * sizeof(uint32_t);
  plan->row_bytes =
      plan->marks_offset + (uint32_t)((size + ROW_ALIGNMENT - 1) / ROW_ALIGNMENT * ROW_ALIGNMENT);
}

enum err plan_make(struct job *job, struct plan *plan, struct failure *failure) {
  *plan = (struct plan){.job = job, .name_comparison = -1};
  choose_comparisons(job, plan);
  plan->name_comparison = name_comparison(job, plan);
  find_name_parts(job, plan);
  enum err code = resolve_match_rules(job, plan, failure);
  if (!code && job->blocking_count) code = resolve_blocking(job, plan, failure);
  if (code) return code;
  blocking_defaults_make(plan, &job->arena);
  finish_blocking(job, plan);
  plan_lay_out_marks(plan);
  code = check_fixed_weights(job, plan, failure);
  return code ? code : check_identifiers(job, plan, failure);
}

static uint64_t part_hash(const struct plan *plan, struct plan_key_part part,
                          const struct feature_row *row) {
  const struct field_type *type = plan->comparisons[part.comparison].type;
  return type->key_part(plan_feature(plan, row, part.comparison), part.part);
}

uint64_t plan_key(const struct plan *plan, unsigned rule, const struct feature_row *row) {
  const struct plan_blocking_rule *blocking = &plan->blocking[rule];
  uint64_t key = rule + 1;
  for (unsigned i = 0; i < blocking->part_count; i++) {
    uint64_t hash = part_hash(plan, blocking->parts[i], row);
    if (hash == 0) return 0;
    key = hash_join(key, hash);
  }
  key &= ~(uint64_t)((1 << RULE_BITS) - 1);
  if (key == 0) key = (uint64_t)1 << RULE_BITS; /* rule 0's key must not read as "none" */
  return key | rule;
}

uint64_t plan_refine_part(const struct plan *plan, unsigned rule, unsigned depth,
                          const struct feature_row *row) {
  const struct plan_blocking_rule *blocking = &plan->blocking[rule];
  check(depth < blocking->refine_count);
  return part_hash(plan, blocking->refine[depth], row);
}
