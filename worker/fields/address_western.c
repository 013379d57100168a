#include "worker/fields/address_western.h"

#include <string.h>

enum { TOKENS_MAX = 32, TOKEN_MAX = 24 };

enum word_class { WORD_NAME, WORD_TYPE, WORD_DIRECTION, WORD_UNIT, WORD_NUMBER_SIGN };

struct token {
  char text[TOKEN_MAX];
  uint8_t size;
  bool comma_before;
  uint8_t word_class;
  uint8_t id; /* of a type or direction: which */
};

struct folded_word {
  const char *word;
  uint8_t word_class, id;
};

/* Sorted by word. Those of one id are one. */
static const struct folded_word words[] = {
    {"alley", WORD_TYPE, 1},
    {"aly", WORD_TYPE, 1},
    {"apartment", WORD_UNIT, 0},
    {"apt", WORD_UNIT, 0},
    {"av", WORD_TYPE, 2},
    {"ave", WORD_TYPE, 2},
    {"aven", WORD_TYPE, 2},
    {"avenue", WORD_TYPE, 2},
    {"blvd", WORD_TYPE, 3},
    {"boul", WORD_TYPE, 3},
    {"boulevard", WORD_TYPE, 3},
    {"bvd", WORD_TYPE, 3},
    {"cct", WORD_TYPE, 4},
    {"cir", WORD_TYPE, 5},
    {"circle", WORD_TYPE, 5},
    {"circuit", WORD_TYPE, 4},
    {"cl", WORD_TYPE, 6},
    {"close", WORD_TYPE, 6},
    {"court", WORD_TYPE, 7},
    {"cr", WORD_TYPE, 8},
    {"cres", WORD_TYPE, 8},
    {"crescent", WORD_TYPE, 8},
    {"crt", WORD_TYPE, 7},
    {"ct", WORD_TYPE, 7},
    {"dr", WORD_TYPE, 9},
    {"drive", WORD_TYPE, 9},
    {"drv", WORD_TYPE, 9},
    {"e", WORD_DIRECTION, 1},
    {"east", WORD_DIRECTION, 1},
    {"esp", WORD_TYPE, 10},
    {"esplanade", WORD_TYPE, 10},
    {"expressway", WORD_TYPE, 11},
    {"expy", WORD_TYPE, 11},
    {"flat", WORD_UNIT, 0},
    {"freeway", WORD_TYPE, 12},
    {"fwy", WORD_TYPE, 12},
    {"gardens", WORD_TYPE, 13},
    {"gdns", WORD_TYPE, 13},
    {"gr", WORD_TYPE, 14},
    {"grove", WORD_TYPE, 14},
    {"grv", WORD_TYPE, 14},
    {"highway", WORD_TYPE, 15},
    {"hwy", WORD_TYPE, 15},
    {"la", WORD_TYPE, 16},
    {"lane", WORD_TYPE, 16},
    {"ln", WORD_TYPE, 16},
    {"loop", WORD_TYPE, 17},
    {"lp", WORD_TYPE, 17},
    {"n", WORD_DIRECTION, 2},
    {"ne", WORD_DIRECTION, 3},
    {"no", WORD_NUMBER_SIGN, 0},
    {"north", WORD_DIRECTION, 2},
    {"northeast", WORD_DIRECTION, 3},
    {"northwest", WORD_DIRECTION, 4},
    {"number", WORD_NUMBER_SIGN, 0},
    {"nw", WORD_DIRECTION, 4},
    {"parade", WORD_TYPE, 18},
    {"parkway", WORD_TYPE, 19},
    {"pde", WORD_TYPE, 18},
    {"pkwy", WORD_TYPE, 19},
    {"pky", WORD_TYPE, 19},
    {"pl", WORD_TYPE, 20},
    {"place", WORD_TYPE, 20},
    {"plaza", WORD_TYPE, 21},
    {"plc", WORD_TYPE, 20},
    {"plz", WORD_TYPE, 21},
    {"rd", WORD_TYPE, 22},
    {"rm", WORD_UNIT, 0},
    {"road", WORD_TYPE, 22},
    {"room", WORD_UNIT, 0},
    {"s", WORD_DIRECTION, 5},
    {"se", WORD_DIRECTION, 6},
    {"so", WORD_DIRECTION, 5},
    {"south", WORD_DIRECTION, 5},
    {"southeast", WORD_DIRECTION, 6},
    {"southwest", WORD_DIRECTION, 7},
    {"sq", WORD_TYPE, 23},
    {"square", WORD_TYPE, 23},
    {"st", WORD_TYPE, 24},
    {"ste", WORD_UNIT, 0},
    {"str", WORD_TYPE, 24},
    {"street", WORD_TYPE, 24},
    {"suite", WORD_UNIT, 0},
    {"sw", WORD_DIRECTION, 7},
    {"tce", WORD_TYPE, 25},
    {"ter", WORD_TYPE, 25},
    {"terr", WORD_TYPE, 25},
    {"terrace", WORD_TYPE, 25},
    {"tpke", WORD_TYPE, 26},
    {"trail", WORD_TYPE, 27},
    {"trl", WORD_TYPE, 27},
    {"turnpike", WORD_TYPE, 26},
    {"unit", WORD_UNIT, 0},
    {"w", WORD_DIRECTION, 8},
    {"way", WORD_TYPE, 28},
    {"west", WORD_DIRECTION, 8},
    {"wy", WORD_TYPE, 28},
};

