/* tag — tags and score of one customer, from the events among its records.
 *
 * Facts first (integers: fen, days, counts), then every tag and the score as a function of the
 * facts alone: the same on every CPU, and testable without records. Events are counted once each:
 * an order by its order number, everything else by its record key. Windows look back from the run's
 * as_of day; "within n days" means at most n days before it, and what lies after it does not count.
 */
#ifndef GUIYI_WORKER_STAGES_TAG_H
#define GUIYI_WORKER_STAGES_TAG_H

#include "worker/golden_plan.h"

enum { TAG_DAYS_UNKNOWN = INT32_MAX };

struct tag_facts {
  int64_t spend_year_fen;                   /* orders less refunds of 365 days */
  uint32_t orders, orders_year;             /* ever; of 365 days */
  int32_t last_order_days, last_login_days; /* ago; TAG_DAYS_UNKNOWN */
  uint32_t consults_recent;                 /* within potential_days */
  bool ordered_after_consult;               /* an order at or after the first of those */
  uint32_t views_recent, views_before;      /* 0 to 90 days ago, 91 to 180 days ago */
  uint32_t referrals;
  uint32_t last_order_member; /* GOLDEN_NO_MEMBER when there is none */
};

enum tag_id {
  TAG_HIGH_VALUE,
  TAG_POTENTIAL,
  TAG_CHURN_LOGIN,
  TAG_CHURN_ORDER,
  TAG_CHURN_ASLEEP,
  TAG_COUNT
};

/* 高价值, 潜力, 流失风险-未登录30天 … The day counts are the job's. Constant or in the arena. */
const char *tag_name(const struct job_tags *tags, enum tag_id tag, struct arena *arena);

/* Parts of a score, each 0..1000. */
struct tag_score {
  int32_t money, frequency, recency, active, consult, refer;
  int32_t raw;   /* 0..100, before floors and cap */
  int32_t score; /* 0..100 */
};

void tag_facts_collect(const struct golden_plan *plan, const struct record_view *members,
                       uint32_t member_count, struct arena *arena, struct tag_facts *facts);
/* Bit t: the customer has tag t. */
uint32_t tag_evaluate(const struct job_tags *tags, const struct tag_facts *facts);
void tag_score(const struct job_tags *tags, const struct tag_facts *facts, uint32_t tag_bits,
               struct tag_score *out);
/* 高价值 潜力 普通 */
const char *tag_tier(const struct job_tags *tags, int32_t score);
/* 潜在客户 成交客户 流失客户: what the role customer_state is derived to. */
struct bytes tag_customer_state(const struct job_tags *tags, const struct tag_facts *facts);

/* Fills tags, score, tier and reasons of a merged golden record, and its derived customer state. A
 * job without tags leaves score -1 and no tags. */
void golden_tag(const struct golden_plan *plan, struct arena *arena, struct golden_record *golden);

#endif
