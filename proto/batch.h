/* batch — bulk data between workers: what a fetch asks for, and the batches that answer it.
 *
 * A worker fetches: it sends FETCH_BEGIN and grants credit, one credit a batch; the holder answers
 * with batches in sequence, the last marked, and sends none without credit, so what is under way is
 * bounded on both ends. A fetch changes nothing at the holder and may be repeated; a batch belongs
 * to one fetch by its number, so late and doubled ones are dropped.
 *
 * Both have a fixed head, little-endian, with a checksum over head and body, and travel sealed
 * (proto/seal.h). Decoding borrows. */
#ifndef GUIYI_PROTO_BATCH_H
#define GUIYI_PROTO_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/err.h"
#include "proto/seal.h"

enum {
  BATCH_VERSION = 1,
  BATCH_BYTES = 256 << 10,   /* a batch is sent once it is so long */
  BATCH_BYTES_MAX = 7 << 20, /* a longer one is refused */
  FETCH_ITEMS_MAX = 1 << 20, /* tasks or rows that one fetch names */
  FETCH_CREDIT_MAX = 64,     /* batches under way for one fetch */
};

enum fetch_verb {
  FETCH_BEGIN = 1, /* asks, and grants the first credit */
  FETCH_CREDIT,    /* grants more */
  FETCH_END,       /* no longer wanted */
  FETCH_VERB_END,
};

/* What is asked for. items are tasks or numbers of rows. */
enum fetch_what {
  FETCH_PIECES = 1, /* of each task of `stage` in items: part `part` of its output */
  FETCH_ROWS,       /* feature rows; part 1: without what the block stage found out about them */
  FETCH_CLASSES,    /* what it found out about rows */
  FETCH_RECORDS,    /* packed records with their evidence */
  FETCH_WHAT_END,
};

struct fetch_head {
  uint32_t magic;
  uint16_t version;
  uint8_t verb, what;
  uint64_t job;
  uint64_t fetch; /* number, the sender's; with its identity it is unique */
  uint32_t stage, part;
  uint32_t credit;
  uint32_t item_count;
  uint64_t checksum;
};

struct fetch {
  struct fetch_head head; /* magic, version, item_count and checksum are set by encoding */
  const uint32_t *items;
};

enum {
  BATCH_LAST = 1, /* nothing follows */
  BATCH_LOST = 2, /* and last: the holder has not got it; stage and task say what */
};

struct batch_head {
  uint32_t magic;
  uint16_t version, flags;
  uint64_t job;
  uint64_t fetch;
  uint32_t sequence;    /* from 0 */
  uint32_t stage, task; /* with BATCH_LOST */
  uint32_t payload_bytes;
  uint64_t checksum;
};

/* Appends the wire form behind SEAL_HEAD_BYTES of room. */
void fetch_encode(const struct fetch *fetch, struct buffer *out);
/* items points into data, which must be aligned to 4. ERR_MALFORMED with a sentence. */
enum err fetch_decode(struct bytes data, struct fetch *fetch, struct failure *failure);

/* Room for a seal and a head at the front of an empty buffer; the payload is appended behind it. */
void batch_begin(struct buffer *batch);
/* Writes the head: magic, version, payload_bytes and checksum are set here. The batch is the buffer
 * behind SEAL_HEAD_BYTES. */
void batch_seal(struct buffer *batch, const struct batch_head *head);
/* payload points into data. ERR_MALFORMED with a sentence. */
enum err batch_decode(struct bytes data, struct batch_head *head, struct bytes *payload,
                      struct failure *failure);

#endif
