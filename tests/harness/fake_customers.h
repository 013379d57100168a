/* fake_customers — a plan over small made-up field types, and rows of made-up customers, for tests
 * of the matching stages: what a type says is then plain arithmetic that a test can see through.
 *
 * Fields: name (surname and given number), phone (identifier), card (identifier, contradicts),
 * birth (date), sex (code), city (text). 0 = missing. */
#ifndef GUIYI_TESTS_HARNESS_FAKE_CUSTOMERS_H
#define GUIYI_TESTS_HARNESS_FAKE_CUSTOMERS_H

#include <stdlib.h>
#include <string.h>

#include "common/hash.h"
#include "common/memory.h"
#include "worker/plan.h"
#include "worker/stages/block.h"

enum fake_field { FAKE_NAME, FAKE_PHONE, FAKE_CARD, FAKE_BIRTH, FAKE_SEX, FAKE_CITY, FAKE_FIELDS };
enum fake_rule { FAKE_BY_PHONE, FAKE_BY_CARD, FAKE_BY_NAME_BIRTH, FAKE_BY_NAME_CITY, FAKE_RULES };
enum { FAKE_SAME_SURNAME = 2, FAKE_SIMILAR = 5 };

/* A customer's record as a test writes it. */
struct fake_record {
  uint32_t surname, given;
  uint64_t phone, card, birth, sex, city;
  int32_t day;  /* 0 = unknown */
  uint64_t key; /* record_key; 0 = made from the position */
  bool has_id;
};

struct fake_name {
  uint32_t surname, given;
};

static uint64_t fake_number(const void *feature) {
  uint64_t value;
  memcpy(&value, feature, sizeof value);
  return value;
}

static uint64_t fake_key_part(const void *feature, unsigned part) {
  (void)part;
  uint64_t value = fake_number(feature);
  return value ? hash_mix(value) : 0;
}

static unsigned fake_compare(const void *left, const void *right) {
  uint64_t a = fake_number(left), b = fake_number(right);
  if (!a || !b) return FIELD_LEVEL_MISSING;
  return a == b ? FIELD_LEVEL_EXACT : FIELD_LEVEL_DIFFER;
}

static unsigned fake_compare_near(const void *left, const void *right) {
  uint64_t a = fake_number(left), b = fake_number(right);
  unsigned level = fake_compare(left, right);
  return level == FIELD_LEVEL_DIFFER && (a + 1 == b || b + 1 == a) ? FAKE_SIMILAR : level;
}

static bool fake_contradicts(const void *left, const void *right) {
  return fake_compare(left, right) == FIELD_LEVEL_DIFFER;
}

static uint64_t fake_name_part(const void *feature, unsigned part) {
  const struct fake_name *name = feature;
  uint64_t value = part == 0 ? fake_number(feature) : part == 1 ? name->surname : name->given;
  return value ? hash_mix(value + part) : 0;
}

static unsigned fake_compare_names(const void *left, const void *right) {
  const struct fake_name *a = left, *b = right;
  if (!a->given || !b->given) return FIELD_LEVEL_MISSING;
  bool surname = a->surname == b->surname;
  if (surname && a->given == b->given) return FIELD_LEVEL_EXACT;
  if (surname && (a->given + 1 == b->given || b->given + 1 == a->given)) return FAKE_SIMILAR;
  return surname ? FAKE_SAME_SURNAME : FIELD_LEVEL_DIFFER;
}

static bool fake_is_vague(const void *feature) {
  return ((const struct fake_name *)feature)->given == 0;
}

static const char *const fake_parts[] = {"exact", NULL};
static const char *const fake_name_parts[] = {"exact", "surname", "given", NULL};

