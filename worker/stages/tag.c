#include "worker/stages/tag.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/number_write.h"
#include "worker/fields/amount.h"

/* A larger amount is a mistake of the source; it is not counted, so that sums cannot overflow. */
static const int64_t amount_fen_max = 100000000000000;
enum { YEAR_DAYS = 365, VIEWS_RECENT_DAYS = 90, VIEWS_BEFORE_DAYS = 180, FULL = 1000 };

/* ---- facts ---- */

struct event {
  struct hash128 key; /* what makes it one: order number, else record key */
  int64_t time_ms;
  uint32_t member;
  uint8_t kind; /* enum event_kind */
};

/* Of the rows of one event the latest comes first, then the smaller record key: members are in that
 * order. */
static int compare_events(const void *a, const void *b) {
  const struct event *x = a, *y = b;
  if (x->kind != y->kind) return (int)x->kind - (int)y->kind;
  if (x->key.high != y->key.high) return x->key.high < y->key.high ? -1 : 1;
  if (x->key.low != y->key.low) return x->key.low < y->key.low ? -1 : 1;
  if (x->time_ms != y->time_ms) return x->time_ms > y->time_ms ? -1 : 1;
  return (x->member > y->member) - (x->member < y->member);
}

static int64_t amount_of(const struct golden_plan *plan, const struct record_view *member) {
  int64_t fen = 0;
  if (plan->order_amount < 0) return 0;
  const struct record_value *value = &member->values[plan->order_amount];
  bool usable = value->state == VALUE_OK || value->state == VALUE_FIXED;
  if (!usable || !amount_value_fen(value->text, &fen)) return 0;
  return fen >= -amount_fen_max && fen <= amount_fen_max ? fen : 0;
}

static struct event make_event(const struct golden_plan *plan, const struct record_view *members,
                               uint32_t index) {
  const struct record_view *member = &members[index];
  struct event e = {member->header->key, golden_event_ms(plan, member), index,
                    member->header->event};
  if (e.kind != EVENT_ORDER) return e;
  if (amount_of(plan, member) < 0) { /* money that goes back, whatever the source calls it */
    e.kind = EVENT_REFUND;
    return e;
  }
  if (plan->order_id >= 0 && member->values[plan->order_id].text.size)
    e.key = hash_bytes_128(member->values[plan->order_id].text);
  return e;
}

/* The entity's events, each once, those after as_of left out. */
static uint32_t collect_events(const struct golden_plan *plan, const struct record_view *members,
                               uint32_t member_count, struct arena *arena, struct event **out) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < member_count; i++) count += members[i].header->event != EVENT_NONE;
  if (count == 0) return 0;
  struct event *events = *out = arena_alloc(arena, count * sizeof *events);
  count = 0;
  for (uint32_t i = 0; i < member_count; i++)
    if (members[i].header->event != EVENT_NONE) events[count++] = make_event(plan, members, i);
  qsort(events, count, sizeof *events, compare_events);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    bool again = i > 0 && events[i].kind == events[i - 1].kind &&
                 events[i].key.low == events[i - 1].key.low &&
                 events[i].key.high == events[i - 1].key.high;
    if (!again) events[kept++] = events[i];
  }
  return kept;
}

/* Days before as_of; TAG_DAYS_UNKNOWN, or negative for what lies after it. */
static int32_t days_ago(const struct golden_plan *plan, int64_t time_ms) {
  if (time_ms == INT64_MIN || plan->as_of_day == INT32_MIN) return TAG_DAYS_UNKNOWN;
  return plan->as_of_day - golden_day_of(plan, time_ms);
}

static bool within(int32_t days, int32_t window) { return days >= 0 && days <= window; }

static void note_login(struct tag_facts *facts, int32_t days) {
  if (days >= 0 && days < facts->last_login_days) facts->last_login_days = days;
}

static void note_order(const struct golden_plan *plan, const struct record_view *members,
                       const struct event *e, int32_t days, struct tag_facts *facts) {
  facts->orders++;
  if (days < facts->last_order_days || facts->last_order_member == GOLDEN_NO_MEMBER) {
    facts->last_order_days = days;
    facts->last_order_member = e->member;
  }
  if (!within(days, YEAR_DAYS)) return;
  facts->orders_year++;
  facts->spend_year_fen += amount_of(plan, &members[e->member]);
}

