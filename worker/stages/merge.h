/* merge — from the records of one entity to its golden record: survivorship and lineage.
 *
 * Pure; what is built lies in the caller's arena or points into the members' bytes, so both must
 * outlive the golden record. Any number of threads, each with its own arena. */
#ifndef GUIYI_WORKER_STAGES_MERGE_H
#define GUIYI_WORKER_STAGES_MERGE_H

#include "worker/golden_plan.h"

/* Chooses every field's value. members: at least 1, in canonical order; link_weights by member.
 * Sets everything in *out but customer_id, tags, tag_count, score, tier and score_reason, which are
 * emptied (stages/tag.h fills them). Of values[] only the job's fields are written, and of
 * runners_up only the first runner_up_count. */
void golden_merge(const struct golden_plan *plan, const struct record_view *members,
                  uint32_t member_count, const int32_t *link_weights, struct arena *arena,
                  struct golden_record *out);

/* Proves that a golden value is what it says: a cell of the member it names, parts of the cells of
 * the members it names, or a declared derivation, computed again. golden needs members,
 * member_count and values. ERR_MISMATCH with a sentence that names the field but no value. */
enum err golden_verify_value(const struct golden_plan *plan, const struct golden_record *golden,
                             uint32_t field, struct arena *arena, struct failure *failure);

#endif
