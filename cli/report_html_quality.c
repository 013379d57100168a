#include "cli/report_html.h"
#include "cli/report_page.h"
#include "cli/report_words.h"
#include "worker/exports/quality_json.h"

static void write_before_row(const struct report_input *in, const struct report_figures *f,
                             uint32_t source, uint32_t field, uint64_t read, struct buffer *out) {
  const struct job *job = in->run->plan.job;
  size_t cell = (size_t)source * job->field_count + field;
  const struct field_quality *q = &f->cells[cell];
  if (q->filled == 0) return;
  struct page_part parts[] = {{(double)q->valid, "accept"},
                              {(double)q->fixed, "plain"},
                              {(double)q->attribute, "review"},
                              {(double)q->invalid, "against"}};
  buffer_append_string(out, "<tr>");
  page_text_cell(out, job->sources[source].id);
  page_text_cell(out, job->fields[field].name);
  page_percent_cell(out, q->filled, read);
  page_percent_cell(out, q->valid + q->fixed, q->filled);
  page_count_cell(out, q->fixed);
  page_count_cell(out, q->attribute);
  page_count_cell(out, q->invalid);
  page_percent_cell(out, in->quality->agreeing[cell], in->quality->valid[cell]);
  page_parts_cell(out, parts, 4, (double)read);
  buffer_append_string(out, "</tr>\n");
}

static void key(struct buffer *out, const char *color, const char *chinese, const char *english) {
  buffer_printf(out, "<span class=\"key\" style=\"background:var(--%s)\"></span>", color);
  page_both(out, chinese, english);
}

static void write_before(const struct report_input *in, const struct report_figures *f,
                         struct buffer *out) {
  static const struct page_column columns[] = {{"来源", "source", false},
                                               {"字段", "field", false},
                                               {"有值", "filled", true},
                                               {"有效", "valid", true},
                                               {"标准化", "standardised", true},
                                               {"仅供参考", "shown only", true},
                                               {"无效", "invalid", true},
                                               {"与黄金值一致", "consistent", true},
                                               {"", "", false}};
  const struct job *job = in->run->plan.job;
  page_heading(out, "合并前：各来源的单元格", "Before: the cells of each source");
  page_note(out,
            "有值占读入的行；有效占有值的；标准化 = 清洗后才有效；仅供参考 = "
            "可显示但不用来匹配（如打码的号码）；"
            "一致 = 有效值与黄金记录相同的比例。",
            "Filled is of the rows read, valid of the filled ones. standardised: valid because "
            "cleaning changed it. shown only: not matched by, such as a masked number. consistent: "
            "valid values that say what the golden record says.");
  buffer_append_string(out, "<p>");
  key(out, "accept", "原样有效", "valid as it was");
  key(out, "plain", "标准化后有效", "valid once standardised");
  key(out, "review", "仅供参考", "shown only");
  key(out, "against", "无效", "invalid");
  buffer_append_string(out, "</p>\n");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (uint32_t s = 0; s < job->source_count; s++) {
    uint64_t read = 0;
    for (uint32_t i = 0; i < in->run->file_count; i++)
      if (in->run->file_source[i] == s) read += f->files[i].read;
    for (uint32_t i = 0; i < job->field_count; i++) write_before_row(in, f, s, i, read, out);
  }
  page_table_end(out);
}

