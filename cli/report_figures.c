#include "cli/report_figures.h"

#include <stdlib.h>

#include "common/memory.h"
#include "worker/decision.h"

const char *report_size_name(unsigned size_class) {
  static const char *const names[REPORT_SIZE_CLASSES] = {"1", "2",    "3",     "4",     "5",  "6",
                                                         "7", "8-15", "16-31", "32-63", "64+"};
  return names[size_class];
}

const char *report_outcome_name(uint8_t outcome) {
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

static void add_rows(struct report_rows *rows, const struct split_output *split) {
  rows->read += split->row_slots;
  rows->linked += split->accepted;
  rows->quarantined += split->quarantined;
  rows->rejected += split->rejected;
}

static void add_up_splits(const struct run_state *run, struct report_figures *f) {
  const struct job *job = run->plan.job;
  for (uint32_t s = 0; s < run->split_count; s++) {
    const struct split_output *split = &run->splits[s];
    add_rows(&f->files[split->file], split);
    for (uint32_t i = 0; i < job->field_count; i++) {
      struct field_quality *sum = &f->cells[(size_t)split->source * job->field_count + i];
      sum->filled += split->quality[i].filled;
      sum->valid += split->quality[i].valid;
      sum->fixed += split->quality[i].fixed;
      sum->attribute += split->quality[i].attribute;
      sum->invalid += split->quality[i].invalid;
      for (unsigned bit = 0; bit < FIELD_FLAG_COUNT; bit++)
        f->field_flags[i * FIELD_FLAG_COUNT + bit] += split->field_flags[i][bit];
    }
    for (uint32_t i = 0; i < job->quality_rule_count && split->quality_hits; i++)
      f->quality_hits[i] += split->quality_hits[i];
  }
}

static int largest_first(const void *left, const void *right) {
  const struct block_note *a = left, *b = right;
  if (a->records != b->records) return a->records > b->records ? -1 : 1;
  if (a->rule != b->rule) return (int)a->rule - (int)b->rule;
  return a->key < b->key ? -1 : a->key > b->key;
}

static void add_up_blocks(const struct run_state *run, struct report_figures *f) {
  f->notes = memory_new((size_t)PLAN_PARTITIONS * BLOCK_NOTES_MAX * sizeof *f->notes);
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++) {
    const struct partition_blocks *b = &run->partitions[p];
    f->refined += b->refined;
    f->windowed += b->windowed;
    f->hubs += b->hubs;
    f->pairs_skipped += b->pairs_skipped;
    for (uint32_t i = 0; i < b->note_count; i++) f->notes[f->note_count++] = b->notes[i];
    for (uint32_t r = 0; r < run->plan.blocking_count; r++) {
      struct report_rule *rule = &f->rules[r];
      rule->records += b->records[r];
      rule->blocks += b->blocks[r];
      rule->pairs += run->compared[p].compared[r];
      if (b->largest[r] > rule->largest) rule->largest = b->largest[r];
    }
  }
  if (f->note_count) qsort(f->notes, f->note_count, sizeof *f->notes, largest_first);
}

static unsigned size_class_of(uint32_t size) {
  if (size < 8) return size - 1;
  unsigned class = 7;
  for (uint32_t limit = 16; size >= limit && class < REPORT_SIZE_CLASSES - 1; limit *= 2) class ++;
  return class;
}

static void add_up_clusters(const struct run_state *run, struct report_figures *f) {
  const struct cluster_output *c = &run->clusters;
  for (uint32_t e = 0; e < c->entity_count; e++) {
    uint32_t size = c->member_start[e + 1] - c->member_start[e];
    f->sizes[size_class_of(size)]++;
    if (size > f->largest) f->largest = size;
    if (size > 1) f->merged_records += size;
  }
}

/* ---- main, duplicate, suspect ---- */

enum { IS_MAIN = 1, IS_SUSPECT = 2 };

/* By row, bits: one byte each stays in the caches, which entities, members and rows would not. */
static uint8_t *row_marks_of(const struct run_state *run, struct report_figures *f) {
  const struct cluster_output *c = &run->clusters;
  uint8_t *marks = memory_new_zeroed(run->row_count, 1);
  for (uint32_t e = 0; e < c->entity_count; e++) marks[c->members[c->member_start[e]]] = IS_MAIN;
  for (uint64_t i = 0; i < run->clusters.review_count; i++) {
    const struct review_item *item = &run->clusters.reviews[i];
    f->reviews[item->reason]++;
    marks[item->a] |= IS_SUSPECT;
    marks[item->b] |= IS_SUSPECT;
  }
  return marks;
}

/* NULL when there are more names than are shown. The source that was asked for last comes first. */
static struct report_source *source_named(struct report_figures *f, struct bytes name,
                                          uint32_t *last) {
  if (*last < f->source_count && bytes_equal(f->sources[*last].name, name))
    return &f->sources[*last];
  for (uint32_t i = 0; i < f->source_count; i++)
    if (bytes_equal(f->sources[i].name, name)) return &f->sources[*last = i];
  if (f->source_count == REPORT_SOURCES_MAX) return NULL;
  *last = f->source_count++;
  f->sources[*last] = (struct report_source){.name = name};
  return &f->sources[*last];
}

