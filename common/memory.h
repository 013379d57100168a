/* memory — allocation that does not fail, and pages for big tables.
 *
 * When the system has no memory left there is no state worth saving in a process (tasks are
 * repeated from their inputs), so these end it with a sentence and exit code 1 instead of returning
 * NULL. */
#ifndef GUIYI_COMMON_MEMORY_H
#define GUIYI_COMMON_MEMORY_H

#include <stddef.h>

/* uninitialised, a large one on huge pages; free() it */
void *memory_new(size_t size);
void *memory_new_zeroed(size_t count, size_t size); /* free() it */
void *memory_resize(void *data, size_t size);       /* like realloc */
char *memory_copy_string(const char *text);         /* free() it */

/* Zeroed pages straight from the system, on huge pages where it grants them; untouched pages cost
 * nothing. size may be 0 (gives NULL). */
void *memory_map(size_t size);
void memory_unmap(void *data, size_t size);
/* Gives the pages back that lie wholly inside [data, data+size); they read as zero afterwards. */
void memory_discard(void *data, size_t size);

/* Memory for what many tasks leave behind and what is given back all at once: huge pages, filled
 * one behind the other. A zeroed pool is ready to use; it belongs to one thread at a time. */
struct memory_pool {
  struct memory_pool_chunk *chunks; /* newest first */
  char *next, *end;
};
void *memory_pool_take(struct memory_pool *pool, size_t size); /* aligned to 64, uninitialised */
void memory_pool_release(struct memory_pool *pool);            /* and it may be used again */

/* Of this process, in bytes: the most that was resident so far, and what is now. 0 where unknown.
 */
size_t memory_resident_peak_bytes(void);
size_t memory_resident_bytes(void);

#endif
