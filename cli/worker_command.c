/* guiyi worker — works for a coordinator, run after run. */
#include <argp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <zmq.h>

#include "cli/cluster_status.h"
#include "cli/commands.h"
#include "cli/http_server.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/json_write.h"
#include "common/memory.h"
#include "coordinator/election.h"
#include "proto/key_file.h"
#include "worker/cluster_worker.h"
#include "worker/worker_loop.h"

static const char documentation[] =
    "Work for a coordinator: reads splits of its files, keeps and compares records, hands them to "
    "other workers.\n"
    "\n"
    "The job comes from the coordinator. Its files are read by path, so all workers must see them "
    "under the path that the coordinator sees: on shared storage, or as copies with the same "
    "times. "
    "Records travel from worker to worker and never through the coordinator.\v"
    "Example, on one machine:\n"
    "  guiyi cluster init; guiyi cluster add-worker w1\n"
    "  guiyi worker --key guiyi-cluster/workers/w1.key --once &\n"
    "  guiyi coordinator customers.csv -o results\n"
    "On several:\n"
    "  guiyi worker --key /etc/guiyi/w1.key --coordinator tcp://10.0.0.1:7700 --listen "
    "'tcp://10.0.0.2:*' --threads 8\n"
    "\n"
    "Exit code: 0 done (--once), 1 failed, 2 wrong usage.";

enum {
  OPTION_COORDINATOR = 256,
  OPTION_ELECTION,
  OPTION_KEY,
  OPTION_LISTEN,
  OPTION_ADVERTISE,
  OPTION_THREADS,
  OPTION_HTTP,
  OPTION_ONCE
};
enum {
  THREADS_MAX = 256,
  SOCKETS_MAX = 16384, /* two to each other worker from each thread */
};

static const struct argp_option options[] = {
    {"coordinator", OPTION_COORDINATOR, "ENDPOINT", 0,
     "where the coordinator listens (default: tcp://127.0.0.1:7700)", 0},
    {"election", OPTION_ELECTION, "ADDRESS", 0,
     "follow whoever is elected there, instead of --coordinator: "
     "etcd://host:port,host:port[/prefix]",
     0},
    {"key", OPTION_KEY, "FILE", 0, "this worker's key, which `guiyi cluster add-worker` made", 0},
    {"listen", OPTION_LISTEN, "ENDPOINT", 0,
     "where other workers fetch from this one; port * takes a free one (default: "
     "tcp://127.0.0.1:*)",
     0},
    {"advertise", OPTION_ADVERTISE, "ENDPOINT", 0,
     "the address that others are told, without port (default: the one it listens on)", 0},
    {"threads", OPTION_THREADS, "N", 0, "compute threads (default: one per core)", 0},
    {"http", OPTION_HTTP, "HOST:PORT", 0, "where Prometheus asks for /metrics (default: nowhere)",
     0},
    {"once", OPTION_ONCE, 0, 0, "end after one run", 0},
    {0}};

