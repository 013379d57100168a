/* customer_text — one fact in the many ways in which people write it down. Each function writes at
 * `at` and returns the end; none writes more than CUSTOMER_TEXT_BYTES_MAX. */
#ifndef GUIYI_CLI_CUSTOMER_TEXT_H
#define GUIYI_CLI_CUSTOMER_TEXT_H

#include "cli/customer_person.h"

enum { CUSTOMER_TEXT_BYTES_MAX = 512 };

enum customer_name_style {
  NAME_PLAIN,
  NAME_TRADITIONAL, /* 張偉 */
  NAME_HOMOPHONE,   /* 张玮 */
  NAME_SPACED,      /* 张 伟 */
  NAME_PINYIN,      /* Zhang Wei */
  NAME_SIR,         /* 张先生 */
  NAME_BOSS,        /* 张总 */
  NAME_MANAGER,     /* 张伟经理 */
  NAME_OLD,         /* 老张 */
  NAME_MASKED,      /* 张* */
  NAME_NICK,        /* 追风少年 */
  NAME_PLACEHOLDER, /* 匿名 */
};

enum customer_phone_style {
  PHONE_PLAIN,
  PHONE_COUNTRY,    /* +86 13… */
  PHONE_SPACED,     /* 138 1234 5678 */
  PHONE_DASHED,     /* 138-1234-5678 */
  PHONE_FULL_WIDTH, /* １３８… */
  PHONE_MASKED,     /* 138****5678 */
  PHONE_VIRTUAL,    /* 13812345678-1234: a host number and an extension of the order's own */
  PHONE_LANDLINE,   /* of the firm */
  PHONE_SCIENTIFIC, /* 1.38E+10 */
  PHONE_DUMMY,      /* 13800138000 */
};

enum customer_id_style {
  ID_PLAIN,
  ID_LOWER_X,
  ID_OLD,   /* 15 digits, where the owner is old enough */
  ID_TYPO,  /* one digit wrong, or two swapped */
  ID_EXCEL, /* the last three digits lost: …000 */
};

enum customer_address_style {
  ADDRESS_FULL,        /* 广东省深圳市南山区人民路88号阳光花园3栋2单元501室 */
  ADDRESS_NO_PROVINCE, /* 深圳市南山区… */
  ADDRESS_SHORT,       /* 深圳南山人民路八十八号阳光花园3-2-501 */
  ADDRESS_DASHES,      /* …3-2-501 */
  ADDRESS_OTHER_WORDS, /* …3号楼2单元501房 */
  ADDRESS_TO_NUMBER,   /* …88号阳光花园 */
  ADDRESS_SPACED,      /* 广东省 深圳市 南山区, 人民路… */
  ADDRESS_STYLE_COUNT,
};

enum customer_company_style {
  COMPANY_USUAL,        /* 深圳明远科技有限公司 */
  COMPANY_BRACKETS,     /* 明远科技（深圳）有限公司 */
  COMPANY_CITY_IN_FULL, /* 深圳市明远科技有限公司 */
  COMPANY_NO_REGION,    /* 明远科技有限公司 */
  COMPANY_SHORT,        /* 明远科技 */
  COMPANY_BRANCH,       /* 深圳明远科技有限公司南山分公司 */
  COMPANY_GROUP,        /* 深圳明远科技（集团）有限公司 */
  COMPANY_STYLE_COUNT,
};

enum customer_date_style { DATE_DASHES, DATE_SLASHES, DATE_DIGITS, DATE_HAN };

/* text, and a NUL behind it that is written over by what comes next. */
char *customer_put(char *at, const char *text);
char *customer_put_name(char *at, const struct customer_person *person,
                        enum customer_name_style style, struct draws *d);
char *customer_put_phone(char *at, const struct customer_person *person, uint64_t phone,
                         enum customer_phone_style style, struct draws *d);
char *customer_put_id_card(char *at, const struct customer_person *person,
                           enum customer_id_style style, struct draws *d);
char *customer_put_email(char *at, const struct customer_person *person, bool placeholder,
                         struct draws *d);
char *customer_put_address(char *at, const struct customer_home *home,
                           enum customer_address_style style, struct draws *d);
char *customer_put_company(char *at, const struct customer_firm *firm,
                           enum customer_company_style style);
char *customer_put_date(char *at, int32_t day, enum customer_date_style style);

#endif
