#include "cli/report_html.h"
#include "cli/report_page.h"
#include "cli/report_words.h"
#include "proto/stage.h"
#include "worker/stages/sharing.h"

enum { NOTES_SHOWN = 20 };

static void write_stages(const struct report_input *in, struct buffer *out) {
  static const struct page_column columns[] = {{"阶段", "stage", false},
                                               {"处理量", "records or pairs", true},
                                               {"用时", "time", true},
                                               {"", "", false}};
  uint64_t most = 1;
  for (unsigned s = 0; s < STAGE_COUNT; s++)
    if (in->timings->stage_ms[s] > most) most = in->timings->stage_ms[s];
  page_section(out, "stages", "各阶段", "Stages");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (unsigned s = 0; s < STAGE_COUNT; s++) {
    if (stage_is_exchange(s)) continue;
    const char *chinese = report_words_stage(stage_name(s));
    buffer_append_string(out, "<tr><td>");
    page_both(out, chinese ? chinese : stage_name(s), stage_words(s));
    buffer_append_string(out, "</td>");
    if (in->timings->stage_units[s])
      page_count_cell(out, in->timings->stage_units[s]);
    else
      buffer_append_string(out, "<td class=\"n\">–</td>"); /* works on the whole */
    buffer_append_string(out, "<td class=\"n\">");
    page_duration(out, in->timings->stage_ms[s]);
    buffer_append_string(out, "</td>");
    page_bar_cell(out, (double)in->timings->stage_ms[s], (double)most, "plain");
    buffer_append_string(out, "</tr>\n");
  }
  page_table_end(out);
  page_section_end(out);
}

static void write_rules(const struct run_state *run, const struct report_figures *f,
                        struct buffer *out) {
  static const struct page_column columns[] = {{"分块规则", "blocking rule", false},
                                               {"记录", "records", true},
                                               {"块", "blocks", true},
                                               {"最大块", "largest block", true},
                                               {"比较的对", "pairs compared", true},
                                               {"", "", false}};
  uint64_t most = 1, pairs = 0;
  for (uint32_t r = 0; r < run->plan.blocking_count; r++) {
    pairs += f->rules[r].pairs;
    if (f->rules[r].pairs > most) most = f->rules[r].pairs;
  }
  page_section(out, "blocking", "候选对从哪里来", "Where candidate pairs come from");
  page_note(
      out,
      "两两全比太多，所以只比较在某条规则下相同的记录（例如同一手机号，或同音姓名加同一生日）。"
      "每一对只算在最先找到它的规则上。",
      "Comparing everything with everything would be too much, so only records that agree on "
      "some rule are compared (one phone number, or a name that sounds alike and one birth "
      "date). Each pair counts for the first rule that found it.");
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (uint32_t r = 0; r < run->plan.blocking_count; r++) {
    buffer_append_string(out, "<tr>");
    page_text_cell(out, run->plan.blocking[r].name);
    page_count_cell(out, f->rules[r].records);
    page_count_cell(out, f->rules[r].blocks);
    page_count_cell(out, f->rules[r].largest);
    page_count_cell(out, f->rules[r].pairs);
    page_bar_cell(out, (double)f->rules[r].pairs, (double)most, "plain");
    buffer_append_string(out, "</tr>\n");
  }
  page_table_end(out);
  uint64_t linked = 0;
  for (uint32_t i = 0; i < run->file_count; i++) linked += f->files[i].linked;
  double all = (double)linked * ((double)linked - 1) / 2;
  buffer_append_string(out, "<p>");
  page_both(out, "共比较", "Compared in all:");
  buffer_append_string(out, " <b>");
  page_count(out, pairs);
  buffer_append_string(out, "</b> ");
  page_both(out, "对，占全部可能的对的", "pairs, of all possible ones");
  buffer_printf(out, " %.4g %%</p>\n", all > 0 ? 100 * (double)pairs / all : 0);
}

