#include "worker/exports/lineage_jsonl.h"

#include "common/json_write.h"
#include "worker/golden_plan.h"

const char *lineage_origin_name(enum golden_origin origin) {
  static const char *const names[] = {[GOLDEN_NONE] = "none",
                                      [GOLDEN_CELL] = "cell",
                                      [GOLDEN_UNITED] = "united",
                                      [GOLDEN_DERIVED] = "derived"};
  return names[origin];
}

struct lineage {
  const struct export_context *context;
  const struct golden_record *golden;
  struct arena *arena;
  struct json_writer json;
};

/* What is known of where something came from: nothing for what no record said. */
static void write_origin(struct lineage *l, uint32_t member) {
  if (member >= l->golden->member_count) return;
  const struct record_view *record = &l->golden->members[member];
  char room[EXPORT_RECORD_ID_BYTES];
  json_key(&l->json, "source");
  json_bytes(&l->json, record_source_id(l->context->plan->job, record));
  json_key(&l->json, "source_record_id");
  json_bytes(&l->json, export_record_id(l->context, record, room));
}

static void write_value(struct lineage *l, uint32_t field, struct bytes value) {
  json_bytes(&l->json, export_value(l->context, field, value, l->arena));
}

static void write_parts(struct lineage *l, uint32_t field, const struct golden_value *value) {
  struct bytes rest = value->text, part;
  json_key(&l->json, "value");
  json_array_begin(&l->json);
  while (golden_next_part(&rest, &part)) write_value(l, field, part);
  json_array_end(&l->json);
  json_key(&l->json, "sources");
  json_array_begin(&l->json);
  for (uint32_t i = 0; i < value->part_count; i++) {
    json_object_begin(&l->json);
    write_origin(l, value->part_members[i]);
    json_object_end(&l->json);
  }
  json_array_end(&l->json);
}

static void write_runners_up(struct lineage *l, uint32_t field, const struct golden_value *value) {
  json_key(&l->json, "runners_up");
  json_array_begin(&l->json);
  for (uint32_t i = 0; i < value->runner_up_count; i++) {
    json_object_begin(&l->json);
    json_key(&l->json, "value");
    write_value(l, field, value->runners_up[i].text);
    write_origin(l, value->runners_up[i].member);
    json_object_end(&l->json);
  }
  json_array_end(&l->json);
}

static void write_field(struct lineage *l, const char *customer, uint32_t field) {
  const struct job *job = l->context->plan->job;
  const struct golden_value *value = &l->golden->values[field];
  json_object_begin(&l->json);
  json_key(&l->json, "customer_id");
  json_string(&l->json, customer);
  json_key(&l->json, "field");
  json_bytes(&l->json, job->fields[field].name);
  if (value->origin == GOLDEN_UNITED) {
    write_parts(l, field, value);
  } else {
    json_key(&l->json, "value");
    write_value(l, field, value->text);
    write_origin(l, value->member);
  }
  json_key(&l->json, "origin");
  json_string(&l->json, lineage_origin_name((enum golden_origin)value->origin));
  json_key(&l->json, "rule");
  json_string(&l->json, golden_rule_name((enum survivorship)value->rule));
  if (value->origin == GOLDEN_DERIVED) {
    json_key(&l->json, "derived_from");
    json_bytes(&l->json, job->fields[value->derived_from].name);
  }
  json_key(&l->json, "distinct");
  json_u64(&l->json, value->distinct_count);
  if (value->runner_up_count) write_runners_up(l, field, value);
  json_object_end(&l->json);
}

void lineage_jsonl_rows(const struct export_context *context, const struct golden_record *golden,
                        struct arena *arena, struct buffer *out) {
  char customer[32];
  customer_id_format(golden->customer_id, customer);
  for (uint32_t f = 0; f < context->plan->job->field_count; f++) {
    if (golden->values[f].origin == GOLDEN_NONE) continue;
    struct lineage l = {context, golden, arena, json_writer(out, false)};
    write_field(&l, customer, f);
    buffer_append_char(out, '\n');
  }
}
