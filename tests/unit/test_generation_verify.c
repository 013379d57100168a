/* worker/store/generation_verify: a sound generation passes; any bit that changes is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include "tests/harness/generation_fixture.h"
#include "worker/store/generation_parts.h"
#include "worker/store/generation_verify.h"

enum { DAY = 19844, RECORDS = 800, SHARDS = 2, FLIPS = 300 };

static char memory[RECORDS][3][64];
static struct fixture_record records[RECORDS];
static struct fixture_run run;
static char folder[64];

static int make_all(void **state) {
  (void)state;
  for (uint32_t i = 0; i < RECORDS; i++) {
    snprintf(memory[i][0], 64, "U%u", i);
    snprintf(memory[i][1], 64, "客户%u", i / 3);
    snprintf(memory[i][2], 64, "138%08u", i / 2 * 7919);
    records[i] = (struct fixture_record){
        memory[i][0], i / 3, {memory[i][1], memory[i][2], i % 4 ? NULL : "a@qq.com", NULL}, 0};
  }
  fixture_folder_make(folder);
  struct job job;
  struct failure failure = {0};
  fixture_job(&job, SHARDS);
  /* Two generations, so that there are aliases: in the second, customers 0 and 1 are one. */
  for (int round = 0; round < 2; round++) {
    if (round)
      for (uint32_t i = 0; i < RECORDS; i++) records[i].entity = i < 6 ? 0 : i / 3;
    fixture_run_make(&run, &job, records, RECORDS, DAY);
    if (fixture_publish(folder, &job, &run, &failure))
      return print_message("%s\n", failure.message), -1;
    if (round == 0) fixture_run_release(&run);
  }
  job_release(&job);
  return 0;
}

static int remove_all(void **state) {
  (void)state;
  fixture_run_release(&run);
  fixture_folder_remove(folder);
  return 0;
}

static void a_sound_generation_passes(void **state) {
  (void)state;
  struct verify_report report;
  struct failure failure = {0};
  enum err err = generation_verify(folder, &report, &failure);
  if (err) print_message("%s\n", failure.message);
  assert_int_equal(err, ERR_OK);
  assert_int_equal(report.generation, 2);
  assert_int_equal(report.records, RECORDS);
  assert_int_equal(report.customers, (RECORDS + 2) / 3 - 1);
  assert_int_equal(report.aliases, 1);
  assert_true(report.golden_values >= report.customers * 2);
  assert_true(report.digest_is_checked);
  verify_report_release(&report);
}

static void path_of(const char *file, char path[DATA_FOLDER_PATH_MAX]) {
  assert_int_equal(data_folder_path(folder, 2, file, path, NULL), ERR_OK);
}

/* Flips a bit; the same call again puts it back. */
static void flip(const char *path, uint64_t byte, unsigned bit) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  char c;
  assert_true(fd >= 0);
  assert_int_equal(pread(fd, &c, 1, (off_t)byte), 1);
  c = (char)(c ^ (1 << bit));
  assert_int_equal(pwrite(fd, &c, 1, (off_t)byte), 1);
  close(fd);
}

static void expect_damage(const char *place) {
  struct verify_report report;
  struct failure failure = {0};
  enum err err = generation_verify(folder, &report, &failure);
  if (err != ERR_CORRUPT) fail_msg("damage of %s was not found", place);
  if (!strstr(failure.message, place)) fail_msg("%s is not named: %s", place, failure.message);
  verify_report_release(&report);
}

static void any_bit_that_changes_is_found(void **state) {
  (void)state;
  static const char *const files[] = {"manifest.json", "events.jsonl", "shard_000.lmdb",
                                      "shard_001.lmdb"};
  uint64_t seed = 3;
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    char path[DATA_FOLDER_PATH_MAX];
    struct stat file;
    path_of(files[f], path);
    assert_int_equal(stat(path, &file), 0);
    for (int i = 0; i < FLIPS / 4; i++) {
      seed = hash_mix(seed + 1);
      uint64_t byte = seed % (uint64_t)file.st_size;
      flip(path, byte, seed >> 61);
      expect_damage(files[f]);
      flip(path, byte, seed >> 61);
    }
  }
  char path[128];
  snprintf(path, sizeof path, "%s/CURRENT", folder);
  for (uint64_t byte = 0; byte < 44; byte++) {
    struct verify_report report;
    flip(path, byte, byte % 8);
    enum err err = generation_verify(folder, &report, NULL);
    assert_true(err == ERR_CORRUPT || err == ERR_NOT_FOUND);
    verify_report_release(&report);
    flip(path, byte, byte % 8);
  }
  a_sound_generation_passes(NULL);
}

