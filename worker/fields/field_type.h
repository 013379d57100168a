/* field_type — what a field type knows: how to clean a value, what to remember of it for comparing,
 * which blocking keys it gives, which agreement levels two values can reach, how to show it masked.
 *
 * One file pair in this folder per type; `field_types.c` is the only list of them. Everything here
 * is pure and thread-safe: tables are constant, memory comes from the caller's arena.
 *
 * Vocabulary:
 *   raw       a cell as the source wrote it: UTF-8, valid, at most FIELD_RAW_BYTES_MAX
 *   value     the canonical form, what golden records show and indexes hold
 *   feature   a fixed number of bytes that stands for the value when two records are compared;
 *             all zero = missing. It lies in the feature row (worker/feature_row.h).
 *   key part  a 64-bit hash of one aspect of the feature ("exact", "pinyin", "year" …); 0 = has
 * none. A blocking rule joins key parts of one or more fields. level     how far two features
 * agree, see FIELD_LEVEL_* */
#ifndef GUIYI_WORKER_FIELDS_FIELD_TYPE_H
#define GUIYI_WORKER_FIELDS_FIELD_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/field_options.h"

enum {
  FIELD_RAW_BYTES_MAX = 64 << 10, /* a longer cell is cut on a character and flagged W_TRUNCATED */
  FIELD_FEATURE_BYTES_MAX = 64,   /* and a multiple of 8 */
  FIELD_KEY_PARTS_MAX = 8,
};

/* Levels, ordered by how much they speak for one person. 2..7 are the type's own partial levels.
 * A pattern holds one nibble per comparison; the values above EXACT are exact agreement too, told
 * apart by how common the value is or by who shares it (worker/pattern.h adds those; a type's
 * compare never returns more than EXACT). */
enum {
  FIELD_LEVEL_MISSING = 0, /* at least one side has nothing to compare: no evidence */
  FIELD_LEVEL_DIFFER = 1,
  FIELD_LEVEL_PARTIAL_FIRST = 2,
  FIELD_LEVEL_PARTIAL_LAST = 7,
  FIELD_LEVEL_EXACT = 8,
  FIELD_LEVEL_COUNT = 9, /* levels a type can name */
};

enum value_state {
  VALUE_MISSING,   /* empty, or a placeholder that means empty */
  VALUE_OK,        /* valid, and already canonical */
  VALUE_FIXED,     /* valid after cleaning changed it */
  VALUE_ATTRIBUTE, /* worth showing, not to be matched by: masked, dummy, hotline … */
  VALUE_INVALID,   /* kept as it was, never matched by, never chosen where a valid one exists */
};

/* One table of flags for all types: F(name). E_ = unusable, W_ = doubtful, I_ = information. */
/* clang-format off */
#define FIELD_FLAG_TABLE(F)                                                                      \
  F(E_CHARS) F(E_LEN) F(E_PREFIX_ONLY) F(E_SCI) F(E_EXCEL) F(E_DATE) F(E_CHECK)                  \
  F(E_CHARSET) F(E_SHAPE) F(E_RANGE) F(W_TRUNCATED) F(W_MASKED) F(W_DUMMY) F(W_VIRTUAL)          \
  F(W_IOT) F(W_NO_AREA) F(W_SHARED) F(W_AREA) F(W_AGE) F(W_LOST_CHAR) F(W_PLACEHOLDER)           \
  F(W_ROLE) F(W_UNKNOWN_CODE) F(W_AMBIGUOUS) F(W_TYPO_DOMAIN) F(W_FUTURE) F(W_CONTRADICTS)       \
  F(I_MVNO) F(I_FOREIGN)
/* clang-format on */

enum {
#define F(name) FIELD_FLAG_BIT_##name,
  FIELD_FLAG_TABLE(F)
#undef F
      FIELD_FLAG_COUNT
};
enum field_flag {
#define F(name) FIELD_##name = 1 << FIELD_FLAG_BIT_##name,
  FIELD_FLAG_TABLE(F)
#undef F
};

/* "W_DUMMY" for one bit of FIELD_FLAG_TABLE, by its position. */
const char *field_flag_name(unsigned bit);

struct standard_value {
  struct bytes value; /* in the arena, or pointing into raw; empty when MISSING */
  enum value_state state;
  uint8_t kind;   /* the type's own enum, named by kind_names */
  uint32_t flags; /* enum field_flag bits */
};

/* How `guiyi search` finds a value of this type. */
enum field_search {
  FIELD_SEARCH_NONE,
  FIELD_SEARCH_EXACT,  /* the whole canonical value */
  FIELD_SEARCH_TEXT,   /* prefixes and 2-character fragments */
  FIELD_SEARCH_DIGITS, /* whole, the first 3 to 7 digits, the middle four, the last four */
};

struct field_level_info {
  const char *name; /* for people: "same pinyin"; NULL = the type does not use this level */
  /* Where training starts, and what is used where the data can't tell: the chance of this level
   * among pairs of one entity (m) and of two entities (u). Over the used levels each sums to 1. */
  double m, u;
};

struct field_type {
  const char *name;      /* as the job file writes it: "person_name" */
  const char *label;     /* for people, in Chinese and English: "姓名 person name" */
  uint16_t feature_size; /* bytes, a multiple of 8, at most FIELD_FEATURE_BYTES_MAX; 0 = is not
                            compared */
  enum field_search search;
  bool is_identifier;  /* agreement is strong evidence; sharing is analysed (phone, id_card …) */
  bool is_reissued;    /* an identifier that fell silent may be given to another owner (phone) */
  bool is_personal;    /* masked by default */
  bool exact_is_loose; /* values that agree exactly may have other key parts 0 (address) */
  enum survivorship survivorship; /* default rule (common/field_options.h) */
  const char *const *kind_names;  /* indexed by kind, NULL-terminated */
  const char *const *part_names;  /* key parts, [0] is "exact", NULL-terminated */
  struct field_level_info levels[FIELD_LEVEL_COUNT];

  /* Cleans raw. feature is zeroed and aligned to 8; leave it so when there is nothing to compare.
   * feature may be NULL (only the value is wanted). Equal values give equal features. */
  void (*standardise)(const struct field_options *options, struct bytes raw, struct arena *arena,
                      struct standard_value *value, void *feature);
  /* The key part's hash, 0 when the feature has none. Different parts of one feature need not hash
   * differently: the rule is mixed in by the caller. */
  uint64_t (*key_part)(const void *feature, unsigned part);
  /* FIELD_LEVEL_*; symmetric. */
  unsigned (*compare)(const void *a, const void *b);
  /* Both features are certain and exclude each other (two valid ID cards): never one entity. NULL =
   * the type knows no such thing. Symmetric. */
  bool (*contradicts)(const void *a, const void *b);
  /* The value may stand for anybody (a nickname) and tells no two people apart. NULL = the type
   * knows no such values. */
  bool (*is_vague)(const void *feature);
  /* A hash of what term frequencies count (usually key_part 0); 0 = none. NULL = key part 0. */
  uint64_t (*frequency_key)(const void *feature);
  /* How it is shown to those who may not see it. Unknown shapes: every character a star. */
  struct bytes (*mask)(struct bytes value, struct arena *arena);
};

/* NULL when there is no type of this name. */
const struct field_type *field_type_find(struct bytes name);
/* All types, NULL-terminated, in a fixed order. */
const struct field_type *const *field_type_list(void);

#endif
