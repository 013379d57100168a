/* customer_plan — who is in a generated file: groups of entities, each of one case class, and how
 * many records each has. A group is either one customer, or several whom the case ties together: a
 * household, the two owners of a number that was given out again, forty customers of one shop.
 *
 * Everything is a function of (seed, group number). After customer_plan_init a plan is constant and
 * may be read by any thread. */
#ifndef GUIYI_CLI_CUSTOMER_PLAN_H
#define GUIYI_CLI_CUSTOMER_PLAN_H

#include <stdbool.h>
#include <stdint.h>

/* Name, entities in a group, groups in 100,000 (plain gets what is left). */
#define CUSTOMER_CASE_TABLE(X)        \
  X(plain, 1, 0)                      \
  X(same_phone_two_channels, 1, 6000) \
  X(changed_phone, 1, 4000)           \
  X(recycled_30d, 2, 400)             \
  X(recycled_91d, 2, 400)             \
  X(recycled_400d, 2, 400)            \
  X(household, 3, 3000)               \
  X(shop_phone, 40, 30)               \
  X(virtual_host, 200, 10)            \
  X(masked, 1, 3500)                  \
  X(id_15_18, 1, 1500)                \
  X(id_typo, 1, 1000)                 \
  X(namesakes, 30, 20)                \
  X(homophone, 1, 1500)               \
  X(traditional, 1, 1500)             \
  X(dotted_name, 1, 1000)             \
  X(title, 1, 2500)                   \
  X(nickname, 1, 2500)                \
  X(two_appids, 1, 1500)              \
  X(unionid_moved, 1, 800)            \
  X(company_variants, 1, 1800)        \
  X(address_variants, 1, 2000)        \
  X(excel_damage, 1, 700)             \
  X(placeholder, 1, 1500)             \
  X(out_of_order, 1, 1000)            \
  X(switchboard, 12, 100)

enum customer_case {
#define X(name, entities, share) CASE_##name,
  CUSTOMER_CASE_TABLE(X)
#undef X
      CASE_COUNT
};

extern const char *const customer_case_names[CASE_COUNT];

enum {
  CUSTOMER_RECORDS_MAX = 1000000000, /* phone numbers and IDs stay unique up to here */
  /* From so many records on, every case occurs, whatever its share. */
  CUSTOMER_EVERY_CASE_RECORDS = 3000,
};

struct customer_plan {
  uint64_t seed;
  uint64_t record_count;
  uint64_t group_count;
  uint64_t *block_starts; /* owned: the first record of every 8th group */
};

/* record_count: 1 .. CUSTOMER_RECORDS_MAX. */
void customer_plan_init(struct customer_plan *plan, uint64_t seed, uint64_t record_count);
void customer_plan_release(struct customer_plan *plan);

enum customer_case customer_plan_case(const struct customer_plan *plan, uint64_t group);
uint32_t customer_plan_entities(enum customer_case c);
/* Of one entity of the group; the last group's may reach beyond record_count. */
uint32_t customer_plan_records(const struct customer_plan *plan, uint64_t group,
                               enum customer_case c, uint32_t entity);
/* The first record of the group. */
uint64_t customer_plan_start(const struct customer_plan *plan, uint64_t group);

/* Where a record belongs. */
struct customer_place {
  uint64_t group;
  enum customer_case case_class;
  uint32_t entity;       /* within the group */
  uint32_t number;       /* of the record within the entity */
  uint32_t record_count; /* of the entity */
  uint64_t entity_start; /* the entity's first record: its number in the file's world */
  uint64_t group_start;
};
void customer_plan_locate(const struct customer_plan *plan, uint64_t record,
                          struct customer_place *place);

#endif
