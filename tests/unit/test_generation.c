/* worker/store: generations written, published, read back, broken on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/harness/generation_fixture.h"
#include "worker/store/failpoint.h"
#include "worker/store/generation_parts.h"
#include "worker/store/index_leaf.h"

enum { DAY = 19844 /* 2024-05-01 */, SHARDS = 4, MANY = 3000 };

static const struct fixture_record first_day[] = {
    {"1", 1, {"张伟", "13800138000", "zw@qq.com", NULL}, 10},
    {"2", 1, {"张伟", "13800138000", NULL, "北京市朝阳区建国路88号"}, 11},
    {"3", 2, {"李娜", "13900139000", NULL, NULL}, 12},
    {"4", 3, {"王芳", "13700137000", "wf@163.com", NULL}, 13},
    {"5", 3, {"王芳", NULL, "wf@163.com", NULL}, 14},
    {"6", 3, {"王芳", NULL, "wf@126.com", NULL}, 15},
    {"7", 4, {"赵六", NULL, NULL, NULL}, 16},
};
/* 2 joined 1; 3 fell apart, most of it stays; 4 is gone; 8 is new. */
static const struct fixture_record second_day[] = {
    {"1", 1, {"张伟", "13800138000", "zw@qq.com", NULL}, 10},
    {"2", 1, {"张伟", "13800138000", NULL, "北京市朝阳区建国路88号"}, 11},
    {"3", 1, {"李娜", "13900139000", NULL, NULL}, 12},
    {"4", 5, {"王芳", "13700137000", "wf@163.com", NULL}, 13},
    {"5", 3, {"王芳", NULL, "wf@163.com", NULL}, 14},
    {"6", 3, {"王芳", NULL, "wf@126.com", NULL}, 15},
    {"8", 8, {"孙八", NULL, NULL, NULL}, 16},
};

static void publish(const char *dir, const struct fixture_record *records, uint32_t count,
                    struct fixture_run *run) {
  struct job job;
  struct failure failure = {0};
  fixture_job(&job, SHARDS);
  fixture_run_make(run, &job, records, count, DAY);
  enum err err = fixture_publish(dir, &job, run, &failure);
  if (err) print_message("%s\n", failure.message);
  assert_int_equal(err, ERR_OK);
  run->state.plan.job = NULL;
  job_release(&job);
}

static struct generation *open_ok(const char *dir) {
  struct generation *g;
  struct failure failure = {0};
  enum err err = generation_open(dir, &g, &failure);
  if (err) print_message("%s\n", failure.message);
  assert_int_equal(err, ERR_OK);
  return g;
}

static void what_was_written_is_read_back(void **state) {
  (void)state;
  char dir[64];
  struct fixture_run run;
  struct arena arena = {0};
  fixture_folder_make(dir);
  publish(dir, first_day, 7, &run);
  struct generation *g = open_ok(dir);
  const struct manifest *m = generation_manifest(g);
  assert_int_equal(m->generation, 1);
  assert_int_equal(m->customers, 4);
  assert_int_equal(m->records, 7);
  assert_int_equal(m->model.prior, -20000);
  assert_int_equal(m->model.agreeing[0], 0xFF00);
  assert_int_equal(m->model.leaders[1], 1);
  assert_int_equal(m->model.weight_with_leader[1][0][9], -321);
  assert_true(bytes_equal(m->fields[FIXTURE_PHONE].name, BYTES("手机")));
  assert_true(bytes_equal(m->sources[0], BYTES("crm")));

  struct stored_customer c;
  uint64_t id = fixture_customer(&run, 3);
  assert_int_equal(generation_get(g, id, &arena, &c, NULL), ERR_OK);
  assert_int_equal(c.customer_id, id);
  assert_int_equal(c.member_count, 3);
  struct golden_decoded golden;
  assert_int_equal(golden_decode(c.golden, FIXTURE_FIELDS, &arena, &golden), ERR_OK);
  assert_true(bytes_equal(golden.golden.values[FIXTURE_NAME].text, BYTES("王芳")));
  for (uint32_t i = 0; i < 3; i++) {
    assert_true(c.members[i].header->key.low == golden.member_keys[i].low);
    assert_true(bytes_equal(c.members[i].values[FIXTURE_NAME].text, BYTES("王芳")));
  }
  uint32_t member;
  for (uint32_t i = 0; i < 7; i++) {
    struct bytes record_id = bytes_from_string(first_day[i].id);
    assert_int_equal(
        generation_get_by_record(g, BYTES("crm"), record_id, &arena, &c, &member, NULL), ERR_OK);
    assert_int_equal(c.customer_id, fixture_customer(&run, first_day[i].entity));
    assert_true(bytes_equal(c.members[member].id, record_id));
  }
  struct failure failure;
  assert_int_equal(
      generation_get_by_record(g, BYTES("erp"), BYTES("1"), &arena, &c, &member, &failure),
      ERR_NOT_FOUND);
  assert_int_equal(generation_get(g, id + 100, &arena, &c, &failure), ERR_NOT_FOUND);
  assert_non_null(strstr(failure.message, "no customer C20240501"));
  generation_close(g);
  arena_release(&arena);
  fixture_run_release(&run);
  fixture_folder_remove(dir);
}

