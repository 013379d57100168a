/* From files to rows with their frequencies: each worker keeps the rows of the splits it ingested.
 */
#include <stdlib.h>

#include "common/byte_reader.h"
#include "common/memory.h"
#include "proto/task_result.h"
#include "worker/apart/apart.h"
#include "worker/exchange/file_codec.h"

enum err apart_scan(struct task_context *t) {
  struct source_file file = {0};
  enum err err = pipeline_scan_file(t->p, t->task, &file, t->failure);
  if (!err) {
    *t->units = file.row_count;
    struct task_output *output = task_output_new(1);
    task_output_begin_part(output, 0);
    file_encode(&file, &output->data);
    task_output_close(output);
    apart_put(t, STAGE_SCAN, output);
  }
  source_file_release(&file);
  return err;
}

/* ---- layout ---- */

static enum err keep_description(void *context, uint32_t task, struct bytes piece,
                                 struct failure *failure) {
  struct run_state *run = context;
  source_file_release(&run->files[task]);
  return file_decode(piece, &run->files[task], failure);
}

static enum err lay_out(struct task_context *t) {
  struct run_state *run = &t->p->run;
  enum err err = ERR_OK;
  for (uint32_t f = 0; f < run->file_count && !err; f++)
    err = file_find_here(&run->files[f], t->failure);
  if (!err) err = pipeline_lay_out(t->p, t->failure);
  t->p->apart->has_layout = !err;
  return err;
}

/* All descriptions, in order of the files. */
static enum err take_descriptions(void *context, uint32_t task, struct bytes piece,
                                  struct failure *failure) {
  (void)task;
  struct run_state *run = context;
  struct byte_reader r = byte_reader_of(piece);
  for (uint32_t f = 0; f < run->file_count; f++) {
    enum err err = keep_description(run, f, byte_reader_counted(&r), failure);
    if (err) return err;
  }
  return byte_reader_is_done(&r) ? ERR_OK : apart_malformed(failure, STAGE_LAYOUT, piece);
}

enum err apart_need_layout(struct task_context *t, struct gather *g) {
  struct apart *apart = t->p->apart;
  pthread_mutex_lock(&apart->lock);
  enum err err = ERR_OK;
  if (!apart->has_layout) {
    err = gather_one_piece(g, STAGE_LAYOUT, 0, 0, take_descriptions, &t->p->run);
    if (!err) err = lay_out(t);
  }
  pthread_mutex_unlock(&apart->lock);
  return err;
}

enum err apart_layout(struct task_context *t) {
  struct run_state *run = &t->p->run;
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (err) return err;
  pthread_mutex_lock(&t->p->apart->lock);
  if (!t->p->apart->has_layout) {
    err = gather_pieces(g, STAGE_SCAN, 0, keep_description, run);
    if (!err) err = lay_out(t);
  }
  pthread_mutex_unlock(&t->p->apart->lock);
  if (err) return err;
  struct task_output *output = task_output_new(1);
  struct buffer description = {0};
  task_output_begin_part(output, 0);
  for (uint32_t f = 0; f < run->file_count; f++) {
    buffer_clear(&description);
    file_encode(&run->files[f], &description);
    buffer_append_counted(&output->data, buffer_bytes(&description));
  }
  buffer_release(&description);
  task_output_close(output);
  apart_put(t, STAGE_LAYOUT, output);
  struct layout_result result = {run->split_count, run->row_count};
  buffer_append(t->result, &result, sizeof result);
  *t->units = run->row_count;
  return ERR_OK;
}

/* ---- ingest ---- */

static struct apart_split_facts split_facts(const struct run_state *run,
                                            const struct split_output *split) {
  struct apart_split_facts facts = {split->accepted, split->rejected, split->quarantined,
                                    INT32_MIN};
  for (uint32_t i = 0; i < split->row_slots; i++) {
    const struct feature_row *row = run_state_row(run, split->first_row + i);
    if (row->flags & ROW_PRESENT && row->day > facts.newest_day) facts.newest_day = row->day;
  }
  return facts;
}

static struct task_output *split_parts(const struct run_state *run,
                                       const struct split_output *split) {
  struct task_output *output = task_output_new(APART_INGEST_PARTS);
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++) {
    uint32_t first = split->key_start[p], end = split->key_start[p + 1];
    output->parts[p] =
        bytes_of((const char *)(split->keys + first), (end - first) * sizeof *split->keys);
  }
  task_output_begin_part(output, APART_INGEST_FREQUENCY);
  frequency_rows_encode(&run->plan, run->rows, split->first_row, split->row_slots, &output->data);
  task_output_begin_part(output, APART_INGEST_RECORD_KEYS);
  for (uint32_t i = 0; i < split->row_slots; i++)
    buffer_append_u64(&output->data, run_state_row(run, split->first_row + i)->record_key);
  for (uint32_t i = 0; i < split->row_slots; i++)
    buffer_append_u8(&output->data, (uint8_t)run_state_row(run, split->first_row + i)->flags);
  struct apart_split_facts facts = split_facts(run, split);
  task_output_begin_part(output, APART_INGEST_FACTS);
  buffer_append(&output->data, &facts, sizeof facts);
  task_output_close(output);
  return output;
}

