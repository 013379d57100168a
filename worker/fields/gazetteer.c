#include "worker/fields/gazetteer.h"

#include <stddef.h>

#include "worker/fields/tables.h"
#include "worker/fields/tables_data.h"

enum {
  START_MAX = 16, /* a full name that begins further right is part of something else */
};

static const struct gazetteer_start *start_of(const uint32_t *text) {
  if (text[0] > 0xffff || text[1] > 0xffff) return NULL;
  uint32_t key = text[0] << 16 | text[1];
  uint32_t at = key * 0x9E3779B1u >> (32 - GAZETTEER_SLOT_BITS);
  while (gazetteer_slots[at]) {
    const struct gazetteer_start *start = &gazetteer_starts[gazetteer_slots[at]];
    if (start->key == key) return start;
    at = (at + 1) & ((1u << GAZETTEER_SLOT_BITS) - 1);
  }
  return NULL;
}

static bool name_stands_at(const struct gazetteer_name *name, const uint32_t *text, uint32_t size) {
  if (name->length > size) return false;
  const uint16_t *characters = gazetteer_characters + name->characters;
  for (uint32_t i = 2; i < name->length; i++)
    if (text[i] != characters[i]) return false;
  return true;
}

/* By halving without a branch to mispredict: every address asks for three names. */
static const struct gazetteer_division *find_division(uint32_t code) {
  const struct gazetteer_division *base = gazetteer_divisions;
  for (uint32_t left = gazetteer_division_count; left > 1; left -= left / 2)
    base = base[left / 2].code <= code ? base + left / 2 : base;
  return base->code == code ? base : NULL;
}

struct bytes gazetteer_name(uint32_t code) {
  /* Not every code is a place: 110100 is only what Beijing's districts are filed under. */
  const struct gazetteer_division *division = find_division(code);
  return division ? bytes_of(gazetteer_texts + division->name, division->name_size) : BYTES_EMPTY;
}

struct bytes gazetteer_short_name(uint32_t code) {
  const struct gazetteer_division *division = find_division(code);
  return division ? bytes_of(gazetteer_texts + division->short_name, division->short_name_size)
                  : BYTES_EMPTY;
}

static bool is_municipality(uint32_t province) {
  return province == 11 || province == 12 || province == 31 || province == 50 || province >= 81;
}

uint32_t gazetteer_city(uint32_t code) {
  if (code == 0) return 0;
  uint32_t province = code / 10000, city = code / 100 % 100;
  /* Hong Kong, Macao and the municipalities are one city each; Taiwan (83 in the table) is not. */
  if (is_municipality(province) && province != 83) return province * 10000;
  if (city == 0) return 0;
  return city == 90 ? code : code / 100 * 100;
}

bool gazetteer_within(uint32_t inner, uint32_t outer) {
  switch (gazetteer_level(outer)) {
    case 1:
      return inner / 10000 == outer / 10000;
    case 2:
      return inner / 100 == outer / 100;
    case 3:
      return inner == outer;
    default:
      return true;
  }
}

static bool is_side(uint32_t c) {
  return c == U'东' || c == U'西' || c == U'南' || c == U'北' || c == U'中' || c == U'大';
}

static bool is_numeral(uint32_t c) {
  return c == U'一' || c == U'二' || c == U'三' || c == U'四' || c == U'五' || c == U'六' ||
         c == U'七' || c == U'八' || c == U'九' || c == U'十';
}

static bool is_road_word(uint32_t c) {
  return c == U'路' || c == U'街' || c == U'道' || c == U'巷' || c == U'弄' || c == U'里';
}

static bool is_place_word(uint32_t c) {
  return c == U'镇' || c == U'村' || c == U'乡' || c == U'庄' || c == U'桥' || c == U'站';
}

/* 朝阳 in 朝阳区 is not the city of 朝阳. */
static bool is_division_word(uint32_t c) {
  return c == U'区' || c == U'县' || c == U'市' || c == U'旗' || c == U'省' || c == U'州' ||
         c == U'盟';
}

static bool starts_with_two(const uint32_t *text, uint32_t size, uint32_t a, uint32_t b) {
  return size >= 2 && text[0] == a && text[1] == b;
}

