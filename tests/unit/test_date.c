/* date: forms, orders, parts in columns of their own, levels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/field_checks.h"
#include "worker/fields/date.h"

static void dates_are_read(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"2024-05-01T09:30:00Z", "2024-05-01", VALUE_FIXED, 0},
      {"1989-12-31T16:00:00.000Z", "1990-01-01", VALUE_FIXED, 0}, /* midnight in Shanghai */
      {"2024年05月01日 上午9时", "2024-05-01", VALUE_FIXED, 0},
      {"２０２４－０５－０１", "2024-05-01", VALUE_FIXED, 0},
      {"1 May 2024", "2024-05-01", VALUE_FIXED, 0},
      {"May 1, 2024", "2024-05-01", VALUE_FIXED, 0},
      {"1st of Sept. 2024", "2024-09-01", VALUE_FIXED, 0},
      {"01-May-2024", "2024-05-01", VALUE_FIXED, 0},
      {"13/01/2024", "2024-01-13", VALUE_FIXED, 0}, /* can only be this */
      {"01/13/2024", "2024-01-13", VALUE_FIXED, 0},
      {"05/05/2024", "2024-05-05", VALUE_FIXED, 0},
      {"20240501093000", "2024-05-01", VALUE_FIXED, 0},
      {"45413.5", "2024-05-01", VALUE_FIXED, 0},
      {"2024-05", "2024-05", VALUE_OK, 0},
      {"2024年5月", "2024-05", VALUE_FIXED, 0},
      {"2024", "2024", VALUE_OK, 0},
      {"2030-01-01", "2030-01-01", VALUE_OK, FIELD_W_FUTURE},
      {"1900-01-01", "1900-01-01", VALUE_OK, FIELD_W_PLACEHOLDER},
      {"0000-00-00", "", VALUE_MISSING, FIELD_W_PLACEHOLDER},
      {"9999-12-31 00:00:00", "", VALUE_MISSING, FIELD_W_PLACEHOLDER},
      {"01/05/2024", "01/05/2024", VALUE_INVALID, FIELD_E_DATE | FIELD_W_AMBIGUOUS},
      {"19410009", "19410009", VALUE_INVALID, FIELD_E_DATE},
      {"1941-00-09", "1941-00-09", VALUE_INVALID, FIELD_E_DATE},
      {"2024-05-01 25:00", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"2023-02-29", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"199012245", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"today", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"12345", NULL, VALUE_INVALID, FIELD_E_DATE},
  };
  CHECK_VALUES("date", &plain_options, cases);
}

static void times_are_kept_where_asked(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.date_with_time = true;
  const struct value_case cases[] = {
      {"2024-05-01 09:30:00", "2024-05-01 09:30:00", VALUE_OK, 0},
      {"2024/5/1 9:30", "2024-05-01 09:30:00", VALUE_FIXED, 0},
      {"2024-05-01T01:30:00+00:00", "2024-05-01 09:30:00", VALUE_FIXED, 0},
      {"2024-05-01 9:30 PM", "2024-05-01 21:30:00", VALUE_FIXED, 0},
      {"2024年5月1日 下午9点30分", "2024-05-01 21:30:00", VALUE_FIXED, 0},
      {"2024-05-01 12:05 am", "2024-05-01 00:05:00", VALUE_FIXED, 0},
      {"1714492800", "2024-05-01 00:00:00", VALUE_FIXED, 0},
      {"45413.5", "2024-05-01 12:00:00", VALUE_FIXED, 0},
      {"2024-05-01", "2024-05-01", VALUE_OK, 0},
      {"20240501093005", "2024-05-01 09:30:05", VALUE_FIXED, 0},
      {"20240501 09:30:05", "2024-05-01 09:30:05", VALUE_FIXED, 0},
      {"20240501T0930", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"20241301 09:30:05", NULL, VALUE_INVALID, FIELD_E_DATE},
      {"20240501996005", NULL, VALUE_INVALID, FIELD_E_DATE},
  };
  CHECK_VALUES("date", &options, cases);
  assert_int_equal(date_value_time_ms(BYTES("2024-05-01 00:00:00"), 480), 1714492800000LL);
  assert_int_equal(date_value_time_ms(BYTES("2024-05-01"), 480), 1714492800000LL);
  assert_int_equal(date_value_time_ms(BYTES("2024-05"), 480), INT64_MIN);
  assert_int_equal(date_value_day(BYTES("1970-01-02")), 1);
}

static void swapped_digits_of_a_date_share_a_key(void **state) {
  (void)state;
  uint64_t key = key_of("date", "1981-04-29", "digits");
  assert_true(key != 0);
  assert_true(key == key_of("date", "1918-04-29", "digits"));
  assert_true(key == key_of("date", "1981-04-92", "digits"));
  assert_true(key_of("date", "1981-04-05", "digits") == key_of("date", "1981-05-04", "digits"));
  assert_false(key == key_of("date", "1982-04-29", "digits"));
  assert_false(key_of("date", "1988-11-01", "digits") == key_of("date", "1981-11-08", "month_day"));
  assert_true(key_of("date", "1981-04", "digits") == 0);
}

static void a_declared_order_reads_every_numeric_date(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.date_order = DATE_DMY;
  const struct value_case day_first[] = {{"01/05/2024", "2024-05-01", VALUE_FIXED, 0},
                                         {"1.5.24", "2024-05-01", VALUE_FIXED, 0},
                                         {"1.5.27", "1927-05-01", VALUE_FIXED, 0},
                                         {"2024-05-01", "2024-05-01", VALUE_OK, 0},
                                         {"01/13/2024", NULL, VALUE_INVALID, FIELD_E_DATE}};
  CHECK_VALUES("date", &options, day_first);
  options.date_order = DATE_MDY;
  const struct value_case month_first[] = {{"01/05/2024", "2024-01-05", VALUE_FIXED, 0},
                                           {"01312024", "2024-01-31", VALUE_FIXED, 0}};
  CHECK_VALUES("date", &options, month_first);
  options.date_order = DATE_YMD;
  const struct value_case year_first[] = {{"24-5-1", "2024-05-01", VALUE_FIXED, 0}};
  CHECK_VALUES("date", &options, year_first);
}

