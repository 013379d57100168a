/* account — an identifier that some system gave out: openid, unionid, member number, buyer id,
 * social security number.
 *
 * The text is kept as it is, letters in their case: openids differ by case alone. Only an
 * identifier of digits loses the spaces and hyphens it is written with (123-45-6789). Accounts of
 * different name spaces (field_options.name_space) are never compared. */
#ifndef GUIYI_WORKER_FIELDS_ACCOUNT_H
#define GUIYI_WORKER_FIELDS_ACCOUNT_H

#include "worker/fields/field_type.h"

enum account_kind { ACCOUNT_INVALID, ACCOUNT_OPAQUE, ACCOUNT_NUMBER, ACCOUNT_MASKED };

extern const struct field_type account_type;

#endif
