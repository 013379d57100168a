/* customer_row — what a channel wrote down of a customer: one row of records.csv, with the fields
 * that channel has, in its own formats, with slips and with what the case class asks for. */
#ifndef GUIYI_CLI_CUSTOMER_ROW_H
#define GUIYI_CLI_CUSTOMER_ROW_H

#include "cli/customer_person.h"

enum { CUSTOMER_ROW_BYTES_MAX = 4096 };

extern const char customer_row_heading[]; /* with its line end */

/* The row's own id: r0000012, as wide as the last row's needs. */
char *customer_row_put_id(const struct customer_world *world, uint64_t row, char *at);
/* Row number row of the file, with its line end; at most CUSTOMER_ROW_BYTES_MAX. */
char *customer_row_put(const struct customer_world *world, uint64_t row,
                       const struct customer_place *place, char *at);

/* The records of a customer fall into parts: those of one part are tied together, directly or by
 * others, by something that was written in both (a number, or two lesser things, of which the name
 * may be one); those of two parts by nothing, so that nobody could tell that they are one
 * customer's. Returns the part of the record at `place`, named by its first record's number. */
uint32_t customer_row_part(const struct customer_world *world, const struct customer_place *place);

#endif
