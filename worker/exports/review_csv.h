/* review_csv — the pairs that a person should look at, both records side by side: doubtful pairs,
 * what a constraint kept apart, customers whose records name different owners (撞单), and records
 * that a quality rule wants looked at. */
#ifndef GUIYI_WORKER_EXPORTS_REVIEW_CSV_H
#define GUIYI_WORKER_EXPORTS_REVIEW_CSV_H

#include "worker/exports/export_context.h"

/* decision,reason,weight,probability,pattern,source_a,id_a,customer_a,source_b,id_b,customer_b,
 * then each field of the job twice: FIELD_a,FIELD_b. decision is empty: who fills it in hands the
 * file to `guiyi review --decide`. */
void review_csv_heading(const struct export_context *context, struct buffer *out);
/* Items first … first+count-1 of run.clusters.reviews. scratch is reset for each. */
void review_csv_range(const struct export_context *context, uint64_t first, uint64_t count,
                      struct arena *scratch, struct buffer *out);
/* The linked rows of a split that a quality rule wants looked at: reason "quality:RULE", the record
 * as a, nothing as b. scratch is reset for each. */
void review_csv_quality(const struct export_context *context, uint32_t split, struct arena *scratch,
                        struct buffer *out);
/* The customer's row when two of its records name different owners, with the one that was kept
 * first; else nothing. golden->members is needed. */
void review_csv_owner_conflict(const struct export_context *context,
                               const struct golden_record *golden, struct arena *arena,
                               struct buffer *out);
/* "uncertain", "constraint" …: enum review_reason as review.csv writes it. */
const char *review_reason_name(enum review_reason reason);

#endif
