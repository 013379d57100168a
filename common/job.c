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

const struct job_tags job_tag_defaults = {
    .high_value_fen = 1000000,
    .potential_consults = 2,
    .potential_days = 90,
    .churn_login_days = 30,
    .churn_order_days = 90,
    .churn_asleep_days = 180,
    .weight_money = 35,
    .weight_frequency = 20,
    .weight_recency = 20,
    .weight_active = 10,
    .weight_consult = 10,
    .weight_refer = 5,
    .floor_high_value = 80,
    .floor_potential = 50,
    .cap_potential = 79,
    .band_high_value = 80,
    .band_potential = 50,
};

const struct job_tags *job_tags_of(const struct job *job) {
  return job->has_tags ? &job->tags : &job_tag_defaults;
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
