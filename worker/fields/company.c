#include "worker/fields/company.h"

#include <string.h>

#include "common/check.h"
#include "common/hash.h"
#include "common/text.h"
#include "worker/fields/cell.h"
#include "worker/fields/company_name.h"
#include "worker/fields/gazetteer.h"
#include "worker/fields/mask.h"
#include "worker/similarity/jaro_winkler.h"
#include "worker/similarity/levenshtein.h"
#include "worker/similarity/one_edit.h"

enum { FEATURE_HAN_MAX = 20, FEATURE_LATIN_MAX = 40 };

/* Of JARO_WINKLER_ONE. */
enum { HAN_SIMILAR_MIN = 8800, LATIN_SIMILAR_MIN = 9200 };
/* One edit for so many letters. */
enum { EDIT_SHARE = 7 };

enum { FLAG_GROUP = 1, FLAG_LATIN = 2 };

struct company_feature {
  uint64_t core;   /* hash; 0 = missing */
  uint32_t region; /* division code, 0 = none */
  uint32_t branch; /* hash, 0 = the firm itself */
  uint32_t words;  /* hash of the core's words in alphabetical order; of a Han name, the core's */
  uint8_t form, flags;
  uint8_t size;  /* characters kept below */
  uint8_t whole; /* they are the whole core */
  union {        /* the beginning of the core, for comparing what is not equal */
    uint16_t han[FEATURE_HAN_MAX];
    uint8_t latin[FEATURE_LATIN_MAX];
  };
};
_Static_assert(sizeof(struct company_feature) == 64, "fits the feature row");

enum { KIND_FIRM, KIND_BRANCH, KIND_SHORT_NAME };
enum { PART_EXACT, PART_CORE, PART_PREFIX, PART_WORDS };

/* FIELD_LEVEL_*, from the weakest. */
enum {
  LEVEL_OTHER_REGION = 2,
  LEVEL_BRANCH = 3,
  LEVEL_SIMILAR = 4,
  LEVEL_SHORT_NAME = 5,
  LEVEL_OTHER_FORM = 6,
  LEVEL_REGION_MISSING = 7,
};

/* What stands in the column of a person who has no employer. */
static bool is_nobody(struct bytes clean) {
  static const char *const words[] = {"个人", "个体", "自由职业", "自由", "无业",
                                      "其他", "测试", "test",     "未填"};
  for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (bytes_equal(clean, bytes_from_string(words[i]))) return true;
  return cell_means_empty(clean);
}

static bool has_word(const struct place_text *text) {
  for (uint32_t i = 0; i < text->size; i++) {
    uint32_t c = text->characters[i];
    if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) return true;
  }
  return false;
}

/* Words in alphabetical order, each hashed and the hashes added: the same for any order. */
static uint32_t hash_words(const struct company_name *name) {
  uint64_t sum = 0;
  for (uint32_t start = 0; start < name->core_size;) {
    uint32_t end = start;
    while (end < name->core_size && name->core[end] != ' ') end++;
    sum += place_hash(name->core + start, end - start);
    start = end + 1;
  }
  return (uint32_t)(hash_mix(sum) >> 32) | 1;
}

static void build_feature(const struct company_name *name, struct company_feature *f) {
  f->core = place_hash(name->core, name->core_size) | 1;
  f->region = name->region;
  f->branch = name->branch_size ? (uint32_t)place_hash(name->branch, name->branch_size) | 1 : 0;
  f->form = (uint8_t)name->form;
  f->flags = (uint8_t)((name->is_group ? FLAG_GROUP : 0) | (name->is_latin ? FLAG_LATIN : 0));
  f->words = hash_words(name);
  uint32_t max = name->is_latin ? FEATURE_LATIN_MAX : FEATURE_HAN_MAX;
  f->size = (uint8_t)(name->core_size < max ? name->core_size : max);
  f->whole = name->core_size <= max;
  for (uint32_t i = 0; i < f->size; i++) {
    uint32_t c = name->core[i];
    if (name->is_latin)
      f->latin[i] = (uint8_t)(c < 0x100 ? c : 0x80 | (c & 0x7f));
    else
      f->han[i] = (uint16_t)(c < 0x10000 ? c : 0xe000 | (c & 0xfff));
  }
}

