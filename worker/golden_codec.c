#include "worker/golden_codec.h"

#include "common/check.h"
#include "common/msgpack_read.h"
#include "common/msgpack_write.h"
#include <msgpack/pack.h>

/* Items of a value's array; those at its end that hold what is usual are left out. */
enum value_item {
  VALUE_TEXT,
  VALUE_MEMBER,
  VALUE_RULE,
  VALUE_ITEMS_MIN,
  VALUE_ORIGIN = VALUE_ITEMS_MIN, /* usual: GOLDEN_CELL */
  VALUE_DISTINCT,                 /* usual: 1 */
  VALUE_DERIVED_FROM,             /* usual: 0 */
  VALUE_PARTS,                    /* usual: none */
  VALUE_RUNNERS_UP,               /* usual: none */
  VALUE_ITEMS_MAX
};
enum { RECORD_ITEMS = 12, KEY_BYTES = 16, WEIGHT_BYTES = 4 };

/* ---- encode ---- */

/* GOLDEN_NO_MEMBER is 0, member i is i + 1: short for what is common. */
static char *put_member(char *at, uint32_t member) { return msgpack_put_u64(at, member + 1); }

static uint32_t value_items(const struct golden_value *value) {
  if (value->runner_up_count) return VALUE_RUNNERS_UP + 1;
  if (value->part_count) return VALUE_PARTS + 1;
  if (value->derived_from) return VALUE_DERIVED_FROM + 1;
  if (value->distinct_count != 1) return VALUE_DISTINCT + 1;
  return value->origin == GOLDEN_CELL ? VALUE_ITEMS_MIN : VALUE_ORIGIN + 1;
}

static char *put_value(char *at, const struct golden_value *value) {
  if (value->origin == GOLDEN_NONE) return msgpack_put_nil(at);
  uint32_t items = value_items(value);
  at = msgpack_put_array(at, items);
  at = msgpack_put_string(at, value->text);
  at = put_member(at, value->member);
  at = msgpack_put_u64(at, value->rule);
  if (items > VALUE_ORIGIN) at = msgpack_put_u64(at, value->origin);
  if (items > VALUE_DISTINCT) at = msgpack_put_u64(at, value->distinct_count);
  if (items > VALUE_DERIVED_FROM) at = msgpack_put_u64(at, value->derived_from);
  if (items > VALUE_PARTS) {
    at = msgpack_put_array(at, value->part_count);
    for (uint32_t i = 0; i < value->part_count; i++) at = put_member(at, value->part_members[i]);
  }
  if (items > VALUE_RUNNERS_UP) {
    at = msgpack_put_array(at, value->runner_up_count);
    for (uint32_t i = 0; i < value->runner_up_count; i++) {
      at = msgpack_put_array(at, 2);
      at = msgpack_put_string(at, value->runners_up[i].text);
      at = put_member(at, value->runners_up[i].member);
    }
  }
  return at;
}

/* No value takes more: every number and head at its longest. */
static size_t encoded_bytes_max(const struct golden_record *golden, uint32_t field_count) {
  enum { ITEM = MSGPACK_NUMBER_BYTES_MAX };
  size_t size = (RECORD_ITEMS + 2) * ITEM + golden->score_reason.size +
                (golden->tier ? strlen(golden->tier) : 0) +
                (size_t)golden->member_count * (KEY_BYTES + WEIGHT_BYTES);
  for (uint32_t i = 0; i < golden->tag_count; i++)
    size += 3 * ITEM + strlen(golden->tags[i].name) + golden->tags[i].reason.size;
  for (uint32_t f = 0; f < field_count; f++) {
    const struct golden_value *value = &golden->values[f];
    size += (VALUE_ITEMS_MAX + 1 + (size_t)value->part_count) * ITEM + value->text.size;
    for (uint32_t i = 0; i < value->runner_up_count; i++)
      size += 3 * ITEM + value->runners_up[i].text.size;
  }
  return size;
}

static char *put_members(char *at, const struct golden_record *golden) {
  at = msgpack_put_binary_head(at, (size_t)golden->member_count * KEY_BYTES);
  for (uint32_t i = 0; i < golden->member_count; i++, at += KEY_BYTES)
    memcpy(at, &golden->members[i].header->key, KEY_BYTES);
  size_t weights = (size_t)golden->member_count * WEIGHT_BYTES;
  at = msgpack_put_binary_head(at, weights);
  memcpy(at, golden->link_weights, weights);
  return at + weights;
}

