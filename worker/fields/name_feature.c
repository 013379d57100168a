#include "worker/fields/name_feature.h"

#include <string.h>

#include "common/hash.h"
#include "worker/fields/field_type.h"
#include "worker/fields/tables.h"
#include "worker/similarity/phonetic.h"

enum { SYLLABLES_MAX = NAME_FEATURE_HAN_MAX };

/* --- filling ---------------------------------------------------------------------------------- */

static enum name_shape shape_of(const struct person_name *name) {
  if (!name->comparable) return NAME_SHAPE_NONE;
  switch (name->kind) {
    case NAME_FULL:
    case NAME_PART_ONLY:
    case NAME_OTHER:
      return NAME_SHAPE_HAN;
    case NAME_DOTTED:
      return NAME_SHAPE_WORDS;
    case NAME_LATIN:
      return NAME_SHAPE_LATIN;
    case NAME_MASKED:
      return NAME_SHAPE_MASKED;
    case NAME_SURNAME_ONLY:
      return NAME_SHAPE_SURNAME;
    default:
      return NAME_SHAPE_NONE;
  }
}

/* Two rare characters may fall on one number; with a surname beside them that is no danger. */
static uint16_t squeeze(uint32_t c) {
  enum { PRIVATE_FIRST = 0xE000, PRIVATE_COUNT = 0x1900 };
  if (c >= 0x10000) return (uint16_t)(PRIVATE_FIRST + c % PRIVATE_COUNT);
  bool lost = c == '?' || c == 0x25A0 || c == 0x25A1 || (c >= 0xE000 && c < 0xF900);
  return lost ? NAME_FEATURE_WILDCARD : (uint16_t)c;
}

static uint64_t not_zero(uint64_t hash) { return hash ? hash : 1; }

static void fill_latin(const struct person_name *name, struct name_feature *f) {
  unsigned count = name->key_count;
  if (count > NAME_FEATURE_LATIN_MAX) count = NAME_FEATURE_LATIN_MAX;
  for (unsigned i = 0; i < count; i++) f->latin[i] = (char)name->key[i];
  while (count && f->latin[count - 1] == ' ') count--;
  memset(f->latin + count, 0, NAME_FEATURE_LATIN_MAX - count);
  f->count = (uint8_t)count;
  unsigned last = 0;
  for (unsigned i = 0; i < count; i++) last += f->latin[i] == ' ';
  f->surname_token = name->surname_token > last ? NAME_TOKENS_MAX : name->surname_token;
  f->given_token = name->given_token > last ? NAME_TOKENS_MAX : name->given_token;
}

void name_feature_fill(const struct person_name *name, enum name_part part,
                       struct name_feature *f) {
  enum name_shape shape = shape_of(name);
  if (shape == NAME_SHAPE_NONE || name->key_count == 0) return;
  f->shape = (uint8_t)shape;
  f->part = (uint8_t)part;
  if (shape == NAME_SHAPE_LATIN) {
    fill_latin(name, f);
  } else {
    unsigned count = name->key_count;
    if (count > NAME_FEATURE_HAN_MAX) count = NAME_FEATURE_HAN_MAX;
    for (unsigned i = 0; i < count; i++) f->han[i] = squeeze(name->key[i]);
    f->count = (uint8_t)count;
    bool is_surname = shape == NAME_SHAPE_SURNAME || name->surname_count > count;
    f->surname_count = is_surname ? (uint8_t)count : name->surname_count;
    f->loose = name->loose;
  }
  bool known = shape <= NAME_SHAPE_LATIN && !(name->flags & FIELD_W_LOST_CHAR);
  if (known) f->key = not_zero(XXH3_64bits(name->key, name->key_count * sizeof *name->key));
}

/* --- reading ---------------------------------------------------------------------------------- */

void name_feature_words(const struct name_feature *f, struct name_words *words) {
  words->count = 0;
  for (unsigned i = 0; i < f->count && words->count < NAME_TOKENS_MAX;) {
    const char *end = memchr(f->latin + i, ' ', f->count - i);
    unsigned size = end ? (unsigned)(end - (f->latin + i)) : f->count - i;
    words->at[words->count] = f->latin + i;
    words->size[words->count++] = (uint8_t)size;
    i += size + 1;
  }
}

unsigned name_feature_syllable(const struct name_feature *f, unsigned i) {
  if (i >= f->surname_count) return han_pinyin(f->han[i]);
  if (f->surname_count == 1) return surname_pinyin(f->han[i]);
  if (f->surname_count > 2) return han_pinyin(f->han[i]);
  uint16_t syllables[2];
  surname_pinyin_compound(f->han[0], f->han[1], syllables);
  return syllables[i];
}

/* --- key parts -------------------------------------------------------------------------------- */

static uint64_t part_hash(uint64_t value, enum name_key_part part) {
  return not_zero(hash_join(value, (uint64_t)part + 1));
}

static uint64_t sound_of(unsigned syllable) { return hash_mix(pinyin_fuzzy_class(syllable)); }

