#include "cli/customer_text.h"

#include <string.h>

#include "common/calendar.h"
#include "common/number_write.h"

char *customer_put(char *at, const char *text) { return stpcpy(at, text); }

/* ---- Names ------------------------------------------------------------------------------------
 */

static char *put_dotted(char *at, const struct customer_person *p, struct draws *d) {
  static const char *const dots[] = {"·", "•", "・", "．", ".", "‧"};
  at = customer_put(at, p->dotted[0]);
  at = customer_put(at, dots[draw_below(d, sizeof dots / sizeof dots[0])]);
  return customer_put(at, p->dotted[1]);
}

static char *put_pinyin(char *at, const char *pinyin) {
  char *end = customer_put(at, pinyin);
  *at = (char)(*at - 'a' + 'A');
  return end;
}

static char *put_given(char *at, const struct customer_person *p, enum customer_name_style style) {
  for (uint32_t i = 0; i < p->given_count; i++) {
    const struct customer_character *c = p->given[i];
    if (style == NAME_TRADITIONAL)
      at = customer_put(at, c->traditional);
    else if (style == NAME_HOMOPHONE && c->alike && i + 1 == p->given_count)
      at = customer_put(at, c->alike);
    else
      at = customer_put(at, c->simplified);
  }
  return at;
}

char *customer_put_name(char *at, const struct customer_person *p, enum customer_name_style style,
                        struct draws *d) {
  static const char *const nobody[] = {"匿名", "测试", "无", "客户", "微信用户", "test"};
  if (style == NAME_PLACEHOLDER)
    return customer_put(at, nobody[draw_below(d, sizeof nobody / sizeof nobody[0])]);
  if (style == NAME_NICK) {
    at = customer_put(at, p->nickname);
    return p->nickname_number ? number_put_u64(at, p->nickname_number) : at;
  }
  if (p->dotted[0]) return put_dotted(at, p, d);
  switch (style) {
    case NAME_PINYIN:
      at = put_pinyin(at, p->surname->pinyin);
      *at++ = ' ';
      at = put_pinyin(at, p->given[0]->pinyin);
      return p->given_count == 2 ? customer_put(at, p->given[1]->pinyin) : at;
    case NAME_OLD:
      return customer_put(customer_put(at, "老"), p->surname->simplified);
    case NAME_SIR:
      return customer_put(customer_put(at, p->surname->simplified), p->is_male ? "先生" : "女士");
    case NAME_BOSS:
      return customer_put(customer_put(at, p->surname->simplified), "总");
    case NAME_MASKED:
      at = customer_put(at, p->surname->simplified);
      return customer_put(at, p->given_count == 2 ? "**" : "*");
    case NAME_TRADITIONAL:
      return put_given(customer_put(at, p->surname->traditional), p, style);
    case NAME_SPACED:
      return put_given(customer_put(customer_put(at, p->surname->simplified), " "), p, style);
    case NAME_MANAGER:
      return customer_put(put_given(customer_put(at, p->surname->simplified), p, style), "经理");
    default:
      return put_given(customer_put(at, p->surname->simplified), p, style);
  }
}

/* ---- Numbers ----------------------------------------------------------------------------------
 */

static char *put_full_width(char *at, const char *digits, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) { /* U+FF10 and on */
    *at++ = (char)0xef;
    *at++ = (char)0xbc;
    *at++ = (char)(0x90 + digits[i] - '0');
  }
  return at;
}

static char *put_groups(char *at, const char *digits, char separator) {
  memcpy(at, digits, 3);
  at[3] = separator;
  memcpy(at + 4, digits + 3, 4);
  at[8] = separator;
  memcpy(at + 9, digits + 7, 4);
  return at + 13;
}

static char *put_landline(char *at, const struct customer_person *p, struct draws *d) {
  at = customer_put(at, p->firm.city->area_code);
  *at++ = '-';
  at = number_put_u64(at, p->landline);
  if (!draw_permille(d, 200)) return at;
  *at++ = '-';
  return number_put_padded(at, 800 + draw_below(d, 100), 3);
}

