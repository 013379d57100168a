#include "common/job_sections.h"

#include <stdio.h>

#include "common/job_read.h"

enum { BITS_MAX = 1000, WEIGHT_PER_BIT = 1024, FEN_PER_YUAN = 100, PERMILLE = 1000 };

static const struct schema_choice entity_choices[] = {{"person", 0}, {"company", 1}, {NULL, 0}};
static const struct schema_choice role_choices[] = {{"none", ROLE_NONE},
                                                    {"updated_at", ROLE_UPDATED_AT},
                                                    {"first_seen", ROLE_FIRST_SEEN},
                                                    {"event_time", ROLE_EVENT_TIME},
                                                    {"order_id", ROLE_ORDER_ID},
                                                    {"order_amount", ROLE_ORDER_AMOUNT},
                                                    {"last_login", ROLE_LAST_LOGIN},
                                                    {"channel", ROLE_CHANNEL},
                                                    {"owner", ROLE_OWNER},
                                                    {"customer_state", ROLE_CUSTOMER_STATE},
                                                    {NULL, 0}};
static const struct schema_choice use_choices[] = {
    {"match", USE_MATCH}, {"attribute", USE_ATTRIBUTE}, {NULL, 0}};
static const struct schema_choice script_choices[] = {
    {"any", SCRIPT_ANY}, {"han", SCRIPT_HAN}, {"latin", SCRIPT_LATIN}, {NULL, 0}};
static const struct schema_choice tier_choices[] = {{"core", 0}, {"extended", 1}, {NULL, 0}};
const struct schema_choice job_survivorship_choices[] = {{"default", SURVIVE_DEFAULT},
                                                         {"most_trusted", SURVIVE_MOST_TRUSTED},
                                                         {"most_recent", SURVIVE_MOST_RECENT},
                                                         {"most_frequent", SURVIVE_MOST_FREQUENT},
                                                         {"most_complete", SURVIVE_MOST_COMPLETE},
                                                         {"earliest", SURVIVE_EARLIEST},
                                                         {"earliest_value", SURVIVE_EARLIEST_VALUE},
                                                         {"latest_value", SURVIVE_LATEST_VALUE},
                                                         {"union", SURVIVE_UNION},
                                                         {"concatenation", SURVIVE_CONCATENATION},
                                                         {NULL, 0}};
static const struct schema_choice name_part_choices[] = {
    {"whole", NAME_WHOLE},
    {"given", NAME_GIVEN},
    {"family", NAME_FAMILY},
    {"middle", NAME_MIDDLE},
    {"nickname", NAME_NICKNAME},
    {"salutation", NAME_SALUTATION},
    {"nickname_unless_name_shape", NAME_NICKNAME_UNLESS_NAME_SHAPE},
    {NULL, 0}};
static const struct schema_choice date_part_choices[] = {{"whole", DATE_WHOLE},
                                                         {"year", DATE_YEAR},
                                                         {"month", DATE_MONTH},
                                                         {"day", DATE_DAY},
                                                         {NULL, 0}};
static const struct schema_choice date_order_choices[] = {{"recognise", DATE_ORDER_UNKNOWN},
                                                          {"ymd", DATE_YMD},
                                                          {"dmy", DATE_DMY},
                                                          {"mdy", DATE_MDY},
                                                          {NULL, 0}};
static const struct schema_choice address_part_choices[] = {
    {"whole", ADDRESS_WHOLE},       {"street", ADDRESS_STREET},
    {"number", ADDRESS_NUMBER},     {"unit", ADDRESS_UNIT},
    {"locality", ADDRESS_LOCALITY}, {"region", ADDRESS_REGION},
    {"postcode", ADDRESS_POSTCODE}, {NULL, 0}};
static const struct schema_choice code_choices[] = {{"none", CODE_NONE},
                                                    {"gender", CODE_GENDER},
                                                    {"channel", CODE_CHANNEL},
                                                    {"industry", CODE_INDUSTRY},
                                                    {"customer_state", CODE_CUSTOMER_STATE},
                                                    {NULL, 0}};
static const struct schema_choice unit_choices[] = {
    {"yuan", AMOUNT_YUAN}, {"fen", AMOUNT_FEN}, {"元", AMOUNT_YUAN}, {"分", AMOUNT_FEN}, {NULL, 0}};
static const struct schema_choice format_choices[] = {
    {"auto", JOB_FORMAT_AUTO}, {"csv", JOB_FORMAT_CSV}, {"jsonl", JOB_FORMAT_JSONL}, {NULL, 0}};