static const struct field_type fake_types[FAKE_FIELDS] = {
    [FAKE_NAME] = {.name = "person_name",
                   .feature_size = 8,
                   .part_names = fake_name_parts,
                   .levels = {[1] = {"differ", 0.03, 0.94},
                              [FAKE_SAME_SURNAME] = {"same surname", 0.01, 0.05},
                              [FAKE_SIMILAR] = {"similar", 0.06, 0.008},
                              [8] = {"exact", 0.90, 0.002}},
                   .key_part = fake_name_part,
                   .compare = fake_compare_names,
                   .is_vague = fake_is_vague},
    [FAKE_PHONE] = {.name = "phone",
                    .feature_size = 8,
                    .is_identifier = true,
                    .is_reissued = true,
                    .part_names = fake_parts,
                    .levels = {[1] = {"differ", 0.3, 0.99999}, [8] = {"exact", 0.7, 0.00001}},
                    .key_part = fake_key_part,
                    .compare = fake_compare},
    [FAKE_CARD] = {.name = "id_card",
                   .feature_size = 8,
                   .is_identifier = true,
                   .part_names = fake_parts,
                   .levels = {[1] = {"differ", 0.02, 0.999999}, [8] = {"exact", 0.98, 0.000001}},
                   .key_part = fake_key_part,
                   .compare = fake_compare,
                   .contradicts = fake_contradicts},
    [FAKE_BIRTH] = {.name = "date",
                    .feature_size = 8,
                    .part_names = fake_parts,
                    .levels = {[1] = {"differ", 0.05, 0.9898},
                               [FAKE_SIMILAR] = {"near", 0.05, 0.01},
                               [8] = {"exact", 0.90, 0.0002}},
                    .key_part = fake_key_part,
                    .compare = fake_compare_near},
    [FAKE_SEX] = {.name = "category",
                  .feature_size = 8,
                  .part_names = fake_parts,
                  .levels = {[1] = {"differ", 0.02, 0.5}, [8] = {"exact", 0.98, 0.5}},
                  .key_part = fake_key_part,
                  .compare = fake_compare},
    [FAKE_CITY] = {.name = "text",
                   .feature_size = 8,
                   .part_names = fake_parts,
                   .levels = {[1] = {"differ", 0.2, 0.9}, [8] = {"exact", 0.8, 0.1}},
                   .key_part = fake_key_part,
                   .compare = fake_compare},
};

struct fake {
  struct job job;
  struct job_field fields[FAKE_FIELDS];
  struct plan plan;
};

static void fake_add_rule(struct plan *plan, const char *name, int first, int second, int refine) {
  struct plan_blocking_rule *rule = &plan->blocking[plan->blocking_count++];
  *rule = (struct plan_blocking_rule){.name = bytes_from_string(name)};
  rule->parts[rule->part_count++] = (struct plan_key_part){(uint8_t)first, 0};
  if (second >= 0) rule->parts[rule->part_count++] = (struct plan_key_part){(uint8_t)second, 0};
  if (refine >= 0) rule->refine[rule->refine_count++] = (struct plan_key_part){(uint8_t)refine, 0};
  for (unsigned i = 0; i < rule->part_count; i++)
    rule->comparisons |= (uint16_t)(1u << rule->parts[i].comparison);
  rule->is_identifier = second < 0 && fake_types[first].is_identifier;
  rule->cap = rule->is_identifier ? 500 : 200;
  if (rule->is_identifier)
    plan->comparisons[first].identifier_rule = (int8_t)(plan->blocking_count - 1);
}

