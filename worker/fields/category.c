/* Feature: the folded value (plain_fold), filled up with zeros. One that is too long keeps its
 * beginning and a hash, and ends in a byte that no UTF-8 text has. */
#include "worker/fields/category.h"

#include "common/hash.h"
#include "common/text.h"
#include "worker/fields/cell.h"
#include "worker/fields/code_table.h"
#include "worker/fields/mask.h"
#include "worker/fields/plain_fold.h"
#include "worker/fields/tables.h"
#include "worker/similarity/jaro_winkler.h"
#include "worker/similarity/one_edit.h"

enum { FEATURE_SIZE = 24, CUT_SIZE = 15, CUT_MARK = 0xFF, SIMILAR_MIN = 9000 };

struct category_feature {
  char text[FEATURE_SIZE];
};

enum { LEVEL_BEGINS = 5, LEVEL_SIMILAR, LEVEL_ONE_EDIT };

enum { PART_EXACT, PART_PHONETIC };

static void fill_feature(struct bytes value, struct arena *arena, struct category_feature *f) {
  struct bytes folded = plain_fold(value, arena);
  if (folded.size < FEATURE_SIZE) {
    memcpy(f->text, folded.data, folded.size);
    return;
  }
  uint64_t hash = hash_bytes(folded);
  struct bytes beginning = text_cut(folded, CUT_SIZE);
  memcpy(f->text, beginning.data, beginning.size);
  memcpy(f->text + CUT_SIZE, &hash, sizeof hash);
  f->text[FEATURE_SIZE - 1] = (char)CUT_MARK;
}

/* The source's own codes; text itself when it has none for it. */
static struct bytes apply_aliases(const struct field_options *options, struct bytes text,
                                  struct arena *arena) {
  for (uint32_t i = 0; i < options->alias_count; i++)
    if (bytes_equal(text, options->aliases[i].from)) return options->aliases[i].to;
  struct bytes folded = options->alias_count ? plain_fold(text, arena) : BYTES_EMPTY;
  for (uint32_t i = 0; i < options->alias_count; i++)
    if (bytes_equal(folded, plain_fold(options->aliases[i].from, arena)))
      return options->aliases[i].to;
  return text;
}

static void category_standardise(const struct field_options *options, struct bytes raw,
                                 struct arena *arena, struct standard_value *value, void *feature) {
  struct bytes text = text_clean(raw, arena);
  struct bytes meant = apply_aliases(options, text, arena);
  *value = (struct standard_value){.state = VALUE_MISSING, .kind = CATEGORY_UNKNOWN};
  if (cell_means_empty(meant)) return;
  struct bytes code = meant;
  value->kind = CATEGORY_FREE;
  if (options->code_table != CODE_NONE) {
    code = code_find(options->code_table, meant, arena);
    value->kind = CATEGORY_UNKNOWN;
    if (bytes_equal(code, CODE_MEANS_UNKNOWN)) return;
    if (code.size == 0) {
      *value = (struct standard_value){code_unknown(options->code_table), VALUE_INVALID,
                                       CATEGORY_UNKNOWN, FIELD_W_UNKNOWN_CODE};
      return;
    }
    value->kind = CATEGORY_CODED;
  }
  bool same = bytes_equal(raw, code);
  value->value = same ? raw : code;
  value->state = same ? VALUE_OK : VALUE_FIXED;
  if (feature) fill_feature(code, arena, feature);
}

/* ---- features ---- */

static bool is_cut(const struct category_feature *f) {
  return (unsigned char)f->text[FEATURE_SIZE - 1] == CUT_MARK;
}

/* What is left of the text. */
static struct bytes text_of(const struct category_feature *f) {
  return bytes_of(f->text, strnlen(f->text, is_cut(f) ? CUT_SIZE : FEATURE_SIZE));
}

static unsigned characters_of(struct bytes text, uint16_t characters[FEATURE_SIZE]) {
  unsigned count = 0;
  const char *end = text.data + text.size;
  for (const char *at = text.data; at < end;) characters[count++] = (uint16_t)text_decode(&at, end);
  return count;
}

/* Consonants that sound alike have one digit (R. C. Russell's Soundex, 1918); 0 for the rest. */
static char sound_of(char c) {
  static const char sounds[] = "01230120022455012623010202";
  return c >= 'a' && c <= 'z' ? sounds[c - 'a'] : '0';
}

