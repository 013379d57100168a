/* customer_words — the words that generated customers are made of: two lists that share none. */
#ifndef GUIYI_CLI_CUSTOMER_WORDS_H
#define GUIYI_CLI_CUSTOMER_WORDS_H

#include <stdint.h>

struct customer_character {
  const char *simplified, *traditional, *pinyin;
  const char *alike; /* sounds the same: what a listener writes; NULL = none in use */
};

struct customer_surname {
  const char *simplified, *traditional, *pinyin;
  uint32_t weight;
};

enum { CUSTOMER_DISTRICTS_MAX = 8 };

struct customer_city {
  const char *province; /* 广东省; of a municipality its own name */
  const char *city;     /* 深圳市; "" for a municipality */
  const char *short_name;
  const char *area_code; /* of its landlines: 0755 */
  uint32_t district_count;
  uint32_t weight;
  struct {
    uint32_t code; /* of ID cards issued there */
    const char *name;
  } districts[CUSTOMER_DISTRICTS_MAX];
};

/* How often people write what, in 1000 rows or customers; of each field the shares are told apart
 * from the top, the rest is written plainly. */
struct customer_habits {
  uint16_t homophone, traditional, spaced, pinyin, sir, nickname, masked_name;
  uint16_t country, phone_spaced, dashed, full_width, masked_phone, landline;
  uint16_t id_lower, id_typo;
  uint16_t address[6]; /* enum customer_address_style but the last */
  uint16_t company[6]; /* enum customer_company_style but the last */
  uint16_t birth_slips, gender_slips;
  uint16_t moved, job_changes, phone_changes;
  uint16_t empty; /* so many cells of what a channel usually fills are empty besides */
};

/* Lists are in order of how common a word is. */
struct customer_words {
  const struct customer_habits *habits;
  const struct customer_character *male, *female, *neutral;
  const struct customer_surname *surnames;
  const struct customer_city *cities;
  const char *const *roads, *const *communities, *const *community_endings;
  const char *const *firm_first, *const *firm_second, *const *trades;
  const char *const *nicknames;
  const char *const *dotted; /* parts of names that are written with a dot between */
  const char *const *domains;
  const char *const *prefixes; /* of mobile numbers */
  uint32_t male_count, female_count, neutral_count, surnames_count, cities_count, roads_count,
      communities_count, community_endings_count, firm_first_count, firm_second_count, trades_count,
      nicknames_count, dotted_count, domains_count, prefixes_count;
};

extern const struct customer_words customer_words_main;
extern const struct customer_words customer_words_holdout;

#endif
