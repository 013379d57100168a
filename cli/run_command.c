/* guiyi run — match and merge: a job file, or data files whose columns are recognised. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/open_generation.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/run_inputs.h"
#include "cli/run_resume.h"
#include "cli/run_summary.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/memory.h"
#include "worker/store/fact_store.h"

static const char documentation[] =
    "Match and merge customer records into golden records.\n"
    "\n"
    "INPUT is a job file (.yaml, .yml), or data files (CSV or JSON Lines, also .gz and .zst) whose "
    "columns are then recognised; the job file that was used is written to the out folder.\v"
    "Examples:\n"
    "  guiyi run customers.csv -o results\n"
    "  guiyi run web.jsonl pos.csv 'shop-*.csv.gz' -o results --workers 4\n"
    "  guiyi run crm.yaml --data-dir /var/lib/guiyi\n"
    "\n"
    "Exit code: 0 done, 1 failed, 2 wrong usage or job file, 3 the input was refused.";

enum {
  OPTION_DATA_DIR = 256,
  OPTION_WORKERS,
  OPTION_THRESHOLD,
  OPTION_SEED,
  OPTION_MODEL,
  OPTION_LINEAGE,
  OPTION_DUPLICATES,
  OPTION_PAIRS,
  OPTION_UNMASK,
  OPTION_JSON,
  OPTION_RESUME,
  OPTION_AS_OF
};

static const struct argp_option options[] = {
    {"out", 'o', "DIR", 0, "where result files go (default: guiyi-results)", 0},
    {"data-dir", OPTION_DATA_DIR, "DIR", 0,
     "where generations are kept (default: "
     "guiyi-data"
     ")",
     0},
    {"workers", OPTION_WORKERS, "N", 0, "embedded workers, one thread each (default: one per core)",
     0},
    {"threshold", OPTION_THRESHOLD, "BITS", 0, "merge at this weight or above (default: chosen)",
     0},
    {"seed", OPTION_SEED, "S", 0, "which records the random pairs are drawn from", 0},
    {"model", OPTION_MODEL, "DIR", 0,
     "decide by the model of the generation in DIR, a data folder, instead of training one", 0},
    {"lineage", OPTION_LINEAGE, 0, 0, "also write lineage.jsonl", 0},
    {"duplicates", OPTION_DUPLICATES, 0, 0,
     "also write duplicates.csv: each customer's main record and what repeats it", 0},
    {"pairs", OPTION_PAIRS, 0, 0, "also write pairs.csv, every scored candidate pair", 0},
    {"unmask", OPTION_UNMASK, 0, 0, "golden.csv with clear values", 0},
    {"resume", OPTION_RESUME, 0, 0,
     "do nothing when this job was published from these files already; begin again when it was "
     "broken off",
     0},
    {"json", OPTION_JSON, 0, 0, "print the summary as JSON", 0},
    {0}};

struct arguments {
  const char **inputs;
  uint32_t input_count;
  const char *out_dir, *data_dir, *model_dir;
  uint32_t workers;
  bool has_threshold, has_seed, lineage, duplicates, pairs, unmask, resume, json;
  double threshold_bits;
  uint64_t seed;
};

static uint64_t parse_count(struct argp_state *state, const char *name, const char *text,
                            uint64_t low, uint64_t high) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (errno || *end || end == text || *text == '-' || value < low || value > high)
    argp_error(state, "--%s takes a whole number from %llu to %llu, found '%s'", name,
               (unsigned long long)low, (unsigned long long)high, text);
  return value;
}

static double parse_bits(struct argp_state *state, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (*end || end == text || !(value >= -1000 && value <= 1000))
    argp_error(state, "--threshold takes bits from -1000 to 1000, found '%s'", text);
  return value;
}

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case 'o':
      a->out_dir = text;
      return 0;
    case OPTION_DATA_DIR:
      a->data_dir = text;
      return 0;
    case OPTION_WORKERS:
      a->workers = (uint32_t)parse_count(state, "workers", text, 1, EMBEDDED_WORKERS_MAX);
      return 0;
    case OPTION_THRESHOLD:
      a->has_threshold = true;
      a->threshold_bits = parse_bits(state, text);
      return 0;
    case OPTION_SEED:
      a->has_seed = true;
      a->seed = parse_count(state, "seed", text, 0, UINT64_MAX);
      return 0;
    case OPTION_MODEL:
      a->model_dir = text;
      return 0;
    case OPTION_LINEAGE:
      a->lineage = true;
      return 0;
    case OPTION_DUPLICATES:
      a->duplicates = true;
      return 0;
    case OPTION_PAIRS:
      a->pairs = true;
      return 0;
    case OPTION_UNMASK:
      a->unmask = true;
      return 0;
    case OPTION_RESUME:
      a->resume = true;
      return 0;
    case OPTION_JSON:
      a->json = true;
      return 0;
    case ARGP_KEY_ARG:
      a->inputs[a->input_count++] = text;
      return 0;
    case ARGP_KEY_NO_ARGS:
      argp_error(state, "name a job file or data files, for example: guiyi run customers.csv");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

/* Everything one run needs, released together. */
struct run {
  struct arguments arguments;
  struct run_inputs inputs;
  struct pipeline *pipeline;
  struct progress progress;
  uint32_t next_stage; /* the first not shown yet */
  struct embedded_result timings;
  struct buffer facts;       /* what people decided, encoded */
  struct model model;        /* with --model */
  uint64_t model_generation; /* that it is of; 0 = the run trains its own */
};

