#include "worker/fields/company_name.h"

#include <string.h>

#include "common/hash.h"
#include "common/text.h"
#include "worker/fields/gazetteer.h"

/* Not a division of GB/T 2260: a firm's (中国) in brackets names the whole country. */
enum { REGION_CHINA = 100000 };

/* A suffix with its length, for comparing against characters. */
struct word {
  const uint32_t *text;
  uint32_t size;
};
#define WORD(literal) ((struct word){(const uint32_t *)(literal), sizeof(literal) / 4 - 1})

static bool ends_with(const uint32_t *text, uint32_t size, struct word w) {
  return size >= w.size && memcmp(text + size - w.size, w.text, w.size * sizeof *text) == 0;
}

static bool starts_with(const uint32_t *text, uint32_t size, struct word w) {
  return size >= w.size && memcmp(text, w.text, w.size * sizeof *text) == 0;
}

static bool equals(const uint32_t *text, uint32_t size, struct word w) {
  return size == w.size && starts_with(text, size, w);
}

static bool is_letter_or_digit(uint32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c >= 0xaa;
}

/* ---- Chinese and Japanese names ------------------------------------------------------------- */

struct han_form {
  struct word suffix;
  enum company_form form;
  bool is_group;
};

static bool strip_suffix(struct company_name *name, struct word suffix) {
  if (!ends_with(name->core, name->core_size, suffix) || name->core_size == suffix.size)
    return false;
  name->core_size -= suffix.size;
  return true;
}

static bool strip_prefix(struct company_name *name, struct word prefix) {
  if (!starts_with(name->core, name->core_size, prefix) || name->core_size == prefix.size)
    return false;
  name->core_size -= prefix.size;
  memmove(name->core, name->core + prefix.size, name->core_size * sizeof name->core[0]);
  return true;
}

static void strip_han_form(struct company_name *name) {
  /* Longer suffixes before those they end with. */
  static const struct han_form forms[] = {
      {{(const uint32_t *)U"股份有限公司", 6}, COMPANY_FORM_SHARES, false},
      {{(const uint32_t *)U"有限责任公司", 6}, COMPANY_FORM_LTD, false},
      {{(const uint32_t *)U"股份合作公司", 6}, COMPANY_FORM_COOPERATIVE, false},
      {{(const uint32_t *)U"有限公司", 4}, COMPANY_FORM_LTD, false},
      {{(const uint32_t *)U"股份公司", 4}, COMPANY_FORM_SHARES, false},
      {{(const uint32_t *)U"集团公司", 4}, COMPANY_FORM_COMPANY, true},
      {{(const uint32_t *)U"总公司", 3}, COMPANY_FORM_COMPANY, false},
      {{(const uint32_t *)U"公司", 2}, COMPANY_FORM_COMPANY, false},
      {{(const uint32_t *)U"合伙企业", 4}, COMPANY_FORM_PARTNERSHIP, false},
      {{(const uint32_t *)U"个人独资企业", 6}, COMPANY_FORM_SOLE, false},
      {{(const uint32_t *)U"个体工商户", 5}, COMPANY_FORM_SOLE, false},
      {{(const uint32_t *)U"农民专业合作社", 7}, COMPANY_FORM_COOPERATIVE, false},
      {{(const uint32_t *)U"专业合作社", 5}, COMPANY_FORM_COOPERATIVE, false},
      {{(const uint32_t *)U"合作社", 3}, COMPANY_FORM_COOPERATIVE, false},
      {{(const uint32_t *)U"经营部", 3}, COMPANY_FORM_SOLE, false},
      {{(const uint32_t *)U"门市部", 3}, COMPANY_FORM_SOLE, false},
      {{(const uint32_t *)U"工作室", 3}, COMPANY_FORM_SOLE, false},
      {{(const uint32_t *)U"商行", 2}, COMPANY_FORM_SOLE, false},
      {{(const uint32_t *)U"商店", 2}, COMPANY_FORM_SOLE, false},
      {{(const uint32_t *)U"店", 1}, COMPANY_FORM_SOLE, false},
      {{(const uint32_t *)U"厂", 1}, COMPANY_FORM_FACTORY, false},
      {{(const uint32_t *)U"株式会社", 4}, COMPANY_FORM_SHARES, false},
      {{(const uint32_t *)U"有限会社", 4}, COMPANY_FORM_LTD, false},
      {{(const uint32_t *)U"合同会社", 4}, COMPANY_FORM_LTD, false},
      {{(const uint32_t *)U"合资会社", 4}, COMPANY_FORM_PARTNERSHIP, false},
      {{(const uint32_t *)U"合名会社", 4}, COMPANY_FORM_PARTNERSHIP, false},
      {{(const uint32_t *)U"股份", 2}, COMPANY_FORM_SHARES, false},
  };
  for (uint32_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    /* Japanese forms stand in front as often as behind. */
    bool in_front = forms[i].suffix.text[forms[i].suffix.size - 1] == U'社' &&
                    forms[i].suffix.text[forms[i].suffix.size - 2] == U'会' &&
                    strip_prefix(name, forms[i].suffix);
    if (!in_front && !strip_suffix(name, forms[i].suffix)) continue;
    if (name->form == COMPANY_FORM_NONE) name->form = forms[i].form;
    name->is_group |= forms[i].is_group;
    break;
  }
  if (strip_suffix(name, WORD(U"集团"))) name->is_group = true;
}

