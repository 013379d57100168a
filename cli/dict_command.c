/* guiyi dict — the data dictionary of a job. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "common/csv_write.h"
#include "common/job_sections.h"
#include "common/json_write.h"
#include "worker/plan.h"

static const char documentation[] =
    "Print the data dictionary of a job: each field with its type, format, whether it is required, "
    "which columns of which sources fill it, and how sensitive it is.\v"
    "Examples:\n"
    "  guiyi dict crm.yaml > dictionary.md\n"
    "  guiyi dict crm.yaml --csv\n"
    "  guiyi dict crm.yaml --json\n"
    "\n"
    "Exit code: 0 done, 2 the job file has a mistake.";

enum { OPTION_MD = 256, OPTION_CSV, OPTION_JSON };

static const struct argp_option options[] = {
    {"md", OPTION_MD, 0, 0, "as Markdown tables (the default)", 0},
    {"csv", OPTION_CSV, 0, 0, "as CSV, one row per field", 0},
    {"json", OPTION_JSON, 0, 0, "as JSON", 0},
    {0}};

struct arguments {
  const char *path;
  int form;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case OPTION_MD:
    case OPTION_CSV:
    case OPTION_JSON:
      a->form = key;
      return 0;
    case ARGP_KEY_ARG:
      if (a->path) argp_error(state, "one job file at a time, found a second: %s", text);
      a->path = text;
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_error(state, "name a job file, for example: guiyi dict crm.yaml");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

/* ---- what is said of a field ---- */

static const char *format_of(const struct job_field *field) {
  switch (field->type) {
    case FIELD_TYPE_PERSON_NAME:
      return "cleaned: NFKC, titles off; 买买提·艾山 with U+00B7";
    case FIELD_TYPE_PHONE:
      return "11 digits; 0755-88886666-801; 400-800-1234; +85261234567";
    case FIELD_TYPE_ID_CARD:
      return "18 characters (GB 11643); old 15 digits become 18";
    case FIELD_TYPE_USCC:
      return "18 characters (GB 32100)";
    case FIELD_TYPE_EMAIL:
      return "lower case";
    case FIELD_TYPE_ACCOUNT:
      return "as the source writes it";
    case FIELD_TYPE_ADDRESS:
      return field->options.address_part == ADDRESS_WHOLE ? "province city district road number …"
                                                          : "cleaned text";
    case FIELD_TYPE_COMPANY:
      return "cleaned: NFKC, brackets and spaces";
    case FIELD_TYPE_DATE:
      return field->options.date_with_time ? "YYYY-MM-DD HH:MM:SS" : "YYYY-MM-DD";
    case FIELD_TYPE_CATEGORY:
      switch (field->options.code_table) {
        case CODE_GENDER:
          return "男, 女, 未知 (GB/T 2261.1)";
        case CODE_CHANNEL:
          return "code table of customer sources";
        case CODE_INDUSTRY:
          return "GB/T 4754-2017";
        case CODE_CUSTOMER_STATE:
          return "潜在客户, 成交客户, 流失客户";
        default:
          return "one of few values";
      }
    case FIELD_TYPE_AMOUNT:
      return "yuan with two decimals";
    case FIELD_TYPE_TEXT:
      return field->multi ? "several values" : "text";
    default:
      return "";
  }
}

static const char *sensitivity_of(const struct plan *plan, uint32_t field) {
  if (plan->job->fields[field].type == FIELD_TYPE_ID_CARD) return "sensitive";
  return plan->is_personal[field] ? "personal" : "internal";
}

static const char *choice_name(const struct schema_choice *choices, int value) {
  while (choices->name && choices->value != value) choices++;
  return choices->name;
}

static const char *survivorship_of(const struct job_field *field, const struct field_type *type) {
  enum survivorship rule = field->survivorship ? field->survivorship : type->survivorship;
  return choice_name(job_survivorship_choices, (int)rule);
}

/* "官网.用户手机号; 电商 = 电商平台": the columns and constants that fill a field. */
static void append_sources(const struct job *job, uint32_t field, struct buffer *out) {
  for (uint32_t s = 0; s < job->source_count; s++) {
    const struct job_source *source = &job->sources[s];
    for (uint32_t c = 0; c < source->column_count; c++) {
      if (source->columns[c].field == field)
        buffer_printf(out, "%s%s.%s", out->size ? "; " : "", source->id.data,
                      source->columns[c].name.data);
    }
    for (uint32_t k = 0; k < source->constant_count; k++) {
      if (source->constants[k].field == field)
        buffer_printf(out, "%s%s = %s", out->size ? "; " : "", source->id.data,
                      source->constants[k].value.data);
    }
  }
}

/* ---- Markdown ---- */

/* A cell of a table: a bar would end it. */
static void append_cell(struct buffer *out, struct bytes text) {
  buffer_append_string(out, "| ");
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    if (c == '|') buffer_append_char(out, '\\');
    buffer_append_char(out, (unsigned char)c < ' ' ? ' ' : c);
  }
  buffer_append_char(out, ' ');
}

static void append_cell_string(struct buffer *out, const char *text) {
  append_cell(out, bytes_from_string(text));
}

static const char *const source_kinds[] = {[SOURCE_KIND_UNSAID] = "",
                                           [SOURCE_ONLINE] = "online",
                                           [SOURCE_OFFLINE] = "offline",
                                           [SOURCE_HUMAN] = "human"};
static const char *const cadences[] = {[CADENCE_UNSAID] = "",
                                       [CADENCE_REALTIME] = "realtime",
                                       [CADENCE_DAILY] = "daily",
                                       [CADENCE_ON_DEMAND] = "on demand"};

