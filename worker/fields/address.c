#include "worker/fields/address.h"

#include <string.h>

#include "common/hash.h"
#include "common/text.h"
#include "worker/fields/address_feature.h"
#include "worker/fields/address_han.h"
#include "worker/fields/address_western.h"
#include "worker/fields/cell.h"
#include "worker/fields/mask.h"

/* Kinds of values: how far an address in Han characters goes (enum address_level), then the others.
 */
enum {
  KIND_WESTERN = ADDRESS_LEVEL_COUNT,
  KIND_PLACE,
  KIND_CODE,
  KIND_POSTCODE,
};

enum {
  PART_EXACT,
  PART_DISTRICT,
  PART_ROAD_NUMBER,
  PART_BUILDING_ROOM,
  PART_COMMUNITY,
  PART_ROAD,
  PART_POSTCODE,
  PART_CITY,
};

enum { WORDS_MAX = 256 };

/* What says that there is no address. */
static bool is_placeholder(struct bytes clean, const struct place_text *text) {
#define W(literal) \
  { literal, sizeof(literal) - 1 }
  static const struct bytes words[] = {W("地址"), W("详细地址"), W("测试"), W("test"),
                                       W("其他"), W("保密"),     W("同上"), W("未填")};
#undef W
  bool has_word = false;
  for (uint32_t i = 0; i < text->size && !has_word; i++) {
    uint32_t c = text->characters[i];
    has_word = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '*';
  }
  for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (bytes_equal(clean, words[i])) return true;
  return !has_word || cell_means_empty(clean);
}

static bool has_star(const struct place_text *text) {
  for (uint32_t i = 0; i < text->size; i++)
    if (text->characters[i] == '*') return true;
  return false;
}

/* Letters and digits with one space between words, in lower case, UTF-8. */
static struct bytes fold_words(const struct place_text *text, char out[WORDS_MAX]) {
  uint32_t size = 0;
  bool space = false;
  for (uint32_t i = 0; i < text->size && size + TEXT_CHARACTER_BYTES_MAX + 1 < WORDS_MAX; i++) {
    uint32_t c = text->characters[i];
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c >= 0xaa) {
      if (space && size) out[size++] = ' ';
      space = false;
      size += text_encode(c, out + size);
    } else if (c != '\'') {
      space = true;
    }
  }
  return bytes_of(out, size);
}

static void accept(struct standard_value *value, struct bytes canonical, struct bytes raw,
                   unsigned kind) {
  value->value = canonical;
  value->kind = (uint8_t)kind;
  value->state = bytes_equal(canonical, raw) ? VALUE_OK : VALUE_FIXED;
}

static void standardise_han(const struct place_text *text, struct bytes clean, struct bytes raw,
                            struct arena *arena, struct standard_value *value,
                            struct address_feature *feature) {
  struct address_han address;
  address_han_parse(text, &address);
  struct bytes canonical = address_han_write(&address, text, arena);
  if (canonical.size == 0) { /* a remark in brackets and no address */
    *value = (struct standard_value){.value = clean, .state = VALUE_ATTRIBUTE};
    return;
  }
  accept(value, canonical, raw, address.level);
  if (feature) address_feature_of_han(&address, feature);
}

static void standardise_western(const struct place_text *text, bool whole, struct bytes clean,
                                struct bytes raw, struct standard_value *value,
                                struct address_feature *feature) {
  struct address_western address;
  address_western_parse(text, whole, &address);
  accept(value, clean, raw, KIND_WESTERN);
  if (address.street_size || address.number_size || address.locality_size) {
    if (feature) address_feature_of_western(&address, feature);
  } else {
    value->state = VALUE_ATTRIBUTE;
  }
}

/* A suburb or a state: a division where it names one, else its words. */
static void standardise_place(const struct place_text *text, struct bytes clean, struct bytes raw,
                              struct standard_value *value, struct address_feature *feature) {
  accept(value, clean, raw, KIND_PLACE);
  char words[WORDS_MAX];
  struct bytes folded = fold_words(text, words);
  uint32_t code = 0;
  if (text->has_han) {
    struct gazetteer_match match;
    if (gazetteer_find(text->characters, text->size, GAZETTEER_ADDRESS, &match) &&
        match.end == text->size)
      code = match.code;
  } else {
    code = address_state_find(folded.data, (uint32_t)folded.size);
  }
  if (folded.size && feature) address_feature_of_part(ADDRESS_SHAPE_PLACE, folded, code, feature);
}

