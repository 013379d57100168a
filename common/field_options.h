/* field_options — how one source writes one field: what a standardiser must know besides the cell.
 * Filled from the job file (job.h) or by recognition; constant while a job runs. */
#ifndef GUIYI_COMMON_FIELD_OPTIONS_H
#define GUIYI_COMMON_FIELD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"

/* The field types, in the order of every list of them: T(id, name in the job file). What a type
 * does is in worker/fields/. */
/* clang-format off */
#define FIELD_TYPE_TABLE(T)                                                                      \
  T(PERSON_NAME, "person_name") T(PHONE, "phone") T(ID_CARD, "id_card")                          \
  T(USCC, "uscc") T(EMAIL, "email") T(ACCOUNT, "account")                                        \
  T(ADDRESS, "address") T(COMPANY, "company") T(DATE, "date")                                    \
  T(CATEGORY, "category") T(AMOUNT, "amount") T(TEXT, "text")
/* clang-format on */

enum field_type_id {
#define T(id, name) FIELD_TYPE_##id,
  FIELD_TYPE_TABLE(T)
#undef T
      FIELD_TYPE_COUNT
};

/* Which part of a name a person_name field holds. */
enum name_part {
  NAME_WHOLE,
  NAME_GIVEN,
  NAME_FAMILY,
  NAME_MIDDLE,
  NAME_NICKNAME,
  NAME_SALUTATION,
  NAME_NICKNAME_UNLESS_NAME_SHAPE
};

/* The order in which a source writes numeric dates whose first part is not a four-digit year. */
enum date_order { DATE_ORDER_UNKNOWN, DATE_YMD, DATE_DMY, DATE_MDY };
/* What a date field holds. */
enum date_part { DATE_WHOLE, DATE_YEAR, DATE_MONTH, DATE_DAY };

/* The code table of a `category` field. */
enum code_table { CODE_NONE, CODE_GENDER, CODE_CHANNEL, CODE_INDUSTRY, CODE_CUSTOMER_STATE };

/* What an address field holds. */
enum address_part {
  ADDRESS_WHOLE,
  ADDRESS_STREET,
  ADDRESS_NUMBER,
  ADDRESS_UNIT,
  ADDRESS_LOCALITY,
  ADDRESS_REGION,
  ADDRESS_POSTCODE
};

enum amount_unit { AMOUNT_YUAN, AMOUNT_FEN };

/* How the golden record's value is chosen from its records; ties always end in the total order
 * (source trust, latest event time, source id, record key). */
enum survivorship {
  SURVIVE_DEFAULT, /* the type's own */
  SURVIVE_MOST_TRUSTED,
  SURVIVE_MOST_RECENT,
  SURVIVE_MOST_FREQUENT,
  SURVIVE_MOST_COMPLETE, /* the value that says most: full name over surname, address to the room */
  SURVIVE_EARLIEST,      /* of the record that came first */
  SURVIVE_EARLIEST_VALUE, /* the smallest value (dates) */
  SURVIVE_LATEST_VALUE,   /* the largest value (dates) */
  SURVIVE_UNION,          /* all of them, sorted */
  SURVIVE_CONCATENATION,  /* all of them, by time */
};

/* One alias of a per-source code map: {from: "0", to: "女"}. */
struct code_alias {
  struct bytes from, to;
};

struct field_options {
  enum name_part name_part;
  enum date_order date_order;
  enum date_part date_part;
  bool date_with_time;       /* keep HH:MM:SS */
  int timezone_minutes;      /* of epoch times; Asia/Shanghai is 480 */
  int32_t as_of_day;         /* days since 1970-01-01; 0 = not given: nothing is "in the future" */
  struct bytes default_area; /* of landlines without one: "010" */
  enum code_table code_table;
  const struct code_alias *aliases; /* looked up before the table */
  uint32_t alias_count;
  enum address_part address_part;
  enum amount_unit amount_unit;
  struct bytes name_space; /* of an account: appid, shop; accounts of different ones never agree */
};

#endif
