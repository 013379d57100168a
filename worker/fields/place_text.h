/* place_text — the text of an address or a firm's name as an array of characters. Pure. */
#ifndef GUIYI_WORKER_FIELDS_PLACE_TEXT_H
#define GUIYI_WORKER_FIELDS_PLACE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"

enum { PLACE_TEXT_MAX = 384 }; /* characters that are looked at; what follows is kept, not parsed */

struct place_text {
  uint32_t size;
  bool has_han;                        /* or kana: written without spaces between words */
  uint32_t characters[PLACE_TEXT_MAX]; /* simplified, Latin in lower case without accents */
  uint32_t shown[PLACE_TEXT_MAX];      /* the same as they were written; 0 = not shown */
};

/* Takes clean text (text_clean) apart. */
void place_text_read(struct bytes clean, struct place_text *text);

/* Han, and kana: what makes a name or an address one that place_text.has_han is about. */
bool place_is_han(uint32_t c);
/* A hash of characters, never 0. */
uint64_t place_hash(const uint32_t *characters, uint32_t size);

#endif
