#include "worker/fields/address_feature.h"

#include <string.h>

#include "common/hash.h"
#include "worker/similarity/jaro_winkler.h"
#include "worker/similarity/one_edit.h"

enum {
  /* Lanes of the sketch that agree: for 24 lanes a share j of common pairs gives about 24 j. */
  SKETCH_CLOSE = 14,
  SKETCH_NEAR = 9,
  SIMILAR_MIN = 9000, /* of JARO_WINKLER_ONE */
};

/* ---- Making features --------------------------------------------------------------------------
 */

/* b-bit minwise hashing (Li & König 2010) of neighbouring characters: per lane the smallest of one
 * permutation of 16 bits, of which 8 are kept. */
static void sketch(const uint32_t *text, uint32_t size, uint8_t out[ADDRESS_SKETCH_LANES]) {
  uint16_t lanes[ADDRESS_SKETCH_LANES], multipliers[ADDRESS_SKETCH_LANES];
  for (uint32_t k = 0; k < ADDRESS_SKETCH_LANES; k++) {
    lanes[k] = 0xffff;
    multipliers[k] = (uint16_t)(hash_mix(k + 1) | 1);
  }
  for (uint32_t i = 0; i + 1 < size; i++) {
    uint32_t pair = (text[i] * 0x9E3779B1u ^ text[i + 1]) * 0x85EBCA6Bu;
    uint16_t low = (uint16_t)(pair >> 16), high = (uint16_t)(pair >> 8);
    for (uint32_t k = 0; k < ADDRESS_SKETCH_LANES; k++) {
      uint16_t h = (uint16_t)((uint32_t)low * multipliers[k] ^ high);
      h = (uint16_t)((uint32_t)h * 0x9E37u);
      lanes[k] = h < lanes[k] ? h : lanes[k];
    }
  }
  for (uint32_t k = 0; k < ADDRESS_SKETCH_LANES; k++) out[k] = (uint8_t)(lanes[k] >> 3);
}

static uint16_t narrow(uint32_t hash) {
  uint16_t low = (uint16_t)(hash ^ hash >> 16);
  return hash && !low ? 1 : low;
}

void address_feature_of_han(const struct address_han *address, struct address_feature *f) {
  f->shape = ADDRESS_SHAPE_HAN;
  f->level = (uint8_t)address->level;
  f->code = address->code;
  uint32_t pairs = address->tail_size > 1 ? address->tail_size - 1 : 0;
  f->detail = (uint8_t)(pairs < 255 ? pairs : 255);
  f->han.district = address->district;
  f->han.road = address->road;
  f->han.community = address->community;
  f->han.number = address->number;
  f->han.building = address->building;
  f->han.unit = narrow(address->unit);
  f->han.room = narrow(address->room);
  uint64_t tail = address->tail_size ? place_hash(address->tail, address->tail_size) : 0;
  f->exact = hash_join(hash_join(address->code, address->district), tail) | 1;
  if (pairs) sketch(address->tail, address->tail_size, f->han.sketch);
}

static uint32_t hash_words(const char *text, uint32_t size) {
  return size ? (uint32_t)hash_bytes(bytes_of(text, size)) | 1 : 0;
}

void address_feature_of_western(const struct address_western *address, struct address_feature *f) {
  f->shape = ADDRESS_SHAPE_WESTERN;
  f->western.type = address->type;
  f->western.direction = address->direction;
  f->western.region = address->region;
  f->western.unit = hash_words(address->unit, address->unit_size);
  f->western.locality = hash_words(address->locality, address->locality_size);
  f->western.postcode = hash_words(address->postcode, address->postcode_size);
  f->western.number_size = address->number_size < sizeof f->western.number
                               ? address->number_size
                               : sizeof f->western.number;
  memcpy(f->western.number, address->number, f->western.number_size);
  f->size = address->street_size < sizeof f->western.street ? address->street_size
                                                            : sizeof f->western.street;
  memcpy(f->western.street, address->street, f->size);
  f->exact = hash_bytes(bytes_of((const char *)address, sizeof *address)) | 1;
}

void address_feature_of_part(enum address_shape shape, struct bytes text, uint32_t code,
                             struct address_feature *f) {
  f->shape = (uint8_t)shape;
  f->code = code;
  f->exact = (code ? hash_mix(code) : hash_bytes(text)) | 1;
  f->size = (uint8_t)(text.size < ADDRESS_PLACE_MAX ? text.size : ADDRESS_PLACE_MAX);
  memcpy(f->place, text.data, f->size);
}

/* ---- Comparing --------------------------------------------------------------------------------
 */

static bool same(uint32_t a, uint32_t b) { return a && a == b; }
static bool differ(uint32_t a, uint32_t b) { return a && b && a != b; }

static uint32_t sketch_agreement(const struct address_feature *a, const struct address_feature *b) {
  uint32_t count = 0;
  for (uint32_t k = 0; k < ADDRESS_SKETCH_LANES; k++) count += a->han.sketch[k] == b->han.sketch[k];
  return count;
}

