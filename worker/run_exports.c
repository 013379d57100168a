#include "worker/run_exports.h"

#include <stdlib.h>

#include "common/memory.h"
#include "worker/exports/duplicates_csv.h"
#include "worker/exports/golden_csv.h"
#include "worker/exports/lineage_jsonl.h"
#include "worker/exports/members_csv.h"
#include "worker/exports/pairs_csv.h"
#include "worker/exports/quality_json.h"
#include "worker/exports/rejects_csv.h"
#include "worker/exports/relations_csv.h"
#include "worker/exports/review_csv.h"
#include "worker/ordered_file.h"

enum { LINKS_PER_PART = 10000 }; /* reviews or relations */

struct run_exports {
  struct run_exports_options options;
  struct export_context context;
  struct ordered_file *members, *rejects, *golden, *lineage, *duplicates, *pairs, *review,
      *relations, *quality;
  struct quality_counts *counts; /* by shard */
  struct buffer *owner_reviews;  /* by shard: review rows that merging found */
};

struct run_exports_shard {
  struct run_exports *exports;
  uint32_t shard;
  struct buffer golden, lineage, duplicates;
};

static enum err open_file(struct run_exports *e, const char *name, struct bytes heading,
                          struct ordered_file **file, struct failure *failure) {
  return ordered_file_open(e->options.folder, name, heading, file, failure);
}

static enum err open_files(struct run_exports *e, struct failure *failure) {
  struct buffer heading = {0};
  enum err err = open_file(e, "members.csv", BYTES(MEMBERS_CSV_HEADING), &e->members, failure);
  if (!err) err = open_file(e, "rejects.csv", BYTES(REJECTS_CSV_HEADING), &e->rejects, failure);
  golden_csv_heading(&e->context, &heading);
  if (!err) err = open_file(e, "golden.csv", buffer_bytes(&heading), &e->golden, failure);
  buffer_clear(&heading);
  review_csv_heading(&e->context, &heading);
  if (!err) err = open_file(e, "review.csv", buffer_bytes(&heading), &e->review, failure);
  if (!err)
    err = open_file(e, "relations.csv", BYTES(RELATIONS_CSV_HEADING), &e->relations, failure);
  if (!err) err = open_file(e, "quality.json", BYTES_EMPTY, &e->quality, failure);
  if (!err && e->options.write_lineage)
    err = open_file(e, "lineage.jsonl", BYTES_EMPTY, &e->lineage, failure);
  if (!err && e->options.write_duplicates)
    err = open_file(e, "duplicates.csv", BYTES(DUPLICATES_CSV_HEADING), &e->duplicates, failure);
  if (!err && e->options.write_pairs)
    err = open_file(e, "pairs.csv", BYTES(PAIRS_CSV_HEADING), &e->pairs, failure);
  buffer_release(&heading);
  return err;
}

enum err run_exports_open(const struct run_exports_options *options, struct run_exports **out,
                          struct failure *failure) {
  struct run_exports *e = memory_new_zeroed(1, sizeof *e);
  e->options = *options;
  export_context_init(&e->context, &options->run->plan, options->run, options->unmask);
  e->counts = memory_new_zeroed(options->shard_count, sizeof *e->counts);
  e->owner_reviews = memory_new_zeroed(options->shard_count, sizeof *e->owner_reviews);
  for (uint32_t s = 0; s < options->shard_count; s++)
    quality_counts_init(&e->counts[s], options->run->plan.job);
  *out = e;
  enum err err = open_files(e, failure);
  if (err) run_exports_close(out);
  return err;
}

void run_exports_close(struct run_exports **pointer) {
  struct run_exports *e = *pointer;
  if (!e) return;
  struct ordered_file **files[] = {&e->members, &e->rejects,   &e->golden,
                                   &e->lineage, &e->pairs,     &e->review,
                                   &e->quality, &e->relations, &e->duplicates};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) ordered_file_drop(files[i]);
  for (uint32_t s = 0; s < e->options.shard_count; s++) {
    quality_counts_release(&e->counts[s]);
    buffer_release(&e->owner_reviews[s]);
  }
  free(e->counts);
  free(e->owner_reviews);
  export_context_release(&e->context);
  free(e);
  *pointer = NULL;
}

struct run_exports_shard *run_exports_shard_begin(struct run_exports *e, uint32_t shard) {
  struct run_exports_shard *s = memory_new_zeroed(1, sizeof *s);
  s->exports = e;
  s->shard = shard;
  return s;
}

void run_exports_shard_add(struct run_exports_shard *s, const struct golden_record *golden,
                           struct arena *scratch) {
  struct run_exports *e = s->exports;
  golden_csv_row(&e->context, golden, scratch, &s->golden);
  if (e->lineage) lineage_jsonl_rows(&e->context, golden, scratch, &s->lineage);
  if (e->duplicates) duplicates_csv_rows(&e->context, golden, scratch, &s->duplicates);
  quality_counts_add_golden(&e->counts[s->shard], golden);
  review_csv_owner_conflict(&e->context, golden, scratch, &e->owner_reviews[s->shard]);
}

