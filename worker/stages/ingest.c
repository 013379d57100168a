#include "worker/stages/ingest.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/field_mask.h"
#include "worker/fields/date.h"
#include "worker/quality_rules.h"
#include "worker/sources/source_reader.h"
#include "worker/stages/block.h"
#include "worker/stages/frequency.h"

enum {
  MULTI_PARTS_MAX = 64, /* values of one multi field in one record; more are counted as too many */
  ID_BYTES_MAX = 1024,  /* of a source_record_id */
};

/* ---- one row ---- */

struct row_work {
  const struct plan *plan;
  const struct job_source *source;
  const struct ingest_binding *binding;
  struct split_output *out;
  struct ingest_work *work;
  struct arena *scratch; /* work's */
  size_t *offsets;       /* by slot: of the record in work->records; SIZE_MAX = not linked */
  struct feature_row *row;
  const struct bytes *cells;
  struct record_value values[JOB_FIELDS_MAX];
  uint32_t flags[JOB_FIELDS_MAX];
  struct bytes date_parts[JOB_FIELDS_MAX][3];
  uint64_t date_composed; /* fields that get their date from parts */
  uint32_t mapped, missing;
  uint32_t number; /* the row's, in the run */
  bool for_review;
};

static void *feature_of(struct row_work *w, uint16_t field) {
  int comparison = w->plan->comparison_of_field[field];
  return comparison < 0 ? NULL : (uint8_t *)w->row + w->plan->comparisons[comparison].offset;
}

static void count_value(struct row_work *w, uint16_t field, const struct standard_value *v) {
  struct field_quality *q = &w->out->quality[field];
  switch (v->state) {
    case VALUE_MISSING:
      return;
    case VALUE_OK:
      q->valid++;
      break;
    case VALUE_FIXED:
      q->fixed++;
      break;
    case VALUE_ATTRIBUTE:
      q->attribute++;
      break;
    case VALUE_INVALID:
      q->invalid++;
      break;
  }
  q->filled++;
  for (uint32_t flags = v->flags; flags; flags &= flags - 1) {
    w->out->flags[__builtin_ctz(flags)]++;
    w->out->field_flags[field][__builtin_ctz(flags)]++;
  }
}

static int bytes_order(const void *a, const void *b) {
  return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Puts one more part into a field: the first usable one is compared; parts are kept once, sorted.
 */
static void add_part(struct row_work *w, uint16_t field, const struct field_options *options,
                     struct bytes raw) {
  struct record_value *kept = &w->values[field];
  void *feature =
      kept->state == VALUE_MISSING || kept->state == VALUE_INVALID ? feature_of(w, field) : NULL;
  struct standard_value v = {0};
  const struct field_type *type = w->plan->types[field];
  if (w->plan->job->fields[field].type == FIELD_TYPE_CATEGORY)
    value_memo_standardise(&w->work->memo, type, options, raw, w->scratch, &v, feature);
  else
    type->standardise(options, raw, w->scratch, &v, feature);
  count_value(w, field, &v);
  if (v.state == VALUE_MISSING) return;
  w->flags[field] |= v.flags;
  if (kept->state == VALUE_MISSING || (kept->state == VALUE_INVALID && v.state != VALUE_INVALID)) {
    *kept = (struct record_value){v.value, (uint8_t)v.state, v.kind};
    return;
  }
  if (!w->plan->job->fields[field].multi) return;
  struct bytes parts[MULTI_PARTS_MAX];
  uint32_t count = 0;
  struct bytes rest = kept->text;
  while (rest.size && count < MULTI_PARTS_MAX - 1) {
    const char *cut = memchr(rest.data, RECORD_VALUE_SEPARATOR, rest.size);
    size_t size = cut ? (size_t)(cut - rest.data) : rest.size;
    parts[count++] = bytes_of(rest.data, size);
    rest = cut ? bytes_of(cut + 1, rest.size - size - 1) : BYTES_EMPTY;
  }
  for (uint32_t i = 0; i < count; i++)
    if (bytes_equal(parts[i], v.value)) return;
  parts[count++] = v.value;
  qsort(parts, count, sizeof parts[0], bytes_order);
  char *joined = arena_alloc(w->scratch, kept->text.size + v.value.size + count);
  size_t size = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (i) joined[size++] = RECORD_VALUE_SEPARATOR;
    memcpy(joined + size, parts[i].data, parts[i].size);
    size += parts[i].size;
  }
  kept->text = bytes_of(joined, size);
}

