/* job — a job file, read and checked: sources, fields, rules, thresholds. What `guiyi check`
 * prints.
 *
 * A job is plain data in one arena, constant while it runs and shared by all threads. Fields are
 * named by their index in job.fields everywhere else. What the names of key parts and levels mean
 * is known to the field types; worker/plan.h resolves them and reports a wrong one at its place
 * here. */
#ifndef GUIYI_COMMON_JOB_H
#define GUIYI_COMMON_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/err.h"
#include "common/field_options.h"

enum {
  JOB_FIELDS_MAX = 64,
  JOB_COMPARISONS_MAX = 16, /* fields that are compared: one nibble each in a 64-bit pattern */
  JOB_SOURCES_MAX = 256,
  JOB_BLOCKING_RULES_MAX = 16,
  JOB_KEY_PARTS_MAX = 4,
  JOB_MATCH_RULES_MAX = 64,
  JOB_QUALITY_RULES_MAX = 256,
  JOB_PATHS_MAX = 4096, /* of one source */
  JOB_SOURCE_KEYS_MAX = 8,
  JOB_COLUMNS_MAX = 512,  /* mapped columns of one source */
  JOB_LEVELS_MAX = 32,    /* of one condition */
  JOB_ALIASES_MAX = 1024, /* of one field or column */
  JOB_ROLES_MAX = 64,
  JOB_NAME_BYTES_MAX = 128,    /* of fields, sources, rules */
  JOB_HEADING_BYTES_MAX = 256, /* of a source's columns, of aliases */
  JOB_TEXT_BYTES_MAX = 4096,   /* of expressions, messages, constants, paths */
};

/* Where in the job file something stands; line 0 = it was not written but derived. */
struct job_place {
  uint32_t line, column; /* both from 1 */
};

/* What a field means to the stages besides its type. At most one field per role but NONE. */
enum field_role {
  ROLE_NONE,
  ROLE_UPDATED_AT, /* when the source last changed the record: what "most recent" looks at */
  ROLE_FIRST_SEEN, /* when the customer first came (registered, first contact) */
  ROLE_EVENT_TIME, /* when the order, consultation or log-in was */
  ROLE_ORDER_ID,
  ROLE_ORDER_AMOUNT, /* an amount field; refunds are negative or of event kind refund */
  ROLE_LAST_LOGIN,
  ROLE_CHANNEL, /* 来源渠道 */
  ROLE_OWNER,   /* 负责人 */
  ROLE_CUSTOMER_STATE,
};

/* Whether a field takes part in matching. */
enum field_use {
  USE_MATCH,     /* compared, and used for blocking where a rule says so */
  USE_ATTRIBUTE, /* carried into the golden record only (recipient, order number, remarks …) */
};

/* What the values are written in: names have key parts that only one of them knows. */
enum field_script { SCRIPT_ANY, SCRIPT_HAN, SCRIPT_LATIN };

enum mask_rule {
  MASK_DEFAULT, /* the type's own */
  MASK_NONE,
  MASK_ALL,
  MASK_SURNAME_THEN_STAR, /* 张* */
  MASK_STAR_THEN_LAST,    /* *明 */
  MASK_KEEP,              /* keep(first, last) */
};

struct job_field {
  struct bytes name;
  enum field_type_id type;
  enum field_role role;
  enum field_use use;
  enum survivorship survivorship;
  struct field_options options; /* what a source does not say otherwise */
  bool multi;                   /* may hold several values; they are split on ; ； and united */
  bool required;                /* 待完善 when nobody could fill it */
  bool extended;                /* tier: extended fields are not used in match rules */
  enum mask_rule mask;
  uint8_t mask_keep_first, mask_keep_last;
  /* What a sample of the data showed (recognition); they guide which blocking rules are made. 0 =
   * not known. */
  uint8_t filled_percent; /* of the records have a value that can be compared */
  enum field_script script;
  uint8_t agree_bits; /* -log2 of the chance that two records' values are equal */
  struct job_place place;
};

/* Same numbers as worker/sources/source_file.h uses for its options; 0 = recognise. */
enum job_format { JOB_FORMAT_AUTO, JOB_FORMAT_CSV, JOB_FORMAT_JSONL };
enum job_encoding { JOB_ENCODING_AUTO, JOB_ENCODING_UTF8, JOB_ENCODING_GB18030 };
enum source_kind { SOURCE_KIND_UNSAID, SOURCE_ONLINE, SOURCE_OFFLINE, SOURCE_HUMAN };
enum source_cadence { CADENCE_UNSAID, CADENCE_REALTIME, CADENCE_DAILY, CADENCE_ON_DEMAND };
enum source_mode { SOURCE_SNAPSHOT, SOURCE_APPEND };
enum event_kind {
  EVENT_NONE,
  EVENT_ORDER,
  EVENT_REFUND,
  EVENT_CONSULTATION,
  EVENT_LOGIN,
  EVENT_TICKET,
  EVENT_VIEW,
  EVENT_REFERRAL,
  EVENT_KIND_COUNT
};

