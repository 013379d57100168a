#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/memory.h"
#include "tests/harness/golden_fixture.h"
#include "worker/golden_codec.h"
#include "worker/stages/merge.h"
#include "worker/stages/tag.h"

enum { DAY_MS = 86400000 };

static struct golden_fixture x;
static struct golden_record golden;

/* Two or more members, every origin, runners-up, tags. */
static void make_golden(uint64_t *seed, uint32_t members) {
  fixture_start(&x);
  fixture_source(&x, "官网", 70, EVENT_NONE);
  fixture_source(&x, "电商", 50, EVENT_ORDER);
  fixture_field(&x, "姓名", FIELD_TYPE_PERSON_NAME, SURVIVE_MOST_COMPLETE);
  fixture_field(&x, "身份证号", FIELD_TYPE_ID_CARD, SURVIVE_MOST_FREQUENT);
  uint16_t sex = fixture_field(&x, "性别", FIELD_TYPE_CATEGORY, SURVIVE_MOST_RECENT);
  x.fields[sex].options.code_table = CODE_GENDER;
  uint16_t order = fixture_field(&x, "订单", FIELD_TYPE_TEXT, SURVIVE_DEFAULT);
  x.fields[order].role = ROLE_ORDER_ID;
  uint16_t amount = fixture_field(&x, "金额", FIELD_TYPE_AMOUNT, SURVIVE_MOST_RECENT);
  x.fields[amount].role = ROLE_ORDER_AMOUNT;
  fixture_field(&x, "备注", FIELD_TYPE_TEXT, SURVIVE_CONCATENATION);
  uint16_t industry = fixture_field(&x, "行业", FIELD_TYPE_CATEGORY, SURVIVE_MOST_RECENT);
  x.fields[industry].required = true;
  x.job.has_tags = true;
  x.job.tags = job_tag_defaults;
  fixture_plan(&x, 20000);
  for (uint32_t i = 0; i < members; i++) {
    char name[24], orders[24], id[12];
    snprintf(name, sizeof name, "张%u", fixture_random(seed, 12));
    snprintf(orders, sizeof orders, "o%u\x1fo%u", fixture_random(seed, 99), i);
    snprintf(id, sizeof id, "%u", i);
    struct record_value values[] = {ok(name),
                                    ok(i ? "" : "11010519491231002X"),
                                    ok(""),
                                    ok(i % 2 ? orders : ""),
                                    ok(i % 2 ? "6000.00" : ""),
                                    ok(i % 3 ? "" : name),
                                    ok("")};
    fixture_member(&x, i % 2, id, (20000LL - i) * DAY_MS, values);
    x.weights[i] = members == 1 ? INT32_MIN : (int32_t)i * 1000 - 500;
  }
  golden_merge(&x.golden, x.members, members, x.weights, &x.arena, &golden);
  golden_tag(&x.golden, &x.arena, &golden);
  golden.customer_id = 202405010000001234ULL;
}

static void assert_same_value(const struct golden_value *a, const struct golden_value *b) {
  assert_true(bytes_equal(a->text, b->text));
  assert_int_equal(a->origin, b->origin);
  if (a->origin == GOLDEN_NONE) return;
  assert_int_equal(a->rule, b->rule);
  assert_int_equal(a->derived_from, b->derived_from);
  assert_int_equal(a->member, b->member);
  assert_int_equal(a->distinct_count, b->distinct_count);
  assert_int_equal(a->part_count, b->part_count);
  for (uint32_t i = 0; i < a->part_count; i++)
    assert_int_equal(a->part_members[i], b->part_members[i]);
  assert_int_equal(a->runner_up_count, b->runner_up_count);
  for (uint32_t i = 0; i < a->runner_up_count; i++) {
    assert_true(bytes_equal(a->runners_up[i].text, b->runners_up[i].text));
    assert_int_equal(a->runners_up[i].member, b->runners_up[i].member);
  }
}

static void assert_same(const struct golden_record *a, const struct golden_decoded *decoded) {
  const struct golden_record *b = &decoded->golden;
  assert_true(a->customer_id == b->customer_id);
  assert_true(a->first_seen_ms == b->first_seen_ms && a->updated_at_ms == b->updated_at_ms);
  assert_int_equal(a->score, b->score);
  assert_string_equal(a->tier, b->tier);
  assert_true(bytes_equal(a->score_reason, b->score_reason));
  assert_true(a->missing_fields == b->missing_fields);
  assert_int_equal(a->tag_count, b->tag_count);
  for (uint32_t i = 0; i < a->tag_count; i++) {
    assert_string_equal(a->tags[i].name, b->tags[i].name);
    assert_true(bytes_equal(a->tags[i].reason, b->tags[i].reason));
  }
  assert_int_equal(a->member_count, b->member_count);
  assert_memory_equal(a->link_weights, b->link_weights, a->member_count * sizeof(int32_t));
  for (uint32_t i = 0; i < a->member_count; i++)
    assert_memory_equal(&a->members[i].header->key, &decoded->member_keys[i], 16);
  for (uint32_t f = 0; f < x.job.field_count; f++) assert_same_value(&a->values[f], &b->values[f]);
}