/* What follows a short form says whether it names the place or something named after it. */
static bool is_part_of_another_name(const uint32_t *rest, uint32_t size, bool has_parent) {
  if (size == 0) return false;
  if (is_road_word(rest[0]) || is_place_word(rest[0]) || is_division_word(rest[0])) return true;
  /* 南京东路, 南京大街, 南京二路, 南京东一路; but 八一路 is a road of its own. */
  uint32_t at = is_side(rest[0]);
  at += at < size && is_numeral(rest[at]);
  if (at && at < size &&
      (is_road_word(rest[at]) ||
       (is_side(rest[at]) && at + 1 < size && is_road_word(rest[at + 1]))))
    return true;
  static const uint32_t words[][2] = {
      {U'胡', U'同'}, {U'地', U'区'}, {U'大', U'学'}, {U'中', U'学'}, {U'小', U'学'},
      {U'医', U'院'}, {U'公', U'园'}, /* and where no city was named before: */
      {U'花', U'园'}, {U'大', U'厦'}, {U'广', U'场'}, {U'公', U'馆'}, {U'酒', U'店'},
      {U'饭', U'店'}, {U'新', U'村'}, {U'小', U'区'}, {U'银', U'行'}, {U'公', U'寓'},
  };
  enum { WORDS_OF_ALL = 7 };
  uint32_t count = has_parent ? WORDS_OF_ALL : sizeof words / sizeof words[0];
  for (uint32_t i = 0; i < count; i++)
    if (starts_with_two(rest, size, words[i][0], words[i][1])) return true;
  return !has_parent && (rest[0] == U'城' || rest[0] == U'苑' || rest[0] == U'府');
}

static bool is_separator(uint32_t c) {
  return c == ' ' || c == ',' || c == '-' || c == '/' || c == '|' || c == ';' || c == '_';
}

static bool is_boundary(uint32_t c) { return is_separator(c) || c == ':' || c == '('; }

struct search {
  const uint32_t *text;
  uint32_t size;
  enum gazetteer_use use;
};

/* 哈尔滨道外…: what looks like a road word begins the name of one of the city's districts. */
static bool child_follows(const uint32_t *rest, uint32_t size, uint32_t code) {
  if (size < 2 || is_division_word(rest[0])) return false;
  const struct gazetteer_start *start = start_of(rest);
  if (!start) return false;
  for (uint32_t i = start->first; i < (uint32_t)start->first + start->count; i++) {
    const struct gazetteer_name *name = &gazetteer_names[i];
    if (!name_stands_at(name, rest, size)) continue;
    for (uint32_t t = 0; t < name->target_count; t++) {
      uint32_t child = gazetteer_divisions[gazetteer_targets[name->targets + t] >> 1].code;
      if (child != code && gazetteer_within(child, code)) return true;
    }
  }
  return false;
}

/* Whether target, named by name at at, may continue a chain that so far means parent (0 = nothing).
 */
static bool may_continue(const struct search *s, const struct gazetteer_name *name, uint32_t target,
                         uint32_t at, uint32_t parent) {
  uint32_t code = gazetteer_divisions[target >> 1].code;
  bool full = target & 1;
  if (parent &&
      (gazetteer_level(code) <= gazetteer_level(parent) || !gazetteer_within(code, parent)))
    return false;
  uint32_t end = at + name->length;
  const uint32_t *rest = s->text + end;
  uint32_t rest_size = s->size - end;
  /* A county named alone is taken when the name is in full, no other county's and none of two
   * characters (新区, 二区: parts of anything); the city is never guessed from a name that repeats.
   */
  if (!parent && gazetteer_level(code) == 3 &&
      (!full || name->target_count > 1 || name->length < 3))
    return false;
  if (s->use == GAZETTEER_COMPANY) return full || gazetteer_level(code) < 3;
  if (full) return !(s->text[end - 1] == U'市' && rest_size && rest[0] == U'场');
  return !is_part_of_another_name(rest, rest_size, parent != 0) ||
         child_follows(rest, rest_size, code);
}

static bool is_better(const struct gazetteer_match *a, const struct gazetteer_match *b) {
  if (a->levels != b->levels) return a->levels > b->levels;
  if (a->start != b->start) return a->start < b->start;
  if (a->full_names != b->full_names) return a->full_names > b->full_names;
  if (a->end != b->end) return a->end > b->end;
  return gazetteer_level(a->code) < gazetteer_level(b->code);
}

