/* From customers to what is written: golden records where their shard is, lists where their split
 * is. */
#include <stdlib.h>

#include "common/byte_reader.h"
#include "common/memory.h"
#include "proto/task_result.h"
#include "worker/apart/apart.h"
#include "worker/exports/golden_csv.h"
#include "worker/exports/lineage_jsonl.h"
#include "worker/exports/members_csv.h"
#include "worker/exports/rejects_csv.h"
#include "worker/golden_codec.h"
#include "worker/stages/merge.h"
#include "worker/stages/tag.h"

enum {
  MEMBERS_AT_ONCE = 1 << 15
}; /* records fetched together: what bounds the memory of a merge */

/* Repeats of contents, for the ids of records without one of their own. */
static void add_repeat(struct export_context *context, uint32_t row, uint32_t occurrence) {
  if (occurrence > 1)
    context->repeats[context->repeat_count++] = (struct export_repeat){row, occurrence};
}

static int by_row(const void *left, const void *right) {
  uint32_t a = ((const struct export_repeat *)left)->row;
  uint32_t b = ((const struct export_repeat *)right)->row;
  return (a > b) - (a < b);
}

/* ---- merge ---- */

/* Customers whose records are fetched together. */
struct merging {
  struct task_context *t;
  struct gather *g;
  struct export_context exports;
  struct golden_plan *plan;
  struct buffer golden, lineage;
  struct apart_merge_facts facts;
  struct arena records; /* of one round */
  struct apart_customer *customers;
  struct apart_placed_member *members;
  struct record_view *views; /* by member */
  uint32_t customer_count, member_count;
};

static enum err take_records(void *context, const uint32_t *indexes, uint32_t count,
                             struct bytes answer, struct failure *failure) {
  struct merging *m = context;
  uint32_t field_count = m->t->p->options.job->field_count;
  struct byte_reader r = byte_reader_of(answer);
  for (uint32_t i = 0; i < count; i++) {
    struct record_head head;
    struct record_header header;
    byte_reader_copy(&r, &head, sizeof head);
    struct byte_reader ahead = r;
    byte_reader_copy(&ahead, &header, sizeof header);
    struct bytes record = byte_reader_take(&r, header.size);
    if (!r.ok) break;
    char *copy = arena_alloc(&m->records, record.size);
    memcpy(copy, record.data, record.size);
    if (record_decode(bytes_of(copy, record.size), field_count, &m->views[indexes[i]])) {
      r.ok = false;
      break;
    }
  }
  return byte_reader_is_done(&r) ? ERR_OK : apart_malformed(failure, STAGE_INGEST, answer);
}

static void merge_customer(struct merging *m, const struct apart_customer *customer,
                           uint32_t first) {
  struct task_context *t = m->t;
  const struct job *job = t->p->options.job;
  struct arena *scratch = &t->thread->scratch;
  arena_reset(scratch);
  int32_t *weights = arena_alloc(scratch, customer->member_count * sizeof *weights);
  for (uint32_t i = 0; i < customer->member_count; i++)
    weights[i] = m->members[first + i].link_weight;
  struct golden_record *golden = arena_alloc(scratch, sizeof *golden);
  golden_merge(m->plan, m->views + first, customer->member_count, weights, scratch, golden);
  golden->customer_id = customer->customer_id;
  golden_tag(m->plan, scratch, golden);
  buffer_clear(&t->thread->text);
  golden_digest_add(&m->facts.digest, golden_digest(job, golden, &t->thread->text));
  golden_csv_row(&m->exports, golden, scratch, &m->golden);
  if (t->p->options.write_lineage) lineage_jsonl_rows(&m->exports, golden, scratch, &m->lineage);
  m->facts.customers++;
  m->facts.records += customer->member_count;
}

