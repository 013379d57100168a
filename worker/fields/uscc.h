/* uscc — 统一社会信用代码 (GB 32100), and the codes it took the place of.
 *
 * Canonical: 18 characters in upper case; an organisation code (GB 11714) of 9 without its hyphen;
 * an old registration number of 15 digits. */
#ifndef GUIYI_WORKER_FIELDS_USCC_H
#define GUIYI_WORKER_FIELDS_USCC_H

#include "worker/fields/field_type.h"

enum uscc_kind {
  USCC_INVALID,
  USCC_CODE,
  USCC_ORGANISATION, /* 组织机构代码: characters 9 to 17 of the code of today */
  USCC_REGISTRATION, /* 注册号 */
};

extern const struct field_type uscc_type;

#endif
