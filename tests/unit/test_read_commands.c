/* guiyi get, search, explain, verify on a small generation: what they print and their exit codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/wait.h>

#include "cli/commands.h"
#include "cli/text_table.h"
#include "tests/harness/generation_fixture.h"
#include "worker/store/generation_parts.h"

enum { DAY = 19844 };

static const struct fixture_record records[] = {
    {"1", 1, {"张伟明", "13800138000", "zw@qq.com", NULL}, 10},
    {"2",
     1,
     {"张伟明",
      "13800138000\x1f"
      "13900139000",
      NULL, "北京市朝阳区建国路88号"},
     11},
    {"a/3", 2, {"欧阳娜娜", "13700137000", NULL, NULL}, 12},
};
static struct fixture_run run;
static char folder[64];
static char out[1 << 16], errors[1 << 16];

static int make_all(void **state) {
  (void)state;
  struct job job;
  struct failure failure = {0};
  fixture_folder_make(folder);
  fixture_job(&job, 2);
  fixture_run_make(&run, &job, records, 3, DAY);
  if (fixture_publish(folder, &job, &run, &failure))
    return print_message("%s\n", failure.message), -1;
  job_release(&job);
  return 0;
}

static int remove_all(void **state) {
  (void)state;
  fixture_run_release(&run);
  fixture_folder_remove(folder);
  return 0;
}

static void read_back(const char *name, char text[1 << 16]) {
  char path[96];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  struct buffer content = {0};
  assert_int_equal(data_folder_read_file(path, (1 << 16) - 1, &content, NULL), ERR_OK);
  snprintf(text, 1 << 16, "%s", buffer_string(&content));
  buffer_release(&content);
  unlink(path);
}

static void redirect(const char *name, int to) {
  char path[96];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || dup2(fd, to) < 0) _exit(99);
}

/* Runs a command as a process of its own: wrong usage ends it. NULL ends the arguments. */
static int command(int (*function)(int, char **), const char *name, ...) {
  char *argv[12] = {(char *)name, (char *)"--data-dir", folder};
  int argc = 3;
  va_list arguments;
  va_start(arguments, name);
  for (char *argument; (argument = va_arg(arguments, char *));) argv[argc++] = argument;
  va_end(arguments);
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    redirect("stdout", STDOUT_FILENO);
    redirect("stderr", STDERR_FILENO);
    exit(function(argc, argv));
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  read_back("stdout", out);
  read_back("stderr", errors);
  return WEXITSTATUS(status);
}

static void says(const char *text) {
  if (!strstr(out, text)) fail_msg("'%s' is not in:\n%s", text, out);
}

static void complains(const char *text) {
  if (!strstr(errors, text)) fail_msg("'%s' is not in:\n%s", text, errors);
}

static void get_shows_a_customer_masked(void **state) {
  (void)state;
  char id[32];
  customer_id_format(fixture_customer(&run, 1), id);
  assert_int_equal(command(get_command, "get", id, "--records", NULL), 0);
  says(id);
  says("2 records");
  says("138****8000; 139****9000");
  says("crm/1");
  assert_null(strstr(out, "13800138000"));
  assert_null(strstr(out, "zw@qq.com"));
  assert_int_equal(command(get_command, "get", "crm/2", "--unmask", NULL), 0);
  says(id);
  says("13800138000; 13900139000");
  says(">  crm/2");
  /* The source's id may hold a slash. */
  assert_int_equal(command(get_command, "get", "crm/a/3", "--json", NULL), 0);
  says("\"source_record_id\": \"a/3\"");
  says("\"value\": [");
}

static void get_refuses_what_names_nothing(void **state) {
  (void)state;
  assert_int_equal(command(get_command, "get", "crm/9", NULL), 1);
  complains("there is no record 'crm/9'");
  assert_int_equal(command(get_command, "get", "C20240501999", NULL), 1);
  complains("no customer C20240501999");
  assert_int_equal(command(get_command, "get", "张伟", NULL), 2);
  complains("guiyi search");
  assert_int_equal(command(get_command, "get", NULL), 2);
  complains("ID is missing");
  assert_int_equal(command(get_command, "get", "crm/1", "--data-dir", "/nonexistent/x", NULL), 1);
  complains("holds no published generation");
}

