/* task_result — what a TASK_DONE carries, for the stages whose results the coordinator reads.
 *
 *   LAYOUT                          struct layout_result
 *   TALLY, BLOCK, SAMPLE, COMPARE   struct training_counts, encoded (common/training_counts.h)
 *   PUBLISH                         struct publish_result, from workers that do not share memory
 *
 * The others return nothing: their outputs stay with the workers. */
#ifndef GUIYI_PROTO_TASK_RESULT_H
#define GUIYI_PROTO_TASK_RESULT_H

#include <stdint.h>

enum { KEY_PARTITIONS = 256 }; /* of the key space: tasks of BLOCK and COMPARE */

struct layout_result {
  uint32_t split_count;
  uint32_t row_count; /* slots: accepted, quarantined and rejected rows */
};
struct publish_result {
  uint64_t rows, linked, quarantined, rejected, customers;
  uint64_t digest_low, digest_high;
};

#endif
