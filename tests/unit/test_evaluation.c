#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "cli/commands.h"
#include "cli/evaluation_data.h"
#include "cli/evaluation_html.h"
#include "common/hash.h"

#define assert_near(found, expected, most) assert_true(fabs((found) - (expected)) <= (most))

static char folder[64];

static const char *path_of(const char *name) {
  static char paths[8][128];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, 128, "%s/%s", folder, name);
  return path;
}

static const char *write_file(const char *name, const char *text) {
  const char *path = path_of(name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
  assert_int_equal(fclose(file), 0);
  return path;
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/guiyi_evaluation_XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
  (void)state;
  static const char *const names[] = {"truth.csv", "members.csv", "pairs.csv",   "must_not.csv",
                                      "page.html", "out.txt",     "truth.csv.gz"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unlink(path_of(names[i]));
  return rmdir(folder);
}

/* By hand: entities A {1,2,3}, B {4,5}, C {6}; clusters p {1,2}, q {3,4,5}, and 6 alone.
 * True pairs 3 + 1 = 4, predicted 1 + 3 = 4, common {1,2}, {4,5} = 2.
 * B-cubed precision: (1 + 1 + 1/3 + 2/3 + 2/3 + 1) / 6 = 14/18; recall: (2/3 + 2/3 + 1/3 + 1 + 1 +
 * 1) / 6 = 14/18. Exact: 6 alone. */
static const char truth_text[] =
    "record_id,entity_id,class\n1,A,same phone\n2,A,same phone\n3,A,moved\n4,B,moved\n5,B,moved\n"
    "6,C,alone\n";
static const char members_text[] =
    "source,source_record_id,customer_id,match_weight\n"
    "web,3,q,1\nweb,1,p,9.5\nweb,2,p,9.5\nweb,5,q,2\nweb,4,q,2\n";

static void read_both(struct evaluation_data *data, const char *truth, const char *members) {
  struct failure failure = {0};
  *data = (struct evaluation_data){0};
  assert_int_equal(evaluation_read_truth(write_file("truth.csv", truth), data, &failure), ERR_OK);
  assert_int_equal(evaluation_read_members(write_file("members.csv", members), data, &failure),
                   ERR_OK);
}

static void the_figures_of_a_small_example(void **state) {
  (void)state;
  struct evaluation_data data;
  struct evaluation_figures f;
  read_both(&data, truth_text, members_text);
  struct evaluation_input input = evaluation_input_of(&data);
  assert_int_equal(input.record_count, 6);
  assert_int_equal(input.entity_count, 3);
  assert_int_equal(input.cluster_count, 3);
  assert_int_equal(data.missing, 1);
  evaluation_run(&input, &f);
  assert_int_equal(f.true_pairs, 4);
  assert_int_equal(f.predicted_pairs, 4);
  assert_int_equal(f.common_pairs, 2);
  assert_near(f.pair_precision, 0.5, 1e-12);
  assert_near(f.pair_recall, 0.5, 1e-12);
  assert_near(f.b3_precision, 14.0 / 18, 1e-12);
  assert_near(f.b3_recall, 14.0 / 18, 1e-12);
  assert_near(f.b3_f1, 14.0 / 18, 1e-12);
  assert_int_equal(f.exact_clusters, 1);
  assert_int_equal(f.largest_cluster, 3);

  /* same phone: pairs that touch 1 or 2: true {12,13,23}, predicted {12}, common {12}.
   * moved: true {13,23,45}, predicted {34,35,45}, common {45}. alone: none. */
  struct evaluation_class classes[3];
  evaluation_classes(&input, classes);
  static const struct evaluation_class expected[3] = {{2, 3, 1, 1}, {3, 3, 3, 1}, {1, 0, 0, 0}};
  assert_memory_equal(classes, expected, sizeof expected);
  assert_true(bytes_equal(data.class_names[1], BYTES("moved")));
  evaluation_data_release(&data);
}

/* ---- against counting every pair ---- */

static void random_partitions_agree_with_counting_every_pair(void **state) {
  (void)state;
  enum { RECORDS = 60 };
  uint64_t seed = 1;
  for (int round = 0; round < 300; round++) {
    uint32_t entity[RECORDS], cluster[RECORDS], class[RECORDS];
    uint32_t groups = 1 + (uint32_t)round % 40;
    for (uint32_t i = 0; i < RECORDS; i++) {
      seed = hash_mix(seed + i);
      entity[i] = (uint32_t)(seed % groups);
      cluster[i] = seed >> 20 & 3 ? entity[i] : (uint32_t)(seed >> 32) % groups;
      class[i] = (uint32_t)(seed >> 50) % 3;
    }
    struct evaluation_input in = {RECORDS, groups, groups, 3, entity, cluster, class};
    struct evaluation_figures f;
    struct evaluation_class classes[3], slow[3] = {{0}};
    evaluation_run(&in, &f);
    evaluation_classes(&in, classes);
    uint64_t true_pairs = 0, predicted = 0, common = 0;
    double precision = 0, recall = 0;
    for (uint32_t i = 0; i < RECORDS; i++) {
      uint32_t same_cluster = 0, same_entity = 0, same_both = 0;
      slow[class[i]].records++;
      for (uint32_t k = 0; k < RECORDS; k++) {
        bool t = entity[i] == entity[k], p = cluster[i] == cluster[k];
        same_entity += t;
        same_cluster += p;
        same_both += t && p;
        if (k <= i) continue;
        true_pairs += t;
        predicted += p;
        common += t && p;
        for (uint32_t c = 0; c < 3; c++) {
          if (class[i] != c && class[k] != c) continue;
          slow[c].true_pairs += t;
          slow[c].predicted_pairs += p;
          slow[c].common_pairs += t && p;
        }
      }
      precision += (double)same_both / same_cluster;
      recall += (double)same_both / same_entity;
    }
    assert_int_equal(f.true_pairs, true_pairs);
    assert_int_equal(f.predicted_pairs, predicted);
    assert_int_equal(f.common_pairs, common);
    assert_near(f.b3_precision, precision / RECORDS, 1e-9);
    assert_near(f.b3_recall, recall / RECORDS, 1e-9);
    assert_memory_equal(classes, slow, sizeof slow);
  }
}

static void records_may_be_named_by_source_and_id(void **state) {
  (void)state;
  struct evaluation_data data;
  struct evaluation_figures f;
  read_both(&data, "source,source_record_id,entity_id\nweb,1,A\nshop,1,A\nweb,2,B\n",
            "source,source_record_id,customer_id,match_weight\nshop,1,x,\nweb,2,y,\nweb,1,x,\n");
  struct evaluation_input input = evaluation_input_of(&data);
  evaluation_run(&input, &f);
  assert_int_equal(f.common_pairs, 1);
  assert_int_equal(f.exact_clusters, 2);
  evaluation_data_release(&data);
}

static void files_may_be_compressed(void **state) {
  (void)state;
  struct evaluation_data data = {0};
  struct failure failure = {0};
  const char *path = path_of("truth.csv.gz");
  gzFile file = gzopen(path, "wb");
  assert_int_equal(gzputs(file, truth_text), strlen(truth_text));
  assert_int_equal(gzclose(file), Z_OK);
  assert_int_equal(evaluation_read_truth(path, &data, &failure), ERR_OK);
  assert_int_equal(data.records.count, 6);
  evaluation_data_release(&data);
}

static void pairs_are_labels_or_weights(void **state) {
  (void)state;
  struct evaluation_data data;
  struct evaluation_pairs pairs = {0};
  struct failure failure = {0};
  read_both(&data, truth_text, members_text);
  const char *path = write_file("pairs.csv",
                                "record_id_1,record_id_2,label\n1,2,1\n3,4,0\n1,3,Match\n1,6,no\n"
                                "1,4,possible_match\n1,2,Unsure\n");
  assert_int_equal(evaluation_read_pairs(path, &data, &pairs, &failure), ERR_OK);
  assert_true(pairs.has_labels && !pairs.has_weights);
  assert_int_equal(pairs.labelled.pairs, 4);
  assert_int_equal(pairs.labelled.undecided, 2);
  assert_int_equal(pairs.labelled.matches, 2);
  assert_int_equal(pairs.labelled.predicted, 2);
  assert_int_equal(pairs.labelled.common, 1);
  path =
      write_file("pairs.csv",
                 "source_a,id_a,source_b,id_b,weight,probability,pattern,rule\n"
                 "web,1,web,2,9.500,0.99,88,\nweb,3,web,4,-2.100,0.1,11,\nweb,4,web,5,2,0.9,18,\n"
                 "web,1,web,6,500,1,18,\n");
  assert_int_equal(evaluation_read_pairs(path, &data, &pairs, &failure), ERR_OK);
  assert_true(pairs.has_labels && pairs.has_weights);
  struct evaluation_point points[EVALUATION_STEPS];
  uint32_t count = evaluation_curve_points(&pairs.curve, points);
  assert_near(points[0].weight_bits, -2.25, 1e-12);
  assert_int_equal(points[0].pairs, 4);
  assert_int_equal(points[0].true_pairs, 2);
  assert_near(points[count - 1].weight_bits, 100, 1e-12);
  assert_int_equal(points[count - 1].pairs, 1);
  assert_int_equal(points[count - 1].true_pairs, 0);
  for (uint32_t i = 1; i < count; i++) assert_true(points[i].pairs <= points[i - 1].pairs);
  evaluation_data_release(&data);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *truth, *members, *words;
  } cases[] = {
      {"record_id,entity_id\n1,A\n1,B\n", members_text, "twice"},
      {"record,entity_id\n1,A\n", members_text, "record_id"},
      {"record_id,who\n1,A\n", members_text, "entity_id"},
      {truth_text, "record_id,entity_id\n1,A\n1,A\n", "twice"},
      {truth_text, "record_id,entity_id\n1,A\n7,A\n", "line 3"},
      {truth_text, "record_id,entity_id\n1,A,x,y\n", "line 2"},
      {"source,source_record_id,entity_id\nw,1,A\n", "record_id,entity_id\n1,A\n", "source"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct evaluation_data data = {0};
    struct failure failure = {0};
    enum err err = evaluation_read_truth(write_file("truth.csv", cases[i].truth), &data, &failure);
    if (!err)
      err = evaluation_read_members(write_file("members.csv", cases[i].members), &data, &failure);
    assert_int_equal(err, ERR_INPUT);
    if (!strstr(failure.message, cases[i].words)) fail_msg("case %zu: %s", i, failure.message);
    evaluation_data_release(&data);
  }
}

/* ---- the command ---- */

/* Runs it in a process of its own: argp ends the process on wrong usage. */
static int run_evaluate(const char *const *arguments, char *out, size_t out_size) {
  int argc = 0;
  char *argv[16];
  while (arguments[argc]) argv[argc] = (char *)arguments[argc], argc++;
  argv[argc] = NULL;
  const char *path = path_of("out.txt");
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    if (!freopen(path, "wb", stdout) || dup2(fileno(stdout), STDERR_FILENO) < 0) _exit(99);
    exit(evaluate_command(argc, argv));
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  FILE *file = fopen(path, "rb");
  out[fread(out, 1, out_size - 1, file)] = '\0';
  fclose(file);
  return WEXITSTATUS(status);
}

static void the_command_prints_the_figures(void **state) {
  (void)state;
  static char out[16384];
  write_file("truth.csv", truth_text);
  write_file("members.csv", members_text);
  write_file("must_not.csv", "a,b\n3,4\n1,6\n");
  write_file("pairs.csv", "a,b,label\n1,2,1\n3,4,1\n");
  const char *text[] = {"evaluate",  path_of("members.csv"), path_of("truth.csv"),
                        "--classes", "--must-not",           path_of("must_not.csv"),
                        NULL};
  assert_int_equal(run_evaluate(text, out, sizeof out), 0);
  assert_non_null(strstr(out, "pair_f1                  0.50000\n"));
  assert_non_null(strstr(out, "b3_f1                    0.77778\n"));
  assert_non_null(strstr(out, "must_not_joined          1\n"));
  assert_non_null(strstr(
      out,
      "           2            3   1.00000   0.33333            1            0  same phone\n"));
  const char *json[] = {
      "evaluate",           "--json", path_of("members.csv"), path_of("truth.csv"), "--pairs",
      path_of("pairs.csv"), NULL};
  assert_int_equal(run_evaluate(json, out, sizeof out), 0);
  assert_non_null(strstr(out, "  \"pair_precision\": 0.50000,\n"));
  assert_non_null(
      strstr(out, "    \"labelled_pairs\": 2,\n    \"matches\": 2,\n    \"undecided\": 0,\n"));
  assert_null(strstr(out, "classes"));
}

/* A's third record has nothing in common with the other two: two of four true pairs can't be told,
 * and one of the two that can was found. */
static void pairs_that_nobody_can_tell_are_told_apart(void **state) {
  (void)state;
  static char out[16384];
  write_file(
      "truth.csv",
      "record_id,entity_id,class,part\n1,A,x,0\n2,A,x,0\n3,A,x,1\n4,B,y,0\n5,B,y,0\n6,C,y,0\n");
  write_file("members.csv", "source_record_id,customer_id\n1,p\n2,p\n3,q\n4,r\n5,s\n6,t\n");
  const char *text[] = {"evaluate", path_of("members.csv"), path_of("truth.csv"), "--classes",
                        NULL};
  assert_int_equal(run_evaluate(text, out, sizeof out), 0);
  assert_non_null(strstr(out, "pair_recall              0.25000\n"));
  assert_non_null(strstr(out, "undecidable_pairs        2\n"));
  assert_non_null(strstr(out, "decidable_recall         0.50000\n"));
  assert_non_null(
      strstr(out, "           3            3   1.00000   0.33333            2   1.00000  x\n"));
  assert_non_null(
      strstr(out, "           3            1   1.00000   0.00000            0   0.00000  y\n"));
}

static void wrong_usage_and_input_have_their_exit_codes(void **state) {
  (void)state;
  static char out[16384];
  write_file("truth.csv", "record_id,entity_id\n1,A\n");
  const char *none[] = {"evaluate", NULL};
  assert_int_equal(run_evaluate(none, out, sizeof out), 2);
  assert_non_null(strstr(out, "MEMBERS and TRUTH are needed"));
  const char *unknown[] = {"evaluate", "a", "b", "--wrong", NULL};
  assert_int_equal(run_evaluate(unknown, out, sizeof out), 2);
  const char *absent[] = {"evaluate", path_of("nothing.csv"), path_of("truth.csv"), NULL};
  assert_int_equal(run_evaluate(absent, out, sizeof out), 3);
  const char *no_class[] = {"evaluate", path_of("truth.csv"), path_of("truth.csv"), "--classes",
                            NULL};
  assert_int_equal(run_evaluate(no_class, out, sizeof out), 3);
  assert_non_null(strstr(out, "needs a column class"));
  const char *help[] = {"evaluate", "--help", NULL};
  assert_int_equal(run_evaluate(help, out, sizeof out), 0);
  assert_non_null(strstr(out, "guiyi evaluate results/members.csv truth.csv\n"));
}

static void the_page_needs_no_network(void **state) {
  (void)state;
  static char out[65536];
  write_file("truth.csv", "record_id,entity_id,class\n1,A,<b>&\n2,A,x\n3,B,x\n");
  write_file("members.csv", "record_id,entity_id\n1,p\n2,p\n3,p\n");
  write_file("pairs.csv", "id_a,id_b,weight\n1,2,5.5\n1,3,-1\n2,3,2.2\n");
  const char *arguments[] = {
      "evaluate", path_of("members.csv"), path_of("truth.csv"), "--pairs", path_of("pairs.csv"),
      "--html",   path_of("page.html"),   "--classes",          NULL};
  assert_int_equal(run_evaluate(arguments, out, sizeof out), 0);
  FILE *file = fopen(path_of("page.html"), "rb");
  out[fread(out, 1, sizeof out - 1, file)] = '\0';
  fclose(file);
  assert_non_null(strstr(out, "<svg"));
  assert_non_null(strstr(out, "&lt;b>&amp;"));
  assert_null(strstr(out, "http"));
  assert_null(strstr(out, "nan"));
  assert_non_null(strstr(out, "</body></html>"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_figures_of_a_small_example),
      cmocka_unit_test(random_partitions_agree_with_counting_every_pair),
      cmocka_unit_test(records_may_be_named_by_source_and_id),
      cmocka_unit_test(files_may_be_compressed),
      cmocka_unit_test(pairs_are_labels_or_weights),
      cmocka_unit_test(what_does_not_fit_is_refused),
      cmocka_unit_test(the_command_prints_the_figures),
      cmocka_unit_test(pairs_that_nobody_can_tell_are_told_apart),
      cmocka_unit_test(wrong_usage_and_input_have_their_exit_codes),
      cmocka_unit_test(the_page_needs_no_network),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
