#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* needs the ones above */
#include <cmocka.h>

#include "common/field_model.h"
#include "common/job_sections.h"
#include "common/yaml_tree.h"

static const char minimal[] =
    "version: 1\n"
    "sources:\n"
    "  - {id: a, files: a.csv, map: {手机: 手机号码}}\n";

static void parse(const char *yaml, struct job *job) {
  struct failure failure = {0};
  enum err code = job_parse(bytes_from_string(yaml), "test.yaml", job, &failure);
  if (code) fail_msg("%s", failure.message);
}

static void load(const char *name, struct job *job) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", GUIYI_SOURCE_DIR, name);
  struct failure failure = {0};
  if (job_load(path, job, &failure)) fail_msg("%s", failure.message);
}

static struct bytes text(const char *literal) { return bytes_from_string(literal); }

static void assert_text(struct bytes actual, const char *expected) {
  if (!bytes_equal(actual, text(expected)))
    fail_msg("found '%.*s', expected '%s'", (int)actual.size, actual.data, expected);
}

static const struct job_field *field(const struct job *job, const char *name) {
  int index = job_field_find(job, text(name));
  if (index < 0) fail_msg("no field '%s'", name);
  return &job->fields[index];
}

static void a_minimal_job_gets_defaults_and_the_models_field(void **state) {
  (void)state;
  struct job job;
  parse(minimal, &job);
  assert_int_equal(job.field_count, 1);
  assert_text(job.fields[0].name, "手机号码");
  assert_int_equal(job.fields[0].type, FIELD_TYPE_PHONE);
  assert_true(job.fields[0].multi);
  assert_int_equal(job.fields[0].place.line, 0);
  assert_int_equal(job.as_of_day, JOB_AS_OF_DATA);
  assert_int_equal(job.cluster_max, 500);
  assert_int_equal(job.hub_names, 3);
  assert_int_equal(job.reissue_gap_days, 90);
  assert_int_equal(job.shards, 16);
  assert_int_equal(job.timezone_minutes, 480);
  assert_int_equal(job.sources[0].trust, 50);
  assert_int_equal(job.sources[0].batch_rows, 5000);
  assert_int_equal(job.sources[0].place.line, 3);
  assert_text(job.folder, ".");
  assert_false(job.has_tags || job.has_accept || job.has_review || job.has_quarantine_null);
  job_release(&job);
}

