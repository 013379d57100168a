/* id_card and uscc: what they say of a number, how numbers agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/field_checks.h"
#include "worker/fields/id_card.h"

static void id_cards_agree_by_levels(void **state) {
  (void)state;
  check_level("id_card", "110105491231002", "11010519491231002x", "same number");
  check_level("id_card", "11010519491231002X", "11010519491231003X", "one slip off, check fails");
  check_level("id_card", "11010519491231002X", "11010519491213002X", "one slip off, check fails");
  check_level("id_card", "11010519491231002X", "1101051949123102X", "one slip off, check fails");
  check_level("id_card", "160000199001010013", "160000199001010013", "same number, check fails");
  check_level("id_card", "160000199001010012", "160000199001010020", "same area and birth date");
  check_level("id_card", "160000199001010012", "1***************12", "fits the masked number");
  check_level("id_card", "160000199001010012", "1***************22", "differ");
  check_level("id_card", "11010519491231002X", "34052419800101001X", "differ");
  check_level("id_card", "", "34052419800101001X", "missing");
  assert_true(contradict("id_card", "160000199001010012", "160000199001010020"));
  assert_false(contradict("id_card", "160000199001010012", "160000900101001"));
  assert_false(contradict("id_card", "160000199001010012", "160000199001010013"));
  assert_false(contradict("id_card", "160000199001010012", ""));
  assert_int_equal(key_of("id_card", "160000199001010013", "exact"), 0);
  assert_int_equal(key_of("id_card", "110105491231002", "exact"),
                   key_of("id_card", "11010519491231002X", "exact"));
  assert_int_equal(key_of("id_card", "21010519491231002X", "tail6"),
                   key_of("id_card", "11010519491231002X", "tail6"));
  assert_int_equal(key_of("id_card", "110105194912310021", "birth_date"),
                   key_of("id_card", "11010519491231002X", "birth_date"));
}

static void id_cards_say_what_is_wrong(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"110105194912310000", NULL, VALUE_INVALID, FIELD_E_EXCEL},
      {"110105203012310021", NULL, VALUE_INVALID, FIELD_E_DATE}, /* not born yet */
      {"110105491231996", NULL, VALUE_ATTRIBUTE, FIELD_W_AMBIGUOUS},
      {"１１０１０５１９４９１２３１００２ｘ", "11010519491231002X", VALUE_FIXED, 0},
      {"'110105 1949 1231 002X", "11010519491231002X", VALUE_FIXED, 0},
      {"ABC123456789012", "ABC123456789012", VALUE_OK, 0},
      {"11010519491231002Y", NULL, VALUE_INVALID, FIELD_E_CHARS},
      {"110105********002X", NULL, VALUE_ATTRIBUTE, FIELD_W_MASKED},
      {"无", "", VALUE_MISSING, 0},
  };
  CHECK_VALUES("id_card", &plain_options, cases);
  assert_int_equal(id_card_birth_day(BYTES("160000199001010013")), CALENDAR_NO_DAY);
  assert_int_equal(id_card_sex(BYTES("")), ID_CARD_SEX_UNKNOWN);
}

/* Every single wrong digit and every swap of neighbours is caught by the check. */
static void no_slip_in_an_id_card_stays_unseen(void **state) {
  (void)state;
  struct arena arena = {0};
  const char good[] = "16000019750615002X";
  for (int i = 0; i < 17; i++)
    for (char c = '0'; c <= '9'; c++) {
      char bad[sizeof good];
      memcpy(bad, good, sizeof good);
      if (bad[i] == c) continue;
      bad[i] = c;
      struct result r = standardise("id_card", bad, &arena),
                    g = standardise("id_card", good, &arena);
      assert_int_equal(r.value.state, VALUE_INVALID);
      assert_string_equal(id_card_type.levels[id_card_type.compare(r.feature, g.feature)].name,
                          "one slip off, check fails");
    }
  arena_release(&arena);
}

static void company_codes_agree_by_levels(void **state) {
  (void)state;
  check_level("uscc", "91350100m000100y43", "91350100M000100Y43", "same code");
  check_level("uscc", "91350100M000100Y43", "M000100Y-4", "same organisation code");
  check_level("uscc", "91350100M000100Y43", "91350100M000100Y44", "same organisation code");
  check_level("uscc", "91350100M000100Y43", "91350100M000100Y73", "one slip off, check fails");
  check_level("uscc", "91350100M000100Y43", "91110000600037341L", "differ");
  check_level("uscc", "91350100M000100Y43", "110108000000016", "missing");
  check_level("uscc", "110108000000016", "110108000000016", "same code");
  check_level("uscc", "110108000000016", "110108000000061", "one slip off, check fails");
  assert_true(contradict("uscc", "91350100M000100Y43", "91110000600037341L"));
  assert_false(contradict("uscc", "91350100M000100Y43", "91110000600037342L"));
  assert_int_equal(key_of("uscc", "M000100Y4", "organisation"),
                   key_of("uscc", "91350100M000100Y43", "organisation"));
  check_mask("uscc", "91350100M000100Y43", "91************0Y43");
  check_mask("uscc", "9135-x", "******");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(id_cards_agree_by_levels),
      cmocka_unit_test(id_cards_say_what_is_wrong),
      cmocka_unit_test(no_slip_in_an_id_card_stays_unseen),
      cmocka_unit_test(company_codes_agree_by_levels),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
