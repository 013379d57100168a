/* guiyi review — what people decide about pairs of records: one after the other on a terminal, from
 * a file, by pattern; listed, taken back. */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/read_options.h"
#include "cli/review_screen.h"
#include "common/clock.h"
#include "common/json_write.h"
#include "worker/exports/review_csv.h"

static const char documentation[] =
    "Decide which records are one customer. Without arguments: the pairs that the last run was not "
    "sure about, on the terminal, the most valuable first (uncertainty times value of the "
    "customers), side by side and masked, with what speaks for and against; a key decides.\n"
    "\n"
    "Decisions are kept in the data folder and honoured by every later run, whatever the weights "
    "say: merge joins two records, apart keeps their customers apart, household keeps them apart "
    "and records that they live together. They hold together: A = B and B ≠ C keep A and C apart; "
    "one that contradicts the others is refused.\n"
    "\n"
    "A and B are records, SOURCE/RECORD_ID as in members.csv.\v"
    "Examples:\n"
    "  guiyi review --reviewer li.na\n"
    "  guiyi review --reason constraint --limit 20 --json\n"
    "  guiyi review merge crm/U10086 app/778 --reviewer li.na --why 'saw the card'\n"
    "  guiyi review --decide review.csv --reviewer li.na\n"
    "  guiyi review --all apart --pattern 0801810 --preview\n"
    "  guiyi review --list\n"
    "  guiyi review --undo 12 --reviewer li.na\n"
    "\n"
    "--decide takes review.csv with the column `decision` filled in: merge, apart or household "
    "(合并, 不合并, 家庭); rows where it is empty are passed over; a column `note` is kept as the "
    "reason. All of a file is kept or, when one row is wrong, none of it.\n"
    "\n"
    "Exit code: 0 done, 1 not found or failed, 2 wrong usage, 3 the decision was refused.";

enum {
  OPTION_REVIEWER = 512,
  OPTION_WHY,
  OPTION_DECIDE,
  OPTION_ALL,
  OPTION_PREVIEW,
  OPTION_LIST,
  OPTION_LOG,
  OPTION_UNDO,
  OPTION_REASON,
  OPTION_PATTERN,
  OPTION_SOURCE,
  OPTION_CUSTOMER,
  OPTION_LEAST,
  OPTION_MOST,
  OPTION_LIMIT,
  OPTION_LANG,
};

static const struct argp_option options[] = {
    {0, 0, 0, 0, "Deciding:", 1},
    {"reviewer", OPTION_REVIEWER, "NAME", 0,
     "who decides (default: the environment variable GUIYI_REVIEWER)", 0},
    {"why", OPTION_WHY, "TEXT", 0, "kept with the decision", 0},
    {"decide", OPTION_DECIDE, "FILE", 0, "keep the decisions of a file", 0},
    {"all", OPTION_ALL, "DECISION", 0, "decide all open pairs that the filters leave alike", 0},
    {"preview", OPTION_PREVIEW, 0, 0, "with --all: only say what would be decided", 0},
    {"undo", OPTION_UNDO, "N", 0, "take decision N back", 0},
    {"list", OPTION_LIST, 0, 0, "list the decisions that hold", 0},
    {"log", OPTION_LOG, 0, 0, "list all that was ever decided and undone", 0},
    {0, 0, 0, 0, "Which pairs:", 2},
    {"reason", OPTION_REASON, "REASON", 0,
     "uncertain, constraint, cohesion, size, rule or household", 0},
    {"pattern", OPTION_PATTERN, "PATTERN", 0, "of this comparison pattern, as in review.csv", 0},
    {"source", OPTION_SOURCE, "ID", 0, "with a record of this source", 0},
    {"customer", OPTION_CUSTOMER, "ID", 0, "of this customer", 0},
    {"least", OPTION_LEAST, "BITS", 0, "of this weight or above", 0},
    {"most", OPTION_MOST, "BITS", 0, "of this weight or below", 0},
    {"limit", OPTION_LIMIT, "N", 0, "at most so many (with --json: 100)", 0},
    {0, 0, 0, 0, "Output:", 3},
    {"lang", OPTION_LANG, "LANGUAGE", 0, "en or zh (default: as LC_ALL, LC_MESSAGES or LANG say)",
     0},
    {0}};

enum { JSON_LIMIT_DEFAULT = 100 };

struct arguments {
  struct read_options read;
  const char *decide_path, *names[3];
  unsigned name_count;
  struct review_author author;
  enum language language;
  bool list, log, preview, has_all;
  enum pair_kind all;
  uint64_t undo, limit;
  struct review_filter filter;
};