/* 08540-1234 is 08540, 8540.0 is what a spreadsheet makes of 8540. */
static struct bytes fold_postcode(struct bytes words, char out[WORDS_MAX]) {
  uint32_t size = 0;
  if (words.size > 2 && memcmp(words.data + words.size - 2, " 0", 2) == 0) words.size -= 2;
  bool is_zip = words.size == 10 && words.data[5] == ' ';
  for (size_t i = 0; i < (is_zip ? 5 : words.size); i++)
    if (words.data[i] != ' ') out[size++] = words.data[i];
  return bytes_of(out, size);
}

static void standardise_postcode(const struct place_text *text, struct bytes raw,
                                 struct arena *arena, struct standard_value *value,
                                 struct address_feature *feature) {
  char words[WORDS_MAX], code[WORDS_MAX];
  struct bytes folded = fold_postcode(fold_words(text, words), code);
  bool has_digit = false, only_zeros = true;
  char *upper = arena_alloc(arena, folded.size);
  for (size_t i = 0; i < folded.size; i++) {
    char c = folded.data[i];
    has_digit |= c >= '0' && c <= '9';
    only_zeros &= c == '0';
    upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
  }
  if (!has_digit || folded.size < 3 || folded.size > 10) {
    *value = (struct standard_value){
        .value = raw, .state = VALUE_INVALID, .kind = KIND_POSTCODE, .flags = FIELD_E_SHAPE};
    return;
  }
  accept(value, bytes_of(upper, folded.size), raw, KIND_POSTCODE);
  if (only_zeros) {
    value->state = VALUE_ATTRIBUTE;
    value->flags = FIELD_W_DUMMY;
  } else if (feature) {
    address_feature_of_part(ADDRESS_SHAPE_POSTCODE, folded, 0, feature);
  }
}

/* A house number or a unit of its own, without the word for it: apt 3b is 3b, 88号 is 88. */
static void standardise_code(const struct place_text *text, struct bytes clean, struct bytes raw,
                             struct standard_value *value, struct address_feature *feature) {
  accept(value, clean, raw, KIND_CODE);
  char words[WORDS_MAX];
  struct bytes folded = fold_words(text, words);
  struct address_western address;
  if (!text->has_han) {
    address_western_parse(text, false, &address);
    if (address.unit_size && !address.number_size)
      folded = bytes_of(address.unit, address.unit_size);
    else if (address.number_size && !address.unit_size && !address.street_size)
      folded = bytes_of(address.number, address.number_size);
  } else {
    while (folded.size && (unsigned char)folded.data[folded.size - 1] >= 0x80) folded.size--;
  }
  if (folded.size && feature) address_feature_of_part(ADDRESS_SHAPE_CODE, folded, 0, feature);
}

static void address_standardise(const struct field_options *options, struct bytes raw,
                                struct arena *arena, struct standard_value *value, void *feature) {
  *value = (struct standard_value){.state = VALUE_MISSING};
  if (raw.size == 0) return;
  struct bytes clean = text_clean(raw, arena);
  struct place_text text;
  place_text_read(clean, &text);
  if (is_placeholder(clean, &text)) {
    value->flags = FIELD_W_PLACEHOLDER;
    return;
  }
  if (has_star(&text)) {
    *value =
        (struct standard_value){.value = clean, .state = VALUE_ATTRIBUTE, .flags = FIELD_W_MASKED};
    return;
  }
  switch (options->address_part) {
    case ADDRESS_POSTCODE:
      standardise_postcode(&text, raw, arena, value, feature);
      return;
    case ADDRESS_NUMBER:
    case ADDRESS_UNIT:
      standardise_code(&text, clean, raw, value, feature);
      return;
    case ADDRESS_LOCALITY:
    case ADDRESS_REGION:
      standardise_place(&text, clean, raw, value, feature);
      return;
    case ADDRESS_WHOLE:
    case ADDRESS_STREET:
      break;
  }
  if (text.has_han)
    standardise_han(&text, clean, raw, arena, value, feature);
  else
    standardise_western(&text, options->address_part == ADDRESS_WHOLE, clean, raw, value, feature);
}

