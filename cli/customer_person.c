#include "cli/customer_person.h"

#include <string.h>

#include "cli/customer_text.h"
#include "common/calendar.h"
#include "common/number_write.h"

enum {
  PURPOSE_PERSON = 3,
  PURPOSE_GROUP = 4,
  PURPOSE_FIRM = 5,
  PURPOSE_ROWS = 6,
  PURPOSE_PHONES = 7,
  PURPOSE_ID_CARDS = 8,
  PURPOSE_OPENID = 9,
};

enum {
  BIRTH_DAYS = 60 * 365,    /* 1946 … 2005 */
  FIRST_BIRTH_DAY = -8766,  /* 1946-01-01 */
  ID_SEQUENCES = 499,       /* of one sex, in one place on one day */
  FIRST_RECORD_DAY = 17532, /* 2018-01-01 */
  RECORD_DAYS = 2400,       /* until 2024-07 for a first record */
  NUMBERS_PER_PREFIX = 100000000,
  RECORDS_PER_FIRM = 12,
};

void customer_world_init(struct customer_world *world, uint64_t seed, uint64_t record_count,
                         const struct customer_words *words) {
  *world = (struct customer_world){.words = words};
  customer_plan_init(&world->plan, seed, record_count);
  world->rows = permutation_of(record_count, hash_join(seed, PURPOSE_ROWS));
  world->phones = permutation_of((uint64_t)words->prefixes_count * NUMBERS_PER_PREFIX,
                                 hash_join(seed, PURPOSE_PHONES));
  for (uint32_t i = 0; i < words->cities_count; i++) {
    world->id_places += words->cities[i].district_count;
    world->city_weight += words->cities[i].weight;
  }
  for (uint32_t i = 0; i < words->surnames_count; i++)
    world->surname_weight += words->surnames[i].weight;
  world->id_cards = permutation_of((uint64_t)world->id_places * BIRTH_DAYS * ID_SEQUENCES,
                                   hash_join(seed, PURPOSE_ID_CARDS));
}

void customer_world_release(struct customer_world *world) { customer_plan_release(&world->plan); }

static const struct customer_surname *pick_surname(const struct customer_world *world,
                                                   struct draws *d) {
  uint32_t x = draw_below(d, world->surname_weight);
  const struct customer_surname *s = world->words->surnames;
  while (x >= s->weight) x -= s++->weight;
  return s;
}

static const struct customer_city *pick_city(const struct customer_world *world, struct draws *d) {
  uint32_t x = draw_below(d, world->city_weight);
  const struct customer_city *c = world->words->cities;
  while (x >= c->weight) x -= c++->weight;
  return c;
}

/* Of two draws the smaller: the first of a list are about twice as common as the middle. */
static uint32_t pick_skewed(struct draws *d, uint32_t count) {
  uint32_t a = draw_below(d, count), b = draw_below(d, count);
  return a < b ? a : b;
}

static void pick_given(const struct customer_world *world, struct draws *d, bool usual_only,
                       struct customer_person *p) {
  const struct customer_words *w = world->words;
  const struct customer_character *own = p->is_male ? w->male : w->female;
  uint32_t own_count = p->is_male ? w->male_count : w->female_count;
  p->given_count = draw_permille(d, 140) ? 1 : 2;
  for (uint32_t i = 0; i < p->given_count; i++) {
    uint32_t all = p->given_count == 1 || usual_only ? own_count : own_count + w->neutral_count;
    uint32_t x = pick_skewed(d, all);
    p->given[i] = x < own_count ? &own[x] : &w->neutral[x - own_count];
  }
}

static char check_character(const char *digits17) {
  static const uint8_t weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  unsigned sum = 0;
  for (unsigned i = 0; i < 17; i++) sum += (unsigned)(digits17[i] - '0') * weights[i];
  return "10X98765432"[sum % 11];
}

/* Place, birthday and sequence number from a permutation, so that no two customers share an ID. */
static void make_id_card(const struct customer_world *world, uint64_t unique,
                         struct customer_person *p) {
  uint64_t x = permutation_at(&world->id_cards, unique);
  uint32_t sequence = (uint32_t)(x % ID_SEQUENCES) * 2 + (p->is_male ? 1 : 2);
  x /= ID_SEQUENCES;
  p->birth_day = FIRST_BIRTH_DAY + (int32_t)(x % BIRTH_DAYS);
  uint32_t place = (uint32_t)(x / BIRTH_DAYS);
  const struct customer_city *c = world->words->cities;
  while (place >= c->district_count) place -= c++->district_count;
  struct calendar_date birth = calendar_date_of(p->birth_day);
  char *at = number_put_padded(p->id_card, c->districts[place].code, 6);
  at = number_put_padded(at, (uint64_t)birth.year, 4);
  at = number_put_padded(at, (uint64_t)birth.month, 2);
  at = number_put_padded(at, (uint64_t)birth.day, 2);
  at = number_put_padded(at, sequence, 3);
  *at = check_character(p->id_card);
}

