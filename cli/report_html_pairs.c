#include <stdlib.h>
#include <string.h>

#include "cli/report_html.h"
#include "cli/report_page.h"
#include "cli/report_pairs.h"
#include "cli/report_words.h"
#include "common/memory.h"
#include "common/record.h"
#include "worker/field_mask.h"
#include "worker/fields/mask.h"
#include "worker/stages/explain.h"

enum { STEP_WIDTH = 300, DIGITS_SHOWN_MAX = 6, YEAR_DIGITS = 4 };

/* How the running sum of a pair is drawn: one scale for all of its rows. */
struct scale {
  int32_t low, high;
};

static double x_of(const struct scale *s, int32_t weight) {
  return (double)(weight - s->low) / (s->high - s->low) * STEP_WIDTH;
}

static void take_in(struct scale *s, int32_t weight) {
  if (weight < s->low) s->low = weight;
  if (weight > s->high) s->high = weight;
}

static struct scale scale_of(const struct explanation *e) {
  struct scale s = {0, 0};
  int32_t sum = e->prior;
  take_in(&s, sum);
  take_in(&s, e->accept_weight);
  for (uint32_t c = 0; c < e->comparison_count; c++) take_in(&s, sum += e->comparisons[c].weight);
  s.low -= WEIGHT_BIT;
  s.high += WEIGHT_BIT;
  return s;
}

/* One step of the sum, from `from` to `to`; the dark line is where merging begins. */
static void step_cell(struct buffer *out, const struct scale *s, const struct explanation *e,
                      int32_t from, int32_t to, const char *class) {
  double a = x_of(s, from < to ? from : to), b = x_of(s, from < to ? to : from);
  double zero = x_of(s, 0), accept = x_of(s, e->accept_weight);
  buffer_printf(out,
                "<td class=\"b\"><svg viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" "
                "aria-hidden=\"true\"><line class=\"zero\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" "
                "y2=\"10\"/><rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/><line "
                "class=\"merge\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"10\"/></svg></td>",
                STEP_WIDTH, zero, zero, class, a,
                from == to  ? 0
                : b - a < 1 ? 1
                            : b - a,
                accept, accept);
}

/* A long run of digits or an e-mail address: somebody's number, whatever type the column was taken
 * for. */
static bool looks_personal(struct bytes text) {
  unsigned digits = 0;
  bool has_star = false, has_at = false;
  for (size_t i = 0; i < text.size; i++) {
    digits = text.data[i] >= '0' && text.data[i] <= '9' ? digits + 1 : 0;
    if (digits > DIGITS_SHOWN_MAX) return true;
    has_star |= text.data[i] == '*';
    has_at |= text.data[i] == '@';
  }
  return has_at && !has_star;
}

/* Types that lists show in clear (dates, companies) keep only their beginning; codes such as the
 * sex are shown. */
struct bytes report_mask(const struct plan *plan, uint32_t field, struct bytes value,
                         struct arena *arena) {
  struct bytes shown = field_mask(plan, field, value, arena);
  enum field_type_id type = plan->job->fields[field].type;
  if (bytes_equal(shown, value) && type != FIELD_TYPE_CATEGORY)
    shown = mask_keep(value, type == FIELD_TYPE_DATE ? YEAR_DIGITS : 2, 0, arena);
  return looks_personal(shown) ? mask_all(shown, arena) : shown;
}

static void value_cell(struct buffer *out, const struct plan *plan, uint32_t field,
                       const struct record_value *value, struct arena *arena) {
  struct bytes shown = report_mask(plan, field, value->text, arena);
  struct buffer parts = {0};
  for (size_t i = 0; i < shown.size; i++)
    buffer_append_char(&parts, shown.data[i] == RECORD_VALUE_SEPARATOR ? ';' : shown.data[i]);
  page_value_cell(out, buffer_bytes(&parts));
  buffer_release(&parts);
}

static void level_cell(struct buffer *out, const struct explain_comparison *c) {
  const char *english, *chinese = report_words_level(c->level, &english);
  buffer_append_string(out, "<td>");
  page_both(out, chinese ? chinese : c->level, english);
  if (c->share_bits > 0)
    buffer_printf(out, " <span class=\"tag\">1 / %llu</span>", 1ull << c->share_bits);
  buffer_append_string(out, "</td>");
}