enum err apart_ingest(struct task_context *t) {
  struct run_state *run = &t->p->run;
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_need_layout(t, g);
  if (err) return err;
  if (t->task >= run->split_count)
    return failure_set(t->failure, ERR_MALFORMED, "there is no split %u", t->task);
  struct split_output *split = &run->splits[t->task];
  *t->units = split->row_slots;
  /* A second attempt here finds what the first one left. */
  if (output_shelves_find(&t->p->apart->shelves, STAGE_INGEST, t->task)) return ERR_OK;
  t->thread->ingest.counts_nothing = true;
  err = ingest_run(run, t->task, &t->p->bindings[split->file], t->p->rules, &t->thread->ingest,
                   t->failure);
  if (!err) apart_put(t, STAGE_INGEST, split_parts(run, split));
  return err;
}

/* ---- frequencies ---- */

struct tally {
  struct frequency_tables *tables;
  uint64_t usable;
  int32_t newest_day;
};

static enum err add_frequencies(void *context, uint32_t task, struct bytes piece,
                                struct failure *failure) {
  (void)task;
  struct tally *tally = context;
  return frequency_tables_add_encoded(tally->tables, piece)
             ? apart_malformed(failure, STAGE_INGEST, piece)
             : ERR_OK;
}

static enum err add_facts(void *context, uint32_t task, struct bytes piece,
                          struct failure *failure) {
  (void)task;
  struct tally *tally = context;
  struct apart_split_facts facts;
  if (piece.size != sizeof facts) return apart_malformed(failure, STAGE_INGEST, piece);
  memcpy(&facts, piece.data, sizeof facts);
  tally->usable += facts.accepted + facts.quarantined;
  if (facts.newest_day > tally->newest_day) tally->newest_day = facts.newest_day;
  return ERR_OK;
}

/* The part: i32 as_of day, then the buckets. */
enum err apart_tally(struct task_context *t) {
  struct pipeline *p = t->p;
  struct frequency_tables tables = {0};
  struct tally tally = {&tables, 0, INT32_MIN};
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_need_layout(t, g);
  if (!err) err = gather_pieces(g, STAGE_INGEST, APART_INGEST_FACTS, add_facts, &tally);
  if (!err && tally.usable == 0)
    err = failure_set(t->failure, ERR_INPUT,
                      "none of the %u rows can be used: `guiyi run` on one of the files says why",
                      p->run.row_count);
  if (!err) err = gather_pieces(g, STAGE_INGEST, APART_INGEST_FREQUENCY, add_frequencies, &tally);
  if (!err) {
    struct task_output *output = task_output_new(1);
    task_output_begin_part(output, 0);
    buffer_append_u32(&output->data,
                      (uint32_t)pipeline_as_of_day(p->options.job, tally.newest_day));
    frequency_buckets_encode(&tables, &output->data);
    task_output_close(output);
    apart_put(t, STAGE_TALLY, output);
    struct training_counts counts = {0};
    frequency_training(&p->run.plan, &tables, &counts);
    *t->units = p->run.row_count;
    err = pipeline_return_counts(t, &counts);
  }
  frequency_tables_release(&tables);
  return err;
}

static enum err take_tally(void *context, uint32_t task, struct bytes piece,
                           struct failure *failure) {
  (void)task;
  struct pipeline *p = context;
  struct byte_reader r = byte_reader_of(piece);
  p->run.as_of_day = (int32_t)byte_reader_u32(&r);
  frequency_tables_release(&p->tables);
  if (!r.ok || frequency_buckets_decode(r.left, &p->tables))
    return apart_malformed(failure, STAGE_TALLY, piece);
  return ERR_OK;
}

enum err apart_need_tally(struct task_context *t, struct gather *g) {
  struct apart *apart = t->p->apart;
  pthread_mutex_lock(&apart->lock);
  enum err err = ERR_OK;
  if (!apart->has_tally) err = gather_one_piece(g, STAGE_TALLY, 0, 0, take_tally, t->p);
  apart->has_tally |= !err;
  pthread_mutex_unlock(&apart->lock);
  return err;
}

enum err apart_frequency(struct task_context *t) {
  struct run_state *run = &t->p->run;
  struct gather *g;
  enum err err = apart_begin(t, &g);
  const struct split_output *split;
  if (!err) err = apart_home_split(t, &split);
  if (!err) err = apart_need_tally(t, g);
  if (err) return err;
  frequency_apply(&run->plan, &t->p->tables, run->rows, split->first_row, split->row_slots);
  apart_put(t, STAGE_FREQUENCY, task_output_new(0));
  *t->units = split->row_slots;
  return ERR_OK;
}