static const struct schema_choice encoding_choices[] = {{"auto", JOB_ENCODING_AUTO},
                                                        {"utf-8", JOB_ENCODING_UTF8},
                                                        {"gb18030", JOB_ENCODING_GB18030},
                                                        {"gbk", JOB_ENCODING_GB18030},
                                                        {NULL, 0}};
static const struct schema_choice header_choices[] = {
    {"auto", 0}, {"true", 1}, {"false", -1}, {NULL, 0}};
static const struct schema_choice mode_choices[] = {
    {"snapshot", SOURCE_SNAPSHOT}, {"append", SOURCE_APPEND}, {NULL, 0}};
static const struct schema_choice event_choices[] = {{"none", EVENT_NONE},
                                                     {"order", EVENT_ORDER},
                                                     {"refund", EVENT_REFUND},
                                                     {"consultation", EVENT_CONSULTATION},
                                                     {"login", EVENT_LOGIN},
                                                     {"ticket", EVENT_TICKET},
                                                     {"view", EVENT_VIEW},
                                                     {"referral", EVENT_REFERRAL},
                                                     {NULL, 0}};
static const struct schema_choice kind_choices[] = {{"unsaid", SOURCE_KIND_UNSAID},
                                                    {"online", SOURCE_ONLINE},
                                                    {"offline", SOURCE_OFFLINE},
                                                    {"human", SOURCE_HUMAN},
                                                    {NULL, 0}};
static const struct schema_choice cadence_choices[] = {{"unsaid", CADENCE_UNSAID},
                                                       {"realtime", CADENCE_REALTIME},
                                                       {"daily", CADENCE_DAILY},
                                                       {"on_demand", CADENCE_ON_DEMAND},
                                                       {NULL, 0}};
static const struct schema_choice match_action_choices[] = {
    {"merge", MATCH_MERGE},         {"separate", MATCH_SEPARATE}, {"review", MATCH_REVIEW},
    {"household", MATCH_HOUSEHOLD}, {"employer", MATCH_EMPLOYER}, {NULL, 0}};
static const struct schema_choice severity_choices[] = {
    {"error", QUALITY_ERROR}, {"warn", QUALITY_WARN}, {"info", QUALITY_INFO}, {NULL, 0}};
const struct schema_choice job_action_choices[] = {{"report", QUALITY_REPORT},
                                                   {"drop_value", QUALITY_DROP_VALUE},
                                                   {"attribute_only", QUALITY_ATTRIBUTE_ONLY},
                                                   {"quarantine", QUALITY_QUARANTINE},
                                                   {"review", QUALITY_REVIEW},
                                                   {NULL, 0}};

/* clang-format off: tables */
#define OF(type) (1u << FIELD_TYPE_##type)
#define CHOICE(label, s, m, list) \
  { label, SCHEMA_CHOICE, SCHEMA_AT(s, m), .choices = list }
#define FLAG(label, s, m) \
  { label, SCHEMA_FLAG, SCHEMA_AT(s, m) }
#define NUMBER(label, s, m, low, high) \
  { label, SCHEMA_INTEGER, SCHEMA_AT(s, m), .min = (low), .max = (high) }
#define NAME(label, s, m) \
  { label, SCHEMA_TEXT, SCHEMA_AT(s, m), .min = 1, .max = JOB_NAME_BYTES_MAX }
#define SECTION(label, function) \
  { label, SCHEMA_SECTION, .read = function }

/* The same keys where a field is declared and where a source says how it writes the field. */
#define OPTION_KEYS(s)                                                                             \
  {"part", SCHEMA_CHOICE, SCHEMA_AT(s, options.name_part), .choices = name_part_choices,           \
   .types = OF(PERSON_NAME)},                                                                      \
      {"part", SCHEMA_CHOICE, SCHEMA_AT(s, options.date_part), .choices = date_part_choices,       \
       .types = OF(DATE)},                                                                         \
      {"part", SCHEMA_CHOICE, SCHEMA_AT(s, options.address_part), .choices = address_part_choices, \
       .types = OF(ADDRESS)},                                                                      \
      {"order", SCHEMA_CHOICE, SCHEMA_AT(s, options.date_order), .choices = date_order_choices,    \
       .types = OF(DATE)},                                                                         \
      {"time", SCHEMA_FLAG, SCHEMA_AT(s, options.date_with_time), .types = OF(DATE)},              \
      {"timezone", SCHEMA_TIMEZONE, SCHEMA_AT(s, options.timezone_minutes), .types = OF(DATE)},    \
      {"area", SCHEMA_TEXT, SCHEMA_AT(s, options.default_area), .max = 8, .types = OF(PHONE)},     \
      {"codes", SCHEMA_CHOICE, SCHEMA_AT(s, options.code_table), .choices = code_choices,          \
       .types = OF(CATEGORY)},                                                                     \
      {"aliases",                                                                                  \
       SCHEMA_SECTION,                                                                             \
       SCHEMA_AT(s, options.aliases),                                                              \
       .count_offset = offsetof(struct s, options.alias_count),                                    \
       .types = OF(CATEGORY),                                                                      \
       .read = job_read_aliases},                                                                  \
      {"unit", SCHEMA_CHOICE, SCHEMA_AT(s, options.amount_unit), .choices = unit_choices,          \
       .types = OF(AMOUNT)},                                                                       \
  {                                                                                                \
    "namespace", SCHEMA_TEXT, SCHEMA_AT(s, options.name_space), .max = JOB_NAME_BYTES_MAX,         \
                                                                .types = OF(ACCOUNT)               \
  }

