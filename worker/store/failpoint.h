/* failpoint — named places on the way to a publication where a test can end the process. Outside
 * tests the hook is NULL and this is one load. Set the hook before threads start. */
#ifndef GUIYI_WORKER_STORE_FAILPOINT_H
#define GUIYI_WORKER_STORE_FAILPOINT_H

extern void (*failpoint_hook)(const char *name);

static inline void failpoint(const char *name) {
  if (failpoint_hook) failpoint_hook(name);
}

#endif
