#include "cli/customer_output.h"

#include "cli/text_table.h"
#include "common/calendar.h"
#include "worker/exports/lineage_jsonl.h"
#include "worker/exports/relations_csv.h"

/* ---- for people ---- */

static struct bytes time_text(const struct open_generation *open, int64_t time_ms,
                              struct arena *arena) {
  struct buffer cell = {0};
  export_append_time(&open->exports, time_ms, &cell);
  struct bytes text =
      time_ms == INT64_MIN ? BYTES("unknown") : arena_copy(arena, buffer_bytes(&cell));
  buffer_release(&cell);
  return text;
}

static const char *weight_text(int32_t weight, struct arena *arena) {
  char room[64];
  char *end = export_put_weight(room, weight);
  return arena_printf(arena, "%.*s", (int)(end - room), room);
}

static void print_heading(const struct open_generation *open, const struct named_customer *c,
                          struct arena *arena, struct buffer *out) {
  const struct golden_record *g = c->golden;
  char id[32];
  customer_id_format(c->stored.customer_id, id);
  struct bytes first = time_text(open, g->first_seen_ms, arena);
  struct bytes updated = time_text(open, g->updated_at_ms, arena);
  buffer_printf(out, "customer %s%s, generation %llu\n", id,
                c->is_alias ? " (the id asked for is a former one of it)" : "",
                (unsigned long long)open->manifest->generation);
  buffer_printf(out, "%u record%s; first seen %.*s, updated %.*s\n", g->member_count,
                g->member_count == 1 ? "" : "s", (int)first.size, first.data, (int)updated.size,
                updated.data);
  if (g->score >= 0) {
    buffer_printf(out, "score %d %s", g->score, g->tier);
    if (g->score_reason.size)
      buffer_printf(out, " (%.*s)", (int)g->score_reason.size, g->score_reason.data);
    buffer_append_char(out, '\n');
  }
  for (uint32_t t = 0; t < g->tag_count; t++)
    buffer_printf(out, "tag %s: %.*s\n", g->tags[t].name, (int)g->tags[t].reason.size,
                  g->tags[t].reason.data);
}

/* "crm/7", "crm/7 and 2 more" for united values, "身份证号" for derived ones. */
static const char *origin_text(const struct open_generation *open, const struct golden_record *g,
                               const struct golden_value *v, struct arena *arena) {
  if (v->origin == GOLDEN_DERIVED && v->derived_from < open->job.field_count) {
    struct bytes from = open->job.fields[v->derived_from].name;
    return arena_printf(arena, "derived from %.*s", (int)from.size, from.data);
  }
  uint32_t member = v->origin == GOLDEN_UNITED && v->part_count ? v->part_members[0] : v->member;
  if (member >= g->member_count) return "";
  const char *name = open_generation_record_name(open, &g->members[member], arena);
  if (v->origin != GOLDEN_UNITED || v->part_count < 2) return name;
  return arena_printf(arena, "%s and %u more", name, v->part_count - 1);
}

static void print_fields(const struct open_generation *open, const struct golden_record *g,
                         struct arena *arena, struct buffer *out) {
  struct text_table table = {.column_count = 5};
  static const char *const headings[] = {"field", "value", "from", "rule", "other values"};
  for (int i = 0; i < 5; i++) text_table_add_string(&table, headings[i]);
  for (uint32_t f = 0; f < open->job.field_count; f++) {
    const struct golden_value *v = &g->values[f];
    bool is_missing = g->missing_fields >> f & 1;
    if (v->origin == GOLDEN_NONE && !is_missing) continue;
    text_table_add(&table, open->job.fields[f].name);
    if (v->origin == GOLDEN_NONE) {
      text_table_add_string(&table, "待完善");
      for (int i = 0; i < 3; i++) text_table_add(&table, BYTES_EMPTY);
      continue;
    }
    text_table_add(&table, open_generation_value(open, f, v->text, arena));
    text_table_add_string(&table, origin_text(open, g, v, arena));
    text_table_add_string(&table, golden_rule_name((enum survivorship)v->rule));
    struct buffer others = {0};
    for (uint32_t i = 0; i < v->runner_up_count; i++) {
      if (i) buffer_append_string(&others, "; ");
      buffer_append_bytes(&others, open_generation_value(open, f, v->runners_up[i].text, arena));
    }
    text_table_add(&table, buffer_bytes(&others));
    buffer_release(&others);
  }
  text_table_print(&table, 2, out);
  text_table_release(&table);
}

