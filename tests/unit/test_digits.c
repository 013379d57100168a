/* digits, edits and the calendar against a slow obvious reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/calendar.h"
#include "worker/fields/digits.h"
#include "worker/similarity/one_edit.h"

/* Optimal string alignment distance, by the table. */
static unsigned distance(struct bytes a, struct bytes b) {
  unsigned d[17][17];
  for (size_t i = 0; i <= a.size; i++)
    for (size_t k = 0; k <= b.size; k++) {
      unsigned best = i == 0 ? (unsigned)k : k == 0 ? (unsigned)i : UINT32_MAX;
      if (i && d[i - 1][k] + 1 < best) best = d[i - 1][k] + 1;
      if (k && d[i][k - 1] + 1 < best) best = d[i][k - 1] + 1;
      if (i && k && d[i - 1][k - 1] + (a.data[i - 1] != b.data[k - 1]) < best)
        best = d[i - 1][k - 1] + (a.data[i - 1] != b.data[k - 1]);
      if (i > 1 && k > 1 && a.data[i - 1] == b.data[k - 2] && a.data[i - 2] == b.data[k - 1] &&
          d[i - 2][k - 2] + 1 < best)
        best = d[i - 2][k - 2] + 1;
      d[i][k] = best;
    }
  return d[a.size][b.size];
}

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return *state >> 33;
}

static size_t random_digits(uint64_t *random, size_t size, char *out) {
  for (size_t i = 0; i < size; i++) out[i] = (char)('0' + next_random(random) % 3);
  return size;
}

static void one_edit_is_distance_one(void **state) {
  (void)state;
  uint64_t random = 7;
  int found = 0;
  for (int i = 0; i < 200000; i++) {
    char a[16], b[16];
    struct bytes x = bytes_of(a, random_digits(&random, 1 + next_random(&random) % 8, a));
    struct bytes y = bytes_of(b, random_digits(&random, 1 + next_random(&random) % 8, b));
    bool expected = distance(x, y) == 1;
    found += expected;
    assert_int_equal(one_edit(x, y), expected);
    uint64_t p = digits_pack(a, x.size), q = digits_pack(b, y.size);
    assert_int_equal(digits_one_edit(p, q), expected);
    assert_int_equal(digits_count(p), x.size);
    uint16_t wide_x[8], wide_y[8];
    for (size_t k = 0; k < x.size; k++) wide_x[k] = (uint16_t)a[k];
    for (size_t k = 0; k < y.size; k++) wide_y[k] = (uint16_t)b[k];
    assert_int_equal(one_edit_u16(wide_x, x.size, wide_y, y.size), expected);
    if (x.size == y.size) {
      unsigned differing = 0;
      for (size_t k = 0; k < x.size; k++) differing += a[k] != b[k];
      assert_int_equal(digits_differing(p, q), differing);
    }
  }
  assert_true(found > 1000);
}

static void the_calendar_counts_every_day(void **state) {
  (void)state;
  int32_t day = calendar_day((struct calendar_date){1, 1, 1});
  assert_int_equal(calendar_day((struct calendar_date){1970, 1, 1}), 0);
  assert_int_equal(calendar_day((struct calendar_date){2024, 5, 1}), 19844);
  for (int year = 1; year <= 9999; year++)
    for (int month = 1; month <= 12; month++)
      for (int d = 1; d <= calendar_month_days(year, month); d++, day++) {
        struct calendar_date back = calendar_date_of(day);
        if (back.year != year || back.month != month || back.day != d ||
            calendar_day(back) != day || !calendar_exists(back))
          fail_msg("%d-%d-%d", year, month, d);
      }
  assert_false(calendar_exists((struct calendar_date){1900, 2, 29}));
  assert_true(calendar_exists((struct calendar_date){2000, 2, 29}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_edit_is_distance_one),
      cmocka_unit_test(the_calendar_counts_every_day),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
