/* recognise — a job for data files that come without one: what each column is, by its heading and
 * by what stands in it, and how sure that is.
 *
 * Only headings and the sample of each file (worker/sources/source_sample.h) are looked at, so the
 * result does not depend on the order of rows. Files that share headings share fields. A column
 * that says nothing about who a record is (remarks, numbers of the file itself, one value all over)
 * becomes an attribute: it is carried along and not matched by. */
#ifndef GUIYI_CLI_RECOGNISE_H
#define GUIYI_CLI_RECOGNISE_H

#include "common/job.h"
#include "worker/sources/source_file.h"

/* What tells a column. */
enum recognised_by {
  RECOGNISED_BY_HEADING_AND_CONTENT,
  RECOGNISED_BY_HEADING, /* too few values to tell by */
  RECOGNISED_BY_CONTENT,
  RECOGNISED_BY_NOTHING, /* carried as text */
};

struct recognised_column {
  uint16_t file, column; /* in the files that were given */
  struct bytes heading;  /* in the job's arena */
  int16_t field;         /* index in job.fields; -1 = the record's own id or source, or not used */
  bool is_key;           /* the record's own id, perhaps a field besides */
  enum recognised_by by;
  uint8_t sure_percent;   /* how sure, 0..100 */
  uint8_t filled_percent; /* of the sample's rows */
  const char *meaning;    /* for people: "手机号码 phone", "the record's own id" */
};

struct recognition {
  struct recognised_column *columns; /* in the job's arena, in the files' order */
  uint32_t column_count;
  const struct source_file *files; /* as given */
};

/* Makes job from scanned files; source i is file i. Release the job as any other. ERR_INPUT when no
 * column of a file can be used. */
enum err recognise_files(const struct source_file *files, uint32_t file_count, struct job *job,
                         struct recognition *recognition, struct failure *failure);
/* One line per column for people. */
void recognition_print(const struct job *job, const struct recognition *recognition,
                       struct buffer *out);

struct json_writer;
/* An array, one object per column. */
void recognition_json(const struct job *job, const struct recognition *recognition,
                      struct json_writer *writer);

#endif