/* Reads every customer of the damaged file; what is not what was written must be an error. Returns
 * whether there was one. */
static bool reads_fail(void) {
  struct generation *g;
  struct failure failure = {0};
  enum err err = generation_open(folder, &g, &failure);
  if (err) {
    assert_int_equal(err, ERR_CORRUPT);
    return true;
  }
  struct arena arena = {0};
  struct stored_customer customer;
  for (uint32_t e = 0; e < run.state.clusters.entity_count && !err; e++) {
    uint64_t id = run.state.customer_ids[e];
    arena_reset(&arena);
    err = generation_get(g, id, &arena, &customer, &failure);
    if (err && err != ERR_CORRUPT) fail_msg("not said to be damaged: %s", failure.message);
    if (!err) assert_int_equal(customer.customer_id, id);
  }
  arena_release(&arena);
  generation_close(g);
  return err != ERR_OK;
}

/* What leads LMDB from page to page is covered by no value's checksum. */
static void a_damaged_page_is_an_error_not_a_crash(void **state) {
  (void)state;
  enum { PAGE = 4096, HEAD = 96 };
  char path[DATA_FOLDER_PATH_MAX], kept[HEAD], damaged[HEAD];
  struct stat file;
  path_of("shard_000.lmdb", path);
  assert_int_equal(stat(path, &file), 0);
  uint32_t failing = 0;
  uint64_t seed = 5;
  for (off_t page = 0; page < file.st_size; page += PAGE) {
    for (int way = 0; way < 5; way++) {
      int fd = open(path, O_RDWR | O_CLOEXEC);
      assert_int_equal(pread(fd, kept, HEAD, page), HEAD);
      memcpy(damaged, kept, HEAD);
      for (int i = way == 3 ? 0 : 10; i < HEAD; i++) {
        seed = hash_mix(seed + 1);
        if (way == 4)
          break; /* a branch with one key alone is a thing that LMDB asserts not to be */
        if (way == 1 || seed >> 60 == 0) damaged[i] = (char)seed;
        if (way == 2) damaged[i] = (char)0xFF;
      }
      if (way == 4) memcpy(damaged + 12, "\x12", 2);
      assert_int_equal(pwrite(fd, damaged, HEAD, page), HEAD);
      failing += reads_fail();
      assert_int_equal(pwrite(fd, kept, HEAD, page), HEAD);
      close(fd);
    }
  }
  assert_true(failing > 20);
  assert_false(reads_fail());
}

static void a_file_that_is_cut_gone_or_of_another_is_found(void **state) {
  (void)state;
  char one[DATA_FOLDER_PATH_MAX], two[DATA_FOLDER_PATH_MAX], beside[DATA_FOLDER_PATH_MAX + 8];
  path_of("shard_000.lmdb", one);
  path_of("shard_001.lmdb", two);
  snprintf(beside, sizeof beside, "%s.kept", one);
  assert_int_equal(rename(one, beside), 0);
  expect_damage("shard_000.lmdb");
  assert_int_equal(link(two, one), 0);
  expect_damage("shard_000.lmdb");
  assert_int_equal(unlink(one), 0);
  assert_int_equal(rename(beside, one), 0);
  struct buffer whole = {0};
  assert_int_equal(data_folder_read_file(one, 1 << 30, &whole, NULL), ERR_OK);
  assert_int_equal(truncate(one, (off_t)whole.size - 4096), 0);
  expect_damage("shard_000.lmdb");
  assert_int_equal(data_folder_write_file(one, buffer_bytes(&whole), NULL), ERR_OK);
  buffer_append_char(&whole, 'x');
  assert_int_equal(data_folder_write_file(one, buffer_bytes(&whole), NULL), ERR_OK);
  expect_damage("shard_000.lmdb");
  whole.size--;
  assert_int_equal(data_folder_write_file(one, buffer_bytes(&whole), NULL), ERR_OK);
  buffer_release(&whole);
  a_sound_generation_passes(NULL);
}

