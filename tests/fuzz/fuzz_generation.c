/* A damaged shard: bytes of a published file are changed, then everything that reads a generation
 * reads it. What is damaged is an error with a sentence; what is answered all the same is what was
 * written. The input is changes of four bytes: where (three, little-endian) and what. */
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/harness/generation_fixture.h"
#include "worker/store/generation_search.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* What LMDB had allocated when a fault took it out of the middle stays so (map_guard.h). */
const char *__lsan_default_suppressions(void) { return "leak:mdb_\n"; }

enum { RECORDS = 40, SHARD_BYTES_MAX = 1 << 20 };

static char folder[64], path[128];
static uint8_t whole[SHARD_BYTES_MAX];
static size_t whole_size;
static uint64_t customers[RECORDS];
static struct hash128 values[RECORDS]; /* of each customer's stored golden record */

static void remove_folder(void) { fixture_folder_remove(folder); }

static struct hash128 hash_of(const struct stored_customer *customer) {
  return hash_bytes_128(customer->golden);
}

static void remember_customers(void) {
  struct generation *generation;
  struct failure failure = {0};
  struct arena arena = {0};
  check(generation_open(folder, &generation, &failure) == ERR_OK);
  for (uint32_t c = 0; c < RECORDS; c++) {
    struct stored_customer customer;
    check(generation_get(generation, customers[c], &arena, &customer, &failure) == ERR_OK);
    values[c] = hash_of(&customer);
  }
  generation_close(generation);
  arena_release(&arena);
}

static void publish(void) {
  static struct job job;
  static struct fixture_record records[RECORDS];
  static char texts[RECORDS][2][32];
  struct fixture_run run;
  struct failure failure = {0};
  for (uint32_t i = 0; i < RECORDS; i++) {
    snprintf(texts[i][0], sizeof texts[i][0], "U%u", i);
    snprintf(texts[i][1], sizeof texts[i][1], "1380013%04u", i);
    records[i] =
        (struct fixture_record){texts[i][0], i, {"张伟", texts[i][1], NULL, "深圳市"}, 20000};
  }
  fixture_folder_make(folder);
  atexit(remove_folder);
  fixture_job(&job, 1);
  fixture_run_make(&run, &job, records, RECORDS, 20001);
  check(fixture_publish(folder, &job, &run, &failure) == ERR_OK);
  for (uint32_t i = 0; i < RECORDS; i++) customers[i] = fixture_customer(&run, i);
  fixture_run_release(&run);
  snprintf(path, sizeof path, "%s/generations/000001/shard_000.lmdb", folder);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = read(fd, whole, sizeof whole);
  check(fd >= 0 && got > 0 && got < SHARD_BYTES_MAX);
  whole_size = (size_t)got;
  close(fd);
  remember_customers();
}

static void write_changed(const uint8_t *data, size_t size) {
  static uint8_t changed[SHARD_BYTES_MAX];
  memcpy(changed, whole, whole_size);
  for (; size >= 4; data += 4, size -= 4)
    changed[(data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16) % whole_size] = data[3];
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  check(fd >= 0 && pwrite(fd, changed, whole_size, 0) == (ssize_t)whole_size);
  close(fd);
}

static void check_failed_well(enum err err, const struct failure *failure) {
  check(failure->code == err && failure->message[0]);
}

static enum err count_customer(void *context, const struct stored_customer *customer,
                               struct failure *failure) {
  (void)customer, (void)failure;
  ++*(uint32_t *)context;
  return ERR_OK;
}

static void read_all(const struct generation *generation, struct arena *arena) {
  struct failure failure = {0};
  for (uint32_t c = 0; c < RECORDS; c += 7) {
    struct stored_customer customer;
    enum err err = generation_get(generation, customers[c], arena, &customer, &failure);
    if (err) {
      check_failed_well(err, &failure);
      continue;
    }
    struct hash128 hash = hash_of(&customer);
    check(hash.low == values[c].low && hash.high == values[c].high);
  }
  static const struct bytes texts[] = {{"张伟", 6}, {"13800130007", 11}, {"U9", 2}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct search_query query = {.texts = &texts[i], .text_count = 1, .field = -1, .limit = 100};
    struct search_result result;
    enum err err = generation_search(generation, &query, arena, &result, &failure);
    if (err)
      check_failed_well(err, &failure);
    else
      check(result.count <= RECORDS);
  }
  uint32_t count = 0;
  enum err err = generation_visit(generation, 0, count_customer, &count, &failure);
  if (err) check_failed_well(err, &failure);
  check(count <= RECORDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct generation *generation;
  struct failure failure = {0};
  struct arena arena = {0};
  if (!whole_size) publish();
  write_changed(data, size);
  enum err err = generation_open(folder, &generation, &failure);
  if (err) {
    check_failed_well(err, &failure);
  } else {
    read_all(generation, &arena);
    generation_close(generation);
  }
  arena_release(&arena);
  return 0;
}
