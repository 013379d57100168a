#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/text.h"
#include "worker/fields/address.h"

static struct arena arena;

struct address {
  struct standard_value value;
  uint64_t feature[FIELD_FEATURE_BYTES_MAX / 8];
};

static struct address address_part(const char *raw, enum address_part part) {
  struct field_options options = {.address_part = part};
  struct address a = {0};
  address_type.standardise(&options, bytes_from_string(raw), &arena, &a.value, a.feature);
  return a;
}

static struct address address(const char *raw) { return address_part(raw, ADDRESS_WHOLE); }

static const char *canonical(const char *raw) {
  return arena_copy(&arena, address(raw).value.value).data;
}

static const char *kind(const char *raw) {
  return address_type.kind_names[address(raw).value.kind];
}

static const char *level_of(struct address a, struct address b) {
  unsigned forth = address_type.compare(a.feature, b.feature);
  assert_int_equal(forth, address_type.compare(b.feature, a.feature));
  return forth == FIELD_LEVEL_MISSING ? "missing" : address_type.levels[forth].name;
}

static const char *level(const char *a, const char *b) { return level_of(address(a), address(b)); }

static void every_vector_is_written_as_required(void **state) {
  (void)state;
  FILE *file = fopen(GUIYI_SOURCE_DIR "/tests/golden/vectors.tsv", "r");
  assert_non_null(file);
  char line[1024];
  int count = 0;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, "addr_tail\t", 10) != 0) continue;
    char *input = line + 10, *expected = strchr(input, '\t');
    assert_non_null(expected);
    *expected++ = '\0';
    assert_string_equal(canonical(input), expected);
    count++;
  }
  fclose(file);
  assert_int_equal(count, 10);
}

static void divisions_are_completed_and_brought_up_to_date(void **state) {
  (void)state;
  /* The requirement's own pair. */
  assert_string_equal(canonical("北京朝阳建国路八十八号"), "北京市朝阳区建国路88号");
  assert_string_equal(canonical("北京市朝阳区建国路88号"), "北京市朝阳区建国路88号");
  assert_string_equal(canonical("深圳市南山区深南大道10000号"),
                      "广东省深圳市南山区深南大道10000号");
  assert_string_equal(canonical("江苏昆山市人民路1号"), "江苏省苏州市昆山市人民路1号");
  assert_string_equal(canonical("北京市崇文区花市大街3号"), "北京市东城区花市大街3号");
  assert_string_equal(canonical("湖北省襄樊市襄城区南街5号"), "湖北省襄阳市襄城区南街5号");
  assert_string_equal(canonical("上海市上海市浦东新区张江路1号"), "上海市浦东新区张江路1号");
  assert_string_equal(canonical("北京市市辖区海淀区中关村大街1号"), "北京市海淀区中关村大街1号");
  assert_string_equal(canonical("江宁区江宁区水阁路"), "江苏省南京市江宁区水阁路");
  assert_string_equal(canonical("湖北仙桃市沔州大道9号"), "湖北省仙桃市沔州大道9号");
  assert_string_equal(canonical("广东省东莞市虎门镇居岐路2号"), "广东省东莞市虎门镇居岐路2号");
  /* Full name beats short form: not 长沙县. */
  assert_string_equal(canonical("湖南省长沙市岳麓区麓山南路932号"),
                      "湖南省长沙市岳麓区麓山南路932号");
  assert_string_equal(canonical("湖南长沙县开元路1号"), "湖南省长沙市长沙县开元路1号");
  /* A short form before a road word is the road's. */
  assert_string_equal(canonical("上海市黄浦区太原路99号"), "上海市黄浦区太原路99号");
  assert_string_equal(canonical("北京路12号"), "北京路12号");
  assert_string_equal(canonical("南京东路100号"), "南京东路100号");
  assert_string_equal(canonical("南京大街1号"), "南京大街1号");
  assert_string_equal(canonical("南京二七路1号"), "江苏省南京市二七路1号");
  assert_string_equal(canonical("天津南开大学"), "天津市南开大学");
  assert_string_equal(canonical("哈尔滨道外胜利西路309号"), "黑龙江省哈尔滨市道外区胜利西路309号");
  assert_string_equal(canonical("青岛市北京路1号"), "山东省青岛市北京路1号");
  assert_string_equal(canonical("唐山市汉沽管理区人民路1号"), "河北省唐山市汉沽管理区人民路1号");
  assert_string_equal(canonical("收货地址:广东省深圳市南山区深南大道1号"),
                      "广东省深圳市南山区深南大道1号");
  /* County names that repeat do not say which city. */
  assert_string_equal(canonical("鼓楼区中山路1号"), "鼓楼区中山路1号");
}

