/* guiyi get — one customer: golden values with where each comes from, and the records. */
#include <argp.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/customer_output.h"
#include "cli/read_options.h"

static const char documentation[] =
    "Show a customer: its golden record, where each value comes from, its records, and who lives "
    "or works with it.\n"
    "\n"
    "ID is a customer id, also a former one, or SOURCE/RECORD_ID of a record as members.csv shows "
    "it.\v"
    "Examples:\n"
    "  guiyi get C20240501001\n"
    "  guiyi get crm/U10086 --records\n"
    "  guiyi get C20240501001 --json --data-dir /var/lib/guiyi\n"
    "\n"
    "Exit code: 0 done, 1 not found or failed, 2 wrong usage.";

enum { OPTION_RECORDS = 256 };

static const struct argp_option options[] = {
    {"records", OPTION_RECORDS, 0, 0, "also print what each record says", 0}, {0}};

struct arguments {
  struct read_options read;
  const char *id;
  bool records;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &a->read;
      return 0;
    case OPTION_RECORDS:
      a->records = true;
      return 0;
    case ARGP_KEY_ARG:
      if (a->id) argp_error(state, "one ID only, found another: %s", text);
      a->id = text;
      return 0;
    case ARGP_KEY_END:
      if (!a->id) argp_error(state, "ID is missing, for example: guiyi get C20240501001");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

int get_command(int argc, char **argv) {
  static const struct argp argp = {options, parse_option, "ID", documentation, read_argp, 0, 0};
  struct arguments a = {0};
  argp_err_exit_status = 2;
  if (argp_parse(&argp, argc, argv, 0, 0, &a)) return 2;
  struct open_generation open;
  struct arena arena = {0};
  struct named_customer customer;
  struct buffer out = {0};
  struct failure failure;
  enum err err = open_generation(a.read.data_dir, a.read.unmask, &open, &failure);
  if (!err) err = open_generation_find(&open, a.id, &arena, &customer, &failure);
  struct related_customer *related = NULL;
  uint32_t related_count = 0;
  if (!err)
    err = open_generation_related(&open, customer.stored.customer_id, &arena, &related,
                                  &related_count, &failure);
  if (!err && a.read.json) {
    struct json_writer json = json_writer(&out, true);
    customer_print_json(&open, customer.golden, related, related_count, &arena, &json);
  } else if (!err) {
    customer_print(&open, &customer, a.records, &arena, &out);
    customer_print_related(&open, related, related_count, &arena, &out);
  }
  command_print(&out);
  buffer_release(&out);
  arena_release(&arena);
  open_generation_close(&open);
  return err ? command_failed("get", &failure) : 0;
}