static void fake_init(struct fake *fake) {
  static const char *const names[] = {"name", "phone", "card", "birth", "sex", "city"};
  static const enum field_type_id ids[] = {FIELD_TYPE_PERSON_NAME, FIELD_TYPE_PHONE,
                                           FIELD_TYPE_ID_CARD,     FIELD_TYPE_DATE,
                                           FIELD_TYPE_CATEGORY,    FIELD_TYPE_TEXT};
  *fake = (struct fake){.job = {.cluster_max = 500, .hub_names = 3, .reissue_gap_days = 90}};
  fake->job.fields = fake->fields;
  fake->job.field_count = FAKE_FIELDS;
  struct plan *plan = &fake->plan;
  plan->job = &fake->job;
  uint32_t offset = sizeof(struct feature_row);
  for (int f = 0; f < FAKE_FIELDS; f++) {
    fake->fields[f] = (struct job_field){.name = bytes_from_string(names[f]), .type = ids[f]};
    plan->types[f] = &fake_types[f];
    plan->comparison_of_field[f] = (int8_t)f;
    plan->comparisons[f] =
        (struct plan_comparison){&fake_types[f], (uint16_t)f, (uint16_t)offset, -1};
    offset += fake_types[f].feature_size;
  }
  fake->fields[FAKE_SEX].options.code_table = CODE_GENDER;
  plan->comparison_count = FAKE_FIELDS;
  plan->name_comparison = FAKE_NAME;
  fake_add_rule(plan, "phone", FAKE_PHONE, -1, -1);
  fake_add_rule(plan, "card", FAKE_CARD, -1, -1);
  fake_add_rule(plan, "name + birth", FAKE_NAME, FAKE_BIRTH, -1);
  fake_add_rule(plan, "name + city", FAKE_NAME, FAKE_CITY, FAKE_BIRTH);
  plan->marks_offset = offset;
  plan_lay_out_marks(plan);
}

static struct feature_row *fake_row(const struct fake *fake, uint8_t *rows, uint32_t row) {
  return (struct feature_row *)(rows + (size_t)row * fake->plan.row_bytes);
}

/* Rows of the records; free() them. */
static uint8_t *fake_rows(const struct fake *fake, const struct fake_record *records,
                          uint32_t count) {
  uint8_t *rows = memory_new_zeroed(count, fake->plan.row_bytes);
  for (uint32_t i = 0; i < count; i++) {
    const struct fake_record *from = &records[i];
    struct feature_row *row = fake_row(fake, rows, i);
    row->record_key = from->key ? from->key : hash_mix(i + 1);
    row->day = from->day ? from->day : INT32_MIN;
    row->flags = ROW_PRESENT | (from->has_id ? ROW_HAS_ID : 0);
    struct fake_name name = {from->surname, from->given};
    uint64_t values[FAKE_FIELDS] = {0, from->phone, from->card, from->birth, from->sex, from->city};
    memcpy(&values[FAKE_NAME], &name, sizeof name);
    memcpy(row + 1, values, sizeof values);
    struct key_entry keys[JOB_BLOCKING_RULES_MAX];
    block_emit(&fake->plan, row, i, keys); /* fills the marks */
  }
  return rows;
}

/* Sorts the keys of all rows into partitions by their top bits and runs the block stage over each,
 * in the order given by `step` (odd: all partitions are met). */
static void fake_block(const struct fake *fake, uint8_t *rows, uint32_t row_count,
                       struct partition_blocks blocks[PLAN_PARTITIONS], unsigned step) {
  struct key_entry *entries[PLAN_PARTITIONS] = {0};
  uint64_t counts[PLAN_PARTITIONS] = {0};
  for (uint32_t i = 0; i < row_count; i++) {
    struct key_entry keys[JOB_BLOCKING_RULES_MAX];
    unsigned key_count = block_emit(&fake->plan, fake_row(fake, rows, i), i, keys);
    for (unsigned k = 0; k < key_count; k++) {
      unsigned p = (unsigned)(keys[k].key >> BLOCK_PARTITION_SHIFT);
      entries[p] = memory_resize(entries[p], (counts[p] + 1) * sizeof keys[0]);
      entries[p][counts[p]++] = keys[k];
    }
  }
  for (unsigned i = 0, p = 0; i < PLAN_PARTITIONS; i++, p = (p + step) % PLAN_PARTITIONS)
    block_partition_run(&fake->plan, rows, entries[p] ? entries[p] : memory_new(0), counts[p],
                        &blocks[p]);
}

#endif
