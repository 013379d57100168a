/* check — a programmer's mistake ends the program, in every build.
 *
 * Never on anything that a user, a peer or a disk can cause: that is an `enum err` (err.h).
 * The message names place and condition, never values: values can be personal data. */
#ifndef GUIYI_COMMON_CHECK_H
#define GUIYI_COMMON_CHECK_H

_Noreturn void check_failed(const char *file, int line, const char *condition);

#define check(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

#endif
