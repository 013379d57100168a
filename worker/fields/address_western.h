/* address_western — takes an address written with spaces apart: number, street, unit, place, state,
 * postcode. 2745 West Roosevelt Road and 2745 w roosevelt rd are one; abbreviations are folded.
 * Pure. */
#ifndef GUIYI_WORKER_FIELDS_ADDRESS_WESTERN_H
#define GUIYI_WORKER_FIELDS_ADDRESS_WESTERN_H

#include <stdint.h>

#include "worker/fields/place_text.h"

enum { ADDRESS_STREET_MAX = 40, ADDRESS_WORD_MAX = 12 };

/* Words in lower case, one space apart; bytes above ASCII stand for themselves modulo 128. */
struct address_western {
  char street[ADDRESS_STREET_MAX]; /* the name alone: roosevelt */
  char number[ADDRESS_WORD_MAX];   /* 2745, 12a */
  char unit[ADDRESS_WORD_MAX];     /* 3b; of a unit's word only what follows it */
  char postcode[ADDRESS_WORD_MAX];
  char locality[ADDRESS_STREET_MAX];
  uint8_t street_size, number_size, unit_size, postcode_size, locality_size;
  uint8_t type;      /* of street: st, ave, rd …; 0 = none */
  uint8_t direction; /* n, sw …; 0 = none */
  uint8_t region;    /* a state of the USA or Australia; 0 = none */
};

/* whole: the text may hold place, state and postcode; otherwise it is all street. */
void address_western_parse(const struct place_text *text, bool whole,
                           struct address_western *address);

/* Number of a state written short or in full (nsw, new south wales); 0 = not one. word is in lower
 * case. */
uint8_t address_state_find(const char *word, uint32_t size);

#endif
