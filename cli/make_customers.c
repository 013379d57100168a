#include "cli/make_customers.h"

#include <errno.h>
#include <getopt.h>
#include <iconv.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/customer_row.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/number_write.h"

enum { PAIR_NEIGHBOURS = 3 };
enum { CHUNK_ROWS = 8192, TRUTH_ROW_BYTES_MAX = 96, PATH_BYTES_MAX = 4096, THREADS_MAX = 256 };

/* ---- Files ------------------------------------------------------------------------------------
 */

struct output {
  FILE *file;
  char path[PATH_BYTES_MAX];
};

static enum err output_failed(const struct output *o, struct failure *failure) {
  return failure_system(failure, errno, "cannot write %s", o->path);
}

static enum err output_open(struct output *o, const char *dir, const char *name,
                            struct failure *failure) {
  int size = snprintf(o->path, sizeof o->path, "%s/%s", dir, name);
  if (size < 0 || (size_t)size >= sizeof o->path)
    return failure_set(failure, ERR_USAGE, "the path of the out folder is longer than %d bytes",
                       PATH_BYTES_MAX);
  o->file = fopen(o->path, "w");
  return o->file ? ERR_OK : output_failed(o, failure);
}

static enum err output_write(struct output *o, const char *data, size_t size,
                             struct failure *failure) {
  return fwrite(data, 1, size, o->file) == size ? ERR_OK : output_failed(o, failure);
}

static enum err output_close(struct output *o, struct failure *failure) {
  if (!o->file) return ERR_OK;
  FILE *file = o->file;
  o->file = NULL;
  return fclose(file) == 0 ? ERR_OK : output_failed(o, failure);
}

/* ---- Rows, by several threads, written in order -----------------------------------------------
 */

struct job {
  const struct customer_world *world;
  struct output records, truth;
  bool gb18030;
  uint64_t chunk_count;
  pthread_mutex_t lock;
  pthread_cond_t turn;
  uint64_t next_chunk, next_written; /* under lock, as is what follows */
  struct failure failure;
};

static char *put_entity(const struct customer_world *world, uint64_t entity_start, char *at) {
  *at++ = 'e';
  return number_put_padded(at, permutation_at(&world->rows, entity_start), 9);
}

static void make_chunk(const struct customer_world *world, uint64_t chunk, struct buffer *records,
                       struct buffer *truth) {
  uint64_t first = chunk * CHUNK_ROWS, end = first + CHUNK_ROWS;
  if (end > world->plan.record_count) end = world->plan.record_count;
  buffer_clear(records);
  buffer_clear(truth);
  for (uint64_t row = first; row < end; row++) {
    struct customer_place place;
    customer_plan_locate(&world->plan, permutation_index_of(&world->rows, row), &place);
    buffer_reserve(records, CUSTOMER_ROW_BYTES_MAX);
    char *at = records->data + records->size;
    records->size += (size_t)(customer_row_put(world, row, &place, at) - at);
    buffer_reserve(truth, TRUTH_ROW_BYTES_MAX);
    at = truth->data + truth->size;
    char *start = at;
    at = customer_row_put_id(world, row, at);
    *at++ = ',';
    at = put_entity(world, place.entity_start, at);
    *at++ = ',';
    at = stpcpy(at, customer_case_names[place.case_class]);
    *at++ = ',';
    at = number_put_u64(at, customer_row_part(world, &place));
    *at++ = '\n';
    truth->size += (size_t)(at - start);
  }
}

/* Under lock, waits until all chunks before are written. */
static void write_in_turn(struct job *job, uint64_t chunk, const struct buffer *records,
                          const struct buffer *truth) {
  pthread_mutex_lock(&job->lock);
  while (job->next_written != chunk) pthread_cond_wait(&job->turn, &job->lock);
  if (job->failure.code == ERR_OK &&
      output_write(&job->records, records->data, records->size, &job->failure) == ERR_OK)
    output_write(&job->truth, truth->data, truth->size, &job->failure);
  job->next_written++;
  pthread_cond_broadcast(&job->turn);
  pthread_mutex_unlock(&job->lock);
}

