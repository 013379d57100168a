#include "cli/report.h"

#include "cli/report_figures.h"
#include "cli/report_html.h"
#include "common/json_write.h"
#include "common/memory.h"
#include "common/number_write.h"
#include "worker/exports/review_csv.h"
#include "worker/ordered_file.h"
#include "worker/store/generation.h"

static void write_counts(struct json_writer *w, const struct report_input *in) {
  json_key(w, "records");
  json_object_begin(w);
  json_key(w, "read");
  json_u64(w, in->totals->rows);
  json_key(w, "linked");
  json_u64(w, in->totals->linked);
  json_key(w, "quarantined");
  json_u64(w, in->totals->quarantined);
  json_key(w, "rejected");
  json_u64(w, in->totals->rejected);
  json_object_end(w);
  json_key(w, "customers");
  json_u64(w, in->totals->customers);
}

static void write_count(struct json_writer *w, const char *key, uint64_t count) {
  json_key(w, key);
  json_u64(w, count);
}

static void write_files(struct json_writer *w, const struct run_state *run,
                        const struct report_figures *f) {
  json_key(w, "files");
  json_array_begin(w);
  for (uint32_t i = 0; i < run->file_count; i++) {
    const struct source_file *file = &run->files[i];
    json_object_begin(w);
    json_key(w, "file");
    json_string(w, file->path);
    json_key(w, "source");
    json_bytes(w, run->plan.job->sources[run->file_source[i]].id);
    json_key(w, "format");
    json_string(w, source_format_name(file->format));
    json_key(w, "encoding");
    json_string(w, source_encoding_name(file->encoding));
    write_count(w, "bytes", file->identity.size);
    write_count(w, "read", f->files[i].read);
    write_count(w, "linked", f->files[i].linked);
    write_count(w, "quarantined", f->files[i].quarantined);
    write_count(w, "rejected", f->files[i].rejected);
    json_key(w, "warnings");
    json_array_begin(w);
    for (uint32_t n = 0; n < file->warning_count; n++) json_string(w, file->warnings[n]);
    json_array_end(w);
    json_object_end(w);
  }
  json_array_end(w);
}

/* Which records of a source are the first of their customer, and which repeat one. */
static void write_sources(struct json_writer *w, const struct report_figures *f) {
  json_key(w, "sources");
  json_array_begin(w);
  for (uint32_t i = 0; i < f->source_count; i++) {
    json_object_begin(w);
    json_key(w, "source");
    json_bytes(w, f->sources[i].name);
    write_count(w, "linked", f->sources[i].linked);
    write_count(w, "main", f->sources[i].main);
    write_count(w, "duplicate", f->sources[i].duplicate);
    write_count(w, "suspect", f->sources[i].suspect);
    json_object_end(w);
  }
  json_array_end(w);
}

static void write_stages(struct json_writer *w, const struct report_input *in) {
  json_key(w, "stages");
  json_array_begin(w);
  for (unsigned s = 0; s < STAGE_COUNT; s++) {
    if (stage_is_exchange(s)) continue; /* nothing was exchanged: the workers shared memory */
    json_object_begin(w);
    json_key(w, "stage");
    json_string(w, stage_name(s));
    json_key(w, "ms");
    json_u64(w, in->timings->stage_ms[s]);
    write_count(w, "cpu_ms", in->timings->stage_cpu_us[s] / 1000);
    json_key(w, "units");
    json_u64(w, in->timings->stage_units[s]);
    json_object_end(w);
  }
  json_array_end(w);
}

static void write_rules(struct json_writer *w, const struct run_state *run,
                        const struct report_figures *f) {
  json_key(w, "blocking");
  json_array_begin(w);
  for (uint32_t r = 0; r < run->plan.blocking_count; r++) {
    json_object_begin(w);
    json_key(w, "rule");
    json_bytes(w, run->plan.blocking[r].name);
    write_count(w, "records", f->rules[r].records);
    write_count(w, "blocks", f->rules[r].blocks);
    write_count(w, "largest", f->rules[r].largest);
    write_count(w, "pairs", f->rules[r].pairs);
    json_object_end(w);
  }
  json_array_end(w);
}

