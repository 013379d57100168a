/* Feature: one word of packed digits (digits.h), the kind in its top four bits (phone_reading.h).
 * Numbers that speak for no person (hotlines, platforms' virtual numbers, dummies, machines) have
 * none. */
#include "worker/fields/phone.h"

#include "common/hash.h"
#include "worker/fields/cell.h"
#include "worker/fields/mask.h"
#include "worker/fields/phone_reading.h"

enum { LEVEL_LANDLINE = 3, LEVEL_MASKED, LEVEL_TWO_DIGITS, LEVEL_LAST_EIGHT, LEVEL_ONE_EDIT };

enum { PART_EXACT, PART_LAST8, PART_LAST7, PART_MASKED, PART_LANDLINE };

static bool is_plain_mobile(struct bytes raw) {
  return raw.size == 11 && phone_is_mobile_start(raw.data) && cell_all_digits(raw.data, 11);
}

static void phone_standardise(const struct field_options *options, struct bytes raw,
                              struct arena *arena, struct standard_value *value, void *feature) {
  struct phone_reading v;
  if (is_plain_mobile(raw)) {
    v = phone_read_mobile(raw.data);
  } else {
    struct bytes text = cell_fold(raw, arena);
    if (cell_means_empty(text)) {
      *value = (struct standard_value){.state = VALUE_MISSING};
      return;
    }
    v = phone_read(options, text);
  }
  value->kind = (uint8_t)v.kind;
  value->flags = v.flags;
  value->state = v.state;
  if (v.size == 0 || bytes_equal(raw, bytes_of(v.text, v.size))) {
    value->value = raw;
  } else {
    value->value = arena_copy(arena, bytes_of(v.text, v.size));
    if (v.state == VALUE_OK) value->state = VALUE_FIXED;
  }
  if (feature) *(uint64_t *)feature = v.feature;
}

/* ---- features ---- */

static unsigned kind_of(uint64_t feature) { return (unsigned)(feature >> DIGITS_KIND_SHIFT); }

static bool is_landline(unsigned kind) {
  return kind == PHONE_FEATURE_LANDLINE_10 || kind == PHONE_FEATURE_LANDLINE_11;
}

static bool is_personal(unsigned kind) {
  return kind == PHONE_FEATURE_MOBILE || kind == PHONE_FEATURE_FOREIGN;
}

/* Without the extension. */
static uint64_t main_digits(uint64_t feature) {
  unsigned count = kind_of(feature) == PHONE_FEATURE_LANDLINE_10 ? 10 : 11;
  return feature & ((1ULL << 4 * count) - 1);
}

static uint64_t phone_key_part(const void *feature, unsigned part) {
  uint64_t f = *(const uint64_t *)feature;
  unsigned kind = kind_of(f);
  uint64_t digits = f & DIGITS_MASK, last;
  switch (part) {
    case PART_EXACT:
      return is_personal(kind) ? hash_mix(f) : 0;
    case PART_LAST8:
    case PART_LAST7:
      if (!is_personal(kind) && kind != PHONE_FEATURE_INVALID) return 0;
      last = digits_last(digits, part == PART_LAST8 ? 8 : 7);
      return last ? hash_join(part, last) : 0;
    case PART_MASKED:
      if (kind != PHONE_FEATURE_MOBILE && kind != PHONE_FEATURE_MASKED) return 0;
      return hash_join(part, (digits & 0xFFF) << 16 | digits >> 28);
    case PART_LANDLINE:
      if (is_landline(kind)) return hash_join(part, main_digits(f));
      return kind == PHONE_FEATURE_LOCAL ? hash_join(part, digits) : 0;
    default:
      return 0;
  }
}

static unsigned compare_places(uint64_t a, uint64_t b) {
  unsigned kind_a = kind_of(a), kind_b = kind_of(b);
  if (is_landline(kind_a) && is_landline(kind_b))
    return main_digits(a) == main_digits(b) ? LEVEL_LANDLINE : FIELD_LEVEL_DIFFER;
  if (kind_a == kind_b) return a == b ? LEVEL_LANDLINE : FIELD_LEVEL_DIFFER;
  uint64_t local = (kind_a == PHONE_FEATURE_LOCAL ? a : b) & DIGITS_MASK;
  uint64_t whole = main_digits(kind_a == PHONE_FEATURE_LOCAL ? b : a);
  return digits_last(whole, digits_count(local)) == local ? LEVEL_LANDLINE : FIELD_LEVEL_MISSING;
}

