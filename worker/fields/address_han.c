#include "worker/fields/address_han.h"

#include <string.h>

#include "common/text.h"
#include "worker/fields/address_number.h"
#include "worker/fields/tables.h"

struct parser {
  struct address_text text;
  const uint32_t *shown; /* the same characters as they were written */
  uint32_t at;
  uint32_t run; /* where in the tail the name being read starts */
  struct address_han *out;
};

static bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }
static bool is_letter(uint32_t c) { return c >= 'a' && c <= 'z'; }

static uint32_t peek(const struct parser *p, uint32_t at) { return address_peek(p->text, at); }

/* ---- Words ------------------------------------------------------------------------------------
 */

static bool is_side(uint32_t c) {
  return c == U'东' || c == U'西' || c == U'南' || c == U'北' || c == U'中' || c == U'前' ||
         c == U'后';
}

/* Whether a road's word stands at at, perhaps behind a side: 路, 大街, 南路, 东大街, 一路. */
static bool road_word_follows(const struct parser *p, uint32_t at) {
  uint32_t c = peek(p, at);
  if (is_side(c) || address_numeral(c) >= 0) c = peek(p, ++at);
  if (c == U'大') c = peek(p, ++at);
  return c == U'路' || c == U'街' || c == U'道' || c == U'巷';
}

/* ---- Writing the tail -------------------------------------------------------------------------
 */

static void put(struct parser *p, uint32_t folded, uint32_t shown) {
  struct address_han *out = p->out;
  if (out->tail_size == ADDRESS_TAIL_MAX) return;
  out->tail[out->tail_size] = folded;
  out->shown[out->tail_size++] = shown;
}

static void put_same(struct parser *p, uint32_t c) { put(p, c, c); }

static uint32_t hash32(const uint32_t *text, uint32_t size) {
  return (uint32_t)(place_hash(text, size) >> 32) | 1;
}

static void reach(struct parser *p, enum address_level level) {
  if (p->out->level < level) p->out->level = level;
}

/* The name read so far is finished; what is next starts a new one. */
static void end_run(struct parser *p) { p->run = p->out->tail_size; }

/* The run is the name of an estate, a village or a landmark. The first is kept: later ones are
 * remarks. */
static void end_community(struct parser *p) {
  uint32_t size = p->out->tail_size - p->run;
  if (size >= 2 && !p->out->community) {
    p->out->community = hash32(p->out->tail + p->run, size);
    reach(p, ADDRESS_LEVEL_ROAD);
  }
  end_run(p);
}

static const struct {
  uint32_t word[2];
  enum address_level level;
} door_words[] = {
    [DOOR_LANE] = {{U'弄'}, ADDRESS_LEVEL_NUMBER},
    [DOOR_NUMBER] = {{U'号'}, ADDRESS_LEVEL_NUMBER},
    [DOOR_YARD] = {{U'号', U'院'}, ADDRESS_LEVEL_NUMBER},
    [DOOR_BUILDING] = {{U'栋'}, ADDRESS_LEVEL_BUILDING},
    [DOOR_UNIT] = {{U'单', U'元'}, ADDRESS_LEVEL_BUILDING},
    [DOOR_FLOOR] = {{U'层'}, ADDRESS_LEVEL_BUILDING},
    [DOOR_ROOM] = {{U'室'}, ADDRESS_LEVEL_ROOM},
};

/* Which part of the address value + door is, where some came before. */
static uint32_t *part_of(struct address_han *out, enum address_door door) {
  switch (door) {
    case DOOR_LANE:
    case DOOR_YARD:
      return &out->number;
    case DOOR_NUMBER: /* 210弄5号: the fifth house; 3栋5号: a room. */
      if (!out->number && !out->building && !out->unit) return &out->number;
      return !out->building ? &out->building : &out->room;
    case DOOR_BUILDING:
      return &out->building;
    case DOOR_UNIT:
      return &out->unit;
    case DOOR_FLOOR:
      return &out->floor;
    default:
      return &out->room;
  }
}

