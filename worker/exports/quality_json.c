#include "worker/exports/quality_json.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/json_write.h"
#include "common/memory.h"

void quality_counts_init(struct quality_counts *counts, const struct job *job) {
  *counts =
      (struct quality_counts){.source_count = job->source_count, .field_count = job->field_count};
  size_t cells = (size_t)job->source_count * job->field_count;
  counts->agreeing = memory_new_zeroed(cells, sizeof *counts->agreeing);
  counts->valid = memory_new_zeroed(cells, sizeof *counts->valid);
}

void quality_counts_release(struct quality_counts *counts) {
  free(counts->agreeing);
  free(counts->valid);
  *counts = (struct quality_counts){0};
}

static bool is_valid(const struct record_value *value) {
  return value->state == VALUE_OK || value->state == VALUE_FIXED;
}

static void count_golden_value(struct quality_after *after, const struct golden_record *golden,
                               uint32_t field) {
  const struct golden_value *value = &golden->values[field];
  after->missing += golden->missing_fields >> field & 1;
  if (value->origin == GOLDEN_NONE) return;
  bool derived = value->origin == GOLDEN_DERIVED;
  after->filled++;
  after->derived += derived;
  after->valid += derived || is_valid(&golden->members[value->member].values[field]);
  after->consistent += value->origin == GOLDEN_UNITED || value->distinct_count <= 1;
}

void quality_counts_add_golden(struct quality_counts *counts, const struct golden_record *golden) {
  counts->customers++;
  for (uint32_t f = 0; f < counts->field_count; f++)
    count_golden_value(&counts->fields[f], golden, f);
  for (uint32_t i = 0; i < golden->member_count; i++) {
    const struct record_view *member = &golden->members[i];
    size_t first = (size_t)member->header->source * counts->field_count;
    for (uint32_t f = 0; f < counts->field_count; f++) {
      if (!is_valid(&member->values[f])) continue;
      const struct golden_value *value = &golden->values[f];
      counts->valid[first + f]++;
      counts->agreeing[first + f] +=
          value->origin == GOLDEN_UNITED || bytes_equal(value->text, member->values[f].text);
    }
  }
}

void quality_counts_join(struct quality_counts *into, const struct quality_counts *more) {
  check(into->source_count == more->source_count && into->field_count == more->field_count);
  into->customers += more->customers;
  for (uint32_t f = 0; f < into->field_count; f++) {
    into->fields[f].filled += more->fields[f].filled;
    into->fields[f].valid += more->fields[f].valid;
    into->fields[f].consistent += more->fields[f].consistent;
    into->fields[f].derived += more->fields[f].derived;
    into->fields[f].missing += more->fields[f].missing;
  }
  for (size_t i = 0; i < (size_t)into->source_count * into->field_count; i++) {
    into->agreeing[i] += more->agreeing[i];
    into->valid[i] += more->valid[i];
  }
}

static void write_count(struct json_writer *w, const char *key, uint64_t count) {
  json_key(w, key);
  json_u64(w, count);
}

static void write_source(const struct export_context *context, const struct quality_counts *counts,
                         uint32_t source, struct json_writer *w) {
  const struct job *job = context->plan->job;
  const struct run_state *run = context->run;
  struct field_quality sums[JOB_FIELDS_MAX] = {{0}};
  uint64_t read = 0, linked = 0;
  for (uint32_t s = 0; s < run->split_count; s++) {
    const struct split_output *split = &run->splits[s];
    if (split->source != source) continue;
    read += split->row_slots;
    linked += split->accepted;
    for (uint32_t f = 0; f < job->field_count; f++) {
      sums[f].filled += split->quality[f].filled;
      sums[f].valid += split->quality[f].valid + split->quality[f].fixed;
      sums[f].fixed += split->quality[f].fixed;
      sums[f].attribute += split->quality[f].attribute;
      sums[f].invalid += split->quality[f].invalid;
    }
  }
  json_object_begin(w);
  json_key(w, "source");
  json_bytes(w, job->sources[source].id);
  write_count(w, "read", read);
  write_count(w, "linked", linked);
  json_key(w, "fields");
  json_array_begin(w);
  for (uint32_t f = 0; f < job->field_count; f++) {
    json_object_begin(w);
    json_key(w, "field");
    json_bytes(w, job->fields[f].name);
    write_count(w, "filled", sums[f].filled);
    write_count(w, "valid", sums[f].valid);
    write_count(w, "standardised", sums[f].fixed);
    write_count(w, "attribute", sums[f].attribute);
    write_count(w, "invalid", sums[f].invalid);
    size_t cell = (size_t)source * job->field_count + f;
    write_count(w, "valid_linked", counts->valid[cell]);
    write_count(w, "consistent", counts->agreeing[cell]);
    json_object_end(w);
  }
  json_array_end(w);
  json_object_end(w);
}

void quality_json_write(const struct export_context *context, const struct quality_counts *counts,
                        struct buffer *out) {
  const struct job *job = context->plan->job;
  struct json_writer w = json_writer(out, true);
  json_object_begin(&w);
  json_key(&w, "before");
  json_array_begin(&w);
  for (uint32_t s = 0; s < job->source_count; s++) write_source(context, counts, s, &w);
  json_array_end(&w);
  json_key(&w, "after");
  json_object_begin(&w);
  write_count(&w, "customers", counts->customers);
  json_key(&w, "fields");
  json_array_begin(&w);
  for (uint32_t f = 0; f < job->field_count; f++) {
    const struct quality_after *after = &counts->fields[f];
    json_object_begin(&w);
    json_key(&w, "field");
    json_bytes(&w, job->fields[f].name);
    write_count(&w, "filled", after->filled);
    write_count(&w, "valid", after->valid);
    write_count(&w, "consistent", after->consistent);
    write_count(&w, "derived", after->derived);
    write_count(&w, "missing", after->missing);
    json_object_end(&w);
  }
  json_array_end(&w);
  json_object_end(&w);
  json_object_end(&w);
}
