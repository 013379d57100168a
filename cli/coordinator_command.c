/* guiyi coordinator — match and merge with workers that are other processes, on other machines. */
#include <argp.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cluster_job.h"
#include "cli/cluster_status.h"
#include "cli/commands.h"
#include "cli/http_server.h"
#include "cli/progress.h"
#include "common/clock.h"
#include "common/json_write.h"
#include "common/memory.h"
#include "worker/store/generation.h"

enum { PAGE_MS = 200 };
#define HTTP_DEFAULT "127.0.0.1:7701"

static const char documentation[] =
    "Match and merge customer records with workers on other machines.\n"
    "\n"
    "INPUT is a job file (.yaml, .yml) or data files, as for `guiyi run`. Waits for workers "
    "(`guiyi worker`), gives them the work, and writes the results into the out folder: the same, "
    "to "
    "the byte of the digest, as `guiyi run` writes on one machine. Workers read the files "
    "themselves, "
    "by the paths seen here.\v"
    "Example, on one machine:\n"
    "  guiyi cluster init; guiyi cluster add-worker w1\n"
    "  guiyi worker --key guiyi-cluster/workers/w1.key --once &\n"
    "  guiyi coordinator customers.csv -o results\n"
    "On several (scripts/cluster_local starts many on one):\n"
    "  guiyi coordinator crm.yaml --listen tcp://10.0.0.1:7700 --workers 4\n"
    "\n"
    "Exit code: 0 done, 1 failed, 2 wrong usage or job file, 3 the input was refused.";

enum {
  OPTION_LISTEN = 256,
  OPTION_KEYS,
  OPTION_ELECTION,
  OPTION_ADVERTISE,
  OPTION_HTTP,
  OPTION_WORKERS,
  OPTION_LINEAGE,
  OPTION_UNMASK,
  OPTION_JSON
};

static const struct argp_option options[] = {
    {"listen", OPTION_LISTEN, "ENDPOINT", 0,
     "where workers find this coordinator (default: tcp://127.0.0.1:7700)", 0},
    {"keys", OPTION_KEYS, "DIR", 0,
     "the cluster's keys, which `guiyi cluster init` made (default: guiyi-cluster)", 0},
    {"election", OPTION_ELECTION, "ADDRESS", 0,
     "several coordinators, one of which leads: etcd://host:port,host:port[/prefix] (default: this "
     "is the only one, and its journal is in the keys' folder)",
     0},
    {"advertise", OPTION_ADVERTISE, "ENDPOINT", 0,
     "where workers find this one when it is elected (default: as it listens)", 0},
    {"http", OPTION_HTTP, "HOST:PORT", 0,
     "where `guiyi status` and Prometheus ask (default: 127.0.0.1:7701; none: nobody may)", 0},
    {"workers", OPTION_WORKERS, "N", 0, "begin when so many are there; more may come (default: 1)",
     0},
    {"out", 'o', "DIR", 0, "where result files go (default: guiyi-results)", 0},
    {"lineage", OPTION_LINEAGE, 0, 0, "also write lineage.jsonl", 0},
    {"unmask", OPTION_UNMASK, 0, 0, "golden.csv with clear values", 0},
    {"json", OPTION_JSON, 0, 0, "print the summary as JSON", 0},
    {0}};

/* What is shown; made on the run's thread, read on the server's. */
struct status_page {
  pthread_mutex_t lock;
  struct buffer status, metrics;
  uint64_t made_ms;
};

struct command {
  const char **arguments;
  uint32_t argument_count;
  struct cluster_job_options run;
  bool json;
  struct run_inputs inputs;
  struct progress progress;
  uint32_t workers_seen;
  const char *http_address; /* NULL: the default, if nobody else has it */
  struct status_page page;
  struct http_server *http;
};

