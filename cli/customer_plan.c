#include "cli/customer_plan.h"

#include <stdlib.h>

#include "cli/customer_random.h"
#include "common/check.h"
#include "common/memory.h"

enum { BLOCK_GROUPS = 8, PURPOSE_CASE = 1, PURPOSE_COUNT = 2 };

const char *const customer_case_names[CASE_COUNT] = {
#define X(name, entities, share) #name,
    CUSTOMER_CASE_TABLE(X)
#undef X
};

static const uint32_t case_entities[CASE_COUNT] = {
#define X(name, entities, share) entities,
    CUSTOMER_CASE_TABLE(X)
#undef X
};

static const uint32_t case_shares[CASE_COUNT] = {
#define X(name, entities, share) share,
    CUSTOMER_CASE_TABLE(X)
#undef X
};

enum {
#define X(name, entities, share) +share
  HARD_SHARES = 0 CUSTOMER_CASE_TABLE(X)
#undef X
};

uint32_t customer_plan_entities(enum customer_case c) { return case_entities[c]; }

enum customer_case customer_plan_case(const struct customer_plan *plan, uint64_t group) {
  if (group < CASE_COUNT && plan->record_count >= CUSTOMER_EVERY_CASE_RECORDS)
    return (enum customer_case)group;
  struct draws d = draws_for(plan->seed, PURPOSE_CASE, group);
  uint32_t x = draw_below(&d, 100000);
  if (x >= HARD_SHARES) return CASE_plain;
  for (uint32_t c = 1; c < CASE_COUNT; c++) {
    if (x < case_shares[c]) return (enum customer_case)c;
    x -= case_shares[c];
  }
  return CASE_plain;
}

/* How many of 100 entities have 1, 2, … records; the last number is for those with more. */
static uint32_t pick_count(struct draws *d, const uint8_t *percent, uint32_t first) {
  uint32_t x = draw_below(d, 100);
  uint32_t count = first;
  for (; *percent && x >= *percent; percent++, count++) x -= *percent;
  return *percent ? count : count + draw_below(d, 4);
}

uint32_t customer_plan_records(const struct customer_plan *plan, uint64_t group,
                               enum customer_case c, uint32_t entity) {
  struct draws d = draws_for(plan->seed, PURPOSE_COUNT, group << 8 | entity);
  static const uint8_t usual[] = {36, 28, 18, 10, 5, 0}, several[] = {55, 28, 12, 0},
                       few[] = {55, 35, 10, 0};
  switch (c) {
    case CASE_plain:
      return pick_count(&d, usual, 1);
    case CASE_shop_phone:
    case CASE_virtual_host:
    case CASE_switchboard:
      return 1 + draw_permille(&d, 400);
    case CASE_household:
    case CASE_namesakes:
    case CASE_recycled_30d:
    case CASE_recycled_91d:
    case CASE_recycled_400d:
      return pick_count(&d, few, 1);
    default:
      return pick_count(&d, several, 2);
  }
}

static uint64_t group_records(const struct customer_plan *plan, uint64_t group) {
  enum customer_case c = customer_plan_case(plan, group);
  uint64_t count = 0;
  for (uint32_t e = 0; e < case_entities[c]; e++) count += customer_plan_records(plan, group, c, e);
  return count;
}

void customer_plan_init(struct customer_plan *plan, uint64_t seed, uint64_t record_count) {
  check(record_count >= 1 && record_count <= CUSTOMER_RECORDS_MAX);
  *plan = (struct customer_plan){.seed = seed, .record_count = record_count};
  /* No group is empty, so there are at most as many groups as records. */
  plan->block_starts = memory_new((record_count / BLOCK_GROUPS + 1) * sizeof *plan->block_starts);
  uint64_t start = 0;
  for (; start < record_count; plan->group_count++) {
    if (plan->group_count % BLOCK_GROUPS == 0)
      plan->block_starts[plan->group_count / BLOCK_GROUPS] = start;
    start += group_records(plan, plan->group_count);
  }
}

void customer_plan_release(struct customer_plan *plan) {
  free(plan->block_starts);
  *plan = (struct customer_plan){0};
}

uint64_t customer_plan_start(const struct customer_plan *plan, uint64_t group) {
  uint64_t start = plan->block_starts[group / BLOCK_GROUPS];
  for (uint64_t g = group / BLOCK_GROUPS * BLOCK_GROUPS; g < group; g++)
    start += group_records(plan, g);
  return start;
}

void customer_plan_locate(const struct customer_plan *plan, uint64_t record,
                          struct customer_place *place) {
  uint64_t low = 0, high = (plan->group_count + BLOCK_GROUPS - 1) / BLOCK_GROUPS;
  while (high - low > 1) {
    uint64_t middle = (low + high) / 2;
    if (plan->block_starts[middle] <= record)
      low = middle;
    else
      high = middle;
  }
  uint64_t group = low * BLOCK_GROUPS, start = plan->block_starts[low];
  for (;;) {
    enum customer_case c = customer_plan_case(plan, group);
    place->group_start = start;
    for (uint32_t e = 0; e < case_entities[c]; e++) {
      uint32_t count = customer_plan_records(plan, group, c, e);
      if (record < start + count) {
        place->group = group;
        place->case_class = c;
        place->entity = e;
        place->number = (uint32_t)(record - start);
        place->record_count = count;
        place->entity_start = start;
        return;
      }
      start += count;
    }
    group++;
  }
}