static bool take_chunk(struct job *job, uint64_t *chunk) {
  pthread_mutex_lock(&job->lock);
  *chunk = job->next_chunk;
  bool taken = job->next_chunk < job->chunk_count && job->failure.code == ERR_OK;
  job->next_chunk += taken;
  pthread_mutex_unlock(&job->lock);
  return taken;
}

/* false: the system's library does not know the encoding. */
static bool encode_gb18030(const struct buffer *text, struct buffer *out) {
  iconv_t converter = iconv_open("GB18030", "UTF-8");
  if (converter == (iconv_t)-1) return false;
  buffer_clear(out);
  buffer_reserve(out, text->size * 2); /* four bytes for two at most */
  char *from = text->data, *to = out->data;
  size_t from_size = text->size, to_size = text->size * 2;
  size_t failed = iconv(converter, &from, &from_size, &to, &to_size);
  iconv_close(converter);
  out->size = (size_t)(to - out->data);
  return failed != (size_t)-1;
}

static void *run_thread(void *argument) {
  struct job *job = argument;
  struct buffer records = {0}, truth = {0}, encoded = {0};
  for (uint64_t chunk; take_chunk(job, &chunk);) {
    make_chunk(job->world, chunk, &records, &truth);
    if (job->gb18030) check(encode_gb18030(&records, &encoded));
    write_in_turn(job, chunk, job->gb18030 ? &encoded : &records, &truth);
  }
  buffer_release(&encoded);
  buffer_release(&records);
  buffer_release(&truth);
  return NULL;
}

