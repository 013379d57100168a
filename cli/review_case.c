/* One case, or many, as text and as JSON; cases decided alike. */
#include <inttypes.h>

#include "cli/pair_explanation.h"
#include "cli/review_screen.h"
#include "cli/text_table.h"
#include "common/number_write.h"
#include "worker/exports/review_csv.h"

static const char *say(const struct review_session *s, const char *english, const char *chinese) {
  return language_say(s->language, english, chinese);
}

static enum err find_side(const struct review_session *s, const struct review_case *item, int side,
                          struct pair_explanation *pair, struct failure *failure) {
  struct named_customer *named = &pair->sides[side];
  uint32_t member = 0;
  enum err err = generation_get_by_key(s->open->generation, item->records[side], pair->arena,
                                       &named->stored, &member, failure);
  named->member = (int32_t)member;
  return err ? err
             : open_generation_golden(s->open, &named->stored, pair->arena, &named->golden,
                                      failure);
}

/* In the arena. */
static enum err explain_case(const struct review_session *s, const struct review_case *item,
                             struct arena *arena, struct pair_explanation **out,
                             struct failure *failure) {
  static const struct fact_list nothing; /* what is open was not decided */
  struct pair_explanation *pair = arena_alloc_zeroed(arena, sizeof *pair);
  *pair = (struct pair_explanation){
      .open = s->open, .facts = &nothing, .language = s->language, .arena = arena};
  *out = pair;
  enum err err = find_side(s, item, 0, pair, failure);
  if (!err) err = find_side(s, item, 1, pair, failure);
  if (!err) pair_explanation_make(pair);
  return err;
}

static const char *reason_words(const struct review_session *s, uint8_t reason) {
  switch (reason) {
    case REVIEW_UNCERTAIN:
      return say(s, "the score is between the thresholds", "得分在两个阈值之间");
    case REVIEW_CONSTRAINT:
      return say(s, "they match, but the customers contradict each other",
                 "匹配，但两个客户有矛盾");
    case REVIEW_COHESION:
      return say(s, "they match, but over all records too much disagrees", "匹配，但整体不合");
    case REVIEW_SIZE:
      return say(s, "they match, but the customer would be too large", "匹配，但合并后过大");
    case REVIEW_RULE:
      return say(s, "a match rule wants a look", "匹配规则要求人工核对");
    case REVIEW_HOUSEHOLD:
      return say(s, "uncertain, perhaps one household", "不确定，可能是同一家庭");
    default:
      return "";
  }
}

static void print_customer(const struct review_session *s, const struct pair_explanation *pair,
                           int side, struct buffer *out) {
  const struct golden_record *g = pair->sides[side].golden;
  char id[32];
  customer_id_format(pair->sides[side].stored.customer_id, id);
  buffer_printf(out,
                say(s, "  %c  %s in customer %s: %u record%s", "  %c  %s，客户 %s，共 %u 条记录%s"),
                "AB"[side], pair -> names[side], id, g -> member_count,
                say(s, g->member_count == 1 ? "" : "s", ""));
  if (g->score >= 0) buffer_printf(out, say(s, ", score %d %s", "，评分 %d %s"), g->score, g->tier);
  for (uint32_t t = 0; t < g->tag_count; t++)
    buffer_printf(out, "%s%s", t ? say(s, ", ", "、") : say(s, "; ", "；"), g->tags[t].name);
  buffer_append_char(out, '\n');
}

/* Fields that are not compared, where one of the two has a value. */
static void print_attributes(const struct review_session *s, const struct pair_explanation *pair,
                             struct buffer *out) {
  struct text_table table = {.column_count = 3};
  const struct job *job = &s->open->job;
  for (uint32_t f = 0; f < job->field_count; f++) {
    if (s->open->plan.comparison_of_field[f] >= 0) continue;
    struct bytes values[2];
    for (int side = 0; side < 2; side++)
      values[side] = open_generation_value(
          s->open, f, pair->sides[side].stored.members[pair->members[side]].values[f].text,
          pair->arena);
    if (values[0].size + values[1].size == 0) continue;
    text_table_add(&table, job->fields[f].name);
    text_table_add(&table, values[0]);
    text_table_add(&table, values[1]);
  }
  if (table.cell_count) {
    buffer_printf(out, "\n%s\n", say(s, "not compared:", "未参与比较："));
    text_table_print(&table, 2, out);
  }
  text_table_release(&table);
}

