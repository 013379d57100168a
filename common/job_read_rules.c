#include "common/job_read.h"

#include "common/decimal.h"
#include "common/job_sections.h"
#include "common/text.h"

static struct job_place place_of(const struct yaml_node *node) {
  return (struct job_place){node->line, node->column};
}

/* Room for the items of a list of at most max; *items is NULL where there are none. */
static enum err expect_list(struct schema_reader *reader, const struct schema_path *path,
                            const struct yaml_node *node, uint32_t max, size_t item_size,
                            void **items) {
  enum err code = schema_expect(reader, path, node, YAML_LIST, "a list");
  if (!code && node->count > max)
    code =
        schema_mistake(reader, node, path, "found %u items, expected at most %u", node->count, max);
  if (!code && node->count)
    *items = arena_alloc_zeroed(&reader->job->arena, node->count * item_size);
  return code;
}

/* ---- blocking ---- */

/* 客户姓名.pinyin: the field, and one aspect of it. */
static enum err read_key_part(struct schema_reader *reader, const struct schema_path *path,
                              const struct yaml_node *node, struct job_key_part *part) {
  enum err code = schema_expect(reader, path, node, YAML_SCALAR, "a field, or field.part");
  struct bytes name;
  if (!code) code = schema_read_name(reader, path, node, 2 * JOB_NAME_BYTES_MAX, &name);
  if (code) return code;
  const char *dot = name.size ? memchr(name.data, '.', name.size) : NULL;
  if (dot) {
    name.size = (size_t)(dot - name.data);
    struct bytes aspect = bytes_of(dot + 1, node->text.size - name.size - 1);
    if (aspect.size == 0)
      return schema_mistake(reader, node, path,
                            "found nothing behind the dot, expected a key part");
    part->part = arena_copy(&reader->job->arena, aspect);
  }
  return job_read_field(reader, path, node, name, &part->field);
}

JOB_READ(job_read_key_parts) {
  enum err code = schema_expect(reader, path, node, YAML_LIST, "a list of key parts");
  if (!code && (node->count == 0 || node->count > JOB_KEY_PARTS_MAX))
    code = schema_mistake(reader, node, path, "found %u key parts, expected 1 to %d", node->count,
                          JOB_KEY_PARTS_MAX);
  if (code) return code;
  struct job_key_part *parts = (void *)((char *)section + key->offset);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .index = i};
    code = read_key_part(reader, &at, node->items[i], &parts[i]);
  }
  *(uint32_t *)(void *)((char *)section + key->count_offset) = node->count;
  return code;
}

/* A rule without a name is called by its parts, as far as a name goes. */
static struct bytes rule_name(struct job *job, const struct job_blocking_rule *rule) {
  struct buffer name = {0};
  for (uint32_t i = 0; i < rule->part_count; i++) {
    if (i) buffer_append_string(&name, " + ");
    buffer_append_bytes(&name, job->fields[rule->parts[i].field].name);
    if (rule->parts[i].part.size) buffer_printf(&name, ".%s", rule->parts[i].part.data);
  }
  struct bytes copy = arena_copy(&job->arena, text_cut(buffer_bytes(&name), JOB_NAME_BYTES_MAX));
  buffer_release(&name);
  return copy;
}

/* [a, b.part], or {name: …, keys: [a, b.part], refine: [c], cap: 100}. */
JOB_READ(job_read_blocking_rules) {
  (void)key;
  struct job *job = section;
  enum err code = expect_list(reader, path, node, JOB_BLOCKING_RULES_MAX, sizeof *job->blocking,
                              (void **)&job->blocking);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    const struct yaml_node *item = node->items[i];
    struct schema_path at = {path, .index = i};
    struct job_blocking_rule *rule = &job->blocking[i];
    rule->place = place_of(item);
    static const struct schema_key parts_alone = {
        .offset = offsetof(struct job_blocking_rule, parts),
        .count_offset = offsetof(struct job_blocking_rule, part_count)};
    if (item->kind == YAML_LIST)
      code = job_read_key_parts(reader, &at, item, &parts_alone, rule);
    else
      code = schema_read(reader, &at, item, job_blocking_rule_keys, 0, rule);
    if (!code && rule->name.size == 0) rule->name = rule_name(job, rule);
    job->blocking_count = i + 1;
  }
  return code;
}

JOB_READ(job_read_blocking) {
  (void)key;
  return schema_read(reader, path, node, job_blocking_keys, 0, section);
}

/* ---- match ---- */

JOB_READ(job_read_match) {
  (void)key;
  return schema_read(reader, path, node, job_match_keys, 0, section);
}

