#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* needs the ones above */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/recognise.h"
#include "common/hash.h"
#include "common/json_write.h"
#include "worker/plan.h"

enum { FILES_MAX = 3 };

struct fixture {
  char paths[FILES_MAX][64];
  struct source_file files[FILES_MAX];
  uint32_t count;
  struct job job;
  struct recognition recognition;
  struct failure failure;
};

static void add_file(struct fixture *f, const char *name, const struct buffer *text) {
  char *path = f->paths[f->count];
  char folder[] = "/tmp/guiyi-recognise-XXXXXX";
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof f->paths[0], "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text->data, 1, text->size, file), text->size);
  fclose(file);
  struct source_file_options options = {0};
  if (source_file_scan(path, &options, 0, &f->files[f->count], &f->failure))
    fail_msg("%s", f->failure.message);
  f->count++;
}

static void add_text(struct fixture *f, const char *name, const char *text) {
  struct buffer copy = {0};
  buffer_append_string(&copy, text);
  add_file(f, name, &copy);
  buffer_release(&copy);
}

static void recognise(struct fixture *f) {
  if (recognise_files(f->files, f->count, &f->job, &f->recognition, &f->failure))
    fail_msg("%s", f->failure.message);
}

static void release(struct fixture *f) {
  for (uint32_t i = 0; i < f->count; i++) {
    source_file_release(&f->files[i]);
    unlink(f->paths[i]);
    *strrchr(f->paths[i], '/') = '\0';
    rmdir(f->paths[i]);
  }
  job_release(&f->job);
}

static const struct recognised_column *column(const struct fixture *f, uint32_t file,
                                              const char *heading) {
  for (uint32_t i = 0; i < f->recognition.column_count; i++) {
    const struct recognised_column *c = &f->recognition.columns[i];
    if (c->file == file &&
        bytes_equal(f->files[file].columns[c->column], bytes_from_string(heading)))
      return c;
  }
  fail_msg("no column '%s'", heading);
  return NULL;
}

static const struct job_field *field(const struct fixture *f, uint32_t file, const char *heading) {
  const struct recognised_column *c = column(f, file, heading);
  if (c->field < 0) fail_msg("'%s' is %s", heading, c->meaning);
  return &f->job.fields[c->field];
}

static void expect(const struct fixture *f, const char *heading, enum field_type_id type,
                   enum field_use use) {
  const struct job_field *found = field(f, 0, heading);
  if (found->type != type || found->use != use)
    fail_msg("'%s' is %s, %s", heading, job_type_name(found->type),
             found->use == USE_MATCH ? "compared" : "carried");
}

/* Deterministic, varied enough. */
static uint64_t pick(uint64_t i, uint64_t salt, uint64_t count) {
  return hash_mix(i * 1000003 + salt) % count;
}

static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周"};
static const char *const given[] = {"伟", "芳", "娜",   "敏",   "静",   "丽",   "强",  "磊",
                                    "军", "洋", "小明", "建国", "秀英", "桂兰", "志强"};
static const char *const roads[] = {"建国路", "人民路", "解放路", "中山路", "和平街"};

static void chinese_customers(struct buffer *out, const char *header, unsigned rows, bool reverse) {
  buffer_append_string(out, header);
  for (unsigned n = 0; n < rows; n++) {
    unsigned i = reverse ? rows - 1 - n : n;
    buffer_printf(
        out,
        "r%05u,%s,S%u,%s%s,%s,1%u%08u,,u%u@qq.com,o%027u,北京市朝阳区%s%u号%u室,"
        "北京%s%s科技有限公司,19%02u-%02u-%02u,2021-03-%02u 10:00:00,2022-01-%02u 11:12:13\n",
        i, i % 3 ? "web" : "app", i, surnames[pick(i, 1, 10)], given[pick(i, 2, 15)],
        i % 2 ? "男" : "女", 30 + (unsigned)pick(i, 3, 9), (unsigned)pick(i, 4, 90000000) + 1234567,
        i, i, roads[pick(i, 5, 5)], (unsigned)pick(i, 6, 300), (unsigned)pick(i, 7, 900) + 100,
        given[pick(i, 8, 15)], given[pick(i, 9, 15)], (unsigned)pick(i, 10, 60) + 40,
        (unsigned)pick(i, 11, 12) + 1, (unsigned)pick(i, 12, 28) + 1, (unsigned)pick(i, 13, 28) + 1,
        (unsigned)pick(i, 14, 28) + 1);
  }
}