static void the_whole_language_is_read(void **state) {
  (void)state;
  struct job job;
  load("tests/golden/jobs/crm.yaml", &job);
  assert_text(job.name, "demo");
  assert_int_equal(job.as_of_day, 20779);
  assert_int_equal(job.seed, 7);
  assert_int_equal(job.shards, 4);
  assert_int_equal(job.source_count, 2);
  const struct job_source *shop = &job.sources[1];
  assert_int_equal(shop->path_count, 2);
  assert_text(shop->paths[1], "orders 2.csv.gz");
  assert_int_equal(shop->encoding, JOB_ENCODING_GB18030);
  assert_int_equal(shop->delimiter, ';');
  assert_int_equal(shop->header, 1);
  assert_int_equal(shop->mode, SOURCE_APPEND);
  assert_int_equal(shop->event, EVENT_ORDER);
  assert_int_equal(shop->key_count, 2);
  assert_int_equal(shop->columns[0].options.name_part, NAME_NICKNAME_UNLESS_NAME_SHAPE);
  assert_text(shop->columns[1].options.name_space, "{平台}/{店铺}");
  assert_int_equal(shop->columns[5].options.amount_unit, AMOUNT_FEN);
  assert_int_equal(shop->columns[6].options.date_order, DATE_DMY);
  assert_true(shop->columns[6].options.date_with_time);
  assert_int_equal(shop->columns[6].options.as_of_day, 20779);
  assert_int_equal(shop->columns[7].options.alias_count, 2);
  assert_text(shop->columns[7].options.aliases[0].to, "女");
  assert_int_equal(shop->columns[7].options.code_table, CODE_GENDER);
  assert_text(shop->constants[0].value, "电商平台");
  assert_text(job.sources[0].contact, "渠道对接人A");
  assert_int_equal(job.sources[0].cadence, CADENCE_REALTIME);

  assert_int_equal(field(&job, "首次触达时间")->role, ROLE_FIRST_SEEN);
  assert_true(field(&job, "首次触达时间")->options.date_with_time);
  assert_int_equal(field(&job, "最近互动")->role, ROLE_LAST_LOGIN);
  assert_int_equal(field(&job, "最近互动")->options.timezone_minutes, 540);
  assert_int_equal(field(&job, "出生日期")->use, USE_MATCH);
  assert_int_equal(field(&job, "会员等级")->use, USE_ATTRIBUTE);
  assert_int_equal(field(&job, "收件手机号")->use, USE_ATTRIBUTE);
  assert_int_equal(field(&job, "物流")->type, FIELD_TYPE_TEXT);
  assert_true(field(&job, "地址")->extended);
  assert_text(field(&job, "固定电话")->options.default_area, "010");
  assert_int_equal(field(&job, "客户姓名")->survivorship, SURVIVE_MOST_COMPLETE);
  assert_int_equal(field(&job, "客户姓名")->mask, MASK_SURNAME_THEN_STAR);
  assert_int_equal(field(&job, "手机号码")->mask, MASK_KEEP);
  assert_int_equal(field(&job, "手机号码")->mask_keep_last, 4);
  assert_int_equal(field(&job, "关联订单号")->survivorship, SURVIVE_UNION);
  assert_int_equal(job_field_with_role(&job, ROLE_ORDER_ID),
                   job_field_find(&job, text("关联订单号")));
  assert_int_equal(job_field_with_role(&job, ROLE_OWNER), -1);

  assert_int_equal(job.block_cap, 300);
  assert_int_equal(job.blocking_count, 3);
  assert_text(job.blocking[0].name, "身份证号");
  assert_text(job.blocking[2].parts[0].part, "pinyin");
  assert_int_equal(job.blocking[2].refine_count, 1);
  assert_int_equal(job.blocking[2].cap, 100);
  assert_int_equal(job.match_rule_count, 2);
  assert_int_equal(job.match_rules[1].condition_count, 2);
  assert_text(job.match_rules[1].conditions[0].levels[1], "shared");
  assert_int_equal(job.match_rules[1].action, MATCH_SEPARATE);
  assert_true(job.has_cohesion);
  assert_int_equal(job.cohesion_weight, -3584);
  assert_int_equal(job.identifier_count, 2);
  assert_int_equal(job.identifiers[0].single, 0);
  assert_int_equal(job.identifiers[1].single, -1);
  assert_int_equal(job.identifiers[1].cap, 8);
  assert_int_equal(job.fixed_weight_count, 3);
  assert_int_equal(job.fixed_weights[0].weight, -3584);
  assert_int_equal(job.fixed_weights[2].weight, -2304);
  assert_true(job.has_accept && job.has_review);
  assert_int_equal(job.accept_weight, 9 * 1024);
  assert_int_equal(job.quarantine_null_permille, 500);
  assert_int_equal(job.quality_rule_count, 2);
  assert_int_equal(job.quality_rules[0].severity, QUALITY_ERROR);
  assert_int_equal(job.quality_rules[1].severity, QUALITY_WARN);
  assert_text(job.quality_rules[0].field, "手机号码");
  assert_true(job.has_tags);
  assert_int_equal(job.tags.high_value_fen, 1000000);
  assert_int_equal(job.role_count, 2);
  assert_int_equal(job.roles[0].unmasked_count, 1);
  job_release(&job);
}

/* Printed once more the text is the same, so nothing that is printed is lost; that all is printed
 * is what the digest of members below sees. */
