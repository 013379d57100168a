#include "worker/similarity/phonetic.h"

#include <stdbool.h>
#include <string.h>

static bool is_vowel(char c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

/* The letters are looked at with what stands around them; '\0' beyond the ends. */
struct cursor {
  const char *letters;
  unsigned size, i;
};

static char peek(const struct cursor *c, unsigned ahead) {
  return c->i + ahead < c->size ? c->letters[c->i + ahead] : '\0';
}

static bool next_is_front_vowel(const struct cursor *c) {
  char next = peek(c, 1);
  return next == 'e' || next == 'i' || next == 'y';
}

/* The sound at the cursor, 0 for none; *taken says how many letters it uses up. */
static char sound_at(const struct cursor *c, unsigned *taken) {
  char here = peek(c, 0), next = peek(c, 1);
  bool first = c->i == 0;
  *taken = 1;
  if (is_vowel(here)) return first ? 'a' : 0;
  switch (here) {
    case 'b':
    case 'l':
    case 'm':
    case 'n':
    case 'r':
      return here;
    case 'c':
      if (next == 'h') return *taken = 2, peek(c, 2) == 'r' ? 'k' : 'x';
      if (next == 'k') return *taken = 2, 'k';
      return next_is_front_vowel(c) ? 's' : 'k';
    case 'd':
      if (next == 'g') return *taken = 2, 'j';
      return 't';
    case 'f':
    case 'v':
      return 'f';
    case 'g':
      if (first && next == 'n') return *taken = 2, 'n';
      if (next == 'h') return *taken = 2, first ? 'k' : 0;
      return next_is_front_vowel(c) ? 'j' : 'k';
    case 'h':
      return first ? 'h' : 0;
    case 'j':
      return 'j';
    case 'k':
      if (first && next == 'n') return *taken = 2, 'n';
      return 'k';
    case 'p':
      if (next == 'h') return *taken = 2, 'f';
      if (first && next == 's') return *taken = 2, 's';
      return 'p';
    case 'q':
      return 'k';
    case 's':
      if (next == 'c' && peek(c, 2) == 'h') return *taken = 3, 'x';
      if (next == 'h') return *taken = 2, 'x';
      return 's';
    case 't':
      if (next == 'h') return *taken = 2, 't';
      if (next == 'c' && peek(c, 2) == 'h') return *taken = 3, 'x';
      return 't';
    case 'w':
      if (first && next == 'r') return *taken = 2, 'r';
      return first ? 'w' : 0;
    case 'x':
      return first ? 's' : 'k';
    case 'z':
      return 's';
    default:
      return 0;
  }
}

uint64_t phonetic_code(const char *letters, unsigned size) {
  enum { SOUNDS_MAX = 8 };
  uint64_t code = 0;
  unsigned sounds = 0;
  char last = 0;
  struct cursor c = {letters, size, 0};
  while (c.i < size && sounds < SOUNDS_MAX) {
    unsigned taken;
    char sound = sound_at(&c, &taken);
    if (sound && sound != last) {
      code = code << 8 | (unsigned char)sound;
      sounds++;
    }
    /* A vowel between two equal consonants keeps them apart: Nina is not Na. */
    if (sound || is_vowel(letters[c.i])) last = sound;
    c.i += taken;
  }
  return code;
}