static void write_after(const struct report_input *in, struct buffer *out) {
  static const struct page_column columns[] = {{"字段", "field", false},
                                               {"有值", "filled", true},
                                               {"", "", false},
                                               {"有效", "valid", true},
                                               {"无冲突", "consistent", true},
                                               {"推导得出", "derived", true},
                                               {"待完善", "still missing", true}};
  const struct job *job = in->run->plan.job;
  const struct quality_counts *q = in->quality;
  page_heading(out, "合并后：黄金记录", "After: the golden records");
  page_note(
      out,
      "有值占客户数；有效占有值的；无冲突 = 各记录的有效值没有分歧；推导 = "
      "由别的字段算出（如由身份证得出性别）；"
      "待完善 = 必填却无人填写。",
      "Filled is of all customers, valid of the filled ones. consistent: no two valid values "
      "disagree. derived: computed from another field, such as the sex from an ID card. still "
      "missing: required, and nobody could fill it.");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (uint32_t i = 0; i < job->field_count; i++) {
    const struct quality_after *after = &q->fields[i];
    buffer_append_string(out, "<tr>");
    page_text_cell(out, job->fields[i].name);
    page_percent_cell(out, after->filled, q->customers);
    page_bar_cell(out, (double)after->filled, (double)q->customers, "accept");
    page_percent_cell(out, after->valid, after->filled);
    page_percent_cell(out, after->consistent, after->filled);
    page_count_cell(out, after->derived);
    page_count_cell(out, after->missing);
    buffer_append_string(out, "</tr>\n");
  }
  page_table_end(out);
}

static void action_cell(struct buffer *out, enum quality_action action) {
  static const char *const names[][2] = {
      [QUALITY_REPORT] = {"只计数", "counted"},
      [QUALITY_DROP_VALUE] = {"清空该值", "value dropped"},
      [QUALITY_ATTRIBUTE_ONLY] = {"不用来匹配", "not matched by"},
      [QUALITY_QUARANTINE] = {"隔离该行", "row quarantined"},
      [QUALITY_REVIEW] = {"待核对", "for review"}};
  buffer_append_string(out, "<td>");
  page_both(out, names[action][0], names[action][1]);
  buffer_append_string(out, "</td>");
}

static void write_rules(const struct report_input *in, const struct report_figures *f,
                        struct buffer *out) {
  static const struct page_column columns[] = {{"规则", "rule", false},
                                               {"说明", "message", false},
                                               {"处理", "action", false},
                                               {"命中的行", "rows", true}};
  const struct job *job = in->run->plan.job;
  if (job->quality_rule_count == 0) return;
  page_heading(out, "质量规则", "Quality rules");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (uint32_t i = 0; i < job->quality_rule_count; i++) {
    buffer_append_string(out, "<tr>");
    page_text_cell(out, job->quality_rules[i].id);
    page_text_cell(out, job->quality_rules[i].message);
    action_cell(out, job->quality_rules[i].action);
    page_count_cell(out, f->quality_hits[i]);
    buffer_append_string(out, "</tr>\n");
  }
  page_table_end(out);
}

static void write_flags(const struct report_input *in, const struct report_figures *f,
                        struct buffer *out) {
  static const struct page_column columns[] = {{"字段", "field", false},
                                               {"标记", "flag", false},
                                               {"含义", "meaning", false},
                                               {"单元格", "cells", true}};
  const struct job *job = in->run->plan.job;
  page_heading(out, "值的标记", "What was found about values");
  page_note(out, "E_ 不可用，W_ 可疑，I_ 提示。", "E_ unusable, W_ doubtful, I_ information.");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (uint32_t i = 0; i < job->field_count; i++)
    for (unsigned bit = 0; bit < FIELD_FLAG_COUNT; bit++) {
      uint64_t count = f->field_flags[i * FIELD_FLAG_COUNT + bit];
      if (count == 0) continue;
      const char *name = field_flag_name(bit), *english;
      const char *chinese = report_words_flag(name, &english);
      buffer_append_string(out, "<tr>");
      page_text_cell(out, job->fields[i].name);
      buffer_printf(out, "<td><code>%s</code></td><td>", name);
      if (chinese) page_both(out, chinese, english);
      buffer_append_string(out, "</td>");
      page_count_cell(out, count);
      buffer_append_string(out, "</tr>\n");
    }
  page_table_end(out);
}

void report_html_quality(const struct report_input *in, const struct report_figures *figures,
                         struct buffer *out) {
  page_section(out, "quality", "数据质量", "Data quality");
  write_before(in, figures, out);
  write_after(in, out);
  write_rules(in, figures, out);
  write_flags(in, figures, out);
  page_section_end(out);
}
