/* row_order — the canonical order of records: what makes results independent of the order of
 * arrival. */
#ifndef GUIYI_WORKER_STAGES_ROW_ORDER_H
#define GUIYI_WORKER_STAGES_ROW_ORDER_H

#include "worker/plan.h"
#include "worker/run_state.h"

/* By record_key, then by content. 0 = the rows are the same in all that matching looks at. What
 * stages write into rows is not looked at, so this may run while they do. */
int row_order_compare(const struct plan *plan, const struct feature_row *a,
                      const struct feature_row *b);

/* Sorts entries by entry.key, rows of one key by content, then by record_key. scratch holds count.
 */
void row_order_sort(const struct plan *plan, const uint8_t *rows, struct key_entry *entries,
                    struct key_entry *scratch, uint64_t count);

#endif
