/* What names cost: nanoseconds to clean one and to compare a pair, the best of five rounds. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/arena.h"
#include "worker/fields/name_feature.h"
#include "worker/fields/person_name.h"

enum { NAMES = 4096, ROUNDS = 5, REPEATS = 50, NAME_SIZE = 64 };

static char names[NAMES][NAME_SIZE];
static struct name_feature features[NAMES];

static unsigned up_to(unsigned n) {
  static uint64_t state = 1;
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (unsigned)(state >> 33) % n;
}

static const char *const surnames[] = {"王", "李",   "张", "刘", "陈",
                                       "杨", "欧阳", "赵", "單", "曾"};
static const char *const given[] = {"伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "勇",
                                    "傑", "娟", "涛", "明", "超", "秀", "霞", "平", "刚", "桂"};
static const char *const firsts[] = {"John", "Mary",      "William", "Elizabeth", "Bill",
                                     "Jon",  "Catherine", "Thomas",  "Ann",       "Christopher"};
static const char *const lasts[] = {"Smith", "Jones",    "Williams", "Taylor", "Brown",
                                    "Smyth", "Thompson", "Thomson",  "Clarke", "Clark"};

static void write_han(char *out) {
  sprintf(out, "%s%s%s", surnames[up_to(10)], given[up_to(20)], up_to(6) ? given[up_to(20)] : "");
}
static void write_titled(char *out) {
  sprintf(out, "%s%s先生", surnames[up_to(10)], up_to(2) ? given[up_to(20)] : "");
}
static void write_latin(char *out) { sprintf(out, "%s %s", firsts[up_to(10)], lasts[up_to(10)]); }
static void write_word(char *out) { strcpy(out, firsts[up_to(10)]); }

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void measure(const char *label, enum name_part part, void (*write)(char *)) {
  const struct field_options options = {.name_part = part};
  struct arena arena = {0};
  double clean_best = 1e9, compare_best = 1e9;
  uint64_t sum = 0;
  for (int i = 0; i < NAMES; i++) write(names[i]);
  for (int round = 0; round < ROUNDS; round++) {
    double start = seconds();
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      for (int i = 0; i < NAMES; i++) {
        struct standard_value value;
        memset(&features[i], 0, sizeof features[i]);
        person_name_type.standardise(&options, bytes_from_string(names[i]), &arena, &value,
                                     &features[i]);
      }
      arena_reset(&arena);
    }
    double clean = (seconds() - start) / (NAMES * REPEATS);
    if (clean < clean_best) clean_best = clean;
    start = seconds();
    for (int repeat = 1; repeat <= REPEATS; repeat++) {
      for (int i = 0; i < NAMES; i++)
        sum += person_name_type.compare(&features[i], &features[(i + repeat) % NAMES]);
    }
    double compare = (seconds() - start) / (NAMES * REPEATS);
    if (compare < compare_best) compare_best = compare;
  }
  printf("%-24s clean %6.1f ns   compare %6.1f ns   (%llu)\n", label, clean_best * 1e9,
         compare_best * 1e9, (unsigned long long)sum);
  arena_release(&arena);
}

int main(void) {
  measure("Han", NAME_WHOLE, write_han);
  measure("Han with title", NAME_WHOLE, write_titled);
  measure("Latin", NAME_WHOLE, write_latin);
  measure("Latin given name", NAME_GIVEN, write_word);
  return 0;
}
