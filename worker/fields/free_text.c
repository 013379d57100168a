/* Feature: the smallest hashes of the text's words, a bottom-k sketch (A. Broder, "On the
 * resemblance and containment of documents", 1997; E. Cohen, H. Kaplan, 2007). Texts of up to
 * SKETCH_SIZE words are compared exactly, longer ones by estimate. */
#include "worker/fields/free_text.h"

#include "common/hash.h"
#include "common/text.h"
#include "worker/fields/cell.h"
#include "worker/fields/mask.h"
#include "worker/fields/plain_fold.h"

enum {
  SKETCH_SIZE = 16,
  CODES_MAX = 3,
  CODE_BYTES_MIN = 5,
  BANDS = 4,
  BAND_ROWS = 2,
  CONTAINED_WORDS_MIN = 3, /* so few words are inside many a text */
};

struct text_feature {
  uint64_t hash; /* of the folded words in their order; 0 = missing */
  uint32_t first, last;
  uint16_t words[SKETCH_SIZE]; /* ascending, word_count of them */
  uint32_t codes[CODES_MAX];   /* the longest first; 0 = no more */
  uint8_t word_count;
  uint8_t is_cut; /* there were more words than fit */
  uint16_t unused;
};

_Static_assert(sizeof(struct text_feature) == FIELD_FEATURE_BYTES_MAX, "one line of the cache");

enum {
  LEVEL_FEW = 2,
  LEVEL_SOME,
  LEVEL_MANY,
  LEVEL_CODE,
  LEVEL_MOST,
  LEVEL_NEARLY_ALL,
};

enum { PART_EXACT, PART_FIRST, PART_LAST, PART_BAND_1, PART_CODE = PART_BAND_1 + BANDS };

/* ---- words ---- */

struct collector {
  struct text_feature *f;
  size_t code_sizes[CODES_MAX];
};

static void add_word(struct collector *c, struct bytes word) {
  struct text_feature *f = c->f;
  uint64_t hash = hash_bytes(word);
  f->hash = hash_join(f->hash, hash);
  f->last = (uint32_t)hash;
  if (!f->first) f->first = f->last;
  uint16_t small = (uint16_t)(hash >> 48);
  unsigned at = f->word_count;
  while (at > 0 && f->words[at - 1] > small) at--;
  if (at > 0 && f->words[at - 1] == small) return;
  if (f->word_count == SKETCH_SIZE) {
    f->is_cut = 1;
    if (at == SKETCH_SIZE) return;
  } else {
    f->word_count++;
  }
  memmove(&f->words[at + 1], &f->words[at], (f->word_count - 1 - at) * sizeof f->words[0]);
  f->words[at] = small;
}

/* Longer codes are rarer; among those of one length the hash decides. */
static void add_code(struct collector *c, const char *code, size_t size) {
  uint32_t hash = (uint32_t)hash_bytes(bytes_of(code, size)) | 1;
  for (unsigned i = 0; i < CODES_MAX; i++) {
    if (c->f->codes[i] == hash) return;
    bool before = size > c->code_sizes[i] || (size == c->code_sizes[i] && hash < c->f->codes[i]);
    if (!before) continue;
    for (unsigned k = i; k < CODES_MAX; k++) {
      uint32_t moved = c->f->codes[k];
      size_t moved_size = c->code_sizes[k];
      c->f->codes[k] = hash;
      c->code_sizes[k] = size;
      hash = moved;
      size = moved_size;
    }
    return;
  }
}

static bool joins_code(char c) {
  return c == '-' || c == '/' || c == '.' || c == '_' || c == '#' || c == '(' || c == ')';
}

/* Letters and digits between blanks, without what joins them: "KX-TG4500B" gives kxtg4500b. A list
 * is no code: "A61L;B60H". */
static void look_for_code(struct collector *c, struct bytes chunk) {
  char code[64];
  size_t size = 0, letters = 0, digits = 0;
  bool ended = false;
  for (size_t i = 0; i < chunk.size; i++) {
    char at = chunk.data[i];
    if ((unsigned char)at >= 0x80 || size == sizeof code) return;
    if (!cell_is_digit(at) && !cell_is_letter(at)) {
      ended = ended || (size && !joins_code(at));
      continue;
    }
    if (ended) return;
    digits += cell_is_digit(at);
    letters += !cell_is_digit(at);
    code[size++] = at;
  }
  if (size >= CODE_BYTES_MIN && digits && (letters || digits == size)) add_code(c, code, size);
}

/* Beyond ASCII everything is a letter but the blocks of punctuation and symbols. */
static bool is_letter(uint32_t c) {
  if (c < 0x80) return cell_is_letter((char)c) || cell_is_digit((char)c);
  return !(c < 0xC0 || (c >= 0x2000 && c < 0x2C00) || (c >= 0x3000 && c < 0x3005) ||
           (c >= 0x3008 && c < 0x3031) || c == 0x30FB || c >= 0xFE10);
}

