/* address_feature — what is remembered of an address for comparing, and the comparison. Pure. */
#ifndef GUIYI_WORKER_FIELDS_ADDRESS_FEATURE_H
#define GUIYI_WORKER_FIELDS_ADDRESS_FEATURE_H

#include <stdint.h>

#include "worker/fields/address_han.h"
#include "worker/fields/address_western.h"
#include "worker/fields/field_type.h"

enum address_shape {
  ADDRESS_SHAPE_NONE,
  ADDRESS_SHAPE_HAN,
  ADDRESS_SHAPE_WESTERN,
  ADDRESS_SHAPE_PLACE, /* one word or two: a suburb, a state, a city */
  ADDRESS_SHAPE_CODE,  /* a house number or unit of its own */
  ADDRESS_SHAPE_POSTCODE,
};

/* The type's levels, from the weakest. */
enum {
  ADDRESS_SAME_CITY = 2,
  ADDRESS_SAME_DISTRICT = 3,
  ADDRESS_SAME_ROAD = 4,
  ADDRESS_OTHER_ROOM = 5,
  ADDRESS_SIMILAR = 6,
  ADDRESS_SAME_NUMBER = 7,
};

enum { ADDRESS_SKETCH_LANES = 24, ADDRESS_PLACE_MAX = 48 };

struct address_feature {
  uint8_t shape;  /* enum address_shape; 0 = missing */
  uint8_t level;  /* HAN: enum address_level */
  uint8_t detail; /* HAN: pairs of characters behind the divisions, at most 255 */
  uint8_t size;   /* characters in street or place */
  uint32_t code;  /* HAN, PLACE: division; PLACE: 1 + state's number for a state */
  uint64_t exact; /* hash of the whole in its canonical form */
  union {
    struct {
      uint32_t district, road, community, number, building;
      uint16_t unit, room;
      uint8_t
          sketch[ADDRESS_SKETCH_LANES]; /* minhash of the character pairs behind the divisions */
    } han;
    struct {
      uint8_t type, direction, region, number_size;
      uint32_t unit, locality;
      uint32_t postcode;
      char number[8];
      char street[24]; /* its first characters; exact tells longer ones apart */
    } western;
    char place[ADDRESS_PLACE_MAX]; /* UTF-8 or ASCII, cut */
  };
};
_Static_assert(sizeof(struct address_feature) == 64, "fits the feature row");

void address_feature_of_han(const struct address_han *address, struct address_feature *feature);
void address_feature_of_western(const struct address_western *address,
                                struct address_feature *feature);
/* A suburb, number or postcode: text is folded. */
void address_feature_of_part(enum address_shape shape, struct bytes text, uint32_t code,
                             struct address_feature *feature);

unsigned address_compare(const void *left, const void *right);

#endif
