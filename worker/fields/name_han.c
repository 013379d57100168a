/* Names in Han characters: mask, title, prefix, then the split into surname and given name.
 */
#include <string.h>
#include <uchar.h>

#include "common/text.h"
#include "worker/fields/field_type.h"
#include "worker/fields/name_characters.h"
#include "worker/fields/name_scripts.h"

enum {
  TITLE_CHARACTERS_MAX = 5,
  GIVEN_CHARACTERS_MAX = 2, /* of a name with an ordinary surname */
};

static bool is_surname(const uint32_t *key, unsigned count) {
  return (count == 1 && surname_is_single(key[0])) ||
         (count == 2 && surname_is_compound(key[0], key[1]));
}

/* How many characters at the end of the key are a title; its enum name_word_flag bits. Long titles
 * go whenever something remains; those of one character only when a surname remains, or 李小工
 * would lose his given name. */
static unsigned title_size(const struct person_name *name, unsigned *flags) {
  unsigned count = name->key_count;
  if (count < 2 || !(han_info(name->key[count - 1]) & HAN_TITLE_END)) return 0;
  unsigned longest = count - 1 < TITLE_CHARACTERS_MAX ? count - 1 : TITLE_CHARACTERS_MAX;
  for (unsigned size = longest; size > 0; size--) {
    *flags = name_word_find(name->key + count - size, size);
    if ((*flags & NAME_WORD_TITLE) && (size > 1 || is_surname(name->key, count - size)))
      return size;
  }
  return 0;
}

/* 王经理先生 has two. */
static void cut_titles(struct person_name *name, struct arena *arena) {
  unsigned whole = name->key_count, size, flags;
  while ((size = title_size(name, &flags)) > 0) {
    unsigned rest = name->key_count - size;
    name_set_sex(name, flags);
    name->title = name_encode(name->text + rest, whole - rest, arena);
    while (rest > 1 && name_class(name->text[rest - 1]) & (IS_SPACE | IS_DOT)) rest--;
    name->text_count = name->key_count = (uint8_t)rest;
  }
}

/* 老王, 小李, 小欧阳. */
static bool has_prefix(const uint32_t *key, unsigned count) {
  if (count < 2 || (key[0] != U'老' && key[0] != U'小' && key[0] != U'阿')) return false;
  return (count == 2 && (han_info(key[1]) & HAN_SURNAME_COMMON)) ||
         (count == 3 && surname_is_compound(key[1], key[2]));
}

/* 张XX, 张××, 张○明 are masks too, where nothing but Han stands around. */
static void read_crosses_as_stars(struct person_name *name) {
  bool cross = false;
  for (unsigned i = 0; i < name->text_count; i++) {
    uint32_t c = name->text[i];
    if (c == 'x' || c == 'X' || c == 0xD7 || c == 0x25CB) {
      cross = true;
    } else if (!text_is_han(c)) {
      return;
    }
  }
  if (!cross || !text_is_han(name->text[0])) return;
  for (unsigned i = 0; i < name->text_count; i++)
    if (!text_is_han(name->text[i])) name->text[i] = name->key[i] = '*';
}

/* The characters that names of Turkic peoples are written with when the dot is missing
 * (买买提艾力). Only a text of nothing but these may be a name of more than four characters without
 * a surname. */
static bool is_transliteration(const uint32_t *key, unsigned count) {
  static const char32_t letters[] =
      U"阿艾爱安巴拜班毕布不达丹迪地丁顿杜都多尔恩尼娜纳乃努诺夫古丽哈海汗赫胡吉加江杰卡开坎康克肯"
      U"库"
      U"拉莱兰勒雷里力利莉林鲁伦罗洛马玛麦买曼美米明木穆帕派皮普奇齐恰曲热日茹如肉萨赛沙山舍什史斯"
      U"苏"
      U"塔泰坦特提铁图吐托外维吾乌西希夏辛雅亚延叶伊衣依约扎则泽孜卓泊伯别波博蒂次嘎噶根贡桑旺央宗"
      U"珠仁"
      U"加措索朗琼";
  for (unsigned i = 0; i < count; i++) {
    const char32_t *letter = letters;
    while (*letter && *letter != key[i]) letter++;
    if (!*letter) return false;
  }
  return true;
}

/* 李伟公司, 阳光门店: written where a person was asked for. */
static bool is_firm(const uint32_t *key, unsigned count) {
  static const char32_t ends[][3] = {U"公司", U"集团", U"门店", U"商店", U"超市", U"医院", U"学校",
                                     U"酒店", U"银行", U"商行", U"药店", U"工厂", U"诊所", U"饭店"};
  if (count < 4) return false;
  for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++)
    if (key[count - 2] == ends[i][0] && key[count - 1] == ends[i][1]) return true;
  return false;
}

/* How many characters are the surname; 0 when the text has no shape of a name. */
static unsigned surname_size(const uint32_t *key, unsigned count) {
  if (count < 2) return 0;
  if (count > 2 && count <= 2 + GIVEN_CHARACTERS_MAX && surname_is_compound(key[0], key[1]))
    return 2;
  if (!surname_is_single(key[0])) return 0;
  if (count <= 1 + GIVEN_CHARACTERS_MAX) return 1;
  /* 王李小明: the father's and the mother's name. 阳光男孩 is neither's. */
  return count == 4 && (han_info(key[0]) & han_info(key[1]) & HAN_SURNAME_COMMON);
}

