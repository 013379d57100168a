/* json_write — JSON (RFC 8259) written as it comes, into a buffer.
 *
 *   struct json_writer w = json_writer(&out, true);
 *   json_object_begin(&w);
 *   json_key(&w, "records");
 *   json_u64(&w, 12);
 *   json_object_end(&w);
 *
 * Strings may hold anything: what is not UTF-8 becomes U+FFFD, and `<` is written as \u003c so that
 * the text may stand inside a page's <script>. Ill-formed calls (a value where a key must be) are a
 * programmer's mistake. Pretty: one item a line, indented by two spaces, a newline at the very end.
 */
#ifndef GUIYI_COMMON_JSON_WRITE_H
#define GUIYI_COMMON_JSON_WRITE_H

#include "common/bytes.h"

enum { JSON_DEPTH_MAX = 32 };

struct json_writer {
  struct buffer *out;
  bool pretty;
  bool after_key;
  uint32_t depth;
  uint32_t in_object; /* bit d: level d is an object */
  uint32_t has_items; /* bit d: level d has an item already */
};

static inline struct json_writer json_writer(struct buffer *out, bool pretty) {
  return (struct json_writer){.out = out, .pretty = pretty};
}

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);

void json_key(struct json_writer *w, const char *key);
void json_key_bytes(struct json_writer *w, struct bytes key);

void json_string(struct json_writer *w, const char *text); /* NULL gives null */
void json_bytes(struct json_writer *w, struct bytes text);
void json_u64(struct json_writer *w, uint64_t value);
void json_i64(struct json_writer *w, int64_t value);
/* value / 10^decimals, exactly. */
void json_decimal(struct json_writer *w, int64_t value, unsigned decimals);
/* Rounded to so many decimals; null when it is not a number or infinite. */
void json_real(struct json_writer *w, double value, unsigned decimals);
void json_bool(struct json_writer *w, bool value);
void json_null(struct json_writer *w);

/* The text as a JSON string with its quotes, without a writer. */
void json_append_quoted(struct buffer *out, struct bytes text);

#endif
