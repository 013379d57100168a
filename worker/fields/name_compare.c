#include "worker/fields/name_compare.h"

#include <string.h>

#include "worker/fields/tables.h"
#include "worker/similarity/levenshtein.h"

/* --- one character ---------------------------------------------------------------------------- */

/* EXACT, WRITTEN, SOUND, SIMILAR (alike in some accents) or DIFFER. */
static unsigned character_level(const struct name_feature *a, unsigned i,
                                const struct name_feature *b, unsigned j) {
  uint16_t x = a->han[i], y = b->han[j];
  if (x == y) return FIELD_LEVEL_EXACT;
  if (han_confusion(x) == han_confusion(y)) return NAME_LEVEL_WRITTEN;
  unsigned p = name_feature_syllable(a, i), q = name_feature_syllable(b, j);
  if (!p || !q) return FIELD_LEVEL_DIFFER;
  if (p == q) return NAME_LEVEL_SOUND;
  return pinyin_fuzzy_class(p) == pinyin_fuzzy_class(q) ? NAME_LEVEL_SIMILAR : FIELD_LEVEL_DIFFER;
}

/* Surnames of both must be known. */
static bool surnames_agree(const struct name_feature *a, const struct name_feature *b) {
  if (!a->surname_count || a->surname_count != b->surname_count) return false;
  for (unsigned i = 0; i < a->surname_count; i++)
    if (character_level(a, i, b, i) < NAME_LEVEL_SOUND) return false;
  return true;
}

/* --- Han against Han -------------------------------------------------------------------------- */

/* 伟张 and 张伟: given name first. */
static bool is_rotated(const struct name_feature *a, const struct name_feature *b) {
  unsigned s = a->surname_count, n = a->count;
  if (!s || s == n) return false;
  for (unsigned i = 0; i < n; i++)
    if (a->han[(i + s) % n] != b->han[i]) return false;
  return true;
}

/* longer is shorter with one character more. */
static bool has_one_more(const struct name_feature *longer, const struct name_feature *shorter) {
  unsigned i = 0;
  while (i < shorter->count && longer->han[i] == shorter->han[i]) i++;
  return memcmp(longer->han + i + 1, shorter->han + i,
                (shorter->count - i) * sizeof *shorter->han) == 0;
}

static unsigned compare_same_size(const struct name_feature *a, const struct name_feature *b) {
  unsigned worst = FIELD_LEVEL_EXACT, differing = 0, place = 0, wildcards = 0;
  for (unsigned i = 0; i < a->count; i++) {
    if (a->han[i] == NAME_FEATURE_WILDCARD || b->han[i] == NAME_FEATURE_WILDCARD) {
      wildcards++;
      continue;
    }
    unsigned level = character_level(a, i, b, i);
    if (level == FIELD_LEVEL_DIFFER) {
      differing++;
      place = i;
    } else if (level < worst) {
      worst = level;
    }
  }
  if (wildcards) {
    if (wildcards == a->count) return FIELD_LEVEL_MISSING;
    return differing ? FIELD_LEVEL_DIFFER : NAME_LEVEL_PARTS;
  }
  /* Characters that were squeezed or cut off may differ though what is kept does not. */
  if (!differing) return worst == FIELD_LEVEL_EXACT ? NAME_LEVEL_WRITTEN : worst;
  if (is_rotated(a, b) || is_rotated(b, a)) return NAME_LEVEL_WRITTEN;
  if (differing == 1 && a->count >= 3 && worst >= NAME_LEVEL_SOUND) {
    bool in_surname = place < a->surname_count || place < b->surname_count;
    return in_surname ? NAME_LEVEL_PARTS : NAME_LEVEL_SIMILAR;
  }
  return FIELD_LEVEL_DIFFER;
}