static const char english_header[] =
    "record_id,source,source_record_id,name,gender,phone,id_card,email,wechat_openid,address,"
    "company,"
    "birth_date,registered_at,updated_at\n";
static const char chinese_header[] =
    "record_id,source,来源编号,姓名*,性别,手机号,身份证号,邮箱,微信openid,联系地址,公司,出生日期,"
    "注册时间,更新时间\n";

static void generated_customers_are_recognised(void **state) {
  (void)state;
  struct fixture f = {0};
  struct buffer text = {0};
  chinese_customers(&text, english_header, 300, false);
  add_file(&f, "customers.csv", &text);
  recognise(&f);
  assert_int_equal(column(&f, 0, "record_id")->field, -1);
  assert_int_equal(column(&f, 0, "source_record_id")->field, -1);
  expect(&f, "name", FIELD_TYPE_PERSON_NAME, USE_MATCH);
  expect(&f, "gender", FIELD_TYPE_CATEGORY, USE_MATCH);
  expect(&f, "phone", FIELD_TYPE_PHONE, USE_MATCH);
  expect(&f, "id_card", FIELD_TYPE_ID_CARD, USE_MATCH); /* empty here: by its heading */
  assert_int_equal(column(&f, 0, "id_card")->by, RECOGNISED_BY_HEADING);
  expect(&f, "email", FIELD_TYPE_EMAIL, USE_MATCH);
  expect(&f, "wechat_openid", FIELD_TYPE_ACCOUNT, USE_MATCH);
  expect(&f, "address", FIELD_TYPE_ADDRESS, USE_MATCH);
  expect(&f, "company", FIELD_TYPE_COMPANY, USE_MATCH);
  expect(&f, "birth_date", FIELD_TYPE_DATE, USE_MATCH);
  expect(&f, "registered_at", FIELD_TYPE_DATE, USE_ATTRIBUTE);
  assert_int_equal(field(&f, 0, "gender")->options.code_table, CODE_GENDER);
  assert_int_equal(field(&f, 0, "registered_at")->role, ROLE_FIRST_SEEN);
  assert_int_equal(field(&f, 0, "updated_at")->role, ROLE_UPDATED_AT);
  assert_true(field(&f, 0, "updated_at")->options.date_with_time);
  assert_int_equal(field(&f, 0, "name")->script, SCRIPT_HAN);
  const struct job_source *source = &f.job.sources[0];
  assert_true(bytes_equal(source->id, BYTES("customers")));
  assert_int_equal(source->key_count, 1);
  assert_true(bytes_equal(source->key[0], BYTES("record_id")));
  assert_true(bytes_equal(source->source_column, BYTES("source")));
  assert_int_equal(f.job.expected_records, 300);
  assert_false(f.job.entity_is_company);
  buffer_release(&text);
  release(&f);
}

