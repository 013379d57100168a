/* guiyi — one program; the command decides. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "cli/commands.h"
#include "common/name_choice.h"

#ifndef GUIYI_VERSION
#error "the build names the version"
#endif

static const struct command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
} commands[] = {
#define COMMAND(name, function, summary) {name, function, summary},
#include "cli/commands.def"
#undef COMMAND
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void print_help(FILE *to) {
  fputs(
      "guiyi (归一) merges customer records of many channels into one golden record each.\n\n"
      "usage: guiyi COMMAND [OPTION...] [ARGUMENT...]\n\n",
      to);
  for (int i = 0; i < COMMAND_COUNT; i++)
    fprintf(to, "  %-15s %s\n", commands[i].name, commands[i].summary);
  fputs(
      "\nguiyi COMMAND --help tells more, with an example. To begin:\n"
      "  guiyi run customers.csv -o results\n",
      to);
}

static int unknown_command(const char *name) {
  struct name_choice choice;
  name_choice_init(&choice, bytes_from_string(name));
  for (int i = 0; i < COMMAND_COUNT; i++)
    name_choice_offer(&choice, bytes_from_string(commands[i].name));
  struct buffer words = {0};
  name_choice_print(&choice, &words);
  fprintf(stderr, "guiyi: there is no command '%s'; expected %s\n", name, buffer_string(&words));
  buffer_release(&words);
  return 2;
}

static int run(int argc, char **argv) {
  if (argc < 2) return print_help(stderr), 2;
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
    return print_help(stdout), 0;
  if (strcmp(argv[1], "--version") == 0) return puts("guiyi " GUIYI_VERSION), 0;
  for (int i = 0; i < COMMAND_COUNT; i++) {
    if (strcmp(argv[1], commands[i].name) != 0) continue;
    char name[32]; /* as help and mistakes of usage call it */
    snprintf(name, sizeof name, "guiyi %s", commands[i].name);
    argv[1] = name;
    return commands[i].run(argc - 1, argv + 1);
  }
  return unknown_command(argv[1]);
}

/* An answer that was not written whole is no success. Who reads no further knows that himself. */
static int finish_output(int code) {
  bool failed_before = ferror(stdout);
  if (fflush(stdout) == 0 && !failed_before) return code;
  if (errno != EPIPE)
    fprintf(stderr, "guiyi: the output was not written whole%s%s\n", failed_before ? "" : ": ",
            failed_before ? "" : strerror(errno));
  return code ? code : 1;
}

int main(int argc, char **argv) {
  /* Customer data is in this process's memory: no core dump may hold it. */
  prctl(PR_SET_DUMPABLE, 0);
  /* Both are errors of a write, which says what failed. */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  setlocale(LC_CTYPE, "C.UTF-8");
  return finish_output(run(argc, argv));
}