const struct schema_key job_keys[] = {
    {"version", SCHEMA_SECTION, .required = true, .read = job_read_version},
    NAME("name", job, name),
    CHOICE("entity", job, entity_is_company, entity_choices),
    {"as_of", SCHEMA_DAY, SCHEMA_AT(job, as_of_day)},
    {"timezone", SCHEMA_TIMEZONE, SCHEMA_AT(job, timezone_minutes)},
    NUMBER("expected_records", job, expected_records, 0, 99999999999),
    NUMBER("seed", job, seed, 0, 999999999999),
    {"shards", SCHEMA_SECTION, SCHEMA_AT(job, shards), .read = job_read_shards},
    SECTION("fields", job_read_fields),
    {"sources", SCHEMA_SECTION, .required = true, .read = job_read_sources},
    SECTION("survivorship", job_read_survivorship),
    SECTION("masking", job_read_masking),
    SECTION("blocking", job_read_blocking),
    SECTION("match", job_read_match),
    SECTION("thresholds", job_read_thresholds),
    SECTION("quality", job_read_quality),
    SECTION("tags", job_read_tags),
    SECTION("roles", job_read_roles),
    {NULL}};

const struct schema_key job_field_keys[] = {
    SECTION("type", NULL),
    CHOICE("role", job_field, role, role_choices),
    CHOICE("use", job_field, use, use_choices),
    CHOICE("survivorship", job_field, survivorship, job_survivorship_choices),
    FLAG("multi", job_field, multi),
    FLAG("required", job_field, required),
    CHOICE("tier", job_field, extended, tier_choices),
    SECTION("mask", job_read_mask),
    NUMBER("filled_percent", job_field, filled_percent, 0, 100),
    CHOICE("script", job_field, script, script_choices),
    NUMBER("agree_bits", job_field, agree_bits, 0, 40),
    OPTION_KEYS(job_field),
    {NULL}};

const struct schema_key job_column_keys[] = {
    SECTION("to", NULL), SECTION("type", NULL), OPTION_KEYS(job_column), {NULL}};

const struct schema_key job_source_keys[] = {
    {"id", SCHEMA_TEXT, true, SCHEMA_AT(job_source, id), .min = 1, .max = JOB_NAME_BYTES_MAX},
    {"files", SCHEMA_TEXTS, true, SCHEMA_AT(job_source, paths), .min = 1, .max = JOB_PATHS_MAX,
     .item_bytes_max = JOB_TEXT_BYTES_MAX, .count_offset = offsetof(struct job_source, path_count)},
    CHOICE("format", job_source, format, format_choices),
    CHOICE("encoding", job_source, encoding, encoding_choices),
    {"delimiter", SCHEMA_CHARACTER, SCHEMA_AT(job_source, delimiter)},
    CHOICE("header", job_source, header, header_choices),
    CHOICE("mode", job_source, mode, mode_choices),
    NUMBER("trust", job_source, trust, 0, 100),
    NUMBER("batch", job_source, batch_rows, 1, 1000000),
    CHOICE("event", job_source, event, event_choices),
    CHOICE("kind", job_source, kind, kind_choices),
    CHOICE("cadence", job_source, cadence, cadence_choices),
    NAME("contact", job_source, contact),
    {"key", SCHEMA_TEXTS, SCHEMA_AT(job_source, key), .min = 1, .max = JOB_SOURCE_KEYS_MAX,
     .count_offset = offsetof(struct job_source, key_count)},
    {"source_column", SCHEMA_TEXT, SCHEMA_AT(job_source, source_column), .min = 1,
     .max = JOB_HEADING_BYTES_MAX},
    {"map", SCHEMA_SECTION, .required = true, .read = job_read_map},
    SECTION("const", job_read_constants),
    {NULL}};