static void company_standardise(const struct field_options *options, struct bytes raw,
                                struct arena *arena, struct standard_value *value, void *feature) {
  (void)options;
  *value = (struct standard_value){.state = VALUE_MISSING};
  if (raw.size == 0) return;
  struct place_text text;
  struct bytes clean = text_clean(raw, arena);
  place_text_read(clean, &text);
  if (is_nobody(clean) || !has_word(&text)) {
    value->flags = FIELD_W_PLACEHOLDER;
    return;
  }
  struct company_name name;
  company_name_parse(&text, &name);
  value->value = clean;
  value->kind = name.branch_size ? KIND_BRANCH : name.form ? KIND_FIRM : KIND_SHORT_NAME;
  if (name.core_size < 2) {
    value->state = VALUE_ATTRIBUTE;
    return;
  }
  value->state = bytes_equal(clean, raw) ? VALUE_OK : VALUE_FIXED;
  if (feature) build_feature(&name, feature);
}

static uint64_t prefix_key(const struct company_feature *f) {
  if (!(f->flags & FLAG_LATIN))
    return hash_bytes(bytes_of((const char *)f->han, 2 * sizeof f->han[0]));
  uint32_t size = 0; /* the first word, of a long one the beginning */
  while (size < f->size && size < 8 && f->latin[size] != ' ') size++;
  return hash_bytes(bytes_of((const char *)f->latin, size));
}

static uint64_t company_key_part(const void *feature, unsigned part) {
  const struct company_feature *f = feature;
  if (f->core == 0) return 0;
  switch (part) {
    case PART_EXACT:
      return hash_join(hash_join(f->core, f->region), (uint64_t)f->branch << 8 | f->form) | 1;
    case PART_CORE:
      return f->core;
    case PART_PREFIX:
      return prefix_key(f) | 1;
    case PART_WORDS:
      return hash_mix(f->words) | 1;
    default:
      return 0;
  }
}

static uint64_t company_frequency_key(const void *feature) {
  return ((const struct company_feature *)feature)->core;
}

/* Neither region lies in the other. */
static bool regions_conflict(const struct company_feature *a, const struct company_feature *b) {
  return a->region && b->region && !gazetteer_within(a->region, b->region) &&
         !gazetteer_within(b->region, a->region);
}

static unsigned compare_equal_cores(const struct company_feature *a,
                                    const struct company_feature *b) {
  if (regions_conflict(a, b)) return LEVEL_OTHER_REGION;
  if (a->branch != b->branch) return LEVEL_BRANCH;
  if (a->form != b->form || (a->flags & FLAG_GROUP) != (b->flags & FLAG_GROUP))
    return LEVEL_OTHER_FORM;
  return a->region == b->region ? FIELD_LEVEL_EXACT : LEVEL_REGION_MISSING;
}

/* Whether short_text is long_text with characters left out, the first one kept: 中石油. */
static bool is_abbreviation(const struct company_feature *shorter,
                            const struct company_feature *longer) {
  if (shorter->size < 3 || shorter->han[0] != longer->han[0]) return false;
  uint32_t at = 0;
  for (uint32_t i = 0; i < longer->size && at < shorter->size; i++)
    at += shorter->han[at] == longer->han[i];
  return at == shorter->size;
}

static unsigned compare_han(const struct company_feature *a, const struct company_feature *b) {
  /* One that fits and one that was cut may have the same characters here. */
  bool a_shorter = a->size != b->size ? a->size < b->size : a->whole;
  const struct company_feature *shorter = a_shorter ? a : b, *longer = a_shorter ? b : a;
  if (shorter->whole && shorter->size >= 2 &&
      memcmp(shorter->han, longer->han, shorter->size * sizeof shorter->han[0]) == 0)
    return LEVEL_SHORT_NAME;
  /* In a name of four characters one is half of what tells it from others of its trade. */
  if (shorter->size >= 4 && one_edit_u16(a->han, a->size, b->han, b->size))
    return shorter->size >= 5 ? LEVEL_SHORT_NAME : LEVEL_SIMILAR;
  if (shorter->whole && is_abbreviation(shorter, longer)) return LEVEL_SIMILAR;
  struct match_masks masks;
  match_masks_u16(&masks, a->han, a->size, b->han, b->size);
  return jaro_winkler(&masks) >= HAN_SIMILAR_MIN ? LEVEL_SIMILAR : FIELD_LEVEL_DIFFER;
}

static struct bytes latin_text(const struct company_feature *f) {
  return bytes_of((const char *)f->latin, f->size);
}

/* The word at *at, which moves behind it; false at the end. */
static bool next_word(const struct company_feature *f, uint32_t *at, struct bytes *word) {
  while (*at < f->size && f->latin[*at] == ' ') ++*at;
  uint32_t start = *at;
  while (*at < f->size && f->latin[*at] != ' ') ++*at;
  *word = bytes_of((const char *)f->latin + start, *at - start);
  return *at > start;
}

enum word_agreement { WORDS_DIFFER, WORDS_ALIKE, WORDS_EQUAL };