/* A run of Han characters: every two neighbours are a word, a single one is. */
static const char *add_han(struct collector *c, const char *at, const char *end) {
  const char *one = at, *two = at;
  text_decode(&two, end);
  if (two == end || !text_is_han(text_decode(&(const char *){two}, end))) {
    add_word(c, bytes_of(one, (size_t)(two - one)));
    return two;
  }
  while (two < end) {
    const char *behind = two;
    if (!text_is_han(text_decode(&behind, end))) break;
    add_word(c, bytes_of(one, (size_t)(behind - one)));
    one = two;
    two = behind;
  }
  return two;
}

static void collect(struct bytes folded, struct text_feature *f) {
  struct collector c = {f, {0}};
  const char *end = folded.data + folded.size, *chunk = folded.data;
  for (const char *at = folded.data; at < end;) {
    const char *from = at;
    uint32_t character = text_decode(&at, end);
    if (character == ' ') {
      look_for_code(&c, bytes_of(chunk, (size_t)(from - chunk)));
      chunk = at;
    } else if (text_is_han(character)) {
      at = add_han(&c, from, end);
    } else if (is_letter(character)) {
      for (const char *next = at; at < end; at = next) {
        uint32_t more = text_decode(&next, end);
        if (!is_letter(more) || text_is_han(more)) break;
      }
      add_word(&c, bytes_of(from, (size_t)(at - from)));
    }
  }
  look_for_code(&c, bytes_of(chunk, (size_t)(end - chunk)));
  if (!f->word_count) memset(f, 0, sizeof *f);
}

static void text_standardise(const struct field_options *options, struct bytes raw,
                             struct arena *arena, struct standard_value *value, void *feature) {
  (void)options;
  struct bytes text = bytes_trim(raw);
  if (cell_means_empty(text)) {
    *value = (struct standard_value){.state = VALUE_MISSING};
    return;
  }
  *value = (struct standard_value){text, text.size == raw.size ? VALUE_OK : VALUE_FIXED, 0, 0};
  if (feature) collect(plain_fold(text, arena), feature);
}

/* ---- features ---- */

/* The smallest of the words' hashes after a shuffle of the hash space. */
static uint32_t min_hash(const struct text_feature *f, uint32_t shuffle) {
  uint32_t least = UINT32_MAX;
  for (unsigned i = 0; i < f->word_count; i++) {
    uint32_t x = (f->words[i] + 1) * 0x9E3779B1U ^ shuffle * 0x85EBCA6BU;
    x = (x ^ x >> 15) * 0x2C1B3C6DU;
    x ^= x >> 13;
    if (x < least) least = x;
  }
  return least;
}

static uint64_t text_key_part(const void *feature, unsigned part) {
  const struct text_feature *f = feature;
  if (!f->hash) return 0;
  if (part == PART_EXACT) return f->hash;
  if (part == PART_FIRST || part == PART_LAST)
    return hash_join(part, part == PART_FIRST ? f->first : f->last);
  if (part == PART_CODE) return f->codes[0] ? hash_join(part, f->codes[0]) : 0;
  if (part > PART_CODE) return 0;
  uint64_t key = part;
  for (unsigned row = 0; row < BAND_ROWS; row++)
    key = hash_join(key, min_hash(f, part * BAND_ROWS + row));
  return key;
}

/* What two sketches share, counted where both are complete. */
struct overlap {
  unsigned a, b, shared; /* words of a, of b, of both */
};

static struct overlap overlap_of(const struct text_feature *a, const struct text_feature *b) {
  unsigned end_a = a->is_cut ? a->words[SKETCH_SIZE - 1] : UINT16_MAX;
  unsigned end_b = b->is_cut ? b->words[SKETCH_SIZE - 1] : UINT16_MAX;
  unsigned end = end_a < end_b ? end_a : end_b;
  struct overlap o = {0, 0, 0};
  while (o.a < a->word_count && a->words[o.a] <= end) o.a++;
  while (o.b < b->word_count && b->words[o.b] <= end) o.b++;
  for (unsigned i = 0, k = 0; i < o.a && k < o.b;) {
    unsigned x = a->words[i], y = b->words[k];
    o.shared += x == y;
    i += x <= y;
    k += y <= x;
  }
  return o;
}

static bool share_code(const struct text_feature *a, const struct text_feature *b) {
  for (unsigned i = 0; i < CODES_MAX && a->codes[i]; i++)
    for (unsigned k = 0; k < CODES_MAX && b->codes[k]; k++)
      if (a->codes[i] == b->codes[k]) return true;
  return false;
}