/* Without the check of a file's bytes, as get and search read: every value is right or refused. */
static void a_reader_gives_no_wrong_answer(void **state) {
  (void)state;
  char path[DATA_FOLDER_PATH_MAX];
  struct buffer file = {0};
  path_of("shard_000.lmdb", path);
  assert_int_equal(data_folder_read_file(path, 1 << 30, &file, NULL), ERR_OK);
  uint32_t refused = 0;
  for (uint32_t i = 0; i < RECORDS; i += 40) {
    /* A byte of a stored value: the record's name stands in the file. */
    const char *at = memmem(file.data, file.size, memory[i][1], strlen(memory[i][1]));
    if (!at) continue;
    flip(path, (uint64_t)(at - file.data), i % 8);
    struct generation *g;
    struct arena arena = {0};
    struct stored_customer c;
    struct failure failure;
    uint32_t member;
    assert_int_equal(generation_open(folder, &g, &failure), ERR_OK);
    for (uint32_t r = 0; r < RECORDS; r++) {
      struct bytes id = bytes_from_string(records[r].id);
      enum err err = generation_get_by_record(g, BYTES("crm"), id, &arena, &c, &member, &failure);
      if (err == ERR_CORRUPT) {
        refused++;
        continue;
      }
      assert_int_equal(err, ERR_OK);
      assert_true(bytes_equal(c.members[member].values[FIXTURE_NAME].text,
                              bytes_from_string(records[r].values[FIXTURE_NAME])));
    }
    generation_close(g);
    arena_release(&arena);
    flip(path, (uint64_t)(at - file.data), i % 8);
  }
  assert_true(refused >= 10);
  buffer_release(&file);
}

/* ---- what the bytes of the files alone don't show ---- */

static void publish_in(const char *dir, struct fixture_run *other) {
  struct job job;
  struct failure failure = {0};
  fixture_job(&job, SHARDS);
  bool lies = other->lies;
  fixture_run_make(other, &job, records, RECORDS, DAY);
  other->lies = lies;
  struct record_header *second = (struct record_header *)other->state.records[1];
  if (!lies) second->row = 0;
  assert_int_equal(fixture_publish(dir, &job, other, &failure), ERR_OK);
  job_release(&job);
}

static void a_golden_value_that_is_nobodys_is_found(void **state) {
  (void)state;
  char dir[64];
  struct fixture_run other = {.lies = true};
  struct verify_report report;
  struct failure failure;
  fixture_folder_make(dir);
  publish_in(dir, &other);
  assert_int_equal(generation_verify(dir, &report, &failure), ERR_CORRUPT);
  assert_int_equal(report.problem_count, 1);
  assert_non_null(strstr(failure.message, "field 姓名"));
  assert_null(strstr(failure.message, "nobody"));
  verify_report_release(&report);
  fixture_run_release(&other);
  fixture_folder_remove(dir);
}

static void a_row_that_is_there_twice_is_found(void **state) {
  (void)state;
  char dir[64];
  struct fixture_run other = {0};
  struct verify_report report;
  struct failure failure;
  fixture_folder_make(dir);
  publish_in(dir, &other);
  assert_int_equal(generation_verify(dir, &report, &failure), ERR_CORRUPT);
  assert_non_null(strstr(failure.message, "row 0 of the run"));
  verify_report_release(&report);
  fixture_run_release(&other);
  fixture_folder_remove(dir);
}