static unsigned compare_han(const struct name_feature *a, const struct name_feature *b) {
  unsigned level = FIELD_LEVEL_DIFFER;
  if (a->count == b->count) {
    level = compare_same_size(a, b);
  } else {
    const struct name_feature *longer = a->count > b->count ? a : b;
    const struct name_feature *shorter = longer == a ? b : a;
    if (longer->count == shorter->count + 1 && has_one_more(longer, shorter)) {
      bool whole = a->part == NAME_WHOLE && surnames_agree(a, b);
      bool lost_surname = longer->surname_count && (shorter->loose || !shorter->surname_count);
      if (whole)
        level = NAME_LEVEL_SIMILAR;
      else if (a->part != NAME_WHOLE || lost_surname)
        level = NAME_LEVEL_PARTS;
    }
  }
  if (level != FIELD_LEVEL_DIFFER) return level;
  if (a->loose || b->loose) return FIELD_LEVEL_MISSING;
  if (a->part == NAME_WHOLE) return surnames_agree(a, b) ? NAME_LEVEL_LITTLE : level;
  for (unsigned i = 0; i < a->count && i < b->count && a->count > 1 && b->count > 1; i++)
    if (a->han[i] == b->han[i]) return NAME_LEVEL_LITTLE;
  return level;
}

/* --- dotted names and other scripts ----------------------------------------------------------- */

enum { WORDS_PARTS_MAX = 8 };

struct parts {
  unsigned count;
  uint8_t start[WORDS_PARTS_MAX], size[WORDS_PARTS_MAX];
};

static void split_parts(const struct name_feature *f, struct parts *parts) {
  parts->count = 0;
  unsigned start = 0;
  for (unsigned i = 0; i <= f->count; i++) {
    if (i < f->count && f->han[i] != NAME_FEATURE_DOT && f->han[i] != ' ') continue;
    if (i > start && parts->count < WORDS_PARTS_MAX) {
      parts->start[parts->count] = (uint8_t)start;
      parts->size[parts->count++] = (uint8_t)(i - start);
    }
    start = i + 1;
  }
}

static unsigned without_separators(const struct name_feature *f, uint16_t *out) {
  unsigned count = 0;
  for (unsigned i = 0; i < f->count; i++)
    if (f->han[i] != NAME_FEATURE_DOT && f->han[i] != ' ') out[count++] = f->han[i];
  return count;
}

static unsigned shared_parts(const struct name_feature *a, const struct parts *x,
                             const struct name_feature *b, const struct parts *y) {
  unsigned shared = 0, used = 0;
  for (unsigned i = 0; i < x->count; i++) {
    for (unsigned j = 0; j < y->count; j++) {
      if ((used >> j & 1) || x->size[i] != y->size[j] ||
          memcmp(a->han + x->start[i], b->han + y->start[j], x->size[i] * sizeof *a->han) != 0)
        continue;
      used |= 1u << j;
      shared++;
      break;
    }
  }
  return shared;
}

/* One of a and b at least has parts; the other may be written without dots. */
static unsigned compare_words(const struct name_feature *a, const struct name_feature *b) {
  uint16_t a_text[NAME_FEATURE_HAN_MAX], b_text[NAME_FEATURE_HAN_MAX];
  unsigned a_count = without_separators(a, a_text), b_count = without_separators(b, b_text);
  if (a_count == b_count && memcmp(a_text, b_text, a_count * sizeof *a_text) == 0)
    return NAME_LEVEL_WRITTEN;
  struct parts x, y;
  split_parts(a, &x);
  split_parts(b, &y);
  unsigned fewer = x.count < y.count ? x.count : y.count;
  unsigned shared = shared_parts(a, &x, b, &y);
  if (shared == fewer) return x.count == y.count ? NAME_LEVEL_WRITTEN : NAME_LEVEL_PARTS;

  if (a_count == b_count) {
    bool sound = true;
    for (unsigned i = 0; i < a_count && sound; i++) {
      unsigned p = han_pinyin(a_text[i]);
      sound = a_text[i] == b_text[i] || (p && p == han_pinyin(b_text[i]));
    }
    if (sound) return NAME_LEVEL_SOUND;
  }
  struct match_masks masks;
  match_masks_u16(&masks, a_text, a_count, b_text, b_count);
  unsigned edits = levenshtein(&masks);
  if ((edits == 1 && masks.a_size >= 4) || (edits == 2 && masks.a_size >= 8))
    return NAME_LEVEL_SIMILAR;
  return shared ? NAME_LEVEL_LITTLE : FIELD_LEVEL_DIFFER;
}

