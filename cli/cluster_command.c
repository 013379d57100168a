/* guiyi cluster — the keys of a cluster. */
#include <argp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "proto/key_file.h"

static const char documentation[] =
    "Keys of a cluster: who may work for it.\n"
    "\n"
    "init makes the folder with the coordinator's key. add-worker makes a worker's key and enters "
    "it in "
    "the folder's list of members; move its file to the worker's machine. A worker is taken out by "
    "deleting its line in members.\v"
    "Example:\n"
    "  guiyi cluster init\n"
    "  guiyi cluster add-worker w1\n"
    "  scp guiyi-cluster/workers/w1.key host1:/etc/guiyi/\n"
    "\n"
    "Exit code: 0 done, 1 failed, 2 wrong usage.";

enum { OPTION_KEYS = 256 };

static const struct argp_option options[] = {
    {"keys", OPTION_KEYS, "DIR", 0, "the cluster's folder of keys (default: guiyi-cluster)", 0},
    {0}};

struct arguments {
  const char *keys, *verb, *name;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case OPTION_KEYS:
      a->keys = text;
      return 0;
    case ARGP_KEY_ARG:
      if (!a->verb)
        a->verb = text;
      else if (!a->name)
        a->name = text;
      else
        argp_error(state, "too many arguments");
      return 0;
    case ARGP_KEY_END:
      if (a->verb && strcmp(a->verb, "init") == 0 && !a->name) return 0;
      if (a->verb && strcmp(a->verb, "add-worker") == 0 && a->name) return 0;
      argp_error(state, "say init, or add-worker NAME");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

int cluster_command(int argc, char **argv) {
  static const struct argp parser = {
      options, parse_option, "init\nadd-worker NAME", documentation, 0, 0, 0};
  struct arguments a = {.keys = "guiyi-cluster"};
  argp_err_exit_status = 2;
  argp_parse(&parser, argc, argv, 0, NULL, &a);
  struct failure failure = {0};
  char path[PATH_MAX];
  bool is_init = strcmp(a.verb, "init") == 0;
  enum err err = is_init ? key_folder_init(a.keys, &failure)
                         : key_folder_add_worker(a.keys, a.name, path, &failure);
  if (err)
    fprintf(stderr, "guiyi cluster: %s\n", failure.message);
  else if (is_init)
    printf("the keys are in %s; coordinators need the folder, workers only their own file\n",
           a.keys);
  else
    printf("%s: move it to the machine of worker %s and start `guiyi worker --key FILE` there\n",
           path, a.name);
  return err_exit_code(err);
}
