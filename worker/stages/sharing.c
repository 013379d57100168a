#include "worker/stages/sharing.h"

#include <string.h>

#include "worker/stages/block.h"

enum {
  PEOPLE_MAX = SHARING_PEOPLE_MAX,
  SAMPLES_MAX = 4, /* records of a person that stand for the others when households are sought */
};

/* Agreement this much likelier for one person than for two is no sign of two people. */
static const double compatible_ratio_min = 4;
/* And of an address: so much that two people with it live together. */
static const double household_ratio_min = 64;

struct person {
  const struct feature_row *samples[SAMPLES_MAX];
  uint32_t sample_count;
  int32_t first_day, last_day; /* first > last: no day is known */
  bool undated;                /* some record has no day */
  uint32_t household;          /* index of the person that stands for it */
};

static bool level_speaks_for(const struct field_type *type, unsigned level, double ratio) {
  const struct field_level_info *info = &type->levels[level];
  return level == FIELD_LEVEL_EXACT || (info->name && info->m >= ratio * info->u);
}

static const void *name_of(const struct plan *plan, const struct feature_row *row) {
  return plan_feature(plan, row, (unsigned)plan->name_comparison);
}

static bool is_empty(const void *feature, size_t size) {
  const uint64_t *words = feature;
  uint64_t any = 0;
  for (size_t i = 0; i < size / sizeof *words; i++) any |= words[i];
  return any == 0;
}

/* Or with a name that may be anybody's: it would be taken for the first who comes. */
static bool is_nameless(const struct plan *plan, const struct feature_row *row) {
  if (plan->name_comparison < 0) return true;
  const struct field_type *type = plan->comparisons[plan->name_comparison].type;
  const void *name = name_of(plan, row);
  return is_empty(name, type->feature_size) || (type->is_vague && type->is_vague(name));
}

/* Could both records be one person's, as far as their names go? Another certain identifier that
 * agrees outweighs the names. */
static bool are_compatible(const struct plan *plan, const struct constraints *constraints,
                           unsigned rule, const struct feature_row *a,
                           const struct feature_row *b) {
  if (constraints_forbid(plan, constraints, a, b, NULL)) return false;
  const struct field_type *type = plan->comparisons[plan->name_comparison].type;
  const void *name_a = name_of(plan, a), *name_b = name_of(plan, b);
  if (memcmp(name_a, name_b, type->feature_size) == 0) return true;
  unsigned level = type->compare(name_a, name_b);
  if (level == FIELD_LEVEL_MISSING || level_speaks_for(type, level, compatible_ratio_min))
    return true;
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct plan_comparison *other = &plan->comparisons[c];
    if (!other->type->contradicts || other->identifier_rule == (int)rule) continue;
    if (other->type->compare(plan_feature(plan, a, c), plan_feature(plan, b, c)) ==
        FIELD_LEVEL_EXACT)
      return true;
  }
  return false;
}

static int surname_part(const struct field_type *type) {
  for (int p = 0; type->part_names && type->part_names[p]; p++)
    if (strcmp(type->part_names[p], "surname") == 0) return p;
  return -1;
}

static bool share_surname(const struct plan *plan, const struct feature_row *a,
                          const struct feature_row *b) {
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct job_field *field = &plan->job->fields[plan->comparisons[c].field];
    const struct field_type *type = plan->comparisons[c].type;
    if (field->type != FIELD_TYPE_PERSON_NAME) continue;
    int part = field->options.name_part == NAME_FAMILY  ? 0
               : field->options.name_part == NAME_WHOLE ? surname_part(type)
                                                        : -1;
    if (part < 0) continue;
    uint64_t key = type->key_part(plan_feature(plan, a, c), (unsigned)part);
    if (key && key == type->key_part(plan_feature(plan, b, c), (unsigned)part)) return true;
  }
  return false;
}

static bool share_address(const struct plan *plan, const struct feature_row *a,
                          const struct feature_row *b) {
  for (uint32_t c = 0; c < plan->comparison_count; c++) {
    const struct job_field *field = &plan->job->fields[plan->comparisons[c].field];
    const struct field_type *type = plan->comparisons[c].type;
    if (field->type != FIELD_TYPE_ADDRESS || field->options.address_part != ADDRESS_WHOLE) continue;
    unsigned level = type->compare(plan_feature(plan, a, c), plan_feature(plan, b, c));
    if (level > FIELD_LEVEL_DIFFER && level_speaks_for(type, level, household_ratio_min))
      return true;
  }
  return false;
}

static bool live_together(const struct plan *plan, const struct person *a, const struct person *b) {
  for (uint32_t i = 0; i < a->sample_count; i++)
    for (uint32_t k = 0; k < b->sample_count; k++)
      if (share_surname(plan, a->samples[i], b->samples[k]) ||
          share_address(plan, a->samples[i], b->samples[k]))
        return true;
  return false;
}

