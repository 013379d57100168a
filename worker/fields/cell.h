/* cell — the characters of a number-like cell (phone, ID, date, account …) as plain ASCII where
 * they have an ASCII twin, and what the types of such cells ask of it. */
#ifndef GUIYI_WORKER_FIELDS_CELL_H
#define GUIYI_WORKER_FIELDS_CELL_H

#include "common/arena.h"
#include "common/bytes.h"

enum { CELL_BYTES_MAX = 256 }; /* a longer cell is no number */

/* text_clean, and every dash, full stop and apostrophe made the ASCII one. Points into raw where
 * nothing changed, else into the arena. */
struct bytes cell_fold(struct bytes raw, struct arena *arena);
/* A folded text without spaces, hyphens and Excel's apostrophe, in upper case. */
struct bytes cell_squeeze(struct bytes text, char room[CELL_BYTES_MAX]);
/* A folded text that says that there is no value: "N/A", "null", "-", 无 … The empty text too. */
bool cell_means_empty(struct bytes text);

static inline bool cell_is_digit(char c) { return c >= '0' && c <= '9'; }

static inline bool cell_is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

static inline char cell_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c; }

/* Eight bytes, each '0' to '9': the high nibble is 3, and is still after 6 was added to the low
 * one. */
static inline bool cell_eight_digits(const char *text) {
  uint64_t word;
  memcpy(&word, text, sizeof word);
  const uint64_t high = 0xF0F0F0F0F0F0F0F0ULL, threes = 0x3030303030303030ULL;
  return (word & high) == threes && ((word + 0x0606060606060606ULL) & high) == threes;
}

static inline bool cell_all_digits(const char *text, size_t size) {
  if (size >= 8) {
    bool all = cell_eight_digits(text + size - 8);
    for (size_t i = 0; i + 8 < size; i += 8) all &= cell_eight_digits(text + i);
    return all;
  }
  bool all = true;
  for (size_t i = 0; i < size; i++) all &= cell_is_digit(text[i]);
  return all;
}

/* up to nine digits */
static inline int cell_number(const char *digits, size_t count) {
  int number = 0;
  for (size_t i = 0; i < count; i++) number = number * 10 + (digits[i] - '0');
  return number;
}

#endif