/* A cell of a multi field holds several values, separated by ; or its full-width form. */
static void add_parts(struct row_work *w, uint16_t field, const struct field_options *options,
                      struct bytes cell) {
  static const struct bytes wide = {"；", 3};
  while (cell.size) {
    const char *narrow_cut = memchr(cell.data, ';', cell.size);
    size_t narrow = narrow_cut ? (size_t)(narrow_cut - cell.data) : cell.size;
    size_t broad = bytes_find(cell, wide);
    size_t cut = narrow < broad ? narrow : broad;
    add_part(w, field, options, bytes_of(cell.data, cut));
    size_t skip = cut == cell.size ? 0 : cut == narrow ? 1 : wide.size;
    cell = bytes_of(cell.data + cut + skip, cell.size - cut - skip);
  }
}

static struct bytes name_space_of(struct row_work *w, const struct ingest_template *template) {
  size_t size = 0;
  for (uint32_t i = 0; i < template->part_count; i++) {
    const struct ingest_template_part *part = &template->parts[i];
    size += part->column < 0 ? part->text.size : w->cells[part->column].size;
  }
  char *text = arena_alloc(w->scratch, size + 1), *at = text;
  for (uint32_t i = 0; i < template->part_count; i++) {
    const struct ingest_template_part *part = &template->parts[i];
    struct bytes from = part->column < 0 ? part->text : bytes_trim(w->cells[part->column]);
    if (from.size) memcpy(at, from.data, from.size);
    at += from.size;
  }
  return bytes_of(text, (size_t)(at - text));
}

/* The column's options; with the name space of this row where it depends on other cells. */
static const struct field_options *options_of(struct row_work *w, uint32_t index,
                                              struct field_options *room) {
  const struct ingest_template *template = &w->binding->name_spaces[index];
  const struct field_options *options = &w->source->columns[index].options;
  if (template->part_count == 0) return options;
  *room = *options;
  room->name_space = name_space_of(w, template);
  return room;
}

/* What record_view.name_spaces says. */
static struct bytes all_name_spaces(struct row_work *w) {
  struct bytes all = BYTES_EMPTY;
  bool first = true;
  for (uint32_t c = 0; c < w->source->column_count; c++) {
    const struct ingest_template *template = &w->binding->name_spaces[c];
    if (template->part_count == 0) continue;
    struct bytes one = name_space_of(w, template);
    all = first ? one
                : bytes_from_string(arena_printf(w->scratch, "%.*s%c%.*s", (int)all.size, all.data,
                                                 RECORD_VALUE_SEPARATOR, (int)one.size, one.data));
    first = false;
  }
  return all;
}

static void add_column(struct row_work *w, uint32_t index) {
  const struct job_column *column = &w->source->columns[index];
  struct bytes cell = w->cells[w->binding->column_of[index]];
  struct field_options room;
  w->mapped++;
  if (bytes_trim(cell).size == 0) {
    w->missing++;
    return;
  }
  const struct job_field *field = &w->plan->job->fields[column->field];
  if (column->options.date_part != DATE_WHOLE && field->type == FIELD_TYPE_DATE &&
      field->options.date_part == DATE_WHOLE) {
    w->date_composed |= 1ULL << column->field;
    w->date_parts[column->field][column->options.date_part - DATE_YEAR] = bytes_trim(cell);
  } else if (field->multi) {
    add_parts(w, column->field, options_of(w, index, &room), cell);
  } else {
    add_part(w, column->field, options_of(w, index, &room), cell);
  }
}

/* Year, month and day of columns of their own become one date; a field that is a year, month or day
 * alone stays it. */
