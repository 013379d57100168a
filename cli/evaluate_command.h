/* evaluate_command — `guiyi evaluate MEMBERS TRUTH`; --help says more. */
#ifndef GUIYI_CLI_EVALUATE_COMMAND_H
#define GUIYI_CLI_EVALUATE_COMMAND_H

/* argv[0] is the command's name. The exit code: 0 done, 1 failed, 2 wrong usage, 3 input refused.
 */
int evaluate_command(int argc, char **argv);

#endif
