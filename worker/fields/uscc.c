/* Feature: two words of six bits a character. `outer` holds characters 1 to 8 and 18 (or a
 * registration number), `organisation` 9 to 17; its top four bits say what the feature is. */
#include "worker/fields/uscc.h"

#include "common/hash.h"
#include "worker/fields/cell.h"
#include "worker/fields/digits.h"
#include "worker/fields/mask.h"

enum { USCC_SIZE = 18, ORGANISATION_SIZE = 9, REGISTRATION_SIZE = 15, CHARACTER_BITS = 6 };

struct uscc_feature {
  uint64_t outer, organisation;
};

enum feature_kind {
  FEATURE_VALID = 1,
  FEATURE_FAILING,
  FEATURE_ORGANISATION,
  FEATURE_REGISTRATION
};

enum { LEVEL_ONE_EDIT = 5, LEVEL_ORGANISATION, LEVEL_SAME_FAILING };

enum { PART_EXACT, PART_ORGANISATION };

/* 0 to 35 for 0-9A-Z, -1 for anything else. */
static int straight_value(char c) {
  if (cell_is_digit(c)) return c - '0';
  return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : -1;
}

/* 0 to 30: the standard's set leaves out I O S V Z. */
static int code_value(char c) {
  static const char set[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const char *at = c ? strchr(set, c) : NULL;
  return at ? (int)(at - set) : -1;
}

/* The flag of what is wrong with 18 characters, 0 for nothing. The organisation code's own check is
 * not asked: a code whose last character is right was issued so. */
static uint32_t code_flag(const char *code) {
  static const unsigned char weights[] = {1,  3,  9,  27, 19, 26, 16, 17, 20,
                                          29, 25, 13, 8,  24, 10, 30, 28};
  int sum = 0;
  for (int i = 0; i < USCC_SIZE; i++) {
    int value = code_value(code[i]);
    if (value < 0) return FIELD_E_CHARSET;
    if (i < 17) sum += value * weights[i];
  }
  if (!cell_all_digits(code + 2, 6)) return FIELD_E_SHAPE;
  return (31 - sum % 31) % 31 == code_value(code[17]) ? 0 : FIELD_E_CHECK;
}

/* GB 11714. */
static bool organisation_checks(const char *code) {
  static const unsigned char weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
  int sum = 0;
  for (int i = 0; i < 8; i++) {
    int value = straight_value(code[i]);
    if (value < 0) return false;
    sum += value * weights[i];
  }
  return "0123456789X0"[11 - sum % 11] == code[8];
}

static uint64_t pack(const char *text, size_t size) {
  uint64_t packed = 0;
  for (size_t i = 0; i < size; i++)
    packed |= (uint64_t)(straight_value(text[i]) + 1) << CHARACTER_BITS * i;
  return packed;
}

static struct uscc_feature pack_code(const char *code, uint64_t kind) {
  return (struct uscc_feature){pack(code, 8) | (uint64_t)(straight_value(code[17]) + 1)
                                                   << CHARACTER_BITS * 8,
                               pack(code + 8, ORGANISATION_SIZE) | kind << DIGITS_KIND_SHIFT};
}

struct verdict {
  enum uscc_kind kind;
  enum value_state state;
  uint32_t flags;
  struct uscc_feature feature;
};

/* text: upper case, without spaces and hyphens. */
static struct verdict judge(struct bytes text) {
  const char *t = text.data;
  struct verdict v = {USCC_INVALID, VALUE_INVALID, FIELD_E_LEN, {0, 0}};
  for (size_t i = 0; i < text.size; i++)
    if (straight_value(t[i]) < 0) {
      v.flags = FIELD_E_CHARSET;
      return v;
    }
  if (text.size == USCC_SIZE) {
    v.flags = code_flag(t);
    v.feature = pack_code(t, v.flags ? FEATURE_FAILING : FEATURE_VALID);
    if (!v.flags) v.kind = USCC_CODE, v.state = VALUE_OK;
  } else if (text.size == ORGANISATION_SIZE) {
    v.flags = FIELD_E_CHECK;
    if (!organisation_checks(t)) return v;
    v = (struct verdict){USCC_ORGANISATION, VALUE_OK, 0, {0, 0}};
    v.feature.organisation = pack(t, ORGANISATION_SIZE) | (uint64_t)FEATURE_ORGANISATION
                                                              << DIGITS_KIND_SHIFT;
  } else if (text.size == REGISTRATION_SIZE && cell_all_digits(t, text.size)) {
    v = (struct verdict){USCC_REGISTRATION, VALUE_OK, 0, {0, 0}};
    v.feature.outer = digits_pack(t, text.size);
    v.feature.organisation = (uint64_t)FEATURE_REGISTRATION << DIGITS_KIND_SHIFT;
  }
  return v;
}

static void uscc_standardise(const struct field_options *options, struct bytes raw,
                             struct arena *arena, struct standard_value *value, void *feature) {
  (void)options;
  char squeezed[CELL_BYTES_MAX];
  struct bytes text = cell_fold(raw, arena);
  if (cell_means_empty(text)) {
    *value = (struct standard_value){.state = VALUE_MISSING};
    return;
  }
  text = cell_squeeze(text, squeezed);
  struct verdict v = judge(text);
  *value = (struct standard_value){raw, v.state, (uint8_t)v.kind, v.flags};
  if (v.state == VALUE_OK && !bytes_equal(raw, text)) {
    value->value = arena_copy(arena, text);
    value->state = VALUE_FIXED;
  }
  if (feature) *(struct uscc_feature *)feature = v.feature;
}

/* ---- features ---- */

static struct uscc_feature load(const void *feature) {
  return *(const struct uscc_feature *)feature;
}

static unsigned kind_of(struct uscc_feature f) {
  return (unsigned)(f.organisation >> DIGITS_KIND_SHIFT);
}

static bool is_code(unsigned kind) { return kind == FEATURE_VALID || kind == FEATURE_FAILING; }

/* One character changed, or two neighbours swapped, in two codes of 18. */
static bool one_edit(struct uscc_feature a, struct uscc_feature b) {
  unsigned char x[USCC_SIZE], y[USCC_SIZE];
  for (unsigned i = 0; i < USCC_SIZE; i++) {
    unsigned shift = CHARACTER_BITS * (i < 8 ? i : i < 17 ? i - 8 : 8);
    bool inner = i >= 8 && i < 17;
    x[i] = (inner ? a.organisation : a.outer) >> shift & 0x3F;
    y[i] = (inner ? b.organisation : b.outer) >> shift & 0x3F;
  }
  unsigned first = 0, last = USCC_SIZE - 1;
  while (first < USCC_SIZE && x[first] == y[first]) first++;
  if (first == USCC_SIZE) return false;
  while (x[last] == y[last]) last--;
  return first == last || (last == first + 1 && x[first] == y[last] && x[last] == y[first]);
}

static uint64_t uscc_key_part(const void *feature, unsigned part) {
  struct uscc_feature f = load(feature);
  unsigned kind = kind_of(f);
  if (part == PART_EXACT)
    return kind && kind != FEATURE_FAILING ? hash_join(f.outer, f.organisation) : 0;
  if (part != PART_ORGANISATION || (!is_code(kind) && kind != FEATURE_ORGANISATION)) return 0;
  return hash_join(PART_ORGANISATION, f.organisation & DIGITS_MASK);
}

static unsigned uscc_compare(const void *pa, const void *pb) {
  struct uscc_feature a = load(pa), b = load(pb);
  unsigned kind_a = kind_of(a), kind_b = kind_of(b);
  if (!kind_a || !kind_b) return FIELD_LEVEL_MISSING;
  bool failing = kind_a == FEATURE_FAILING || kind_b == FEATURE_FAILING;
  if (a.outer == b.outer && a.organisation == b.organisation)
    return failing ? LEVEL_SAME_FAILING : FIELD_LEVEL_EXACT;
  if (kind_a == FEATURE_REGISTRATION || kind_b == FEATURE_REGISTRATION) {
    if (kind_a != kind_b) return FIELD_LEVEL_MISSING; /* a firm had both */
    return digits_one_edit(a.outer, b.outer) ? LEVEL_ONE_EDIT : FIELD_LEVEL_DIFFER;
  }
  if (((a.organisation ^ b.organisation) & DIGITS_MASK) == 0) return LEVEL_ORGANISATION;
  return failing && is_code(kind_a) && is_code(kind_b) && one_edit(a, b) ? LEVEL_ONE_EDIT
                                                                         : FIELD_LEVEL_DIFFER;
}

static bool uscc_contradicts(const void *pa, const void *pb) {
  struct uscc_feature a = load(pa), b = load(pb);
  return kind_of(a) == FEATURE_VALID && kind_of(b) == FEATURE_VALID &&
         (a.outer != b.outer || a.organisation != b.organisation);
}

static struct bytes uscc_mask(struct bytes value, struct arena *arena) {
  bool known = value.size == USCC_SIZE;
  for (size_t i = 0; known && i < value.size; i++) known = straight_value(value.data[i]) >= 0;
  return known ? mask_keep(value, 2, 4, arena) : mask_all(value, arena);
}

static const char *const uscc_kinds[] = {[USCC_INVALID] = "invalid",
                                         [USCC_CODE] = "code",
                                         [USCC_ORGANISATION] = "organisation",
                                         [USCC_REGISTRATION] = "registration",
                                         NULL};

static const char *const uscc_parts[] = {"exact", "organisation", NULL};

const struct field_type uscc_type = {
    .name = "uscc",
    .label = "统一社会信用代码 company code",
    .feature_size = sizeof(struct uscc_feature),
    .search = FIELD_SEARCH_EXACT,
    .is_identifier = true,
    .is_personal = false,
    .survivorship = SURVIVE_MOST_FREQUENT,
    .kind_names = uscc_kinds,
    .part_names = uscc_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same code", 0.93, 0.00000001},
               [LEVEL_SAME_FAILING] = {"same code, check fails", 0.01, 0.00000001},
               [LEVEL_ORGANISATION] = {"same organisation code", 0.02, 0.00000001},
               [LEVEL_ONE_EDIT] = {"one slip off, check fails", 0.02, 0.00000002},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.02, 0.99999995}},
    .standardise = uscc_standardise,
    .key_part = uscc_key_part,
    .compare = uscc_compare,
    .contradicts = uscc_contradicts,
    .mask = uscc_mask,
};