static void compose_dates(struct row_work *w) {
  for (uint64_t left = w->date_composed; left; left &= left - 1) {
    uint16_t field = (uint16_t)__builtin_ctzll(left);
    const struct bytes *p = w->date_parts[field];
    struct field_options options = w->plan->job->fields[field].options;
    options.date_part = DATE_WHOLE;
    const char *text = arena_printf(w->scratch, "%.*s-%.*s-%.*s", (int)p[0].size, p[0].data,
                                    (int)p[1].size, p[1].data, (int)p[2].size, p[2].data);
    add_part(w, field, &options, bytes_from_string(text));
  }
}

/* ---- time ---- */

/* INT64_MIN when it is no usable date. */
static int64_t time_ms_of(const struct record_value *v, int timezone_minutes) {
  bool usable = v->state == VALUE_OK || v->state == VALUE_FIXED;
  return usable ? date_value_time_ms(v->text, timezone_minutes) : INT64_MIN;
}

static int64_t record_time_ms(const struct row_work *w) {
  for (unsigned i = 0; i < INGEST_TIME_FIELDS; i++) {
    int field = w->binding->time_fields[i];
    if (field < 0) continue;
    int64_t time_ms = time_ms_of(&w->values[field], w->plan->job->timezone_minutes);
    if (time_ms != INT64_MIN) return time_ms;
  }
  return INT64_MIN;
}

static int32_t local_day_of(int64_t time_ms, int timezone_minutes) {
  if (time_ms == INT64_MIN) return INT32_MIN;
  time_ms += timezone_minutes * 60000LL;
  int64_t day = time_ms / 86400000 - (time_ms % 86400000 < 0);
  return (int32_t)day;
}

/* ---- who the record is ---- */

static struct bytes own_id(const struct row_work *w) {
  const struct job_source *s = w->source;
  if (s->key_count == 1) {
    struct bytes id = bytes_trim(w->cells[w->binding->key_columns[0]]);
    return id.size > ID_BYTES_MAX ? bytes_of(id.data, ID_BYTES_MAX) : id;
  }
  size_t size = 0;
  char *joined = arena_alloc(w->scratch, ID_BYTES_MAX);
  bool any = false;
  for (uint32_t k = 0; k < s->key_count; k++) {
    struct bytes part = bytes_trim(w->cells[w->binding->key_columns[k]]);
    any |= part.size != 0;
    if (k && size < ID_BYTES_MAX) joined[size++] = '/';
    size_t take = part.size < ID_BYTES_MAX - size ? part.size : ID_BYTES_MAX - size;
    if (take) memcpy(joined + size, part.data, take);
    size += take;
  }
  return any ? bytes_of(joined, size) : BYTES_EMPTY;
}

static struct bytes row_content(const struct row_work *w, uint32_t column_count) {
  size_t size = 0;
  for (uint32_t c = 0; c < column_count; c++) size += w->cells[c].size + 1;
  char *content = arena_alloc(w->scratch, size);
  char *at = content;
  for (uint32_t c = 0; c < column_count; c++) {
    if (w->cells[c].size) memcpy(at, w->cells[c].data, w->cells[c].size);
    at += w->cells[c].size;
    *at++ = RECORD_VALUE_SEPARATOR;
  }
  return bytes_of(content, size);
}

/* ---- the split ---- */

static void reject(struct split_output *out, uint64_t line, int16_t field, struct bytes reason,
                   bool quarantined, struct bytes masked) {
  if ((out->reject_count & (out->reject_count - 1)) == 0) {
    uint32_t capacity = out->reject_count ? out->reject_count * 2 : 1;
    out->rejects = memory_resize(out->rejects, capacity * sizeof *out->rejects);
  }
  out->rejects[out->reject_count++] = (struct reject_entry){.line = line,
                                                            .file = out->file,
                                                            .source = (uint16_t)out->source,
                                                            .quarantined = quarantined,
                                                            .field = field,
                                                            .reason = reason,
                                                            .value_masked = masked};
  if (quarantined)
    out->quarantined++;
  else
    out->rejected++;
}

static int by_line(const void *a, const void *b) {
  uint64_t left = ((const struct reject_entry *)a)->line;
  uint64_t right = ((const struct reject_entry *)b)->line;
  return (left > right) - (left < right);
}