/* Two articles of one maker differ in a code and in little else. */
static bool has_other_code(const struct text_feature *a, const struct text_feature *b) {
  return a->codes[0] && b->codes[0] && !share_code(a, b);
}

static unsigned text_compare(const void *pa, const void *pb) {
  const struct text_feature *a = pa, *b = pb;
  if (!a->hash || !b->hash) return FIELD_LEVEL_MISSING;
  if (a->hash == b->hash) return FIELD_LEVEL_EXACT;
  struct overlap o = overlap_of(a, b);
  unsigned all = o.a + o.b - o.shared, least = o.a < o.b ? o.a : o.b;
  unsigned alike = all ? o.shared * 100 / all : 0;
  unsigned inside = least >= CONTAINED_WORDS_MIN ? o.shared * 100 / least : 0;
  if (has_other_code(a, b)) return FIELD_LEVEL_DIFFER;
  if (alike >= 85) return LEVEL_NEARLY_ALL;
  if (alike >= 60 || inside == 100) return LEVEL_MOST;
  if (share_code(a, b)) return LEVEL_CODE;
  if (alike >= 40) return LEVEL_MANY;
  if (alike >= 20 || inside >= 60) return LEVEL_SOME;
  return alike >= 10 ? LEVEL_FEW : FIELD_LEVEL_DIFFER;
}

/* ---- mask ---- */

/* Full-width forms as ASCII: they hide nothing from a reader. */
static uint32_t narrow(uint32_t c) { return c - 0xFF01 < 0x5E ? c - 0xFEE0 : c; }

static bool is_digit(uint32_t c) { return narrow(c) - '0' < 10; }

static bool joins_digits(uint32_t c) {
  c = narrow(c);
  return c == ' ' || c == '-' || c == '.' || c == '(' || c == ')' || c == 0x3000 ||
         (c >= 0x2010 && c <= 0x2015);
}

static bool is_mail_character(uint32_t c) {
  c = narrow(c);
  return c < 0x80 && (cell_is_digit((char)c) || cell_is_letter((char)c) || c == '.' || c == '-' ||
                      c == '_' || c == '+' || c == '*');
}

/* Telephone, card and identity numbers: seven digits or more, with blanks and hyphens between them,
 * an X at the end. */
static void hide_numbers(uint32_t *text, size_t count) {
  for (size_t from = 0; from < count;) {
    size_t end = from, digits = 0;
    while (end < count && (is_digit(text[end]) || (end > from && joins_digits(text[end]))))
      digits += is_digit(text[end++]);
    if (digits >= 7) {
      for (size_t i = from; i < end; i++)
        if (is_digit(text[i])) text[i] = '*';
      if (end < count && (narrow(text[end]) | 0x20) == 'x') text[end] = '*';
    }
    from = end > from ? end : from + 1;
  }
}

static void hide_addresses(uint32_t *text, size_t count) {
  for (size_t i = 1; i < count; i++) {
    if (narrow(text[i]) != '@') continue;
    for (size_t k = i; k-- > 0 && is_mail_character(text[k]);) text[k] = '*';
  }
}

static struct bytes text_mask(struct bytes value, struct arena *arena) {
  uint32_t *text = arena_alloc(arena, value.size * sizeof *text);
  size_t count = 0, size = 0;
  const char *end = value.data + value.size;
  for (const char *at = value.data; at < end;) text[count++] = text_decode(&at, end);
  hide_addresses(text, count);
  hide_numbers(text, count);
  char *out = arena_alloc(arena, count * TEXT_CHARACTER_BYTES_MAX);
  for (size_t i = 0; i < count; i++) size += text_encode(text[i], out + size);
  return bytes_of(out, size);
}

static const char *const text_kinds[] = {"text", NULL};

static const char *const text_parts[] = {"exact",  "first",  "last", "band_1", "band_2",
                                         "band_3", "band_4", "code", NULL};

const struct field_type free_text_type = {
    .name = "text",
    .label = "文本 text",
    .feature_size = sizeof(struct text_feature),
    .search = FIELD_SEARCH_TEXT,
    .is_identifier = false,
    .is_personal = true,
    .survivorship = SURVIVE_MOST_COMPLETE,
    .kind_names = text_kinds,
    .part_names = text_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same words", 0.35, 0.0001},
               [LEVEL_NEARLY_ALL] = {"nearly all words", 0.15, 0.0001},
               [LEVEL_MOST] = {"most words", 0.15, 0.0008},
               [LEVEL_CODE] = {"same code", 0.10, 0.002},
               [LEVEL_MANY] = {"many words", 0.10, 0.002},
               [LEVEL_SOME] = {"some words", 0.07, 0.015},
               [LEVEL_FEW] = {"few words", 0.04, 0.08},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.04, 0.90}},
    .standardise = text_standardise,
    .key_part = text_key_part,
    .compare = text_compare,
    .mask = text_mask,
};