const struct schema_key job_blocking_keys[] = {
    NUMBER("cap", job, block_cap, 2, 1000000), SECTION("rules", job_read_blocking_rules), {NULL}};

const struct schema_key job_blocking_rule_keys[] = {
    NAME("name", job_blocking_rule, name),
    {"keys", SCHEMA_SECTION, .required = true, SCHEMA_AT(job_blocking_rule, parts),
     .count_offset = offsetof(struct job_blocking_rule, part_count), .read = job_read_key_parts},
    {"refine", SCHEMA_SECTION, SCHEMA_AT(job_blocking_rule, refine),
     .count_offset = offsetof(struct job_blocking_rule, refine_count), .read = job_read_key_parts},
    NUMBER("cap", job_blocking_rule, cap, 2, 1000000),
    {NULL}};

const struct schema_key job_match_keys[] = {
    NUMBER("hub_names", job, hub_names, 2, 1000),
    NUMBER("reissue_gap_days", job, reissue_gap_days, 1, 36500),
    NUMBER("cluster_max", job, cluster_max, 2, 1000000),
    {"cohesion", SCHEMA_DECIMAL, SCHEMA_AT(job, cohesion_weight),
     .min = -(int64_t)BITS_MAX * WEIGHT_PER_BIT, .max = (int64_t)BITS_MAX * WEIGHT_PER_BIT,
     .scale = WEIGHT_PER_BIT, .given_offset = offsetof(struct job, has_cohesion)},
    SECTION("identifiers", job_read_identifiers),
    SECTION("rules", job_read_match_rules),
    SECTION("weights", job_read_weights),
    {NULL}};

const struct schema_key job_identifier_keys[] = {
    FLAG("single", job_identifier, single), NUMBER("cap", job_identifier, cap, 1, 1000), {NULL}};

const struct schema_key job_match_rule_keys[] = {
    {"id", SCHEMA_TEXT, true, SCHEMA_AT(job_match_rule, id), .min = 1, .max = JOB_NAME_BYTES_MAX},
    {"when", SCHEMA_SECTION, .required = true, .read = job_read_conditions},
    {"then", SCHEMA_CHOICE, true, SCHEMA_AT(job_match_rule, action),
     .choices = match_action_choices},
    {NULL}};

#define BITS(label, m, has)                                                                    \
  {                                                                                            \
    label, SCHEMA_DECIMAL, SCHEMA_AT(job, m),                                                  \
        .min = -(int64_t)BITS_MAX * WEIGHT_PER_BIT, .max = (int64_t)BITS_MAX * WEIGHT_PER_BIT, \
        .scale = WEIGHT_PER_BIT, .given_offset = offsetof(struct job, has)                     \
  }
const struct schema_key job_threshold_keys[] = {
    BITS("accept", accept_weight, has_accept), BITS("review", review_weight, has_review), {NULL}};

const struct schema_key job_quality_keys[] = {
    {"quarantine_null_ratio", SCHEMA_DECIMAL, SCHEMA_AT(job, quarantine_null_permille),
     .max = PERMILLE, .scale = PERMILLE, .given_offset = offsetof(struct job, has_quarantine_null)},
    SECTION("rules", job_read_quality_rules),
    {NULL}};

const struct schema_key job_quality_rule_keys[] = {
    {"id", SCHEMA_TEXT, true, SCHEMA_AT(job_quality_rule, id), .min = 1, .max = JOB_NAME_BYTES_MAX},
    {"when", SCHEMA_TEXT, true, SCHEMA_AT(job_quality_rule, when), .min = 1,
     .max = JOB_TEXT_BYTES_MAX},
    {"field", SCHEMA_SECTION, SCHEMA_AT(job_quality_rule, field), .read = job_read_field_name},
    CHOICE("severity", job_quality_rule, severity, severity_choices),
    CHOICE("action", job_quality_rule, action, job_action_choices),
    {"message", SCHEMA_TEXT, SCHEMA_AT(job_quality_rule, message), .max = JOB_TEXT_BYTES_MAX},
    {NULL}};