static void add_record(struct person *person, const struct feature_row *row) {
  if (person->sample_count < SAMPLES_MAX) person->samples[person->sample_count++] = row;
  if (row->day == INT32_MIN) {
    person->undated = true;
    return;
  }
  if (row->day < person->first_day) person->first_day = row->day;
  if (row->day > person->last_day) person->last_day = row->day;
}

/* Returns how many people there are; PEOPLE_MAX + 1 = too many to count. */
static uint32_t count_people(const struct plan *plan, const struct constraints *constraints,
                             unsigned rule, const struct feature_row *const *rows, uint32_t count,
                             struct person people[PEOPLE_MAX], bool *has_nameless) {
  uint32_t people_count = 0;
  *has_nameless = false;
  for (uint32_t i = 0; i < count; i++) {
    if (is_nameless(plan, rows[i])) {
      *has_nameless = true;
      continue;
    }
    uint32_t p = 0;
    while (p < people_count &&
           !are_compatible(plan, constraints, rule, people[p].samples[0], rows[i]))
      p++;
    if (p == people_count) {
      if (people_count == PEOPLE_MAX) return PEOPLE_MAX + 1;
      people[people_count++] =
          (struct person){.first_day = INT32_MAX, .last_day = INT32_MIN, .household = p};
    }
    add_record(&people[p], rows[i]);
  }
  return people_count;
}

static uint32_t count_households(const struct plan *plan, struct person *people, uint32_t count) {
  uint32_t households = count;
  for (uint32_t i = 1; i < count; i++)
    for (uint32_t k = 0; k < i; k++) {
      uint32_t from = people[i].household, to = people[k].household;
      if (from == to || !live_together(plan, &people[i], &people[k])) continue;
      for (uint32_t p = 0; p <= i; p++)
        if (people[p].household == from) people[p].household = to;
      households--;
    }
  return households;
}

/* Is it a value that gets new owners, and do they follow each other, a long gap between any two? */
static bool was_given_out_again(const struct plan *plan, unsigned rule, struct person *people,
                                uint32_t count) {
  if (!plan->comparisons[plan->blocking[rule].parts[0].comparison].type->is_reissued) return false;
  for (uint32_t i = 0; i < count; i++) {
    if (people[i].undated || people[i].first_day > people[i].last_day) return false;
    for (uint32_t k = 0; k < i; k++) {
      int64_t after = (int64_t)people[i].first_day - people[k].last_day;
      int64_t before = (int64_t)people[k].first_day - people[i].last_day;
      if ((after > before ? after : before) <= plan->job->reissue_gap_days) return false;
    }
  }
  return true;
}

/* A block of two, one person: by far the most common. */
static bool is_plainly_one(const struct plan *plan, const struct constraints *constraints,
                           unsigned rule, const struct feature_row *const *rows, uint32_t count) {
  if (plan->name_comparison < 0) return true;
  if (count != 2) return false;
  return is_nameless(plan, rows[0]) || is_nameless(plan, rows[1]) ||
         are_compatible(plan, constraints, rule, rows[0], rows[1]);
}

unsigned sharing_class(const struct plan *plan, const struct constraints *constraints,
                       unsigned rule, const struct feature_row *const *rows, uint32_t count,
                       uint32_t *people_found) {
  *people_found = 1;
  if (is_plainly_one(plan, constraints, rule, rows, count)) return RULE_CLASS_EXCLUSIVE;
  struct person people[PEOPLE_MAX];
  bool has_nameless;
  uint32_t people_count = count_people(plan, constraints, rule, rows, count, people, &has_nameless);
  *people_found = people_count;
  if (people_count <= 1) return RULE_CLASS_EXCLUSIVE;
  if (people_count > PEOPLE_MAX) return RULE_CLASS_HUB;
  uint32_t households = count_households(plan, people, people_count);
  if (households == 1)
    return people_count <= BLOCK_FAMILY_PEOPLE_MAX ? RULE_CLASS_FAMILY : RULE_CLASS_SHARED;
  uint32_t hub_names = plan->job->hub_names > 1 ? plan->job->hub_names : 2;
  /* A record without a name would tie the owners before and after the gap together. */
  if (!has_nameless && people_count <= hub_names &&
      was_given_out_again(plan, rule, people, people_count))
    return RULE_CLASS_EXCLUSIVE | RULE_REISSUED;
  if (households >= hub_names * BLOCK_HUB_FACTOR) return RULE_CLASS_HUB;
  return households >= hub_names ? RULE_CLASS_SHARED : RULE_CLASS_FAMILY;
}