/* Short and long name of a state, a tab between; the position is its number. */
static const char *const states[] = {
    "al\talabama",
    "ak\talaska",
    "az\tarizona",
    "ar\tarkansas",
    "ca\tcalifornia",
    "co\tcolorado",
    "ct\tconnecticut",
    "de\tdelaware",
    "fl\tflorida",
    "ga\tgeorgia",
    "hi\thawaii",
    "id\tidaho",
    "il\tillinois",
    "in\tindiana",
    "ia\tiowa",
    "ks\tkansas",
    "ky\tkentucky",
    "la\tlouisiana",
    "me\tmaine",
    "md\tmaryland",
    "ma\tmassachusetts",
    "mi\tmichigan",
    "mn\tminnesota",
    "ms\tmississippi",
    "mo\tmissouri",
    "mt\tmontana",
    "ne\tnebraska",
    "nv\tnevada",
    "nh\tnew hampshire",
    "nj\tnew jersey",
    "nm\tnew mexico",
    "ny\tnew york",
    "nc\tnorth carolina",
    "nd\tnorth dakota",
    "oh\tohio",
    "ok\toklahoma",
    "or\toregon",
    "pa\tpennsylvania",
    "ri\trhode island",
    "sc\tsouth carolina",
    "sd\tsouth dakota",
    "tn\ttennessee",
    "tx\ttexas",
    "ut\tutah",
    "vt\tvermont",
    "va\tvirginia",
    "wa\twashington",
    "wv\twest virginia",
    "wi\twisconsin",
    "wy\twyoming",
    "dc\tdistrict of columbia",
    "pr\tpuerto rico",
    "gu\tguam",
    "vi\tvirgin islands",
    "nsw\tnew south wales",
    "vic\tvictoria",
    "qld\tqueensland",
    "sa\tsouth australia",
    "tas\ttasmania",
    "act\taustralian capital territory",
    "nt\tnorthern territory",
};

