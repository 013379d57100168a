/* clock — the two clocks. State machines take the time as an argument and never call these. */
#ifndef GUIYI_COMMON_CLOCK_H
#define GUIYI_COMMON_CLOCK_H

#include <stdint.h>

uint64_t clock_monotonic_ms(void); /* since some point in the past; for durations */
int64_t clock_wall_ms(void);       /* since 1970-01-01 UTC; for logs and reports only */
/* CPU time that this process has used so far, all threads, user and system. */
uint64_t clock_cpu_ms(void);
/* The same of the calling thread alone. */
uint64_t clock_thread_cpu_us(void);

#endif
