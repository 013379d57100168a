#include "common/csv_write.h"

#include "common/number_write.h"

/* 1 = the byte forces quotes anywhere in a field; 2 = at its begin or end. */
static const uint8_t special[256] = {
    [','] = 1, ['"'] = 1, ['\r'] = 1, ['\n'] = 1, [' '] = 2, ['\t'] = 2};

static bool needs_quotes(struct bytes text) {
  if (text.size == 0) return false;
  uint8_t found = 0;
  for (size_t i = 0; i < text.size; i++) found |= special[(uint8_t)text.data[i]];
  if (!found) return false;
  return (found & 1) || special[(uint8_t)text.data[0]] ||
         special[(uint8_t)text.data[text.size - 1]];
}

char *csv_put_field(char *at, struct bytes text) {
  if (!needs_quotes(text)) {
    if (text.size) memcpy(at, text.data, text.size);
    return at + text.size;
  }
  *at++ = '"';
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '"') *at++ = '"';
    *at++ = text.data[i];
  }
  *at++ = '"';
  return at;
}

void csv_append(struct buffer *out, struct bytes text) {
  bool first = out->size == 0 || out->data[out->size - 1] == '\n';
  buffer_reserve(out, CSV_FIELD_BYTES_MAX(text.size) + 1);
  char *at = out->data + out->size;
  if (!first) {
    *at++ = ',';
  } else if (text.size == 0) {
    *at++ = '"';
    *at++ = '"';
  }
  at = csv_put_field(at, text);
  out->size = (size_t)(at - out->data);
}

void csv_append_string(struct buffer *out, const char *text) {
  csv_append(out, bytes_from_string(text));
}

void csv_append_u64(struct buffer *out, uint64_t value) {
  char text[NUMBER_U64_BYTES_MAX];
  csv_append(out, bytes_of(text, (size_t)(number_put_u64(text, value) - text)));
}

void csv_append_i64(struct buffer *out, int64_t value) {
  char text[NUMBER_I64_BYTES_MAX];
  csv_append(out, bytes_of(text, (size_t)(number_put_i64(text, value) - text)));
}

void csv_end_row(struct buffer *out) { buffer_append_char(out, '\n'); }
