/* The vector kernels against the byte-by-byte walk, on every size and border, and the walk against
 * what the rules say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/hash.h"
#include "worker/sources/delimiter_index.h"

enum { TEXT_BYTES_MAX = 700 };

static const char *const kernel_names[] = {"scalar", "avx2", "avx512"};

static uint64_t random_state;

static uint64_t next_random(void) { return hash_mix(random_state += 0x9e3779b97f4a7c15ULL); }

struct result {
  struct delimiter_index index;
  uint32_t ends[TEXT_BYTES_MAX + INDEX_SLACK], row_ends[TEXT_BYTES_MAX + INDEX_SLACK];
};

static void start(struct result *r, char delimiter) {
  memset(r, 0, sizeof *r);
  r->index = (struct delimiter_index){
      .delimiter = delimiter, .quote = '"', .ends = r->ends, .row_ends = r->row_ends};
}

static delimiter_index_function *function_of(const struct source_kernels *kernels, int what) {
  return what == INDEX_CELLS     ? kernels->index_cells
         : what == INDEX_RECORDS ? kernels->index_records
                                 : kernels->index_lines;
}

static void assert_same(const struct result *a, const struct result *b, int what) {
  assert_int_equal(a->index.state, b->index.state);
  assert_int_equal(a->index.quote_seen, b->index.quote_seen);
  assert_int_equal(a->index.line_count, b->index.line_count);
  assert_int_equal(a->index.end_count, b->index.end_count);
  assert_int_equal(a->index.row_count, b->index.row_count);
  assert_memory_equal(a->ends, b->ends, a->index.end_count * sizeof a->ends[0]);
  if (what == INDEX_CELLS)
    assert_memory_equal(a->row_ends, b->row_ends, a->index.row_count * sizeof a->row_ends[0]);
}

/* Each alphabet makes another habit common: stray quotes, well-formed quotes, line ends. */
static const char *const alphabets[] = {
    "ab,\"\n\r", "abcdefgh,,\n", "aaaaaaaaaaaaaaaaaaaaaaa,\"\n", "\"\",,\r\n", "\r\n", "\"", ",\n",
};

static size_t random_text(char *text) {
  const char *alphabet = alphabets[next_random() % (sizeof alphabets / sizeof alphabets[0])];
  size_t letters = strlen(alphabet), size = next_random() % TEXT_BYTES_MAX;
  for (size_t i = 0; i < size; i++) text[i] = alphabet[next_random() % letters];
  return size;
}

static void kernels_do_as_the_walk_does(void **state) {
  (void)state;
  random_state = 1;
  static char text[TEXT_BYTES_MAX];
  static struct result plain, fast;
  for (int round = 0; round < 6000; round++) {
    size_t size = random_text(text), border = size ? next_random() % size : 0;
    for (int what = INDEX_CELLS; what <= INDEX_LINES; what++) {
      start(&plain, ',');
      delimiter_index_walk(&plain.index, text, 0, border, what);
      delimiter_index_walk(&plain.index, text + border, 0, size - border, what);
      for (size_t k = 0; k < 3; k++) {
        const struct source_kernels *kernels = source_kernels_named(kernel_names[k]);
        if (!kernels) continue;
        start(&fast, ',');
        function_of(kernels, what)(&fast.index, text, border);
        function_of(kernels, what)(&fast.index, text + border, size - border);
        assert_same(&plain, &fast, what);
      }
    }
  }
}

static void the_walk_follows_the_rules(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t ends[8], end_count, row_ends[8], row_count, line_count;
  } cases[] = {
      {"a,b\nc\n", {1, 3, 5}, 3, {2, 3}, 2, 2},
      {"a\r\n\r\nb\rc\n", {2, 8}, 2, {1, 2}, 2, 3},
      {"\"a,\n\"\"b\",c\n", {8, 10}, 2, {2}, 1, 2},
      {"5\" x,\"y\"\r\n", {4, 9}, 2, {2}, 1, 1},
      {"\"a\"b\"c,d\n", {6, 8}, 2, {2}, 1, 1},
      {"\n\n\r\n,\n", {4, 5}, 2, {2}, 1, 4},
      {"\r\r\n\r\"\n", {2, 5}, 2, {1, 2}, 2, 2},
      {"\"\"\n", {2}, 1, {1}, 1, 1},
      {"\"open\n,", {0}, 0, {0}, 0, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct result r;
    start(&r, ',');
    delimiter_index_walk(&r.index, cases[i].text, 0, strlen(cases[i].text), INDEX_CELLS);
    assert_int_equal(r.index.end_count, cases[i].end_count);
    assert_int_equal(r.index.row_count, cases[i].row_count);
    assert_int_equal(r.index.line_count, cases[i].line_count);
    assert_memory_equal(r.ends, cases[i].ends, cases[i].end_count * sizeof r.ends[0]);
    assert_memory_equal(r.row_ends, cases[i].row_ends, cases[i].row_count * sizeof r.row_ends[0]);
  }
}