/* The first letter and two sounds of the first word; two syllables of a Han text. */
static uint64_t phonetic_key(struct bytes text) {
  const char *at = text.data, *end = at + text.size;
  uint32_t first = text_decode(&at, end);
  if (text_is_han(first)) {
    unsigned second = at < end ? han_pinyin(text_decode(&at, end)) : 0;
    return hash_join((uint64_t)han_pinyin(first) << 32 | second, PART_PHONETIC);
  }
  uint64_t key = first;
  int sounds = 0;
  for (char last = sound_of(text.data[0]); at < end && sounds < 2 && *at != ' '; at++) {
    char sound = sound_of(*at);
    if (sound != '0' && sound != last) key = key << 8 | (unsigned char)sound, sounds++;
    last = sound;
  }
  return hash_join(key, PART_PHONETIC);
}

static uint64_t category_key_part(const void *feature, unsigned part) {
  const struct category_feature *f = feature;
  if (f->text[0] == '\0') return 0;
  if (part == PART_EXACT) return hash_bytes(bytes_of(f->text, FEATURE_SIZE)) | 1;
  return part == PART_PHONETIC ? phonetic_key(text_of(f)) : 0;
}

static uint64_t set_of(const uint16_t *characters, unsigned count) {
  uint64_t set = 0;
  for (unsigned i = 0; i < count; i++) set |= 1ULL << (characters[i] & 63);
  return set;
}

/* Texts with fewer than two thirds of their letters in common are not worth aligning. */
static bool are_similar(const uint16_t *a, unsigned a_count, const uint16_t *b, unsigned b_count) {
  uint64_t set_a = set_of(a, a_count), set_b = set_of(b, b_count);
  int larger = __builtin_popcountll(set_a), other = __builtin_popcountll(set_b);
  if (other > larger) larger = other;
  if (__builtin_popcountll(set_a & set_b) * 3 < larger * 2) return false;
  struct match_masks masks;
  match_masks_u16(&masks, a, a_count, b, b_count);
  return jaro_winkler(&masks) >= SIMILAR_MIN;
}

static unsigned category_compare(const void *pa, const void *pb) {
  const struct category_feature *a = pa, *b = pb;
  if (a->text[0] == '\0' || b->text[0] == '\0') return FIELD_LEVEL_MISSING;
  if (memcmp(a, b, sizeof *a) == 0) return FIELD_LEVEL_EXACT;
  struct bytes x = text_of(a), y = text_of(b);
  uint16_t x_characters[FEATURE_SIZE], y_characters[FEATURE_SIZE];
  unsigned x_count = characters_of(x, x_characters), y_count = characters_of(y, y_characters);
  unsigned longer = x_count > y_count ? x_count : y_count;
  unsigned shorter = x_count < y_count ? x_count : y_count;
  bool whole = !is_cut(a) && !is_cut(b);
  /* Of codes with one to three letters every other one is one letter off. */
  if (longer >= 4) {
    if (whole && one_edit_u16(x_characters, x_count, y_characters, y_count)) return LEVEL_ONE_EDIT;
    if (are_similar(x_characters, x_count, y_characters, y_count)) return LEVEL_SIMILAR;
  }
  if (shorter >= 2 && (bytes_starts_with(x, y) || bytes_starts_with(y, x))) return LEVEL_BEGINS;
  return FIELD_LEVEL_DIFFER;
}

static const char *const category_kinds[] = {
    [CATEGORY_FREE] = "free", [CATEGORY_CODED] = "coded", [CATEGORY_UNKNOWN] = "unknown", NULL};

static const char *const category_parts[] = {"exact", "phonetic", NULL};

const struct field_type category_type = {
    .name = "category",
    .label = "类别 category",
    .feature_size = sizeof(struct category_feature),
    .search = FIELD_SEARCH_NONE,
    .is_identifier = false,
    .is_personal = false,
    .survivorship = SURVIVE_MOST_FREQUENT,
    .kind_names = category_kinds,
    .part_names = category_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same value", 0.90, 0.15},
               [LEVEL_ONE_EDIT] = {"one character off", 0.03, 0.01},
               [LEVEL_SIMILAR] = {"similar", 0.01, 0.01},
               [LEVEL_BEGINS] = {"one begins with the other", 0.01, 0.01},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.05, 0.82}},
    .standardise = category_standardise,
    .key_part = category_key_part,
    .compare = category_compare,
    .mask = mask_all,
};