static enum date_order order_of(const char *const *cells, size_t count, bool backwards) {
  struct arena arena = {0};
  struct date_order_evidence halves[2] = {{0}, {0}};
  for (size_t i = 0; i < count; i++)
    date_order_add(&halves[i % 2], bytes_from_string(cells[backwards ? count - 1 - i : i]), &arena);
  date_order_join(&halves[0], &halves[1]);
  arena_release(&arena);
  return date_column_order(&halves[0]);
}

static void a_column_says_its_order(void **state) {
  (void)state;
  const char *const day_first[] = {"01/05/2024", "02/05/2024", "13/01/2024", "", "n/a"};
  const char *const month_first[] = {"01/05/2024", "01/31/2024", "2024-05-01"};
  const char *const open[] = {"01/05/2024", "02/05/2024"};
  const char *const torn[] = {"13/05/2024", "02/15/2024"};
  const char *const year_first[] = {"85-05-13", "24-5-1"};
  const char *const compact[] = {"01312024", "01022024"};
  for (int backwards = 0; backwards < 2; backwards++) {
    assert_int_equal(order_of(day_first, 5, backwards), DATE_DMY);
    assert_int_equal(order_of(month_first, 3, backwards), DATE_MDY);
    assert_int_equal(order_of(open, 2, backwards), DATE_ORDER_UNKNOWN);
    assert_int_equal(order_of(torn, 2, backwards), DATE_ORDER_UNKNOWN);
    assert_int_equal(order_of(year_first, 2, backwards), DATE_YMD);
    assert_int_equal(order_of(compact, 2, backwards), DATE_MDY);
  }
  struct date_order_evidence mostly = {.day_first = 98, .month_first = 2};
  assert_int_equal(date_column_order(&mostly), DATE_DMY);
  mostly.month_first = 3;
  assert_int_equal(date_column_order(&mostly), DATE_ORDER_UNKNOWN);
}

static void dates_agree_by_levels(void **state) {
  (void)state;
  check_level("date", "2024-05-01", "20240501", "same date");
  check_level("date", "1980-01-05", "1980-05-01", "day and month swapped");
  check_level("date", "19091225", "19091226", "one digit off");
  check_level("date", "19410009", "19410109", "one digit off");
  check_level("date", "19410009", "19410009", "one digit off");
  check_level("date", "1980-13-05", "1980-05-13", "day and month swapped");
  check_level("date", "1990-12-24", "19901224|", "one digit off");
  check_level("date", "1990-12-24", "1990-l2-24", "one digit off");
  check_level("date", "1980-05-17", "1980-05-03", "two of year, month and day");
  check_level("date", "1980-05-17", "1963-05-17", "two of year, month and day");
  check_level("date", "1980-04-28", "1980-05-03", "within ten days");
  check_level("date", "1980-04-28", "1980-11-03", "same year");
  check_level("date", "1980-04-28", "1975-11-03", "differ");
  check_level("date", "1980-04", "1980-04-28", "two of year, month and day");
  check_level("date", "1980", "1980-04-28", "same year");
  check_level("date", "1980", "1980", "same date");
  check_level("date", "1981", "1980-04-28", "differ");
  check_level("date", "", "1980-04-28", "missing");
  assert_int_equal(key_of("date", "19410009", "exact"), 0);
  assert_int_equal(key_of("date", "19410009", "year"), key_of("date", "1941-01-09", "year"));
  assert_int_equal(key_of("date", "1980-01-09", "month_day"),
                   key_of("date", "1941-01-09", "month_day"));
  assert_int_equal(key_of("date", "1980", "month_day"), 0);
  check_mask("date", "1990-12-24", "1990-**-**");
  check_mask("date", "24.12.1990", "**********");
}

static void parts_of_dates_stand_in_columns_of_their_own(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.date_part = DATE_YEAR;
  const struct value_case years[] = {{"1950", "1950", VALUE_OK, 0},
                                     {"1950.0", "1950", VALUE_FIXED, 0},
                                     {"1950年", "1950", VALUE_FIXED, 0},
                                     {"1950-04-19", "1950", VALUE_FIXED, 0},
                                     {"195", NULL, VALUE_INVALID, FIELD_E_DATE}};
  CHECK_VALUES("date", &options, years);
  options.date_part = DATE_MONTH;
  const struct value_case months[] = {{"4", "04", VALUE_FIXED, 0},
                                      {"12", "12", VALUE_OK, 0},
                                      {"Apr", "04", VALUE_FIXED, 0},
                                      {"13", NULL, VALUE_INVALID, FIELD_E_DATE}};
  CHECK_VALUES("date", &options, months);
  options.date_part = DATE_DAY;
  const struct value_case days[] = {{"9日", "09", VALUE_FIXED, 0},
                                    {"32", NULL, VALUE_INVALID, FIELD_E_DATE}};
  CHECK_VALUES("date", &options, days);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dates_are_read),
      cmocka_unit_test(times_are_kept_where_asked),
      cmocka_unit_test(swapped_digits_of_a_date_share_a_key),
      cmocka_unit_test(a_declared_order_reads_every_numeric_date),
      cmocka_unit_test(a_column_says_its_order),
      cmocka_unit_test(dates_agree_by_levels),
      cmocka_unit_test(parts_of_dates_stand_in_columns_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
