/* table_file — a table that a user hands to a command (truth, members, pairs, decisions): CSV in
 * any of the forms that sources may have, with a heading. Read row by row; a row that cannot be
 * read refuses the file. */
#ifndef GUIYI_CLI_TABLE_FILE_H
#define GUIYI_CLI_TABLE_FILE_H

#include "worker/sources/source_file.h"

struct table_file {
  struct source_file file;
  const char *path; /* borrowed */
};

/* Close it whatever is returned. */
enum err table_file_open(const char *path, struct table_file *table, struct failure *failure);
void table_file_close(struct table_file *table);

/* -1 when there is none. */
int table_file_column(const struct table_file *table, const char *name);
/* The first of the names that is a column; NULL ends them. */
int table_file_column_of(const struct table_file *table, const char *const *names);

/* One row; line is the physical one. Cells are valid during the call. */
typedef enum err table_file_row(void *context, const struct bytes *cells, uint64_t line,
                                struct failure *failure);
/* Every row in order; the first error ends it. */
enum err table_file_read(const struct table_file *table, table_file_row *row, void *context,
                         struct failure *failure);

/* ERR_INPUT with the place: "FILE, line 7: REASON; CONSEQUENCE". */
enum err table_file_refuse(const struct table_file *table, uint64_t line, const char *reason,
                           const char *consequence, struct failure *failure);
/* ERR_INPUT: no column WANTED; what there is. */
enum err table_file_no_column(const struct table_file *table, const char *wanted,
                              struct failure *failure);

#endif
