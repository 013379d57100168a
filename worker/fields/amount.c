#include "worker/fields/amount.h"

#include "common/hash.h"
#include "worker/fields/cell.h"
#include "worker/fields/mask.h"

enum { AMOUNT_VALUE_MAX = 24, LEVEL_TENTH = 6, LEVEL_HUNDREDTH };

enum { PART_EXACT, PART_ABOUT };

/* A cell's number taken apart; the digits are those of the text, in place. */
struct number {
  struct bytes body; /* digits, points, commas, spaces and apostrophes, beginning with a digit */
  bool negative;
  int64_t scale; /* 万, 亿 */
};

static bool is_grouping(char c) { return c == ',' || c == '.' || c == ' ' || c == '\''; }

/* Where the number begins: signs, currencies and blanks come before it. */
static size_t skip_front(struct bytes text, bool *negative) {
  size_t i = 0;
  while (i < text.size && !cell_is_digit(text.data[i])) {
    char c = text.data[i];
    if (c == '.' && i + 1 < text.size && cell_is_digit(text.data[i + 1])) break; /* .50 */
    *negative |= c == '-' || c == '(';
    i++;
  }
  return i;
}

/* Behind the number: 万 or 亿, then a currency; "-" and "--" stand for no fen. False on a second
 * number. */
static bool read_back(struct bytes rest, int64_t *scale) {
  rest = bytes_trim(rest);
  *scale = bytes_starts_with(rest, BYTES("万"))   ? 10000
           : bytes_starts_with(rest, BYTES("亿")) ? 100000000
                                                  : 1;
  for (size_t i = 0; i < rest.size; i++)
    if (cell_is_digit(rest.data[i])) return false;
  return true;
}

static bool take_apart(struct bytes text, struct number *n) {
  n->negative = false;
  size_t from = skip_front(text, &n->negative);
  size_t to = from;
  while (to < text.size && (cell_is_digit(text.data[to]) || is_grouping(text.data[to]))) to++;
  n->body = bytes_of(text.data + from, to - from);
  while (n->body.size && is_grouping(n->body.data[n->body.size - 1])) n->body.size--;
  return n->body.size && read_back(bytes_of(text.data + to, text.size - to), &n->scale);
}

/* Where the fraction's point or comma stands; body.size when there is none. A single comma before
 * exactly three digits groups thousands, a single point never does. */
static size_t find_point(struct bytes body) {
  size_t last = body.size, points = 0, commas = 0;
  for (size_t i = 0; i < body.size; i++) {
    char c = body.data[i];
    if (c != '.' && c != ',') continue;
    last = i;
    points += c == '.';
    commas += c == ',';
  }
  if (points + commas == 0) return body.size;
  bool point = body.data[last] == '.';
  if ((point ? points : commas) > 1) return body.size;
  if (!point && points == 0 && body.size - last - 1 == 3) return body.size;
  return last;
}

/* body × scale in fen, rounded half away from zero. False: more than an int64 holds. */
static bool to_fen(const struct number *n, enum amount_unit unit, int64_t *fen) {
  size_t point = find_point(n->body);
  __int128 value = 0, divisor = 1;
  const __int128 limit = (__int128)1 << 90;
  for (size_t i = 0; i < n->body.size; i++) {
    char c = n->body.data[i];
    if (!cell_is_digit(c) || divisor >= 1000000000) continue; /* finer than any coin */
    value = value * 10 + (c - '0');
    if (i > point) divisor *= 10;
    if (value > limit) return false;
  }
  value = value * n->scale * (unit == AMOUNT_YUAN ? 100 : 1);
  value = (value + divisor / 2) / divisor;
  if (value > INT64_MAX) return false;
  *fen = n->negative ? -(int64_t)value : (int64_t)value;
  return true;
}

static size_t write_fen(int64_t fen, char out[AMOUNT_VALUE_MAX]) {
  char reversed[AMOUNT_VALUE_MAX];
  uint64_t rest = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
  size_t count = 0, size = 0;
  for (; rest || count < 4; rest /= 10) {
    reversed[count++] = (char)('0' + rest % 10);
    if (count == 2) reversed[count++] = '.';
  }
  if (fen < 0) out[size++] = '-';
  while (count) out[size++] = reversed[--count];
  return size;
}

static bool is_scientific(struct bytes text) {
  for (size_t i = 1; i + 1 < text.size; i++)
    if (cell_lower(text.data[i]) == 'e' && cell_is_digit(text.data[i - 1]) &&
        (cell_is_digit(text.data[i + 1]) || text.data[i + 1] == '+' || text.data[i + 1] == '-'))
      return true;
  return false;
}