static void note_event(const struct golden_plan *plan, const struct record_view *members,
                       const struct event *e, int32_t days, struct tag_facts *facts) {
  int64_t amount;
  switch ((enum event_kind)e->kind) {
    case EVENT_ORDER:
      note_order(plan, members, e, days, facts);
      break;
    case EVENT_REFUND:
      amount = amount_of(plan, &members[e->member]);
      if (within(days, YEAR_DAYS)) facts->spend_year_fen -= amount < 0 ? -amount : amount;
      break;
    case EVENT_LOGIN:
      note_login(facts, days);
      break;
    case EVENT_VIEW:
      if (within(days, VIEWS_RECENT_DAYS))
        facts->views_recent++;
      else if (within(days, VIEWS_BEFORE_DAYS))
        facts->views_before++;
      break;
    case EVENT_REFERRAL:
      facts->referrals++;
      break;
    case EVENT_CONSULTATION: /* counted by note_consults: they look at the orders */
    case EVENT_NONE:
    case EVENT_TICKET:
    case EVENT_KIND_COUNT:
      break;
  }
}

static void note_consults(const struct golden_plan *plan, const struct job_tags *tags,
                          const struct event *events, uint32_t count, struct tag_facts *facts) {
  int64_t first_ms = INT64_MAX;
  for (uint32_t i = 0; i < count; i++) {
    if (events[i].kind != EVENT_CONSULTATION) continue;
    if (!within(days_ago(plan, events[i].time_ms), tags->potential_days)) continue;
    facts->consults_recent++;
    if (events[i].time_ms < first_ms) first_ms = events[i].time_ms;
  }
  for (uint32_t i = 0; i < count; i++)
    if (events[i].kind == EVENT_ORDER && events[i].time_ms >= first_ms &&
        days_ago(plan, events[i].time_ms) >= 0)
      facts->ordered_after_consult = true;
}

void tag_facts_collect(const struct golden_plan *plan, const struct record_view *members,
                       uint32_t member_count, struct arena *arena, struct tag_facts *facts) {
  *facts = (struct tag_facts){.last_order_days = TAG_DAYS_UNKNOWN,
                              .last_login_days = TAG_DAYS_UNKNOWN,
                              .last_order_member = GOLDEN_NO_MEMBER};
  const struct job_tags *tags = job_tags_of(plan->job);
  if (plan->last_login >= 0)
    for (uint32_t i = 0; i < member_count; i++)
      note_login(facts, days_ago(plan, golden_time_of_field(plan, &members[i], plan->last_login)));
  struct event *events = NULL;
  uint32_t count = collect_events(plan, members, member_count, arena, &events);
  for (uint32_t i = 0; i < count; i++) {
    int32_t days = days_ago(plan, events[i].time_ms);
    if (days >= 0) note_event(plan, members, &events[i], days, facts);
  }
  note_consults(plan, tags, events, count, facts);
}

/* ---- tags ---- */

uint32_t tag_evaluate(const struct job_tags *tags, const struct tag_facts *facts) {
  bool order_known = facts->orders > 0 && facts->last_order_days != TAG_DAYS_UNKNOWN;
  uint32_t bits = 0;
  if (facts->spend_year_fen >= tags->high_value_fen) bits |= 1u << TAG_HIGH_VALUE;
  if (facts->consults_recent >= (uint32_t)tags->potential_consults && facts->consults_recent > 0 &&
      !facts->ordered_after_consult)
    bits |= 1u << TAG_POTENTIAL;
  if (facts->last_login_days != TAG_DAYS_UNKNOWN && facts->last_login_days > tags->churn_login_days)
    bits |= 1u << TAG_CHURN_LOGIN;
  if (order_known && facts->last_order_days > tags->churn_order_days) bits |= 1u << TAG_CHURN_ORDER;
  if (order_known && facts->last_order_days > tags->churn_asleep_days &&
      facts->views_recent < facts->views_before)
    bits |= 1u << TAG_CHURN_ASLEEP;
  return bits;
}

const char *tag_name(const struct job_tags *tags, enum tag_id tag, struct arena *arena) {
  switch (tag) {
    case TAG_HIGH_VALUE:
      return "高价值";
    case TAG_POTENTIAL:
      return "潜力";
    case TAG_CHURN_LOGIN:
      if (tags->churn_login_days == job_tag_defaults.churn_login_days) return "流失风险-未登录30天";
      return arena_printf(arena, "流失风险-未登录%d天", tags->churn_login_days);
    case TAG_CHURN_ORDER:
      if (tags->churn_order_days == job_tag_defaults.churn_order_days) return "流失风险-未消费90天";
      return arena_printf(arena, "流失风险-未消费%d天", tags->churn_order_days);
    case TAG_CHURN_ASLEEP:
      if (tags->churn_asleep_days == job_tag_defaults.churn_asleep_days)
        return "流失风险-沉睡180天";
      return arena_printf(arena, "流失风险-沉睡%d天", tags->churn_asleep_days);
    case TAG_COUNT:
      break;
  }
  check(!"a tag of the table");
  return NULL;
}

