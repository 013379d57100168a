/* text — UTF-8 in and out, and the cleaning that every cell gets before anything looks at it.
 *
 * Pure and thread-safe. What a cleaning function returns points into its input when nothing had to
 * change, else into the arena; either way it is never NUL-terminated by promise. ICU does the
 * normalising (NFKC); ASCII, plain Han and full-width text never reach it. */
#ifndef GUIYI_COMMON_TEXT_H
#define GUIYI_COMMON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"

enum {
  TEXT_REPLACEMENT = 0xFFFD, /* stands for bytes that are no character */
  TEXT_CHARACTER_BYTES_MAX = 4,
};

/* The bytes from the start that are well-formed UTF-8 (no surrogates, no overlong forms, at most
 * U+10FFFF): text.size when all of it is. */
size_t text_valid_size(struct bytes text);
static inline bool text_valid(struct bytes text) { return text_valid_size(text) == text.size; }

/* One past the last byte. (NULL + 0 is undefined in C.) */
static inline const char *text_end(struct bytes text) {
  return text.size ? text.data + text.size : text.data;
}

/* At the lead byte of a sequence of 2 to 4 bytes; see text_decode. */
uint32_t text_decode_slow(const char **at, const char *end);

/* The code point at *at, which must be < end; *at moves past it. A malformed sequence is
 * TEXT_REPLACEMENT and moves by one byte, so that any bytes can be walked. */
static inline uint32_t text_decode(const char **at, const char *end) {
  unsigned char c = (unsigned char)**at;
  if (c < 0x80) {
    (*at)++;
    return c;
  }
  return text_decode_slow(at, end);
}

/* Writes c as 1 to 4 bytes to out and returns how many. c must be a code point; surrogates and what
 * is above U+10FFFF are written as TEXT_REPLACEMENT. */
unsigned text_encode(uint32_t c, char *out);

/* How many code points, a malformed byte counting as one. */
size_t text_count(struct bytes text);
/* The first `count` characters, all when there are fewer. */
struct bytes text_first(struct bytes text, size_t count);
/* At most bytes_max bytes from the start, ending between characters. */
struct bytes text_cut(struct bytes text, size_t bytes_max);

/* What a terminal, a page and YAML show as it is: no control characters, line or paragraph
 * separators, byte order marks, and no code points that are no characters. */
static inline bool text_is_printable(uint32_t c) {
  return (c >= 0x20 && c < 0x7F) ||
         (c >= 0xA0 && c != 0x2028 && c != 0x2029 && c != 0xFEFF && c != 0xFFFE && c != 0xFFFF);
}

/* Han characters of all planes, with 〇 and 々. */
static inline bool text_is_han(uint32_t c) {
  if (c - 0x4E00 < 0xA000 - 0x4E00) return true;
  if (c < 0x3400) return c == 0x3005 || c == 0x3007;
  return c < 0x4DC0 || (c >= 0xF900 && c < 0xFB00) || (c >= 0x20000 && c < 0x323B0);
}

/* Whether any character is Han; whether all bytes are ASCII (an empty text is). */
bool text_has_han(struct bytes text);
bool text_is_ascii(struct bytes text);

/* NFKC; zero-width and other invisible characters removed; control characters and every kind of
 * space made U+0020, runs of them one, none at the ends. Full-width forms become ASCII. Idempotent.
 * Fit for names, numbers and addresses; it breaks ㎡ and ½, so not for free text that is shown. */
struct bytes text_clean(struct bytes raw, struct arena *arena);

/* text_clean, and case folded (NFKC_Casefold): ß is ss, STRASSE and Straße are equal. Idempotent.
 */
struct bytes text_fold(struct bytes raw, struct arena *arena);

/* Removes brackets that hold nothing but the pinyin of the Han character before them: 内(nèi)容 is
 * 内容. The text must be clean. Pinyin is told by a tone mark, a tone digit, or a Han character
 * that follows: 张伟(VIP) and 张伟(li) stay. */
struct bytes text_strip_pinyin(struct bytes text, struct arena *arena);

#endif
