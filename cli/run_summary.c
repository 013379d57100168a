#include "cli/run_summary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/progress.h"
#include "common/json_write.h"
#include "common/memory.h"
#include "worker/golden.h"
#include "worker/store/generation.h"

static uint32_t warning_count(const struct run_state *run) {
  uint32_t count = 0;
  for (uint32_t f = 0; f < run->file_count; f++) count += run->files[f].warning_count;
  return count;
}

void run_summary_print_json(const struct report_input *in) {
  const struct pipeline_totals *t = in->totals;
  char digest[33];
  generation_digest_format(t->digest, digest);
  struct buffer out = {0};
  struct json_writer w = json_writer(&out, true);
  json_object_begin(&w);
  json_key(&w, "digest"), json_string(&w, digest);
  json_key(&w, "generation"), json_u64(&w, t->generation);
  json_key(&w, "read"), json_u64(&w, t->rows);
  json_key(&w, "linked"), json_u64(&w, t->linked);
  json_key(&w, "quarantined"), json_u64(&w, t->quarantined);
  json_key(&w, "rejected"), json_u64(&w, t->rejected);
  json_key(&w, "customers"), json_u64(&w, t->customers);
  json_key(&w, "reviews"), json_u64(&w, in->run->clusters.review_count);
  json_key(&w, "relations"), json_u64(&w, in->run->clusters.relation_count);
  json_key(&w, "decisions_applied"), json_u64(&w, in->run->clusters.facts_applied);
  json_key(&w, "decisions_gone"), json_u64(&w, in->run->clusters.facts_gone);
  json_key(&w, "warnings"), json_u64(&w, warning_count(in->run));
  json_key(&w, "out"), json_string(&w, in->out_dir);
  json_key(&w, "wall_ms"), json_u64(&w, in->wall_ms);
  json_object_end(&w);
  fputs(buffer_string(&out), stdout);
  buffer_release(&out);
}

static void print_counts(const struct report_input *in) {
  const struct pipeline_totals *t = in->totals;
  char digest[33], n[4][32];
  generation_digest_format(t->digest, digest);
  printf("read %s rows = %s linked + %s quarantined + %s rejected\n",
         progress_number(t->rows, n[0]), progress_number(t->linked, n[1]),
         progress_number(t->quarantined, n[2]), progress_number(t->rejected, n[3]));
  printf("customers %s; pairs for review %s\n", progress_number(t->customers, n[0]),
         progress_number(in->run->clusters.review_count, n[1]));
  const struct cluster_output *c = &in->run->clusters;
  if (c->facts_applied + c->facts_gone)
    printf("decisions %s applied, %s of records that are not in the data\n",
           progress_number(c->facts_applied, n[0]), progress_number(c->facts_gone, n[1]));
  printf("digest %s\n", digest);
  printf("%llu.%llu s, %s records/s, peak memory %s MiB\n",
         (unsigned long long)(in->wall_ms / 1000), (unsigned long long)(in->wall_ms % 1000 / 100),
         progress_number(in->wall_ms ? t->rows * 1000 / in->wall_ms : 0, n[0]),
         progress_number(memory_resident_peak_bytes() >> 20, n[1]));
}

static void print_warnings(const struct run_state *run) {
  for (uint32_t f = 0; f < run->file_count; f++)
    for (uint32_t i = 0; i < run->files[f].warning_count; i++)
      printf("warning: %s: %s\n", run->files[f].path, run->files[f].warnings[i]);
}

static void print_files(const struct report_input *in, const struct run_summary_options *options) {
  const struct {
    const char *name, *words;
    bool is_there;
  } files[] = {{"report.html", "how it went, with charts: open it in a browser", true},
               {"golden.csv", "one row per customer", true},
               {"members.csv", "which customer each record belongs to", true},
               {"review.csv", "pairs that a person should look at", true},
               {"relations.csv", "who lives or works together", true},
               {"rejects.csv", "rows that were not used, and why", true},
               {"quality.json", "how good the data are, before and after", true},
               {"report.json", "the report for programs", true},
               {"lineage.jsonl", "where each golden value comes from", options->has_lineage},
               {"duplicates.csv", "main records and what repeats them", options->has_duplicates},
               {"pairs.csv", "every scored candidate pair", options->has_pairs},
               {"job.yaml", "what was recognised: edit it and run it", in->recognised != NULL}};
  printf("\n");
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    if (files[i].is_there) {
      int width = 36 - (int)strlen(in->out_dir) - 1 - (int)strlen(files[i].name);
      printf("  %s/%s%*s  %s\n", in->out_dir, files[i].name, width > 0 ? width : 0, "",
             files[i].words);
    }
  printf("  %s%*s  generation %llu of the store\n", options->data_dir,
         strlen(options->data_dir) < 36 ? 36 - (int)strlen(options->data_dir) : 0, "",
         (unsigned long long)in->totals->generation);
}

/* As a shell takes it. */
static void print_argument(const char *text) {
  static const char plain[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+:,";
  if (*text && text[strspn(text, plain)] == '\0') {
    fputs(text, stdout);
    return;
  }
  putchar('\'');
  for (; *text; text++)
    if (*text == '\'')
      fputs("'\\''", stdout);
    else
      putchar(*text);
  putchar('\'');
}

/* The program as it was called, so that the line can be pasted. */
static void print_next(const struct run_summary_options *options, const char *command) {
  fputs("  ", stdout);
  if (strchr(program_invocation_name, '/'))
    print_argument(program_invocation_name);
  else
    fputs("guiyi", stdout);
  printf(" %s", command);
  if (strcmp(options->data_dir, "guiyi-data") != 0) {
    fputs(" --data-dir ", stdout);
    print_argument(options->data_dir);
  }
  putchar('\n');
}

/* The customer with the most records, the first of those. */
static uint32_t largest_customer(const struct cluster_output *c) {
  uint32_t best = 0, best_size = 0;
  for (uint32_t e = 0; e < c->entity_count; e++) {
    uint32_t size = c->member_start[e + 1] - c->member_start[e];
    if (size <= best_size) continue;
    best = e;
    best_size = size;
  }
  return best;
}

static void print_commands(const struct run_state *run, const struct run_summary_options *options) {
  const struct cluster_output *c = &run->clusters;
  char command[96], first[32], second[32];
  printf("\nto see more:\n");
  if (c->entity_count) {
    customer_id_format(run->customer_ids[largest_customer(c)], first);
    snprintf(command, sizeof command, "get %s", first);
    print_next(options, command);
  }
  if (c->review_count) {
    customer_id_format(run->customer_ids[c->entity[c->reviews[0].a]], first);
    customer_id_format(run->customer_ids[c->entity[c->reviews[0].b]], second);
    snprintf(command, sizeof command, "explain %s %s", first, second);
    print_next(options, command);
  }
  print_next(options, "verify");
}

void run_summary_print(const struct report_input *in, const struct run_summary_options *options) {
  print_warnings(in->run);
  print_counts(in);
  print_files(in, options);
  print_commands(in->run, options);
}
