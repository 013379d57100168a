/* A small file of any bytes through `guiyi run`, with one worker and with three: refused by both,
 * or both write the same files, which are what they claim to be. */
#include <fcntl.h>
#include <ftw.h>
#include <yajl/yajl_tree.h>

#include "cli/commands.h"
#include "tests/harness/source_rows.h"
#include "worker/store/generation_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_BYTES_MAX = 4096, FILE_BYTES_MAX = 16 << 20 };

static char folder[64]; /* in memory where there is such a folder */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status, (void)type, (void)walk;
  return walk->level ? remove(path) : 0;
}

static void remove_folder(void) {
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  rmdir(folder);
}

static void make_folder(void) {
  snprintf(folder, sizeof folder, "%s/guiyi_fuzz_XXXXXX",
           access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
  check(mkdtemp(folder) != NULL);
  atexit(remove_folder);
}

static int run(const char *input, char worker_count) {
  char out[96], data_dir[96], workers[] = {worker_count, '\0'};
  snprintf(out, sizeof out, "%s/out%c", folder, worker_count);
  snprintf(data_dir, sizeof data_dir, "%s/data%c", folder, worker_count);
  char *arguments[] = {"run",       (char *)input, "--out",     out,        "--data-dir", data_dir,
                       "--workers", workers,       "--lineage", "--unmask", "--json",     NULL};
  return run_command(11, arguments);
}

static struct buffer read_output(char worker_count, const char *name) {
  char path[128];
  struct buffer content = {0};
  snprintf(path, sizeof path, "%s/out%c/%s", folder, worker_count, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  check(fd >= 0);
  for (;;) {
    buffer_reserve(&content, 64 << 10);
    ssize_t got = read(fd, content.data + content.size, 64 << 10);
    check(got >= 0 && content.size < FILE_BYTES_MAX);
    if (got == 0) break;
    content.size += (size_t)got;
  }
  close(fd);
  return content;
}

static void check_same(const char *name) {
  struct buffer one = read_output('1', name), three = read_output('3', name);
  check(bytes_equal(buffer_bytes(&one), buffer_bytes(&three)));
  buffer_release(&one);
  buffer_release(&three);
}

static void check_json(const char *name) {
  struct buffer text = read_output('1', name);
  char problem[256];
  yajl_val tree = yajl_tree_parse(buffer_string(&text), problem, sizeof problem);
  check(tree != NULL);
  yajl_tree_free(tree);
  buffer_release(&text);
}

/* What we write we can read, every row of it. */
static void check_csv(const char *name) {
  static const struct source_file_options any = {.format = SOURCE_FORMAT_CSV};
  char path[128];
  struct source_file file;
  struct read_rows rows = {0};
  struct failure failure = {0};
  snprintf(path, sizeof path, "%s/out1/%s", folder, name);
  enum err err = source_file_scan(path, &any, 0, &file, &failure);
  if (!err) err = read_file_rows(&file, &rows, &failure);
  check(err == ERR_OK || strstr(failure.message, "no rows"));
  for (size_t i = 0; i < rows.count; i++) check(!rows.rows[i].reason);
  read_rows_release(&rows);
  source_file_release(&file);
}

static void check_store(char worker_count) {
  struct verify_report report = {0};
  struct failure failure = {0};
  char data_dir[96];
  snprintf(data_dir, sizeof data_dir, "%s/data%c", folder, worker_count);
  check(generation_verify(data_dir, &report, &failure) == ERR_OK);
  verify_report_release(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct memory_file input;
  if (size > INPUT_BYTES_MAX) return 0;
  if (input.path[0] == 0) {
    memory_file_open(&input);
    make_folder();
    check(freopen("/dev/null", "w", stdout) != NULL);
  }
  memory_file_write(&input, data, size);
  int code = run(input.path, '1');
  check(code == 0 || code == 3);
  check(run(input.path, '3') == code);
  if (code == 0) {
    static const char *const files[] = {"golden.csv", "members.csv",   "rejects.csv",
                                        "review.csv", "lineage.jsonl", "quality.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) check_same(files[i]);
    for (size_t i = 0; i < 4; i++) check_csv(files[i]);
    check_json("quality.json");
    check_json("report.json");
    check_store('1');
  }
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  return 0;
}
