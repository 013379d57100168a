/* guiyi verify — is the current generation whole, and is every golden value somebody's? */
#include <argp.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/open_generation.h"
#include "cli/read_options.h"
#include "common/json_write.h"
#include "worker/source_verify.h"

static const char documentation[] =
    "Verify the current generation: every byte and checksum, every count, that each record is in "
    "exactly one customer, that each golden value is the value of a record or a declared "
    "derivation "
    "of one, and the run's digest. Input files that did not change since are read again: their "
    "records must be what is stored.\v"
    "Examples:\n"
    "  guiyi verify\n"
    "  guiyi verify --data-dir /var/lib/guiyi --json\n"
    "\n"
    "Exit code: 0 sound, 1 damaged (the places are printed) or not readable, 2 wrong usage.";

enum { OPTION_NO_SOURCES = 256 };

static const struct argp_option options[] = {
    {"no-sources", OPTION_NO_SOURCES, 0, 0, "do not read the input files again", 0}, {0}};

struct arguments {
  struct read_options read;
  bool no_sources;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &a->read;
      return 0;
    case OPTION_NO_SOURCES:
      a->no_sources = true;
      return 0;
    case ARGP_KEY_ARG:
      argp_error(state, "no argument was expected, found '%s'", text);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static uint32_t problems_kept(const struct verify_report *r) {
  return r->problem_count < VERIFY_PROBLEMS_MAX ? (uint32_t)r->problem_count : VERIFY_PROBLEMS_MAX;
}

static void print_json(const struct verify_report *r, const struct source_verify_counts *s) {
  struct buffer out = {0};
  struct json_writer w = json_writer(&out, true);
  const struct {
    const char *name;
    uint64_t value;
  } counts[] = {
      {"generation", r->generation},
      {"shards", r->shards},
      {"bytes", r->bytes},
      {"customers", r->customers},
      {"records", r->records},
      {"golden_values", r->golden_values},
      {"aliases", r->aliases},
      {"files_read", s->files_read},
      {"files_changed", s->files_changed},
      {"records_read_again", s->records},
      {"problem_count", r->problem_count},
  };
  json_object_begin(&w);
  json_key(&w, "sound");
  json_bool(&w, r->problem_count == 0);
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    json_key(&w, counts[i].name);
    json_u64(&w, counts[i].value);
  }
  json_key(&w, "digest_is_checked");
  json_bool(&w, r->digest_is_checked);
  json_key(&w, "problems");
  json_array_begin(&w);
  for (uint32_t i = 0; i < problems_kept(r); i++) json_string(&w, r->problems[i]);
  json_array_end(&w);
  json_object_end(&w);
  command_print(&out);
  buffer_release(&out);
}

static void print_text(const struct verify_report *r, const struct source_verify_counts *s) {
  if (r->problem_count) {
    for (uint32_t i = 0; i < problems_kept(r); i++) puts(r->problems[i]);
    printf("DAMAGED: generation %llu has %llu problem%s%s\n", (unsigned long long)r->generation,
           (unsigned long long)r->problem_count, r->problem_count == 1 ? "" : "s",
           r->problem_count > VERIFY_PROBLEMS_MAX ? ", the first are shown" : "");
    return;
  }
  printf(
      "generation %llu is sound: %llu bytes in %u shards as published\n"
      "%llu records, each in one of %llu customers; %llu aliases resolve\n"
      "%llu golden values, each a record's or a declared derivation\n"
      "%s\n",
      (unsigned long long)r->generation, (unsigned long long)r->bytes, r->shards,
      (unsigned long long)r->records, (unsigned long long)r->customers,
      (unsigned long long)r->aliases, (unsigned long long)r->golden_values,
      r->digest_is_checked ? "the digest is the run's" : "the run left no digest to compare");
  if (s->files_read)
    printf("%llu records of %u input files, read again, are as stored\n",
           (unsigned long long)s->records, s->files_read);
  if (s->files_changed)
    printf("%u input files changed since, or are gone: not read again\n", s->files_changed);
}

int verify_command(int argc, char **argv) {
  static const struct argp argp = {options, parse_option, "", documentation, read_argp_masked, 0,
                                   0};
  struct arguments a = {0};
  argp_err_exit_status = 2;
  if (argp_parse(&argp, argc, argv, 0, 0, &a)) return 2;
  struct verify_report report;
  struct failure failure;
  struct source_verify_counts sources = {0};
  enum err err = generation_verify(a.read.data_dir, &report, &failure);
  if (!err && !a.no_sources) {
    err = source_verify(a.read.data_dir, &report, &sources, &failure);
    if (!err && report.problem_count)
      err = failure_set(&failure, ERR_CORRUPT, "%s", report.problems[0]);
  }
  int code = err ? err_exit_code(failure.code) : 0;
  if (err && report.problem_count == 0)
    code = command_failed("verify", &failure);
  else if (a.read.json)
    print_json(&report, &sources);
  else
    print_text(&report, &sources);
  verify_report_release(&report);
  return code;
}
