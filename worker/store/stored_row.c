#include "worker/store/stored_row.h"

#include "worker/golden.h"

/* 0 = missing; else 1..255. Features are whole words; a multiply per word is enough for eight bits.
 */
static uint8_t feature_check(const void *feature, size_t size) {
  uint64_t sum = 0, any = 0;
  for (const char *at = feature, *end = at + size; at < end; at += 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    any |= word;
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
    sum ^= sum >> 32;
  }
  return any ? (uint8_t)(1 + (sum * 0x9e3779b97f4a7c15ULL >> 40) % 255) : 0;
}

void member_evidence_of(const struct plan *plan, const struct feature_row *row,
                        struct member_evidence *evidence) {
  *evidence = (struct member_evidence){0};
  memcpy(evidence->rule_class, row->rule_class, sizeof row->rule_class);
  memcpy(evidence->frequency, row->frequency, sizeof row->frequency);
  for (uint32_t c = 0; c < plan->comparison_count; c++)
    evidence->feature_check[c] =
        feature_check(plan_feature(plan, row, c), plan->comparisons[c].type->feature_size);
}

/* Tries every part of the value under the given options. */
static bool try_options(const struct field_type *type, const struct field_options *options,
                        struct bytes value, uint8_t wanted, struct arena *arena, void *feature) {
  for (struct bytes part; golden_next_part(&value, &part);) {
    struct standard_value standard = {0};
    memset(feature, 0, type->feature_size);
    type->standardise(options, part, arena, &standard, feature);
    if (feature_check(feature, type->feature_size) == wanted) return true;
  }
  return false;
}

/* The first of the name spaces, which are cut behind it. */
static struct bytes next_name_space(struct bytes *rest) {
  if (rest->size == 0) return BYTES_EMPTY;
  const char *cut = memchr(rest->data, RECORD_VALUE_SEPARATOR, rest->size);
  struct bytes first = bytes_of(rest->data, cut ? (size_t)(cut - rest->data) : rest->size);
  size_t skip = first.size + (cut != NULL);
  *rest = bytes_of(rest->data + skip, rest->size - skip);
  return first;
}

static bool make_feature(const struct plan *plan, uint32_t c, const struct record_view *record,
                         uint8_t wanted, struct arena *arena, void *feature) {
  const struct plan_comparison *comparison = &plan->comparisons[c];
  const struct job *job = plan->job;
  const struct job_source *source = &job->sources[record->header->source];
  struct bytes value = record->values[comparison->field].text;
  struct bytes name_spaces = record->name_spaces;
  struct field_options options;
  for (uint32_t i = 0; i < source->column_count; i++) {
    const struct job_column *column = &source->columns[i];
    options = column->options;
    if (job_column_has_template(column)) options.name_space = next_name_space(&name_spaces);
    if (column->field == comparison->field &&
        try_options(comparison->type, &options, value, wanted, arena, feature))
      return true;
  }
  /* A constant, or a date whose parts stood in columns of their own. */
  options = job->fields[comparison->field].options;
  options.date_part = DATE_WHOLE;
  return try_options(comparison->type, &options, value, wanted, arena, feature);
}

static int32_t local_day_of(int64_t time_ms, int timezone_minutes) {
  if (time_ms == INT64_MIN) return INT32_MIN;
  int64_t local = time_ms + timezone_minutes * 60000LL;
  return (int32_t)(local / 86400000 - (local % 86400000 < 0));
}

uint16_t stored_row_make(const struct plan *plan, const struct record_view *record,
                         const struct member_evidence *evidence, struct arena *arena,
                         struct feature_row *row) {
  const struct record_header *h = record->header;
  uint16_t lost = 0;
  memset(row, 0, plan->row_bytes);
  row->record_key = h->key.low;
  row->day = local_day_of(h->time_ms, plan->job->timezone_minutes);
  row->source = h->source;
  row->flags = ROW_PRESENT | (h->flags & RECORD_HAS_NO_ID ? 0 : ROW_HAS_ID);
  memcpy(row->rule_class, evidence->rule_class, sizeof row->rule_class);
  memcpy(row->frequency, evidence->frequency, sizeof row->frequency);
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    void *feature = (uint8_t *)row + plan->comparisons[c].offset;
    if (evidence->feature_check[c] == 0 ||
        make_feature(plan, c, record, evidence->feature_check[c], arena, feature))
      continue;
    memset(feature, 0, plan->comparisons[c].type->feature_size);
    lost |= (uint16_t)(1u << c);
  }
  return lost;
}