static void print_markdown(const struct plan *plan, struct buffer *out) {
  const struct job *job = plan->job;
  buffer_append_string(out, "# Data dictionary");
  if (job->name.size) buffer_printf(out, ": %s", job->name.data);
  buffer_append_string(out,
                       "\n\n| field | type | format | required | compared | survivorship | "
                       "sensitivity | filled from |\n| --- | --- | --- | --- | --- | --- | --- | "
                       "--- |\n");
  for (uint32_t f = 0; f < job->field_count; f++) {
    const struct job_field *field = &job->fields[f];
    struct buffer from = {0};
    append_sources(job, f, &from);
    append_cell(out, field->name);
    append_cell_string(out, plan->types[f]->label);
    append_cell_string(out, format_of(field));
    append_cell_string(out, field->required ? "yes" : "no");
    append_cell_string(out, plan->comparison_of_field[f] >= 0 ? "yes" : "no");
    append_cell_string(out, survivorship_of(field, plan->types[f]));
    append_cell_string(out, sensitivity_of(plan, f));
    append_cell(out, buffer_bytes(&from));
    buffer_append_string(out, "|\n");
    buffer_release(&from);
  }
  buffer_append_string(
      out,
      "\n| source | kind | cadence | contact | trust | columns |\n| --- | --- | --- "
      "| --- | --- | --- |\n");
  for (uint32_t s = 0; s < job->source_count; s++) {
    const struct job_source *source = &job->sources[s];
    append_cell(out, source->id);
    append_cell_string(out, source_kinds[source->kind]);
    append_cell_string(out, cadences[source->cadence]);
    append_cell(out, source->contact);
    buffer_printf(out, "| %d | %u |\n", source->trust, source->column_count);
  }
}

/* ---- CSV and JSON ---- */

static void print_csv(const struct plan *plan, struct buffer *out) {
  const struct job *job = plan->job;
  buffer_append_string(
      out, "field,type,format,required,compared,survivorship,sensitivity,filled_from\n");
  for (uint32_t f = 0; f < job->field_count; f++) {
    const struct job_field *field = &job->fields[f];
    struct buffer from = {0};
    append_sources(job, f, &from);
    csv_append(out, field->name);
    csv_append_string(out, job_type_name(field->type));
    csv_append_string(out, format_of(field));
    csv_append_string(out, field->required ? "yes" : "no");
    csv_append_string(out, plan->comparison_of_field[f] >= 0 ? "yes" : "no");
    csv_append_string(out, survivorship_of(field, plan->types[f]));
    csv_append_string(out, sensitivity_of(plan, f));
    csv_append(out, buffer_bytes(&from));
    csv_end_row(out);
    buffer_release(&from);
  }
}

static void print_json(const struct plan *plan, struct buffer *out) {
  const struct job *job = plan->job;
  struct json_writer w = json_writer(out, true);
  json_object_begin(&w);
  json_key(&w, "fields");
  json_array_begin(&w);
  for (uint32_t f = 0; f < job->field_count; f++) {
    const struct job_field *field = &job->fields[f];
    struct buffer from = {0};
    append_sources(job, f, &from);
    json_object_begin(&w);
    json_key(&w, "field"), json_bytes(&w, field->name);
    json_key(&w, "type"), json_string(&w, job_type_name(field->type));
    json_key(&w, "format"), json_string(&w, format_of(field));
    json_key(&w, "required"), json_bool(&w, field->required);
    json_key(&w, "compared"), json_bool(&w, plan->comparison_of_field[f] >= 0);
    json_key(&w, "survivorship"), json_string(&w, survivorship_of(field, plan->types[f]));
    json_key(&w, "sensitivity"), json_string(&w, sensitivity_of(plan, f));
    json_key(&w, "filled_from"), json_bytes(&w, buffer_bytes(&from));
    json_object_end(&w);
    buffer_release(&from);
  }
  json_array_end(&w);
  json_key(&w, "sources");
  json_array_begin(&w);
  for (uint32_t s = 0; s < job->source_count; s++) {
    const struct job_source *source = &job->sources[s];
    json_object_begin(&w);
    json_key(&w, "source"), json_bytes(&w, source->id);
    json_key(&w, "kind"), json_string(&w, source_kinds[source->kind]);
    json_key(&w, "cadence"), json_string(&w, cadences[source->cadence]);
    json_key(&w, "contact"), json_bytes(&w, source->contact);
    json_key(&w, "trust"), json_i64(&w, source->trust);
    json_object_end(&w);
  }
  json_array_end(&w);
  json_object_end(&w);
}

int dict_command(int argc, char **argv) {
  static const struct argp parser = {options, parse_option, "JOB", documentation, 0, 0, 0};
  struct arguments arguments = {.form = OPTION_MD};
  argp_err_exit_status = 2;
  argp_parse(&parser, argc, argv, 0, NULL, &arguments);
  struct failure failure = {0};
  struct job job;
  struct plan plan;
  enum err code = job_load(arguments.path, &job, &failure);
  if (!code) code = plan_make(&job, &plan, &failure);
  if (code) {
    fprintf(stderr, "guiyi dict: %s\n", failure.message);
  } else {
    struct buffer out = {0};
    if (arguments.form == OPTION_CSV)
      print_csv(&plan, &out);
    else if (arguments.form == OPTION_JSON)
      print_json(&plan, &out);
    else
      print_markdown(&plan, &out);
    fputs(buffer_string(&out), stdout);
    buffer_release(&out);
  }
  job_release(&job);
  return err_exit_code(code);
}
