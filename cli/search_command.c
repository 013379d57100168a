/* guiyi search — customers by identifiers, parts of names and numbers. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/customer_output.h"
#include "cli/read_options.h"
#include "cli/text_table.h"
#include "common/name_choice.h"
#include "worker/store/generation_search.h"

static const char documentation[] =
    "Find customers: all TEXTs must fit, each in any field of any of a customer's records.\n"
    "\n"
    "A whole identifier (phone, e-mail, ID card, account, date, record id) in any of the forms it "
    "is "
    "written in; the beginning or two or more neighbouring characters of a name, company, address "
    "or "
    "text (of its first 64 characters); the first 3 or more digits of a phone number, its middle "
    "or "
    "last four, or both ends with stars between.\v"
    "Examples:\n"
    "  guiyi search 13800138000\n"
    "  guiyi search 张伟 朝阳\n"
    "  guiyi search '138****8000' --field 手机号码 --json\n"
    "\n"
    "Exit code: 0 done (also when nothing was found), 1 failed, 2 wrong usage.";

enum { OPTION_FIELD = 256, OPTION_LIMIT, OPTION_AFTER };
enum { LIMIT_DEFAULT = 20, LIMIT_MAX = 10000, SHOWN_FIELDS_MAX = 5 };

static const struct argp_option options[] = {
    {"field", OPTION_FIELD, "NAME", 0, "look in this field only", 0},
    {"limit", OPTION_LIMIT, "N", 0, "customers to show, at most 10000 (default: 20)", 0},
    {"after", OPTION_AFTER, "ID", 0, "go on behind this customer: the last one shown before", 0},
    {0}};

struct arguments {
  struct read_options read;
  const char *field;
  struct bytes texts[SEARCH_TEXTS_MAX];
  uint32_t text_count, limit;
  uint64_t after;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  char *end;
  switch (key) {
    case ARGP_KEY_INIT:
      state->child_inputs[0] = &a->read;
      return 0;
    case OPTION_FIELD:
      a->field = text;
      return 0;
    case OPTION_LIMIT:
      errno = 0;
      unsigned long limit = strtoul(text, &end, 10);
      if (errno || *end || *text == '-' || limit < 1 || limit > LIMIT_MAX)
        argp_error(state, "--limit takes a whole number from 1 to %d, found '%s'", LIMIT_MAX, text);
      a->limit = (uint32_t)limit;
      return 0;
    case OPTION_AFTER:
      if (!customer_id_parse(bytes_from_string(text), &a->after))
        argp_error(state, "--after takes a customer id such as C20240501001, found '%s'", text);
      return 0;
    case ARGP_KEY_ARG:
      if (a->text_count == SEARCH_TEXTS_MAX)
        argp_error(state, "at most %d texts in one search", SEARCH_TEXTS_MAX);
      a->texts[a->text_count++] = bytes_from_string(text);
      return 0;
    case ARGP_KEY_END:
      if (!a->text_count) argp_error(state, "TEXT is missing, for example: guiyi search 张伟");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static enum err find_field(const struct job *job, const char *name, int *field,
                           struct failure *failure) {
  *field = -1;
  if (!name) return ERR_OK;
  *field = job_field_find(job, bytes_from_string(name));
  if (*field >= 0) return ERR_OK;
  struct name_choice choice;
  struct buffer words = {0};
  name_choice_init(&choice, bytes_from_string(name));
  for (uint32_t f = 0; f < job->field_count; f++) name_choice_offer(&choice, job->fields[f].name);
  name_choice_print(&choice, &words);
  enum err err = failure_set(failure, ERR_USAGE, "the generation has no field '%s'; expected %s",
                             name, buffer_string(&words));
  buffer_release(&words);
  return err;
}

/* The fields that tell customers apart at a glance: those that are searchable, names first. */
static uint32_t shown_fields(const struct open_generation *open,
                             uint32_t fields[SHOWN_FIELDS_MAX]) {
  uint32_t count = 0;
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t f = 0; f < open->job.field_count && count < SHOWN_FIELDS_MAX; f++) {
      const struct job_field *field = &open->job.fields[f];
      bool is_name = field->type == FIELD_TYPE_PERSON_NAME || field->type == FIELD_TYPE_COMPANY;
      bool is_shown =
          is_name || open->plan.types[f]->is_identifier || field->type == FIELD_TYPE_ADDRESS;
      if (is_name == (pass == 0) && is_shown && field->use == USE_MATCH) fields[count++] = f;
    }
  return count;
}

static enum err print_result(const struct open_generation *open, const struct search_result *result,
                             bool as_json, struct arena *arena, struct buffer *out,
                             struct failure *failure) {
  uint32_t fields[SHOWN_FIELDS_MAX];
  uint32_t field_count = shown_fields(open, fields);
  struct text_table table = {.column_count = 2 + field_count};
  struct json_writer json = json_writer(out, true);
  text_table_add_string(&table, "customer");
  text_table_add_string(&table, "records");
  for (uint32_t f = 0; f < field_count; f++)
    text_table_add(&table, open->job.fields[fields[f]].name);
  if (as_json) {
    json_object_begin(&json);
    json_key(&json, "customers");
    json_array_begin(&json);
  }
  enum err err = ERR_OK;
  for (uint32_t i = 0; !err && i < result->count; i++) {
    struct golden_record *golden;
    err = open_generation_golden(open, &result->customers[i], arena, &golden, failure);
    if (err) break;
    if (as_json) {
      customer_print_json(open, golden, NULL, 0, arena, &json);
      continue;
    }
    char id[32];
    customer_id_format(golden->customer_id, id);
    text_table_add_string(&table, id);
    text_table_printf(&table, "%u", golden->member_count);
    for (uint32_t f = 0; f < field_count; f++)
      text_table_add(&table,
                     open_generation_value(open, fields[f], golden->values[fields[f]].text, arena));
  }
  if (as_json && !err) {
    json_array_end(&json);
    json_key(&json, "more");
    json_bool(&json, result->more);
    json_object_end(&json);
  } else if (!err && result->count) {
    text_table_print(&table, 0, out);
  }
  text_table_release(&table);
  return err;
}

int search_command(int argc, char **argv) {
  static const struct argp argp = {options, parse_option, "TEXT...", documentation, read_argp, 0,
                                   0};
  struct arguments a = {.limit = LIMIT_DEFAULT};
  argp_err_exit_status = 2;
  if (argp_parse(&argp, argc, argv, 0, 0, &a)) return 2;
  struct open_generation open;
  struct arena arena = {0};
  struct search_query query = {a.texts, a.text_count, -1, a.after, a.limit};
  struct search_result result = {0};
  struct buffer out = {0};
  struct failure failure;
  enum err err = open_generation(a.read.data_dir, a.read.unmask, &open, &failure);
  if (!err) err = find_field(&open.job, a.field, &query.field, &failure);
  if (!err) err = generation_search(open.generation, &query, &arena, &result, &failure);
  if (!err) err = print_result(&open, &result, a.read.json, &arena, &out, &failure);
  if (!err) {
    command_print(&out);
    char id[32];
    if (result.more) {
      customer_id_format(result.customers[result.count - 1].customer_id, id);
      fprintf(stderr, "there are more: add --after %s\n", id);
    } else if (!result.count) {
      fprintf(stderr, "no customer fits\n");
    }
  }
  buffer_release(&out);
  arena_release(&arena);
  open_generation_close(&open);
  return err ? command_failed("search", &failure) : 0;
}
