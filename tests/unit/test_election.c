/* The election of one machine, and the journal on it. etcd's is in tests/cluster/test_election.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/training_counts.h"
#include "coordinator/journal.h"
#include "proto/task_result.h"

struct place {
  char folder[64], address[128], file[128];
};

static struct place make_place(void) {
  struct place p = {.folder = "/tmp/election-XXXXXX"};
  assert_non_null(mkdtemp(p.folder));
  snprintf(p.address, sizeof p.address, "file:%s/journal", p.folder);
  snprintf(p.file, sizeof p.file, "%s/journal", p.folder);
  return p;
}

static void remove_place(const struct place *p) {
  static const char *const ends[] = {"", "-lock", ".lock"};
  char path[160];
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s%s", p->file, ends[i]);
    unlink(path);
  }
  assert_int_equal(rmdir(p->folder), 0);
}

static struct election *open_at(const struct place *p) {
  struct election *e;
  struct failure failure = {0};
  assert_int_equal(election_open(p->address, BYTES("tcp://10.0.0.1:7000"), &e, &failure), ERR_OK);
  return e;
}

static uint64_t lead(struct election *e) {
  uint64_t token;
  struct failure failure;
  assert_int_equal(election_campaign(e, &token, &failure), ERR_OK);
  return token;
}

static void tokens_ascend_and_a_second_one_is_kept_out(void **state) {
  (void)state;
  struct place p = make_place();
  struct election *e = open_at(&p), *second;
  struct failure failure;
  assert_int_equal(lead(e), 1);
  assert_int_equal(election_open(p.address, BYTES("other"), &second, &failure), ERR_STORE);
  assert_non_null(strstr(failure.message, "another coordinator"));
  election_close(e);
  e = open_at(&p);
  assert_int_equal(lead(e), 2);
  struct buffer who = {0};
  uint64_t token;
  assert_int_equal(election_watch(e, &who, &token, &failure), ERR_OK);
  assert_int_equal(token, 2);
  assert_true(bytes_equal(buffer_bytes(&who), BYTES("tcp://10.0.0.1:7000")));
  election_resign(e);
  assert_int_equal(election_renew(e, &failure), ERR_STALE);
  struct election_write write = {.key = BYTES("k"), .value = BYTES("v")};
  assert_int_equal(election_fence(e, &write, 1, &failure), ERR_STALE);
  assert_int_equal(election_get(e, BYTES("k"), &who, &failure), ERR_NOT_FOUND);
  buffer_release(&who);
  election_close(e);
  remove_place(&p);
}

static enum err append(void *context, struct bytes key, struct bytes value,
                       struct failure *failure) {
  (void)failure;
  buffer_printf(context, "%.*s=%.*s ", (int)key.size, key.data, (int)value.size, value.data);
  return ERR_OK;
}

static void records_stay_and_go_by_their_prefix(void **state) {
  (void)state;
  struct place p = make_place();
  struct election *e = open_at(&p);
  struct failure failure;
  lead(e);
  struct election_write writes[] = {{.key = BYTES("a/2"), .value = BYTES("two")},
                                    {.key = BYTES("a/1"), .value = BYTES("one")},
                                    {.key = BYTES("b/1"), .value = BYTES("other")}};
  assert_int_equal(election_fence(e, writes, 3, &failure), ERR_OK);
  election_close(e);
  e = open_at(&p);
  lead(e);
  struct buffer all = {0};
  assert_int_equal(election_list(e, BYTES("a/"), append, &all, &failure), ERR_OK);
  assert_string_equal(buffer_string(&all), "1=one 2=two ");
  struct election_write removal = {.key = BYTES("a/"), .is_removal = true};
  assert_int_equal(election_fence(e, &removal, 1, &failure), ERR_OK);
  assert_int_equal(election_get(e, BYTES("a/1"), &all, &failure), ERR_NOT_FOUND);
  assert_int_equal(election_get(e, BYTES("b/1"), &all, &failure), ERR_OK);
  assert_string_equal(buffer_string(&all), "other");
  buffer_release(&all);
  election_close(e);
  remove_place(&p);
}

static void a_changed_byte_is_found(void **state) {
  (void)state;
  struct place p = make_place();
  struct election *e = open_at(&p);
  struct failure failure;
  lead(e);
  struct election_write write = {.key = BYTES("k"), .value = BYTES("unmistakable")};
  assert_int_equal(election_fence(e, &write, 1, &failure), ERR_OK);
  election_close(e);
  FILE *file = fopen(p.file, "r+b");
  static char content[1 << 20];
  size_t size = fread(content, 1, sizeof content, file);
  unsigned changed = 0;
  for (size_t i = 0; i + 12 <= size; i++)
    if (memcmp(content + i, "unmistakable", 12) == 0) {
      fseek(file, (long)i, SEEK_SET);
      fputc('U', file);
      changed++;
    }
  fclose(file);
  assert_true(changed > 0);
  e = open_at(&p);
  struct buffer value = {0};
  assert_int_equal(election_get(e, BYTES("k"), &value, &failure), ERR_CORRUPT);
  buffer_release(&value);
  election_close(e);
  remove_place(&p);
}

static void addresses_that_are_none_are_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {"",        "file",        "zookeeper://a:1",
                                      "etcd://", "etcd://host", "etcd://a:1,,b:2"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct election *e;
    struct failure failure;
    assert_int_equal(election_open(wrong[i], BYTES_EMPTY, &e, &failure), ERR_USAGE);
    assert_null(e);
  }
}

/* ---- the journal ---- */

static void send_nothing(void *context, uint32_t worker, const struct message *message) {
  (void)context, (void)worker, (void)message;
}

