#include "cli/evaluation_html.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"

enum { CHART_WIDTH = 760, CHART_HEIGHT = 260, CHART_LEFT = 50, CHART_TOP = 16 };

static const char page_head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
    "<title>Evaluation</title>\n<style>\n"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1f24;background:#fff}\n"
    "table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.2rem .8rem;text-align:right;"
    "border-bottom:1px solid #d8dee4}td:first-child,th:first-child{text-align:left}\n"
    "svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#424a53}\n"
    ".p{stroke:#0b62a8}.r{stroke:#b3450b}.f{stroke:#1a7f37}.l{fill:none;stroke-width:2}\n"
    ".t{fill:#1a7f37}.x{fill:#b3261e}.a{stroke:#8c959f;stroke-width:1}\n"
    "</style></head><body>\n<h1>Evaluation 评估</h1>\n";

/* Text inside an element. */
static void append_text(struct buffer *out, struct bytes text) {
  for (size_t i = 0; i < text.size; i++) switch (text.data[i]) {
      case '&':
        buffer_append_string(out, "&amp;");
        break;
      case '<':
        buffer_append_string(out, "&lt;");
        break;
      default:
        buffer_append_char(out, text.data[i]);
    }
}

static void append_figures(const struct evaluation_page *page, struct buffer *out) {
  const struct evaluation_figures *f = page->figures;
  buffer_printf(
      out,
      "<p>%u records, %u true entities, %u clusters (%u of them exact, the largest has %u "
      "records).</p>\n",
      page->record_count, page->entity_count, page->cluster_count, f->exact_clusters,
      f->largest_cluster);
  buffer_append_string(out,
                       "<table><tr><th></th><th>precision 精确率</th><th>recall 召回率</th>"
                       "<th>F1</th></tr>\n");
  buffer_printf(out, "<tr><td>pairs 记录对</td><td>%.5f</td><td>%.5f</td><td>%.5f</td></tr>\n",
                f->pair_precision, f->pair_recall, f->pair_f1);
  buffer_printf(out, "<tr><td>B-cubed</td><td>%.5f</td><td>%.5f</td><td>%.5f</td></tr></table>\n",
                f->b3_precision, f->b3_recall, f->b3_f1);
}

static double x_of(uint32_t count, uint32_t i) {
  return CHART_LEFT + (count > 1 ? (double)i * CHART_WIDTH / (count - 1) : 0);
}

static void append_axes(const struct evaluation_point *points, uint32_t count, const char *left_top,
                        struct buffer *out) {
  buffer_printf(
      out,
      "<svg viewBox=\"0 0 %d %d\" role=\"img\"><path class=\"a\" fill=\"none\" d=\"M%d %dV%dH%d\"/>"
      "<text x=\"4\" y=\"%d\">%s</text><text x=\"30\" y=\"%d\">0</text>\n",
      CHART_LEFT + CHART_WIDTH + 20, CHART_TOP + CHART_HEIGHT + 40, CHART_LEFT, CHART_TOP,
      CHART_TOP + CHART_HEIGHT, CHART_LEFT + CHART_WIDTH, CHART_TOP + 4, left_top,
      CHART_TOP + CHART_HEIGHT);
  uint32_t step = count > 10 ? count / 10 : 1;
  for (uint32_t i = 0; i < count; i += step)
    buffer_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f</text>\n",
                  x_of(count, i), CHART_TOP + CHART_HEIGHT + 18, points[i].weight_bits);
  buffer_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">match weight, bits</text>\n",
                CHART_LEFT + CHART_WIDTH, CHART_TOP + CHART_HEIGHT + 36);
}

/* which: 0 precision, 1 recall, 2 F1 */
static double figure_at(const struct evaluation_point *point, uint64_t all_true, int which) {
  double precision = evaluation_ratio(point->true_pairs, point->pairs);
  double recall = evaluation_ratio(point->true_pairs, all_true);
  if (which == 2) return evaluation_f1(precision, recall);
  return which ? recall : precision;
}

