/* email and account: cleaning, levels, name spaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/harness/field_checks.h"

static void mail_addresses_are_cleaned(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"Zhang San <Zhang.San@Example.Org>", "zhang.san@example.org", VALUE_FIXED, 0},
      {"a.b@qq.com; c@d.com", "a.b@qq.com", VALUE_FIXED, FIELD_W_AMBIGUOUS},
      {"zhang@qq.con", "zhang@qq.con", VALUE_OK, FIELD_W_TYPO_DOMAIN},
      {"zhang@gmial.com", "zhang@gmial.com", VALUE_OK, FIELD_W_TYPO_DOMAIN},
      {"zhang@mail.com", "zhang@mail.com", VALUE_OK, 0},
      {"zhang@company-x.com.cn", "zhang@company-x.com.cn", VALUE_OK, 0},
      {"123@qq.com", "", VALUE_MISSING, FIELD_W_PLACEHOLDER},
      {"hr@acme.cn", "hr@acme.cn", VALUE_ATTRIBUTE, FIELD_W_ROLE},
      {"zhang@localhost", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"zhang@-x.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"zhang@x..com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {".zhang@x.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"@x.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"张@x.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
      {"none", "", VALUE_MISSING, 0},
      {"...@gmail.com", NULL, VALUE_INVALID, FIELD_E_SHAPE},
  };
  CHECK_VALUES("email", &plain_options, cases);
  struct arena arena = {0};
  struct result r = standardise("email", "zhang@mail.com", &arena);
  assert_int_equal(r.value.flags, 0);
  arena_release(&arena);
}

static void mail_addresses_agree_by_levels(void **state) {
  (void)state;
  check_level("email", "J.Doe+x@gmail.com", "jdoe@googlemail.com", "same address");
  check_level("email", "zhangsan@gmial.com", "zhangsan@gmail.com",
              "same but for a misspelt domain");
  check_level("email", "zhangsan@qq.con", "zhangsan@qq.com", "same but for a misspelt domain");
  check_level("email", "zhangsan@163.com", "zhangsan@126.com", "same before the @");
  check_level("email", "zhangsan@163.com", "zhangsn@163.com", "one character off, same domain");
  check_level("email", "zhangsan@163.com", "zhnagsan@163.com", "one character off, same domain");
  check_level("email", "zhangsan@163.com", "lisi@163.com", "differ");
  check_level("email", "sales@acme.cn", "sales@acme.cn", "missing");
  check_level("email", "oliver.jones@bond.biz", "oliver.jonesbond.biz", "same before the @");
  check_level("email", "oliver.jones@bond.biz", "oliver.jones@bondbiz", "same before the @");
  check_level("email", "oliver.jones@bond.biz", "somebody@bondbiz", "missing");
  assert_int_equal(key_of("email", "oliver.jones@bondbiz", "exact"), 0);
  assert_int_equal(key_of("email", "oliver.jones@bondbiz", "local"),
                   key_of("email", "oliver.jones@bond.biz", "local"));
  check_level("email", "a-local-part-of-more-than-24-characters@x.com",
              "a-local-part-of-more-than-24-characterz@x.com", "differ");
  assert_int_equal(key_of("email", "zhangsan@163.com", "local"),
                   key_of("email", "ZhangSan@126.com", "local"));
  check_mask("email", "bad@@qq.com", "***********");
  check_mask("email", "@qq.com", "*******");
  check_mask("email", "张三@x.com", "张*@x.com");
}

static void accounts_are_not_folded(void **state) {
  (void)state;
  const struct value_case cases[] = {
      {"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", VALUE_OK, 0},
      {"741-97-2082", "741972082", VALUE_FIXED, 0},
      {"417-63- 7710", "417637710", VALUE_FIXED, 0},
      {" M-001 ", "M-001", VALUE_FIXED, 0},
      {"' M-001", "M-001", VALUE_FIXED, 0},
      {"***-**-2082", "***-**-2082", VALUE_ATTRIBUTE, FIELD_W_MASKED},
      {"999999999", "999999999", VALUE_ATTRIBUTE, FIELD_W_DUMMY},
      {"000-00-0000", "000000000", VALUE_ATTRIBUTE, FIELD_W_DUMMY},
      {"123-45-6789", "123456789", VALUE_ATTRIBUTE, FIELD_W_DUMMY},
      {"null", "", VALUE_MISSING, 0},
      {"a\x01 b", NULL, VALUE_INVALID, FIELD_E_CHARS},
  };
  CHECK_VALUES("account", &plain_options, cases);
  check_level("account", "oABC", "oabc", "differ");
  check_level("account", "741-97-2082", "741972082", "same account");
  check_level("account", "741-97-2082", "741-97-2028", "one digit off");
  check_level("account", "741-97-2082", "741-97-208", "one digit off");
  check_level("account", "741-97-2082", "7A1-97-2082", "one digit off");
  check_level("account", "741-97-2082", "742-98-2082", "two digits off");
  check_level("account", "741-97-2082", "963-54-2082", "same last four");
  check_level("account", "741-97-2082", "***-**-2082", "same last four");
  check_level("account", "741-97-2082", "***-**-2083", "differ");
  check_level("account", "M12345", "M12346", "differ");
  check_mask("account", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF********************eS6o");
  check_mask("account", "741972082", "*********");
}

static void accounts_of_other_name_spaces_are_not_compared(void **state) {
  (void)state;
  struct arena arena = {0};
  struct field_options one = plain_options, two = plain_options;
  one.name_space = BYTES("wx111");
  two.name_space = BYTES("wx222");
  struct result a = standardise_with(&one, "account", BYTES("oUpF8uMuAJO"), &arena);
  struct result b = standardise_with(&two, "account", BYTES("oUpF8uMuAJO"), &arena);
  const struct field_type *t = type_of("account");
  assert_int_equal(t->compare(a.feature, b.feature), FIELD_LEVEL_MISSING);
  assert_int_not_equal(t->key_part(a.feature, 0), t->key_part(b.feature, 0));
  arena_release(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mail_addresses_are_cleaned),
      cmocka_unit_test(mail_addresses_agree_by_levels),
      cmocka_unit_test(accounts_are_not_folded),
      cmocka_unit_test(accounts_of_other_name_spaces_are_not_compared),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
