/* exchange_source — what this process can hand to others: parts of the outputs on its shelves, and
 * rows and records of the splits it ingested. Produced batch by batch, so that a fetch holds no
 * more memory than its batches under way.
 *
 * Thread-safe for different streams. What fetches name is outside input: what is not here is told,
 * never trusted. */
#ifndef GUIYI_WORKER_EXCHANGE_EXCHANGE_SOURCE_H
#define GUIYI_WORKER_EXCHANGE_EXCHANGE_SOURCE_H

#include "proto/batch.h"
#include "worker/apart/output_parts.h"
#include "worker/exchange/task_output.h"
#include "worker/run_state.h"
#include "worker/store/generation.h"

struct exchange_source {
  const struct run_state *run; /* splits and rows may be read once INGEST of them is on the shelf */
  struct output_shelves *shelves;
};

/* One fetch being answered. */
struct exchange_stream {
  struct fetch_head head;
  uint32_t *items; /* owned */
  uint32_t next;   /* the first item that is not done */
  size_t offset;   /* bytes of that item that went out */
};

/* What a piece begins with: FETCH_PIECES answers with one of these and so many bytes per task. */
struct piece_head {
  uint32_t task, reserved;
  uint64_t bytes;
};

/* FETCH_CLASSES answers with notes whose row is the index in the fetch's items. */
void class_note_apply(const struct plan *plan, const struct apart_class_note *note,
                      struct feature_row *row);

/* FETCH_RECORDS answers with one of these and the packed record per row. */
struct record_head {
  struct member_evidence evidence;
};
_Static_assert(sizeof(struct record_head) % 8 == 0, "records stay aligned");

struct exchange_lost {
  uint32_t stage, task;
};

void exchange_stream_begin(struct exchange_stream *stream, const struct fetch *fetch);
void exchange_stream_release(struct exchange_stream *stream);
/* Appends up to about BATCH_BYTES of the answer to batch. *last: nothing follows. ERR_LOST with
 * *lost when an item is not here, ERR_MALFORMED when it cannot be: then the stream is over. */
enum err exchange_produce(const struct exchange_source *source, struct exchange_stream *stream,
                          struct buffer *batch, bool *last, struct exchange_lost *lost);

#endif