/* What is left when no road, estate or text agrees. */
static unsigned compare_divisions(const struct address_feature *a, const struct address_feature *b,
                                  bool details_conflict) {
  if (same(a->han.district, b->han.district)) return ADDRESS_SAME_DISTRICT;
  uint32_t city = gazetteer_city(a->code);
  if (city && city == gazetteer_city(b->code)) return ADDRESS_SAME_CITY;
  return details_conflict ? FIELD_LEVEL_DIFFER : FIELD_LEVEL_MISSING;
}

static bool divisions_conflict(const struct address_feature *a, const struct address_feature *b) {
  if (differ(a->code / 10000, b->code / 10000)) return true;
  return differ(gazetteer_city(a->code), gazetteer_city(b->code));
}

/* Both on one road or estate. */
static unsigned compare_one_place(const struct address_feature *a,
                                  const struct address_feature *b) {
  if (differ(a->han.number, b->han.number)) return ADDRESS_SAME_ROAD;
  bool finer_differs = differ(a->han.building, b->han.building) ||
                       differ(a->han.unit, b->han.unit) || differ(a->han.room, b->han.room);
  /* A building's number says which one within an estate, or where there is no house number. */
  bool one_building = same(a->han.building, b->han.building) &&
                      (same(a->han.community, b->han.community) || a->han.number == b->han.number);
  bool one_house = same(a->han.number, b->han.number) || one_building;
  if (finer_differs) return one_house ? ADDRESS_OTHER_ROOM : ADDRESS_SAME_ROAD;
  if (one_house) return same(a->han.room, b->han.room) ? FIELD_LEVEL_EXACT : ADDRESS_SAME_NUMBER;
  return sketch_agreement(a, b) >= SKETCH_CLOSE ? ADDRESS_SIMILAR : ADDRESS_SAME_ROAD;
}

static unsigned compare_han(const struct address_feature *a, const struct address_feature *b) {
  if (divisions_conflict(a, b)) return FIELD_LEVEL_DIFFER;
  if (!a->detail || !b->detail)
    return compare_divisions(a, b, differ(a->han.district, b->han.district));
  bool roads_differ = differ(a->han.road, b->han.road);
  bool one_place =
      same(a->han.road, b->han.road) || (same(a->han.community, b->han.community) && !roads_differ);
  if (differ(a->han.district, b->han.district)) {
    /* Districts are confused and redrawn: the same house in the same city may still be meant. */
    bool one_house = one_place && same(a->han.number, b->han.number);
    return one_house ? ADDRESS_SAME_ROAD : compare_divisions(a, b, true);
  }
  if (a->exact == b->exact && a->level >= ADDRESS_LEVEL_NUMBER)
    return a->level == ADDRESS_LEVEL_ROOM ? FIELD_LEVEL_EXACT : ADDRESS_SAME_NUMBER;
  if (one_place) return compare_one_place(a, b);
  uint32_t agreement = sketch_agreement(a, b);
  bool finer_differs = differ(a->han.number, b->han.number) ||
                       differ(a->han.building, b->han.building) || differ(a->han.room, b->han.room);
  if (agreement >= SKETCH_CLOSE) return finer_differs ? ADDRESS_SAME_ROAD : ADDRESS_SIMILAR;
  bool doors_agree = same(a->han.room, b->han.room) &&
                     (same(a->han.number, b->han.number) || same(a->han.building, b->han.building));
  if (agreement >= SKETCH_NEAR && doors_agree && !finer_differs) return ADDRESS_SIMILAR;
  return compare_divisions(a, b, true);
}

static bool is_one_edit(const char *a, uint32_t a_size, const char *b, uint32_t b_size) {
  return one_edit(bytes_of(a, a_size), bytes_of(b, b_size));
}

static unsigned similarity(const char *a, uint32_t a_size, const char *b, uint32_t b_size) {
  struct match_masks masks;
  match_masks_bytes(&masks, a, a_size, b, b_size);
  return jaro_winkler(&masks);
}

enum street_agreement { STREET_UNKNOWN, STREET_OTHER, STREET_SIMILAR, STREET_SAME };

static enum street_agreement compare_streets(const struct address_feature *a,
                                             const struct address_feature *b) {
  if (!a->size || !b->size) return STREET_UNKNOWN;
  if (a->size == b->size && memcmp(a->western.street, b->western.street, a->size) == 0)
    return differ(a->western.type, b->western.type) ||
                   differ(a->western.direction, b->western.direction)
               ? STREET_SIMILAR
               : STREET_SAME;
  uint32_t shorter = a->size < b->size ? a->size : b->size;
  const struct address_feature *longer = a->size > b->size ? a : b;
  /* sternberg and sternberg wcrescent: a slip in the word behind the name. */
  if (shorter >= 4 && a->size != b->size && longer->western.street[shorter] == ' ' &&
      memcmp(a->western.street, b->western.street, shorter) == 0)
    return STREET_SIMILAR;
  if (shorter >= 4 && is_one_edit(a->western.street, a->size, b->western.street, b->size))
    return STREET_SIMILAR;
  return similarity(a->western.street, a->size, b->western.street, b->size) >= SIMILAR_MIN
             ? STREET_SIMILAR
             : STREET_OTHER;
}

