/* Names in words: Latin, and scripts that are neither Latin nor Han. */
#include <string.h>
#include <unicode/uchar.h>

#include "worker/fields/field_type.h"
#include "worker/fields/name_characters.h"
#include "worker/fields/name_scripts.h"

struct token {
  uint16_t start, count; /* in the letters */
  uint8_t place;         /* 0 stood first */
  bool before_comma;
};

struct tokens {
  uint32_t letters[NAME_CHARACTERS_MAX * 2]; /* a letter with marks can become two */
  struct token at[NAME_TOKENS_MAX];
  unsigned count;
};

/* A misread letter: Caro|yn, Em:ly. Symbols that people put between words are none. */
static bool is_misread(const struct person_name *name, unsigned i) {
  uint32_t c = name->text[i];
  if (c == '-' || c == '/' || c == '\\' || c == '&' || c == '+' || c == ',' || c == ';' ||
      c == '_' || c == '=')
    return false;
  return c < 0x80 && i > 0 && i + 1 < name->text_count &&
         (name_class(name->text[i - 1]) & IS_WORD) && (name_class(name->text[i + 1]) & IS_WORD);
}

/* Words in lower case without marks. Apostrophes join (O'Brien), all else separates. */
static void split_tokens(const struct person_name *name, struct tokens *t) {
  unsigned size = 0;
  bool inside = false;
  t->count = 0;
  for (unsigned i = 0; i < name->text_count; i++) {
    uint32_t c = name->text[i];
    unsigned class = name_class(c);
    if (class == IS_JOINER) continue;
    if ((class & (IS_WORD | IS_DIGIT | IS_LOST)) || (class == IS_SYMBOL && is_misread(name, i))) {
      if (!inside && t->count < NAME_TOKENS_MAX) {
        t->at[t->count] = (struct token){(uint16_t)size, 0, (uint8_t)t->count, false};
        t->count++;
      }
      inside = true;
      char plain[2];
      unsigned letters = class == IS_LATIN ? latin_plain(c, plain) : 0;
      for (unsigned k = 0; k < letters; k++) t->letters[size++] = (unsigned char)plain[k];
      if (!letters)
        t->letters[size++] = (uint32_t)u_foldCase((UChar32)name_fold(c), U_FOLD_CASE_DEFAULT);
      t->at[t->count - 1].count = (uint16_t)(size - t->at[t->count - 1].start);
      continue;
    }
    inside = false;
    if (c == ',') {
      for (unsigned k = 0; k < t->count; k++) t->at[k].before_comma = true;
    }
  }
}

static void remove_token(struct tokens *t, unsigned i) {
  memmove(t->at + i, t->at + i + 1, (t->count - i - 1) * sizeof *t->at);
  t->count--;
}

/* Mr. Wei Zhang → Wei Zhang; Zhang Jr → Zhang. The last word is never dropped. */
static void drop_titles(struct person_name *name, struct tokens *t, struct arena *arena) {
  for (unsigned i = 0; i < t->count && t->count > 1;) {
    unsigned flags = name_word_find(t->letters + t->at[i].start, t->at[i].count);
    bool title = (flags & NAME_WORD_TITLE) && i == 0;
    bool suffix = (flags & NAME_WORD_SUFFIX) && i == t->count - 1 && t->count > 2;
    if (!title && !suffix) {
      i++;
      continue;
    }
    if (title) {
      name_set_sex(name, flags);
      name->title = name_encode(t->letters + t->at[i].start, t->at[i].count, arena);
    }
    remove_token(t, i);
    i = 0;
  }
}

static int compare_tokens(const struct tokens *t, const struct token *a, const struct token *b) {
  unsigned shorter = a->count < b->count ? a->count : b->count;
  for (unsigned i = 0; i < shorter; i++) {
    uint32_t x = t->letters[a->start + i], y = t->letters[b->start + i];
    if (x != y) return x < y ? -1 : 1;
  }
  return (int)a->count - (int)b->count;
}

/* Writes the sorted words as the key, and where the first and the family name went. "Smith, John"
 * says which is the family name; else it is the last. */
static void write_tokens(struct person_name *name, struct tokens *t) {
  unsigned surname_place = t->at[t->count - 1].place, given_place = t->at[0].place;
  if (t->at[0].before_comma && !t->at[t->count - 1].before_comma) {
    unsigned first_after = 0;
    while (t->at[first_after].before_comma) first_after++;
    surname_place = t->at[first_after - 1].place;
    given_place = t->at[first_after].place;
  }
  for (unsigned i = 1; i < t->count; i++) {
    struct token moved = t->at[i];
    unsigned k = i;
    for (; k > 0 && compare_tokens(t, &t->at[k - 1], &moved) > 0; k--) t->at[k] = t->at[k - 1];
    t->at[k] = moved;
  }
  unsigned size = 0;
  for (unsigned i = 0; i < t->count; i++) {
    unsigned room = NAME_CHARACTERS_MAX - size;
    if (t->at[i].count + 1u > room) break;
    if (size) name->key[size++] = ' ';
    memcpy(name->key + size, t->letters + t->at[i].start, t->at[i].count * sizeof *name->key);
    size += t->at[i].count;
    if (t->at[i].place == surname_place) name->surname_token = (uint8_t)i;
    if (t->at[i].place == given_place) name->given_token = (uint8_t)i;
  }
  name->key_count = (uint8_t)size;
}

/* A title is not part of the text shown: what is before the first kept word goes. */
static void cut_text_before(struct person_name *name, const struct tokens *t) {
  if (!name->title.size) return;
  unsigned word = 0, i = 0;
  bool inside = false;
  for (; i < name->text_count; i++) {
    unsigned class = name_class(name->text[i]);
    bool is_part = class & (IS_WORD | IS_DIGIT | IS_LOST | IS_JOINER);
    if (is_part && !inside && word++ == t->at[0].place) break;
    inside = is_part;
  }
  name->text_count -= i;
  memmove(name->text, name->text + i, name->text_count * sizeof *name->text);
}

void name_parse_words(struct person_name *name, enum name_part part, unsigned classes,
                      struct arena *arena) {
  struct tokens t;
  split_tokens(name, &t);
  if (t.count == 0) {
    name->kind = NAME_OTHER;
    return;
  }
  drop_titles(name, &t, arena);
  cut_text_before(name, &t);
  unsigned letters = 0, digits = 0;
  for (unsigned i = 0; i < name->text_count; i++) {
    unsigned class = name_class(name->text[i]);
    letters += (class & IS_WORD) != 0;
    digits += class == IS_DIGIT;
  }
  write_tokens(name, &t);
  name->kind = classes & IS_LETTER ? NAME_DOTTED : NAME_LATIN;
  if (classes & IS_STAR) {
    name->flags |= FIELD_W_MASKED;
    name->kind = NAME_MASKED;
    name_fold_key(name);
    return;
  }
  if (letters < 2 * digits) {
    /* user names; a digit or two in many letters is a misread one */
    name->kind = NAME_OTHER;
    return;
  }
  bool is_initial = part == NAME_WHOLE && name->key_count == 1;
  name->comparable = !is_initial;
}