/* What the customers' other records know of fields that one of the two records lacks. */
static void print_customers(const struct review_session *s, const struct pair_explanation *pair,
                            struct buffer *out) {
  struct text_table table = {.column_count = 3};
  for (uint32_t c = 0; c < s->open->plan.comparison_count; c++) {
    uint32_t f = s->open->plan.comparisons[c].field;
    if (pair->explanation.comparisons[c].nibble != PATTERN_MISSING) continue;
    struct bytes values[2];
    for (int side = 0; side < 2; side++)
      values[side] =
          open_generation_value(s->open, f, pair->sides[side].golden->values[f].text, pair->arena);
    if (values[0].size == 0 || values[1].size == 0) continue;
    text_table_add(&table, s->open->job.fields[f].name);
    text_table_add(&table, values[0]);
    text_table_add(&table, values[1]);
  }
  if (table.cell_count) {
    buffer_printf(out, "\n%s\n",
                  say(s, "the customers, over all their records:", "两个客户的全部记录合起来："));
    text_table_print(&table, 2, out);
  }
  text_table_release(&table);
}

static void print_probability(int32_t weight, struct buffer *out) {
  char room[NUMBER_DECIMAL_BYTES_MAX];
  char *end = export_put_weight(room, weight);
  buffer_printf(out, "%s%.*s", weight > 0 ? "+" : "", (int)(end - room), room);
  end = export_put_probability(room, weight);
  buffer_printf(out, " (p %.*s)", (int)(end - room > 5 ? 5 : end - room), room);
}

enum err review_case_print(const struct review_session *s, const struct review_case *item,
                           struct arena *arena, struct buffer *out, struct failure *failure) {
  struct pair_explanation *pair;
  enum err err = explain_case(s, item, arena, &pair, failure);
  if (err) return err;
  buffer_printf(out, "%s: %s; ", say(s, "why it is asked", "核对原因"),
                reason_words(s, item->reason));
  print_probability(item->weight, out);
  buffer_append_char(out, '\n');
  for (int side = 0; side < 2; side++) print_customer(s, pair, side, out);
  const char *outcome = pair_explanation_outcome(pair);
  if (*outcome) buffer_printf(out, "%s\n", outcome);
  for (int against = 0; against < 2; against++) {
    const char *evidence = pair_explanation_evidence(pair, against);
    if (*evidence)
      buffer_printf(out, "%s %s\n",
                    against ? say(s, "against:", "反对：") : say(s, "for:", "支持："), evidence);
  }
  buffer_append_char(out, '\n');
  pair_explanation_print_fields(pair, out);
  print_customers(s, pair, out);
  print_attributes(s, pair, out);
  return ERR_OK;
}

/* ---- many ---- */

static bool is_shown(const struct review_session *s, uint64_t shown) {
  return s->limit == 0 || shown < s->limit;
}

static void json_case(const struct review_session *s, const struct review_case *item,
                      struct pair_explanation *pair, struct json_writer *w) {
  char room[JOB_COMPARISONS_MAX + 1];
  double odds = (double)item->weight / WEIGHT_BIT;
  json_object_begin(w);
  json_key(w, "priority"), json_decimal(w, item->priority, 3);
  json_key(w, "reason"), json_string(w, review_reason_name((enum review_reason)item->reason));
  json_key(w, "weight"), json_real(w, odds, 3);
  json_key(w, "pattern"), json_string(w, review_pattern(s->open, item->pattern, room));
  json_key(w, "records"), json_u64(w, (uint64_t)item->record_counts[0] + item->record_counts[1]);
  json_key(w, "score"), json_i64(w, item->score);
  json_key(w, "for"), json_string(w, pair_explanation_evidence(pair, false));
  json_key(w, "against"), json_string(w, pair_explanation_evidence(pair, true));
  json_key(w, "explanation"), pair_explanation_print_json(pair, w);
  json_object_end(w);
}