static void ids_live_on_in_the_next_generation(void **state) {
  (void)state;
  char dir[64];
  struct fixture_run one, two, three;
  struct arena arena = {0};
  struct stored_customer c;
  struct failure failure;
  fixture_folder_make(dir);
  publish(dir, first_day, 7, &one);
  publish(dir, second_day, 7, &two);
  uint64_t older = fixture_customer(&one, 1), younger = fixture_customer(&one, 2);
  if (older > younger) {
    uint64_t swapped = older;
    older = younger;
    younger = swapped;
  }
  assert_int_equal(fixture_customer(&two, 1), older);
  assert_int_equal(fixture_customer(&two, 3), fixture_customer(&one, 3));
  assert_true(fixture_customer(&two, 5) > fixture_customer(&one, 4));
  assert_true(fixture_customer(&two, 8) > fixture_customer(&one, 4));
  /* A third generation that changes nothing keeps aliases and the memory of the retired one. */
  publish(dir, second_day, 7, &three);
  for (uint32_t name = 1; name <= 8; name++)
    if (name != 2 && name != 4 && name != 6 && name != 7)
      assert_int_equal(fixture_customer(&three, name), fixture_customer(&two, name));
  struct generation *g = open_ok(dir);
  assert_int_equal(generation_manifest(g)->generation, 3);
  assert_int_equal(generation_manifest(g)->aliases, 2);
  assert_int_equal(generation_get(g, younger, &arena, &c, NULL), ERR_OK);
  assert_int_equal(c.customer_id, older);
  assert_int_equal(c.member_count, 3);
  assert_int_equal(generation_get(g, fixture_customer(&one, 4), &arena, &c, &failure),
                   ERR_NOT_FOUND);
  assert_non_null(strstr(failure.message, "retired in generation 2"));
  generation_close(g);

  char path[DATA_FOLDER_PATH_MAX];
  struct buffer events = {0};
  assert_int_equal(data_folder_path(dir, 2, "events.jsonl", path, NULL), ERR_OK);
  assert_int_equal(data_folder_read_file(path, 1 << 20, &events, NULL), ERR_OK);
  const char *text = buffer_string(&events);
  assert_non_null(strstr(text,
                         "{\"event\":\"created\",\"first\":\"C20240501005\",\"last\":"
                         "\"C20240501006\",\"count\":2}\n"));
  assert_non_null(strstr(text, "\"event\":\"merged\""));
  assert_non_null(strstr(text, "\"event\":\"split\""));
  assert_non_null(strstr(text, "\"event\":\"retired\""));
  buffer_release(&events);
  /* The one before the current one is kept, the one before that is not. */
  assert_int_equal(data_folder_path(dir, 1, NULL, path, NULL), ERR_OK);
  assert_int_not_equal(access(path, F_OK), 0);
  assert_int_equal(data_folder_path(dir, 2, NULL, path, NULL), ERR_OK);
  assert_int_equal(access(path, F_OK), 0);
  arena_release(&arena);
  fixture_run_release(&one);
  fixture_run_release(&two);
  fixture_run_release(&three);
  fixture_folder_remove(dir);
}