static enum err merge_round(struct merging *m) {
  struct task_context *t = m->t;
  uint32_t *rows = memory_new(m->member_count * sizeof *rows);
  m->views = memory_new(m->member_count * sizeof *m->views);
  m->exports.repeats = memory_new(m->member_count * sizeof *m->exports.repeats);
  m->exports.repeat_count = 0;
  for (uint32_t i = 0; i < m->member_count; i++) {
    rows[i] = m->members[i].row;
    add_repeat(&m->exports, m->members[i].row, m->members[i].occurrence);
  }
  if (m->exports.repeat_count)
    qsort(m->exports.repeats, m->exports.repeat_count, sizeof *m->exports.repeats, by_row);
  enum err err = gather_rows(m->g, &t->p->run, STAGE_CLASSIFY, FETCH_RECORDS, 0, rows,
                             m->member_count, take_records, m);
  for (uint32_t c = 0, first = 0; c < m->customer_count && !err; c++) {
    merge_customer(m, &m->customers[c], first);
    first += m->customers[c].member_count;
  }
  arena_reset(&m->records);
  free(rows);
  free(m->views);
  free(m->exports.repeats);
  m->exports.repeats = NULL;
  m->exports.repeat_count = 0;
  m->customer_count = m->member_count = 0;
  return err;
}

/* Does the customer fit into the shard's piece? */
static bool take_customer(struct merging *m, struct byte_reader *r) {
  struct apart_customer customer;
  byte_reader_copy(r, &customer, sizeof customer);
  struct bytes members = byte_reader_take(r, (size_t)customer.member_count * sizeof *m->members);
  if (!r->ok || customer.member_count == 0) return false;
  struct apart_placed_member *to = m->members + m->member_count;
  memcpy(to, members.data, members.size);
  for (uint32_t i = 0; i < customer.member_count; i++)
    if (to[i].row >= m->t->p->run.row_count) return false;
  m->customers[m->customer_count++] = customer;
  m->member_count += customer.member_count;
  return true;
}

static enum err merge_shard(void *context, uint32_t task, struct bytes piece,
                            struct failure *failure) {
  (void)task;
  struct merging *m = context;
  struct byte_reader r = byte_reader_of(piece);
  int32_t as_of_day = (int32_t)byte_reader_u32(&r);
  golden_plan_make(&m->t->p->run.plan, as_of_day, m->plan);
  size_t most = piece.size / sizeof *m->members + 1;
  m->members = memory_new(most * sizeof *m->members);
  m->customers = memory_new(most * sizeof *m->customers);
  enum err err = ERR_OK;
  while (r.ok && r.left.size && !err) {
    if (!take_customer(m, &r))
      err = apart_malformed(failure, STAGE_IDENTIFY, piece);
    else if (m->member_count >= MEMBERS_AT_ONCE)
      err = merge_round(m);
  }
  if (!err && m->member_count) err = merge_round(m);
  free(m->members);
  free(m->customers);
  return err;
}

enum err apart_merge(struct task_context *t) {
  struct pipeline *p = t->p;
  struct golden_plan plan;
  struct merging m = {.t = t, .plan = &plan};
  enum err err = apart_begin(t, &m.g);
  if (!err) err = apart_need_layout(t, m.g);
  if (err) return err;
  export_context_init(&m.exports, &p->run.plan, NULL, p->options.unmask);
  err = gather_one_piece(m.g, STAGE_IDENTIFY, 0, t->task, merge_shard, &m);
  if (!err) {
    struct task_output *output = task_output_new(APART_MERGE_PARTS);
    task_output_begin_part(output, APART_MERGE_GOLDEN);
    buffer_append_bytes(&output->data, buffer_bytes(&m.golden));
    task_output_begin_part(output, APART_MERGE_LINEAGE);
    buffer_append_bytes(&output->data, buffer_bytes(&m.lineage));
    task_output_begin_part(output, APART_MERGE_FACTS);
    buffer_append(&output->data, &m.facts, sizeof m.facts);
    task_output_close(output);
    apart_put(t, STAGE_MERGE, output);
    *t->units = m.facts.customers;
  }
  buffer_release(&m.golden);
  buffer_release(&m.lineage);
  arena_release(&m.records);
  export_context_release(&m.exports);
  return err;
}

/* ---- export ---- */

struct slots {
  const struct split_output *split;
  struct members_csv_slot *slots;
  struct export_context *exports;
};

