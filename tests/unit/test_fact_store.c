/* Decisions in the data folder: kept, checked, taken back, and there after kill -9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <lmdb.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"
#include "worker/store/fact_store.h"

static char folder[64];

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/guiyi_facts_XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  const char *names[] = {"/decisions/data.mdb", "/decisions/lock.mdb", "/decisions", ""};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s%s", folder, names[i]);
    if (i < 2)
      unlink(path);
    else
      rmdir(path);
  }
  return 0;
}

static struct fact_record record(uint64_t key) {
  static char ids[1000][8];
  snprintf(ids[key % 1000], 8, "U%d", (int)(key % 1000));
  return (struct fact_record){
      BYTES("crm"), bytes_from_string(ids[key % 1000]), {hash_mix(key), key}};
}

static struct fact fact(uint64_t a, uint64_t b, enum pair_kind kind) {
  return (struct fact){.kind = kind,
                       .time_ms = 1700000000000,
                       .who = BYTES("li.na"),
                       .why = BYTES("same card"),
                       .a = record(a),
                       .b = record(b)};
}

static struct fact_store *open_store(void) {
  struct fact_store *store = NULL;
  struct failure failure = {0};
  if (fact_store_open(folder, &store, &failure)) fail_msg("%s", failure.message);
  return store;
}

static void add(struct fact_store *store, uint64_t a, uint64_t b, enum pair_kind kind,
                uint64_t expected_number) {
  struct fact f = fact(a, b, kind);
  struct failure failure = {0};
  uint32_t known;
  if (fact_store_add(store, &f, 1, &known, &failure)) fail_msg("%s", failure.message);
  assert_int_equal(f.number, expected_number);
}

static void decisions_are_kept_and_taken_back(void **state) {
  (void)state;
  struct pair_facts loaded;
  uint64_t length;
  assert_int_equal(fact_store_load(folder, &loaded, &length, NULL), ERR_OK);
  assert_int_equal(loaded.count + length, 0); /* no folder yet */
  struct fact_store *store = open_store();
  add(store, 1, 2, PAIR_MERGE, 1);
  add(store, 3, 2, PAIR_APART, 2);
  add(store, 2, 1, PAIR_MERGE, 1); /* known */
  struct fact wrong = fact(1, 3, PAIR_MERGE);
  struct failure failure = {0};
  uint32_t known;
  assert_int_equal(fact_store_add(store, &wrong, 1, &known, &failure), ERR_INPUT);
  assert_non_null(strstr(failure.message, "crm/U1 = crm/U3 contradicts decision"));
  assert_non_null(strstr(failure.message, "decision 1 (crm/U1 = crm/U2)"));
  assert_non_null(strstr(failure.message, "decision 2 (crm/U3 ≠ crm/U2)"));
  assert_int_equal(fact_store_undo(store, 2, BYTES("wang"), BYTES("mistake"), 5, &failure), ERR_OK);
  assert_int_equal(fact_store_undo(store, 2, BYTES("wang"), BYTES_EMPTY, 5, &failure), ERR_INPUT);
  assert_int_equal(fact_store_undo(store, 9, BYTES("wang"), BYTES_EMPTY, 5, &failure),
                   ERR_NOT_FOUND);
  assert_int_equal(fact_store_undo(store, 3, BYTES("wang"), BYTES_EMPTY, 5, &failure),
                   ERR_NOT_FOUND); /* an undo is no decision */
  add(store, 1, 3, PAIR_MERGE, 4);
  fact_store_close(store);
  store = open_store();
  struct arena arena = {0};
  struct fact_list list;
  assert_int_equal(fact_store_read(store, &arena, &list, &failure), ERR_OK);
  assert_int_equal(list.count, 4);
  assert_int_equal(list.items[1].undone_by, 3);
  assert_int_equal(list.items[2].undoes, 2);
  assert_true(bytes_equal(list.items[2].who, BYTES("wang")));
  assert_true(bytes_equal(list.items[0].why, BYTES("same card")));
  assert_true(bytes_equal(list.items[0].b.id, BYTES("U2")));
  arena_release(&arena);
  fact_store_close(store);
  assert_int_equal(fact_store_load(folder, &loaded, &length, NULL), ERR_OK);
  assert_int_equal(loaded.count, 2);
  assert_int_equal(length, 4);
  pair_facts_release(&loaded);
}

