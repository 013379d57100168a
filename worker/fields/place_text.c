#include "worker/fields/place_text.h"

#include "common/hash.h"
#include "common/text.h"
#include "worker/fields/tables.h"

bool place_is_han(uint32_t c) { return text_is_han(c) || (c >= 0x3041 && c <= 0x30ff); }

void place_text_read(struct bytes clean, struct place_text *text) {
  const char *at = clean.data, *end = at + clean.size;
  uint32_t size = 0;
  bool has_han = false;
  while (at < end && size + 1 < PLACE_TEXT_MAX) {
    uint32_t c = text_decode(&at, end);
    char letters[2];
    text->shown[size] = c;
    if (c < 0x80) {
      text->characters[size++] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    } else if (c >= 0x2e80) {
      has_han |= place_is_han(c);
      text->characters[size++] = han_fold(c);
    } else if (latin_plain(c, letters)) {
      text->characters[size++] = (unsigned char)letters[0];
      if (letters[1]) { /* æ: two letters, of which the second is not shown */
        text->shown[size] = 0;
        text->characters[size++] = (unsigned char)letters[1];
      }
    } else {
      text->characters[size++] = c;
    }
  }
  text->size = size;
  text->has_han = has_han;
}

uint64_t place_hash(const uint32_t *characters, uint32_t size) {
  uint64_t hash = hash_bytes(bytes_of((const char *)characters, size * sizeof characters[0]));
  return hash ? hash : 1;
}
