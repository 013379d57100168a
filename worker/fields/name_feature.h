/* name_feature — what is remembered of a person's name for comparing: 64 bytes of a feature row. */
#ifndef GUIYI_WORKER_FIELDS_NAME_FEATURE_H
#define GUIYI_WORKER_FIELDS_NAME_FEATURE_H

#include <stdint.h>

#include "worker/fields/person_name_parse.h"

enum {
  NAME_FEATURE_HAN_MAX = 24,   /* characters kept; the key covers all */
  NAME_FEATURE_LATIN_MAX = 48, /* bytes */
  NAME_FEATURE_WILDCARD = 0xFFFD,
  NAME_FEATURE_DOT = 0xB7,
};

enum name_shape {
  NAME_SHAPE_NONE,    /* missing, or nothing to compare */
  NAME_SHAPE_HAN,     /* whole or part, in Han characters without a dot */
  NAME_SHAPE_WORDS,   /* dotted, or words of a script that is neither Han nor Latin */
  NAME_SHAPE_LATIN,   /* sorted words of a to z and digits */
  NAME_SHAPE_MASKED,  /* Han with '*' */
  NAME_SHAPE_SURNAME, /* a whole name of which only the surname is known */
};

struct name_feature {
  uint64_t key; /* hash of the canonical name; 0 for what is not known in full */
  uint8_t shape;
  uint8_t part;          /* enum name_part */
  uint8_t count;         /* of han or latin */
  uint8_t surname_count; /* Han: characters of the surname at the start; 0 = not known */
  uint8_t surname_token; /* Latin: which word; NAME_TOKENS_MAX = it did not fit */
  uint8_t given_token;
  uint8_t loose; /* as in struct person_name */
  uint8_t unused;
  union {
    uint16_t han[NAME_FEATURE_HAN_MAX]; /* above the basic plane: squeezed into the private area */
    char latin[NAME_FEATURE_LATIN_MAX];
  };
};

_Static_assert(sizeof(struct name_feature) == 64, "fits a feature row");

enum name_key_part {
  NAME_KEY_EXACT,
  NAME_KEY_PINYIN,   /* tone-free and fuzzy, in any order: also of Latin names that are pinyin */
  NAME_KEY_SURNAME,  /* says little: only beside other parts */
  NAME_KEY_PHONETIC, /* Latin: the sound of the first and the family name, in any order */
  NAME_KEY_INITIALS,
  NAME_KEY_GIVEN,
  NAME_KEY_PART_COUNT,
};

/* *feature must be zeroed; it stays so when the name can't be compared. */
void name_feature_fill(const struct person_name *name, enum name_part part,
                       struct name_feature *feature);
/* 0 = the name has no such part. */
uint64_t name_feature_key(const struct name_feature *f, enum name_key_part part);

struct name_words {
  unsigned count;
  const char *at[NAME_TOKENS_MAX];
  uint8_t size[NAME_TOKENS_MAX];
};

/* The words of a Latin feature; they point into it. */
void name_feature_words(const struct name_feature *f, struct name_words *words);
/* The reading of a Han feature's i-th character, as a surname where it is one; 0 = unknown. */
unsigned name_feature_syllable(const struct name_feature *f, unsigned i);

#endif
