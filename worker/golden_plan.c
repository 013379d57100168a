#include "worker/golden_plan.h"

#include "worker/fields/date.h"

static const char *const rule_names[] = {
    [SURVIVE_DEFAULT] = "default",
    [SURVIVE_MOST_TRUSTED] = "most_trusted",
    [SURVIVE_MOST_RECENT] = "most_recent",
    [SURVIVE_MOST_FREQUENT] = "most_frequent",
    [SURVIVE_MOST_COMPLETE] = "most_complete",
    [SURVIVE_EARLIEST] = "earliest",
    [SURVIVE_EARLIEST_VALUE] = "earliest_value",
    [SURVIVE_LATEST_VALUE] = "latest_value",
    [SURVIVE_UNION] = "union",
    [SURVIVE_CONCATENATION] = "concatenation",
};

const char *golden_rule_name(enum survivorship rule) { return rule_names[rule]; }

static const struct {
  const char *name, *sentence;
} derivations[] = {
#define X(id, name, sentence) {name, sentence},
    GOLDEN_DERIVATION_TABLE(X)
#undef X
};

const char *golden_derivation_name(enum golden_derivation derivation) {
  return derivations[derivation].name;
}

const char *golden_derivation_sentence(enum golden_derivation derivation) {
  return derivations[derivation].sentence;
}

/* How much a kind of value says, by the name that its type gives it. What is not listed says
 * KIND_ORDINARY: more than a surname, less than a full name. */
enum { KIND_ORDINARY = 8 };
static const struct {
  enum field_type_id type;
  const char *kind;
  uint8_t completeness;
} kind_table[] = {
    {FIELD_TYPE_PERSON_NAME, "full", 12},
    {FIELD_TYPE_PERSON_NAME, "dotted", 11},
    {FIELD_TYPE_PERSON_NAME, "latin", 10},
    {FIELD_TYPE_PERSON_NAME, "surname_only", 3},
    {FIELD_TYPE_PERSON_NAME, "masked", 2},
    {FIELD_TYPE_PERSON_NAME, "part", 4},
    {FIELD_TYPE_PERSON_NAME, "nickname", 1},
    {FIELD_TYPE_PERSON_NAME, "nickname_or_other", 1},
    {FIELD_TYPE_PERSON_NAME, "placeholder", 0},
    {FIELD_TYPE_ADDRESS, "postcode", 1},
    {FIELD_TYPE_ADDRESS, "province", 1},
    {FIELD_TYPE_ADDRESS, "city", 2},
    {FIELD_TYPE_ADDRESS, "district", 3},
    {FIELD_TYPE_ADDRESS, "place", 4},
    {FIELD_TYPE_ADDRESS, "text", 4},
    {FIELD_TYPE_ADDRESS, "township", 5},
    {FIELD_TYPE_ADDRESS, "road", 6},
    {FIELD_TYPE_ADDRESS, "door", 7},
    {FIELD_TYPE_ADDRESS, "number", 9},
    {FIELD_TYPE_ADDRESS, "street_address", 9},
    {FIELD_TYPE_ADDRESS, "building", 10},
    {FIELD_TYPE_ADDRESS, "room", 12},
};

static uint8_t completeness_of_kind(enum field_type_id type, const char *kind) {
  for (size_t i = 0; i < sizeof kind_table / sizeof kind_table[0]; i++)
    if (kind_table[i].type == type && strcmp(kind_table[i].kind, kind) == 0)
      return kind_table[i].completeness;
  return KIND_ORDINARY;
}

static enum survivorship rule_of_role(enum field_role role) {
  switch (role) {
    case ROLE_UPDATED_AT:
    case ROLE_EVENT_TIME:
    case ROLE_LAST_LOGIN:
      return SURVIVE_LATEST_VALUE;
    case ROLE_FIRST_SEEN:
      return SURVIVE_EARLIEST_VALUE;
    case ROLE_ORDER_ID:
      return SURVIVE_UNION;
    case ROLE_CHANNEL: /* 来源渠道 is the channel of the first contact */
      return SURVIVE_EARLIEST;
    case ROLE_OWNER: /* who followed up last */
    case ROLE_CUSTOMER_STATE:
      return SURVIVE_MOST_RECENT;
    case ROLE_NONE:
    case ROLE_ORDER_AMOUNT:
      break;
  }
  return SURVIVE_DEFAULT;
}

static enum survivorship resolve_rule(const struct job_field *field,
                                      const struct field_type *type) {
  if (field->survivorship != SURVIVE_DEFAULT) return field->survivorship;
  enum survivorship rule = rule_of_role(field->role);
  /* Several numbers or accounts of one customer: the one that is in use comes first. */
  if (rule == SURVIVE_DEFAULT && field->multi)
    rule = type && type->is_identifier ? SURVIVE_MOST_RECENT : SURVIVE_UNION;
  if (rule == SURVIVE_DEFAULT && type) rule = type->survivorship;
  return rule == SURVIVE_DEFAULT ? SURVIVE_MOST_FREQUENT : rule;
}

