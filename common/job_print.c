#include <stdio.h>

#include "common/calendar.h"
#include "common/check.h"
#include "common/decimal.h"
#include "common/field_model.h"
#include "common/job_sections.h"
#include "common/text.h"

/* ---- scalars ---- */

/* Text that no reader of YAML takes for anything else: letters of any script, digits and a few
 * marks inside. */
static bool is_plain(struct bytes text) {
  static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  if (text.size == 0 || text.data[text.size - 1] == ' ') return false;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strlen(words[i]) == text.size && strncasecmp(words[i], text.data, text.size) == 0)
      return false;
  }
  for (const char *at = text.data, *end = at + text.size; at < end;) {
    bool first = at == text.data;
    uint32_t c = text_decode(&at, end);
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                  (c > 0xA0 && c != 0x3000 && text_is_printable(c));
    bool inner = (c >= '0' && c <= '9') || (c < 0x80 && c != 0 && strchr(" ./()+-*", (int)c));
    if (!letter && (first || !inner)) return false;
  }
  return true;
}

static void print_text(struct buffer *out, struct bytes text) {
  if (is_plain(text)) {
    buffer_append_bytes(out, text);
    return;
  }
  buffer_append_char(out, '"');
  for (const char *at = text.data, *end = at + text.size; at < end;) {
    const char *start = at;
    uint32_t c = text_decode(&at, end);
    if (c == '"' || c == '\\')
      buffer_printf(out, "\\%c", (int)c);
    else if (text_is_printable(c))
      buffer_append(out, start, (size_t)(at - start));
    else
      buffer_printf(out, "\\U%08X", c);
  }
  buffer_append_char(out, '"');
}

