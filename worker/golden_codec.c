#include "worker/golden_codec.h"

#include <msgpack/pack.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/msgpack_read.h"

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

static int append_to_buffer(void *data, const char *text, size_t size) {
  buffer_append(data, text, size);
  return 0;
}

static void pack_text(msgpack_packer *p, struct bytes text) {
  msgpack_pack_str(p, text.size);
  msgpack_pack_str_body(p, text.data, text.size);
}

/* GOLDEN_NO_MEMBER is 0, member i is i + 1: short for what is common. */
static void pack_member(msgpack_packer *p, uint32_t member) { msgpack_pack_uint32(p, member + 1); }

static uint32_t value_items(const struct golden_value *value) {
  if (value->runner_up_count) return VALUE_RUNNERS_UP + 1;
  if (value->part_count) return VALUE_PARTS + 1;
  if (value->derived_from) return VALUE_DERIVED_FROM + 1;
  if (value->distinct_count != 1) return VALUE_DISTINCT + 1;
  return value->origin == GOLDEN_CELL ? VALUE_ITEMS_MIN : VALUE_ORIGIN + 1;
}

static void pack_value(msgpack_packer *p, const struct golden_value *value) {
  if (value->origin == GOLDEN_NONE) {
    msgpack_pack_nil(p);
    return;
  }
  uint32_t items = value_items(value);
  msgpack_pack_array(p, items);
  pack_text(p, value->text);
  pack_member(p, value->member);
  msgpack_pack_uint8(p, value->rule);
  if (items > VALUE_ORIGIN) msgpack_pack_uint8(p, value->origin);
  if (items > VALUE_DISTINCT) msgpack_pack_uint32(p, value->distinct_count);
  if (items > VALUE_DERIVED_FROM) msgpack_pack_uint16(p, value->derived_from);
  if (items > VALUE_PARTS) {
    msgpack_pack_array(p, value->part_count);
    for (uint32_t i = 0; i < value->part_count; i++) pack_member(p, value->part_members[i]);
  }
  if (items > VALUE_RUNNERS_UP) {
    msgpack_pack_array(p, value->runner_up_count);
    for (uint32_t i = 0; i < value->runner_up_count; i++) {
      msgpack_pack_array(p, 2);
      pack_text(p, value->runners_up[i].text);
      pack_member(p, value->runners_up[i].member);
    }
  }
}

static void pack_members(msgpack_packer *p, const struct golden_record *golden) {
  msgpack_pack_bin(p, (size_t)golden->member_count * KEY_BYTES);
  for (uint32_t i = 0; i < golden->member_count; i++) {
    const struct hash128 *key = &golden->members[i].header->key;
    msgpack_pack_bin_body(p, key, KEY_BYTES);
  }
  msgpack_pack_bin(p, (size_t)golden->member_count * WEIGHT_BYTES);
  msgpack_pack_bin_body(p, golden->link_weights, (size_t)golden->member_count * WEIGHT_BYTES);
}

void golden_encode(const struct golden_record *golden, uint32_t field_count, struct buffer *out) {
  _Static_assert(sizeof(struct hash128) == KEY_BYTES, "keys are copied as they lie in memory");
  msgpack_packer p;
  msgpack_packer_init(&p, out, append_to_buffer);
  msgpack_pack_array(&p, RECORD_ITEMS);
  msgpack_pack_uint8(&p, GOLDEN_CODEC_VERSION);
  msgpack_pack_uint64(&p, golden->customer_id);
  msgpack_pack_int64(&p, golden->first_seen_ms);
  msgpack_pack_int64(&p, golden->updated_at_ms);
  msgpack_pack_int32(&p, golden->score);
  pack_text(&p, bytes_from_string(golden->tier));
  pack_text(&p, golden->score_reason);
  msgpack_pack_uint64(&p, golden->missing_fields);
  msgpack_pack_array(&p, golden->tag_count);
  for (uint32_t i = 0; i < golden->tag_count; i++) {
    msgpack_pack_array(&p, 2);
    pack_text(&p, bytes_from_string(golden->tags[i].name));
    pack_text(&p, golden->tags[i].reason);
  }
  pack_members(&p, golden);
  msgpack_pack_array(&p, field_count);
  for (uint32_t f = 0; f < field_count; f++) pack_value(&p, &golden->values[f]);
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

static int compare_keys(const void *a, const void *b) {
  const struct hash128 *x = a, *y = b;
  if (x->high != y->high) return x->high < y->high ? -1 : 1;
  return (x->low > y->low) - (x->low < y->low);
}

static void append_u64(struct buffer *out, uint64_t value) {
  buffer_append(out, &value, sizeof value);
}

static void append_origin(const struct job *job, const struct golden_record *golden,
                          uint32_t member, struct buffer *out) {
  if (member == GOLDEN_NO_MEMBER) {
    append_u64(out, 0);
    return;
  }
  const struct record_view *record = &golden->members[member];
  append_u64(out, hash_bytes(record_source_id(job, record)));
  buffer_append(out, &record->header->key, sizeof record->header->key);
}

static void append_text(struct buffer *out, struct bytes text) {
  append_u64(out, text.size);
  buffer_append_bytes(out, text);
}

static void append_value(const struct job *job, const struct golden_record *golden, uint32_t field,
                         struct buffer *out) {
  const struct golden_value *value = &golden->values[field];
  append_u64(out, (uint64_t)field << 32 | (uint64_t)value->origin << 24 |
                      (uint64_t)value->rule << 16 | value->derived_from);
  append_u64(out, (uint64_t)value->part_count << 32 | value->runner_up_count);
  append_text(out, value->text);
  append_origin(job, golden, value->member, out);
  for (uint32_t i = 0; i < value->part_count; i++)
    append_origin(job, golden, value->part_members[i], out);
  for (uint32_t i = 0; i < value->runner_up_count; i++) {
    append_text(out, value->runners_up[i].text);
    append_origin(job, golden, value->runners_up[i].member, out);
  }
}

struct hash128 golden_digest(const struct job *job, const struct golden_record *golden,
                             struct buffer *scratch) {
  buffer_clear(scratch);
  append_u64(scratch, golden->member_count);
  size_t keys_at = scratch->size;
  for (uint32_t i = 0; i < golden->member_count; i++)
    buffer_append(scratch, &golden->members[i].header->key, KEY_BYTES);
  qsort(scratch->data + keys_at, golden->member_count, KEY_BYTES, compare_keys);
  for (uint32_t f = 0; f < job->field_count; f++)
    if (golden->values[f].origin != GOLDEN_NONE) append_value(job, golden, f, scratch);
  return hash_bytes_128(buffer_bytes(scratch));
}
