/* What cleaning one cell costs, per field type: nanoseconds of processor time per value, the best
 * of ten rounds over a list of cells as files have them. "clean" cells are canonical already,
 * "dirty" ones are not; compare is a pair of the dirty ones, which seldom agree. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/arena.h"
#include "worker/fields/field_type.h"

enum { CELLS = 4096, ROUNDS = 10, REPEATS = 20, CELL_SIZE = 96 };

static char cells[CELLS][CELL_SIZE];
static struct bytes values[CELLS];

static uint64_t next_random(void) {
  static uint64_t state = 1;
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return state >> 33;
}

static unsigned up_to(unsigned n) { return (unsigned)(next_random() % n); }

static const char *const words[] = {"red",   "fox", "optimizing", "query",  "walkman", "black",
                                    "phone", "set", "digital",    "camera", "the",     "of"};

static int write_phone(char *out, bool dirty) {
  return sprintf(out, dirty ? "+86 13%u %04u-%04u" : "13%u%04u%04u", up_to(10), up_to(10000),
                 up_to(10000));
}

static int write_id_card(char *out, bool dirty) {
  static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  if (dirty) *out++ = ' ';
  static const char *const areas[] = {"110105", "310115", "440305", "510104", "330106", "320505",
                                      "420111", "610113", "370202", "230103", "150102", "650102"};
  sprintf(out, "%s%04u%02u%02u%03u", areas[up_to(12)], 1940 + up_to(70), 1 + up_to(12),
          1 + up_to(28), up_to(1000));
  int sum = 0;
  for (int i = 0; i < 17; i++) sum += weights[i] * (out[i] - '0');
  out[17] = "10X98765432"[sum % 11];
  return 18 + dirty;
}

static int write_uscc(char *out, bool dirty) {
  return sprintf(out, dirty ? "91350100m%05uY4 3" : "91350100M%05uY43", up_to(100000));
}

static int write_email(char *out, bool dirty) {
  return sprintf(out, dirty ? "Zhang%u.%u@QQ.com" : "zhang%u.%u@qq.com", up_to(10000), up_to(100));
}

static int write_account(char *out, bool dirty) {
  return dirty ? sprintf(out, "%03u-%02u-%04u", up_to(1000), up_to(100), up_to(10000))
               : sprintf(out, "oUpF8uMuAJO_%08uNjWeS6o", up_to(100000000));
}

static int write_date(char *out, bool dirty) {
  return sprintf(out, dirty ? "%u年%u月%u日" : "%04u-%02u-%02u", 1940 + up_to(80), 1 + up_to(12),
                 1 + up_to(28));
}

static int write_time(char *out, bool dirty) {
  int size = sprintf(out, dirty ? "%04u/%02u/%02u" : "%04u-%02u-%02u", 2015 + up_to(10),
                     1 + up_to(12), 1 + up_to(28));
  return size + sprintf(out + size, " %02u:%02u:%02u", up_to(24), up_to(60), up_to(60));
}

static int write_category(char *out, bool dirty) {
  return sprintf(out, dirty ? "Stadt %s%u ü" : "%s%u", words[up_to(12)], up_to(50));
}

static int write_amount(char *out, bool dirty) {
  return sprintf(out, dirty ? "¥%u,%03u.5" : "%u%03u.50", 1 + up_to(100), up_to(1000));
}

static int write_text(char *out, bool dirty) {
  int size = 0;
  for (int i = 0; i < 8; i++) size += sprintf(out + size, "%s ", words[up_to(12)]);
  return size - !dirty;
}

static const struct {
  const char *type;
  int (*write)(char *out, bool dirty);
} writers[] = {{"phone", write_phone}, {"id_card", write_id_card},   {"uscc", write_uscc},
               {"email", write_email}, {"account", write_account},   {"date", write_date},
               {"date", write_time},   {"category", write_category}, {"amount", write_amount},
               {"text", write_text}};

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static uint64_t features[CELLS][FIELD_FEATURE_BYTES_MAX / 8];

static double standardise_ns(const struct field_type *t) {
  const struct field_options options = {.timezone_minutes = 480, .as_of_day = 20779};
  struct arena arena = {0};
  double best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    double start = seconds_now();
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      arena_reset(&arena);
      for (int i = 0; i < CELLS; i++) {
        struct standard_value value;
        memset(features[i], 0, t->feature_size);
        t->standardise(&options, values[i], &arena, &value, features[i]);
      }
    }
    double ns = (seconds_now() - start) * 1e9 / (CELLS * REPEATS);
    if (ns < best) best = ns;
  }
  arena_release(&arena);
  return best;
}

static double compare_ns(const struct field_type *t) {
  double best = 1e9;
  unsigned sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    double start = seconds_now();
    for (int repeat = 0; repeat < REPEATS; repeat++)
      for (int i = 0; i < CELLS; i++)
        sum += t->compare(features[i], features[(i + repeat) % CELLS]);
    double ns = (seconds_now() - start) * 1e9 / (CELLS * REPEATS);
    if (ns < best) best = ns;
  }
  return sum == UINT32_MAX ? 0 : best;
}

int main(void) {
  printf("%-10s %12s %12s %12s\n", "type", "clean ns", "dirty ns", "compare ns");
  for (size_t w = 0; w < sizeof writers / sizeof writers[0]; w++) {
    const struct field_type *t = field_type_find(bytes_from_string(writers[w].type));
    double ns[2];
    for (int dirty = 0; dirty < 2; dirty++) {
      for (int i = 0; i < CELLS; i++)
        values[i] = bytes_of(cells[i], (size_t)writers[w].write(cells[i], dirty));
      ns[dirty] = standardise_ns(t);
    }
    printf("%-10s %12.1f %12.1f %12.1f\n", t->name, ns[0], ns[1], compare_ns(t));
  }
  return 0;
}