struct arguments {
  struct cluster_worker_options worker;
  const char *key_path;
  const char *election_address;
  const char *http_address;
  pthread_mutex_t lock;
  struct cluster_worker *running; /* under lock: what the metrics are of; NULL between runs */
  uint32_t runs;                  /* under lock */
  struct key_file key;
  bool once;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case OPTION_COORDINATOR:
      a->worker.coordinator_endpoint = text;
      return 0;
    case OPTION_ELECTION:
      a->election_address = text;
      return 0;
    case OPTION_KEY:
      a->key_path = text;
      return 0;
    case ARGP_KEY_END:
      if (!a->key_path)
        argp_error(state, "--key is needed: `guiyi cluster add-worker NAME` makes one");
      return 0;
    case OPTION_LISTEN:
      a->worker.listen = text;
      return 0;
    case OPTION_ADVERTISE:
      a->worker.advertise = text;
      return 0;
    case OPTION_THREADS: {
      char *end;
      long count = strtol(text, &end, 10);
      if (*end || end == text || count < 1 || count > THREADS_MAX)
        argp_error(state, "--threads takes a whole number from 1 to %d, found '%s'", THREADS_MAX,
                   text);
      a->worker.compute_threads = (uint32_t)count;
      return 0;
    }
    case OPTION_HTTP:
      a->http_address = text;
      return 0;
    case OPTION_ONCE:
      a->once = true;
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

/* Differs each time a worker begins, on any machine. */
static uint64_t new_incarnation(void) {
  uint64_t number;
  check(getrandom(&number, sizeof number, 0) == sizeof number);
  return number;
}

/* One line for programs. */
static void log_run(const struct cluster_worker_figures *figures) {
  struct buffer line = {0};
  struct json_writer w = json_writer(&line, false);
  json_object_begin(&w);
  json_key(&w, "event"), json_string(&w, "run_over");
  json_key(&w, "fetches_answered"), json_u64(&w, figures->fetches);
  json_key(&w, "batches_sent"), json_u64(&w, figures->batches);
  json_key(&w, "bytes_sent"), json_u64(&w, figures->bytes);
  json_key(&w, "fetches_refused"), json_u64(&w, figures->refused);
  json_key(&w, "cpu_ms"), json_u64(&w, clock_cpu_ms());
  json_key(&w, "peak_memory_bytes"), json_u64(&w, memory_resident_peak_bytes());
  json_object_end(&w);
  fprintf(stderr, "%s\n", buffer_string(&line));
  buffer_release(&line);
}

static bool find_coordinator(void *context, char endpoint[WORKER_ENDPOINT_BYTES]) {
  struct buffer identity = {0};
  struct failure failure;
  uint64_t token;
  bool found = election_watch(context, &identity, &token, &failure) == ERR_OK &&
               identity.size < WORKER_ENDPOINT_BYTES;
  memset(endpoint, 0, WORKER_ENDPOINT_BYTES);
  if (found) memcpy(endpoint, identity.data, identity.size);
  buffer_release(&identity);
  return found;
}

static bool show_metrics(void *context, const char *path, struct buffer *out, const char **type) {
  struct arguments *a = context;
  if (strcmp(path, "/metrics") != 0) return false;
  *type = "text/plain; version=0.0.4; charset=utf-8";
  struct cluster_worker_figures f = {0};
  pthread_mutex_lock(&a->lock);
  if (a->running) cluster_worker_figures_now(a->running, &f);
  uint32_t runs = a->runs;
  pthread_mutex_unlock(&a->lock);
  metric_print(out, "guiyi_worker_runs_total", "counter", "Runs that this worker greeted for.",
               runs);
  metric_print(out, "guiyi_worker_run_fetches", "gauge",
               "Fetches of other workers answered in this run.", f.fetches);
  metric_print(out, "guiyi_worker_run_batches", "gauge", "Batches sent in this run.", f.batches);
  metric_print(out, "guiyi_worker_run_sent_bytes", "gauge", "Bytes sent in this run.", f.bytes);
  metric_print(out, "guiyi_worker_run_fetches_refused", "gauge",
               "Fetches that were malformed or of another run.", f.refused);
  process_metrics(out);
  return true;
}

static void set_running(struct arguments *a, struct cluster_worker *worker) {
  pthread_mutex_lock(&a->lock);
  a->running = worker;
  a->runs += worker != NULL;
  pthread_mutex_unlock(&a->lock);
}

static enum err work_once(struct arguments *a, struct failure *failure) {
  a->worker.zmq_context = zmq_ctx_new();
  check(a->worker.zmq_context);
  check(zmq_ctx_set(a->worker.zmq_context, ZMQ_MAX_SOCKETS, SOCKETS_MAX) == 0);
  a->worker.incarnation = new_incarnation();
  struct cluster_worker *worker = NULL;
  enum err err = cluster_worker_start(&worker, &a->worker, failure);
  struct cluster_worker_figures figures;
  if (!err) {
    set_running(a, worker);
    cluster_worker_wait(worker);
    set_running(a, NULL);
    err = cluster_worker_join(&worker, &figures, failure);
  }
  if (!err) log_run(&figures);
  zmq_ctx_term(a->worker.zmq_context);
  return err;
}

int worker_command(int argc, char **argv) {
  static const struct argp parser = {options, parse_option, "", documentation, 0, 0, 0};
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  struct arguments a = {.worker = {.coordinator_endpoint = "tcp://127.0.0.1:7700",
                                   .listen = "tcp://127.0.0.1:*",
                                   .compute_threads = cores < 1             ? 1
                                                      : cores > THREADS_MAX ? THREADS_MAX
                                                                            : (uint32_t)cores}};
  argp_err_exit_status = 2;
  argp_parse(&parser, argc, argv, 0, NULL, &a);
  struct failure mistake = {0};
  if (key_file_read(a.key_path, &a.key, &mistake)) {
    fprintf(stderr, "guiyi worker: %s\n", mistake.message);
    return err_exit_code(mistake.code);
  }
  a.worker.key = &a.key;
  if (a.election_address) {
    struct election *election;
    if (election_open(a.election_address, BYTES_EMPTY, &election, &mistake)) {
      fprintf(stderr, "guiyi worker: %s\n", mistake.message);
      return err_exit_code(mistake.code);
    }
    a.worker.find_coordinator = find_coordinator;
    a.worker.find_context = election;
  }
  struct http_server *http = NULL;
  pthread_mutex_init(&a.lock, NULL);
  if (a.http_address && http_server_open(a.http_address, show_metrics, &a, &http, &mistake)) {
    fprintf(stderr, "guiyi worker: %s\n", mistake.message);
    return err_exit_code(mistake.code);
  }
  for (;;) {
    struct failure failure = {0};
    enum err err = work_once(&a, &failure);
    if (err) fprintf(stderr, "guiyi worker: %s\n", failure.message);
    if (a.once || (err && err_class_of(err) != ERR_CLASS_RETRY)) return err_exit_code(err);
  }
}
