/* Fast kernels against the definitions, written as plainly as they can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/similarity_reference.h"
#include "worker/similarity/phonetic.h"

enum { SIZE_MAX_TEST = MATCH_MASKS_SIZE_MAX };

static uint64_t random_state = 20240601;
static unsigned next_random(unsigned bound) {
  random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(random_state >> 33) % bound;
}

static void kernels_agree_with_the_definitions(void **state) {
  (void)state;
  for (int round = 0; round < 100000; round++) {
    unsigned longest = round % 50 == 0 ? SIZE_MAX_TEST : 12, letters = 1 + next_random(6);
    unsigned n = next_random(longest + 1), m = next_random(longest + 1);
    uint16_t a[SIZE_MAX_TEST], b[SIZE_MAX_TEST];
    char a_bytes[SIZE_MAX_TEST], b_bytes[SIZE_MAX_TEST];
    for (unsigned i = 0; i < n; i++)
      a[i] = (uint16_t)(a_bytes[i] = (char)('a' + next_random(letters)));
    for (unsigned i = 0; i < m; i++) {
      /* Half of the pairs are near copies. */
      b[i] = round % 2 && i < n && next_random(5) ? a[i] : (uint16_t)('a' + next_random(letters));
      b_bytes[i] = (char)b[i];
    }
    struct match_masks u16, bytes, swapped;
    match_masks_u16(&u16, a, n, b, m);
    match_masks_bytes(&bytes, a_bytes, n, b_bytes, m);
    match_masks_bytes(&swapped, b_bytes, m, a_bytes, n);
    unsigned jw = jaro_winkler_reference(a, n, b, m), distance = levenshtein_reference(a, n, b, m);
    assert_int_equal(jaro_winkler(&u16), jw);
    assert_int_equal(jaro_winkler(&bytes), jw);
    assert_int_equal(jaro_winkler(&swapped), jw);
    assert_int_equal(levenshtein(&u16), distance);
    assert_int_equal(levenshtein(&bytes), distance);
    assert_int_equal(levenshtein(&swapped), distance);
  }
}

static unsigned jw(const char *a, const char *b) {
  struct match_masks m;
  match_masks_bytes(&m, a, (unsigned)strlen(a), b, (unsigned)strlen(b));
  return jaro_winkler(&m);
}

static unsigned edits(const char *a, const char *b) {
  struct match_masks m;
  match_masks_bytes(&m, a, (unsigned)strlen(a), b, (unsigned)strlen(b));
  return levenshtein(&m);
}

/* The values of Winkler's own table of examples, rounded down. */
static void published_values_come_out(void **state) {
  (void)state;
  assert_int_equal(jw("martha", "marhta"), 9611);
  assert_int_equal(jw("dwayne", "duane"), 8400);
  assert_int_equal(jw("dixon", "dicksonx"), 8133);
  assert_int_equal(jw("same", "same"), 10000);
  assert_int_equal(jw("", ""), 10000);
  assert_int_equal(jw("", "a"), 0);
  assert_int_equal(jw("abc", "xyz"), 0);
  assert_int_equal(edits("kitten", "sitting"), 3);
  assert_int_equal(edits("", "abc"), 3);
  assert_int_equal(edits("flaw", "lawn"), 2);
}

static uint64_t code(const char *name) { return phonetic_code(name, (unsigned)strlen(name)); }

static void names_of_one_sound_share_a_code(void **state) {
  (void)state;
  const char *const alike[][2] = {
      {"smith", "smyth"}, {"catherine", "kathryn"}, {"philips", "fillips"}, {"knight", "nite"},
      {"wright", "rite"}, {"stephen", "steven"},    {"schmidt", "shmit"},   {"geoffrey", "jeffrey"},
      {"zara", "sara"},   {"christine", "kristin"}};
  for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
    assert_int_equal(code(alike[i][0]), code(alike[i][1]));
  }
  assert_int_not_equal(code("smith"), code("jones"));
  assert_int_not_equal(code("nina"), code("na"));
  assert_int_not_equal(code("anna"), code("hanna"));
  assert_int_not_equal(code("a"), 0);
  assert_int_equal(code(""), 0);
  assert_int_not_equal(code("abcdefghijklmnopqrstuvwxyzbdfgklmn"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kernels_agree_with_the_definitions),
      cmocka_unit_test(published_values_come_out),
      cmocka_unit_test(names_of_one_sound_share_a_code),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