/* ---- score ---- */

struct point {
  int64_t x, y;
};

/* Linear between the points, constant outside; the division truncates toward zero. */
static int32_t curve(const struct point *points, size_t count, int64_t x) {
  if (x <= points[0].x) return (int32_t)points[0].y;
  for (size_t i = 1; i < count; i++) {
    const struct point *a = &points[i - 1], *b = &points[i];
    if (x <= b->x) return (int32_t)(a->y + (b->y - a->y) * (x - a->x) / (b->x - a->x));
  }
  return (int32_t)points[count - 1].y;
}

#define CURVE(points, x) curve(points, sizeof(points) / sizeof(points)[0], x)

void tag_score(const struct job_tags *tags, const struct tag_facts *facts, uint32_t tag_bits,
               struct tag_score *out) {
  static const struct point money[] = {/* fen a year */
                                       {0, 0},
                                       {100000, 300},
                                       {500000, 700},
                                       {1000000, 900},
                                       {2000000, FULL}};
  static const struct point recency[] = {{30, FULL}, {365, 0}}; /* days since the last order */
  static const struct point active[] = {{7, FULL}, {90, 0}};    /* days since the last log-in */
  int64_t frequency = (int64_t)facts->orders_year * FULL / 12;
  int64_t consult = (int64_t)facts->consults_recent * 500;
  out->money = CURVE(money, facts->spend_year_fen);
  out->frequency = (int32_t)(frequency < FULL ? frequency : FULL);
  out->recency = CURVE(recency, facts->last_order_days);
  out->active = CURVE(active, facts->last_login_days);
  out->consult = (int32_t)(consult < FULL ? consult : FULL);
  out->refer = facts->referrals ? FULL : 0;
  int64_t sum =
      (int64_t)tags->weight_money * out->money + (int64_t)tags->weight_frequency * out->frequency +
      (int64_t)tags->weight_recency * out->recency + (int64_t)tags->weight_active * out->active +
      (int64_t)tags->weight_consult * out->consult + (int64_t)tags->weight_refer * out->refer;
  int64_t score = sum < 0 ? 0 : (sum + FULL / 2) / FULL;
  if (score > 100) score = 100;
  out->raw = (int32_t)score;
  if (tag_bits & 1u << TAG_HIGH_VALUE) {
    if (score < tags->floor_high_value) score = tags->floor_high_value;
  } else if (tag_bits & 1u << TAG_POTENTIAL) {
    if (score < tags->floor_potential) score = tags->floor_potential;
    if (score > tags->cap_potential) score = tags->cap_potential;
  }
  out->score = (int32_t)score;
}

const char *tag_tier(const struct job_tags *tags, int32_t score) {
  if (score >= tags->band_high_value) return "高价值";
  return score >= tags->band_potential ? "潜力" : "普通";
}

struct bytes tag_customer_state(const struct job_tags *tags, const struct tag_facts *facts) {
  if (facts->orders == 0) return BYTES("潜在客户");
  bool known = facts->last_order_days != TAG_DAYS_UNKNOWN;
  if (known && facts->last_order_days > tags->churn_asleep_days) return BYTES("流失客户");
  return BYTES("成交客户");
}

/* ---- reasons ---- */

enum { REASON_BYTES_MAX = 512 };

/* A reason as it grows: as many customers as there are want one, so no printf. */
struct reason {
  char text[REASON_BYTES_MAX];
  char *at;
};

static void say(struct reason *r, const char *words) {
  size_t size = strlen(words);
  check(r->at + size <= r->text + sizeof r->text);
  memcpy(r->at, words, size);
  r->at += size;
}

static void say_number(struct reason *r, int64_t number) {
  check(r->at + NUMBER_I64_BYTES_MAX <= r->text + sizeof r->text);
  r->at = number_put_i64(r->at, number);
}

static void say_decimal(struct reason *r, int64_t number, unsigned decimals) {
  check(r->at + NUMBER_DECIMAL_BYTES_MAX <= r->text + sizeof r->text);
  r->at = number_put_decimal(r->at, number, decimals);
}

static struct bytes said(const struct reason *r, struct arena *arena) {
  return arena_copy(arena, bytes_of(r->text, (size_t)(r->at - r->text)));
}

static void say_days(struct reason *r, const char *what, int32_t days, int32_t limit) {
  say(r, what);
  say_number(r, days);
  say(r, " 天前 > ");
  say_number(r, limit);
  say(r, " 天");
}