/* Makes the manifest and CURRENT agree with a shard file as it is now. */
static void bless(uint32_t shard, const char *shard_path) {
  struct arena arena = {0};
  struct manifest manifest;
  struct buffer file = {0}, text = {0};
  char path[DATA_FOLDER_PATH_MAX];
  assert_int_equal(generation_read_manifest(folder, &arena, &manifest, NULL), ERR_OK);
  assert_int_equal(data_folder_read_file(shard_path, MANIFEST_CHUNK_BYTES, &file, NULL), ERR_OK);
  manifest.shards[shard].file_bytes = file.size;
  assert_int_equal(manifest.shards[shard].chunk_count, 1);
  manifest.shards[shard].chunks[0] = hash_bytes(buffer_bytes(&file));
  manifest_print(&manifest, &text);
  struct data_folder_current current = {2, hash_bytes_128(buffer_bytes(&text))};
  path_of("manifest.json", path);
  assert_int_equal(data_folder_write_file(path, buffer_bytes(&text), NULL), ERR_OK);
  assert_int_equal(data_folder_set_current(folder, &current, NULL), ERR_OK);
  buffer_release(&file);
  buffer_release(&text);
  arena_release(&arena);
}

/* Changes the first row of a table: takes it out, or flips a bit of its value. */
static bool change_row(const char *path, const char *table, bool take_out) {
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi dbi;
  MDB_cursor *cursor;
  MDB_val key, value;
  assert_int_equal(mdb_env_create(&env), 0);
  assert_int_equal(mdb_env_set_maxdbs(env, STORE_TABLE_COUNT), 0);
  assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, 0640), 0);
  assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
  assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
  assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
  bool found = mdb_cursor_get(cursor, &key, &value, MDB_FIRST) == 0;
  if (found && take_out) {
    assert_int_equal(mdb_cursor_del(cursor, 0), 0);
  } else if (found) {
    char *copy = memory_new(value.mv_size);
    memcpy(copy, value.mv_data, value.mv_size);
    copy[value.mv_size - 3] ^= 4;
    MDB_val changed = {value.mv_size, copy};
    assert_int_equal(mdb_cursor_put(cursor, &key, &changed, MDB_CURRENT), 0);
    free(copy);
  }
  mdb_cursor_close(cursor);
  assert_int_equal(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
  return found;
}

static void every_table_is_checked_by_itself(void **state) {
  (void)state;
  uint32_t changed = 0;
  for (uint32_t shard = 0; shard < SHARDS; shard++) {
    char path[DATA_FOLDER_PATH_MAX], name[32];
    struct buffer whole = {0};
    generation_shard_file_name(shard, name);
    path_of(name, path);
    assert_int_equal(data_folder_read_file(path, MANIFEST_CHUNK_BYTES, &whole, NULL), ERR_OK);
    for (int t = 0; t < STORE_TABLE_COUNT; t++)
      for (int take_out = 0; take_out < 2; take_out++) {
        if (change_row(path, store_table_names[t], take_out)) {
          bless(shard, path);
          struct verify_report report;
          assert_int_equal(generation_verify(folder, &report, NULL), ERR_CORRUPT);
          bool is_named = false;
          char place[48];
          snprintf(place, sizeof place, "table %s", store_table_names[t]);
          for (uint32_t i = 0; i < report.problem_count && i < VERIFY_PROBLEMS_MAX; i++)
            is_named |= strstr(report.problems[i], place) != NULL;
          if (!is_named) fail_msg("%s is not named: %s", place, report.problems[0]);
          verify_report_release(&report);
          changed++;
        }
        assert_int_equal(data_folder_write_file(path, buffer_bytes(&whole), NULL), ERR_OK);
        bless(shard, path);
      }
    buffer_release(&whole);
  }
  assert_int_equal(changed,
                   (SHARDS * (STORE_TABLE_COUNT - 1) + 1) * 2); /* one alias, in one shard */
  a_sound_generation_passes(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_sound_generation_passes),
      cmocka_unit_test(any_bit_that_changes_is_found),
      cmocka_unit_test(a_damaged_page_is_an_error_not_a_crash),
      cmocka_unit_test(a_file_that_is_cut_gone_or_of_another_is_found),
      cmocka_unit_test(a_reader_gives_no_wrong_answer),
      cmocka_unit_test(a_golden_value_that_is_nobodys_is_found),
      cmocka_unit_test(a_row_that_is_there_twice_is_found),
      cmocka_unit_test(every_table_is_checked_by_itself),
  };
  return cmocka_run_group_tests(tests, make_all, remove_all);
}