static void a_reader_stays_with_its_generation(void **state) {
  (void)state;
  char dir[64];
  struct fixture_run one, two;
  struct arena arena = {0};
  struct stored_customer c;
  fixture_folder_make(dir);
  publish(dir, first_day, 7, &one);
  struct generation *g = open_ok(dir);
  uint64_t gone = fixture_customer(&one, 4);
  for (int i = 0; i < 3; i++) {
    publish(dir, second_day, 7, &two);
    fixture_run_release(&two);
    assert_int_equal(generation_get(g, gone, &arena, &c, NULL), ERR_OK);
  }
  assert_int_equal(generation_manifest(g)->generation, 1);
  generation_close(g);
  g = open_ok(dir);
  assert_int_equal(generation_get(g, gone, &arena, &c, NULL), ERR_NOT_FOUND);
  generation_close(g);
  arena_release(&arena);
  fixture_run_release(&one);
  fixture_folder_remove(dir);
}

static void two_runs_cannot_build_at_once(void **state) {
  (void)state;
  char dir[64];
  struct job job;
  struct failure failure;
  struct generation_writer *one, *two;
  fixture_folder_make(dir);
  fixture_job(&job, SHARDS);
  assert_int_equal(generation_writer_open(dir, &job, &one, NULL), ERR_OK);
  assert_int_equal(generation_writer_open(dir, &job, &two, &failure), ERR_STORE);
  assert_non_null(strstr(failure.message, "another run with process id"));
  generation_abort(one);
  assert_int_equal(generation_writer_open(dir, &job, &two, &failure), ERR_OK);
  generation_abort(two);
  struct generation *g;
  assert_int_equal(generation_open(dir, &g, &failure), ERR_NOT_FOUND);
  job_release(&job);
  fixture_folder_remove(dir);
}

static void counts_that_disagree_are_not_published(void **state) {
  (void)state;
  char dir[64];
  struct fixture_run run;
  struct job job;
  struct failure failure;
  fixture_folder_make(dir);
  fixture_job(&job, SHARDS);
  fixture_run_make(&run, &job, first_day, 7, DAY);
  run.state.row_count = 8; /* one more was read than is linked */
  run.state.rows = memory_resize(run.state.rows, 8 * run.state.plan.row_bytes);
  run.state.clusters.entity[7] = UINT32_MAX;
  assert_int_equal(fixture_publish(dir, &job, &run, &failure), ERR_MISMATCH);
  struct generation *g;
  assert_int_equal(generation_open(dir, &g, &failure), ERR_NOT_FOUND);
  char path[DATA_FOLDER_PATH_MAX];
  assert_int_equal(data_folder_path(dir, 1, NULL, path, NULL), ERR_OK);
  assert_int_not_equal(access(path, F_OK), 0);
  fixture_run_release(&run);
  job_release(&job);
  fixture_folder_remove(dir);
}

/* ---- killed on the way ---- */

static const char *killed_at;
static int passed;

static void die_there(const char *name) {
  passed++;
  if (killed_at && !strcmp(name, killed_at)) _exit(42);
}