const struct schema_key job_tag_keys[] = {
    {"high_value", SCHEMA_DECIMAL, SCHEMA_AT(job_tags, high_value_fen), .max = 100000000000000,
     .scale = FEN_PER_YUAN},
    {"potential", SCHEMA_SECTION, .read = job_read_tag_section, .section = job_tag_potential_keys},
    {"churn", SCHEMA_SECTION, .read = job_read_tag_section, .section = job_tag_churn_keys},
    {"weights", SCHEMA_SECTION, .read = job_read_tag_section, .section = job_tag_weight_keys},
    {"floors", SCHEMA_SECTION, .read = job_read_tag_section, .section = job_tag_floor_keys},
    {"caps", SCHEMA_SECTION, .read = job_read_tag_section, .section = job_tag_cap_keys},
    {"bands", SCHEMA_SECTION, .read = job_read_tag_section, .section = job_tag_band_keys},
    {NULL}};
const struct schema_key job_tag_potential_keys[] = {
    NUMBER("consultations", job_tags, potential_consults, 1, 1000),
    NUMBER("days", job_tags, potential_days, 1, 36500),
    {NULL}};
const struct schema_key job_tag_churn_keys[] = {
    NUMBER("login_days", job_tags, churn_login_days, 1, 36500),
    NUMBER("order_days", job_tags, churn_order_days, 1, 36500),
    NUMBER("asleep_days", job_tags, churn_asleep_days, 1, 36500),
    {NULL}};
const struct schema_key job_tag_weight_keys[] = {
    NUMBER("money", job_tags, weight_money, 0, 100),
    NUMBER("frequency", job_tags, weight_frequency, 0, 100),
    NUMBER("recency", job_tags, weight_recency, 0, 100),
    NUMBER("active", job_tags, weight_active, 0, 100),
    NUMBER("consult", job_tags, weight_consult, 0, 100),
    NUMBER("refer", job_tags, weight_refer, 0, 100),
    {NULL}};
const struct schema_key job_tag_floor_keys[] = {
    NUMBER("high_value", job_tags, floor_high_value, 0, 100),
    NUMBER("potential", job_tags, floor_potential, 0, 100),
    {NULL}};
const struct schema_key job_tag_cap_keys[] = {NUMBER("potential", job_tags, cap_potential, 0, 100),
                                              {NULL}};
const struct schema_key job_tag_band_keys[] = {
    NUMBER("high_value", job_tags, band_high_value, 0, 100),
    NUMBER("potential", job_tags, band_potential, 0, 100),
    {NULL}};

const struct schema_key job_role_keys[] = {
    {"unmask", SCHEMA_SECTION, .required = true, .read = job_read_unmask}, {NULL}};
/* clang-format on */

struct job_source job_source_defaults(void) {
  return (struct job_source){.trust = 50, .batch_rows = 5000};
}

static const struct schema_choice mask_choices[] = {{"default", MASK_DEFAULT},
                                                    {"none", MASK_NONE},
                                                    {"all", MASK_ALL},
                                                    {"surname_then_star", MASK_SURNAME_THEN_STAR},
                                                    {"star_then_last", MASK_STAR_THEN_LAST},
                                                    {NULL, 0}};

/* One or two digits before the stop; -1 otherwise. */
static int read_count(const char **at, const char *end, char stop) {
  int count = -1;
  while (*at < end && **at == ' ') ++*at;
  for (int digits = 0; *at < end && **at >= '0' && **at <= '9'; ++*at) {
    if (++digits > 2) return -1;
    count = (count < 0 ? 0 : count * 10) + (**at - '0');
  }
  if (*at == end || **at != stop) return -1;
  ++*at;
  return count;
}

bool job_mask_parse(struct bytes text, struct job_field *field) {
  field->mask_keep_first = field->mask_keep_last = 0;
  for (const struct schema_choice *choice = mask_choices; choice->name; choice++) {
    if (!bytes_equal(bytes_from_string(choice->name), text)) continue;
    field->mask = (enum mask_rule)choice->value;
    return true;
  }
  if (!bytes_starts_with(text, BYTES("keep("))) return false;
  const char *at = text.data + 5, *end = text.data + text.size;
  int first = read_count(&at, end, ',');
  int last = first < 0 ? -1 : read_count(&at, end, ')');
  if (last < 0 || at != end) return false;
  field->mask = MASK_KEEP;
  field->mask_keep_first = (uint8_t)first;
  field->mask_keep_last = (uint8_t)last;
  return true;
}

const char *job_mask_name(const struct job_field *field, char out[24]) {
  for (const struct schema_choice *choice = mask_choices; choice->name; choice++) {
    if (choice->value == (int)field->mask) return choice->name;
  }
  snprintf(out, 24, "keep(%u,%u)", field->mask_keep_first, field->mask_keep_last);
  return out;
}
