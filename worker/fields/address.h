/* address — where somebody lives or a firm sits: 地址; also its parts in columns of their own
 * (street, number, unit, suburb, state, postcode: options.address_part). address_han.h and
 * address_western.h take the two ways of writing one apart. */
#ifndef GUIYI_WORKER_FIELDS_ADDRESS_H
#define GUIYI_WORKER_FIELDS_ADDRESS_H

#include "worker/fields/field_type.h"

extern const struct field_type address_type;

#endif