/* --- masked names and surnames ---------------------------------------------------------------- */

static unsigned literal_head(const struct name_feature *f) {
  unsigned i = 0;
  while (i < f->count && f->han[i] != '*') i++;
  return i;
}

static unsigned literal_tail(const struct name_feature *f) {
  unsigned i = 0;
  while (i < f->count && f->han[f->count - 1 - i] != '*') i++;
  return i;
}

static bool heads_agree(const struct name_feature *a, const struct name_feature *b,
                        unsigned count) {
  for (unsigned i = 0; i < count; i++)
    if (character_level(a, i, b, i) < NAME_LEVEL_WRITTEN) return false;
  return true;
}

static bool tails_agree(const struct name_feature *a, const struct name_feature *b,
                        unsigned count) {
  for (unsigned i = 1; i <= count; i++)
    if (character_level(a, a->count - i, b, b->count - i) < NAME_LEVEL_WRITTEN) return false;
  return true;
}

/* How many characters a run of stars stands for is the masker's habit: one at least is all that is
 * asked. Where no character of both is known nothing is said. */
static unsigned compare_masked(const struct name_feature *masked,
                               const struct name_feature *other) {
  unsigned head = literal_head(masked), tail = literal_tail(masked);
  if (other->shape == NAME_SHAPE_MASKED) {
    unsigned other_head = literal_head(other), other_tail = literal_tail(other);
    head = head < other_head ? head : other_head;
    tail = tail < other_tail ? tail : other_tail;
  } else if (other->shape == NAME_SHAPE_SURNAME) {
    head = head < other->count ? head : other->count;
    tail = 0;
  } else if (other->shape == NAME_SHAPE_LATIN) {
    return FIELD_LEVEL_MISSING;
  } else if (head + tail >= other->count) {
    return FIELD_LEVEL_DIFFER;
  }
  if (head + tail == 0) return FIELD_LEVEL_MISSING;
  return heads_agree(masked, other, head) && tails_agree(masked, other, tail) ? NAME_LEVEL_FITS
                                                                              : FIELD_LEVEL_DIFFER;
}

static bool is_word_of(const struct name_words *words, const char *text) {
  unsigned size = (unsigned)strlen(text);
  for (unsigned w = 0; w < words->count; w++)
    if (words->size[w] == size && memcmp(words->at[w], text, size) == 0) return true;
  return false;
}

/* surname is of shape SURNAME; other is not masked. */
static unsigned compare_surname(const struct name_feature *surname,
                                const struct name_feature *other) {
  if (other->shape == NAME_SHAPE_LATIN) {
    struct name_words words;
    name_feature_words(other, &words);
    bool fits =
        surname->count == 1 && is_word_of(&words, pinyin_texts[surname_pinyin(surname->han[0])]);
    return fits ? NAME_LEVEL_FITS : FIELD_LEVEL_MISSING;
  }
  if (!other->surname_count) return FIELD_LEVEL_MISSING;
  return surnames_agree(surname, other) ? NAME_LEVEL_FITS : FIELD_LEVEL_DIFFER;
}

/* --- Han against Latin ------------------------------------------------------------------------ */

enum { SYLLABLES_MAX = NAME_FEATURE_HAN_MAX };

static void sort_syllables(uint16_t *syllables, unsigned count) {
  for (unsigned i = 1; i < count; i++) {
    uint16_t moved = syllables[i];
    unsigned k = i;
    for (; k > 0 && syllables[k - 1] > moved; k--) syllables[k] = syllables[k - 1];
    syllables[k] = moved;
  }
}

static bool sorted_equal(uint16_t *a, uint16_t *b, unsigned count) {
  sort_syllables(a, count);
  sort_syllables(b, count);
  return memcmp(a, b, count * sizeof *a) == 0;
}

/* The readings of all characters in one run of letters, surname first or last, against the words in
 * either order: words may break where the splitter would not (Fan Gan, not Fang An). */
