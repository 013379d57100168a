#include "worker/exports/rejects_csv.h"

#include "common/csv_write.h"

void rejects_csv_split(const struct export_context *context, uint32_t split, struct buffer *out) {
  const struct run_state *run = context->run;
  const struct job *job = context->plan->job;
  const struct split_output *s = &run->splits[split];
  for (uint32_t i = 0; i < s->reject_count; i++) {
    const struct reject_entry *reject = &s->rejects[i];
    csv_append_string(out, reject->quarantined ? "quarantined" : "rejected");
    csv_append(out, job->sources[reject->source].id);
    csv_append_string(out, run->files[reject->file].path);
    csv_append_u64(out, reject->line);
    csv_append(out, reject->reason);
    csv_append(out, reject->field < 0 ? BYTES_EMPTY : job->fields[reject->field].name);
    csv_append(out, reject->value_masked);
    csv_end_row(out);
  }
}
