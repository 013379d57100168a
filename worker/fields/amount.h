/* amount — sums of money, kept in fen (hundredths of a yuan, or of whatever currency the source
 * has): 123.45, -123.45.
 *
 * Reads ¥1,234.5 元, € 55,-, 1.234,00, 1.5万, (12.00), USD 389.95. Currencies are not told apart.
 */
#ifndef GUIYI_WORKER_FIELDS_AMOUNT_H
#define GUIYI_WORKER_FIELDS_AMOUNT_H

#include "worker/fields/field_type.h"

enum amount_kind { AMOUNT_INVALID, AMOUNT_OK };

/* The fen of a canonical value; false when it is none. */
bool amount_value_fen(struct bytes value, int64_t *fen);

extern const struct field_type amount_type;

#endif