static enum err take_slots(void *context, uint32_t task, struct bytes piece,
                           struct failure *failure) {
  (void)task;
  struct slots *s = context;
  struct apart_slot slot;
  if (piece.size != s->split->row_slots * sizeof slot)
    return apart_malformed(failure, STAGE_IDENTIFY, piece);
  for (uint32_t i = 0; i < s->split->row_slots; i++) {
    memcpy(&slot, piece.data + i * sizeof slot, sizeof slot);
    s->slots[i] = (struct members_csv_slot){slot.customer_id, slot.link_weight};
    add_repeat(s->exports, s->split->first_row + i, slot.occurrence);
  }
  return ERR_OK;
}

enum err apart_export(struct task_context *t) {
  struct pipeline *p = t->p;
  struct export_context exports;
  struct slots slots = {.exports = &exports};
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = apart_home_split(t, &slots.split);
  if (err) return err;
  export_context_init(&exports, &p->run.plan, NULL, p->options.unmask);
  exports.run = &p->run;
  slots.slots = memory_new(slots.split->row_slots * sizeof *slots.slots);
  exports.repeats = memory_new(slots.split->row_slots * sizeof *exports.repeats);
  err =
      gather_one_piece(g, STAGE_IDENTIFY, 0, p->options.job->shards + t->task, take_slots, &slots);
  if (!err) {
    struct task_output *output = task_output_new(APART_EXPORT_PARTS);
    task_output_begin_part(output, APART_EXPORT_MEMBERS);
    members_csv_slots(&exports, slots.split, slots.slots, &output->data);
    task_output_begin_part(output, APART_EXPORT_REJECTS);
    rejects_csv_split(&exports, t->task, &output->data);
    task_output_close(output);
    apart_put(t, STAGE_EXPORT, output);
    *t->units = slots.split->row_slots;
  }
  free(slots.slots);
  free(exports.repeats);
  export_context_release(&exports);
  return err;
}

/* ---- publish ---- */

static enum err add_merge_facts(void *context, uint32_t task, struct bytes piece,
                                struct failure *failure) {
  (void)task;
  struct publish_result *result = context;
  struct apart_merge_facts facts;
  if (piece.size != sizeof facts) return apart_malformed(failure, STAGE_MERGE, piece);
  memcpy(&facts, piece.data, sizeof facts);
  struct hash128 digest = {result->digest_low, result->digest_high};
  golden_digest_add(&digest, facts.digest);
  result->digest_low = digest.low;
  result->digest_high = digest.high;
  result->customers += facts.customers;
  result->linked += facts.records;
  return ERR_OK;
}

static enum err add_split_facts(void *context, uint32_t task, struct bytes piece,
                                struct failure *failure) {
  (void)task;
  struct publish_result *result = context;
  struct apart_split_facts facts;
  if (piece.size != sizeof facts) return apart_malformed(failure, STAGE_INGEST, piece);
  memcpy(&facts, piece.data, sizeof facts);
  result->rows += facts.accepted + facts.rejected + facts.quarantined;
  result->rejected += facts.rejected;
  result->quarantined += facts.quarantined;
  return ERR_OK;
}

enum err apart_publish(struct task_context *t) {
  struct publish_result result = {0};
  struct gather *g;
  enum err err = apart_begin(t, &g);
  if (!err) err = gather_pieces(g, STAGE_INGEST, APART_INGEST_FACTS, add_split_facts, &result);
  if (!err) err = gather_pieces(g, STAGE_MERGE, APART_MERGE_FACTS, add_merge_facts, &result);
  if (err) return err;
  if (result.rows != result.linked + result.quarantined + result.rejected)
    return failure_set(t->failure, ERR_MISMATCH,
                       "%llu records were read, but %llu linked, %llu quarantined and %llu "
                       "rejected: nothing was published",
                       (unsigned long long)result.rows, (unsigned long long)result.linked,
                       (unsigned long long)result.quarantined, (unsigned long long)result.rejected);
  apart_put(t, STAGE_PUBLISH, task_output_new(0));
  buffer_append(t->result, &result, sizeof result);
  *t->units = result.customers;
  return ERR_OK;
}
