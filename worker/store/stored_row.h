/* stored_row — the feature row of a stored record, made again, so that a pair can be explained as
 * the run saw it.
 *
 * Features are not stored: they would outweigh the records. They follow from the canonical values,
 * but not quite: which of several values was compared, in which of its source's forms, and whether
 * a quality rule kept a value out of matching is not in the value. So eight bits of each feature
 * are kept (member_evidence), and of the few possible features the one that fits them is taken. */
#ifndef GUIYI_WORKER_STORE_STORED_ROW_H
#define GUIYI_WORKER_STORE_STORED_ROW_H

#include "worker/store/generation.h"

/* What is stored beside a record; all of it is written. */
void member_evidence_of(const struct plan *plan, const struct feature_row *row,
                        struct member_evidence *evidence);

/* Writes plan.row_bytes to row. Bit c of the result: comparison c's feature could not be made
 * again; it is left as missing. */
uint16_t stored_row_make(const struct plan *plan, const struct record_view *record,
                         const struct member_evidence *evidence, struct arena *arena,
                         struct feature_row *row);

#endif
