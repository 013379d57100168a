/* decimal — numbers with a point as integers of a fixed scale: 12.5 at scale 100 is 1250. Exact,
 * and the same on every machine; no floating point. */
#ifndef GUIYI_COMMON_DECIMAL_H
#define GUIYI_COMMON_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"

/* The number in text × scale, rounded to the nearest, halves away from zero. Digits with an
 * optional sign and point, nothing else; at most 12 digits before the point. false when it is no
 * such number. */
bool decimal_parse(struct bytes text, int64_t scale, int64_t *value);
/* The shortest form that decimal_parse reads back; scale must divide a power of ten. */
void decimal_print(struct buffer *out, int64_t value, int64_t scale);

#endif