static void append_threshold_chart(const struct evaluation_point *points, uint32_t count,
                                   uint64_t all_true, struct buffer *out) {
  static const char *const classes[] = {"p", "r", "f"};
  buffer_append_string(
      out,
      "<h2>If every pair at or above a weight were joined 阈值曲线</h2>\n<p><svg width=\"400\" "
      "viewBox=\"0 0 400 14\" style=\"max-width:400px\"><path class=\"l p\" d=\"M0 8h24\"/><text "
      "x=\"30\" y=\"12\">precision</text><path class=\"l r\" d=\"M110 8h24\"/><text x=\"140\" "
      "y=\"12\">recall</text><path class=\"l f\" d=\"M210 8h24\"/><text x=\"240\" "
      "y=\"12\">F1</text></svg></p>\n");
  append_axes(points, count, "1", out);
  for (int which = 0; which < 3; which++) {
    buffer_printf(out, "<path class=\"l %s\" d=\"", classes[which]);
    for (uint32_t i = 0; i < count; i++)
      buffer_printf(out, "%c%.1f %.1f", i ? 'L' : 'M', x_of(count, i),
                    CHART_TOP + CHART_HEIGHT * (1 - figure_at(&points[i], all_true, which)));
    buffer_append_string(out, "\"/>\n");
  }
  buffer_append_string(out, "</svg>\n");
}

/* The pairs of one step: what the cumulated counts have more than at the next. */
static uint64_t step_pairs(const struct evaluation_point *points, uint32_t count, uint32_t i,
                           bool is_true) {
  uint64_t here = is_true ? points[i].true_pairs : points[i].pairs - points[i].true_pairs;
  if (i + 1 == count) return here;
  const struct evaluation_point *next = &points[i + 1];
  return here - (is_true ? next->true_pairs : next->pairs - next->true_pairs);
}

static void append_weight_chart(const struct evaluation_point *points, uint32_t count,
                                struct buffer *out) {
  uint64_t most = 1;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t pairs = step_pairs(points, count, i, true) + step_pairs(points, count, i, false);
    if (pairs > most) most = pairs;
  }
  char label[32];
  snprintf(label, sizeof label, "%llu", (unsigned long long)most);
  buffer_append_string(
      out, "<h2>Match weights of true (green) and false (red) pairs 匹配权重分布</h2>\n");
  append_axes(points, count, label, out);
  double width = (double)CHART_WIDTH / (count ? count : 1);
  for (uint32_t i = 0; i < count; i++) {
    double up = CHART_TOP + CHART_HEIGHT;
    for (int is_true = 1; is_true >= 0; is_true--) {
      double height = (double)step_pairs(points, count, i, is_true) * CHART_HEIGHT / (double)most;
      if (height <= 0) continue;
      up -= height;
      buffer_printf(out,
                    "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                    is_true ? "t" : "x", CHART_LEFT + i * width, up, width, height);
    }
  }
  buffer_append_string(out, "</svg>\n");
}

static void append_classes(const struct evaluation_page *page, struct buffer *out) {
  buffer_append_string(out,
                       "<h2>Classes 按类</h2>\n<table><tr><th>class</th><th>records</th>"
                       "<th>true pairs</th><th>precision</th><th>recall</th></tr>\n");
  for (uint32_t c = 0; c < page->class_count; c++) {
    const struct evaluation_class *k = &page->classes[c];
    buffer_append_string(out, "<tr><td>");
    append_text(out, page->class_names[c]);
    buffer_printf(out, "</td><td>%llu</td><td>%llu</td><td>%.5f</td><td>%.5f</td></tr>\n",
                  (unsigned long long)k->records, (unsigned long long)k->true_pairs,
                  evaluation_ratio(k->common_pairs, k->predicted_pairs),
                  evaluation_ratio(k->common_pairs, k->true_pairs));
  }
  buffer_append_string(out, "</table>\n");
}

void evaluation_html(const struct evaluation_page *page, struct buffer *out) {
  buffer_append_string(out, page_head);
  append_figures(page, out);
  if (page->curve && page->curve->count) {
    struct evaluation_point *points = memory_new(EVALUATION_STEPS * sizeof *points);
    uint32_t count = evaluation_curve_points(page->curve, points);
    append_threshold_chart(points, count, page->figures->true_pairs, out);
    append_weight_chart(points, count, out);
    free(points);
  } else {
    buffer_append_string(out,
                         "<p>No curve: give --pairs with the pairs.csv of the run (guiyi run "
                         "--pairs writes it).</p>\n");
  }
  if (page->class_count) append_classes(page, out);
  buffer_append_string(out, "</body></html>\n");
}