static enum err write_rows(struct job *job, uint32_t thread_count, struct failure *failure) {
  static const char truth_heading[] = "record_id,entity_id,class,part\n";
  enum err err =
      output_write(&job->records, customer_row_heading, strlen(customer_row_heading), failure);
  if (!err) err = output_write(&job->truth, truth_heading, strlen(truth_heading), failure);
  if (err) return err;
  job->chunk_count = (job->world->plan.record_count + CHUNK_ROWS - 1) / CHUNK_ROWS;
  pthread_mutex_init(&job->lock, NULL);
  pthread_cond_init(&job->turn, NULL);
  pthread_t threads[THREADS_MAX];
  uint32_t started = 0;
  /* The calling thread works too; where the system gives no more threads it does all. */
  while (started + 1 < thread_count && started < THREADS_MAX &&
         pthread_create(&threads[started], NULL, run_thread, job) == 0)
    started++;
  run_thread(job);
  for (uint32_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
  pthread_cond_destroy(&job->turn);
  pthread_mutex_destroy(&job->lock);
  if (job->failure.code != ERR_OK) *failure = job->failure;
  return job->failure.code;
}

/* ---- Pairs that must not be merged ------------------------------------------------------------
 */

static void append_pair(const struct customer_world *world, uint64_t a, uint64_t b,
                        enum customer_case c, struct buffer *out) {
  if (a >= world->plan.record_count || b >= world->plan.record_count) return;
  buffer_reserve(out, TRUTH_ROW_BYTES_MAX);
  char *at = out->data + out->size;
  at = customer_row_put_id(world, permutation_at(&world->rows, a), at);
  *at++ = ',';
  at = customer_row_put_id(world, permutation_at(&world->rows, b), at);
  out->size = (size_t)(at - out->data);
  buffer_printf(out, ",%s\n", customer_case_names[c]);
}

/* Each entity of a group with the next ones, by the records that hold what they share; of the two
 * owners of a number, the last of the old and the first of the new. */
static void append_group_pairs(const struct customer_world *world, uint64_t group,
                               enum customer_case c, struct buffer *out) {
  uint64_t start = customer_plan_start(&world->plan, group), before[PAIR_NEIGHBOURS] = {0};
  bool recycled = c == CASE_recycled_30d || c == CASE_recycled_91d || c == CASE_recycled_400d;
  for (uint32_t e = 0; e < customer_plan_entities(c); e++) {
    uint32_t count = customer_plan_records(&world->plan, group, c, e);
    for (uint32_t k = 1; k <= PAIR_NEIGHBOURS && k <= e; k++)
      append_pair(world, before[(e - k) % PAIR_NEIGHBOURS], start, c, out);
    before[e % PAIR_NEIGHBOURS] = recycled ? start + count - 1 : start;
    start += count;
  }
}

static enum err write_pairs(const struct customer_world *world, struct output *o,
                            struct failure *failure) {
  struct buffer out = {0};
  enum err err = ERR_OK;
  buffer_append_string(&out, "record_id_a,record_id_b,class\n");
  for (uint64_t group = 0; group < world->plan.group_count && !err; group++) {
    enum customer_case c = customer_plan_case(&world->plan, group);
    if (customer_plan_entities(c) == 1) continue;
    append_group_pairs(world, group, c, &out);
    if (out.size < 1 << 20) continue;
    err = output_write(o, out.data, out.size, failure);
    buffer_clear(&out);
  }
  if (!err) err = output_write(o, out.data, out.size, failure);
  buffer_release(&out);
  return err;
}

enum err make_customers(const struct make_customers_options *options, struct failure *failure) {
  if (mkdir(options->out_dir, 0777) != 0 && errno != EEXIST)
    return failure_system(failure, errno, "cannot make the folder %s", options->out_dir);
  struct buffer nothing = {0}, encoded = {0};
  bool is_encodable = !options->gb18030 || encode_gb18030(&nothing, &encoded);
  buffer_release(&encoded);
  if (!is_encodable)
    return failure_set(failure, ERR_USAGE, "this system's iconv does not know GB18030");
  struct customer_world world;
  customer_world_init(&world, options->seed, options->record_count, options->words);
  struct job job = {.world = &world, .gb18030 = options->gb18030};
  struct output pairs = {0};
  enum err err = output_open(&job.records, options->out_dir, "records.csv", failure);
  if (!err) err = output_open(&job.truth, options->out_dir, "truth.csv", failure);
  if (!err) err = output_open(&pairs, options->out_dir, "pairs_must_not.csv", failure);
  if (!err) err = write_rows(&job, options->thread_count, failure);
  if (!err) err = write_pairs(&world, &pairs, failure);
  struct output *outputs[] = {&job.records, &job.truth, &pairs};
  for (uint32_t i = 0; i < 3; i++) {
    enum err closed = output_close(outputs[i], err ? NULL : failure);
    if (!err) err = closed;
  }
  customer_world_release(&world);
  return err;
}

/* ---- Command line -----------------------------------------------------------------------------
 */

static const char help[] =
    "usage: guiyi make-customers --records N --out DIR [options]\n"
    "\n"
    "Makes customer records of seven channels with the truth about who is who: records.csv,\n"
    "truth.csv (record_id,entity_id,class,part) and pairs_must_not.csv in DIR. The same options\n"
    "give the same files everywhere. Records of one customer whose parts differ have nothing in\n"
    "common that was written down: nobody could tell that they are one's.\n"
    "\n"
    "  --records N        how many rows, 1 to 1000000000\n"
    "  --out DIR          where to write; made when it is not there\n"
    "  --seed S           which world, a number; default 1\n"
    "  --language zh      of names and addresses; zh is the only one so far\n"
    "  --word-lists NAME  main (default), or holdout: words that share none with main, and other\n"
    "                     rates of errors\n"
    "  --encoding NAME    of records.csv: utf-8 (default) or gb18030\n"
    "  --threads N        default: one for each processor; does not change the result\n"
    "  --json             the summary for machines\n"
    "\n"
    "example: guiyi make-customers --records 100000 --out /tmp/customers\n"
    "         guiyi run /tmp/customers/records.csv -o /tmp/result\n";

static int usage_error(const char *format, const char *what) {
  fprintf(stderr, "guiyi make-customers: ");
  fprintf(stderr, format, what);
  fprintf(stderr, "; guiyi make-customers --help says more\n");
  return err_exit_code(ERR_USAGE);
}

static bool read_number(const char *text, uint64_t most, uint64_t *value) {
  if (*text < '0' || *text > '9') return false;
  char *end;
  errno = 0;
  *value = strtoull(text, &end, 10);
  return !*end && !errno && *value <= most;
}

static uint32_t processor_count(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : (uint32_t)count;
}

enum {
  OPTION_RECORDS = 1,
  OPTION_SEED,
  OPTION_OUT,
  OPTION_LANGUAGE,
  OPTION_WORDS,
  OPTION_ENCODING,
  OPTION_THREADS,
  OPTION_JSON,
  OPTION_HELP
};

/* 0 = go on, -1 = help was printed, else the exit code. */
static int read_options(int argc, char **argv, struct make_customers_options *options, bool *json) {
  static const struct option table[] = {{"records", required_argument, NULL, OPTION_RECORDS},
                                        {"seed", required_argument, NULL, OPTION_SEED},
                                        {"out", required_argument, NULL, OPTION_OUT},
                                        {"language", required_argument, NULL, OPTION_LANGUAGE},
                                        {"word-lists", required_argument, NULL, OPTION_WORDS},
                                        {"encoding", required_argument, NULL, OPTION_ENCODING},
                                        {"threads", required_argument, NULL, OPTION_THREADS},
                                        {"json", no_argument, NULL, OPTION_JSON},
                                        {"help", no_argument, NULL, OPTION_HELP},
                                        {0}};
  opterr = 0;
  optind = 1;
  uint64_t number;
  for (int option; (option = getopt_long(argc, argv, ":", table, NULL)) != -1;) {
    switch (option) {
      case OPTION_RECORDS:
        if (!read_number(optarg, CUSTOMER_RECORDS_MAX, &number) || number == 0)
          return usage_error("--records wants a number from 1 to 1000000000, not '%s'", optarg);
        options->record_count = number;
        break;
      case OPTION_SEED:
        if (!read_number(optarg, UINT64_MAX, &options->seed))
          return usage_error("--seed wants a number, not '%s'", optarg);
        break;
      case OPTION_OUT:
        options->out_dir = optarg;
        break;
      case OPTION_LANGUAGE:
        if (strcmp(optarg, "zh") != 0)
          return usage_error("--language knows zh only, not '%s'", optarg);
        break;
      case OPTION_WORDS:
        if (strcmp(optarg, "main") != 0 && strcmp(optarg, "holdout") != 0)
          return usage_error("--word-lists is main or holdout, not '%s'", optarg);
        options->words = *optarg == 'm' ? &customer_words_main : &customer_words_holdout;
        break;
      case OPTION_ENCODING:
        if (strcmp(optarg, "utf-8") != 0 && strcmp(optarg, "gb18030") != 0)
          return usage_error("--encoding is utf-8 or gb18030, not '%s'", optarg);
        options->gb18030 = *optarg == 'g';
        break;
      case OPTION_THREADS:
        if (!read_number(optarg, THREADS_MAX, &number) || number == 0)
          return usage_error("--threads wants a number from 1 to 256, not '%s'", optarg);
        options->thread_count = (uint32_t)number;
        break;
      case OPTION_JSON:
        *json = true;
        break;
      case OPTION_HELP:
        fputs(help, stdout);
        return -1;
      case ':':
        return usage_error("%s wants a value", argv[optind - 1]);
      default:
        return usage_error("there is no option %s", argv[optind - 1]);
    }
  }
  if (optind < argc) return usage_error("what is '%s' for?", argv[optind]);
  if (!options->record_count) return usage_error("%s is missing", "--records N");
  if (!options->out_dir) return usage_error("%s is missing", "--out DIR");
  return 0;
}

int make_customers_command(int argc, char **argv) {
  struct make_customers_options options = {
      .seed = 1, .words = &customer_words_main, .thread_count = processor_count()};
  bool json = false;
  int stop = read_options(argc, argv, &options, &json);
  if (stop) return stop < 0 ? 0 : stop;
  uint64_t start_ms = clock_monotonic_ms();
  struct failure failure = {0};
  if (make_customers(&options, &failure) != ERR_OK) {
    fprintf(stderr, "guiyi make-customers: %s\n", failure.message);
    return err_exit_code(failure.code);
  }
  uint64_t took_ms = clock_monotonic_ms() - start_ms;
  if (json)
    printf("{\"records\":%" PRIu64 ",\"seed\":%" PRIu64 ",\"milliseconds\":%" PRIu64 "}\n",
           options.record_count, options.seed, took_ms);
  else
    printf("%" PRIu64
           " records in %s/records.csv, the truth in truth.csv and pairs_must_not.csv "
           "beside it (%.1f s)\n",
           options.record_count, options.out_dir, (double)took_ms / 1000);
  return 0;
}