static unsigned phone_compare(const void *pa, const void *pb) {
  uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
  if (!a || !b) return FIELD_LEVEL_MISSING;
  unsigned kind_a = kind_of(a), kind_b = kind_of(b);
  if (a == b && is_personal(kind_a)) return FIELD_LEVEL_EXACT;
  bool place_a = is_landline(kind_a) || kind_a == PHONE_FEATURE_LOCAL;
  bool place_b = is_landline(kind_b) || kind_b == PHONE_FEATURE_LOCAL;
  /* A person has a mobile and a landline: that they differ says nothing. */
  if (place_a != place_b) return FIELD_LEVEL_MISSING;
  if (place_a) return compare_places(a, b);
  bool invalid = kind_a == PHONE_FEATURE_INVALID || kind_b == PHONE_FEATURE_INVALID;
  uint64_t x = a & DIGITS_MASK, y = b & DIGITS_MASK;
  if (kind_a == PHONE_FEATURE_MASKED || kind_b == PHONE_FEATURE_MASKED) {
    if (invalid) return FIELD_LEVEL_MISSING;
    return digits_fit_mask(x, y) ? LEVEL_MASKED : FIELD_LEVEL_DIFFER;
  }
  if (x == y) return invalid ? LEVEL_ONE_EDIT : LEVEL_LAST_EIGHT;
  if (digits_one_edit(x, y)) return LEVEL_ONE_EDIT;
  uint64_t last = digits_last(x, 8);
  if (last && last == digits_last(y, 8)) return LEVEL_LAST_EIGHT;
  if (digits_count(x) == digits_count(y) && digits_differing(x, y) == 2) return LEVEL_TWO_DIGITS;
  return invalid ? FIELD_LEVEL_MISSING : FIELD_LEVEL_DIFFER;
}

static struct bytes phone_mask(struct bytes value, struct arena *arena) {
  const char *v = value.data;
  if (value.size >= 11 && phone_is_mobile_start(v)) {
    bool plain = cell_all_digits(v, 11), extended = value.size > 12 && v[11] == '-';
    if (value.size == 11 && (plain || memcmp(v + 3, "****", 4) == 0))
      return mask_keep(value, 3, 4, arena);
    if (plain && extended && cell_all_digits(v + 12, value.size - 12))
      return mask_keep(value, 3, 0, arena);
  }
  bool landline = value.size >= 11 && v[0] == '0' && (v[3] == '-' || v[4] == '-');
  if (landline && cell_all_digits(v + 5, 6)) return mask_keep(value, 4, 2, arena);
  if (value.size >= 8 && v[0] == '+' && cell_all_digits(v + 1, value.size - 1))
    return mask_keep(value, 3, 2, arena);
  return mask_all(value, arena);
}

static const char *const phone_kinds[] = {
    [PHONE_INVALID] = "invalid", [PHONE_MOBILE] = "mobile",
    [PHONE_FOREIGN] = "foreign", [PHONE_LANDLINE] = "landline",
    [PHONE_LOCAL] = "local",     [PHONE_MASKED] = "masked",
    [PHONE_VIRTUAL] = "virtual", [PHONE_HOTLINE] = "hotline",
    [PHONE_IOT] = "iot",         NULL};

static const char *const phone_parts[] = {"exact", "last8", "last7", "masked", "landline", NULL};

const struct field_type phone_type = {
    .name = "phone",
    .label = "电话 phone",
    .feature_size = sizeof(uint64_t),
    .search = FIELD_SEARCH_DIGITS,
    .is_identifier = true,
    .is_reissued = true,
    .is_personal = true,
    .survivorship = SURVIVE_MOST_RECENT,
    .kind_names = phone_kinds,
    .part_names = phone_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same number", 0.70, 0.000002},
               [LEVEL_ONE_EDIT] = {"one digit off", 0.02, 0.000001},
               [LEVEL_LAST_EIGHT] = {"same last eight digits", 0.005, 0.000001},
               [LEVEL_TWO_DIGITS] = {"two digits off", 0.005, 0.000002},
               [LEVEL_MASKED] = {"fits the masked number", 0.03, 0.000004},
               [LEVEL_LANDLINE] = {"same landline", 0.04, 0.00001},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.20, 0.99998}},
    .standardise = phone_standardise,
    .key_part = phone_key_part,
    .compare = phone_compare,
    .mask = phone_mask,
};
