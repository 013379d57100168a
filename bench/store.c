/* Loads, publishes, reads, searches and verifies a generation of made-up customers:
 *   bench_store [CUSTOMERS] [THREADS]        default 440000 customers of two records, two threads
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/harness/generation_fixture.h"
#include "worker/store/generation_search.h"
#include "worker/store/generation_verify.h"

enum { RECORDS_EACH = 2, SHARDS = 16, NAME_BYTES = 64, GETS = 200000, SEARCHES = 500 };

static double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct measure {
  double wall, cpu;
};

static struct measure measure_begin(void) {
  return (struct measure){seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

static void measure_end(struct measure m, const char *what, double count) {
  double wall = seconds_of(CLOCK_MONOTONIC) - m.wall;
  double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - m.cpu;
  printf("%-34s %8.3f s wall %8.3f s CPU %10.0f a CPU second\n", what, wall, cpu, count / cpu);
}

/* ---- input ---- */

static struct fixture_record *make_records(uint32_t customers) {
  static const char *const families[] = {"张", "王", "李", "赵", "陈",
                                         "杨", "黄", "周", "吴", "徐"};
  static const char *const given[] = {"伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋",
                                      "勇", "艳", "杰", "娟", "涛", "明", "超", "秀", "霞", "平"};
  uint32_t count = customers * RECORDS_EACH;
  struct fixture_record *records = memory_new_zeroed(count, sizeof *records);
  char(*texts)[4][NAME_BYTES] = memory_new((size_t)count * sizeof *texts);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t h = hash_mix(i / RECORDS_EACH + 1);
    snprintf(texts[i][0], NAME_BYTES, "U%08u", i);
    snprintf(texts[i][1], NAME_BYTES, "%s%s%s", families[h % 10], given[h / 10 % 20],
             given[h / 200 % 20]);
    snprintf(texts[i][2], NAME_BYTES, "13%09u", (unsigned)((h >> 20) % 1000000000));
    snprintf(texts[i][3], NAME_BYTES, "user%u@example.com", i / RECORDS_EACH);
    records[i] = (struct fixture_record){
        texts[i][0],
        i / RECORDS_EACH,
        {texts[i][1], texts[i][2], texts[i][3], "上海市浦东新区博云路2号1栋1单元101室"},
        5};
  }
  return records;
}

/* ---- loading ---- */

struct loading {
  struct generation_writer *writer;
  struct fixture_run *run;
  const struct generation_order *order;
  struct buffer golden; /* of all entities */
  uint64_t *golden_start;
  atomic_uint next_shard;
  bool only_prepare; /* what the bench itself does, to be taken off */
  atomic_ullong sink;
};

static void make_golden(struct loading *l) {
  struct cluster_output *c = &l->run->state.clusters;
  struct arena arena = {0};
  l->golden_start = memory_new((c->entity_count + 1) * sizeof *l->golden_start);
  for (uint32_t e = 0; e < c->entity_count; e++) {
    struct record_view views[RECORDS_EACH];
    for (uint32_t m = 0; m < RECORDS_EACH; m++)
      record_view_of(run_state_record(&l->run->state, c->members[c->member_start[e] + m]),
                     FIXTURE_FIELDS, &views[m]);
    l->golden_start[e] = l->golden.size;
    fixture_golden(l->run, views, RECORDS_EACH, l->run->state.customer_ids[e], &arena, &l->golden);
    arena_reset(&arena);
  }
  l->golden_start[c->entity_count] = l->golden.size;
  arena_release(&arena);
}

static void load_shard(struct loading *l, uint32_t number) {
  struct cluster_output *c = &l->run->state.clusters;
  struct generation_shard *shard = NULL;
  struct failure failure;
  if (!l->only_prepare)
    check(generation_shard_begin(l->writer, number, &shard, &failure) == ERR_OK);
  for (uint32_t i = l->order->shard_start[number]; i < l->order->shard_start[number + 1]; i++) {
    uint32_t e = l->order->entities[i];
    struct record_view views[RECORDS_EACH];
    struct member_evidence evidence[RECORDS_EACH] = {0};
    uint64_t bytes = 0;
    for (uint32_t m = 0; m < RECORDS_EACH; m++) {
      record_view_of(run_state_record(&l->run->state, c->members[c->member_start[e] + m]),
                     FIXTURE_FIELDS, &views[m]);
      bytes += views[m].header->size;
    }
    struct generation_customer customer = {
        l->run->state.customer_ids[e],
        bytes_of(l->golden.data + l->golden_start[e], l->golden_start[e + 1] - l->golden_start[e]),
        RECORDS_EACH, views, evidence};
    if (l->only_prepare)
      l->sink += bytes + hash_bytes(customer.golden);
    else
      check(generation_shard_append(shard, &customer, &failure) == ERR_OK);
  }
  if (!l->only_prepare) check(generation_shard_end(shard, &failure) == ERR_OK);
}