/* Whether the longer name has the word; a slip of the pen is forgiven in a long one. */
static enum word_agreement find_word(const struct company_feature *longer, struct bytes word) {
  enum word_agreement best = WORDS_DIFFER;
  struct bytes other;
  for (uint32_t at = 0; next_word(longer, &at, &other);) {
    if (bytes_equal(word, other)) return WORDS_EQUAL;
    if (word.size >= 5 && other.size >= 5 && one_edit(word, other)) best = WORDS_ALIKE;
  }
  return best;
}

/* Whether the longer name has every word of the shorter, in any order. */
static enum word_agreement compare_words(const struct company_feature *shorter,
                                         const struct company_feature *longer) {
  enum word_agreement worst = WORDS_EQUAL;
  struct bytes word;
  uint32_t count = 0;
  for (uint32_t at = 0; next_word(shorter, &at, &word); count++) {
    enum word_agreement agreement = find_word(longer, word);
    if (agreement < worst) worst = agreement;
    if (worst == WORDS_DIFFER) return WORDS_DIFFER;
  }
  /* One short word is in too many names. */
  return count >= 2 || shorter->size >= 6 ? worst : WORDS_DIFFER;
}

static unsigned compare_latin(const struct company_feature *a, const struct company_feature *b) {
  if (a->words == b->words) return LEVEL_SHORT_NAME;
  int order = a->size - b->size;
  if (order == 0) order = memcmp(a->latin, b->latin, a->size);
  /* One that fits and one that was cut may have the same letters here. */
  bool a_shorter = order ? order < 0 : a->whole;
  const struct company_feature *shorter = a_shorter ? a : b, *longer = a_shorter ? b : a;
  if (shorter->size >= 5 && one_edit(latin_text(a), latin_text(b))) return LEVEL_SHORT_NAME;
  enum word_agreement words = shorter->whole ? compare_words(shorter, longer) : WORDS_DIFFER;
  if (words != WORDS_DIFFER) return words == WORDS_EQUAL ? LEVEL_SHORT_NAME : LEVEL_SIMILAR;
  struct match_masks masks;
  match_masks_bytes(&masks, (const char *)a->latin, a->size, (const char *)b->latin, b->size);
  /* Jaro's windows are too wide for a whole name: a few edits in many letters are alike as well. */
  bool few_edits = levenshtein(&masks) * EDIT_SHARE <= shorter->size;
  return few_edits || jaro_winkler(&masks) >= LATIN_SIMILAR_MIN ? LEVEL_SIMILAR
                                                                : FIELD_LEVEL_DIFFER;
}

static unsigned company_compare(const void *left, const void *right) {
  const struct company_feature *a = left, *b = right;
  if (a->core == 0 || b->core == 0) return FIELD_LEVEL_MISSING;
  /* A name in Latin letters and one in Han say nothing about each other. */
  if ((a->flags ^ b->flags) & FLAG_LATIN) return FIELD_LEVEL_MISSING;
  if (a->core == b->core) return compare_equal_cores(a, b);
  unsigned level = a->flags & FLAG_LATIN ? compare_latin(a, b) : compare_han(a, b);
  return regions_conflict(a, b) ? FIELD_LEVEL_DIFFER : level;
}

static struct bytes company_mask(struct bytes value, struct arena *arena) {
  return mask_keep(value, 2, 0, arena);
}

const struct field_type company_type = {
    .name = "company",
    .label = "公司 company",
    .feature_size = sizeof(struct company_feature),
    .search = FIELD_SEARCH_TEXT,
    .survivorship = SURVIVE_MOST_RECENT,
    .kind_names = (const char *const[]){"firm", "branch", "short_name", NULL},
    .part_names = (const char *const[]){"exact", "core", "prefix", "words", NULL},
    .levels = {[FIELD_LEVEL_DIFFER] = {"differ", 0.30, 0.9640},
               [LEVEL_OTHER_REGION] = {"same name, other region", 0.005, 0.004},
               [LEVEL_BRANCH] = {"branch of the same firm", 0.02, 0.001},
               [LEVEL_SIMILAR] = {"similar name", 0.025, 0.015},
               [LEVEL_SHORT_NAME] = {"short form or one character differs", 0.10, 0.010},
               [LEVEL_OTHER_FORM] = {"same name, other or no legal form", 0.05, 0.002},
               [LEVEL_REGION_MISSING] = {"same firm, one without region", 0.10, 0.002},
               [FIELD_LEVEL_EXACT] = {"same firm", 0.40, 0.002}},
    .standardise = company_standardise,
    .key_part = company_key_part,
    .compare = company_compare,
    .frequency_key = company_frequency_key,
    .mask = company_mask,
};
