/* tables_data — the arrays that scripts/generate_tables writes; tables.c reads them. */
#ifndef GUIYI_WORKER_FIELDS_TABLES_DATA_H
#define GUIYI_WORKER_FIELDS_TABLES_DATA_H

#include <stdint.h>

#include "worker/fields/tables.h"

extern const struct han_beyond {
  uint32_t character;
  uint16_t fold;
} han_beyond[]; /* characters outside the basic plane that fold to one inside */
extern const uint32_t han_beyond_count;
extern const uint16_t han_confusions[][2]; /* character, the one that stands for its class */
extern const uint32_t han_confusion_count;

extern const uint16_t pinyin_fuzzy_classes[];
extern const uint32_t pinyin_codes[][2]; /* letters in 5 bits each, syllable; sorted */
extern const uint16_t surname_readings[][2];
extern const uint32_t surname_reading_count;
extern const struct compound_surname {
  uint32_t characters;    /* first << 16 | second */
  uint16_t first, second; /* syllables where they differ from the common ones, else 0 */
} compound_surnames[];
extern const uint32_t compound_surname_count;

extern const char latin_low[][2];  /* U+00C0 .. U+024F */
extern const char latin_high[][2]; /* U+1E00 .. U+1EFF */

extern const uint64_t nickname_hashes[]; /* FNV-1a 64 of the letters, sorted */
extern const uint16_t nickname_starts[]; /* one more than hashes */
extern const uint16_t nickname_groups[];
extern const uint32_t nickname_count;

extern const struct name_word {
  uint64_t hash; /* FNV-1a 64 of the folded characters, sorted */
  uint32_t flags;
} name_words[];
extern const uint32_t name_word_count;

extern const struct division divisions[];
extern const uint32_t division_count;
extern const char division_names[];
extern const uint16_t area_codes[];
extern const uint32_t area_code_count;

extern const struct industry {
  char code[5];
  uint8_t name_size;
  uint8_t level;
  uint32_t name_offset;
} industries[]; /* by name */
extern const uint32_t industry_count;
extern const char industry_names[];

/* Names of places; gazetteer.c alone reads these. */
enum { GAZETTEER_SLOT_BITS = 15 };
extern const struct gazetteer_division {
  uint32_t code;
  uint32_t short_name, name; /* offsets in gazetteer_texts */
  uint8_t short_name_size, name_size;
} gazetteer_divisions[]; /* current ones, by code */
extern const uint32_t gazetteer_division_count;
extern const char gazetteer_texts[];
extern const uint16_t gazetteer_characters[];
extern const uint16_t
    gazetteer_targets[]; /* (index into gazetteer_divisions) * 2 + is it in full */
extern const struct gazetteer_name {
  uint16_t characters, targets;
  uint8_t length, target_count;
} gazetteer_names[];
extern const struct gazetteer_start {
  uint32_t key; /* two characters: first << 16 | second */
  uint16_t first, count;
} gazetteer_starts[]; /* the names that begin with them */
extern const uint16_t
    gazetteer_slots[1 << GAZETTEER_SLOT_BITS]; /* hash of key -> start, 0 = empty */

#endif
