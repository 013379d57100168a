#include "worker/store/generation_search.h"

#include <stdlib.h>

#include "common/check.h"
#include "common/memory.h"
#include "worker/store/generation_parts.h"
#include "worker/store/index_leaf.h"
#include "worker/store/search_terms.h"

/* One text of the query: a customer fits when one of its conditions holds for one of its values. */
struct wanted {
  struct search_condition *conditions;
  uint32_t count;
};

struct candidate {
  uint64_t customer_id;
  uint32_t shard, ordinal;
};

struct candidate_list {
  struct candidate *items;
  size_t count, capacity;
};

/* ---- what is looked for ---- */

static struct bytes canonical_of(const struct field_type *type, struct bytes text,
                                 struct arena *arena) {
  struct field_options options = {0};
  struct standard_value value = {0};
  if (text.size > FIELD_RAW_BYTES_MAX) return BYTES_EMPTY;
  type->standardise(&options, text, arena, &value, NULL);
  return value.state == VALUE_MISSING || value.state == VALUE_INVALID ? BYTES_EMPTY : value.value;
}

static enum err make_wanted(const struct manifest *m, const struct search_query *query,
                            struct bytes text, uint32_t number, struct arena *arena,
                            struct wanted *wanted, struct failure *failure) {
  wanted->conditions =
      arena_alloc(arena, (m->field_count + 1) * SEARCH_WAYS_MAX * sizeof *wanted->conditions);
  wanted->count = 0;
  for (uint32_t f = 0; f < m->field_count; f++) {
    if (query->field >= 0 && query->field != (int)f) continue;
    const struct field_type *type =
        field_type_find(bytes_from_string(job_type_name(m->fields[f].type)));
    check(type != NULL);
    if (type->search == FIELD_SEARCH_NONE) continue;
    wanted->count += search_conditions(f, type->search, text, canonical_of(type, text, arena),
                                       arena, wanted->conditions + wanted->count);
  }
  if (query->field < 0)
    wanted->count += search_conditions(SEARCH_FIELD_RECORD_ID, FIELD_SEARCH_EXACT, text, text,
                                       arena, wanted->conditions + wanted->count);
  if (wanted->count) return ERR_OK;
  return failure_set(failure, ERR_USAGE,
                     "text %u of the search can't be looked up%s: give a whole identifier, one or "
                     "more characters of a name, or at least 3 digits of a phone number",
                     number + 1, query->field >= 0 ? " in this field" : "");
}

/* ---- lists of ordinals ---- */

static void intersect(struct u32_list *a, const struct u32_list *b) {
  size_t count = 0;
  for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
    if (a->items[i] < b->items[j]) {
      i++;
    } else if (a->items[i] > b->items[j]) {
      j++;
    } else {
      a->items[count++] = a->items[i];
      i++, j++;
    }
  }
  a->count = count;
}

static void unite(struct u32_list *a, const struct u32_list *b) {
  struct u32_list all = {0};
  for (size_t i = 0, j = 0; i < a->count || j < b->count;) {
    uint32_t x = i < a->count ? a->items[i] : UINT32_MAX;
    uint32_t y = j < b->count ? b->items[j] : UINT32_MAX;
    u32_list_append(&all, x < y ? x : y);
    i += i < a->count && x <= y;
    j += j < b->count && y <= x;
  }
  u32_list_release(a);
  *a = all;
}

static enum err find_condition(const struct shard_reader *shard, const struct search_condition *c,
                               struct u32_list *found, struct failure *failure) {
  enum err err = index_find_term(shard, c->terms[0], found, failure);
  for (uint32_t t = 1; !err && t < c->term_count && found->count; t++) {
    struct u32_list list = {0};
    err = index_find_term(shard, c->terms[t], &list, failure);
    if (!err) intersect(found, &list);
    u32_list_release(&list);
  }
  return err;
}

/* The customers of a shard that can fit all of what is wanted. */
static enum err find_in_shard(const struct shard_reader *shard, const struct wanted *wanted,
                              uint32_t wanted_count, struct u32_list *found,
                              struct failure *failure) {
  enum err err = ERR_OK;
  for (uint32_t w = 0; !err && w < wanted_count; w++) {
    struct u32_list any = {0};
    for (uint32_t c = 0; !err && c < wanted[w].count; c++) {
      struct u32_list list = {0};
      err = find_condition(shard, &wanted[w].conditions[c], &list, failure);
      if (!err && list.count) unite(&any, &list);
      u32_list_release(&list);
    }
    if (w == 0) {
      *found = any;
      continue;
    }
    intersect(found, &any);
    u32_list_release(&any);
  }
  return err;
}