struct job_column {
  struct bytes name;            /* the source's heading, as it is after trimming */
  uint16_t field;               /* index in job.fields */
  struct field_options options; /* the field's, changed by what the source says */
  struct bytes note; /* why it is mapped so, where that was recognised: a comment when printed */
  struct job_place place;
};

/* Is the name space of its accounts made from other cells of the row ("{appid}")? */
static inline bool job_column_has_template(const struct job_column *column) {
  struct bytes text = column->options.name_space;
  return text.size && memchr(text.data, '{', text.size);
}

struct job_constant {
  uint16_t field;
  struct bytes value;
  struct job_place place;
};

struct job_source {
  struct bytes id;
  const struct bytes *paths; /* files and globs, relative to the job file's folder */
  uint32_t path_count;
  enum job_format format;
  enum job_encoding encoding;
  char delimiter; /* 0 = recognise */
  int header;     /* 0 = recognise, 1 = has one, -1 = has none */
  enum source_mode mode;
  int32_t trust;           /* 0..100; where two values tie, the more trusted source wins */
  uint32_t batch_rows;     /* for delta ingestion; 5000 unless given */
  enum event_kind event;   /* every row of this source is such an event */
  const struct bytes *key; /* columns that together are source_record_id; none = content hash */
  uint32_t key_count;
  struct bytes source_column; /* column that names the source of each row (a file that holds several
                                 systems' records); empty = all rows are of `id` */
  const struct job_column *columns;
  uint32_t column_count;
  const struct job_constant *constants;
  uint32_t constant_count;
  enum source_kind kind; /* with contact and cadence for the data dictionary only */
  enum source_cadence cadence;
  struct bytes contact; /* who answers for the source: 渠道对接人 */
  struct job_place place;
};

/* One aspect of a field in a blocking key: 客户姓名.pinyin. An empty part is "exact". */
struct job_key_part {
  uint16_t field;
  struct bytes part;
};

struct job_blocking_rule {
  struct bytes name;
  struct job_key_part parts[JOB_KEY_PARTS_MAX];
  uint32_t part_count;
  struct job_key_part
      refine[JOB_KEY_PARTS_MAX]; /* what splits a block over the cap, in this order */
  uint32_t refine_count;
  uint32_t cap; /* records in a block; 0 = the job's */
  struct job_place place;
};

enum match_action { MATCH_MERGE, MATCH_SEPARATE, MATCH_REVIEW, MATCH_HOUSEHOLD, MATCH_EMPLOYER };

/* A deterministic rule: all conditions hold ⇒ action, before any score. First hit decides. A
 * condition lists the levels of one field it accepts, by the names of its type ("exact",
 * "same pinyin", "missing" …; "exclusive", "family", "shared", "recycled" tell exact apart). */
struct job_match_condition {
  uint16_t field;
  const struct bytes *levels;
  uint32_t level_count;
};

struct job_match_rule {
  struct bytes id;
  const struct job_match_condition *conditions;
  uint32_t condition_count;
  enum match_action action;
  struct job_place place;
};

/* A weight fixed by hand: field, level, bits. */
struct job_fixed_weight {
  uint16_t field;
  struct bytes level;
  int32_t weight; /* 1/1024 bit */
  struct job_place place;
};

/* How many values of a field one customer may have. */
struct job_identifier {
  uint16_t field;
  int8_t single; /* 1: two different ones are never one customer; 0: they may be; -1: as the type */
  uint32_t cap;  /* different values of one customer; 0 = any number */
  struct job_place place;
};

enum quality_severity { QUALITY_ERROR, QUALITY_WARN, QUALITY_INFO };
enum quality_action {
  QUALITY_REPORT,         /* count it */
  QUALITY_DROP_VALUE,     /* the named field is emptied */
  QUALITY_ATTRIBUTE_ONLY, /* the named field is kept, not matched by */
  QUALITY_QUARANTINE,     /* the row is not linked: kind "quarantined" in rejects.csv */
  QUALITY_REVIEW,         /* the row is linked and listed for review */
};

