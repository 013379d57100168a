/* gb18030 — GB18030 to UTF-8 piece by piece, by the C library's iconv. */
#ifndef GUIYI_WORKER_SOURCES_GB18030_H
#define GUIYI_WORKER_SOURCES_GB18030_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

struct gb18030_decoder;

struct gb18030_decoder *gb18030_decoder_new(void); /* NULL: the system cannot convert GB18030 */
/* Room for more GB18030; *size is never 0. Then tell how much was written, and whether it was all.
 */
char *gb18030_decoder_space(struct gb18030_decoder *decoder, size_t *size);
void gb18030_decoder_fill(struct gb18030_decoder *decoder, size_t size, bool is_last);
/* Writes UTF-8 until out is full or input is missing; a byte that begins no character becomes 0xFF.
 */
size_t gb18030_decoder_run(struct gb18030_decoder *decoder, char *out, size_t size);
bool gb18030_decoder_needs_input(const struct gb18030_decoder *decoder);
void gb18030_decoder_free(struct gb18030_decoder **decoder);

/* The whole of text as UTF-8, appended to out. False: the system cannot convert GB18030. */
bool gb18030_to_utf8(struct bytes text, struct buffer *out);

/* Whether an ASCII byte can be part of a longer character: digits, letters and signs from 0x40 can,
 * such as | and ^. Text can be cut at the others before it is decoded: at line ends, " ' , ; and
 * tab. */
static inline bool gb18030_may_hide(char c) { return c >= '0' && c != ':' && c != ';'; }

/* How text would read as GB18030. Common Chinese has second bytes from 0xA1, Latin-1 and Big5 taken
 * for GB18030 many below. */
struct gb18030_shape {
  uint64_t common, rare; /* two-byte characters, by their second byte */
  uint64_t wrong;        /* bytes that begin no character */
};
void gb18030_look(struct bytes text, struct gb18030_shape *shape); /* adds to shape */

#endif
