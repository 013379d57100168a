/* fuzz_part — which part of a target this process runs: some targets are one program for several
 * things that must each have their time. tests/CMakeLists.txt names the parts; the environment
 * variable FUZZ_PART chooses. */
#ifndef GUIYI_TESTS_FUZZ_FUZZ_PART_H
#define GUIYI_TESTS_FUZZ_FUZZ_PART_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The index of FUZZ_PART among the names, whatever the case; ends the process when it is none. */
static inline unsigned fuzz_part_of(const char *const *names, unsigned count) {
  const char *part = getenv("FUZZ_PART");
  for (unsigned i = 0; part && i < count; i++)
    if (strcasecmp(part, names[i]) == 0) return i;
  fprintf(stderr, "FUZZ_PART must be one of");
  for (unsigned i = 0; i < count; i++) fprintf(stderr, " %s", names[i]);
  fprintf(stderr, "\n");
  exit(2);
}

#endif
