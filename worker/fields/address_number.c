#include "worker/fields/address_number.h"

static bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }
static bool is_letter(uint32_t c) { return c >= 'a' && c <= 'z'; }

int address_numeral(uint32_t c) {
  switch (c) {
    case U'〇':
    case U'零':
    case U'○':
      return 0;
    case U'一':
      return 1;
    case U'二':
    case U'两':
      return 2;
    case U'三':
      return 3;
    case U'四':
      return 4;
    case U'五':
      return 5;
    case U'六':
      return 6;
    case U'七':
      return 7;
    case U'八':
      return 8;
    case U'九':
      return 9;
    case U'十':
      return 10;
    case U'百':
      return 100;
    case U'千':
      return 1000;
    default:
      return -1;
  }
}

/* 二百一十 is 210, 二一〇 is 210, 百 alone is no number. false when text is none. */
static bool read_han_numeral(const uint32_t *text, uint32_t size, uint32_t *value) {
  uint32_t total = 0, digit = 0;
  bool has_unit = false, has_digit = false;
  if (size > 8) return false;
  for (uint32_t i = 0; i < size; i++) {
    int n = address_numeral(text[i]);
    if (n >= 10) {
      if (!has_digit && n != 10) return false;
      total += (has_digit ? digit : 1) * (uint32_t)n;
      has_unit = true;
      has_digit = false;
      digit = 0;
    } else {
      /* Digits in a row are read one by one, unless units were said before: 一百零五. */
      digit = has_unit ? (uint32_t)n : digit * 10 + (uint32_t)n;
      has_digit = true;
    }
  }
  *value = total + digit;
  return has_digit || has_unit;
}

static bool read_group(struct address_text text, uint32_t *at) {
  uint32_t i = *at, start = i;
  while (is_letter(address_peek(text, i)) && i - start < 2) i++;
  uint32_t digits = i;
  while (is_digit(address_peek(text, i))) i++;
  bool has_digits = i > digits;
  if (has_digits && is_letter(address_peek(text, i)) && !is_letter(address_peek(text, i + 1))) i++;
  /* Letters alone count only before a door word: A座, but not SOHO. */
  if (i == start || i - start > ADDRESS_GROUP_SIZE_MAX) return false;
  if (!has_digits && is_letter(address_peek(text, i))) return false;
  *at = i;
  return true;
}

static bool is_dash(uint32_t c) {
  return c == '-' || c == 0x2013 || c == 0x2014 || c == U'—' || c == '~';
}

bool address_number_read(struct address_text text, uint32_t at, struct address_number *n) {
  *n = (struct address_number){0};
  if (address_numeral(address_peek(text, at)) >= 0) {
    uint32_t end = at;
    while (address_numeral(address_peek(text, end)) >= 0) end++;
    n->is_han = true;
    n->end = end;
    n->group_count = 1;
    return read_han_numeral(text.characters + at, end - at, &n->value);
  }
  if (!is_digit(address_peek(text, at)) && !is_letter(address_peek(text, at))) return false;
  if (at && is_letter(text.characters[at - 1]) && is_letter(text.characters[at]))
    return false; /* inside a word */
  if (at && is_digit(text.characters[at - 1]) && is_digit(text.characters[at]))
    return false; /* inside a number too long for a door's */
  for (uint32_t i = at;;) {
    uint32_t start = i;
    if (n->group_count == ADDRESS_GROUPS_MAX || !read_group(text, &i)) break;
    n->groups[n->group_count].start = start;
    n->groups[n->group_count++].size = i - start;
    n->end = i;
    if (!is_dash(address_peek(text, i))) break;
    i++;
  }
  return n->group_count > 0;
}

bool address_number_has_digit(struct address_text text, const struct address_number *n) {
  for (uint32_t i = n->groups[0].start; i < n->end; i++)
    if (is_digit(text.characters[i])) return true;
  return n->is_han;
}

enum address_door address_door_at(struct address_text text, uint32_t at, uint32_t *length) {
  uint32_t spaces = 0;
  while (address_peek(text, at + spaces) == ' ') spaces++;
  at += spaces;
  uint32_t a = address_peek(text, at), b = address_peek(text, at + 1);
  *length = spaces + 1;
  switch (a) {
    case U'号':
      *length = spaces + 2;
      if (b == U'楼' || b == U'栋' || b == U'幢') return DOOR_BUILDING;
      if (b == U'院') return DOOR_YARD;
      if (b == U'室' || b == U'房' || b == U'户') return DOOR_ROOM;
      if (b == U'门') return DOOR_UNIT;
      *length = spaces + 1;
      return DOOR_NUMBER;
    case '#':
      if (b != U'楼' && b != U'栋' && b != U'幢') return DOOR_HASH;
      *length = spaces + 2;
      return DOOR_BUILDING;
    case U'栋':
    case U'幢':
    case U'座':
      return DOOR_BUILDING;
    case U'单':
      *length = spaces + 2;
      return b == U'元' ? DOOR_UNIT : DOOR_NONE;
    case U'层':
    case U'楼':
      return DOOR_FLOOR;
    case U'室':
    case U'房':
    case U'户':
      return DOOR_ROOM;
    case U'弄':
      return DOOR_LANE;
    case U'门': /* 3门501; 3门面 is a shop */
      return is_digit(b) || address_numeral(b) >= 0 ? DOOR_UNIT : DOOR_NONE;
    default:
      return DOOR_NONE;
  }
}
