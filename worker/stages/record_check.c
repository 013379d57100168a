#include "worker/stages/record_check.h"

#include "common/number_write.h"
#include "worker/fields/id_card.h"
#include "worker/golden_plan.h"

void record_check_init(const struct job *job, struct record_check *out) {
  *out = (struct record_check){-1, -1, -1};
  for (uint32_t f = job->field_count; f-- > 0;) { /* backwards: the first of several stays */
    const struct job_field *field = &job->fields[f];
    if (field->type == FIELD_TYPE_ID_CARD) out->id_card = (int)f;
    if (field->type == FIELD_TYPE_CATEGORY && field->options.code_table == CODE_GENDER)
      out->sex = (int)f;
    if (golden_plan_is_birth_date(field)) out->birth_date = (int)f;
  }
}

static bool is_valid(const struct record_value *value) {
  return value->state == VALUE_OK || value->state == VALUE_FIXED;
}

static bool sex_differs(struct bytes id_card, struct bytes sex) {
  enum id_card_sex says = id_card_sex(id_card);
  if (says == ID_CARD_SEX_UNKNOWN) return false;
  return bytes_equal(sex, says == ID_CARD_SEX_MALE ? BYTES("女") : BYTES("男"));
}

/* Of a date as it is written, "1949-12-31"; a date that is not a whole day says nothing. */
static bool birth_date_differs(struct bytes id_card, struct bytes date) {
  int32_t day = id_card_birth_day(id_card);
  if (day == CALENDAR_NO_DAY || date.size < 10) return false;
  struct calendar_date says = calendar_date_of(day);
  char text[10], *at = text;
  at = number_put_padded(at, (uint64_t)says.year, 4);
  *at++ = '-';
  at = number_put_padded(at, (uint64_t)says.month, 2);
  *at++ = '-';
  number_put_padded(at, (uint64_t)says.day, 2);
  return memcmp(text, date.data, sizeof text) != 0;
}

uint64_t record_check_contradicting(const struct record_check *check,
                                    const struct record_value *values) {
  uint64_t found = 0;
  if (check->id_card < 0 || !is_valid(&values[check->id_card])) return 0;
  struct bytes id_card = values[check->id_card].text;
  if (check->sex >= 0 && is_valid(&values[check->sex]) &&
      sex_differs(id_card, values[check->sex].text))
    found |= 1ULL << check->sex;
  if (check->birth_date >= 0 && is_valid(&values[check->birth_date]) &&
      birth_date_differs(id_card, values[check->birth_date].text))
    found |= 1ULL << check->birth_date;
  return found;
}
