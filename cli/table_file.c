#include "cli/table_file.h"

#include "worker/sources/source_reader.h"

enum err table_file_open(const char *path, struct table_file *table, struct failure *failure) {
  struct source_file_options options = {.header = 1};
  *table = (struct table_file){.path = path};
  return source_file_scan(path, &options, 0, &table->file, failure);
}

void table_file_close(struct table_file *table) { source_file_release(&table->file); }

int table_file_column(const struct table_file *table, const char *name) {
  for (uint32_t c = 0; c < table->file.column_count; c++)
    if (bytes_equal(table->file.columns[c], bytes_from_string(name))) return (int)c;
  return -1;
}

int table_file_column_of(const struct table_file *table, const char *const *names) {
  int column = -1;
  for (; *names && column < 0; names++) column = table_file_column(table, *names);
  return column;
}

enum err table_file_refuse(const struct table_file *table, uint64_t line, const char *reason,
                           const char *consequence, struct failure *failure) {
  return failure_set(failure, ERR_INPUT, "%s, line %llu: %s; %s", table->path,
                     (unsigned long long)line, reason, consequence);
}

static enum err read_split(const struct table_file *table, uint32_t split, table_file_row *row,
                           void *context, struct failure *failure) {
  struct source_reader *reader = NULL;
  enum err err = source_reader_open(&table->file, split, &reader, failure);
  struct source_batch batch = {0};
  uint32_t rejects = 0;
  while (!err) {
    err = source_reader_next(reader, &batch, failure);
    if (err) break;
    const struct source_reject *rejected = source_reader_rejects(reader, &rejects);
    if (rejects) {
      err = table_file_refuse(table, rejected->line, source_reject_sentence(rejected->reason),
                              "nothing was done", failure);
      break;
    }
    if (batch.row_count == 0) break;
    for (uint32_t r = 0; r < batch.row_count && !err; r++)
      err = row(context, batch.cells + (size_t)r * batch.column_count, batch.lines[r], failure);
  }
  source_reader_close(&reader);
  return err;
}

enum err table_file_read(const struct table_file *table, table_file_row *row, void *context,
                         struct failure *failure) {
  enum err err = ERR_OK;
  for (uint32_t s = 0; s < table->file.split_count && !err; s++)
    err = read_split(table, s, row, context, failure);
  return err;
}

enum err table_file_no_column(const struct table_file *table, const char *wanted,
                              struct failure *failure) {
  struct buffer found = {0};
  for (uint32_t c = 0; c < table->file.column_count; c++) {
    if (c) buffer_append_string(&found, ", ");
    buffer_append_bytes(&found, table->file.columns[c]);
  }
  enum err err = failure_set(failure, ERR_INPUT, "%s: no column %s; it has %s", table->path, wanted,
                             buffer_string(&found));
  buffer_release(&found);
  return err;
}