static bool count_split(const struct run_state *run, const struct split_output *split, bool by_name,
                        const uint8_t *marks, struct report_figures *f) {
  const struct job_source *source = &run->plan.job->sources[split->source];
  uint32_t last = 0;
  for (uint32_t slot = 0; slot < split->row_slots; slot++) {
    uint32_t row = split->first_row + slot;
    if (!run->records[row]) continue;
    struct bytes name = source->id;
    if (by_name && source->source_column.size) {
      struct record_view view;
      record_view_of_id(run->records[row], &view);
      name = record_source_id(run->plan.job, &view);
    }
    struct report_source *sum = source_named(f, name, &last);
    if (!sum) return false;
    sum->linked++;
    sum->main += (marks[row] & IS_MAIN) != 0;
    sum->duplicate += (marks[row] & IS_MAIN) == 0;
    sum->suspect += (marks[row] & IS_SUSPECT) != 0;
  }
  return true;
}

static int by_source_name(const void *left, const void *right) {
  const struct report_source *a = left, *b = right;
  return bytes_compare(a->name, b->name);
}

static void add_up_sources(const struct run_state *run, struct report_figures *f) {
  uint8_t *marks = row_marks_of(run, f);
  f->sources = memory_new_zeroed(REPORT_SOURCES_MAX, sizeof *f->sources);
  bool complete = true;
  for (uint32_t s = 0; s < run->split_count && complete; s++)
    complete = count_split(run, &run->splits[s], true, marks, f);
  if (!complete) {
    f->source_count = 0;
    for (uint32_t s = 0; s < run->split_count; s++)
      count_split(run, &run->splits[s], false, marks, f);
  }
  qsort(f->sources, f->source_count, sizeof *f->sources, by_source_name);
  free(marks);
}

/* ---- match weights ---- */

/* Bins of 1 bit, or of 2, 4 … where the weights reach further. */
static void lay_out_bins(const struct run_state *run, struct report_histogram *h) {
  int32_t accept = run->model.accept_weight, lowest = accept, highest = accept;
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++)
    for (uint32_t i = 0; i < run->compared[p].pattern_count; i++) {
      int32_t score = model_score(&run->model, run->compared[p].patterns[i].pattern);
      if (score < lowest) lowest = score;
      if (score > highest) highest = score;
    }
  h->step = WEIGHT_BIT;
  for (;; h->step *= 2) {
    int64_t below = ((int64_t)accept - lowest + h->step - 1) / h->step;
    int64_t above = ((int64_t)highest - accept) / h->step + 1;
    if (below + above > REPORT_BINS_MAX) continue;
    h->low = (int32_t)(accept - below * h->step);
    h->bin_count = (uint32_t)(below + above);
    return;
  }
}

static void add_up_weights(const struct run_state *run, struct report_histogram *h) {
  lay_out_bins(run, h);
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++)
    for (uint32_t i = 0; i < run->compared[p].pattern_count; i++) {
      const struct pattern_count *kind = &run->compared[p].patterns[i];
      struct decision decision = decision_of_pattern(&run->plan, &run->model, kind->pattern);
      h->bins[((int64_t)decision.score - h->low) / h->step] += kind->count;
      h->pairs += kind->count;
      if (decision.score >= run->model.accept_weight)
        h->accept += kind->count;
      else if (decision.score >= run->model.review_weight)
        h->review += kind->count;
      else
        h->low_pairs += kind->count;
      if (decision.rule >= 0) h->by_rule += kind->count;
    }
  for (uint32_t b = 0; b < h->bin_count; b++)
    if (h->bins[b] > h->most) h->most = h->bins[b];
}

void report_figures_make(const struct run_state *run, struct report_figures *out) {
  const struct job *job = run->plan.job;
  *out = (struct report_figures){0};
  out->files = memory_new_zeroed(run->file_count, sizeof *out->files);
  out->cells = memory_new_zeroed((size_t)job->source_count * job->field_count, sizeof *out->cells);
  out->field_flags =
      memory_new_zeroed((size_t)job->field_count * FIELD_FLAG_COUNT, sizeof *out->field_flags);
  out->quality_hits = memory_new_zeroed(job->quality_rule_count + 1, sizeof *out->quality_hits);
  add_up_splits(run, out);
  add_up_blocks(run, out);
  add_up_clusters(run, out);
  add_up_sources(run, out);
  add_up_weights(run, &out->histogram);
}

void report_figures_release(struct report_figures *figures) {
  free(figures->files);
  free(figures->sources);
  free(figures->notes);
  free(figures->cells);
  free(figures->field_flags);
  free(figures->quality_hits);
  *figures = (struct report_figures){0};
}