/* What stands in one pair of brackets. true when nothing of it belongs to the core. */
static bool read_bracket(struct company_name *name, const uint32_t *text, uint32_t size,
                         bool after_form) {
  uint32_t region;
  if (equals(text, size, WORD(U"集团"))) {
    name->is_group = true;
  } else if (ends_with(text, size, WORD(U"合伙"))) {
    name->form = COMPANY_FORM_PARTNERSHIP;
  } else if (equals(text, size, WORD(U"个体工商户"))) {
    name->form = COMPANY_FORM_SOLE;
  } else if (equals(text, size, WORD(U"株"))) {
    name->form = COMPANY_FORM_SHARES;
  } else if (equals(text, size, WORD(U"有"))) {
    name->form = COMPANY_FORM_LTD;
  } else if (equals(text, size, WORD(U"中国"))) {
    name->region = REGION_CHINA;
  } else if (gazetteer_is_division(text, size, &region)) {
    name->region = region;
  } else {
    /* Before the form it is part of the name, 明远(三号)有限公司; behind it, a remark: (已注销),
     * (退). */
    return after_form || starts_with(text, size, WORD(U"原")) ||
           starts_with(text, size, WORD(U"已")) || equals(text, size, WORD(U"退"));
  }
  return true;
}

/* Letters, digits and Han of the text into core, brackets read on the way. */
static void read_brackets(const uint32_t *text, uint32_t size, struct company_name *name) {
  for (uint32_t i = 0; i < size; i++) {
    uint32_t c = text[i];
    if (c == '(' || c == '[' || c == U'【' || c == U'〔') {
      uint32_t inside[COMPANY_CORE_MAX], inside_size = 0, end = i + 1;
      while (end < size && text[end] != ')' && text[end] != ']' && text[end] != U'】' &&
             text[end] != U'〕') {
        if (is_letter_or_digit(text[end]) && inside_size < COMPANY_CORE_MAX)
          inside[inside_size++] = text[end];
        end++;
      }
      bool after_form = ends_with(name->core, name->core_size, WORD(U"公司"));
      if (!read_bracket(name, inside, inside_size, after_form))
        for (uint32_t k = 0; k < inside_size && name->core_size < COMPANY_CORE_MAX; k++)
          name->core[name->core_size++] = inside[k];
      i = end;
    } else if (is_letter_or_digit(c) && name->core_size < COMPANY_CORE_MAX) {
      name->core[name->core_size++] = c;
    }
  }
}