static bool too_many_missing(const struct row_work *w) {
  const struct job *job = w->plan->job;
  return job->has_quarantine_null &&
         (uint64_t)w->missing * 1000 > (uint64_t)w->mapped * job->quarantine_null_permille;
}

static void begin_row(struct row_work *w, const struct bytes *cells, uint32_t number,
                      struct feature_row *row) {
  const struct plan *plan = w->plan;
  arena_reset(w->scratch);
  w->cells = cells;
  w->number = number;
  w->row = row;
  w->mapped = w->missing = 0;
  w->for_review = false;
  w->date_composed = 0;
  memset(w->values, 0, plan->job->field_count * sizeof w->values[0]);
  memset(w->flags, 0, plan->job->field_count * sizeof w->flags[0]);
}

/* A value that is not matched by: its feature is as if it were missing. */
static void clear_feature(struct row_work *w, uint16_t field) {
  void *feature = feature_of(w, field);
  if (feature) memset(feature, 0, w->plan->types[field]->feature_size);
}

static void note_reviews(const struct row_work *w, const struct quality_hit *hits, uint32_t count) {
  struct split_output *out = w->out;
  for (uint32_t i = 0; i < count; i++) {
    if (w->plan->job->quality_rules[hits[i].rule].action != QUALITY_REVIEW) continue;
    if ((out->quality_review_count & (out->quality_review_count - 1)) == 0) {
      uint32_t capacity = out->quality_review_count ? out->quality_review_count * 2 : 1;
      out->quality_reviews =
          memory_resize(out->quality_reviews, capacity * sizeof *out->quality_reviews);
    }
    out->quality_reviews[out->quality_review_count++] =
        (struct quality_review){w->number, hits[i].rule};
  }
}

/* Does what the rules that the row hits ask for. false when one keeps the row out. */
static bool keep_by_quality_rules(struct row_work *w, const struct quality_rules *rules,
                                  uint64_t line) {
  const struct job *job = w->plan->job;
  struct quality_hit hits[JOB_QUALITY_RULES_MAX];
  uint32_t count = quality_rules_evaluate(rules, w->values, w->flags, hits);
  const struct quality_hit *quarantine = NULL;
  for (uint32_t i = 0; i < count; i++) {
    w->out->quality_hits[hits[i].rule]++;
    switch (job->quality_rules[hits[i].rule].action) {
      case QUALITY_REPORT:
        break;
      case QUALITY_DROP_VALUE:
        if (hits[i].field < 0) break;
        w->values[hits[i].field] = (struct record_value){0};
        clear_feature(w, (uint16_t)hits[i].field);
        break;
      case QUALITY_ATTRIBUTE_ONLY:
        if (hits[i].field < 0) break;
        w->values[hits[i].field].state = VALUE_ATTRIBUTE;
        clear_feature(w, (uint16_t)hits[i].field);
        break;
      case QUALITY_QUARANTINE:
        if (!quarantine) quarantine = &hits[i];
        break;
      case QUALITY_REVIEW:
        w->for_review = true;
        break;
    }
  }
  if (!quarantine) {
    if (w->for_review) note_reviews(w, hits, count);
    return true;
  }
  struct bytes masked = BYTES_EMPTY;
  if (quarantine->field >= 0)
    masked = field_mask(w->plan, (uint32_t)quarantine->field, w->values[quarantine->field].text,
                        &w->out->arena);
  reject(w->out, line, quarantine->field, job->quality_rules[quarantine->rule].id, true,
         arena_copy(&w->out->arena, masked));
  return false;
}

static void flag_contradictions(struct row_work *w) {
  uint64_t left = record_check_contradicting(&w->binding->check, w->values);
  for (; left; left &= left - 1) {
    unsigned field = (unsigned)__builtin_ctzll(left);
    w->flags[field] |= FIELD_W_CONTRADICTS;
    w->out->flags[FIELD_FLAG_BIT_W_CONTRADICTS]++;
    w->out->field_flags[field][FIELD_FLAG_BIT_W_CONTRADICTS]++;
  }
}