char *customer_put_phone(char *at, const struct customer_person *p, uint64_t phone,
                         enum customer_phone_style style, struct draws *d) {
  char digits[11];
  number_put_padded(digits, phone, 11);
  switch (style) {
    case PHONE_COUNTRY:
      at = customer_put(at, draw_permille(d, 500) ? "+86 " : "86");
      break;
    case PHONE_SPACED:
      return put_groups(at, digits, ' ');
    case PHONE_DASHED:
      return put_groups(at, digits, '-');
    case PHONE_FULL_WIDTH:
      return put_full_width(at, digits, 11);
    case PHONE_MASKED:
      memset(digits + 3, '*', 4);
      break;
    case PHONE_VIRTUAL:
      memcpy(at, digits, 11);
      at[11] = '-';
      return number_put_padded(at + 12, draw_below(d, 10000), 4);
    case PHONE_LANDLINE:
      return put_landline(at, p, d);
    case PHONE_SCIENTIFIC:
      *at++ = digits[0];
      *at++ = '.';
      memcpy(at, digits + 1, 2);
      return customer_put(at + 2, "E+10");
    case PHONE_DUMMY:
      return customer_put(at, "13800138000");
    case PHONE_PLAIN:
      break;
  }
  memcpy(at, digits, 11);
  return at + 11;
}

char *customer_put_id_card(char *at, const struct customer_person *p, enum customer_id_style style,
                           struct draws *d) {
  memcpy(at, p->id_card, ID_CARD_SIZE);
  switch (style) {
    case ID_LOWER_X:
      if (at[17] == 'X') at[17] = 'x';
      break;
    case ID_OLD: /* without the century and the check character */
      if (at[6] != '1' || at[7] != '9') break;
      memmove(at + 6, at + 8, 9);
      return at + 15;
    case ID_TYPO: {
      uint32_t i = 6 + draw_below(d, 10);
      if (draw_permille(d, 500) && at[i] != at[i + 1]) {
        char swapped = at[i];
        at[i] = at[i + 1];
        at[i + 1] = swapped;
      } else {
        at[i] = (char)('0' + (at[i] - '0' + 1 + (int)draw_below(d, 9)) % 10);
      }
      break;
    }
    case ID_EXCEL:
      memset(at + 15, '0', 3);
      break;
    case ID_PLAIN:
      break;
  }
  return at + ID_CARD_SIZE;
}

char *customer_put_email(char *at, const struct customer_person *p, bool placeholder,
                         struct draws *d) {
  if (placeholder) return customer_put(at, "test@test.com");
  memcpy(at, p->email, p->email_size);
  if (draw_permille(d, 30)) /* shouted */
    for (uint32_t i = 0; i < p->email_size; i++)
      if (at[i] >= 'a' && at[i] <= 'z') at[i] = (char)(at[i] - 32);
  return at + p->email_size;
}

/* ---- Places -----------------------------------------------------------------------------------
 */