static bool is_branch_word(const uint32_t *text, uint32_t size) {
  static const struct word words[] = {
      {(const uint32_t *)U"公司", 2},   {(const uint32_t *)U"办事处", 3},
      {(const uint32_t *)U"店", 1},     {(const uint32_t *)U"部", 1},
      {(const uint32_t *)U"代表处", 3}, {(const uint32_t *)U"支行", 2},
      {(const uint32_t *)U"分行", 2},   {(const uint32_t *)U"分厂", 2},
      {(const uint32_t *)U"中心", 2},   {(const uint32_t *)U"分院", 2},
      {(const uint32_t *)U"分社", 2},   {(const uint32_t *)U"分所", 2},
  };
  for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (ends_with(text, size, words[i])) return true;
  return false;
}

/* …公司(.+)(分公司|办事处|…), …银行(.+)(分行|支行|…): what follows the firm's own name. */
static void cut_branch(struct company_name *name) {
  for (uint32_t i = 2; i + 2 <= name->core_size; i++) {
    bool is_firm = name->core[i - 2] == U'公' && name->core[i - 1] == U'司';
    bool is_bank = name->core[i - 2] == U'银' && name->core[i - 1] == U'行';
    if ((!is_firm && !is_bank) || i < 4) continue;
    const uint32_t *rest = name->core + i;
    uint32_t rest_size = name->core_size - i;
    if (is_bank && (starts_with(rest, rest_size, WORD(U"股份")) ||
                    starts_with(rest, rest_size, WORD(U"有限"))))
      continue;
    if (!is_branch_word(rest, rest_size)) continue;
    name->branch_size = rest_size < COMPANY_BRANCH_MAX ? rest_size : COMPANY_BRANCH_MAX;
    memcpy(name->branch, rest, name->branch_size * sizeof rest[0]);
    name->core_size = i;
    return;
  }
}

