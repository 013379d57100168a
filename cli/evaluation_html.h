/* evaluation_html — the figures of an evaluation as one page that needs no network: precision,
 * recall and F1 over thresholds, match weights of true and false pairs, classes. */
#ifndef GUIYI_CLI_EVALUATION_HTML_H
#define GUIYI_CLI_EVALUATION_HTML_H

#include "cli/evaluation.h"
#include "common/bytes.h"

struct evaluation_page {
  const struct evaluation_figures *figures;
  uint32_t record_count, entity_count, cluster_count;
  const struct evaluation_curve *curve; /* NULL = no pairs with weights were given */
  const struct evaluation_class *classes;
  const struct bytes *class_names;
  uint32_t class_count;
};

void evaluation_html(const struct evaluation_page *page, struct buffer *out);

#endif