static void a_batch_is_kept_whole_or_not_at_all(void **state) {
  (void)state;
  struct fact_store *store = open_store();
  struct failure failure = {0};
  uint32_t known;
  struct fact batch[] = {fact(1, 2, PAIR_MERGE), fact(5, 6, PAIR_APART), fact(2, 1, PAIR_MERGE),
                         fact(2, 6, PAIR_MERGE), fact(1, 5, PAIR_MERGE)};
  assert_int_equal(fact_store_add(store, batch, 5, &known, &failure), ERR_INPUT);
  assert_non_null(strstr(failure.message, "decision 2 (crm/U5 ≠ crm/U6)"));
  struct arena arena = {0};
  struct fact_list list;
  assert_int_equal(fact_store_read(store, &arena, &list, &failure), ERR_OK);
  assert_int_equal(list.count, 0);
  assert_int_equal(fact_store_add(store, batch, 4, &known, &failure), ERR_OK);
  assert_int_equal(known, 1);
  const uint64_t numbers[] = {1, 2, 1, 3};
  for (int i = 0; i < 4; i++) assert_int_equal(batch[i].number, numbers[i]);
  assert_int_equal(fact_store_add(store, batch, 4, &known, &failure), ERR_OK);
  assert_int_equal(known, 4);
  arena_release(&arena);
  fact_store_close(store);
}

static void many_decisions_grow_the_map(void **state) {
  (void)state;
  enum { COUNT = 20000 };
  static char text[FACT_WHY_BYTES_MAX];
  memset(text, 'x', sizeof text);
  struct fact *facts = memory_new(COUNT * sizeof *facts);
  for (uint32_t i = 0; i < COUNT; i++) {
    facts[i] = fact(2 * i, 2 * i + 1, PAIR_APART);
    facts[i].why = bytes_of(text, sizeof text);
  }
  struct fact_store *store = open_store();
  struct failure failure = {0};
  uint32_t known;
  if (fact_store_add(store, facts, COUNT, &known, &failure)) fail_msg("%s", failure.message);
  fact_store_close(store);
  store = open_store(); /* with the small map again */
  add(store, 0, 3, PAIR_MERGE, COUNT + 1);
  fact_store_close(store);
  free(facts);
}

static void damage_is_found(void **state) {
  (void)state;
  struct fact_store *store = open_store();
  add(store, 1, 2, PAIR_MERGE, 1);
  fact_store_close(store);
  char path[128];
  snprintf(path, sizeof path, "%s/decisions/data.mdb", folder);
  FILE *file = fopen(path, "r+b");
  assert_non_null(file);
  static char content[1 << 16];
  size_t size = fread(content, 1, sizeof content, file);
  char *found = memmem(content, size, "same card", 9);
  assert_non_null(found);
  fseek(file, found - content, SEEK_SET);
  fputc('S', file);
  fclose(file);
  struct pair_facts facts;
  uint64_t length;
  struct failure failure = {0};
  assert_int_equal(fact_store_load(folder, &facts, &length, &failure), ERR_CORRUPT);
  assert_non_null(strstr(failure.message, "decision 1 in"));
  assert_null(strstr(failure.message, "card"));
}

/* A child adds and says so; it is killed at some moment; what it said is there. */
static void what_was_acknowledged_survives_kill_9(void **state) {
  (void)state;
  uint64_t acknowledged = 0;
  for (int round = 0; round < 25; round++) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      struct fact_store *store = NULL;
      if (fact_store_open(folder, &store, NULL)) _exit(1);
      for (uint64_t i = 0;; i++) {
        uint64_t at = 1000000ULL * (unsigned)round + 2 * i;
        struct fact f = fact(at, at + 1, PAIR_APART);
        uint32_t known;
        if (fact_store_add(store, &f, 1, &known, NULL)) _exit(1);
        if (write(pipes[1], &f.number, sizeof f.number) != sizeof f.number) _exit(1);
      }
    }
    close(pipes[1]);
    uint64_t number;
    for (int i = 0; i < 1 + round % 7; i++)
      if (read(pipes[0], &number, sizeof number) == sizeof number) acknowledged = number;
    kill(child, SIGKILL);
    while (read(pipes[0], &number, sizeof number) == sizeof number) acknowledged = number;
    close(pipes[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct pair_facts facts;
    uint64_t length;
    struct failure failure = {0};
    if (fact_store_load(folder, &facts, &length, &failure)) fail_msg("%s", failure.message);
    assert_true(length >= acknowledged && facts.count == length);
    pair_facts_release(&facts);
  }
  assert_true(acknowledged >= 25);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(decisions_are_kept_and_taken_back, make_folder,
                                      remove_folder),
      cmocka_unit_test_setup_teardown(a_batch_is_kept_whole_or_not_at_all, make_folder,
                                      remove_folder),
      cmocka_unit_test_setup_teardown(many_decisions_grow_the_map, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(damage_is_found, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_kill_9, make_folder,
                                      remove_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
