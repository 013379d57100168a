/* report_html — report.html: a finished run as one page for people who do not know record linkage.
 *
 * Sections come in the order one reads them: what came in and out, how candidates were found, how
 * pairs were weighed, some pairs step by step, customers, quality. Values of customers appear only
 * in the sample pairs, masked at least as their fields say. docs/report.md explains the charts. */
#ifndef GUIYI_CLI_REPORT_HTML_H
#define GUIYI_CLI_REPORT_HTML_H

#include "cli/report.h"
#include "cli/report_figures.h"

void report_html(const struct report_input *in, const struct report_figures *figures,
                 struct buffer *out);

/* Its parts, one file each. */
void report_html_rows(const struct report_input *in, const struct report_figures *figures,
                      struct buffer *out); /* headline, files, columns, repeated records */
void report_html_blocking(const struct report_input *in, const struct report_figures *figures,
                          struct buffer *out); /* stages, blocking rules, cut blocks, customers */
void report_html_model(const struct report_input *in, const struct report_figures *figures,
                       struct buffer *out); /* weights of levels, histogram */
void report_html_pairs(const struct report_input *in, struct buffer *out); /* sample pairs */
void report_html_quality(const struct report_input *in, const struct report_figures *figures,
                         struct buffer *out); /* before, after, rules, flags */

/* A value as a report shows it, which is handed around: as its field says or more, and nothing that
 * looks like a number of somebody whole. In the arena, or the value. */
struct bytes report_mask(const struct plan *plan, uint32_t field, struct bytes value,
                         struct arena *arena);
/* The value that a cut block of an identifier shares, of its first record; the same way. */
struct bytes report_note_value(const struct run_state *run, const struct block_note *note,
                               struct arena *arena);

#endif
