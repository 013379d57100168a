#include "cli/report_html.h"
#include "cli/report_page.h"
#include "common/memory.h"
#include "worker/store/generation.h"

static void card(struct buffer *out, const char *chinese, const char *english) {
  buffer_append_string(out, "</b><span>");
  page_both(out, chinese, english);
  buffer_append_string(out, "</span></div>\n");
}

static void card_count(struct buffer *out, uint64_t count, const char *chinese,
                       const char *english) {
  buffer_append_string(out, "<div class=\"card\"><b>");
  page_count(out, count);
  card(out, chinese, english);
}

static void write_sum(const struct report_input *in, struct buffer *out) {
  const struct pipeline_totals *t = in->totals;
  buffer_append_string(out, "<p class=\"sum\">");
  page_both(out, "读入", "read");
  buffer_append_string(out, " <b>");
  page_count(out, t->rows);
  buffer_append_string(out, "</b> = ");
  page_both(out, "入链", "linked");
  buffer_append_string(out, " <b>");
  page_count(out, t->linked);
  buffer_append_string(out, "</b> + ");
  page_both(out, "隔离", "quarantined");
  buffer_append_string(out, " <b>");
  page_count(out, t->quarantined);
  buffer_append_string(out, "</b> + ");
  page_both(out, "拒收", "rejected");
  buffer_append_string(out, " <b>");
  page_count(out, t->rejected);
  buffer_append_string(out, "</b></p>\n");
}

static void write_cards(const struct report_input *in, const struct report_figures *f,
                        struct buffer *out) {
  const struct pipeline_totals *t = in->totals;
  buffer_append_string(out, "<div class=\"cards\">\n");
  card_count(out, t->linked, "条记录参与匹配", "records were matched");
  card_count(out, t->customers, "位客户（每位一条黄金记录）", "customers, one golden record each");
  buffer_append_string(out, "<div class=\"card\"><b>");
  page_percent(out, f->merged_records, t->linked);
  card(out, "的记录与别的记录合并", "of the records were merged with others");
  card_count(out, in->run->clusters.review_count, "对待人工核对", "pairs for review");
  buffer_append_string(out, "<div class=\"card\"><b>");
  page_duration(out, in->wall_ms);
  card(out, "用时", "from start to end");
  card_count(out, in->wall_ms ? t->rows * 1000 / in->wall_ms : 0, "条记录/秒",
             "records per second");
  buffer_append_string(out, "<div class=\"card\"><b>");
  page_size(out, memory_resident_peak_bytes());
  card(out, "内存峰值", "most memory used");
  card_count(out, in->workers, "个工作线程", "workers");
  buffer_append_string(out, "</div>\n");
}

static void write_headline(const struct report_input *in, const struct report_figures *f,
                           struct buffer *out) {
  char digest[33];
  generation_digest_format(in->totals->digest, digest);
  buffer_append_string(out, "<h1>");
  page_both(out, "归一运行报告", "Guiyi run report");
  buffer_append_string(out, "</h1>\n<p>");
  if (in->run->plan.job->name.size) {
    page_both(out, "任务", "job");
    buffer_append_string(out, " <b>");
    page_text(out, in->run->plan.job->name);
    buffer_append_string(out, "</b> · ");
  }
  buffer_printf(out,
                "<span class=\"zh\">第 %llu 代</span><span class=\"en\" lang=\"en\">generation "
                "%llu</span></p>\n",
                (unsigned long long)in->totals->generation,
                (unsigned long long)in->totals->generation);
  write_sum(in, out);
  write_cards(in, f, out);
  buffer_append_string(out, "<p>");
  page_both(out, "结果摘要", "digest of the result");
  buffer_printf(out, " <code>%s</code></p>\n", digest);
  page_note(out, "同样的输入和任务文件总得到同样的摘要，与线程数和行序无关。样例中的值均已打码。",
            "The same input and job file always give the same digest, whatever the number of "
            "workers or the order of rows. Values in samples are masked.");
}

static void write_warnings(const struct run_state *run, struct buffer *out) {
  for (uint32_t f = 0; f < run->file_count; f++)
    for (uint32_t i = 0; i < run->files[f].warning_count; i++) {
      buffer_append_string(out, "<p class=\"warn\"><code>");
      page_string(out, run->files[f].path);
      buffer_append_string(out, "</code>: ");
      page_string(out, run->files[f].warnings[i]);
      buffer_append_string(out, "</p>\n");
    }
}