static unsigned compare_western(const struct address_feature *a, const struct address_feature *b) {
  if (a->exact == b->exact) return FIELD_LEVEL_EXACT;
  bool numbers_known = a->western.number_size && b->western.number_size;
  bool number_same = numbers_known && a->western.number_size == b->western.number_size &&
                     memcmp(a->western.number, b->western.number, a->western.number_size) == 0;
  bool number_near = numbers_known && !number_same && a->western.number_size >= 2 &&
                     b->western.number_size >= 2 &&
                     is_one_edit(a->western.number, a->western.number_size, b->western.number,
                                 b->western.number_size);
  bool units_differ = differ(a->western.unit, b->western.unit);
  bool places_differ = differ(a->western.locality, b->western.locality) &&
                       differ(a->western.postcode, b->western.postcode);
  enum street_agreement street = compare_streets(a, b);
  bool place_same = same(a->western.locality, b->western.locality) ||
                    same(a->western.postcode, b->western.postcode);
  if (places_differ || differ(a->western.region, b->western.region))
    return number_same && street == STREET_SAME ? ADDRESS_SAME_ROAD : FIELD_LEVEL_DIFFER;
  if (street == STREET_SAME && number_same) {
    if (units_differ) return ADDRESS_OTHER_ROOM;
    return a->western.unit == b->western.unit ? FIELD_LEVEL_EXACT : ADDRESS_SAME_NUMBER;
  }
  if ((street == STREET_SIMILAR && number_same) || (street == STREET_SAME && number_near))
    return units_differ ? ADDRESS_OTHER_ROOM : ADDRESS_SIMILAR;
  if (!a->western.number_size && !b->western.number_size && !units_differ) {
    /* A street in a column of its own. */
    if (street == STREET_SAME) return ADDRESS_SAME_NUMBER;
    if (street == STREET_SIMILAR) return ADDRESS_SIMILAR;
  }
  if (street == STREET_SAME) return ADDRESS_SAME_ROAD;
  if (street == STREET_UNKNOWN)
    return number_same || place_same ? ADDRESS_SAME_DISTRICT
           : numbers_known           ? FIELD_LEVEL_DIFFER
                                     : FIELD_LEVEL_MISSING;
  if (street == STREET_SIMILAR || number_same) return ADDRESS_SAME_DISTRICT;
  return place_same ? ADDRESS_SAME_CITY : FIELD_LEVEL_DIFFER;
}

static unsigned compare_places(const struct address_feature *a, const struct address_feature *b) {
  if (a->exact == b->exact) return FIELD_LEVEL_EXACT;
  if (a->code && b->code) {
    if (gazetteer_within(a->code, b->code) || gazetteer_within(b->code, a->code))
      return ADDRESS_SIMILAR;
    uint32_t city = gazetteer_city(a->code);
    return city && city == gazetteer_city(b->code) ? ADDRESS_SAME_CITY : FIELD_LEVEL_DIFFER;
  }
  if (is_one_edit(a->place, a->size, b->place, b->size)) return ADDRESS_SIMILAR;
  unsigned alike = similarity(a->place, a->size, b->place, b->size);
  return alike >= SIMILAR_MIN ? ADDRESS_SAME_ROAD : FIELD_LEVEL_DIFFER;
}

static unsigned compare_codes(const struct address_feature *a, const struct address_feature *b) {
  if (a->exact == b->exact) return FIELD_LEVEL_EXACT;
  uint32_t shorter = a->size < b->size ? a->size : b->size;
  bool near = shorter >= 2 && is_one_edit(a->place, a->size, b->place, b->size);
  if (near) return ADDRESS_SIMILAR;
  /* Half a postcode is the region it is sorted to. */
  bool same_region = a->shape == ADDRESS_SHAPE_POSTCODE && shorter >= 4 &&
                     memcmp(a->place, b->place, (shorter + 1) / 2) == 0;
  return same_region ? ADDRESS_SAME_DISTRICT : FIELD_LEVEL_DIFFER;
}

unsigned address_compare(const void *left, const void *right) {
  const struct address_feature *a = left, *b = right;
  /* One in Han and one in Latin letters say nothing about each other. */
  if (a->shape != b->shape) return FIELD_LEVEL_MISSING;
  switch (a->shape) {
    case ADDRESS_SHAPE_HAN:
      return compare_han(a, b);
    case ADDRESS_SHAPE_WESTERN:
      return compare_western(a, b);
    case ADDRESS_SHAPE_PLACE:
      return compare_places(a, b);
    case ADDRESS_SHAPE_CODE:
    case ADDRESS_SHAPE_POSTCODE:
      return compare_codes(a, b);
    default:
      return FIELD_LEVEL_MISSING;
  }
}
