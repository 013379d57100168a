/* source_verify — are the records of a generation what its input files say?
 *
 * Every input file that is still what it was (path, size, time of change) is read again through the
 * same stages, and each of its records is compared with the stored one: values, states, kinds, id.
 * Together with generation_verify this leads every golden value back to a cell of an input file. */
#ifndef GUIYI_WORKER_SOURCE_VERIFY_H
#define GUIYI_WORKER_SOURCE_VERIFY_H

#include "worker/store/generation_verify.h"

struct source_verify_counts {
  uint32_t files_read;
  uint32_t files_changed; /* or gone: their records can't be compared */
  uint64_t records;       /* compared */
};

/* The current generation of the folder; call it when generation_verify found it sound. Differences
 * are added to the report. An error only when the generation itself can't be read. */
enum err source_verify(const char *data_dir, struct verify_report *report,
                       struct source_verify_counts *counts, struct failure *failure);

#endif
