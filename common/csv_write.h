/* csv_write — rows of CSV as RFC 4180 wants them, with \n line ends.
 *
 * A field is quoted only when it must be: it holds a comma, a quote, CR or LF, or it begins or ends
 * with a space or tab. Values are written as they are; a cell that begins with = + - or @ is not
 * changed, so a spreadsheet that opens such a file may take it for a formula (docs of the exports
 * say so). Nothing here is locale-dependent. */
#ifndef GUIYI_COMMON_CSV_WRITE_H
#define GUIYI_COMMON_CSV_WRITE_H

#include "common/bytes.h"

/* The most bytes csv_put_field writes for a field of so many. */
#define CSV_FIELD_BYTES_MAX(size) (2 * (size) + 2)

/* Writes the field at `at` and returns its end; no separator. For loops that reserve a row at once.
 */
char *csv_put_field(char *at, struct bytes text);

/* Appends the field, with a comma before it unless the buffer is empty or ends in a newline: so a
 * field must never be appended to a buffer that holds something else than CSV. An empty field at
 * the start of a row is written as "" to keep that rule true. */
void csv_append(struct buffer *out, struct bytes text);
void csv_append_string(struct buffer *out, const char *text);
void csv_append_u64(struct buffer *out, uint64_t value);
void csv_append_i64(struct buffer *out, int64_t value);
void csv_end_row(struct buffer *out);

#endif
