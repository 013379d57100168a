/* place_similarity — how alike two short runs of characters are. */
#ifndef GUIYI_WORKER_FIELDS_PLACE_SIMILARITY_H
#define GUIYI_WORKER_FIELDS_PLACE_SIMILARITY_H

#include <stdbool.h>
#include <stdint.h>

/* At most one character added, left out, changed, or two neighbours swapped. */
bool place_one_edit(const uint16_t *a, uint32_t a_size, const uint16_t *b, uint32_t b_size);
bool place_one_edit_bytes(const uint8_t *a, uint32_t a_size, const uint8_t *b, uint32_t b_size);

#endif
