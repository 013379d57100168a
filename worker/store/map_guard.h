/* map_guard — reading a mapped file whose pages may lead anywhere.
 *
 * LMDB follows the page numbers and offsets that it finds. In a damaged file they may point beyond
 * the file, and the read then ends in SIGBUS or SIGSEGV; a size of nothing is divided by and ends
 * in SIGFPE. Inside map_guard_run that is an answer instead of the end of the process. Faults
 * elsewhere go where they went before. */
#ifndef GUIYI_WORKER_STORE_MAP_GUARD_H
#define GUIYI_WORKER_STORE_MAP_GUARD_H

#include <stdbool.h>

/* Takes the three signals; again where somebody else took them since. Before the first
 * map_guard_run.
 */
void map_guard_install(void);
/* For an assertion of a library that body calls: leaves map_guard_run as a fault does; outside of
 * it returns. */
void map_guard_escape(void);
/* Calls body(context) in this thread; false when it touched memory that is not there, or escaped:
 * it was left in the middle, so it must own nothing and hold no lock. Any thread; not nested. */
bool map_guard_run(void (*body)(void *context), void *context);

#endif