static void put_component(struct parser *p, enum address_door door, const uint32_t *value,
                          uint32_t size) {
  struct address_han *out = p->out;
  /* No zeros in front: 0501室 is 501室. */
  while (size > 1 && value[0] == '0' && is_digit(value[1])) value++, size--;
  uint32_t *part = part_of(out, door);
  if (!*part) {
    uint32_t kind =
        door == DOOR_LANE ? 1 : 0; /* 1200号 and 1200弄 are two numbers, 100号院 is 100号 */
    *part = hash32(value, size) ^ kind;
    if (!*part) *part = 1;
    reach(p, part == &out->room ? ADDRESS_LEVEL_ROOM : door_words[door].level);
  }
  for (uint32_t i = 0; i < size; i++)
    put(p, value[i], is_letter(value[i]) ? value[i] - 32 : value[i]);
  for (uint32_t i = 0; i < 2 && door_words[door].word[i]; i++)
    put_same(p, door_words[door].word[i]);
  end_run(p);
}

static void put_group(struct parser *p, enum address_door door, const struct address_number *n,
                      uint32_t group) {
  put_component(p, door, p->text.characters + n->groups[group].start, n->groups[group].size);
}

/* The whole number, dashes and all, as one value: 12-3号. */
static void put_whole(struct parser *p, enum address_door door, const struct address_number *n) {
  if (n->is_han) {
    uint32_t digits[10], size = 0;
    for (uint32_t v = n->value; v || !size; v /= 10) digits[9 - size++] = '0' + v % 10;
    put_component(p, door, digits + 10 - size, size);
    return;
  }
  put_component(p, door, p->text.characters + n->groups[0].start, n->end - n->groups[0].start);
}

/* ---- Reading the tail -------------------------------------------------------------------------
 */

/* A number with a door word behind it. */
static void read_door(struct parser *p, const struct address_number *n, enum address_door door) {
  end_community(p);
  if (door == DOOR_HASH) door = p->out->road && !p->out->number ? DOOR_NUMBER : DOOR_BUILDING;
  if (door == DOOR_ROOM && n->group_count == 2) { /* 2-501室 */
    put_group(p, p->out->building ? DOOR_UNIT : DOOR_BUILDING, n, 0);
    put_group(p, DOOR_ROOM, n, 1);
  } else if (door == DOOR_ROOM && n->group_count == 3) { /* 3-2-501室 */
    put_group(p, DOOR_BUILDING, n, 0);
    put_group(p, DOOR_UNIT, n, 1);
    put_group(p, DOOR_ROOM, n, 2);
  } else if (door == DOOR_UNIT && n->group_count == 2) { /* 3-2单元 */
    put_group(p, DOOR_BUILDING, n, 0);
    put_group(p, DOOR_UNIT, n, 1);
  } else {
    put_whole(p, door, n);
  }
}

static bool has_place(const struct parser *p) {
  return p->out->number || p->out->building || p->out->community || p->out->tail_size - p->run >= 2;
}

/* A number without a door word. false when it is part of a name. */
static bool read_bare(struct parser *p, const struct address_number *n) {
  struct address_han *out = p->out;
  if (n->is_han || !address_number_has_digit(p->text, n)) return false;
  uint32_t last = n->groups[n->group_count - 1].size;
  uint32_t next = peek(p, n->end);
  bool ends = n->end == p->text.size || next == ' ' || next == ',' || next == '(' || next == ';';
  static const enum address_door patterns[5][4] = {
      [3] = {DOOR_BUILDING, DOOR_UNIT, DOOR_ROOM},
      [4] = {DOOR_BUILDING, DOOR_UNIT, DOOR_FLOOR, DOOR_ROOM},
  };
  if (n->group_count >= 3 && has_place(p) && !out->building) {
    end_community(p);
    for (uint32_t i = 0; i < n->group_count; i++) put_group(p, patterns[n->group_count][i], n, i);
    return true;
  }
  if (n->group_count == 2 && out->building && !out->room) { /* 3栋2-501 */
    put_group(p, out->unit ? DOOR_FLOOR : DOOR_UNIT, n, 0);
    put_group(p, DOOR_ROOM, n, 1);
    return true;
  }
  if (n->group_count == 2 && ends && last >= 3 && has_place(p)) { /* 幸福小区3-501 */
    end_community(p);
    put_group(p, DOOR_BUILDING, n, 0);
    put_group(p, DOOR_ROOM, n, 1);
    return true;
  }
  bool is_room = out->building || out->unit || out->floor || (out->number && ends && last >= 3);
  if (n->group_count == 1 && is_room && !out->room && p->run == out->tail_size && last >= 2) {
    put_group(p, DOOR_ROOM, n, 0);
    return true;
  }
  return false;
}

enum name_end { NAME_GOES_ON, NAME_IS_ROAD, NAME_IS_TOWNSHIP, NAME_IS_VILLAGE };