static void print_twice(const struct job *job) {
  struct buffer first = {0}, second = {0};
  job_print(job, &first);
  struct job again;
  struct failure failure = {0};
  if (job_parse(buffer_bytes(&first), "printed.yaml", &again, &failure))
    fail_msg("%s\n%s", failure.message, buffer_string(&first));
  job_print(&again, &second);
  assert_string_equal(buffer_string(&first), buffer_string(&second));
  assert_int_equal(job->field_count, again.field_count);
  for (uint32_t f = 0; f < job->field_count; f++) {
    const struct job_field *a = &job->fields[f], *b = &again.fields[f];
    assert_true(bytes_equal(a->name, b->name));
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->role, b->role);
    assert_int_equal(a->use, b->use);
    assert_int_equal(a->survivorship, b->survivorship);
    assert_int_equal(a->multi, b->multi);
    assert_int_equal(a->required, b->required);
    assert_int_equal(a->extended, b->extended);
    assert_int_equal(a->mask, b->mask);
    assert_int_equal(a->mask_keep_first, b->mask_keep_first);
    assert_int_equal(a->mask_keep_last, b->mask_keep_last);
    assert_int_equal(a->options.name_part, b->options.name_part);
    assert_int_equal(a->options.date_part, b->options.date_part);
    assert_int_equal(a->options.date_with_time, b->options.date_with_time);
    assert_int_equal(a->options.timezone_minutes, b->options.timezone_minutes);
    assert_int_equal(a->options.as_of_day, b->options.as_of_day);
    assert_int_equal(a->options.code_table, b->options.code_table);
    assert_int_equal(a->options.alias_count, b->options.alias_count);
    assert_int_equal(a->options.address_part, b->options.address_part);
    assert_int_equal(a->options.amount_unit, b->options.amount_unit);
    assert_true(bytes_equal(a->options.default_area, b->options.default_area));
    assert_true(bytes_equal(a->options.name_space, b->options.name_space));
  }
  assert_int_equal(job->source_count, again.source_count);
  for (uint32_t s = 0; s < job->source_count; s++) {
    const struct job_source *a = &job->sources[s], *b = &again.sources[s];
    assert_int_equal(a->path_count, b->path_count);
    assert_int_equal(a->format, b->format);
    assert_int_equal(a->header, b->header);
    assert_int_equal(a->trust, b->trust);
    assert_int_equal(a->batch_rows, b->batch_rows);
    assert_int_equal(a->key_count, b->key_count);
    assert_int_equal(a->column_count, b->column_count);
    assert_int_equal(a->constant_count, b->constant_count);
    for (uint32_t c = 0; c < a->column_count; c++) {
      assert_true(bytes_equal(a->columns[c].name, b->columns[c].name));
      assert_int_equal(a->columns[c].field, b->columns[c].field);
      assert_int_equal(a->columns[c].options.date_order, b->columns[c].options.date_order);
      assert_int_equal(a->columns[c].options.name_part, b->columns[c].options.name_part);
      assert_int_equal(a->columns[c].options.alias_count, b->columns[c].options.alias_count);
    }
  }
  assert_int_equal(job->blocking_count, again.blocking_count);
  assert_int_equal(job->match_rule_count, again.match_rule_count);
  assert_int_equal(job->fixed_weight_count, again.fixed_weight_count);
  assert_int_equal(job->cohesion_weight, again.cohesion_weight);
  assert_int_equal(job->identifier_count, again.identifier_count);
  for (uint32_t i = 0; i < job->identifier_count; i++) {
    assert_int_equal(job->identifiers[i].field, again.identifiers[i].field);
    assert_int_equal(job->identifiers[i].single, again.identifiers[i].single);
    assert_int_equal(job->identifiers[i].cap, again.identifiers[i].cap);
  }
  assert_int_equal(job->accept_weight, again.accept_weight);
  assert_int_equal(job->quality_rule_count, again.quality_rule_count);
  assert_memory_equal(&job->tags, &again.tags, sizeof job->tags);
  assert_int_equal(job->role_count, again.role_count);
  job_release(&again);
  buffer_release(&first);
  buffer_release(&second);
}

static void what_is_printed_is_read_back(void **state) {
  (void)state;
  struct job job;
  load("tests/golden/jobs/crm.yaml", &job);
  print_twice(&job);
  job_release(&job);
  parse(minimal, &job);
  print_twice(&job);
  job_release(&job);
}

