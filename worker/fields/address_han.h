/* address_han — takes an address in Han characters apart: division, township, road, number, estate,
 * building, unit, floor, room; and writes each part in one way.
 *
 * 幢 座 号楼 #楼 are 栋, 房 户 are 室, 3-2-501 is 3栋2单元501室, a bare number behind a building or
 * unit is a room, Chinese numerals become digits only right before such a word: 五四路三号 is
 * 五四路3号. Pure. */
#ifndef GUIYI_WORKER_FIELDS_ADDRESS_HAN_H
#define GUIYI_WORKER_FIELDS_ADDRESS_HAN_H

#include <stdint.h>

#include "worker/fields/gazetteer.h"
#include "worker/fields/place_text.h"

/* How far an address goes, in the order in which it says more. */
enum address_level {
  ADDRESS_LEVEL_NONE,
  ADDRESS_LEVEL_PROVINCE,
  ADDRESS_LEVEL_CITY,
  ADDRESS_LEVEL_DISTRICT,
  ADDRESS_LEVEL_TOWNSHIP,
  ADDRESS_LEVEL_ROAD, /* or an estate, a village, a landmark */
  ADDRESS_LEVEL_NUMBER,
  ADDRESS_LEVEL_BUILDING,
  ADDRESS_LEVEL_ROOM,
  ADDRESS_LEVEL_COUNT,
};

enum { ADDRESS_TAIL_MAX = PLACE_TEXT_MAX * 2 + 64 };

/* Hashes of the parts; 0 = not named. */
struct address_han {
  uint32_t code;     /* of the deepest division */
  uint32_t district; /* of the county's full name, also where the name alone does not say which */
  uint32_t township, road, community;
  uint32_t number; /* and its kind: 12号 and 12弄 differ */
  uint32_t building, unit, floor, room;
  enum address_level level;
  bool starts_with_division; /* code or district stand in front of the tail, not in it */
  uint32_t district_start, district_end; /* characters of the text that name an uncertain county */
  /* All behind the divisions: as it is compared, and as it is shown. */
  uint32_t tail_size;
  uint32_t tail[ADDRESS_TAIL_MAX], shown[ADDRESS_TAIL_MAX];
};

void address_han_parse(const struct place_text *text, struct address_han *address);
/* 广东省深圳市南山区 + tail. */
struct bytes address_han_write(const struct address_han *address, const struct place_text *text,
                               struct arena *arena);

#endif