/* 道 ends a road (大道, 国道, 弥敦道5号) or, as 街道, a township; a road behind a number is a
 * remark. */
static enum name_end end_by_road_word(const struct parser *p, uint32_t c, uint32_t before) {
  uint32_t next = peek(p, p->at);
  if (c == U'道' && before == U'街') return NAME_IS_TOWNSHIP;
  bool is_end =
      c == U'路' || c == U'巷' || (c == U'街' && next != U'道') ||
      (c == U'同' && before == U'胡') ||
      (c == U'道' && (before == U'大' || before == U'国' || before == U'省' || is_digit(next)));
  if (!is_end || next == U'口' || p->out->number || p->out->building) return NAME_GOES_ON;
  return NAME_IS_ROAD;
}

/* 镇, 乡, 区 (高新区, not 小区, 社区, 东区) and 村, unless they are part of a road's name:
 * 中关村大街. */
static enum name_end end_by_place_word(const struct parser *p, uint32_t c, uint32_t before,
                                       uint32_t size) {
  const struct address_han *out = p->out;
  if (out->road || out->number || road_word_follows(p, p->at)) return NAME_GOES_ON;
  if (c == U'村') return before == U'新' ? NAME_GOES_ON : NAME_IS_VILLAGE;
  if (c == U'镇' || c == U'乡') return NAME_IS_TOWNSHIP;
  bool is_estate = before == U'小' || before == U'社' || before == U'园' || before == U'校' ||
                   before == U'住' || is_side(before) || is_letter(before);
  return size < 3 || is_estate || out->township ? NAME_GOES_ON : NAME_IS_TOWNSHIP;
}

static enum name_end name_end_of(const struct parser *p) {
  const struct address_han *out = p->out;
  uint32_t size = out->tail_size - p->run;
  if (size < 2) return NAME_GOES_ON;
  uint32_t c = out->tail[out->tail_size - 1], before = out->tail[out->tail_size - 2];
  switch (c) {
    case U'路':
    case U'街':
    case U'道':
    case U'巷':
    case U'同':
      return end_by_road_word(p, c, before);
    case U'镇':
    case U'乡':
    case U'区':
    case U'村':
      return end_by_place_word(p, c, before, size);
    default:
      return NAME_GOES_ON;
  }
}

/* 人民南路四段: the section belongs to the road's name. */
static void take_section(struct parser *p) {
  uint32_t which = peek(p, p->at);
  if (peek(p, p->at + 1) != U'段') return;
  if (!is_side(which) && !is_digit(which) && address_numeral(which) < 0) return;
  for (int i = 0; i < 2; i++, p->at++) put(p, p->text.characters[p->at], p->shown[p->at]);
}

static uint32_t hash_run(const struct parser *p) {
  return hash32(p->out->tail + p->run, p->out->tail_size - p->run);
}

/* Whether the character that was put last ends a name, and what to do then. */
static void read_name_end(struct parser *p) {
  struct address_han *out = p->out;
  switch (name_end_of(p)) {
    case NAME_GOES_ON:
      return;
    case NAME_IS_VILLAGE:
      end_community(p);
      return;
    case NAME_IS_ROAD:
      take_section(p);
      if (!out->road) out->road = hash_run(p);
      reach(p, ADDRESS_LEVEL_ROAD);
      break;
    case NAME_IS_TOWNSHIP:
      if (peek(p, p->at) == U'办' && peek(p, p->at + 1) == U'事' && peek(p, p->at + 2) == U'处')
        p->at += 3; /* 街道办事处 */
      if (!out->township) out->township = hash_run(p);
      reach(p, ADDRESS_LEVEL_TOWNSHIP);
      break;
  }
  end_run(p);
}

/* A remark in brackets is no part of the address. A bracket that is never closed is none: the
 * address was cut, or goes on behind it. */
static bool skip_brackets(struct parser *p) {
  uint32_t end = p->at;
  while (end < p->text.size && p->text.characters[end] != ')') end++;
  if (end == p->text.size) return false;
  p->at = end + 1;
  return true;
}

static bool is_word_space(const struct parser *p) {
  uint32_t next = peek(p, p->at + 1);
  uint32_t last = p->out->tail_size ? p->out->tail[p->out->tail_size - 1] : 0;
  return (is_letter(next) || is_digit(next)) && (is_letter(last) || is_digit(last));
}