static void write_cut_blocks(struct json_writer *w, const struct run_state *run,
                             const struct report_figures *f) {
  json_key(w, "cut_blocks");
  json_object_begin(w);
  json_key(w, "largest");
  json_array_begin(w);
  for (uint32_t i = 0; i < f->note_count; i++) {
    json_object_begin(w);
    json_key(w, "rule");
    json_bytes(w, run->plan.blocking[f->notes[i].rule].name);
    write_count(w, "records", f->notes[i].records);
    if (f->notes[i].outcome == BLOCK_HUB) {
      struct arena arena = {0};
      json_key(w, "value_masked");
      json_bytes(w, report_note_value(run, &f->notes[i], &arena));
      arena_release(&arena);
      write_count(w, "people", f->notes[i].people);
    }
    json_key(w, "outcome");
    json_string(w, report_outcome_name(f->notes[i].outcome));
    write_count(w, "pairs_skipped", f->notes[i].pairs_skipped);
    json_object_end(w);
  }
  json_array_end(w);
  write_count(w, "refined", f->refined);
  write_count(w, "windowed", f->windowed);
  write_count(w, "shared_identifiers", f->hubs);
  write_count(w, "pairs_skipped", f->pairs_skipped);
  json_object_end(w);
}

static void write_weights(struct json_writer *w, const struct model *model,
                          const struct model_comparison *comparison, uint32_t c) {
  json_key(w, "levels");
  json_array_begin(w);
  for (unsigned level = 1; level < MODEL_LEVELS; level++) {
    if (comparison->level_names[level].size == 0) continue;
    json_object_begin(w);
    json_key(w, "level");
    json_bytes(w, comparison->level_names[level]);
    json_key(w, "weight_bits");
    json_real(w, model->weight[c][level] / (double)WEIGHT_BIT, 3);
    json_key(w, "m_ppb");
    json_u64(w, model->m_ppb[c][level]);
    json_key(w, "u_ppb");
    json_u64(w, model->u_ppb[c][level]);
    json_object_end(w);
  }
  json_array_end(w);
  json_key(w, "exact_by_bucket_bits");
  json_array_begin(w);
  for (unsigned n = PATTERN_EXACT; n < MODEL_NIBBLES; n++)
    json_real(w, model->weight[c][n] / (double)WEIGHT_BIT, 3);
  json_array_end(w);
}

static void write_model(struct json_writer *w, const struct report_input *in) {
  const struct model *model = &in->run->model;
  json_key(w, "model");
  json_object_begin(w);
  if (in->model_generation) write_count(w, "of_generation", in->model_generation);
  json_key(w, "prior_bits");
  json_real(w, model->prior / (double)WEIGHT_BIT, 3);
  json_key(w, "accept_bits");
  json_real(w, model->accept_weight / (double)WEIGHT_BIT, 3);
  json_key(w, "review_bits");
  json_real(w, model->review_weight / (double)WEIGHT_BIT, 3);
  json_key(w, "expected_precision_ppm");
  json_u64(w, model->expected_precision_ppm);
  json_key(w, "expected_recall_ppm");
  json_u64(w, model->expected_recall_ppm);
  json_key(w, "comparisons");
  json_array_begin(w);
  for (uint32_t c = 0; c < in->spec->comparison_count; c++) {
    json_object_begin(w);
    json_key(w, "field");
    json_bytes(w, in->spec->comparisons[c].field);
    json_key(w, "trained");
    json_bool(w, model->origin[c] == MODEL_TRAINED);
    write_weights(w, model, &in->spec->comparisons[c], c);
    json_object_end(w);
  }
  json_array_end(w);
  json_object_end(w);
}

/* Of the compared pairs, by the thresholds and in steps of weight. */
static void write_pairs(struct json_writer *w, const struct report_histogram *h) {
  json_key(w, "pairs");
  json_object_begin(w);
  write_count(w, "compared", h->pairs);
  write_count(w, "at_accept", h->accept);
  write_count(w, "at_review", h->review);
  write_count(w, "below", h->low_pairs);
  write_count(w, "by_match_rule", h->by_rule);
  json_key(w, "histogram");
  json_array_begin(w);
  for (uint32_t b = 0; b < h->bin_count; b++) {
    json_object_begin(w);
    json_key(w, "from_bits");
    json_real(w, (h->low + (double)b * h->step) / WEIGHT_BIT, 3);
    write_count(w, "pairs", h->bins[b]);
    json_object_end(w);
  }
  json_array_end(w);
  json_object_end(w);
}

static void write_reviews(struct json_writer *w, const struct report_figures *f) {
  json_key(w, "reviews_by_reason");
  json_object_begin(w);
  for (unsigned reason = 0; reason < REVIEW_DECISION; reason++)
    write_count(w, review_reason_name((enum review_reason)reason), f->reviews[reason]);
  json_object_end(w);
}