static volatile sig_atomic_t interrupted;
static void on_interrupt(int number) {
  (void)number;
  interrupted = 1;
}

/* The run is given up in order; who can't wait for that interrupts it again. */
static void catch_interrupts(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
    sigaction(signals[i], &action, NULL);
}

static void apply_arguments(struct run *r) {
  if (r->arguments.has_threshold) {
    r->inputs.job.has_accept = true;
    r->inputs.job.accept_weight = (int32_t)(r->arguments.threshold_bits * WEIGHT_BIT);
    if (r->inputs.job.has_review && r->inputs.job.review_weight > r->inputs.job.accept_weight)
      r->inputs.job.review_weight = r->inputs.job.accept_weight;
  }
  if (r->arguments.has_seed) r->inputs.job.seed = r->arguments.seed;
}

/* Stages pass faster than they are looked at: those that passed unseen are named, too. What only
 * workers of several machines do (exchange) is not counted. */
static void show_stages(struct run *r, const struct coordinator_progress *p) {
  uint32_t number = 0, count = 0;
  for (unsigned s = 0; s < STAGE_COUNT; s++) count += !stage_is_exchange(s);
  for (unsigned s = 0; s <= p->stage; s++) {
    if (stage_is_exchange(s)) continue;
    struct progress_state state = {
        .stage = number++, .stage_count = count, .words = stage_words(s)};
    if (s == p->stage) {
      state.tasks_done = p->tasks_done;
      state.tasks_total = p->tasks_total;
      state.units = p->units_done;
      state.elapsed_ms = clock_monotonic_ms() - p->stage_started_ms;
    } else if (s < r->next_stage) {
      continue;
    }
    progress_show(&r->progress, &state);
  }
  r->next_stage = p->stage + 1;
}

static bool observe(void *context, const struct coordinator_progress *p) {
  struct run *r = context;
  if (p->phase == COORDINATOR_RUNNING) show_stages(r, p);
  /* What has begun to be published is published, and reported. */
  return !interrupted || p->stage == STAGE_PUBLISH;
}

static enum err report_run(struct run *r, uint64_t started_ms, struct failure *failure) {
  struct pipeline_totals totals;
  pipeline_totals(r->pipeline, &totals);
  struct report_input report = {
      .run = pipeline_run_state(r->pipeline),
      .spec = pipeline_model_spec(r->pipeline),
      .quality = pipeline_quality(r->pipeline),
      .totals = &totals,
      .timings = &r->timings,
      .out_dir = r->arguments.out_dir,
      .workers = r->arguments.workers,
      .wall_ms = clock_monotonic_ms() - started_ms,
      .cpu_ms = clock_cpu_ms(),
      .recognised = r->inputs.is_recognised ? &r->inputs.recognition : NULL,
      .model_generation = r->model_generation};
  if (totals.linked + totals.quarantined + totals.rejected != totals.rows)
    return failure_set(failure, ERR_MISMATCH, "the counts of rows do not add up");
  enum err err = report_write(&report, failure);
  if (err) return err;
  struct run_summary_options summary = {.data_dir = r->arguments.data_dir,
                                        .has_lineage = r->arguments.lineage,
                                        .has_duplicates = r->arguments.duplicates,
                                        .has_pairs = r->arguments.pairs};
  if (r->arguments.json)
    run_summary_print_json(&report);
  else
    run_summary_print(&report, &summary);
  return ERR_OK;
}

/* What is decided after this is for the next run. */
static enum err load_decisions(struct run *r, uint64_t *length, struct failure *failure) {
  struct pair_facts facts;
  enum err err = fact_store_load(r->arguments.data_dir, &facts, length, failure);
  if (err) return err;
  pair_facts_encode(&facts, &r->facts);
  pair_facts_release(&facts);
  return ERR_OK;
}

