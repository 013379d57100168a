/* The order of the steps matters:
 *
 *   clean (NFKC) → pinyin in brackets out → placeholder? → bracket notes and symbols off the ends →
 *   dots and spaces between Han characters → placeholder? → by script:
 *     Han: mask, title, prefix, then the split into surname and given name
 *     Latin and others: words, titles and suffixes dropped, sorted
 *
 * Placeholders are looked for twice because "N/A" and "-" must be seen before symbols are cut, and
 * "【未知】" after.
 *
 * The dot between the parts of a name is U+00B7 by 民委发〔2016〕33号; people type a dozen others.
 */
#include "worker/fields/person_name_parse.h"

#include <string.h>

#include "common/text.h"
#include "worker/fields/field_type.h"
#include "worker/fields/name_characters.h"
#include "worker/fields/name_scripts.h"

/* --- placeholders ----------------------------------------------------------------------------- */

static bool is_word_of(const uint32_t *folded, unsigned count, unsigned wanted, bool is_column) {
  unsigned flags = name_word_find(folded, count);
  if (is_column && !(flags & NAME_WORD_COLUMN)) return false;
  return (flags & wanted) == wanted;
}

/* 用户13812, user_77: a word for nobody in particular, then only digits and letters with a digit.
 */
static bool is_numbered(const uint32_t *folded, unsigned count) {
  unsigned head = 0;
  bool han = name_class(folded[0]) == IS_HAN;
  while (head < count && name_class(folded[head]) == (han ? IS_HAN : IS_LATIN)) head++;
  if (head == 0 || head == count) return false;
  bool digit = false;
  for (unsigned i = head; i < count; i++) {
    unsigned class = name_class(folded[i]);
    if (class == IS_DIGIT) {
      digit = true;
    } else if (class != IS_LATIN && class != IS_SPACE && class != IS_STAR && folded[i] != '_' &&
               folded[i] != '-' && folded[i] != '#') {
      return false;
    }
  }
  return digit && is_word_of(folded, head, NAME_WORD_NUMBERED, false);
}

/* aaaa: one key held down. */
static bool is_one_letter_repeated(const uint32_t *folded, unsigned count) {
  if (count < 3 || name_class(folded[0]) == IS_HAN) return false;
  for (unsigned i = 1; i < count; i++) {
    if (folded[i] != folded[0]) return false;
  }
  return true;
}

static bool is_placeholder(const uint32_t *text, unsigned count, unsigned classes,
                           enum name_part part) {
  enum { LONGEST = 32 };
  if (count == 0) return true;
  if (!(classes & (IS_WORD | IS_DIGIT))) return true;
  if (count > LONGEST) return false;
  if (classes == IS_HAN && !(han_info(text[0]) & HAN_PLACEHOLDER_START)) return false;
  uint32_t folded[LONGEST];
  for (unsigned i = 0; i < count; i++) folded[i] = name_fold(text[i]);
  bool is_column = part == NAME_GIVEN || part == NAME_FAMILY || part == NAME_MIDDLE;
  if (is_word_of(folded, count, NAME_WORD_PLACEHOLDER, is_column)) return true;
  if ((classes & IS_DIGIT) && is_numbered(folded, count)) return true;
  return !(classes & ~(unsigned)IS_LATIN) && is_one_letter_repeated(folded, count);
}

/* --- the ends --------------------------------------------------------------------------------- */

/* The name proper is [start, end) of the cleaned text while its ends are worked on. */
struct span {
  const uint32_t *text;
  unsigned start, end;
};

/* The full stop of "Jr." stays. */
static bool ends_abbreviation(const struct span *s) {
  return s->text[s->end - 1] == '.' && s->end - s->start > 1 &&
         (name_class(s->text[s->end - 2]) & (IS_LATIN | IS_LETTER));
}

static void trim_symbols(struct span *s) {
  const unsigned off = IS_SYMBOL | IS_SPACE | IS_DOT | IS_JOINER;
  while (s->start < s->end && (name_class(s->text[s->start]) & off)) s->start++;
  while (s->start < s->end && (name_class(s->text[s->end - 1]) & off) && !ends_abbreviation(s))
    s->end--;
}