struct pair_view {
  const struct run_state *run;
  const struct report_pair *pair;
  const struct explanation *explanation;
  struct record_view a, b;
  struct arena arena;
};

static void sum_row(struct buffer *out, const struct pair_view *v, const struct scale *s,
                    const char *chinese, const char *english, int32_t from, int32_t to,
                    const char *class) {
  buffer_append_string(out, "<tr><td colspan=\"4\">");
  page_both(out, chinese, english);
  buffer_printf(out, "</td><td class=\"n\"><b>%+.1f</b></td>", (to - from) / (double)WEIGHT_BIT);
  step_cell(out, s, v->explanation, from, to, class);
  buffer_append_string(out, "</tr>\n");
}

static void write_steps(struct pair_view *v, struct buffer *out) {
  static const struct page_column columns[] = {
      {"字段", "field", false},       {"记录 A", "record A", false},
      {"记录 B", "record B", false},  {"比较结果", "what was found", false},
      {"权重", "weight, bits", true}, {"累计", "running sum", false}};
  const struct explanation *e = v->explanation;
  struct scale s = scale_of(e);
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  sum_row(out, v, &s, "先验：随便两条记录", "prior: any two records", 0, e->prior, "reject");
  int32_t sum = e->prior;
  for (uint32_t c = 0; c < e->comparison_count; c++) {
    const struct explain_comparison *comparison = &e->comparisons[c];
    uint32_t field = v->run->plan.comparisons[c].field;
    if (v->a.values[field].text.size == 0 && v->b.values[field].text.size == 0) continue;
    buffer_append_string(out, "<tr>");
    page_text_cell(out, comparison->field);
    value_cell(out, &v->run->plan, field, &v->a.values[field], &v->arena);
    value_cell(out, &v->run->plan, field, &v->b.values[field], &v->arena);
    level_cell(out, comparison);
    if (comparison->nibble == PATTERN_MISSING)
      buffer_append_string(out, "<td class=\"n\">0</td>");
    else
      buffer_printf(out, "<td class=\"n\">%+.1f</td>", comparison->weight / (double)WEIGHT_BIT);
    step_cell(out, &s, e, sum, sum + comparison->weight,
              comparison->weight < 0 ? "against" : "accept");
    buffer_append_string(out, "</tr>\n");
    sum += comparison->weight;
  }
  sum_row(out, v, &s, "总权重", "total", 0, sum,
          sum >= e->accept_weight   ? "accept"
          : sum >= e->review_weight ? "review"
                                    : "reject");
  page_table_end(out);
}