static uint64_t han_key_part(const struct address_feature *f, unsigned part) {
  uint32_t place = f->han.road ? f->han.road : f->han.community;
  switch (part) {
    case PART_DISTRICT:
      return gazetteer_level(f->code) == 3 ? hash_mix(f->code) : 0;
    case PART_ROAD_NUMBER:
      return place && f->han.number ? hash_join(place, f->han.number) | 1 : 0;
    case PART_BUILDING_ROOM:
      return place && f->han.room ? hash_join(hash_join(place, f->han.building), f->han.room) | 1
                                  : 0;
    case PART_COMMUNITY:
      return f->han.community ? hash_mix(f->han.community) | 1 : 0;
    case PART_ROAD:
      return f->han.road ? hash_mix(f->han.road) | 1 : 0;
    case PART_CITY:
      return hash_mix(gazetteer_city(f->code));
    default:
      return 0;
  }
}

static uint64_t western_key_part(const struct address_feature *f, unsigned part) {
  uint64_t street = f->size ? hash_bytes(bytes_of(f->western.street, f->size)) | 1 : 0;
  uint64_t number = f->western.number_size
                        ? hash_bytes(bytes_of(f->western.number, f->western.number_size)) | 1
                        : 0;
  switch (part) {
    case PART_DISTRICT:
      return f->western.postcode   ? hash_mix(f->western.postcode)
             : f->western.locality ? hash_mix(f->western.locality)
                                   : 0;
    case PART_ROAD_NUMBER:
      return street && number ? hash_join(street, number) | 1 : 0;
    case PART_BUILDING_ROOM:
      return street && number && f->western.unit
                 ? hash_join(hash_join(street, number), f->western.unit) | 1
                 : 0;
    case PART_ROAD:
      return street;
    case PART_POSTCODE:
      return f->western.postcode ? hash_mix(f->western.postcode) : 0;
    case PART_CITY:
      return f->western.locality ? hash_mix(f->western.locality) : 0;
    default:
      return 0;
  }
}

static uint64_t address_key_part(const void *feature, unsigned part) {
  const struct address_feature *f = feature;
  if (f->shape == ADDRESS_SHAPE_NONE) return 0;
  if (part == PART_EXACT) return f->exact;
  switch (f->shape) {
    case ADDRESS_SHAPE_HAN:
      return han_key_part(f, part);
    case ADDRESS_SHAPE_WESTERN:
      return western_key_part(f, part);
    case ADDRESS_SHAPE_POSTCODE:
      return part == PART_POSTCODE ? f->exact : 0;
    case ADDRESS_SHAPE_PLACE:
      return part == PART_CITY ? f->exact : 0;
    default:
      return 0;
  }
}

/* Province, city and district stay; of an address without them nothing does. */
static struct bytes address_mask(struct bytes value, struct arena *arena) {
  struct place_text text;
  place_text_read(value, &text);
  struct gazetteer_match match;
  bool found = text.has_han &&
               gazetteer_find(text.characters, text.size, GAZETTEER_ADDRESS, &match) &&
               match.start == 0;
  if (!found) return mask_all(value, arena);
  return match.end == text.size ? value : mask_keep(value, match.end, 0, arena);
}

const struct field_type address_type = {
    .name = "address",
    .label = "地址 address",
    .feature_size = sizeof(struct address_feature),
    .search = FIELD_SEARCH_TEXT,
    .is_personal = true,
    .exact_is_loose = true,
    .survivorship = SURVIVE_MOST_COMPLETE,
    .kind_names = (const char *const[]){"text", "province", "city", "district", "township", "road",
                                        "number", "building", "room", "street_address", "place",
                                        "door", "postcode", NULL},
    .part_names = (const char *const[]){"exact", "district", "road_number", "building_room",
                                        "community", "road", "postcode", "city", NULL},
    .levels = {[FIELD_LEVEL_DIFFER] = {"differ", 0.20, 0.880},
               [ADDRESS_SAME_CITY] = {"same city", 0.05, 0.080},
               [ADDRESS_SAME_DISTRICT] = {"same district", 0.05, 0.030},
               [ADDRESS_SAME_ROAD] = {"same road or estate", 0.05, 0.005},
               [ADDRESS_OTHER_ROOM] = {"same house, other room", 0.02, 0.001},
               [ADDRESS_SIMILAR] = {"similar", 0.10, 0.002},
               [ADDRESS_SAME_NUMBER] = {"same number, one without room", 0.13, 0.001},
               [FIELD_LEVEL_EXACT] = {"same to the room", 0.40, 0.001}},
    .standardise = address_standardise,
    .key_part = address_key_part,
    .compare = address_compare,
    .mask = address_mask,
};