static void print_day(struct buffer *out, int32_t day) {
  if (day == JOB_AS_OF_DATA) {
    buffer_append_string(out, "data");
    return;
  }
  struct calendar_date date = calendar_date_of(day);
  buffer_printf(out, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static void print_offset(struct buffer *out, int64_t minutes) {
  int64_t size = minutes < 0 ? -minutes : minutes;
  buffer_printf(out, "\"%c%02lld:%02lld\"", minutes < 0 ? '-' : '+', (long long)(size / 60),
                (long long)(size % 60));
}

static const char *choice_name(const struct schema_choice *choices, int64_t value) {
  for (; choices->name; choices++) {
    if (choices->value == value) return choices->name;
  }
  check(!"a value that no key can set");
  return NULL;
}

static const struct bytes *text_at(const struct schema_key *key, const void *section) {
  return (const struct bytes *)(const void *)((const char *)section + key->offset);
}

static void print_texts(struct buffer *out, const struct bytes *texts, uint32_t count) {
  buffer_append_char(out, '[');
  for (uint32_t i = 0; i < count; i++) {
    if (i) buffer_append_string(out, ", ");
    print_text(out, texts[i]);
  }
  buffer_append_char(out, ']');
}

static uint32_t count_at(const struct schema_key *key, const void *section) {
  return *(const uint32_t *)(const void *)((const char *)section + key->count_offset);
}

static void print_value(struct buffer *out, const struct schema_key *key, const void *section) {
  switch (key->kind) {
    case SCHEMA_TEXT:
      print_text(out, *text_at(key, section));
      return;
    case SCHEMA_TEXTS:
      print_texts(out, *(const struct bytes *const *)(const void *)text_at(key, section),
                  count_at(key, section));
      return;
    case SCHEMA_INTEGER:
      decimal_print(out, schema_get(key, section), 1);
      return;
    case SCHEMA_DECIMAL:
      decimal_print(out, schema_get(key, section), key->scale);
      return;
    case SCHEMA_FLAG:
      buffer_append_string(out, schema_get(key, section) ? "true" : "false");
      return;
    case SCHEMA_CHOICE:
      buffer_append_string(out, choice_name(key->choices, schema_get(key, section)));
      return;
    case SCHEMA_DAY:
      print_day(out, (int32_t)schema_get(key, section));
      return;
    case SCHEMA_TIMEZONE:
      print_offset(out, schema_get(key, section));
      return;
    case SCHEMA_CHARACTER: {
      char c = (char)schema_get(key, section);
      if (c == '\t')
        buffer_append_string(out, "tab");
      else
        buffer_printf(out, "\"%c\"", c);
      return;
    }
    case SCHEMA_SECTION:
      return;
  }
}

static bool is_same(const struct schema_key *key, const void *a, const void *b) {
  switch (key->kind) {
    case SCHEMA_SECTION:
      return true;
    case SCHEMA_TEXT:
      return bytes_equal(*text_at(key, a), *text_at(key, b));
    case SCHEMA_TEXTS:
      return count_at(key, a) == 0;
    default:
      if (key->given_offset) return !*((const bool *)a + key->given_offset);
      return schema_get(key, a) == schema_get(key, b);
  }
}

/* Every plain key whose value is not that of base, each behind `before`. */
static void print_differences(struct buffer *out, const struct schema_key *keys, uint32_t types,
                              const void *section, const void *base, const char *before) {
  for (const struct schema_key *key = keys; key->name; key++) {
    if ((key->types && !(key->types & types)) || is_same(key, section, base)) continue;
    buffer_printf(out, "%s%s: ", before, key->name);
    print_value(out, key, section);
  }
}

/* ---- sections ---- */

static void print_aliases(struct buffer *out, const struct field_options *options,
                          const struct field_options *base) {
  if (options->alias_count == 0 || options->aliases == base->aliases) return;
  buffer_append_string(out, ", aliases: {");
  for (uint32_t i = 0; i < options->alias_count; i++) {
    if (i) buffer_append_string(out, ", ");
    print_text(out, options->aliases[i].from);
    buffer_append_string(out, ": ");
    print_text(out, options->aliases[i].to);
  }
  buffer_append_char(out, '}');
}

static void print_field(const struct job *job, struct buffer *out, const struct job_field *field) {
  struct job_field base = {.options.timezone_minutes = job->timezone_minutes}, plain = base;
  field_model_apply(field_model_find_heading(field->name), field->name, field->type, &base);
  plain.use = (enum field_use) - 1; /* is always said */
  buffer_append_string(out, "  ");
  print_text(out, field->name);
  buffer_printf(out, ": {type: %s", job_type_name(field->type));
  /* What the model brings is printed too; what it brings and the job takes away must be. */
  for (const struct schema_key *key = job_field_keys; key->name; key++) {
    bool applies = key->types == 0 || (key->types & 1u << field->type);
    if (!applies || (is_same(key, field, &base) && is_same(key, field, &plain))) continue;
    buffer_printf(out, ", %s: ", key->name);
    print_value(out, key, field);
  }
  char mask[24];
  if (field->mask != MASK_DEFAULT) buffer_printf(out, ", mask: \"%s\"", job_mask_name(field, mask));
  print_aliases(out, &field->options, &base.options);
  buffer_append_string(out, "}\n");
}

static void print_fields(const struct job *job, struct buffer *out) {
  if (job->field_count == 0) return;
  buffer_append_string(out, "fields:\n");
  for (uint32_t f = 0; f < job->field_count; f++) print_field(job, out, &job->fields[f]);
}

static void print_note(struct buffer *out, struct bytes note, const char *before) {
  while (note.size) {
    const char *end = memchr(note.data, '\n', note.size);
    size_t size = end ? (size_t)(end - note.data) : note.size;
    buffer_printf(out, "%s# ", before);
    for (size_t i = 0; i < size; i++)
      buffer_append_char(out, (unsigned char)note.data[i] < ' ' ? ' ' : note.data[i]);
    if (end) buffer_append_char(out, '\n');
    note = end ? bytes_of(end + 1, note.size - size - 1) : BYTES_EMPTY;
  }
}

static void print_column(const struct job *job, struct buffer *out,
                         const struct job_column *column) {
  const struct job_field *field = &job->fields[column->field];
  struct job_column base = {.options = field->options};
  struct buffer options = {0};
  print_differences(&options, job_column_keys, 1u << field->type, column, &base, ", ");
  print_aliases(&options, &column->options, &field->options);
  buffer_append_string(out, "      ");
  print_text(out, column->name);
  buffer_append_string(out, options.size ? ": {to: " : ": ");
  print_text(out, field->name);
  buffer_append_bytes(out, buffer_bytes(&options));
  if (options.size) buffer_append_char(out, '}');
  if (column->note.size) print_note(out, column->note, "  ");
  buffer_append_char(out, '\n');
  buffer_release(&options);
}

static void print_source(const struct job *job, struct buffer *out,
                         const struct job_source *source) {
  struct job_source base = job_source_defaults();
  buffer_append_string(out, "  - id: ");
  print_text(out, source->id);
  base.id = source->id;
  print_differences(out, job_source_keys, 0, source, &base, "\n    ");
  buffer_append_string(out, "\n    map:\n");
  for (uint32_t c = 0; c < source->column_count; c++) print_column(job, out, &source->columns[c]);
  if (source->constant_count == 0) return;
  buffer_append_string(out, "    const:\n");
  for (uint32_t k = 0; k < source->constant_count; k++) {
    buffer_append_string(out, "      ");
    print_text(out, job->fields[source->constants[k].field].name);
    buffer_append_string(out, ": ");
    print_text(out, source->constants[k].value);
    buffer_append_char(out, '\n');
  }
}

static void print_key_parts(const struct job *job, struct buffer *out,
                            const struct job_key_part *parts, uint32_t count) {
  buffer_append_char(out, '[');
  for (uint32_t i = 0; i < count; i++) {
    struct buffer name = {0};
    buffer_append_bytes(&name, job->fields[parts[i].field].name);
    if (parts[i].part.size) {
      buffer_append_char(&name, '.');
      buffer_append_bytes(&name, parts[i].part);
    }
    if (i) buffer_append_string(out, ", ");
    print_text(out, buffer_bytes(&name));
    buffer_release(&name);
  }
  buffer_append_char(out, ']');
}

static void print_blocking(const struct job *job, struct buffer *out) {
  if (job->blocking_count == 0 && job->block_cap == 0) return;
  buffer_append_string(out, "blocking:\n");
  if (job->block_cap) buffer_printf(out, "  cap: %u\n", job->block_cap);
  if (job->blocking_count) buffer_append_string(out, "  rules:\n");
  for (uint32_t r = 0; r < job->blocking_count; r++) {
    const struct job_blocking_rule *rule = &job->blocking[r];
    buffer_append_string(out, "    - {name: ");
    print_text(out, rule->name);
    buffer_append_string(out, ", keys: ");
    print_key_parts(job, out, rule->parts, rule->part_count);
    if (rule->refine_count) {
      buffer_append_string(out, ", refine: ");
      print_key_parts(job, out, rule->refine, rule->refine_count);
    }
    if (rule->cap) buffer_printf(out, ", cap: %u", rule->cap);
    buffer_append_string(out, "}\n");
  }
}

static void print_match_rule(const struct job *job, struct buffer *out,
                             const struct job_match_rule *rule) {
  buffer_append_string(out, "    - {id: ");
  print_text(out, rule->id);
  buffer_append_string(out, ", when: {");
  for (uint32_t i = 0; i < rule->condition_count; i++) {
    const struct job_match_condition *condition = &rule->conditions[i];
    if (i) buffer_append_string(out, ", ");
    print_text(out, job->fields[condition->field].name);
    buffer_append_string(out, ": ");
    print_texts(out, condition->levels, condition->level_count);
  }
  buffer_append_char(out, '}');
  struct job_match_rule base = {.id = rule->id, .action = (enum match_action) - 1};
  print_differences(out, job_match_rule_keys, 0, rule, &base, ", ");
  buffer_append_string(out, "}\n");
}

static void print_weights(const struct job *job, struct buffer *out) {
  for (uint32_t f = 0; f < job->field_count; f++) {
    bool first = true;
    for (uint32_t i = 0; i < job->fixed_weight_count; i++) {
      const struct job_fixed_weight *weight = &job->fixed_weights[i];
      if (weight->field != f) continue;
      if (first) {
        buffer_append_string(out, "    ");
        print_text(out, job->fields[f].name);
      }
      buffer_append_string(out, first ? ": {" : ", ");
      first = false;
      print_text(out, weight->level);
      buffer_append_string(out, ": ");
      decimal_print(out, weight->weight, 1024);
    }
    if (!first) buffer_append_string(out, "}\n");
  }
}

static void print_identifiers(const struct job *job, struct buffer *out) {
  static const struct job_identifier base = {.single = -1};
  if (job->identifier_count) buffer_append_string(out, "  identifiers:\n");
  for (uint32_t i = 0; i < job->identifier_count; i++) {
    struct buffer values = {0};
    print_differences(&values, job_identifier_keys, 0, &job->identifiers[i], &base, ", ");
    buffer_append_string(out, "    ");
    print_text(out, job->fields[job->identifiers[i].field].name);
    buffer_append_string(out, ": {");
    if (values.size) buffer_append(out, values.data + 2, values.size - 2);
    buffer_append_string(out, "}\n");
    buffer_release(&values);
  }
}

static void print_match(const struct job *job, struct buffer *out) {
  struct job base;
  job_init(&base);
  struct buffer values = {0};
  print_differences(&values, job_match_keys, 0, job, &base, "\n  ");
  if (values.size || job->identifier_count || job->match_rule_count || job->fixed_weight_count) {
    buffer_append_string(out, "match:");
    buffer_append_bytes(out, buffer_bytes(&values));
    buffer_append_char(out, '\n');
  }
  print_identifiers(job, out);
  if (job->match_rule_count) buffer_append_string(out, "  rules:\n");
  for (uint32_t r = 0; r < job->match_rule_count; r++)
    print_match_rule(job, out, &job->match_rules[r]);
  if (job->fixed_weight_count) buffer_append_string(out, "  weights:\n");
  print_weights(job, out);
  buffer_release(&values);
  struct buffer thresholds = {0};
  print_differences(&thresholds, job_threshold_keys, 0, job, &base, "\n  ");
  if (thresholds.size) {
    buffer_append_string(out, "thresholds:");
    buffer_append_bytes(out, buffer_bytes(&thresholds));
    buffer_append_char(out, '\n');
  }
  buffer_release(&thresholds);
}

static void print_quality(const struct job *job, struct buffer *out) {
  if (!job->has_quarantine_null && job->quality_rule_count == 0) return;
  buffer_append_string(out, "quality:");
  print_differences(out, job_quality_keys, 0, job, job, "\n  ");
  buffer_append_char(out, '\n');
  if (job->quality_rule_count) buffer_append_string(out, "  rules:\n");
  for (uint32_t r = 0; r < job->quality_rule_count; r++) {
    const struct job_quality_rule *rule = &job->quality_rules[r];
    buffer_append_string(out, "    - {id: ");
    print_text(out, rule->id);
    struct job_quality_rule base = {.id = rule->id, .severity = QUALITY_WARN};
    print_differences(out, job_quality_rule_keys, 0, rule, &base, ", ");
    if (rule->field.size) {
      buffer_append_string(out, ", field: ");
      print_text(out, rule->field);
    }
    buffer_append_string(out, "}\n");
  }
}

static void print_tags(const struct job *job, struct buffer *out) {
  if (!job->has_tags) return;
  buffer_append_string(out, "tags:\n");
  for (const struct schema_key *key = job_tag_keys; key->name; key++) {
    buffer_printf(out, "  %s: ", key->name);
    if (key->kind != SCHEMA_SECTION) {
      print_value(out, key, &job->tags);
    } else {
      const char *before = "{";
      for (const struct schema_key *inner = key->section; inner->name; inner++) {
        buffer_printf(out, "%s%s: ", before, inner->name);
        print_value(out, inner, &job->tags);
        before = ", ";
      }
      buffer_append_char(out, '}');
    }
    buffer_append_char(out, '\n');
  }
}

static void print_roles(const struct job *job, struct buffer *out) {
  if (job->role_count) buffer_append_string(out, "roles:\n");
  for (uint32_t r = 0; r < job->role_count; r++) {
    const struct job_role *role = &job->roles[r];
    buffer_append_string(out, "  ");
    print_text(out, role->name);
    buffer_append_string(out, ": {unmask: [");
    for (uint32_t i = 0; i < role->unmasked_count; i++) {
      if (i) buffer_append_string(out, ", ");
      print_text(out, job->fields[role->unmasked_fields[i]].name);
    }
    buffer_append_string(out, "]}\n");
  }
}

void job_print(const struct job *job, struct buffer *out) {
  struct job base;
  job_init(&base);
  if (job->note.size) {
    print_note(out, job->note, "");
    buffer_append_char(out, '\n');
  }
  buffer_append_string(out, "version: 1");
  print_differences(out, job_keys, 0, job, &base, "\n");
  if (job->shards != base.shards) buffer_printf(out, "\nshards: %u", job->shards);
  buffer_append_char(out, '\n');
  print_fields(job, out);
  buffer_append_string(out, "sources:\n");
  for (uint32_t s = 0; s < job->source_count; s++) print_source(job, out, &job->sources[s]);
  print_blocking(job, out);
  print_match(job, out);
  print_quality(job, out);
  print_tags(job, out);
  print_roles(job, out);
}
