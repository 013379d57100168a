/* number_read — numbers from text, as number_write writes them and in no other form. */
#ifndef GUIYI_COMMON_NUMBER_READ_H
#define GUIYI_COMMON_NUMBER_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/hash.h"

/* Exactly 16 and 32 lower-case hexadecimal digits, the high half first. */
bool number_read_hex64(struct bytes text, uint64_t *value);
bool number_read_hex128(struct bytes text, struct hash128 *value);
/* 1 to 18 decimal digits, without a leading zero unless it is 0. */
bool number_read_u64(struct bytes text, uint64_t *value);

#endif
