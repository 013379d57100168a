#include "cli/read_options.h"

#include "cli/open_generation.h"

enum { OPTION_DATA_DIR = 1024, OPTION_JSON, OPTION_UNMASK };

#define DATA_DIR                                                        \
  {                                                                     \
    "data-dir", OPTION_DATA_DIR, "DIR", 0,                              \
        "where generations are kept (default: " DATA_DIR_DEFAULT ")", 0 \
  }
#define JSON \
  { "json", OPTION_JSON, 0, 0, "print JSON", 0 }

static const struct argp_option options[] = {
    DATA_DIR, JSON, {"unmask", OPTION_UNMASK, 0, 0, "clear values instead of masked ones", 0}, {0}};
static const struct argp_option options_masked[] = {DATA_DIR, JSON, {0}};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct read_options *read = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      *read = (struct read_options){.data_dir = DATA_DIR_DEFAULT};
      return 0;
    case OPTION_DATA_DIR:
      read->data_dir = text;
      return 0;
    case OPTION_JSON:
      read->json = true;
      return 0;
    case OPTION_UNMASK:
      read->unmask = true;
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static const struct argp argp = {.options = options, .parser = parse_option};
static const struct argp argp_masked = {.options = options_masked, .parser = parse_option};

const struct argp_child read_argp[] = {{&argp, 0, NULL, 0}, {0}};
const struct argp_child read_argp_masked[] = {{&argp_masked, 0, NULL, 0}, {0}};
