/* record — a standard record: who it is, where it came from, its canonical values.
 *
 * Records lie packed one behind the other in split outputs and, in the same form, in the store: a
 * fixed header, the source's own id, then one value per field of the job. All little-endian,
 * aligned to 8. A record without an id of its own is known by the hash of its content. */
#ifndef GUIYI_COMMON_RECORD_H
#define GUIYI_COMMON_RECORD_H

#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/err.h"
#include "common/hash.h"
#include "common/job.h"

enum {
  RECORD_HAS_NO_ID = 1,    /* source_record_id is made from content and occurrence */
  RECORD_FOR_REVIEW = 2,   /* a quality rule asked for a look */
  RECORD_NAMES_SOURCE = 4, /* the packed id is source id, RECORD_VALUE_SEPARATOR, own id */
  RECORD_HAS_NAME_SPACES = 8,
};

/* A value with several parts (multi fields) separates them with this; inputs never contain it. */
#define RECORD_VALUE_SEPARATOR '\x1f'

struct record_header {
  struct hash128 key; /* of (source id, source_record_id), or of (source id, content) */
  int64_t time_ms;    /* when the source changed it (updated_at, else event, else first seen);
                         INT64_MIN = unknown */
  uint64_t line;      /* physical line in its file, from 1 */
  uint32_t row;       /* number of this record in the run, in input order */
  uint16_t source;    /* index in job.sources */
  uint16_t file;      /* index in the run's file list */
  uint16_t id_size;   /* bytes of the source_record_id */
  uint8_t event;      /* enum event_kind */
  uint8_t flags;      /* RECORD_* */
  uint32_t size;      /* bytes of the whole record with header and padding */
};

struct record_value {
  struct bytes text; /* canonical; empty = missing */
  uint8_t state;     /* enum value_state of worker/fields/field_type.h */
  uint8_t kind;
};

/* A record unpacked: points into the packed bytes. */
struct record_view {
  const struct record_header *header;
  struct bytes id;        /* source_record_id as the source wrote it; empty with RECORD_HAS_NO_ID */
  struct bytes source_id; /* of the record that names its source itself (RECORD_NAMES_SOURCE); else
                             empty: record_source_id() knows both cases */
  struct record_value values[JOB_FIELDS_MAX]; /* job.field_count of them */
  /* Of accounts whose name space other cells of the row make: one per such column of the source, in
   * its order, RECORD_VALUE_SEPARATOR between them. Those cells are not kept otherwise. */
  struct bytes name_spaces;
};

/* The source a record says it is from: the job source's id, or the name in the record itself. */
struct bytes record_source_id(const struct job *job, const struct record_view *view);

/* Appends the packed form; header->size and id_size are set here. source_id is empty, or names the
 * record's source where the job's source does not (RECORD_NAMES_SOURCE is set then). */
void record_encode(struct buffer *out, const struct record_header *header, struct bytes source_id,
                   struct bytes id, const struct record_value *values, uint32_t field_count);
/* Adds them to the record that was encoded last, at this offset of out. */
void record_add_name_spaces(struct buffer *out, size_t offset, struct bytes name_spaces);
/* ERR_MALFORMED when the bytes are not a record of so many fields; never reads beyond data. */
enum err record_decode(struct bytes data, uint32_t field_count, struct record_view *view);
/* Header, id and source id only: for what does not look at values. The rest is not touched. Like
 * record_view_of, for bytes that this process packed itself. */
void record_view_of_id(const char *data, struct record_view *view);
/* For bytes that this process packed itself. */
void record_view_of(const char *data, uint32_t field_count, struct record_view *view);

/* The key of a record: with an id the hash of (source id, id), without one of (source id, content).
 */
struct hash128 record_key(struct bytes source_id, struct bytes id_or_content, bool has_id);

#endif
