/* report_page — the parts an HTML page of the report is made of: text in two languages, tables,
 * bars.
 *
 * A page is one file: no script, no network, no font of its own. Which language is shown is chosen
 * with radio buttons and style rules alone; what is not chosen is hidden, not absent. Everything
 * that comes from files or the job goes through page_text. */
#ifndef GUIYI_CLI_REPORT_PAGE_H
#define GUIYI_CLI_REPORT_PAGE_H

#include "common/bytes.h"

/* A column of a table: its heading, and whether it holds numbers (then it is set to the right). */
struct page_column {
  const char *chinese, *english; /* no `<` or `&` */
  bool is_number;
};

void page_open(struct buffer *out, struct bytes title);
void page_close(struct buffer *out);

/* Escaped for elements and quoted attributes; control characters become spaces. */
void page_text(struct buffer *out, struct bytes text);
void page_string(struct buffer *out, const char *text);
/* One text in both languages; markup of the caller's own is allowed. */
void page_both(struct buffer *out, const char *chinese, const char *english);
void page_section(struct buffer *out, const char *id, const char *chinese, const char *english);
void page_section_end(struct buffer *out);
void page_heading(struct buffer *out, const char *chinese,
                  const char *english); /* below a section's */
void page_note(struct buffer *out, const char *chinese, const char *english);

void page_table(struct buffer *out, const struct page_column *columns, unsigned count);
void page_table_end(struct buffer *out);
/* "1,234,567" */
void page_count(struct buffer *out, uint64_t count);
/* "12.3 %"; "–" of nothing. */
void page_percent(struct buffer *out, uint64_t part, uint64_t whole);
void page_duration(struct buffer *out, uint64_t ms);
void page_size(struct buffer *out, uint64_t bytes);
/* The same as cells of a table. */
void page_text_cell(struct buffer *out, struct bytes text);
void page_value_cell(struct buffer *out, struct bytes text); /* may break anywhere */
void page_count_cell(struct buffer *out, uint64_t count);
void page_percent_cell(struct buffer *out, uint64_t part, uint64_t whole);
/* A bar of part / whole of the cell's width. class: accept, review, reject, plain. */
void page_bar_cell(struct buffer *out, double part, double whole, const char *class);
/* A bar of several parts in a row; together at most whole. */
struct page_part {
  double value;
  const char *class;
};
void page_parts_cell(struct buffer *out, const struct page_part *parts, unsigned count,
                     double whole);

#endif