static volatile sig_atomic_t interrupted;
static void on_interrupt(int number) {
  (void)number;
  interrupted = 1;
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct command *c = state->input;
  switch (key) {
    case OPTION_LISTEN:
      c->run.listen = text;
      return 0;
    case OPTION_KEYS:
      c->run.keys = text;
      return 0;
    case OPTION_ELECTION:
      c->run.election = text;
      return 0;
    case OPTION_ADVERTISE:
      c->run.advertise = text;
      return 0;
    case OPTION_HTTP:
      c->http_address = text;
      return 0;
    case OPTION_WORKERS: {
      char *end;
      long count = strtol(text, &end, 10);
      if (*end || end == text || count < 1 || count > COORDINATOR_WORKERS_MAX)
        argp_error(state, "--workers takes a whole number from 1 to %d, found '%s'",
                   COORDINATOR_WORKERS_MAX, text);
      c->run.workers_min = (uint32_t)count;
      return 0;
    }
    case 'o':
      c->run.out_dir = text;
      return 0;
    case OPTION_LINEAGE:
      c->run.write_lineage = true;
      return 0;
    case OPTION_UNMASK:
      c->run.unmask = true;
      return 0;
    case OPTION_JSON:
      c->json = true;
      return 0;
    case ARGP_KEY_ARG:
      c->arguments[c->argument_count++] = text;
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_error(state, "name a job file or data files: guiyi coordinator customers.csv");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static bool show_page(void *context, const char *path, struct buffer *out, const char **type) {
  struct status_page *page = context;
  bool is_status = strcmp(path, "/status") == 0, is_metrics = strcmp(path, "/metrics") == 0;
  if (!is_status && !is_metrics) return false;
  *type = is_status ? "application/json" : "text/plain; version=0.0.4; charset=utf-8";
  pthread_mutex_lock(&page->lock);
  buffer_append_bytes(out, buffer_bytes(is_status ? &page->status : &page->metrics));
  pthread_mutex_unlock(&page->lock);
  return true;
}

static void make_page(struct status_page *page, const struct coordinator_progress *p) {
  uint64_t now_ms = clock_monotonic_ms();
  if (now_ms < page->made_ms + PAGE_MS) return;
  page->made_ms = now_ms;
  pthread_mutex_lock(&page->lock);
  buffer_clear(&page->status);
  buffer_clear(&page->metrics);
  cluster_status_json(p, &page->status);
  cluster_status_metrics(p, &page->metrics);
  pthread_mutex_unlock(&page->lock);
}

/* Without --http a port that somebody else has is no reason not to run. */
static enum err open_http(struct command *c, struct failure *failure) {
  if (c->http_address && strcmp(c->http_address, "none") == 0) return ERR_OK;
  const char *address = c->http_address ? c->http_address : HTTP_DEFAULT;
  enum err err = http_server_open(address, show_page, &c->page, &c->http, failure);
  if (!err || c->http_address) return err;
  if (!c->json) fprintf(stderr, "no status page: %s\n", failure->message);
  *failure = (struct failure){0};
  return ERR_OK;
}

static bool observe(void *context, const struct coordinator_progress *p) {
  struct command *c = context;
  if (c->http) make_page(&c->page, p);
  if (p->phase == COORDINATOR_WAITING && p->workers != c->workers_seen && !c->json)
    fprintf(stderr, "%u of %u workers are there\n", p->workers, c->run.workers_min);
  c->workers_seen = p->workers;
  if (p->phase == COORDINATOR_RUNNING) {
    struct progress_state state = {.stage = p->stage,
                                   .stage_count = STAGE_COUNT,
                                   .words = stage_words(p->stage),
                                   .tasks_done = p->tasks_done,
                                   .tasks_total = p->tasks_total,
                                   .units = p->units_done,
                                   .elapsed_ms = clock_monotonic_ms() - p->stage_started_ms};
    progress_show(&c->progress, &state);
  }
  return !interrupted;
}

static void print_json(const struct command *c, const struct cluster_job_result *result,
                       const char *digest, uint64_t wall_ms) {
  const struct publish_result *p = &result->published;
  struct buffer out = {0};
  struct json_writer w = json_writer(&out, true);
  json_object_begin(&w);
  json_key(&w, "digest"), json_string(&w, digest);
  json_key(&w, "read"), json_u64(&w, p->rows);
  json_key(&w, "linked"), json_u64(&w, p->linked);
  json_key(&w, "quarantined"), json_u64(&w, p->quarantined);
  json_key(&w, "rejected"), json_u64(&w, p->rejected);
  json_key(&w, "customers"), json_u64(&w, p->customers);
  json_key(&w, "workers"), json_u64(&w, c->workers_seen);
  json_key(&w, "out"), json_string(&w, c->run.out_dir);
  json_key(&w, "wall_ms"), json_u64(&w, wall_ms);
  json_key(&w, "cpu_ms"), json_u64(&w, clock_cpu_ms());
  json_key(&w, "stages");
  json_array_begin(&w);
  for (unsigned s = 0; s < STAGE_COUNT; s++) {
    json_object_begin(&w);
    json_key(&w, "stage"), json_string(&w, stage_name(s));
    json_key(&w, "ms"), json_u64(&w, result->stage_ms[s]);
    json_key(&w, "units"), json_u64(&w, result->stage_units[s]);
    json_object_end(&w);
  }
  json_array_end(&w);
  json_object_end(&w);
  fputs(buffer_string(&out), stdout);
  buffer_release(&out);
}

static void print_summary(const struct command *c, const struct cluster_job_result *result,
                          uint64_t wall_ms) {
  const struct publish_result *p = &result->published;
  char digest[GENERATION_DIGEST_BYTES], n[4][32];
  generation_digest_format((struct hash128){p->digest_low, p->digest_high}, digest);
  if (c->json) {
    print_json(c, result, digest, wall_ms);
    return;
  }
  printf("read %s rows = %s linked + %s quarantined + %s rejected\n",
         progress_number(p->rows, n[0]), progress_number(p->linked, n[1]),
         progress_number(p->quarantined, n[2]), progress_number(p->rejected, n[3]));
  printf("customers %s\ndigest %s\n", progress_number(p->customers, n[0]), digest);
  printf("%" PRIu64 ".%" PRIu64 " s with %u workers; results in %s\n", wall_ms / 1000,
         wall_ms % 1000 / 100, c->workers_seen, c->run.out_dir);
}

static void print_by_another(const struct command *c) {
  printf(c->json
             ? "{\"by_another\": true}\n"
             : "another coordinator led and finished this job; its out folder has the results\n");
}

static enum err run(struct command *c, struct failure *failure) {
  const struct run_inputs_options inputs = {.arguments = c->arguments,
                                            .argument_count = c->argument_count,
                                            .out_dir = c->run.out_dir,
                                            .quiet = c->json};
  enum err err = run_inputs_prepare(&inputs, &c->inputs, failure);
  if (!err) err = run_inputs_make_folder(c->run.out_dir, failure);
  if (err) return err;
  if ((err = open_http(c, failure))) return err;
  c->run.inputs = &c->inputs;
  progress_init(&c->progress, c->json);
  if (!c->json) fprintf(stderr, "waiting for workers at %s\n", c->run.listen);
  uint64_t started_ms = clock_monotonic_ms();
  struct cluster_job_result result;
  err = cluster_job_run(&c->run, observe, c, &result, failure);
  progress_end(&c->progress);
  if (!err && result.by_another)
    print_by_another(c);
  else if (!err)
    print_summary(c, &result, clock_monotonic_ms() - started_ms);
  return err;
}

int coordinator_command(int argc, char **argv) {
  static const struct argp parser = {options, parse_option, "INPUT...", documentation, 0, 0, 0};
  struct command c = {.run = {.listen = "tcp://127.0.0.1:7700",
                              .keys = "guiyi-cluster",
                              .workers_min = 1,
                              .out_dir = "guiyi-results"}};
  pthread_mutex_init(&c.page.lock, NULL);
  c.arguments = memory_new((size_t)argc * sizeof *c.arguments);
  argp_err_exit_status = 2;
  argp_parse(&parser, argc, argv, 0, NULL, &c);
  signal(SIGINT, on_interrupt);
  signal(SIGTERM, on_interrupt);
  struct failure failure = {0};
  enum err err = run(&c, &failure);
  if (err) fprintf(stderr, "guiyi coordinator: %s\n", failure.message);
  http_server_close(&c.http);
  buffer_release(&c.page.status);
  buffer_release(&c.page.metrics);
  run_inputs_release(&c.inputs);
  free(c.arguments);
  return err_exit_code(err);
}