static void what_is_encoded_is_decoded(void **state) {
  (void)state;
  static struct golden_decoded decoded;
  static const uint32_t counts[] = {1, 2, 3, 5, 20, 300};
  uint64_t seed = 3;
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    make_golden(&seed, counts[i]);
    struct buffer out = {0};
    golden_encode(&golden, x.job.field_count, &out);
    assert_int_equal(golden_decode(buffer_bytes(&out), x.job.field_count, &x.arena, &decoded),
                     ERR_OK);
    assert_same(&golden, &decoded);
    assert_null(decoded.golden.members);
    decoded.golden.members = x.members;
    struct failure failure;
    for (uint32_t f = 0; f < x.job.field_count; f++)
      assert_int_equal(golden_verify_value(&x.golden, &decoded.golden, f, &x.arena, &failure),
                       ERR_OK);
    assert_int_equal(golden_decode(buffer_bytes(&out), x.job.field_count + 1, &x.arena, &decoded),
                     ERR_MALFORMED);
    buffer_release(&out);
    fixture_release(&x);
  }
}

static void damaged_bytes_are_refused_or_read_within_bounds(void **state) {
  (void)state;
  static struct golden_decoded decoded;
  uint64_t seed = 5;
  make_golden(&seed, 6);
  struct buffer out = {0};
  golden_encode(&golden, x.job.field_count, &out);
  for (size_t size = 0; size < out.size; size++) {
    char *exact = memory_new(size + 1); /* so that the address sanitizer sees one byte too many */
    memcpy(exact, out.data, size);
    assert_int_equal(golden_decode(bytes_of(exact, size), x.job.field_count, &x.arena, &decoded),
                     ERR_MALFORMED);
    free(exact);
  }
  for (int round = 0; round < 20000; round++) {
    size_t at = fixture_random(&seed, (uint32_t)out.size);
    char kept = out.data[at];
    out.data[at] = (char)fixture_random(&seed, 256);
    arena_reset(&x.arena);
    if (golden_decode(buffer_bytes(&out), x.job.field_count, &x.arena, &decoded) == ERR_OK)
      for (uint32_t f = 0; f < x.job.field_count; f++) {
        const struct golden_value *v = &decoded.golden.values[f];
        assert_true(v->member == GOLDEN_NO_MEMBER || v->member < decoded.golden.member_count);
        assert_true(v->text.size <= out.size && v->runner_up_count <= GOLDEN_RUNNERS_UP_MAX);
      }
    out.data[at] = kept;
  }
  buffer_release(&out);
  fixture_release(&x);
}

static void the_digest_sees_values_lineage_and_members_only(void **state) {
  (void)state;
  uint64_t seed = 9;
  struct buffer scratch = {0};
  make_golden(&seed, 5);
  struct hash128 first = golden_digest(&x.job, &golden, &scratch), other;
  golden.customer_id++;
  golden.score = 3;
  golden.tag_count = 0;
  golden.updated_at_ms++;
  other = golden_digest(&x.job, &golden, &scratch);
  assert_memory_equal(&first, &other, sizeof first);
  struct golden_value kept = golden.values[0];
  golden.values[0].text.size--;
  other = golden_digest(&x.job, &golden, &scratch);
  assert_memory_not_equal(&first, &other, sizeof first);
  golden.values[0] = kept;
  golden.values[0].member = (kept.member + 1) % 5;
  other = golden_digest(&x.job, &golden, &scratch);
  assert_memory_not_equal(&first, &other, sizeof first);
  golden.values[0] = kept;
  golden.values[0].runner_up_count--;
  other = golden_digest(&x.job, &golden, &scratch);
  assert_memory_not_equal(&first, &other, sizeof first);
  golden.values[0] = kept;
  golden.member_count--;
  other = golden_digest(&x.job, &golden, &scratch);
  assert_memory_not_equal(&first, &other, sizeof first);
  buffer_release(&scratch);
  fixture_release(&x);
}

static void digests_add_up_in_any_order(void **state) {
  (void)state;
  struct hash128 digests[100], forward = {0}, backward = {0}, halves[2] = {{0}};
  uint64_t seed = 2;
  for (int i = 0; i < 100; i++) {
    uint32_t number = fixture_random(&seed, UINT32_MAX);
    digests[i] = hash_bytes_128(bytes_of((char *)&number, sizeof number));
  }
  for (int i = 0; i < 100; i++) {
    golden_digest_add(&forward, digests[i]);
    golden_digest_add(&backward, digests[99 - i]);
    golden_digest_add(&halves[i % 3 == 0], digests[i]);
  }
  golden_digest_add(&halves[0], halves[1]);
  assert_memory_equal(&forward, &backward, sizeof forward);
  assert_memory_equal(&forward, &halves[0], sizeof forward);
  struct hash128 carry = {UINT64_MAX, 1};
  golden_digest_add(&carry, (struct hash128){1, 1});
  assert_true(carry.low == 0 && carry.high == 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_encoded_is_decoded),
      cmocka_unit_test(damaged_bytes_are_refused_or_read_within_bounds),
      cmocka_unit_test(the_digest_sees_values_lineage_and_members_only),
      cmocka_unit_test(digests_add_up_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
