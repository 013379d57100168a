#include "cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json_write.h"
#include "common/memory.h"
#include "common/number_write.h"

enum { SIZE_CLASSES = 12 };

void report_digest(struct hash128 digest, char out[33]) { *number_put_hex128(out, digest) = '\0'; }

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

static void write_files(struct json_writer *w, const struct run_state *run) {
  json_key(w, "files");
  json_array_begin(w);
  for (uint32_t f = 0; f < run->file_count; f++) {
    const struct source_file *file = &run->files[f];
    uint64_t linked = 0, quarantined = 0, rejected = 0;
    for (uint32_t s = 0; s < run->split_count; s++)
      if (run->splits[s].file == f) {
        linked += run->splits[s].accepted;
        quarantined += run->splits[s].quarantined;
        rejected += run->splits[s].rejected;
      }
    json_object_begin(w);
    json_key(w, "file");
    json_string(w, file->path);
    json_key(w, "source");
    json_bytes(w, run->plan.job->sources[run->file_source[f]].id);
    json_key(w, "format");
    json_string(w, source_format_name(file->format));
    json_key(w, "encoding");
    json_string(w, source_encoding_name(file->encoding));
    json_key(w, "bytes");
    json_u64(w, file->identity.size);
    json_key(w, "read");
    json_u64(w, file->row_count);
    json_key(w, "linked");
    json_u64(w, linked);
    json_key(w, "quarantined");
    json_u64(w, quarantined);
    json_key(w, "rejected");
    json_u64(w, rejected);
    json_key(w, "warnings");
    json_array_begin(w);
    for (uint32_t i = 0; i < file->warning_count; i++) json_string(w, file->warnings[i]);
    json_array_end(w);
    json_object_end(w);
  }
  json_array_end(w);
}

static void write_stages(struct json_writer *w, const struct report_input *in) {
  json_key(w, "stages");
  json_array_begin(w);
  for (unsigned s = 0; s < STAGE_COUNT; s++) {
    json_object_begin(w);
    json_key(w, "stage");
    json_string(w, stage_name(s));
    json_key(w, "ms");
    json_u64(w, in->timings->stage_ms[s]);
    json_key(w, "units");
    json_u64(w, in->timings->stage_units[s]);
    json_object_end(w);
  }
  json_array_end(w);
}

static void write_rules(struct json_writer *w, const struct run_state *run) {
  json_key(w, "blocking");
  json_array_begin(w);
  for (uint32_t r = 0; r < run->plan.blocking_count; r++) {
    uint64_t records = 0, blocks = 0, pairs = 0;
    uint32_t largest = 0;
    for (uint32_t p = 0; p < PLAN_PARTITIONS; p++) {
      records += run->partitions[p].records[r];
      blocks += run->partitions[p].blocks[r];
      pairs += run->compared[p].compared[r];
      if (run->partitions[p].largest[r] > largest) largest = run->partitions[p].largest[r];
    }
    json_object_begin(w);
    json_key(w, "rule");
    json_bytes(w, run->plan.blocking[r].name);
    json_key(w, "records");
    json_u64(w, records);
    json_key(w, "blocks");
    json_u64(w, blocks);
    json_key(w, "largest");
    json_u64(w, largest);
    json_key(w, "pairs");
    json_u64(w, pairs);
    json_object_end(w);
  }
  json_array_end(w);
}

static const char *outcome_name(uint8_t outcome) {
  switch ((enum block_outcome)outcome) {
    case BLOCK_REFINED:
      return "refined";
    case BLOCK_WINDOWED:
      return "windowed";
    case BLOCK_HUB:
      return "shared by too many";
  }
  return "unknown";
}