static void write_clusters(struct json_writer *w, const struct cluster_output *clusters,
                           const struct report_figures *f) {
  json_key(w, "clusters");
  json_object_begin(w);
  write_count(w, "largest", f->largest);
  write_count(w, "merged_records", f->merged_records);
  json_key(w, "sizes");
  json_array_begin(w);
  for (unsigned i = 0; i < REPORT_SIZE_CLASSES; i++) {
    json_object_begin(w);
    json_key(w, "records");
    json_string(w, report_size_name(i));
    write_count(w, "customers", f->sizes[i]);
    json_object_end(w);
  }
  json_array_end(w);
  write_count(w, "accepted_edges", clusters->accepted_edges);
  write_count(w, "constraint_cuts", clusters->constraint_cuts);
  write_count(w, "cohesion_cuts", clusters->cohesion_cuts);
  write_count(w, "size_cuts", clusters->size_cuts);
  write_count(w, "decision_cuts", clusters->decision_cuts);
  write_count(w, "relations", clusters->relation_count);
  write_count(w, "reviews", clusters->review_count);
  write_reviews(w, f);
  json_object_end(w);
  json_key(w, "decisions");
  json_object_begin(w);
  write_count(w, "applied", clusters->facts_applied);
  write_count(w, "gone", clusters->facts_gone);
  json_object_end(w);
}

/* Rows that hit each quality rule; cells of each field that carry each flag. quality.json has the
 * counts by source. */
static void write_quality(struct json_writer *w, const struct job *job,
                          const struct report_figures *f) {
  json_key(w, "quality_rules");
  json_array_begin(w);
  for (uint32_t i = 0; i < job->quality_rule_count; i++) {
    json_object_begin(w);
    json_key(w, "rule");
    json_bytes(w, job->quality_rules[i].id);
    write_count(w, "rows", f->quality_hits[i]);
    json_object_end(w);
  }
  json_array_end(w);
  json_key(w, "flags");
  json_array_begin(w);
  for (uint32_t i = 0; i < job->field_count; i++)
    for (unsigned bit = 0; bit < FIELD_FLAG_COUNT; bit++) {
      uint64_t cells = f->field_flags[i * FIELD_FLAG_COUNT + bit];
      if (cells == 0) continue;
      json_object_begin(w);
      json_key(w, "field");
      json_bytes(w, job->fields[i].name);
      json_key(w, "flag");
      json_string(w, field_flag_name(bit));
      write_count(w, "cells", cells);
      json_object_end(w);
    }
  json_array_end(w);
}

static void write_resources(struct json_writer *w, const struct report_input *in) {
  json_key(w, "resources");
  json_object_begin(w);
  json_key(w, "workers");
  json_u64(w, in->workers);
  json_key(w, "wall_ms");
  json_u64(w, in->wall_ms);
  json_key(w, "cpu_ms");
  json_u64(w, in->cpu_ms);
  json_key(w, "peak_memory_bytes");
  json_u64(w, memory_resident_peak_bytes());
  json_key(w, "records_per_second");
  json_u64(w, in->wall_ms ? in->totals->rows * 1000 / in->wall_ms : 0);
  json_object_end(w);
}

static void write_json(const struct report_input *in, const struct report_figures *figures,
                       struct buffer *out) {
  struct json_writer writer = json_writer(out, true), *w = &writer;
  const struct run_state *run = in->run;
  char digest[33];
  generation_digest_format(in->totals->digest, digest);
  json_object_begin(w);
  json_key(w, "digest");
  json_string(w, digest);
  write_count(w, "generation", in->totals->generation);
  json_key(w, "job");
  json_bytes(w, run->plan.job->name);
  json_key(w, "recognised");
  json_bool(w, in->recognised != NULL);
  write_counts(w, in);
  write_files(w, run, figures);
  write_sources(w, figures);
  write_stages(w, in);
  write_rules(w, run, figures);
  write_cut_blocks(w, run, figures);
  write_model(w, in);
  write_pairs(w, &figures->histogram);
  write_clusters(w, &run->clusters, figures);
  write_quality(w, run->plan.job, figures);
  write_resources(w, in);
  json_object_end(w);
}

/* The file has its name only once it is complete. */
static enum err write_file(const char *folder, const char *name, struct buffer *take_text,
                           struct failure *failure) {
  struct ordered_file *file = NULL;
  enum err err = ordered_file_open(folder, name, BYTES_EMPTY, &file, failure);
  if (!err) err = ordered_file_add(file, 0, take_text, failure);
  if (!err) err = ordered_file_finish(&file, 1, failure);
  ordered_file_drop(&file);
  return err;
}

enum err report_write(const struct report_input *in, struct failure *failure) {
  struct report_figures figures;
  struct buffer text = {0};
  report_figures_make(in->run, &figures);
  write_json(in, &figures, &text);
  enum err err = write_file(in->out_dir, "report.json", &text, failure);
  buffer_clear(&text);
  if (!err) {
    report_html(in, &figures, &text);
    err = write_file(in->out_dir, "report.html", &text, failure);
  }
  report_figures_release(&figures);
  buffer_release(&text);
  return err;
}
