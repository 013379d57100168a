#include <math.h>
#include <stdio.h>

#include "cli/report_html.h"
#include "cli/report_page.h"
#include "cli/report_words.h"
#include "worker/decision.h"

enum {
  WEIGHT_BAR_WIDTH = 300,
  CHART_WIDTH = 900,
  CHART_HEIGHT = 240,
  CHART_LEFT = 60,
  CHART_RIGHT = 10,
  CHART_TOP = 26,
  CHART_BOTTOM = 46
};

static double bits(int32_t weight) { return weight / (double)WEIGHT_BIT; }

/* ---- weights of levels ---- */

static int32_t greatest_weight(const struct model *model) {
  int32_t most = WEIGHT_BIT;
  for (uint32_t c = 0; c < model->comparison_count; c++)
    for (unsigned n = 0; n < MODEL_NIBBLES; n++) {
      int32_t size = model->weight[c][n] < 0 ? -model->weight[c][n] : model->weight[c][n];
      if (size > most) most = size;
    }
  return most;
}

/* To the right of the middle what speaks for one person, to the left what speaks against it. */
static void weight_bar(struct buffer *out, int32_t weight, int32_t most) {
  double middle = WEIGHT_BAR_WIDTH / 2.0, length = fabs((double)weight) / most * middle;
  buffer_printf(out,
                "<td class=\"b\"><svg viewBox=\"0 0 %d 10\" preserveAspectRatio=\"none\" "
                "aria-hidden=\"true\"><rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" "
                "height=\"10\"/><line class=\"zero\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" "
                "y2=\"10\"/></svg></td>",
                WEIGHT_BAR_WIDTH, weight < 0 ? "against" : "accept",
                weight < 0 ? middle - length : middle, length, middle, middle);
}

/* Per cent, and below a thousandth of one per cent one in how many. */
static void share_cell(struct buffer *out, uint32_t ppb) {
  enum { ONE_IN_BELOW_PPB = 10000 };
  buffer_append_string(out, "<td class=\"n\">");
  if (ppb == 0) {
    buffer_append_string(out, "–");
  } else if (ppb >= ONE_IN_BELOW_PPB) {
    buffer_printf(out, ppb >= 1000000 ? "%.1f %%" : "%.3f %%", ppb / 1e7);
  } else {
    uint64_t one_in = 1000000000 / ppb, unit = 1;
    while (one_in / unit >= 100) unit *= 10;
    buffer_append_string(out, "1 / ");
    page_count(out, one_in / unit * unit);
  }
  buffer_append_string(out, "</td>");
}

static void weight_cells(struct buffer *out, int32_t weight, int32_t most) {
  buffer_printf(out, "<td class=\"n\">%+.1f</td>", bits(weight));
  weight_bar(out, weight, most);
  buffer_append_string(out, "</tr>\n");
}

static void level_cell(struct buffer *out, const char *name) {
  const char *english, *chinese = report_words_level(name, &english);
  buffer_append_string(out, "<td>");
  page_both(out, chinese ? chinese : name, english);
  buffer_append_string(out, "</td>");
}

static void exact_cell(struct buffer *out, const struct plan *plan, uint32_t c, unsigned bucket) {
  if (plan->comparisons[c].identifier_rule >= 0) {
    level_cell(out, decision_nibble_name(plan, c, PATTERN_EXACT + bucket));
    return;
  }
  unsigned long long one_in = 1ull << (PATTERN_BUCKET_BITS * bucket + 2);
  buffer_printf(out,
                "<td><span class=\"zh\">相同，约每 %llu 条有一条</span><span class=\"en\" "
                "lang=\"en\">agrees, held by one in %llu</span></td>",
                one_in, one_in);
}

/* Bit n: nibble n of the comparison occurs among the compared pairs. */
static uint32_t nibbles_seen(const struct run_state *run, uint32_t c) {
  uint32_t seen = 0;
  for (uint32_t p = 0; p < PLAN_PARTITIONS; p++)
    for (uint32_t i = 0; i < run->compared[p].pattern_count; i++)
      seen |= 1u << pattern_level(run->compared[p].patterns[i].pattern, c);
  return seen;
}

/* Agreement told apart: by who shares an identifier, or by how rare the value is. */
static void write_exact(const struct report_input *in, uint32_t c, int32_t most,
                        struct buffer *out) {
  const struct model *model = &in->run->model;
  uint32_t seen = nibbles_seen(in->run, c);
  bool is_first = true;
  for (unsigned nibble = PATTERN_EXACT; nibble < MODEL_NIBBLES; nibble++) {
    if (!(seen >> nibble & 1)) continue;
    buffer_append_string(out, "<tr><td></td>");
    exact_cell(out, &in->run->plan, c, nibble - PATTERN_EXACT);
    if (is_first) {
      share_cell(out, model->m_ppb[c][PATTERN_EXACT]);
      share_cell(out, model->u_ppb[c][PATTERN_EXACT]);
    } else {
      buffer_append_string(out, "<td></td><td></td>");
    }
    weight_cells(out, model->weight[c][nibble], most);
    is_first = false;
  }
}

