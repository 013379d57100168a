/* golden_fixture — a small job and packed member records, made by hand: for the tests of merging,
 * tagging, the codec and the exports. */
#ifndef GUIYI_TESTS_HARNESS_GOLDEN_FIXTURE_H
#define GUIYI_TESTS_HARNESS_GOLDEN_FIXTURE_H

#include <stdlib.h>

#include "common/check.h"
#include "worker/golden_plan.h"

enum { FIXTURE_MEMBERS_MAX = 600, FIXTURE_SOURCES_MAX = 16 };

struct golden_fixture {
  struct job job;
  struct plan plan;
  struct golden_plan golden;
  struct job_field fields[JOB_FIELDS_MAX];
  struct job_source sources[FIXTURE_SOURCES_MAX];
  struct arena arena;
  struct buffer packed[FIXTURE_MEMBERS_MAX];
  struct record_view members[FIXTURE_MEMBERS_MAX];
  int32_t weights[FIXTURE_MEMBERS_MAX];
  uint32_t member_count;
};

/* Types of the fixture's own: the merge needs of a type only its kinds, its mask and its default.
 */
static const char *const fixture_name_kinds[] = {"full", "surname_only", "nickname", NULL};
static const char *const fixture_address_kinds[] = {"province", "district", "room", NULL};
static const char *const fixture_no_kinds[] = {NULL};

static struct bytes fixture_mask(struct bytes value, struct arena *arena) {
  char *text = arena_alloc(arena, value.size);
  memset(text, '*', value.size);
  if (value.size) text[0] = value.data[0];
  return bytes_of(text, value.size);
}

static const struct field_type fixture_types[FIELD_TYPE_COUNT] = {
#define T(id, type_name)                                                     \
  [FIELD_TYPE_##id] = {.name = type_name,                                    \
                       .kind_names = fixture_no_kinds,                       \
                       .is_identifier = FIELD_TYPE_##id == FIELD_TYPE_PHONE, \
                       .is_personal = FIELD_TYPE_##id <= FIELD_TYPE_ADDRESS, \
                       .mask = fixture_mask},
    FIELD_TYPE_TABLE(T)
#undef T
};

static inline uint16_t fixture_field(struct golden_fixture *x, const char *name,
                                     enum field_type_id type, enum survivorship rule) {
  static struct field_type named, placed;
  uint32_t f = x->job.field_count++;
  check(f < JOB_FIELDS_MAX);
  x->fields[f] =
      (struct job_field){.name = bytes_from_string(name), .type = type, .survivorship = rule};
  named = fixture_types[FIELD_TYPE_PERSON_NAME];
  named.kind_names = fixture_name_kinds;
  placed = fixture_types[FIELD_TYPE_ADDRESS];
  placed.kind_names = fixture_address_kinds;
  x->plan.types[f] = type == FIELD_TYPE_PERSON_NAME ? &named
                     : type == FIELD_TYPE_ADDRESS   ? &placed
                                                    : &fixture_types[type];
  x->plan.is_personal[f] = x->plan.types[f]->is_personal;
  return (uint16_t)f;
}

static inline uint16_t fixture_source(struct golden_fixture *x, const char *id, int32_t trust,
                                      enum event_kind event) {
  uint32_t s = x->job.source_count++;
  check(s < FIXTURE_SOURCES_MAX);
  x->sources[s] = (struct job_source){.id = bytes_from_string(id), .trust = trust, .event = event};
  return (uint16_t)s;
}

static inline void fixture_start(struct golden_fixture *x) {
  *x = (struct golden_fixture){0};
  x->job.fields = x->fields;
  x->job.sources = x->sources;
  x->job.timezone_minutes = 480;
  x->plan.job = &x->job;
}

/* After fields and sources. */
static inline void fixture_plan(struct golden_fixture *x, int32_t as_of_day) {
  golden_plan_make(&x->plan, as_of_day, &x->golden);
}

static inline void fixture_clear_members(struct golden_fixture *x) {
  for (uint32_t i = 0; i < x->member_count; i++) buffer_release(&x->packed[i]);
  x->member_count = 0;
}

static inline void fixture_release(struct golden_fixture *x) {
  fixture_clear_members(x);
  arena_release(&x->arena);
}

/* Adds a member; values: one per field. id NULL = a record without id, known by content. */
static inline uint32_t fixture_member(struct golden_fixture *x, uint16_t source, const char *id,
                                      int64_t time_ms, const struct record_value *values) {
  uint32_t i = x->member_count++;
  check(i < FIXTURE_MEMBERS_MAX);
  struct record_header header = {.time_ms = time_ms,
                                 .line = i + 2,
                                 .row = i,
                                 .source = source,
                                 .event = (uint8_t)x->sources[source].event,
                                 .flags = id ? 0 : RECORD_HAS_NO_ID};
  struct buffer content = {0};
  for (uint32_t f = 0; f < x->job.field_count; f++) {
    buffer_append_bytes(&content, values[f].text);
    buffer_append_char(&content, '|');
  }
  header.key = record_key(x->sources[source].id,
                          id ? bytes_from_string(id) : buffer_bytes(&content), id != NULL);
  buffer_release(&content);
  x->packed[i] = (struct buffer){0};
  record_encode(&x->packed[i], &header, BYTES_EMPTY, bytes_from_string(id), values,
                x->job.field_count);
  record_view_of(x->packed[i].data, x->job.field_count, &x->members[i]);
  x->weights[i] = INT32_MIN;
  return i;
}

static inline struct record_value ok(const char *text) {
  return (struct record_value){bytes_from_string(text), text && *text ? VALUE_OK : VALUE_MISSING,
                               0};
}

static inline struct record_value with_state(const char *text, enum value_state state) {
  return (struct record_value){bytes_from_string(text), (uint8_t)state, 0};
}

static inline struct record_value of_kind(const char *text, uint8_t kind) {
  return (struct record_value){bytes_from_string(text), VALUE_OK, kind};
}

/* A repeatable stream of numbers. */
static inline uint32_t fixture_random(uint64_t *state, uint32_t below) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (uint32_t)(hash_mix(*state) % below);
}

#endif
