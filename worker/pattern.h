/* pattern — the comparison pattern as the worker makes it: common/pattern.h tells what it is. */
#ifndef GUIYI_WORKER_PATTERN_H
#define GUIYI_WORKER_PATTERN_H

#include "common/pattern.h"
#include "worker/feature_row.h"
#include "worker/fields/field_type.h"

_Static_assert((int)PATTERN_MISSING == FIELD_LEVEL_MISSING &&
                   (int)PATTERN_DIFFER == FIELD_LEVEL_DIFFER &&
                   (int)PATTERN_EXACT == FIELD_LEVEL_EXACT,
               "patterns hold the levels of the field types");
_Static_assert((int)PATTERN_BUCKET_RECYCLED > RULE_CLASS_HUB,
               "classes and 'recycled' are told apart");

#endif
