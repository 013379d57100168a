#include "common/calendar.h"

bool calendar_is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int calendar_month_days(int year, int month) {
  static const signed char days[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return 0;
  return days[month] + (month == 2 && calendar_is_leap(year));
}

bool calendar_exists(struct calendar_date date) {
  return date.year >= 1 && date.year <= 9999 && date.day >= 1 &&
         date.day <= calendar_month_days(date.year, date.month);
}

/* Years begin in March here, so that the leap day is the last of its year, and 400 years (an "era")
 * always have 146,097 days: H. Hinnant, "chrono-compatible low-level date algorithms". */
int32_t calendar_day(struct calendar_date date) {
  int year = date.year - (date.month <= 2);
  int era = year / 400;
  int year_of_era = year - era * 400;
  int month = (date.month + 9) % 12;
  int day_of_year = (153 * month + 2) / 5 + date.day - 1;
  int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

struct calendar_date calendar_date_of(int32_t day) {
  int64_t shifted = (int64_t)day + 719468;
  int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  int day_of_era = (int)(shifted - era * 146097);
  int year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int month = (5 * day_of_year + 2) / 153;
  struct calendar_date date;
  date.day = day_of_year - (153 * month + 2) / 5 + 1;
  date.month = month < 10 ? month + 3 : month - 9;
  date.year = (int)(year_of_era + era * 400) + (date.month <= 2);
  return date;
}
