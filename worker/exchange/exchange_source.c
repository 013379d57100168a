#include "worker/exchange/exchange_source.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/exchange/row_pack.h"
#include "worker/store/stored_row.h"

void exchange_stream_begin(struct exchange_stream *stream, const struct fetch *fetch) {
  *stream = (struct exchange_stream){.head = fetch->head};
  size_t bytes = fetch->head.item_count * sizeof *stream->items;
  stream->items = memory_new(bytes);
  if (bytes) memcpy(stream->items, fetch->items, bytes);
}

void exchange_stream_release(struct exchange_stream *stream) {
  free(stream->items);
  *stream = (struct exchange_stream){0};
}

enum {
  ROW_BYTES_MAX = sizeof(struct feature_row) + JOB_COMPARISONS_MAX * FIELD_FEATURE_BYTES_MAX +
                  sizeof(struct row_marks) + (JOB_BLOCKING_RULES_MAX + 1) * sizeof(uint32_t)
};

static enum err lose(struct exchange_lost *lost, uint32_t stage, uint32_t task) {
  *lost = (struct exchange_lost){stage, task};
  return ERR_LOST;
}

static bool has_room(const struct buffer *batch) { return batch->size < BATCH_BYTES; }

static enum err produce_pieces(const struct exchange_source *source, struct exchange_stream *s,
                               struct buffer *batch, struct exchange_lost *lost) {
  if (s->head.stage >= STAGE_COUNT) return ERR_MALFORMED;
  while (s->next < s->head.item_count && has_room(batch)) {
    uint32_t task = s->items[s->next];
    const struct task_output *output = output_shelves_find(source->shelves, s->head.stage, task);
    if (!output) return lose(lost, s->head.stage, task);
    if (s->head.part >= output->part_count) return ERR_MALFORMED;
    struct bytes part = output->parts[s->head.part];
    struct piece_head head = {.task = task, .bytes = part.size};
    if (s->offset == 0) {
      buffer_append(batch, &head, sizeof head);
      s->offset = sizeof head; /* the head counts as the first bytes of the item */
    }
    size_t left = sizeof head + part.size - s->offset;
    size_t room = has_room(batch) ? BATCH_BYTES - batch->size : 0;
    size_t take = left < room ? left : room;
    if (take) buffer_append(batch, part.data + (s->offset - sizeof head), take);
    s->offset += take;
    if (take < left) break;
    s->offset = 0;
    s->next++;
  }
  return ERR_OK;
}

/* ---- rows ---- */

/* A split whose rows are here, and what the block stage found out about them. */
struct home {
  const struct split_output *split;
  const struct apart_class_note *notes; /* by slot; NULL: they are not asked for */
  const uint32_t *note_start;
};

/* Makes home that of the row; false when *lost is not here. */
static bool find_home(const struct exchange_source *source, uint32_t row, bool with_notes,
                      struct home *home, struct exchange_lost *lost) {
  const struct run_state *run = source->run;
  if (home->split && row - home->split->first_row < home->split->row_slots) return true;
  *lost = (struct exchange_lost){STAGE_LAYOUT, 0};
  if (row >= run->row_count || run->split_count == 0) return false;
  uint32_t split = run_state_split_of(run, row);
  *lost = (struct exchange_lost){STAGE_INGEST, split};
  if (!output_shelves_find(source->shelves, STAGE_INGEST, split)) return false;
  *home = (struct home){.split = &run->splits[split]};
  if (!with_notes) return true;
  const struct task_output *notes = output_shelves_find(source->shelves, STAGE_CLASSIFY, split);
  *lost = (struct exchange_lost){STAGE_CLASSIFY, split};
  if (!notes) return false;
  home->notes = (const struct apart_class_note *)notes->parts[0].data;
  home->note_start = (const uint32_t *)notes->parts[1].data;
  return true;
}