/* Features, values and header of one row. false when a quality rule keeps it out. */
static bool standardise_row(struct row_work *w, const struct quality_rules *rules, uint64_t line) {
  const struct job_source *s = w->source;
  for (uint32_t k = 0; k < s->constant_count; k++)
    w->values[s->constants[k].field] = w->binding->constants[k];
  for (uint32_t c = 0; c < s->column_count; c++) add_column(w, c);
  if (w->date_composed) compose_dates(w);
  flag_contradictions(w);
  if (too_many_missing(w)) {
    reject(w->out, line, -1, BYTES("too_many_empty"), true, BYTES_EMPTY);
    return false;
  }
  return !rules || keep_by_quality_rules(w, rules, line);
}

static void keep_record(struct row_work *w, uint32_t column_count, uint32_t row_number,
                        uint64_t line) {
  struct split_output *out = w->out;
  struct record_header h = {.line = line,
                            .row = row_number,
                            .source = (uint16_t)out->source,
                            .file = (uint16_t)out->file,
                            .event = (uint8_t)w->source->event};
  if (w->for_review) h.flags |= RECORD_FOR_REVIEW;
  struct bytes source_id = BYTES_EMPTY;
  if (w->binding->source_column >= 0) source_id = bytes_trim(w->cells[w->binding->source_column]);
  struct bytes id = w->source->key_count ? own_id(w) : BYTES_EMPTY;
  struct bytes from = source_id.size ? source_id : w->source->id;
  if (id.size) {
    h.key = record_key(from, id, true);
  } else {
    h.flags |= RECORD_HAS_NO_ID;
    h.key = record_key(from, row_content(w, column_count), false);
  }
  h.time_ms = record_time_ms(w);
  struct buffer *records = &w->work->records;
  size_t offset = records->size;
  w->offsets[row_number - out->first_row] = offset;
  record_encode(records, &h, source_id, id, w->values, w->plan->job->field_count);
  if (w->binding->has_name_spaces) record_add_name_spaces(records, offset, all_name_spaces(w));
  w->row->record_key = h.key.low;
  w->row->day = local_day_of(h.time_ms, w->plan->job->timezone_minutes);
  w->row->source = (uint16_t)out->source;
  w->row->flags = ROW_PRESENT | (id.size ? ROW_HAS_ID : 0);
  out->accepted++;
}

/* Groups the keys by partition, stable, so that a partition's task reads one run of each split. */
static void partition_keys(struct split_output *out, struct ingest_work *work, uint32_t count) {
  const struct key_entry *keys = work->keys;
  uint32_t start[PLAN_PARTITIONS + 1] = {0};
  for (uint32_t i = 0; i < count; i++) start[(keys[i].key >> 56) + 1]++;
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++) start[p + 1] += start[p];
  memcpy(out->key_start, start, sizeof start);
  out->keys = memory_pool_take(&work->keys_pool, count * sizeof *out->keys);
  for (uint32_t i = 0; i < count; i++) out->keys[start[keys[i].key >> 56]++] = keys[i];
}

/* Moves the packed records of the split to where they stay. */
static void keep_records(struct run_state *run, const struct row_work *w) {
  const struct buffer *records = &w->work->records;
  char *kept = memory_pool_take(&w->work->records_pool, records->size);
  if (records->size) memcpy(kept, records->data, records->size);
  for (uint32_t s = 0; s < w->out->row_slots; s++)
    if (w->offsets[s] != SIZE_MAX) run->records[w->out->first_row + s] = kept + w->offsets[s];
}

static void take_rejects(struct source_reader *reader, struct split_output *out) {
  uint32_t count;
  const struct source_reject *rejects = source_reader_rejects(reader, &count);
  for (uint32_t i = 0; i < count; i++)
    reject(out, rejects[i].line, -1, bytes_from_string(rejects[i].reason), false, BYTES_EMPTY);
}

