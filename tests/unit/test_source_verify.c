/* The main job on small files, then guiyi verify with the sources: sound, and when a file says
 * another thing than what is stored. Explaining gives each pair the weight that the run gave it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* needs the ones above */
#include <cmocka.h>

#include "cli/commands.h"
#include "cli/open_generation.h"
#include "cli/pair_choice.h"
#include "common/check.h"
#include "worker/source_verify.h"
#include "worker/stages/explain.h"
#include "worker/store/data_folder.h"

static char folder[64], data_dir[96], csv_path[96], job_path[96], out_dir[96];

static const char job_yaml[] =
    "version: 1\n"
    "shards: 2\n"
    "fields:\n"
    "  姓名: person_name\n"
    "  手机: {type: phone, multi: true}\n"
    "  生日: date\n"
    "quality:\n"
    "  rules:\n"
    "    - {id: Q1, when: \"手机.kind == masked\", action: drop_value, field: 手机}\n"
    "sources:\n"
    "  - id: crm\n"
    "    files: crm.csv\n"
    "    key: [id]\n"
    "    map: {family: {to: 姓名, part: family}, phone: 手机, y: {to: 生日, part: year}, m: {to: "
    "生日, part: month}, d: {to: 生日, part: day}}\n"
    "  - id: app\n"
    "    files: app.csv\n"
    "    map: {name: 姓名, phone: 手机, born: 生日}\n";

static void write_text(const char *name, const char *text) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(data_folder_write_file(path, bytes_from_string(text), NULL), ERR_OK);
}