/* Marks that an exchange puts on a listed firm's short name for a while: *ST康美, N立昂, 康美退. */
static void strip_exchange_marks(struct company_name *name) {
  static const struct word marks[] = {
      {(const uint32_t *)U"sst", 3}, {(const uint32_t *)U"st", 2}, {(const uint32_t *)U"xd", 2},
      {(const uint32_t *)U"xr", 2},  {(const uint32_t *)U"dr", 2}, {(const uint32_t *)U"退市", 2}};
  if (name->core_size < 4 || name->form != COMPANY_FORM_NONE) return;
  for (uint32_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
    if (starts_with(name->core, name->core_size, marks[i]) &&
        place_is_han(name->core[marks[i].size])) {
      strip_prefix(name, marks[i]);
      break;
    }
  if (name->core_size >= 4) strip_suffix(name, WORD(U"退"));
}

static void strip_region(struct company_name *name) {
  struct gazetteer_match match;
  if (!gazetteer_find(name->core, name->core_size, GAZETTEER_COMPANY, &match)) return;
  if (match.start != 0 || name->core_size < match.end + 2) return;
  /* A region in brackets is where the firm is registered; one in front besides is of the name's
   * past. */
  if (!name->region) name->region = match.code;
  name->core_size -= match.end;
  memmove(name->core, name->core + match.end, name->core_size * sizeof name->core[0]);
}

static void parse_han(const struct place_text *text, struct company_name *name) {
  read_brackets(text->characters, text->size, name);
  cut_branch(name);
  strip_han_form(name);
  strip_exchange_marks(name);
  strip_region(name);
}

/* ---- Western names --------------------------------------------------------------------------- */

struct latin_form {
  const char *word;
  enum company_form form;
};

static bool token_is(const uint32_t *token, uint32_t size, const char *word) {
  uint32_t i = 0;
  while (i < size && word[i] && token[i] == (unsigned char)word[i]) i++;
  return i == size && !word[i];
}

static bool latin_form_of(const uint32_t *token, uint32_t size, enum company_form *form) {
  static const struct latin_form forms[] = {
      {"ltd", COMPANY_FORM_LTD},         {"limited", COMPANY_FORM_LTD},
      {"llc", COMPANY_FORM_LTD},         {"gmbh", COMPANY_FORM_LTD},
      {"bv", COMPANY_FORM_LTD},          {"sarl", COMPANY_FORM_LTD},
      {"srl", COMPANY_FORM_LTD},         {"sl", COMPANY_FORM_LTD},
      {"pty", COMPANY_FORM_LTD},         {"pte", COMPANY_FORM_LTD},
      {"pvt", COMPANY_FORM_LTD},         {"ltda", COMPANY_FORM_LTD},
      {"oy", COMPANY_FORM_LTD},          {"aps", COMPANY_FORM_LTD},
      {"sro", COMPANY_FORM_LTD},         {"ooo", COMPANY_FORM_LTD},
      {"inc", COMPANY_FORM_SHARES},      {"incorporated", COMPANY_FORM_SHARES},
      {"corp", COMPANY_FORM_SHARES},     {"corporation", COMPANY_FORM_SHARES},
      {"plc", COMPANY_FORM_SHARES},      {"ag", COMPANY_FORM_SHARES},
      {"sa", COMPANY_FORM_SHARES},       {"spa", COMPANY_FORM_SHARES},
      {"nv", COMPANY_FORM_SHARES},       {"ab", COMPANY_FORM_SHARES},
      {"asa", COMPANY_FORM_SHARES},      {"oyj", COMPANY_FORM_SHARES},
      {"sas", COMPANY_FORM_SHARES},      {"se", COMPANY_FORM_SHARES},
      {"kk", COMPANY_FORM_SHARES},       {"pjsc", COMPANY_FORM_SHARES},
      {"oao", COMPANY_FORM_SHARES},      {"co", COMPANY_FORM_COMPANY},
      {"company", COMPANY_FORM_COMPANY}, {"lp", COMPANY_FORM_PARTNERSHIP},
      {"llp", COMPANY_FORM_PARTNERSHIP}, {"kg", COMPANY_FORM_PARTNERSHIP},
  };
  for (uint32_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
    if (token_is(token, size, forms[i].word)) {
      *form = forms[i].form;
      return true;
    }
  return false;
}

static bool is_group_word(const uint32_t *token, uint32_t size) {
  return token_is(token, size, "group") || token_is(token, size, "holding") ||
         token_is(token, size, "holdings");
}

/* Words into core, one space apart; s.a. and b. v. become one word, & and 'and' fall out. */
static void read_words(const struct place_text *text, struct company_name *name) {
  bool was_single = false;
  for (uint32_t i = 0; i < text->size;) {
    while (i < text->size && !is_letter_or_digit(text->characters[i])) i++;
    uint32_t start = i;
    uint32_t word[COMPANY_CORE_MAX], size = 0;
    while (i < text->size && (is_letter_or_digit(text->characters[i]) ||
                              text->characters[i] == '\'' || text->characters[i] == 0x2019)) {
      uint32_t c = text->characters[i++];
      if (is_letter_or_digit(c) && c != 0x2019 && size < COMPANY_CORE_MAX) word[size++] = c;
    }
    if (i == start || size == 0 || token_is(word, size, "and")) continue;
    if (token_is(word, size, "the") && name->core_size == 0) continue;
    bool is_single = size == 1 && word[0] >= 'a';
    bool joins = is_single && was_single;
    if (name->core_size + size + 1 > COMPANY_CORE_MAX) return;
    if (name->core_size && !joins) name->core[name->core_size++] = ' ';
    memcpy(name->core + name->core_size, word, size * sizeof word[0]);
    name->core_size += size;
    was_single = is_single;
  }
}

/* Forms of several words, and those that stand in front as well. */
static const struct latin_phrase {
  const char *words;
  enum company_form form;
  bool in_front;
} latin_phrases[] = {
    {"limited liability company", COMPANY_FORM_LTD, true},
    {"open joint stock company", COMPANY_FORM_SHARES, true},
    {"public joint stock company", COMPANY_FORM_SHARES, true},
    {"joint stock company", COMPANY_FORM_SHARES, true},
    {"societe anonyme", COMPANY_FORM_SHARES, true},
    {"aktiengesellschaft", COMPANY_FORM_SHARES, false},
    {"sp zoo", COMPANY_FORM_LTD, false},
    {"jsc", COMPANY_FORM_SHARES, true},
    {"ojsc", COMPANY_FORM_SHARES, true},
    {"pjsc", COMPANY_FORM_SHARES, true},
    {"oao", COMPANY_FORM_SHARES, true},
    {"pao", COMPANY_FORM_SHARES, true},
    {"zao", COMPANY_FORM_SHARES, true},
    {"ooo", COMPANY_FORM_LTD, true},
    {"srl", COMPANY_FORM_LTD, true},
};

static bool equals_words(const uint32_t *text, const char *words, uint32_t size) {
  for (uint32_t i = 0; i < size; i++)
    if (text[i] != (unsigned char)words[i]) return false;
  return true;
}

/* Takes a phrase off either end, while a word is left. */
static bool strip_phrase(struct company_name *name) {
  for (uint32_t i = 0; i < sizeof latin_phrases / sizeof latin_phrases[0]; i++) {
    const struct latin_phrase *phrase = &latin_phrases[i];
    uint32_t size = (uint32_t)strlen(phrase->words);
    if (name->core_size < size + 2) continue;
    uint32_t rest = name->core_size - size - 1;
    bool behind =
        name->core[rest] == ' ' && equals_words(name->core + rest + 1, phrase->words, size);
    bool in_front = phrase->in_front && name->core[size] == ' ' &&
                    equals_words(name->core, phrase->words, size);
    if (!behind && !in_front) continue;
    if (!behind) memmove(name->core, name->core + size + 1, rest * sizeof name->core[0]);
    name->core_size = rest;
    name->form = phrase->form;
    return true;
  }
  return false;
}

/* Takes a form or group word off the end, while a word is left. */
static bool strip_last_word(struct company_name *name) {
  uint32_t at = name->core_size;
  while (at && name->core[at - 1] != ' ') at--;
  if (at == 0) return false;
  const uint32_t *last = name->core + at;
  uint32_t size = name->core_size - at;
  enum company_form form;
  if (is_group_word(last, size))
    name->is_group = true;
  else if (!latin_form_of(last, size, &form))
    return false;
  else if (name->form == COMPANY_FORM_NONE || name->form == COMPANY_FORM_COMPANY)
    name->form = form;
  name->core_size = at - 1;
  return true;
}

static void parse_latin(const struct place_text *text, struct company_name *name) {
  name->is_latin = true;
  read_words(text, name);
  while (strip_phrase(name) || strip_last_word(name)) continue;
}

void company_name_parse(const struct place_text *text, struct company_name *name) {
  name->core_size = name->branch_size = 0;
  name->region = 0;
  name->form = COMPANY_FORM_NONE;
  name->is_group = name->is_latin = false;
  if (text->has_han)
    parse_han(text, name);
  else
    parse_latin(text, name);
}

static char *append_characters(char *at, const uint32_t *text, uint32_t size) {
  for (uint32_t i = 0; i < size; i++) at += text_encode(text[i], at);
  return at;
}

static char *append(char *at, struct bytes text) {
  if (text.size) memcpy(at, text.data, text.size);
  return at + text.size;
}

struct bytes company_name_write(const struct company_name *name, struct arena *arena) {
  static const char *const forms[] = {"",     "LTD",     "SHARES",     "COMPANY", "PARTNERSHIP",
                                      "SOLE", "FACTORY", "COOPERATIVE"};
  char *text = arena_alloc(arena, (COMPANY_CORE_MAX + COMPANY_BRANCH_MAX) * 4 + 64), *at = text;
  at = append_characters(at, name->core, name->core_size);
  *at++ = '|';
  at =
      append(at, name->region == REGION_CHINA ? BYTES("中国") : gazetteer_short_name(name->region));
  *at++ = '|';
  at = append(at, bytes_from_string(forms[name->form]));
  if (name->is_group) at = append(at, BYTES("+GROUP"));
  if (name->branch_size) {
    at = append(at, BYTES("|BR:"));
    at = append_characters(at, name->branch, name->branch_size);
  }
  return bytes_of(text, (size_t)(at - text));
}
