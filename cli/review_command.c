/* guiyi review — what people decide about pairs of records: made, listed, taken back. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/review_facts.h"
#include "common/clock.h"
#include "common/json_write.h"

static const char documentation[] =
    "Decide which records are one customer. Decisions are kept in the data folder and honoured by "
    "every later run, whatever the weights say: merge joins two records, apart keeps their "
    "customers apart, household keeps them apart and records that they live together. They hold "
    "together: A = B and B ≠ C keep A and C apart; one that contradicts the others is refused.\n"
    "\n"
    "A and B are records, SOURCE/RECORD_ID as in members.csv.\v"
    "Examples:\n"
    "  guiyi review merge crm/U10086 app/778 --reviewer li.na --why 'saw the card'\n"
    "  guiyi review --decide review.csv --reviewer li.na\n"
    "  guiyi review --list\n"
    "  guiyi review --undo 12 --reviewer li.na\n"
    "\n"
    "--decide takes review.csv with the column `decision` filled in: merge, apart or household "
    "(合并, 不合并, 家庭); rows where it is empty are passed over; a column `note` is kept as the "
    "reason. All of a file is kept or, when one row is wrong, none of it.\n"
    "\n"
    "Exit code: 0 done, 1 not found or failed, 2 wrong usage, 3 the decision was refused.";

enum {
  OPTION_DATA_DIR = 256,
  OPTION_JSON,
  OPTION_REVIEWER,
  OPTION_WHY,
  OPTION_DECIDE,
  OPTION_LIST,
  OPTION_ALL,
  OPTION_UNDO,
};

static const struct argp_option options[] = {
    {"data-dir", OPTION_DATA_DIR, "DIR", 0,
     "where generations are kept (default: " DATA_DIR_DEFAULT ")", 0},
    {"reviewer", OPTION_REVIEWER, "NAME", 0,
     "who decides (default: the environment variable GUIYI_REVIEWER)", 0},
    {"why", OPTION_WHY, "TEXT", 0, "kept with the decision", 0},
    {"decide", OPTION_DECIDE, "FILE", 0, "keep the decisions of a file", 0},
    {"list", OPTION_LIST, 0, 0, "list the decisions that hold", 0},
    {"all", OPTION_ALL, 0, 0, "with --list: also what was undone", 0},
    {"undo", OPTION_UNDO, "N", 0, "take decision N back", 0},
    {"json", OPTION_JSON, 0, 0, "print JSON", 0},
    {0}};

struct arguments {
  const char *data_dir, *decide_path, *names[3];
  unsigned name_count;
  struct review_author author;
  bool json, list, all;
  uint64_t undo;
};

static uint64_t parse_number(struct argp_state *state, const char *text) {
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  if (*end || end == text || *text == '-' || value == 0)
    argp_error(state, "--undo takes the number of a decision, found '%s'", text);
  return value;
}

static void check_arguments(const struct arguments *a, struct argp_state *state) {
  enum pair_kind kind;
  unsigned actions = (a->name_count > 0) + (a->decide_path != NULL) + a->list + (a->undo != 0);
  if (actions != 1) argp_error(state, "one of: DECISION A B, --decide FILE, --list, --undo N");
  if (a->name_count &&
      (a->name_count < 3 || !pair_kind_parse(bytes_from_string(a->names[0]), &kind)))
    argp_error(state,
               "expected merge, apart or household, and two records, for example: guiyi "
               "review merge crm/U10086 app/778");
  if (a->all && !a->list) argp_error(state, "--all goes with --list");
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case OPTION_DATA_DIR:
      a->data_dir = text;
      return 0;
    case OPTION_REVIEWER:
      a->author.who = text;
      return 0;
    case OPTION_WHY:
      a->author.why = text;
      return 0;
    case OPTION_DECIDE:
      a->decide_path = text;
      return 0;
    case OPTION_LIST:
      a->list = true;
      return 0;
    case OPTION_ALL:
      a->all = true;
      return 0;
    case OPTION_UNDO:
      a->undo = parse_number(state, text);
      return 0;
    case OPTION_JSON:
      a->json = true;
      return 0;
    case ARGP_KEY_ARG:
      if (a->name_count == 3)
        argp_error(state, "a decision and two records; found another: %s", text);
      a->names[a->name_count++] = text;
      return 0;
    case ARGP_KEY_END:
      check_arguments(a, state);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

struct review {
  const struct arguments *arguments;
  struct open_generation open;
  struct fact_store *store;
  struct arena arena;
};

static void print_kept(const struct review *r, const struct fact *facts, uint32_t count,
                       uint32_t known, struct buffer *out) {
  if (r->arguments->json) {
    struct json_writer w = json_writer(out, true);
    json_object_begin(&w);
    json_key(&w, "kept"), json_u64(&w, count - known);
    json_key(&w, "known"), json_u64(&w, known);
    json_key(&w, "numbers");
    json_array_begin(&w);
    for (uint32_t i = 0; i < count; i++) json_u64(&w, facts[i].number);
    json_array_end(&w);
    json_object_end(&w);
    return;
  }
  char n[2][32];
  buffer_printf(out, "%s decision%s kept", progress_number(count - known, n[0]),
                count - known == 1 ? "" : "s");
  if (count == 1) buffer_printf(out, ", number %" PRIu64, facts[0].number);
  if (known) buffer_printf(out, "; %s known before", progress_number(known, n[1]));
  buffer_append_string(out, count > known ? "\nthe next run honours them\n" : "\n");
}

static enum err decide(struct review *r, struct buffer *out, struct failure *failure) {
  const struct arguments *a = r->arguments;
  struct review_table table = {0};
  enum err err = review_author_check(&a->author, failure);
  if (err) return err;
  if (a->decide_path) {
    err = review_table_read(&r->open, a->decide_path, &a->author, &r->arena, &table, failure);
  } else {
    enum pair_kind kind = PAIR_MERGE;
    pair_kind_parse(bytes_from_string(a->names[0]), &kind);
    table.facts = arena_alloc(&r->arena, sizeof *table.facts);
    table.count = 1;
    err = review_fact_find(&r->open, kind, a->names[1], a->names[2], &a->author, &r->arena,
                           table.facts, failure);
  }
  uint32_t known = 0;
  if (!err) err = fact_store_add(r->store, table.facts, table.count, &known, failure);
  if (!err) print_kept(r, table.facts, table.count, known, out);
  return err;
}

static enum err undo(struct review *r, struct buffer *out, struct failure *failure) {
  const struct arguments *a = r->arguments;
  enum err err = review_author_check(&a->author, failure);
  if (!err)
    err = fact_store_undo(r->store, a->undo, bytes_from_string(a->author.who),
                          bytes_from_string(a->author.why), clock_wall_ms(), failure);
  if (err) return err;
  if (a->json)
    buffer_printf(out, "{\"undone\": %" PRIu64 "}\n", a->undo);
  else
    buffer_printf(out, "decision %" PRIu64 " is undone from the next run on\n", a->undo);
  return ERR_OK;
}

static enum err list(struct review *r, struct buffer *out, struct failure *failure) {
  struct fact_list facts;
  enum err err = fact_store_read(r->store, &r->arena, &facts, failure);
  if (!err && r->arguments->json)
    review_facts_print_json(&facts, !r->arguments->all, out);
  else if (!err)
    review_facts_print(&facts, !r->arguments->all, out);
  return err;
}

int review_command(int argc, char **argv) {
  static const struct argp argp = {options, parse_option, "[DECISION A B]", documentation, 0, 0, 0};
  struct arguments a = {.data_dir = DATA_DIR_DEFAULT, .author = {.who = getenv("GUIYI_REVIEWER")}};
  argp_err_exit_status = 2;
  if (argp_parse(&argp, argc, argv, 0, 0, &a)) return 2;
  struct review r = {.arguments = &a};
  struct buffer out = {0};
  struct failure failure;
  enum err err = open_generation(a.data_dir, false, &r.open, &failure);
  if (!err) err = fact_store_open(a.data_dir, &r.store, &failure);
  if (!err)
    err = a.list   ? list(&r, &out, &failure)
          : a.undo ? undo(&r, &out, &failure)
                   : decide(&r, &out, &failure);
  if (!err) command_print(&out);
  buffer_release(&out);
  arena_release(&r.arena);
  fact_store_close(r.store);
  open_generation_close(&r.open);
  return err ? command_failed("review", &failure) : 0;
}
