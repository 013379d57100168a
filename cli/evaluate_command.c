/* guiyi evaluate — how well a result agrees with the truth. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/evaluation_data.h"
#include "cli/evaluation_html.h"
#include "common/json_write.h"
#include "common/memory.h"

static const char documentation[] =
    "Measure a result against the truth: pairwise and B-cubed precision, recall and F1.\n"
    "\n"
    "MEMBERS is members.csv of a run, or a file with record_id and entity_id. TRUTH has record_id "
    "and "
    "entity_id, or source, source_record_id and entity_id; a column class names the case that a "
    "record "
    "stands for, and a column part divides an entity's records into those that hold something in "
    "common: pairs of two parts nobody can tell, and recall is told without them, too. Both may be "
    "compressed (.gz, .zst). A record of TRUTH that MEMBERS lacks counts "
    "as a "
    "cluster of its own; a record of MEMBERS that TRUTH lacks is an error.\v"
    "Examples:\n"
    "  guiyi evaluate results/members.csv truth.csv\n"
    "  guiyi evaluate r/members.csv truth.csv.gz --pairs r/pairs.csv --html c.html\n"
    "  guiyi evaluate r/members.csv truth.csv --classes --must-not others.csv --json\n"
    "\n"
    "Exit code: 0 done, 1 failed, 2 wrong usage, 3 the input was refused.";

enum { OPTION_PAIRS = 256, OPTION_JSON, OPTION_HTML, OPTION_CLASSES, OPTION_MUST_NOT };

static const struct argp_option options[] = {
    {"pairs", OPTION_PAIRS, "FILE", 0,
     "labelled pairs (two records and label, match or is_match; pairs labelled possible or unsure "
     "are "
     "left out), or pairs.csv of the run, whose "
     "weights "
     "give the curve; may be given twice",
     0},
    {"json", OPTION_JSON, 0, 0, "print the figures as JSON", 0},
    {"html", OPTION_HTML, "FILE", 0, "write a page with curves over the thresholds", 0},
    {"classes", OPTION_CLASSES, 0, 0, "figures for each class of the truth", 0},
    {"must-not", OPTION_MUST_NOT, "FILE", 0, "pairs of records that must not be joined", 0},
    {0}};

enum { PAIR_FILES_MAX = 8, RATIO_DECIMALS = 5 };

struct arguments {
  const char *members, *truth, *html, *must_not;
  const char *pairs[PAIR_FILES_MAX];
  uint32_t pair_count;
  bool json, classes;
};

static error_t parse_option(int key, char *text, struct argp_state *state) {
  struct arguments *a = state->input;
  switch (key) {
    case OPTION_PAIRS:
      if (a->pair_count == PAIR_FILES_MAX) argp_error(state, "--pairs was given too often");
      a->pairs[a->pair_count++] = text;
      return 0;
    case OPTION_JSON:
      a->json = true;
      return 0;
    case OPTION_HTML:
      a->html = text;
      return 0;
    case OPTION_CLASSES:
      a->classes = true;
      return 0;
    case OPTION_MUST_NOT:
      a->must_not = text;
      return 0;
    case ARGP_KEY_ARG:
      if (state->arg_num >= 2) argp_error(state, "too many arguments: %s", text);
      if (state->arg_num == 0)
        a->members = text;
      else
        a->truth = text;
      return 0;
    case ARGP_KEY_END:
      if (state->arg_num < 2) argp_error(state, "MEMBERS and TRUTH are needed");
      return 0;
    default:
      return ARGP_ERR_UNKNOWN;
  }
}

struct evaluation {
  struct arguments arguments;
  struct evaluation_data data;
  struct evaluation_figures figures;
  struct evaluation_pairs pairs;
  struct evaluation_must_not must_not;
  struct evaluation_figures parts;               /* where the truth has parts */
  struct evaluation_class *classes;              /* class_count of them; NULL = not asked for */
  struct evaluation_class *part_classes;         /* likewise, where the truth has parts */
  struct evaluation_must_not *must_not_by_class; /* likewise */
  uint32_t class_count;
};

