/* phone: what is kept, how numbers agree, how they are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/field_checks.h"

static void phones_of_other_lands_are_kept(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"04 73704641", "0473704641", VALUE_FIXED, FIELD_I_FOREIGN},
      {"(04) 7370 4641", "0473704641", VALUE_FIXED, FIELD_I_FOREIGN},
      {"0473 704 641", "0473704641", VALUE_FIXED, FIELD_I_FOREIGN},
      {"(555) 123-4567", NULL, VALUE_INVALID, FIELD_E_LEN}, /* no exchange begins with 1 */
      {"(555) 223-4567", "5552234567", VALUE_FIXED, FIELD_I_FOREIGN},
      {"415.555.2671", "4155552671", VALUE_FIXED, FIELD_I_FOREIGN},
      {"1-415-555-2671", "+14155552671", VALUE_FIXED, 0},
      {"01234 567890", "01234567890", VALUE_FIXED, FIELD_I_FOREIGN},
      {"07911 123456", "07911123456", VALUE_FIXED, FIELD_I_FOREIGN},
      {"01 23 45 67 89", "0123456789", VALUE_FIXED, FIELD_I_FOREIGN},
      {"0061 4 7370 4641", "+61473704641", VALUE_FIXED, 0},
      {"+44 (0)20 7946 0958", NULL, VALUE_FIXED, 0},
      {"+1", NULL, VALUE_INVALID, FIELD_E_LEN},
      {"04 7370464", NULL, VALUE_INVALID, FIELD_E_LEN},
      {"+86 (0)755 8888 6666", "0755-88886666", VALUE_FIXED, 0},
      {"+86 10 8888 6666", "010-88886666", VALUE_FIXED, 0},
      {"0758-34255866,6", "0758-34255866-6", VALUE_FIXED, 0},
      {"0758-34255866-6", "0758-34255866-6", VALUE_OK, 0},
      {"13800138124;13900139001", "13800138124", VALUE_FIXED, FIELD_W_AMBIGUOUS},
      {"0755-88886666/13800138124", "0755-88886666", VALUE_FIXED, FIELD_W_AMBIGUOUS},
      {"'13800138124", "13800138124", VALUE_FIXED, 0},
      {"tel:13800138124", "13800138124", VALUE_FIXED, 0},
      {"138–0013–8124", "13800138124", VALUE_FIXED, 0},
      {"1795113800138124", "13800138124", VALUE_FIXED, 0},
      {"无", "", VALUE_MISSING, 0},
      {"N/A", "", VALUE_MISSING, 0},
      {"13800138I24", NULL, VALUE_INVALID, FIELD_E_CHARS},
      {"95588", "95588", VALUE_ATTRIBUTE, FIELD_W_SHARED},
      {"13888888888", "13888888888", VALUE_ATTRIBUTE, FIELD_W_DUMMY},
      {"00000000000", NULL, VALUE_INVALID, 0},
  };
  CHECK_VALUES("phone", &plain_options, cases);
}

static void a_landline_takes_its_area_from_the_source(void **state) {
  (void)state;
  struct field_options options = plain_options;
  options.default_area = BYTES("0755");
  const struct value_case cases[] = {{"88886666", "0755-88886666", VALUE_FIXED, 0},
                                     {"88886666转801", "0755-88886666-801", VALUE_FIXED, 0},
                                     {"8886666", "8886666", VALUE_ATTRIBUTE, FIELD_W_NO_AREA}};
  CHECK_VALUES("phone", &options, cases);
}

static void phones_agree_by_levels(void **state) {
  (void)state;
  check_level("phone", "+86 138 0013 8124", "13800138124", "same number");
  check_level("phone", "13800138124", "13800138125", "one digit off");
  check_level("phone", "13800138124", "13800138142", "one digit off");
  check_level("phone", "13800138124", "1380013812", "one digit off");
  check_level("phone", "13800138124", "138001381244", "one digit off");
  check_level("phone", "13800138124", "15900138124", "same last eight digits");
  check_level("phone", "0473704641", "+61473704641", "same last eight digits");
  check_level("phone", "4155552671", "+1 415 555 2671", "same number");
  check_level("phone", "13800138124", "13800139125", "two digits off");
  check_level("phone", "13800138124", "138****8124", "fits the masked number");
  check_level("phone", "13800138124", "138****8125", "differ");
  check_level("phone", "0755-88886666-801", "0755-88886666", "same landline");
  check_level("phone", "88886666", "0755-88886666", "same landline");
  check_level("phone", "88886667", "0755-88886666", "missing");
  check_level("phone", "0755-88886666", "13800138124", "missing");
  check_level("phone", "4008001234", "4008001234", "missing");
  check_level("phone", "13800000000", "13800000000", "missing");
  check_level("phone", "13800138124", "15912345670", "differ");
  assert_int_equal(key_of("phone", "138****8124", "exact"), 0);
  assert_int_equal(key_of("phone", "0755-88886666", "exact"), 0);
  assert_int_equal(key_of("phone", "4008001234", "exact"), 0);
  assert_int_equal(key_of("phone", "13800138124-6789", "exact"), 0);
  assert_int_equal(key_of("phone", "1380013812", "exact"), 0);
  assert_int_not_equal(key_of("phone", "0473704641", "exact"), 0);
  assert_int_equal(key_of("phone", "138****8124", "masked"),
                   key_of("phone", "13800138124", "masked"));
  assert_int_not_equal(key_of("phone", "13800138124", "masked"),
                       key_of("phone", "13900138124", "masked"));
  assert_int_equal(key_of("phone", "0755-88886666", "landline"),
                   key_of("phone", "075588886666801", "landline"));
  assert_int_equal(key_of("phone", "13800138124", "last8"),
                   key_of("phone", "15900138124", "last8"));
}

static void phones_are_masked(void **state) {
  (void)state;
  check_mask("phone", "0755-88886666", "0755*******66");
  check_mask("phone", "13800138123-6789", "138*************");
  check_mask("phone", "+85261234567", "+85*******67");
  check_mask("phone", "138****8123", "138****8123");
  check_mask("phone", "138001381234", "************");
  check_mask("phone", "张13800138123", "************");
  check_mask("phone", "", "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(phones_of_other_lands_are_kept),
      cmocka_unit_test(a_landline_takes_its_area_from_the_source),
      cmocka_unit_test(phones_agree_by_levels),
      cmocka_unit_test(phones_are_masked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
