/* id_card — numbers of resident identity cards (GB 11643) and the permits of the same form.
 *
 * Canonical: 18 characters, X in upper case; numbers of 15 digits are converted. A number whose
 * check fails is INVALID but is still compared: one that is one slip away from a valid number is
 * evidence. */
#ifndef GUIYI_WORKER_FIELDS_ID_CARD_H
#define GUIYI_WORKER_FIELDS_ID_CARD_H

#include "common/calendar.h"
#include "worker/fields/field_type.h"

enum id_card_kind {
  ID_CARD_INVALID,
  ID_CARD_RESIDENT,
  ID_CARD_HK_MO_TW,          /* 港澳台居民居住证 */
  ID_CARD_FOREIGN_PERMANENT, /* 外国人永久居留身份证, the form of 2023 */
  ID_CARD_FOREIGN_OLD,       /* three letters and twelve digits */
  ID_CARD_OLD_CENTENARIAN,   /* 15 digits of one born in the 1800s: not to be converted */
  ID_CARD_MASKED,
};

enum id_card_sex { ID_CARD_SEX_UNKNOWN, ID_CARD_SEX_MALE, ID_CARD_SEX_FEMALE };

/* Of a canonical value; CALENDAR_NO_DAY and SEX_UNKNOWN unless it is a valid number of 18
 * characters. */
int32_t id_card_birth_day(struct bytes value);
enum id_card_sex id_card_sex(struct bytes value);
/* The same of a feature of id_card_type. */
int32_t id_card_feature_birth_day(const void *feature);
enum id_card_sex id_card_feature_sex(const void *feature);

extern const struct field_type id_card_type;

#endif