/* The notes of a row; count may be 0. */
static const struct apart_class_note *notes_of(const struct home *home, uint32_t row,
                                               uint32_t *count) {
  *count = 0;
  if (!home->note_start) return NULL;
  const uint32_t *start = home->note_start + (row - home->split->first_row);
  *count = start[1] - start[0];
  return home->notes + start[0];
}

void class_note_apply(const struct plan *plan, const struct apart_class_note *note,
                      struct feature_row *row) {
  row->rule_class[note->rule] = note->rule_class;
  plan_marks(plan, row)->keys[note->rule] = note->mark;
}

/* The row with its notes: as it is, or in room where there are any. */
static const struct feature_row *noted_row(const struct exchange_source *source,
                                           const struct home *home, uint32_t row, void *room) {
  const struct run_state *run = source->run;
  uint32_t count;
  const struct apart_class_note *notes = notes_of(home, row, &count);
  if (count == 0) return run_state_row(run, row);
  memcpy(room, run_state_row(run, row), run->plan.row_bytes);
  for (uint32_t i = 0; i < count; i++) class_note_apply(&run->plan, &notes[i], room);
  return room;
}

static void append_row(const struct exchange_source *source, const struct home *home, uint32_t row,
                       void *room, struct buffer *batch) {
  uint32_t row_bytes = source->run->plan.row_bytes;
  buffer_reserve(batch, row_packed_bytes_max(row_bytes));
  batch->size +=
      row_pack(noted_row(source, home, row, room), row_bytes, (uint8_t *)batch->data + batch->size);
}

static void append_notes(const struct home *home, uint32_t item, uint32_t row,
                         struct buffer *batch) {
  uint32_t count;
  const struct apart_class_note *notes = notes_of(home, row, &count);
  for (uint32_t i = 0; i < count; i++) {
    struct apart_class_note note = notes[i];
    note.row = item;
    buffer_append(batch, &note, sizeof note);
  }
}

/* false when the row was not linked: it has no record. */
static bool append_record(const struct exchange_source *source, const struct home *home,
                          uint32_t row, void *room, struct buffer *batch) {
  const char *record = source->run->records[row];
  if (!record) return false;
  struct record_head head;
  struct record_header header;
  member_evidence_of(&source->run->plan, noted_row(source, home, row, room), &head.evidence);
  buffer_append(batch, &head, sizeof head);
  memcpy(&header, record, sizeof header);
  buffer_append(batch, record, header.size);
  return true;
}

static enum err produce_rows(const struct exchange_source *source, struct exchange_stream *s,
                             struct buffer *batch, struct exchange_lost *lost) {
  struct home home = {0};
  uint64_t room[ROW_BYTES_MAX / sizeof(uint64_t)];
  bool with_notes = s->head.what != FETCH_ROWS || s->head.part == 0;
  check(source->run->plan.row_bytes <= sizeof room);
  for (; s->next < s->head.item_count && has_room(batch); s->next++) {
    uint32_t row = s->items[s->next];
    if (!find_home(source, row, with_notes, &home, lost)) return ERR_LOST;
    switch ((enum fetch_what)s->head.what) {
      case FETCH_ROWS:
        append_row(source, &home, row, room, batch);
        break;
      case FETCH_CLASSES:
        append_notes(&home, s->next, row, batch);
        break;
      case FETCH_RECORDS:
        if (!append_record(source, &home, row, room, batch)) return ERR_MALFORMED;
        break;
      case FETCH_PIECES:
      case FETCH_WHAT_END:
        return ERR_MALFORMED;
    }
  }
  return ERR_OK;
}

enum err exchange_produce(const struct exchange_source *source, struct exchange_stream *stream,
                          struct buffer *batch, bool *last, struct exchange_lost *lost) {
  enum err err = stream->head.what == FETCH_PIECES ? produce_pieces(source, stream, batch, lost)
                                                   : produce_rows(source, stream, batch, lost);
  *last = stream->next == stream->head.item_count;
  return err;
}
