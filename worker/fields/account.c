#include "worker/fields/account.h"

#include "common/hash.h"
#include "worker/fields/cell.h"
#include "worker/fields/digits.h"
#include "worker/fields/mask.h"

enum { ACCOUNT_BYTES_MAX = 1024, EDIT_DIGITS_MIN = 6, MASK_BYTES_MIN = 16 };

struct account_feature {
  uint64_t hash;       /* of the text and its name space; 0 for a masked one */
  uint64_t digits;     /* of a number of 6 to 15 digits, else 0 (digits.h); see scrawl_digits */
  uint32_t name_space; /* its hash; 0 = none was given */
  uint32_t last_four;  /* the last four characters; 0 = has fewer than six */
};

/* In the free bits of account_feature.digits. */
#define IS_SCRAWL (1ULL << DIGITS_KIND_SHIFT)

enum { LEVEL_LAST_FOUR = 5, LEVEL_TWO_DIGITS, LEVEL_ONE_EDIT };

enum { PART_EXACT, PART_LAST4 };

/* A number of digits with hyphens or spaces between them, without these; false for all else. */
static bool squeeze_number(struct bytes text, char room[CELL_BYTES_MAX], size_t *size) {
  *size = 0;
  if (text.size > CELL_BYTES_MAX) return false;
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (cell_is_digit(c))
      room[(*size)++] = c;
    else if (c != '-' && c != ' ')
      return false;
  }
  return *size > 0;
}

/* Numbers that clerks type where there is none: 999999999, 123456789, 000-00-0000. */
static bool is_dummy(const char *digits, size_t size) {
  if (size < 6) return false;
  bool same = true, counts = true;
  for (size_t i = 1; i < size; i++) {
    same &= digits[i] == digits[0];
    counts &= digits[i] == digits[i - 1] + 1 || (digits[i] == '0' && digits[i - 1] == '9');
  }
  return same || (counts && digits[0] == '1');
}

/* "***-**-1234", "XXX-XX-1234": stars (or X) and at most the last four legible. */
static bool is_masked(struct bytes text) {
  if (memchr(text.data, '*', text.size)) return true;
  size_t crossed = 0, i = 0;
  for (; i < text.size && (text.data[i] == 'X' || text.data[i] == 'x' || text.data[i] == '-'); i++)
    crossed += text.data[i] != '-';
  return crossed >= 3 && i < text.size && cell_all_digits(text.data + i, text.size - i);
}

static bool has_control(struct bytes text) {
  for (size_t i = 0; i < text.size; i++)
    if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7F) return true;
  return false;
}

static uint32_t last_four(struct bytes text) {
  uint32_t last = 0;
  if (text.size >= 6) memcpy(&last, text.data + text.size - 4, 4);
  return last == 0x2A2A2A2A ? 0 : last; /* "****" */
}

/* A number in which a reader took one or two digits for letters (7A1-97-2O82), with these masked:
 * it is then one or two digits off the right one. 0 for any other text. */
static uint64_t scrawl_digits(struct bytes text) {
  char digits[DIGITS_MAX];
  size_t size = 0, letters = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '-' || text.data[i] == ' ') continue;
    if (size == DIGITS_MAX || (unsigned char)text.data[i] >= 0x80) return 0;
    bool digit = cell_is_digit(text.data[i]);
    letters += !digit;
    digits[size++] = digit ? text.data[i] : '*';
  }
  if (size < EDIT_DIGITS_MIN || letters > 2) return 0;
  return digits_pack(digits, size) | (letters ? IS_SCRAWL : 0);
}

static void fill_feature(const struct field_options *options, struct bytes text, bool masked,
                         struct account_feature *f) {
  struct bytes space = options->name_space;
  uint64_t space_hash = space.size ? hash_bytes(space) | 1 : 0;
  f->name_space = (uint32_t)space_hash;
  f->last_four = last_four(text);
  if (masked) return;
  f->hash = hash_bytes_seeded(text, space_hash) | 1;
  f->digits = scrawl_digits(text);
}