static uint64_t parse_number(struct argp_state *state, const char *option, const char *text) {
  char *end;
  unsigned long long value = strtoull(text, &end, 10);
  if (*end || end == text || *text == '-' || value == 0)
    argp_error(state, "%s takes a whole number from 1, found '%s'", option, text);
  return value;
}

static int32_t parse_bits(struct argp_state *state, const char *option, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (*end || end == text || !(value >= -1000 && value <= 1000))
    argp_error(state, "%s takes bits from -1000 to 1000, found '%s'", option, text);
  return (int32_t)(value * WEIGHT_BIT);
}

static int parse_reason(struct argp_state *state, const char *text) {
  for (int reason = 0; reason < REVIEW_DECISION; reason++)
    if (strcmp(text, review_reason_name((enum review_reason)reason)) == 0) return reason;
  argp_error(state,
             "--reason takes uncertain, constraint, cohesion, size, rule or household, found '%s'",
             text);
  return -1;
}

static enum pair_kind parse_kind(struct argp_state *state, const char *text) {
  enum pair_kind kind = PAIR_MERGE;
  if (!pair_kind_parse(bytes_from_string(text), &kind))
    argp_error(state, "a decision is merge, apart or household (合并, 不合并, 家庭), found '%s'",
               text);
  return kind;
}

static void check_arguments(const struct arguments *a, struct argp_state *state) {
  unsigned actions = (a->name_count > 0) + (a->decide_path != NULL) + a->list + a->log +
                     (a->undo != 0) + a->has_all;
  if (actions > 1)
    argp_error(state,
               "at most one of: DECISION A B, --decide FILE, --all DECISION, --list, --log, --undo "
               "N");
  if (a->name_count && a->name_count < 3)
    argp_error(state,
               "expected a decision and two records, for example: guiyi review merge "
               "crm/U10086 app/778");
  if (a->name_count) parse_kind(state, a->names[0]);
  if (a->preview && !a->has_all) argp_error(state, "--preview goes with --all");
}

static error_t parse_filter(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  struct review_filter *f = &a->filter;
  switch (key) {
    case OPTION_REASON:
      f->reason = parse_reason(state, text);
      return 0;
    case OPTION_PATTERN:
      f->pattern = bytes_from_string(text);
      return 0;
    case OPTION_SOURCE:
      f->source = bytes_from_string(text);
      return 0;
    case OPTION_CUSTOMER:
      if (!customer_id_parse(bytes_from_string(text), &f->customer))
        argp_error(state, "--customer takes an id such as C20240501001, found '%s'", text);
      return 0;
    case OPTION_LEAST:
      f->least = parse_bits(state, "--least", text);
      f->has_least = true;
      return 0;
    case OPTION_MOST:
      f->most = parse_bits(state, "--most", text);
      f->has_most = true;
      return 0;
    case OPTION_LIMIT:
      a->limit = parse_number(state, "--limit", text);
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &a->read;
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
    case OPTION_ALL:
      a->all = parse_kind(state, text);
      a->has_all = true;
      return 0;
    case OPTION_PREVIEW:
      a->preview = true;
      return 0;
    case OPTION_LIST:
      a->list = true;
      return 0;
    case OPTION_LOG:
      a->log = true;
      return 0;
    case OPTION_UNDO:
      a->undo = parse_number(state, "--undo", text);
      return 0;
    case OPTION_LANG:
      if (!language_parse(text, &a->language))
        argp_error(state, "--lang takes en or zh, found '%s'", text);
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
      return parse_filter(key, text, state);
  }
}

struct review {
  const struct arguments *arguments;
  struct open_generation open;
  struct fact_store *store;
  struct arena arena;
  struct review_cases cases;
};

static struct review_session session_of(struct review *r) {
  const struct arguments *a = r->arguments;
  return (struct review_session){.open = &r->open,
                                 .store = r->store,
                                 .author = &a->author,
                                 .language = a->language,
                                 .cases = &r->cases,
                                 .limit = a->limit};
}

/* The pairs that the filters leave, the decided ones marked. */
static enum err load_cases(struct review *r, struct failure *failure) {
  struct fact_list log;
  struct review_decided decided;
  enum err err = review_cases_load(&r->open, &r->arguments->filter, &r->arena, &r->cases, failure);
  if (!err) err = fact_store_read(r->store, &r->arena, &log, failure);
  if (!err) err = review_decided_find(&r->open, &log, &r->arena, &decided, failure);
  if (!err) review_cases_mark(&r->cases, &decided);
  return err;
}

