/* stage — the stages of a run by number; stages.def is the list. */
#ifndef GUIYI_PROTO_STAGE_H
#define GUIYI_PROTO_STAGE_H

#include <stdbool.h>
#include <stdint.h>

enum stage {
#define STAGE(ID, name, work, tasks, at, needs, words) STAGE_##ID,
#include "proto/stages.def"
#undef STAGE
  STAGE_COUNT,
  STAGE_ANY, /* as an `at`: on any worker */
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

/* stage < STAGE_COUNT for all. */
const char *stage_name(enum stage stage);  /* "ingest" */
const char *stage_words(enum stage stage); /* "read and standardise" */
enum stage_tasks stage_tasks_of(enum stage stage);
/* Workers that share memory have nothing to do in it. */
bool stage_is_exchange(enum stage stage);
/* The stage whose task of the same number says where a task of this one runs; STAGE_ANY. */
enum stage stage_at(enum stage stage);
/* Bit s: tasks of this stage fetch outputs of stage s. */
uint32_t stage_needs(enum stage stage);

#endif