enum err run_exports_shard_end(struct run_exports_shard *take_shard, struct failure *failure) {
  struct run_exports *e = take_shard->exports;
  enum err err = ordered_file_add(e->golden, take_shard->shard, &take_shard->golden, failure);
  if (!err && e->lineage)
    err = ordered_file_add(e->lineage, take_shard->shard, &take_shard->lineage, failure);
  if (!err && e->duplicates)
    err = ordered_file_add(e->duplicates, take_shard->shard, &take_shard->duplicates, failure);
  buffer_release(&take_shard->duplicates);
  buffer_release(&take_shard->golden);
  buffer_release(&take_shard->lineage);
  free(take_shard);
  return err;
}

enum err run_exports_split(struct run_exports *e, uint32_t split, struct failure *failure) {
  struct buffer text = {0};
  members_csv_split(&e->context, split, &text);
  enum err err = ordered_file_add(e->members, split, &text, failure);
  if (err) return err;
  rejects_csv_split(&e->context, split, &text);
  return ordered_file_add(e->rejects, split, &text, failure);
}

static enum err finish_review(struct run_exports *e, struct failure *failure) {
  uint64_t count = e->options.run->clusters.review_count;
  struct arena scratch = {0};
  uint32_t part = 0;
  enum err err = ERR_OK;
  for (uint64_t first = 0; first < count && !err; first += LINKS_PER_PART) {
    struct buffer text = {0};
    uint64_t left = count - first;
    review_csv_range(&e->context, first, left < LINKS_PER_PART ? left : LINKS_PER_PART, &scratch,
                     &text);
    err = ordered_file_add(e->review, part++, &text, failure);
  }
  for (uint32_t s = 0; s < e->options.shard_count && !err; s++)
    err = ordered_file_add(e->review, part++, &e->owner_reviews[s], failure);
  for (uint32_t s = 0; s < e->options.run->split_count && !err; s++) {
    struct buffer text = {0};
    review_csv_quality(&e->context, s, &scratch, &text);
    err = ordered_file_add(e->review, part++, &text, failure);
  }
  arena_release(&scratch);
  return err ? err : ordered_file_finish(&e->review, part, failure);
}

static enum err finish_relations(struct run_exports *e, struct failure *failure) {
  uint64_t count = e->options.run->clusters.relation_count;
  uint32_t part = 0;
  for (uint64_t first = 0; first < count; first += LINKS_PER_PART) {
    struct buffer text = {0};
    uint64_t left = count - first;
    relations_csv_range(&e->context, first, left < LINKS_PER_PART ? left : LINKS_PER_PART, &text);
    enum err err = ordered_file_add(e->relations, part++, &text, failure);
    if (err) return err;
  }
  return ordered_file_finish(&e->relations, part, failure);
}

static enum err finish_pairs(struct run_exports *e, struct failure *failure) {
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++) {
    struct buffer text = {0};
    pairs_csv_partition(&e->context, p, &text);
    enum err err = ordered_file_add(e->pairs, p, &text, failure);
    if (err) return err;
  }
  return ordered_file_finish(&e->pairs, PLAN_PARTITIONS, failure);
}

static enum err finish_quality(struct run_exports *e, struct failure *failure) {
  for (uint32_t s = 1; s < e->options.shard_count; s++)
    quality_counts_join(&e->counts[0], &e->counts[s]);
  struct buffer text = {0};
  quality_json_write(&e->context, &e->counts[0], &text);
  enum err err = ordered_file_add(e->quality, 0, &text, failure);
  return err ? err : ordered_file_finish(&e->quality, 1, failure);
}

enum err run_exports_finish(struct run_exports *e, struct failure *failure) {
  uint32_t splits = e->options.run->split_count, shards = e->options.shard_count;
  enum err err = finish_review(e, failure);
  if (!err) err = finish_relations(e, failure);
  if (!err) err = finish_quality(e, failure);
  if (!err && e->pairs) err = finish_pairs(e, failure);
  if (!err) err = ordered_file_finish(&e->members, splits, failure);
  if (!err) err = ordered_file_finish(&e->rejects, splits, failure);
  if (!err) err = ordered_file_finish(&e->golden, shards, failure);
  if (!err && e->lineage) err = ordered_file_finish(&e->lineage, shards, failure);
  if (!err && e->duplicates) err = ordered_file_finish(&e->duplicates, shards, failure);
  return err;
}

const struct quality_counts *run_exports_quality(const struct run_exports *e) {
  return &e->counts[0];
}