static const struct model_spec spec;

static struct coordinator *fresh_coordinator(void) {
  struct coordinator_options options = {.file_count = 1,
                                        .shard_count = 1,
                                        .range_count = 1,
                                        .partition_count = 2,
                                        .spec = &spec,
                                        .epoch = 1,
                                        .job = 1};
  struct coordinator_effects effects = {.send = send_nothing};
  return coordinator_new(&options, &effects);
}

static uint32_t tasks_done(const struct coordinator *c, enum stage *stage) {
  struct coordinator_progress progress;
  coordinator_progress(c, &progress);
  *stage = progress.stage;
  return progress.tasks_done;
}

static void write_one(struct election *e, uint32_t stage, uint32_t task, struct bytes result) {
  struct failure failure;
  struct journal_entry entry = {stage, task, 7, result};
  assert_int_equal(journal_write(e, &entry, 1, &failure), ERR_OK);
}

/* Training counts that take many bytes. */
static struct buffer long_result(uint32_t patterns) {
  struct training_counts counts = {0};
  for (uint32_t i = 0; i < patterns; i++) {
    struct pattern_count item = {.pattern = i * 977u + 1, .mask = 1, .count = i + 1};
    pattern_counts_add(&counts.candidates, &item, 1);
  }
  struct buffer out = {0};
  training_counts_encode(&counts, &out);
  training_counts_release(&counts);
  return out;
}

static void a_job_goes_on_where_it_stopped(void **state) {
  (void)state;
  struct place p = make_place();
  struct election *e = open_at(&p);
  struct failure failure = {0};
  struct hash128 first = {1, 2}, other = {1, 3};
  struct layout_result layout = {1, 10};
  uint64_t job;
  enum journal_state journal;
  lead(e);
  assert_int_equal(journal_begin(e, first, 1, true, &job, &journal, &failure), ERR_OK);
  assert_int_equal(job, 1);
  assert_int_equal(journal, JOURNAL_BEGINS);
  struct buffer result = long_result(60000);
  assert_true(result.size > 1 << 20); /* more parts than go into one step */
  struct journal_entry tally = {STAGE_TALLY, 0, 9, buffer_bytes(&result)};
  write_one(e, STAGE_SCAN, 0, BYTES_EMPTY);
  write_one(e, STAGE_LAYOUT, 0, bytes_of((const char *)&layout, sizeof layout));
  write_one(e, STAGE_INGEST, 0, BYTES_EMPTY);
  assert_int_equal(journal_write(e, &tally, 1, &failure), ERR_OK);
  election_close(e);

  e = open_at(&p);
  lead(e);
  assert_int_equal(journal_begin(e, first, 1, true, &job, &journal, &failure), ERR_OK);
  assert_int_equal(job, 1);
  assert_int_equal(journal, JOURNAL_RESUMES);
  struct coordinator *c = fresh_coordinator();
  enum stage stage;
  assert_int_equal(journal_restore(e, c, &failure), ERR_OK);
  assert_int_equal(tasks_done(c, &stage), 1);
  assert_int_equal(stage, STAGE_TALLY);
  coordinator_free(c);

  /* The last part is missing: as if the coordinator ended while it wrote. */
  struct election_write removal = {.key = BYTES("entry/00000003/00000000/0003"),
                                   .is_removal = true};
  assert_int_equal(STAGE_TALLY, 3);
  assert_int_equal(election_fence(e, &removal, 1, &failure), ERR_OK);
  c = fresh_coordinator();
  assert_int_equal(journal_restore(e, c, &failure), ERR_OK);
  tasks_done(c, &stage);
  assert_int_equal(stage, STAGE_INGEST);
  coordinator_free(c);

  assert_int_equal(journal_begin(e, other, 1, true, &job, &journal, &failure), ERR_OK);
  assert_int_equal(job, 2);
  assert_int_equal(journal, JOURNAL_BEGINS);
  c = fresh_coordinator();
  assert_int_equal(journal_restore(e, c, &failure), ERR_OK);
  assert_int_equal(tasks_done(c, &stage), 0);
  coordinator_free(c);
  buffer_release(&result);
  election_close(e);
  remove_place(&p);
}

static void what_is_published_is_over(void **state) {
  (void)state;
  struct place p = make_place();
  struct election *e = open_at(&p);
  struct failure failure;
  struct hash128 fingerprint = {5, 5};
  uint64_t job;
  enum journal_state journal;
  lead(e);
  assert_int_equal(journal_begin(e, fingerprint, 40, true, &job, &journal, &failure), ERR_OK);
  assert_int_equal(job, 40);
  write_one(e, STAGE_COUNT, 0, BYTES_EMPTY);
  assert_int_equal(journal_begin(e, fingerprint, 40, false, &job, &journal, &failure), ERR_OK);
  assert_int_equal(job, 40);
  assert_int_equal(journal, JOURNAL_PUBLISHED);
  assert_int_equal(journal_begin(e, fingerprint, 40, true, &job, &journal, &failure), ERR_OK);
  assert_int_equal(job, 41); /* the same files once more are another job */
  assert_int_equal(journal, JOURNAL_BEGINS);
  election_close(e);
  remove_place(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tokens_ascend_and_a_second_one_is_kept_out),
      cmocka_unit_test(records_stay_and_go_by_their_prefix),
      cmocka_unit_test(a_changed_byte_is_found),
      cmocka_unit_test(addresses_that_are_none_are_refused),
      cmocka_unit_test(a_job_goes_on_where_it_stopped),
      cmocka_unit_test(what_is_published_is_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