/* Past separators and past a name said twice: 江宁区江宁区, 上海市上海市, 北京市市辖区. */
static uint32_t skip_repeats(const struct search *s, uint32_t at, uint32_t code) {
  for (;;) {
    while (at < s->size && is_separator(s->text[at])) at++;
    if (at + 2 > s->size) return at;
    if (at + 3 <= s->size && s->text[at] == U'市' && s->text[at + 1] == U'辖' &&
        s->text[at + 2] == U'区') {
      at += 3;
      continue;
    }
    const struct gazetteer_start *start = start_of(s->text + at);
    if (!start) return at;
    uint32_t length = 0;
    for (uint32_t i = start->first; i < (uint32_t)start->first + start->count && !length; i++) {
      const struct gazetteer_name *name = &gazetteer_names[i];
      if (!name_stands_at(name, s->text + at, s->size - at)) continue;
      for (uint32_t t = 0; t < name->target_count; t++) {
        uint32_t target = gazetteer_targets[name->targets + t];
        uint32_t said = gazetteer_divisions[target >> 1].code;
        if ((target & 1) && gazetteer_within(code, said) &&
            !(s->text[at + name->length - 1] == U'市' && at + name->length < s->size &&
              s->text[at + name->length] == U'场'))
          length = name->length;
      }
    }
    if (!length) return at;
    at += length;
  }
}

/* The best way to go on from chain at at; chain itself when there is none. Goes down one division
 * level a call, so at most three deep. */
static struct gazetteer_match continue_chain(const struct search *s, struct gazetteer_match chain,
                                             uint32_t at) {
  struct gazetteer_match best = chain;
  if (at + 2 > s->size) return best;
  const struct gazetteer_start *start = start_of(s->text + at);
  if (!start) return best;
  for (uint32_t i = start->first; i < (uint32_t)start->first + start->count; i++) {
    const struct gazetteer_name *name = &gazetteer_names[i];
    if (!name_stands_at(name, s->text + at, s->size - at)) continue;
    for (uint32_t t = 0; t < name->target_count; t++) {
      uint32_t target = gazetteer_targets[name->targets + t];
      if (!may_continue(s, name, target, at, chain.code)) continue;
      struct gazetteer_match next = {.code = gazetteer_divisions[target >> 1].code,
                                     .start = chain.levels ? chain.start : at,
                                     .levels = chain.levels + 1,
                                     .full_names = chain.full_names + (target & 1)};
      next.end = skip_repeats(s, at + name->length, next.code);
      if (gazetteer_level(next.code) < 3) next = continue_chain(s, next, next.end);
      if (best.levels == 0 || is_better(&next, &best)) best = next;
    }
  }
  return best;
}

/* A county's full name at the beginning that stands for several. */
static bool find_ambiguous(const struct search *s, struct gazetteer_match *match) {
  const struct gazetteer_start *start = s->size >= 2 ? start_of(s->text) : NULL;
  if (!start) return false;
  for (uint32_t i = start->first; i < (uint32_t)start->first + start->count; i++) {
    const struct gazetteer_name *name = &gazetteer_names[i];
    if (!name_stands_at(name, s->text, s->size) || !(gazetteer_targets[name->targets] & 1))
      continue;
    *match = (struct gazetteer_match){.end = name->length, .ambiguous = true};
    return true;
  }
  return false;
}

bool gazetteer_find(const uint32_t *text, uint32_t size, enum gazetteer_use use,
                    struct gazetteer_match *match) {
  struct search s = {text, size, use};
  struct gazetteer_match best = continue_chain(&s, (struct gazetteer_match){0}, 0);
  for (uint32_t at = 1;
       at < START_MAX && at + 2 < size && best.levels < 2 && use == GAZETTEER_ADDRESS; at++) {
    struct gazetteer_match next = continue_chain(&s, (struct gazetteer_match){0}, at);
    /* In the middle of a word, one name is as likely part of another. */
    bool is_certain = next.levels > 1 || (next.levels == 1 && is_boundary(text[at - 1]));
    if (is_certain && next.full_names == next.levels && (!best.levels || is_better(&next, &best)))
      best = next;
  }
  *match = best;
  if (best.levels) return true;
  return use == GAZETTEER_ADDRESS && find_ambiguous(&s, match);
}

bool gazetteer_is_division(const uint32_t *text, uint32_t size, uint32_t *code) {
  struct search s = {text, size, GAZETTEER_COMPANY};
  struct gazetteer_match match = continue_chain(&s, (struct gazetteer_match){0}, 0);
  if (match.levels == 0 || match.end != size) return false;
  *code = match.code;
  return true;
}
