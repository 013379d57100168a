#include "cli/column_meaning.h"

#include <stdlib.h>

#include "common/calendar.h"
#include "common/check.h"
#include "worker/fields/person_name_parse.h"
#include "worker/fields/phone.h"

/* Shares are in 1000 of the cells that were looked at. */
enum {
  USABLE_MIN = 500,  /* the heading is believed when so many cells fit */
  CONTENT_MIN = 850, /* without a heading it takes more */
  SHAPE_MIN = 600,
  CONSTANT_MIN = 950,
  FEW_CELLS = 5,          /* so few tell nothing against a heading */
  CONTENT_CELLS_MIN = 20, /* … and so few nothing without one */
  CATEGORY_VALUES_MAX = 40,
  BIRTH_YEARS_BEFORE = 12, /* births lie so long before the newest date of the column */
};

static const struct field_type *type_of(enum field_type_id id) {
  const struct field_type *type = field_type_find(bytes_from_string(job_type_name(id)));
  check(type);
  return type;
}

static uint32_t kinds_named(const struct field_type *type, const char *const *names) {
  uint32_t kinds = 0;
  for (unsigned k = 0; type->kind_names[k]; k++) {
    for (unsigned i = 0; names[i]; i++) {
      if (strcmp(type->kind_names[k], names[i]) == 0) kinds |= 1u << k;
    }
  }
  return kinds;
}

static unsigned share(const struct column_profile *p, uint32_t count) {
  return permille(count, p->looked);
}

static unsigned mean_tenths(const struct column_profile *p, uint64_t sum) {
  return p->looked ? (unsigned)(sum * 10 / p->looked) : 0;
}

/* ---- what content says ---- */

static bool looks_like_person(const struct column_profile *p) {
  if (share(p, p->with_digit) > 200) return false;
  if (share(p, p->with_han) > 500) return mean_tenths(p, p->characters) <= 60;
  return mean_tenths(p, p->words) <= 45 && mean_tenths(p, p->characters) <= 320;
}

static bool looks_like_company(const struct column_profile *p) {
  static const char *const named[] = {"firm", "branch", NULL};
  static const char *const forms[] = {"公司", "集团",    "商行",    "厂",       "店",
                                      "中心", "Inc",     "Ltd",     "LLC",      "Corp",
                                      "GmbH", "Limited", "Company", "株式会社", NULL};
  const struct field_type *type = type_of(FIELD_TYPE_COMPANY);
  struct field_options options = {0};
  if (column_profile_kinds(p, type, &options, kinds_named(type, named)) < SHAPE_MIN) return false;
  uint32_t with_form = 0;
  for (uint32_t i = 0; i < p->looked; i++) {
    bool found = false;
    for (unsigned f = 0; forms[f] && !found; f++)
      found = bytes_find(p->cells[i], bytes_from_string(forms[f])) < p->cells[i].size;
    with_form += found;
  }
  return share(p, with_form) >= SHAPE_MIN;
}

/* 88 N Main St: a number in front, and a word that streets end in. */
static bool is_street_address(struct bytes cell) {
  static const char *const words[] = {" st",    " street", " ave",    " avenue", " rd",
                                      " road",  " dr",     " drive",  " ln",     " lane",
                                      " blvd",  " way",    " ct",     " court",  " pl",
                                      " place", " hwy",    " square", " pkwy",   " terrace"};
  if (cell.size < 8 || cell.size > 120 || cell.data[0] < '0' || cell.data[0] > '9') return false;
  char lower[120];
  for (size_t i = 0; i < cell.size; i++)
    lower[i] =
        cell.data[i] >= 'A' && cell.data[i] <= 'Z' ? (char)(cell.data[i] | 32) : cell.data[i];
  struct bytes text = bytes_of(lower, cell.size);
  for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) {
    size_t at = bytes_find(text, bytes_from_string(words[w]));
    size_t end = at + strlen(words[w]);
    if (at < text.size && (end == text.size || text.data[end] == ' ' || text.data[end] == ',' ||
                           text.data[end] == '.'))
      return true;
  }
  return false;
}