static struct bytes reason_of_tag(const struct job_tags *tags, const struct tag_facts *facts,
                                  enum tag_id tag, struct arena *arena) {
  struct reason r;
  r.at = r.text;
  switch (tag) {
    case TAG_HIGH_VALUE:
      say(&r, "365 天消费 ");
      say_decimal(&r, facts->spend_year_fen, 2);
      say(&r, " 元 ≥ ");
      say_decimal(&r, tags->high_value_fen, 2);
      say(&r, " 元");
      break;
    case TAG_POTENTIAL:
      say_number(&r, tags->potential_days);
      say(&r, " 天内咨询 ");
      say_number(&r, facts->consults_recent);
      say(&r, " 次 ≥ ");
      say_number(&r, tags->potential_consults);
      say(&r, " 次，首次咨询后没有订单");
      break;
    case TAG_CHURN_LOGIN:
      say_days(&r, "最近登录在 ", facts->last_login_days, tags->churn_login_days);
      break;
    case TAG_CHURN_ORDER:
      say_days(&r, "最近订单在 ", facts->last_order_days, tags->churn_order_days);
      break;
    case TAG_CHURN_ASLEEP:
      say_days(&r, "最近订单在 ", facts->last_order_days, tags->churn_asleep_days);
      say(&r, "，近 90 天浏览 ");
      say_number(&r, facts->views_recent);
      say(&r, " 次 < 此前 90 天 ");
      say_number(&r, facts->views_before);
      say(&r, " 次");
      break;
    case TAG_COUNT:
      break;
  }
  return said(&r, arena);
}

static void say_part(struct reason *r, const char *name, int32_t value, int32_t weight) {
  say(r, name);
  say_number(r, value);
  say(r, "‰×");
  say_number(r, weight);
}

static struct bytes reason_of_score(const struct job_tags *tags, const struct tag_score *score,
                                    struct arena *arena) {
  struct reason r;
  r.at = r.text;
  say_part(&r, "消费 ", score->money, tags->weight_money);
  say_part(&r, " + 频次 ", score->frequency, tags->weight_frequency);
  say_part(&r, " + 最近 ", score->recency, tags->weight_recency);
  say_part(&r, " + 活跃 ", score->active, tags->weight_active);
  say_part(&r, " + 咨询 ", score->consult, tags->weight_consult);
  say_part(&r, " + 推荐 ", score->refer, tags->weight_refer);
  say(&r, " = ");
  say_number(&r, score->raw);
  if (score->score != score->raw) {
    say(&r, score->score > score->raw ? "，标签保底 " : "，标签封顶 ");
    say_number(&r, score->score);
  }
  return said(&r, arena);
}

/* ---- the customer ---- */

static void derive_state(const struct golden_plan *plan, const struct job_tags *tags,
                         const struct tag_facts *facts, struct golden_record *golden) {
  for (uint32_t f = 0; f < plan->job->field_count; f++) {
    if (plan->fields[f].derivation != GOLDEN_DERIVE_STATE_OF_ORDERS) continue;
    struct golden_value *value = &golden->values[f];
    *value = (struct golden_value){
        .text = tag_customer_state(tags, facts),
        .origin = GOLDEN_DERIVED,
        .rule = plan->fields[f].rule,
        .derived_from = (uint16_t)(plan->order_id >= 0 ? plan->order_id : (int)f),
        .member = facts->last_order_member,
        .distinct_count = value->distinct_count,
    };
    golden->missing_fields &= ~(1ULL << f);
  }
}

void golden_tag(const struct golden_plan *plan, struct arena *arena, struct golden_record *golden) {
  const struct job *job = plan->job;
  if (!job->has_tags && !plan->has_orders) return;
  const struct job_tags *tags = job_tags_of(job);
  struct tag_facts facts;
  tag_facts_collect(plan, golden->members, golden->member_count, arena, &facts);
  derive_state(plan, tags, &facts, golden);
  if (!job->has_tags) return;
  uint32_t bits = tag_evaluate(tags, &facts);
  for (uint32_t t = 0; t < TAG_COUNT; t++) {
    if (!(bits & 1u << t)) continue;
    struct golden_tag *tag = &golden->tags[golden->tag_count++];
    tag->name = tag_name(tags, (enum tag_id)t, arena);
    tag->reason = reason_of_tag(tags, &facts, (enum tag_id)t, arena);
  }
  struct tag_score score;
  tag_score(tags, &facts, bits, &score);
  golden->score = score.score;
  golden->tier = tag_tier(tags, score.score);
  golden->score_reason = reason_of_score(tags, &score, arena);
}
