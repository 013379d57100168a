#include "worker/stages/merge.h"

#include <stdlib.h>

#include "common/calendar.h"
#include "common/check.h"
#include "common/number_write.h"
#include "worker/fields/amount.h"
#include "worker/fields/id_card.h"
#include "worker/stages/tag.h"

/* Up to so many members are handled without the arena and without a hash table. */
enum { SMALL_MEMBERS = 16, INDEX_FROM = 32 };

/* How usable a value is; every rule prefers the lower. */
enum value_class { CLASS_USABLE, CLASS_ATTRIBUTE, CLASS_INVALID, CLASS_MISSING };

static const uint8_t class_of_state[] = {
    [VALUE_MISSING] = CLASS_MISSING, [VALUE_OK] = CLASS_USABLE,
    [VALUE_FIXED] = CLASS_USABLE,    [VALUE_ATTRIBUTE] = CLASS_ATTRIBUTE,
    [VALUE_INVALID] = CLASS_INVALID,
};

/* One distinct value of a field. */
struct candidate {
  struct bytes text;
  uint32_t member;   /* the first of the order that has it in its best class */
  uint32_t position; /* of that member in the order */
  uint32_t frequency;
  uint32_t length; /* in characters; only where the criterion asks */
  int32_t trust;
  uint8_t class;
  uint8_t completeness;
};

/* The members of one entity while they are merged. */
struct merge {
  const struct golden_plan *plan;
  const struct record_view *members;
  uint32_t count;
  struct arena *arena;
  uint32_t *order[GOLDEN_ORDER_COUNT]; /* NULL until it is asked for */
  int64_t *first_ms;
  struct candidate *candidates;
  uint32_t candidate_capacity;
  uint32_t *slots; /* hash table over the candidates; 0 = free, else index + 1 */
  uint32_t slot_mask;
};

/* ---- the order of the members ---- */

static int compare_i64(int64_t a, int64_t b) { return (a > b) - (a < b); }

/* Members with one key are rows of one record; only what they say tells them apart. */
static int compare_content(const struct merge *m, const struct record_view *a,
                           const struct record_view *b) {
  for (uint32_t f = 0; f < m->plan->job->field_count; f++) {
    int order = bytes_compare(a->values[f].text, b->values[f].text);
    if (!order) order = (int)a->values[f].state - (int)b->values[f].state;
    if (order) return order;
  }
  return 0;
}

static int compare_by_trust(const struct merge *m, uint32_t x, uint32_t y) {
  const struct job *job = m->plan->job;
  const struct record_view *a = &m->members[x], *b = &m->members[y];
  int order =
      compare_i64(job->sources[b->header->source].trust, job->sources[a->header->source].trust);
  if (!order) order = compare_i64(b->header->time_ms, a->header->time_ms);
  if (!order) order = bytes_compare(record_source_id(job, a), record_source_id(job, b));
  if (!order)
    order =
        (a->header->key.high > b->header->key.high) - (a->header->key.high < b->header->key.high);
  if (!order)
    order = (a->header->key.low > b->header->key.low) - (a->header->key.low < b->header->key.low);
  return order ? order : compare_content(m, a, b);
}

static int compare_members(const struct merge *m, enum golden_order by, uint32_t x, uint32_t y) {
  int order = 0;
  if (by == GOLDEN_BY_LATEST)
    order = compare_i64(m->members[y].header->time_ms, m->members[x].header->time_ms);
  if (by == GOLDEN_BY_EARLIEST) { /* unknown is the smallest number and must come last */
    uint64_t a = (uint64_t)m->first_ms[x] - 1, b = (uint64_t)m->first_ms[y] - 1;
    order = compare_i64((int64_t)a, (int64_t)b);
  }
  return order ? order : compare_by_trust(m, x, y);
}

struct order_context {
  const struct merge *merge;
  enum golden_order by;
};

static int compare_for_sort(const void *a, const void *b, void *context) {
  const struct order_context *c = context;
  return compare_members(c->merge, c->by, *(const uint32_t *)a, *(const uint32_t *)b);
}

static const uint32_t *member_order(struct merge *m, enum golden_order by) {
  static const uint32_t only_one[1] = {0};
  if (m->count == 1) return only_one;
  if (m->order[by]) return m->order[by];
  uint32_t *order = arena_alloc(m->arena, m->count * sizeof *order);
  if (m->count > SMALL_MEMBERS) {
    for (uint32_t i = 0; i < m->count; i++) order[i] = i;
    struct order_context context = {m, by};
    qsort_r(order, m->count, sizeof *order, compare_for_sort, &context);
  } else {
    for (uint32_t i = 0; i < m->count; i++) {
      uint32_t at = i;
      while (at > 0 && compare_members(m, by, i, order[at - 1]) < 0) {
        order[at] = order[at - 1];
        at--;
      }
      order[at] = i;
    }
  }
  return m->order[by] = order;
}