static enum err measure(struct evaluation *e, struct failure *failure) {
  const struct arguments *a = &e->arguments;
  enum err err = evaluation_read_truth(a->truth, &e->data, failure);
  if (!err) err = evaluation_read_members(a->members, &e->data, failure);
  if (err) return err;
  struct evaluation_input input = evaluation_input_of(&e->data);
  if (a->classes && !e->data.has_classes)
    return failure_set(failure, ERR_INPUT, "%s: --classes needs a column class", a->truth);
  struct evaluation_input parts = evaluation_input_of_parts(&e->data);
  evaluation_run(&input, &e->figures);
  if (e->data.has_parts) evaluation_run(&parts, &e->parts);
  if (a->classes) {
    e->class_count = input.class_count;
    e->classes = memory_new_zeroed(e->class_count + 1, sizeof *e->classes);
    e->must_not_by_class = memory_new_zeroed(e->class_count + 1, sizeof *e->must_not_by_class);
    evaluation_classes(&input, e->classes);
    e->part_classes = memory_new_zeroed(e->class_count + 1, sizeof *e->part_classes);
    if (e->data.has_parts) evaluation_classes(&parts, e->part_classes);
  }
  for (uint32_t i = 0; i < a->pair_count && !err; i++)
    err = evaluation_read_pairs(a->pairs[i], &e->data, &e->pairs, failure);
  if (!err && a->must_not)
    err = evaluation_read_must_not(a->must_not, &e->data, &e->must_not, e->must_not_by_class,
                                   failure);
  return err;
}

/* ---- printing ---- */

/* Precision, recall and F1 of labelled pairs, of which none may be predicted. */
static void labelled_figures(const struct evaluation_labelled *l, double out[3]) {
  out[0] = l->predicted ? evaluation_ratio(l->common, l->predicted) : 0;
  out[1] = l->matches ? evaluation_ratio(l->common, l->matches) : 0;
  out[2] = evaluation_f1(out[0], out[1]);
}

static void json_count(struct json_writer *w, const char *key, uint64_t value) {
  json_key(w, key);
  json_u64(w, value);
}

static void json_ratio(struct json_writer *w, const char *key, double value) {
  json_key(w, key);
  json_real(w, value, RATIO_DECIMALS);
}

static void json_figures(const struct evaluation *e, struct json_writer *w) {
  const struct evaluation_figures *f = &e->figures;
  json_count(w, "records", e->data.records.count);
  json_count(w, "missing_from_prediction", e->data.missing);
  json_count(w, "true_entities", e->data.entities.count);
  json_count(w, "clusters", (uint64_t)e->data.clusters.count + e->data.missing);
  json_count(w, "true_pairs", f->true_pairs);
  json_count(w, "predicted_pairs", f->predicted_pairs);
  json_ratio(w, "pair_precision", f->pair_precision);
  json_ratio(w, "pair_recall", f->pair_recall);
  json_ratio(w, "pair_f1", f->pair_f1);
  json_ratio(w, "b3_precision", f->b3_precision);
  json_ratio(w, "b3_recall", f->b3_recall);
  json_ratio(w, "b3_f1", f->b3_f1);
  json_count(w, "exact_clusters", f->exact_clusters);
  json_count(w, "largest_cluster", f->largest_cluster);
  if (!e->data.has_parts) return;
  json_count(w, "undecidable_pairs", f->true_pairs - e->parts.true_pairs);
  json_ratio(w, "decidable_recall", e->parts.pair_recall);
}

static void json_labelled(const struct evaluation_labelled *l, struct json_writer *w) {
  double figures[3];
  labelled_figures(l, figures);
  json_key(w, "labelled");
  json_object_begin(w);
  json_count(w, "labelled_pairs", l->pairs);
  json_count(w, "matches", l->matches);
  json_count(w, "undecided", l->undecided);
  json_ratio(w, "pair_precision", figures[0]);
  json_ratio(w, "pair_recall", figures[1]);
  json_ratio(w, "pair_f1", figures[2]);
  json_object_end(w);
}

