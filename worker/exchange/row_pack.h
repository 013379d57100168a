/* row_pack — feature rows on their way: of each row only the words that are not zero. Fields that
 * are missing and the padding of short ones are zero, which is about half of a row.
 *
 * A packed row: one bit per 8 bytes of the row (in whole bytes), then the words whose bit is set.
 */
#ifndef GUIYI_WORKER_EXCHANGE_ROW_PACK_H
#define GUIYI_WORKER_EXCHANGE_ROW_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* row_bytes is a multiple of 8. A packed row takes at most so much. */
static inline size_t row_packed_bytes_max(uint32_t row_bytes) {
  return row_bytes + (row_bytes / 8 + 7) / 8;
}
/* Returns the bytes written at out. */
size_t row_pack(const void *row, uint32_t row_bytes, uint8_t *out);
/* Writes row_bytes to row, which need not be zero. Returns the bytes read, 0 when data ends too
 * early. */
size_t row_unpack(const uint8_t *data, size_t size, uint32_t row_bytes, void *row);

#endif