/* ---- distinct values ---- */

static uint32_t count_characters(struct bytes text) {
  uint32_t count = 0;
  for (size_t i = 0; i < text.size; i++) count += ((uint8_t)text.data[i] & 0xC0) != 0x80;
  return count;
}

/* Where the candidate with this text is or would be. */
static uint32_t find_candidate(const struct merge *m, uint32_t count, struct bytes text,
                               uint32_t *slot) {
  if (!m->slots) {
    uint32_t i = 0;
    while (i < count && !bytes_equal(m->candidates[i].text, text)) i++;
    return i;
  }
  uint32_t at = (uint32_t)hash_bytes(text) & m->slot_mask;
  while (m->slots[at] && !bytes_equal(m->candidates[m->slots[at] - 1].text, text))
    at = (at + 1) & m->slot_mask;
  *slot = at;
  return m->slots[at] ? m->slots[at] - 1 : count;
}

static void reserve_candidates(struct merge *m, uint32_t capacity) {
  if (capacity > m->candidate_capacity) {
    m->candidates = arena_alloc(m->arena, capacity * sizeof *m->candidates);
    m->candidate_capacity = capacity;
  }
  m->slots = NULL;
  if (capacity <= INDEX_FROM) return;
  uint32_t size = 64;
  while (size < 2 * capacity) size *= 2;
  m->slots = arena_alloc_zeroed(m->arena, size * sizeof *m->slots);
  m->slot_mask = size - 1;
}

static uint32_t add_value(struct merge *m, const struct golden_field *field, uint32_t count,
                          const struct record_value *value, struct bytes text, uint32_t member,
                          uint32_t position) {
  uint32_t slot = 0, at = find_candidate(m, count, text, &slot);
  struct candidate *c = &m->candidates[at];
  uint8_t class = class_of_state[value->state];
  if (at < count && c->class <= class) {
    c->frequency++;
    return count;
  }
  uint32_t frequency = at < count ? c->frequency + 1 : 1;
  *c = (struct candidate){
      .text = text,
      .member = member,
      .position = position,
      .frequency = frequency,
      .trust = m->plan->job->sources[m->members[member].header->source].trust,
      .class = class,
      .completeness = field->completeness[value->kind],
  };
  if (field->criterion == GOLDEN_PREFER_LONG) c->length = count_characters(text);
  if (at < count) return count;
  if (m->slots) m->slots[slot] = at + 1;
  return count + 1;
}

/* Fills m->candidates; the number of distinct values (parts, in a united field). */
static uint32_t collect_candidates(struct merge *m, uint32_t f) {
  const struct golden_field *field = &m->plan->fields[f];
  const uint32_t *order = member_order(m, field->order);
  uint32_t cells = 0, first = 0;
  for (uint32_t i = m->count; i-- > 0;) {
    const struct record_value *value = &m->members[order[i]].values[f];
    if (value->state == VALUE_MISSING || value->text.size == 0) continue;
    first = i;
    cells++;
    if (!field->united) continue;
    for (size_t k = 0; k < value->text.size; k++)
      cells += value->text.data[k] == RECORD_VALUE_SEPARATOR;
  }
  if (cells == 0) return 0;
  reserve_candidates(m, cells);
  uint32_t count = 0;
  for (uint32_t i = first; i < m->count; i++) {
    const struct record_value *value = &m->members[order[i]].values[f];
    if (value->state == VALUE_MISSING || value->text.size == 0) continue;
    if (!field->united) {
      count = add_value(m, field, count, value, value->text, order[i], i);
      continue;
    }
    struct bytes rest = value->text, part;
    while (golden_next_part(&rest, &part))
      if (part.size) count = add_value(m, field, count, value, part, order[i], i);
  }
  return count;
}

/* ---- which value is better ---- */

static int compare_values(const struct golden_field *field, struct bytes a, struct bytes b) {
  int64_t x, y;
  if (field->is_amount && amount_value_fen(a, &x) && amount_value_fen(b, &y) && x != y)
    return compare_i64(x, y);
  return bytes_compare(a, b);
}

/* < 0 when a is to be preferred. Never 0 for two candidates of one field: their positions or, in
 * one cell, their texts differ. */
