/* guiyi check and guiyi dict, called as the program calls them, with their output caught. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* needs the ones above */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "common/job.h"

static const char job_path[] = GUIYI_SOURCE_DIR "/tests/golden/jobs/crm.yaml";

struct output {
  int code;
  char *out, *errors; /* owned */
};

static char *read_all(FILE *file) {
  fflush(file);
  long size = ftell(file);
  char *text = malloc((size_t)size + 1);
  rewind(file);
  assert_int_equal(fread(text, 1, (size_t)size, file), size);
  text[size] = '\0';
  fclose(file);
  return text;
}

static struct output call(int (*command)(int, char **), const char *path, const char *option) {
  FILE *files[2] = {tmpfile(), tmpfile()};
  fflush(stdout);
  fflush(stderr);
  int saved[2] = {dup(1), dup(2)};
  dup2(fileno(files[0]), 1);
  dup2(fileno(files[1]), 2);
  char *arguments[] = {"command", (char *)path, (char *)option, NULL};
  struct output output = {.code = command(option ? 3 : 2, arguments)};
  fflush(stdout);
  fflush(stderr);
  dup2(saved[0], 1);
  dup2(saved[1], 2);
  close(saved[0]);
  close(saved[1]);
  fseek(files[0], 0, SEEK_END);
  fseek(files[1], 0, SEEK_END);
  output.out = read_all(files[0]);
  output.errors = read_all(files[1]);
  return output;
}

static void release(struct output *output) {
  free(output->out);
  free(output->errors);
}

static unsigned count_of(const char *text, const char *part) {
  unsigned count = 0;
  for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) count++;
  return count;
}

static void check_prints_a_job_that_is_a_job_again(void **state) {
  (void)state;
  struct output output = call(check_command, job_path, NULL);
  assert_int_equal(output.code, 0);
  assert_non_null(strstr(output.errors, "good: 2 sources, 18 fields of which 8 are compared"));
  struct job job;
  struct failure failure = {0};
  if (job_parse(bytes_from_string(output.out), "printed.yaml", &job, &failure))
    fail_msg("%s", failure.message);
  assert_int_equal(job.field_count, 18);
  job_release(&job);
  release(&output);
}

static void check_tells_derived_rules_and_machines(void **state) {
  (void)state;
  char path[] = "/tmp/guiyi-check-XXXXXX";
  FILE *file = fdopen(mkstemp(path), "w");
  fputs(
      "version: 1\nsources: [{id: a, files: a.csv, map: {n: 客户姓名, p: 手机号码, b: "
      "出生日期}}]\n",
      file);
  fclose(file);
  struct output output = call(check_command, path, NULL);
  assert_int_equal(output.code, 0);
  assert_non_null(strstr(output.out,
                         "# blocking rules, made from the fields' types:\n#   [手机号码], at "
                         "most 500 records, then split by "));
  release(&output);
  output = call(check_command, path, "--json");
  assert_int_equal(output.code, 0);
  assert_non_null(strstr(output.out, "\"blocking_is_derived\": true"));
  assert_string_equal(output.errors, "");
  release(&output);
  unlink(path);
}

static void check_answers_a_mistake_with_code_2(void **state) {
  (void)state;
  struct output output =
      call(check_command, GUIYI_SOURCE_DIR "/tests/golden/job_mistakes/trust_too_high.yaml", NULL);
  assert_int_equal(output.code, 2);
  assert_string_equal(output.out, "");
  assert_non_null(strstr(output.errors,
                         "trust_too_high.yaml:3: sources[0].trust: found '170', expected "
                         "a whole number from 0 to 100\n"));
  release(&output);
  output = call(check_command, "/nowhere.yaml", NULL);
  assert_int_equal(output.code, 2);
  release(&output);
}

static void the_example_is_right(void **state) {
  (void)state;
  struct output output = call(check_command, GUIYI_SOURCE_DIR "/examples/crm/job.yaml", NULL);
  if (output.code) fail_msg("%s", output.errors);
  assert_non_null(strstr(output.errors, "good: 8 sources"));
  release(&output);
}

static void the_dictionary_has_every_field_once(void **state) {
  (void)state;
  struct job job;
  struct failure failure = {0};
  assert_int_equal(job_load(job_path, &job, &failure), ERR_OK);
  static const char *const forms[] = {"--md", "--csv", "--json"};
  static const char *const before[] = {"\n| ", "\n", "\"field\": \""};
  static const char *const behind[] = {" |", ",", "\""};
  for (int form = 0; form < 3; form++) {
    struct output output = call(dict_command, job_path, forms[form]);
    assert_int_equal(output.code, 0);
    for (uint32_t f = 0; f < job.field_count; f++) {
      char entry[256];
      snprintf(entry, sizeof entry, "%s%s%s", before[form], job.fields[f].name.data, behind[form]);
      if (count_of(output.out, entry) != 1)
        fail_msg("%s has '%s' %u times", forms[form], job.fields[f].name.data,
                 count_of(output.out, entry));
    }
    assert_non_null(strstr(output.out, "官网.用户手机号"));
    assert_non_null(strstr(output.out, "电商 = 电商平台"));
    assert_non_null(strstr(output.out, "sensitive"));
    release(&output);
  }
  job_release(&job);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(check_prints_a_job_that_is_a_job_again),
      cmocka_unit_test(check_tells_derived_rules_and_machines),
      cmocka_unit_test(check_answers_a_mistake_with_code_2),
      cmocka_unit_test(the_example_is_right),
      cmocka_unit_test(the_dictionary_has_every_field_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