static void write_outcome(struct buffer *out, uint8_t outcome) {
  switch ((enum block_outcome)outcome) {
    case BLOCK_REFINED:
      page_both(out, "再细分", "split further");
      return;
    case BLOCK_WINDOWED:
      page_both(out, "只比较相邻的", "neighbours only");
      return;
    case BLOCK_HUB:
      page_both(out, "共用的人太多，不比较", "shared by too many, not compared");
      return;
  }
}

struct bytes report_note_value(const struct run_state *run, const struct block_note *note,
                               struct arena *arena) {
  const struct plan *plan = &run->plan;
  uint32_t field = plan->comparisons[plan->blocking[note->rule].parts[0].comparison].field;
  struct record_view record;
  record_view_of(run_state_record(run, note->row), plan->job->field_count, &record);
  return report_mask(plan, field, record.values[field].text, arena);
}

/* What is shared, masked, and by how many. */
static void write_shared_value(const struct run_state *run, const struct block_note *note,
                               struct buffer *out) {
  struct arena arena = {0};
  page_value_cell(out, report_note_value(run, note, &arena));
  arena_release(&arena);
  if (note->people <= SHARING_PEOPLE_MAX)
    page_count_cell(out, note->people);
  else
    buffer_printf(out, "<td class=\"n\">&gt; %d</td>", SHARING_PEOPLE_MAX);
}

static void write_notes(const struct run_state *run, const struct report_figures *f, bool hubs,
                        struct buffer *out) {
  static const struct page_column cut_columns[] = {{"分块规则", "blocking rule", false},
                                                   {"记录", "records", true},
                                                   {"处理", "outcome", false},
                                                   {"略过的对", "pairs skipped", true}};
  static const struct page_column hub_columns[] = {{"标识", "identifier", false},
                                                   {"值", "value", false},
                                                   {"不同的人", "different people", true},
                                                   {"记录", "records", true},
                                                   {"处理", "outcome", false},
                                                   {"略过的对", "pairs skipped", true}};
  uint32_t shown = 0, all = 0;
  for (uint32_t i = 0; i < f->note_count; i++) all += (f->notes[i].outcome == BLOCK_HUB) == hubs;
  if (all == 0) return;
  if (hubs)
    page_table(out, hub_columns, sizeof hub_columns / sizeof hub_columns[0]);
  else
    page_table(out, cut_columns, sizeof cut_columns / sizeof cut_columns[0]);
  for (uint32_t i = 0; i < f->note_count && shown < NOTES_SHOWN; i++) {
    const struct block_note *note = &f->notes[i];
    if ((note->outcome == BLOCK_HUB) != hubs) continue;
    shown++;
    buffer_append_string(out, "<tr>");
    page_text_cell(out, run->plan.blocking[note->rule].name);
    if (hubs) write_shared_value(run, note, out);
    page_count_cell(out, note->records);
    buffer_append_string(out, "<td>");
    write_outcome(out, note->outcome);
    buffer_append_string(out, "</td>");
    page_count_cell(out, note->pairs_skipped);
    buffer_append_string(out, "</tr>\n");
  }
  page_table_end(out);
  if (all > shown) page_note(out, "其余见 report.json。", "report.json lists more.");
}

static void named_count(struct buffer *out, const char *chinese, const char *english,
                        uint64_t count) {
  buffer_append_string(out, "<span class=\"tag\">");
  page_both(out, chinese, english);
  buffer_append_string(out, " <b>");
  page_count(out, count);
  buffer_append_string(out, "</b></span> ");
}

static void write_cut_blocks(const struct run_state *run, const struct report_figures *f,
                             struct buffer *out) {
  page_heading(out, "过大的块", "Blocks that were too large");
  page_note(out, "略过的对可能还在别的规则下被比较；这里不隐瞒任何略过。",
            "Pairs that were skipped here may have been compared by another rule. Nothing is left "
            "out uncounted.");
  buffer_append_string(out, "<p>");
  named_count(out, "细分的块", "split further", f->refined);
  named_count(out, "只比较相邻的块", "neighbours only", f->windowed);
  named_count(out, "共用标识", "shared identifiers", f->hubs);
  named_count(out, "略过的对", "pairs skipped", f->pairs_skipped);
  buffer_append_string(out, "</p>\n");
  write_notes(run, f, false, out);
  page_heading(out, "多人共用的标识", "Identifiers shared by many people");
  page_note(
      out, "例如客服电话、门店电话：许多互不相容的人用同一个值，所以它不算证据，也不用来找候选对。",
      "A hotline or a shop's phone, for example: many incompatible people carry one value, so "
      "it is no evidence and brings no candidates.");
  if (f->hubs)
    write_notes(run, f, true, out);
  else
    page_note(out, "没有。", "There are none.");
  page_section_end(out);
}