/* As a process of its own, silent. */
static int command(int (*function)(int, char **), int argc, const char **argv) {
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(99);
    exit(function(argc, (char **)argv));
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static int make_all(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/guiyi_verify_XXXXXX");
  check(mkdtemp(folder) != NULL);
  snprintf(data_dir, sizeof data_dir, "%s/data", folder);
  snprintf(csv_path, sizeof csv_path, "%s/crm.csv", folder);
  snprintf(job_path, sizeof job_path, "%s/job.yaml", folder);
  snprintf(out_dir, sizeof out_dir, "%s/out", folder);
  struct buffer crm = {0}, app = {0};
  buffer_append_string(&crm, "id,family,phone,y,m,d\n");
  buffer_append_string(&app, "name,phone,born\n");
  static const char *const names[] = {"张", "王", "李", "欧阳"};
  for (int i = 0; i < 60; i++) {
    buffer_printf(&crm, "U%d,%s,1380000%04d; 139%08d,%d,%d,%d\n", i, names[i % 4], i * 3, i * 7919,
                  1960 + i % 40, 1 + i % 12, 1 + i % 28);
    buffer_printf(&app, "%s伟%d,+86 138-0000-%04d,%d-%02d-%02d\n", names[i % 4], i % 10, i * 3,
                  1960 + i % 40, 1 + i % 12, 1 + i % 28);
  }
  buffer_append_string(&app, "张三,138****0003,1970-01-01\n无,,\n无,,\n");
  write_text("crm.csv", buffer_string(&crm));
  write_text("app.csv", buffer_string(&app));
  write_text("job.yaml", job_yaml);
  buffer_release(&crm);
  buffer_release(&app);
  const char *argv[] = {"run", job_path, "--data-dir", data_dir, "-o", out_dir, "--pairs", NULL};
  return command(run_command, 7, argv);
}

static int remove_all(void **state) {
  (void)state;
  char line[128];
  snprintf(line, sizeof line, "rm -rf %s", folder);
  return system(line);
}

static enum err verify(struct verify_report *report, struct source_verify_counts *counts) {
  struct failure failure = {0};
  enum err err = generation_verify(data_dir, report, &failure);
  if (!err) err = source_verify(data_dir, report, counts, &failure);
  if (err) print_message("%s\n", failure.message);
  return err;
}

static void records_lead_back_to_their_files(void **state) {
  (void)state;
  struct verify_report report;
  struct source_verify_counts counts;
  assert_int_equal(verify(&report, &counts), ERR_OK);
  if (report.problem_count) fail_msg("%s", report.problems[0]);
  assert_int_equal(counts.files_read, 2);
  assert_int_equal(counts.files_changed, 0);
  assert_int_equal(counts.records, report.records);
  assert_true(report.records >= 120);
  verify_report_release(&report);
}

/* Replaces text in crm.csv by text as long; the file's times stay. */
static void change_file(const char *from, const char *to) {
  struct stat before;
  struct buffer text = {0};
  assert_int_equal(stat(csv_path, &before), 0);
  assert_int_equal(data_folder_read_file(csv_path, 1 << 20, &text, NULL), ERR_OK);
  char *at = memmem(text.data, text.size, from, strlen(from));
  assert_non_null(at);
  memcpy(at, to, strlen(to));
  assert_int_equal(data_folder_write_file(csv_path, buffer_bytes(&text), NULL), ERR_OK);
  struct timespec times[2] = {before.st_atim, before.st_mtim};
  assert_int_equal(utimensat(AT_FDCWD, csv_path, times, 0), 0);
  buffer_release(&text);
}

static void expect_problem(const char *words) {
  struct verify_report report;
  struct source_verify_counts counts;
  assert_int_equal(verify(&report, &counts), ERR_OK);
  assert_true(report.problem_count >= 1);
  bool found = false;
  for (uint32_t i = 0; i < report.problem_count && i < VERIFY_PROBLEMS_MAX; i++)
    found |= strstr(report.problems[i], words) != NULL;
  if (!found) fail_msg("'%s' is not said: %s", words, report.problems[0]);
  verify_report_release(&report);
}

static void a_file_that_says_another_thing_is_found(void **state) {
  (void)state;
  change_file("13800000009", "13800000008");
  expect_problem("crm.csv:5: the stored record is not what the file says");
  change_file("13800000008", "13800000009");
  /* One record fewer: its line becomes part of the one before. */
  change_file("U7,", "\"7,");
  expect_problem("crm.csv");
  change_file("\"7,", "U7,");
  records_lead_back_to_their_files(NULL);
  const char *argv[] = {"verify", "--data-dir", data_dir, NULL};
  assert_int_equal(command(verify_command, 3, argv), 0);
  change_file("13800000009", "13800000008");
  assert_int_equal(command(verify_command, 3, argv), 1);
  const char *without[] = {"verify", "--data-dir", data_dir, "--no-sources", NULL};
  assert_int_equal(command(verify_command, 4, without), 0);
  change_file("13800000008", "13800000009");
}

static void a_file_with_another_time_is_left_out(void **state) {
  (void)state;
  struct stat before;
  struct verify_report report;
  struct source_verify_counts counts;
  assert_int_equal(stat(csv_path, &before), 0);
  struct timespec times[2] = {before.st_atim, {.tv_sec = before.st_mtim.tv_sec + 1}};
  assert_int_equal(utimensat(AT_FDCWD, csv_path, times, 0), 0);
  assert_int_equal(verify(&report, &counts), ERR_OK);
  assert_int_equal(report.problem_count, 0);
  assert_int_equal(counts.files_read, 1);
  assert_int_equal(counts.files_changed, 1);
  verify_report_release(&report);
  times[1] = before.st_mtim;
  assert_int_equal(utimensat(AT_FDCWD, csv_path, times, 0), 0);
}

static void pairs_are_explained_as_they_were_decided(void **state) {
  (void)state;
  char path[128];
  snprintf(path, sizeof path, "%s/pairs.csv", out_dir);
  struct buffer text = {0};
  assert_int_equal(data_folder_read_file(path, 1 << 24, &text, NULL), ERR_OK);
  struct open_generation open;
  struct failure failure;
  assert_int_equal(open_generation(data_dir, true, &open, &failure), ERR_OK);
  uint32_t pairs = 0;
  char *rest = (char *)buffer_string(&text);
  (void)strsep(&rest, "\n");
  for (char *line; (line = strsep(&rest, "\n")) && *line;) {
    char names[2][128];
    char *cells[5];
    for (int i = 0; i < 5; i++) cells[i] = strsep(&line, ",");
    for (int i = 0; i < 2; i++)
      snprintf(names[i], sizeof names[i], "%s/%s", cells[i * 2], cells[i * 2 + 1]);
    struct arena arena = {0};
    struct named_customer sides[2];
    struct member_rows rows[2];
    for (int i = 0; i < 2; i++) {
      assert_int_equal(open_generation_find(&open, names[i], &arena, &sides[i], &failure), ERR_OK);
      member_rows_make(&open.plan, &sides[i].stored, &arena, &rows[i]);
      assert_int_equal(rows[i].lost[sides[i].member], 0);
    }
    struct explanation e;
    explain_pair(&open.plan, &open.manifest->model, member_row(&rows[0], (uint32_t)sides[0].member),
                 member_row(&rows[1], (uint32_t)sides[1].member), &e);
    char weight[64];
    *export_put_weight(weight, e.decision.score) = '\0';
    assert_string_equal(weight, cells[4]);
    pairs++;
    arena_release(&arena);
  }
  assert_true(pairs >= 50);
  open_generation_close(&open);
  buffer_release(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_lead_back_to_their_files),
      cmocka_unit_test(a_file_that_says_another_thing_is_found),
      cmocka_unit_test(a_file_with_another_time_is_left_out),
      cmocka_unit_test(pairs_are_explained_as_they_were_decided),
  };
  return cmocka_run_group_tests(tests, make_all, remove_all);
}