static void chinese_headings_get_the_models_names(void **state) {
  (void)state;
  struct fixture f = {0};
  struct buffer text = {0};
  chinese_customers(&text, chinese_header, 300, false);
  add_file(&f, "客户.csv", &text);
  recognise(&f);
  static const char *const names[][2] = {
      {"姓名*", "客户姓名"},    {"手机号", "手机号码"},       {"身份证号", "身份证号"},
      {"邮箱", "邮箱地址"},     {"联系地址", "地址"},         {"公司", "公司名称"},
      {"注册时间", "注册时间"}, {"更新时间", "最后更新时间"}, {"微信openid", "openid"}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    assert_true(bytes_equal(field(&f, 0, names[i][0])->name, bytes_from_string(names[i][1])));
  /* unique, but no heading of an id and not the contract's: carried, not matched by */
  assert_int_equal(field(&f, 0, "来源编号")->use, USE_ATTRIBUTE);
  buffer_release(&text);
  release(&f);
}

static void columns_without_headings_are_known_by_content(void **state) {
  (void)state;
  struct fixture f = {0};
  struct buffer text = {0};
  buffer_append_string(&text, "a,b,c,d,e,f,g,h\n");
  for (unsigned i = 0; i < 200; i++)
    buffer_printf(&text,
                  "%s%s,13%09u,x%u@163.com,%02u/%02u/19%02u,上海市浦东新区%s%u号,%s,%u,fixed\n",
                  surnames[pick(i, 1, 10)], given[pick(i, 2, 15)],
                  (unsigned)pick(i, 3, 900000000) + 12345678, i, (unsigned)pick(i, 4, 28) + 1,
                  (unsigned)pick(i, 5, 12) + 1, (unsigned)pick(i, 6, 60) + 40, roads[pick(i, 7, 5)],
                  (unsigned)pick(i, 8, 500), i % 3 ? "金卡" : "银卡", (unsigned)pick(i, 9, 100000));
  add_file(&f, "plain.csv", &text);
  recognise(&f);
  expect(&f, "a", FIELD_TYPE_PERSON_NAME, USE_MATCH);
  expect(&f, "b", FIELD_TYPE_PHONE, USE_MATCH);
  expect(&f, "c", FIELD_TYPE_EMAIL, USE_MATCH);
  expect(&f, "d", FIELD_TYPE_DATE, USE_MATCH); /* births, by their years */
  expect(&f, "e", FIELD_TYPE_ADDRESS, USE_MATCH);
  expect(&f, "f", FIELD_TYPE_CATEGORY, USE_ATTRIBUTE);
  expect(&f, "g", FIELD_TYPE_AMOUNT, USE_ATTRIBUTE);
  expect(&f, "h", FIELD_TYPE_CATEGORY, USE_ATTRIBUTE);
  assert_int_equal(column(&f, 0, "a")->by, RECOGNISED_BY_CONTENT);
  const struct job_source *source = &f.job.sources[0];
  assert_int_equal(source->columns[3].options.date_order, DATE_DMY);
  assert_int_equal(source->key_count, 0);
  buffer_release(&text);
  release(&f);
}

static void a_heading_that_lies_is_not_believed(void **state) {
  (void)state;
  struct fixture f = {0};
  struct buffer text = {0};
  buffer_append_string(&text, "phone,name,city,email\n");
  for (unsigned i = 0; i < 100; i++)
    buffer_printf(&text,
                  "see notes %u,Sony Digital Camera DSC-W%u with 5 MP and case,Anytown,a%u@x.org\n",
                  i, i * 7, i);
  add_file(&f, "odd.csv", &text);
  recognise(&f);
  assert_int_equal(field(&f, 0, "phone")->type, FIELD_TYPE_TEXT);
  assert_int_equal(field(&f, 0, "name")->type, FIELD_TYPE_TEXT);
  expect(&f, "city", FIELD_TYPE_ADDRESS, USE_ATTRIBUTE); /* one value all over */
  expect(&f, "email", FIELD_TYPE_EMAIL, USE_MATCH);
  buffer_release(&text);
  release(&f);
}

static void texts_help_where_there_is_little_else(void **state) {
  (void)state;
  for (int more = 0; more < 2; more++) {
    struct fixture f = {0};
    struct buffer text = {0};
    buffer_append_string(&text, "Name,Class,Remarks,Phone,Email\n");
    for (unsigned i = 0; i < 100; i++) {
      buffer_printf(&text, "%s %s,A%u**B%u,seen %u times,", i % 3 ? "Anna" : "Bert",
                    i % 7 ? "Smith" : "Miller", i * 7 % 50, i, i);
      if (more)
        buffer_printf(&text, "138001%u,a%u@b.org\n", 38000 + i, i);
      else
        buffer_append_string(&text, ",\n");
    }
    add_file(&f, "a.csv", &text);
    recognise(&f);
    expect(&f, "Class", FIELD_TYPE_TEXT, more ? USE_ATTRIBUTE : USE_MATCH);
    expect(&f, "Remarks", FIELD_TYPE_TEXT, USE_ATTRIBUTE); /* known for remarks */
    buffer_release(&text);
    release(&f);
  }
}

static void things_are_compared_by_their_texts(void **state) {
  (void)state;
  struct fixture f = {0};
  struct buffer text = {0};
  buffer_append_string(&text, "record_id,source,title,brand,price\n");
  for (unsigned i = 0; i < 100; i++)
    buffer_printf(&text, "%u,shop,Camera W%u kit %u,%s,%u.99\n", i, i * 3, i * 7,
                  i % 4 ? "Sony" : "Canon", i * 5 + 1);
  add_file(&f, "products.csv", &text);
  recognise(&f);
  expect(&f, "title", FIELD_TYPE_TEXT, USE_MATCH);
  expect(&f, "brand", FIELD_TYPE_CATEGORY, USE_MATCH);
  expect(&f, "price", FIELD_TYPE_AMOUNT, USE_MATCH);
  buffer_release(&text);
  release(&f);
}

static void year_month_and_day_become_one_date(void **state) {
  (void)state;
  struct fixture f = {0};
  struct buffer text = {0};
  buffer_append_string(&text, "record_id,source,fname_c1,lname_c1,by,bm,bd\n");
  for (unsigned i = 0; i < 100; i++)
    buffer_printf(&text, "%u,rl,ANNA,%s,19%02u,%u,%u\n", i, i % 3 ? "MAIER" : "SCHWARZ",
                  (unsigned)pick(i, 1, 60) + 40, (unsigned)pick(i, 2, 12) + 1,
                  (unsigned)pick(i, 3, 28) + 1);
  add_file(&f, "rl.csv", &text);
  recognise(&f);
  const struct job_field *birth = field(&f, 0, "by");
  assert_ptr_equal(birth, field(&f, 0, "bm"));
  assert_ptr_equal(birth, field(&f, 0, "bd"));
  assert_true(bytes_equal(birth->name, BYTES("birth_date")));
  assert_int_equal(birth->options.date_part, DATE_WHOLE);
  assert_int_equal(f.job.sources[0].columns[2].options.date_part, DATE_YEAR);
  assert_int_equal(f.job.sources[0].columns[4].options.date_part, DATE_DAY);
  assert_int_equal(field(&f, 0, "fname_c1")->options.name_part, NAME_GIVEN);
  assert_int_equal(field(&f, 0, "lname_c1")->options.name_part, NAME_FAMILY);
  buffer_release(&text);
  release(&f);
}

static void files_share_fields_by_meaning(void **state) {
  (void)state;
  struct fixture f = {0};
  add_text(
      &f, "web.csv",
      "注册ID,用户手机号,姓名,邮箱\n1,13800138001,张伟,a@qq.com\n2,13800138002,李娜,b@qq.com\n"
      "3,13800138003,王芳,c@qq.com\n4,13800138004,刘洋,d@qq.com\n5,13800138005,陈静,e@qq.com\n");
  add_text(&f, "web.csv",
           "手机,客户姓名,备注\n13800138001,张伟,老客户\n13800138009,赵敏,\n13800138008,周军,急\n"
           "13800138007,吴强,\n13800138006,黄磊,\n");
  recognise(&f);
  assert_ptr_equal(field(&f, 0, "用户手机号"), field(&f, 1, "手机"));
  assert_ptr_equal(field(&f, 0, "姓名"), field(&f, 1, "客户姓名"));
  assert_int_equal(column(&f, 0, "注册ID")->field, -1);
  assert_int_equal(f.job.sources[0].key_count, 1);
  assert_int_equal(f.job.sources[1].key_count, 0);
  assert_true(bytes_equal(f.job.sources[0].id, BYTES("web")));
  assert_true(bytes_equal(f.job.sources[1].id, BYTES("web_2")));
  release(&f);
}

static void the_order_of_rows_does_not_matter(void **state) {
  (void)state;
  struct buffer printed[2] = {{0}, {0}};
  for (int reverse = 0; reverse < 2; reverse++) {
    struct fixture f = {0};
    struct buffer text = {0};
    chinese_customers(&text, chinese_header, 5000, reverse);
    add_file(&f, "c.csv", &text);
    recognise(&f);
    f.job.sources[0].path_count = 0; /* the folders differ */
    job_print(&f.job, &printed[reverse]);
    buffer_release(&text);
    release(&f);
  }
  assert_string_equal(buffer_string(&printed[0]), buffer_string(&printed[1]));
  buffer_release(&printed[0]);
  buffer_release(&printed[1]);
}

/* What is written for the user is the job that ran. */
static void the_job_file_says_the_same(void **state) {
  (void)state;
  struct fixture f = {0};
  struct buffer text = {0}, first = {0}, second = {0}, words = {0}, json = {0};
  chinese_customers(&text, chinese_header, 300, false);
  add_file(&f, "c.csv", &text);
  recognise(&f);
  job_print(&f.job, &first);
  struct job again;
  struct failure failure = {0};
  if (job_parse(buffer_bytes(&first), "job.yaml", &again, &failure))
    fail_msg("%s\n%s", failure.message, buffer_string(&first));
  again.note = f.job.note;
  for (uint32_t c = 0; c < again.sources[0].column_count; c++)
    ((struct job_column *)again.sources[0].columns)[c].note = f.job.sources[0].columns[c].note;
  job_print(&again, &second);
  assert_string_equal(buffer_string(&first), buffer_string(&second));
  struct plan plans[2];
  assert_int_equal(plan_make(&f.job, &plans[0], &failure), ERR_OK);
  assert_int_equal(plan_make(&again, &plans[1], &failure), ERR_OK);
  assert_int_equal(plans[0].blocking_count, plans[1].blocking_count);
  for (uint32_t r = 0; r < plans[0].blocking_count; r++)
    assert_true(bytes_equal(plans[0].blocking[r].name, plans[1].blocking[r].name));
  recognition_print(&f.job, &f.recognition, &words);
  assert_non_null(strstr(buffer_string(&words), "姓名*"));
  assert_non_null(strstr(buffer_string(&words), "sure"));
  struct json_writer writer = json_writer(&json, false);
  recognition_json(&f.job, &f.recognition, &writer);
  assert_non_null(strstr(buffer_string(&json), "\"field\":\"客户姓名\""));
  job_release(&again);
  buffer_release(&text);
  buffer_release(&first);
  buffer_release(&second);
  buffer_release(&words);
  buffer_release(&json);
  release(&f);
}

static void a_file_of_ids_alone_is_refused(void **state) {
  (void)state;
  struct fixture f = {0};
  add_text(&f, "ids.csv", "record_id,source\n1,a\n2,a\n");
  assert_int_equal(recognise_files(f.files, f.count, &f.job, &f.recognition, &f.failure),
                   ERR_INPUT);
  assert_non_null(strstr(f.failure.message, "no column can be used"));
  release(&f);
}

/* People look their records up by the number they know, not by a hash of the row. */
static void the_number_of_an_order_or_a_member_is_the_records_id(void **state) {
  (void)state;
  struct fixture f = {0};
  add_text(&f, "members.csv",
           "会员编号,姓名,手机\nM001,陈晓东,13811223344\nM002,李梅,13922334455\n"
           "M003,王芳,13733445566\n");
  add_text(&f, "orders.csv",
           "会员编号,订单号,收货人,电话\nM001,D1,陈晓东,13811223344\nM002,D2,李梅,13922334455\n"
           "M003,D3,王芳,13733445566\n");
  add_text(&f, "visits.csv",
           "会员编号,姓名,手机\nM001,陈晓东,13811223344\nM001,陈晓东,13811223345\n"
           "M003,王芳,13733445566\n");
  recognise(&f);
  assert_int_equal(f.job.sources[0].key_count, 1);
  assert_true(bytes_equal(f.job.sources[0].key[0], BYTES("会员编号")));
  assert_int_equal(f.job.sources[1].key_count, 1);
  assert_true(bytes_equal(f.job.sources[1].key[0], BYTES("订单号")));
  assert_int_equal(f.job.sources[2].key_count, 0); /* M001 came twice */
  assert_true(column(&f, 0, "会员编号")->is_key);
  assert_false(column(&f, 1, "会员编号")->is_key);
  assert_int_equal(field(&f, 0, "会员编号")->use, USE_MATCH); /* and it is compared all the same */
  struct buffer words = {0};
  recognition_print(&f.job, &f.recognition, &words);
  assert_non_null(strstr(buffer_string(&words), "the record's own id"));
  buffer_release(&words);
  release(&f);
}

static void odd_headings_make_good_names(void **state) {
  (void)state;
  struct fixture f = {0};
  add_text(&f, "a.b.csv", "a.b{x},\"a_b_x_\",`q`,手机号\n1,2,3,13800138000\n4,5,6,13900139000\n");
  recognise(&f);
  struct buffer printed = {0};
  job_print(&f.job, &printed);
  struct job again;
  struct failure failure = {0};
  if (job_parse(buffer_bytes(&printed), "job.yaml", &again, &failure))
    fail_msg("%s\n%s", failure.message, buffer_string(&printed));
  assert_int_equal(again.field_count, 4);
  assert_true(bytes_equal(f.job.sources[0].id, BYTES("a.b")));
  job_release(&again);
  buffer_release(&printed);
  release(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(generated_customers_are_recognised),
      cmocka_unit_test(chinese_headings_get_the_models_names),
      cmocka_unit_test(columns_without_headings_are_known_by_content),
      cmocka_unit_test(a_heading_that_lies_is_not_believed),
      cmocka_unit_test(texts_help_where_there_is_little_else),
      cmocka_unit_test(things_are_compared_by_their_texts),
      cmocka_unit_test(year_month_and_day_become_one_date),
      cmocka_unit_test(files_share_fields_by_meaning),
      cmocka_unit_test(the_order_of_rows_does_not_matter),
      cmocka_unit_test(the_job_file_says_the_same),
      cmocka_unit_test(a_file_of_ids_alone_is_refused),
      cmocka_unit_test(the_number_of_an_order_or_a_member_is_the_records_id),
      cmocka_unit_test(odd_headings_make_good_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