static enum err add_candidates(const struct generation *g, uint32_t shard_number,
                               const struct wanted *wanted, const struct search_query *query,
                               struct candidate_list *candidates, struct failure *failure) {
  const struct shard_reader *shard = generation_shard_reader(g, shard_number);
  struct u32_list found = {0};
  enum err err = find_in_shard(shard, wanted, query->text_count, &found, failure);
  for (size_t i = 0; !err && i < found.count; i++) {
    struct candidate c = {0, shard_number, found.items[i]};
    err = index_find_customer(shard, c.ordinal, &c.customer_id, failure);
    if (err || c.customer_id <= query->after) continue;
    if (candidates->count == candidates->capacity) {
      candidates->capacity = candidates->capacity ? candidates->capacity * 2 : 64;
      candidates->items =
          memory_resize(candidates->items, candidates->capacity * sizeof *candidates->items);
    }
    candidates->items[candidates->count++] = c;
  }
  u32_list_release(&found);
  return err;
}

static int candidate_order(const void *a_, const void *b_) {
  const struct candidate *a = a_, *b = b_;
  return (a->customer_id > b->customer_id) - (a->customer_id < b->customer_id);
}

/* ---- verifying ---- */

static bool condition_holds(const struct search_condition *c,
                            const struct stored_customer *customer, struct arena *scratch) {
  for (uint32_t m = 0; m < customer->member_count; m++) {
    const struct record_view *member = &customer->members[m];
    struct bytes value =
        c->field == SEARCH_FIELD_RECORD_ID ? member->id : member->values[c->field].text;
    if (search_value_fits(c, value, scratch)) return true;
  }
  return false;
}

static bool customer_fits(const struct wanted *wanted, uint32_t wanted_count,
                          const struct stored_customer *customer, struct arena *scratch) {
  for (uint32_t w = 0; w < wanted_count; w++) {
    bool fits = false;
    for (uint32_t c = 0; !fits && c < wanted[w].count; c++)
      fits = condition_holds(&wanted[w].conditions[c], customer, scratch);
    if (!fits) return false;
  }
  return true;
}

static enum err verify_candidates(const struct generation *g, const struct candidate_list *list,
                                  const struct wanted *wanted, const struct search_query *query,
                                  struct arena *arena, struct search_result *result,
                                  struct failure *failure) {
  struct arena scratch = {0};
  enum err err = ERR_OK;
  size_t room = list->count < query->limit ? list->count : query->limit;
  result->customers = arena_alloc(arena, room * sizeof *result->customers);
  for (size_t i = 0; !err && i < list->count; i++) {
    const struct candidate *c = &list->items[i];
    struct stored_customer customer;
    arena_reset(&scratch);
    err = generation_get_by_ordinal(g, c->shard, c->ordinal, &scratch, &customer, failure);
    if (err || !customer_fits(wanted, query->text_count, &customer, &scratch)) continue;
    if (result->count == query->limit) {
      result->more = true;
      break;
    }
    err = generation_get(g, c->customer_id, arena, &result->customers[result->count++], failure);
  }
  arena_release(&scratch);
  return err;
}

enum err generation_search(const struct generation *g, const struct search_query *query,
                           struct arena *arena, struct search_result *result,
                           struct failure *failure) {
  const struct manifest *m = generation_manifest(g);
  struct wanted wanted[SEARCH_TEXTS_MAX];
  struct candidate_list candidates = {0};
  *result = (struct search_result){0};
  check(query->field < (int)m->field_count);
  if (query->text_count == 0 || query->text_count > SEARCH_TEXTS_MAX)
    return failure_set(failure, ERR_USAGE, "a search needs 1 to %d texts, found %u",
                       SEARCH_TEXTS_MAX, query->text_count);
  enum err err = ERR_OK;
  for (uint32_t t = 0; !err && t < query->text_count; t++)
    err = make_wanted(m, query, query->texts[t], t, arena, &wanted[t], failure);
  for (uint32_t s = 0; !err && s < m->shard_count; s++)
    err = add_candidates(g, s, wanted, query, &candidates, failure);
  if (!err && candidates.count)
    qsort(candidates.items, candidates.count, sizeof *candidates.items, candidate_order);
  if (!err) err = verify_candidates(g, &candidates, wanted, query, arena, result, failure);
  free(candidates.items);
  return err;
}
