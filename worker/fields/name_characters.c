#include "worker/fields/name_characters.h"

#include <unicode/uchar.h>

#include "common/text.h"

unsigned name_class(uint32_t c) {
  if (text_is_han(c)) return IS_HAN;
  if (c < 0x80) {
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return IS_LATIN;
    if (c >= '0' && c <= '9') return IS_DIGIT;
    switch (c) {
      case ' ':
        return IS_SPACE;
      case '.':
        return IS_DOT;
      case '*':
        return IS_STAR;
      case '?':
        return IS_LOST;
      case '\'':
      case '`':
        return IS_JOINER;
      case '(':
      case ')':
      case '[':
      case ']':
      case '{':
      case '}':
      case '<':
      case '>':
        return IS_BRACKET;
      default:
        return IS_SYMBOL;
    }
  }
  switch (c) {
    case NAME_DOT:
    case 0x2022:
    case 0x30FB:
    case 0x2027:
    case 0x2219:
    case 0x22C5:
    case 0x25CF:
      return IS_DOT;
    case 0x3010:
    case 0x3011:
    case 0x3014:
    case 0x3015:
    case 0x3008:
    case 0x3009:
    case 0x300A:
    case 0x300B:
    case 0x300C:
    case 0x300D:
      return IS_BRACKET;
    case 0x25A1:
    case 0x25A0:
    case TEXT_REPLACEMENT:
      return IS_LOST;
    case 0x2018:
    case 0x2019:
    case 0xB4:
    case 0x2BC:
      return IS_JOINER;
    default:
      break;
  }
  if (c >= 0xE000 && c < 0xF900) return IS_LOST;
  char letters[2];
  if (latin_plain(c, letters)) return IS_LATIN;
  return u_isalpha((UChar32)c) || u_charType((UChar32)c) == U_NON_SPACING_MARK ||
                 u_charType((UChar32)c) == U_COMBINING_SPACING_MARK
             ? IS_LETTER
             : IS_SYMBOL;
}

bool name_is_opening(uint32_t c) {
  switch (c) {
    case '(':
    case '[':
    case '{':
    case '<':
    case 0x3010:
    case 0x3014:
    case 0x3008:
    case 0x300A:
    case 0x300C:
      return true;
    default:
      return false;
  }
}

unsigned name_classes(const uint32_t *text, unsigned count) {
  unsigned classes = 0;
  for (unsigned i = 0; i < count; i++) classes |= name_class(text[i]);
  return classes;
}

struct bytes name_encode(const uint32_t *text, unsigned count, struct arena *arena) {
  if (count == 0) return BYTES_EMPTY;
  char *out = arena_alloc(arena, (size_t)count * TEXT_CHARACTER_BYTES_MAX);
  size_t size = 0;
  for (unsigned i = 0; i < count; i++) size += text_encode(text[i], out + size);
  return bytes_of(out, size);
}