static void json_curve(const struct evaluation *e, struct json_writer *w) {
  struct evaluation_point *points = memory_new(EVALUATION_STEPS * sizeof *points);
  uint32_t count = evaluation_curve_points(&e->pairs.curve, points);
  json_key(w, "curve");
  json_array_begin(w);
  for (uint32_t i = 0; i < count; i++) {
    json_object_begin(w);
    json_key(w, "weight");
    json_real(w, points[i].weight_bits, 2);
    json_count(w, "pairs", points[i].pairs);
    json_count(w, "true_pairs", points[i].true_pairs);
    json_ratio(w, "precision", evaluation_ratio(points[i].true_pairs, points[i].pairs));
    json_ratio(w, "recall", evaluation_ratio(points[i].true_pairs, e->figures.true_pairs));
    json_object_end(w);
  }
  json_array_end(w);
  free(points);
}

static void json_classes(const struct evaluation *e, struct json_writer *w) {
  json_key(w, "classes");
  json_array_begin(w);
  for (uint32_t c = 0; c < e->class_count; c++) {
    const struct evaluation_class *k = &e->classes[c];
    json_object_begin(w);
    json_key(w, "class");
    json_bytes(w, e->data.class_names[c]);
    json_count(w, "records", k->records);
    json_count(w, "true_pairs", k->true_pairs);
    json_count(w, "predicted_pairs", k->predicted_pairs);
    json_ratio(w, "precision", evaluation_ratio(k->common_pairs, k->predicted_pairs));
    json_ratio(w, "recall", evaluation_ratio(k->common_pairs, k->true_pairs));
    if (e->data.has_parts) {
      const struct evaluation_class *part = &e->part_classes[c];
      json_count(w, "undecidable_pairs", k->true_pairs - part->true_pairs);
      json_ratio(w, "decidable_recall", evaluation_ratio(part->common_pairs, part->true_pairs));
    }
    if (e->arguments.must_not) {
      json_count(w, "must_not_pairs", e->must_not_by_class[c].pairs);
      json_count(w, "must_not_joined", e->must_not_by_class[c].joined);
    }
    json_object_end(w);
  }
  json_array_end(w);
}

static void print_json(const struct evaluation *e) {
  struct buffer out = {0};
  struct json_writer w = json_writer(&out, true);
  json_object_begin(&w);
  json_figures(e, &w);
  if (e->pairs.has_labels) json_labelled(&e->pairs.labelled, &w);
  if (e->arguments.must_not) {
    json_count(&w, "must_not_pairs", e->must_not.pairs);
    json_count(&w, "must_not_joined", e->must_not.joined);
  }
  if (e->classes) json_classes(e, &w);
  if (e->pairs.has_weights) json_curve(e, &w);
  json_object_end(&w);
  fwrite(out.data, 1, out.size, stdout);
  buffer_release(&out);
}

static void print_count(const char *name, uint64_t value) {
  printf("%-24s %llu\n", name, (unsigned long long)value);
}

static void print_ratio(const char *name, double value) { printf("%-24s %.5f\n", name, value); }

static void print_classes(const struct evaluation *e) {
  printf("\n%12s %12s %9s %9s", "records", "true pairs", "precision", "recall");
  if (e->data.has_parts) printf(" %12s %9s", "undecidable", "others");
  printf(e->arguments.must_not ? " %12s %12s  class\n" : "  class\n", "must not", "joined");
  for (uint32_t c = 0; c < e->class_count; c++) {
    const struct evaluation_class *k = &e->classes[c];
    printf("%12llu %12llu %9.5f %9.5f", (unsigned long long)k->records,
           (unsigned long long)k->true_pairs, evaluation_ratio(k->common_pairs, k->predicted_pairs),
           evaluation_ratio(k->common_pairs, k->true_pairs));
    const struct evaluation_class *part = &e->part_classes[c];
    if (e->data.has_parts)
      printf(" %12llu %9.5f", (unsigned long long)(k->true_pairs - part->true_pairs),
             evaluation_ratio(part->common_pairs, part->true_pairs));
    if (e->arguments.must_not)
      printf(" %12llu %12llu", (unsigned long long)e->must_not_by_class[c].pairs,
             (unsigned long long)e->must_not_by_class[c].joined);
    printf("  %.*s\n", (int)e->data.class_names[c].size, e->data.class_names[c].data);
  }
}