/* 张伟(VIP)【老客户】, 【VIP】张伟: notes in brackets at either end. What is wholly in brackets is
 * the name itself. */
static void cut_annotations(struct span *s, struct person_name *name, struct arena *arena) {
  for (;;) {
    trim_symbols(s);
    if (s->end - s->start < 3) return;
    unsigned inside_start, inside_end, start = s->start, end = s->end;
    if (name_class(s->text[s->end - 1]) == IS_BRACKET && !name_is_opening(s->text[s->end - 1])) {
      unsigned open = s->end - 1;
      while (open > s->start && !name_is_opening(s->text[open])) open--;
      if (!name_is_opening(s->text[open])) return;
      inside_start = open + 1;
      inside_end = s->end - 1;
      end = open;
    } else if (name_is_opening(s->text[s->start])) {
      unsigned close = s->start + 1;
      while (close < s->end &&
             (name_class(s->text[close]) != IS_BRACKET || name_is_opening(s->text[close])))
        close++;
      if (close == s->end) return;
      inside_start = s->start + 1;
      inside_end = close;
      start = close + 1;
    } else {
      return;
    }
    if (start >= end) {
      s->start = inside_start;
      s->end = inside_end;
      continue;
    }
    if (!name->annotation.size)
      name->annotation = name_encode(s->text + inside_start, inside_end - inside_start, arena);
    s->start = start;
    s->end = end;
  }
}

/* What is written for a run of spaces and dots between two characters: U+00B7 between names one of
 * which is Han, nothing between Han characters else; elsewhere the dot stays that ends an
 * abbreviation, and one space. Returns how many characters. */
static unsigned write_gap(const uint32_t *run, unsigned count, unsigned before, unsigned after,
                          uint32_t out[2]) {
  unsigned classes = name_classes(run, count), size = 0;
  bool beside_han = (before | after) & IS_HAN;
  if (!before) return 0;
  if (!after) {
    if (!beside_han && run[0] == '.') out[size++] = '.';
    return size;
  }
  if (beside_han && (classes & IS_DOT) && (before & IS_WORD) && (after & IS_WORD)) {
    out[0] = NAME_DOT;
    return 1;
  }
  if ((before & (IS_HAN | IS_STAR)) && (after & (IS_HAN | IS_STAR))) return 0;
  if (!beside_han && name_class(run[0]) == IS_DOT) out[size++] = run[0];
  if (classes & IS_SPACE) out[size++] = ' ';
  return size;
}

static void copy_text(const struct span *s, struct person_name *name) {
  const unsigned gap = IS_SPACE | IS_DOT;
  unsigned count = 0;
  for (unsigned i = s->start; i < s->end;) {
    if (!(name_class(s->text[i]) & gap)) {
      name->text[count++] = s->text[i++];
      continue;
    }
    unsigned past = i;
    while (past < s->end && (name_class(s->text[past]) & gap)) past++;
    unsigned before = count ? name_class(name->text[count - 1]) : 0;
    unsigned after = past < s->end ? name_class(s->text[past]) : 0;
    /* A gap of one character is written as one at most. */
    count += write_gap(s->text + i, past - i, before, after, name->text + count);
    i = past;
  }
  name->text_count = (uint8_t)count;
}

void name_fold_key(struct person_name *name) {
  for (unsigned i = 0; i < name->text_count; i++) name->key[i] = name_fold(name->text[i]);
  name->key_count = name->text_count;
}

void name_set_sex(struct person_name *name, unsigned word_flags) {
  if (word_flags & NAME_WORD_MALE) name->sex = NAME_SEX_MALE;
  if (word_flags & NAME_WORD_FEMALE) name->sex = NAME_SEX_FEMALE;
}

/* --- all together ----------------------------------------------------------------------------- */

static bool decode(struct bytes text, uint32_t *out, unsigned *count, unsigned *classes) {
  const char *p = text.data, *end = text_end(text);
  *count = 0;
  *classes = 0;
  while (p < end) {
    if (*count == NAME_CHARACTERS_MAX) return false;
    uint32_t c = text_decode(&p, end);
    out[(*count)++] = c;
    *classes |= name_class(c);
  }
  return true;
}

