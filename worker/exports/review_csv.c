#include "worker/exports/review_csv.h"

#include "common/csv_write.h"
#include "common/number_write.h"

const char *review_reason_name(enum review_reason reason) {
  static const char *const names[] = {
      [REVIEW_UNCERTAIN] = "uncertain", [REVIEW_CONSTRAINT] = "constraint",
      [REVIEW_COHESION] = "cohesion",   [REVIEW_SIZE] = "size",
      [REVIEW_RULE] = "rule",           [REVIEW_HOUSEHOLD] = "household",
  };
  return names[reason];
}

void review_csv_heading(const struct export_context *context, struct buffer *out) {
  const struct job *job = context->plan->job;
  buffer_append_string(out,
                       "reason,weight,probability,pattern,source_a,id_a,customer_a,source_b,id_b,"
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

static void append_record(const struct export_context *context, uint32_t row,
                          const struct record_view *record, struct buffer *out) {
  const struct run_state *run = context->run;
  char room[EXPORT_RECORD_ID_BYTES], customer[32];
  csv_append(out, record_source_id(context->plan->job, record));
  csv_append(out, export_record_id(context, record, room));
  customer_id_format(run->customer_ids[run->clusters.entity[row]], customer);
  csv_append_string(out, customer);
}

static void append_cell(const struct export_context *context, uint32_t field,
                        const struct record_view *record, struct arena *arena, struct buffer *out) {
  struct bytes shown = export_value(context, field, record->values[field].text, arena);
  export_append_value(shown, arena, out);
}

static void append_item(const struct export_context *context, const struct review_item *item,
                        struct arena *arena, struct buffer *out) {
  struct record_view *a = arena_alloc(arena, sizeof *a), *b = arena_alloc(arena, sizeof *b);
  export_row_view(context, item->a, a);
  export_row_view(context, item->b, b);
  char text[NUMBER_DECIMAL_BYTES_MAX];
  csv_append_string(out, review_reason_name((enum review_reason)item->reason));
  csv_append(out, bytes_of(text, (size_t)(export_put_weight(text, item->weight) - text)));
  csv_append(out, bytes_of(text, (size_t)(export_put_probability(text, item->weight) - text)));
  char *end = export_put_pattern(text, item->pattern, context->plan->comparison_count);
  csv_append(out, bytes_of(text, (size_t)(end - text)));
  append_record(context, item->a, a, out);
  append_record(context, item->b, b, out);
  for (uint32_t f = 0; f < context->plan->job->field_count; f++) {
    append_cell(context, f, a, arena, out);
    append_cell(context, f, b, arena, out);
  }
  csv_end_row(out);
}

void review_csv_range(const struct export_context *context, uint64_t first, uint64_t count,
                      struct arena *scratch, struct buffer *out) {
  for (uint64_t i = first; i < first + count; i++) {
    arena_reset(scratch);
    append_item(context, &context->run->clusters.reviews[i], scratch, out);
  }
}