struct job_quality_rule {
  struct bytes id;
  struct bytes when;  /* an expression, worker/quality_rules.h */
  struct bytes field; /* the one the action empties; may be empty */
  struct bytes message;
  enum quality_severity severity;
  enum quality_action action;
  struct job_place place;
};

/* The seeds' own tags and score; amounts in fen, weights, floors and bands in points of 100. */
struct job_tags {
  int64_t high_value_fen;     /* 高价值: spend of 365 days at least this */
  int32_t potential_consults; /* 潜力: so many consultations … */
  int32_t potential_days;     /* … in so many days, and no order after the first of them */
  int32_t churn_login_days, churn_order_days, churn_asleep_days;
  int32_t weight_money, weight_frequency, weight_recency, weight_active, weight_consult,
      weight_refer;
  int32_t floor_high_value, floor_potential, cap_potential;
  int32_t band_high_value, band_potential; /* score from which a band begins */
};

struct job_role {
  struct bytes name;
  const uint16_t *unmasked_fields;
  uint32_t unmasked_count;
  struct job_place place;
};

struct job {
  struct bytes name;
  struct bytes path;   /* of the job file; empty when recognised */
  struct bytes folder; /* paths in the job are relative to this */
  struct bytes note;   /* lines that stand as a comment on top when the job is printed */
  bool entity_is_company;
  int32_t as_of_day;    /* days since 1970-01-01; JOB_AS_OF_DATA = newest date in the data */
  int timezone_minutes; /* 480 */
  struct job_field *fields;
  uint32_t field_count;
  struct job_source *sources;
  uint32_t source_count;
  struct job_blocking_rule *blocking; /* none = made from the types (worker/plan.h) */
  uint32_t blocking_count;
  uint32_t block_cap; /* records; 0 = BLOCK_CAP_DEFAULT */
  struct job_match_rule *match_rules;
  uint32_t match_rule_count;
  struct job_fixed_weight *fixed_weights;
  uint32_t fixed_weight_count;
  struct job_identifier *identifiers;
  uint32_t identifier_count;
  bool has_cohesion;
  int32_t cohesion_weight; /* 1/1024 bit above accept that the mean link of two groups must reach */
  bool has_accept, has_review; /* were the thresholds given? otherwise the run chooses */
  int32_t accept_weight;       /* 1/1024 bit of posterior log-odds: merge at or above */
  int32_t review_weight;       /* list for review at or above, below accept */
  uint32_t cluster_max;        /* records in an entity before it goes to review; 500 */
  uint32_t hub_names;          /* incompatible names that make an identifier shared; 3 */
  int32_t reissue_gap_days;    /* 90 */
  struct job_quality_rule *quality_rules;
  uint32_t quality_rule_count;
  bool has_quarantine_null; /* quarantine rows whose share of empty mapped fields is above … */
  uint32_t quarantine_null_permille;
  bool has_tags;
  struct job_tags tags;
  struct job_role *roles;
  uint32_t role_count;
  uint64_t expected_records; /* how large blocks will get: guides which blocking rules are made; 0 =
                                not known, taken for JOB_EXPECTED_RECORDS_DEFAULT */
  uint32_t shards;           /* LMDB environments per generation; a power of two, 1..256 */
  uint64_t seed;
  struct arena arena; /* owns all of the above */
};

#define JOB_AS_OF_DATA INT32_MIN

enum {
  BLOCK_CAP_DEFAULT = 200,
  JOB_SHARDS_DEFAULT = 16,
  JOB_EXPECTED_RECORDS_DEFAULT = 1000000,
};

/* Tags of a job that says nothing of them, and of what its section leaves out. */
extern const struct job_tags job_tag_defaults;
const struct job_tags *job_tags_of(const struct job *job);

/* Reads and checks a job file. On a mistake: ERR_CONFIG and "file:line: key: found …, expected …;
 * did you mean …?". Every name is resolved; paths are not opened. Release with job_release. */
enum err job_load(const char *path, struct job *job, struct failure *failure);
/* The same from text; path is only named in messages. */
enum err job_parse(struct bytes yaml, const char *path, struct job *job, struct failure *failure);
/* The resolved job as YAML that job_parse reads back to the same job, comments for what was
 * derived. */
void job_print(const struct job *job, struct buffer *out);
/* Zeroes and sets the defaults named above. */
void job_init(struct job *job);
void job_release(struct job *job);

/* "person_name" …: the type's name in a job file. */
const char *job_type_name(enum field_type_id type);

/* -1 when there is none. */
int job_field_find(const struct job *job, struct bytes name);
int job_field_with_role(const struct job *job, enum field_role role);

#endif