/* Sums, so that the order of surname and given name does not matter. */
static uint64_t pinyin_key(const struct name_feature *f) {
  uint64_t sum = 0;
  unsigned count = 0;
  if (f->shape == NAME_SHAPE_HAN || f->shape == NAME_SHAPE_WORDS) {
    for (unsigned i = 0; i < f->count; i++) {
      if (f->han[i] == NAME_FEATURE_DOT) continue;
      unsigned syllable = name_feature_syllable(f, i);
      if (!syllable) return 0;
      sum += sound_of(syllable);
      count++;
    }
  } else if (f->shape == NAME_SHAPE_LATIN) {
    struct name_words words;
    name_feature_words(f, &words);
    for (unsigned w = 0; w < words.count; w++) {
      uint16_t syllables[SYLLABLES_MAX];
      unsigned split = pinyin_split(words.at[w], words.size[w], syllables, SYLLABLES_MAX);
      if (!split) return 0;
      for (unsigned i = 0; i < split; i++) sum += sound_of(syllables[i]);
      count += split;
    }
  }
  unsigned least = f->part == NAME_WHOLE ? 2 : 1;
  return count < least ? 0 : part_hash(sum, NAME_KEY_PINYIN);
}

static uint64_t surname_key(const struct name_feature *f) {
  if (f->part == NAME_GIVEN || f->part == NAME_MIDDLE) return 0;
  if (f->shape == NAME_SHAPE_LATIN) {
    struct name_words words;
    name_feature_words(f, &words);
    if (f->part == NAME_FAMILY) return part_hash(f->key, NAME_KEY_SURNAME);
    unsigned w = f->surname_token;
    if (w >= words.count || words.size[w] < 2) return 0;
    return part_hash(hash_bytes(bytes_of(words.at[w], words.size[w])), NAME_KEY_SURNAME);
  }
  unsigned count = f->surname_count;
  if (f->shape == NAME_SHAPE_MASKED) {
    bool compound = f->count > 2 && surname_is_compound(f->han[0], f->han[1]);
    count = compound ? 2 : surname_is_single(f->han[0]);
  }
  uint64_t hash = 0;
  for (unsigned i = 0; i < count; i++) hash = hash_join(hash, han_confusion(f->han[i]));
  return count ? part_hash(hash, NAME_KEY_SURNAME) : 0;
}

/* Of a whole name the first and the family name: middle names come and go. */
static uint64_t phonetic_key(const struct name_feature *f) {
  if (f->shape != NAME_SHAPE_LATIN) return 0;
  struct name_words words;
  name_feature_words(f, &words);
  uint64_t sum = 0;
  for (unsigned w = 0; w < words.count; w++) {
    if (f->part == NAME_WHOLE && w != f->surname_token && w != f->given_token) continue;
    uint64_t code = phonetic_code(words.at[w], words.size[w]);
    if (!code || (f->part == NAME_WHOLE && words.size[w] < 2)) return 0;
    sum += hash_mix(code);
  }
  return sum ? part_hash(sum, NAME_KEY_PHONETIC) : 0;
}

static uint64_t initials_key(const struct name_feature *f) {
  uint64_t sum = 0;
  if (f->shape == NAME_SHAPE_HAN) {
    for (unsigned i = 0; i < f->count; i++) {
      unsigned syllable = name_feature_syllable(f, i);
      if (!syllable) return 0;
      sum = sum << 8 | (unsigned char)pinyin_texts[syllable][0];
    }
  } else if (f->shape == NAME_SHAPE_LATIN) {
    struct name_words words;
    name_feature_words(f, &words);
    for (unsigned w = 0; w < words.count; w++) {
      if (f->part != NAME_WHOLE || w == f->surname_token || w == f->given_token)
        sum += hash_mix((unsigned char)words.at[w][0]);
    }
  }
  return sum ? part_hash(sum, NAME_KEY_INITIALS) : 0;
}

static uint64_t given_key(const struct name_feature *f) {
  if (f->part != NAME_WHOLE || !f->key) return 0;
  if (f->shape == NAME_SHAPE_HAN && f->surname_count && f->count > f->surname_count) {
    size_t size = (f->count - f->surname_count) * sizeof *f->han;
    return part_hash(XXH3_64bits(f->han + f->surname_count, size), NAME_KEY_GIVEN);
  }
  if (f->shape != NAME_SHAPE_LATIN) return 0;
  struct name_words words;
  name_feature_words(f, &words);
  unsigned w = f->given_token;
  if (words.count < 2 || w >= words.count || words.size[w] < 2) return 0;
  return part_hash(hash_bytes(bytes_of(words.at[w], words.size[w])), NAME_KEY_GIVEN);
}

uint64_t name_feature_key(const struct name_feature *f, enum name_key_part part) {
  if (f->shape == NAME_SHAPE_NONE) return 0;
  switch (part) {
    case NAME_KEY_EXACT:
      return f->key;
    case NAME_KEY_PINYIN:
      return pinyin_key(f);
    case NAME_KEY_SURNAME:
      return surname_key(f);
    case NAME_KEY_PHONETIC:
      return phonetic_key(f);
    case NAME_KEY_INITIALS:
      return initials_key(f);
    case NAME_KEY_GIVEN:
      return given_key(f);
    default:
      return 0;
  }
}
