#include "proto/stage.h"

#include "common/check.h"

enum stage_work { STAGE_COMPUTE, STAGE_EXCHANGE };

#define NEEDS(ID) (1u << STAGE_##ID)

static const struct {
  const char *name;
  const char *words;
  enum stage_work work;
  enum stage_tasks tasks;
  enum stage at;
  uint32_t needs;
} stages[] = {
#define STAGE(ID, name, work, tasks, at, needs, words) \
  {#name, words, STAGE_##work, STAGE_TASKS_##tasks, STAGE_##at, needs},
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

bool stage_is_exchange(enum stage stage) {
  check(stage < STAGE_COUNT);
  return stages[stage].work == STAGE_EXCHANGE;
}

enum stage stage_at(enum stage stage) {
  check(stage < STAGE_COUNT);
  return stages[stage].at;
}

uint32_t stage_needs(enum stage stage) {
  check(stage < STAGE_COUNT);
  return stages[stage].needs;
}
