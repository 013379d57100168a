/* A file of any bytes without a job: what is recognised in it makes a job that prints to one which
 * reads to the same and can be planned. */
#include "cli/recognise.h"
#include "common/text.h"
#include "tests/harness/source_rows.h"
#include "worker/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_job(const struct job *job) {
  static struct plan plan;
  struct job read, again;
  struct failure failure = {0};
  struct buffer recognised = {0}, first = {0}, second = {0};
  job_print(job, &recognised); /* with what tells each column, which is no part of a job */
  check(job_parse(buffer_bytes(&recognised), "job.yaml", &read, &failure) == ERR_OK);
  job_print(&read, &first);
  check(job_parse(buffer_bytes(&first), "job.yaml", &again, &failure) == ERR_OK);
  job_print(&again, &second);
  check(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
  check(plan_make(&again, &plan, &failure) == ERR_OK);
  job_release(&read);
  job_release(&again);
  buffer_release(&recognised);
  buffer_release(&first);
  buffer_release(&second);
}

/* What is said of it in the terminal is text and holds nothing that steers it. */
static void check_words(const struct job *job, const struct recognition *recognition) {
  struct buffer words = {0};
  recognition_print(job, recognition, &words);
  check(text_valid(buffer_bytes(&words)));
  for (size_t i = 0; i < words.size; i++) {
    unsigned char c = (unsigned char)words.data[i];
    check(c == '\n' || (c >= 0x20 && c != 0x7f));
  }
  buffer_release(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct source_file_options any;
  static struct memory_file memory;
  if (memory.path[0] == 0) memory_file_open(&memory);
  memory_file_write(&memory, data, size);
  struct source_file file;
  struct failure failure = {0};
  if (source_file_scan(memory.path, &any, 4 << 20, &file, &failure) == ERR_OK) {
    struct job job;
    struct recognition recognition;
    enum err err = recognise_files(&file, 1, &job, &recognition, &failure);
    check(err == ERR_OK || (err == ERR_INPUT && failure.message[0]));
    if (!err) {
      check(recognition.column_count == file.column_count);
      check_job(&job);
      check_words(&job, &recognition);
    }
    job_release(&job);
  }
  source_file_release(&file);
  return 0;
}