static void print_kept(const struct review *r, const struct fact *facts, uint32_t count,
                       uint32_t known, struct buffer *out) {
  if (r->arguments->read.json) {
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

static enum err keep(struct review *r, struct fact *facts, uint32_t count, struct buffer *out,
                     struct failure *failure) {
  uint32_t known = 0;
  enum err err = fact_store_add(r->store, facts, count, &known, failure);
  if (!err) print_kept(r, facts, count, known, out);
  return err;
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
  return err ? err : keep(r, table.facts, table.count, out, failure);
}

static enum err decide_all(struct review *r, struct buffer *out, struct failure *failure) {
  const struct arguments *a = r->arguments;
  struct fact *facts = NULL;
  uint32_t count = 0;
  enum err err = a->preview ? ERR_OK : review_author_check(&a->author, failure);
  if (!err) err = load_cases(r, failure);
  if (err) return err;
  struct review_session session = session_of(r);
  if (a->preview) {
    if (a->read.json) return review_cases_print_json(&session, out, failure);
    return review_cases_preview(&session, out, failure);
  }
  err = review_cases_decide(&session, a->all, &r->arena, &facts, &count, failure);
  return err ? err : keep(r, facts, count, out, failure);
}

static enum err ask(struct review *r, struct buffer *out, struct failure *failure) {
  const struct arguments *a = r->arguments;
  enum err err = a->read.json ? ERR_OK : review_author_check(&a->author, failure);
  if (!err) err = load_cases(r, failure);
  if (err) return err;
  struct review_session session = session_of(r);
  if (a->read.json) {
    if (!session.limit) session.limit = JSON_LIMIT_DEFAULT;
    return review_cases_print_json(&session, out, failure);
  }
  if (r->cases.open == 0) {
    buffer_append_string(
        out, language_say(a->language, "nothing is open for review\n", "没有待核对的记录对\n"));
    return ERR_OK;
  }
  return review_session_run(&session, failure);
}

static enum err undo(struct review *r, struct buffer *out, struct failure *failure) {
  const struct arguments *a = r->arguments;
  enum err err = review_author_check(&a->author, failure);
  if (!err)
    err = fact_store_undo(r->store, a->undo, bytes_from_string(a->author.who),
                          bytes_from_string(a->author.why), clock_wall_ms(), failure);
  if (err) return err;
  if (a->read.json)
    buffer_printf(out, "{\"undone\": %" PRIu64 "}\n", a->undo);
  else
    buffer_printf(out, "decision %" PRIu64 " is undone from the next run on\n", a->undo);
  return ERR_OK;
}

static enum err list(struct review *r, struct buffer *out, struct failure *failure) {
  struct fact_list facts;
  enum err err = fact_store_read(r->store, &r->arena, &facts, failure);
  if (!err && r->arguments->read.json)
    review_facts_print_json(&facts, !r->arguments->log, out);
  else if (!err)
    review_facts_print(&facts, !r->arguments->log, out);
  return err;
}

static enum err run(struct review *r, struct buffer *out, struct failure *failure) {
  const struct arguments *a = r->arguments;
  if (a->list || a->log) return list(r, out, failure);
  if (a->undo) return undo(r, out, failure);
  if (a->has_all) return decide_all(r, out, failure);
  if (a->name_count || a->decide_path) return decide(r, out, failure);
  return ask(r, out, failure);
}

int review_command(int argc, char **argv) {
  static const struct argp argp = {
      options, parse_option, "[DECISION A B]", documentation, read_argp, 0, 0};
  struct arguments a = {.author = {.who = getenv("GUIYI_REVIEWER")},
                        .language = language_of_environment(),
                        .filter = {.reason = -1}};
  argp_err_exit_status = 2;
  if (argp_parse(&argp, argc, argv, 0, 0, &a)) return 2;
  struct review r = {.arguments = &a};
  struct buffer out = {0};
  struct failure failure;
  enum err err = open_generation(a.read.data_dir, a.read.unmask, &r.open, &failure);
  if (!err) err = fact_store_open(a.read.data_dir, &r.store, &failure);
  if (!err) err = run(&r, &out, &failure);
  if (!err) command_print(&out);
  buffer_release(&out);
  arena_release(&r.arena);
  fact_store_close(r.store);
  open_generation_close(&r.open);
  return err ? command_failed("review", &failure) : 0;
}
