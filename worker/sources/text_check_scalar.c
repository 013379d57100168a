#include "worker/sources/text_check.h"

static bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/* Bytes of the character that starts at text; 0 when it is not valid. left > 0, text[0] >= 0x80. */
static size_t character_size(const unsigned char *text, size_t left) {
  unsigned char lead = text[0];
  if (lead < 0xC2 || lead > 0xF4) return 0;
  size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (left < size) return 0;
  for (size_t i = 1; i < size; i++)
    if (!is_continuation(text[i])) return 0;
  if (lead == 0xE0 && text[1] < 0xA0) return 0; /* two bytes would do */
  if (lead == 0xED && text[1] > 0x9F) return 0; /* surrogates */
  if (lead == 0xF0 && text[1] < 0x90) return 0; /* three bytes would do */
  if (lead == 0xF4 && text[1] > 0x8F) return 0; /* over U+10FFFF */
  return size;
}

struct text_facts text_check_scalar(const char *text, size_t size) {
  const unsigned char *bytes = (const unsigned char *)text;
  struct text_facts facts = {.is_utf8 = true};
  for (size_t i = 0; i < size;) {
    if (bytes[i] < 0x80) {
      facts.has_nul |= bytes[i] == 0;
      i++;
      continue;
    }
    size_t character = character_size(bytes + i, size - i);
    if (character == 0) facts.is_utf8 = false;
    facts.high_count += character ? character : 1;
    i += character ? character : 1;
  }
  return facts;
}
