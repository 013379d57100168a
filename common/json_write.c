#include "common/json_write.h"

#include <math.h>

#include "common/check.h"
#include "common/number_write.h"

static void newline(struct json_writer *w) {
  buffer_append_char(w->out, '\n');
  for (uint32_t i = 0; i < w->depth; i++) buffer_append(w->out, "  ", 2);
}

static void separate(struct json_writer *w) {
  uint32_t bit = 1u << w->depth;
  if (w->has_items & bit) buffer_append_char(w->out, ',');
  if (w->pretty && w->depth) newline(w);
  w->has_items |= bit;
}

static void before_value(struct json_writer *w) {
  if (w->after_key) {
    w->after_key = false;
    return;
  }
  check(!(w->in_object & 1u << w->depth));
  separate(w);
}

static void after_value(struct json_writer *w) {
  if (w->pretty && w->depth == 0) buffer_append_char(w->out, '\n');
}

static void begin(struct json_writer *w, char bracket, bool object) {
  before_value(w);
  check(w->depth + 1 < JSON_DEPTH_MAX);
  buffer_append_char(w->out, bracket);
  w->depth++;
  uint32_t bit = 1u << w->depth;
  w->has_items &= ~bit;
  w->in_object = object ? w->in_object | bit : w->in_object & ~bit;
}

static void end(struct json_writer *w, char bracket, bool object) {
  uint32_t bit = 1u << w->depth;
  check(w->depth > 0 && !w->after_key && !(w->in_object & bit) == !object);
  bool had_items = w->has_items & bit;
  w->depth--;
  if (w->pretty && had_items) newline(w);
  buffer_append_char(w->out, bracket);
  after_value(w);
}

void json_object_begin(struct json_writer *w) { begin(w, '{', true); }
void json_object_end(struct json_writer *w) { end(w, '}', true); }
void json_array_begin(struct json_writer *w) { begin(w, '[', false); }
void json_array_end(struct json_writer *w) { end(w, ']', false); }

void json_key_bytes(struct json_writer *w, struct bytes key) {
  check((w->in_object & 1u << w->depth) && !w->after_key);
  separate(w);
  json_append_quoted(w->out, key);
  buffer_append_char(w->out, ':');
  if (w->pretty) buffer_append_char(w->out, ' ');
  w->after_key = true;
}

void json_key(struct json_writer *w, const char *key) { json_key_bytes(w, bytes_from_string(key)); }

/* Bytes of the well-formed UTF-8 character at text, 0 when there is none (Unicode 15, table 3-7).
 */
static size_t utf8_character_size(const uint8_t *text, size_t left) {
  uint8_t lead = text[0];
  if (lead < 0x80) return 1;
  size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || left < size) return 0;
  uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (text[1] < low || text[1] > high) return 0;
  for (size_t i = 2; i < size; i++)
    if ((text[i] & 0xC0) != 0x80) return 0;
  return size;
}

static void append_escape(struct buffer *out, uint8_t c) {
  static const char hex[] = "0123456789abcdef";
  const char *shorter = c == '"'    ? "\\\""
                        : c == '\\' ? "\\\\"
                        : c == '\n' ? "\\n"
                        : c == '\r' ? "\\r"
                        : c == '\t' ? "\\t"
                                    : NULL;
  if (shorter) {
    buffer_append(out, shorter, 2);
    return;
  }
  char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
  buffer_append(out, text, sizeof text);
}

void json_append_quoted(struct buffer *out, struct bytes text) {
  const uint8_t *data = (const uint8_t *)text.data;
  buffer_reserve(out, text.size + 2);
  buffer_append_char(out, '"');
  size_t copied = 0, i = 0;
  while (i < text.size) {
    uint8_t c = data[i];
    size_t size = utf8_character_size(data + i, text.size - i);
    bool escape = c < 0x20 || c == '"' || c == '\\' || c == '<' || c == 0x7F;
    if (size && !escape) {
      i += size;
      continue;
    }
    buffer_append(out, data + copied, i - copied);
    if (escape)
      append_escape(out, c);
    else
      buffer_append(out, "\xEF\xBF\xBD", 3);
    copied = ++i;
  }
  buffer_append(out, data + copied, i - copied);
  buffer_append_char(out, '"');
}

static void append_number(struct json_writer *w, const char *text, const char *text_end) {
  before_value(w);
  buffer_append(w->out, text, (size_t)(text_end - text));
  after_value(w);
}

void json_bytes(struct json_writer *w, struct bytes text) {
  before_value(w);
  json_append_quoted(w->out, text);
  after_value(w);
}

void json_string(struct json_writer *w, const char *text) {
  if (text)
    json_bytes(w, bytes_from_string(text));
  else
    json_null(w);
}

void json_u64(struct json_writer *w, uint64_t value) {
  char text[NUMBER_U64_BYTES_MAX];
  append_number(w, text, number_put_u64(text, value));
}

void json_i64(struct json_writer *w, int64_t value) {
  char text[NUMBER_I64_BYTES_MAX];
  append_number(w, text, number_put_i64(text, value));
}

void json_decimal(struct json_writer *w, int64_t value, unsigned decimals) {
  char text[NUMBER_DECIMAL_BYTES_MAX];
  append_number(w, text, number_put_decimal(text, value, decimals));
}

void json_real(struct json_writer *w, double value, unsigned decimals) {
  double scale = pow(10, decimals);
  if (!(fabs(value) * scale < 9e18)) {
    json_null(w);
    return;
  }
  json_decimal(w, (int64_t)llround(value * scale), decimals);
}

void json_bool(struct json_writer *w, bool value) {
  const char *text = value ? "true" : "false";
  append_number(w, text, text + strlen(text));
}

void json_null(struct json_writer *w) {
  static const char text[] = "null";
  append_number(w, text, text + 4);
}
