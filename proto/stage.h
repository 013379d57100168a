/* stage — the stages of a run by number; stages.def is the list. */
#ifndef GUIYI_PROTO_STAGE_H
#define GUIYI_PROTO_STAGE_H

enum stage {
#define STAGE(ID, name, tasks, words) STAGE_##ID,
#include "proto/stages.def"
#undef STAGE
  STAGE_COUNT
};

enum stage_tasks {
  STAGE_TASKS_FILE,
  STAGE_TASKS_SPLIT,
  STAGE_TASKS_PARTITION,
  STAGE_TASKS_RANGE,
  STAGE_TASKS_SHARD,
  STAGE_TASKS_ONE,
  STAGE_TASKS_COORDINATOR,
};

/* stage < STAGE_COUNT for all three. */
const char *stage_name(enum stage stage);  /* "ingest" */
const char *stage_words(enum stage stage); /* "read and standardise" */
enum stage_tasks stage_tasks_of(enum stage stage);

#endif