static void odd_names_are_quoted(void **state) {
  (void)state;
  struct job job;
  parse(
      "version: 1\n"
      "timezone: \"-03:30\"\n"
      "sources:\n"
      "  - id: 'true'\n"
      "    files: ['- a: b # c.csv', \"tab\\\\slash\"]\n"
      "    delimiter: tab\n"
      "    header: false\n"
      "    map:\n"
      "      '123': {to: 'yes', type: text}\n"
      "      '\"quoted\", [x]': {to: '是 & 否', type: category, codes: gender}\n"
      "      '#': 备注\n"
      "    const: {来源渠道: \"line\\nbreak\\U0000FEFF\"}\n"
      "tags: {high_value: 0.07}\n"
      "thresholds: {accept: -0.5}\n",
      &job);
  assert_int_equal(job.timezone_minutes, -210);
  assert_int_equal(job.sources[0].delimiter, '\t');
  assert_int_equal(job.sources[0].header, -1);
  assert_int_equal(job.tags.high_value_fen, 7);
  assert_int_equal(job.accept_weight, -512);
  assert_text(job.sources[0].constants[0].value, "line\nbreak\xEF\xBB\xBF");
  print_twice(&job);
  job_release(&job);
}

static void a_said_role_wins_over_the_models(void **state) {
  (void)state;
  struct job job;
  parse(
      "version: 1\n"
      "fields: {更新: {type: date, role: updated_at}}\n"
      "sources:\n"
      "  - {id: a, files: a.csv, map: {u: 更新, v: 最后更新时间, w: 注册时间, x: 首次触达时间}}\n",
      &job);
  assert_int_equal(field(&job, "更新")->role, ROLE_UPDATED_AT);
  assert_int_equal(field(&job, "最后更新时间")->role, ROLE_NONE);
  assert_int_equal(field(&job, "注册时间")->role, ROLE_FIRST_SEEN);
  assert_int_equal(field(&job, "首次触达时间")->role, ROLE_NONE);
  print_twice(&job);
  job_release(&job);
}

static void aliases_stand_for_their_anchors(void **state) {
  (void)state;
  struct job job;
  parse(
      "version: 1\n"
      "sources:\n"
      "  - {id: a, files: a.csv, map: &map {手机: 手机号码, 姓名: 客户姓名}}\n"
      "  - {id: b, files: b.csv, map: *map}\n",
      &job);
  assert_int_equal(job.sources[1].column_count, 2);
  print_twice(&job);
  job_release(&job);
}

/* Every file of tests/golden/job_mistakes has one mistake; NAME.expected is the answer to
 * NAME.yaml. */
static void mistakes_are_answered_exactly(void **state) {
  (void)state;
  char folder[512], path[1024];
  snprintf(folder, sizeof folder, "%s/tests/golden/job_mistakes", GUIYI_SOURCE_DIR);
  DIR *dir = opendir(folder);
  assert_non_null(dir);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir));) {
    char *end = strstr(entry->d_name, ".yaml");
    if (!end) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    char yaml[16384], expected[2048];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(yaml, 1, sizeof yaml, file);
    fclose(file);
    *end = '\0';
    snprintf(path, sizeof path, "%s/%s.expected", folder, entry->d_name);
    file = fopen(path, "rb");
    if (!file) fail_msg("%s is missing", path);
    size_t expected_size = fread(expected, 1, sizeof expected - 1, file);
    fclose(file);
    while (expected_size && expected[expected_size - 1] == '\n') expected_size--;
    expected[expected_size] = '\0';
    struct job job;
    struct failure failure = {0};
    if (job_parse(bytes_of(yaml, size), "job.yaml", &job, &failure) != ERR_CONFIG)
      fail_msg("%s.yaml was accepted", entry->d_name);
    if (strcmp(failure.message, expected) != 0)
      fail_msg("%s.yaml\n    found: %s\n expected: %s", entry->d_name, failure.message, expected);
    count++;
  }
  closedir(dir);
  assert_true(count >= 40);
}

