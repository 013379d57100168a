/* bytes — a borrowed run of bytes, and a growing buffer.
 *
 * `struct bytes` never owns: who made the memory says how long it lives. It need not end in a NUL.
 * `struct buffer` owns; release it with buffer_release. Neither is safe for two threads at once. */
#ifndef GUIYI_COMMON_BYTES_H
#define GUIYI_COMMON_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
  const char *data;
  size_t size;
};

#define BYTES_EMPTY ((struct bytes){NULL, 0})
/* BYTES("literal"): only for string literals. */
#define BYTES(literal) ((struct bytes){(literal), sizeof(literal) - 1})

static inline struct bytes bytes_of(const char *data, size_t size) {
  return (struct bytes){data, size};
}

/* text must end in a NUL; NULL gives the empty run. */
static inline struct bytes bytes_from_string(const char *text) {
  return text ? (struct bytes){text, strlen(text)} : BYTES_EMPTY;
}

static inline bool bytes_equal(struct bytes a, struct bytes b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Order of unsigned bytes, the shorter first where one begins the other: <0, 0, >0. */
int bytes_compare(struct bytes a, struct bytes b);
bool bytes_starts_with(struct bytes text, struct bytes prefix);
bool bytes_ends_with(struct bytes text, struct bytes suffix);
/* Where needle first stands in text; text.size when it does not. */
size_t bytes_find(struct bytes text, struct bytes needle);
/* Without ASCII white space at both ends. */
struct bytes bytes_trim(struct bytes text);

struct buffer {
  char *data; /* owned; not NUL-terminated unless buffer_string was called */
  size_t size;
  size_t capacity;
};

void buffer_reserve(struct buffer *b, size_t more);
void buffer_append(struct buffer *b, const void *data, size_t size);
void buffer_append_bytes(struct buffer *b, struct bytes text);
void buffer_append_string(struct buffer *b, const char *text);
void buffer_append_char(struct buffer *b, char c);
__attribute__((format(printf, 2, 3))) void buffer_printf(struct buffer *b, const char *format, ...);
void buffer_vprintf(struct buffer *b, const char *format, va_list arguments);
/* The content with a NUL behind it (not counted in size); valid until the next change. */
const char *buffer_string(struct buffer *b);
void buffer_clear(struct buffer *b); /* keeps the memory */
void buffer_release(struct buffer *b);

static inline struct bytes buffer_bytes(const struct buffer *b) {
  return (struct bytes){b->data, b->size};
}

#endif