static void set_order(struct golden_field *field, enum field_type_id type) {
  field->order = GOLDEN_BY_TRUST;
  field->criterion = GOLDEN_PREFER_FIRST;
  switch ((enum survivorship)field->rule) {
    case SURVIVE_MOST_RECENT:
      field->order = GOLDEN_BY_LATEST;
      break;
    case SURVIVE_EARLIEST:
    case SURVIVE_CONCATENATION:
      field->order = GOLDEN_BY_EARLIEST;
      break;
    case SURVIVE_MOST_FREQUENT:
      field->criterion = GOLDEN_PREFER_FREQUENT;
      break;
    case SURVIVE_MOST_COMPLETE:
      field->criterion = GOLDEN_PREFER_LONG;
      if (type == FIELD_TYPE_PERSON_NAME) field->criterion = GOLDEN_PREFER_COMPLETE;
      if (type == FIELD_TYPE_ADDRESS) {
        field->criterion = GOLDEN_PREFER_COMPLETE_NEW;
        field->order = GOLDEN_BY_LATEST;
      }
      break;
    case SURVIVE_EARLIEST_VALUE:
      field->criterion = GOLDEN_PREFER_SMALL;
      break;
    case SURVIVE_LATEST_VALUE:
      field->criterion = GOLDEN_PREFER_LARGE;
      break;
    case SURVIVE_DEFAULT:
    case SURVIVE_MOST_TRUSTED:
    case SURVIVE_UNION:
      break;
  }
}

static bool contains_without_case(struct bytes text, const char *lower) {
  size_t size = strlen(lower);
  for (size_t at = 0; at + size <= text.size; at++)
    if (strncasecmp(text.data + at, lower, size) == 0) return true;
  return false;
}

/* No role says that a date is a birth date; its name does. */
bool golden_plan_is_birth_date(const struct job_field *field) {
  static const char *const words[] = {"出生", "生日", "birth", "dob"};
  if (field->type != FIELD_TYPE_DATE || field->options.date_part != DATE_WHOLE) return false;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (contains_without_case(field->name, words[i])) return true;
  return false;
}

static enum golden_derivation derivation_of(const struct golden_plan *plan,
                                            const struct job_field *field) {
  if (field->role == ROLE_CUSTOMER_STATE && plan->has_orders) return GOLDEN_DERIVE_STATE_OF_ORDERS;
  if (plan->id_card < 0 || field->multi) return GOLDEN_DERIVE_NONE;
  if (field->type == FIELD_TYPE_CATEGORY && field->options.code_table == CODE_GENDER)
    return GOLDEN_DERIVE_SEX_OF_ID_CARD;
  return golden_plan_is_birth_date(field) ? GOLDEN_DERIVE_BIRTH_DATE_OF_ID_CARD
                                          : GOLDEN_DERIVE_NONE;
}

static void make_field(const struct golden_plan *plan, uint32_t index, struct golden_field *out) {
  const struct job_field *field = &plan->job->fields[index];
  const struct field_type *type = plan->plan->types[index];
  *out = (struct golden_field){.rule = (uint8_t)resolve_rule(field, type)};
  set_order(out, field->type);
  out->united = field->multi || out->rule == SURVIVE_UNION || out->rule == SURVIVE_CONCATENATION;
  out->sorted = out->rule == SURVIVE_UNION;
  out->is_amount = field->type == FIELD_TYPE_AMOUNT;
  out->derivation = (uint8_t)derivation_of(plan, field);
  memset(out->completeness, KIND_ORDINARY, sizeof out->completeness);
  for (uint32_t kind = 0; type && type->kind_names && kind < GOLDEN_KINDS_MAX; kind++) {
    if (!type->kind_names[kind]) break;
    out->completeness[kind] = completeness_of_kind(field->type, type->kind_names[kind]);
  }
}

void golden_plan_make(const struct plan *plan, int32_t as_of_day, struct golden_plan *out) {
  const struct job *job = plan->job;
  *out = (struct golden_plan){.job = job, .plan = plan, .id_card = -1, .as_of_day = as_of_day};
  out->first_seen = job_field_with_role(job, ROLE_FIRST_SEEN);
  out->event_time = job_field_with_role(job, ROLE_EVENT_TIME);
  out->order_id = job_field_with_role(job, ROLE_ORDER_ID);
  out->order_amount = job_field_with_role(job, ROLE_ORDER_AMOUNT);
  out->last_login = job_field_with_role(job, ROLE_LAST_LOGIN);
  for (uint32_t s = 0; s < job->source_count; s++)
    if (job->sources[s].event == EVENT_ORDER) out->has_orders = true;
  for (uint32_t f = 0; f < job->field_count; f++) {
    if (out->id_card < 0 && job->fields[f].type == FIELD_TYPE_ID_CARD) out->id_card = (int)f;
    if (job->fields[f].required) out->required_fields |= 1ULL << f;
  }
  for (uint32_t f = 0; f < job->field_count; f++) make_field(out, f, &out->fields[f]);
}

int64_t golden_time_of_field(const struct golden_plan *plan, const struct record_view *member,
                             int field) {
  if (field < 0) return INT64_MIN;
  const struct record_value *value = &member->values[field];
  bool usable = value->state == VALUE_OK || value->state == VALUE_FIXED;
  return usable ? date_value_time_ms(value->text, plan->job->timezone_minutes) : INT64_MIN;
}

int64_t golden_first_ms(const struct golden_plan *plan, const struct record_view *member) {
  int64_t seen = golden_time_of_field(plan, member, plan->first_seen);
  int64_t event = golden_time_of_field(plan, member, plan->event_time);
  if (seen == INT64_MIN || (event != INT64_MIN && event < seen)) seen = event;
  return seen != INT64_MIN ? seen : member->header->time_ms;
}

int64_t golden_event_ms(const struct golden_plan *plan, const struct record_view *member) {
  int64_t event = golden_time_of_field(plan, member, plan->event_time);
  return event != INT64_MIN ? event : member->header->time_ms;
}

int32_t golden_day_of(const struct golden_plan *plan, int64_t time_ms) {
  if (time_ms == INT64_MIN) return INT32_MIN;
  int64_t day_ms = (int64_t)CALENDAR_SECONDS_PER_DAY * 1000;
  int64_t local = time_ms + (int64_t)plan->job->timezone_minutes * 60000;
  int64_t day = local / day_ms - (local % day_ms < 0);
  return (int32_t)day;
}
