#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/commands.h"
#include "cli/make_customers.h"
#include "cli/report_page.h"
#include "cli/report_words.h"
#include "proto/stage.h"
#include "worker/fields/field_type.h"

static char folder[64];

static const char *path_of(const char *name) {
  static char paths[8][160];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, 160, "%s/%s", folder, name);
  return path;
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/guiyi_report_XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

static struct buffer read_file(const char *path) {
  struct buffer text = {0};
  char part[4096];
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  for (size_t size; (size = fread(part, 1, sizeof part, file)) > 0;)
    buffer_append(&text, part, size);
  fclose(file);
  buffer_string(&text);
  return text;
}

/* Runs the command with its summary put away. */
static void run(const char *input, const char *out_dir) {
  char *arguments[] = {"run",       "-o", (char *)out_dir, "--data-dir", (char *)path_of("data"),
                       "--workers", "2",  "--json",        (char *)input};
  int saved = dup(1);
  assert_non_null(freopen("/dev/null", "w", stdout));
  int code = run_command(sizeof arguments / sizeof arguments[0], arguments);
  fflush(stdout);
  dup2(saved, 1);
  close(saved);
  assert_int_equal(code, 0);
}

static bool holds(const struct buffer *text, const char *part) {
  return memmem(text->data, text->size, part, strlen(part)) != NULL;
}

/* The number behind the first "key": at or after `from`; -1 when there is none. */
static long long number_of(const struct buffer *json, const char *from, const char *key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\": ", key);
  const char *start = from ? strstr(json->data, from) : json->data;
  const char *at = start ? strstr(start, quoted) : NULL;
  return at ? atoll(at + strlen(quoted)) : -1;
}

/* The sum over all "key": between `from` and `until`. */
static long long sum_of(const struct buffer *json, const char *from, const char *until,
                        const char *key) {
  char quoted[64];
  snprintf(quoted, sizeof quoted, "\"%s\": ", key);
  const char *at = strstr(json->data, from), *end = at ? strstr(at, until) : NULL;
  assert_non_null(end);
  long long sum = 0;
  while ((at = strstr(at, quoted)) && at < end) sum += atoll(at += strlen(quoted));
  return sum;
}

static void text_is_escaped(void **state) {
  (void)state;
  struct buffer out = {0};
  page_text(&out, BYTES("<b a=\"1\" c='2'>张 & 李</b>\n\x01"));
  assert_string_equal(buffer_string(&out),
                      "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;张 &amp; 李&lt;/b&gt;  ");
  buffer_release(&out);
}

static void numbers_are_written_for_people(void **state) {
  (void)state;
  struct buffer out = {0};
  page_count(&out, 1234567);
  buffer_append_char(&out, '|');
  page_percent(&out, 1, 8);
  buffer_append_char(&out, '|');
  page_percent(&out, 0, 0);
  buffer_append_char(&out, '|');
  page_duration(&out, 61500);
  buffer_append_char(&out, '|');
  page_size(&out, 3 << 20);
  assert_string_equal(buffer_string(&out), "1,234,567|12.5 %|–|1 min 01 s|3.0 MiB");
  buffer_release(&out);
}

static void every_word_has_its_chinese(void **state) {
  (void)state;
  for (const struct field_type *const *type = field_type_list(); *type; type++)
    for (unsigned level = 0; level < FIELD_LEVEL_COUNT; level++) {
      const char *name = (*type)->levels[level].name;
      const char *english;
      if (name && !report_words_level(name, &english))
        fail_msg("no Chinese for the level '%s'", name);
    }
  for (unsigned s = 0; s < STAGE_COUNT; s++)
    if (!report_words_stage(stage_name(s))) fail_msg("no Chinese for stage %s", stage_name(s));
  for (unsigned bit = 0; bit < FIELD_FLAG_COUNT; bit++) {
    const char *english;
    if (!report_words_flag(field_flag_name(bit), &english) || !english)
      fail_msg("no words for the flag %s", field_flag_name(bit));
  }
}

