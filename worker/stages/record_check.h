/* record_check — whether the fields of one record agree with each other: what an ID card says of
 * sex and birth date, and what the record says itself. Pure and thread-safe. */
#ifndef GUIYI_WORKER_STAGES_RECORD_CHECK_H
#define GUIYI_WORKER_STAGES_RECORD_CHECK_H

#include "common/job.h"
#include "common/record.h"

/* Fields by what they mean, -1 = the job has none. */
struct record_check {
  int id_card, sex, birth_date;
};

void record_check_init(const struct job *job, struct record_check *out);
/* Bit f: field f is valid and says otherwise than a valid ID card of the same record. values by
 * field. */
uint64_t record_check_contradicting(const struct record_check *check,
                                    const struct record_value *values);

#endif