static void print_records(const struct open_generation *open, const struct named_customer *c,
                          bool with_values, struct arena *arena, struct buffer *out) {
  const struct golden_record *g = c->golden;
  const struct manifest *m = open->manifest;
  struct text_table table = {.column_count = 5};
  static const char *const headings[] = {"", "record", "link bits", "time", "file and line"};
  for (int i = 0; i < 5; i++) text_table_add_string(&table, headings[i]);
  for (uint32_t i = 0; i < g->member_count; i++) {
    const struct record_view *r = &g->members[i];
    struct bytes path =
        r->header->file < m->file_count ? m->files[r->header->file].path : BYTES_EMPTY;
    text_table_add_string(&table, c->member == (int32_t)i ? ">" : "");
    text_table_add_string(&table, open_generation_record_name(open, r, arena));
    text_table_add_string(&table, weight_text(g->link_weights[i], arena));
    text_table_add(&table, time_text(open, r->header->time_ms, arena));
    text_table_printf(&table, "%.*s:%llu", (int)path.size, path.data,
                      (unsigned long long)r->header->line);
    if (!with_values) continue;
    for (uint32_t f = 0; f < open->job.field_count; f++) {
      if (r->values[f].text.size == 0) continue;
      struct bytes name = open->job.fields[f].name;
      text_table_add(&table, BYTES_EMPTY);
      text_table_printf(&table, "  %.*s", (int)name.size, name.data);
      text_table_add(&table, BYTES_EMPTY);
      text_table_add(&table, open_generation_value(open, f, r->values[f].text, arena));
      text_table_add(&table, BYTES_EMPTY);
    }
  }
  text_table_print(&table, 2, out);
  text_table_release(&table);
}

void customer_print(const struct open_generation *open, const struct named_customer *customer,
                    bool with_values, struct arena *arena, struct buffer *out) {
  print_heading(open, customer, arena, out);
  buffer_append_char(out, '\n');
  print_fields(open, customer->golden, arena, out);
  buffer_append_char(out, '\n');
  print_records(open, customer, with_values, arena, out);
}

/* The value of the field that names people are told apart by; empty when there is none. */
static struct bytes name_of(const struct open_generation *open, const struct golden_record *g,
                            struct arena *arena) {
  int c = open->plan.name_comparison;
  if (c < 0) return BYTES_EMPTY;
  uint32_t field = open->plan.comparisons[c].field;
  return open_generation_value(open, field, g->values[field].text, arena);
}

void customer_print_related(const struct open_generation *open,
                            const struct related_customer *related, uint32_t count,
                            struct arena *arena, struct buffer *out) {
  if (count == 0) return;
  struct text_table table = {.column_count = 5};
  static const char *const headings[] = {"relation", "customer", "name", "records", "because of"};
  for (int i = 0; i < 5; i++) text_table_add_string(&table, headings[i]);
  for (uint32_t i = 0; i < count; i++) {
    const struct related_customer *r = &related[i];
    text_table_add_string(&table, relation_kind_name((enum relation_kind)r->relation->kind));
    text_table_add_string(&table, r->id);
    text_table_add(&table, name_of(open, r->golden, arena));
    text_table_printf(&table, "%u", r->golden->member_count);
    text_table_add_string(&table, r->basis);
  }
  buffer_append_char(out, '\n');
  text_table_print(&table, 2, out);
  text_table_release(&table);
}

/* ---- for programs ---- */

static void json_value(const struct open_generation *open, uint32_t field, struct bytes value,
                       bool united, struct arena *arena, struct json_writer *json) {
  if (!united) {
    json_bytes(json, export_value(&open->exports, field, value, arena));
    return;
  }
  json_array_begin(json);
  for (struct bytes part; golden_next_part(&value, &part);)
    json_bytes(json, export_value(&open->exports, field, part, arena));
  json_array_end(json);
}

static void json_time(const struct open_generation *open, const char *key, int64_t time_ms,
                      struct arena *arena, struct json_writer *json) {
  json_key(json, key);
  if (time_ms == INT64_MIN)
    json_null(json);
  else
    json_bytes(json, time_text(open, time_ms, arena));
}

static void json_member_name(const struct open_generation *open, const struct golden_record *g,
                             uint32_t member, struct arena *arena, struct json_writer *json) {
  if (member < g->member_count)
    json_string(json, open_generation_record_name(open, &g->members[member], arena));
  else
    json_null(json);
}

static void json_field(const struct open_generation *open, const struct golden_record *g,
                       uint32_t field, struct arena *arena, struct json_writer *json) {
  const struct golden_value *v = &g->values[field];
  bool united = v->origin == GOLDEN_UNITED;
  json_object_begin(json);
  json_key(json, "field");
  json_bytes(json, open->job.fields[field].name);
  json_key(json, "value");
  json_value(open, field, v->text, united, arena, json);
  json_key(json, "origin");
  json_string(json, lineage_origin_name((enum golden_origin)v->origin));
  json_key(json, "rule");
  json_string(json, golden_rule_name((enum survivorship)v->rule));
  json_key(json, "records");
  json_array_begin(json);
  for (uint32_t i = 0; united && i < v->part_count; i++)
    json_member_name(open, g, v->part_members[i], arena, json);
  if (!united) json_member_name(open, g, v->member, arena, json);
  json_array_end(json);
  if (v->origin == GOLDEN_DERIVED && v->derived_from < open->job.field_count) {
    json_key(json, "derived_from");
    json_bytes(json, open->job.fields[v->derived_from].name);
  }
  json_key(json, "runners_up");
  json_array_begin(json);
  for (uint32_t i = 0; i < v->runner_up_count; i++) {
    json_object_begin(json);
    json_key(json, "value");
    json_bytes(json, export_value(&open->exports, field, v->runners_up[i].text, arena));
    json_key(json, "record");
    json_member_name(open, g, v->runners_up[i].member, arena, json);
    json_object_end(json);
  }
  json_array_end(json);
  json_object_end(json);
}

