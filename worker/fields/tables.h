/* tables — lookups in the reference data that is compiled in (reference/README.md says where each
 * table is from). Constant arrays: no start-up, no allocation, any thread. */
#ifndef GUIYI_WORKER_FIELDS_TABLES_H
#define GUIYI_WORKER_FIELDS_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"

/* --- Han characters --------------------------------------------------------------------------- */

enum {
  HAN_FIRST = 0x3400,
  HAN_END = 0xA000,
  /* han_entry.info */
  HAN_PINYIN_MASK = 0x1FF,
  HAN_SURNAME = 1 << 9,          /* is a surname of one character */
  HAN_SURNAME_COMMON = 1 << 10,  /* … and not a rare one */
  HAN_COMPOUND = 1 << 11,        /* begins a surname of two */
  HAN_CONFUSED = 1 << 12,        /* han_confusion says with what */
  HAN_SURNAME_READING = 1 << 13, /* is read otherwise as a surname */
  HAN_TITLE_END = 1 << 14,       /* ends a form of address */
  HAN_PLACEHOLDER_START = 1 << 15,
};

/* Of the characters HAN_FIRST .. HAN_END-1. info is that of the fold. */
struct han_entry {
  uint16_t fold;
  uint16_t info;
};
extern const struct han_entry han_entries[HAN_END - HAN_FIRST];

uint32_t han_fold_beyond(uint32_t c);

/* The character that stands for c and its traditional, simplified and regional forms (張 张 → 张,
 * 乾 幹 干 → 干): for keys and comparing, never for show. What is no Han character stays. */
static inline uint32_t han_fold(uint32_t c) {
  if (c - HAN_FIRST < HAN_END - HAN_FIRST) return han_entries[c - HAN_FIRST].fold;
  return c < 0x20000 ? c : han_fold_beyond(c);
}

/* han_entry.info, 0 for what has none. */
static inline unsigned han_info(uint32_t c) {
  return c - HAN_FIRST < HAN_END - HAN_FIRST ? han_entries[c - HAN_FIRST].info : 0;
}

/* The commonest reading without its tone: 1 .. pinyin_syllable_count; 0 = unknown. */
static inline unsigned han_pinyin(uint32_t c) { return han_info(c) & HAN_PINYIN_MASK; }

/* One of the class of characters that people take for each other in names (肖 萧, 闫 阎): the
 * class's own character; c itself when it has no class. c must be folded. */
uint32_t han_confusion(uint32_t c);

/* --- pinyin ----------------------------------------------------------------------------------- */

/* By syllable; "" for 0. ü is v: lv, nve. */
extern const char pinyin_texts[][8];
extern const uint32_t pinyin_syllable_count;

/* Syllables that accents confuse (zh z, ang an, n l, f h …) are of one class; 0 for 0. */
unsigned pinyin_fuzzy_class(unsigned syllable);
/* The syllable written by exactly these lower-case ASCII letters, 0 when there is none. */
unsigned pinyin_find(const char *letters, unsigned size);
/* Splits lower-case ASCII letters into syllables, the first as long as possible; 0 when they are
 * not pinyin through and through or more than `max` syllables. */
unsigned pinyin_split(const char *letters, unsigned size, uint16_t *syllables, unsigned max);

/* --- surnames --------------------------------------------------------------------------------- */

static inline bool surname_is_single(uint32_t c) { return han_info(c) & HAN_SURNAME; }

bool surname_is_compound_slow(uint32_t first, uint32_t second);
/* 欧阳, in either script. */
static inline bool surname_is_compound(uint32_t first, uint32_t second) {
  return (han_info(first) & HAN_COMPOUND) && surname_is_compound_slow(first, second);
}

/* The reading of a character as a surname: 单 is shan. */
unsigned surname_pinyin(uint32_t c);
/* Of a compound surname: 尉迟 is yu chi. */
void surname_pinyin_compound(uint32_t first, uint32_t second, uint16_t syllables[2]);

/* --- Latin ------------------------------------------------------------------------------------ */

/* A letter with marks as one or two lower-case ASCII letters (É → e, æ → ae), which are written to
 * out; 0 when c is no letter of a Latin script. */
unsigned latin_plain(uint32_t c, char out[2]);
/* A number for a lower-case ASCII first name that has short forms, or is one; -1 for others. */
int nickname_find(const char *name, unsigned size);
/* Whether two such numbers can be the same name, one being a short form of the other (bill,
 * william) or both of a third. */
bool nickname_equal(int a, int b);

/* --- words around names ----------------------------------------------------------------------- */

enum name_word_flag {
  NAME_WORD_TITLE = 1,
  NAME_WORD_MALE = 2, /* of a title */
  NAME_WORD_FEMALE = 4,
  NAME_WORD_SUFFIX = 8,       /* Jr, PhD */
  NAME_WORD_PLACEHOLDER = 16, /* 未知, test */
  NAME_WORD_NUMBERED = 32,    /* … also before a number: 用户13812 */
  NAME_WORD_COLUMN = 64,      /* … also in a column of given or family names */
};

/* enum name_word_flag bits of the text, which must be folded (han_fold) and in lower case; 0 =
 * none. */
unsigned name_word_find(const uint32_t *text, unsigned count);

/* --- places and industries -------------------------------------------------------------------- */

struct division {
  uint32_t code;   /* GB/T 2260, six digits */
  uint32_t parent; /* code; 0 for provinces and where the parent has no code */
  uint32_t name_offset;
  uint8_t name_size;
  uint8_t level;   /* 1 province, 2 prefecture, 3 county */
  uint8_t current; /* 0 = withdrawn: valid on ID cards, not in new addresses */
};

/* A code that is or was valid; NULL when it never was. */
const struct division *division_find(uint32_t code);
struct bytes division_name(const struct division *d);

/* Whether a landline area code exists: 10 for 010, 755 for 0755. */
bool area_code_known(unsigned area_code);

/* The code of GB/T 4754-2017 ("I", "65", "651", "6513") of the industry with this full name, the
 * outermost where a name stands on several levels; empty when there is none. */
struct bytes industry_find(struct bytes name);

#endif
