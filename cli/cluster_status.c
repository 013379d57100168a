#include "cli/cluster_status.h"

#include "common/clock.h"
#include "common/json_write.h"
#include "common/memory.h"

static const char *const phases[] = {
    [COORDINATOR_WAITING] = "waiting",       [COORDINATOR_RUNNING] = "running",
    [COORDINATOR_PUBLISHING] = "publishing", [COORDINATOR_DONE] = "done",
    [COORDINATOR_FAILED] = "failed",         [COORDINATOR_DEPOSED] = "deposed",
};

static const char *state_of(const struct coordinator_worker *w) {
  if (!w->is_greeted) return "lost";
  if (w->is_suspect) return "silent";
  return w->is_resting ? "resting" : "working";
}

static void print_worker(struct json_writer *w, uint32_t number,
                         const struct coordinator_worker *worker) {
  json_object_begin(w);
  json_key(w, "worker"), json_u64(w, number);
  json_key(w, "endpoint"), json_string(w, worker->endpoint);
  json_key(w, "state"), json_string(w, state_of(worker));
  json_key(w, "tasks"), json_u64(w, worker->tasks);
  json_key(w, "places"), json_u64(w, worker->places);
  json_key(w, "outputs"), json_u64(w, worker->outputs);
  json_key(w, "silent_ms"), json_u64(w, worker->silent_ms);
  json_object_end(w);
}

void cluster_status_json(const struct coordinator_progress *p, struct buffer *out) {
  struct json_writer w = json_writer(out, true);
  json_object_begin(&w);
  json_key(&w, "phase"), json_string(&w, phases[p->phase]);
  json_key(&w, "stage"), json_string(&w, stage_name(p->stage));
  json_key(&w, "stage_words"), json_string(&w, stage_words(p->stage));
  json_key(&w, "stage_number"), json_u64(&w, (uint64_t)p->stage + 1);
  json_key(&w, "stage_count"), json_u64(&w, STAGE_COUNT);
  json_key(&w, "tasks_done"), json_u64(&w, p->tasks_done);
  json_key(&w, "tasks_total"), json_u64(&w, p->tasks_total);
  json_key(&w, "units_done"), json_u64(&w, p->units_done);
  json_key(&w, "rows"), json_u64(&w, p->rows);
  json_key(&w, "workers_lost"), json_u64(&w, p->workers_lost);
  json_key(&w, "tasks_repeated"), json_u64(&w, p->tasks_repeated);
  json_key(&w, "second_attempts"), json_u64(&w, p->second_attempts);
  json_key(&w, "workers");
  json_array_begin(&w);
  struct coordinator_worker worker;
  for (uint32_t i = 0; p->coordinator && i < COORDINATOR_WORKERS_MAX; i++)
    if (coordinator_worker_status(p->coordinator, i, &worker)) print_worker(&w, i, &worker);
  json_array_end(&w);
  json_object_end(&w);
}

static void head(struct buffer *out, const char *name, const char *type, const char *help) {
  buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metric_print(struct buffer *out, const char *name, const char *type, const char *help,
                  uint64_t value) {
  head(out, name, type, help);
  buffer_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

void process_metrics(struct buffer *out) {
  uint64_t cpu_ms = clock_cpu_ms();
  head(out, "process_cpu_seconds_total", "counter", "CPU time that the process used.");
  buffer_printf(out, "process_cpu_seconds_total %llu.%03llu\n", (unsigned long long)cpu_ms / 1000,
                (unsigned long long)cpu_ms % 1000);
  metric_print(out, "process_resident_memory_bytes", "gauge", "Memory that is resident.",
               memory_resident_bytes());
}

static void print_workers(const struct coordinator_progress *p, struct buffer *out) {
  static const char *const states[] = {"working", "silent", "resting", "lost"};
  head(out, "guiyi_workers", "gauge", "Workers by state.");
  for (unsigned s = 0; s < sizeof states / sizeof states[0]; s++) {
    uint32_t count = 0;
    struct coordinator_worker worker;
    for (uint32_t i = 0; p->coordinator && i < COORDINATOR_WORKERS_MAX; i++)
      count +=
          coordinator_worker_status(p->coordinator, i, &worker) && state_of(&worker) == states[s];
    buffer_printf(out, "guiyi_workers{state=\"%s\"} %u\n", states[s], count);
  }
}

void cluster_status_metrics(const struct coordinator_progress *p, struct buffer *out) {
  head(out, "guiyi_phase", "gauge", "What the coordinator does; one of them is 1.");
  for (unsigned i = 0; i < sizeof phases / sizeof phases[0]; i++)
    buffer_printf(out, "guiyi_phase{phase=\"%s\"} %d\n", phases[i], p->phase == i);
  head(out, "guiyi_stage", "gauge", "The stage of the run; one of them is 1.");
  for (unsigned s = 0; s < STAGE_COUNT; s++)
    buffer_printf(out, "guiyi_stage{stage=\"%s\"} %d\n", stage_name(s), p->stage == s);
  metric_print(out, "guiyi_stage_tasks_done", "gauge", "Tasks of the stage that are done.",
               p->tasks_done);
  metric_print(out, "guiyi_stage_tasks", "gauge", "Tasks of the stage.", p->tasks_total);
  metric_print(out, "guiyi_stage_units_done", "gauge", "Rows or pairs of the stage that are done.",
               p->units_done);
  metric_print(out, "guiyi_rows", "gauge", "Rows of the run, 0 before they were counted.", p->rows);
  print_workers(p, out);
  metric_print(out, "guiyi_workers_lost_total", "counter", "Workers that were lost.",
               p->workers_lost);
  metric_print(out, "guiyi_tasks_repeated_total", "counter",
               "Tasks computed again because their output was lost.", p->tasks_repeated);
  metric_print(out, "guiyi_second_attempts_total", "counter", "Second attempts for stragglers.",
               p->second_attempts);
  process_metrics(out);
}
