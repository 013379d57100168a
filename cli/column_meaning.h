/* column_meaning — what one column is, judged by its heading and what stands in it. */
#ifndef GUIYI_CLI_COLUMN_MEANING_H
#define GUIYI_CLI_COLUMN_MEANING_H

#include "cli/column_profile.h"
#include "cli/recognise.h"
#include "common/field_model.h"

struct column_meaning {
  const struct field_model *model; /* NULL: known by its content alone, or not at all */
  enum field_type_id type;
  enum field_use use;
  struct field_options options; /* model's and what the content says: the order of dates */
  enum recognised_by by;
  unsigned sure_percent;
  bool is_birth_date; /* a date that content alone shows to be one */
  bool is_constant;   /* one value nearly all over: says nothing about who a record is */
  bool order_is_open; /* dates whose day and month nothing tells apart */
};

void column_meaning_find(struct bytes heading, const struct column_profile *profile,
                         struct column_meaning *meaning);

/* A heading that names records: record_id, 编号. */
bool heading_is_record_id(struct bytes heading);

#endif
