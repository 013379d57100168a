/* read_options — the options of the commands that read a data folder: get, search, explain, verify.
 *
 * A command's argp has read_argp (or read_argp_masked, which knows no --unmask) as its child, and
 * hands it a struct read_options at ARGP_KEY_INIT:
 *   state->child_inputs[0] = &arguments->read; */
#ifndef GUIYI_CLI_READ_OPTIONS_H
#define GUIYI_CLI_READ_OPTIONS_H

#include <argp.h>
#include <stdbool.h>

struct read_options {
  const char *data_dir;
  bool json, unmask;
};

extern const struct argp_child read_argp[], read_argp_masked[];

#endif