void golden_encode(const struct golden_record *golden, uint32_t field_count, struct buffer *out) {
  _Static_assert(sizeof(struct hash128) == KEY_BYTES, "keys are copied as they lie in memory");
  buffer_reserve(out, encoded_bytes_max(golden, field_count));
  char *at = out->data + out->size;
  at = msgpack_put_array(at, RECORD_ITEMS);
  at = msgpack_put_u64(at, GOLDEN_CODEC_VERSION);
  at = msgpack_put_u64(at, golden->customer_id);
  at = msgpack_put_i64(at, golden->first_seen_ms);
  at = msgpack_put_i64(at, golden->updated_at_ms);
  at = msgpack_put_i64(at, golden->score);
  at = msgpack_put_string(at, bytes_from_string(golden->tier));
  at = msgpack_put_string(at, golden->score_reason);
  at = msgpack_put_u64(at, golden->missing_fields);
  at = msgpack_put_array(at, golden->tag_count);
  for (uint32_t i = 0; i < golden->tag_count; i++) {
    at = msgpack_put_array(at, 2);
    at = msgpack_put_string(at, bytes_from_string(golden->tags[i].name));
    at = msgpack_put_string(at, golden->tags[i].reason);
  }
  at = put_members(at, golden);
  at = msgpack_put_array(at, field_count);
  for (uint32_t f = 0; f < field_count; f++) at = put_value(at, &golden->values[f]);
  out->size = (size_t)(at - out->data);
}

/* ---- decode ---- */

static uint32_t read_member(struct msgpack_reader *r, uint32_t member_count) {
  return msgpack_read_u32(r, member_count) - 1;
}

static void expect_array(struct msgpack_reader *r, uint32_t count) {
  if (msgpack_read_array(r) != count) r->failed = true;
}

static void read_parts(struct msgpack_reader *r, uint32_t member_count, struct arena *arena,
                       struct golden_value *value) {
  uint32_t count = msgpack_read_array(r);
  uint32_t *members = arena_alloc(arena, count * sizeof *members);
  for (uint32_t i = 0; i < count; i++) members[i] = read_member(r, member_count);
  value->part_count = count;
  value->part_members = members;
}

static void read_runners_up(struct msgpack_reader *r, uint32_t member_count,
                            struct golden_value *value) {
  uint32_t count = msgpack_read_array(r);
  if (count > GOLDEN_RUNNERS_UP_MAX) {
    r->failed = true;
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    expect_array(r, 2);
    value->runners_up[i].text = msgpack_read_string(r);
    value->runners_up[i].member = read_member(r, member_count);
  }
  value->runner_up_count = count;
}

static void read_value(struct msgpack_reader *r, uint32_t field_count, uint32_t member_count,
                       struct arena *arena, struct golden_value *value) {
  value->text = BYTES_EMPTY;
  value->origin = GOLDEN_NONE;
  value->rule = SURVIVE_DEFAULT;
  value->derived_from = 0;
  value->member = GOLDEN_NO_MEMBER;
  value->part_members = NULL;
  value->part_count = value->distinct_count = value->runner_up_count = 0;
  if (msgpack_read_nil(r)) return;
  uint32_t items = msgpack_read_array(r);
  if (items < VALUE_ITEMS_MIN || items > VALUE_ITEMS_MAX) {
    r->failed = true;
    return;
  }
  value->origin = GOLDEN_CELL;
  value->distinct_count = 1;
  value->text = msgpack_read_string(r);
  value->member = read_member(r, member_count);
  value->rule = (uint8_t)msgpack_read_u32(r, SURVIVE_CONCATENATION);
  if (items > VALUE_ORIGIN) value->origin = (uint8_t)msgpack_read_u32(r, GOLDEN_DERIVED);
  if (value->origin == GOLDEN_NONE) r->failed = true; /* that is a nil */
  if (items > VALUE_DISTINCT) value->distinct_count = msgpack_read_u32(r, UINT32_MAX);
  if (items > VALUE_DERIVED_FROM)
    value->derived_from = (uint16_t)msgpack_read_u32(r, field_count - 1);
  if (items > VALUE_PARTS) read_parts(r, member_count, arena, value);
  if (items > VALUE_RUNNERS_UP) read_runners_up(r, member_count, value);
}

static void read_tags(struct msgpack_reader *r, struct arena *arena, struct golden_record *golden) {
  uint32_t count = msgpack_read_array(r);
  if (count > GOLDEN_TAGS_MAX) {
    r->failed = true;
    return;
  }
  for (uint32_t i = 0; i < count; i++) {
    expect_array(r, 2);
    golden->tags[i].name = arena_copy(arena, msgpack_read_string(r)).data;
    golden->tags[i].reason = msgpack_read_string(r);
  }
  golden->tag_count = count;
}

static void read_members(struct msgpack_reader *r, struct arena *arena,
                         struct golden_decoded *out) {
  struct bytes keys = msgpack_read_binary(r);
  struct bytes weights = msgpack_read_binary(r);
  uint32_t count = (uint32_t)(keys.size / KEY_BYTES);
  if (count == 0 || keys.size % KEY_BYTES || weights.size != (size_t)count * WEIGHT_BYTES) {
    r->failed = true;
    return;
  }
  /* The stored bytes are aligned to nothing. */
  out->member_keys = (const struct hash128 *)arena_copy(arena, keys).data;
  out->golden.link_weights = (const int32_t *)arena_copy(arena, weights).data;
  out->golden.member_count = count;
}

