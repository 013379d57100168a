/* date — days and times: 2024-05-01, with date_with_time 2024-05-01 09:30:00; parts of a date that
 * stand in columns of their own: 2024, 05, 01.
 *
 * Read: year first with - / . or 年月日, eight digits, month names, a time part with or without an
 * offset, Excel's serial numbers, seconds and milliseconds since 1970 (shown in
 * field_options.timezone_minutes). Day and month of 01/05/2024 can't be told apart in one cell: the
 * whole column says it (struct date_order_evidence), else such a date is refused.
 *
 * An impossible date (19410009) is INVALID, but its digits are compared: it may be one slip away
 * from the right one. Times are not compared. */
#ifndef GUIYI_WORKER_FIELDS_DATE_H
#define GUIYI_WORKER_FIELDS_DATE_H

#include "common/calendar.h"
#include "worker/fields/field_type.h"

enum date_kind {
  DATE_INVALID,
  DATE_DAY_KNOWN,
  DATE_MONTH_KNOWN, /* 2024-05 */
  DATE_YEAR_KNOWN,  /* 2024 */
  DATE_TIME_KNOWN,  /* with date_with_time: a time of day was given */
  DATE_SINGLE_PART, /* of a column for years, months or days */
};

/* How often the numeric dates of one column can only be read in one order. Adding is commutative:
 * evidence of splits is summed, and the order in which they come does not matter. */
struct date_order_evidence {
  uint64_t year_first, day_first, month_first; /* cells that can only be this */
  uint64_t open;                               /* cells that leave it open */
};

/* arena: only for what must be kept while this runs. */
void date_order_add(struct date_order_evidence *evidence, struct bytes raw, struct arena *arena);
void date_order_join(struct date_order_evidence *into, const struct date_order_evidence *more);
/* DATE_ORDER_UNKNOWN when nothing settles it or the cells contradict each other: more than one in
 * fifty of the settling cells against the majority. */
enum date_order date_column_order(const struct date_order_evidence *evidence);

/* The day of a canonical value that names one, else CALENDAR_NO_DAY. */
int32_t date_value_day(struct bytes value);
/* Its time in milliseconds since 1970 UTC, midnight where it names none; INT64_MIN without a day.
 */
int64_t date_value_time_ms(struct bytes value, int timezone_minutes);
/* The day of a feature of date_type that holds a valid one, else CALENDAR_NO_DAY. */
int32_t date_feature_day(const void *feature);

extern const struct field_type date_type;

#endif