/* True when there is nothing to do, which was said. */
static bool is_done_already(const struct run *r, uint64_t decisions_length, enum err *err,
                            struct failure *failure) {
  const struct arguments *a = &r->arguments;
  struct run_resume resume = {0};
  *err = ERR_OK;
  if (a->resume)
    *err = run_resume_find(&r->inputs, a->data_dir, a->out_dir, decisions_length, &resume, failure);
  if (*err || !resume.is_published) return false;
  if (a->json)
    printf("{\"digest\": \"%s\", \"generation\": %llu, \"already_published\": true}\n",
           resume.digest, (unsigned long long)resume.generation);
  else
    printf("generation %llu was published by this job from these files: nothing to do\ndigest %s\n",
           (unsigned long long)resume.generation, resume.digest);
  return true;
}

/* Nibbles mean the same in both plans. */
static bool plans_compare_alike(const struct plan *a, const struct plan *b) {
  if (a->comparison_count != b->comparison_count) return false;
  for (uint32_t c = 0; c < a->comparison_count; c++) {
    const struct plan_comparison *x = &a->comparisons[c], *y = &b->comparisons[c];
    if (x->type != y->type || (x->identifier_rule < 0) != (y->identifier_rule < 0) ||
        !bytes_equal(a->job->fields[x->field].name, b->job->fields[y->field].name))
      return false;
  }
  return true;
}

static enum err load_model(struct run *r, struct failure *failure) {
  if (!r->arguments.model_dir) return ERR_OK;
  struct open_generation *open = memory_new_zeroed(1, sizeof *open);
  enum err err = open_generation(r->arguments.model_dir, false, open, failure);
  if (!err && !plans_compare_alike(&open->plan, &pipeline_run_state(r->pipeline)->plan))
    err = failure_set(failure, ERR_CONFIG,
                      "the model of generation %llu in %s was trained for other fields than this "
                      "job compares; run without --model to train one",
                      (unsigned long long)open->manifest->generation, r->arguments.model_dir);
  if (!err) {
    r->model = open->manifest->model;
    r->model_generation = open->manifest->generation;
  }
  open_generation_close(open);
  free(open);
  return err;
}

static enum err run_job(struct run *r, struct failure *failure) {
  uint64_t started_ms = clock_monotonic_ms();
  const struct arguments *a = &r->arguments;
  const struct run_inputs_options inputs = {.arguments = a->inputs,
                                            .argument_count = a->input_count,
                                            .out_dir = a->out_dir,
                                            .quiet = a->json};
  enum err err = run_inputs_prepare(&inputs, &r->inputs, failure);
  if (err) return err;
  apply_arguments(r);
  struct pipeline_options pipeline_options = {.job = &r->inputs.job,
                                              .inputs = r->inputs.inputs,
                                              .input_count = r->inputs.input_count,
                                              .threads_max = a->workers,
                                              .data_dir = a->data_dir,
                                              .out_dir = a->out_dir,
                                              .write_lineage = a->lineage,
                                              .write_duplicates = a->duplicates,
                                              .write_pairs = a->pairs,
                                              .unmask = a->unmask};
  if ((err = load_decisions(r, &pipeline_options.decisions_length, failure))) return err;
  if (is_done_already(r, pipeline_options.decisions_length, &err, failure) || err) return err;
  if ((err = pipeline_open(&pipeline_options, &r->pipeline, failure))) return err;
  if ((err = load_model(r, failure))) return err;
  catch_interrupts();
  progress_init(&r->progress, a->json);
  err = embedded_run(r->pipeline, r->inputs.input_count, r->inputs.job.shards, a->workers,
                     buffer_bytes(&r->facts), r->model_generation ? &r->model : NULL, observe, r,
                     &r->timings, failure);
  progress_end(&r->progress);
  return err ? err : report_run(r, started_ms, failure);
}

static void run_release(struct run *r) {
  pipeline_close(&r->pipeline);
  run_inputs_release(&r->inputs);
  free(r->arguments.inputs);
  buffer_release(&r->facts);
}

int run_command(int argc, char **argv) {
  static const struct argp parser = {options, parse_option, "INPUT...", documentation, 0, 0, 0};
  struct run r = {.arguments = {.out_dir = "guiyi-results", .data_dir = "guiyi-data"}};
  r.arguments.inputs = memory_new((size_t)argc * sizeof *r.arguments.inputs);
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  r.arguments.workers = cores < 1                      ? 1
                        : cores > EMBEDDED_WORKERS_MAX ? EMBEDDED_WORKERS_MAX
                                                       : (uint32_t)cores;
  argp_err_exit_status = 2;
  argp_parse(&parser, argc, argv, 0, NULL, &r.arguments);
  struct failure failure = {0};
  enum err err = run_job(&r, &failure);
  if (err) fprintf(stderr, "guiyi run: %s\n", failure.message);
  run_release(&r);
  return err_exit_code(err);
}
