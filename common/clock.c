#include "common/clock.h"

#include <time.h>

#include "common/check.h"

static uint64_t read_us(clockid_t clock) {
  struct timespec t;
  check(clock_gettime(clock, &t) == 0);
  return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t read_ms(clockid_t clock) { return read_us(clock) / 1000; }

uint64_t clock_monotonic_ms(void) { return read_ms(CLOCK_MONOTONIC); }
int64_t clock_wall_ms(void) { return (int64_t)read_ms(CLOCK_REALTIME); }
uint64_t clock_cpu_ms(void) { return read_ms(CLOCK_PROCESS_CPUTIME_ID); }
uint64_t clock_thread_cpu_us(void) { return read_us(CLOCK_THREAD_CPUTIME_ID); }