static void bombs_and_giants_are_refused(void **state) {
  (void)state;
  struct job job;
  struct failure failure = {0};
  struct buffer yaml = {0};
  buffer_append_string(&yaml, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
  for (int i = 1; i < 12; i++) {
    buffer_printf(&yaml, "a%d: &a%d [", i, i);
    for (int k = 0; k < 10; k++) buffer_printf(&yaml, "%s*a%d", k ? "," : "", i - 1);
    buffer_append_string(&yaml, "]\n");
  }
  assert_int_equal(job_parse(buffer_bytes(&yaml), "bomb.yaml", &job, &failure), ERR_CONFIG);
  assert_string_equal(failure.message, "bomb.yaml:6: more than 200000 values, aliases included");
  buffer_clear(&yaml);
  for (int i = 0; i < 100000; i++) buffer_append_char(&yaml, '[');
  assert_int_equal(job_parse(buffer_bytes(&yaml), "deep.yaml", &job, &failure), ERR_CONFIG);
  assert_string_equal(failure.message, "deep.yaml:1: nested deeper than 32 levels");
  buffer_clear(&yaml);
  buffer_reserve(&yaml, YAML_BYTES_MAX + 1);
  memset(yaml.data, ' ', YAML_BYTES_MAX + 1);
  yaml.size = YAML_BYTES_MAX + 1;
  assert_int_equal(job_parse(buffer_bytes(&yaml), "big.yaml", &job, &failure), ERR_CONFIG);
  assert_string_equal(failure.message, "big.yaml: is larger than 4 MiB; is this a job file?");
  buffer_release(&yaml);
  assert_int_equal(job_load("/nowhere/job.yaml", &job, &failure), ERR_CONFIG);
  assert_string_equal(
      failure.message,
      "/nowhere/job.yaml: the job file cannot be opened: No such file or directory");
  assert_int_equal(job_load("/", &job, &failure), ERR_CONFIG);
  assert_string_equal(failure.message, "/: the job file cannot be read: Is a directory");
}

static void the_model_knows_its_own_names(void **state) {
  (void)state;
  for (const struct field_model *model = field_model_list(); model->name; model++) {
    const struct field_model *found = field_model_find_heading(text(model->name));
    if (found != model) fail_msg("%s is found as %s", model->name, found ? found->name : "nothing");
  }
  static const char *const headings[][2] = {
      {"姓名＊ ", "客户姓名"},         {"用户手机号", "手机号码"}, {"Phone_Number", "手机号码"},
      {"E-Mail", "邮箱地址"},          {"ID Card", "身份证号"},    {"date_of_birth", "出生日期"},
      {"ＰＨＯＮＥ", "手机号码"},      {"last name", "姓"},        {"soc_sec_id", "社会保障号"},
      {"最后更新时间", "最后更新时间"}};
  for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++) {
    const struct field_model *found = field_model_find_heading(text(headings[i][0]));
    if (!found) fail_msg("%s is not known", headings[i][0]);
    assert_string_equal(found->name, headings[i][1]);
  }
  assert_null(field_model_find_heading(text("")));
  assert_null(field_model_find_heading(text("***")));
}

/* Every key of every table stands in docs/configuration.md, and so does every well-known field. */
static void every_key_is_documented(void **state) {
  (void)state;
  static const struct schema_key *const tables[] = {
      job_keys,           job_field_keys,         job_column_keys,      job_source_keys,
      job_blocking_keys,  job_blocking_rule_keys, job_match_keys,       job_match_rule_keys,
      job_threshold_keys, job_quality_keys,       job_quality_rule_keys};
  FILE *file = fopen(GUIYI_SOURCE_DIR "/docs/configuration.md", "rb");
  assert_non_null(file);
  static char page[1 << 17];
  page[fread(page, 1, sizeof page - 1, file)] = '\0';
  fclose(file);
  for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
    for (const struct schema_key *key = tables[t]; key->name; key++) {
      char quoted[64];
      snprintf(quoted, sizeof quoted, "`%s`", key->name);
      if (!strstr(page, quoted) && strcmp(key->name, "to") != 0)
        fail_msg("%s is not documented", quoted);
      for (const struct schema_choice *choice = key->choices; choice && choice->name; choice++) {
        if (!strstr(page, choice->name)) fail_msg("%s: %s", key->name, choice->name);
      }
    }
  }
  for (const struct field_model *model = field_model_list(); model->name; model++) {
    if (!strstr(page, model->name)) fail_msg("%s is not documented", model->name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_minimal_job_gets_defaults_and_the_models_field),
      cmocka_unit_test(the_whole_language_is_read),
      cmocka_unit_test(what_is_printed_is_read_back),
      cmocka_unit_test(odd_names_are_quoted),
      cmocka_unit_test(a_said_role_wins_over_the_models),
      cmocka_unit_test(aliases_stand_for_their_anchors),
      cmocka_unit_test(mistakes_are_answered_exactly),
      cmocka_unit_test(bombs_and_giants_are_refused),
      cmocka_unit_test(the_model_knows_its_own_names),
      cmocka_unit_test(every_key_is_documented),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
