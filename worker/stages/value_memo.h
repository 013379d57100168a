/* value_memo — what standardising gave for short texts that come again and again (男, VIP, 上海).
 *
 * Standardising is pure, so the same column and text give the same value, flags and feature; a
 * small table by hash keeps the last one of each slot. Belongs to one thread. Zeroed = empty; it
 * must not outlive the job whose columns it knows. */
#ifndef GUIYI_WORKER_STAGES_VALUE_MEMO_H
#define GUIYI_WORKER_STAGES_VALUE_MEMO_H

#include "worker/fields/field_type.h"

enum { MEMO_SLOTS = 64, MEMO_RAW_BYTES_MAX = 24, MEMO_VALUE_BYTES_MAX = 32 };

struct value_memo {
  struct memo_entry {
    const struct field_options *options; /* of the column: tells columns apart; NULL = free */
    uint8_t raw_size, value_size, state, kind;
    uint32_t flags;
    char raw[MEMO_RAW_BYTES_MAX], value[MEMO_VALUE_BYTES_MAX];
    uint64_t feature[FIELD_FEATURE_BYTES_MAX / sizeof(uint64_t)];
  } entries[MEMO_SLOTS];
};

/* As type->standardise. options must be the column's own, at the same place for every row. */
void value_memo_standardise(struct value_memo *memo, const struct field_type *type,
                            const struct field_options *options, struct bytes raw,
                            struct arena *arena, struct standard_value *value, void *feature);

#endif