static void the_tail_is_written_in_one_way(void **state) {
  (void)state;
  assert_string_equal(canonical("漕溪北路1200弄3号602"), "漕溪北路1200弄3号602室");
  assert_string_equal(canonical("八里庄西里100号院1号楼3层"), "八里庄西里100号院1栋3层");
  assert_string_equal(canonical("五四路三号3#楼2单元0501户"), "五四路3号3栋2单元501室");
  assert_string_equal(canonical("幸福小区3-2-501"), "幸福小区3栋2单元501室");
  assert_string_equal(canonical("幸福小区3-501室"), "幸福小区3栋501室");
  assert_string_equal(canonical("幸福小区十二幢三单元五零一"), "幸福小区12栋3单元五零一");
  assert_string_equal(canonical("解放一路12号,SOHO现代城b座 1203"),
                      "解放一路12号SOHO现代城B栋1203室");
  assert_string_equal(canonical("二七路二百号"), "二七路200号");
  assert_string_equal(canonical("人民南路四段27号"), "人民南路四段27号");
  assert_string_equal(canonical("第五大道1号第3层"), "第五大道1号3层");
}

static void a_number_too_long_for_a_door_stays_whole(void **state) {
  (void)state;
  assert_string_equal(canonical("幸福路0000012号"), "幸福路12号");
  assert_string_equal(canonical("幸福路000000000000000000012号"), "幸福路000000000000000000012号");
}

static void a_bracket_that_is_not_closed_loses_nothing(void **state) {
  (void)state;
  assert_string_equal(canonical("北京市朝阳区建国路88号(东门)3层"), "北京市朝阳区建国路88号3层");
  assert_string_equal(canonical("北京市朝阳区建国路88号(近地"), "北京市朝阳区建国路88号近地");
  assert_string_equal(canonical("(北京市朝阳区建国路88号)"), "北京市朝阳区建国路88号");
  assert_string_equal(canonical("(老地方)"), "(老地方)");
  assert_int_equal(address("(老地方)").value.state, VALUE_ATTRIBUTE);
}

static void how_far_it_goes_is_its_kind(void **state) {
  (void)state;
  assert_string_equal(kind("北京市"), "province");
  assert_string_equal(kind("江苏省南京市"), "city");
  assert_string_equal(kind("北京朝阳区"), "district");
  assert_string_equal(kind("南京市江宁区淳化街道"), "township");
  assert_string_equal(kind("建国路"), "road");
  assert_string_equal(kind("金洪小区"), "road");
  assert_string_equal(kind("建国路88号"), "number");
  assert_string_equal(kind("金洪小区23号楼"), "building");
  assert_string_equal(kind("幸福小区3栋2-501"), "room");
}