static const char *file_name_of(const struct run_state *run, const struct record_view *record) {
  const char *path = run->files[record->header->file].path, *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void write_places(const struct pair_view *v, struct buffer *out) {
  const struct record_view *sides[] = {&v->a, &v->b};
  buffer_append_string(out, "<p class=\"note\">");
  for (unsigned side = 0; side < 2; side++) {
    buffer_printf(out, "%s%c = <code>", side ? " · " : "", 'A' + (int)side);
    page_string(out, file_name_of(v->run, sides[side]));
    buffer_printf(out, ":%llu</code>", (unsigned long long)sides[side]->header->line);
  }
  buffer_append_string(out, "</p>\n");
}

static void write_contradiction(const struct pair_view *v, struct buffer *out) {
  const struct contradiction *c = &v->explanation->contradiction;
  if (c->comparison < 0) return;
  page_both(out, "两个值都确定且互相排斥，绝不合并：",
            "Both values are certain and exclude each other, so never one customer:");
  buffer_append_string(out, " <b>");
  page_text(out, v->explanation->comparisons[c->comparison].field);
  if (c->second >= 0) {
    buffer_append_string(out, " + ");
    page_text(out, v->explanation->comparisons[c->second].field);
  }
  buffer_append_string(out, "</b>. ");
}

static void write_decision(const struct pair_view *v, struct buffer *out) {
  const struct explanation *e = v->explanation;
  const struct cluster_output *clusters = &v->run->clusters;
  bool is_one = clusters->entity[v->pair->a] == clusters->entity[v->pair->b];
  buffer_append_string(out, "<p>→ <b>");
  if (is_one)
    page_both(out, "同一客户", "One customer");
  else
    page_both(out, "不同客户", "Two customers");
  buffer_append_string(out, "</b>. ");
  if (e->verdict == EXPLAIN_CONTRADICTION) write_contradiction(v, out);
  if (e->verdict == EXPLAIN_RULE) {
    page_both(out, "由匹配规则决定：", "Decided by the match rule");
    buffer_append_string(out, " <b>");
    page_text(out, v->run->plan.match_rules[e->decision.rule].id);
    buffer_append_string(out, "</b>. ");
  }
  if (e->verdict == EXPLAIN_SCORE)
    buffer_printf(out,
                  "<span class=\"zh\">总权重 %.3f，合并阈值 %.3f。</span><span class=\"en\" "
                  "lang=\"en\">Total %.3f, merging begins at %.3f.</span>",
                  e->decision.score / (double)WEIGHT_BIT, e->accept_weight / (double)WEIGHT_BIT,
                  e->decision.score / (double)WEIGHT_BIT, e->accept_weight / (double)WEIGHT_BIT);
  buffer_append_string(out, "</p>\n");
}

static const char *const titles[REPORT_PAIR_KINDS][2] = {
    [REPORT_PAIR_STRONG] = {"最有把握的合并", "The surest merge"},
    [REPORT_PAIR_DESPITE] = {"有字段不同，仍然合并", "Merged although a field differs"},
    [REPORT_PAIR_BARELY_ACCEPTED] = {"刚刚够合并", "Barely merged"},
    [REPORT_PAIR_BARELY_REJECTED] = {"差一点就合并", "Barely not merged"},
    [REPORT_PAIR_SAME_NAME] = {"同名但不是同一人", "One name, two people"},
    [REPORT_PAIR_CONSTRAINT] = {"因矛盾而分开", "Kept apart by a contradiction"},
    [REPORT_PAIR_COHESION] = {"因整体不合而分开", "Kept apart by the rest of their groups"},
    [REPORT_PAIR_HOUSEHOLD] = {"同一家庭，不是同一人", "One household, two people"},
};

static void write_pair(const struct run_state *run, unsigned kind, const struct report_pair *pair,
                       struct buffer *out) {
  struct explanation *explanation = memory_new_zeroed(1, sizeof *explanation);
  struct pair_view *v = memory_new_zeroed(1, sizeof *v);
  uint32_t fields = run->plan.job->field_count;
  explain_pair(&run->plan, &run->model, run_state_row(run, pair->a), run_state_row(run, pair->b),
               explanation);
  v->run = run;
  v->pair = pair;
  v->explanation = explanation;
  record_view_of(run_state_record(run, pair->a), fields, &v->a);
  record_view_of(run_state_record(run, pair->b), fields, &v->b);
  buffer_append_string(out, "<div class=\"pair\">");
  page_heading(out, titles[kind][0], titles[kind][1]);
  write_places(v, out);
  write_steps(v, out);
  write_decision(v, out);
  buffer_append_string(out, "</div>\n");
  arena_release(&v->arena);
  free(v);
  free(explanation);
}

void report_html_pairs(const struct report_input *in, struct buffer *out) {
  struct report_pair pairs[REPORT_PAIR_KINDS];
  report_pairs_choose(in->run, pairs);
  page_section(out, "pairs", "几个例子，一步一步看", "Some pairs, step by step");
  page_note(
      out,
      "从先验出发，每个字段把总权重往右（像同一人）或往左（不像）推；深色竖线是合并阈值。"
      "1 / n 表示大约每 n 条记录一条有此值。值已打码。",
      "Starting from the prior, each field pushes the sum to the right (one person) or to the "
      "left; the dark line is where merging begins. 1 / n: about one record in n has the "
      "value. Values are masked.");
  for (unsigned kind = 0; kind < REPORT_PAIR_KINDS; kind++)
    if (pairs[kind].found) write_pair(in->run, kind, &pairs[kind], out);
  page_section_end(out);
}