static void *load_shards(void *context) {
  struct loading *l = context;
  for (uint32_t s; (s = l->next_shard++) < SHARDS;) load_shard(l, s);
  return NULL;
}

static void load(struct loading *l, uint32_t threads, bool only_prepare, const char *what) {
  pthread_t ids[64];
  struct measure m = measure_begin();
  l->only_prepare = only_prepare;
  l->next_shard = 0;
  for (uint32_t t = 0; t < threads; t++) check(!pthread_create(&ids[t], NULL, load_shards, l));
  for (uint32_t t = 0; t < threads; t++) pthread_join(ids[t], NULL);
  measure_end(m, what, l->run->state.clusters.entity_count);
}

static void publish(const char *dir, struct job *job, struct fixture_run *run, uint32_t threads) {
  struct loading l = {.run = run};
  struct generation_order order;
  struct failure failure;
  check(generation_writer_open(dir, job, &l.writer, &failure) == ERR_OK);
  struct measure m = measure_begin();
  check(generation_assign_ids(l.writer, &run->state, &failure) == ERR_OK);
  measure_end(m, "customer ids", run->state.clusters.entity_count);
  generation_order_make(run->state.customer_ids, run->state.clusters.entity_count, SHARDS, &order);
  l.order = &order;
  make_golden(&l);
  load(&l, threads, true, "(reading what is to be stored)");
  load(&l, threads, false, "loading, with that");
  struct model model = {.comparison_count = run->state.plan.comparison_count};
  char digest[GENERATION_DIGEST_BYTES];
  generation_digest_format(run->digest, digest);
  struct generation_facts facts = {.digest = bytes_from_string(digest),
                                   .as_of_day = run->state.as_of_day,
                                   .row_count = run->state.row_count,
                                   .records_read = run->state.row_count,
                                   .model = &model};
  m = measure_begin();
  check(generation_publish(l.writer, &facts, &failure) == ERR_OK);
  measure_end(m, "publishing", run->state.clusters.entity_count);
  generation_order_release(&order);
  buffer_release(&l.golden);
  free(l.golden_start);
}

/* ---- reading ---- */

static void read_back(const char *dir, const struct fixture_run *run,
                      const struct fixture_record *records) {
  struct generation *g;
  struct failure failure;
  struct arena arena = {0};
  check(generation_open(dir, &g, &failure) == ERR_OK);
  struct measure m = measure_begin();
  for (uint32_t i = 0; i < GETS; i++) {
    struct stored_customer c;
    uint32_t e = (uint32_t)(hash_mix(i) % run->state.clusters.entity_count);
    check(generation_get(g, run->state.customer_ids[e], &arena, &c, &failure) == ERR_OK);
    arena_reset(&arena);
  }
  measure_end(m, "getting customers by id", GETS);
  for (int field = FIXTURE_NAME; field <= FIXTURE_PHONE; field++) {
    m = measure_begin();
    for (uint32_t i = 0; i < SEARCHES; i++) {
      struct bytes text =
          bytes_from_string(records[hash_mix(i) % run->state.row_count].values[field]);
      struct search_query query = {&text, 1, -1, 0, 20};
      struct search_result result;
      check(generation_search(g, &query, &arena, &result, &failure) == ERR_OK && result.count);
      arena_reset(&arena);
    }
    measure_end(m, field == FIXTURE_NAME ? "searching names" : "searching phones", SEARCHES);
  }
  generation_close(g);
  arena_release(&arena);
  m = measure_begin();
  struct verify_report report;
  check(generation_verify(dir, &report, &failure) == ERR_OK);
  measure_end(m, "verifying", (double)report.customers);
  printf("%llu bytes\n", (unsigned long long)report.bytes);
  verify_report_release(&report);
}

int main(int argc, char **argv) {
  uint32_t customers = argc > 1 ? (uint32_t)atoi(argv[1]) : 440000;
  uint32_t threads = argc > 2 ? (uint32_t)atoi(argv[2]) : 2;
  if (customers < 1 || threads < 1 || threads > 64)
    return fprintf(stderr, "usage: bench_store [CUSTOMERS] [THREADS]\n"), 2;
  char dir[64];
  struct job job;
  struct fixture_record *records = make_records(customers);
  fixture_folder_make(dir);
  fixture_job(&job, SHARDS);
  for (int round = 0; round < 2; round++) {
    struct fixture_run run;
    fixture_run_make(&run, &job, records, customers * RECORDS_EACH, 19844);
    printf("%s generation, %u customers of %d records, %u threads\n", round ? "second" : "first",
           customers, RECORDS_EACH, threads);
    publish(dir, &job, &run, threads);
    if (round) read_back(dir, &run, records);
    fixture_run_release(&run);
  }
  fixture_folder_remove(dir);
  return 0;
}
