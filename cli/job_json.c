#include "cli/job_json.h"

#include "common/calendar.h"
#include "common/job_sections.h"

static const char *choice_name(const struct schema_key *keys, const char *key, int value) {
  while (keys->name && strcmp(keys->name, key) != 0) keys++;
  const struct schema_choice *choice = keys->choices;
  while (choice && choice->name && choice->value != value) choice++;
  return choice ? choice->name : NULL;
}

void plan_print_part(const struct plan *plan, struct plan_key_part part, struct buffer *out) {
  const struct plan_comparison *comparison = &plan->comparisons[part.comparison];
  buffer_append_bytes(out, plan->job->fields[comparison->field].name);
  if (part.part) buffer_printf(out, ".%s", comparison->type->part_names[part.part]);
}

static void write_parts(const struct plan *plan, struct json_writer *w, const char *key,
                        const struct plan_key_part *parts, uint32_t count) {
  json_key(w, key);
  json_array_begin(w);
  for (uint32_t i = 0; i < count; i++) {
    struct buffer name = {0};
    plan_print_part(plan, parts[i], &name);
    json_bytes(w, buffer_bytes(&name));
    buffer_release(&name);
  }
  json_array_end(w);
}

static void write_fields(const struct plan *plan, struct json_writer *w) {
  const struct job *job = plan->job;
  json_key(w, "fields");
  json_array_begin(w);
  for (uint32_t f = 0; f < job->field_count; f++) {
    const struct job_field *field = &job->fields[f];
    char mask[24];
    enum survivorship rule =
        field->survivorship ? field->survivorship : plan->types[f]->survivorship;
    json_object_begin(w);
    json_key(w, "name"), json_bytes(w, field->name);
    json_key(w, "type"), json_string(w, job_type_name(field->type));
    json_key(w, "role"), json_string(w, choice_name(job_field_keys, "role", (int)field->role));
    json_key(w, "compared"), json_bool(w, plan->comparison_of_field[f] >= 0);
    json_key(w, "survivorship");
    json_string(w, choice_name(job_field_keys, "survivorship", (int)rule));
    json_key(w, "multi"), json_bool(w, field->multi);
    json_key(w, "required"), json_bool(w, field->required);
    json_key(w, "mask"), json_string(w, job_mask_name(field, mask));
    json_key(w, "line"), json_u64(w, field->place.line);
    json_object_end(w);
  }
  json_array_end(w);
}

static void write_source(const struct job *job, const struct job_source *source,
                         struct json_writer *w) {
  json_object_begin(w);
  json_key(w, "id"), json_bytes(w, source->id);
  json_key(w, "files");
  json_array_begin(w);
  for (uint32_t i = 0; i < source->path_count; i++) json_bytes(w, source->paths[i]);
  json_array_end(w);
  json_key(w, "trust"), json_i64(w, source->trust);
  json_key(w, "event"), json_string(w, choice_name(job_source_keys, "event", (int)source->event));
  json_key(w, "key");
  json_array_begin(w);
  for (uint32_t i = 0; i < source->key_count; i++) json_bytes(w, source->key[i]);
  json_array_end(w);
  json_key(w, "map");
  json_object_begin(w);
  for (uint32_t c = 0; c < source->column_count; c++) {
    json_key_bytes(w, source->columns[c].name);
    json_bytes(w, job->fields[source->columns[c].field].name);
  }
  json_object_end(w);
  json_key(w, "const");
  json_object_begin(w);
  for (uint32_t k = 0; k < source->constant_count; k++) {
    json_key_bytes(w, job->fields[source->constants[k].field].name);
    json_bytes(w, source->constants[k].value);
  }
  json_object_end(w);
  json_object_end(w);
}

static void write_blocking(const struct plan *plan, struct json_writer *w) {
  json_key(w, "blocking");
  json_array_begin(w);
  for (uint32_t r = 0; r < plan->blocking_count; r++) {
    const struct plan_blocking_rule *rule = &plan->blocking[r];
    json_object_begin(w);
    json_key(w, "name"), json_bytes(w, rule->name);
    json_key(w, "identifier"), json_bool(w, rule->is_identifier);
    json_key(w, "for_match_rule"), json_bool(w, rule->for_match_rule);
    json_key(w, "cap"), json_u64(w, rule->cap);
    write_parts(plan, w, "keys", rule->parts, rule->part_count);
    write_parts(plan, w, "refine", rule->refine, rule->refine_count);
    json_object_end(w);
  }
  json_array_end(w);
}

static void write_rules(const struct plan *plan, struct json_writer *w) {
  const struct job *job = plan->job;
  json_key(w, "match_rules");
  json_array_begin(w);
  for (uint32_t r = 0; r < job->match_rule_count; r++) {
    json_object_begin(w);
    json_key(w, "id"), json_bytes(w, job->match_rules[r].id);
    json_key(w, "then");
    json_string(w, choice_name(job_match_rule_keys, "then", (int)job->match_rules[r].action));
    json_key(w, "has_block"), json_bool(w, plan->match_rules[r].has_block);
    json_object_end(w);
  }
  json_array_end(w);
  json_key(w, "quality_rules");
  json_array_begin(w);
  for (uint32_t r = 0; r < job->quality_rule_count; r++) {
    const struct job_quality_rule *rule = &job->quality_rules[r];
    json_object_begin(w);
    json_key(w, "id"), json_bytes(w, rule->id);
    json_key(w, "when"), json_bytes(w, rule->when);
    json_key(w, "action");
    json_string(w, choice_name(job_quality_rule_keys, "action", (int)rule->action));
    json_object_end(w);
  }
  json_array_end(w);
}

static void write_day(struct json_writer *w, int32_t day) {
  if (day == JOB_AS_OF_DATA) {
    json_null(w);
    return;
  }
  struct buffer text = {0};
  struct calendar_date date = calendar_date_of(day);
  buffer_printf(&text, "%04d-%02d-%02d", date.year, date.month, date.day);
  json_bytes(w, buffer_bytes(&text));
  buffer_release(&text);
}

void job_json(const struct plan *plan, struct json_writer *w) {
  const struct job *job = plan->job;
  json_object_begin(w);
  json_key(w, "name"), json_bytes(w, job->name);
  json_key(w, "entity"), json_string(w, job->entity_is_company ? "company" : "person");
  json_key(w, "as_of"), write_day(w, job->as_of_day);
  write_fields(plan, w);
  json_key(w, "sources");
  json_array_begin(w);
  for (uint32_t s = 0; s < job->source_count; s++) write_source(job, &job->sources[s], w);
  json_array_end(w);
  json_key(w, "blocking_is_derived"), json_bool(w, job->blocking_count == 0);
  write_blocking(plan, w);
  write_rules(plan, w);
  json_key(w, "left_out");
  json_array_begin(w);
  for (uint32_t i = 0; i < plan->left_out_count; i++)
    json_bytes(w, job->fields[plan->left_out[i]].name);
  json_array_end(w);
  json_object_end(w);
}