static void search_finds_and_pages(void **state) {
  (void)state;
  char first[32], second[32];
  customer_id_format(fixture_customer(&run, 1), first);
  customer_id_format(fixture_customer(&run, 2), second);
  assert_int_equal(command(search_command, "search", "伟明", "建国路", NULL), 0);
  says(first);
  assert_null(strstr(out, second));
  assert_int_equal(command(search_command, "search", "+86 139-0013-9000", "--json", NULL), 0);
  says(first);
  says("\"more\": false");
  assert_int_equal(command(search_command, "search", "13", "--field", "手机", NULL), 2);
  complains("at least 3 digits");
  assert_int_equal(command(search_command, "search", "13x", NULL), 0);
  complains("no customer fits");
  assert_int_equal(command(search_command, "search", "137", "--field", "手机", NULL), 0);
  says(second);
  assert_int_equal(command(search_command, "search", "0013", "--limit", "1", NULL), 0);
  complains("there are more: add --after C20240501001");
  assert_int_equal(
      command(search_command, "search", "0013", "--limit", "1", "--after", "C20240501001", NULL),
      0);
  says("C20240501002");
  assert_int_equal(command(search_command, "search", "x", "--field", "手几", NULL), 2);
  complains("手机");
  assert_int_equal(command(search_command, "search", "x", "--limit", "0", NULL), 2);
  complains("--limit takes");
}

static void explain_compares_two_records(void **state) {
  (void)state;
  assert_int_equal(command(explain_command, "explain", "crm/1", "crm/2", NULL), 0);
  says("crm/1 and crm/2 are one customer");
  says("手机");
  says("(any two records)");
  assert_null(strstr(out, "13800138000"));
  assert_null(strstr(out, "(?)"));
  assert_int_equal(command(explain_command, "explain", "crm/1", "crm/a/3", "--json", NULL), 0);
  says("\"one_customer\": false");
  says("\"verdict\": \"score\"");
  says("\"prior\": -19.531");
  assert_int_equal(command(explain_command, "explain", "C20240501001", "C20240501002", NULL), 0);
  says("are two customers");
  assert_int_equal(command(explain_command, "explain", "crm/1", "crm/1", NULL), 2);
  complains("are the same");
  assert_int_equal(command(explain_command, "explain", "crm/1", NULL), 2);
  complains("A and B are needed");
}

static void verify_says_sound_or_where(void **state) {
  (void)state;
  assert_int_equal(command(verify_command, "verify", NULL), 0);
  says("generation 1 is sound");
  says("3 records, each in one of 2 customers");
  says("the digest is the run's");
  assert_int_equal(command(verify_command, "verify", "--json", NULL), 0);
  says("\"sound\": true");
  char path[DATA_FOLDER_PATH_MAX];
  assert_int_equal(data_folder_path(folder, 1, "shard_001.lmdb", path, NULL), ERR_OK);
  int fd = open(path, O_RDWR);
  char byte = 0;
  assert_int_equal(pread(fd, &byte, 1, 9000), 1);
  byte ^= 16;
  assert_int_equal(pwrite(fd, &byte, 1, 9000), 1);
  assert_int_equal(command(verify_command, "verify", NULL), 1);
  says("shard_001.lmdb: bytes 0 to");
  says("DAMAGED");
  assert_int_equal(command(verify_command, "verify", "--json", NULL), 1);
  says("\"sound\": false");
  byte ^= 16;
  assert_int_equal(pwrite(fd, &byte, 1, 9000), 1);
  close(fd);
  assert_int_equal(command(verify_command, "verify", "--data-dir", "/nonexistent/x", NULL), 1);
  complains("holds no published generation");
}

static void tables_align_wide_characters(void **state) {
  (void)state;
  struct text_table table = {.column_count = 2};
  const char *cells[] = {"姓名", "a", "x", "e\u0301\n", "ｗｉｄｅ", ""};
  for (int i = 0; i < 6; i++) text_table_add_string(&table, cells[i]);
  struct buffer text = {0};
  text_table_print(&table, 1, &text);
  assert_string_equal(buffer_string(&text), " 姓名      a\n x         e\u0301 \n ｗｉｄｅ\n");
  buffer_release(&text);
  text_table_release(&table);

  table = (struct text_table){.column_count = 1};
  char longer[400] = "";
  for (int i = 0; i < 70; i++) strcat(longer, "宽");
  text_table_add_string(&table, longer);
  text_table_print(&table, 0, &text);
  assert_int_equal(text_columns(buffer_bytes(&text)) - 1, TEXT_TABLE_CELL_COLUMNS_MAX - 1);
  assert_non_null(strstr(buffer_string(&text), "宽…\n"));
  buffer_release(&text);
  text_table_release(&table);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(get_shows_a_customer_masked),
      cmocka_unit_test(get_refuses_what_names_nothing),
      cmocka_unit_test(search_finds_and_pages),
      cmocka_unit_test(explain_compares_two_records),
      cmocka_unit_test(verify_says_sound_or_where),
      cmocka_unit_test(tables_align_wide_characters),
  };
  return cmocka_run_group_tests(tests, make_all, remove_all);
}
