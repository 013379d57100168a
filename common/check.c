#include "common/check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *file, int line, const char *condition) {
  fprintf(stderr, "guiyi: internal error at %s:%d: %s does not hold. Please report this line.\n",
          file, line, condition);
  abort();
}
