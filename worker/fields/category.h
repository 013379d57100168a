/* category — one of a set of values: coded (sex, channel, industry, customer state) or free (city,
 * state, brand).
 *
 * Coded values become the code table's own words: 男 · 官网注册 · I65 · 潜在客户. A code that the
 * table does not know gives 未知 (industries: 待完善), INVALID and W_UNKNOWN_CODE. A source's own
 * codes come first (field_options.aliases). */
#ifndef GUIYI_WORKER_FIELDS_CATEGORY_H
#define GUIYI_WORKER_FIELDS_CATEGORY_H

#include "worker/fields/field_type.h"

enum category_kind { CATEGORY_FREE, CATEGORY_CODED, CATEGORY_UNKNOWN };

extern const struct field_type category_type;

#endif