static enum err read_rows(struct run_state *run, const struct source_file *file,
                          struct source_reader *reader, struct row_work *w,
                          const struct quality_rules *rules, struct failure *failure) {
  struct split_output *out = w->out;
  const struct plan *plan = &run->plan;
  uint64_t split_row = file->splits[out->split].first_row;
  struct ingest_work *work = w->work;
  size_t key_count = 0;
  struct source_batch batch;
  enum err err;
  uint32_t rejects;
  for (;;) {
    if ((err = source_reader_next(reader, &batch, failure))) break;
    take_rejects(reader, out);
    (void)source_reader_rejects(reader, &rejects);
    if (batch.row_count == 0 && rejects == 0) break;
    size_t need = key_count + (size_t)batch.row_count * JOB_BLOCKING_RULES_MAX;
    if (need > work->key_capacity) {
      work->key_capacity = need * 2;
      work->keys = memory_resize(work->keys, work->key_capacity * sizeof *work->keys);
    }
    uint32_t first = 0, behind = 0; /* the rows of the batch, with rejected ones between them */
    for (uint32_t r = 0; r < batch.row_count; r++) {
      uint32_t number = out->first_row + (uint32_t)(batch.rows[r] - split_row);
      check(number - out->first_row < out->row_slots);
      if (r == 0) first = number;
      behind = number + 1;
      begin_row(w, batch.cells + (size_t)r * batch.column_count, number,
                run_state_row(run, number));
      if (!standardise_row(w, rules, batch.lines[r])) {
        memset(w->row, 0, plan->row_bytes);
        continue;
      }
      keep_record(w, batch.column_count, number, batch.lines[r]);
      key_count += block_emit(plan, w->row, number, work->keys + key_count);
    }
    if (!work->counts_nothing)
      frequency_count(&work->tables, plan, run->rows, first, behind - first);
  }
  if (err) return err;
  check(key_count <= UINT32_MAX);
  partition_keys(out, work, (uint32_t)key_count);
  return ERR_OK;
}

enum err ingest_run(struct run_state *run, uint32_t split, const struct ingest_binding *binding,
                    const struct quality_rules *rules, struct ingest_work *work,
                    struct failure *failure) {
  struct split_output *out = &run->splits[split];
  const struct source_file *file = &run->files[out->file];
  struct source_reader *reader = NULL;
  enum err err = source_reader_open(file, out->split, &reader, failure);
  if (err) return err;
  struct row_work *w = memory_new_zeroed(1, sizeof *w);
  *w = (struct row_work){.plan = &run->plan,
                         .source = &run->plan.job->sources[out->source],
                         .binding = binding,
                         .out = out,
                         .work = work,
                         .scratch = &work->scratch,
                         .offsets = memory_new(out->row_slots * sizeof *w->offsets)};
  memset(w->offsets, 0xff, out->row_slots * sizeof *w->offsets);
  buffer_clear(&work->records);
  out->quality_hits = arena_alloc_zeroed(
      &out->arena, run->plan.job->quality_rule_count * sizeof *out->quality_hits);
  err = read_rows(run, file, reader, w, rules, failure);
  if (!err) keep_records(run, w);
  if (out->reject_count) qsort(out->rejects, out->reject_count, sizeof *out->rejects, by_line);
  free(w->offsets);
  free(w);
  source_reader_close(&reader);
  if (!err && out->accepted + out->rejected + out->quarantined != out->row_slots)
    err =
        failure_set(failure, ERR_MISMATCH,
                    "%s: %u rows were counted, but %u linked, %u quarantined and %u rejected. The "
                    "file changed while it was read: run again when nobody writes to it.",
                    file->path, out->row_slots, out->accepted, out->quarantined, out->rejected);
  return err;
}

void ingest_work_release(struct ingest_work *work) {
  frequency_tables_release(&work->tables);
  arena_release(&work->scratch);
  memory_pool_release(&work->keys_pool);
  memory_pool_release(&work->records_pool);
  buffer_release(&work->records);
  free(work->keys);
  *work = (struct ingest_work){0};
}

void split_output_release(struct split_output *out) {
  free(out->rejects);
  free(out->quality_reviews);
  arena_release(&out->arena);
  *out = (struct split_output){0};
}

int32_t ingest_newest_day(const struct run_state *run) {
  int32_t newest = INT32_MIN;
  for (uint32_t r = 0; r < run->row_count; r++) {
    const struct feature_row *row = run_state_row(run, r);
    if (row->flags & ROW_PRESENT && row->day > newest) newest = row->day;
  }
  return newest;
}
