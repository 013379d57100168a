/* company — the name of a firm or other organisation: 公司名称. company_name.h takes it apart. */
#ifndef GUIYI_WORKER_FIELDS_COMPANY_H
#define GUIYI_WORKER_FIELDS_COMPANY_H

#include "worker/fields/field_type.h"

extern const struct field_type company_type;

#endif
