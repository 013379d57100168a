/* recogniser — columns on their way to a job: what cli/recognise.c settles, recognised_fields.c
 * groups into fields and recognised_job.c writes down as sources. Private to these three. */
#ifndef GUIYI_CLI_RECOGNISER_H
#define GUIYI_CLI_RECOGNISER_H

#include "cli/column_meaning.h"
#include "cli/recognise.h"

enum use_of_column { IS_FIELD, IS_RECORD_ID, IS_SOURCE_NAME, IS_UNUSED };

struct draft {
  uint16_t file, column;
  enum use_of_column as;
  bool is_key; /* tells the file's rows apart, and is a field besides */
  struct bytes heading, normalised;
  struct column_profile profile;
  struct column_meaning meaning;
  uint32_t ordinal; /* among the file's columns of the same model or heading */
  int field;
};

struct recogniser {
  const struct source_file *files;
  uint32_t file_count;
  struct draft *drafts;  /* a file's lie together */
  uint32_t *first_draft; /* by file, and the end of the last */
  uint32_t draft_count;
  struct job *job;
  bool has_han; /* headings are Chinese: fields get the model's names */
  struct arena scratch;
};

/* Columns of the same meaning, one from each file, become one field of the job. */
void recogniser_make_fields(struct recogniser *r);
/* The job's source of a file, with its map. */
void recogniser_make_source(struct recogniser *r, uint32_t file);
void recogniser_report(struct recogniser *r, struct recognition *out);

#endif
