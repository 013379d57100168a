#include "common/record.h"

#include "common/check.h"

/* Per value: state (3 bits) | kind (5 bits), then the length: one byte below 255, else 255 and
 * four. */
enum { LENGTH_LONG = 255, STATE_BITS = 3 };

struct bytes record_source_id(const struct job *job, const struct record_view *view) {
  if (view->header->flags & RECORD_NAMES_SOURCE) return view->source_id;
  check(view->header->source < job->source_count);
  return job->sources[view->header->source].id;
}

void record_encode(struct buffer *out, const struct record_header *header, struct bytes source_id,
                   struct bytes id, const struct record_value *values, uint32_t field_count) {
  size_t id_size = id.size + (source_id.size ? source_id.size + 1 : 0);
  size_t worst = sizeof *header + id_size + 8;
  for (uint32_t i = 0; i < field_count; i++) worst += 6 + values[i].text.size;
  check(out->size % 8 == 0 && id_size <= UINT16_MAX && worst <= UINT32_MAX);
  buffer_reserve(out, worst);
  char *start = out->data + out->size;
  char *at = start + sizeof *header;
  if (source_id.size) {
    memcpy(at, source_id.data, source_id.size);
    at += source_id.size;
    *at++ = RECORD_VALUE_SEPARATOR;
  }
  if (id.size) memcpy(at, id.data, id.size);
  at += id.size;
  for (uint32_t i = 0; i < field_count; i++) {
    const struct record_value *v = &values[i];
    *at++ = (char)(v->state | v->kind << STATE_BITS);
    if (v->text.size < LENGTH_LONG) {
      *at++ = (char)v->text.size;
    } else {
      uint32_t size = (uint32_t)v->text.size;
      *at++ = (char)LENGTH_LONG;
      memcpy(at, &size, sizeof size);
      at += sizeof size;
    }
    if (v->text.size) memcpy(at, v->text.data, v->text.size);
    at += v->text.size;
  }
  while ((at - start) % 8) *at++ = 0;
  struct record_header h = *header;
  h.id_size = (uint16_t)id_size;
  if (source_id.size) h.flags |= RECORD_NAMES_SOURCE;
  h.size = (uint32_t)(at - start);
  memcpy(start, &h, sizeof h);
  out->size += h.size;
}

void record_add_name_spaces(struct buffer *out, size_t offset, struct bytes name_spaces) {
  struct record_header h;
  memcpy(&h, out->data + offset, sizeof h);
  check(offset + h.size == out->size && !(h.flags & RECORD_HAS_NAME_SPACES));
  uint32_t size = (uint32_t)name_spaces.size;
  buffer_append(out, &size, sizeof size);
  buffer_append_bytes(out, name_spaces);
  while (out->size % 8) buffer_append_char(out, '\0');
  h.flags |= RECORD_HAS_NAME_SPACES;
  h.size = (uint32_t)(out->size - offset);
  memcpy(out->data + offset, &h, sizeof h);
}

/* Header and ids; *at is where the values begin. */
static enum err decode_id(struct bytes data, struct record_view *view, const char **at) {
  if (data.size < sizeof *view->header || (uintptr_t)data.data % 8) return ERR_MALFORMED;
  const struct record_header *h = (const struct record_header *)data.data;
  if (h->size > data.size || h->size < sizeof *h + h->id_size) return ERR_MALFORMED;
  const char *id = data.data + sizeof *h;
  view->header = h;
  view->id = bytes_of(id, h->id_size);
  view->source_id = BYTES_EMPTY;
  if (h->flags & RECORD_NAMES_SOURCE) {
    const char *cut = h->id_size ? memchr(id, RECORD_VALUE_SEPARATOR, h->id_size) : NULL;
    if (!cut) return ERR_MALFORMED;
    view->source_id = bytes_of(id, (size_t)(cut - id));
    view->id = bytes_of(cut + 1, h->id_size - view->source_id.size - 1);
  }
  *at = id + h->id_size;
  return ERR_OK;
}

/* Behind the values, on the next multiple of eight: their size in four bytes, then they. */
static enum err decode_name_spaces(const char *start, const char *at, const char *end,
                                   struct record_view *view) {
  uint32_t size;
  size_t skip = (size_t)(start - at) & 7;
  if ((size_t)(end - at) < skip + sizeof size) return ERR_MALFORMED;
  memcpy(&size, at + skip, sizeof size);
  at += skip + sizeof size;
  if ((size_t)(end - at) < size) return ERR_MALFORMED;
  view->name_spaces = bytes_of(at, size);
  return ERR_OK;
}

enum err record_decode(struct bytes data, uint32_t field_count, struct record_view *view) {
  const char *at;
  enum err err = decode_id(data, view, &at);
  if (err) return err;
  const char *end = data.data + view->header->size;
  for (uint32_t i = 0; i < field_count; i++) {
    if (end - at < 2) return ERR_MALFORMED;
    uint8_t tag = (uint8_t)*at++;
    uint32_t size = (uint8_t)*at++;
    if (size == LENGTH_LONG) {
      if (end - at < 4) return ERR_MALFORMED;
      memcpy(&size, at, sizeof size);
      at += sizeof size;
    }
    if ((size_t)(end - at) < size) return ERR_MALFORMED;
    view->values[i] = (struct record_value){bytes_of(at, size), tag & ((1 << STATE_BITS) - 1),
                                            (uint8_t)(tag >> STATE_BITS)};
    at += size;
  }
  view->name_spaces = BYTES_EMPTY;
  return view->header->flags & RECORD_HAS_NAME_SPACES ? decode_name_spaces(data.data, at, end, view)
                                                      : ERR_OK;
}

void record_view_of_id(const char *data, struct record_view *view) {
  struct record_header h;
  memcpy(&h, data, sizeof h);
  const char *at;
  check(decode_id(bytes_of(data, h.size), view, &at) == ERR_OK);
}

void record_view_of(const char *data, uint32_t field_count, struct record_view *view) {
  struct record_header h;
  memcpy(&h, data, sizeof h);
  check(record_decode(bytes_of(data, h.size), field_count, view) == ERR_OK);
}

struct hash128 record_key(struct bytes source_id, struct bytes id_or_content, bool has_id) {
  uint64_t seed = hash_bytes_seeded(source_id, has_id ? 1 : 2);
  XXH128_hash_t h = XXH3_128bits_withSeed(id_or_content.data, id_or_content.size, seed);
  return (struct hash128){h.low64, h.high64};
}
