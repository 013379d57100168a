/* address_number — numbers in an address and the words behind them that say what they count: 88号,
 * 3栋, 二百一十弄, 3-2-501. Pure. */
#ifndef GUIYI_WORKER_FIELDS_ADDRESS_NUMBER_H
#define GUIYI_WORKER_FIELDS_ADDRESS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Characters of an address, folded as place_text does. */
struct address_text {
  const uint32_t *characters;
  uint32_t size;
};

/* 0 behind the end. */
static inline uint32_t address_peek(struct address_text text, uint32_t at) {
  return at < text.size ? text.characters[at] : 0;
}

enum address_door {
  DOOR_NONE,
  DOOR_LANE,     /* 弄 */
  DOOR_NUMBER,   /* 号 */
  DOOR_YARD,     /* 号院 */
  DOOR_HASH,     /* #: a building, or the number on a road that has none yet */
  DOOR_BUILDING, /* 栋 */
  DOOR_UNIT,     /* 单元 */
  DOOR_FLOOR,    /* 层 */
  DOOR_ROOM,     /* 室 */
};

enum { ADDRESS_GROUPS_MAX = 4, ADDRESS_GROUP_SIZE_MAX = 12 };

/* 12, 12a, b1, or several with dashes: 3-2-501. */
struct address_number {
  uint32_t end; /* where it ends in the text */
  uint32_t group_count;
  struct {
    uint32_t start, size;
  } groups[ADDRESS_GROUPS_MAX]; /* of a number in digits */
  bool is_han;
  uint32_t value; /* of a Han number */
};

/* The number that starts at at; false when there is none. A letter or two count as one: whether
 * they are (A座) or not (SOHO), the word behind them says. */
bool address_number_read(struct address_text text, uint32_t at, struct address_number *number);
bool address_number_has_digit(struct address_text text, const struct address_number *number);

/* The word that stands at at, behind spaces; *length is how many characters it takes with them. */
enum address_door address_door_at(struct address_text text, uint32_t at, uint32_t *length);

/* The value of a Han numeral: 0 to 10, 100 or 1000; -1 for other characters. */
int address_numeral(uint32_t c);

#endif