static void finish_nickname(struct person_name *name, enum name_part part) {
  bool has_shape = name->kind == NAME_DOTTED ||
                   (name->kind == NAME_FULL &&
                    (name->surname_count == 2 || (han_info(name->key[0]) & HAN_SURNAME_COMMON)));
  if (part == NAME_NICKNAME_UNLESS_NAME_SHAPE && has_shape) return;
  if (name->kind != NAME_PLACEHOLDER && name->kind != NAME_UNUSABLE) name->kind = NAME_OTHER;
  name->comparable = false;
}

static void parse_salutation(struct person_name *name) {
  name_fold_key(name);
  while (name->key_count && name->key[name->key_count - 1] == '.') name->key_count--;
  /* 尊敬的张女士: the title ends it. */
  for (unsigned start = 0; start < name->key_count; start++) {
    unsigned flags = name_word_find(name->key + start, name->key_count - start);
    if (!(flags & NAME_WORD_TITLE)) continue;
    name_set_sex(name, flags);
    break;
  }
  name->kind = NAME_TITLE_ONLY;
}

static bool is_only_title(const struct person_name *name) {
  enum { LONGEST = 16 };
  uint32_t folded[LONGEST];
  if (name->text_count > LONGEST) return false;
  for (unsigned i = 0; i < name->text_count; i++) folded[i] = name_fold(name->text[i]);
  return name->text_count > 1 && (name_word_find(folded, name->text_count) & NAME_WORD_TITLE);
}

void person_name_parse(enum name_part part, struct bytes raw, struct arena *arena,
                       struct person_name *name) {
  memset(name, 0, offsetof(struct person_name, text));
  struct bytes text = text_strip_pinyin(text_clean(raw, arena), arena);
  uint32_t characters[NAME_CHARACTERS_MAX];
  unsigned count, classes;
  if (!decode(text, characters, &count, &classes)) {
    name->kind = NAME_UNUSABLE;
    name->flags = FIELD_E_LEN;
    return;
  }
  if (count == 0) return;
  if (is_placeholder(characters, count, classes, part)) {
    name->flags = FIELD_W_PLACEHOLDER;
    return;
  }
  struct span s = {characters, 0, count};
  if (classes & ~(unsigned)(IS_HAN | IS_LATIN)) {
    cut_annotations(&s, name, arena);
    copy_text(&s, name);
    classes = name_classes(name->text, name->text_count);
    if (is_placeholder(name->text, name->text_count, classes, part)) {
      name->flags = FIELD_W_PLACEHOLDER;
      return;
    }
  } else {
    memcpy(name->text, characters, count * sizeof *characters);
    name->text_count = (uint8_t)count;
  }
  if (part == NAME_SALUTATION) {
    parse_salutation(name);
    return;
  }
  if (!(classes & IS_WORD)) {
    name->kind = NAME_UNUSABLE;
    name->flags = FIELD_E_CHARS;
    name_fold_key(name);
    return;
  }
  if (part == NAME_WHOLE && is_only_title(name)) {
    name->flags = FIELD_W_PLACEHOLDER;
    return;
  }
  if ((classes & IS_HAN) && !(classes & IS_LETTER)) {
    name_parse_han(name, part, arena);
  } else {
    name_parse_words(name, part, classes, arena);
  }
  if (part == NAME_NICKNAME || part == NAME_NICKNAME_UNLESS_NAME_SHAPE) finish_nickname(name, part);
}

struct bytes person_name_canonical(const struct person_name *name, struct arena *arena) {
  char *out = arena_alloc(arena, (size_t)name->key_count * TEXT_CHARACTER_BYTES_MAX + 1);
  size_t size = 0;
  for (unsigned i = 0; i < name->key_count; i++) {
    if (name->kind == NAME_FULL && i == name->surname_count) out[size++] = '|';
    size += text_encode(name->key[i], out + size);
  }
  return bytes_of(out, size);
}
