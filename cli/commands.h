/* commands — the entry points of the program's commands. Each takes its own arguments (argv[0] is
 * the command's name), prints its own help for --help and returns the process's exit code:
 * 0 done, 1 failed, 2 wrong usage or configuration, 3 the input was refused. */
#ifndef GUIYI_CLI_COMMANDS_H
#define GUIYI_CLI_COMMANDS_H

#define COMMAND(name, function, summary) int function(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

#endif