enum err golden_decode(struct bytes data, uint32_t field_count, struct arena *arena,
                       struct golden_decoded *out) {
  check(field_count > 0 && field_count <= JOB_FIELDS_MAX);
  struct golden_record *golden = &out->golden;
  golden->members = NULL;
  golden->member_count = golden->tag_count = 0;
  golden->link_weights = NULL;
  out->member_keys = NULL;
  if (data.size > UINT32_MAX) return ERR_MALFORMED;
  struct msgpack_reader r = msgpack_reader(data);
  expect_array(&r, RECORD_ITEMS);
  if (msgpack_read_u32(&r, GOLDEN_CODEC_VERSION) != GOLDEN_CODEC_VERSION) return ERR_MALFORMED;
  golden->customer_id = msgpack_read_u64(&r);
  golden->first_seen_ms = msgpack_read_i64(&r);
  golden->updated_at_ms = msgpack_read_i64(&r);
  int64_t score = msgpack_read_i64(&r);
  if (score < -1 || score > 100) return ERR_MALFORMED;
  golden->score = (int32_t)score;
  struct bytes tier = msgpack_read_string(&r);
  golden->tier = tier.size ? arena_copy(arena, tier).data : NULL;
  golden->score_reason = msgpack_read_string(&r);
  golden->missing_fields = msgpack_read_u64(&r);
  read_tags(&r, arena, golden);
  read_members(&r, arena, out);
  if (r.failed) return ERR_MALFORMED;
  expect_array(&r, field_count);
  for (uint32_t f = 0; f < field_count; f++)
    read_value(&r, field_count, golden->member_count, arena, &golden->values[f]);
  return msgpack_read_ended(&r) ? ERR_OK : ERR_MALFORMED;
}

/* ---- digest ---- */

/* Members come in the order of their keys' low halves, so there is hardly anything to move. */
static void sort_keys(struct hash128 *keys, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    struct hash128 key = keys[i];
    uint32_t at = i;
    for (; at > 0; at--) {
      struct hash128 before = keys[at - 1];
      if (before.low < key.low || (before.low == key.low && before.high <= key.high)) break;
      keys[at] = before;
    }
    keys[at] = key;
  }
}

/* The record that something came from: the hash of its source's id, and its key. */
struct digest_origin {
  uint64_t source;
  struct hash128 key;
};

static char *put_word(char *at, uint64_t value) {
  memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

static char *put_origin(char *at, const struct digest_origin *origins, uint32_t member) {
  static const struct digest_origin nobody;
  memcpy(at, member == GOLDEN_NO_MEMBER ? &nobody : &origins[member], sizeof nobody);
  return at + sizeof nobody;
}

static char *put_text(char *at, struct bytes text) {
  return msgpack_put_run(put_word(at, text.size), text);
}

static char *put_digest_value(char *at, const struct golden_value *value, uint32_t field,
                              const struct digest_origin *origins) {
  at = put_word(at, (uint64_t)field << 32 | (uint64_t)value->origin << 24 |
                        (uint64_t)value->rule << 16 | value->derived_from);
  at = put_word(at, (uint64_t)value->part_count << 32 | value->runner_up_count);
  at = put_text(at, value->text);
  at = put_origin(at, origins, value->member);
  for (uint32_t i = 0; i < value->part_count; i++)
    at = put_origin(at, origins, value->part_members[i]);
  for (uint32_t i = 0; i < value->runner_up_count; i++) {
    at = put_text(at, value->runners_up[i].text);
    at = put_origin(at, origins, value->runners_up[i].member);
  }
  return at;
}

static size_t digest_bytes_max(const struct golden_record *golden, uint32_t field_count) {
  enum { ORIGIN = sizeof(struct digest_origin), WORD = 8 };
  size_t size = WORD + (size_t)golden->member_count * KEY_BYTES;
  for (uint32_t f = 0; f < field_count; f++) {
    const struct golden_value *value = &golden->values[f];
    size += 3 * WORD + value->text.size + (1 + (size_t)value->part_count) * ORIGIN;
    for (uint32_t i = 0; i < value->runner_up_count; i++)
      size += WORD + ORIGIN + value->runners_up[i].text.size;
  }
  return size;
}

struct hash128 golden_digest(const struct job *job, const struct golden_record *golden,
                             struct buffer *scratch) {
  uint32_t members = golden->member_count;
  size_t origins_size = members * sizeof(struct digest_origin);
  buffer_clear(scratch);
  buffer_reserve(scratch, origins_size + digest_bytes_max(golden, job->field_count));
  struct digest_origin *origins = (struct digest_origin *)scratch->data;
  char *start = scratch->data + origins_size, *at = put_word(start, members);
  struct hash128 *keys = (struct hash128 *)at;
  for (uint32_t i = 0; i < members; i++, at += KEY_BYTES) {
    const struct record_view *record = &golden->members[i];
    origins[i].source = hash_bytes(record_source_id(job, record));
    origins[i].key = keys[i] = record->header->key;
  }
  sort_keys(keys, members);
  for (uint32_t f = 0; f < job->field_count; f++)
    if (golden->values[f].origin != GOLDEN_NONE)
      at = put_digest_value(at, &golden->values[f], f, origins);
  return hash_bytes_128(bytes_of(start, (size_t)(at - start)));
}