static enum err read_levels(struct schema_reader *reader, const struct schema_path *path,
                            const struct yaml_node *node, struct job_match_condition *condition) {
  if (node->kind == YAML_MAP)
    return schema_expect(reader, path, node, YAML_LIST, "a level or a list of levels");
  uint32_t count = node->kind == YAML_LIST ? node->count : 1;
  if (count == 0 || count > JOB_LEVELS_MAX)
    return schema_mistake(reader, node, path, "found %u levels, expected 1 to %d", count,
                          JOB_LEVELS_MAX);
  struct bytes *levels = arena_alloc(&reader->job->arena, count * sizeof *levels);
  enum err code = ERR_OK;
  for (uint32_t i = 0; i < count && !code; i++) {
    struct schema_path at = {path, .index = i};
    const struct yaml_node *item = node->kind == YAML_LIST ? node->items[i] : node;
    code = schema_read_name(reader, node->kind == YAML_LIST ? &at : path, item, JOB_NAME_BYTES_MAX,
                            &levels[i]);
  }
  condition->levels = levels;
  condition->level_count = count;
  return code;
}

JOB_READ(job_read_conditions) {
  (void)key;
  struct job_match_rule *rule = section;
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map from fields to levels");
  if (!code && (node->count == 0 || node->count > JOB_COMPARISONS_MAX))
    code = schema_mistake(reader, node, path, "found %u conditions, expected 1 to %d", node->count,
                          JOB_COMPARISONS_MAX);
  if (code) return code;
  struct job_match_condition *conditions =
      arena_alloc_zeroed(&reader->job->arena, node->count * sizeof *conditions);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .key = node->keys[i]->text};
    code = job_read_field(reader, path, node->keys[i], node->keys[i]->text, &conditions[i].field);
    if (!code) code = read_levels(reader, &at, node->items[i], &conditions[i]);
  }
  rule->conditions = conditions;
  rule->condition_count = node->count;
  return code;
}

JOB_READ(job_read_match_rules) {
  (void)key;
  struct job *job = section;
  enum err code = expect_list(reader, path, node, JOB_MATCH_RULES_MAX, sizeof *job->match_rules,
                              (void **)&job->match_rules);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .index = i};
    struct job_match_rule *rule = &job->match_rules[i];
    rule->place = place_of(node->items[i]);
    code = schema_read(reader, &at, node->items[i], job_match_rule_keys, 0, rule);
    for (uint32_t k = 0; k < i && !code; k++)
      code = job_refuse_twice(reader, &at, node->items[i], rule->id, job->match_rules[k].id,
                              job->match_rules[k].place.line);
    job->match_rule_count = i + 1;
  }
  return code;
}

static enum err read_weight(struct schema_reader *reader, const struct schema_path *path,
                            const struct yaml_node *node, struct job_fixed_weight *weight) {
  enum { BITS_MAX = 100 };
  int64_t value = 0;
  if (node->kind == YAML_SCALAR && decimal_parse(node->text, 1024, &value) &&
      value >= -BITS_MAX * 1024 && value <= BITS_MAX * 1024) {
    weight->weight = (int32_t)value;
    return ERR_OK;
  }
  char found[YAML_DESCRIPTION_BYTES];
  return schema_mistake(reader, node, path, "found %s, expected bits from %d to %d",
                        yaml_node_describe(node, found), -BITS_MAX, BITS_MAX);
}

/* {field: {level: bits}} */
JOB_READ(job_read_weights) {
  (void)key;
  struct job *job = section;
  uint32_t total = 0;
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map of field names");
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .key = node->keys[i]->text};
    code = schema_expect(reader, &at, node->items[i], YAML_MAP, "a map from levels to bits");
    total += node->items[i]->count;
  }
  if (code || total == 0) return code;
  job->fixed_weights = arena_alloc_zeroed(&job->arena, total * sizeof *job->fixed_weights);
  for (uint32_t i = 0; i < node->count; i++) {
    uint16_t field;
    struct schema_path of_field = {path, .key = node->keys[i]->text};
    code = job_read_field(reader, path, node->keys[i], node->keys[i]->text, &field);
    const struct yaml_node *levels = node->items[i];
    for (uint32_t k = 0; k < levels->count && !code; k++) {
      struct schema_path at = {&of_field, .key = levels->keys[k]->text};
      struct job_fixed_weight *weight = &job->fixed_weights[job->fixed_weight_count++];
      weight->field = field;
      weight->place = place_of(levels->keys[k]);
      code = schema_read_name(reader, &at, levels->keys[k], JOB_NAME_BYTES_MAX, &weight->level);
      if (!code) code = read_weight(reader, &at, levels->items[k], weight);
    }
    if (code) return code;
  }
  return code;
}

