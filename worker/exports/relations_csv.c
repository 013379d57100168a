#include "worker/exports/relations_csv.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/csv_write.h"
#include "common/number_write.h"

const char *relation_kind_name(enum relation_kind kind) {
  return kind == RELATION_EMPLOYER ? "employer" : "household";
}

static void append_customer(const struct export_context *context, uint32_t row,
                            struct buffer *out) {
  char customer[32];
  customer_id_format(context->run->customer_ids[context->run->clusters.entity[row]], customer);
  csv_append_string(out, customer);
}

static void append_record(const struct export_context *context, uint32_t row, struct buffer *out) {
  struct record_view record;
  char room[EXPORT_RECORD_ID_BYTES];
  record_view_of_id(run_state_record(context->run, row), &record);
  csv_append(out, record_source_id(context->plan->job, &record));
  csv_append(out, export_record_id(context, &record, room));
}

static void append_basis(const struct export_context *context, const struct relation_item *item,
                         struct buffer *out) {
  char text[48];
  if (item->decision) {
    snprintf(text, sizeof text, "decision %" PRIu64, item->decision);
    csv_append_string(out, text);
  } else if (item->rule >= 0) {
    csv_append(out, context->plan->match_rules[item->rule].id);
  } else {
    csv_append_string(out, "recognised");
  }
}

void relations_csv_range(const struct export_context *context, uint64_t first, uint64_t count,
                         struct buffer *out) {
  char text[NUMBER_DECIMAL_BYTES_MAX];
  for (uint64_t i = first; i < first + count; i++) {
    const struct relation_item *item = &context->run->clusters.relations[i];
    csv_append_string(out, relation_kind_name((enum relation_kind)item->kind));
    append_customer(context, item->a, out);
    append_customer(context, item->b, out);
    append_record(context, item->a, out);
    append_record(context, item->b, out);
    append_basis(context, item, out);
    csv_append(out, bytes_of(text, (size_t)(export_put_weight(text, item->weight) - text)));
    csv_end_row(out);
  }
}
