/* date_reading — what one cell says about a date, before anything is decided about its validity. */
#ifndef GUIYI_WORKER_FIELDS_DATE_READING_H
#define GUIYI_WORKER_FIELDS_DATE_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/calendar.h"
#include "common/field_options.h"

enum {
  DATE_DIGITS_MAX = 15,
  DATE_YEAR_MIN = 1800, /* of a date that is believed */
  DATE_YEAR_MAX = 2199,
  DATE_PIVOT_YEAR_DEFAULT = 2029, /* where the job gives no as_of day */
};

enum date_precision { PRECISION_NONE, PRECISION_YEAR, PRECISION_MONTH, PRECISION_DAY };

/* Three numbers whose order is the column's secret: 01/05/2024, 24-5-1. */
struct date_numbers {
  int number[3];
  bool year_last; /* the third is a year of four digits; else all have one or two */
};

struct date_reading {
  enum date_precision precision; /* NONE: no date was found, or none that exists */
  struct calendar_date date;
  bool has_time;
  int second_of_day;
  bool is_open; /* date_numbers decide it, and options.date_order did not say how */
  /* The digits as YYYYMMDD where the parts are clear, else as they stand; '*' for a letter that may
   * have been a digit. */
  char digits[DATE_DIGITS_MAX];
  unsigned digit_count;
};

/* text: folded (cell.h), at least one byte. */
struct date_reading date_read(const struct field_options *options, struct bytes text);

/* The cell's open numbers; false when its order is not in question. */
bool date_open_numbers(struct bytes text, struct date_numbers *numbers);
/* The date they stand for in that order; does not exist (calendar_exists) where they can't. Years
 * of two digits: up to pivot are of the century of pivot, the others of the one before. */
struct calendar_date date_in_order(const struct date_numbers *numbers, enum date_order order,
                                   int pivot_year);
/* The newest year that a year of two digits may mean. */
int date_pivot_year(const struct field_options *options);
/* 1 to 12 for January, jan, Sept. …; 0 for no month. word: lower case. */
int date_month_of_word(struct bytes word);

#endif
