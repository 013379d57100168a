#include "worker/exports/golden_csv.h"

#include "common/csv_write.h"

#define MISSING_MARK "待完善"

void golden_csv_heading(const struct export_context *context, struct buffer *out) {
  const struct job *job = context->plan->job;
  csv_append_string(out, "customer_id");
  for (uint32_t f = 0; f < job->field_count; f++) csv_append(out, job->fields[f].name);
  buffer_append_string(out, ",record_count,sources,first_seen,updated_at,tags,score,tier\n");
}

/* The sources of the members, each once, in byte order. */
static void append_sources(const struct job *job, const struct golden_record *golden,
                           struct arena *arena, struct buffer *out) {
  struct bytes *sources = arena_alloc(arena, golden->member_count * sizeof *sources);
  uint32_t count = 0;
  size_t size = 0;
  for (uint32_t i = 0; i < golden->member_count; i++) {
    struct bytes source = record_source_id(job, &golden->members[i]);
    uint32_t at = count;
    int order = 1;
    while (at > 0 && (order = bytes_compare(source, sources[at - 1])) < 0) at--;
    if (at > 0 && order == 0) continue;
    memmove(&sources[at + 1], &sources[at], (count - at) * sizeof *sources);
    sources[at] = source;
    count++;
    size += source.size + 1;
  }
  char *text = arena_alloc(arena, size), *end = text;
  for (uint32_t i = 0; i < count; i++) {
    if (i) *end++ = ';';
    memcpy(end, sources[i].data, sources[i].size);
    end += sources[i].size;
  }
  csv_append(out, bytes_of(text, (size_t)(end - text)));
}

static void append_tags(const struct golden_record *golden, struct arena *arena,
                        struct buffer *out) {
  size_t size = 0;
  for (uint32_t i = 0; i < golden->tag_count; i++) size += strlen(golden->tags[i].name) + 1;
  char *text = arena_alloc(arena, size), *end = text;
  for (uint32_t i = 0; i < golden->tag_count; i++) {
    if (i) *end++ = ';';
    size_t name_size = strlen(golden->tags[i].name);
    memcpy(end, golden->tags[i].name, name_size);
    end += name_size;
  }
  csv_append(out, bytes_of(text, (size_t)(end - text)));
}

void golden_csv_row(const struct export_context *context, const struct golden_record *golden,
                    struct arena *arena, struct buffer *out) {
  const struct job *job = context->plan->job;
  char customer[32];
  customer_id_format(golden->customer_id, customer);
  csv_append_string(out, customer);
  for (uint32_t f = 0; f < job->field_count; f++) {
    if (golden->missing_fields & 1ULL << f)
      csv_append(out, BYTES(MISSING_MARK));
    else
      export_append_value(export_value(context, f, golden->values[f].text, arena), arena, out);
  }
  csv_append_u64(out, golden->member_count);
  append_sources(job, golden, arena, out);
  export_append_time(context, golden->first_seen_ms, out);
  export_append_time(context, golden->updated_at_ms, out);
  append_tags(golden, arena, out);
  if (golden->score < 0)
    csv_append(out, BYTES_EMPTY);
  else
    csv_append_i64(out, golden->score);
  csv_append_string(out, golden->tier);
  csv_end_row(out);
}
