/* golden — the golden record of one entity: per field the value, the record it came from and the
 * rule that chose it; tags and a score with the reason for each.
 *
 * Built by stages/merge and stages/tag in an arena, stored as one value per customer, exported as
 * rows. Members are in canonical order (record key), so nothing here depends on arrival order. */
#ifndef GUIYI_WORKER_GOLDEN_H
#define GUIYI_WORKER_GOLDEN_H

#include "common/record.h"
#include "worker/plan.h"

enum { GOLDEN_TAGS_MAX = 32, GOLDEN_RUNNERS_UP_MAX = 8 };
/* No member: what was derived from the absence of records (潜在客户: nobody ordered). */
#define GOLDEN_NO_MEMBER UINT32_MAX

/* Why a golden value stands there. */
enum golden_origin {
  GOLDEN_NONE,    /* nobody had one: 待完善 where the field is required */
  GOLDEN_CELL,    /* the value of a member's cell */
  GOLDEN_UNITED,  /* several members' cells: union or concatenation, in parts */
  GOLDEN_DERIVED, /* computed from another field of a member (sex and birth date of an ID card) */
};

struct golden_value {
  struct bytes text;     /* parts separated by RECORD_VALUE_SEPARATOR when UNITED */
  uint8_t origin;        /* enum golden_origin */
  uint8_t rule;          /* enum survivorship that decided */
  uint16_t derived_from; /* field, when DERIVED */
  uint32_t member;       /* index of the member it came from (of each part, in part_members) */
  const uint32_t *part_members;
  uint32_t part_count;
  uint32_t distinct_count;  /* different valid values among the members: above 1 = a conflict, when
                               the field is single-valued */
  uint32_t runner_up_count; /* the losing values, best first, at most GOLDEN_RUNNERS_UP_MAX */
  struct {
    struct bytes text;
    uint32_t member;
  } runners_up[GOLDEN_RUNNERS_UP_MAX];
};

struct golden_tag {
  const char *name;    /* constant or in the arena, UTF-8: 高价值 */
  struct bytes reason; /* for people: "365 天消费 12000.00 元 ≥ 10000.00 元" */
};

struct golden_record {
  uint64_t customer_id; /* generation's form: yyyymmdd * 10^10 + counter; shown as C20240501001 */
  uint32_t member_count;
  const struct record_view *members; /* canonical order */
  const int32_t *link_weights;       /* per member: its strongest accepted link inside the entity,
                                        1/1024 bit; INT32_MIN for a record that stands alone */
  struct golden_value values[JOB_FIELDS_MAX];
  uint64_t missing_fields;              /* bit f: field f is required and nobody could fill it */
  int64_t first_seen_ms, updated_at_ms; /* INT64_MIN = unknown */
  int32_t score;                        /* 0..100; -1 = the job has no tags */
  const char *tier;                     /* 高价值 潜力 普通 */
  struct golden_tag tags[GOLDEN_TAGS_MAX];
  uint32_t tag_count;
  struct bytes score_reason; /* the parts that add up to the score */
};

/* Takes the next part off a value with several parts; false when none is left. Start with rest =
 * the value's text. */
bool golden_next_part(struct bytes *rest, struct bytes *part);

/* "C20240501001": C, the date, the counter with at least three digits. Ends in a NUL. */
void customer_id_format(uint64_t customer_id, char out[32]);
/* false when it is not such an id. */
bool customer_id_parse(struct bytes text, uint64_t *customer_id);

#endif