static void a_kill_on_the_way_leaves_one_whole_generation(void **state) {
  (void)state;
  static const char *const points[] = {
      "built",           "shards synced",   "events written", "manifest written", "folder synced",
      "pointer written", "pointer renamed", "published",      "cleaned"};
  for (size_t p = 0; p < sizeof points / sizeof *points; p++) {
    char dir[64];
    struct fixture_run one, two, again;
    struct arena arena = {0};
    struct stored_customer c;
    fixture_folder_make(dir);
    publish(dir, first_day, 7, &one);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      failpoint_hook = die_there;
      killed_at = points[p];
      publish(dir, second_day, 7, &two);
      _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    bool is_published = p >= 6;
    struct generation *g = open_ok(dir);
    assert_int_equal(generation_manifest(g)->generation, is_published ? 2 : 1);
    assert_int_equal(generation_get(g, fixture_customer(&one, 4), &arena, &c, NULL),
                     is_published ? ERR_NOT_FOUND : ERR_OK);
    generation_close(g);
    /* The next run cleans up and gives the same ids as if nothing had happened. */
    publish(dir, second_day, 7, &again);
    g = open_ok(dir);
    assert_int_equal(generation_manifest(g)->generation, is_published ? 3 : 2);
    assert_int_equal(generation_get(g, fixture_customer(&one, 4), &arena, &c, NULL), ERR_NOT_FOUND);
    assert_int_equal(fixture_customer(&again, 3), fixture_customer(&one, 3));
    generation_close(g);
    arena_release(&arena);
    fixture_run_release(&one);
    fixture_run_release(&again);
    fixture_folder_remove(dir);
  }
}

static void a_disk_that_refuses_leaves_the_old_generation(void **state) {
  (void)state;
  /* The system refuses to let a file grow beyond so many bytes: at every stage of the loading. */
  static const rlim_t limits[] = {0, 4096, 20000, 40000};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    char dir[64];
    struct fixture_run one;
    fixture_folder_make(dir);
    publish(dir, first_day, 7, &one);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      struct rlimit limit = {limits[i], limits[i]};
      signal(SIGXFSZ, SIG_IGN);
      if (setrlimit(RLIMIT_FSIZE, &limit)) _exit(99);
      struct fixture_run two;
      struct job job;
      struct failure failure = {0};
      fixture_job(&job, SHARDS);
      fixture_run_make(&two, &job, second_day, 7, DAY);
      enum err err = fixture_publish(dir, &job, &two, &failure);
      _exit(err && err_class_of(err) == ERR_CLASS_FATAL && failure.message[0] ? 42 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
    struct generation *g = open_ok(dir);
    assert_int_equal(generation_manifest(g)->generation, 1);
    generation_close(g);
    char path[DATA_FOLDER_PATH_MAX];
    assert_int_equal(data_folder_path(dir, 2, NULL, path, NULL), ERR_OK);
    assert_int_not_equal(access(path, F_OK), 0);
    fixture_run_release(&one);
    fixture_folder_remove(dir);
  }
}