static uint64_t phone_of(const struct customer_world *world, uint64_t unique, uint32_t kind) {
  uint64_t x = permutation_at(&world->phones, unique * 2 + (kind > 0));
  const char *prefix = world->words->prefixes[x / NUMBERS_PER_PREFIX];
  uint64_t number = 0;
  for (; *prefix; prefix++) number = number * 10 + (uint64_t)(*prefix - '0');
  return number * NUMBERS_PER_PREFIX + x % NUMBERS_PER_PREFIX;
}

/* Unique: the number behind the name is. */
static void make_email(const struct customer_world *world, uint64_t unique, struct draws *d,
                       struct customer_person *p) {
  const struct customer_words *w = world->words;
  uint64_t number = permutation_at(&world->rows, unique);
  char *at = p->email;
  uint32_t domain = pick_skewed(d, w->domains_count);
  if (domain == 0) { /* a QQ number */
    at = number_put_u64(at, 10000000 + number * 7 + draw_below(d, 7));
  } else {
    if (p->dotted[0]) {
      at = customer_put(at, "user");
    } else {
      at = customer_put(at, p->surname->pinyin);
      for (uint32_t i = 0; i < p->given_count; i++) at = customer_put(at, p->given[i]->pinyin);
    }
    at = number_put_u64(at, number);
  }
  *at++ = '@';
  at = customer_put(at, w->domains[domain]);
  p->email_size = (uint32_t)(at - p->email);
}

/* The ids of one app begin alike. account: the apps, then what they were bound to. */
static void make_openid(const struct customer_world *world, uint64_t unique, uint32_t account,
                        char out[OPENID_SIZE]) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static const char *const beginnings[CUSTOMER_OPENIDS + CUSTOMER_UNIONIDS] = {"o6Kx5", "oR8vM",
                                                                               "oaQ2w", "ok7Tn"};
  memcpy(out, beginnings[account], 5);
  struct draws d = draws_for(world->plan.seed, PURPOSE_OPENID,
                             unique * (CUSTOMER_OPENIDS + CUSTOMER_UNIONIDS) + account);
  uint64_t bits = 0;
  for (uint32_t i = 5; i < OPENID_SIZE; i++, bits >>= 6) {
    if ((i - 5) % 10 == 0) bits = draw(&d);
    out[i] = letters[bits & 63];
  }
}

static void make_home(const struct customer_world *world, struct draws *d,
                      struct customer_home *home) {
  static const char *const endings[] = {"路",   "街",   "大道", "东路", "西路",
                                        "南路", "北路", "中路", "大街"};
  const struct customer_words *w = world->words;
  home->city = pick_city(world, d);
  home->district = draw_below(d, home->city->district_count);
  home->road = w->roads[pick_skewed(d, w->roads_count)];
  home->road_ending = endings[pick_skewed(d, sizeof endings / sizeof endings[0])];
  home->community = w->communities[draw_below(d, w->communities_count)];
  home->community_ending = w->community_endings[pick_skewed(d, w->community_endings_count)];
  home->number = 1 + pick_skewed(d, 400);
  home->building = 1 + pick_skewed(d, 30);
  home->unit = 1 + draw_below(d, 4);
  home->room = (1 + draw_below(d, 28)) * 100 + 1 + draw_below(d, 6);
}

/* Firm number x of the world; small numbers are large firms. */
static void make_firm(const struct customer_world *world, uint64_t x, struct customer_firm *firm) {
  static const char *const forms[] = {"有限公司",     "有限公司",     "有限公司",
                                      "有限公司",     "有限公司",     "有限公司",
                                      "有限责任公司", "股份有限公司", "集团有限公司"};
  struct draws d = draws_for(world->plan.seed, PURPOSE_FIRM, x);
  const struct customer_words *w = world->words;
  firm->city = pick_city(world, &d);
  firm->first = w->firm_first[draw_below(&d, w->firm_first_count)];
  firm->second = w->firm_second[draw_below(&d, w->firm_second_count)];
  firm->trade = w->trades[pick_skewed(&d, w->trades_count)];
  firm->form = forms[draw_below(&d, sizeof forms / sizeof forms[0])];
}

static uint64_t landline_of(const struct customer_world *world, uint64_t firm) {
  struct draws d = draws_for(world->plan.seed, PURPOSE_FIRM, ~firm);
  return 20000000 + draw_below(&d, 69999999);
}

static uint64_t pick_firm(const struct customer_world *world, struct draws *d) {
  uint64_t firms = world->plan.record_count / RECORDS_PER_FIRM + 1;
  double x = (double)(draw(d) >> 11) * 0x1p-53;
  return (uint64_t)(x * x * (double)firms);
}

/* ---- What the members of a group share --------------------------------------------------------
 */

