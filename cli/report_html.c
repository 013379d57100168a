#include "cli/report_html.h"

#include "cli/report_page.h"

void report_html(const struct report_input *in, const struct report_figures *figures,
                 struct buffer *out) {
  struct buffer title = {0};
  buffer_append_string(&title, "归一 Guiyi");
  if (in->run->plan.job->name.size) {
    buffer_append_string(&title, " – ");
    buffer_append_bytes(&title, in->run->plan.job->name);
  }
  page_open(out, buffer_bytes(&title));
  buffer_release(&title);
  report_html_rows(in, figures, out);
  report_html_blocking(in, figures, out);
  report_html_model(in, figures, out);
  report_html_pairs(in, out);
  report_html_quality(in, figures, out);
  page_close(out);
}