/* 88 as 八十八: 1 .. 999. */
static char *put_han_number(char *at, uint32_t number) {
  static const char *const digits[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八", "九"};
  uint32_t hundreds = number / 100, tens = number / 10 % 10, ones = number % 10;
  if (hundreds) at = customer_put(customer_put(at, digits[hundreds]), "百");
  if (hundreds && !tens && ones) at = customer_put(at, "零");
  if (tens && (hundreds || tens > 1)) at = customer_put(at, digits[tens]);
  if (tens) at = customer_put(at, "十");
  return ones ? customer_put(at, digits[ones]) : at;
}

/* 南山区 as 南山; 东城区 would be 东城, 郊县 of two characters stays. */
static char *put_short_district(char *at, const char *name) {
  char *end = customer_put(at, name);
  return end - at > 6 ? end - 3 : end; /* without the last Han character */
}

static char *put_divisions(char *at, const struct customer_home *home,
                           enum customer_address_style style) {
  const struct customer_city *city = home->city;
  const char *district = city->districts[home->district].name;
  const char *between = style == ADDRESS_SPACED ? " " : "";
  if (style == ADDRESS_SHORT)
    return put_short_district(customer_put(at, city->short_name), district);
  bool has_province = style != ADDRESS_NO_PROVINCE || !city->city[0];
  if (has_province) at = customer_put(customer_put(at, city->province), between);
  if (city->city[0]) at = customer_put(customer_put(at, city->city), between);
  return customer_put(at, district);
}

static char *put_door(char *at, const struct customer_home *home,
                      enum customer_address_style style) {
  bool dashes = style == ADDRESS_DASHES || style == ADDRESS_SHORT;
  bool other = style == ADDRESS_OTHER_WORDS;
  at = number_put_u64(at, home->building);
  at = customer_put(at, dashes ? "-" : other ? "号楼" : "栋");
  at = number_put_u64(at, home->unit);
  at = customer_put(at, dashes ? "-" : "单元");
  at = number_put_u64(at, home->room);
  return customer_put(at, dashes ? "" : other ? "房" : "室");
}

char *customer_put_address(char *at, const struct customer_home *home,
                           enum customer_address_style style, struct draws *d) {
  at = put_divisions(at, home, style);
  if (style == ADDRESS_SPACED) at = customer_put(at, ", ");
  at = customer_put(customer_put(at, home->road), home->road_ending);
  if (style == ADDRESS_SHORT && draw_permille(d, 500))
    at = put_han_number(at, home->number);
  else
    at = number_put_u64(at, home->number);
  at = customer_put(at, "号");
  at = customer_put(customer_put(at, home->community), home->community_ending);
  return style == ADDRESS_TO_NUMBER ? at : put_door(at, home, style);
}

char *customer_put_company(char *at, const struct customer_firm *firm,
                           enum customer_company_style style) {
  if (style == COMPANY_USUAL || style == COMPANY_BRANCH || style == COMPANY_GROUP)
    at = customer_put(at, firm->city->short_name);
  if (style == COMPANY_CITY_IN_FULL)
    at = customer_put(at, firm->city->city[0] ? firm->city->city : firm->city->province);
  at = customer_put(customer_put(at, firm->first), firm->second);
  at = customer_put(at, firm->trade);
  if (style == COMPANY_BRACKETS)
    at = customer_put(customer_put(customer_put(at, "（"), firm->city->short_name), "）");
  if (style == COMPANY_GROUP) at = customer_put(at, "（集团）");
  if (style == COMPANY_SHORT) return at;
  at = customer_put(at, firm->form);
  if (style != COMPANY_BRANCH) return at;
  /* A municipality's district, or the city; of a district only the name. */
  const char *district = firm->city->districts[0].name;
  at = *district ? put_short_district(at, district) : customer_put(at, firm->city->short_name);
  return customer_put(at, "分公司");
}

char *customer_put_date(char *at, int32_t day, enum customer_date_style style) {
  static const char *const separators[][3] = {[DATE_DASHES] = {"-", "-", ""},
                                              [DATE_SLASHES] = {"/", "/", ""},
                                              [DATE_DIGITS] = {"", "", ""},
                                              [DATE_HAN] = {"年", "月", "日"}};
  struct calendar_date date = calendar_date_of(day);
  unsigned digits = style == DATE_HAN || style == DATE_SLASHES ? 1 : 2;
  at = customer_put(number_put_padded(at, (uint64_t)date.year, 4), separators[style][0]);
  at = number_put_padded(at, (uint64_t)date.month, date.month > 9 ? 2 : digits);
  at = customer_put(at, separators[style][1]);
  at = number_put_padded(at, (uint64_t)date.day, date.day > 9 ? 2 : digits);
  return customer_put(at, separators[style][2]);
}