static void write_files(const struct run_state *run, const struct report_figures *f,
                        struct buffer *out) {
  static const struct page_column columns[] = {
      {"文件", "file", false},       {"来源", "source", false},  {"格式", "format", false},
      {"大小", "size", true},        {"读入", "read", true},     {"入链", "linked", true},
      {"隔离", "quarantined", true}, {"拒收", "rejected", true}, {"", "", false}};
  page_section(out, "files", "文件", "Files");
  page_note(out,
            "每一行都有去处：入链 = 参与匹配；隔离 = 质量规则拦下；拒收 = 无法读取或没有可用内容。"
            "后两类的每一行及原因见 rejects.csv。",
            "Every row is accounted for: linked rows took part in matching, quarantined ones were "
            "stopped by a quality rule, rejected ones could not be read or hold nothing. "
            "rejects.csv lists the latter two with reasons.");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (uint32_t i = 0; i < run->file_count; i++) {
    const struct source_file *file = &run->files[i];
    const struct report_rows *rows = &f->files[i];
    struct page_part parts[] = {{(double)rows->linked, "accept"},
                                {(double)rows->quarantined, "review"},
                                {(double)rows->rejected, "against"}};
    buffer_append_string(out, "<tr>");
    page_text_cell(out, bytes_from_string(file->path));
    page_text_cell(out, run->plan.job->sources[run->file_source[i]].id);
    buffer_printf(out, "<td class=\"w\">%s, %s</td><td class=\"n\">",
                  source_format_name(file->format), source_encoding_name(file->encoding));
    page_size(out, file->identity.size);
    buffer_append_string(out, "</td>");
    page_count_cell(out, rows->read);
    page_count_cell(out, rows->linked);
    page_count_cell(out, rows->quarantined);
    page_count_cell(out, rows->rejected);
    page_parts_cell(out, parts, 3, (double)rows->read);
    buffer_append_string(out, "</tr>\n");
  }
  page_table_end(out);
  write_warnings(run, out);
  page_section_end(out);
}

static const struct recognised_column *recognised_column(const struct recognition *recognition,
                                                         uint32_t file, struct bytes heading) {
  for (uint32_t i = 0; i < recognition->column_count; i++) {
    const struct recognised_column *c = &recognition->columns[i];
    if (c->file == file && bytes_equal(c->heading, heading)) return c;
  }
  return NULL;
}

/* How sure, by what, and how much of the column is filled. */
static void recognition_cells(const struct recognised_column *column, struct buffer *out) {
  static const char *const by[][2] = {
      [RECOGNISED_BY_HEADING_AND_CONTENT] = {"标题和内容", "heading and content"},
      [RECOGNISED_BY_HEADING] = {"标题", "heading"},
      [RECOGNISED_BY_CONTENT] = {"内容", "content"},
      [RECOGNISED_BY_NOTHING] = {"未识别，按文本", "not recognised, kept as text"}};
  if (!column) {
    buffer_append_string(out, "<td></td><td></td><td></td>");
    return;
  }
  buffer_append_string(out, "<td class=\"n\">");
  if (column->by != RECOGNISED_BY_NOTHING) buffer_printf(out, "%u %%", column->sure_percent);
  buffer_append_string(out, "</td><td>");
  page_both(out, by[column->by][0], by[column->by][1]);
  buffer_printf(out, "</td><td class=\"n\">%u %%</td>", column->filled_percent);
}

static void write_column(const struct report_input *in, uint32_t s, uint32_t c,
                         struct buffer *out) {
  const struct run_state *run = in->run;
  struct bytes source = run->plan.job->sources[s].id;
  const struct job_column *column = &run->plan.job->sources[s].columns[c];
  const struct job_field *field = &run->plan.job->fields[column->field];
  buffer_append_string(out, "<tr>");
  page_text_cell(out, source);
  page_text_cell(out, column->name);
  page_text_cell(out, field->name);
  page_text_cell(out, bytes_from_string(run->plan.types[column->field]->label));
  buffer_append_string(out, "<td>");
  if (run->plan.comparison_of_field[column->field] >= 0)
    page_both(out, "比较", "compared");
  else
    page_both(out, "带入", "carried along");
  buffer_append_string(out, "</td>");
  if (in->recognised) recognition_cells(recognised_column(in->recognised, s, column->name), out);
  buffer_append_string(out, "</tr>\n");
}

