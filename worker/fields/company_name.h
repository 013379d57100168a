/* company_name — takes a firm's name apart: where it is registered, what it is called, its legal
 * form.
 *
 * A Chinese name is division + name + trade + form (企业名称登记管理规定), and the division may
 * stand at the front, in brackets behind the name, or before the form; 明远科技(上海)有限公司 and
 * 上海明远科技有限公司 are one name. Western and Japanese forms are folded likewise. Pure. */
#ifndef GUIYI_WORKER_FIELDS_COMPANY_NAME_H
#define GUIYI_WORKER_FIELDS_COMPANY_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "worker/fields/place_text.h"

enum company_form {
  COMPANY_FORM_NONE,
  COMPANY_FORM_LTD,         /* 有限公司 有限责任公司; Ltd LLC GmbH BV 有限会社 */
  COMPANY_FORM_SHARES,      /* 股份有限公司; Inc Corp PLC AG NV 株式会社 */
  COMPANY_FORM_COMPANY,     /* 公司 总公司; Co */
  COMPANY_FORM_PARTNERSHIP, /* 合伙企业; LP LLP */
  COMPANY_FORM_SOLE,        /* 个体工商户 商行 经营部 店 */
  COMPANY_FORM_FACTORY,     /* 厂 */
  COMPANY_FORM_COOPERATIVE, /* 合作社 */
};

enum { COMPANY_CORE_MAX = 64, COMPANY_BRANCH_MAX = 24 };

struct company_name {
  uint32_t
      core[COMPANY_CORE_MAX]; /* simplified, lower case; words of a Latin name one space apart */
  uint32_t core_size;
  uint32_t branch[COMPANY_BRANCH_MAX]; /* 浦东分公司; empty = the firm itself */
  uint32_t branch_size;
  uint32_t region; /* division code of GB/T 2260, 0 = none named */
  enum company_form form;
  bool is_group; /* says (集团), group or holding(s) of itself */
  bool is_latin;
};

/* text has a character at least. */
void company_name_parse(const struct place_text *text, struct company_name *name);

/* 明远科技|上海|LTD+GROUP|BR:浦东分公司: for people and tests. */
struct bytes company_name_write(const struct company_name *name, struct arena *arena);

#endif
