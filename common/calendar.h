/* calendar — days, dates and times of day in the proleptic Gregorian calendar, without a time zone.
 *
 * A day is counted from 1970-01-01 (day 0) and may be negative. Pure functions. */
#ifndef GUIYI_COMMON_CALENDAR_H
#define GUIYI_COMMON_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum { CALENDAR_NO_DAY = INT32_MIN, CALENDAR_SECONDS_PER_DAY = 86400 };

struct calendar_date {
  int year;  /* 1 … 9999 */
  int month; /* 1 … 12 */
  int day;   /* 1 … 31 */
};

bool calendar_is_leap(int year);
/* 0 for a month that does not exist. */
int calendar_month_days(int year, int month);
/* Such a day exists, in the years 1 to 9999. */
bool calendar_exists(struct calendar_date date);
/* date must exist. */
int32_t calendar_day(struct calendar_date date);
struct calendar_date calendar_date_of(int32_t day);

#endif