/* A column that says which record it is, or where it is from. */
static void write_own_column(const struct report_input *in, struct bytes column,
                             struct bytes source, const char *chinese, const char *english,
                             struct buffer *out) {
  buffer_append_string(out, "<tr>");
  page_text_cell(out, source);
  page_text_cell(out, column);
  buffer_append_string(out, "<td></td><td>");
  page_both(out, chinese, english);
  buffer_append_string(out, "</td><td></td>");
  if (in->recognised) recognition_cells(NULL, out);
  buffer_append_string(out, "</tr>\n");
}

static void write_columns(const struct report_input *in, struct buffer *out) {
  static const struct page_column columns[] = {{"来源", "source", false}, {"列", "column", false},
                                               {"字段", "field", false},  {"类型", "type", false},
                                               {"用途", "use", false},    {"把握", "sure", true},
                                               {"依据", "by its", false}, {"有值", "filled", true}};
  enum { COLUMNS_OF_A_JOB = 5 };

  const struct job *job = in->run->plan.job;
  if (in->recognised) {
    page_section(out, "columns", "各列被识别为", "What each column was taken for");
    page_note(
        out,
        "没有任务文件：列是按标题和内容识别的。识别结果写在 "
        "job.yaml，可修改后重新运行；先看把握不到 90 % 的。",
        "There was no job file: columns were recognised by heading and content. What was "
        "recognised is written to job.yaml; edit it and run again to decide otherwise. Look first "
        "at what is less than 90 % sure.");
  } else {
    page_section(out, "columns", "列的含义", "What each column means");
    page_note(out, "由任务文件规定。", "As the job file says.");
  }
  page_table(out, columns, in->recognised ? sizeof columns / sizeof columns[0] : COLUMNS_OF_A_JOB);
  for (uint32_t s = 0; s < job->source_count; s++) {
    const struct job_source *source = &job->sources[s];
    for (uint32_t k = 0; k < source->key_count; k++)
      write_own_column(in, source->key[k], source->id, "记录自己的编号", "the record's own id",
                       out);
    if (source->source_column.size)
      write_own_column(in, source->source_column, source->id, "记录的来源", "the record's source",
                       out);
    for (uint32_t c = 0; c < source->column_count; c++) write_column(in, s, c, out);
  }
  page_table_end(out);
  page_section_end(out);
}

static void write_repeats(const struct report_figures *f, struct buffer *out) {
  static const struct page_column columns[] = {{"来源", "source", false},
                                               {"记录", "records", true},
                                               {"主记录", "main", true},
                                               {"重复", "duplicate", true},
                                               {"占比", "share", true},
                                               {"疑似", "suspect", true},
                                               {"主 / 重复", "main / duplicate", false}};
  page_section(out, "repeats", "各来源的重复记录", "Repeated records by source");
  page_note(
      out,
      "主记录 = 该客户的第一条记录；重复 = 同一客户的其余记录；疑似 = 其中还有一对待人工核对。",
      "main = the first record of a customer; duplicate = a further record of one; suspect = "
      "of both, those that stand in a pair for review.");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (uint32_t i = 0; i < f->source_count; i++) {
    const struct report_source *s = &f->sources[i];
    struct page_part parts[] = {{(double)s->main, "accept"}, {(double)s->duplicate, "reject"}};
    buffer_append_string(out, "<tr>");
    page_text_cell(out, s->name);
    page_count_cell(out, s->linked);
    page_count_cell(out, s->main);
    page_count_cell(out, s->duplicate);
    page_percent_cell(out, s->duplicate, s->linked);
    page_count_cell(out, s->suspect);
    page_parts_cell(out, parts, 2, (double)s->linked);
    buffer_append_string(out, "</tr>\n");
  }
  page_table_end(out);
  page_section_end(out);
}

void report_html_rows(const struct report_input *in, const struct report_figures *figures,
                      struct buffer *out) {
  write_headline(in, figures, out);
  write_files(in->run, figures, out);
  write_columns(in, out);
  write_repeats(figures, out);
}
