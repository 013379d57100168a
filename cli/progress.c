#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"

enum { BAR_CELLS = 24 };

const char *progress_number(uint64_t value, char out[32]) {
  char plain[24];
  int size = snprintf(plain, sizeof plain, "%llu", (unsigned long long)value);
  char *at = out;
  for (int i = 0; i < size; i++) {
    if (i && (size - i) % 3 == 0) *at++ = ',';
    *at++ = plain[i];
  }
  *at = '\0';
  return out;
}

void progress_init(struct progress *p, bool quiet) {
  *p = (struct progress){.is_terminal = isatty(STDERR_FILENO) == 1, .is_quiet = quiet};
}

static void print_time_left(const struct progress_state *s) {
  if (s->tasks_done == 0 || s->elapsed_ms < 500) return;
  uint64_t left = s->elapsed_ms * (s->tasks_total - s->tasks_done) / s->tasks_done / 1000;
  fprintf(stderr, "  %02llu:%02llu left", (unsigned long long)(left / 60),
          (unsigned long long)(left % 60));
}

static void print_bar(const struct progress_state *s) {
  unsigned filled = s->tasks_total ? s->tasks_done * BAR_CELLS / s->tasks_total : 0;
  fprintf(stderr, "\r\033[K[%2u/%u] %-32s ", s->stage + 1, s->stage_count, s->words);
  for (unsigned i = 0; i < BAR_CELLS; i++) fputs(i < filled ? "█" : "░", stderr);
  char number[32];
  if (s->units && s->elapsed_ms)
    fprintf(stderr, " %s/s", progress_number(s->units * 1000 / s->elapsed_ms, number));
  print_time_left(s);
  fprintf(stderr, "  %llu MiB", (unsigned long long)(memory_resident_bytes() >> 20));
}

void progress_show(struct progress *p, const struct progress_state *s) {
  if (p->is_quiet) return;
  if (p->is_terminal) {
    print_bar(s);
    fflush(stderr);
  } else if (!p->label || p->stage != s->stage) {
    fprintf(stderr, "[%2u/%u] %s\n", s->stage + 1, s->stage_count, s->words);
  }
  p->label = s->words;
  p->stage = s->stage;
}

void progress_end(struct progress *p) {
  if (p->label && p->is_terminal) fputs("\r\033[K", stderr);
  p->label = NULL;
}