static void share_household(const struct customer_world *world, const struct customer_place *place,
                            struct draws *group, struct customer_person *p) {
  make_home(world, group, &p->home);
  p->old_home = p->home;
  const struct customer_surname *name = pick_surname(world, group);
  /* Father, mother, child: the child has the father's name. */
  if (place->entity != 1) p->surname = name;
  p->phones[0] = phone_of(world, place->group_start, 0);
}

static void share_recycled(const struct customer_world *world, const struct customer_place *place,
                           struct draws *group, struct customer_person *p) {
  uint32_t gap = place->case_class == CASE_recycled_30d   ? 30
                 : place->case_class == CASE_recycled_91d ? 91
                                                          : 400;
  int32_t last_day = FIRST_RECORD_DAY + 400 + (int32_t)draw_below(group, RECORD_DAYS - 600);
  uint32_t step = 20 + draw_below(group, 60);
  p->step_days = step;
  p->phones[0] = p->phones[1] = phone_of(world, place->group_start, 0);
  p->first_day = place->entity == 0 ? last_day - (int32_t)((place->record_count - 1) * step)
                                    : last_day + (int32_t)gap;
}

static void share_namesake(const struct customer_world *world, struct draws *group,
                           struct customer_person *p) {
  const struct customer_city *city = pick_city(world, group);
  p->is_male = true;
  p->surname = &world->words->surnames[1];
  p->given[0] = &world->words->male[0];
  p->given_count = 1;
  p->home.city = city;
  p->home.district %= city->district_count;
}

static void share_with_group(const struct customer_world *world, const struct customer_place *place,
                             struct customer_person *p) {
  struct draws group = draws_for(world->plan.seed, PURPOSE_GROUP, place->group);
  switch (place->case_class) {
    case CASE_household:
      share_household(world, place, &group, p);
      return;
    case CASE_recycled_30d:
    case CASE_recycled_91d:
    case CASE_recycled_400d:
      share_recycled(world, place, &group, p);
      return;
    case CASE_namesakes:
      share_namesake(world, &group, p);
      return;
    case CASE_shop_phone:
    case CASE_virtual_host:
      p->phones[2] = phone_of(world, place->group_start, 1);
      return;
    case CASE_switchboard: {
      uint64_t firm = pick_firm(world, &group);
      p->has_firm = true;
      make_firm(world, firm, &p->firm);
      p->old_firm = p->firm;
      p->landline = landline_of(world, firm);
      return;
    }
    default:
      return;
  }
}

void customer_person_make(const struct customer_world *world, const struct customer_place *place,
                          struct customer_person *p) {
  uint64_t unique = place->entity_start;
  struct draws d = draws_for(world->plan.seed, PURPOSE_PERSON, unique);
  const struct customer_words *w = world->words;
  memset(p, 0, sizeof *p);
  p->is_male = place->case_class == CASE_household ? place->entity != 1 : draw_permille(&d, 500);
  p->surname = pick_surname(world, &d);
  bool usual_only = place->case_class == CASE_homophone || place->case_class == CASE_traditional;
  pick_given(world, &d, usual_only, p);
  if (place->case_class == CASE_dotted_name) {
    p->dotted[0] = w->dotted[draw_below(&d, w->dotted_count)];
    p->dotted[1] = w->dotted[draw_below(&d, w->dotted_count)];
  }
  p->nickname = w->nicknames[draw_below(&d, w->nicknames_count)];
  p->nickname_number = draw_permille(&d, 600) ? draw_below(&d, 100000) : 0;
  make_home(world, &d, &p->home);
  p->old_home = p->home;
  if (draw_permille(&d, w->habits->moved) || place->case_class == CASE_out_of_order)
    make_home(world, &d, &p->old_home);
  p->has_firm = draw_permille(&d, 400) || place->case_class == CASE_company_variants;
  uint64_t firm = pick_firm(world, &d);
  make_firm(world, firm, &p->firm);
  p->old_firm = p->firm;
  if (draw_permille(&d, w->habits->job_changes))
    make_firm(world, pick_firm(world, &d), &p->old_firm);
  p->landline = landline_of(world, firm);
  p->first_day = FIRST_RECORD_DAY + (int32_t)draw_below(&d, RECORD_DAYS);
  p->step_days = 5 + draw_below(&d, 100);
  p->phones[0] = phone_of(world, unique, 0);
  p->phones[1] = phone_of(world, unique, 1);
  p->phone_changes_at = UINT32_MAX;
  if (place->case_class == CASE_changed_phone ||
      (place->record_count >= 3 && draw_permille(&d, w->habits->phone_changes)))
    p->phone_changes_at = (place->record_count + 1) / 2;
  share_with_group(world, place, p);
  make_id_card(world, unique, p);
  make_email(world, unique, &d, p);
  for (uint32_t app = 0; app < CUSTOMER_OPENIDS; app++)
    make_openid(world, unique, app, p->openids[app]);
  for (uint32_t account = 0; account < CUSTOMER_UNIONIDS; account++)
    make_openid(world, unique, CUSTOMER_OPENIDS + account, p->unionids[account]);
}