/* Two of the characters that the levels of a Chinese address end in. */
static bool has_address_words(struct bytes cell) {
  static const char *const words[] = {"省", "市", "区", "县", "镇", "乡", "村", "路",   "街",
                                      "道", "巷", "弄", "号", "栋", "楼", "室", "单元", "小区"};
  unsigned count = 0;
  for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
    count += bytes_find(cell, bytes_from_string(words[w])) < cell.size;
  return count >= 2;
}

static bool looks_like_address(const struct column_profile *p) {
  static const char *const shaped[] = {"district", "township", "road", "number",
                                       "building", "room",     NULL};
  if (mean_tenths(p, p->characters) < 60) return false;
  if (share(p, p->with_han) < 500) {
    uint32_t streets = 0;
    for (uint32_t i = 0; i < p->looked; i++) streets += is_street_address(p->cells[i]);
    return share(p, streets) >= SHAPE_MIN;
  }
  uint32_t worded = 0;
  for (uint32_t i = 0; i < p->looked; i++) worded += has_address_words(p->cells[i]);
  const struct field_type *type = type_of(FIELD_TYPE_ADDRESS);
  struct field_options options = {0};
  return share(p, worded) >= SHAPE_MIN &&
         column_profile_kinds(p, type, &options, kinds_named(type, shaped)) >= 700;
}

static bool looks_like_han_names(const struct column_profile *p) {
  struct field_options options = {0};
  return share(p, p->with_han) >= 900 && mean_tenths(p, p->characters) <= 40 &&
         column_profile_kinds(p, type_of(FIELD_TYPE_PERSON_NAME), &options,
                              1u << NAME_FULL | 1u << NAME_DOTTED | 1u << NAME_MASKED |
                                  1u << NAME_SURNAME_ONLY) >= CONTENT_MIN &&
         p->distinct * 20 > p->filled;
}

