/* duplicates_csv — which record of a customer is the main one (主记录) and which are duplicates
 * (重复) of it: for those who clean up their sources. Doubtful pairs are in review.csv. */
#ifndef GUIYI_WORKER_EXPORTS_DUPLICATES_CSV_H
#define GUIYI_WORKER_EXPORTS_DUPLICATES_CSV_H

#include "worker/exports/export_context.h"

/* weight and rule are of the pair of a duplicate and its main record, also where other records made
 * them one customer. */
#define DUPLICATES_CSV_HEADING \
  "customer_id,mark,source,source_record_id,main_source,main_source_record_id,weight,rule\n"

/* Appends the rows of a customer with several records, the main one first, the others in canonical
 * order: the record that most golden values are from is the main one, the first of equals. golden's
 * members and the run's rows and model are needed. */
void duplicates_csv_rows(const struct export_context *context, const struct golden_record *golden,
                         struct arena *arena, struct buffer *out);

#endif