static void write_cut_blocks(struct json_writer *w, const struct run_state *run) {
  uint64_t refined = 0, windowed = 0, hubs = 0, skipped = 0;
  json_key(w, "cut_blocks");
  json_object_begin(w);
  json_key(w, "largest");
  json_array_begin(w);
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++) {
    const struct partition_blocks *b = &run->partitions[p];
    refined += b->refined;
    windowed += b->windowed;
    hubs += b->hubs;
    skipped += b->pairs_skipped;
    for (uint32_t i = 0; i < b->note_count; i++) {
      json_object_begin(w);
      json_key(w, "rule");
      json_bytes(w, run->plan.blocking[b->notes[i].rule].name);
      json_key(w, "records");
      json_u64(w, b->notes[i].records);
      json_key(w, "outcome");
      json_string(w, outcome_name(b->notes[i].outcome));
      json_key(w, "pairs_skipped");
      json_u64(w, b->notes[i].pairs_skipped);
      json_object_end(w);
    }
  }
  json_array_end(w);
  json_key(w, "refined");
  json_u64(w, refined);
  json_key(w, "windowed");
  json_u64(w, windowed);
  json_key(w, "shared_identifiers");
  json_u64(w, hubs);
  json_key(w, "pairs_skipped");
  json_u64(w, skipped);
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

static void write_clusters(struct json_writer *w, const struct cluster_output *clusters) {
  uint64_t sizes[SIZE_CLASSES] = {0};
  uint32_t largest = 0;
  for (uint32_t e = 0; e < clusters->entity_count; e++) {
    uint32_t size = clusters->member_start[e + 1] - clusters->member_start[e];
    if (size > largest) largest = size;
    unsigned class = size < 8 ? size : 8; /* 1..7, then 8-15, 16-31, 32-63, 64 and more */
    for (uint32_t limit = 16; class >= 8 && size >= limit && class < SIZE_CLASSES - 1; limit *= 2)
      class ++;
    sizes[class]++;
  }
  static const char *const names[SIZE_CLASSES] = {"",  "1", "2",    "3",     "4",     "5",
                                                  "6", "7", "8-15", "16-31", "32-63", "64+"};
  json_key(w, "clusters");
  json_object_begin(w);
  json_key(w, "largest");
  json_u64(w, largest);
  json_key(w, "sizes");
  json_array_begin(w);
  for (unsigned i = 1; i < SIZE_CLASSES; i++) {
    json_object_begin(w);
    json_key(w, "records");
    json_string(w, names[i]);
    json_key(w, "customers");
    json_u64(w, sizes[i]);
    json_object_end(w);
  }
  json_array_end(w);
  json_key(w, "accepted_edges");
  json_u64(w, clusters->accepted_edges);
  json_key(w, "constraint_cuts");
  json_u64(w, clusters->constraint_cuts);
  json_key(w, "cohesion_cuts");
  json_u64(w, clusters->cohesion_cuts);
  json_key(w, "size_cuts");
  json_u64(w, clusters->size_cuts);
  json_key(w, "reviews");
  json_u64(w, clusters->review_count);
  json_object_end(w);
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

enum err report_write_json(const struct report_input *in, struct failure *failure) {
  struct buffer out = {0};
  struct json_writer writer = json_writer(&out, true), *w = &writer;
  char digest[33];
  report_digest(in->totals->digest, digest);
  json_object_begin(w);
  json_key(w, "digest");
  json_string(w, digest);
  json_key(w, "generation");
  json_u64(w, in->totals->generation);
  json_key(w, "job");
  json_bytes(w, in->run->plan.job->name);
  json_key(w, "recognised");
  json_bool(w, in->recognised);
  write_counts(w, in);
  write_files(w, in->run);
  write_stages(w, in);
  write_rules(w, in->run);
  write_cut_blocks(w, in->run);
  write_model(w, in);
  write_clusters(w, &in->run->clusters);
  write_resources(w, in);
  json_object_end(w);
  char path[4096];
  snprintf(path, sizeof path, "%s/report.json", in->out_dir);
  FILE *file = fopen(path, "we");
  bool written = file && fwrite(out.data, 1, out.size, file) == out.size;
  if (file && fclose(file) != 0) written = false;
  buffer_release(&out);
  if (!written)
    return failure_set(failure, err_from_errno(errno), "writing %s: %s", path, strerror(errno));
  return ERR_OK;
}
