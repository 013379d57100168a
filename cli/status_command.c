/* guiyi status — what a coordinator is doing, from its status page. */
#include <argp.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yajl/yajl_tree.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "common/bytes.h"
#include "common/err.h"

enum { OPTION_HTTP = 256, OPTION_WATCH, OPTION_JSON, TIMEOUT_MS = 5000, PAGE_BYTES_MAX = 16 << 20 };

static const char documentation[] =
    "Show what a coordinator is doing: its stage, its workers, what was lost and made again.\v"
    "Examples:\n"
    "  guiyi status\n"
    "  guiyi status --http 10.0.0.1:7701 --watch\n"
    "\n"
    "Exit code: 0 shown, 1 nobody answers there, 2 wrong usage.";

static const struct argp_option options[] = {
    {"http", OPTION_HTTP, "HOST:PORT", 0,
     "the coordinator's --http address (default: 127.0.0.1:7701)", 0},
    {"watch", OPTION_WATCH, 0, 0, "show it again every second, until interrupted", 0},
    {"json", OPTION_JSON, 0, 0, "print it as JSON", 0},
    {0}};

struct arguments {
  const char *address;
  bool watch, json;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case OPTION_HTTP:
      a->address = text;
      return 0;
    case OPTION_WATCH:
      a->watch = true;
      return 0;
    case OPTION_JSON:
      a->json = true;
      return 0;
    case ARGP_KEY_ARG:
      argp_error(state, "there is nothing to name: guiyi status");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

static size_t take(char *data, size_t size, size_t count, void *context) {
  struct buffer *page = context;
  if (page->size + size * count > PAGE_BYTES_MAX) return 0;
  buffer_append(page, data, size * count);
  return size * count;
}

static enum err fetch(const char *address, struct buffer *page, struct failure *failure) {
  struct buffer url = {0};
  buffer_printf(&url, "http://%s/status", address);
  CURL *curl = curl_easy_init();
  CURLcode code = CURLE_FAILED_INIT;
  long status = 0;
  if (curl) {
    curl_easy_setopt(curl, CURLOPT_URL, buffer_string(&url));
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, page);
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
  }
  buffer_release(&url);
  if (code != CURLE_OK)
    return failure_set(failure, ERR_PEER,
                       "no coordinator answers at http://%s: %s. Is it running, with --http %s?",
                       address, curl_easy_strerror(code), address);
  if (status != 200)
    return failure_set(failure, ERR_PEER, "http://%s/status answers %ld: is that a coordinator?",
                       address, status);
  return ERR_OK;
}

static const char *text_of(yajl_val tree, const char *key) {
  const char *path[] = {key, NULL};
  yajl_val v = yajl_tree_get(tree, path, yajl_t_string);
  return v ? v->u.string : "";
}

static uint64_t number_of(yajl_val tree, const char *key) {
  const char *path[] = {key, NULL};
  yajl_val v = yajl_tree_get(tree, path, yajl_t_number);
  return v && v->u.number.i > 0 ? (uint64_t)v->u.number.i : 0;
}

static void print_workers(yajl_val workers) {
  printf("\n%-32s %-8s %11s %8s %8s\n", "worker", "state", "tasks", "outputs", "silent");
  for (size_t i = 0; i < workers->u.array.len; i++) {
    yajl_val w = workers->u.array.values[i];
    char tasks[48];
    snprintf(tasks, sizeof tasks, "%llu of %llu", (unsigned long long)number_of(w, "tasks"),
             (unsigned long long)number_of(w, "places"));
    printf("%-32s %-8s %11s %8llu %6.1f s\n", text_of(w, "endpoint"), text_of(w, "state"), tasks,
           (unsigned long long)number_of(w, "outputs"), (double)number_of(w, "silent_ms") / 1000);
  }
}

static enum err print_page(struct buffer *page, struct failure *failure) {
  char why[128] = "", n[3][32];
  yajl_val tree = yajl_tree_parse(buffer_string(page), why, sizeof why);
  if (!tree || !YAJL_IS_OBJECT(tree)) {
    yajl_tree_free(tree);
    return failure_set(failure, ERR_MALFORMED, "the answer is not the status of a coordinator");
  }
  printf("%s: %s (stage %llu of %llu), %s of %s tasks, %s rows or pairs\n", text_of(tree, "phase"),
         text_of(tree, "stage_words"), (unsigned long long)number_of(tree, "stage_number"),
         (unsigned long long)number_of(tree, "stage_count"),
         progress_number(number_of(tree, "tasks_done"), n[0]),
         progress_number(number_of(tree, "tasks_total"), n[1]),
         progress_number(number_of(tree, "units_done"), n[2]));
  printf("%s rows in all; %llu workers lost, %llu tasks made again, %llu second attempts\n",
         progress_number(number_of(tree, "rows"), n[0]),
         (unsigned long long)number_of(tree, "workers_lost"),
         (unsigned long long)number_of(tree, "tasks_repeated"),
         (unsigned long long)number_of(tree, "second_attempts"));
  const char *path[] = {"workers", NULL};
  yajl_val workers = yajl_tree_get(tree, path, yajl_t_array);
  if (workers && workers->u.array.len) print_workers(workers);
  yajl_tree_free(tree);
  return ERR_OK;
}

static enum err show(const struct arguments *a, struct failure *failure) {
  struct buffer page = {0};
  enum err err = fetch(a->address, &page, failure);
  if (!err && a->watch && isatty(STDOUT_FILENO)) fputs("\033[H\033[J", stdout);
  if (!err && a->json)
    fputs(buffer_string(&page), stdout);
  else if (!err)
    err = print_page(&page, failure);
  fflush(stdout);
  buffer_release(&page);
  return err;
}

int status_command(int argc, char **argv) {
  static const struct argp parser = {options, parse_option, "", documentation, 0, 0, 0};
  struct arguments a = {.address = "127.0.0.1:7701"};
  struct failure failure = {0};
  argp_err_exit_status = 2;
  argp_parse(&parser, argc, argv, 0, NULL, &a);
  enum err err = show(&a, &failure);
  while (!err && a.watch) {
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    err = show(&a, &failure);
  }
  if (err) fprintf(stderr, "guiyi status: %s\n", failure.message);
  return err_exit_code(err);
}
