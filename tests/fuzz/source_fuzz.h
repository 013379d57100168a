/* source_fuzz — a file of any bytes, scanned and read in several ways that must give the same rows.
 */
#ifndef GUIYI_TESTS_FUZZ_SOURCE_FUZZ_H
#define GUIYI_TESTS_FUZZ_SOURCE_FUZZ_H

#include "common/hash.h"
#include "tests/harness/source_rows.h"

/* Rows, lines, reasons, names and warnings in one number; what was refused gives the error. */
static inline uint64_t hash_of_file(const char *path, const struct source_file_options *options,
                                    uint64_t split_bytes, const char *kernels) {
  check(setenv("GUIYI_SIMD", kernels, 1) == 0);
  struct source_file file;
  struct failure f = {0};
  struct read_rows rows = {0};
  enum err err = source_file_scan(path, options, split_bytes, &file, &f);
  if (err == ERR_OK) err = read_file_rows(&file, &rows, &f);
  uint64_t hash = err;
  if (err != ERR_OK) {
    check(err == ERR_INPUT);
    hash = hash_join(hash, hash_bytes(bytes_from_string(f.message)));
  }
  for (uint32_t i = 0; i < file.column_count; i++)
    hash = hash_join(hash, hash_bytes(file.columns[i]));
  for (size_t i = 0; i < rows.count; i++) {
    const struct read_row *row = &rows.rows[i];
    hash = hash_join(hash, row->line);
    if (row->reason) {
      check(source_reject_sentence(row->reason));
      hash = hash_join(hash, hash_bytes(bytes_from_string(row->reason)));
      continue;
    }
    for (uint32_t c = 0; c < file.column_count; c++) {
      struct text_facts facts =
          source_kernels()->text_check(row->cells[c].data, row->cells[c].size);
      check(facts.is_utf8 && !facts.has_nul);
      hash = hash_join(hash, hash_bytes(row->cells[c]));
    }
  }
  for (uint32_t i = 0; i < file.sample.row_count * file.sample.column_count; i++)
    hash = hash_join(hash, hash_bytes(file.sample.cells[i]));
  read_rows_release(&rows);
  source_file_release(&file);
  return hash;
}

/* How it is split follows from its size, so that the input is the file as it is. */
static inline void fuzz_source(const uint8_t *data, size_t size,
                               const struct source_file_options *options) {
  static struct memory_file memory;
  if (memory.path[0] == 0) memory_file_open(&memory);
  memory_file_write(&memory, data, size);
  uint64_t expected = hash_of_file(memory.path, options, 0, "scalar");
  check(hash_of_file(memory.path, options, 1 + size % 251, "avx2") == expected);
  check(hash_of_file(memory.path, options, 16 * (size % 61), "avx512") == expected);
}

#endif