static bool is_punctuation(uint32_t c) {
  return c == ' ' || c == ',' || c == '.' || c == ';' || c == ':' || c == U'。' || c == U'、' ||
         c == '/' || c == '|' || c == '_' || c == '"' || c == '\'' || c == U'·' || c == '\t' ||
         c == '(' || c == ')';
}

static void parse_tail(struct parser *p) {
  while (p->at < p->text.size) {
    uint32_t c = p->text.characters[p->at];
    if (c == '(' && skip_brackets(p)) continue;
    if (is_punctuation(c)) {
      if (c == ' ' && is_word_space(p)) put_same(p, ' ');
      p->at++;
      continue;
    }
    uint32_t at = p->at + (c == U'第');
    struct address_number n;
    if (address_number_read(p->text, at, &n)) {
      uint32_t length = 0;
      enum address_door door = address_door_at(p->text, n.end, &length);
      if (door == DOOR_FLOOR && peek(p, n.end) == U'楼' && n.is_han &&
          p->out->tail_size == p->run && !p->out->tail_size)
        door = DOOR_NONE; /* 三楼… at the very beginning is rather a place's name */
      if (door != DOOR_NONE) {
        p->at = n.end + length;
        read_door(p, &n, door);
        continue;
      }
      if (at == p->at && read_bare(p, &n)) {
        p->at = n.end;
        continue;
      }
      if (at == p->at) { /* Part of a name: taken as it stands. */
        for (; p->at < n.end; p->at++) put(p, p->text.characters[p->at], p->shown[p->at]);
        read_name_end(p);
        continue;
      }
    }
    put(p, c, p->shown[p->at]);
    p->at++;
    read_name_end(p);
  }
  end_community(p);
}

static void read_division(struct parser *p, const struct gazetteer_match *match) {
  struct address_han *out = p->out;
  out->starts_with_division = true;
  if (match->ambiguous) {
    out->district = hash32(p->text.characters + match->start, match->end - match->start);
    out->district_start = match->start;
    out->district_end = match->end;
    reach(p, ADDRESS_LEVEL_DISTRICT);
    return;
  }
  out->code = match->code;
  reach(p, (enum address_level)gazetteer_level(match->code));
  if (gazetteer_level(match->code) < 3) return;
  uint32_t name[32], size = 0;
  struct bytes full_name = gazetteer_name(match->code);
  const char *at = full_name.data, *end = at + full_name.size;
  while (at < end && size < 32) name[size++] = han_fold(text_decode(&at, end));
  out->district = hash32(name, size);
}

void address_han_parse(const struct place_text *text, struct address_han *address) {
  memset(address, 0, offsetof(struct address_han, tail));
  struct parser p = {.text = {text->characters, text->size}, .shown = text->shown, .out = address};
  struct gazetteer_match match;
  if (peek(&p, 0) == U'中' && peek(&p, 1) == U'国') p.at = 2;
  if (gazetteer_find(text->characters + p.at, text->size - p.at, GAZETTEER_ADDRESS, &match)) {
    match.start += p.at;
    match.end += p.at;
    /* What stands in front of the division (收货地址:) says nothing of the place. */
    p.at = match.end;
    read_division(&p, &match);
  } else {
    p.at = 0;
  }
  parse_tail(&p);
}

static char *append(char *at, struct bytes name) {
  if (name.size) memcpy(at, name.data, name.size);
  return at + name.size;
}

struct bytes address_han_write(const struct address_han *address, const struct place_text *text,
                               struct arena *arena) {
  char *value = arena_alloc(arena, 4 * (size_t)(address->tail_size + 64) + 128), *at = value;
  uint32_t code = address->code;
  if (code) {
    at = append(at, gazetteer_name(code / 10000 * 10000));
    struct bytes city = BYTES_EMPTY, county = BYTES_EMPTY;
    if (gazetteer_level(code) >= 2) city = gazetteer_name(code / 100 * 100);
    if (gazetteer_level(code) == 3) county = gazetteer_name(code);
    /* The names of a few counties begin with their city's: 唐山市汉沽管理区. */
    if (!county.size || !bytes_starts_with(county, city)) at = append(at, city);
    at = append(at, county);
  }
  for (uint32_t i = address->district_start; i < address->district_end; i++)
    if (text->shown[i]) at += text_encode(text->shown[i], at);
  for (uint32_t i = 0; i < address->tail_size; i++)
    if (address->shown[i]) at += text_encode(address->shown[i], at);
  return bytes_of(value, (size_t)(at - value));
}