static void han_addresses_agree_as_far_as_they_should(void **state) {
  (void)state;
  const char *full = "北京市朝阳区建国路88号SOHO现代城3号楼2单元501室";
  assert_string_equal(level(full, "北京朝阳建国路八十八号 soho现代城 3-2-501"), "same to the room");
  assert_string_equal(level(full, "北京市朝阳区建外街道建国路88号3栋2单元501"), "same to the room");
  assert_string_equal(level(full, "朝阳区建国路88号3幢2单元501室"), "same to the room");
  assert_string_equal(level(full, "北京市朝阳区建国路88号"), "same number, one without room");
  assert_string_equal(level("北京市朝阳区建国路88号", "北京朝阳建国路八十八号"),
                      "same number, one without room");
  assert_string_equal(level(full, "北京市朝阳区建国路88号SOHO现代城3号楼2单元502室"),
                      "same house, other room");
  assert_string_equal(level(full, "北京市朝阳区建国路90号"), "same road or estate");
  assert_string_equal(level(full, "北京市朝阳区望京街10号"), "same district");
  assert_string_equal(level(full, "北京市海淀区中关村大街1号"), "same city");
  assert_string_equal(level(full, "上海市黄浦区建国路88号3栋2单元501室"), "differ");
  assert_string_equal(level("漕溪北路1200号", "漕溪北路1200弄"), "same road or estate");
  assert_string_equal(
      level("北京市朝阳区望京东湖湾小区西门对面便利店", "朝阳区望京东湖湾小区西门对面"), "similar");
  assert_string_equal(level(full, ""), "missing");
  assert_string_equal(level("鼓楼区中山路1号201室", "南京市鼓楼区中山路1号201室"),
                      "same to the room");
}

static void western_addresses_agree_as_far_as_they_should(void **state) {
  (void)state;
  assert_string_equal(level("2745 W. Roosevelt Rd.", "2745 west roosevelt road"),
                      "same to the room");
  assert_string_equal(level("2745 W Roosevelt Rd Apt 3B", "2745 w. roosevelt rd #3b"),
                      "same to the room");
  assert_string_equal(level("2745 W Roosevelt Rd", "2745 W Roosevelt Rd Suite 200"),
                      "same number, one without room");
  assert_string_equal(level("2745 W Roosevelt Rd Apt 1", "2745 W Roosevelt Rd Apt 2"),
                      "same house, other room");
  assert_string_equal(level("2745 W Roosevelt Rd", "2745 W Rosevelt Rd"), "similar");
  assert_string_equal(level("2745 Roosevelt Rd", "2754 Roosevelt Road"), "similar");
  assert_string_equal(level("12 Main Street", "98 Main St"), "same road or estate");
  assert_string_equal(level("12 Main Street", "45 Oak Ave"), "differ");
  assert_string_equal(level("w 66 st", "W 66th Street"), "same to the room");
  assert_string_equal(level("n 07th st", "n 7th st"), "same to the room");
  assert_string_equal(level("P.O. Box 123", "po box 123"), "same to the room");
  assert_string_equal(level("12 Main St, Chicago, IL 60608", "12 main street chicago il 60608"),
                      "same to the room");
  assert_string_equal(level("12 Main St, Chicago, IL 60608", "12 Main St, Boston, MA 02101"),
                      "same road or estate");
  assert_string_equal(level("5/12 Smith St", "Unit 5, 12 Smith Street"), "same to the room");
  assert_string_equal(level("12 Main St", "北京市朝阳区建国路88号"), "missing");
  assert_string_equal(level("Calle Ángel 5", "calle angel 5"), "same to the room");
}

static const char *level_part(const char *a, const char *b, enum address_part part) {
  return level_of(address_part(a, part), address_part(b, part));
}