static void account_standardise(const struct field_options *options, struct bytes raw,
                                struct arena *arena, struct standard_value *value, void *feature) {
  char squeezed[CELL_BYTES_MAX];
  struct bytes text = cell_fold(raw, arena);
  while (text.size > 1 && text.data[0] == '\'') /* Excel's mark of a text */
    text = bytes_trim(bytes_of(text.data + 1, text.size - 1));
  if (cell_means_empty(text)) {
    *value = (struct standard_value){.state = VALUE_MISSING};
    return;
  }
  size_t size;
  bool number = squeeze_number(text, squeezed, &size);
  if (number && size != text.size) text = bytes_of(squeezed, size);
  *value = (struct standard_value){raw, VALUE_OK, number ? ACCOUNT_NUMBER : ACCOUNT_OPAQUE, 0};
  if (text.size > ACCOUNT_BYTES_MAX || has_control(text)) {
    *value = (struct standard_value){raw, VALUE_INVALID, ACCOUNT_INVALID,
                                     text.size > ACCOUNT_BYTES_MAX ? FIELD_E_LEN : FIELD_E_CHARS};
    return;
  }
  bool masked = !number && is_masked(text);
  bool same = bytes_equal(raw, text);
  if (!same) value->value = arena_copy(arena, text);
  if (masked) {
    value->state = VALUE_ATTRIBUTE;
    value->kind = ACCOUNT_MASKED;
    value->flags = FIELD_W_MASKED;
  } else if (number && is_dummy(text.data, text.size)) {
    value->state = VALUE_ATTRIBUTE;
    value->flags = FIELD_W_DUMMY;
    return;
  } else if (!same) {
    value->state = VALUE_FIXED;
  }
  if (feature) fill_feature(options, text, masked, feature);
}

/* ---- features ---- */

static uint64_t account_key_part(const void *feature, unsigned part) {
  const struct account_feature *f = feature;
  if (part == PART_EXACT) return f->hash;
  if (part != PART_LAST4 || !f->last_four) return 0;
  return hash_join((uint64_t)f->name_space << 1 | 1, f->last_four);
}

static unsigned account_compare(const void *pa, const void *pb) {
  const struct account_feature *a = pa, *b = pb;
  if (!(a->hash | a->last_four) || !(b->hash | b->last_four)) return FIELD_LEVEL_MISSING;
  if (a->name_space != b->name_space) return FIELD_LEVEL_MISSING;
  bool same_end = a->last_four && a->last_four == b->last_four;
  /* A masked one can only be denied by its end. */
  if (!a->hash || !b->hash) {
    if (!a->last_four || !b->last_four) return FIELD_LEVEL_MISSING;
    return same_end ? LEVEL_LAST_FOUR : FIELD_LEVEL_DIFFER;
  }
  if (a->hash == b->hash) return FIELD_LEVEL_EXACT;
  uint64_t x = a->digits & DIGITS_MASK, y = b->digits & DIGITS_MASK;
  /* Two that both have letters are of a system whose numbers have letters. */
  if (x && y && !(a->digits & b->digits & IS_SCRAWL)) {
    if (digits_one_edit(x, y)) return LEVEL_ONE_EDIT;
    if (digits_count(x) == digits_count(y) && digits_differing(x, y) == 2) return LEVEL_TWO_DIGITS;
  }
  return same_end ? LEVEL_LAST_FOUR : FIELD_LEVEL_DIFFER;
}

static struct bytes account_mask(struct bytes value, struct arena *arena) {
  return value.size >= MASK_BYTES_MIN ? mask_keep(value, 4, 4, arena) : mask_all(value, arena);
}

static const char *const account_kinds[] = {[ACCOUNT_INVALID] = "invalid",
                                            [ACCOUNT_OPAQUE] = "opaque",
                                            [ACCOUNT_NUMBER] = "number",
                                            [ACCOUNT_MASKED] = "masked",
                                            NULL};

static const char *const account_parts[] = {"exact", "last4", NULL};

const struct field_type account_type = {
    .name = "account",
    .label = "账号 account",
    .feature_size = sizeof(struct account_feature),
    .search = FIELD_SEARCH_EXACT,
    .is_identifier = true,
    .is_personal = true,
    .survivorship = SURVIVE_MOST_FREQUENT,
    .kind_names = account_kinds,
    .part_names = account_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same account", 0.85, 0.0000001},
               [LEVEL_ONE_EDIT] = {"one digit off", 0.03, 0.0000002},
               [LEVEL_TWO_DIGITS] = {"two digits off", 0.01, 0.000001},
               [LEVEL_LAST_FOUR] = {"same last four", 0.01, 0.0001},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.10, 0.9998987}},
    .standardise = account_standardise,
    .key_part = account_key_part,
    .compare = account_compare,
    .mask = account_mask,
};