enum err review_cases_print_json(const struct review_session *s, struct buffer *out,
                                 struct failure *failure) {
  struct json_writer w = json_writer(out, true);
  struct arena arena = {0};
  enum err err = ERR_OK;
  uint64_t shown = 0;
  json_object_begin(&w);
  json_key(&w, "generation"), json_u64(&w, s->open->manifest->generation);
  json_key(&w, "open"), json_u64(&w, s->cases->open);
  json_key(&w, "decided"), json_u64(&w, s->cases->count - s->cases->open);
  json_key(&w, "cases");
  json_array_begin(&w);
  for (uint64_t i = 0; i < s->cases->count && is_shown(s, shown) && !err; i++) {
    const struct review_case *item = &s->cases->items[i];
    struct pair_explanation *pair;
    if (item->is_decided) continue;
    arena_reset(&arena);
    err = explain_case(s, item, &arena, &pair, failure);
    if (!err) json_case(s, item, pair, &w);
    shown++;
  }
  json_array_end(&w);
  json_object_end(&w);
  arena_release(&arena);
  return err;
}

enum err review_cases_preview(const struct review_session *s, struct buffer *out,
                              struct failure *failure) {
  enum { EXAMPLES = 5 };
  struct arena arena = {0};
  enum err err = ERR_OK;
  uint64_t shown = 0, records = 0;
  for (uint64_t i = 0; i < s->cases->count; i++)
    if (!s->cases->items[i].is_decided)
      records += s->cases->items[i].record_counts[0] + s->cases->items[i].record_counts[1];
  buffer_printf(out,
                say(s, "%" PRIu64 " open pairs of customers with %" PRIu64 " records; the first:\n",
                    "%" PRIu64 " 对待核对，共 %" PRIu64 " 条记录；前几对：\n"),
                s->cases->open, records);
  for (uint64_t i = 0; i < s->cases->count && shown < EXAMPLES && !err; i++) {
    struct pair_explanation *pair;
    if (s->cases->items[i].is_decided) continue;
    arena_reset(&arena);
    err = explain_case(s, &s->cases->items[i], &arena, &pair, failure);
    if (err) break;
    shown++;
    buffer_printf(out, "  %s %s %s\n    %s %s\n", pair->names[0], say(s, "and", "和"),
                  pair->names[1], pair_explanation_evidence(pair, false),
                  pair_explanation_evidence(pair, true));
  }
  arena_release(&arena);
  return err;
}

enum err review_cases_decide(const struct review_session *s, enum pair_kind kind,
                             struct arena *arena, struct fact **facts, uint32_t *count,
                             struct failure *failure) {
  struct arena scratch = {0};
  enum err err = ERR_OK;
  *count = 0;
  if (s->cases->open > FACT_BATCH_MAX)
    return failure_set(failure, ERR_LIMIT,
                       "%" PRIu64 " pairs at once are too many, the limit is %d: filter more",
                       s->cases->open, FACT_BATCH_MAX);
  *facts = arena_alloc(arena, s->cases->open * sizeof **facts);
  for (uint64_t i = 0; i < s->cases->count && !err; i++) {
    struct pair_explanation *pair;
    if (s->cases->items[i].is_decided) continue;
    arena_reset(&scratch);
    err = explain_case(s, &s->cases->items[i], &scratch, &pair, failure);
    if (!err)
      err = review_fact_make(s->open, kind, &pair->sides[0].stored.members[pair->members[0]],
                             &pair->sides[1].stored.members[pair->members[1]], s->author, arena,
                             &(*facts)[*count], failure);
    if (!err) ++*count;
  }
  arena_release(&scratch);
  return err;
}
