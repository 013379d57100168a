/* guiyi check — is a job file right, and what does it come to? */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/job_json.h"
#include "worker/blocking_defaults.h"
#include "worker/quality_rules.h"

static const char documentation[] =
    "Validate a job file and print the job it comes to: every field with its type and role, "
    "derived "
    "ones included, and the blocking rules that were made. Match rules whose pairs no block brings "
    "together are warned of. A mistake is answered with file, line, "
    "key and the nearest valid name. Data files are not opened.\v"
    "Examples:\n"
    "  guiyi check crm.yaml\n"
    "  guiyi check crm.yaml --json\n"
    "\n"
    "Exit code: 0 the job file is right, 2 it has a mistake.";

enum { OPTION_JSON = 256 };

static const struct argp_option options[] = {
    {"json", OPTION_JSON, 0, 0, "print the resolved job as JSON", 0}, {0}};

struct arguments {
  const char *path;
  bool json;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case OPTION_JSON:
      a->json = true;
      return 0;
    case ARGP_KEY_ARG:
      if (a->path) argp_error(state, "one job file at a time, found a second: %s", text);
      a->path = text;
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_error(state, "name a job file, for example: guiyi check crm.yaml");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

/* What the job says nothing of and the plan decided, as comments behind the job. */
static void print_derived(const struct plan *plan, struct buffer *out) {
  const struct job *job = plan->job;
  bool said = false;
  for (uint32_t r = 0; r < plan->blocking_count; r++) {
    const struct plan_blocking_rule *rule = &plan->blocking[r];
    if (job->blocking_count && !rule->for_match_rule) continue;
    if (!said)
      buffer_append_string(out, job->blocking_count
                                    ? "# blocking rules, made for match rules:\n"
                                    : "# blocking rules, made from the fields' types:\n");
    said = true;
    buffer_append_string(out, "#   [");
    for (uint32_t i = 0; i < rule->part_count; i++) {
      if (i) buffer_append_string(out, ", ");
      plan_print_part(plan, rule->parts[i], out);
    }
    buffer_printf(out, "], at most %u records, then split by", rule->cap);
    for (uint32_t i = 0; i < rule->refine_count; i++) {
      buffer_append_char(out, i ? ',' : ' ');
      if (i) buffer_append_char(out, ' ');
      plan_print_part(plan, rule->refine[i], out);
    }
    if (rule->refine_count == 0) buffer_append_string(out, " nothing");
    buffer_append_char(out, '\n');
  }
  for (uint32_t i = 0; i < plan->left_out_count; i++)
    buffer_printf(out, "# not compared, there are %d more useful fields: %s\n", JOB_COMPARISONS_MAX,
                  job->fields[plan->left_out[i]].name.data);
}

/* A match rule decides only about pairs that a block brings together. */
static void warn_of_match_rules(const struct arguments *a, const struct plan *plan) {
  for (uint32_t m = 0; m < plan->match_rule_count; m++) {
    const struct plan_match_rule *rule = &plan->match_rules[m];
    if (rule->has_block) continue;
    struct buffer keys = {0};
    blocking_defaults_suggest(plan, rule, &keys);
    fprintf(
        stderr,
        "%s:%u: warning: match rule %.*s: no blocking rule brings all of its pairs together, so "
        "it decides only about those that other fields bring together%s%s\n",
        a->path, plan->job->match_rules[m].place.line, (int)rule->id.size, rule->id.data,
        keys.size ? "; to compare more, add to blocking.rules: " : "", buffer_string(&keys));
    buffer_release(&keys);
  }
}

static enum err check_job(const struct arguments *a, struct job *job, struct failure *failure) {
  struct plan plan;
  struct quality_rules *rules = NULL;
  enum err code = plan_make(job, &plan, failure);
  if (!code) code = quality_rules_compile(job, &plan, &rules, failure);
  if (code) return code;
  struct buffer out = {0};
  if (a->json) {
    struct json_writer writer = json_writer(&out, true);
    job_json(&plan, &writer);
  } else {
    job_print(job, &out);
    print_derived(&plan, &out);
    fprintf(stderr,
            "%s: good: %u sources, %u fields of which %u are compared, %u blocking rules, "
            "%u match rules, %u quality rules\n",
            a->path, job->source_count, job->field_count, plan.comparison_count,
            plan.blocking_count, job->match_rule_count, job->quality_rule_count);
  }
  warn_of_match_rules(a, &plan);
  fputs(buffer_string(&out), stdout);
  buffer_release(&out);
  quality_rules_free(rules);
  return ERR_OK;
}

int check_command(int argc, char **argv) {
  static const struct argp parser = {options, parse_option, "JOB", documentation, 0, 0, 0};
  struct arguments arguments = {0};
  argp_err_exit_status = 2;
  argp_parse(&parser, argc, argv, 0, NULL, &arguments);
  struct failure failure = {0};
  struct job job;
  enum err code = job_load(arguments.path, &job, &failure);
  if (!code) code = check_job(&arguments, &job, &failure);
  if (code) fprintf(stderr, "guiyi check: %s\n", failure.message);
  job_release(&job);
  return err_exit_code(code);
}
