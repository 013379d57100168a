#include "worker/exports/pairs_csv.h"

#include "common/csv_write.h"
#include "common/number_write.h"
#include "worker/decision.h"

/* What follows the ids of a pair is a function of its pattern: written once per pattern. */
static struct bytes pattern_cells(const struct export_context *context, uint64_t pattern,
                                  struct arena *arena) {
  const struct run_state *run = context->run;
  struct decision decision = decision_of_pattern(context->plan, &run->model, pattern);
  struct bytes rule =
      decision.rule < 0 ? BYTES_EMPTY : context->plan->match_rules[decision.rule].id;
  char *text = arena_alloc(arena, 2 * NUMBER_DECIMAL_BYTES_MAX + JOB_COMPARISONS_MAX +
                                      CSV_FIELD_BYTES_MAX(rule.size) + 5);
  char *at = text;
  *at++ = ',';
  at = export_put_weight(at, decision.score);
  *at++ = ',';
  at = export_put_probability(at, decision.score);
  *at++ = ',';
  at = export_put_pattern(at, pattern, context->plan->comparison_count);
  *at++ = ',';
  at = csv_put_field(at, rule);
  *at++ = '\n';
  return bytes_of(text, (size_t)(at - text));
}

static void append_record(const struct export_context *context, uint32_t row, struct buffer *out) {
  struct record_view record;
  char room[EXPORT_RECORD_ID_BYTES];
  record_view_of_id(run_state_record(context->run, row), &record);
  csv_append(out, record_source_id(context->plan->job, &record));
  csv_append(out, export_record_id(context, &record, room));
}

void pairs_csv_partition(const struct export_context *context, uint32_t partition,
                         struct buffer *out) {
  const struct compare_output *compared = &context->run->compared[partition];
  struct arena arena = {0};
  struct bytes *cells = arena_alloc(&arena, compared->pattern_count * sizeof *cells);
  for (uint32_t i = 0; i < compared->pattern_count; i++)
    cells[i] = pattern_cells(context, compared->patterns[i].pattern, &arena);
  for (uint64_t i = 0; i < compared->pair_count; i++) {
    const struct candidate_pair *pair = &compared->pairs[i];
    append_record(context, pair->a, out);
    append_record(context, pair->b, out);
    buffer_append_bytes(out, cells[pair->pattern]);
  }
  arena_release(&arena);
}
