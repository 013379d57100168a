#include "proto/stage.h"

#include "common/check.h"

static const struct {
  const char *name;
  const char *words;
  enum stage_tasks tasks;
} stages[] = {
#define STAGE(ID, name, tasks, words) {#name, words, STAGE_TASKS_##tasks},
#include "proto/stages.def"
#undef STAGE
};

const char *stage_name(enum stage stage) {
  check(stage < STAGE_COUNT);
  return stages[stage].name;
}

const char *stage_words(enum stage stage) {
  check(stage < STAGE_COUNT);
  return stages[stage].words;
}

enum stage_tasks stage_tasks_of(enum stage stage) {
  check(stage < STAGE_COUNT);
  return stages[stage].tasks;
}