static void print_text(const struct evaluation *e) {
  const struct evaluation_figures *f = &e->figures;
  print_count("records", e->data.records.count);
  print_count("missing_from_prediction", e->data.missing);
  print_count("true_entities", e->data.entities.count);
  print_count("clusters", (uint64_t)e->data.clusters.count + e->data.missing);
  print_count("true_pairs", f->true_pairs);
  print_count("predicted_pairs", f->predicted_pairs);
  print_ratio("pair_precision", f->pair_precision);
  print_ratio("pair_recall", f->pair_recall);
  print_ratio("pair_f1", f->pair_f1);
  print_ratio("b3_precision", f->b3_precision);
  print_ratio("b3_recall", f->b3_recall);
  print_ratio("b3_f1", f->b3_f1);
  print_count("exact_clusters", f->exact_clusters);
  print_count("largest_cluster", f->largest_cluster);
  if (e->data.has_parts) {
    print_count("undecidable_pairs", f->true_pairs - e->parts.true_pairs);
    print_ratio("decidable_recall", e->parts.pair_recall);
  }
  if (e->pairs.has_labels) {
    double figures[3];
    labelled_figures(&e->pairs.labelled, figures);
    print_count("labelled_pairs", e->pairs.labelled.pairs);
    print_count("labelled_matches", e->pairs.labelled.matches);
    print_count("labelled_undecided", e->pairs.labelled.undecided);
    print_ratio("labelled_precision", figures[0]);
    print_ratio("labelled_recall", figures[1]);
    print_ratio("labelled_f1", figures[2]);
  }
  if (e->arguments.must_not) {
    print_count("must_not_pairs", e->must_not.pairs);
    print_count("must_not_joined", e->must_not.joined);
  }
  if (e->classes) print_classes(e);
}

static enum err write_page(const struct evaluation *e, struct failure *failure) {
  struct evaluation_page page = {.figures = &e->figures,
                                 .record_count = e->data.records.count,
                                 .entity_count = e->data.entities.count,
                                 .cluster_count = e->data.clusters.count + e->data.missing,
                                 .curve = e->pairs.has_weights ? &e->pairs.curve : NULL,
                                 .classes = e->classes,
                                 .class_names = e->data.class_names,
                                 .class_count = e->class_count};
  struct buffer out = {0};
  evaluation_html(&page, &out);
  FILE *file = fopen(e->arguments.html, "wb");
  bool written = file && fwrite(out.data, 1, out.size, file) == out.size;
  if (file && fclose(file) != 0) written = false;
  int error = errno;
  buffer_release(&out);
  if (written) return ERR_OK;
  return failure_set(failure, err_from_errno(error),
                     "cannot write %s: %s; give --html another path", e->arguments.html,
                     strerror(error));
}

int evaluate_command(int argc, char **argv) {
  static const struct argp argp = {options, parse_option, "MEMBERS TRUTH", documentation, NULL,
                                   NULL,    NULL};
  struct evaluation *e = memory_new_zeroed(1, sizeof *e);
  struct failure failure = {0};
  argp_err_exit_status = err_exit_code(ERR_USAGE);
  argp_parse(&argp, argc, argv, 0, NULL, &e->arguments);
  enum err err = measure(e, &failure);
  if (!err && e->arguments.html) err = write_page(e, &failure);
  if (!err) {
    if (e->arguments.json)
      print_json(e);
    else
      print_text(e);
  } else {
    fprintf(stderr, "guiyi evaluate: %s\n", failure.message);
  }
  evaluation_data_release(&e->data);
  free(e->classes);
  free(e->part_classes);
  free(e->must_not_by_class);
  free(e);
  return err_exit_code(err);
}