static void json_record(const struct open_generation *open, const struct golden_record *g,
                        uint32_t member, struct arena *arena, struct json_writer *json) {
  const struct record_view *r = &g->members[member];
  char room[EXPORT_RECORD_ID_BYTES];
  json_object_begin(json);
  json_key(json, "source");
  json_bytes(json, record_source_id(&open->job, r));
  json_key(json, "source_record_id");
  json_bytes(json, export_record_id(&open->exports, r, room));
  json_key(json, "link_weight");
  if (g->link_weights[member] == INT32_MIN)
    json_null(json);
  else
    json_real(json, (double)g->link_weights[member] / WEIGHT_BIT, 3);
  json_time(open, "time", r->header->time_ms, arena, json);
  json_key(json, "file");
  if (r->header->file < open->manifest->file_count)
    json_bytes(json, open->manifest->files[r->header->file].path);
  else
    json_null(json);
  json_key(json, "line");
  json_u64(json, r->header->line);
  json_key(json, "values");
  json_object_begin(json);
  for (uint32_t f = 0; f < open->job.field_count; f++) {
    if (r->values[f].text.size == 0) continue;
    json_key_bytes(json, open->job.fields[f].name);
    json_value(open, f, r->values[f].text, open->job.fields[f].multi, arena, json);
  }
  json_object_end(json);
  json_object_end(json);
}

static void json_related(const struct open_generation *open, const struct related_customer *r,
                         struct arena *arena, struct json_writer *json) {
  json_object_begin(json);
  json_key(json, "kind");
  json_string(json, relation_kind_name((enum relation_kind)r->relation->kind));
  json_key(json, "customer_id");
  json_string(json, r->id);
  json_key(json, "name");
  json_bytes(json, name_of(open, r->golden, arena));
  json_key(json, "basis");
  json_string(json, r->basis);
  json_key(json, "weight");
  if (r->relation->weight == INT32_MIN)
    json_null(json);
  else
    json_real(json, (double)r->relation->weight / WEIGHT_BIT, 3);
  json_object_end(json);
}

void customer_print_json(const struct open_generation *open, const struct golden_record *g,
                         const struct related_customer *related, uint32_t related_count,
                         struct arena *arena, struct json_writer *json) {
  char id[32];
  customer_id_format(g->customer_id, id);
  json_object_begin(json);
  json_key(json, "customer_id");
  json_string(json, id);
  json_key(json, "generation");
  json_u64(json, open->manifest->generation);
  json_time(open, "first_seen", g->first_seen_ms, arena, json);
  json_time(open, "updated_at", g->updated_at_ms, arena, json);
  if (g->score >= 0) {
    json_key(json, "score");
    json_i64(json, g->score);
    json_key(json, "tier");
    json_string(json, g->tier);
    json_key(json, "score_reason");
    json_bytes(json, g->score_reason);
  }
  json_key(json, "tags");
  json_array_begin(json);
  for (uint32_t t = 0; t < g->tag_count; t++) {
    json_object_begin(json);
    json_key(json, "name");
    json_string(json, g->tags[t].name);
    json_key(json, "reason");
    json_bytes(json, g->tags[t].reason);
    json_object_end(json);
  }
  json_array_end(json);
  json_key(json, "fields");
  json_array_begin(json);
  for (uint32_t f = 0; f < open->job.field_count; f++)
    if (g->values[f].origin != GOLDEN_NONE) json_field(open, g, f, arena, json);
  json_array_end(json);
  json_key(json, "missing");
  json_array_begin(json);
  for (uint32_t f = 0; f < open->job.field_count; f++)
    if (g->missing_fields >> f & 1) json_bytes(json, open->job.fields[f].name);
  json_array_end(json);
  json_key(json, "records");
  json_array_begin(json);
  for (uint32_t m = 0; m < g->member_count; m++) json_record(open, g, m, arena, json);
  json_array_end(json);
  if (related) {
    json_key(json, "relations");
    json_array_begin(json);
    for (uint32_t i = 0; i < related_count; i++) json_related(open, &related[i], arena, json);
    json_array_end(json);
  }
  json_object_end(json);
}