static void amount_standardise(const struct field_options *options, struct bytes raw,
                               struct arena *arena, struct standard_value *value, void *feature) {
  struct bytes text = cell_fold(raw, arena);
  if (cell_means_empty(text)) {
    *value = (struct standard_value){.state = VALUE_MISSING};
    return;
  }
  *value = (struct standard_value){raw, VALUE_INVALID, AMOUNT_INVALID, FIELD_E_SHAPE};
  if (text.size > CELL_BYTES_MAX) return;
  struct number number;
  int64_t fen;
  if (is_scientific(text)) {
    value->flags = FIELD_E_SCI;
  } else if (!take_apart(text, &number)) {
    if (number.body.size == 0) value->flags = FIELD_E_CHARS;
  } else if (!to_fen(&number, options->amount_unit, &fen)) {
    value->flags = FIELD_E_RANGE;
  } else {
    char out[AMOUNT_VALUE_MAX];
    struct bytes written = bytes_of(out, write_fen(fen, out));
    bool same = bytes_equal(raw, written);
    *value = (struct standard_value){same ? raw : arena_copy(arena, written),
                                     same ? VALUE_OK : VALUE_FIXED, AMOUNT_OK, 0};
    /* So that nothing is zero: INT64_MIN is no amount. */
    if (feature) *(uint64_t *)feature = (uint64_t)fen - (uint64_t)INT64_MIN;
  }
}

bool amount_value_fen(struct bytes value, int64_t *fen) {
  bool negative = value.size && value.data[0] == '-';
  if (negative) value.data++, value.size--;
  if (value.size < 4 || value.data[value.size - 3] != '.') return false;
  uint64_t number = 0;
  for (size_t i = 0; i < value.size; i++) {
    if (i == value.size - 3) continue;
    unsigned digit = (unsigned)(value.data[i] - '0');
    if (digit > 9 || number > ((uint64_t)INT64_MAX - digit) / 10) return false;
    number = number * 10 + digit;
  }
  *fen = negative ? -(int64_t)number : (int64_t)number;
  return true;
}

/* ---- features ---- */

static int64_t fen_of(uint64_t f) { return (int64_t)(f + (uint64_t)INT64_MIN); }

/* Its first two digits and how many there are. */
static uint64_t about(int64_t fen) {
  uint64_t rest = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;
  uint64_t digits = 0;
  for (; rest >= 100; rest /= 10) digits++;
  return (digits << 8 | rest) << 1 | (fen < 0);
}

static uint64_t amount_key_part(const void *feature, unsigned part) {
  uint64_t f = *(const uint64_t *)feature;
  if (!f) return 0;
  if (part == PART_EXACT) return hash_mix(f);
  return part == PART_ABOUT ? hash_join(PART_ABOUT, about(fen_of(f))) : 0;
}

static unsigned amount_compare(const void *pa, const void *pb) {
  uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
  if (!a || !b) return FIELD_LEVEL_MISSING;
  if (a == b) return FIELD_LEVEL_EXACT;
  __int128 x = fen_of(a), y = fen_of(b);
  __int128 apart = x > y ? x - y : y - x;
  __int128 size_x = x < 0 ? -x : x, size_y = y < 0 ? -y : y;
  __int128 larger = size_x > size_y ? size_x : size_y;
  if (apart * 100 <= larger) return LEVEL_HUNDREDTH;
  return apart * 10 <= larger ? LEVEL_TENTH : FIELD_LEVEL_DIFFER;
}

static const char *const amount_kinds[] = {[AMOUNT_INVALID] = "invalid", [AMOUNT_OK] = "ok", NULL};

static const char *const amount_parts[] = {"exact", "about", NULL};

const struct field_type amount_type = {
    .name = "amount",
    .label = "金额 amount",
    .feature_size = sizeof(uint64_t),
    .search = FIELD_SEARCH_NONE,
    .is_identifier = false,
    .is_personal = false,
    .survivorship = SURVIVE_MOST_RECENT,
    .kind_names = amount_kinds,
    .part_names = amount_parts,
    .levels = {[FIELD_LEVEL_EXACT] = {"same amount", 0.80, 0.002},
               [LEVEL_HUNDREDTH] = {"within one in a hundred", 0.05, 0.008},
               [LEVEL_TENTH] = {"within one in ten", 0.05, 0.07},
               [FIELD_LEVEL_DIFFER] = {"differ", 0.10, 0.92}},
    .standardise = amount_standardise,
    .key_part = amount_key_part,
    .compare = amount_compare,
    .mask = mask_all,
};