static void write_comparison(const struct report_input *in, uint32_t c, int32_t most,
                             struct buffer *out) {
  const struct model *model = &in->run->model;
  const struct model_comparison *comparison = &in->spec->comparisons[c];
  static const char *const origins[][2] = {
      [MODEL_FROM_PRIOR] = {"先验（数据太少）", "prior: too little data"},
      [MODEL_TRAINED] = {"由数据训练", "trained on the data"},
      [MODEL_FIXED] = {"任务文件规定", "fixed by the job"}};
  buffer_append_string(out, "<tr><td colspan=\"6\"><b>");
  page_text(out, comparison->field);
  buffer_append_string(out, "</b> <span class=\"tag\">");
  page_both(out, origins[model->origin[c]][0], origins[model->origin[c]][1]);
  buffer_append_string(out, "</span></td></tr>\n");
  for (unsigned level = PATTERN_DIFFER; level < PATTERN_EXACT; level++) {
    if (comparison->level_names[level].size == 0) continue;
    buffer_append_string(out, "<tr><td></td>");
    level_cell(out, decision_nibble_name(&in->run->plan, c, level));
    share_cell(out, model->m_ppb[c][level]);
    share_cell(out, model->u_ppb[c][level]);
    weight_cells(out, model->weight[c][level], most);
  }
  write_exact(in, c, most, out);
}

static void write_weights(const struct report_input *in, struct buffer *out) {
  static const struct page_column columns[] = {{"字段", "field", false},
                                               {"比较结果", "what was found", false},
                                               {"同一人中 m", "m: of one person", true},
                                               {"不同人中 u", "u: of two people", true},
                                               {"权重（比特）", "weight, bits", true},
                                               {"← 不像 · 像同一人 →", "← against · for →", false}};
  page_section(out, "weights", "每项证据值多少", "What each piece of evidence is worth");
  page_note(
      out,
      "m：同一人的两条记录出现这种结果的机会；u：不同的人碰巧出现的机会。权重 = log₂(m/u)："
      "+1 比特使“是同一人”的可能性比翻倍，−1 减半；越少见的值相同，越有说服力；m、u "
      "写在“相同”的第一行，对各种“相同”合计。结果"
      "按越来越像排列，权重不许倒退：数据太少而倒退的相邻结果取共同的平均。空值不加不减。",
      "m: how often two records of one person look like this; u: how often two people do by "
      "chance. Weight = log₂(m/u): each bit up doubles the odds of one person, each bit down "
      "halves them. Agreeing on a rare value says more; m and u of agreement stand "
      "on its first line, for all values together. Outcomes are listed from unlike to like, and "
      "weights may not fall on the way: neighbours that would, for lack of data, share their "
      "mean. A missing value says nothing.");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  int32_t most = greatest_weight(&in->run->model);
  for (uint32_t c = 0; c < in->spec->comparison_count; c++) write_comparison(in, c, most, out);
  page_table_end(out);
  page_section_end(out);
}

/* ---- histogram ---- */

static double x_of(const struct report_histogram *h, double weight) {
  double width = CHART_WIDTH - CHART_LEFT - CHART_RIGHT;
  return CHART_LEFT + (weight - h->low) / ((double)h->bin_count * h->step) * width;
}

/* The height of a count on a logarithmic axis: one pair is still to be seen. */
static double height_of(const struct report_histogram *h, double count) {
  double top = log10((double)h->most) + 0.4;
  return count < 1 ? 0 : (log10(count) + 0.4) / (top + 0.0001) * CHART_HEIGHT;
}

static void histogram_axes(const struct report_histogram *h, struct buffer *out) {
  int base = CHART_TOP + CHART_HEIGHT;
  for (uint64_t count = 1; count <= h->most; count *= 10) {
    double y = base - height_of(h, (double)count);
    char number[64];
    struct buffer text = {0};
    page_count(&text, count);
    snprintf(number, sizeof number, "%s", buffer_string(&text));
    buffer_release(&text);
    buffer_printf(
        out,
        "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%d\" "
        "y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
        CHART_LEFT, CHART_WIDTH - CHART_RIGHT, y, y, CHART_LEFT - 6, y + 4, number);
    if (count > h->most / 10) break;
  }
  int32_t every = h->step / WEIGHT_BIT * (h->bin_count > 30 ? 5 : 2);
  if (every < 5) every = 5;
  double end = h->low + (double)h->bin_count * h->step;
  for (int32_t bit = (int32_t)ceil(bits(h->low) / every) * every; bit * (double)WEIGHT_BIT <= end;
       bit += every)
    buffer_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>\n",
                  x_of(h, bit * (double)WEIGHT_BIT), base + 18, bit);
  buffer_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", CHART_WIDTH - CHART_RIGHT,
                base + 38);
  buffer_append_string(
      out,
      "<tspan class=\"zh\">总权重（比特）</tspan><tspan class=\"en\"> total weight, "
      "bits</tspan></text>\n");
}

