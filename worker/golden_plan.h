/* golden_plan — a job resolved for merging and tagging: per field the rule that chooses and by
 * which criteria, what may be derived, which fields carry times, orders and amounts. Derived from
 * the plan alone; constant and shared by all threads.
 *
 * The order in which values of a field are preferred is always: usable before attribute-only before
 * invalid; then the rule's criteria; then, where all of them tie, source trust, latest time, source
 * id, record key, text. That order is total over what can be told apart, so the arrival order of
 * records decides nothing. */
#ifndef GUIYI_WORKER_GOLDEN_PLAN_H
#define GUIYI_WORKER_GOLDEN_PLAN_H

#include "worker/golden.h"
#include "worker/plan.h"

/* The order in which members are looked at; of equally good values the first seen wins. */
enum golden_order {
  GOLDEN_BY_TRUST,    /* trust, latest, source id, key */
  GOLDEN_BY_LATEST,   /* latest (unknown last), trust, source id, key */
  GOLDEN_BY_EARLIEST, /* earliest (unknown last), trust, source id, key */
  GOLDEN_ORDER_COUNT
};

/* What is compared before the order of the members decides. */
enum golden_criterion {
  GOLDEN_PREFER_FIRST,        /* nothing: the first of the order */
  GOLDEN_PREFER_FREQUENT,     /* the value that most members have */
  GOLDEN_PREFER_COMPLETE,     /* the kind that says most; then trust, then frequency */
  GOLDEN_PREFER_COMPLETE_NEW, /* the kind that says most; then the order (addresses: people move) */
  GOLDEN_PREFER_LONG,         /* the most characters; then trust, then frequency */
  GOLDEN_PREFER_SMALL,        /* the smallest value */
  GOLDEN_PREFER_LARGE,        /* the largest value */
};

/* What can be computed where no member has a usable value. Declared here and nowhere else: `guiyi
 * verify` accepts a golden value that is no cell only when it is one of these. */
#define GOLDEN_DERIVATION_TABLE(X)                                                       \
  X(NONE, "none", "")                                                                    \
  X(SEX_OF_ID_CARD, "sex_of_id_card", "digit 17 of a valid id_card: odd 男, even 女")    \
  X(BIRTH_DATE_OF_ID_CARD, "birth_date_of_id_card", "digits 7 to 14 of a valid id_card") \
  X(STATE_OF_ORDERS, "state_of_orders",                                                  \
    "潜在客户 without an order, 流失客户 when the last is older than the job says, else 成交客户")

enum golden_derivation {
#define X(id, name, sentence) GOLDEN_DERIVE_##id,
  GOLDEN_DERIVATION_TABLE(X)
#undef X
      GOLDEN_DERIVATION_COUNT
};

const char *golden_derivation_name(enum golden_derivation derivation);
const char *golden_derivation_sentence(enum golden_derivation derivation);

enum { GOLDEN_KINDS_MAX = 32 };

struct golden_field {
  uint8_t rule;       /* enum survivorship, never SURVIVE_DEFAULT */
  uint8_t order;      /* enum golden_order */
  uint8_t criterion;  /* enum golden_criterion */
  uint8_t derivation; /* enum golden_derivation */
  bool united;        /* several values stand side by side */
  bool sorted;        /* united parts in byte order; otherwise in the order of preference */
  bool is_amount;     /* values compare as decimal numbers */
  uint8_t completeness[GOLDEN_KINDS_MAX]; /* by kind; more says more */
};

struct golden_plan {
  const struct job *job;
  const struct plan *plan;
  struct golden_field fields[JOB_FIELDS_MAX];
  /* Fields by what they mean, -1 = the job has none. */
  int id_card, first_seen, event_time, order_id, order_amount, last_login;
  bool has_orders;   /* a source of the job has orders: then the customer's state is derived */
  int32_t as_of_day; /* what tags and the customer's state are reckoned to */
  uint64_t required_fields;
};

/* plan must outlive out. as_of_day: the run's, days since 1970-01-01 in the job's time zone. */
void golden_plan_make(const struct plan *plan, int32_t as_of_day, struct golden_plan *out);

/* By its type and name: 出生日期, dob … */
bool golden_plan_is_birth_date(const struct job_field *field);

/* "most_recent": as the job file writes it. */
const char *golden_rule_name(enum survivorship rule);

/* ---- times of a member, in ms since 1970-01-01 UTC; INT64_MIN = unknown ---- */

/* Of a usable date in one of the member's fields; field -1 = unknown. */
int64_t golden_time_of_field(const struct golden_plan *plan, const struct record_view *member,
                             int field);
/* The first that is known of the customer: first seen, the event, else the record's time. */
int64_t golden_first_ms(const struct golden_plan *plan, const struct record_view *member);
/* Of an event record: when it was. */
int64_t golden_event_ms(const struct golden_plan *plan, const struct record_view *member);
/* Local day of such a time; INT32_MIN for INT64_MIN. */
int32_t golden_day_of(const struct golden_plan *plan, int64_t time_ms);

#endif