static bool is_spelling(const struct name_feature *han, const struct name_words *words) {
  enum { LETTERS_MAX = 64 };
  char letters[LETTERS_MAX];
  unsigned size = 0, surname_size = 0;
  if (words->count > 2) return false;
  for (unsigned i = 0; i < han->count; i++) {
    const char *text = pinyin_texts[name_feature_syllable(han, i)];
    unsigned more = (unsigned)strlen(text);
    if (size + more > LETTERS_MAX) return false;
    memcpy(letters + size, text, more);
    size += more;
    if (i + 1 == han->surname_count) surname_size = size;
  }
  if (words->count == 1) {
    unsigned given = size - surname_size;
    const char *word = words->at[0];
    return words->size[0] == size &&
           (memcmp(word, letters, size) == 0 || (memcmp(word, letters + surname_size, given) == 0 &&
                                                 memcmp(word + given, letters, surname_size) == 0));
  }
  for (unsigned w = 0; w < 2; w++) {
    if (words->size[w] == surname_size && words->size[1 - w] == size - surname_size &&
        memcmp(words->at[w], letters, surname_size) == 0 &&
        memcmp(words->at[1 - w], letters + surname_size, size - surname_size) == 0)
      return true;
  }
  return false;
}

/* Zhang Wei is as good as the same sound. A first name that is not pinyin says nothing about 张伟
 * (Tony), unless the surname beside it does. */
static unsigned compare_spelling(const struct name_feature *han, const struct name_feature *latin) {
  struct name_words words;
  name_feature_words(latin, &words);
  if (is_spelling(han, &words)) return NAME_LEVEL_SOUND;
  uint16_t wanted[SYLLABLES_MAX], found[SYLLABLES_MAX];
  unsigned count = 0, foreign = 0;
  for (unsigned i = 0; i < han->count; i++) wanted[i] = (uint16_t)name_feature_syllable(han, i);
  for (unsigned w = 0; w < words.count; w++) {
    unsigned split = pinyin_split(words.at[w], words.size[w], found + count, SYLLABLES_MAX - count);
    foreign += split == 0;
    count += split;
  }
  bool surname = han->surname_count == 1 && is_word_of(&words, pinyin_texts[wanted[0]]);
  if (foreign == words.count && words.count < 2) return FIELD_LEVEL_MISSING;
  if (!foreign && count == han->count) {
    if (sorted_equal(wanted, found, count)) return NAME_LEVEL_SOUND;
    for (unsigned i = 0; i < count; i++) {
      wanted[i] = (uint16_t)pinyin_fuzzy_class(wanted[i]);
      found[i] = (uint16_t)pinyin_fuzzy_class(found[i]);
    }
    if (sorted_equal(wanted, found, count)) return NAME_LEVEL_SIMILAR;
  }
  return surname ? NAME_LEVEL_LITTLE : FIELD_LEVEL_DIFFER;
}

/* --- all together ----------------------------------------------------------------------------- */

unsigned name_compare(const struct name_feature *a, const struct name_feature *b) {
  if (a->shape == NAME_SHAPE_NONE || b->shape == NAME_SHAPE_NONE) return FIELD_LEVEL_MISSING;
  if (a->key && a->key == b->key) return FIELD_LEVEL_EXACT;
  /* One order for every pair, so that ties between words fall the same way for (b, a). */
  if (a->shape > b->shape || (a->shape == b->shape && memcmp(a, b, sizeof *a) > 0)) {
    const struct name_feature *other = a;
    a = b;
    b = other;
  }
  if (b->shape == NAME_SHAPE_SURNAME) {
    return a->shape == NAME_SHAPE_MASKED ? compare_masked(a, b) : compare_surname(b, a);
  }
  if (b->shape == NAME_SHAPE_MASKED) return compare_masked(b, a);
  if (b->shape == NAME_SHAPE_LATIN) {
    if (a->shape == NAME_SHAPE_LATIN) return name_compare_latin(a, b);
    return a->shape == NAME_SHAPE_HAN ? compare_spelling(a, b) : FIELD_LEVEL_MISSING;
  }
  if (b->shape == NAME_SHAPE_WORDS) return compare_words(a, b);
  return compare_han(a, b);
}