static void threshold_line(const struct report_histogram *h, int32_t weight, const char *chinese,
                           const char *english, bool to_left, struct buffer *out) {
  double x = x_of(h, weight);
  if (x < CHART_LEFT || x > CHART_WIDTH) return;
  buffer_printf(out,
                "<line class=\"threshold\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
                "<text x=\"%.1f\" y=\"14\" text-anchor=\"%s\"><tspan class=\"zh\">%s</tspan><tspan "
                "class=\"en\"> %s</tspan> %.1f</text>\n",
                x, x, CHART_TOP - 8, CHART_TOP + CHART_HEIGHT, to_left ? x - 4 : x + 4,
                to_left ? "end" : "start", chinese, english, bits(weight));
}

static void write_histogram(const struct model *model, const struct report_histogram *h,
                            struct buffer *out) {
  buffer_printf(out, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\">\n", CHART_WIDTH,
                CHART_TOP + CHART_HEIGHT + CHART_BOTTOM);
  histogram_axes(h, out);
  double width = (double)(CHART_WIDTH - CHART_LEFT - CHART_RIGHT) / h->bin_count;
  for (uint32_t b = 0; b < h->bin_count; b++) {
    if (h->bins[b] == 0) continue;
    int64_t from = h->low + (int64_t)b * h->step;
    const char *class = from >= model->accept_weight            ? "accept"
                        : from + h->step > model->review_weight ? "review"
                                                                : "reject";
    double height = height_of(h, (double)h->bins[b]);
    buffer_printf(out,
                  "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
                  "<title>%+.1f … %+.1f: %llu</title></rect>\n",
                  class, CHART_LEFT + b * width, CHART_TOP + CHART_HEIGHT - height,
                  width > 3 ? width - 1 : width, height, (double)from / WEIGHT_BIT,
                  (double)(from + h->step) / WEIGHT_BIT, (unsigned long long)h->bins[b]);
  }
  threshold_line(h, model->accept_weight, "合并", "merge from", false, out);
  if (model->review_weight < model->accept_weight)
    threshold_line(h, model->review_weight, "核对", "review from", true, out);
  buffer_append_string(out, "</svg>\n");
}

static void legend(struct buffer *out, const char *color, const char *chinese, const char *english,
                   uint64_t pairs) {
  buffer_printf(out, "<span class=\"key\" style=\"background:var(--%s)\"></span>", color);
  page_both(out, chinese, english);
  buffer_append_string(out, " <b>");
  page_count(out, pairs);
  buffer_append_string(out, "</b>");
}

static void write_pair_weights(const struct report_input *in, const struct report_histogram *h,
                               struct buffer *out) {
  const struct model *model = &in->run->model;
  page_section(out, "histogram", "各候选对的总权重", "Total weights of the candidate pairs");
  page_note(
      out,
      "总权重 = 先验 + 各字段权重之和。好的数据有两座山：左边是不同的人，右边是同一人，阈值在谷中。"
      "纵轴是对数刻度。颜色只看总权重：匹配规则和矛盾可以另作决定，"
      "已归为同一客户的对也不再送人工核对。",
      "Total weight = prior + the weights of all fields. Good data show two hills, different "
      "people to the left and one person to the right, with the thresholds in the valley "
      "between. The vertical axis is logarithmic. Colours go by the total weight alone: match "
      "rules and contradictions may decide otherwise, and nobody has to look at pairs whose "
      "records "
      "have come to one customer anyway.");
  buffer_append_string(out, "<p>");
  legend(out, "reject", "低于核对线", "below", h->low_pairs);
  legend(out, "review", "两阈值之间", "between the thresholds", h->review);
  legend(out, "accept", "达到合并线", "above", h->accept);
  buffer_append_string(out, "</p>\n");
  write_histogram(model, h, out);
  buffer_append_string(out, "<p>");
  page_both(out, "先验", "prior");
  buffer_printf(out, " <b>%+.1f</b> · ", bits(model->prior));
  page_both(out, "预期精确率", "expected precision");
  buffer_printf(out, " <b>%.2f %%</b> · ", model->expected_precision_ppm / 1e4);
  page_both(out, "预期召回率（在候选对中）", "expected recall, of the candidates");
  buffer_printf(out, " <b>%.2f %%</b> · ", model->expected_recall_ppm / 1e4);
  page_both(out, "由匹配规则直接决定的对", "pairs decided by a match rule");
  buffer_append_string(out, " <b>");
  page_count(out, h->by_rule);
  buffer_append_string(out, "</b></p>\n");
  page_note(
      out, "预期值是模型对自己的估计，只在模型成立时准确；有真值时请用 guiyi evaluate 检验。",
      "Expected figures are what the model thinks of itself, right only if the model is; with "
      "known truth, guiyi evaluate measures them.");
  page_section_end(out);
}

void report_html_model(const struct report_input *in, const struct report_figures *figures,
                       struct buffer *out) {
  write_weights(in, out);
  write_pair_weights(in, &figures->histogram, out);
}
