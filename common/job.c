#include "common/job.h"

#include "common/check.h"

enum {
  TIMEZONE_SHANGHAI_MINUTES = 480,
  CLUSTER_MAX_DEFAULT = 500,
  HUB_NAMES_DEFAULT = 3,
  REISSUE_GAP_DAYS_DEFAULT = 90
};

static const char *const type_names[] = {
#define T(id, name) name,
    FIELD_TYPE_TABLE(T)
#undef T
};

const char *job_type_name(enum field_type_id type) {
  check((unsigned)type < FIELD_TYPE_COUNT);
  return type_names[type];
}

void job_init(struct job *job) {
  *job = (struct job){
      .as_of_day = JOB_AS_OF_DATA,
      .timezone_minutes = TIMEZONE_SHANGHAI_MINUTES,
      .cluster_max = CLUSTER_MAX_DEFAULT,
      .hub_names = HUB_NAMES_DEFAULT,
      .reissue_gap_days = REISSUE_GAP_DAYS_DEFAULT,
      .shards = JOB_SHARDS_DEFAULT,
  };
}

void job_release(struct job *job) {
  struct arena arena = job->arena;
  arena_release(&arena);
  *job = (struct job){0};
}

int job_field_find(const struct job *job, struct bytes name) {
  for (uint32_t f = 0; f < job->field_count; f++) {
    if (bytes_equal(job->fields[f].name, name)) return (int)f;
  }
  return -1;
}

int job_field_with_role(const struct job *job, enum field_role role) {
  for (uint32_t f = 0; f < job->field_count; f++) {
    if (role != ROLE_NONE && job->fields[f].role == role) return (int)f;
  }
  return -1;
}