uint8_t address_state_find(const char *word, uint32_t size) {
  for (uint32_t i = 0; i < sizeof states / sizeof states[0]; i++) {
    uint32_t short_size = (uint32_t)strcspn(states[i], "\t");
    const char *full = states[i] + short_size + 1;
    if ((size == short_size && memcmp(word, states[i], size) == 0) ||
        (size == strlen(full) && memcmp(word, full, size) == 0))
      return (uint8_t)(i + 1);
  }
  return 0;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static void classify(struct token *t) {
  uint32_t low = 0, high = sizeof words / sizeof words[0];
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    int order = strncmp(words[middle].word, t->text, t->size);
    if (order == 0 && words[middle].word[t->size]) order = 1;
    if (order == 0) {
      t->word_class = words[middle].word_class;
      t->id = words[middle].id;
      return;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
}

/* 07th and 7 are one; 1st is 1 only in front of letters that make it an ordinal. */
static void fold_ordinal(struct token *t) {
  static const char *const ordinals[] = {"first", "second",  "third",  "fourth", "fifth",
                                         "sixth", "seventh", "eighth", "ninth",  "tenth"};
  for (uint32_t i = 0; i < 10; i++)
    if (t->size == strlen(ordinals[i]) && memcmp(t->text, ordinals[i], t->size) == 0) {
      t->size = (uint8_t)(i == 9 ? 2 : 1);
      memcpy(t->text, i == 9 ? "10" : (char[]){(char)('1' + i)}, t->size);
      return;
    }
  uint32_t digits = 0;
  while (digits < t->size && is_digit(t->text[digits])) digits++;
  if (digits == 0) return;
  if (digits + 2 == t->size) {
    const char *end = t->text + digits;
    if (!memcmp(end, "st", 2) || !memcmp(end, "nd", 2) || !memcmp(end, "rd", 2) ||
        !memcmp(end, "th", 2))
      t->size = (uint8_t)digits;
  }
  uint32_t zeros = 0;
  while (zeros + 1 < t->size && t->text[zeros] == '0' && is_digit(t->text[zeros + 1])) zeros++;
  t->size = (uint8_t)(t->size - zeros);
  memmove(t->text, t->text + zeros, t->size);
}

static bool is_word(uint32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c >= 0xaa;
}

static uint32_t read_tokens(const struct place_text *text, struct token *tokens) {
  uint32_t count = 0;
  bool comma = false;
  for (uint32_t i = 0; i < text->size && count < TOKENS_MAX;) {
    uint32_t c = text->characters[i];
    if (c == '#' || is_word(c)) {
      struct token *t = &tokens[count++];
      *t = (struct token){.comma_before = comma, .word_class = c == '#' ? WORD_UNIT : WORD_NAME};
      comma = false;
      if (c == '#') {
        i++;
        continue;
      }
      for (; i < text->size; i++) {
        c = text->characters[i];
        if (c == '\'' || c == 0x2019) continue; /* o'connor */
        /* 5/12 and 12-14 stay together. */
        bool inside = (c == '/' || c == '-') && t->size && is_digit(t->text[t->size - 1]) &&
                      i + 1 < text->size && text->characters[i + 1] >= '0' &&
                      text->characters[i + 1] <= '9';
        if (!is_word(c) && !inside) break;
        if (t->size < TOKEN_MAX) t->text[t->size++] = (char)(c < 0x80 ? c : 0x80 | (c & 0x7f));
      }
      classify(t);
    } else {
      comma |= c == ',' || c == ';';
      i++;
    }
  }
  return count;
}

static uint8_t copy(char *out, uint32_t max, const char *text, uint32_t size) {
  uint32_t kept = size < max ? size : max;
  memcpy(out, text, kept);
  return (uint8_t)kept;
}

static void append_word(char *out, uint8_t *out_size, const struct token *t) {
  if (*out_size && *out_size < ADDRESS_STREET_MAX) out[(*out_size)++] = ' ';
  *out_size += copy(out + *out_size, ADDRESS_STREET_MAX - *out_size, t->text, t->size);
}

static bool token_is(const struct token *t, const char *word) {
  return t->size == strlen(word) && memcmp(t->text, word, t->size) == 0;
}

static void remove_tokens(struct token *tokens, uint32_t *count, uint32_t at, uint32_t removed) {
  if (at + removed < *count && tokens[at].comma_before) tokens[at + removed].comma_before = true;
  *count -= removed;
  memmove(tokens + at, tokens + at + removed, (*count - at) * sizeof tokens[0]);
}

/* apt 3b, suite 200, # 12; and 5/12 in front. */
static void take_unit(struct token *tokens, uint32_t *count, struct address_western *out) {
  for (uint32_t i = 0; i < *count;) {
    if (tokens[i].word_class != WORD_UNIT) {
      i++;
      continue;
    }
    bool has_value = i + 1 < *count && !tokens[i + 1].comma_before && tokens[i + 1].size <= 8;
    if (has_value) {
      if (!out->unit_size) {
        fold_ordinal(&tokens[i + 1]);
        out->unit_size = copy(out->unit, ADDRESS_WORD_MAX, tokens[i + 1].text, tokens[i + 1].size);
      }
      remove_tokens(tokens, count, i, 2);
    } else {
      remove_tokens(tokens, count, i, 1);
    }
  }
}

static void take_number(struct token *tokens, uint32_t *count, struct address_western *out) {
  if (*count && tokens[0].word_class == WORD_NUMBER_SIGN && *count > 1 &&
      is_digit(tokens[1].text[0]))
    remove_tokens(tokens, count, 0, 1);
  if (*count == 0 || !is_digit(tokens[0].text[0])) return;
  struct token *t = &tokens[0];
  /* 66 St, 5th Ave: the street's own number. */
  if (*count >= 2 && tokens[1].word_class == WORD_TYPE && (*count == 2 || tokens[2].comma_before))
    return;
  uint32_t size = t->size;
  if (size > 2 && is_digit(t->text[0]) && !is_digit(t->text[size - 1]) &&
      !is_digit(t->text[size - 2]))
    return; /* 5th */
  const char *slash = memchr(t->text, '/', t->size);
  uint32_t from = 0;
  if (slash) {
    from = (uint32_t)(slash - t->text) + 1;
    if (!out->unit_size) out->unit_size = copy(out->unit, ADDRESS_WORD_MAX, t->text, from - 1);
  }
  while (from + 1 < size && t->text[from] == '0') from++;
  out->number_size = copy(out->number, ADDRESS_WORD_MAX, t->text + from, size - from);
  remove_tokens(tokens, count, 0, 1);
}

static bool take_box(struct token *tokens, uint32_t *count, struct address_western *out) {
  for (uint32_t i = 0; i < *count; i++) {
    uint32_t words_used = 0;
    if (i + 1 < *count && token_is(&tokens[i], "po") && token_is(&tokens[i + 1], "box"))
      words_used = 2;
    else if (i + 2 < *count && token_is(&tokens[i], "p") && token_is(&tokens[i + 1], "o") &&
             token_is(&tokens[i + 2], "box"))
      words_used = 3;
    else if (token_is(&tokens[i], "pobox"))
      words_used = 1;
    if (!words_used) continue;
    bool has_value = i + words_used < *count && is_digit(tokens[i + words_used].text[0]);
    out->street_size = copy(out->street, ADDRESS_STREET_MAX, "po box", 6);
    if (has_value)
      out->number_size = copy(out->number, ADDRESS_WORD_MAX, tokens[i + words_used].text,
                              tokens[i + words_used].size);
    remove_tokens(tokens, count, i, words_used + has_value);
    return true;
  }
  return false;
}

static bool looks_like_postcode(const struct token *t) {
  uint32_t digits = 0;
  for (uint32_t i = 0; i < t->size; i++) digits += is_digit(t->text[i]);
  return (digits == t->size && digits >= 4 && digits <= 6) ||
         (t->size == 10 && t->text[5] == '-' && digits == 9);
}

/* From the end: postcode, state; both only behind at least one other word. */
static void take_region(struct token *tokens, uint32_t *count, struct address_western *out) {
  if (*count >= 2 && looks_like_postcode(&tokens[*count - 1])) {
    uint32_t size = tokens[*count - 1].size;
    out->postcode_size =
        copy(out->postcode, ADDRESS_WORD_MAX, tokens[*count - 1].text, size == 10 ? 5 : size);
    --*count;
  }
  if (*count < 2) return;
  struct token *last = &tokens[*count - 1];
  bool apart = out->postcode_size || last->comma_before;
  uint8_t state = address_state_find(last->text, last->size);
  if (!state || (!apart && last->word_class != WORD_NAME)) return;
  out->region = state;
  --*count;
}

/* Where the street's words end: at the comma, or behind the first type that follows a name. */
static uint32_t street_end(const struct token *tokens, uint32_t count) {
  for (uint32_t i = 1; i < count; i++)
    if (tokens[i].comma_before) return i;
  bool has_name = false;
  for (uint32_t i = 0; i < count; i++) {
    if (tokens[i].word_class == WORD_NAME) has_name = true;
    if (tokens[i].word_class != WORD_TYPE || !has_name) continue;
    i++;
    return i < count && tokens[i].word_class == WORD_DIRECTION ? i + 1 : i;
  }
  return count;
}

static void read_street(struct token *tokens, uint32_t count, struct address_western *out) {
  bool has_name = false;
  for (uint32_t i = 0; i < count; i++) has_name |= tokens[i].word_class == WORD_NAME;
  for (uint32_t i = 0; i < count; i++) {
    struct token *t = &tokens[i];
    if (has_name && t->word_class == WORD_DIRECTION) {
      if (!out->direction) out->direction = t->id;
    } else if (has_name && t->word_class == WORD_TYPE && (i > 0 || count == 1)) {
      out->type = t->id;
    } else if (out->type && i > 1 && t->word_class == WORD_NAME && !out->unit_size &&
               (is_digit(t->text[0]) || t->size == 1)) {
      out->unit_size = copy(out->unit, ADDRESS_WORD_MAX, t->text, t->size);
    } else {
      fold_ordinal(t);
      append_word(out->street, &out->street_size, t);
    }
  }
}

void address_western_parse(const struct place_text *text, bool whole,
                           struct address_western *address) {
  memset(address, 0, sizeof *address);
  struct token tokens[TOKENS_MAX];
  uint32_t count = read_tokens(text, tokens);
  take_unit(tokens, &count, address);
  bool is_box = take_box(tokens, &count, address);
  if (!is_box) take_number(tokens, &count, address);
  if (whole) take_region(tokens, &count, address);
  uint32_t end = whole ? street_end(tokens, count) : count;
  if (is_box) end = 0;
  read_street(tokens, end, address);
  for (uint32_t i = end; i < count; i++)
    append_word(address->locality, &address->locality_size, &tokens[i]);
}