static int compare_candidates(const struct golden_field *field, const struct candidate *a,
                              const struct candidate *b) {
  int order = (int)a->class - (int)b->class;
  if (order) return order;
  switch ((enum golden_criterion)field->criterion) {
    case GOLDEN_PREFER_FIRST:
      break;
    case GOLDEN_PREFER_FREQUENT:
      order = compare_i64(b->frequency, a->frequency);
      break;
    case GOLDEN_PREFER_COMPLETE:
    case GOLDEN_PREFER_LONG:
      order = (int)b->completeness - (int)a->completeness;
      if (field->criterion == GOLDEN_PREFER_LONG) order = compare_i64(b->length, a->length);
      if (!order) order = compare_i64(b->trust, a->trust);
      if (!order) order = compare_i64(b->frequency, a->frequency);
      break;
    case GOLDEN_PREFER_COMPLETE_NEW:
      order = (int)b->completeness - (int)a->completeness;
      break;
    case GOLDEN_PREFER_SMALL:
      order = compare_values(field, a->text, b->text);
      break;
    case GOLDEN_PREFER_LARGE:
      order = compare_values(field, b->text, a->text);
      break;
  }
  if (!order) order = compare_i64(a->position, b->position);
  return order ? order : bytes_compare(a->text, b->text);
}

/* ---- one field ---- */

static void set_none(struct golden_value *out, uint8_t rule) {
  out->text = BYTES_EMPTY;
  out->origin = GOLDEN_NONE;
  out->rule = rule;
  out->derived_from = 0;
  out->member = GOLDEN_NO_MEMBER;
  out->part_members = NULL;
  out->part_count = 0;
  out->distinct_count = 0;
  out->runner_up_count = 0;
}

/* The winner and the best losers, without sorting what nobody will see. */
static uint8_t choose_one(struct merge *m, const struct golden_field *field, uint32_t count,
                          struct golden_value *out) {
  struct candidate *c = m->candidates;
  uint32_t usable = 0;
  for (uint32_t i = 0; i < count; i++) usable += c[i].class == CLASS_USABLE;
  uint32_t wanted = count <= GOLDEN_RUNNERS_UP_MAX ? count : GOLDEN_RUNNERS_UP_MAX + 1;
  for (uint32_t k = 0; k < wanted; k++) {
    uint32_t best = k;
    for (uint32_t i = k + 1; i < count; i++)
      if (compare_candidates(field, &c[i], &c[best]) < 0) best = i;
    struct candidate chosen = c[best];
    c[best] = c[k];
    c[k] = chosen;
    if (k == 0) continue;
    out->runners_up[k - 1].text = chosen.text;
    out->runners_up[k - 1].member = chosen.member;
  }
  out->origin = GOLDEN_CELL;
  out->text = c[0].text;
  out->member = c[0].member;
  out->distinct_count = usable;
  out->runner_up_count = wanted - 1;
  return c[0].class;
}

static int compare_parts(const void *a, const void *b, void *context) {
  const struct candidate *x = a, *y = b;
  const struct golden_field *field = context;
  if (field->sorted) return compare_values(field, x->text, y->text);
  return compare_candidates(field, x, y);
}

/* Invalid parts stand only where there are no others. */
static uint32_t drop_invalid_parts(struct candidate *parts, uint32_t count) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++)
    if (parts[i].class != CLASS_INVALID) parts[kept++] = parts[i];
  return kept ? kept : count;
}

static uint8_t unite(struct merge *m, const struct golden_field *field, uint32_t count,
                     struct golden_value *out) {
  struct candidate *parts = m->candidates;
  count = drop_invalid_parts(parts, count);
  if (count > 1) qsort_r(parts, count, sizeof *parts, compare_parts, (void *)field);
  uint32_t *members = arena_alloc(m->arena, count * sizeof *members);
  size_t size = count - 1;
  for (uint32_t i = 0; i < count; i++) size += parts[i].text.size;
  char *text = arena_alloc(m->arena, size), *at = text;
  for (uint32_t i = 0; i < count; i++) {
    if (i) *at++ = RECORD_VALUE_SEPARATOR;
    memcpy(at, parts[i].text.data, parts[i].text.size);
    at += parts[i].text.size;
    members[i] = parts[i].member;
  }
  out->origin = GOLDEN_UNITED;
  out->text = bytes_of(text, size);
  out->member = members[0];
  out->part_members = members;
  out->part_count = count;
  out->distinct_count = count;
  return parts[0].class;
}

/* Most fields of most entities have one value, or none. Then there is nothing to choose; false when
 * there is. */
