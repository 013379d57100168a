/* customer_person — one generated customer as he really is: name, ID, phones, home, employer. What
 * the channels write down of him is customer_row.h. A function of (seed, place in the plan). */
#ifndef GUIYI_CLI_CUSTOMER_PERSON_H
#define GUIYI_CLI_CUSTOMER_PERSON_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/customer_plan.h"
#include "cli/customer_random.h"
#include "cli/customer_words.h"

struct customer_world {
  struct customer_plan plan;
  const struct customer_words *words;
  struct permutation rows;   /* record number in the plan -> row of the file */
  struct permutation phones; /* what makes numbers unique: one per record and kind */
  struct permutation id_cards;
  uint32_t id_places;                   /* districts of all cities */
  uint32_t surname_weight, city_weight; /* sums */
};

struct customer_home {
  const struct customer_city *city;
  uint32_t district;
  const char *road, *road_ending;
  const char *community, *community_ending;
  uint32_t number, building, unit, room;
};

struct customer_firm {
  const struct customer_city *city;
  const char *first, *second, *trade, *form;
};

enum {
  CUSTOMER_PHONES = 3,
  CUSTOMER_OPENIDS = 2,  /* one for each of the firm's two apps */
  CUSTOMER_UNIONIDS = 2, /* one for each account that the apps have been bound to */
  OPENID_SIZE = 28,
  ID_CARD_SIZE = 18
};

struct customer_person {
  const struct customer_surname *surname;
  const struct customer_character *given[2];
  uint32_t given_count;
  const char *dotted[2]; /* instead of a name, when [0] is not NULL */
  bool is_male;
  int32_t birth_day; /* since 1970-01-01 */
  char id_card[ID_CARD_SIZE];
  uint64_t phones[CUSTOMER_PHONES]; /* 11 digits; [0] now, [1] later, [2] lent to others */
  uint64_t landline;                /* local part, 8 digits; its area code is the firm's city's */
  char email[64];
  uint32_t email_size;
  char openids[CUSTOMER_OPENIDS][OPENID_SIZE];
  char unionids[CUSTOMER_UNIONIDS]
               [OPENID_SIZE]; /* [1] after the apps were bound to another account */
  const char *nickname;
  uint32_t nickname_number; /* 0 = none behind it */
  struct customer_home home, old_home;
  bool has_firm;
  struct customer_firm firm, old_firm; /* the same where he has not changed it */
  int32_t first_day;                   /* of the first record */
  uint32_t step_days;                  /* between records */
  uint32_t phone_changes_at; /* the record from which on phones[1] is his; UINT32_MAX = never */
};

void customer_world_init(struct customer_world *world, uint64_t seed, uint64_t record_count,
                         const struct customer_words *words);
void customer_world_release(struct customer_world *world);

void customer_person_make(const struct customer_world *world, const struct customer_place *place,
                          struct customer_person *person);

#endif
