#include "worker/store/customer_value.h"

#include "common/check.h"

_Static_assert(sizeof(struct member_evidence) % 8 == 0, "records behind it stay aligned to 8");

static size_t padded(size_t size) { return (size + 7) & ~(size_t)7; }

static size_t head_size(size_t golden_size, size_t member_count) {
  return 8 + padded(golden_size) + member_count * sizeof(struct member_evidence);
}

size_t customer_value_size(const struct generation_customer *c) {
  size_t size = head_size(c->golden.size, c->member_count);
  for (uint32_t i = 0; i < c->member_count; i++) size += c->members[i].header->size;
  return size;
}

void customer_value_write(const struct generation_customer *c, char *out) {
  check(c->golden.size <= UINT32_MAX && c->member_count > 0);
  uint32_t golden_size = (uint32_t)c->golden.size;
  memcpy(out, &golden_size, 4);
  memcpy(out + 4, &c->member_count, 4);
  out += 8;
  if (golden_size) memcpy(out, c->golden.data, golden_size);
  memset(out + golden_size, 0, padded(golden_size) - golden_size);
  out += padded(golden_size);
  memcpy(out, c->evidence, c->member_count * sizeof *c->evidence);
  out += c->member_count * sizeof *c->evidence;
  for (uint32_t i = 0; i < c->member_count; i++) {
    memcpy(out, c->members[i].header, c->members[i].header->size);
    out += c->members[i].header->size;
  }
}

enum err customer_value_read(struct bytes data, uint32_t field_count, struct arena *arena,
                             struct stored_customer *customer) {
  if (data.size < 8) return ERR_MALFORMED;
  uint32_t golden_size, member_count;
  memcpy(&golden_size, data.data, 4);
  memcpy(&member_count, data.data + 4, 4);
  if (member_count == 0 || member_count > data.size / sizeof(struct record_header) ||
      golden_size > data.size || head_size(golden_size, member_count) > data.size)
    return ERR_MALFORMED;
  const char *copy = arena_copy(arena, data).data;
  size_t at = 8 + padded(golden_size);
  struct record_view *members = arena_alloc(arena, member_count * sizeof *members);
  *customer = (struct stored_customer){
      .golden = bytes_of(copy + 8, golden_size),
      .member_count = member_count,
      .members = members,
      .evidence = (const struct member_evidence *)(copy + at),
  };
  at += member_count * sizeof *customer->evidence;
  for (uint32_t i = 0; i < member_count; i++) {
    if (record_decode(bytes_of(copy + at, data.size - at), field_count, &members[i]))
      return ERR_MALFORMED;
    if (members[i].header->size % 8) return ERR_MALFORMED;
    at += members[i].header->size;
  }
  return at == data.size ? ERR_OK : ERR_MALFORMED;
}
