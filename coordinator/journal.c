#include "coordinator/journal.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"

/* etcd takes requests of 1.5 MiB, a third of which base64 adds. */
enum { PART_BYTES = 256 << 10, BATCH_BYTES = 768 << 10, BATCH_RECORDS = 64 };

struct job_record {
  uint64_t number;
  struct hash128 fingerprint;
};

static const struct bytes job_key = {"job", 3}, entry_prefix = {"entry/", 6};

/* A zeroed record when there is none. */
static enum err read_job(struct election *e, struct job_record *record, struct failure *failure) {
  struct buffer value = {0};
  *record = (struct job_record){0};
  enum err err = election_get(e, job_key, &value, failure);
  if (err == ERR_NOT_FOUND)
    err = ERR_OK;
  else if (!err && value.size != sizeof *record)
    err = failure_set(failure, ERR_MALFORMED, "the journal's job record has %zu bytes", value.size);
  else if (!err)
    memcpy(record, value.data, sizeof *record);
  buffer_release(&value);
  return err;
}

static enum err read_published(struct election *e, bool *is_published, struct failure *failure) {
  struct buffer value = {0};
  char mark[64];
  snprintf(mark, sizeof mark, "entry/%08x/00000000/0000", STAGE_COUNT);
  enum err err = election_get(e, bytes_from_string(mark), &value, failure);
  *is_published = err == ERR_OK;
  buffer_release(&value);
  return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err journal_begin(struct election *e, struct hash128 fingerprint, uint64_t job_min, bool again,
                       uint64_t *job, enum journal_state *state, struct failure *failure) {
  struct job_record record;
  bool is_published;
  enum err err = read_job(e, &record, failure);
  if (!err) err = read_published(e, &is_published, failure);
  if (err) return err;
  bool is_same = record.number && record.fingerprint.low == fingerprint.low &&
                 record.fingerprint.high == fingerprint.high;
  *job = record.number;
  *state = is_published ? JOURNAL_PUBLISHED : JOURNAL_RESUMES;
  if (is_same && !(is_published && again)) return ERR_OK;
  *state = JOURNAL_BEGINS;
  *job = record.number + 1 > job_min ? record.number + 1 : job_min;
  record = (struct job_record){*job, fingerprint};
  struct election_write writes[] = {
      {.key = entry_prefix, .is_removal = true},
      {.key = job_key, .value = bytes_of((const char *)&record, sizeof record)}};
  return election_fence(e, writes, 2, failure);
}

/* ---- writing ---- */

struct batch {
  struct election *election;
  struct election_write writes[BATCH_RECORDS];
  char keys[BATCH_RECORDS][40];
  struct buffer values[BATCH_RECORDS];
  uint32_t count;
  size_t bytes;
};

static enum err batch_flush(struct batch *b, struct failure *failure) {
  if (!b->count) return ERR_OK;
  enum err err = election_fence(b->election, b->writes, b->count, failure);
  for (uint32_t i = 0; i < b->count; i++) buffer_release(&b->values[i]);
  b->count = 0;
  b->bytes = 0;
  return err;
}

/* Part `part` of an entry; each says how many bytes the whole result has. */
static enum err batch_add(struct batch *b, const struct journal_entry *entry, uint32_t part,
                          struct failure *failure) {
  size_t from = (size_t)part * PART_BYTES;
  size_t size = entry->result.size - from < PART_BYTES ? entry->result.size - from : PART_BYTES;
  if (b->count == BATCH_RECORDS || b->bytes + size > BATCH_BYTES) {
    enum err err = batch_flush(b, failure);
    if (err) return err;
  }
  uint32_t i = b->count++;
  uint64_t head[2] = {entry->units, entry->result.size};
  snprintf(b->keys[i], sizeof b->keys[i], "entry/%08x/%08x/%04x", entry->stage, entry->task, part);
  buffer_append(&b->values[i], head, sizeof head);
  if (size) buffer_append(&b->values[i], entry->result.data + from, size);
  b->writes[i] = (struct election_write){.key = bytes_from_string(b->keys[i]),
                                         .value = buffer_bytes(&b->values[i])};
  b->bytes += size;
  return ERR_OK;
}

enum err journal_write(struct election *e, const struct journal_entry *entries, uint32_t count,
                       struct failure *failure) {
  struct batch *b = memory_new_zeroed(1, sizeof *b);
  enum err err = ERR_OK;
  b->election = e;
  for (uint32_t i = 0; i < count && !err; i++) {
    uint32_t parts = entries[i].result.size
                         ? (uint32_t)((entries[i].result.size + PART_BYTES - 1) / PART_BYTES)
                         : 1;
    if (parts > UINT16_MAX)
      err = failure_set(failure, ERR_LIMIT, "a task's result of %zu bytes does not fit the journal",
                        entries[i].result.size);
    for (uint32_t part = 0; part < parts && !err; part++)
      err = batch_add(b, &entries[i], part, failure);
  }
  if (!err) err = batch_flush(b, failure);
  for (uint32_t i = 0; i < b->count; i++) buffer_release(&b->values[i]);
  free(b);
  return err;
}

/* ---- reading ---- */

/* The parts of one entry follow each other; an entry is given on when its last one is there. */
struct restoring {
  struct coordinator *coordinator;
  uint32_t stage, task, next_part;
  struct buffer result;
};

static enum err take_part(void *context, struct bytes key, struct bytes value,
                          struct failure *failure) {
  struct restoring *r = context;
  uint32_t stage, task, part;
  uint64_t head[2];
  char text[32];
  int read = 0;
  if (key.size < sizeof text) {
    memcpy(text, key.data, key.size);
    text[key.size] = '\0';
    if (sscanf(text, "%8x/%8x/%4x%n", &stage, &task, &part, &read) != 3) read = 0;
  }
  if (read == 0 || (size_t)read != key.size || value.size < sizeof head)
    return failure_set(failure, ERR_MALFORMED, "the journal holds something that is no entry");
  memcpy(head, value.data, sizeof head);
  if (part == 0) {
    r->stage = stage, r->task = task, r->next_part = 0;
    buffer_clear(&r->result);
  }
  if (stage != r->stage || task != r->task || part != r->next_part) return ERR_OK; /* not whole */
  r->next_part++;
  buffer_append(&r->result, value.data + sizeof head, value.size - sizeof head);
  if (r->result.size != head[1]) return ERR_OK;
  struct journal_entry entry = {stage, task, head[0], buffer_bytes(&r->result)};
  return coordinator_restore(r->coordinator, &entry, failure);
}

enum err journal_restore(struct election *e, struct coordinator *c, struct failure *failure) {
  struct restoring r = {.coordinator = c, .next_part = UINT32_MAX};
  enum err err = election_list(e, entry_prefix, take_part, &r, failure);
  buffer_release(&r.result);
  return err;
}