static int compare_days(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* Most lie long before the newest, and they are spread over decades. */
static bool looks_like_births(const struct column_profile *p, const struct field_options *options) {
  int32_t days[PROFILE_CELLS_MAX];
  size_t count = 0;
  struct arena scratch = {0};
  for (uint32_t i = 0; i < p->looked; i++) {
    struct standard_value value = {0};
    arena_reset(&scratch);
    type_of(FIELD_TYPE_DATE)->standardise(options, p->cells[i], &scratch, &value, NULL);
    int32_t day = value.state == VALUE_INVALID ? CALENDAR_NO_DAY : date_value_day(value.value);
    if (day != CALENDAR_NO_DAY) days[count++] = day;
  }
  arena_release(&scratch);
  if (count < FEW_CELLS * 2) return false;
  qsort(days, count, sizeof *days, compare_days);
  return (days[count - 1] - days[count / 2]) / 365 >= BIRTH_YEARS_BEFORE &&
         (days[count * 9 / 10] - days[count / 10]) / 365 >= BIRTH_YEARS_BEFORE;
}

static void settle_date(const struct column_profile *p, struct column_meaning *m) {
  if (m->options.date_part != DATE_WHOLE) return;
  m->options.date_order = date_column_order(&p->date_order);
  m->order_is_open = m->options.date_order == DATE_ORDER_UNKNOWN && p->date_order.open > 0;
}

/* ---- by heading ---- */

static void apply_model(const struct field_model *model, struct column_meaning *m) {
  struct job_field field = {.options = m->options};
  field_model_apply(model, BYTES_EMPTY, model->type, &field);
  m->model = model;
  m->type = model->type;
  m->use = field.use;
  m->options = field.options;
}

static unsigned believable(const struct column_profile *p, const struct column_meaning *m) {
  switch (m->type) {
    case FIELD_TYPE_PERSON_NAME:
      if (looks_like_person(p)) return 950;
      return m->use == USE_MATCH ? 0 : USABLE_MIN;
    case FIELD_TYPE_COMPANY:
      return share(p, p->all_digits) > 500 ? 0 : 900;
    case FIELD_TYPE_ADDRESS:
      return mean_tenths(p, p->characters) > 1200 ? 0 : 950;
    case FIELD_TYPE_TEXT:
      return 1000;
    case FIELD_TYPE_CATEGORY:
      if (m->options.code_table == CODE_NONE) return 900;
      return column_profile_valid(p, type_of(m->type), &m->options);
    default:
      return column_profile_valid(p, type_of(m->type), &m->options);
  }
}

static bool by_heading(const struct field_model *model, const struct column_profile *p,
                       struct column_meaning *m) {
  apply_model(model, m);
  if (m->type == FIELD_TYPE_DATE) settle_date(p, m);
  if (p->looked < FEW_CELLS) {
    m->by = RECOGNISED_BY_HEADING;
    m->sure_percent = 60;
    return true;
  }
  unsigned fits = believable(p, m);
  m->by = RECOGNISED_BY_HEADING_AND_CONTENT;
  m->sure_percent = 50 + fits / 20;
  if (fits >= USABLE_MIN) return true;
  if (m->type != FIELD_TYPE_CATEGORY) return false;
  m->options.code_table = CODE_NONE; /* codes of its own: still a category */
  m->sure_percent = 60;
  return true;
}

/* ---- by content ---- */

static void found(struct column_meaning *m, enum field_type_id type, enum field_use use,
                  unsigned sure_percent) {
  m->model = NULL;
  m->type = type;
  m->use = use;
  m->by = RECOGNISED_BY_CONTENT;
  m->sure_percent = sure_percent;
}

static bool is_strict_type(const struct column_profile *p, struct column_meaning *m) {
  enum {
    PHONES = 1u << PHONE_MOBILE | 1u << PHONE_LANDLINE | 1u << PHONE_FOREIGN | 1u << PHONE_MASKED |
             1u << PHONE_VIRTUAL
  };
  static const enum field_type_id strict[] = {FIELD_TYPE_ID_CARD, FIELD_TYPE_USCC};
  struct field_options options = {0};
  if (share(p, p->with_at) >= CONTENT_MIN) {
    unsigned valid = column_profile_valid(p, type_of(FIELD_TYPE_EMAIL), &options);
    if (valid >= CONTENT_MIN) return found(m, FIELD_TYPE_EMAIL, USE_MATCH, valid / 10), true;
  }
  if (share(p, p->with_digit) < CONTENT_MIN) return false;
  for (unsigned i = 0; i < 2 && mean_tenths(p, p->characters) >= 150; i++) {
    unsigned valid = column_profile_valid(p, type_of(strict[i]), &options);
    if (valid >= CONTENT_MIN) return found(m, strict[i], USE_MATCH, valid / 10), true;
  }
  if (share(p, p->date_shaped) >= CONTENT_MIN) return false;
  unsigned phones = column_profile_kinds(p, type_of(FIELD_TYPE_PHONE), &options, PHONES);
  if (phones >= CONTENT_MIN) return found(m, FIELD_TYPE_PHONE, USE_MATCH, phones / 10), true;
  return false;
}

static bool heading_ends_in(struct bytes heading, const char *const *endings) {
  struct arena scratch = {0};
  struct bytes name = field_model_normalise(heading, &scratch);
  bool ends = false;
  for (; *endings && !ends; endings++) ends = bytes_ends_with(name, bytes_from_string(*endings));
  arena_release(&scratch);
  return ends;
}

/* Seconds and serial numbers look like any number: there the heading must say that it is a time. */
static bool is_date(struct bytes heading, const struct column_profile *p,
                    struct column_meaning *m) {
  static const char *const endings[] = {"时间", "日期", "日", "date", "time", "at", "on", NULL};
  if (share(p, p->date_shaped) < CONTENT_MIN &&
      !(share(p, p->all_digits) >= CONTENT_MIN && mean_tenths(p, p->characters) >= 50 &&
        heading_ends_in(heading, endings)))
    return false;
  found(m, FIELD_TYPE_DATE, USE_ATTRIBUTE, 0);
  settle_date(p, m);
  unsigned valid = column_profile_valid(p, type_of(FIELD_TYPE_DATE), &m->options);
  m->sure_percent = valid / 10;
  m->is_birth_date = looks_like_births(p, &m->options);
  return valid >= SHAPE_MIN || m->order_is_open;
}

/* Codes that come back now and then, under a heading that ends like a number's name. */
static bool is_account(struct bytes heading, const struct column_profile *p) {
  static const char *const endings[] = {"id",   "no",   "number", "code", "号",
                                        "编号", "号码", "账号",   NULL};
  return heading_ends_in(heading, endings) && share(p, p->with_digit) >= CONTENT_MIN &&
         share(p, p->with_han) == 0 && mean_tenths(p, p->words) <= 11 &&
         mean_tenths(p, p->characters) >= 50 && p->distinct * 5 >= p->filled &&
         p->distinct < p->filled;
}

static void by_content(struct bytes heading, const struct column_profile *p,
                       struct column_meaning *m) {
  if (is_strict_type(p, m) || is_date(heading, p, m)) return;
  m->options = (struct field_options){.timezone_minutes = m->options.timezone_minutes};
  bool is_category = p->distinct <= CATEGORY_VALUES_MAX && p->distinct * 10 <= p->filled;
  if (is_category) return found(m, FIELD_TYPE_CATEGORY, USE_ATTRIBUTE, 70);
  if (looks_like_company(p)) return found(m, FIELD_TYPE_COMPANY, USE_MATCH, 75);
  if (looks_like_address(p)) return found(m, FIELD_TYPE_ADDRESS, USE_MATCH, 75);
  if (looks_like_han_names(p)) return found(m, FIELD_TYPE_PERSON_NAME, USE_MATCH, 75);
  if (is_account(heading, p)) return found(m, FIELD_TYPE_ACCOUNT, USE_MATCH, 60);
  if (share(p, p->years) >= CONTENT_MIN) return found(m, FIELD_TYPE_CATEGORY, USE_ATTRIBUTE, 60);
  if (share(p, p->numbers) >= CONTENT_MIN) return found(m, FIELD_TYPE_AMOUNT, USE_ATTRIBUTE, 60);
  found(m, FIELD_TYPE_TEXT, USE_ATTRIBUTE, 50);
  m->by = RECOGNISED_BY_NOTHING;
}

void column_meaning_find(struct bytes heading, const struct column_profile *profile,
                         struct column_meaning *meaning) {
  const struct field_options plain = {.timezone_minutes = 480};
  *meaning = (struct column_meaning){.options = plain};
  const struct field_model *model = field_model_find_heading(heading);
  if (!model || !by_heading(model, profile, meaning)) {
    meaning->options = plain;
    if (profile->looked < CONTENT_CELLS_MIN) {
      found(meaning, FIELD_TYPE_TEXT, USE_ATTRIBUTE, 0);
      meaning->by = RECOGNISED_BY_NOTHING;
    } else {
      by_content(heading, profile, meaning);
    }
  }
  meaning->is_constant =
      profile->filled >= 20 && permille(profile->most, profile->filled) >= CONSTANT_MIN;
  if (meaning->is_constant) meaning->use = USE_ATTRIBUTE;
}

bool heading_is_record_id(struct bytes heading) {
  static const char *const names[] = {
      "recordid", "sourcerecordid", "id",     "recid",      "rowid",   "rowno",    "pk",
      "uuid",     "guid",           "记录id", "记录编号",   "编号",    "序号",     "流水号",
      "客户id",   "客户编号",       "客户号", "customerid", "custid",  "clientid", "userid",
      "用户id",   "用户编号",       "注册id", "personid",   "entryid", "_id"};
  struct arena scratch = {0};
  struct bytes name = field_model_normalise(heading, &scratch);
  bool found_name = false;
  for (size_t i = 0; i < sizeof names / sizeof names[0] && !found_name; i++)
    found_name = bytes_equal(name, bytes_from_string(names[i]));
  arena_release(&scratch);
  return found_name;
}