static void parts_in_columns_of_their_own_are_compared_as_such(void **state) {
  (void)state;
  assert_string_equal(level_part("60608", "60608-1234", ADDRESS_POSTCODE), "same to the room");
  assert_string_equal(level_part("60608", "60680", ADDRESS_POSTCODE), "similar");
  assert_string_equal(level_part("60608", "60699", ADDRESS_POSTCODE), "same district");
  assert_string_equal(level_part("60608", "02101", ADDRESS_POSTCODE), "differ");
  assert_int_equal(address_part("00000", ADDRESS_POSTCODE).value.state, VALUE_ATTRIBUTE);
  assert_int_equal(address_part("none", ADDRESS_POSTCODE).value.state, VALUE_MISSING);
  assert_int_equal(address_part("abc", ADDRESS_POSTCODE).value.state, VALUE_INVALID);
  assert_string_equal(level_part("Apt 3B", "3b", ADDRESS_UNIT), "same to the room");
  assert_string_equal(level_part("88号", "88", ADDRESS_NUMBER), "same to the room");
  assert_string_equal(level_part("192", "129", ADDRESS_NUMBER), "similar");
  assert_string_equal(level_part("1", "2", ADDRESS_NUMBER), "differ");
  assert_string_equal(level_part("上海", "上海市", ADDRESS_LOCALITY), "same to the room");
  assert_string_equal(level_part("east launceston", "east lanceston", ADDRESS_LOCALITY), "similar");
  assert_string_equal(level_part("NSW", "New South Wales", ADDRESS_REGION), "same to the room");
  assert_string_equal(level_part("macgregor street", "macgregor st", ADDRESS_STREET),
                      "same to the room");
  assert_string_equal(level_part("macgregor street", "mcgregor st", ADDRESS_STREET), "similar");
  assert_string_equal(level("204 sternberg crescent", "204 sternberg wcrescent"), "similar");
}

static void masks_keep_the_district_only(void **state) {
  (void)state;
  struct bytes masked = address_type.mask(BYTES("北京市朝阳区建国路88号"), &arena);
  assert_true(bytes_equal(masked, BYTES("北京市朝阳区******")));
  masked = address_type.mask(BYTES("12 Main St"), &arena);
  assert_true(bytes_equal(masked, BYTES("**********")));
}

static void keys_meet_where_addresses_agree(void **state) {
  (void)state;
  struct address a = address("北京市朝阳区建国路88号3栋2单元501室"),
                 b = address("北京朝阳建国路八十八号3-2-501"),
                 c = address("12 Main St, Chicago, IL 60608"),
                 d = address("12 main street chicago");
  for (unsigned part = 0; part < 8; part++) {
    assert_true(address_type.key_part(a.feature, part) == address_type.key_part(b.feature, part));
    if (part != 4 && part != 6) assert_true(address_type.key_part(a.feature, part) != 0);
  }
  assert_true(address_type.key_part(c.feature, 2) == address_type.key_part(d.feature, 2));
  assert_true(address_type.key_part(c.feature, 6) != 0 && address_type.key_part(d.feature, 6) == 0);
}

static void placeholders_and_masked_addresses_are_not_compared(void **state) {
  (void)state;
  static const char *const words[] = {"", "无", "N/A", "---", "暂无", "北京市朝阳区****"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    assert_int_equal(address_type.key_part(address(words[i]).feature, 0), 0);
  assert_int_equal(address("北京市朝阳区****").value.state, VALUE_ATTRIBUTE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_vector_is_written_as_required),
      cmocka_unit_test(divisions_are_completed_and_brought_up_to_date),
      cmocka_unit_test(the_tail_is_written_in_one_way),
      cmocka_unit_test(a_number_too_long_for_a_door_stays_whole),
      cmocka_unit_test(a_bracket_that_is_not_closed_loses_nothing),
      cmocka_unit_test(how_far_it_goes_is_its_kind),
      cmocka_unit_test(han_addresses_agree_as_far_as_they_should),
      cmocka_unit_test(western_addresses_agree_as_far_as_they_should),
      cmocka_unit_test(parts_in_columns_of_their_own_are_compared_as_such),
      cmocka_unit_test(masks_keep_the_district_only),
      cmocka_unit_test(keys_meet_where_addresses_agree),
      cmocka_unit_test(placeholders_and_masked_addresses_are_not_compared),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  arena_release(&arena);
  return failed;
}
