#include "worker/sources/gb18030.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

enum { INPUT_BYTES = 64 << 10 };

struct gb18030_decoder {
  iconv_t converter;
  size_t at, size; /* of input */
  bool is_last, needs_input;
  char input[INPUT_BYTES];
};

struct gb18030_decoder *gb18030_decoder_new(void) {
  iconv_t converter = iconv_open("UTF-8", "GB18030");
  if (converter == (iconv_t)-1) return NULL;
  struct gb18030_decoder *d = memory_new(sizeof *d);
  d->converter = converter;
  d->at = d->size = 0;
  d->is_last = false;
  d->needs_input = true;
  return d;
}

/* What was left, the start of a character, moves to the front. */
char *gb18030_decoder_space(struct gb18030_decoder *d, size_t *size) {
  memmove(d->input, d->input + d->at, d->size - d->at);
  d->size -= d->at;
  d->at = 0;
  *size = INPUT_BYTES - d->size;
  return d->input + d->size;
}

void gb18030_decoder_fill(struct gb18030_decoder *d, size_t size, bool is_last) {
  d->size += size;
  d->is_last = is_last;
  d->needs_input = false;
}

size_t gb18030_decoder_run(struct gb18030_decoder *d, char *out, size_t size) {
  char *next = out;
  size_t room = size;
  bool is_full = false;
  while (room && d->at < d->size) {
    char *input = d->input + d->at;
    size_t left = d->size - d->at;
    size_t code = iconv(d->converter, &input, &left, &next, &room);
    d->at = d->size - left;
    if (code != (size_t)-1) continue;
    is_full = errno == E2BIG;
    if (is_full) break;
    if (errno == EINVAL && !d->is_last) break; /* the rest of the character is still to come */
    *next++ = (char)0xFF;
    room--;
    d->at++;
  }
  is_full |= room == 0 && d->at < d->size;
  d->needs_input = !is_full && !(d->is_last && d->at == d->size);
  return size - room;
}

bool gb18030_decoder_needs_input(const struct gb18030_decoder *d) { return d->needs_input; }

void gb18030_decoder_free(struct gb18030_decoder **decoder) {
  if (!*decoder) return;
  iconv_close((*decoder)->converter);
  free(*decoder);
  *decoder = NULL;
}

bool gb18030_to_utf8(struct bytes text, struct buffer *out) {
  struct gb18030_decoder *d = gb18030_decoder_new();
  if (!d) return false;
  size_t given = 0;
  for (;;) {
    buffer_reserve(out, INPUT_BYTES);
    out->size += gb18030_decoder_run(d, out->data + out->size, INPUT_BYTES);
    if (!gb18030_decoder_needs_input(d)) {
      if (d->is_last && d->at == d->size) break;
      continue;
    }
    size_t room;
    char *space = gb18030_decoder_space(d, &room);
    size_t more = text.size - given < room ? text.size - given : room;
    if (more) memcpy(space, text.data + given, more);
    given += more;
    gb18030_decoder_fill(d, more, given == text.size);
  }
  gb18030_decoder_free(&d);
  return true;
}

static bool is_lead(unsigned char byte) { return byte >= 0x81 && byte <= 0xFE; }
static bool is_second(unsigned char byte) { return byte >= 0x40 && byte != 0x7F && byte != 0xFF; }
static bool is_digit(unsigned char byte) { return byte >= '0' && byte <= '9'; }

/* Bytes of the character that starts with the lead at text[0]; 1 when it is none. */
static size_t character_size(const unsigned char *text, size_t left) {
  if (left >= 2 && is_second(text[1])) return 2;
  if (left >= 4 && is_digit(text[1]) && is_lead(text[2]) && is_digit(text[3])) return 4;
  return 1;
}

void gb18030_look(struct bytes text, struct gb18030_shape *shape) {
  const unsigned char *bytes = (const unsigned char *)text.data;
  for (size_t i = 0; i < text.size;) {
    size_t character = is_lead(bytes[i]) ? character_size(bytes + i, text.size - i) : 1;
    if (character == 2) {
      shape->common += bytes[i + 1] >= 0xA1;
      shape->rare += bytes[i + 1] < 0xA1;
    } else if (character == 1) {
      shape->wrong += bytes[i] >= 0x80;
    }
    i += character;
  }
}