static bool merge_alike(struct merge *m, uint32_t f, struct golden_value *out, uint8_t *class) {
  const uint32_t *order = member_order(m, (enum golden_order)m->plan->fields[f].order);
  const struct record_value *best = NULL;
  for (uint32_t i = 0; i < m->count; i++) {
    const struct record_value *value = &m->members[order[i]].values[f];
    if (value->state == VALUE_MISSING || value->text.size == 0) continue;
    if (best && !bytes_equal(best->text, value->text)) return false;
    if (best && class_of_state[best->state] <= class_of_state[value->state]) continue;
    best = value;
    out->member = order[i];
  }
  if (!best) return true;
  *class = class_of_state[best->state];
  out->origin = GOLDEN_CELL;
  out->text = best->text;
  out->distinct_count = *class == CLASS_USABLE;
  return true;
}

static uint8_t merge_field(struct merge *m, uint32_t f, struct golden_value *out) {
  const struct golden_field *field = &m->plan->fields[f];
  set_none(out, field->rule);
  uint8_t class = CLASS_MISSING;
  if (!field->united && merge_alike(m, f, out, &class)) return class;
  uint32_t count = collect_candidates(m, f);
  if (count == 0) return CLASS_MISSING;
  return field->united ? unite(m, field, count, out) : choose_one(m, field, count, out);
}

/* ---- derivations ---- */

/* What an ID card says, in the arena; empty when it says nothing. */
static struct bytes derive_from_id_card(enum golden_derivation derivation, struct bytes id_card,
                                        struct arena *arena) {
  if (derivation == GOLDEN_DERIVE_SEX_OF_ID_CARD) {
    enum id_card_sex sex = id_card_sex(id_card);
    if (sex == ID_CARD_SEX_UNKNOWN) return BYTES_EMPTY;
    return sex == ID_CARD_SEX_MALE ? BYTES("男") : BYTES("女");
  }
  int32_t day = id_card_birth_day(id_card);
  if (day == CALENDAR_NO_DAY) return BYTES_EMPTY;
  struct calendar_date date = calendar_date_of(day);
  char *text = arena_alloc(arena, 10), *at = text;
  at = number_put_padded(at, (uint64_t)date.year, 4);
  *at++ = '-';
  at = number_put_padded(at, (uint64_t)date.month, 2);
  *at++ = '-';
  number_put_padded(at, (uint64_t)date.day, 2);
  return bytes_of(text, 10);
}

/* The value that was chosen before stays visible as the first runner-up. */
static void replace_by_derived(struct golden_value *value, struct bytes text, uint16_t from,
                               uint32_t member) {
  if (value->origin == GOLDEN_CELL) {
    uint32_t kept = value->runner_up_count;
    if (kept == GOLDEN_RUNNERS_UP_MAX) kept--;
    memmove(&value->runners_up[1], &value->runners_up[0], kept * sizeof value->runners_up[0]);
    value->runners_up[0].text = value->text;
    value->runners_up[0].member = value->member;
    value->runner_up_count = kept + 1;
  }
  value->origin = GOLDEN_DERIVED;
  value->text = text;
  value->derived_from = from;
  value->member = member;
}

static void derive_fields(const struct merge *m, const uint8_t *classes,
                          struct golden_record *out) {
  int id_card = m->plan->id_card;
  if (id_card < 0 || classes[id_card] != CLASS_USABLE) return;
  const struct golden_value *card = &out->values[id_card];
  struct bytes rest = card->text, number;
  golden_next_part(&rest, &number);
  for (uint32_t f = 0; f < m->plan->job->field_count; f++) {
    enum golden_derivation derivation = m->plan->fields[f].derivation;
    bool of_id_card = derivation == GOLDEN_DERIVE_SEX_OF_ID_CARD ||
                      derivation == GOLDEN_DERIVE_BIRTH_DATE_OF_ID_CARD;
    if (!of_id_card || classes[f] == CLASS_USABLE) continue;
    struct bytes text = derive_from_id_card(derivation, number, m->arena);
    if (text.size) replace_by_derived(&out->values[f], text, (uint16_t)id_card, card->member);
  }
}

/* ---- the entity ---- */

static void merge_times(struct merge *m, struct golden_record *out) {
  out->first_seen_ms = out->updated_at_ms = INT64_MIN;
  for (uint32_t i = 0; i < m->count; i++) {
    int64_t first = golden_first_ms(m->plan, &m->members[i]);
    int64_t updated = m->members[i].header->time_ms;
    m->first_ms[i] = first;
    if (first != INT64_MIN && (out->first_seen_ms == INT64_MIN || first < out->first_seen_ms))
      out->first_seen_ms = first;
    if (updated > out->updated_at_ms) out->updated_at_ms = updated;
  }
}

