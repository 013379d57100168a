#include "worker/exports/review_csv.h"

#include "common/csv_write.h"
#include "common/number_write.h"

const char *review_reason_name(enum review_reason reason) {
  static const char *const names[] = {
      [REVIEW_UNCERTAIN] = "uncertain", [REVIEW_CONSTRAINT] = "constraint",
      [REVIEW_COHESION] = "cohesion",   [REVIEW_SIZE] = "size",
      [REVIEW_RULE] = "rule",           [REVIEW_HOUSEHOLD] = "household",
      [REVIEW_DECISION] = "decision",
  };
  return names[reason];
}

void review_csv_heading(const struct export_context *context, struct buffer *out) {
  const struct job *job = context->plan->job;
  buffer_append_string(
      out,
      "decision,reason,weight,probability,pattern,source_a,id_a,customer_a,source_b,id_b,"
      "customer_b");
  struct buffer name = {0};
  for (uint32_t f = 0; f < job->field_count; f++)
    for (int side = 0; side < 2; side++) {
      buffer_clear(&name);
      buffer_append_bytes(&name, job->fields[f].name);
      buffer_append_string(&name, side ? "_b" : "_a");
      csv_append(out, buffer_bytes(&name));
    }
  buffer_release(&name);
  csv_end_row(out);
}

static void append_record(const struct export_context *context, const struct record_view *record,
                          uint64_t customer_id, struct buffer *out) {
  char room[EXPORT_RECORD_ID_BYTES], customer[32];
  csv_append(out, record_source_id(context->plan->job, record));
  csv_append(out, export_record_id(context, record, room));
  customer_id_format(customer_id, customer);
  csv_append_string(out, customer);
}

static void append_cell(const struct export_context *context, uint32_t field,
                        const struct record_view *record, struct arena *arena, struct buffer *out) {
  struct bytes shown = export_value(context, field, record->values[field].text, arena);
  export_append_value(shown, arena, out);
}

/* What follows the pattern: both records, and their fields side by side. */
static void append_records(const struct export_context *context, const struct record_view *a,
                           uint64_t customer_a, const struct record_view *b, uint64_t customer_b,
                           struct arena *arena, struct buffer *out) {
  append_record(context, a, customer_a, out);
  append_record(context, b, customer_b, out);
  for (uint32_t f = 0; f < context->plan->job->field_count; f++) {
    append_cell(context, f, a, arena, out);
    append_cell(context, f, b, arena, out);
  }
  csv_end_row(out);
}

static uint64_t customer_of(const struct export_context *context, uint32_t row) {
  return context->run->customer_ids[context->run->clusters.entity[row]];
}

static void append_item(const struct export_context *context, const struct review_item *item,
                        struct arena *arena, struct buffer *out) {
  struct record_view *a = arena_alloc(arena, sizeof *a), *b = arena_alloc(arena, sizeof *b);
  export_row_view(context, item->a, a);
  export_row_view(context, item->b, b);
  char text[NUMBER_DECIMAL_BYTES_MAX];
  csv_append(out, BYTES_EMPTY);
  csv_append_string(out, review_reason_name((enum review_reason)item->reason));
  csv_append(out, bytes_of(text, (size_t)(export_put_weight(text, item->weight) - text)));
  csv_append(out, bytes_of(text, (size_t)(export_put_probability(text, item->weight) - text)));
  char *end = export_put_pattern(text, item->pattern, context->plan->comparison_count);
  csv_append(out, bytes_of(text, (size_t)(end - text)));
  append_records(context, a, customer_of(context, item->a), b, customer_of(context, item->b), arena,
                 out);
}

void review_csv_owner_conflict(const struct export_context *context,
                               const struct golden_record *golden, struct arena *arena,
                               struct buffer *out) {
  int owner = job_field_with_role(context->plan->job, ROLE_OWNER);
  if (owner < 0) return;
  const struct golden_value *value = &golden->values[owner];
  if (value->origin != GOLDEN_CELL || value->distinct_count < 2 || !value->runner_up_count) return;
  csv_append(out, BYTES_EMPTY);
  csv_append_string(out, "owner");
  buffer_append_string(out, ",,,"); /* no weight: it is no question of who is who */
  append_records(context, &golden->members[value->member], golden->customer_id,
                 &golden->members[value->runners_up[0].member], golden->customer_id, arena, out);
}

void review_csv_quality(const struct export_context *context, uint32_t split, struct arena *scratch,
                        struct buffer *out) {
  const struct job *job = context->plan->job;
  const struct split_output *s = &context->run->splits[split];
  struct buffer reason = {0};
  for (uint32_t i = 0; i < s->quality_review_count; i++) {
    const struct quality_review *item = &s->quality_reviews[i];
    arena_reset(scratch);
    struct record_view *record = arena_alloc(scratch, sizeof *record);
    export_row_view(context, item->row, record);
    buffer_clear(&reason);
    buffer_append_string(&reason, "quality:");
    buffer_append_bytes(&reason, job->quality_rules[item->rule].id);
    csv_append(out, BYTES_EMPTY);
    csv_append(out, buffer_bytes(&reason));
    for (int empty = 0; empty < 3; empty++) csv_append(out, BYTES_EMPTY);
    append_record(context, record, customer_of(context, item->row), out);
    for (int empty = 0; empty < 3; empty++) csv_append(out, BYTES_EMPTY);
    for (uint32_t f = 0; f < job->field_count; f++) {
      append_cell(context, f, record, scratch, out);
      csv_append(out, BYTES_EMPTY);
    }
    csv_end_row(out);
  }
  buffer_release(&reason);
}

void review_csv_range(const struct export_context *context, uint64_t first, uint64_t count,
                      struct arena *scratch, struct buffer *out) {
  for (uint64_t i = first; i < first + count; i++) {
    arena_reset(scratch);
    append_item(context, &context->run->clusters.reviews[i], scratch, out);
  }
}
