#include "worker/exports/duplicates_csv.h"

#include "common/csv_write.h"
#include "common/number_write.h"
#include "worker/decision.h"
#include "worker/stages/compare.h"

/* The member that most golden values are from. */
static uint32_t main_member(const struct export_context *context,
                            const struct golden_record *golden, struct arena *arena) {
  uint32_t *given = arena_alloc_zeroed(arena, golden->member_count * sizeof *given), best = 0;
  for (uint32_t f = 0; f < context->plan->job->field_count; f++) {
    const struct golden_value *value = &golden->values[f];
    if (value->origin == GOLDEN_CELL) given[value->member]++;
    for (uint32_t i = 0; value->origin == GOLDEN_UNITED && i < value->part_count; i++)
      given[value->part_members[i]]++;
  }
  for (uint32_t m = 1; m < golden->member_count; m++)
    if (given[m] > given[best]) best = m;
  return best;
}

static void append_record(const struct export_context *context, const struct record_view *record,
                          struct buffer *out) {
  char room[EXPORT_RECORD_ID_BYTES];
  csv_append(out, record_source_id(context->plan->job, record));
  csv_append(out, export_record_id(context, record, room));
}

static void append_duplicate(const struct export_context *context, const struct record_view *record,
                             const struct record_view *main, struct buffer *out) {
  const struct plan *plan = context->plan;
  const struct run_state *run = context->run;
  uint64_t pattern = compare_pattern(plan, run_state_row(run, main->header->row),
                                     run_state_row(run, record->header->row));
  struct decision decision = decision_of_pattern(plan, &run->model, pattern);
  char text[NUMBER_DECIMAL_BYTES_MAX];
  csv_append_string(out, "重复");
  append_record(context, record, out);
  append_record(context, main, out);
  csv_append(out, bytes_of(text, (size_t)(export_put_weight(text, decision.score) - text)));
  csv_append(out, decision.rule < 0 ? BYTES_EMPTY : plan->match_rules[decision.rule].id);
  csv_end_row(out);
}

void duplicates_csv_rows(const struct export_context *context, const struct golden_record *golden,
                         struct arena *arena, struct buffer *out) {
  if (golden->member_count < 2) return;
  uint32_t main = main_member(context, golden, arena);
  char customer[32];
  customer_id_format(golden->customer_id, customer);
  csv_append_string(out, customer);
  csv_append_string(out, "主记录");
  append_record(context, &golden->members[main], out);
  for (int empty = 0; empty < 4; empty++) csv_append(out, BYTES_EMPTY);
  csv_end_row(out);
  for (uint32_t m = 0; m < golden->member_count; m++) {
    if (m == main) continue;
    csv_append_string(out, customer);
    append_duplicate(context, &golden->members[m], &golden->members[main], out);
  }
}