/* Decodes by arithmetic, unlike any of the checks. */
static bool is_utf8_by_value(const unsigned char *text, size_t size) {
  for (size_t i = 0; i < size;) {
    if (text[i] < 0x80) {
      i++;
      continue;
    }
    int more = text[i] >> 5 == 6 ? 1 : text[i] >> 4 == 14 ? 2 : text[i] >> 3 == 30 ? 3 : -1;
    if (more < 0 || i + (size_t)more >= size) return false;
    uint32_t value = text[i] & (0x3Fu >> more);
    for (int k = 1; k <= more; k++) {
      if (text[i + (size_t)k] >> 6 != 2) return false;
      value = value << 6 | (text[i + (size_t)k] & 0x3F);
    }
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (value < smallest[more] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
      return false;
    i += (size_t)more + 1;
  }
  return true;
}

static void assert_checked(const char *text, size_t size) {
  /* An exact copy: reading past the end is then seen by the address sanitizer. */
  char *copy = malloc(size ? size : 1);
  assert_non_null(copy);
  memcpy(copy, text, size);
  bool valid = is_utf8_by_value((const unsigned char *)copy, size), has_nul = false;
  uint64_t high_count = 0;
  for (size_t i = 0; i < size; i++) {
    has_nul |= copy[i] == 0;
    high_count += (unsigned char)copy[i] >= 0x80;
  }
  for (size_t k = 0; k < 3; k++) {
    const struct source_kernels *kernels = source_kernels_named(kernel_names[k]);
    if (!kernels) continue;
    struct text_facts facts = kernels->text_check(copy, size);
    assert_int_equal(facts.is_utf8, valid);
    assert_int_equal(facts.has_nul, has_nul);
    assert_int_equal(facts.high_count, high_count);
  }
  free(copy);
}

static void every_pair_of_bytes_is_judged_rightly_at_every_border(void **state) {
  (void)state;
  char text[70];
  for (int a = 0x7F; a < 256; a++) {
    for (int b = 0x7F; b < 256; b++) {
      for (size_t at = 27; at < 66; at += at == 33 ? 26 : 1) {
        memset(text, 'a', sizeof text);
        text[at] = (char)a;
        text[at + 1] = (char)b;
        text[at + 2] = (char)0x80;
        text[at + 3] = (char)0xBF;
        for (size_t more = 2; more <= 4; more++) assert_checked(text, at + more);
      }
    }
  }
}

static void random_text_is_judged_rightly(void **state) {
  (void)state;
  random_state = 2;
  static const char *const pieces[] = {"a",
                                       "é",
                                       "张",
                                       "𠮷",
                                       "\x80",
                                       "\xC3",
                                       "\xED\xA0\x80",
                                       "\xF0",
                                       "\xE5",
                                       "name",
                                       "王伟",
                                       "",
                                       "zzzzzzzzzzzzzzzz"};
  for (int round = 0; round < 20000; round++) {
    char text[400];
    size_t size = 0, wrong = next_random() % 3;
    while (size < 300) {
      const char *piece = pieces[next_random() % (sizeof pieces / sizeof pieces[0])];
      bool is_wrong =
          (unsigned char)piece[0] >= 0x80 && !is_utf8_by_value((const void *)piece, strlen(piece));
      if (is_wrong && (wrong == 0 || next_random() % 16)) continue;
      if (next_random() % 500 == 0) text[size++] = 0;
      memcpy(text + size, piece, strlen(piece));
      size += strlen(piece);
    }
    assert_checked(text, next_random() % size);
  }
}

static void kernels_are_found_by_name(void **state) {
  (void)state;
  assert_null(source_kernels_named("mmx"));
  assert_string_equal(source_kernels_named("scalar")->name, "scalar");
  assert_int_equal(setenv("GUIYI_SIMD", "scalar", 1), 0);
  assert_string_equal(source_kernels()->name, "scalar");
  assert_int_equal(unsetenv("GUIYI_SIMD"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_walk_follows_the_rules),
      cmocka_unit_test(kernels_do_as_the_walk_does),
      cmocka_unit_test(every_pair_of_bytes_is_judged_rightly_at_every_border),
      cmocka_unit_test(random_text_is_judged_rightly),
      cmocka_unit_test(kernels_are_found_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
