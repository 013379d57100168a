#include "common/check.h"
#include "worker/fields/account.h"
#include "worker/fields/address.h"
#include "worker/fields/amount.h"
#include "worker/fields/category.h"
#include "worker/fields/company.h"
#include "worker/fields/date.h"
#include "worker/fields/email.h"
#include "worker/fields/field_type.h"
#include "worker/fields/free_text.h"
#include "worker/fields/id_card.h"
#include "worker/fields/person_name.h"
#include "worker/fields/phone.h"
#include "worker/fields/uscc.h"

/* In the order of FIELD_TYPE_TABLE. */
static const struct field_type *const types[] = {
    &person_name_type, &phone_type,     &id_card_type, &uscc_type, &email_type,
    &account_type,     &address_type,   &company_type, &date_type, &category_type,
    &amount_type,      &free_text_type, NULL};

const struct field_type *const *field_type_list(void) { return types; }

const struct field_type *field_type_find(struct bytes name) {
  for (const struct field_type *const *t = types; *t; t++)
    if (bytes_equal(name, bytes_from_string((*t)->name))) return *t;
  return NULL;
}

const char *field_flag_name(unsigned bit) {
  static const char *const names[] = {
#define F(name) #name,
      FIELD_FLAG_TABLE(F)
#undef F
  };
  check(bit < FIELD_FLAG_COUNT);
  return names[bit];
}
