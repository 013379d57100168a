#include "common/bytes.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"

int bytes_compare(struct bytes a, struct bytes b) {
  size_t shared = a.size < b.size ? a.size : b.size;
  int order = shared ? memcmp(a.data, b.data, shared) : 0;
  if (order) return order;
  return (a.size > b.size) - (a.size < b.size);
}

bool bytes_starts_with(struct bytes text, struct bytes prefix) {
  return text.size >= prefix.size &&
         (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

bool bytes_ends_with(struct bytes text, struct bytes suffix) {
  return text.size >= suffix.size &&
         (suffix.size == 0 ||
          memcmp(text.data + text.size - suffix.size, suffix.data, suffix.size) == 0);
}

size_t bytes_find(struct bytes text, struct bytes needle) {
  if (needle.size == 0) return 0;
  if (needle.size > text.size) return text.size;
  const char *at = memmem(text.data, text.size, needle.data, needle.size);
  return at ? (size_t)(at - text.data) : text.size;
}

static bool is_ascii_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

struct bytes bytes_trim(struct bytes text) {
  while (text.size && is_ascii_space(text.data[0])) text.data++, text.size--;
  while (text.size && is_ascii_space(text.data[text.size - 1])) text.size--;
  return text;
}

void buffer_reserve(struct buffer *b, size_t more) {
  check(more <= SIZE_MAX / 4 && b->size <= SIZE_MAX / 4);
  size_t need = b->size + more;
  if (need <= b->capacity) return;
  size_t capacity = b->capacity ? b->capacity : 256;
  while (capacity < need) capacity *= 2;
  b->data = memory_resize(b->data, capacity);
  b->capacity = capacity;
}

void buffer_append(struct buffer *b, const void *data, size_t size) {
  if (size == 0) return;
  buffer_reserve(b, size);
  memcpy(b->data + b->size, data, size);
  b->size += size;
}

void buffer_append_bytes(struct buffer *b, struct bytes text) {
  buffer_append(b, text.data, text.size);
}

void buffer_append_string(struct buffer *b, const char *text) {
  buffer_append(b, text, strlen(text));
}

void buffer_append_char(struct buffer *b, char c) { buffer_append(b, &c, 1); }

void buffer_vprintf(struct buffer *b, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, arguments);
  check(size >= 0);
  buffer_reserve(b, (size_t)size + 1);
  vsnprintf(b->data + b->size, (size_t)size + 1, format, again);
  va_end(again);
  b->size += (size_t)size;
}

void buffer_printf(struct buffer *b, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  buffer_vprintf(b, format, arguments);
  va_end(arguments);
}

const char *buffer_string(struct buffer *b) {
  buffer_reserve(b, 1);
  b->data[b->size] = '\0';
  return b->data;
}

void buffer_clear(struct buffer *b) { b->size = 0; }

void buffer_release(struct buffer *b) {
  free(b->data);
  *b = (struct buffer){0};
}