/* What may stand in a file's headings and in a source's name must not become markup. */
static void hostile_headings_stay_text(void **state) {
  (void)state;
  const char *path = path_of("a<img src=x>&.csv");
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs("id,姓名,手机号,<script>alert(1)</script>,\"x\"\"onload='y'\"\n", file);
  for (int i = 0; i < 60; i++)
    fprintf(file, "%d,\"<i>张%d\",1381234%04d,<b>%d,'\"&\n", i, i % 7, i % 31, i % 5);
  fclose(file);
  const char *out = path_of("hostile");
  run(path, out);
  struct buffer html = read_file(path_of("hostile/report.html"));
  assert_true(holds(&html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
  static const char *const bad[] = {"<script", "<img", "<i>", "onload='", "\"onload"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(holds(&html, bad[i]));
  buffer_release(&html);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* The digest is the one long number that belongs there. */
static void blank_digest(struct buffer *html, const struct buffer *json) {
  const char *digest = strstr(json->data, "\"digest\": \"") + strlen("\"digest\": \"");
  char *at = memmem(html->data, html->size, digest, 32);
  assert_non_null(at);
  memset(at, 'x', 32);
}

static void assert_no_long_numbers(const struct buffer *html, unsigned digits_min) {
  unsigned digits = 0;
  for (size_t i = 0; i < html->size; i++) {
    digits = is_digit(html->data[i]) ? digits + 1 : 0;
    if (digits == digits_min)
      fail_msg("%u digits in a row: …%.40s", digits, html->data + (i > 30 ? i - 30 : 0));
  }
}

/* A date as the records write it: 1990-01-31. */
static void assert_no_date(const struct buffer *html) {
  for (const char *at = strstr(html->data, "<section id=\"pairs\">"); (at = strchr(at, '-')); at++)
    if (is_digit(at[-1]) && is_digit(at[1]) && is_digit(at[2]) && at[3] == '-')
      fail_msg("a date: %.40s", at - 4);
}

static void assert_no_clear_email(const struct buffer *html) {
  const char *body = strstr(html->data, "</style>");
  for (const char *at = body; (at = strchr(at, '@')); at++) {
    if (at[1] == ' ' || at[1] == '<') continue; /* "same before the @" */
    const char *from = at;
    while (from > body && from[-1] != '>' && from[-1] != ' ') from--;
    if (!memchr(from, '*', (size_t)(at - from))) fail_msg("an e-mail: %.40s", from);
  }
}

static void figures_add_up_and_nothing_is_clear(void **state) {
  (void)state;
  struct failure failure = {0};
  struct make_customers_options options = {.record_count = 3000,
                                           .seed = 11,
                                           .out_dir = path_of("made"),
                                           .words = &customer_words_main,
                                           .thread_count = 1};
  assert_int_equal(make_customers(&options, &failure), ERR_OK);
  run(path_of("made/records.csv"), path_of("out"));
  struct buffer json = read_file(path_of("out/report.json"));
  struct buffer html = read_file(path_of("out/report.html"));

  long long read = number_of(&json, NULL, "read"), linked = number_of(&json, NULL, "linked");
  assert_int_equal(read, 3000);
  assert_int_equal(
      read, linked + number_of(&json, NULL, "quarantined") + number_of(&json, NULL, "rejected"));
  assert_int_equal(sum_of(&json, "\"files\"", "\"sources\"", "linked"), linked);
  assert_int_equal(sum_of(&json, "\"sources\"", "\"stages\"", "linked"), linked);
  long long customers = number_of(&json, NULL, "customers");
  assert_int_equal(sum_of(&json, "\"sources\"", "\"stages\"", "main"), customers);
  assert_int_equal(sum_of(&json, "\"sources\"", "\"stages\"", "duplicate"), linked - customers);
  assert_int_equal(sum_of(&json, "\"sizes\"", "\"accepted_edges\"", "customers"), customers);
  long long compared = number_of(&json, NULL, "compared");
  assert_true(compared > 0);
  assert_int_equal(sum_of(&json, "\"blocking\"", "\"cut_blocks\"", "pairs"), compared);
  assert_int_equal(sum_of(&json, "\"histogram\"", "]", "pairs"), compared);
  assert_int_equal(compared, number_of(&json, NULL, "at_accept") +
                                 number_of(&json, NULL, "at_review") +
                                 number_of(&json, NULL, "below"));
  const char *by_reason = "\"reviews_by_reason\"";
  assert_int_equal(
      number_of(&json, NULL, "reviews"),
      number_of(&json, by_reason, "uncertain") + number_of(&json, by_reason, "constraint") +
          number_of(&json, by_reason, "cohesion") + number_of(&json, by_reason, "size") +
          number_of(&json, by_reason, "rule") + number_of(&json, by_reason, "household"));

  struct buffer number = {0};
  page_count(&number, (uint64_t)customers);
  assert_true(holds(&html, buffer_string(&number)));
  buffer_release(&number);
  static const char *const sections[] = {"files",  "columns",  "repeats", "customers",
                                         "stages", "blocking", "weights", "histogram",
                                         "pairs",  "quality"};
  for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
    char id[64];
    snprintf(id, sizeof id, "<section id=\"%s\">", sections[i]);
    if (!holds(&html, id)) fail_msg("the page has no section %s", sections[i]);
  }
  static const char *const outside[] = {"http:", "https:", "<script", "src=", "@import", "url("};
  for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
    assert_false(holds(&html, outside[i]));
  assert_true(holds(&html, "class=\"pair\""));
  blank_digest(&html, &json);
  assert_no_long_numbers(&html, 7);
  assert_no_clear_email(&html);
  assert_no_date(&html);
  buffer_release(&json);
  buffer_release(&html);
}

static void one_record_has_a_report(void **state) {
  (void)state;
  FILE *file = fopen(path_of("one.csv"), "w");
  assert_non_null(file);
  fputs("id,姓名,手机号\n1,张三,13812345678\n", file);
  fclose(file);
  run(path_of("one.csv"), path_of("alone"));
  struct buffer html = read_file(path_of("alone/report.html"));
  assert_false(holds(&html, "nan"));
  assert_false(holds(&html, "inf<"));
  assert_false(holds(&html, "class=\"pair\""));
  assert_no_long_numbers(&html, 11);
  buffer_release(&html);
}

/* The page but for what a run's clock says is a function of the input. */
static void samples_do_not_depend_on_the_run(void **state) {
  (void)state;
  struct buffer first = read_file(path_of("out/report.html"));
  run(path_of("made/records.csv"), path_of("again"));
  struct buffer again = read_file(path_of("again/report.html"));
  const char *a = strstr(first.data, "<section id=\"weights\">");
  const char *b = strstr(again.data, "<section id=\"weights\">");
  assert_non_null(a);
  assert_non_null(b);
  assert_string_equal(a, b);
  buffer_release(&first);
  buffer_release(&again);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_escaped),
      cmocka_unit_test(numbers_are_written_for_people),
      cmocka_unit_test(every_word_has_its_chinese),
      cmocka_unit_test(hostile_headings_stay_text),
      cmocka_unit_test(figures_add_up_and_nothing_is_clear),
      cmocka_unit_test(one_record_has_a_report),
      cmocka_unit_test(samples_do_not_depend_on_the_run),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
