/* name_characters — what the characters of a name are, for the steps of person_name_parse. */
#ifndef GUIYI_WORKER_FIELDS_NAME_CHARACTERS_H
#define GUIYI_WORKER_FIELDS_NAME_CHARACTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "worker/fields/tables.h"

enum { NAME_DOT = 0xB7 };

/* What a character is, as bits so that a text's characters can be united. */
enum {
  IS_HAN = 1 << 0,
  IS_LATIN = 1 << 1,
  IS_DIGIT = 1 << 2,
  IS_SPACE = 1 << 3,
  IS_DOT = 1 << 4, /* all that is typed for U+00B7, and the full stop */
  IS_STAR = 1 << 5,
  IS_BRACKET = 1 << 6,
  IS_LOST = 1 << 7,   /* what a lost character leaves behind */
  IS_JOINER = 1 << 8, /* apostrophes: no break between letters */
  IS_LETTER = 1 << 9, /* of other scripts */
  IS_SYMBOL = 1 << 10,
  IS_WORD = IS_HAN | IS_LATIN | IS_LETTER,
};

/* One of the bits above. */
unsigned name_class(uint32_t c);
/* The classes of all characters, united. */
unsigned name_classes(const uint32_t *text, unsigned count);
bool name_is_opening(uint32_t bracket);

/* Simplified, and A to Z in lower case. */
static inline uint32_t name_fold(uint32_t c) {
  if (c >= 'A' && c <= 'Z') return c | 0x20;
  return c < 0x80 ? c : han_fold(c);
}

/* As UTF-8 in the arena. */
struct bytes name_encode(const uint32_t *text, unsigned count, struct arena *arena);

#endif
