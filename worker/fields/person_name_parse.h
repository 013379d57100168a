/* person_name_parse — takes a name apart: the name proper, surname and given name, title, sex,
 * annotation; what kind of thing it is.
 *
 * Pure and thread-safe. The rules, each with its reason, stand in person_name_parse.c. */
#ifndef GUIYI_WORKER_FIELDS_PERSON_NAME_PARSE_H
#define GUIYI_WORKER_FIELDS_PERSON_NAME_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/field_options.h"

enum {
  NAME_CHARACTERS_MAX = 128, /* a longer cell is no name */
  NAME_TOKENS_MAX = 16,      /* words of a name in letters; more are kept, not told apart */
};

enum name_kind {
  NAME_PLACEHOLDER,  /* empty, or a word that means it: 未知, 用户13812, n/a */
  NAME_FULL,         /* 张伟: surname and given name */
  NAME_SURNAME_ONLY, /* 张先生, 老王 */
  NAME_DOTTED,       /* 买买提·艾山; also words of other scripts (Иван Петров) */
  NAME_MASKED,       /* 张*, *明 */
  NAME_LATIN,        /* John Smith */
  NAME_PART_ONLY,    /* a given or family name in Han characters, by the field's options */
  NAME_OTHER,        /* a nickname, or a name whose parts can't be told: 快乐的小鱼, 𠮷野 */
  NAME_TITLE_ONLY,   /* a salutation */
  NAME_UNUSABLE,     /* no name at all: only digits, or far too long */
  NAME_KIND_COUNT,
};

enum name_sex { NAME_SEX_UNKNOWN, NAME_SEX_MALE, NAME_SEX_FEMALE };

struct person_name {
  enum name_kind kind;
  enum name_sex sex; /* what the title tells */
  uint32_t flags;    /* enum field_flag */
  bool comparable;   /* tells persons apart; nicknames do not */
  /* Short enough for a name but without its shape: no surname (追风少年) or hardly one (红梅). It
   * may be a nickname, so that it differs from a name says nothing. */
  bool loose;
  uint8_t text_count;
  uint8_t key_count;
  uint8_t surname_count; /* Han: characters of the surname at the start; 0 = not known */
  uint8_t given_token;   /* Latin: which of the key's words stood first (a given name in most of */
  uint8_t surname_token; /* the West), and which is taken for the surname */
  struct bytes title, prefix, annotation; /* empty = none */
  /* The name proper: cleaned, in the characters it was written in, without title and annotation. */
  uint32_t text[NAME_CHARACTERS_MAX];
  /* What is compared: simplified; Latin and other words in lower case, without marks, sorted, with
   * one space between them. */
  uint32_t key[NAME_CHARACTERS_MAX];
};

/* raw is one cell, any bytes. What name's bytes point to lies in raw or in the arena. */
void person_name_parse(enum name_part part, struct bytes raw, struct arena *arena,
                       struct person_name *name);

/* The key as text, with '|' between a known surname and the given name: 张|伟, wei zhang. */
struct bytes person_name_canonical(const struct person_name *name, struct arena *arena);

#endif
