/* source_rows — a file written, scanned and read in whole, for the tests of worker/sources. */
#ifndef GUIYI_TESTS_HARNESS_SOURCE_ROWS_H
#define GUIYI_TESTS_HARNESS_SOURCE_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/check.h"
#include "common/memory.h"
#include "worker/sources/delimiter_index.h"
#include "worker/sources/source_reader.h"

/* A file in memory with a path of its own. */
struct memory_file {
  int descriptor;
  char path[64];
};

static inline void memory_file_open(struct memory_file *file) {
  file->descriptor = memfd_create("rows", MFD_CLOEXEC);
  check(file->descriptor >= 0);
  snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", file->descriptor);
}

static inline void memory_file_write(struct memory_file *file, const void *data, size_t size) {
  check(ftruncate(file->descriptor, 0) == 0);
  size_t done = 0;
  while (done < size) {
    ssize_t wrote = pwrite(file->descriptor, (const char *)data + done, size - done, (off_t)done);
    check(wrote > 0);
    done += (size_t)wrote;
  }
}

static inline void memory_file_close(struct memory_file *file) { close(file->descriptor); }

struct read_row {
  uint64_t row, line;
  const char *reason; /* NULL: accepted */
  uint32_t column;
  struct bytes *cells; /* of an accepted row */
};

struct read_rows {
  struct arena arena;
  struct read_row *rows;
  size_t count, capacity;
};

static inline struct read_row *read_rows_add(struct read_rows *all) {
  if (all->count == all->capacity) {
    all->capacity = all->capacity ? all->capacity * 2 : 64;
    all->rows = memory_resize(all->rows, all->capacity * sizeof *all->rows);
  }
  return &all->rows[all->count++];
}

static inline void read_rows_release(struct read_rows *all) {
  arena_release(&all->arena);
  free(all->rows);
  *all = (struct read_rows){0};
}

static inline int compare_read_rows(const void *a, const void *b) {
  const struct read_row *left = a, *right = b;
  return (left->row > right->row) - (left->row < right->row);
}

/* Appends the rows of one split. Every row of it must be there once. */
static inline enum err read_split(const struct source_file *file, uint32_t split,
                                  struct read_rows *all, struct failure *f) {
  struct source_reader *reader;
  enum err err = source_reader_open(file, split, &reader, f);
  size_t first = all->count;
  uint32_t reject_count = 1;
  struct source_batch batch = {0};
  while (err == ERR_OK && (batch.row_count || reject_count)) {
    err = source_reader_next(reader, &batch, f);
    if (err != ERR_OK) break;
    check(batch.column_count == file->column_count);
    for (uint32_t i = 0; i < batch.row_count; i++) {
      struct read_row *row = read_rows_add(all);
      *row = (struct read_row){.row = batch.rows[i], .line = batch.lines[i]};
      row->cells = arena_alloc(&all->arena, batch.column_count * sizeof *row->cells);
      for (uint32_t c = 0; c < batch.column_count; c++)
        row->cells[c] = arena_copy(&all->arena, batch.cells[i * batch.column_count + c]);
    }
    const struct source_reject *rejects = source_reader_rejects(reader, &reject_count);
    for (uint32_t i = 0; i < reject_count; i++)
      *read_rows_add(all) = (struct read_row){.row = rejects[i].row,
                                              .line = rejects[i].line,
                                              .reason = rejects[i].reason,
                                              .column = rejects[i].column};
  }
  source_reader_close(&reader);
  if (err != ERR_OK) return err;
  const struct source_split *s = &file->splits[split];
  check(all->count - first == s->row_count);
  qsort(all->rows + first, all->count - first, sizeof *all->rows, compare_read_rows);
  for (size_t i = 0; i < s->row_count; i++) check(all->rows[first + i].row == s->first_row + i);
  return ERR_OK;
}

/* All rows of a scanned file, in the order of the file. */
static inline enum err read_file_rows(const struct source_file *file, struct read_rows *all,
                                      struct failure *f) {
  *all = (struct read_rows){0};
  enum err err = ERR_OK;
  for (uint32_t i = 0; i < file->split_count && err == ERR_OK; i++)
    err = read_split(file, i, all, f);
  if (err == ERR_OK) check(all->count == file->row_count);
  return err;
}

#endif