/* {field: {single: true, cap: 3}} */
JOB_READ(job_read_identifiers) {
  (void)key;
  struct job *job = section;
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map of field names");
  if (!code && node->count > JOB_COMPARISONS_MAX)
    code = schema_mistake(reader, node, path, "found %u fields, expected at most %d", node->count,
                          JOB_COMPARISONS_MAX);
  if (code || node->count == 0) return code;
  job->identifiers = arena_alloc_zeroed(&job->arena, node->count * sizeof *job->identifiers);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .key = node->keys[i]->text};
    struct job_identifier *identifier = &job->identifiers[job->identifier_count++];
    identifier->single = -1;
    identifier->place = place_of(node->keys[i]);
    code = job_read_field(reader, path, node->keys[i], node->keys[i]->text, &identifier->field);
    if (!code) code = schema_read(reader, &at, node->items[i], job_identifier_keys, 0, identifier);
  }
  return code;
}

JOB_READ(job_read_thresholds) {
  (void)key;
  struct job *job = section;
  enum err code = schema_read(reader, path, node, job_threshold_keys, 0, section);
  if (!code && job->has_accept && job->has_review && job->review_weight > job->accept_weight)
    code = schema_mistake(reader, node, path,
                          "review is above accept; pairs between the two are "
                          "reviewed, so it must be at most accept");
  return code;
}

/* ---- quality ---- */

JOB_READ(job_read_quality) {
  (void)key;
  return schema_read(reader, path, node, job_quality_keys, 0, section);
}

JOB_READ(job_read_field_name) {
  uint16_t field;
  enum err code = schema_expect(reader, path, node, YAML_SCALAR, "the name of a field");
  if (!code) code = job_read_field(reader, path, node, node->text, &field);
  if (!code)
    *(struct bytes *)(void *)((char *)section + key->offset) = reader->job->fields[field].name;
  return code;
}

JOB_READ(job_read_quality_rules) {
  (void)key;
  struct job *job = section;
  enum err code = expect_list(reader, path, node, JOB_QUALITY_RULES_MAX, sizeof *job->quality_rules,
                              (void **)&job->quality_rules);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .index = i};
    struct job_quality_rule *rule = &job->quality_rules[i];
    rule->severity = QUALITY_WARN;
    rule->place = place_of(node->items[i]);
    code = schema_read(reader, &at, node->items[i], job_quality_rule_keys, 0, rule);
    for (uint32_t k = 0; k < i && !code; k++)
      code = job_refuse_twice(reader, &at, node->items[i], rule->id, job->quality_rules[k].id,
                              job->quality_rules[k].place.line);
    job->quality_rule_count = i + 1;
  }
  return code;
}

/* ---- tags ---- */

JOB_READ(job_read_tag_section) { return schema_read(reader, path, node, key->section, 0, section); }

JOB_READ(job_read_tags) {
  (void)key;
  struct job *job = section;
  struct job_tags *tags = &job->tags;
  *tags = job_tag_defaults;
  job->has_tags = true;
  enum err code = schema_read(reader, path, node, job_tag_keys, 0, tags);
  int sum = tags->weight_money + tags->weight_frequency + tags->weight_recency +
            tags->weight_active + tags->weight_consult + tags->weight_refer;
  if (!code && sum != 100)
    code = schema_mistake(reader, node, path, "the weights add up to %d, expected 100", sum);
  if (!code && tags->band_potential > tags->band_high_value)
    code = schema_mistake(reader, node, path, "the band potential begins above high_value");
  return code;
}

/* ---- roles ---- */

JOB_READ(job_read_unmask) {
  (void)key;
  struct job_role *role = section;
  enum err code = schema_expect(reader, path, node, YAML_LIST, "a list of fields");
  if (!code && node->count > JOB_FIELDS_MAX)
    code = schema_mistake(reader, node, path, "more than %d fields", JOB_FIELDS_MAX);
  if (code) return code;
  uint16_t *fields = arena_alloc(&reader->job->arena, node->count * sizeof *fields);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .index = i};
    code = schema_expect(reader, &at, node->items[i], YAML_SCALAR, "the name of a field");
    if (!code) code = job_read_field(reader, &at, node->items[i], node->items[i]->text, &fields[i]);
  }
  role->unmasked_fields = fields;
  role->unmasked_count = node->count;
  return code;
}

JOB_READ(job_read_roles) {
  (void)key;
  struct job *job = section;
  enum err code = schema_expect(reader, path, node, YAML_MAP, "a map from roles to what they see");
  if (!code && node->count > JOB_ROLES_MAX)
    code = schema_mistake(reader, node, path, "more than %d roles", JOB_ROLES_MAX);
  if (code || node->count == 0) return code;
  job->roles = arena_alloc_zeroed(&job->arena, node->count * sizeof *job->roles);
  for (uint32_t i = 0; i < node->count && !code; i++) {
    struct schema_path at = {path, .key = node->keys[i]->text};
    struct job_role *role = &job->roles[job->role_count++];
    role->place = place_of(node->keys[i]);
    code = schema_read_name(reader, &at, node->keys[i], JOB_NAME_BYTES_MAX, &role->name);
    if (!code) code = schema_read(reader, &at, node->items[i], job_role_keys, 0, role);
  }
  return code;
}
