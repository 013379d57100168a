/* make_customers — `guiyi make-customers`: as many Chinese customers of several channels as wanted,
 * with the truth about who is who and the hard cases labelled, to try and to measure the matching
 * with.
 *
 * The same options give the same bytes on every machine, with any number of threads. */
#ifndef GUIYI_CLI_MAKE_CUSTOMERS_H
#define GUIYI_CLI_MAKE_CUSTOMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/customer_words.h"
#include "common/bytes.h"
#include "common/err.h"

struct make_customers_options {
  uint64_t record_count;
  uint64_t seed;
  const char *out_dir; /* is made when it is not there; its files are overwritten */
  const struct customer_words *words;
  bool gb18030;          /* records.csv in GB18030 instead of UTF-8 */
  uint32_t thread_count; /* at least 1 */
};

/* Writes records.csv, truth.csv and pairs_must_not.csv into out_dir. Blocks until done. */
enum err make_customers(const struct make_customers_options *options, struct failure *failure);

/* The command line behind `guiyi make-customers`; returns the exit code. argv[0] is the command's
 * name. */
int make_customers_command(int argc, char **argv);

#endif