void golden_merge(const struct golden_plan *plan, const struct record_view *members,
                  uint32_t member_count, const int32_t *link_weights, struct arena *arena,
                  struct golden_record *out) {
  check(member_count > 0);
  struct candidate small_candidates[SMALL_MEMBERS];
  int64_t small_first_ms[SMALL_MEMBERS];
  uint8_t classes[JOB_FIELDS_MAX];
  struct merge m = {.plan = plan,
                    .members = members,
                    .count = member_count,
                    .arena = arena,
                    .first_ms = small_first_ms,
                    .candidates = small_candidates,
                    .candidate_capacity = SMALL_MEMBERS};
  if (member_count > SMALL_MEMBERS)
    m.first_ms = arena_alloc(arena, member_count * sizeof *m.first_ms);
  out->member_count = member_count;
  out->members = members;
  out->link_weights = link_weights;
  out->score = -1;
  out->tier = NULL;
  out->tag_count = 0;
  out->score_reason = BYTES_EMPTY;
  merge_times(&m, out);
  for (uint32_t f = 0; f < plan->job->field_count; f++)
    classes[f] = merge_field(&m, f, &out->values[f]);
  derive_fields(&m, classes, out);
  out->missing_fields = 0;
  for (uint32_t f = 0; f < plan->job->field_count; f++)
    if (out->values[f].origin == GOLDEN_NONE) out->missing_fields |= 1ULL << f;
  out->missing_fields &= plan->required_fields;
}

/* ---- verify ---- */

static bool cell_has_part(struct bytes cell, struct bytes wanted) {
  struct bytes part;
  while (golden_next_part(&cell, &part))
    if (bytes_equal(part, wanted)) return true;
  return false;
}

static bool parts_are_cells(const struct golden_record *golden, uint32_t field) {
  const struct golden_value *value = &golden->values[field];
  struct bytes rest = value->text, part;
  for (uint32_t i = 0; i < value->part_count; i++) {
    if (!golden_next_part(&rest, &part) || value->part_members[i] >= golden->member_count)
      return false;
    const struct record_view *member = &golden->members[value->part_members[i]];
    if (!cell_has_part(member->values[field].text, part)) return false;
  }
  return rest.size == 0;
}

static bool is_derivation(const struct golden_plan *plan, const struct golden_record *golden,
                          uint32_t field, struct arena *arena) {
  const struct golden_value *value = &golden->values[field];
  enum golden_derivation derivation = plan->fields[field].derivation;
  if (derivation == GOLDEN_DERIVE_NONE) return false;
  if (derivation == GOLDEN_DERIVE_STATE_OF_ORDERS) {
    struct tag_facts facts;
    tag_facts_collect(plan, golden->members, golden->member_count, arena, &facts);
    const struct job_tags *tags = job_tags_of(plan->job);
    return value->member == facts.last_order_member &&
           bytes_equal(value->text, tag_customer_state(tags, &facts));
  }
  if (value->derived_from != plan->id_card || value->member >= golden->member_count) return false;
  const struct record_value *card = &golden->members[value->member].values[plan->id_card];
  struct bytes rest = card->text, number;
  while (golden_next_part(&rest, &number))
    if (bytes_equal(value->text, derive_from_id_card(derivation, number, arena))) return true;
  return false;
}

enum err golden_verify_value(const struct golden_plan *plan, const struct golden_record *golden,
                             uint32_t field, struct arena *arena, struct failure *failure) {
  const struct golden_value *value = &golden->values[field];
  bool proved = false;
  const char *expected = "no value";
  switch ((enum golden_origin)value->origin) {
    case GOLDEN_NONE:
      proved = value->text.size == 0;
      break;
    case GOLDEN_CELL:
      expected = "the cell of the record that it names";
      proved = value->text.size && value->member < golden->member_count &&
               bytes_equal(value->text, golden->members[value->member].values[field].text);
      break;
    case GOLDEN_UNITED:
      expected = "parts of the cells of the records that it names";
      proved = value->part_count && parts_are_cells(golden, field);
      break;
    case GOLDEN_DERIVED:
      expected = golden_derivation_name(plan->fields[field].derivation);
      proved = is_derivation(plan, golden, field, arena);
      break;
  }
  if (proved) return ERR_OK;
  char id[32];
  customer_id_format(golden->customer_id, id);
  struct bytes name = plan->job->fields[field].name;
  return failure_set(
      failure, ERR_MISMATCH,
      "customer %s, field %.*s: the golden value is not what its lineage says (expected "
      "%s); rebuild the generation with guiyi run",
      id, (int)name.size, name.data, expected);
}