static void classify_han(struct person_name *name, enum name_part part) {
  const uint32_t *key = name->key;
  unsigned count = name->key_count;
  if (part == NAME_GIVEN || part == NAME_MIDDLE || part == NAME_FAMILY) {
    name->kind = NAME_PART_ONLY;
    name->surname_count = part == NAME_FAMILY ? name->key_count : 0;
    name->comparable = true;
    return;
  }
  if (has_prefix(key, count)) {
    name->kind = NAME_SURNAME_ONLY;
    name->surname_count = (uint8_t)(count - 1);
    name->comparable = true;
    return;
  }
  if (is_surname(key, count)) {
    name->kind = NAME_SURNAME_ONLY;
    name->surname_count = name->key_count;
    name->comparable = true;
    return;
  }
  name->kind = NAME_OTHER;
  if (is_firm(key, count)) return;
  name->surname_count = (uint8_t)surname_size(key, count);
  if (name->surname_count) name->kind = NAME_FULL;
  /* Tibetan, Japanese and rare names have no surname that we know; longer texts are nicknames. */
  bool is_usual = name->surname_count == 2 ||
                  (name->surname_count == 1 && (han_info(key[0]) & HAN_SURNAME_COMMON));
  name->loose = !is_usual && !is_transliteration(key, count);
  name->comparable =
      name->surname_count || (count >= 2 && count <= 4) || (count > 4 && !name->loose);
}

/* 老王 is written without its prefix in the key. */
static void cut_prefix(struct person_name *name, struct arena *arena) {
  if (name->kind != NAME_SURNAME_ONLY || name->surname_count == name->key_count) return;
  name->prefix = name_encode(name->text, 1, arena);
  name->key_count--;
  memmove(name->key, name->key + 1, name->key_count * sizeof *name->key);
}

/* 张伟Leo, 张伟13800138123, Leo 张伟: the Han characters are the name when they have its shape. */
static void keep_han_run(struct person_name *name, struct arena *arena) {
  unsigned start = 0, end = name->text_count;
  while (start < end && name_class(name->text[start]) != IS_HAN) start++;
  unsigned past = start;
  while (past < end && name_class(name->text[past]) == IS_HAN) past++;
  bool at_end = start == 0 || past == end;
  for (unsigned i = past; i < end; i++) at_end &= name_class(name->text[i]) != IS_HAN;
  uint32_t folded[2 + GIVEN_CHARACTERS_MAX];
  unsigned count = past - start;
  if (!at_end || count > 2 + GIVEN_CHARACTERS_MAX) return;
  for (unsigned i = 0; i < count; i++) folded[i] = han_fold(name->text[start + i]);
  if (!surname_size(folded, count) || name_word_find(folded, count)) return;
  unsigned from = start == 0 ? past : 0, to = start == 0 ? end : start;
  while (from < to && (name_class(name->text[from]) & IS_SPACE)) from++;
  while (to > from && (name_class(name->text[to - 1]) & IS_SPACE)) to--;
  if (!name->annotation.size) name->annotation = name_encode(name->text + from, to - from, arena);
  memmove(name->text, name->text + start, count * sizeof *name->text);
  name->text_count = (uint8_t)count;
  name_fold_key(name);
}

/* J·K·罗琳: Latin letters, if any, stand alone between dots. */
static bool has_only_initials(const struct person_name *name) {
  for (unsigned i = 0; i < name->key_count; i++) {
    if (name_class(name->key[i]) != IS_LATIN) continue;
    if ((i > 0 && name->key[i - 1] != NAME_DOT) ||
        (i + 1 < name->key_count && name->key[i + 1] != NAME_DOT))
      return false;
  }
  return true;
}

void name_parse_han(struct person_name *name, enum name_part part, struct arena *arena) {
  name_fold_key(name);
  cut_titles(name, arena);
  if (name->title.size && (name_word_find(name->key, name->key_count) & NAME_WORD_PLACEHOLDER)) {
    name->flags |= FIELD_W_PLACEHOLDER; /* 客户先生 */
    name->key_count = name->text_count = 0;
    return;
  }
  read_crosses_as_stars(name);
  unsigned classes = name_classes(name->key, name->key_count);
  bool initials = (classes & IS_DOT) && has_only_initials(name);
  if (!(classes & IS_STAR) && !initials && (classes & ~(unsigned)(IS_HAN | IS_DOT | IS_LOST))) {
    keep_han_run(name, arena);
    cut_titles(name, arena);
    classes = name_classes(name->key, name->key_count);
  }
  if (classes & IS_LOST) name->flags |= FIELD_W_LOST_CHAR;
  if (classes & IS_STAR) {
    name->kind = classes & ~(unsigned)(IS_HAN | IS_STAR | IS_DOT) ? NAME_OTHER : NAME_MASKED;
    name->comparable = name->kind == NAME_MASKED;
    name->flags |= FIELD_W_MASKED;
  } else if (classes & ~(unsigned)(IS_HAN | IS_DOT | IS_LOST | (initials ? IS_LATIN : 0))) {
    name->kind = NAME_OTHER;
  } else if (classes & IS_DOT) {
    name->kind = NAME_DOTTED;
    name->comparable = true;
  } else {
    classify_han(name, part);
    cut_prefix(name, arena);
  }
}
