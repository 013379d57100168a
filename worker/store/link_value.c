#include "worker/store/link_value.h"

#include "worker/run_state.h"

/* Entries of so many bytes; NULL when the bytes are not that. Nothing is no list: no row is written
 * then. */
static const void *read_list(struct bytes data, size_t size, struct arena *arena, uint32_t *count) {
  if (data.size == 0 || data.size % size || data.size / size > UINT32_MAX) return NULL;
  *count = (uint32_t)(data.size / size);
  return arena_copy(arena, data).data;
}

enum err stored_reviews_read(struct bytes data, struct arena *arena,
                             const struct stored_review **items, uint32_t *count) {
  *items = read_list(data, sizeof **items, arena, count);
  if (!*items) return ERR_MALFORMED;
  for (uint32_t i = 0; i < *count; i++)
    if ((*items)[i].reason >= REVIEW_REASON_COUNT || (*items)[i].other == 0) return ERR_MALFORMED;
  return ERR_OK;
}

enum err stored_relations_read(struct bytes data, struct arena *arena,
                               const struct stored_relation **items, uint32_t *count) {
  *items = read_list(data, sizeof **items, arena, count);
  if (!*items) return ERR_MALFORMED;
  for (uint32_t i = 0; i < *count; i++)
    if ((*items)[i].kind >= RELATION_KIND_COUNT || (*items)[i].other == 0 || (*items)[i].rule < -1)
      return ERR_MALFORMED;
  return ERR_OK;
}