static void write_sizes(const struct report_figures *f, struct buffer *out) {
  static const struct page_column columns[] = {{"每位客户的记录数", "records of a customer", true},
                                               {"客户", "customers", true},
                                               {"", "", false}};
  uint64_t most = 1;
  unsigned last = 0;
  for (unsigned i = 0; i < REPORT_SIZE_CLASSES; i++) {
    if (f->sizes[i] > most) most = f->sizes[i];
    if (f->sizes[i]) last = i;
  }
  page_table(out, columns, sizeof columns / sizeof columns[0]);
  for (unsigned i = 0; i <= last; i++) {
    buffer_printf(out, "<tr><td class=\"n\">%s</td>", report_size_name(i));
    page_count_cell(out, f->sizes[i]);
    page_bar_cell(out, (double)f->sizes[i], (double)most, "accept");
    buffer_append_string(out, "</tr>\n");
  }
  page_table_end(out);
}

static void write_clusters(const struct run_state *run, const struct report_figures *f,
                           struct buffer *out) {
  const struct cluster_output *c = &run->clusters;
  page_section(out, "customers", "客户", "Customers");
  page_note(out, "每位客户由多少条记录合成。异常大的客户值得一看。",
            "How many records make one customer. Unusually large ones are worth a look.");
  write_sizes(f, out);
  buffer_append_string(out, "<p>");
  named_count(out, "最大的客户", "largest customer", f->largest);
  named_count(out, "接受的连接", "accepted links", c->accepted_edges);
  named_count(out, "因矛盾切断", "cut by a contradiction", c->constraint_cuts);
  named_count(out, "因整体不合切断", "cut for lack of cohesion", c->cohesion_cuts);
  named_count(out, "因过大切断", "cut for size", c->size_cuts);
  named_count(out, "同住或同事关系", "relations (relations.csv)", c->relation_count);
  if (c->decision_cuts) named_count(out, "因人工决定切断", "cut by a decision", c->decision_cuts);
  buffer_append_string(out, "</p>\n");
  if (c->facts_applied + c->facts_gone) {
    page_heading(out, "人工决定", "Decisions");
    buffer_append_string(out, "<p>");
    named_count(out, "已生效", "applied", c->facts_applied);
    named_count(out, "记录已不在数据中", "of records that are not in the data", c->facts_gone);
    buffer_append_string(out, "</p>\n");
  }
  page_heading(out, "待人工核对", "For review");
  page_note(out, "见 review.csv，最强的在前。", "review.csv lists them, the strongest first.");
  buffer_append_string(out, "<p>");
  named_count(out, "权重在两个阈值之间", "between the thresholds", f->reviews[REVIEW_UNCERTAIN]);
  named_count(out, "有矛盾", "contradiction", f->reviews[REVIEW_CONSTRAINT]);
  named_count(out, "整体不合", "cohesion", f->reviews[REVIEW_COHESION]);
  named_count(out, "过大", "size", f->reviews[REVIEW_SIZE]);
  named_count(out, "规则要求", "by a rule", f->reviews[REVIEW_RULE]);
  named_count(out, "同一家庭", "one household", f->reviews[REVIEW_HOUSEHOLD]);
  buffer_append_string(out, "</p>\n");
  page_section_end(out);
}

void report_html_blocking(const struct report_input *in, const struct report_figures *figures,
                          struct buffer *out) {
  write_clusters(in->run, figures, out);
  write_stages(in, out);
  write_rules(in->run, figures, out);
  write_cut_blocks(in->run, figures, out);
}
