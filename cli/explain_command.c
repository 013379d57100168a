/* guiyi explain — why two records are one customer, or why not. */
#include <argp.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/pair_explanation.h"
#include "cli/read_options.h"

static const char documentation[] =
    "Explain why two records are one customer or not: what speaks for and against, field by field "
    "with level and weight; the decision, rule, contradiction or score that decided; the way over "
    "other records, or the links that were cut; why two were never compared; what would have to be "
    "different.\n"
    "\n"
    "A and B are records (SOURCE/RECORD_ID as in members.csv) or customers (C20240501001): of "
    "customers the two records that agree most are taken.\v"
    "Examples:\n"
    "  guiyi explain crm/U10086 app/778\n"
    "  guiyi explain C20240501001 C20240501002 --json\n"
    "  guiyi explain crm/U10086 app/778 --lang zh\n"
    "\n"
    "Exit code: 0 done, 1 not found or failed, 2 wrong usage.";

enum { OPTION_LANG = 512 };

static const struct argp_option options[] = {
    {"lang", OPTION_LANG, "LANGUAGE", 0, "en or zh (default: as LC_ALL, LC_MESSAGES or LANG say)",
     0},
    {0}};

struct arguments {
  struct read_options read;
  enum language language;
  const char *names[2];
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &a->read;
      return 0;
    case OPTION_LANG:
      if (!language_parse(text, &a->language))
        argp_error(state, "--lang takes en or zh, found '%s'", text);
      return 0;
    case ARGP_KEY_ARG:
      if (state->arg_num >= 2) argp_error(state, "two names, A and B; found another: %s", text);
      a->names[state->arg_num] = text;
      return 0;
    case ARGP_KEY_END:
      if (state->arg_num < 2)
        argp_error(state, "A and B are needed, for example: guiyi explain crm/U10086 app/778");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static enum err explain(const struct arguments *a, struct pair_explanation *p,
                        struct open_generation *open, struct fact_list *facts,
                        struct failure *failure) {
  enum err err = open_generation(a->read.data_dir, a->read.unmask, open, failure);
  if (!err) err = fact_store_read_folder(a->read.data_dir, p->arena, facts, failure);
  for (int i = 0; i < 2 && !err; i++)
    err = open_generation_find(open, a->names[i], p->arena, &p->sides[i], failure);
  if (!err && p->sides[0].stored.customer_id == p->sides[1].stored.customer_id &&
      (p->sides[0].member < 0 || p->sides[0].member == p->sides[1].member))
    err = failure_set(failure, ERR_USAGE,
                      "'%s' and '%s' are the same: name two records, or two customers", a->names[0],
                      a->names[1]);
  if (!err) pair_explanation_make(p);
  return err;
}

int explain_command(int argc, char **argv) {
  static const struct argp argp = {options, parse_option, "A B", documentation, read_argp, 0, 0};
  struct arguments a = {.language = language_of_environment()};
  argp_err_exit_status = 2;
  if (argp_parse(&argp, argc, argv, 0, 0, &a)) return 2;
  struct open_generation open;
  struct arena arena = {0};
  struct buffer out = {0};
  struct failure failure;
  struct fact_list facts = {0};
  struct pair_explanation *p = arena_alloc_zeroed(&arena, sizeof *p);
  *p = (struct pair_explanation){
      .open = &open, .facts = &facts, .language = a.language, .arena = &arena};
  enum err err = explain(&a, p, &open, &facts, &failure);
  if (!err && a.read.json) {
    struct json_writer json = json_writer(&out, true);
    pair_explanation_print_json(p, &json);
  } else if (!err) {
    pair_explanation_print(p, &out);
  }
  if (!err) command_print(&out);
  buffer_release(&out);
  arena_release(&arena);
  open_generation_close(&open);
  return err ? command_failed("explain", &failure) : 0;
}