static void a_newer_format_is_refused_with_a_reason(void **state) {
  (void)state;
  struct arena arena = {0};
  struct manifest manifest;
  struct failure failure;
  assert_int_equal(manifest_parse(BYTES("{\"format\": 3}"), &arena, &manifest, &failure),
                   ERR_MALFORMED);
  assert_non_null(strstr(failure.message, "format 3, this program reads format 2"));
  static const char *const bad[] = {"",
                                    "[]",
                                    "{}",
                                    "{\"format\": 2}",
                                    "{\"format\": \"1\"}",
                                    "{\"format\": 2, \"generation\": 0}",
                                    "{\"format\": 2"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(manifest_parse(bytes_from_string(bad[i]), &arena, &manifest, &failure),
                     ERR_MALFORMED);
  arena_release(&arena);
}

static void every_failpoint_is_passed(void **state) {
  (void)state;
  char dir[64];
  struct fixture_run run;
  fixture_folder_make(dir);
  failpoint_hook = die_there;
  passed = 0;
  publish(dir, first_day, 7, &run);
  failpoint_hook = NULL;
  assert_int_equal(passed, 9);
  fixture_run_release(&run);
  fixture_folder_remove(dir);
}

static void a_lost_pointer_is_not_a_first_run(void **state) {
  (void)state;
  char dir[64], path[128];
  struct fixture_run one, two;
  struct job job;
  struct failure failure;
  struct generation_writer *writer;
  fixture_folder_make(dir);
  publish(dir, first_day, 7, &one);
  publish(dir, second_day, 7, &two);
  snprintf(path, sizeof path, "%s/CURRENT", dir);
  assert_int_equal(unlink(path), 0);
  fixture_job(&job, SHARDS);
  assert_int_equal(generation_writer_open(dir, &job, &writer, &failure), ERR_CORRUPT);
  assert_non_null(strstr(failure.message, "CURRENT is gone"));
  static const char *const bad[] = {"", "generation 2\n", "generation x 00\n",
                                    "generation 2 0123456789abcdef0123456789abcdef\n",
                                    "generation 2 0123456789abcdef0123456789abcdef\nx"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct generation *g;
    assert_int_equal(data_folder_write_file(path, bytes_from_string(bad[i]), NULL), ERR_OK);
    assert_int_equal(generation_open(dir, &g, &failure), ERR_CORRUPT);
    assert_int_equal(generation_writer_open(dir, &job, &writer, &failure), ERR_CORRUPT);
  }
  job_release(&job);
  fixture_run_release(&one);
  fixture_run_release(&two);
  fixture_folder_remove(dir);
}

/* ---- many ---- */

static struct fixture_record *many_records(uint32_t count, char (*memory)[2][24]) {
  struct fixture_record *records = memory_new_zeroed(count, sizeof *records);
  for (uint32_t i = 0; i < count; i++) {
    snprintf(memory[i][0], 24, "r%u", i);
    snprintf(memory[i][1], 24, "1%010u", i / 2 * 7919);
    records[i] = (struct fixture_record){memory[i][0], i / 2, {"张三", memory[i][1]}, 0};
  }
  return records;
}

struct reading {
  const struct generation *generation;
  struct fixture_run *run;
  const struct fixture_record *records;
  uint32_t first;
  uint32_t wrong;
};

static void *read_all(void *context) {
  struct reading *r = context;
  struct arena arena = {0};
  for (uint32_t i = 0; i < MANY; i++) {
    uint32_t n = (r->first + i * 17) % MANY, member;
    struct stored_customer c;
    struct bytes id = bytes_from_string(r->records[n].id);
    uint64_t expected = r->run->state.customer_ids[r->run->state.clusters.entity[n]];
    if (generation_get_by_record(r->generation, BYTES("crm"), id, &arena, &c, &member, NULL) ||
        c.customer_id != expected || c.member_count != 2 || !bytes_equal(c.members[member].id, id))
      r->wrong++;
    if (generation_get(r->generation, expected, &arena, &c, NULL) || c.customer_id != expected)
      r->wrong++;
    arena_reset(&arena);
  }
  arena_release(&arena);
  return NULL;
}

static void many_threads_read_many_customers(void **state) {
  (void)state;
  static char memory[MANY][2][24];
  char dir[64];
  struct fixture_run run;
  struct fixture_record *records = many_records(MANY, memory);
  fixture_folder_make(dir);
  publish(dir, records, MANY, &run);
  struct generation *g = open_ok(dir);
  struct reading readings[4];
  pthread_t threads[4];
  for (uint32_t t = 0; t < 4; t++) {
    readings[t] = (struct reading){g, &run, records, t * 700, 0};
    assert_int_equal(pthread_create(&threads[t], NULL, read_all, &readings[t]), 0);
  }
  for (uint32_t t = 0; t < 4; t++) {
    pthread_join(threads[t], NULL);
    assert_int_equal(readings[t].wrong, 0);
  }
  generation_close(g);
  fixture_run_release(&run);
  free(records);
  fixture_folder_remove(dir);
}

/* ---- leaves ---- */

static void leaves_find_what_a_scan_finds(void **state) {
  (void)state;
  enum { TERMS = 20000 };
  static uint64_t terms[TERMS];
  static struct index_record records[TERMS];
  static uint64_t ids[TERMS];
  char dir[64], path[96];
  fixture_folder_make(dir);
  snprintf(path, sizeof path, "%s/one.lmdb", dir);
  /* Few different terms, so that lists run over several leaves; record keys come up to 400 times.
   */
  for (uint32_t i = 0; i < TERMS; i++) {
    terms[i] = index_term(i / 1700 * 3, i);
    records[i] = (struct index_record){{i / 400 * 5, i / 200}, i, 0};
    ids[i] = 1000 + (uint64_t)i * 3;
  }
  struct shard_writer *writer;
  struct manifest_shard facts;
  assert_int_equal(shard_writer_open(path, 1, 0, &writer, NULL), ERR_OK);
  assert_int_equal(index_write_ordinals(writer, ids, TERMS, NULL), ERR_OK);
  assert_int_equal(index_write_records(writer, records, TERMS, NULL), ERR_OK);
  assert_int_equal(index_write_terms(writer, terms, TERMS, NULL), ERR_OK);
  assert_int_equal(shard_writer_finish(writer, &facts, NULL), ERR_OK);
  assert_int_equal(shard_writer_close(writer, true, NULL), ERR_OK);
  assert_int_equal(facts.tables[STORE_TERM].entries, TERMS);
  assert_int_equal(shard_file_check_bytes(path, &facts, NULL), ERR_OK);

  struct shard_reader *reader;
  assert_int_equal(shard_reader_open(path, 1, 0, &reader, NULL), ERR_OK);
  for (uint32_t term = 0; term < 40; term++) {
    struct u32_list list = {0};
    assert_int_equal(index_find_term(reader, term, &list, NULL), ERR_OK);
    size_t found = 0;
    for (uint32_t i = 0; i < TERMS; i++)
      if (terms[i] >> 32 == term) assert_int_equal(list.items[found++], (uint32_t)terms[i]);
    assert_int_equal(list.count, found);
    u32_list_release(&list);
  }
  for (uint64_t low = 0; low < 260; low++)
    for (uint64_t high = 0; high < 104; high++) {
      struct index_record found;
      uint32_t i = 0;
      while (i < TERMS && (records[i].key.low != low || records[i].key.high != high)) i++;
      enum err err = index_find_record(reader, (struct hash128){low, high}, &found, NULL);
      assert_int_equal(err, i == TERMS ? ERR_NOT_FOUND : ERR_OK);
      if (!err) assert_int_equal(found.ordinal, i);
    }
  for (uint32_t i = 0; i < TERMS; i += 7) {
    uint64_t id;
    assert_int_equal(index_find_customer(reader, i, &id, NULL), ERR_OK);
    assert_int_equal(id, ids[i]);
  }
  uint64_t id;
  assert_int_equal(index_find_customer(reader, TERMS, &id, NULL), ERR_CORRUPT);
  shard_reader_close(reader);
  /* The same bytes as another shard, or another generation, are refused. */
  assert_int_equal(shard_reader_open(path, 1, 1, &reader, NULL), ERR_OK);
  assert_int_equal(index_find_customer(reader, 0, &id, NULL), ERR_CORRUPT);
  shard_reader_close(reader);
  free(facts.chunks);
  fixture_folder_remove(dir);
}

static void large_values_and_many_commits_are_stored(void **state) {
  (void)state;
  char dir[64], path[96];
  fixture_folder_make(dir);
  snprintf(path, sizeof path, "%s/one.lmdb", dir);
  struct shard_writer *writer;
  struct manifest_shard facts;
  enum { ROWS = 60, ROW_BYTES = 3 << 20, LARGE_BYTES = 150 << 20 };
  assert_int_equal(shard_writer_open(path, 1, 0, &writer, NULL), ERR_OK);
  for (uint32_t i = 0; i < ROWS; i++) {
    char key[8], *payload;
    store_be64(key, i);
    size_t size = i == 30 ? LARGE_BYTES : ROW_BYTES + i;
    assert_int_equal(
        shard_writer_put(writer, STORE_CUSTOMER, bytes_of(key, 8), size, 1, &payload, NULL),
        ERR_OK);
    memset(payload, (int)i, size);
    shard_writer_seal(writer);
  }
  struct failure failure;
  char key[8], *payload;
  store_be64(key, ROWS);
  assert_int_equal(shard_writer_put(writer, STORE_CUSTOMER, bytes_of(key, 8),
                                    (size_t)SHARD_VALUE_BYTES_MAX + 1, 1, &payload, &failure),
                   ERR_LIMIT);
  assert_int_equal(shard_writer_finish(writer, &facts, NULL), ERR_OK);
  assert_int_equal(shard_writer_close(writer, false, NULL), ERR_OK);
  struct shard_reader *reader;
  struct shard_view view;
  struct shard_row row = {0};
  assert_int_equal(shard_reader_open(path, 1, 0, &reader, NULL), ERR_OK);
  assert_int_equal(shard_view_open(reader, STORE_CUSTOMER, &view, NULL), ERR_OK);
  assert_int_equal(shard_view_step(&view, SHARD_FIRST, &row, NULL), ERR_OK);
  for (uint32_t i = 0; i < ROWS; i++) {
    assert_int_equal(load_be64(row.key.data), i);
    assert_int_equal(row.payload.size, i == 30 ? LARGE_BYTES : ROW_BYTES + i);
    assert_int_equal((unsigned char)row.payload.data[row.payload.size - 1], i);
    assert_int_equal(shard_view_step(&view, SHARD_NEXT, &row, NULL),
                     i + 1 < ROWS ? ERR_OK : ERR_NOT_FOUND);
  }
  shard_view_close(&view);
  shard_reader_close(reader);
  assert_int_equal(shard_file_check_bytes(path, &facts, NULL), ERR_OK);
  assert_true(facts.chunk_count > 20);
  free(facts.chunks);
  fixture_folder_remove(dir);
}

static void the_order_of_appending_is_by_shard_and_id(void **state) {
  (void)state;
  enum { IDS = 5000 };
  static uint64_t ids[IDS];
  for (uint32_t i = 0; i < IDS; i++) ids[i] = 1 + (uint64_t)(i * 7919 % IDS);
  struct generation_order order;
  generation_order_make(ids, IDS, 16, &order);
  assert_int_equal(order.shard_start[16], IDS);
  uint32_t smallest = IDS, largest = 0;
  for (uint32_t s = 0; s < 16; s++) {
    uint32_t size = order.shard_start[s + 1] - order.shard_start[s];
    if (size < smallest) smallest = size;
    if (size > largest) largest = size;
    for (uint32_t i = order.shard_start[s]; i < order.shard_start[s + 1]; i++) {
      assert_int_equal(generation_shard_of(ids[order.entities[i]], 16), s);
      if (i > order.shard_start[s])
        assert_true(ids[order.entities[i - 1]] < ids[order.entities[i]]);
    }
  }
  assert_true(largest < smallest * 2);
  generation_order_release(&order);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_written_is_read_back),
      cmocka_unit_test(ids_live_on_in_the_next_generation),
      cmocka_unit_test(a_reader_stays_with_its_generation),
      cmocka_unit_test(two_runs_cannot_build_at_once),
      cmocka_unit_test(counts_that_disagree_are_not_published),
      cmocka_unit_test(a_kill_on_the_way_leaves_one_whole_generation),
      cmocka_unit_test(every_failpoint_is_passed),
      cmocka_unit_test(a_disk_that_refuses_leaves_the_old_generation),
      cmocka_unit_test(a_newer_format_is_refused_with_a_reason),
      cmocka_unit_test(a_lost_pointer_is_not_a_first_run),
      cmocka_unit_test(many_threads_read_many_customers),
      cmocka_unit_test(leaves_find_what_a_scan_finds),
      cmocka_unit_test(large_values_and_many_commits_are_stored),
      cmocka_unit_test(the_order_of_appending_is_by_shard_and_id),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
