/* simulate — the cluster's state machines in a world that fails, seed by seed.
 *
 *   simulate [--seed N] [--seeds COUNT] [--seconds S] [--trace]
 *
 * Runs COUNT seeds from N on, or as many as fit into S seconds. A violation ends it with exit code
 * 1 and the command that replays it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/simulation/world.h"

static uint64_t number(int argc, char **argv, const char *name, uint64_t otherwise) {
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], name) == 0) return strtoull(argv[i + 1], NULL, 10);
  return otherwise;
}

static bool has(int argc, char **argv, const char *name) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return true;
  return false;
}

int main(int argc, char **argv) {
  uint64_t seed = number(argc, argv, "--seed", 1), seconds = number(argc, argv, "--seconds", 0);
  uint64_t count = number(argc, argv, "--seeds", seconds ? UINT64_MAX : 1);
  bool trace = has(argc, argv, "--trace");
  uint64_t started_ms = clock_monotonic_ms(), events = 0, faults = 0, crashes = 0, done = 0;
  static struct world world;
  for (; done < count; done++, seed++) {
    if (seconds && clock_monotonic_ms() - started_ms >= seconds * 1000) break;
    world_run(&world, seed, trace);
    events += world.events;
    faults += world.faults;
    crashes += world.crashes;
    bool failed = world.violation[0];
    if (failed)
      printf("seed %llu: %s\nreplay: simulate --seed %llu --trace\n", (unsigned long long)seed,
             world.violation, (unsigned long long)seed);
    world_release(&world);
    if (failed) return 1;
  }
  printf("%llu seeds, %llu events, %llu faults, %llu crashes, %.1f s: no violation\n",
         (unsigned long long)done, (unsigned long long)events, (unsigned long long)faults,
         (unsigned long long)crashes, (double)(clock_monotonic_ms() - started_ms) / 1000);
  return 0;
}
